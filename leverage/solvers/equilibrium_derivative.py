"""The derivative of a Markov equilibrium along directions of the game's numbers: implicit function theorem on the support.

On its support S an equilibrium solves the indifference conditions F(x, theta) = 0 (`indifference`). It is *regular* if the
derivative of F in x is non-singular and every action off the support is strictly worse. Then equilibria of nearby games on the
same support form a smooth curve through it, and

    dx / dtheta = -(dF/dx)^-1 dF/dtheta:

one factorisation, one solve a direction. It is the derivative of this equilibrium's continuation; what a selection rule does
elsewhere does not enter.

Actions that are the same in every respect - the same payoffs to everybody, the same law, the same derivatives of both, whatever
the others do that is in the support - make F singular without doing harm: payoffs and states do not depend on their shares.
They are taken together, and their shares stay as they are.

Sources: Herings and Peeters (2004) for the regularity of stationary equilibria in almost all games; Haller and Lagunoff (2000)
for Markov perfect ones; Dontchev and Rockafellar (2014) for the implicit function theorem with one-sided derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leverage.certification.checker import check
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.derivatives import FormDerivatives
from leverage.game.node_indices import spans
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.indifference import SUPPORT_PROBABILITY, Factor, IndifferenceSystem

#: Play is an equilibrium if no departure gains more than this share of the payoff range.
CERTIFIED_SHARE = 1e-9
#: Gains up to this share of the largest payoff are rounding.
ROUNDING_SHARE = 1e-14
#: An unused action that is worse by less than this share of its player's payoff range is a tie.
TIE_SHARE = 1e-7
#: A mixed action with a smaller chance than this may be about to leave the support.
LEAST_CHANCE = 1e-7
#: Numbers of two actions that differ by less than this share of their largest size are the same.
SAME = 1e-12
#: Newton's method: steps, and the share of the unknowns' units below which it ends.
MOST_STEPS, SMALL_STEP = 12, 1e-14
#: The matrix is factored again if a step is longer than this share of the last.
SLOW = 1e-2
#: It may end with steps up to this size, where rounding moves it no nearer.
STALLED = 1e-10


@dataclass(frozen=True, eq=False)
class EquilibriumDerivative:
    """A regular equilibrium and its derivative along D directions.

    strategies: per player (C_i,), flat; values: (S, N), normalised, payoff a period; both after Newton's method. d_strategies:
    per player (C_i, D); d_values: (S, N, D), per unit of the direction's parameter. room: (D, 2), how far the parameter may fall
    and how far it may rise before, to first order, another set of actions is used; inf if never. condition: reciprocal condition
    number of the indifference conditions. margin: how much worse the best unused action is, over all states and players, as a
    share of the player's payoff range; inf where every action is used.
    """

    strategies: tuple[Floats, ...]
    values: Floats
    d_strategies: tuple[Floats, ...]
    d_values: Floats
    room: Floats
    condition: float
    margin: float
    support: _Support

    def nearby(self, game: StochasticGame) -> tuple[Floats, ...]:
        """Flat strategies (C_i,) of the equilibrium's continuation, on the same support, in a nearby game of the same shape.

        Raises UnsolvedError where Newton's method does not find it.
        """
        system = self.support.system.at(game)
        found, _ = system.unpack(_polished(system, self.support.x))
        return self.support.spread(found)


def equilibrium_derivative(plan: Automaton, derivatives: FormDerivatives) -> EquilibriumDerivative:
    """How strategies and values of a stationary equilibrium change along each direction of `derivatives`.

    Use it for small changes; `follow_equilibrium` follows large ones of one parameter.

    Parameters
    ----------
    plan : stationary play of all players, an equilibrium. derivatives : of the arrays of its game, D directions.

    Returns
    -------
    EquilibriumDerivative : (C_i, D) and (S, N, D) arrays.

    Raises
    ------
    GameError : play with memory, or of some players only. UnsolvedError : the play is no equilibrium, or not a regular one; the
        message says why.

    Notes
    -----
    Cost: one dense or sparse factorisation and a solve for each direction.

    References
    ----------
    Herings and Peeters (2004); Haller and Lagunoff (2000); see the module.

    Examples
    --------
    >>> from leverage.game.derivatives import form_derivatives
    >>> from leverage.game.form import compile_form
    >>> from leverage.loading import parse_scenario, shipped_text
    >>> from leverage.solvers.markov_perfect import markov_perfect
    >>> form = compile_form(parse_scenario(shipped_text("withdrawal")))
    >>> found = equilibrium_derivative(markov_perfect(form.at())[0].plan, form_derivatives(form))
    >>> found.d_values.shape
    (48, 2, 28)
    """
    game = plan.game
    strategies, values = _stationary_equilibrium(plan)
    support = _support(game, strategies, values, derivatives)
    system = support.system
    x = _polished(system, support.x)
    factor = _regular_factor(system, x)
    support = _Support(system, x, support.twin, support.share)
    margin = _margin(support)
    moves = system.residual_derivative(x, derivatives.payoffs, derivatives.probabilities, derivatives.discount)
    changes, d_values = system.unpack(factor.solve(-moves))
    chances, values = system.unpack(x)
    strategies, d_strategies = support.spread(chances), support.spread(changes)
    return EquilibriumDerivative(
        strategies=strategies,
        values=values,
        d_strategies=d_strategies,
        d_values=d_values,
        room=_room(support, derivatives, strategies, d_strategies, d_values),
        condition=factor.reciprocal_condition,
        margin=margin,
        support=support,
    )


def _stationary_equilibrium(plan: Automaton) -> tuple[tuple[Floats, ...], Floats]:
    """Flat strategies and values of the plan. Raises GameError and UnsolvedError where there are none."""
    game = plan.game
    if plan.players != tuple(range(game.n_players)) or len(plan.modes) != 1 or plan.n_nodes != game.n_states:
        raise GameError("derivatives are for stationary play of all players")
    found = check(plan, np.ones(plan.n_nodes, dtype=bool))
    allowed = max(CERTIFIED_SHARE * game.payoff_range, ROUNDING_SHARE * float(np.max(np.abs(game.payoffs))))
    if not found.gain <= allowed + found.error:
        raise UnsolvedError(f"not an equilibrium: a departure gains {found.gain:.3g} {game.payoff_unit}")
    return plan.lotteries, found.values


def _regular_factor(system: IndifferenceSystem, x: Floats) -> Factor:
    factor = system.factor(x)
    if not factor.regular:
        raise UnsolvedError("not regular: the indifference conditions are singular, equilibria here form a continuum or a tie")
    return factor


def _polished(system: IndifferenceSystem, x: Floats) -> Floats:
    """Newton's method from x, factoring anew only where steps shrink slowly. Raises UnsolvedError where it does not converge."""
    unit, last, factor = system.column_scale(), np.inf, _regular_factor(system, x)
    for _ in range(MOST_STEPS):
        step = factor.solve(system.residual(x))
        size = float(np.max(np.abs(step) / unit))
        if not size < last:
            break
        x = x - step
        if size <= SMALL_STEP:
            return x
        if size > SLOW * last:
            factor = _regular_factor(system, x)
        last = size
    if not last <= STALLED:
        raise UnsolvedError("not regular: the indifference conditions have no isolated solution near this play")
    return x


# --- the support, and actions that are the same ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Support:
    """The system on one action for each class of equal ones, and its solution x.

    twin: per player (C_i,) the choice that stands for each. share: per player (C_i,) of the chance of its class; 0 off the
    support.
    """

    system: IndifferenceSystem
    x: Floats
    twin: tuple[Integers, ...]
    share: tuple[Floats, ...]

    def spread(self, strategies: Sequence[Floats]) -> tuple[Floats, ...]:
        """Flat strategies (C_i, ...) of the whole support, or their changes, from those of the system."""
        return tuple((own[twin].T * share).T for own, twin, share in zip(strategies, self.twin, self.share, strict=True))


def _support(game: StochasticGame, strategies: tuple[Floats, ...], values: Floats, derivatives: FormDerivatives) -> _Support:
    """The support without equal actions, and the solution there."""
    whole = IndifferenceSystem.of_play(game, strategies)
    worth = whole.action_values(whole.pack(strategies, values))
    twins, shares, kept, merged = [], [], [], []
    for i, (used, own) in enumerate(zip(whole.support, strategies, strict=True)):
        starts = game.choice_start[i]
        state = np.repeat(np.arange(game.n_states), np.diff(starts))
        near = used | (values[state, i] - worth[i] <= TIE_SHARE * whole.spread[i])
        twin = np.arange(len(own))
        for s in np.flatnonzero(np.add.reduceat(near, starts[:-1]) > 1):
            choices = starts[s] + np.flatnonzero(near[starts[s] : starts[s + 1]])
            twin[choices] = _first_equal(game, derivatives, i, int(s), choices, whole.support)
        chance = np.where(used, own, 0.0)
        total = np.bincount(twin, weights=chance, minlength=len(own)).astype(np.float64)
        twins.append(twin)
        merged.append(total)
        kept.append(total > SUPPORT_PROBABILITY)
        shares.append(np.divide(chance, total[twin], out=np.zeros_like(chance), where=total[twin] > 0))
    system = IndifferenceSystem(game, tuple(kept))
    return _Support(system, system.pack(merged, values), tuple(twins), tuple(shares))


def _first_equal(
    game: StochasticGame, derivatives: FormDerivatives, player: int, state: int, choices: Integers, support: tuple[Booleans, ...]
) -> Integers:
    """For each choice of the player in the state the first one that is equal to it against the others' support; those in use
    come first.
    """
    rows = np.arange(game.row_start[state], game.row_start[state + 1])
    for j in range(game.n_players):
        if j != player:
            rows = rows[support[j][game.row_choice[j, rows]]]
    used, law = support[player], game.transitions
    met: Integers = np.unique(law.indices[law.indptr[game.row_start[state]] : law.indptr[game.row_start[state + 1]]]).astype(
        np.intp
    )
    looks = {int(c): _looks(game, derivatives, rows[game.row_choice[player, rows] == c], met) for c in choices}
    found: dict[int, int] = {}
    for c in sorted(looks, key=lambda c: (not used[c], c)):
        same = (first for first in dict.fromkeys(found.values()) if _equal(looks[first], looks[c]))
        found[c] = next(same, c)
    return np.array([found[int(c)] for c in choices], dtype=np.intp)


