"""The report of a sweep: what was found, claims, sliders over the computed points, ranges, what matters most, how to make it
again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from leverage.experiments.columns import Column
from leverage.experiments.design import Sample
from leverage.experiments.finishing import Findings
from leverage.experiments.shown_numbers import MARK, TO, ShownNumbers, legend
from leverage.experiments.sweep_page import (
    answered_words,
    design_words,
    shortest_reasons,
    told_columns,
    what_matters,
)
from leverage.output.claims import VERDICT_MEANINGS
from leverage.report.sweep_claims import claims_sentence, swept_claims
from leverage.report.sweep_data import BOUNDS, Kind, column_words, slider_points
from leverage.report.sweep_provenance import sweep_provenance
from leverage.report.template_files import environment, text_of
from leverage.scenario.wording import counted, plain

#: Sentences about numbers before the sliders, and rows of ranges before the fold.
MOST_SENTENCES, MOST_ROWS = 4, 12
#: A place in the sweep is told in words where so many parameters vary; of more, the page's program shows it.
MOST_PLACED = 2

#: Sections of the page: anchor and name in its table of contents.
SECTIONS = {
    "answer": "What was found",
    "claims": "Claims",
    "points": "Move through the points",
    "ranges": "Ranges",
    "matters": "What matters most",
    "lacking": "Points without answers",
    "assumptions": "Assumptions",
    "certificates": "Certificates, citation",
}
_ORDERS: Mapping[Kind, str] = {
    "grid": "Every stop is a point that was solved.",
    "row": "Every stop is a point that was solved; all values of a point go together.",
    "sample": "Every stop is a point that was solved. The sample has no order of its own: move along an assumption.",
}


@dataclass(frozen=True)
class RangeRow:
    """A number with its least, mean and largest value in words, as `ShownNumbers` has them; at: the points of the ends, -1 where
    there are none."""

    name: str
    cells: tuple[str, str, str]
    at: tuple[int, int]
    unit: str


def sweep_report(findings: Findings) -> str:
    """One HTML document about a sweep whose parts are all there. It fetches nothing; texts of the scenario are escaped."""
    sweep, summary, scenario = findings.sweep, findings.summary, findings.sweep.scenario
    told = told_columns(findings.columns, findings.page, summary)
    claims = swept_claims(findings.columns, summary, scenario)
    judged = [column for column in findings.columns if column.table == "claims" and column.what not in BOUNDS]
    bounds = [column for column in findings.columns if column.what in BOUNDS]
    points = slider_points(findings.folder, sweep.design, [*told, *judged, *bounds], scenario, summary)
    parts: dict[str, Any] = {
        "claims": claims,
        "points": points,
        "ranges": [_range(column, findings) for column in told],
        "matters": what_matters(sweep.design, findings.columns, findings.indices, findings.page),
        "lacking": list(shortest_reasons(summary.reasons)),
        "varied": [_varied(name, findings) for name in sweep.design.names],
        "fixed": [each for each in scenario.parameters.values() if each.name not in sweep.design.names],
        "provenance": sweep_provenance(findings),
    }
    there = {**parts, "answer": True, "points": points.rows and points.columns, "assumptions": True, "certificates": True}
    return environment().get_template("sweep.html.jinja").render(
        **parts,
        title=scenario.title,
        question=scenario.question,
        source=findings.manifest["scenario"],
        setting=findings.manifest.get("setting", ()),
        version=findings.manifest["versions"].get("leverage", ""),
        contents=[(anchor, name) for anchor, name in SECTIONS.items() if there[anchor]],
        found=_found(findings, told, claims_sentence(claims) if claims else ""),
        legend=legend(cell for row in parts["ranges"] for cell in row.cells),
        meanings={v.word: VERDICT_MEANINGS[v.word] for claim in claims for v, _ in claim.shares},
        order=[_ORDERS[points.kind], *points.left_out],
        most_rows=MOST_ROWS,
        style=Markup(text_of("style.css")),  # noqa: S704 - a file of this package
        script=Markup(text_of("sweep.js")),  # noqa: S704 - a file of this package
    )  # fmt: skip


def _found(findings: Findings, told: Sequence[Column], of_claims: str) -> list[str]:
    """What was swept, what has no answer, how claims fare, and between which points each of the first numbers moves."""
    summary, design = findings.summary, findings.sweep.design
    swept = f"{design_words(design, findings.sweep.scenario)} {answered_words(summary)}"
    known = [column for column in told[:MOST_SENTENCES] if summary.spreads[column.name].finite]
    return [swept, *filter(None, [of_claims]), *(_moves(column, findings) for column in known)]


def _moves(column: Column, findings: Findings) -> str:
    """'Markov perfect: power: payoff goes from 12.3 (at speed 0.1) to 55.5 points (at speed 1), 47.0 in the mean.'"""
    spread = findings.summary.spreads[column.name]
    row = _range(column, findings)
    (least, mean, largest), unit = map(_said, row.cells), f" {row.unit}" if row.unit else ""
    if spread.least == spread.largest and least == largest:
        return f"{row.name} is {mean}{unit} everywhere."
    # of an end that is known between bounds only the place is not known
    low, high = ("" if TO in cell else _where(findings, at) for cell, at in zip(row.cells[::2], row.at, strict=True))
    return f"{row.name} goes from {least}{low} to {largest}{unit}{high}, {mean} in the mean."


def _said(cell: str) -> str:
    """A number of a table as a sentence has it."""
    low, _, high = cell.partition(TO)
    if high:
        return f"between {low} and {high}"
    return f"about {cell.removesuffix(MARK)}" if cell.endswith(MARK) else cell


def _where(findings: Findings, point: int) -> str:
    """The place of a point, where a few words say it."""
    design = findings.sweep.design
    if len(design.names) > MOST_PLACED:
        return ""
    values = design.values(point, point + 1)[0].tolist()
    return f" (at {', '.join(f'{plain(name)} {value:.4g}' for name, value in zip(design.names, values, strict=True))})"


def _range(column: Column, findings: Findings) -> RangeRow:
    shown = ShownNumbers.of(findings.columns, findings.page, findings.sweep.tolerance)
    low, high = findings.summary.spreads[column.name].at
    unit = "" if column.unit == "chance" else column.unit  # in per cent
    return RangeRow(column_words(column), shown.ends(column, findings.summary), (low, high), unit)


def _varied(name: str, findings: Findings) -> dict[str, Any]:
    """A parameter that varies: between which values, how many of them, and the value in use."""
    design, own = findings.sweep.design, findings.sweep.scenario.parameters[name]
    low, high = design.ends[name]
    if isinstance(design, Sample):
        values = "drawn"
    else:
        values = counted(next(len(axis.values) for axis in design.axes if axis.name == name), "value")
    return {
        "name": name,
        "between": f"{low:.6g} to {high:.6g}",
        "values": values,
        "used": f"{own.value:.6g}",
        "unit": own.unit,
        "source": own.source,
    }
