"""Fixtures that several test files use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from leverage import Run, load_scenario, run

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def withdrawal() -> Run:
    """The main job, once for all tests."""
    return run(load_scenario(ROOT / "scenarios" / "withdrawal.yaml"))


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Small linear systems run faster on one thread, above all beside other work."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield
