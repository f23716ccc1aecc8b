"""Every figure can be read: no text lies over another one or leaves the page, none is small, and its numbers are cells."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from leverage import load_scenario
from leverage.figures.claim_along import draw_claim_along
from leverage.figures.context import Context
from leverage.figures.drawing import Drawing
from leverage.figures.equilibrium_set import draw_equilibrium_set
from leverage.figures.leverage import draw_leverage
from leverage.figures.path import draw_path
from leverage.figures.sensitivity import draw_sensitivity
from leverage.figures.strategy_map import draw_strategy_map
from leverage.figures.style import SMALL, WIDTH
from leverage.output.claims import significant
from leverage.output.columns import percent
from tests.figures.made_tables import CASES, KINDS, NOTHING
from tests.figures.seen_texts import TOUCH, overlaps, seen_texts

ROOT = Path(__file__).parents[2]
DRAWN = [(case, kind) for case in CASES for kind in KINDS if (case, kind) not in NOTHING]


@cache
def made(case: str, kind: str) -> Drawing:
    drawing = KINDS[kind][0](CASES[case])
    assert drawing is not None
    return drawing


def assert_legible(drawing: Drawing) -> None:
    found, page = seen_texts(drawing)
    assert len(found) > 3
    assert overlaps(found) == []
    outside = [each.text for each in found if each.box.x0 < -TOUCH or each.box.x1 > page.x1 + TOUCH or each.box.y0 < -TOUCH]
    assert outside == []
    assert max(each.box.y1 for each in found) <= page.y1 + TOUCH
    assert min(each.size for each in found) >= SMALL
    assert page.width == pytest.approx(WIDTH)


@pytest.mark.parametrize(("case", "kind"), DRAWN)
def test_texts_neither_overlap_nor_leave_the_page(case: str, kind: str) -> None:
    assert_legible(made(case, kind))


@pytest.mark.parametrize(("case", "kind"), sorted(NOTHING))
def test_where_a_table_has_nothing_to_show_there_is_no_figure(case: str, kind: str) -> None:
    assert KINDS[kind][0](CASES[case]) is None


@pytest.mark.parametrize(("case", "kind"), DRAWN)
def test_every_number_of_title_and_description_is_a_cell(case: str, kind: str) -> None:
    drawing = made(case, kind)
    known = {word for frame in KINDS[kind][1](CASES[case]) for column in frame for word in _as_printed(frame[column])}
    for text in (drawing.title, drawing.description):
        told = re.findall(r"(?<![\w.])[<>]?-?\d+(?:\.\d+)?%?", text.replace("\N{MINUS SIGN}", "-").replace("80% of paths", ""))
        named = [word for word in told if word not in known]
        assert named == [], text


def _as_printed(column: pd.Series[str]) -> set[str]:
    """Ways in which a column's numbers may be printed; what is part of a name counts as well."""
    found: set[str] = set()
    for cell in column:
        if isinstance(cell, str):
            found |= set(re.findall(r"\d+", cell))
        elif not math.isnan(cell):
            text = significant(float(cell))
            found |= {text, text.rstrip("0").rstrip(".") if "." in text else text, f"{cell:g}", percent(float(cell))}
    return found


@pytest.mark.parametrize("folder", sorted((ROOT / "results").glob("*/*/manifest.json")), ids=lambda path: path.parent.name)
def test_figures_of_shipped_results_are_legible(folder: Path) -> None:
    tables = {path.stem: pd.read_csv(path) for path in folder.parent.glob("*.csv")}
    scenario = load_scenario(folder.parent / "scenario.resolved.yaml")
    start = ", ".join(
        f"{variable} {list(levels)[k]}".replace("_", " ")
        for (variable, levels), k in zip(scenario.vocabulary.variables.items(), scenario.start, strict=True)
    )
    context = Context.of(scenario, start)
    points = tables["claim_points"]
    told = sorted({(claim, parameter) for claim, parameter in zip(points["claim"], points["parameter"], strict=True)})
    drawings = [
        draw_equilibrium_set(tables["equilibrium_set"], tables["bargaining"], tables["outcomes"], context),
        draw_leverage(tables["leverage"], context),
        draw_strategy_map(tables["play"], 1, context),
        *(draw_path(tables["paths"], "Markov perfect", variable, context) for variable in context.levels),
        *(draw_sensitivity(tables["sensitivity"], key, "payoff", context) for key in context.players),
        *(draw_claim_along(points, tables["claims"], tables["tipping"], *each, context) for each in told[::40]),
    ]
    for drawing in drawings:
        assert drawing is not None
        assert_legible(drawing)


@pytest.mark.parametrize("folder", sorted((ROOT / "results").glob("*/*/manifest.json")), ids=lambda path: path.parent.name)
def test_every_flip_of_shipped_results_is_on_the_axis_of_its_figure(folder: Path) -> None:
    points, claims, tipping = (pd.read_csv(folder.parent / f"{name}.csv") for name in ("claim_points", "claims", "tipping"))
    flips = tipping[tipping.searched == "yes"]
    assert len(flips)
    for row in flips.to_dict("records"):
        drawing = draw_claim_along(points, claims, tipping, row["claim"], row["parameter"], Context({}, "", "month", "", {}))
        assert drawing is not None
        low, high = drawing.figure.axes[0].get_xlim()
        assert low < row["bracket_low"] <= row["flips_at"] <= row["bracket_high"] < high
