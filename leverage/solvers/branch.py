"""A branch of Markov equilibria over a parameter: its points, what happens on it, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leverage.game.stochastic_game import Booleans, Floats, StochasticGame

Family = Callable[[float], StochasticGame]


@dataclass(frozen=True, eq=False)
class BranchPoint:
    """An equilibrium on the branch.

    theta: the parameter. arclength: along the branch from the given equilibrium, negative on the side of falling theta first.
    values: (N,) normalised, from the game's start. all_values: (S, N). strategies: per player (C_i,), flat.
    support_sizes: per player the number of choices (state, action) in use. certificate: largest gain of a one-shot
    deviation, payoff units. support: per player (C_i,) the support on which the branch arrives here, seen from the
    given equilibrium.
    """

    theta: float
    arclength: float
    values: Floats
    all_values: Floats
    strategies: tuple[Floats, ...]
    support_sizes: tuple[int, ...]
    certificate: float
    support: tuple[Booleans, ...]


@dataclass(frozen=True)
class BranchEvent:
    """Something that happens on the branch.

    kind: "fold" (theta turns back), "leaves" or "enters" (an action), "stops" (no way on). state, player, action: in words, empty
    where they do not apply. turns: whether theta turns back here. arclength: as in `BranchPoint`.
    """

    kind: str
    theta: float
    arclength: float
    sentence: str
    state: str = ""
    player: str = ""
    action: str = ""
    turns: bool = False


@dataclass(frozen=True, eq=False)
class Branch:
    """A branch of equilibria over a parameter.

    points and events stand in the order of arclength; points[start] is the given equilibrium. ends: how the branch ends
    on its two sides, as sentences, the side that starts with falling theta first.
    """

    parameter: str
    low: float
    high: float
    points: tuple[BranchPoint, ...]
    start: int
    events: tuple[BranchEvent, ...]
    ends: tuple[str, str]
    note: str = ""
