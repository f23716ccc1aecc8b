"""Fixtures that several test files use."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverage import Run, load_scenario, run

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def withdrawal() -> Run:
    """The main job, once for all tests."""
    return run(load_scenario(ROOT / "scenarios" / "withdrawal.yaml"))
