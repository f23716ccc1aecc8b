"""The ledger of instruments and their joint effect: which rows there are, that they agree with each other, and with any order."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from leverage.analysis.joint_effect import (
    INTERACTION,
    LEFT_OUT,
    NOT_SEARCHED,
    SHAPLEY,
    TOTAL,
    JointRow,
    further_worlds,
    joint_rows,
)
from leverage.analysis.leverage import EVERY_EQUILIBRIUM, NOTHING, LeverageRow, leverage_rows, views
from leverage.analysis.point import Point
from leverage.analysis.worlds import Worlds
from leverage.loading import load_scenario, parse_scenario
from leverage.scenario.scenario import Scenario
from tests.conftest import ROOT
from tests.leverage_games import COMPLEMENTS, borrower, chicken, complements, irrelevant, unused_threat

SMALL = (ROOT / "tests" / "data" / "small.yaml").read_text(encoding="utf-8")
COARSE = 0.1


def at(scenario: Scenario, tolerance: float = COARSE) -> Point:
    return Point(Worlds(scenario), scenario.values, tolerance=tolerance)


@pytest.fixture(scope="module")
def small() -> tuple[LeverageRow, ...]:
    return leverage_rows(at(parse_scenario(SMALL)))


def place(row: LeverageRow) -> tuple[str, ...]:
    return row.instrument, row.selection, row.channel, row.measure, row.subject


def only(rows: Sequence[LeverageRow], **wanted: str) -> LeverageRow:
    found = [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]
    assert len(found) == 1
    return found[0]


# --- which rows there are --------------------------------------------------------------------------------------------


def test_selections_are_those_of_the_holder() -> None:
    labels = [view.label for view in views(parse_scenario(SMALL), 0)]
    assert labels == [
        *("best for power", "worst for power", "bargaining point", "Markov equilibrium"),
        *("tied against mixed", "tied against sulk", "stay against mixed", "stay against sulk"),
        *("tied against best reply", "stay against best reply"),
    ]
    assert "best reply against sulk" in [view.label for view in views(parse_scenario(SMALL), 1)]


def test_each_fact_has_one_row(small: tuple[LeverageRow, ...]) -> None:
    assert Counter(map(place, small)).most_common(1)[0][1] == 1
    assert {row.instrument for row in small} == {"returning", "freedom"}
    assert {row.holder for row in small} == {"power"}


def test_a_view_has_all_measures(small: tuple[LeverageRow, ...]) -> None:
    found = {
        (row.measure, row.subject) for row in small if row.instrument == "returning" and row.selection == "tied against sulk"
    }
    costs = {"price of holding", "price of using", "price", "gross gain", "price per unit of gross gain"}
    assert found == {
        *(("gain", key) for key in ("power", "other")),
        *((measure, "power") for measure in costs),
        *((f"term: {name}", "power") for name in ("settlement", "presence", "redeployment")),
        *((f"term: {name}", "other") for name in ("settlement", "presence")),
        *((measure, "settled") for measure in ("chance by 6 months", "chance by 12 months", "months to it, given it happens")),
    }


def test_ends_of_ranges_stand_once_an_instrument(small: tuple[LeverageRow, ...]) -> None:
    found = [(row.measure, row.subject) for row in small if row.selection == EVERY_EQUILIBRIUM and row.channel == "net"]
    assert found == 2 * [("reach", "power"), ("reach", "other"), ("own floor", "power"), ("coercion", "other")]


def test_channels_are_of_actions_and_of_selections_from_all_equilibria(small: tuple[LeverageRow, ...]) -> None:
    told = {(row.instrument, row.selection, row.measure) for row in small if row.channel != "net"}
    chosen = ("best for power", "worst for power", "bargaining point")
    ends = {("returning", EVERY_EQUILIBRIUM, measure) for measure in ("reach", "coercion", "own floor")}
    assert told == {("returning", selection, "gain") for selection in chosen} | ends


# --- that they agree -------------------------------------------------------------------------------------------------


def test_effects_are_with_less_without_and_lie_in_their_bounds(small: tuple[LeverageRow, ...]) -> None:
    for row in small:
        with_it, without_it, effect = row.difference.with_it, row.difference.without_it, row.difference.effect
        if effect.known and row.measure != "price per unit of gross gain":
            turned = -1 if row.measure in ("coercion", "own floor") else 1
            assert effect.value == pytest.approx(turned * (with_it.value - without_it.value), abs=1e-12)
        if effect.known:
            assert effect.low <= effect.value <= effect.high


def test_terms_sum_to_the_gain_and_prices_to_the_price(small: tuple[LeverageRow, ...]) -> None:
    for instrument, selection in {(row.instrument, row.selection) for row in small if row.measure == "price"}:
        own = [row for row in small if (row.instrument, row.selection, row.channel) == (instrument, selection, "net")]
        for key in ("power", "other"):
            terms = sum(row.difference.effect.value for row in own if row.measure.startswith("term") and row.subject == key)
            gain = only(own, measure="gain", subject=key).difference.effect
            assert gain.low - 1e-6 <= terms <= gain.high + 1e-6
        holding, using, both = (
            only(own, measure=measure).difference.effect.value for measure in ("price of holding", "price of using", "price")
        )
        assert both == pytest.approx(holding + using, abs=1e-12)
        gain = only(own, measure="gain", subject="power").difference.effect.value
        assert only(own, measure="gross gain").difference.effect.value == pytest.approx(gain + both, abs=1e-12)


def test_the_price_of_a_unit_is_undefined_where_there_may_be_no_gross_gain() -> None:
    rows = leverage_rows(at(unused_threat(), 1e-4))
    agreed = only(rows, selection="bargaining point", measure="price per unit of gross gain")
    assert agreed.difference.effect.value == pytest.approx(0, abs=1e-9)
    best = only(rows, selection="best for holder", measure="price per unit of gross gain")
    assert best.sign == "undefined"
    assert "may be zero" in best.note
    lent = only(leverage_rows(at(borrower(), 1e-4)), selection="bargaining point", measure="price per unit of gross gain")
    assert "there is no gain" in lent.note


def test_signs_keep_a_tolerance_of_the_payoff_range() -> None:
    """Zero for all but what bounds leave open: the other's payoff where many equilibria are as bad for the holder, and Markov
    equilibria that are a continuum, as both names of defection are played."""
    point = at(irrelevant(), 1e-7)
    rows = [row for row in leverage_rows(point) if row.measure in ("gain", "reach", "coercion", "own floor")]
    unsure = {(row.selection, row.subject) for row in rows if row.sign != "zero"}
    assert unsure == {("worst for holder", "other"), ("Markov equilibrium", "holder"), ("Markov equilibrium", "other")}
    widths = [row.difference.effect.high - row.difference.effect.low for row in rows if row.sign == "zero"]
    assert 0 < max(widths) < 2 * NOTHING * point.game().payoff_range


def test_an_event_that_never_happens_is_undefined_with_the_reason() -> None:
    row = only(leverage_rows(at(chicken())), selection="firm against meek", measure="months to it, given it happens")
    assert row.sign == "undefined"
    assert "never happens" in row.note


# --- any order -------------------------------------------------------------------------------------------------------


def told(rows: Sequence[LeverageRow]) -> dict[tuple[str, ...], str]:
    return {place(row): repr(row) for row in rows}


def test_rows_do_not_depend_on_the_order_of_instruments(small: tuple[LeverageRow, ...]) -> None:
    scenario = parse_scenario(SMALL)
    other_way = replace(scenario, instruments=scenario.instruments[::-1])
    assert told(leverage_rows(at(other_way))) == told(small)
    alone = [row for each in scenario.instruments for row in leverage_rows(at(replace(scenario, instruments=(each,))))]
    assert told(alone) == told(small)


def test_rows_do_not_depend_on_what_was_asked_before(small: tuple[LeverageRow, ...]) -> None:
    point = at(parse_scenario(SMALL))
    joint_rows(point)
    point.with_tolerance(1e-2).sets()
    assert told(leverage_rows(point)) == told(small)


SWAPPED = COMPLEMENTS.replace(
    "{holder: {discount: 0.5}, other: {discount: 0.5}}", "{other: {discount: 0.5}, holder: {discount: 0.5}}"
)


def test_rows_do_not_depend_on_the_order_of_players() -> None:
    one, other = (leverage_rows(at(parse_scenario(text), 1e-6)) for text in (COMPLEMENTS, SWAPPED))
    assert SWAPPED != COMPLEMENTS
    by_place = {place(row): row for row in other}
    compared = [row for row in one if " against " not in row.selection]
    assert len(compared) > 50
    for row in compared:
        twin = by_place[place(row)]
        assert twin.sign == row.sign
        if row.difference.effect.known:
            assert twin.difference.effect.value == pytest.approx(row.difference.effect.value, abs=1e-6)


# --- other numbers of players ----------------------------------------------------------------------------------------

ALONE = """
language: 1
title: Alone
question: What is a second road worth?
period: 1 month
players: {walker: {discount: 0.5}}
state: {place: [here, there]}
start: {place: here}
actions: {walker: {road: always, path: always}}
transitions: {place: stays}
payoffs: {walker: {gains: {road: 3 when walker plays road, path: 2 when walker plays path}}}
measures: {dates: [12 months]}
strategies: {walker: {by_road: {always: [road, path]}}}
instruments: {road: {holder: walker, without: {forbid: [road]}}}
"""


def test_a_player_alone_has_its_best_play_and_its_strategies() -> None:
    rows = leverage_rows(at(parse_scenario(ALONE)))
    assert {row.selection for row in rows} == {"Markov equilibrium", "by_road"}
    for selection in ("Markov equilibrium", "by_road"):
        assert only(rows, selection=selection, measure="gain").difference.effect.value == pytest.approx(1)


THREE = """
language: 1
title: Three
question: What is the club worth?
period: 1 month
players: {a: {discount: 0.5}, b: {discount: 0.5}, c: {discount: 0.5}}
state: {place: [here, there]}
start: {place: here}
actions:
  a: {work: always, hit: always}
  b: {work: always, idle: always}
  c: {work: always}
