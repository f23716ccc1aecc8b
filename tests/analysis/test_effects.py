"""Instruments whose worth is known by hand, of both signs, and what inclusion says of the two channels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leverage.analysis.effects import Difference, floor_fall, gain, gross_gain, price, reach
from leverage.analysis.point import Point
from leverage.analysis.worlds import Worlds
from leverage.errors import GameError
from leverage.game.form import compile_form
from leverage.game.stochastic_game import StochasticGame
from leverage.loading import load_scenario
from leverage.scenario.claims import Selection
from leverage.scenario.scenario import Scenario
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from leverage.solvers.markov_perfect import markov_perfect
from tests.conftest import ROOT
from tests.games import prisoners_dilemma, random_game
from tests.leverage_games import borrower, chicken, complements, irrelevant, unused_threat

FINE = 1e-6
AGREED, MARKOV = Selection("bargaining point"), Selection("Markov equilibrium")
BEST, WORST = Selection("best for", ("holder",)), Selection("worst for", ("holder",))


def at(scenario: Scenario, tolerance: float = FINE) -> Point:
    return Point(Worlds(scenario), scenario.values, tolerance=tolerance)


def assert_is(found: Difference, with_it: float, without_it: float, effect: float | None = None, tolerance: float = 1e-4) -> None:
    """The two sides and the effect, by default with less without, and bounds around the truth."""
    effect = with_it - without_it if effect is None else effect
    for figure, truth in ((found.with_it, with_it), (found.without_it, without_it), (found.effect, effect)):
        assert figure.value == pytest.approx(truth, abs=tolerance)
        assert figure.low - 1e-9 <= truth <= figure.high + 1e-9
        assert figure.high - figure.low < tolerance


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_an_option_that_hurts_its_holder() -> None:
    point = at(borrower())
    for selection in (AGREED, BEST, WORST):
        assert_is(gain(point, "keeping", "holder", selection), 0, 2)
        assert_is(gain(point, "keeping", "other", selection), 0, 1)
        assert gain(point, "keeping", "holder", selection).effect.sign() == "negative"
    assert_is(reach(point, "keeping", "holder"), 0, 2)
    assert_is(floor_fall(point, "keeping", "holder"), 0, 2, effect=2)


def test_a_markov_difference_without_an_error_radius_has_a_value_and_no_sign() -> None:
    """Where nothing is lent the holder is indifferent: equilibria form a continuum there, and no radius bounds them."""
    found = gain(at(borrower()), "keeping", "holder", MARKOV)
    assert found.effect.value == pytest.approx(-2)
    assert found.effect.sign() == "cannot be told"
    assert "not bounded" in found.effect.reason


def test_the_temptation_is_what_hurts_the_holders_best_and_the_threat_what_lowers_its_floor() -> None:
    """In between, keeping may be prescribed but is no temptation: then the loan is repaid, or refused as keeping is expected."""
    point = at(borrower())
    assert_is(reach(point, "keeping", "holder", channel="threat"), 2, 2)
    assert_is(reach(point, "keeping", "holder", channel="commitment"), 0, 2)
    assert_is(floor_fall(point, "keeping", "holder", channel="threat"), 0, 2, effect=2)
    assert_is(floor_fall(point, "keeping", "holder", channel="commitment"), 0, 0)


def test_a_threat_that_is_never_carried_out_moves_the_agreement() -> None:
    point = at(unused_threat())
    assert_is(gain(point, "threat", "holder", AGREED), 2.75, 2)
    assert_is(gain(point, "threat", "other", AGREED), 1.25, 2)
    assert_is(gain(point, "threat", "holder", AGREED, channel="threat"), 2.75, 2)
    assert_is(gain(point, "threat", "holder", AGREED, channel="commitment"), 2.75, 2.75)
    assert_is(floor_fall(point, "threat", "other"), -0.5, 1, effect=1.5)
    assert_is(floor_fall(point, "threat", "holder"), 1, 1)
    assert_is(reach(point, "threat", "holder"), 3, 3)
    assert_is(price(point, "threat", AGREED), 0, 0)
    assert_is(gross_gain(point, "threat", "holder", AGREED), 2.75, 2)


def test_carrying_the_threat_out_has_a_price() -> None:
    """The worst equilibrium for the other punishes in the first of its months: the price is on that path."""
    point = at(unused_threat())
    worst = Selection("worst for", ("other",))
    paid, net = price(point, "threat", worst), gain(point, "threat", "holder", worst)
    assert paid.with_it.value >= 0.2 - FINE  # a fifth of the weight is on the first month
    assert paid.effect.sign() == "positive"
    gross = gross_gain(point, "threat", "holder", worst)
    assert gross.effect.value == pytest.approx(net.effect.value + paid.effect.value)
    assert price(point, "threat", worst, tags=("holding",)).effect.value == 0


def test_what_the_other_pays_is_no_part_of_the_price() -> None:
    point = at(complements())
    assert_is(price(point, "left_key", AGREED), 0, 0)
    assert_is(gross_gain(point, "left_key", "other", AGREED), -2, 0)


def test_a_binding_commitment_that_pays() -> None:
    point = at(chicken())
    assert_is(gain(point, "freedom", "holder", AGREED), 4.5, 7)
    assert_is(gain(point, "freedom", "other", AGREED), 4.5, 2)
    assert_is(gain(point, "freedom", "holder", BEST), 7, 7)
    assert_is(gain(point, "freedom", "holder", WORST), 2, 7)
    assert gain(point, "freedom", "holder", WORST).effect.sign() == "negative"


def test_named_strategies_are_compared_as_they_stand() -> None:
    """Without freedom the soft strategy is the firm one: 6 against 7 where the other gives way; swerving is met by a push."""
    point = at(chicken())
    assert_is(gain(point, "freedom", "holder", MARKOV, ("soft", "meek")), 6, 7)
    assert_is(gain(point, "freedom", "holder", MARKOV, ("soft",)), 2, 7)
    assert_is(gain(point, "freedom", "holder", MARKOV, ("firm",)), 7, 7)


def test_an_irrelevant_option_changes_nothing() -> None:
    point = at(irrelevant(), 1e-7)
    nothing = 1e-6 * point.game().payoff_range
    for player in ("holder", "other"):
        for found in (reach(point, "again", player), floor_fall(point, "again", player), gain(point, "again", player, AGREED)):
            assert found.effect.sign(nothing) == "zero"
            assert abs(found.effect.value) < 1e-9


def test_an_instrument_that_is_no_action_has_no_channels() -> None:
    point = at(chicken())
    for found in (
        gain(point, "freedom", "holder", AGREED, channel="threat"),
        reach(point, "freedom", "holder", channel="commitment"),
        floor_fall(point, "freedom", "other", channel="threat"),
    ):
        assert found.effect.standing == "undefined"
        assert "no channels" in found.effect.reason


# --- inclusion -------------------------------------------------------------------------------------------------------


def masked(game: StochasticGame, action: str) -> list[list[np.ndarray]]:
    """All actions of player 1 but one."""
    return [[np.array([name != action or i == 1 for name in own]) for i, own in enumerate(players)] for players in game.actions]


def contained(small: EquilibriumSet, large: EquilibriumSet, slack: float) -> bool:
    """Whether what is proved of the small sets lies in the outer bound of the large ones."""
    for inner, outer in zip(small.inner, large.outer, strict=True):
        for vertex in inner:
            if not len(outer):
                return False
            for angle in np.linspace(0, 2 * math.pi, 48, endpoint=False):
                along = np.array([math.cos(angle), math.sin(angle)])
                if vertex @ along > (outer @ along).max() + slack:
                    return False
    return True


@pytest.mark.parametrize("seed", range(12))
def test_the_game_in_between_contains_both_others(seed: int) -> None:
    game = random_game(seed, states=2, actions=(3, 2), delta=(0.6, 0.75)[seed % 2])
    kept = masked(game, game.actions[0][0][2])
    with_it = equilibrium_set(game, tolerance=1e-3)
    between = equilibrium_set(game, tolerance=1e-3, deviation=kept)
    without = equilibrium_set(game, tolerance=1e-3, prescribable=kept, deviation=kept)
    slack = 1e-3 * game.payoff_range
    assert contained(with_it, between, slack)
    assert contained(without, between, slack)


def test_signs_of_the_channels_follow_from_inclusion() -> None:
    """At a coarse gap too, where bounds of the sets alone leave them open."""
    for tolerance in (0.3, 0.1, 1e-3):
        for scenario, name in ((borrower(), "keeping"), (unused_threat(), "threat"), (irrelevant(), "again")):
            point = at(scenario, tolerance)
            for player in ("holder", "other"):
                for measure in (reach, floor_fall):
                    threat = measure(point, name, player, channel="threat").effect
                    temptation = measure(point, name, player, channel="commitment").effect
                    assert 0 <= threat.low <= threat.value <= threat.high
                    assert temptation.low <= temptation.value <= temptation.high <= 0
                    net = measure(point, name, player).effect
                    assert net.value == pytest.approx(threat.value + temptation.value, abs=1e-12)


# --- what was solved elsewhere ---------------------------------------------------------------------------------------


def test_given_solutions_are_used_and_measured_with_the_points_measures() -> None:
    scenario = load_scenario(ROOT / "tests" / "data" / "small.yaml")
    game = compile_form(scenario).at()
    point = at(scenario, 0.1)
    sets = equilibrium_set(game, tolerance=0.05)
    point.give(sets, markov_perfect(game)[0])
    found = point.chosen(Selection("best for", ("power",)))
    assert point.solves["sets"] == point.solves["markov"] == 0
    assert found.payoffs[0].value == sets.inner[game.start][:, 0].max()
    assert found.plan is not None
    assert found.plan.game is point.game()
    point.markov()
    assert point.solves["markov"] == 0
    point.with_tolerance(1e-3).sets()
    assert point.solves["sets"] == 1


def test_a_given_solution_of_another_game_is_refused() -> None:
    with pytest.raises(GameError, match="another game"):
        at(borrower()).give(equilibrium_set(prisoners_dilemma(), tolerance=0.1))
