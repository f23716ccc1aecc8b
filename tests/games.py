"""Games and machines of which textbooks know the answers, and generated ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from scipy import sparse

from leverage.game.automaton import Automaton
from leverage.game.node_indices import selection, spans
from leverage.game.stochastic_game import Floats, Integers, Measures, PayoffTerm, StochasticGame

COOPERATE, DEFECT = 0, 1
#: Temptation, reward, punishment, sucker's payoff of the two players; (T - R) / (T - P) is 1/2 and 3/5.
FIRST_PD = (5.0, 3.0, 1.0, 0.0)
SECOND_PD = (7.0, 4.0, 2.0, 1.0)


def repeated(
    first: Sequence[Sequence[float]], second: Sequence[Sequence[float]], delta: float | tuple[float, ...]
) -> StochasticGame:
    """One state, for ever."""
    table = np.stack([np.asarray(first, dtype=float), np.asarray(second, dtype=float)], axis=-1)
    return StochasticGame.from_arrays([table], [np.ones((*table.shape[:2], 1))], delta)


def prisoners_dilemma(delta: float | tuple[float, ...] = 0.9) -> StochasticGame:
    (t1, r1, p1, s1), (t2, r2, p2, s2) = FIRST_PD, SECOND_PD
    return repeated([[r1, s1], [t1, p1]], [[r2, t2], [s2, p2]], delta)


def chicken(delta: float = 0.9) -> StochasticGame:
    """Pure equilibria (swerve, dare) with 2, 7 and (dare, swerve) with 7, 2; mixed: dare with chance 1/3, 14/3 each."""
    return repeated([[6, 2], [7, 0]], [[6, 7], [2, 0]], delta)


def matching_pennies(delta: float = 0.9) -> StochasticGame:
    return repeated([[1, -1], [-1, 1]], [[-1, 1], [1, -1]], delta)


def shapley_stopping(delta: float = 0.9) -> StochasticGame:
    """Shapley (1953): in state 1 the matrix ((3, 1), (1, 2)), then play stops (state 2, nothing) with chance 1/2.

    The matrix has value 5/3 and optimal lotteries (1/3, 2/3) on both sides, so v = (1 - delta) (5/3) / (1 - delta / 2).
    """
    matrix = np.array([[3.0, 1.0], [1.0, 2.0]])
    law = np.broadcast_to([0.5, 0.5], (2, 2, 2))
    return StochasticGame.from_arrays(
        [np.stack([matrix, -matrix], axis=-1), np.zeros((1, 1, 2))], [law, np.array([[[0.0, 1.0]]])], delta
    )


def chain(
    law: Sequence[Sequence[float]],
    payoffs: Sequence[float] | None = None,
    *,
    delta: float = 0.9,
    start: int = 0,
    events: Mapping[str, Sequence[int]] | None = None,
    counts: Mapping[str, Sequence[tuple[int, int]]] | None = None,
    averages: Mapping[str, Sequence[float]] | None = None,
    dates: tuple[float, ...] = (),
) -> StochasticGame:
    """A Markov chain as a game of one player who has no choice. Events: lists of states; counts: lists of transitions."""
    size = len(law)
    pay = np.zeros(size) if payoffs is None else np.asarray(payoffs, dtype=float)
    game = StochasticGame.from_arrays(
        [np.array([[u]]) for u in pay], [np.array([row], dtype=float) for row in law], delta, start=start
    )
    source, target = game.row_state[game.entry_row], game.transitions.indices
    measures = Measures(
        events={name: np.isin(np.arange(size), states) for name, states in (events or {}).items()},
        counts={
            name: np.array([float((int(a), int(b)) in set(pairs)) for a, b in zip(source, target, strict=True)])
            for name, pairs in (counts or {}).items()
        },
        averages={name: np.asarray(level, dtype=float) for name, level in (averages or {}).items()},
        dates=dates,
    )
    return replace(game, measures=measures)


def no_choice(game: StochasticGame) -> Automaton:
    """The only plan of a game in which nobody has a choice."""
    return Automaton.stationary(game, [[[1.0]] * game.n_states for _ in game.players])


def gamblers_ruin(goal: int, fortune: int, win: Fraction, dates: tuple[float, ...] = ()) -> StochasticGame:
    """One unit a round is won with chance `win`; it ends at 0 and at the goal."""
    law = np.zeros((goal + 1, goal + 1))
    law[0, 0] = law[goal, goal] = 1.0
    for k in range(1, goal):
        law[k, k + 1], law[k, k - 1] = float(win), float(1 - win)
    return chain(law.tolist(), start=fortune, events={"ruined": [0], "rich": [goal]}, dates=dates)


def grim_trigger(game: StochasticGame, player: int) -> Automaton:
    """Cooperate until anybody defects, then defect for ever."""
    after = np.array([0, 1, 1, 1, 1, 1, 1, 1])  # rows CC, CD, DC, DD in the first mode and in the second
    return two_mode_machine(game, player, ("trust", "punish"), after, np.array([1.0, 0.0, 0.0, 1.0]))


def tit_for_tat(game: StochasticGame, player: int) -> Automaton:
    """Do what the other did last."""
    other_defected = game.row_action[1 - player] == DEFECT
    return two_mode_machine(
        game, player, ("kind", "cross"), np.tile(other_defected, 2).astype(np.intp), np.array([1.0, 0.0, 0.0, 1.0])
    )


def two_mode_machine(game: StochasticGame, player: int, modes: tuple[str, str], after: Integers, lottery: Floats) -> Automaton:
    """A machine of two modes for a repeated game; after: (2 rows,) the mode that follows each row in each mode."""
    return Automaton(
        game=game,
        players=(player,),
        modes=modes,
        node_mode=np.array([0, 1]),
        node_state=np.array([0, 0]),
        lotteries=(lottery,),
        next_nodes=selection(after, 2),
        start=selection(np.array([0]), 2),
    )


def random_game(
    seed: int, states: int = 3, actions: tuple[int, ...] = (2, 3), delta: Sequence[float] | float = (0.8, 0.9), reach: int = 2
) -> StochasticGame:
    """Payoffs in [0, 1]; each row leads to `reach` states. The first state offers no choice to the last player (ragged)."""
    random = np.random.default_rng(seed)
    payoffs, laws = [], []
    for s in range(states):
        shape = actions if s else (*actions[:-1], 1)
        payoffs.append(random.random((*shape, len(actions))))
        law = np.zeros((int(np.prod(shape)), states))
        for row in law:
            row[random.choice(states, size=min(reach, states), replace=False)] = random.dirichlet(np.ones(min(reach, states)))
        laws.append(law.reshape(*shape, states))
    return StochasticGame.from_arrays(payoffs, laws, delta)


def random_machine(game: StochasticGame, players: tuple[int, ...], modes: int, seed: int) -> Automaton:
    """Mixed lotteries at every node, a public lottery over two modes on every edge and at the start."""
    random = np.random.default_rng(seed)
    states = game.n_states
    node_state = np.tile(np.arange(states), modes)
    lotteries = tuple(np.concatenate([random.dirichlet(np.ones(game.action_counts[s, i])) for s in node_state]) for i in players)
    entries = spans(game.entry_start[node_state], np.diff(game.entry_start)[node_state])
    return Automaton(
        game=game,
        players=players,
        modes=tuple(f"mode {m + 1}" for m in range(modes)),
        node_mode=np.repeat(np.arange(modes), states),
        node_state=node_state,
        lotteries=lotteries,
        next_nodes=_two_modes(random, game.transitions.indices[entries], states, modes),
        start=_two_modes(random, np.arange(states), states, modes),
    )


def _two_modes(random: np.random.Generator, states: Integers, width: int, modes: int) -> sparse.csr_array:
    """A lottery between the node of each given state in a random mode and in the mode after it."""
    count, weight = len(states), random.random(len(states))
    mode = random.integers(0, modes, count)
    columns = np.concatenate([mode * width + states, (mode + 1) % modes * width + states])
    rows = np.tile(np.arange(count), 2)
    return sparse.csr_array((np.concatenate([weight, 1 - weight]), (rows, columns)), shape=(count, modes * width))


def with_structural_zeros(game: StochasticGame) -> StochasticGame:
    """The same game, with every transition of chance 0 stored as an entry; its measures' counts must be empty."""
    rows, states = game.transitions.shape
    law = sparse.csr_array(
        (game.transitions.toarray().ravel(), np.tile(np.arange(states), rows), np.arange(rows + 1) * states), shape=(rows, states)
    )
    return replace(game, transitions=law)


def with_terms(game: StochasticGame, player: int, terms: Mapping[str, tuple[str, Floats]]) -> StochasticGame:
    """The game in which the player's payoff is the sum of named terms: name -> (kind, amount of shape (R,))."""
    named = tuple(PayoffTerm(name, player, kind, "", amount) for name, (kind, amount) in terms.items())
    payoffs = game.payoffs.copy()
    payoffs[:, player] = sum(term.signed for term in named)
    return replace(game, payoffs=payoffs, terms=named)


def solve_exactly(matrix: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> list[Fraction]:
    """Gauss-Jordan elimination in fractions."""
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    size = len(rows)
    for k in range(size):
        pivot = next(r for r in range(k, size) if rows[r][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for r in range(size):
            if r != k and rows[r][k] != 0:
                rows[r] = [x - rows[r][k] * y for x, y in zip(rows[r], rows[k], strict=True)]
    return [row[-1] for row in rows]
