"""Sensitivity indices against what is known of functions by hand, and where answers lack or are not exact."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from leverage.experiments.answers import Answers
from leverage.experiments.design import Sample
from leverage.experiments.indices import FEWEST_BLOCKS, Indices, elementary_effects, estimate_indices
from leverage.game.stochastic_game import Floats
from leverage.scenario.sweeps import SampleKind

UNIT = {"a": (0.0, 1.0), "b": (0.0, 1.0)}
#: Estimates from so many blocks are this close to the truth.
BLOCKS, CLOSE = 1024, 0.05


def sample(kind: SampleKind, count: int, ranges: dict[str, tuple[float, float]] | None = None, seed: int = 0) -> Sample:
    return Sample(kind, count, seed, UNIT if ranges is None else ranges)


def estimated(design: Sample, function: Callable[[Floats], Floats]) -> Indices:
    return estimate_indices(design, Answers.exact(function(design.values(0, design.size))))


def values_of(indices: Indices, index: str) -> dict[str, float]:
    return {each.parameter: each.value for each in indices.found if each.index == index}


def near(indices: Indices, index: str, true: dict[str, float]) -> None:
    """Every index is close to the true one, which lies in its interval."""
    found = {each.parameter: each for each in indices.found if each.index == index}
    assert found.keys() == true.keys()
    for name, each in found.items():
        assert each.value == pytest.approx(true[name], abs=CLOSE)
        assert each.low <= true[name] <= each.high


# --- Sobol' indices ----------------------------------------------------------------------------------------------------


def test_indices_of_ishigamis_function() -> None:
    """Ishigami and Homma (1990): sin x + 7 sin^2 y + 0.1 z^4 sin x, each evenly between -pi and pi."""
    a, b = 7.0, 0.1
    alone = {"x": (1 + b * np.pi**4 / 5) ** 2 / 2, "y": a**2 / 8, "z": 0.0}
    both = b**2 * np.pi**8 * (1 / 18 - 1 / 50)  # of x and z
    variance = sum(alone.values()) + both
    found = estimated(
        sample("saltelli", BLOCKS, dict.fromkeys("xyz", (-np.pi, np.pi))),
        lambda x: np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0]),
    )
    near(found, "first order", {name: own / variance for name, own in alone.items()})
    total = {"x": alone["x"] + both, "y": alone["y"], "z": both}
    near(found, "total", {name: own / variance for name, own in total.items()})
    near(found, "interactions", {"": both / variance})
    assert (found.blocks, found.of, found.note) == (BLOCKS, BLOCKS, "")


def test_a_sum_has_no_interactions() -> None:
    slopes = np.array([3.0, -2.0, 1.0])
    found = estimated(sample("saltelli", BLOCKS, {"a": (0, 1), "b": (0, 1), "c": (5, 7)}), lambda x: x @ slopes)
    variances = slopes**2 * np.array([1, 1, 4])
    shares = dict(zip("abc", variances / variances.sum(), strict=True))
    near(found, "first order", shares)
    near(found, "total", shares)
    near(found, "interactions", {"": 0.0})


def test_what_does_nothing_has_indices_of_exactly_zero() -> None:
    found = estimated(sample("saltelli", 32), lambda x: x[:, 0])
    assert values_of(found, "first order")["b"] == values_of(found, "total")["b"] == 0


def test_indices_of_a_product() -> None:
    """a * b over the unit square: variance 7/144, of which a alone makes Var(a) / 4 = 1/48."""
    found = estimated(sample("saltelli", BLOCKS), lambda x: x[:, 0] * x[:, 1])
    near(found, "first order", {"a": 3 / 7, "b": 3 / 7})
    near(found, "total", {"a": 4 / 7, "b": 4 / 7})
    near(found, "interactions", {"": 1 / 7})


def test_indices_do_not_change_with_the_numbers_unit() -> None:
    design = sample("saltelli", 64)
    function = estimated(design, lambda x: x[:, 0] * x[:, 1])
    other = estimated(design, lambda x: 1e6 - 1e3 * x[:, 0] * x[:, 1])
    assert [each.value for each in other.found] == pytest.approx([each.value for each in function.found], abs=1e-9)


def test_of_one_parameter_alone() -> None:
    found = estimated(sample("saltelli", BLOCKS, {"a": (0.0, 1.0)}), lambda x: x[:, 0] ** 2)
    near(found, "first order", {"a": 1.0})
    near(found, "total", {"a": 1.0})


# --- Morris's effects --------------------------------------------------------------------------------------------------


def test_effects_of_a_sum_are_its_slopes_over_the_whole_range() -> None:
    found = estimated(sample("morris", 8, {"a": (0, 1), "b": (5, 7)}), lambda x: 3 * x[:, 0] - 2 * x[:, 1])
    for index, true in (("mu", {"a": 3, "b": -4}), ("mu star", {"a": 3, "b": 4}), ("sigma", {"a": 0, "b": 0})):
        assert values_of(found, index) == pytest.approx(true, abs=1e-9)
        assert all(each.high - each.low < 1e-9 for each in found.found)


def test_effects_of_a_product_spread() -> None:
    """The effect of a on a * b is b, which is on the levels 0, 1/3, 2/3, 1 alike: mean 1/2, variance 5/36."""
    found = estimated(sample("morris", BLOCKS), lambda x: x[:, 0] * x[:, 1])
    near(found, "mu", {"a": 0.5, "b": 0.5})
    near(found, "mu star", {"a": 0.5, "b": 0.5})
    near(found, "sigma", {"a": np.sqrt(5 / 36), "b": np.sqrt(5 / 36)})


def test_effects_that_cancel_show_in_their_size_alone() -> None:
    """|a - 1/2| between levels two thirds apart, 0 and 2/3 or 1/3 and 1: it changes from 1/2 to 1/6 or back, as often."""
    found = estimated(sample("morris", BLOCKS, {"a": (0.0, 1.0)}), lambda x: np.abs(x[:, 0] - 0.5))
    near(found, "mu", {"a": 0.0})
    assert values_of(found, "mu star") == pytest.approx({"a": 0.5})


def test_elementary_effects_against_a_slow_twin() -> None:
    design = sample("morris", 7, dict.fromkeys("abcd", (0.0, 1.0)))
    cube = design.cube(0, design.size)
    values = np.sin(5 * cube).prod(axis=1) + cube[:, 0]
    slow = np.full((7, 4), np.nan)
    for r in range(7):
        for step in range(5 * r, 5 * r + 4):
            (k,) = np.flatnonzero(cube[step] != cube[step + 1])
            slow[r, k] = (values[step + 1] - values[step]) / (cube[step + 1, k] - cube[step, k])
    np.testing.assert_allclose(elementary_effects(cube, values, design.block), slow, rtol=1e-12)
    found = estimate_indices(design, Answers.exact(values))
    np.testing.assert_allclose(list(values_of(found, "mu").values()), slow.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(list(values_of(found, "sigma").values()), slow.std(axis=0, ddof=1), rtol=1e-9)


# --- answers that lack, numbers that do not vary ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["saltelli", "morris"])
@pytest.mark.parametrize("lacking", [np.nan, np.inf, -np.inf])
def test_a_point_without_an_answer_takes_its_whole_block_out_and_nothing_else(kind: SampleKind, lacking: float) -> None:
    """What the other points of its block say has no influence, and every other block has."""
    design = sample(kind, 64)
    values = design.values(0, design.size).prod(axis=1)
    lost = [3 * design.block + 1, 17 * design.block]
    values[lost] = lacking
    found = estimate_indices(design, Answers.exact(values))
    assert (found.blocks, found.of) == (62, 64)
    assert "2 of 64 blocks lack an answer" in found.note
    assert all(np.isfinite(each.value) for each in found.found)

    garbage = values.copy()
    garbage[3 * design.block] = 1e6
    assert estimate_indices(design, Answers.exact(garbage)) == found
    garbage[4 * design.block] = 1e6
    assert estimate_indices(design, Answers.exact(garbage)) != found


@pytest.mark.parametrize("kind", ["saltelli", "morris"])
def test_too_few_blocks_have_no_indices(kind: SampleKind) -> None:
    design = sample(kind, 64)
    fewest = FEWEST_BLOCKS[kind]
    values = design.values(0, design.size).sum(axis=1)
    values[fewest * design.block :] = np.nan
    assert estimate_indices(design, Answers.exact(values)).defined
    values[0] = np.nan
    found = estimate_indices(design, Answers.exact(values))
    assert not found.defined
    assert found.blocks == fewest - 1
    assert f"{fewest} are needed" in found.note
    whole = estimate_indices(design, Answers.exact(design.values(0, design.size).sum(axis=1)))
    assert [(each.parameter, each.index) for each in found.found] == [(each.parameter, each.index) for each in whole.found]


def test_no_answer_at_all() -> None:
    design = sample("saltelli", 64)
    found = estimate_indices(design, Answers.exact(np.full(design.size, np.nan)))
    assert (found.defined, found.blocks) == (False, 0)


@pytest.mark.parametrize("kind", ["saltelli", "morris"])
@pytest.mark.parametrize(("level", "noise", "scale"), [(3.0, 0.0, 1.0), (0.0, 0.0, 1.0), (0.0, 1e-12, 1.0), (1e9, 1e-3, 1e9)])
def test_what_is_the_same_everywhere_but_for_rounding_has_no_indices(
    kind: SampleKind, level: float, noise: float, scale: float
) -> None:
    design = sample(kind, 64)
    values = level + noise * np.random.default_rng(0).random(design.size)
    found = estimate_indices(design, Answers.exact(values, scale))
    assert not found.defined
    assert "the same at all points" in found.note
    assert (found.blocks, found.of) == (64, 64)


def test_small_changes_are_changes_where_the_scale_is_small() -> None:
    design = sample("saltelli", 64)
    values = 1e-12 * design.values(0, design.size).sum(axis=1)
    assert not estimate_indices(design, Answers.exact(values)).defined
    assert estimate_indices(design, Answers.exact(values, scale=1e-11)).defined


def test_what_varies_beside_the_base_points_only_has_no_indices() -> None:
    """The variance is estimated from base points: one flag beside them is none of it."""
    design = sample("saltelli", 64)
    values = np.zeros(design.size)
    values[design.block + 1] = 1.0
    found = estimate_indices(design, Answers.exact(values))
    assert not found.defined
    assert "base points" in found.note


@pytest.mark.parametrize("kind", ["saltelli", "morris"])
def test_bounds_that_hold_one_number_at_all_points(kind: SampleKind) -> None:
    design = sample(kind, 64)
    values = design.values(0, design.size).sum(axis=1)  # 0 to 2
    wide = estimate_indices(design, Answers(values, values - 1.01, values + 1.01))
    assert not wide.defined
    assert "within its bounds" in wide.note
    narrow = estimate_indices(design, Answers(values, values - 0.1, values + 0.1))
    assert [each.value for each in narrow.found] == [each.value for each in estimate_indices(design, Answers.exact(values)).found]
    assert f"{0.01 / np.var(values):.0%} of the variance" in narrow.note


def test_bounds_that_are_not_known_are_told() -> None:
    design = sample("saltelli", 128)
    values = design.values(0, design.size).sum(axis=1)
    low, high = values.copy(), values.copy()
    low[7], high[9] = -np.inf, np.nan
    found = estimate_indices(design, Answers(values, low, high))
    assert found.defined
    assert found.note == "at 2 points no bound on the error is known"


@pytest.mark.parametrize(("kind", "few", "enough"), [("saltelli", 64, 128), ("morris", 19, 20)])
def test_intervals_from_few_blocks_are_said_to_be_narrow(kind: SampleKind, few: int, enough: int) -> None:
    notes = [estimated(sample(kind, count), lambda x: x.sum(axis=1)).note for count in (few, enough)]
    assert notes == [f"intervals from {few} blocks are too narrow", ""]


# --- the same for everybody ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["saltelli", "morris"])
def test_nothing_is_left_to_chance(kind: SampleKind) -> None:
    """Also where the sample's own seed is 0, and whatever others draw from the global generator."""
    design = sample(kind, 32)
    first = estimated(design, lambda x: x.prod(axis=1))
    np.random.seed(5)  # noqa: NPY002 - the generator of others
    assert estimated(design, lambda x: x.prod(axis=1)) == first


def test_designs_without_blocks_are_refused() -> None:
    design = sample("lhs", 64)
    with pytest.raises(ValueError, match="lhs"):
        estimate_indices(design, Answers.exact(np.zeros(64)))
    with pytest.raises(ValueError, match="256 points"):
        estimate_indices(sample("saltelli", 64), Answers.exact(np.zeros(64)))