transitions: {place: stays}
payoffs:
  a: {gains: {b_works: 2 when b plays work, own: 1 when a plays work}}
  b: {gains: {own: 1 when b plays idle}, costs: {hit: 3 when a plays hit}}
  c: {gains: {own: 1}}
measures: {dates: [12 months]}
strategies:
  a: {calm: {always: work}, fierce: {always: [hit, work]}}
  b: {lazy: {always: idle}}
  c: {steady: {always: work}}
instruments: {club: {holder: a, without: {forbid: [hit]}}}
"""


def test_three_players_have_ends_of_ranges_and_combinations() -> None:
    """Without the club b idles for ever: 1 for a, 1 for b. With it b is held down to 0, its best reply to being hit for not
    working: hitting costs a 1 now."""
    rows = leverage_rows(at(parse_scenario(THREE), 1e-2))
    assert only(rows, measure="coercion", subject="b", channel="net").sign == "positive"
    assert only(rows, measure="reach", subject="a", channel="net").sign == "positive"
    assert only(rows, measure="reach", subject="c", channel="net").difference.effect.value == pytest.approx(0, abs=1e-6)
    best = only(rows, selection="best for a", measure="gain", subject="b", channel="net")
    assert best.sign == "undefined"
    assert "more than two players" in best.note
    assert not [row for row in rows if row.selection == "bargaining point"]  # it is for two
    combination = only(rows, selection="fierce against lazy against steady", measure="gain", subject="b")
    assert combination.difference.effect.value == pytest.approx(-3)


SHARED = (
    COMPLEMENTS.replace("other: {look: always}", "other: {open: always, wait: always}")
    .replace("{try: {always: open}}", "&both {try: {always: open}, rest_now: {always: wait}}")
    .replace("{watch: {always: look}}", "*both")
    .replace(
        "gains: {treasure: 6 * left * right when holder plays open}", "gains: {treasure: 6 * left * right when other plays open}"
    )
)


def test_players_may_have_strategies_of_the_same_name() -> None:
    """The holder gets the treasure when the other opens."""
    rows = leverage_rows(at(parse_scenario(SHARED)))
    for selection, gain in (("try against rest_now", 0), ("rest_now against try", 6), ("try against try", 6)):
        found = only(rows, instrument="left_key", selection=selection, measure="gain", subject="holder")
        assert found.difference.effect.value == pytest.approx(gain)


# --- several instruments ---------------------------------------------------------------------------------------------


def joint(rows: Sequence[JointRow], measure: str, player: str = "holder") -> dict[tuple[str, ...], float]:
    return {
        (row.selection, *row.instruments): row.effect.value for row in rows if row.measure == measure and row.player == player
    }


def test_two_keys_share_the_treasure_equally_and_all_of_it_is_interaction() -> None:
    rows = joint_rows(at(complements(), 1e-6))
    for selection in ("best for holder", "worst for holder", "bargaining point"):
        for player, whole in (("holder", 6), ("other", -2)):
            values = joint(rows, SHAPLEY, player)
            for key in ("left_key", "right_key"):
                assert values[(selection, key)] == pytest.approx(whole / 2, abs=1e-5)
            assert joint(rows, INTERACTION, player)[(selection, "left_key", "right_key")] == pytest.approx(whole, abs=1e-5)
            assert joint(rows, TOTAL, player)[(selection, "left_key", "right_key")] == pytest.approx(whole, abs=1e-5)


def test_the_joint_effect_of_two_holds_together_with_the_ledger() -> None:
    """v(12) is the scenario, v(2) the world without the first: their difference is the first one's gain."""
    point = at(parse_scenario(SMALL))
    rows, ledger = joint_rows(point), leverage_rows(point)
    total = joint(rows, TOTAL, "power")[("bargaining point", "returning", "freedom")]
    one, two = (
        only(ledger, instrument=name, selection="bargaining point", measure="gain", subject="power", channel="net")
        for name in ("returning", "freedom")
    )
    both = one.difference.effect.value + two.difference.effect.value
    assert joint(rows, INTERACTION, "power")[("bargaining point", "returning", "freedom")] == pytest.approx(
        both - total, abs=1e-9
    )
    values = joint(rows, SHAPLEY, "power")
    assert sum(value for key, value in values.items() if key[0] == "bargaining point") == pytest.approx(total, abs=1e-9)


