"""The report of a sweep: what was found, sliders over the computed points, ranges and shares, and how to make it again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from leverage.experiments.columns import Column
from leverage.experiments.design import Grid, Together
from leverage.experiments.store import SweepFolder
from leverage.experiments.summary import Summary
from leverage.experiments.sweep import Sweep
from leverage.experiments.sweep_page import (
    answered_words,
    design_words,
    range_cells,
    told_columns,
    verdict_shares,
)
from leverage.output.heading import setting_words
from leverage.output.page import Page
from leverage.report.sweep_data import SliderPoints, slider_points
from leverage.report.template_files import environment, text_of
from leverage.scenario.wording import plain


def sweep_report(sweep: Sweep, columns: Sequence[Column], summary: Summary, folder: SweepFolder, page: Page) -> str:
    """One HTML document about a sweep whose parts are all there. It fetches nothing; texts of the scenario are escaped."""
    told = told_columns(columns, page)
    verdicts = [column for column in columns if column.table == "claims" and column.what == "verdict"]
    points = slider_points(folder, sweep.design, [*verdicts, *told], sweep.scenario)
    return environment().get_template("sweep.html.jinja").render(
        title=sweep.scenario.title,
        question=sweep.scenario.question,
        source=sweep.statement["scenario"],
        setting=setting_words(sweep.scenario),
        version=sweep.statement["versions"]["leverage"],
        found=_found(sweep, told, summary, page),
        points=points,
        order=_order_words(sweep, points),
        tables=[each for each in (_ranges(told, summary, page), _shares(columns, summary)) if each["rows"]],
        facts=_facts(sweep),
        command=f"simulate reproduce {folder.path}",
        style=Markup(text_of("style.css")),  # noqa: S704 - a file of this package
        script=Markup(text_of("sweep.js")),  # noqa: S704 - a file of this package
    )  # fmt: skip


def _found(sweep: Sweep, told: Sequence[Column], summary: Summary, page: Page) -> list[str]:
    """What was swept, what has no answer, and between which points each of the first numbers moves."""
    sentences = [design_words(sweep.design, sweep.scenario), answered_words(summary)]
    return [*sentences, *(_moves(column, sweep, summary, page) for column in told[:4] if summary.spreads[column.name].finite)]


def _moves(column: Column, sweep: Sweep, summary: Summary, page: Page) -> str:
    """'power: payoff lies between 12.3 (at return speed 0.1) and 55.5 (at return speed 0.9), 47.0 in the mean.'"""
    spread = summary.spreads[column.name]
    least, mean, largest = range_cells(column, summary, page)
    name = ": ".join(plain(part) for part in (column.selection, column.subject, column.quantity) if part)
    if spread.least == spread.largest:
        return f"{name} is {mean} everywhere."
    ends = [f"{value}{_where(sweep, at)}" for value, at in ((least, spread.at[0]), (largest, spread.at[1]))]
    return f"{name} lies between {ends[0]} and {ends[1]}, {mean} in the mean."


def _where(sweep: Sweep, point: int) -> str:
    """The place of a point, where a few words say it."""
    names = sweep.design.names
    if len(names) > 3:
        return f" (point {point})"
    values = sweep.design.values(point, point + 1)[0].tolist()
    return f" (at {', '.join(f'{plain(name)} {value:.4g}' for name, value in zip(names, values, strict=True))})"


def _order_words(sweep: Sweep, points: SliderPoints) -> str:
    if isinstance(sweep.design, Grid | Together):
        words = "Every stop is a point that was solved."
    else:
        words = "The points of a sample lie in no order of their own: choose an assumption to put them in order by it."
    return words + (f" The page holds one in {points.step} of the points; the tables have all." if points.step > 1 else "")


def _ranges(told: Sequence[Column], summary: Summary, page: Page) -> dict[str, Any]:
    rows = [[": ".join(filter(None, (c.selection, c.subject, c.quantity))), *range_cells(c, summary, page), c.unit] for c in told]
    return {"caption": "What each number ranges over", "heads": ["number", "least", "mean", "largest", "unit"], "rows": rows}


def _shares(columns: Sequence[Column], summary: Summary) -> dict[str, Any]:
    used, rows = verdict_shares(columns, summary)
    return {"caption": "Share of the points with each verdict", "heads": ["claim", *used], "rows": rows}


def _facts(sweep: Sweep) -> list[tuple[str, str]]:
    stated = sweep.statement
    return [
        ("scenario", f"{stated['scenario']}, SHA-256 {stated['scenario_sha256'][:16]}"),
        ("design", json.dumps({k: v for k, v in stated["design"].items() if k not in ("ranges", "values", "drawn_from")})),
        ("computed", ", ".join(stated["tables"])),
        ("gap asked of equilibrium sets", f"{stated['tolerance']:g} of the payoff range"),
        ("versions", ", ".join(f"{name} {version}" for name, version in stated["versions"].items())),
    ]
