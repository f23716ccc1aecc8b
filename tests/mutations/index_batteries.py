"""Batteries of sensitivity indices; see `batteries.py`."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from leverage.experiments.answers import Answers
from leverage.experiments.design import Sample
from leverage.scenario.sweeps import SampleKind

RANGES = {"a": (0.0, 2.0), "b": (1.0, 2.0)}


def check_indices(module: ModuleType) -> None:
    """Sums and products by hand, intervals by closed forms, blocks that lack an answer, numbers that do not vary."""
    _check_blocks(module)
    _check_sobol(module)
    _check_morris(module)


def _check_blocks(module: ModuleType) -> None:
    design, values = _made("saltelli", 64)
    values[32 * design.block :: design.block] = np.nan
    found = module.estimate_indices(design, Answers.exact(values))
    assert (found.defined, found.blocks) == (True, 32)
    values[:] = 1e-12 * np.arange(len(values))
    assert "it is the same at all points" in module.estimate_indices(design, Answers.exact(values)).note
    values[:] = 0
    values[design.block + 1] = 1
    assert not module.estimate_indices(design, Answers.exact(values)).defined
    _, values = _made("saltelli", 64)
    assert not module.estimate_indices(design, Answers(values, values - 5, values + 5)).defined
    found = module.estimate_indices(design, Answers(values, values - 0.1, values + 0.1))
    assert f"{0.01 / np.var(values):.0%} of the variance" in found.note


def _check_sobol(module: ModuleType) -> None:
    """Of a * b: variances of the means are (1/3) (3/2)^2 and (1/12) 1^2, of all 1/3 * 1/12 more."""
    design, values = _made("saltelli", 512)
    found = module.estimate_indices(design, Answers.exact(values))
    alone = np.array([27, 3, 1]) / 31
    true = [alone[0], alone[1], alone[0] + alone[2], alone[1] + alone[2], alone[2]]
    assert [each.value for each in found.found] == pytest.approx(true, abs=0.03)
    assert all(each.low < value < each.high for each, value in zip(found.found, true, strict=True))
    assert found == module.estimate_indices(design, Answers.exact(values))
    base = values.reshape(-1, design.block)
    terms = base[:, [-1]] * (base[:, 1:-1] - base[:, [0]])  # what first-order indices are means of, not centred
    centred = terms - base.mean() * (base[:, 1:-1] - base[:, [0]])
    errors = 1.96 * centred.std(axis=0) / np.sqrt(len(base)) / base[:, [0, -1]].var()
    assert [(each.high - each.low) / 2 for each in found.found[:2]] == pytest.approx(errors, rel=0.35)


def _check_morris(module: ModuleType) -> None:
    """The effect of a over its range of 2 is 2 b, that of b is a: b is 1 to 2 and a is 0 to 2 on four levels."""
    design, values = _made("morris", 400)
    found = module.estimate_indices(design, Answers.exact(-values))
    spread = [2 * np.sqrt(5 / 36), 2 * np.sqrt(5 / 36)]
    assert [each.value for each in found.found] == pytest.approx([3, 1, -3, -1, *spread], abs=0.15)
    assert all(each.low < each.value < each.high for each in found.found)
    levels = np.array([-1, -1 / 3, 1 / 3, 1])  # of either effect, about its mean
    of_mu = 1.96 * levels.std() / np.sqrt(400)
    of_sigma = 1.96 * np.sqrt(((levels**4).mean() - levels.var() ** 2) / 400) / (2 * levels.std())
    half = [(each.high - each.low) / 2 for each in found.found]
    assert half[2:] == pytest.approx([of_mu, of_mu, of_sigma, of_sigma], rel=0.3)
    signed = Sample("morris", 400, 0, {"a": (-1.0, 1.0), "b": (-1.0, 1.0)})  # effects of both signs
    effects = module.estimate_indices(signed, Answers.exact(signed.values(0, signed.size).prod(axis=1))).found
    assert effects[2].high - effects[2].low > 1.5 * (effects[0].high - effects[0].low)


def _made(kind: SampleKind, count: int) -> tuple[Sample, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """A sample, and a * b at its points."""
    design = Sample(kind, count, 0, RANGES)
    return design, design.values(0, design.size).prod(axis=1)