def _looks(game: StochasticGame, derivatives: FormDerivatives, rows: Integers, met: Integers) -> tuple[Floats, ...]:
    """All that happens in some rows: payoffs and law on the states `met`, and their derivatives."""
    sizes = np.diff(game.transitions.indptr)[rows]
    entries = spans(game.transitions.indptr[rows].astype(np.intp), sizes)
    law = np.vstack([game.transitions.data[entries], derivatives.probabilities[:, entries]])
    cells = np.zeros((len(law), len(rows), len(met)))
    cells[:, np.repeat(np.arange(len(rows)), sizes), np.searchsorted(met, game.transitions.indices[entries])] = law
    return game.payoffs[rows], derivatives.payoffs[:, rows], cells


def _equal(one: tuple[Floats, ...], other: tuple[Floats, ...]) -> bool:
    return all(np.abs(a - b).max(initial=0.0) <= SAME * np.abs(a).max(initial=0.0) for a, b in zip(one, other, strict=True))


# --- is the support the same nearby? --------------------------------------------------------------------------------------


def _margin(support: _Support) -> float:
    """How much worse the best unused action is, as a share of its player's payoff range.

    Raises UnsolvedError at a tie, or where a chance is about to vanish.
    """
    system, game = support.system, support.system.game
    strategies, values = system.unpack(support.x)
    least = np.inf
    for i, (used, worth) in enumerate(zip(system.support, _worth(support), strict=True)):
        rare = np.flatnonzero(used & (strategies[i] < LEAST_CHANCE))
        if len(rare):
            raise UnsolvedError(f"not regular: {_words(system, i, int(rare[0]))} is played with a chance too close to 0")
        own = np.repeat(values[:, i], game.action_counts[:, i])
        worse = np.where(used[support.twin[i]], np.inf, (own - worth) / system.spread[i])
        worst = int(np.argmin(worse))
        if worse[worst] <= TIE_SHARE:
            raise UnsolvedError(f"not regular: {_words(system, i, worst)} is not played and ties with what is")
        least = min(least, float(worse[worst]))
    return least


def _worth(support: _Support) -> tuple[Floats, ...]:
    """Per player (C_i,): the value of each choice against the others' whole play: actions that are equal against what is used
    may differ against what is not.
    """
    system = support.system
    chances, values = system.unpack(support.x)
    counted = system.expected(support.spread(chances), system.all_row_values(values))
    return tuple(middle + own for middle, own in zip(system.middle, counted, strict=True))


def _room(
    support: _Support,
    derivatives: FormDerivatives,
    strategies: tuple[Floats, ...],
    d_strategies: tuple[Floats, ...],
    d_values: Floats,
) -> Floats:
    """(D, 2): how far each parameter may fall and rise before, to first order, a chance or a disadvantage comes to 0."""
    system, game = support.system, support.system.game
    values = system.unpack(support.x)[1]
    worth, q = _worth(support), system.all_row_values(values)
    room = np.full((d_values.shape[2], 2), np.inf)
    for d in range(len(room)):
        dq = _row_value_slopes(system, derivatives, values, d_values[:, :, d], d)
        lead = system.expected(strategies, dq)
        for i, used in enumerate(system.support):
            state = np.repeat(np.arange(game.n_states), game.action_counts[:, i])
            follow = sum(
                system.expected([d_strategies[j][:, d] if k == j else own for k, own in enumerate(strategies)], q)[i]
                for j in range(game.n_players)
                if j != i
            )
            height = np.where(used, strategies[i], values[state, i] - worth[i])
            slope = np.where(used, d_strategies[i][:, d], d_values[state, i, d] - lead[i] - follow)
            counts = used | ~used[support.twin[i]]
            with np.errstate(divide="ignore", invalid="ignore"):
                when = np.where(counts, height / np.abs(slope), np.inf)
            room[d, 0] = min(room[d, 0], when[slope > 0].min(initial=np.inf))
            room[d, 1] = min(room[d, 1], when[slope < 0].min(initial=np.inf))
    return room


def _row_value_slopes(
    system: IndifferenceSystem, derivatives: FormDerivatives, values: Floats, d_values: Floats, d: int
) -> Floats:
    """(R, N): derivatives of (1 - delta_i) u_i + delta_i P V_i of every row along direction d."""
    game, law = system.game, system.game.transitions
    ahead, counted = values - system.middle, game.payoffs - system.middle
    arriving = np.add.reduceat(derivatives.probabilities[d][:, None] * ahead[law.indices], law.indptr[:-1], axis=0)
    patience = derivatives.discount[d] * (law @ ahead - counted)
    return np.asarray((1 - game.discount) * derivatives.payoffs[d] + patience + game.discount * (arriving + law @ d_values))


def _words(system: IndifferenceSystem, player: int, choice: int) -> str:
    state, name, action = system.names(player, choice)
    return f"'{action}' of {name} in state '{state}'"