def test_joint_effects_do_not_depend_on_the_order_of_instruments() -> None:
    scenario = complements()
    one = joint_rows(at(scenario))
    other = joint_rows(at(replace(scenario, instruments=scenario.instruments[::-1])))
    for measure in (SHAPLEY, INTERACTION, TOTAL):
        assert {frozenset(key): value for key, value in joint(one, measure).items()} == {
            frozenset(key): value for key, value in joint(other, measure).items()
        }


CONFLICT = (
    COMPLEMENTS
    + """
  small_key: {holder: holder, without: {set: {right: 0.5}}}
"""
)


def test_what_does_not_commute_is_left_out_with_the_reason() -> None:
    rows = joint_rows(at(parse_scenario(CONFLICT)))
    left_out = {row.instruments: row.note for row in rows if row.measure == LEFT_OUT}
    assert set(left_out) == {("right_key",), ("small_key",)}
    assert "does not commute with small_key: the value of 'right'" in left_out[("right_key",)]
    assert not [row for row in rows if row.measure == SHAPLEY]  # one is left


IDLE = (
    COMPLEMENTS[: COMPLEMENTS.index("instruments:")]
    + """
instruments:
  opening: {holder: holder, without: {forbid: [open]}}
  waiting: {holder: holder, without: {forbid: [wait]}}
"""
)


