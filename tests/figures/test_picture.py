"""The README's picture has the look of a run's figures, and is the one that its program draws."""

from __future__ import annotations

import importlib.util
import sys
from html import unescape
from pathlib import Path
from types import ModuleType

import pytest

from leverage import load_scenario
from tests.figures.test_legibility import assert_legible

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def picture() -> ModuleType:
    spec = importlib.util.spec_from_file_location("picture", ROOT / "docs" / "picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert "picture" not in sys.modules
    return module


def test_it_is_legible_where_lines_end_at_the_same_height_and_shows_every_line(picture: ModuleType) -> None:
    lines = {name: [k / (2 + number % 2) for k in picture.MONTHS] for number, name in enumerate(picture.STYLES)}
    drawing = picture.draw(lines)
    assert_legible(drawing)
    (axes,) = drawing.figure.axes
    drawn = [list(line.get_ydata()) for line in axes.lines]
    assert sorted(drawn) == sorted(lines.values())
    assert {text.get_text() for text in axes.texts} == set(lines)
    assert len({(line.get_linestyle(), line.get_linewidth()) for line in axes.lines}) == len(lines)  # told apart in grey


def test_every_strategy_of_the_power_has_a_line(picture: ModuleType) -> None:
    named = load_scenario(ROOT / "scenarios" / "withdrawal.yaml").strategies[0]
    assert {"Markov equilibrium", *(each.name.replace("_", " ") for each in named)} == set(picture.STYLES)


def test_the_shipped_picture_is_this_one(picture: ModuleType) -> None:
    shipped = unescape((ROOT / "docs" / "settlement.svg").read_text(encoding="utf-8"))
    assert f"{picture.TITLE}</title>" in shipped
