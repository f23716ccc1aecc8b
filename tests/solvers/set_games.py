"""Two-player games for equilibrium payoff sets: random ones of every shape, and copies whose sets are known from the original's.

A seed names a game for good. Nothing of the package is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.solvers.aps_twin import PlainGame

Floats = NDArray[np.float64]
Pair = tuple[float, float]

#: Common discount factors of random games; unequal ones are pairs of these. Near 1 the twin takes long.
DISCOUNTS = (0.2, 0.5, 0.7, 0.8, 0.9)
#: States of a game whose steps the twin can take by the hundred.
FEW_STATES = 4


def plain(payoffs: Sequence[Any], transitions: Sequence[Any], discount: Sequence[float], words: str) -> PlainGame:
    """Arrays as nested lists of Python's numbers: per state (A_1, A_2, 2) and (A_1, A_2, S)."""
    tables = [[[tuple(pair) for pair in row] for row in np.asarray(table).tolist()] for table in payoffs]
    laws = [np.asarray(law).tolist() for law in transitions]
    return PlainGame(tables, laws, (float(discount[0]), float(discount[1])), words=words)


# --- kinds -------------------------------------------------------------------------------------------------------------------


def dense(rng: np.random.Generator) -> PlainGame:
    """Uniform payoffs; every profile may lead everywhere."""
    return _random(rng, _shape(rng), rng.random, _everywhere, "dense")


def one_state(rng: np.random.Generator) -> PlainGame:
    """A repeated game, up to 4 x 4."""
    return _random(rng, [tuple(rng.integers(2, 5, 2))], rng.random, _everywhere, "one state")


def ties(rng: np.random.Generator) -> PlainGame:
    """Payoffs 0, 1, 2: many ties, knife-edges at discounts such as 1/2."""
    return _random(rng, _shape(rng), lambda shape: rng.integers(0, 3, shape).astype(float), _somewhere, "ties")


def indifferent(rng: np.random.Generator) -> PlainGame:
    """One player gets the same whatever happens."""
    return _random(rng, _shape(rng), lambda shape: rng.random(shape) * np.eye(2)[rng.integers(2)], _somewhere, "indifferent")


def common_interest(rng: np.random.Generator) -> PlainGame:
    """Both get the same: sets are segments and points on the diagonal."""
    return _random(rng, _shape(rng), lambda shape: np.repeat(rng.random((*shape[:-1], 1)), 2, axis=-1), _somewhere, "common")


def opposed(rng: np.random.Generator) -> PlainGame:
    """Zero-sum: no more than one point a state at a common discount, often nothing."""

    def draw(shape: tuple[int, ...]) -> Floats:
        gain = rng.random((*shape[:-1], 1))
        return np.concatenate([gain, -gain], axis=-1)

    return _random(rng, _shape(rng), draw, _somewhere, "opposed")


def absorbing(rng: np.random.Generator) -> PlainGame:
    """The last state is never left; the others lead there now and then."""
    game = _random(rng, [*_shape(rng), (2, 2)], rng.random, _somewhere, "absorbing")
    end = np.eye(game.n_states)[-1]
    laws = [np.asarray(law) for law in game.transitions]
    laws[-1] = np.broadcast_to(end, laws[-1].shape)
    laws[0] = 0.75 * laws[0] + 0.25 * end
    return replace(game, transitions=[law.tolist() for law in laws])


def ragged(rng: np.random.Generator) -> PlainGame:
    """One to four actions, different in each state and for each player; turns among them."""
    shapes = [tuple(rng.integers(1, 5, 2)) for _ in range(int(rng.integers(2, FEW_STATES + 1)))]
    return _random(rng, shapes, rng.random, _somewhere, "ragged")


def empty_somewhere(rng: np.random.Generator) -> PlainGame:
    """State "pennies" (the last) is matching pennies for ever; whether others lead there is drawn."""
    game = absorbing(rng) if rng.random() < 0.5 else _random(rng, [*_shape(rng), (2, 2)], rng.random, _stay, "empty")
    pennies = np.array([[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]])
    last = game.n_states - 1
    laws = [*game.transitions[:last], np.broadcast_to(np.eye(last + 1)[-1], (2, 2, last + 1)).tolist()]
    return replace(
        plain([*game.payoffs[:last], pennies], laws, game.discount, game.words), words=f"pennies at the end, {game.words}"
    )


