"""Compiles kernels and leaves them on disk: `python -m leverage.solvers.kernel_compilation`.

The first run after an install starts it as a process of its own, so that a second core compiles what the first comes to late:
parts of the kernel of Markov play, and then the kernels of equilibrium sets.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numba import typeof

from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import logit_kernel as path
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.equilibrium_set import equilibrium_set
from leverage.solvers.inner_bound import settled
from leverage.solvers.logit_system import numbers_of, shape_of, workspace
from leverage.solvers.outer_bound import whole_box
from leverage.solvers.plan_kernel import raise_to_gains
from leverage.solvers.reply_kernel import rough_choices
from leverage.solvers.set_form import set_form
from leverage.solvers.set_outline import FIRST_DIRECTIONS, polygon_points
from leverage.solvers.vertex_kernel import follow_chain

#: Kept, since Python complains of a process that is forgotten while it runs.
_started: list[subprocess.Popen[bytes]] = []


def compile_beside() -> None:
    """Start the compilation in another process and do not wait for it."""
    # the same package as here, not one that lies in the present folder, as in a clone: kernels lie beside their files
    command = [sys.executable, "-P", "-m", "leverage.solvers.kernel_compilation"]
    folders = filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    quiet = subprocess.DEVNULL
    _started.append(subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, env=env))  # noqa: S603 - this interpreter


def compile_path_parts() -> None:
    """Compile parts of the walk along the path: those that its own compilation, in the first process, comes to late, and that
    call little else. What is on disk by then it does not compile again."""
    game = _dilemma(1, (0.7, 0.6))
    shape = shape_of(game)
    numbers, work = numbers_of(game, 1e-9), workspace(shape)
    line, place = work.slot[path.P], work.place
    behind = place[path.DENSE_PIVOT], place[path.ONSET], place[path.REACH]
    parts: tuple[tuple[Any, tuple[object, ...]], ...] = (
        (path.factor_sparse, (shape, work)),
        (path.factors_again, (shape, work)),
        (path.assemble, (shape, work)),
        (path.factor_dense, (work.dense, np.intp(1), *behind, np.intp(1))),
        (path.solve_dense, (work.dense, np.intp(1), *behind, line)),
        (path.solve_sparse, (shape, work, line)),
        (path.departures, (shape, work, 1.0, 1.0)),
        (path.move, (work,)),
        (path.speed, (line, 1.0, line, 1.0)),
        (path.settled_support, (work,)),
        (path.gain, (shape, numbers, work)),
    )
    for kernel, given in parts:
        kernel.compile(tuple(typeof(each) for each in given))


def compile_set_kernels() -> None:
    """Solve three small games: of one state with different discount factors, then, with kernels of their own, of two states and
    of one with a common one. With what is called beside them they use every kernel of equilibrium sets. What is most often waited
    for comes first."""
    _solve(1, (0.7, 0.6))
    bound = whole_box(set_form(_dilemma(2, (0.7, 0.6)), None, None), DirectionFan.even(FIRST_DIRECTIONS))
    settled(bound.form, bound.fan, polygon_points(bound), bound.alive, ~bound.empty, 1e-2, 2)
    once = np.ones((1, 2))
    follow_chain(once.copy(), np.array([0, 1]), np.array([0]), np.ones(1), once, np.full(2, 0.5), 1)
    square, first = np.zeros((1, 1)), np.zeros(1, dtype=np.intp)
    rough_choices(np.array([0, 1]), once[0], once[0], first, np.array([0, 1]), 0.0, 1, 1)
    raise_to_gains(square.copy(), square[0], square, square[0], square, first, 0, first, np.full((1, 1), -1, dtype=np.intp))
    _solve(2, (0.6, 0.6))
    _solve(1, (0.6, 0.6))


def _solve(states: int, discount: tuple[float, float]) -> None:
    """The equilibrium set of a dilemma in each state."""
    equilibrium_set(_dilemma(states, discount), tolerance=1e-2)


def _dilemma(states: int, discount: tuple[float, float]) -> StochasticGame:
    """The prisoners' dilemma in each state, none of which is ever left."""
    dilemma = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    stay = np.broadcast_to(np.eye(states)[:, None, None], (states, 2, 2, states))
    return StochasticGame.from_arrays([dilemma] * states, list(stay), discount)


if __name__ == "__main__":
    compile_path_parts()
    compile_set_kernels()
