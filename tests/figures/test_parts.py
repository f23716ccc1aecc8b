"""The parts that keep figures legible: wrapped texts, labels that make room, colours that grey paper keeps apart."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from leverage.figures.axes_parts import fits, spread_out
from leverage.figures.cells import amount, cell, rows_of, setting, texts
from leverage.figures.combination_labels import calls_that_fit, placed_labels
from leverage.figures.context import Context
from leverage.figures.label_places import label_places
from leverage.figures.short_names import leading_words, short_codes
from leverage.figures.style import CATEGORIES, ink_on, level_colours, text_width, tint, wrapped

WORDS = st.lists(st.text("abcdefgm", min_size=1, max_size=30), min_size=1, max_size=8).map(" ".join)
#: Rounding of sums of inches.
ROUNDING = 1e-9


def luminance(colour: str | tuple[float, float, float]) -> float:
    """Relative luminance of WCAG 2 in [0, 1]."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@given(WORDS, st.floats(0.3, 4.0))
def test_wrapped_lines_are_no_wider_than_asked_and_lose_no_letter(text: str, width: float) -> None:
    lines = wrapped(text, width)
    assert all(text_width(line) <= width for line in lines.split("\n"))
    assert lines.replace("\n", "").replace(" ", "") == text.replace(" ", "")
    assert fits([text], width, lines=100) == (max(text_width(word) for word in text.split()) <= width)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=12), st.floats(0.01, 0.5))
def test_labels_that_are_spread_out_keep_their_order_distance_and_room(wanted: list[float], apart: float) -> None:
    wanted = sorted(wanted)
    places = spread_out(wanted, apart, 0.0, 10.0)
    assert all(later - earlier >= apart - ROUNDING for earlier, later in pairwise(places))
    assert places[0] >= -ROUNDING
    assert places[-1] <= 10 + ROUNDING
    if all(later - earlier >= apart for earlier, later in pairwise(wanted)):
        assert places == pytest.approx(wanted, abs=ROUNDING)


