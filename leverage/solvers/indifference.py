"""The indifference conditions of stationary play on its support, as a square system of polynomial equations.

Unknowns x: the probabilities p_c of the actions in the support (player by player, in the flat order of
`StochasticGame.choice_start`), then the values V (S, N), normalised payoff a period, in C order. Equations, numbered alike:

    for each action c of player i in state s that is in the support:  Q_c(x) - V_si = 0,
    for each state s and player i:                                    sum of p_c over the support - 1 = 0,
    Q_c(x) = sum over rows r that contain c of  prod_{j != i} p_j(r) [(1 - delta_i) u_i(r) + delta_i sum_s' P(s' | r) V_s'i].

As many equations as unknowns, each of degree at most N. Payoffs and values are counted from the middle of a player's payoff
range, which changes nothing where probabilities sum to 1 and keeps the condition free of what a constant adds to payoffs.

Sources: Fink (1964) for the equations; Herings and Peeters (2004) for their regularity in almost all games; Hager (1984) for
the estimate of the condition number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from scipy import sparse
from scipy.linalg import lapack
from scipy.sparse.linalg import splu

from leverage.errors import GameError, UnsolvedError
from leverage.game.node_indices import spans
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.solution import Solution

#: Actions with at most this chance count as unused.
SUPPORT_PROBABILITY = 1e-9
#: The system is regular if the reciprocal condition number of its scaled Jacobian (1-norm, estimated) is above this.
REGULAR_CONDITION = 1e-11
#: Up to this many unknowns a dense factorisation is faster than a sparse one.
DENSE_UNKNOWNS = 250
#: Steps of the condition estimate; it seldom takes more than two.
MOST_ESTIMATES = 5

Solve = Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False)
class Layout:
    """Which unknown and which row stands where; depends on the shape of the game and the support only.

    place[i]: (C_i,) the unknown of each choice, -1 off the support. rows: (L,) rows all of whose actions are in the support.
    row_place: (N, L) the unknowns of their actions. row_state: (L,). entries, entry_row: (M,) entries of these rows in the
    transition law and the number (0 to L - 1) of the row of each; row_entry: (L,) where the entries of a row begin. unknowns: n.
    indptr, indices: the Jacobian's pattern (columns compressed); slot: where each of its contributions goes.
    """

    place: tuple[Integers, ...]
    rows: Integers
    row_place: Integers
    row_state: Integers
    entries: Integers
    entry_row: Integers
    row_entry: Integers
    next_state: Integers
    unknowns: int
    indptr: Integers
    indices: Integers
    slot: Integers


@dataclass(frozen=True, eq=False)
class Factor:
    """A factored Jacobian J. `solve(b)` is x with J x = b, `solve_transposed(b)` x with J' x = b; b is (n,) or (n, K).

    reciprocal_condition: of the scaled matrix, 1-norm, estimated; 0.0 where a factor is exactly singular, and both solves then
    raise `UnsolvedError`.
    """

    solve: Solve
    solve_transposed: Solve
    reciprocal_condition: float

    @property
    def regular(self) -> bool:
        """Whether the solution depends smoothly on the game (implicit function theorem), numerically speaking."""
        return self.reciprocal_condition > REGULAR_CONDITION


@dataclass(frozen=True, eq=False)
class IndifferenceSystem:
    """The indifference conditions of stationary play of `game` on a support.

    game: any number of players, ragged actions, a discount factor per player, sparse transitions.
    support: per player (C_i,) true for the choices (state, own action), in the order of `game.choice_start`, that are played;
    at least one in each state. Raises GameError otherwise.

    Unknowns x have shape (n,) as the module says; probabilities have no unit, values are payoff a period.

    Examples
    --------
    >>> pennies = [[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]]
    >>> game = StochasticGame.from_arrays([pennies], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.9)
    >>> system = IndifferenceSystem(game, (np.array([True, True]), np.array([True, True])))
    >>> x = system.pack([np.array([0.5, 0.5]), np.array([0.5, 0.5])], np.zeros((1, 2)))
    >>> system.n_unknowns, float(abs(system.residual(x)).max()), system.factor(x).regular
    (6, 0.0, True)
    """

    game: StochasticGame
    support: tuple[Booleans, ...]

    def __post_init__(self) -> None:
        game = self.game
        if len(self.support) != game.n_players:
            raise GameError(f"a support for each of {game.n_players} players is needed; got {len(self.support)}")
        for i, used in enumerate(self.support):
            starts = game.choice_start[i]
            if used.shape != (starts[-1],) or not np.logical_or.reduceat(used, starts[:-1]).all():
                raise GameError(f"player {game.players[i]}: the support needs an action in each state")

    @classmethod
    def of_play(
        cls, game: StochasticGame, strategies: Sequence[Floats], *, threshold: float = SUPPORT_PROBABILITY
    ) -> IndifferenceSystem:
        """The system on the support of flat strategies (C_i,): actions with a chance above `threshold`."""
        return cls(game, tuple(np.asarray(own) > threshold for own in strategies))

    def at(self, game: StochasticGame) -> IndifferenceSystem:
        """The same support in a game of the same shape (the same stored entries of the transition law too)."""
        moved = IndifferenceSystem(game, self.support)
        moved.__dict__["layout"] = self.layout  # the cache of a property: index arrays depend on the shape alone
        return moved

    # --- unknowns ----------------------------------------------------------------------------------------------------

    @cached_property
    def layout(self) -> Layout:
        return _layout(self.game, self.support)

    @property
    def n_unknowns(self) -> int:
        return self.layout.unknowns

    @property
    def first_value(self) -> int:
        """Unknowns from this one on are values: V_si is unknown first_value + s N + i; those before are probabilities."""
        return self.n_unknowns - self.game.n_states * self.game.n_players

    @cached_property
    def middle(self) -> Floats:
        """(N,): the middle of each player's payoff range, from which payoffs and values are counted."""
        return np.asarray((self.game.payoffs.min(axis=0) + self.game.payoffs.max(axis=0)) / 2)

    @cached_property
    def spread(self) -> Floats:
        """(N,): each player's payoff range (1 for a player whose payoff is constant), the unit of its values in conditions."""
        width = np.ptp(self.game.payoffs, axis=0)
        return np.where(width > 0, width, 1.0)

    def pack(self, strategies: Sequence[Floats], values: Floats) -> Floats:
        """x from flat strategies (C_i,), of which only the support counts, and values (S, N)."""
        chances = [np.asarray(own, dtype=np.float64)[used] for own, used in zip(strategies, self.support, strict=True)]
        return np.concatenate([*chances, np.asarray(values, dtype=np.float64).ravel()])

    def unpack(self, x: Floats) -> tuple[tuple[Floats, ...], Floats]:
        """Flat strategies (C_i,), 0 off the support, and values (S, N). Also splits directions dx, and x of shape (n, K)."""
        strategies = []
        for place in self.layout.place:
            flat = np.zeros((len(place), *x.shape[1:]))
            flat[place >= 0] = x[place[place >= 0]]
            strategies.append(flat)
        return tuple(strategies), x[self.first_value :].reshape(self.game.n_states, self.game.n_players, *x.shape[1:])

    def names(self, player: int, choice: int) -> tuple[str, str, str]:
        """State, player and action of a choice, as labels."""
        game, starts = self.game, self.game.choice_start[player]
        state = int(np.searchsorted(starts, choice, side="right")) - 1
        return game.states[state], game.players[player], game.actions[state][player][choice - int(starts[state])]

    # --- equations -----------------------------------------------------------------------------------------------------

    def residual(self, x: Floats) -> Floats:
        """The equations' left sides at x, (n,): payoff units for indifference, probabilities for sums."""
        layout, first = self.layout, self.first_value
        q = self.row_values(x)
        result = np.full(self.n_unknowns, -1.0)
        result[:first] = 0.0
        for i, place in enumerate(layout.row_place):
            weighted = _product(x[layout.row_place], without=(i,)) * q[:, i]
            result[:first] += np.bincount(place, weights=weighted, minlength=first)
        group = self.group
        result[:first] -= x[first + group] - self.middle[group % self.game.n_players]
        result[first:] += np.bincount(group, weights=x[:first], minlength=self.n_unknowns - first)
        return result

    def jacobian(self, x: Floats) -> sparse.csc_array:
        """Derivatives of `residual` at x, sparse (n, n)."""
        return self._assembled(self._contributed(x, self.row_values(x)))

    def magnitude_jacobian(self, x: Floats) -> sparse.csc_array:
        """The Jacobian made of magnitudes, to which rounding errors of its entries are proportional."""
        q = np.abs(self.game.payoffs[self.layout.rows]) + np.abs(self.middle)
        largest = np.abs(x[self.first_value :]).max() + np.abs(self.middle).max()
        return self._assembled(np.abs(self._contributed(np.abs(x), q + largest)))

    def _assembled(self, contributions: Floats) -> sparse.csc_array:
        layout, size = self.layout, self.n_unknowns
        data = np.bincount(layout.slot, weights=contributions, minlength=len(layout.indices))
        return sparse.csc_array((data, layout.indices, layout.indptr), shape=(size, size))

    def _contributed(self, x: Floats, q: Floats) -> Floats:
        """Contributions to the Jacobian in the order of `_contributions`, for values q (L, N) of the rows."""
        layout, delta, players = self.layout, self.game.discount, self.game.n_players
        chance, law = x[layout.row_place], self.game.transitions.data[layout.entries]
        parts = [_product(chance, without=(i, j)) * q[:, i] for i in range(players) for j in range(players) if i != j]
        parts += [delta[i] * _product(chance, without=(i,))[layout.entry_row] * law for i in range(players)]
        first = self.first_value
        return np.concatenate([*parts, np.full(first, -1.0), np.full(first, 1.0)])

    def row_scale(self) -> Floats:
        """(n,): what equations are divided by in condition numbers: (1 - delta_i) times the payoff range, or 1 for sums."""
        unit = (1 - self.game.discount) * self.spread
        sums = np.ones(self.n_unknowns - self.first_value)
        return np.concatenate([unit[self.group % self.game.n_players], sums])

    def column_scale(self) -> Floats:
        """(n,): the unit of each unknown: 1 for probabilities, the player's payoff range for values."""
        return np.concatenate([np.ones(self.first_value), np.tile(self.spread, self.game.n_states)])

    def factor(self, x: Floats) -> Factor:
        """The Jacobian at x, factored: dense where it is small, sparse otherwise."""
        return factored(self.jacobian(x), self.row_scale(), self.column_scale())

    @cached_property
    def group(self) -> Integers:
        """(first_value,): s N + i of each unknown probability."""
        return _groups(self.game, self.support)

    def row_values(self, x: Floats) -> Floats:
        """(L, N): (1 - delta_i) u_i + delta_i P V_i of each row in the support, counted from the middle."""
        layout, delta = self.layout, self.game.discount
        u = self.game.payoffs[layout.rows] - self.middle
        return np.asarray((1 - delta) * u + delta * self._following(x, self.game.transitions.data[layout.entries]))

    def _following(self, x: Floats, law: Floats) -> Floats:
        """(L, N): expected values (from the middle) after each row in the support, under entries `law` (M,)."""
        values = x[self.first_value :].reshape(self.game.n_states, -1) - self.middle
        layout = self.layout
        return np.asarray(np.add.reduceat(law[:, None] * values[layout.next_state], layout.row_entry, axis=0))

    def all_row_values(self, values: Floats) -> Floats:
        """(R, N): (1 - delta_i) u_i + delta_i P V_i of every row, from the middle, for values (S, N)."""
        game = self.game
        following = game.transitions @ (values - self.middle)
        return np.asarray((1 - game.discount) * (game.payoffs - self.middle) + game.discount * following)

    def expected(self, strategies: Sequence[Floats], q: Floats) -> tuple[Floats, ...]:
        """Per player (C_i,): the expectation of q (R, N) for each choice, off the support too, over the others' flat
        strategies.
        """
        choices = self.game.row_choice
        chance = np.stack([own[choice] for own, choice in zip(strategies, choices, strict=True)])
        return tuple(
            np.asarray(np.bincount(choice, weights=_product(chance, without=(i,)) * q[:, i]), dtype=np.float64)
            for i, choice in enumerate(choices)
        )

    def action_values(self, x: Floats) -> tuple[Floats, ...]:
        """Per player (C_i,): the normalised value of each choice, off the support too, against the others' play in x."""
        strategies, values = self.unpack(x)
        counted = self.expected(strategies, self.all_row_values(values))
        return tuple(middle + own for middle, own in zip(self.middle, counted, strict=True))

    # --- derivatives in parameters -------------------------------------------------------------------------------------

    def residual_derivative(self, x: Floats, payoffs: Floats, transitions: Floats, discount: Floats) -> Floats:
        """dF/dtheta (n, K) at fixed x, from derivatives of the game's arrays with respect to K parameters.

        payoffs: (K, R, N), payoff units a unit of the parameter. transitions: (K, E), derivative of each stored entry of the
        transition law. discount: (K, N).
        """
        layout, delta = self.layout, self.game.discount
        chance, first = x[layout.row_place], self.first_value
        law = self.game.transitions.data[layout.entries]
        u, following = self.game.payoffs[layout.rows] - self.middle, self._following(x, law)
        result = np.zeros((self.n_unknowns, len(discount)))
        for k in range(len(discount)):
            change = (1 - delta) * payoffs[k][layout.rows] + discount[k] * (following - u)
            change += delta * self._following(x, transitions[k][layout.entries])
            for i, place in enumerate(layout.row_place):
                weighted = _product(chance, without=(i,)) * change[:, i]
                result[:first, k] += np.bincount(place, weights=weighted, minlength=first)
        return result

    def gradient_system(self, x: Floats, derivative: Floats) -> Floats:
        """dx/dtheta (n, K) at a solution x, from dF/dtheta (n, K), by the implicit function theorem: J dx = -dF.

        Raises UnsolvedError where the system is not regular: equilibria here form a continuum, or there is a tie.
        """
        factor = self.factor(x)
        if not factor.regular:
            raise UnsolvedError(
                "the indifference conditions are singular: equilibria here form a continuum or a tie, so there is no derivative; "
                "change a payoff slightly"
            )
        return factor.solve(-derivative)


