"""The public names as a notebook uses them, wrong use included."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import leverage

ROOT = Path(__file__).parent.parent
WITHDRAWAL = ROOT / "scenarios" / "withdrawal.yaml"
PRISONERS = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
STAYS = [[[1.0], [1.0]], [[1.0], [1.0]]]


def prisoners(discount: float = 0.6) -> leverage.StochasticGame:
    return leverage.StochasticGame.from_arrays([PRISONERS], [STAYS], discount)


REFUSED: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "ragged payoffs": (
        lambda: leverage.StochasticGame.from_arrays([[[1.0], [1.0, 2.0]]], [[[1.0]]], 0.5),
        leverage.GameError,
        "state 0",
    ),
    "text payoffs": (
        lambda: leverage.StochasticGame.from_arrays([[["a"]]], [[[1.0]]], 0.5),
        leverage.GameError,
        "no array of numbers",
    ),
    "patience of 1": (lambda: prisoners(1.0), leverage.GameError, r"\[0, 1\)"),
    "a player who is not there": (
        lambda: leverage.Automaton.stationary(prisoners(), [[np.array([1.0, 0.0])]], [7]),
        leverage.GameError,
        "no player 7",
    ),
    "no lottery": (
        lambda: leverage.Automaton.stationary(prisoners(), [[np.array([1.0, 1.0])]], [0]),
        leverage.GameError,
        "no lottery",
    ),
    "an endless horizon": (lambda: leverage.finite_horizon(prisoners(), 10**9), leverage.GameError, "too large to hold"),
    "no horizon": (lambda: leverage.run(leverage.load_scenario(WITHDRAWAL), horizon=0), leverage.GameError, "at least 1"),
    "a path for a scenario": (lambda: leverage.run(str(WITHDRAWAL)), TypeError, "load_scenario"),  # type: ignore[arg-type]
    "text for a value": (
        lambda: leverage.load_scenario(WITHDRAWAL, {"progress": "0.2"}),  # type: ignore[dict-item]
        leverage.ScenarioError,
        r"overrides\['progress'\]: '0.2' is no finite number",
    ),
    "an unknown parameter": (lambda: leverage.load_scenario(WITHDRAWAL, {"progres": 0.2}), leverage.ScenarioError, "'progress'"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_wrong_use_is_named(kind: str) -> None:
    call, error, phrase = REFUSED[kind]
    with pytest.raises(error, match=phrase):
        call()


@pytest.mark.parametrize("name", leverage.__all__)
def test_every_public_name_is_documented_and_there_in_any_order(name: str) -> None:
    assert getattr(leverage, name).__doc__
    assert name in dir(leverage)


def test_functions_stay_functions_after_the_whole_package_is_imported() -> None:
    code = (
        "import leverage, leverage.cli, leverage.certification.checker, leverage.pipeline, leverage.solvers.markov_perfect\n"
        "print([callable(getattr(leverage, name)) for name in ('certify', 'run', 'markov_perfect', 'stage_nash')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[True, True, True, True]\n"


def test_parameters_can_be_looked_up_by_name() -> None:
    parameter = leverage.load_scenario(WITHDRAWAL, overrides={"return_speed": 0.5}).parameters["return_speed"]
    assert (parameter.value, parameter.low, parameter.high) == (0.5, 0.2, 0.95)
    assert parameter.unit
    assert parameter.source
