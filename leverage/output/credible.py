"""All credible play in print: the range of each player with the gap, the best plan of each, and the bargaining points with
their outcomes."""

from __future__ import annotations

import math

from leverage.analysis.plays import Play
from leverage.output.columns import listed, paragraph, percent, section, table
from leverage.output.facts import Facts
from leverage.scenario.wording import plain

#: Bargaining rules as they are told in tables.
RULE_NAMES = {
    "nash": "Nash",
    "kalai-smorodinsky": "Kalai-Smorodinsky",
    "maximin": "maximin gains",
    "utilitarian": "largest sum",
}


def credible_lines(facts: Facts, which: int) -> list[str]:
    """The section of a run's page; nothing for a game that has not two players."""
    credible = facts.run.credible
    if credible is None:
        return []
    sets, start = credible.sets, facts.run.game.start
    parts = [section(which, "what credible play allows", "subgame-perfect, pure actions, public randomisation")]
    if not credible.best:
        return [*parts, paragraph(sets.status), ""]
    ranges = [
        f"{key} {facts.points(low)} to {facts.points(high)}"
        for key, (low, high) in zip(facts.keys, sets.bounds[start], strict=True)
    ]
    lead = f"Range at the start, {facts.run.game.payoff_unit}: {listed(ranges)}. {_gap_words(facts)}"
    rows = [_row(facts, f"best for {key}", play, "") for key, play in zip(facts.keys, credible.best, strict=True)]
    rows += [
        _row(facts, f"agreed: {RULE_NAMES[point.rule]}", credible.bargained.get(point.rule), point.agreement)
        for point in credible.points
    ]
    heads = ["", *(f"{plain(key)} gets" for key in facts.keys)]
    heads += [f"by {date}" for date in facts.dates] + ["ever"] if facts.event else []
    text, _ = table(heads, rows)
    unit = listed([RULE_NAMES[point.rule] for point in credible.points if point.unit_dependent])
    worst = ", ".join(
        f"{key} {facts.points(value)}" for key, value in zip(facts.keys, credible.points[0].disagreement, strict=True)
    )
    tail = (
        f"Without agreement: the worst equilibrium payoffs ({worst}). {unit} depend on the units of payoffs; see bargaining.csv."
    )
    return [*parts, paragraph(lead), "", text, "", paragraph(tail), ""]


def _gap_words(facts: Facts) -> str:
    """How far the two bounds are apart."""
    credible = facts.run.credible
    if credible is None or math.isinf(credible.sets.gap):
        return "The inner bound is empty in some state; the ranges are outer bounds."
    return f"Outer bounds; what is proved is at most {1.05 * credible.sets.gap:.2g} away."


def _row(facts: Facts, name: str, play: Play | None, instead: str) -> list[str]:
    if play is None:
        return [f"{name} ({instead})", *["-"] * len(facts.keys)]
    cells = [facts.points(facts.payoff(play, i)) for i in range(len(facts.keys))]
    if facts.event:
        cells += [percent(play.value(facts.event, f"chance by {date}")) for date in facts.dates]
        cells += [percent(play.value(facts.event, "chance ever"))]
    return [name, *cells]
