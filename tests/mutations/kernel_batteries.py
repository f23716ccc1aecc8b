"""Battery of the determinant's sign that orients the logit path, from dense and from sparse factors; see `batteries.py`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from leverage.game.stochastic_game import Floats, Integers, StochasticGame
from leverage.solvers import logit_system
from tests.mutations.batteries import same

#: The imaginary step of derivatives: what it adds is of second order, below the last digit.
IMAGINARY = 1e-30
POINTS = 60


def walkway(seed: int, states: int = 6) -> StochasticGame:
    """States in a row, from each of which play goes to its neighbours; two players with two and three actions who like to do
    what the other does, so that responses reinforce each other."""
    random = np.random.default_rng(seed)
    payoffs = [random.random((2, 3, 2)) + 2 * np.eye(2, 3)[..., None] for _ in range(states)]
    laws = []
    for s in range(states):
        near = [t for t in (s - 1, s, s + 1) if 0 <= t < states]
        law = np.zeros((2, 3, states))
        law[..., near] = random.dirichlet(np.ones(len(near)), size=(2, 3))
        laws.append(law)
    return StochasticGame.from_arrays(payoffs, laws, (0.9, 0.6))


def check_determinant(module: ModuleType) -> None:
    """Dense and sparse signs are those of the whole matrix of derivatives, whether sparse pivots are kept or chosen anew."""
    game, tally = walkway(1), dict.fromkeys([(anew, sign) for anew in (False, True) for sign in (-1, 1)], 0)
    shape, numbers, dense, thin = _ways(module, game)
    order, random = _sign_of(shape.order), np.random.default_rng(2)
    slots, before = int(shape.group_start[-1]), thin.place[module.ROW_PLACE].copy()
    for k in range(POINTS):
        place = np.concatenate(
            [random.normal(size=slots), random.normal(size=len(shape.order) - 1), [10 ** random.uniform(0, 4)]]
        )
        border, onward = random.normal(size=slots) * 10.0 ** random.integers(-5, 6), random.normal()
        whole = _derivatives(game, shape, numbers, place, border, onward)
        truth, of_states = _sign(whole), _sign(whole[:slots, :slots])
        signs = []
        for form, work in ((shape._replace(order=np.zeros(0, dtype=np.intp)), dense), (shape, thin)):
            work.slot[module.Z], work.group[module.VALUES, :-1], work.slot[module.BORDER] = place[:slots], place[slots:-1], border
            tasks = module.EVALUATION | module.DERIVATIVE
            module.equations(form, numbers, work, module.ALL_SLOTS, module.BIAS, (1.0, place[-1]), (onward, 0.0), tasks)
            signs.append(work.at[module.DETERMINANT])
        same(signs, [truth, truth * order])
        after = thin.place[module.ROW_PLACE].copy()
        if k:  # at the first point there is no pattern to keep
            tally[not np.array_equal(before, after), of_states] += 1
        before = after
    assert min(tally.values()) > 0, f"the points do not meet every case: {tally}"


def _ways(module: ModuleType, game: StochasticGame) -> tuple[Any, Any, Any, Any]:
    """Shape with an order of elimination, numbers, and scratch space for dense and for sparse factors."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logit_system, "DENSE_LIMIT", 0)
        patch.setattr(logit_system, "DENSE_SHARE", 2.0)
        shape = logit_system.shape_of(game)
    assert len(shape.order) == game.n_states * game.n_players + 1
    numbers = logit_system.numbers_of(game, 1e-9)
    own, without = module.Shape(*shape), module.Shape(*shape)._replace(order=np.zeros(0, dtype=np.intp))
    return own, module.Numbers(*numbers), logit_system.workspace(without), logit_system.workspace(shape)


def _sign(matrix: Floats) -> int:
    return int(np.linalg.slogdet(matrix)[0])


def _sign_of(order: Integers) -> int:
    """Of a permutation."""
    return _sign(np.eye(len(order))[order])


def _derivatives(game: StochasticGame, shape: Any, numbers: Any, place: Floats, border: Floats, onward: float) -> Floats:
    """Of all equations in z, the values and the precision, and the border's row, by imaginary steps."""
    size = len(place)
    moved = [_equations(game, shape, numbers, place + 1j * IMAGINARY * unit).imag / IMAGINARY for unit in np.eye(size)]
    return np.vstack([np.stack(moved, axis=1), np.concatenate([border, np.zeros(size - len(border) - 1), [onward]])])


def _equations(game: StochasticGame, shape: Any, numbers: Any, place: np.ndarray) -> np.ndarray:
    """z - m (Q - V) of each choice, then mean Q - V of each state and player, by their definition."""
    slots, players = int(shape.group_start[-1]), shape.players
    z, values, m = place[:slots], place[slots:-1], place[-1]
    group = np.repeat(np.arange(len(values)), np.diff(shape.group_start))
    p = np.exp(z) / np.add.reduceat(np.exp(z), shape.group_start[:-1])[group]
    worth = numbers.payoffs + game.discount * (game.transitions.toarray() @ values.reshape(-1, players))
    q = np.zeros(slots, dtype=complex)
    for r, own in enumerate(shape.row_slot):
        for i in range(players):
            q[own[i]] += worth[r, i] * np.prod([p[c] for j, c in enumerate(own) if j != i])
    mean = np.add.reduceat(p * q, shape.group_start[:-1])
    return np.concatenate([z - m * (q - values[group]), mean - values])
