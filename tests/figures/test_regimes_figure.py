"""The map of regimes as a figure: legible whatever names are, told apart in grey, its numbers cells of the tables."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import PathPatch

from leverage.figures.drawing import Drawing
from leverage.figures.regimes import MOST_REGIMES, MapQuestion, draw_regimes
from leverage.figures.style import SMALL
from leverage.output.columns import percent
from leverage.scenario.scenario import Parameter
from tests.figures.seen_texts import TOUCH, overlaps, seen_texts

LONG = "_an_exceedingly_long_name_of_a_regime_that_nobody_would_call_by_so_many_words_if_they_could_help_it"


def parameter(name: str, value: float, unit: str) -> Parameter:
    return Parameter(name, value, 0.0, 1.0, unit)


def tables(count: int, wordy: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`count` upright stripes of settled cells, then one that is not settled."""
    names = [f"regime_{k}{LONG if wordy else ''}" for k in range(count)]
    edges = np.linspace(0, 1, count + 2)
    cells = pd.DataFrame(
        {
            "aspect": "best",
            "regime": [*names, " | ".join(names[:2])],
            "settled": [True] * count + [False],
            "x_low": edges[:-1],
            "x_high": edges[1:],
            "y_low": 0.0,
            "y_high": 1.0,
        }
    )
    area = 1 / (count + 1)
    shares = pd.DataFrame(
        {
            "aspect": "best",
            "regime": names,
            "share_low": area,
            "share": area,
            "share_high": [2 * area] * min(2, count) + [area] * (count - 2),
        }
    )
    return cells, shares


def drawn(count: int, wordy: bool = False, value: float = 0.2) -> Drawing:
    unit = "points a month and then some more words that take a lot of room beside an axis" if wordy else "points"
    across, up = parameter("x", value, unit), parameter("y", value, unit)
    drawing = draw_regimes(*tables(count, wordy), MapQuestion("best", "best strategy of power", across, up))
    assert drawing is not None
    return drawing


@pytest.mark.parametrize("count", [2, 4, 9])
@pytest.mark.parametrize("wordy", [False, True])
def test_texts_neither_overlap_nor_leave_the_page(count: int, wordy: bool) -> None:
    found, page = seen_texts(drawn(count, wordy))
    assert overlaps(found) == []
    assert all(each.box.x0 >= -TOUCH and each.box.x1 <= page.x1 + TOUCH for each in found)
    assert all(each.box.y0 >= -TOUCH and each.box.y1 <= page.y1 + TOUCH for each in found)
    assert min(each.size for each in found) >= SMALL


def test_regimes_differ_by_hatches_and_further_ones_share_a_look() -> None:
    patches = [each for each in drawn(9).figure.axes[0].patches if isinstance(each, PathPatch)]
    looks = [(each.get_facecolor(), each.get_hatch()) for each in patches]
    assert len(looks) == 10  # nine regimes, and what is not settled
    own, others, unsettled = looks[:MOST_REGIMES], looks[MOST_REGIMES:-1], looks[-1]
    assert len({hatch for _, hatch in own}) == MOST_REGIMES
    assert len(set(others)) == 1
    assert others[0] not in own
    assert unsettled[0] == (1.0, 1.0, 1.0, 1.0)


def test_all_cells_of_a_regime_lie_where_the_table_says() -> None:
    cells, _ = tables(3)
    patches = [each for each in drawn(3).figure.axes[0].patches if isinstance(each, PathPatch)]
    for patch, (_, row) in zip(patches, cells.iterrows(), strict=True):
        box = patch.get_path().get_extents()
        assert (box.x0, box.x1, box.y0, box.y1) == pytest.approx((row.x_low, row.x_high, row.y_low, row.y_high))


def test_title_and_description_say_cells_of_the_tables_and_what_there_is_at_the_values_in_use() -> None:
    drawing = drawn(4)
    _, shares = tables(4)
    known = {percent(value) for value in [*shares.share_low, *shares.share_high]}
    assert set(re.findall(r"\d+%", drawing.title + drawing.description)) <= known
    assert "'regime 0' in 20% to 40%" in drawing.title
    assert "At the values in use: regime 0 or regime 1." in drawing.description  # on the edge of both
    assert "values in use" not in drawn(4, value=2.0).description
    assert f'<desc id="{drawing.name}-description">' in drawing.svg


def test_one_regime_everywhere_is_no_figure() -> None:
    cells, shares = tables(2)
    question = MapQuestion("best", "best strategy", parameter("x", 0.5, ""), parameter("y", 0.5, ""))
    assert draw_regimes(cells[:1], shares[:1], question) is None