def solution_system(solution: Solution) -> tuple[IndifferenceSystem, Floats]:
    """The system of a stationary solution on its support, and the solution as x. Raises GameError for play with memory."""
    strategies = [np.concatenate(own) for own in solution.strategies]
    system = IndifferenceSystem.of_play(solution.plan.game, strategies)
    return system, system.pack(strategies, solution.values)


def factored(matrix: sparse.csc_array, rows: Floats, columns: Floats) -> Factor:
    """Factor the matrix after dividing its rows by `rows` and multiplying its columns by `columns`, all above 0."""
    size = len(rows)
    scaled = sparse.csc_array(
        (matrix.data / rows[matrix.indices] * np.repeat(columns, np.diff(matrix.indptr)), matrix.indices, matrix.indptr),
        shape=matrix.shape,
    )
    inner = _dense_solves(scaled.toarray()) if size <= DENSE_UNKNOWNS else _sparse_solves(scaled)
    if inner is None:
        return Factor(_no_solution, _no_solution, 0.0)
    forward, backward = inner
    norm = float(np.max(np.add.reduceat(np.abs(scaled.data), scaled.indptr[:-1])))
    inverse = _inverse_norm(forward, backward, size)
    condition = 1 / (norm * inverse) if np.isfinite(inverse) else 0.0
    return Factor(
        solve=lambda b: (forward((b.T / rows).T).T * columns).T,
        solve_transposed=lambda b: (backward((b.T * columns).T).T / rows).T,
        reciprocal_condition=condition,
    )


