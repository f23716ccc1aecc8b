"""Cells are small where labels change, whatever the labels are; a point is asked once, and the budget is kept."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverage.experiments.refinement import WIDTH, Division, Label, Place, coarse_points, divide

Rule = Callable[[float, float], str]


def divided(rule: Rule, along: int, budget: int) -> tuple[Division, Counter[Place]]:
    """By a rule over the unit square; and how often each place was asked."""
    asked: Counter[Place] = Counter()

    def ask(places: Sequence[Place]) -> list[Label]:
        assert list(places) == sorted(places)
        asked.update(places)
        return [(rule(x / (along * WIDTH), y / (along * WIDTH)),) for x, y in places]

    return divide(along, budget, ask), asked


def plain_labels(division: Division) -> list[list[Label]]:
    """The twin of `Division.labels`: every point is looked at for every cell."""
    return [
        [label for (x, y), label in division.known.items() if c.x <= x <= c.x + c.size and c.y <= y <= c.y + c.size]
        for c in division.cells
    ]


def bounds(division: Division, word: str) -> tuple[float, float]:
    """The least and the largest area that a label can have."""
    found = [(division.share(cell), set(own)) for cell, own in zip(division.cells, division.labels(), strict=True)]
    return sum(area for area, own in found if own == {(word,)}), sum(area for area, own in found if (word,) in own)


def disc(x: float, y: float) -> str:
    return "in" if (x - 0.47) ** 2 + (y - 0.52) ** 2 < 0.09 else "out"


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 2 * math.pi), st.floats(-0.4, 0.4), st.integers(1, 5), st.integers(0, 250))
def test_settled_cells_agree_with_a_full_fine_grid(angle: float, offset: float, along: int, more: int) -> None:
    """A half-plane has no part that corners could miss: what is settled is settled rightly."""

    def half(x: float, y: float) -> str:
        return "a" if (x - 0.5) * math.cos(angle) + (y - 0.5) * math.sin(angle) <= offset else "b"

    division, _ = divided(half, along, coarse_points(along) + more)
    step = WIDTH // 16
    full = along * WIDTH
    for cell, own in zip(division.cells, division.labels(), strict=True):
        if len(set(own)) == 1:
            fine = {
                half(x / full, y / full)
                for x in range(-(-cell.x // step) * step, cell.x + cell.size + 1, step)
                for y in range(-(-cell.y // step) * step, cell.y + cell.size + 1, step)
            }
            assert {(word,) for word in fine} <= set(own)


@pytest.mark.parametrize(("along", "budget"), [(1, 5), (4, 60), (8, 145), (8, 400), (8, 3000)])
def test_cells_tile_the_square_each_point_is_asked_once_and_the_budget_is_kept(along: int, budget: int) -> None:
    division, asked = divided(disc, along, budget)
    assert set(asked.values()) == {1}
    assert asked.keys() == division.known.keys()
    assert coarse_points(along) <= len(asked) <= budget
    assert sum(map(division.share, division.cells)) == 1.0
    assert len({(cell.x, cell.y) for cell in division.cells}) == len(division.cells)


def test_more_points_bound_an_area_more_closely() -> None:
    """pi times 0.09, known to a thousandth at last."""
    widths = []
    for budget in (145, 400, 1200, 3600):
        low, high = bounds(divided(disc, 8, budget)[0], "in")
        assert low <= 0.09 * math.pi <= high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.1 * widths[0]


def test_points_lie_where_labels_change() -> None:
    """A full grid as fine as most cells at the border has twenty times the points."""
    division, asked = divided(disc, 8, 3000)
    open_cells = [c.size for c, own in zip(division.cells, division.labels(), strict=True) if len(set(own)) > 1]
    assert (8 * WIDTH / sorted(open_cells)[len(open_cells) // 2]) ** 2 > 20 * len(asked)
    assert all(cell.size == WIDTH for cell in division.cells if cell.x == cell.y == 0)


def test_labels_in_cells_are_those_that_a_plain_search_finds() -> None:
    division, _ = divided(disc, 3, 300)
    assert [sorted(own) for own in division.labels()] == [sorted(own) for own in plain_labels(division)]


def test_a_cell_whose_edge_a_smaller_neighbour_finds_otherwise_is_divided_too() -> None:
    """A finger that enters a cell between its corners: only the neighbour's points see it."""

    def finger(x: float, y: float) -> str:
        return "a" if x < 0.5 + 0.1 * (abs(y - 0.3125) < 0.1) or x + y < 0.3 else "b"

    division, _ = divided(finger, 4, 1500)
    here = [own for cell, own in zip(division.cells, division.labels(), strict=True) if cell.size == WIDTH]
    assert all(len(set(own)) == 1 for own in here)
    low, high = bounds(division, "a")
    assert low <= 0.52 <= high


def test_one_label_needs_no_division() -> None:
    division, asked = divided(lambda x, y: "a", 8, 10_000)
    assert len(asked) == coarse_points(8)
    assert {cell.size for cell in division.cells} == {WIDTH}


def test_division_ends_where_whole_coordinates_do() -> None:
    division, _ = divided(lambda x, y: "a" if x < 0.7001 else "b", 1, 10_000)
    assert min(cell.size for cell in division.cells) == 2
    low, high = bounds(division, "a")
    assert low <= 0.7001 <= high


def test_a_budget_that_ends_within_a_round_is_spent_all_over_the_square() -> None:
    """Everything changes everywhere; half of the cells can be divided, from every quarter some."""
    division, _ = divided(lambda x, y: f"{x:.9f} {y:.9f}", 8, 145 + 8 * 32)
    middle = 4 * WIDTH
    quarters = Counter((c.x >= middle, c.y >= middle) for c in division.cells if c.size < WIDTH)
    assert len(quarters) == 4
    assert min(quarters.values()) >= 4 * 4
