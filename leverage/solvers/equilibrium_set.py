"""The set of equilibrium payoffs of a two-player stochastic game: everything that credible play allows, bounded from both sides.

Source: Abreu, Pearce and Stacchetti (1990) for self-generation; Judd, Yeltekin and Conklin (2003) for inner and outer approximations.
"""

from __future__ import annotations

from dataclasses import dataclass

from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame


@dataclass(frozen=True, eq=False)
class EquilibriumSet:
    """Payoffs of all subgame-perfect equilibria in pure actions with public randomisation, per state.

    outer[s]: (K, 2) vertices, counter-clockwise, of a polygon that contains the set of state s; K = 0 empty, 1 a point, 2 a segment.
    inner[s]: (K, 2) vertices of a polygon that the set contains; each is the exact value of a node of `machine`.
    gap: largest distance between an outer polygon and its inner one, normalised payoff; inf if in some state only one is empty.
    bounds: (S, 2, 2), bounds[s, i] = smallest and largest payoff of player i in the outer polygon; NaN where it is empty.
    machine: the automaton whose nodes' values are the inner vertices (None if every inner polygon is empty).
    vertex_node[s]: (K,) the node of `machine` that pays inner[s][k].
    certificate: largest gain of a one-shot deviation at any node of `machine`, normalised payoff, by the independent checker.
    status: a sentence for the reader.
    """

    game: StochasticGame
    outer: tuple[Floats, ...]
    inner: tuple[Floats, ...]
    gap: float
    bounds: Floats
    machine: Automaton | None
    vertex_node: tuple[Floats, ...]
    certificate: float
    status: str