def _dense_solves(matrix: Floats) -> tuple[Solve, Solve] | None:
    """Solves with the matrix and its transpose; None if a pivot is exactly 0."""
    lu, pivots, info = lapack.dgetrf(matrix)
    if info != 0:
        return None
    return (lambda b: np.asarray(lapack.dgetrs(lu, pivots, b)[0])), (
        lambda b: np.asarray(lapack.dgetrs(lu, pivots, b, trans=1)[0])
    )


def _sparse_solves(matrix: sparse.csc_array) -> tuple[Solve, Solve] | None:
    try:
        lu = splu(matrix)
    except RuntimeError:  # "Factor is exactly singular"
        return None
    solve = cast(Callable[..., Floats], lu.solve)
    return solve, (lambda b: solve(b, "T"))


def _no_solution(right: Floats) -> Floats:
    raise UnsolvedError(f"the indifference conditions are singular: {len(right)} equations that depend on each other")


def _inverse_norm(solve: Solve, solve_transposed: Solve, size: int) -> float:
    """A lower bound, mostly exact, on the 1-norm of the inverse (Hager 1984)."""
    x, largest = np.full(size, 1 / size), 0.0
    for _ in range(MOST_ESTIMATES):
        y = solve(x)
        norm = float(np.abs(y).sum())
        if not np.isfinite(norm):
            return np.inf
        if norm <= largest:
            break
        largest = norm
        z = solve_transposed(np.where(y >= 0, 1.0, -1.0))
        j = int(np.argmax(np.abs(z)))
        if not np.abs(z[j]) > z @ x:
            break
        x = np.zeros(size)
        x[j] = 1.0
    return largest


