"""Runs that the tests of comparisons share: each is solved once."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverage import Run, load_scenario, run

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def small() -> Run:
    """The small scenario as it stands."""
    return run(load_scenario(DATA / "small.yaml"))


@pytest.fixture(scope="session")
def small_slow() -> Run:
    """Its variant, in which an action is missing."""
    return run(load_scenario(DATA / "small.yaml", variant="slow"))


@pytest.fixture(scope="session")
def dilemma() -> Run:
    """Another scenario with a name or two in common."""
    return run(load_scenario(DATA / "dilemma.yaml"))
