"""The finite stochastic game with discounting: plain arrays, checked once, never changed.

Rows. A *row* is a pair of a state s and an action profile a = (a_1, ..., a_N) that is possible in s. Rows are numbered state
by state, within a state in C order of the profile, so that a ragged game (different actions in different states) needs no
padding. `payoffs[r]` and the sparse `transitions[r]` belong to row r.

Source: Shapley (1953) for the model; Fink (1964) for N players and discounting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from leverage.errors import GameError

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Booleans = NDArray[np.bool_]

#: A row of the transition law may miss 1 by this much (rounding of the caller's arithmetic); it is then rescaled to 1.
PROBABILITY_TOLERANCE = 1e-9

#: Products of larger payoffs, and their sums over many periods, are beyond floating-point numbers.
LARGEST_PAYOFF = 1e100


@dataclass(frozen=True, eq=False)
class PayoffTerm:
    """One named term of a player's payoff.

    `amount` has shape (R,): per row, payoff units a period, as written in the scenario (a cost is positive there and is
    deducted). `kind` is "gain" or "cost"; `tag` is "", "holding" (price of having an instrument) or "using" (price of
    using it).
    """

    name: str
    player: int
    kind: str
    tag: str
    amount: Floats

    @property
    def signed(self) -> Floats:
        """What the term adds to the player's payoff, shape (R,)."""
        return self.amount if self.kind == "gain" else -self.amount


@dataclass(frozen=True, eq=False)
class Measures:
    """What is watched in play: events (S,) true where the condition holds; counts (E,) per entry of the transition law (so that
    "the ceasefire breaks" can be counted); averages (S,). `dates` are in periods."""

    events: dict[str, Booleans] = field(default_factory=dict)
    counts: dict[str, Floats] = field(default_factory=dict)
    averages: dict[str, Floats] = field(default_factory=dict)
    dates: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class RowIndices:
    """Index arrays that hang on the actions alone, so that games which differ in numbers share them; as the properties of
    `StochasticGame` of these names say.

    actions: as there.
    """

    actions: tuple[tuple[tuple[str, ...], ...], ...]

    @cached_property
    def action_counts(self) -> Integers:
        return np.array([[len(own) for own in state] for state in self.actions], dtype=np.intp).reshape(len(self.actions), -1)

    @cached_property
    def row_start(self) -> Integers:
        return np.concatenate([[0], np.cumsum(np.prod(self.action_counts, axis=1))]).astype(np.intp)

    @cached_property
    def row_state(self) -> Integers:
        return np.repeat(np.arange(len(self.actions)), np.diff(self.row_start))

    @cached_property
    def row_action(self) -> Integers:
        players = self.action_counts.shape[1]
        profiles = [np.indices(tuple(counts)).reshape(players, -1) for counts in self.action_counts]
        return np.concatenate(profiles, axis=1).astype(np.intp)

    @cached_property
    def choice_start(self) -> Integers:
        states, players = self.action_counts.shape
        starts = np.zeros((players, states + 1), dtype=np.intp)
        np.cumsum(self.action_counts.T, axis=1, out=starts[:, 1:])
        return starts

    @cached_property
    def row_choice(self) -> Integers:
        return self.choice_start[:, self.row_state] + self.row_action

    @cached_property
    def profile_places(self) -> tuple[Integers, ...]:
        """For each player (C_i,): where its choices stand among all (C,), state by state, within a state player by player."""
        player = np.repeat(np.arange(self.action_counts.size) % self.action_counts.shape[1], self.action_counts.ravel())
        return tuple(np.flatnonzero(player == i) for i in range(self.action_counts.shape[1]))