def scenario_like(rng: np.random.Generator, sizes: tuple[int, int] | None = None) -> PlainGame:
    """Levels of deployment times stages of talks, 3 x 3 actions, few successors: thin sets, segments, points."""
    levels, stages = sizes or (int(rng.integers(2, 4)), int(rng.integers(2, 5)))
    pace, progress, relapse, speed = rng.uniform([0.2, 0.1, 0.05, 0.3], [0.9, 0.6, 0.4, 1.0])
    cost, grievance, goodwill, spoil = rng.uniform([0.1, 0.1, 0.1, 0.05], [1.0, 1.0, 1.0, 0.5])
    payoffs, laws = [], []
    for level in range(levels):
        for stage in range(stages):
            forces, talks = level / (levels - 1), stage / (stages - 1)
            table, law = np.zeros((3, 3, 2)), np.zeros((3, 3, levels * stages))
            for move in range(3):  # hold, withdraw, redeploy
                for reply in range(3):  # engage, stall, sabotage
                    table[move, reply, 0] = talks + 0.2 * forces - cost * forces - 0.3 * spoil * (reply == 2) - 0.1 * (move == 2)
                    table[move, reply, 1] = talks - grievance * forces + spoil * (reply > 0) * (1 - talks) + 0.1 * (move == 1)
                    up = progress * (1 + goodwill * (1 - forces)) / 2 if reply == 0 else 0.0
                    down = (0.0, relapse / 2, relapse)[reply]
                    _spread(law[move, reply], (level, levels, _step(move, pace, speed)), (stage, stages, (down, up)))
            payoffs.append(table)
            laws.append(law)
    return plain(payoffs, laws, _discounts(rng), f"scenario-like: {levels} levels, {stages} stages")


def masked(rng: np.random.Generator) -> PlainGame:
    """A game of another kind with some actions that cannot be prescribed, some that cannot be deviated to."""
    game = (dense, ties, ragged, one_state)[int(rng.integers(4))](rng)
    prescribable = [[rng.random(game.count(s, i)) < 0.8 for i in (0, 1)] for s in range(game.n_states)]
    for state in prescribable:
        for own in state:
            own[rng.integers(len(own))] = True
    deviation = [[(rng.random(game.count(s, i)) < 0.7).tolist() for i in (0, 1)] for s in range(game.n_states)]
    masks = [[own.tolist() for own in state] for state in prescribable]
    return replace(game, prescribable=masks, deviation=deviation, words=f"masked {game.words}")


def with_twin_action(rng: np.random.Generator) -> PlainGame:
    """A game in which an action occurs twice."""
    game = (dense, ties, ragged)[int(rng.integers(3))](rng)
    s, i = int(rng.integers(game.n_states)), int(rng.integers(2))
    return doubled(game, s, i, int(rng.integers(game.count(s, i))))


def large_dense(rng: np.random.Generator) -> PlainGame:
    """Five states, 3 x 3 or 4 x 4."""
    own = (3, 3) if rng.random() < 0.5 else (4, 4)
    return _random(rng, [own] * 5, rng.random, _everywhere, "large dense")


def large_sparse(rng: np.random.Generator) -> PlainGame:
    """Ten to twenty states, two successors."""
    return _random(rng, [(3, 3)] * int(rng.integers(10, 21)), rng.random, _somewhere, "large sparse")


def large_scenario(rng: np.random.Generator) -> PlainGame:
    """Twenty-four states."""
    return scenario_like(rng, (4, 6))


KINDS: tuple[Callable[[np.random.Generator], PlainGame], ...] = (
    dense,
    one_state,
    ties,
    indifferent,
    common_interest,
    opposed,
    absorbing,
    ragged,
    empty_somewhere,
    scenario_like,
    masked,
    with_twin_action,
)


#: Games too large for the twin to solve; it can take single steps.
LARGE_KINDS = (large_dense, large_sparse, large_scenario)


def set_game(seed: int, kinds: Sequence[Callable[[np.random.Generator], PlainGame]] = KINDS) -> PlainGame:
    """The game that the seed names; kinds take turns."""
    kind = kinds[seed % len(kinds)]
    game = kind(np.random.default_rng([1990, seed]))
    return replace(game, words=f"seed {seed}: {game.words}, discount {game.discount}")


def _random(
    rng: np.random.Generator,
    shapes: Sequence[tuple[int, ...]],
    draw: Callable[[tuple[int, ...]], Floats],
    law: Callable[[np.random.Generator, tuple[int, ...], int, int], Floats],
    words: str,
) -> PlainGame:
    payoffs = [draw((*shape, 2)) for shape in shapes]
    laws = [law(rng, shape, s, len(shapes)) for s, shape in enumerate(shapes)]
    return plain(payoffs, laws, _discounts(rng), f"{words}, actions {[tuple(map(int, shape)) for shape in shapes]}")


def _shape(rng: np.random.Generator) -> list[tuple[int, ...]]:
    own = tuple(int(k) for k in rng.integers(2, 4, 2))
    return [own] * int(rng.integers(1, FEW_STATES))


def _discounts(rng: np.random.Generator) -> Pair:
    """In a third of the games unequal, now and then 0 for one player."""
    first, second = (float(d) for d in rng.choice(DISCOUNTS, 2))
    kind = rng.random()
    if kind < 0.67:
        return first, first
    return (first, 0.0) if kind > 0.97 else (first, second)


