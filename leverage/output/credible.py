"""All credible play in print: the range of each player with the gap, the best plan of each, and the bargaining points with
their outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from leverage.analysis.credible import CrediblePlay
from leverage.analysis.plays import Play
from leverage.game.form import GameForm
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.output.columns import listed, paragraph, percent, section, table
from leverage.output.heading import head_text, setting_words
from leverage.output.page import Page
from leverage.output.plan_words import PlanWords, plan_words
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import plain

#: Bargaining rules as they are told in tables.
RULE_NAMES = {
    "nash": "Nash",
    "kalai-smorodinsky": "Kalai-Smorodinsky",
    "maximin": "maximin gains",
    "utilitarian": "largest sum",
}


#: What the selection of a bargaining rule begins with, in tables and in words.
_RULE, _AGREED = "bargaining: ", "agreed: "


def selection_words(selection: str) -> str:
    """A selection as it is told.

    >>> selection_words("bargaining: kalai-smorodinsky"), selection_words("tied_pace against best reply")
    ('agreed: Kalai-Smorodinsky', 'tied pace against best reply')
    """
    rule = selection.removeprefix(_RULE)
    return plain(selection) if rule == selection else f"{_AGREED}{RULE_NAMES.get(rule, rule)}"


def credible_text(scenario: Scenario, game: StochasticGame, credible: CrediblePlay, plans: Sequence[PlanWords]) -> str:
    """The page of `simulate credible`, without a trailing newline."""
    setting = setting_words(scenario)
    told = [paragraph(f"* {sentence}", 2) for sentence in (credible.status, setting) if sentence]
    lines = [head_text(scenario, "Credible play"), *told, "", *credible_lines(Page(scenario, game), credible, 1)]
    return "\n".join([*lines, *plan_lines(plans, 2)]).rstrip()


def credible_lines(page: Page, credible: CrediblePlay | None, which: int) -> list[str]:
    """The section of a run's page; nothing for a player alone."""
    if credible is None:
        return []
    ends = credible.outer[page.game.start]
    event = f"; in %: {plain(page.event)} by then" if page.event and credible.best else ""
    parts = [section(which, "what credible play allows", f"subgame-perfect, pure actions, public randomisation{event}")]
    if not np.all(np.isfinite(ends)):
        return [*parts, paragraph(credible.status), ""]
    ranges = [f"{key} {page.points(low)} to {page.points(high)}" for key, (low, high) in zip(page.keys, ends, strict=True)]
    parts.append(paragraph(f"Range at the start, {page.game.payoff_unit}: {listed(ranges)}. {_gap_words(credible)}"))
    return [*parts, *_plans(page, credible), *_threats(page, credible), ""]


def told_plans(credible: CrediblePlay | None, form: GameForm) -> tuple[PlanWords, ...]:
    """The best plan of each player in words."""
    return tuple(plan_words(small, form) for small in (credible.small if credible else ()))


def plan_lines(plans: Sequence[PlanWords], which: int) -> list[str]:
    """The section of the best plans in words; nothing without plans."""
    if not plans:
        return []
    head = section(which, "credible plans short enough to tell", "nearly as good as the best ones: the fewest phases found")
    return [head, *(f"{plan.text}\n" for plan in plans)]


def _gap_words(credible: CrediblePlay) -> str:
    """How far the two bounds are apart."""
    if math.isinf(credible.gap):
        return f"These are outer bounds. {credible.status}"
    within = f"plans that were checked reach to within {credible.gap:.2g} of it, from any state"
    return f"No such equilibrium pays less or more; {within}."


def _plans(page: Page, credible: CrediblePlay) -> list[str]:
    """The best plan of each player and what they agree on."""
    if not credible.best:
        return []
    rows = [_row(page, f"best for {key}", play, "") for key, play in zip(page.keys, credible.best, strict=True)]
    for point in credible.points:
        rows.append(_row(page, f"{_AGREED}{RULE_NAMES[point.rule]}", credible.bargained.get(point.rule), point.agreement))
    heads = ["", *(f"{plain(key)} gets" for key in page.keys)]
    heads += [f"by {date}" for date in page.dates] if page.event else []
    text, _ = table(heads, rows)
    unit = listed([RULE_NAMES[point.rule] for point in credible.points if point.unit_dependent])
    worst = _both(page, credible.points[0].disagreement)
    tail = (
        f"Without agreement: the worst equilibrium payoffs ({worst}). {unit} depend on the units of payoffs; see bargaining.csv."
    )
    return ["", text, "", paragraph(tail)]


def _threats(page: Page, credible: CrediblePlay) -> list[str]:
    """Nash's variable threats, as a benchmark."""
    found = credible.threats
    if found is None:
        return []
    agreed, threat = _both(page, found.point), _both(page, found.disagreement)
    return [
        paragraph(
            f"If threats and agreements could be enforced (Nash 1953; not credible): {agreed}; carried out, they pay {threat}."
        )
    ]


def _both(page: Page, payoffs: Floats) -> str:
    """'power 1.0, opposition 2.0'."""
    return ", ".join(f"{key} {page.points(value)}" for key, value in zip(page.keys, payoffs, strict=True))


def _row(page: Page, name: str, play: Play | None, instead: str) -> list[str]:
    if play is None:
        return [f"{name} ({instead})", *["-"] * len(page.keys)]
    cells = [page.points(play.value(player, "payoff")) for player in page.game.players]
    if page.event:
        cells += [percent(play.value(page.event, f"chance by {date}")) for date in page.dates]
    return [name, *cells]
