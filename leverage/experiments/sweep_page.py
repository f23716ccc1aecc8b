"""What a sweep has found, in print: every printed number is a cell of its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from leverage.analysis.claims import ONE_PLAN, of_chosen_plans
from leverage.analysis.outcomes import PAYOFF
from leverage.analysis.plays import BEST_REPLY
from leverage.experiments.answers import measured
from leverage.experiments.columns import Column
from leverage.experiments.design import Design, Grid, Sample, Together
from leverage.experiments.index_page import IndexWords, index_words, indices_text
from leverage.experiments.part import NOT_SOLVED, PARTLY, SOLVED, column_of
from leverage.experiments.shown_numbers import ShownNumbers, legend
from leverage.experiments.store import SweepFolder
from leverage.experiments.summary import Summary
from leverage.experiments.sweep import Sweep
from leverage.output.columns import WIDTH, numbered, paragraph, percent, section, table
from leverage.output.heading import head_text, setting_words
from leverage.output.page import Page
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import counted
from leverage.stress.question import VERDICTS

#: At most so many rows are printed of what has more in the tables.
MOST_ROWS = 24
#: At most so many columns of a table of two parameters, and no such table of more points.
MOST_ACROSS, MOST_CROSSED = 7, 100_000
#: Columns of a table along one parameter; letters of a number's name at most, and at least where wide cells take the room.
MOST_ALONG, LONGEST_NAME, SHORTEST_NAME = 6, 52, 14
#: What moves by a smaller fraction of the payoff range is the same: rounding.
UNMOVED = 1e-9
#: Where numbers that do not change are found.
STILL = "in columns.csv"
#: What undecided means, and what helps.
UNDECIDED = (
    "Undecided: the bounds of the margin, in the tables, leave open which way it goes. Where they come from sets of credible "
    "payoffs a smaller --tolerance decides more."
)
#: Words of the kinds of samples.
_SAMPLES = {
    "sobol": "a scrambled Sobol' sequence",
    "lhs": "a Latin hypercube",
    "saltelli": "base points for variance-based indices",
    "morris": "trajectories for elementary effects",
}


def sweep_text(
    sweep: Sweep,
    columns: Sequence[Column],
    summary: Summary,
    folder: SweepFolder,
    page: Page,
    indices: pd.DataFrame | None = None,
) -> str:
    """The printed page: what was swept, what came of it, and what has no answer. indices: of designs that have any."""
    told = told_columns(columns, page, summary)
    shown = ShownNumbers.of(columns, page, sweep.tolerance)
    sections = numbered(
        [
            lambda n: _by_value(n, sweep.design, most_moved(told, summary, page), folder, shown),
            lambda n: _crossed(n, sweep.design, _first_moved(told, summary, page), folder, shown),
            lambda n: _ranges(n, told, summary, shown),
            lambda n: _verdicts(n, sweep.scenario, columns, summary),
            lambda n: indices_text(n, what_matters(sweep.design, columns, indices, page)),
            lambda n: _unanswered(n, summary),
        ]
    )
    head = [
        head_text(sweep.scenario, "Sweep"),
        *filter(None, [setting_words(sweep.scenario, sweep.design.names)]),
        paragraph(f"{design_words(sweep.design, sweep.scenario)} {answered_words(summary)}"),
    ]
    return "\n".join([*head, *sections])


def design_words(design: Design, scenario: Scenario) -> str:
    """What is varied, in a sentence."""
    if isinstance(design, Sample):
        kind = _SAMPLES[design.kind]
        if design.block > 1:
            kind = f"{design.count:,} {kind}" if design.count > 1 else f"1 {kind.replace('points', 'point')}"
        return f"{counted(design.size, 'point')}: {kind} over {_spread_words(design)}."
    axes = [f"{axis.name} ({_values_words(axis.values)})" for axis in design.axes]
    how = "values taken together of" if isinstance(design, Together) and len(axes) > 1 else "every combination of"
    return f"{counted(design.size, 'point')}: {how if len(axes) > 1 else 'the values of'} {_and(axes)}."


def _spread_words(design: Sample) -> str:
    """From what a sample is drawn, and for how many parameters."""
    every = len(design.names)
    stated = len(design.drawn_from.get("given", design.names)) if design.drawn_from else 0
    spread = f"the spread that experts state of {counted(stated, 'parameter')}"
    ranges = f"the plausible ranges of {counted(every - stated, 'parameter')}"
    if not stated or stated == every:
        return spread if stated else ranges
    return f"{spread} and {ranges} more"


def _values_words(values: Sequence[float]) -> str:
    if len(values) <= 4:
        return ", ".join(f"{value:.6g}" for value in values)
    return f"{len(values)} values, {min(values):.6g} to {max(values):.6g}"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def answered_words(summary: Summary) -> str:
    """Whether every point has its answers."""
    statuses = summary.statuses
    lacking = statuses[PARTLY] + statuses[NOT_SOLVED]
    return f"{lacking:,} of {statuses.total():,} points lack an answer." if lacking else "Every point has all its answers."


def told_columns(columns: Sequence[Column], page: Page, summary: Summary) -> list[Column]:
    """The columns that pages show: what moves before what is the same at all points, best replies before pairs as written."""
    told = [column for column in columns if _is_told(column, page)]
    return sorted(told, key=lambda column: (not movement(column, summary, page), _is_written_pair(column)))


def most_moved(told: Sequence[Column], summary: Summary, page: Page) -> list[Column]:
    """The columns that a table has room for, in their order: of payoffs and of other numbers those that move most."""
    furthest = sorted(told, key=lambda column: -movement(column, summary, page))
    halves = [[column for column in furthest if (column.unit == "chance") == chance] for chance in (False, True)]
    room = [max(MOST_ALONG // 2, MOST_ALONG - len(other)) for other in reversed(halves)]
    kept = [column for half, most in zip(halves, room, strict=True) for column in half[:most]]
    return [column for column in told if column in kept]


def movement(column: Column, summary: Summary, page: Page) -> float:
    """How far a number goes, as a fraction of the payoff range (of 1 for chances); 0 for what is the same but for rounding."""
    spread = summary.spreads[column.name]
    size = (page.game.payoff_range or 1.0) if column.unit == page.game.payoff_unit else 1.0
    gone = (spread.largest - spread.least) / size if spread.finite else 0.0
    return gone if gone > UNMOVED else 0.0


def _is_written_pair(column: Column) -> bool:
    return column.table == "strategies" and BEST_REPLY not in column.selection


def verdict_shares(columns: Sequence[Column], summary: Summary) -> tuple[list[str], list[list[str]]]:
    """The verdicts that occur, and for each claim the share of the points with each of them."""
    judged = [column for column in columns if column.table == "claims" and column.what == "verdict"]
    counts = {column.selection: summary.words[column.name] for column in judged}
    used = [verdict for verdict in VERDICTS if any(counter[verdict] for counter in counts.values())]
    return used, [[name, *(_share(counter, verdict) for verdict in used)] for name, counter in counts.items()]


def _is_told(column: Column, page: Page) -> bool:
    """Payoffs, chances of the first event, and what each instrument changes."""
    if column.kind != "number" or column.what != "value":
        return False
    chance = column.subject == page.event and column.quantity.startswith("chance by")
    return column.quantity == PAYOFF or chance or column.table == "leverage"


# --- the sections ------------------------------------------------------------------------------------------------------


def _by_value(which: int, design: Design, told: Sequence[Column], folder: SweepFolder, shown: ShownNumbers) -> list[str]:
    """Where one parameter varies: a row a value."""
    if isinstance(design, Sample) or not told or _varying(design) != 1:
        return []
    name = next(axis.name for axis in design.axes if len(axis.values) > 1) if isinstance(design, Grid) else design.names[0]
    names = [name, *(other for other in design.names if other != name)] if isinstance(design, Together) else [name]
    frame = _rows(folder, design, [*map(column_of, names), *shown.names(told)])
    rows = [
        [" / ".join(f"{row[column_of(each)]:.6g}" for each in names), *(shown.cell(column, row) for column in told)]
        for row in _by_name(frame)
    ]
    text, left_out = table([" / ".join(names), *map(_head, told)], rows)
    note = _left_out(len(frame), design.size, "values")
    more = [f"  and {left_out} more columns in the tables"] if left_out else []
    return ["", section(which, "along the parameter", note), text, *more, *_legend([text])]


def _crossed(which: int, design: Design, told: Sequence[Column], folder: SweepFolder, shown: ShownNumbers) -> list[str]:
    """Where two parameters vary: a row a value of the one and a column a value of the other."""
    if not isinstance(design, Grid) or _varying(design) != 2:
        return []
    down, across = (axis for axis in design.axes if len(axis.values) > 1)
    if not told or design.size > MOST_CROSSED:
        return []
    points = _by_name(folder.rows(shown.names(told)))
    lines = []
    for column in told:
        width = len(across.values)
        rows_, columns_ = (evenly(len(axis.values), most) for axis, most in ((down, MOST_ROWS), (across, MOST_ACROSS)))
        rows = [[f"{down.values[r]:.6g}", *(shown.cell(column, points[r * width + c]) for c in columns_)] for r in rows_]
        text, cut = table([f"{down.name} (down), {across.name}", *(f"{across.values[c]:.6g}" for c in columns_)], rows)
        lines += ["", f"{column.name}{f', {column.unit}' if column.unit else ''}", text]
        shown_of = ((down, len(rows_)), (across, len(columns_) - cut))
        left_out = [
            _left_out(few, len(axis.values), f"values of {axis.name}") for axis, few in shown_of if few < len(axis.values)
        ]
        lines += [paragraph(f"  ({' and '.join(left_out)}; all are in the tables)", 2)] if left_out else []
    return ["", section(which, "along two parameters", f"{down.name} down, {across.name} across"), *lines[1:], *_legend(lines)]


def _first_moved(told: Sequence[Column], summary: Summary, page: Page) -> list[Column]:
    """The first payoff that moves, and the last chance that does: of the same play if it has one."""
    moving = [column for column in told if movement(column, summary, page)] or list(told)
    payoffs = [column for column in moving if column.unit != "chance"][:1]
    chances = [column for column in moving if column.unit == "chance"]
    alike = [column for column in chances if payoffs and column.selection == payoffs[0].selection]
    return [*payoffs, *(alike or chances)[-1:]]


def spread_over(count: int, most: int) -> list[int]:
    """At most so many of the places, evenly spread, the ends among them."""
    return [int(k) for k in np.unique(np.linspace(0, count - 1, min(most, count)).round())]


def evenly(count: int, most: int) -> list[int]:
    """At most so many of the places, the ends among them: equally far apart if more than half as many places can be."""
    few = next((few for few in range(min(most, count), most // 2, -1) if few > 1 and (count - 1) % (few - 1) == 0), most)
    return spread_over(count, few)


def _varying(design: Design) -> int:
    """How many ways there are to move through the design."""
    return (
        sum(len(axis.values) > 1 for axis in design.axes)
        if isinstance(design, Grid)
        else 1
        if isinstance(design, Together)
        else 0
    )


def _rows(folder: SweepFolder, design: Design, columns: list[str]) -> pd.DataFrame:
    """At most MOST_ROWS rows of the tables, evenly spread over the points."""
    kept = spread_over(design.size, MOST_ROWS)
    return folder.rows(columns, kept)


def _by_name(frame: pd.DataFrame) -> list[dict[str, float]]:
    return [{str(name): float(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _legend(lines: Sequence[str]) -> list[str]:
    said = legend(lines)
    return [paragraph(said, 2)] if said else []


def _head(column: Column) -> str:
    words = [column.selection, column.subject, column.quantity.replace("chance ", "")]
    return " ".join(words[1:] if column.table == "outcomes" else words)


def _left_out(shown: int, all_of_them: int, what: str) -> str:
    return "" if shown >= all_of_them else f"{shown} of {all_of_them:,} {what}"


def _ranges(which: int, told: Sequence[Column], summary: Summary, shown: ShownNumbers) -> list[str]:
    """What each number ranges over."""
    if not told:
        return []
    moving = [column for column in told if movement(column, summary, shown.page) or shown.is_wide(column, summary)]
    title = "over all points" if summary.statuses[SOLVED] == summary.statuses.total() else "over the points with an answer"
    still = f"The same at all points: {counted(len(told) - len(moving), 'number')} ({STILL})." if len(moving) < len(told) else ""
    if not moving:
        return _at_all_points(which, told, summary, shown)
    first = moving[:MOST_ROWS]
    heads = ("least", "mean", "largest")
    cells = [shown.ends(column, summary) for column in first]
    taken = sum(2 + max(map(len, own)) for own in zip(heads, *cells, strict=True))
    letters = max(SHORTEST_NAME, min(LONGEST_NAME, WIDTH - taken))
    rows = [[_row_name(column.name, letters), *own] for column, own in zip(first, cells, strict=True)]
    text, _ = table(["", *heads], rows)
    note = _left_out(len(first), len(moving), "numbers that change; all are in columns.csv")
    return ["", section(which, title, note), text, *_legend([text]), *([paragraph(still, 2)] if still else [])]


def _at_all_points(which: int, told: Sequence[Column], summary: Summary, shown: ShownNumbers) -> list[str]:
    """The numbers where none of them changes, as in a sweep of one point."""
    first = told[:MOST_ROWS]
    rows = [[_row_name(column.name, LONGEST_NAME), shown.ends(column, summary)[0]] for column in first]
    text, _ = table(["", "value"], rows)
    note = _left_out(len(first), len(told), "numbers; all are in columns.csv")
    with_answer = "" if summary.statuses[SOLVED] == summary.statuses.total() else " with an answer"
    return ["", section(which, f"the same at all points{with_answer}", note), text, *_legend([text])]


def _row_name(name: str, letters: int) -> str:
    """The name; of a long one the beginning and the end, where names differ."""
    half = (letters - 3) // 2
    return name if len(name) <= letters else f"{name[:half].rstrip()}...{name[-half:].lstrip()}"


def _verdicts(which: int, scenario: Scenario, columns: Sequence[Column], summary: Summary) -> list[str]:
    """How often each claim has each verdict."""
    used, rows = verdict_shares(columns, summary)
    if not rows:
        return []
    text, _ = table(["claim", *used], rows)
    open_ = [paragraph(UNDECIDED, 2)] if "undecided" in used else []
    return ["", section(which, "claims", "share of the points with each verdict"), text, *open_, *_of_plans(scenario, rows)]


def _of_plans(scenario: Scenario, rows: Sequence[Sequence[str]]) -> list[str]:
    """What is said of verdicts that payoffs do not settle."""
    judged = [row[0] for row in rows]
    return [paragraph(f"{name}: {ONE_PLAN}.", 2) for name in of_chosen_plans(scenario.claims) if name in judged]


def _share(counter: Mapping[str, int], verdict: str) -> str:
    total = sum(counter.values())
    return percent(counter.get(verdict, 0) / total) if total else "-"


def what_matters(design: Design, columns: Sequence[Column], indices: pd.DataFrame | None, page: Page) -> IndexWords | None:
    """Which parameters matter most to what pages show, and to whether claims stand. indices: of designs that have any."""
    if indices is None or not isinstance(design, Sample):
        return None
    told = [each for each in measured(columns) if each.is_claim or _is_told(each.column, page)]
    return index_words(design.kind, told, indices, page)


def _unanswered(which: int, summary: Summary) -> list[str]:
    """Why points lack an answer."""
    if summary.statuses[SOLVED] == summary.statuses.total():
        return []
    lines = [paragraph(f"{counted(count, 'point')}: {reason}", 2) for reason, count in shortest_reasons(summary.reasons)]
    return ["", section(which, "points that lack an answer", "status and reason stand in the tables"), *lines]


def shortest_reasons(reasons: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """The most frequent reasons, and all others as one."""
    yield from reasons[:5]
    if len(reasons) > 5:
        yield "for other reasons", sum(count for _, count in reasons[5:])