# --- index arrays ------------------------------------------------------------------------------------------------------


def _product(chance: Floats, without: tuple[int, ...]) -> Floats:
    """(L,): products over players of chance (N, L), leaving some out."""
    kept = [own for i, own in enumerate(chance) if i not in without]
    result = np.ones(chance.shape[1])
    for own in kept:
        result = result * own
    return result


def _groups(game: StochasticGame, support: tuple[Booleans, ...]) -> Integers:
    """s N + i of each supported choice, player by player."""
    states = np.arange(game.n_states)
    return np.concatenate(
        [np.repeat(states, game.action_counts[:, i])[used] * game.n_players + i for i, used in enumerate(support)]
    )


def _layout(game: StochasticGame, support: tuple[Booleans, ...]) -> Layout:
    place, before = [], 0
    for used in support:
        place.append(np.where(used, before + np.cumsum(used) - 1, -1))
        before += int(used.sum())
    all_places = np.stack([own[choice] for own, choice in zip(place, game.row_choice, strict=True)])
    rows = np.flatnonzero((all_places >= 0).all(axis=0))
    first = np.asarray(game.transitions.indptr[rows], dtype=np.intp)
    sizes = np.diff(game.transitions.indptr)[rows]
    entries, entry_row = spans(first, sizes), np.repeat(np.arange(len(rows)), sizes)
    next_state = np.asarray(game.transitions.indices[entries], dtype=np.intp)
    row_place, unknowns = all_places[:, rows], before + game.n_states * game.n_players
    equation, unknown = _contributions(row_place, entry_row, next_state, _groups(game, support))
    cells, slot = np.unique(unknown * unknowns + equation, return_inverse=True)
    return Layout(
        place=tuple(place),
        rows=rows,
        row_place=row_place,
        row_state=game.row_state[rows],
        entries=entries,
        entry_row=entry_row,
        row_entry=np.cumsum(sizes) - sizes,
        next_state=next_state,
        unknowns=unknowns,
        indptr=np.searchsorted(cells, np.arange(unknowns + 1) * unknowns),
        indices=cells % unknowns,
        slot=slot.astype(np.intp),
    )


def _contributions(row_place: Integers, entry_row: Integers, next_state: Integers, group: Integers) -> tuple[Integers, Integers]:
    """Equation and unknown of each contribution to the Jacobian: others' probabilities, values that follow, own value, sums."""
    players, first = len(row_place), len(group)
    pairs = [(i, j) for i in range(players) for j in range(players) if i != j]
    choices = np.arange(first)
    equations = [*(row_place[i] for i, _ in pairs), *(own[entry_row] for own in row_place), choices, first + group]
    unknowns = [*(row_place[j] for _, j in pairs), *(first + next_state * players + i for i in range(players))]
    return np.concatenate(equations), np.concatenate([*unknowns, first + group, choices])
