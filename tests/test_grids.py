"""The shipped argument on other grids: the same pace with fewer and more levels, and the claims judged again on each."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from leverage import compile_form, load_scenario
from leverage.analysis.claims import JudgedClaim
from leverage.analysis.proved_sets import TOLERANCE
from leverage.output.claims import VERDICT_WORDS
from leverage.points.evaluator import Evaluator
from leverage.scenario.claims import ClaimLine
from leverage.scenario.scenario import Scenario

WITHDRAWAL = Path(__file__).parents[1] / "scenarios" / "withdrawal.yaml"
GRIDS = ("three_levels", "seven_levels")
#: The main job's gap, and a finer one where that leaves a verdict open.
LADDER = (TOLERANCE, TOLERANCE / 2)
#: Sums of a few products of numbers of the size of 1.
ROUNDING = 1e-12


def on_grid(grid: str, **values: float) -> Scenario:
    return load_scenario(WITHDRAWAL, values, grid)


def forces_gone_in_a_month(scenario: Scenario, action: str) -> float:
    """The share of the force that leaves from full deployment on average."""
    form = compile_form(scenario)
    game = form.at()
    levels = tuple(scenario.vocabulary.variables["deployment"].values())
    forces = np.array([levels[state[0]] for state in form.levels])
    mine = game.actions[game.start][0].index(action)
    law = game.stage_transitions(game.start)[mine, 0]
    return float(forces[game.start] - law @ forces)


@pytest.mark.parametrize("grid", ["", *GRIDS])
@pytest.mark.parametrize("pace", [0.08, 0.163, 0.25])
def test_the_pace_in_force_a_month_is_the_same_on_every_grid(grid: str, pace: float) -> None:
    scenario = on_grid(grid, slow_pace=pace)
    assert forces_gone_in_a_month(scenario, "withdraw_slow") == pytest.approx(pace, abs=ROUNDING)
    assert forces_gone_in_a_month(scenario, "withdraw_fast") == pytest.approx(0.6, abs=ROUNDING)


def test_the_grids_have_fewer_and_more_levels_between_the_same_ends() -> None:
    levels = [on_grid(grid).vocabulary.variables["deployment"] for grid in (GRIDS[0], "", GRIDS[1])]
    assert [len(own) for own in levels] == [3, 4, 7]
    for own in levels:
        assert (*own,)[:: len(own) - 1] == ("bases_only", "full")
        assert np.ptp(np.diff(list(own.values()))) < ROUNDING
    assert set(levels[1].items()) <= set(levels[2].items())


def test_all_else_is_the_same_on_every_grid() -> None:
    """At the ends, which all grids share, nothing differs but where withdrawing leads."""
    base = compile_form(on_grid(""))
    for grid in GRIDS:
        other = compile_form(on_grid(grid))
        assert base.scenario.values == other.scenario.values
        game, twin = base.at(), other.at()
        shared = {name: k for k, name in enumerate(twin.states)}
        ends = [(s, shared[name]) for s, name in enumerate(game.states) if re.match("deployment (bases only|full)", name)]
        assert len(ends) == game.n_states / 2
        for s, t in ends:
            assert game.actions[s] == twin.actions[t]
            np.testing.assert_allclose(game.stage_payoffs(s), twin.stage_payoffs(t), atol=ROUNDING * game.payoff_range)


def judged(grid: str) -> list[JudgedClaim]:
    """All claims but those that solve for all credible play at many values or in many worlds, which take a minute a grid."""
    evaluator = Evaluator(on_grid(grid), ladder=LADDER)
    dear = [claim for claim in evaluator.scenario.claims if any(is_dear(line) for line in claim.lines)]
    assert all(not claim.caveat for claim in dear)
    return [evaluator.judge(claim) for claim in evaluator.scenario.claims if claim not in dear]


def is_dear(line: ClaimLine) -> bool:
    return line.is_trend or any(call.function == "interaction" for call in line.calls)


@pytest.mark.slow
def test_a_claim_has_a_caveat_for_each_grid_with_another_verdict_and_for_no_other() -> None:
    """A caveat tells the grid and the verdict there."""
    base = judged("")
    told = {each.claim.name: set(re.findall(r"([A-Z]+) with --variant (\w+)", each.claim.caveat)) for each in base}
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in told}
    for grid in GRIDS:
        others = judged(grid)
        for here, there in zip(base, others, strict=True):
            if here.verdict != there.verdict:
                found[here.claim.name].add((VERDICT_WORDS[there.verdict], grid))
    assert told == found
    assert any(found.values())
