"""Points of a sweep: by their number alone, whole or in parts; texts of axes say what they mean or are refused with a remedy."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverage.errors import ScenarioError
from leverage.experiments.axes import Axis, read_axis
from leverage.experiments.design import Design, Grid, Sample, Together, asked_sample, grid_of, refuse_large
from leverage.loading import load_scenario

LEAVING = load_scenario(Path(__file__).parent.parent / "data" / "leaving.yaml")
RANGES = {"patience": (0.1, 0.9), "leave": (0.0, 0.5), "toll": (0.0, 4.0)}


def test_texts_of_axes() -> None:
    assert read_axis("toll=5, 20,50", LEAVING) == Axis("toll", (5.0, 20.0, 50.0))
    assert read_axis(" leave = linspace(0, 0.5, 3)", LEAVING) == Axis("leave", (0.0, 0.25, 0.5))
    assert read_axis("toll=geomspace(1,100,3)", LEAVING).values == pytest.approx((1, 10, 100), rel=1e-15)
    bare = read_axis("patience", LEAVING)
    assert bare.named_only
    assert bare.values == tuple(np.linspace(0.1, 0.9, 11).tolist())
    assert read_axis("toll=-1", LEAVING).values == (-1.0,)


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        ("tole=1", "no parameter 'tole'", "did you mean 'toll'"),
        ("toll=", "'' is no number", "give numbers"),
        ("toll=1;2", "'1;2' is no number", "commas"),
        ("toll=1,nan", "'nan' is no number", "give numbers"),
        ("toll=1,2,1.0", "stands there twice", "once"),
        ("toll=linspace(0,1)", "takes the first value", "linspace(1,2,5)"),
        ("toll=linspace(0,1,2.5)", "no number of values", "whole number"),
        ("toll=linspace(0,1,0)", "no number of values", "whole number"),
        ("toll=linspace(0,1,2e9)", "no number of values", "1,000,000"),
        ("toll=geomspace(0,1,3)", "equal ratios", "linspace"),
        ("toll=__import__('os')", "is no number", "linspace(FIRST,LAST,HOW_MANY)"),
    ],
)
def test_what_is_no_axis_is_refused_with_a_remedy(text: str, message: str, remedy: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        read_axis(text, LEAVING)
    assert f"--over {text}" in str(refused.value)
    assert message in str(refused.value)
    assert remedy in str(refused.value)


def test_a_grid_is_every_combination_the_last_axis_turning_fastest() -> None:
    axes = (Axis("a", (3.0, 1.0)), Axis("b", (0.5,)), Axis("c", (7.0, 8.0, 9.0)))
    grid = Grid(axes)
    expected = list(itertools.product(*(axis.values for axis in axes)))
    assert grid.size == len(expected)
    assert grid.values(0, grid.size).tolist() == [list(each) for each in expected]


def test_values_taken_together() -> None:
    axes = (Axis("a", (3.0, 1.0)), Axis("b", (0.5, 0.25)))
    assert grid_of(axes, together=True).values(0, 2).tolist() == [[3.0, 0.5], [1.0, 0.25]]
    with pytest.raises(ScenarioError, match=r"a has 2, b has 1.*\n.*as many"):
        grid_of((axes[0], Axis("b", (0.5,))), together=True)
    with pytest.raises(ScenarioError, match="given twice"):
        grid_of((axes[0], axes[0]))


@pytest.mark.parametrize(("kind", "count", "size"), [("sobol", 16, 16), ("lhs", 10, 10), ("saltelli", 8, 40), ("morris", 5, 20)])
def test_samples_lie_in_the_ranges_and_say_how_many_points_belong_together(kind: str, count: int, size: int) -> None:
    sample = Sample(kind, count, 0, RANGES)  # type: ignore[arg-type]
    values = sample.values(0, sample.size)
    assert sample.size == size
    assert sample.block * count == size
    assert values.shape == (size, 3)
    low, high = np.array(list(RANGES.values())).T
    assert ((low <= values) & (values <= high)).all()
    assert len(np.unique(values, axis=0)) > 0.8 * size
    again, other = Sample(kind, count, 0, RANGES), Sample(kind, count, 1, RANGES)  # type: ignore[arg-type]
    assert np.array_equal(again.values(0, size), values)
    assert not np.array_equal(other.values(0, size), values)


@pytest.mark.parametrize(
    ("kind", "count", "parameters", "most"),
    [("sobol", 2**24, 200, 2**24), ("lhs", 2**24, 16, 2**23), ("saltelli", 2**22, 8, 2**20), ("morris", 10_000_000, 1, 2**23)],
)
def test_a_sample_has_no_more_points_than_can_be_drawn(kind: str, count: int, parameters: int, most: int) -> None:
    ranges = {f"p{k}": (0.0, 1.0) for k in range(parameters)}
    refuse_large(Sample(kind, most, 0, ranges))  # type: ignore[arg-type]
    if count > most:
        with pytest.raises(ScenarioError, match=f"too many\n *{kind}:{most} at most"):
            refuse_large(Sample(kind, count, 0, ranges))  # type: ignore[arg-type]
    with pytest.raises(ScenarioError, match="17,179,869,184 points are too many"):
        grid_of([Axis(name, tuple(range(2**17))) for name in ("a", "b")])


def test_points_of_a_latin_hypercube_fill_every_slice_once() -> None:
    values = Sample("lhs", 20, 3, {"a": (0.0, 20.0)}).values(0, 20)
    assert sorted(np.floor(values[:, 0]).tolist()) == list(range(20))


def test_within_a_block_points_differ_in_one_parameter() -> None:
    """Of Morris's trajectories each step moves one parameter; of a block for variance-based indices all but the two ends take
    one parameter from the last point and the others from the first."""
    morris = Sample("morris", 4, 0, RANGES)
    for path in morris.values(0, morris.size).reshape(4, 4, 3):
        assert ((np.diff(path, axis=0) != 0).sum(axis=1) == 1).all()
    saltelli = Sample("saltelli", 4, 0, RANGES)
    for first, *mixed, last in saltelli.values(0, saltelli.size).reshape(4, 5, 3):
        for k, point in enumerate(mixed):
            assert point[k] == last[k]
            assert np.array_equal(np.delete(point, k), np.delete(first, k))


DESIGNS: list[Design] = [
    Grid((Axis("a", (3.0, 1.0)), Axis("c", tuple(float(k) for k in range(20))))),
    Together((Axis("a", tuple(float(k) for k in range(40))),)),
    Sample("sobol", 64, 0, RANGES),
    Sample("lhs", 40, 0, RANGES),
    Sample("saltelli", 8, 0, RANGES),
    Sample("morris", 10, 0, RANGES),
]


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: str(design.statement["kind"]))
@settings(deadline=None, max_examples=20)
@given(cuts=st.tuples(st.integers(0, 40), st.integers(0, 40)))
def test_a_part_of_a_design_is_the_same_as_in_the_whole(design: Design, cuts: tuple[int, int]) -> None:
    start, stop = min(cuts), max(cuts) + 1
    stop = min(stop, design.size)
    if start < stop:
        assert np.array_equal(design.values(start, stop), design.values(0, design.size)[start:stop])


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: str(design.statement["kind"]))
def test_a_statement_is_what_json_gives_back(design: Design) -> None:
    assert json.loads(json.dumps(design.statement)) == design.statement


def test_values_by_quantiles_of_what_experts_say() -> None:
    plain = Sample("sobol", 8, 0, {"a": (0.0, 1.0)})
    squared = Sample("sobol", 8, 0, {"a": (0.0, 1.0)}, quantiles=lambda cube: cube**2, drawn_from={"sheet": "a.csv"})
    assert np.array_equal(squared.values(2, 7), plain.values(2, 7) ** 2)
    assert squared.statement["drawn_from"] == {"sheet": "a.csv"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sobols:8", "did you mean 'sobol'"),
        ("sobol", "no number of points"),
        ("sobol:-8", "no number of points"),
        ("sobol:1000", "such as sobol:1024"),
        ("saltelli:100", "such as saltelli:128"),
        ("morris:1", "such as morris:20"),
        ("lhs:0", "no number of points"),
        ("lhs:100000000000", "too many\n.*16,777,216 at most"),
        ("sobol:1073741824", "too many"),
        (f"sobol:{'9' * 5000}", "too many"),
    ],
)
def test_what_is_no_sample_is_refused(text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        asked_sample(text)
    assert asked_sample("sobol:1024") == ("sobol", 1024)