@given(st.lists(st.tuples(st.floats(0.2, 3.4), st.floats(0.2, 3.0)), min_size=1, max_size=25))
def test_labels_of_points_cover_neither_each_other_nor_a_marker(points: list[tuple[float, float]]) -> None:
    labelled, others = points[: len(points) * 2 // 3 + 1], points[len(points) * 2 // 3 + 1 :]
    size = (0.2, 0.13)
    places = label_places(labelled, [size] * len(labelled), others, (3.6, 3.2))
    found = [(place.x, place.y) for place in places if place is not None]
    assert found
    for one, other in combinations(found, 2):
        assert abs(one[0] - other[0]) >= size[0] - ROUNDING or abs(one[1] - other[1]) >= size[1] - ROUNDING
    for (x, y), point in ((place, point) for place in found for point in points):
        assert abs(x - point[0]) >= size[0] / 2 or abs(y - point[1]) >= size[1] / 2
    assert all(size[0] / 2 <= x <= 3.6 - size[0] / 2 and size[1] / 2 <= y <= 3.2 - size[1] / 2 for x, y in found)


def test_a_lonely_label_stands_at_its_point_and_one_without_room_nowhere() -> None:
    near = label_places([(1.0, 1.0)], [(0.2, 0.1)], [], (2.0, 2.0))[0]
    assert near is not None
    assert not near.far
    assert np.hypot(near.x - 1.0, near.y - 1.0) < 0.3
    assert label_places([(0.1, 0.1)], [(0.3, 0.1)], [], (0.2, 0.2)) == [None]


@pytest.mark.parametrize("count", range(2, 9))
def test_colours_of_levels_rise_in_grey(count: int) -> None:
    greys = [luminance(colour) ** (1 / 2.2) for colour in level_colours(count)]
    assert min(np.diff(greys)) > 0.5 / count


@pytest.mark.parametrize(
    "colour", [*CATEGORIES, *(tint(each, 0.5) for each in CATEGORIES), *level_colours(6), tint("#56B4E9", 0.4)]
)
def test_letters_on_a_colour_have_contrast(colour: str | tuple[float, float, float]) -> None:
    """At least 4.5 to 1, WCAG 2 level AA."""
    pair = sorted([luminance(colour), luminance(ink_on(colour))])
    assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5


@given(st.lists(st.text("abc_", min_size=1, max_size=6), unique=True, max_size=40))
def test_codes_of_actions_differ_and_are_short(names: list[str]) -> None:
    codes = short_codes(names)
    assert list(codes) == names
    assert len(set(codes.values())) == len(names)
    assert all(1 <= len(code) <= 3 for code in codes.values())


@given(st.lists(st.lists(st.sampled_from(["full", "exit", "stay", "at"]), min_size=1, max_size=4).map("_".join), unique=True))
def test_leading_words_tell_names_apart_and_are_as_few_as_can_be(names: list[str]) -> None:
    told = leading_words(names)
    assert len(set(told.values())) == len(names)
    for name, short in told.items():
        own, count = name.split("_"), len(short.split())
        assert own[:count] == short.split()
        others = [other.split("_") for other in names if other != name]
        assert count == len(own) or all(other[:count] != own[:count] for other in others)
        assert count == 1 or any(other[: count - 1] == own[: count - 1] for other in others)
    assert leading_words(["best_reply", "stay"], whole=["best_reply"])["best_reply"] == "best reply"


POINTS = st.lists(st.tuples(st.floats(0.1, 3.6), st.floats(0.1, 3.2)), min_size=1, max_size=12, unique=True)


@settings(deadline=None)  # how long it takes says nothing of where labels stand
@given(POINTS)
def test_combinations_have_the_longest_names_that_fit(points: list[tuple[float, float]]) -> None:
    """All names in full, all by their first words, or all as codes; in words nearly all labels are right at their points."""
    combinations = [(at, (f"hold_on_{k}_now", "best reply")) for k, at in enumerate(points)]
    calls = calls_that_fit(combinations, [], (3.7, 3.4))
    labels = placed_labels(combinations, calls, [], (3.7, 3.4))
    assert sorted(line for label in labels for line in label.text.split("\n")) == sorted(
        f"{calls[0][names[0]]} / {calls[1][names[1]]}" for _, names in combinations
    )
    own = set(calls[0].values())
    full = {f"hold on {k} now" for k in range(len(points))}
    first = {f"hold on {k}" for k in range(len(points))} if len(points) > 1 else {"hold"}
    assert own in (full, first) or all(len(code) <= 3 for code in own)
    if own in (full, first):
        assert all(label.place is not None for label in labels)
        assert sum(label.place is not None and label.place.far for label in labels) <= 0.15 * len(labels)


def test_cells_of_a_file_are_found_as_those_of_memory() -> None:
    frame = pd.DataFrame({"without": ["", "tool"], "level": ["1", "2"], "value": [3.0, 4.0]})
    from_file = pd.DataFrame({"without": [np.nan, "tool"], "level": [1, 2], "value": [3.0, 4.0]})
    only_empty = pd.DataFrame({"without": [np.nan], "level": [1], "value": [3.0]})
    for table in (frame, from_file, only_empty):
        assert cell(table, "value", without="", level="1") == 3.0
        assert texts(table, "without")[0] == ""
        assert len(rows_of(table, without="nan")) == 0
    assert np.isnan(cell(frame, "value", without="other"))


def test_numbers_in_sentences() -> None:
    assert amount(-12.345) == "\N{MINUS SIGN}12.3"
    assert amount(float("nan")) == "?"
    assert (setting(0.25), setting(100.0), setting(5.0)) == ("0.25", "100", "5")


def test_players_are_all_called_by_key_where_one_name_is_long() -> None:
    short = Context({"a": "Ada", "b_b": "Bob"}, "points", "3 months", "", {})
    long = Context({"a": "Ada", "b_b": "Bob, who has a long name"}, "points", "month", "", {})
    longer = Context({"a": "Ada", "b_b": "Bob, who has a longer name"}, "points", "month", "", {})
    assert [each.called("b_b") for each in (short, long, longer)] == ["Bob", "Bob, who has a long name", "b b"]
    assert (short.in_full("a"), longer.in_full("a")) == ("Ada", "a (Ada)")
    assert (short.time, long.time) == ("periods of 3 months", "months")
