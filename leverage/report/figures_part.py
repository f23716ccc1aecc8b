"""Which figures a run's folder gives: credible play, instruments, paths, the selected play, what moves it, claims that flip."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from leverage.figures.claim_along import draw_claim_along
from leverage.figures.context import Context
from leverage.figures.drawing import Drawing
from leverage.figures.equilibrium_set import draw_equilibrium_set
from leverage.figures.leverage import draw_leverage
from leverage.figures.path import draw_path
from leverage.figures.sensitivity import draw_sensitivity
from leverage.figures.strategy_map import draw_strategy_map
from leverage.output.about import player_told_of
from leverage.report.claims_part import flips_of
from leverage.report.own_strategies import own_strategies
from leverage.scenario import syntax
from leverage.scenario.scenario import Scenario
from leverage.writing.run_folder import RunFolder

#: Claims that a page draws along the parameter of their nearest flip.
MOST_CLAIMS = 3


def drawings_of(folder: RunFolder) -> tuple[Drawing, ...]:
    """The figures of the page in its order; those that the tables cannot give are left out.

    Of claims those `MOST_CLAIMS` whose nearest flips are nearest, each along the parameter of that flip.
    """
    return tuple(drawing for drawing in _drawings(folder) if drawing is not None)


def further_drawings_of(folder: RunFolder) -> tuple[Drawing, ...]:
    """What the page has no room for: the other claims that flip, each along the parameter of its nearest flip."""
    return tuple(drawing for drawing in _claims(folder, slice(MOST_CLAIMS, None)) if drawing is not None)


def _context(folder: RunFolder) -> Context:
    return Context.of(folder.scenario, folder.manifest["start"])


def _drawings(folder: RunFolder) -> Iterator[Drawing | None]:
    scenario, outcomes, context = folder.scenario, folder.run_table("outcomes"), _context(folder)
    yield draw_equilibrium_set(folder.run_table("equilibrium_set"), folder.run_table("bargaining"), outcomes, context)
    yield draw_leverage(folder.run_table("leverage"), context)
    paths, told = folder.run_table("paths"), _told_play(outcomes, scenario)
    for variable in _told_variables(scenario):
        yield draw_path(paths, told, variable, context)
    yield draw_strategy_map(folder.run_table("play"), 1, context)
    sensitivity = folder.run_table("sensitivity")
    yield draw_sensitivity(sensitivity, scenario.players[player_told_of(scenario)].key, "payoff", context)
    for event in scenario.events[:1]:
        dates = [q for q in dict.fromkeys(sensitivity.quantity) if q.startswith("chance by ")]
        yield draw_sensitivity(sensitivity, event.name, dates[-1], context) if dates else None
    yield from _claims(folder, slice(MOST_CLAIMS))


def _claims(folder: RunFolder, which: slice) -> Iterator[Drawing | None]:
    """The claims that flip, those with the nearest flips first, each along its parameter; `which` of them are drawn."""
    points, claims, tipping = folder.run_table("claim_points"), folder.run_table("claims"), folder.run_table("tipping")
    nearest = flips_of(tipping).drop_duplicates("claim")[which]
    for row in nearest.to_dict("records"):
        yield draw_claim_along(points, claims, tipping, row["claim"], row["parameter"], _context(folder))


def _told_play(outcomes: pd.DataFrame, scenario: Scenario) -> str:
    """The play that is followed over time: the named strategy that pays its player most against best replies, else what pays it
    most of all."""
    paid = own_strategies(scenario, outcomes)
    if not len(paid):
        paid = outcomes[outcomes.subject == scenario.players[player_told_of(scenario)].key]
    paid = paid[paid.quantity == "payoff"]
    return str(paid.sort_values("value", ascending=False, kind="stable").selection.iloc[0])


def _told_variables(scenario: Scenario) -> list[str]:
    """The state variables that are followed: those that the first event is about, and the first one."""
    names = list(scenario.vocabulary.variables)
    watched = [names[at] for event in scenario.events[:1] for at in _variables_in(event.condition)]
    return list(dict.fromkeys([*watched, *names[:1]]))


def _variables_in(condition: syntax.Condition) -> list[int]:
    """State variables whose level a condition names."""
    match condition:
        case syntax.At(variable, _):
            return [variable]
        case syntax.Both(left, right) | syntax.Either(left, right):
            return [*_variables_in(left), *_variables_in(right)]
        case _:
            return []