@dataclass(frozen=True, eq=False)
class StochasticGame:
    """A finite stochastic game with S states, N players, R rows and E entries of the transition law.

    players: N names. states: S labels. actions[s][i]: labels of what player i can do in state s (one label: no choice).
    payoffs: (R, N) per period. transitions: sparse (R, S), rows sum to 1; entries that are zero at this parameter point
    are kept, so that the shape is the same at every point. discount: (N,) in [0, 1). start: index of the state in which
    play begins. shared: index arrays of a game with the same actions, if there is one.

    Build it with `StochasticGame.from_arrays` or `compile_game`; both check it.
    """

    players: tuple[str, ...]
    states: tuple[str, ...]
    actions: tuple[tuple[tuple[str, ...], ...], ...]
    payoffs: Floats
    transitions: sparse.csr_array
    discount: Floats
    start: int = 0
    terms: tuple[PayoffTerm, ...] = ()
    measures: Measures = field(default_factory=Measures)
    payoff_unit: str = "payoff a period"
    period_unit: str = "period"
    period_length: float = 1.0
    shared: RowIndices | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def from_arrays(
        cls,
        payoffs: Sequence[ArrayLike],
        transitions: Sequence[ArrayLike],
        discount: ArrayLike,
        *,
        start: int = 0,
    ) -> StochasticGame:
        """A game from one dense array a state.

        Parameters
        ----------
        payoffs : per state an array of shape (A_1, ..., A_N, N), payoff a period.
        transitions : per state an array of shape (A_1, ..., A_N, S), probabilities of the next state.
        discount : a number or one per player, each in [0, 1).
        start : index of the state in which play begins.

        Raises
        ------
        GameError : shapes that do not fit, numbers that are not finite, probabilities that are none.

        Examples
        --------
        >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
        >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
        >>> game.payoff_range
        5.0
        """
        tables = [_numbers(table, f"payoffs of state {s}") for s, table in enumerate(payoffs)]
        laws = [_numbers(law, f"transitions of state {s}") for s, law in enumerate(transitions)]
        if not tables or len(tables) != len(laws):
            raise GameError(f"{len(tables)} payoff tables and {len(laws)} transition tables; one of each per state is needed")
        size, number = len(tables), tables[0].shape[-1] if tables[0].ndim else 0
        for s, (table, law) in enumerate(zip(tables, laws, strict=True)):
            if number == 0 or table.ndim != number + 1 or table.shape[-1] != number:
                raise GameError(f"state {s}: payoffs have shape {table.shape}; (A_1, ..., A_N, N) with N = {number} is needed")
            if law.shape != (*table.shape[:-1], size):
                raise GameError(f"state {s}: transitions have shape {law.shape}; {(*table.shape[:-1], size)} is needed")
        return cls(
            players=tuple(str(i + 1) for i in range(number)),
            states=tuple(str(s + 1) for s in range(size)),
            actions=tuple(tuple(tuple(str(a + 1) for a in range(count)) for count in table.shape[:-1]) for table in tables),
            payoffs=np.concatenate([table.reshape(-1, number) for table in tables]),
            transitions=sparse.csr_array(np.concatenate([law.reshape(-1, size) for law in laws])),
            discount=_per_player(discount, number),
            start=start,
        )

    # --- sizes -----------------------------------------------------------------------------------------------------

    @property
    def n_players(self) -> int:
        return len(self.players)

    @property
    def n_states(self) -> int:
        return len(self.states)

    @property
    def action_counts(self) -> Integers:
        """(S, N): how many actions each player has in each state."""
        return self.indices.action_counts

    @cached_property
    def payoff_range(self) -> float:
        """Largest max - min of a player's payoff over all rows; tolerances are fractions of it."""
        return float(np.max(np.ptp(self.payoffs, axis=0)))

    @cached_property
    def fingerprint(self) -> str:
        """The same for games that are the same in everything: labels, numbers, payoff terms and measures, to the last bit."""
        law, watched = self.transitions, self.measures
        labels = (self.players, self.states, self.actions, self.start, self.payoff_unit, self.period_unit, self.period_length)
        names = [(term.name, term.player, term.kind, term.tag) for term in self.terms]
        measured: list[Mapping[str, NDArray[Any]]] = [watched.events, watched.counts, watched.averages]
        digest = hashlib.sha256(repr((labels, names, [list(each) for each in measured], watched.dates)).encode())
        numbers: list[NDArray[Any]] = [self.payoffs, law.indptr, law.indices, law.data, self.discount]
        numbers += [term.amount for term in self.terms]
        numbers += [array for each in measured for array in each.values()]
        for array in numbers:
            digest.update(repr((array.shape, array.dtype.str)).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    # --- indices that solvers share --------------------------------------------------------------------------------

    @cached_property
    def indices(self) -> RowIndices:
        """The shared index arrays, unless they are those of other actions."""
        return self.shared if self.shared is not None and self.shared.actions is self.actions else RowIndices(self.actions)

    @property
    def row_start(self) -> Integers:
        """(S + 1,): rows of state s are row_start[s] to row_start[s + 1]."""
        return self.indices.row_start

    @property
    def row_state(self) -> Integers:
        """(R,): the state of each row."""
        return self.indices.row_state

    @property
    def row_action(self) -> Integers:
        """(N, R): which of its actions in the state each player plays in each row."""
        return self.indices.row_action

    @property
    def choice_start(self) -> Integers:
        """(N, S + 1): a *choice* of player i is a pair (state, own action), numbered state by state."""
        return self.indices.choice_start

    @property
    def row_choice(self) -> Integers:
        """(N, R): the choice of player i that row r contains."""
        return self.indices.row_choice

    @cached_property
    def entry_row(self) -> Integers:
        """(E,): the row of each stored entry of the transition law."""
        return np.repeat(np.arange(len(self.payoffs)), np.diff(self.transitions.indptr))

    @cached_property
    def entry_start(self) -> Integers:
        """(S + 1,): stored entries of state s are entry_start[s] to entry_start[s + 1]."""
        return self.transitions.indptr[self.row_start].astype(np.intp)

    # --- views for people ------------------------------------------------------------------------------------------

    def stage_payoffs(self, state: int) -> Floats:
        """Payoffs of one state as a dense array (A_1, ..., A_N, N)."""
        rows = slice(self.row_start[state], self.row_start[state + 1])
        return self.payoffs[rows].reshape(*self.action_counts[state], self.n_players)

    def stage_transitions(self, state: int) -> Floats:
        """Transition law of one state as a dense array (A_1, ..., A_N, S)."""
        rows = slice(self.row_start[state], self.row_start[state + 1])
        return np.asarray(self.transitions[rows].toarray()).reshape(*self.action_counts[state], self.n_states)


def refuse_huge_payoffs(game: StochasticGame) -> None:
    """Raise GameError where a payoff is beyond LARGEST_PAYOFF."""
    largest = float(np.max(np.abs(game.payoffs), initial=0.0))
    if not largest <= LARGEST_PAYOFF:
        raise GameError(
            f"a payoff is as large as {largest:.3g}, and beyond {LARGEST_PAYOFF:.0e} nothing can be computed: take a larger unit"
        )


def _numbers(table: ArrayLike, what: str) -> Floats:
    """The table as an array. Raises GameError for texts and ragged lists."""
    try:
        return np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GameError(f"{what} are no array of numbers: {error}") from error


def _per_player(discount: ArrayLike, number: int) -> Floats:
    """A discount factor for each player from a number or from one per player."""
    given = np.asarray(discount, dtype=np.float64)
    if given.ndim > 1 or (given.ndim == 1 and given.size != number):
        raise GameError(f"discount has shape {given.shape}; a number or {number} of them are needed")
    return np.broadcast_to(given, (number,)).copy()


def _check(game: StochasticGame) -> None:
    """Refuse what is no game; rows of the transition law that miss 1 by rounding are rescaled in place."""
    counts = game.action_counts
    if counts.shape != (game.n_states, game.n_players) or game.n_players == 0:
        raise GameError("each state needs a list of actions for each player")
    if np.any(counts < 1):
        state, player = np.argwhere(counts < 1)[0]
        raise GameError(f"player {game.players[player]} has no action in state {game.states[state]}")
    rows = int(game.row_start[-1])
    if game.payoffs.shape != (rows, game.n_players) or game.transitions.shape != (rows, game.n_states):
        raise GameError(f"payoffs {game.payoffs.shape} and transitions {game.transitions.shape} do not fit {rows} rows")
    if not np.all(np.isfinite(game.payoffs)):
        raise GameError("a payoff is not a finite number")
    if not np.all((game.discount >= 0) & (game.discount < 1)):
        raise GameError(f"discount factors lie in [0, 1); got {game.discount.tolist()}")
    if not 0 <= game.start < game.n_states:
        raise GameError(f"the start is state {game.start}; there are {game.n_states}")
    _check_law(game.transitions)


def _check_law(law: sparse.csr_array) -> None:
    if law.nnz == 0 or not np.all(np.isfinite(law.data)) or law.data.min() < -PROBABILITY_TOLERANCE:
        raise GameError("a transition probability is missing, negative or not finite")
    totals = np.asarray(law.sum(axis=1)).ravel()
    if np.max(np.abs(totals - 1)) > PROBABILITY_TOLERANCE:
        row = int(np.argmax(np.abs(totals - 1)))
        raise GameError(f"the probabilities of row {row} sum to {totals[row]:.12g}, not to 1")
    if law.data.min() < 0:
        np.clip(law.data, 0.0, None, out=law.data)
        totals = np.asarray(law.sum(axis=1)).ravel()
    law.data /= np.repeat(totals, np.diff(law.indptr))