def test_a_world_without_any_action_is_no_game_and_what_needs_it_is_undefined() -> None:
    rows = joint_rows(at(parse_scenario(IDLE)))
    assert {row.measure for row in rows} == {SHAPLEY, INTERACTION, TOTAL}
    for row in rows:
        assert row.sign == "undefined"
        assert row.note.startswith("without opening and waiting there is no game")


def test_beyond_the_budget_nothing_is_searched_and_a_row_says_so() -> None:
    point = at(complements())
    assert further_worlds(point) == 1
    (row,) = joint_rows(point, most_worlds=0)
    assert row.measure == NOT_SEARCHED
    assert "1 further world" in row.note
    assert point.solves["sets"] == 0
    assert joint_rows(point, most_worlds=1) == joint_rows(point)


def test_worlds_are_solved_once_for_all_selections_and_players() -> None:
    """Four worlds, of which the three with a key missing are one game."""
    point = at(complements())
    joint_rows(point)
    assert point.solves["sets"] == 2


HOLDERS = COMPLEMENTS.replace("right_key: {holder: holder", "right_key: {holder: other")


def test_instruments_of_different_holders_are_not_divided_together() -> None:
    assert joint_rows(at(parse_scenario(HOLDERS))) == ()


def test_every_instrument_of_the_main_scenario_commutes_with_the_others() -> None:
    point = at(load_scenario(ROOT / "scenarios" / "withdrawal.yaml"))
    assert further_worlds(point) == 2 ** len(point.scenario.instruments) - len(point.scenario.instruments) - 1
    assert not list(itertools.chain(row for row in joint_rows(point, most_worlds=0) if row.measure == LEFT_OUT))
