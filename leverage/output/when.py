"""Where a condition on claims holds, as tables and in print."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from leverage.analysis.claims import ONE_PLAN
from leverage.output.claims import figure_words, significant
from leverage.output.columns import listed, paragraph, percent, section, table
from leverage.output.heading import head_text, setting_words, values_words
from leverage.output.stress import share_words
from leverage.scenario.claims import Selection
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import counted
from leverage.stress.question import Answer
from leverage.stress.shares import DesignPoint, points_of, standing_share
from leverage.stress.when import WHOLE, AloneInParameter, BoxInParameter, Stretch

STATEMENT_COLUMNS = (
    *("statement", "under", "verdict", "margin", "margin_low", "margin_high", "unit"),
    *("share", "low", "high", "points"),
)
ALONE_COLUMNS = (
    *("parameter", "unit", "value", "low", "high", "resolution", "holds_from", "holds_to", "fails_below", "fails_above"),
    *("untold_below", "untold_above"),
)
BOX_COLUMNS = (
    *("parameter", "unit", "low", "high", "holds_from", "holds_to"),
    *("lower_half", "lower_half_low", "lower_half_high", "upper_half", "upper_half_low", "upper_half_high"),
)
#: Parameters that are printed, those that matter most.
MOST_PARAMETERS = 8
#: Halves of a range whose shares differ by less are not told apart in print.
NOTABLE = 0.1


@dataclass(frozen=True, eq=False)
class When:
    """Where a condition holds.

    condition: as it was asked. here: answers at the file's values, of the whole and of each line by its text. points: of a
    design. alone, box: one a parameter in doubt, by name. of_plans: texts of the lines that are judged on plans that were chosen.
    """

    scenario: Scenario
    condition: str
    under: Selection
    here: Mapping[str, Answer]
    points: tuple[DesignPoint, ...]
    alone: tuple[AloneInParameter, ...]
    box: tuple[BoxInParameter, ...]
    of_plans: tuple[str, ...] = ()


# --- tables ---------------------------------------------------------------------------------------------------------------


def statements_frame(found: When) -> pd.DataFrame:
    """The condition as a whole, then each of its lines: the verdict at the file's values, the share of the box."""
    rows = []
    for name, answer in found.here.items():
        share, margin = standing_share(found.points, name), answer.margin
        cells = (answer.verdict, margin.value, margin.low, margin.high, answer.unit, share.value, share.low, share.high)
        told = found.condition if name == WHOLE else name
        rows.append((told, found.under.words, *cells, len(points_of(found.points, name))))
    return pd.DataFrame(rows, columns=list(STATEMENT_COLUMNS))


def alone_frame(found: When) -> pd.DataFrame:
    """One row a parameter and stretch of values on which the condition holds; one with empty numbers where there is none."""
    rows: list[tuple[object, ...]] = []
    for each in found.alone:
        parameter = each.parameter
        step = 1 / each.resolution if each.resolution else math.nan
        head = (parameter.name, parameter.unit, each.value, parameter.low, parameter.high, step)
        tails = [(s.low, s.high, s.below, s.above, s.untold_below, s.untold_above) for s in each.stretches]
        rows += [(*head, *tail) for tail in tails] or [(*head, *(math.nan,) * 4, False, False)]
    return pd.DataFrame(rows, columns=list(ALONE_COLUMNS))


def box_frame(found: When) -> pd.DataFrame:
    """One row a parameter: its values at points where the condition holds, and the share in each half of its range."""
    rows = []
    for each in found.box:
        parameter, shares = each.parameter, (each.lower_half, each.upper_half)
        cells = [cell for share in shares for cell in (share.value, share.low, share.high)]
        rows.append((parameter.name, parameter.unit, parameter.low, parameter.high, each.lowest, each.highest, *cells))
    return pd.DataFrame(rows, columns=list(BOX_COLUMNS))


# --- the page -------------------------------------------------------------------------------------------------------------


