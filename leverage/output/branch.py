"""An equilibrium followed along a parameter, in print and as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from leverage.analysis.branch import GridValue, MeasuredBranch, MeasuredPoint
from leverage.output.columns import paragraph, percent, section, table
from leverage.output.heading import head_text, setting_words
from leverage.output.page import Page
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import counted, plain
from leverage.solvers.branch import Branch, BranchEvent

BRANCH_COLUMNS = ("point", "theta", "arclength", "subject", "quantity", "value", "unit", "certificate")
EVENT_COLUMNS = ("kind", "theta", "arclength", "state", "player", "action", "turns", "sentence")
SELECTION_COLUMNS = ("theta", "selection_jumped", "distance", "reason")
#: Events that are printed, those nearest to the baseline.
MOST_EVENTS = 16
#: Events within this share of the range happen at the same value of the parameter.
SAME_PLACE = 1e-8


def branch_frame(scenario: Scenario, measured: MeasuredBranch) -> pd.DataFrame:
    """One row a fact about a point of the branch."""
    keys, rows = {player.name: player.key for player in scenario.players}, []
    for number, point in enumerate(measured.points, 1):
        head = (number, point.theta, point.arclength)
        rows += [(*head, keys.get(o.subject, o.subject), o.quantity, o.value, o.unit, o.certificate) for o in point.outcomes]
        rows.append((*head, "play", "largest gain of a departure", point.certificate, scenario.payoff_unit[0], math.nan))
        rows.append((*head, "play", "states in which somebody mixes", float(point.mixing), "states", math.nan))
    return pd.DataFrame(rows, columns=list(BRANCH_COLUMNS))


def events_frame(scenario: Scenario, measured: MeasuredBranch) -> pd.DataFrame:
    """One row an event of the branch, in the order of arclength."""
    keys = {player.name: player.key for player in scenario.players}
    rows = [
        (e.kind, e.theta, e.arclength, e.state, keys.get(e.player, e.player), e.action, e.turns, e.sentence)
        for e in measured.branch.events
    ]
    return pd.DataFrame(rows, columns=list(EVENT_COLUMNS))


def selection_frame(scenario: Scenario, measured: MeasuredBranch) -> pd.DataFrame:
    """One row a value of the grid: whether the selection jumped, and what each player gets on the branch and as selected."""
    rows = []
    for each in measured.grid:
        gets = [
            math.nan if point is None else point.value(player.name, "payoff")
            for player in scenario.players
            for point in (each.continued, each.selected)
        ]
        rows.append((each.jump.theta, each.jump.jumped, each.jump.distance, each.jump.reason, *gets))
    payoffs = [f"{player.key}_{which}" for player in scenario.players for which in ("continued", "selected")]
    return pd.DataFrame(rows, columns=[*SELECTION_COLUMNS, *payoffs])


# --- the page ------------------------------------------------------------------------------------------------------------


def branch_text(page: Page, measured: MeasuredBranch) -> str:
    """The page of `simulate follow`, without a trailing newline."""
    branch, name = measured.branch, plain(measured.branch.parameter)
    parameter = page.scenario.parameters[branch.parameter]
    start = branch.points[branch.start].theta
    jumped = [each.jump.theta for each in measured.grid if each.jump.jumped]
    told = [
        f"The selected Markov equilibrium at {name} = {start:.6g} {parameter.unit}".rstrip()
        + f", followed from {branch.low:.6g} to {branch.high:.6g}.",
        *(f"{side}: {_sentence(end)}" for side, end in zip(("Downwards", "Upwards"), branch.ends, strict=True)),
        f"Selection jumped at {len(jumped)} of {counted(len(measured.grid), 'value')} of the table: {_values(jumped)}."
        if jumped
        else f"At all {counted(len(measured.grid), 'value')} of the table the selected equilibrium is this one's continuation.",
        f"{branch.note[0].upper()}{branch.note[1:]}." if branch.note else "",
        setting_words(page.scenario),
    ]
    return "\n".join(
        [
            head_text(page.scenario, f"Following {name}"),
            *(paragraph(f"* {sentence}", 2) for sentence in told if sentence),
            "",
            *_grid(page, measured),
            *_events(measured),
            section(3, "checked"),
            *(paragraph(f"* {sentence}", 2) for sentence in _checks(page, measured)),
        ]
    )


def _values(thetas: list[float]) -> str:
    shown = [f"{theta:.6g}" for theta in thetas[:8]]
    return ", ".join(shown) + (", ..." if len(thetas) > len(shown) else "")


def _sentence(text: str) -> str:
    return f"{plain(text[0].lower() + text[1:])}."


def _grid(page: Page, measured: MeasuredBranch) -> list[str]:
    """What the equilibrium turns into at each value, and what is selected there where that is another one."""
    note = "the continuation of the baseline's equilibrium, '-' where it ends; selected: where another equilibrium is"
    note += f"; in %: {plain(page.event)} by {page.dates[-1]}" if page.event else ""
    heads = [plain(measured.branch.parameter), *(f"{plain(key)} gets" for key in page.keys)]
    heads += [f"by {page.dates[-1]}"] if page.event else []
    heads += [f"selected: {plain(key)} gets" for key in page.keys]
    heads += [f"selected: by {page.dates[-1]}"] if page.event else []
    text, cut = table(heads, [_row(page, measured, each) for each in measured.grid])
    more = [f"{counted(cut, 'more column')} in branch_selection.csv"] if cut else []
    return [section(1, "at values of the parameter", note), text, *more, ""]


def _row(page: Page, measured: MeasuredBranch, each: GridValue) -> list[str]:
    baseline = measured.branch.points[measured.branch.start].theta
    row = [f"{each.jump.theta:.6g}" + (" (baseline)" if each.jump.theta == baseline else ""), *_cells(page, each.continued)]
    if not each.jump.jumped:
        return [*row, "same", *[""] * (len(row) - 2)]
    return [*row, *_cells(page, each.selected)] if each.selected is not None else [*row, "none", *[""] * (len(row) - 2)]


def _cells(page: Page, point: MeasuredPoint | None) -> list[str]:
    if point is None:
        return ["-"] * (len(page.keys) + bool(page.event))
    cells = [page.points(point.value(player, "payoff")) for player in page.game.players]
    return cells + ([percent(point.value(page.event, f"chance by {page.dates[-1]}"))] if page.event else [])


def _events(measured: MeasuredBranch) -> list[str]:
    """What happens on the branch, in sentences, in the order from its lower end."""
    told = list(_told(measured.branch))
    if not told:
        return [section(2, "what happens on the branch"), "Nothing: no action enters or leaves play, and there is no fold.", ""]
    nearest = sorted(range(len(told)), key=lambda k: abs(told[k][0]))[:MOST_EVENTS]
    lines = [paragraph(f"* {plain(told[k][1])}.", 2) for k in sorted(nearest)]
    if len(nearest) < len(told):
        lines.append(f"{len(told) - len(nearest)} more in branch_events.csv")
    return [section(2, "what happens on the branch", "nearest to the baseline, from the lower end"), *lines, ""]


def _told(branch: Branch) -> Iterator[tuple[float, str]]:
    """Arclength and sentence of each event. An action that enters and another of the same player that leaves in the same state,
    at the same value, are one switch.
    """
    events, k = branch.events, 0
    while k < len(events):
        event = events[k]
        if k + 1 < len(events) and _is_switch(branch, event, events[k + 1]):
            enters, leaves = sorted(events[k : k + 2], key=lambda each: each.kind)
            # on the side of falling values events were met in the reverse order
            old, new = (leaves, enters) if event.arclength >= 0 else (enters, leaves)
            yield event.arclength, _switch_words(branch, old, new)
            k += 2
            continue
        yield event.arclength, f"{event.sentence[0].upper()}{event.sentence[1:]}"
        k += 1


def _is_switch(branch: Branch, one: BranchEvent, two: BranchEvent) -> bool:
    same = (one.state, one.player) == (two.state, two.player) and {one.kind, two.kind} == {"enters", "leaves"}
    return same and one.action != two.action and abs(one.theta - two.theta) <= SAME_PLACE * (branch.high - branch.low)


def _switch_words(branch: Branch, old: BranchEvent, new: BranchEvent) -> str:
    return (
        f"At {branch.parameter} = {old.theta:.6g} {old.player} turns from '{old.action}' to '{new.action}' in state '{old.state}'"
    )


def _checks(page: Page, measured: MeasuredBranch) -> list[str]:
    largest = max(point.certificate for point in measured.points)
    return [
        f"{counted(len(measured.points), 'point')} of the branch, each certified: no departure gains more than {largest:.2g}"
        f" {page.game.payoff_unit}.",
        "Selected: the limit of the logit path from uniform play, at each value by itself.",
        "Selection jumped: the selected equilibrium gives somebody, in some state, something else than the continuation does, or"
        " the branch does not get there before it turns back.",
    ]
