"""Equilibrium sets by one rule: a run, a command of its own and a sweep say the same of the same game."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leverage
from leverage import load_scenario, run
from leverage.analysis import proved_sets as module
from leverage.analysis.point import Point
from leverage.analysis.proved_sets import FINER, bounded, proved, quickly_known
from leverage.analysis.worlds import Worlds
from leverage.game.form import compile_form
from leverage.game.stochastic_game import Integers, StochasticGame
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from leverage.solvers.multiplicity import Multiplicity, find_equilibria
from leverage.studies import credible_study, leverage_study

STRIKE, HOSTAGE = (Path(__file__).parent.parent / "data" / name for name in ("strike_fund.yaml", "hostage.yaml"))
GAP = 2e-2


@pytest.fixture(scope="module")
def game() -> StochasticGame:
    return compile_form(load_scenario(STRIKE)).at()


def search_of(game: StochasticGame) -> Multiplicity:
    return find_equilibria(game, short=True)


def test_known_equilibria_prove_what_the_outer_bound_does_not(game: StochasticGame) -> None:
    assert math.isinf(equilibrium_set(game, tolerance=GAP).gap)
    found = bounded(game, GAP)
    assert isinstance(found, EquilibriumSet)
    assert found.gap < game.payoff_range
    assert len(found.inner[game.start])


def test_a_run_its_leverage_and_claims_a_sweep_and_credible_say_the_same() -> None:
    scenario = load_scenario(STRIKE)
    alone = run(scenario)
    assert alone.credible is not None
    best = alone.credible.inner[alone.game.start, 0, 1]
    assert best == pytest.approx(2.843, abs=1e-3)
    [reach] = [row for row in alone.ledger if (row.measure, row.subject, row.channel) == ("reach", "union", "net")]
    assert reach.difference.with_it.value == best
    study = credible_study(scenario).tables["outcomes"]
    own = study[(study["selection"] == "best credible plan for union") & (study["subject"] == "union")]
    assert own.loc[own["quantity"] == "payoff", "value"].item() == best
    [swept] = leverage.sweep(scenario, {"loss": [4]}, tables=["sets", "claims", "leverage"]).to_dict("records")
    assert swept["best for union: union: payoff"] == best
    assert (swept["status"], swept["best: margin"]) == ("solved", alone.judged[0].margin.value)
    assert swept["best [verdict]"] == alone.judged[0].verdict == "holds"


def test_what_hangs_on_the_chosen_plans_is_the_same_in_a_run_a_sweep_and_the_study_of_leverage() -> None:
    scenario = load_scenario(HOSTAGE)
    [judged] = run(scenario).judged
    [swept] = leverage.sweep(scenario, {"ransom": [scenario.values["ransom"]]}, tables=["claims"]).to_dict("records")
    assert (swept["H1 [verdict]"], swept["H1: margin"]) == (judged.verdict, judged.margin.value)
    ledger = leverage_study(scenario).tables["leverage"]
    asked = (ledger["selection"] == "bargaining point") & (ledger["measure"].str.startswith("chance by 12"))
    assert judged.margin.value in ledger.loc[asked, "effect"].tolist()


def test_closer_sets_and_then_the_search_are_asked_only_where_nothing_is_proved(game: StochasticGame) -> None:
    open_sets = equilibrium_set(game, tolerance=GAP)
    asked: list[tuple[float, int]] = []

    def solve(proves: Sequence[bool]) -> Any:
        answers = iter(proves)

        def answer(gap: float, known: Sequence[Integers]) -> EquilibriumSet:
            asked.append((gap, len(known)))
            return replace(open_sets, gap=0.0) if next(answers) else open_sets

        return answer

    def never() -> Multiplicity:
        raise AssertionError("the search costs more than the sets")

    assert proved(solve([True]), GAP, never).gap == 0
    assert proved(solve([False, True]), GAP, never).gap == 0
    assert asked == [(GAP, 0), (GAP, 0), (FINER * GAP, 0)]


def test_what_only_the_search_knows_is_used_at_last(game: StochasticGame, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_quick(_: StochasticGame) -> list[Integers]:
        return []

    monkeypatch.setattr(module, "quickly_known", nothing_quick)
    found = proved(lambda gap, known: bounded(game, gap, known=known), GAP, lambda: search_of(game))
    assert math.isfinite(found.gap)
    point = Point(Worlds(load_scenario(STRIKE)), load_scenario(STRIKE).values, GAP)
    again = point.sets()
    assert (again.gap, point.solves["sets"], point.solves["equilibria"]) == (found.gap, 3, 1)


def test_what_is_found_quickly_are_the_pure_equilibria_of_a_small_game(game: StochasticGame) -> None:
    found = quickly_known(game)
    assert [each.shape for each in found] == [(game.n_states, 2)] * 3
    assert all(np.all(each < game.action_counts) for each in found)