def when_text(found: When) -> str:
    """The page of `simulate when`, without a trailing newline."""
    told = [
        f"When is it so that {found.condition}? Judged under: {found.under.words}.",
        _here(found),
        share_words(standing_share(found.points, WHOLE), len(points_of(found.points, WHOLE))),
        setting_words(found.scenario),
    ]
    lines = [head_text(found.scenario, "When"), *(paragraph(f"* {sentence}", 2) for sentence in told if sentence), ""]
    return "\n".join([*lines, *_statement_lines(found), *_alone_lines(found), *_box_lines(found)]).rstrip()


def _here(found: When) -> str:
    verdict = found.here[WHOLE].verdict
    words = {"holds": "it is so", "barely": "it is so", "fails": "it is not so", "idle": "the case does not arise"}
    return f"At {values_words(found.scenario)} {words.get(verdict, f'it is {verdict}')}."


def _statement_lines(found: When) -> list[str]:
    """Each line with its verdict and margin; nothing where the condition is one line."""
    own = {name: answer for name, answer in found.here.items() if name != WHOLE}
    lines = [section(1, "statement by statement", f"at {values_words(found.scenario)}, and in the plausible box")]
    for name, answer in own.items():
        margin = f", margin {figure_words(answer.margin, answer.unit)}" if answer.margin.known else ""
        share = standing_share(found.points, name)
        told = "" if math.isnan(share.value) else f"; in {percent(share.value)} of the box"
        plans = f"; {ONE_PLAN}" if name in found.of_plans else ""
        lines.append(paragraph(f"{name}: {answer.verdict}{margin}{told}{plans}", 4))
    return [*lines, ""]


def _alone_lines(found: When) -> list[str]:
    searched = [each for each in found.alone if each.resolution]
    note = f"the others as in the file; a scan of {counted(searched[0].resolution, 'step')}" if searched else "not searched"
    lines = [section(2, "one parameter alone", note)]
    rows = [each for each in searched if each.stretches and not each.everywhere]
    lines += [paragraph(f"{each.parameter.name} (now {significant(each.value)}): {_stretches(each)}", 4) for each in rows]
    everywhere = [each.parameter.name for each in searched if each.everywhere]
    nowhere = [each.parameter.name for each in searched if not each.stretches]
    if everywhere:
        lines.append(paragraph(f"On all of the range: {listed(everywhere)}.", 4))
    if nowhere:
        lines.append(paragraph(f"At no value of the scan: {listed(nowhere)}.", 4))
    if len(searched) < len(found.alone):
        lines.append(paragraph("Not searched: the budget does not pay for the scan."))
    return [*lines, ""]


def _stretches(each: AloneInParameter) -> str:
    return f"so {listed([_stretch(stretch, each) for stretch in each.stretches])}."


def _stretch(stretch: Stretch, each: AloneInParameter) -> str:
    low, high = significant(stretch.low), significant(stretch.high)
    unclear = [word for word, untold in (("below", stretch.untold_below), ("above", stretch.untold_above)) if untold]
    tail = f" ({' and '.join(unclear)}, the bounds do not tell)" if unclear else ""
    if stretch.low <= each.parameter.low:
        return f"up to {high}{tail}"
    if stretch.high >= each.parameter.high:
        return f"from {low}{tail}"
    return f"from {low} to {high}{tail}"


def _box_lines(found: When) -> list[str]:
    """The parameters whose halves differ most."""
    known = [each for each in found.box if not math.isnan(each.matters)]
    ranked = sorted(known, key=lambda each: (-abs(each.matters), each.parameter.name))
    kept = [each for each in ranked if abs(each.matters) >= NOTABLE][:MOST_PARAMETERS]
    lines = [section(3, "all parameters in doubt at once", "share of the box with the parameter below and above its middle")]
    if not kept:
        return [*lines, "No parameter's halves differ notably."]
    heads = ["", "holds from", "holds to", "lower half", "upper half"]
    return [*lines, table(heads, [_box_row(each) for each in kept])[0]]


def _box_row(each: BoxInParameter) -> Sequence[str]:
    shares = (percent(each.lower_half.value), percent(each.upper_half.value))
    ends = ("-" if math.isnan(end) else significant(end) for end in (each.lowest, each.highest))
    return [each.parameter.name, *ends, *shares]