def _everywhere(rng: np.random.Generator, shape: tuple[int, ...], s: int, states: int) -> Floats:
    return np.asarray(rng.dirichlet(np.ones(states), shape))


def _somewhere(rng: np.random.Generator, shape: tuple[int, ...], s: int, states: int) -> Floats:
    """One or two successors a profile; chances that are even or not."""
    law = np.zeros((*shape, states))
    for profile in np.ndindex(*shape):
        first, second = rng.integers(0, states, 2)
        law[profile][first] += (share := float(rng.choice([1.0, 0.5, 0.3])))
        law[profile][second] += 1 - share
    return law


def _stay(rng: np.random.Generator, shape: tuple[int, ...], s: int, states: int) -> Floats:
    return np.broadcast_to(np.eye(states)[s], (*shape, states))


def _step(move: int, pace: float, speed: float) -> Pair:
    """Chances that the level falls, rises."""
    return ((0.0, 0.0), (pace, 0.0), (0.0, speed))[move]


def _spread(law: Floats, *parts: tuple[int, int, Pair]) -> None:
    """Independent steps of each part (place, size, chances to fall and to rise), which do not leave its ends."""
    chances = []
    for place, size, (down, up) in parts:
        own = np.zeros(size)
        own[max(place - 1, 0)] += down
        own[min(place + 1, size - 1)] += up
        own[place] += 1 - down - up
        chances.append(own)
    law += np.outer(*chances).ravel()


# --- copies ------------------------------------------------------------------------------------------------------------------


def transformed(game: PlainGame, scale: Pair, shift: Pair) -> PlainGame:
    """Payoffs scale_i u_i + shift_i; scale_i > 0. Sets are mapped alike."""
    tables = [np.asarray(table) * scale + shift for table in game.payoffs]
    return replace(game, payoffs=plain(tables, game.transitions, game.discount, "").payoffs, words=f"transformed {game.words}")


def relabelled(game: PlainGame, order: Sequence[int], rng: np.random.Generator) -> PlainGame:
    """State k of the copy is state order[k]; each player's actions are shuffled in every state."""
    shuffles = [[rng.permutation(game.count(s, i)) for i in (0, 1)] for s in range(game.n_states)]
    grids = [np.ix_(*shuffles[s]) for s in order]
    payoffs = [np.asarray(game.payoffs[s])[grid] for s, grid in zip(order, grids, strict=True)]
    laws = [np.asarray(game.transitions[s])[grid][..., list(order)] for s, grid in zip(order, grids, strict=True)]
    masks = [
        None if mask is None else [[np.asarray(mask[s][i])[shuffles[s][i]].tolist() for i in (0, 1)] for s in order]
        for mask in (game.prescribable, game.deviation)
    ]
    copy = plain(payoffs, laws, game.discount, f"relabelled {game.words}")
    return replace(copy, prescribable=masks[0], deviation=masks[1])


def swapped(game: PlainGame) -> PlainGame:
    """The players change places."""
    payoffs = [np.asarray(table).swapaxes(0, 1)[..., ::-1] for table in game.payoffs]
    laws = [np.asarray(law).swapaxes(0, 1) for law in game.transitions]
    masks = [None if mask is None else [state[::-1] for state in mask] for mask in (game.prescribable, game.deviation)]
    copy = plain(payoffs, laws, game.discount[::-1], f"swapped {game.words}")
    return replace(copy, prescribable=masks[0], deviation=masks[1])


def doubled(game: PlainGame, s: int, i: int, action: int) -> PlainGame:
    """Player i has `action` of state s twice, the copy last. Sets stay as they are. Games without masks."""
    payoffs, laws = list(game.payoffs), list(game.transitions)
    for tables in (payoffs, laws):
        table = np.asarray(tables[s])
        tables[s] = np.concatenate([table, table.take([action], axis=i)], axis=i)
    return plain(payoffs, laws, game.discount, f"action {action} of player {i} twice in state {s}, {game.words}")


def without(game: PlainGame, s: int, i: int, action: int) -> PlainGame:
    """Player i does not have `action` in state s. Games without masks."""
    payoffs, laws = list(game.payoffs), list(game.transitions)
    for tables in (payoffs, laws):
        tables[s] = np.delete(np.asarray(tables[s]), action, axis=i)
    return plain(payoffs, laws, game.discount, f"without action {action} of player {i} in state {s}, {game.words}")


def forbidding(game: PlainGame, s: int, i: int, action: int, *, prescribable: bool, deviation: bool) -> PlainGame:
    """The same game with masks: whether `action` of player i in state s may be prescribed, whether i may deviate to it."""
    masks = []
    for allowed in (prescribable, deviation):
        mask = [[[True] * game.count(t, j) for j in (0, 1)] for t in range(game.n_states)]
        mask[s][i][action] = allowed
        masks.append(mask)
    return replace(game, prescribable=masks[0], deviation=masks[1], words=f"mask on action {action}, {game.words}")
