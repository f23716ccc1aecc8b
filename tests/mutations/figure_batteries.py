"""Batteries for figures: what is drawn, read back from the drawing, is what stands in the tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Polygon, Rectangle

from leverage.figures.drawing import Drawing
from tests.figures import made_tables as made
from tests.figures.made_tables import Case

TWO = Case(2, (4, 3, 2), 5)


def panels(drawing: Drawing) -> list[Any]:
    return list(drawing.figure.axes)


def written(drawing: Drawing) -> list[str]:
    """Texts outside panels, with their lines joined."""
    return [text.get_text().replace("\n", " ") for text in drawing.figure.texts]


def boxes(axes: Any) -> list[Any]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def key_of(figure: Any) -> list[tuple[str, tuple[str, str]]]:
    """The texts of the key with the colour and the hatch beside them, in the order of reading."""
    samples = [patch for patch in figure.artists if isinstance(patch, Rectangle)]
    texts = {text.get_position(): text.get_text().replace("\n", " ") for text in figure.texts}
    found = []
    for sample in samples:
        right, middle = sample.get_x() + sample.get_width(), sample.get_y() + sample.get_height() / 2
        x, y = min(texts, key=lambda place: (place[0] < right, abs(place[1] - middle) > 0.15, place[0]))
        found.append((texts[x, y], (to_hex(sample.get_facecolor()), str(sample.get_hatch() or ""))))
    return found


def drawn_line(axes: Any, *, marker: str = "None", points: int | None = None) -> list[tuple[list[float], list[float]]]:
    """x and y of the lines that have the marker (and so many points)."""
    lines: list[Any] = [line for line in axes.lines if line.get_marker() == marker]
    told = [([float(x) for x in line.get_xdata()], [float(y) for y in line.get_ydata()]) for line in lines]
    return [(xs, ys) for xs, ys in told if points in (None, len(xs))]


def vertices(area: Any) -> Any:
    """(K, 2): corners of a filled area."""
    return np.asarray(area.get_paths()[0].vertices)


# --- leverage ---------------------------------------------------------------------------------------------------------


def check_leverage(module: ModuleType) -> None:
    table: Any = made.leverage(TWO)
    drawing = module.draw_leverage(table, TWO.context)
    measures = [("gain", None), ("reach", None), ("coercion", TWO.keys[1]), ("coercion", TWO.keys[0])]
    assert len(panels(drawing)) == len(measures)
    for axes, (measure, subject) in zip(panels(drawing), measures, strict=True):
        rows = (
            table[table.measure == measure] if subject is None else table[(table.measure == measure) & (table.subject == subject)]
        )
        effects = [effect for effect in rows.effect if not math.isnan(effect)]
        assert [box.get_width() for box in boxes(axes)] == pytest.approx(effects)
        bounds = [(row.low, row.high) for row in rows.itertuples() if not math.isnan(row.low)]
        assert np.array([xs for xs, _ in drawn_line(axes, marker="|")]) == pytest.approx(np.array(bounds))
        assert [box.get_y() for box in boxes(axes)] == sorted(box.get_y() for box in boxes(axes))
        kinds = [row.channel for row in rows.itertuples() if not math.isnan(row.effect)]
        looks = {
            kind: {to_hex(b.get_facecolor()) for b, own in zip(boxes(axes), kinds, strict=True) if own == kind} for kind in kinds
        }
        assert all(len(colours) == 1 for colours in looks.values())
        assert len({colour for colours in looks.values() for colour in colours}) == len(looks)
        low, high = axes.get_xlim()
        assert low < min([0.0, *(b[0] for b in bounds)])
        assert high > max([0.0, *(b[1] for b in bounds)])
    told = written(drawing)
    assert drawing.title == "Tool 1 gains Side 1 12.5 points a month (bargaining point)."  # nothing is known of tool 4
    known = table[table.instrument != "tool_4"]
    assert module.draw_leverage(known, TWO.context).title.endswith("(bargaining point), more than any other instrument.")
    close = known.assign(high=known.high.where(known.instrument != "tool_5", 12.0))
    assert module.draw_leverage(close, TWO.context).title == drawing.title
    assert {"12.5", "0.250?", "\N{MINUS SIGN}1.50 to 2.50", "none", "2.50"} <= set(told)
    assert "tool 2 (Side 2)" in told  # two players hold instruments
    assert "tool 2, as a threat 0.250 (\N{MINUS SIGN}0.400 to 0.900)" in drawing.description
    open_ones = table[table.instrument.isin(["tool_2", "tool_3"])]
    assert module.draw_leverage(open_ones, TWO.context).title.startswith("No instrument is sure to gain its holder anything")
    one = module.draw_leverage(made.leverage(Case(2, (2,), 1)), TWO.context)
    assert one.title == "Tool 1 gains Side 1 12.5 points a month (bargaining point)."
    assert "tool 1" in written(one)
    assert module.draw_leverage(table[:0], TWO.context) is None


# --- sensitivity ------------------------------------------------------------------------------------------------------


def check_sensitivity(module: ModuleType) -> None:
    table: Any = made.sensitivity(TWO, 16)
    shuffled = table.iloc[[5, 3, 13, 15, 0, 1, 2, 6, 14, 4, 12, 7, 8, 9, 10, 11]]
    drawing = module.draw_sensitivity(shuffled, TWO.keys[0], "payoff", TWO.context)
    known = [row for row in table.itertuples() if not math.isnan(row.moves)]
    known = sorted(known, key=lambda row: -abs(row.moves))[:12]
    ends = []
    for row in known:
        fall = 0.0 if row.side == "rising" else row.derivative * (row.low - row.value)
        ends += [fall, row.derivative * (row.high - row.value)]
        assert row.moves == pytest.approx(ends[-1] - ends[-2])
    (axes,) = panels(drawing)
    assert [box.get_width() for box in boxes(axes)] == pytest.approx(ends)
    assert len({to_hex(box.get_facecolor()) for box in boxes(axes)}) == 2
    low, high = axes.get_xlim()
    assert low < min(ends) < max(ends) < high
    assert (
        drawing.title
        == "Dial 1 moves the payoff of Side 1 most: its plausible range by 32.0 (points a month), then dial 2 by −30.0."
    )
    told = written(drawing)
    assert {"+32.0", "\N{MINUS SIGN}30.0", "dial 1 1 to 5, now 3", "dial 4, rising 1 to 5, now 3"} <= set(told)
    assert told.index("dial 1 1 to 5, now 3") < told.index("dial 2 1 to 5, now 3")
    assert module.draw_sensitivity(table[table.parameter == "dial_7"], TWO.keys[0], "payoff", TWO.context) is None
    assert module.draw_sensitivity(table, TWO.keys[1], "payoff", TWO.context) is None
    event = table.assign(subject="peace", quantity="chance by 2 months", quantity_unit="chance")
    drawing = module.draw_sensitivity(event, "peace", "chance by 2 months", TWO.context)
    assert drawing.title.startswith("Dial 1 moves the chance by 2 months of 'peace' most")


# --- a claim along a parameter ------------------------------------------------------------------------------------------


def check_claim_along(module: ModuleType) -> None:
    table: Any = made.claim_points(TWO)

    def draw(points: Any = table, tipping: Any = None) -> Drawing:
        known = made.tipping(TWO) if tipping is None else tipping
        drawing: Drawing = module.draw_claim_along(points, made.claims(TWO), known, "claim_1", "dial_1", TWO.context)
        return drawing

    drawing = draw()
    axes, strip = panels(drawing)
    rows = table.sort_values("value")
    ((xs, ys),) = drawn_line(axes, marker="o")
    known = rows[rows.margin.notna()]
    assert xs == pytest.approx(known.value.tolist())
    assert ys == pytest.approx(known.margin.tolist())
    (whiskers,) = [part for part in axes.collections if isinstance(part, LineCollection)]
    bottom, top = axes.get_ylim()
    assert bottom < known.margin.min() - 0.3
    assert top > 1.8
    expected = [
        [[x, max(low, bottom)], [x, min(high, top)]]
        for x, low, high in zip(known.value, known.margin_low, known.margin_high, strict=True)
    ]
    assert np.array(whiskers.get_segments()) == pytest.approx(np.array(expected))
    upright = {round(xs[0], 6) for xs, _ in drawn_line(axes, points=2) if xs[0] == xs[1]}
    assert upright == {2.5, 2.6}
    level = {ys[0] for _, ys in drawn_line(axes, points=2) if ys[0] == ys[1]}
    assert level == {0.0, 1.0}
    assert [(box.get_x(), box.get_width()) for box in boxes(axes)] == [(2.55, pytest.approx(0.1))]
    stretches = [(box.get_x(), box.get_x() + box.get_width()) for box in boxes(strip)]
    wide = [stretch for stretch in stretches if stretch[1] - stretch[0] > 0.1]
    assert wide == [(1.0, 1.5), (2.0, 2.5), (3.5, 4.5)]
    assert [pytest.approx(sum(stretch) / 2) for stretch in stretches if stretch not in wide] == [3.0, 5.0]
    assert len({(to_hex(box.get_facecolor()), box.get_hatch()) for box in boxes(strip)}) == 5
    assert axes.get_xlim() == strip.get_xlim()
    assert drawing.title == "claim_1 barely holds at dial 1 2.5 and fails above 2.6."
    assert draw(tipping=made.tipping(TWO, in_use=3.5)).title == "claim_1 barely holds at dial 1 3.5 and fails below 2.6."
    without = draw(tipping=made.tipping(TWO)[:0])
    assert without.title.startswith(
        "claim_1 along dial 1: it holds between 1 and 1.5, barely holds between 2 and 2.5, is undecided at 3"
    )
    only = draw(table[table.verdict == "fails"], made.tipping(TWO)[:0])
    assert only.title == "claim_1 fails at every value of dial 1 that was looked at."
    assert draw(table[:0]) is None
    told = set(written(drawing))
    assert {"in use 2.5", "tips at 2.6", "worth noting from here", "bounds of the margin", "margin where it was judged"} <= told
    assert "Margin of the claim, points a month (above 0: for it)" in told
    assert "not looked at" not in told
    assert "At 2: barely, margin 0.600 (points a month)." in drawing.description
    _check_units(draw, table)
    _check_range(draw)


def _check_units(draw: Callable[..., Drawing], table: Any) -> None:
    """Margins in different units are neither joined nor alike; where there is no unit none is told."""
    units = table.assign(unit=table.unit.where(table.value < 3, "chance").where(table.value != 4, ""))
    drawing = draw(units)
    axes = panels(drawing)[0]
    assert [xs for xs, _ in drawn_line(axes, marker="o")] == [[1.0, 1.5, 2.0, 2.5]]
    assert [xs for xs, _ in drawn_line(axes, marker="s")] == [[3.0, 3.5], [4.5]]
    assert [xs for xs, _ in drawn_line(axes, marker="^")] == [[4.0]]
    told = set(written(drawing))
    assert "Margin of the line that decides, points a month or chance or a number (above 0: for it)" in told
    assert {"margin where it was judged, in points a month", "margin where it was judged, in chance"} <= told
    assert "Margin of the claim (above 0: for it)" in written(draw(table.assign(unit="")))
    exact = draw(table.assign(margin_low=table.margin - 1e-12, margin_high=table.margin))
    assert "bounds of the margin" not in written(exact)


def _check_range(draw: Callable[..., Drawing]) -> None:
    """The axis shows the plausible range, what of it was not looked at, and the flip wherever it is."""
    drawing = draw(tipping=made.tipping(TWO).assign(low=-2.0, high=9.0))
    axes, strip = panels(drawing)
    unseen = [(box.get_x(), box.get_x() + box.get_width()) for box in boxes(strip) if box.get_hatch() == "..."]
    assert unseen == [(-2.0, 1.0), (5.0, 9.0)]
    assert "not looked at" in written(drawing)
    assert axes.get_xlim()[0] < -2.0 < 9.0 < axes.get_xlim()[1]
    for low, high in ((-8.0, -7.0), (11.0, 12.0)):
        axes = panels(draw(tipping=made.tipping(TWO).assign(flips_at=(low + high) / 2, bracket_low=low, bracket_high=high)))[0]
        assert axes.get_xlim()[0] < low < high < axes.get_xlim()[1]


# --- paths --------------------------------------------------------------------------------------------------------------


def check_path(module: ModuleType) -> None:
    table: Any = made.paths(TWO)
    variable = "issue_2"
    drawing = module.draw_path(table, "Markov perfect", variable, TWO.context)
    rows = table[table.variable == variable]
    upper, lower = panels(drawing)
    below = np.zeros(13)
    areas: list[Any] = [part for part in upper.collections if isinstance(part, PolyCollection)]
    levels = list(TWO.levels[variable])
    assert len(areas) == len(levels) == len({to_hex(area.get_facecolor()[0]) for area in areas})
    for level, area in zip(levels, areas, strict=True):
        above = below + 100 * rows[rows.quantity == f"chance of {level}"].value.to_numpy()
        corners = vertices(area)
        for period in range(13):
            heights = corners[corners[:, 0] == period][:, 1]
            assert (heights.min(), heights.max()) == pytest.approx((below[period], above[period]), abs=1e-9)
        below = above
    assert below == pytest.approx(np.full(13, 100.0))
    names = {text.get_text(): text.get_position()[1] for text in upper.texts}
    assert list(names) == ["step 1", "step 2", "step 3"]
    assert list(names.values()) == sorted(names.values())
    ends = np.cumsum(
        [0.0, *(rows[(rows.quantity == f"chance of {level}") & (rows.period == 12)].value.iloc[0] for level in levels)]
    )
    leads = [ys[0] for _, ys in drawn_line(upper, points=3)]
    assert leads == pytest.approx((ends[1:] + ends[:-1]) / 2)
    ((xs, ys),) = drawn_line(lower)
    assert xs == list(range(13))
    assert ys == pytest.approx(rows[rows.quantity == "mean"].value.tolist())
    (band,) = [part for part in lower.collections if isinstance(part, PolyCollection)]
    corners = vertices(band)
    assert corners[corners[:, 0] > 7][:, 1].min() == 0.0
    assert corners[corners[:, 0] < 6][:, 1].min() == 1.0
    assert [label.get_text() for label in lower.get_yticklabels()] == levels_in_words(levels)
    assert list(lower.get_yticks()) == list(TWO.levels[variable].values())
    assert drawing.title == "Markov perfect: after 12 months issue 2 is most likely step 3 (51%), as at the start."
    turned = table.assign(period=12 - table.period).sort_values("period", kind="stable")
    assert module.draw_path(turned, "Markov perfect", variable, TWO.context).title.endswith("(100%), as at the start.")
    other: Any = made.paths(TWO)
    swap = (other.variable == variable) & (other.period == 0)
    other.loc[swap & (other.quantity == "chance of step_1"), "value"] = 1.0
    other.loc[swap & (other.quantity == "chance of step_3"), "value"] = 0.0
    assert module.draw_path(other, "Markov perfect", variable, TWO.context).title.endswith(
        "step 3 (51%), from step 1 at the start."
    )
    assert module.draw_path(table, "other", variable, TWO.context) is None


def levels_in_words(levels: list[str]) -> list[str]:
    return [level.replace("_", " ") for level in levels]


# --- strategies as maps ---------------------------------------------------------------------------------------------------


def check_strategy_map(module: ModuleType) -> None:
    table: Any = made.play(TWO)
    drawing = module.draw_strategy_map(table, 1, TWO.context)
    _assert_cells(panels(drawing), TWO, table)
    often = "Side 1 most often plays 'do 3' and Side 2 most often plays 'do 1'."
    assert drawing.title == f"In the selected Markov equilibrium, over all states, {often}"
    assert "At the start (issue 1 step 4, issue 2 step 3, issue 3 step 2) it plays 'do 3' (100%)" in drawing.description
    both = table.assign(equilibrium=2)
    assert module.draw_strategy_map(both, 2, TWO.context).title.startswith("In Markov equilibrium 2, over all states")
    assert module.draw_strategy_map(both, 1, TWO.context) is None
    single = Case(1, (), 0)
    alone = module.draw_strategy_map(made.play(single), 1, single.context)
    assert [text.get_text() for axes in panels(alone) for text in axes.texts] == ["d1 70%", "d3"]
    two = Case(2, (3,), 0)
    _assert_cells(panels(module.draw_strategy_map(made.play(two), 1, two.context)), two, made.play(two))
    sure: Any = made.play(two)
    sure = sure[sure.state == "issue 1 step 2"]
    assert "Side 1 always plays 'do 2'" in module.draw_strategy_map(sure, 1, two.context).title
    worded = module.draw_strategy_map(sure, 1, two.context)
    assert {text.get_text() for axes in panels(worded) for text in axes.texts} == {"do 2"}  # words where all fit, nothing split
    long = sure.assign(action=sure.action.where(sure.player == "side_1", "a_word_that_is_too_long_for_a_cell"))
    lettered = module.draw_strategy_map(long, 1, two.context)
    assert {text.get_text() for axes in panels(lettered) for text in axes.texts} == {"d2", "awt"}  # letters for both, not for one


def _assert_cells(grids: list[Any], case: Case, table: Any) -> None:
    """Every cell is split as its state's lottery: widths are chances; a colour with a hatch is one action's throughout, in the
    key too."""
    names = sorted(case.levels, key=lambda name: -len(case.levels[name]))
    up, across = (names[0], names[1]) if len(names) > 1 else ("", names[0])
    others = [name for name in case.levels if name not in (up, across)]
    facets = list(product(*(case.levels[name] for name in others)))
    assert len(grids) == len(facets) * case.players
    looks: dict[str, set[tuple[str, str]]] = {}
    for number, axes in enumerate(grids):
        key, facet = case.keys[number // len(facets)], facets[number % len(facets)]
        filled = [box for box in boxes(axes) if box.get_fill()]
        for (x, column), (y, row) in product(enumerate(case.levels[across]), enumerate(case.levels.get(up, {"": 0.0}))):
            named = {across: column, up: row, **dict(zip(others, facet, strict=True))}
            state = case.state_words(tuple(named[name] for name in case.levels))
            own = table[(table.state == state) & (table.player == key) & (table.chance > 0)]
            here = [box for box in filled if x <= box.get_x() < x + 1 and box.get_y() == y]
            if not len(own):
                assert [box.get_width() for box in here] == [1]
                assert to_hex(here[0].get_facecolor()) == "#efefef"
                continue
            own = own.sort_values("chance", ascending=False)
            assert [box.get_width() for box in here] == pytest.approx(own.chance.tolist())
            assert [box.get_x() for box in here] == pytest.approx([x, *(x + np.cumsum(own.chance))[:-1]])
            for box, action in zip(here, own.action, strict=True):
                looks.setdefault(action, set()).add((to_hex(box.get_facecolor()), str(box.get_hatch() or "")))
    assert all(len(each) == 1 for each in looks.values())  # whoever plays it, split or not
    assert len({look for each in looks.values() for look in each}) == len(looks)
    known = {action.replace("_", " "): next(iter(each)) for action, each in looks.items()}
    assert {name.split(": ")[1]: look for name, look in key_of(grids[0].figure) if ": " in name and "split" not in name} == known
    codes = {name.split(": ")[0] for name, _ in key_of(grids[0].figure) if ": " in name and "split" not in name}
    assert {text.get_text().split(" ")[0] for axes in grids for text in axes.texts if text.get_text()} <= codes


# --- equilibrium sets -----------------------------------------------------------------------------------------------------


def check_equilibrium_set(module: ModuleType) -> None:
    table: Any = made.sets(TWO)
    bargained, outcomes = made.bargaining(TWO), made.outcomes(TWO)
    elsewhere = table[table.without == ""].assign(state="elsewhere", side_1_payoff=99.0)
    drawing = module.draw_equilibrium_set(pd.concat([elsewhere, table]), bargained, outcomes, TWO.context)
    main, *small = panels(drawing)
    (inner,) = [patch for patch in main.patches if isinstance(patch, Polygon)]
    assert _corners(inner) == pytest.approx(_told(table, "", "inner"))
    ((xs, ys),) = drawn_line(main, points=9)
    assert np.array([xs, ys]).T[:8] == pytest.approx(_told(table, "", "outer"))
    places = {place for marker in "soD^vPX" for xs, ys in drawn_line(main, marker=marker) for place in zip(xs, ys, strict=True)}
    agreed = {(40.0, 22.0), (38.0, 24.0), (44.0, 18.0), (41.0, 25.0), (12.0, -5.0), (20.0, 17.0)}
    pairs = {(25.0 + (k // 3) * 0.7, 25.0 + (k // 3) * 0.7 - 8 + k % 2) for k in range(30)}
    assert {(round(x, 6), round(y, 6)) for x, y in places} == {(round(x, 6), round(y, 6)) for x, y in agreed | pairs}
    low, high = main.get_xlim()
    assert low < 9.7
    assert high > 50.3
    labels = [line for text in main.texts for line in text.get_text().split("\n")]
    assert sorted(labels) == sorted(f"p{k + 1} / p{k + 2}" for k in range(24))
    assert len(small) == 5
    for k, axes in enumerate(small):
        whole, *left = [patch for patch in axes.patches if isinstance(patch, Polygon)]
        assert _corners(whole) == pytest.approx(_told(table, "", "inner"))
        expected = _told(table, f"tool_{k + 1}", "inner")
        assert [text.get_text().replace("\n", " ") for text in axes.texts] == (
            [] if k != 3 else ["no pure equilibrium is proved"]
        )
        assert len(left) == (k != 3)
        for polygon in left:
            assert _corners(polygon) == pytest.approx(expected)
        assert len(drawn_line(axes, marker="o")) == (k in (2, 4))  # a point is still seen
        assert (axes.get_xlim(), axes.get_ylim()) == (small[0].get_xlim(), small[0].get_ylim())
    told = written(drawing)
    assert {
        "agreed: nash; agreed: maximin",
        "strategies of Side 1 / Side 2",
        "further combinations of strategies",
        "without tool 4",
    } <= set(told)
    assert drawing.title == (
        "Credible play gives Side 1 10.0 to 50.0 and Side 2 −10.0 to 30.0 points a month; Nash's bargain lies at 40.0 and 22.0."
    )
    assert "Without tool 2: Side 1 23.3 to 36.7 and Side 2 3.33 to 16.7." in drawing.description
    assert any(text.startswith("Side 2's p2: plan 2, p3: plan 3") for text in told)
    _check_names(module, outcomes)
    unsettled = bargained.assign(value=np.nan)
    assert module.draw_equilibrium_set(table, unsettled, outcomes, TWO.context).title.endswith("; Nash's bargain is open.")
    assert module.draw_equilibrium_set(table[table.bound == "outer"], bargained, outcomes, TWO.context) is None
    _check_ranges(module)


def _check_names(module: ModuleType, outcomes: Any) -> None:
    """Few combinations have their names in full right beside their points, and the key needs no word on them."""
    few: Any = outcomes[outcomes.selection.isin(["plan_1 against plan_2", "plan_30 against plan_31"])]
    drawing = module.draw_equilibrium_set(made.sets(TWO), made.bargaining(TWO), few, TWO.context)
    main = panels(drawing)[0]
    places = {text.get_text(): main.transAxes.transform(text.get_position()) for text in main.texts}
    assert places.keys() == {"plan 1 / plan 2", "plan 30 / plan 31"}
    for name, at in (("plan 1 / plan 2", (25.0, 17.0)), ("plan 30 / plan 31", (31.3, 24.3))):
        assert math.dist(places[name], main.transData.transform(at)) < 0.8 * drawing.figure.dpi
    assert not any(text.startswith("Side 1's") for text in written(drawing))


def _corners(polygon: Any) -> Any:
    return np.asarray(polygon.get_xy())[:8]


def _told(table: Any, without: str, bound: str) -> Any:
    rows = table[(table.without == without) & (table.bound == bound) & table.corner.str.isdigit()]
    return rows[["side_1_payoff", "side_2_payoff"]].to_numpy()


def _check_ranges(module: ModuleType) -> None:
    """Three players: a bar for each world from the smallest to the largest payoff that is proved, whiskers for the bound."""
    case = Case(3, (2,), 2)
    drawing = module.draw_equilibrium_set(made.sets(case), made.bargaining(case), made.outcomes(case), case.context)
    for axes, middle in zip(panels(drawing), (30, 10, -10), strict=True):
        sizes = [20, 10, 20 / 3]
        ends = [(box.get_x(), box.get_x() + box.get_width()) for box in boxes(axes)]
        assert ends == [pytest.approx((middle - size, middle + size)) for size in sizes]
        bounds = [tuple(xs) for xs, _ in drawn_line(axes, marker="|")]
        assert bounds == [pytest.approx((middle - size - 0.3, middle + size + 0.3)) for size in sizes]
    assert drawing.title.endswith("and Side 3 \N{MINUS SIGN}30.0 to 10.0 points a month.")
