"""For which discount factors the best credible plan makes an event likely: games solved by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from leverage.analysis.event_question import EventQuestion
from leverage.analysis.outcomes import event_chance, measure_outcomes
from leverage.errors import GameError
from leverage.game.stochastic_game import Measures, StochasticGame
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from leverage.solvers.patience import Told, patience
from tests.games import chain, gamblers_ruin, matching_pennies, no_choice

WIDTH = 1e-4
#: Gains up to 1e-9 of the payoff range count as none, so that a yes may lie this far beyond an edge.
BEYOND = 1e-7
#: Cooperation for ever is credible from here on, see `settlement`.
JUMP = (11 - math.sqrt(73)) / 4


def settlement(discount: float | tuple[float, float] = 0.9) -> StochasticGame:
    """Two who cooperate settle with a chance of a half each period, and get 4 each for ever; until then a prisoners' dilemma.

    Before: cooperation pays 0 now, defection from it 3, mutual defection 1, being defected upon -20. Mutual defection for ever
    is the worst equilibrium, worth 1. Cooperation until settled is worth V = d (4 + V) / 2 = 4 d / (2 - d), a departure from it 3
    (1 - d) + d, so that it is credible exactly if 4 d >= (3 - 2 d)(2 - d), 2 d^2 - 11 d + 6 <= 0. To be defected upon must be
    made good by 1 + 21 (1 - d) / d, which is more than V wherever V < 3, and where V >= 3 nobody wants to defect first. So the
    best plan for either is cooperation at once from that discount factor on, with a chance of 1 - 1/2^t by t periods, and
    mutual defection before, with none.
    """
    stage = np.array([[[0.0, 0.0], [-20.0, 3.0]], [[3.0, -20.0], [1.0, 1.0]]])
    law = np.array([[[0.5, 0.5], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]]])
    game = StochasticGame.from_arrays([stage, [[[4.0, 4.0]]]], [law, [[[0.0, 1.0]]]], discount)
    return replace(game, measures=Measures(events={"settled": np.array([False, True])}, dates=(1.0, 2.0, 4.0)))


def fork(left: tuple[float, float], right: tuple[float, float], chooser: int) -> StochasticGame:
    """One of the two goes left, to an event, or right; left, right: what both get for ever there; before, nothing."""
    to = np.eye(3)
    law = np.array([to[1], to[2]])
    shape = (2, 1) if chooser == 0 else (1, 2)
    game = StochasticGame.from_arrays(
        [np.zeros((*shape, 2)), [[list(left)]], [[list(right)]]], [law.reshape(*shape, 3), [[to[1]]], [[to[2]]]], 0.5
    )
    return replace(game, measures=Measures(events={"left": np.array([False, True, False])}, dates=(1.0,)))


def told(game: StochasticGame, question: EventQuestion, sets: EquilibriumSet | None = None) -> Told:
    return question.told(game, equilibrium_set(game) if sets is None else sets)


# --- where the chance jumps ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("best_for", [0, 1])
@pytest.mark.parametrize(("date", "chance"), [(1, 0.5 - 1e-9), (2, 0.6), (4, 0.93)])
def test_the_chance_jumps_where_cooperation_becomes_credible(best_for: int, date: float, chance: float) -> None:
    found = patience(settlement(), EventQuestion("settled", date, chance, best_for), points=8)
    (interval,) = found.intervals
    assert interval.no_below is not None
    assert 0 < interval.low - interval.no_below <= WIDTH
    assert interval.no_below - BEYOND <= JUMP <= interval.low + BEYOND
    assert found.threshold == interval.low
    assert {point.told for point in found.points} == {"yes", "no"}


def test_one_players_patience_where_the_others_is_given() -> None:
    """Each needs (3 - 2 d)(2 - d) <= 4 d by itself: worst payoffs and cooperation's value depend on one's own factor only."""
    found = patience(settlement((0.9, 0.8)), EventQuestion("settled", 2, 0.6, 1), player=0, points=6)
    (interval,) = found.intervals
    assert interval.no_below is not None
    assert interval.no_below - BEYOND <= JUMP <= interval.low + BEYOND
    impatient = patience(settlement((0.9, 0.5)), EventQuestion("settled", 2, 0.6, 1), player=0, points=4, high=0.9)
    assert {point.told for point in impatient.points} == {"no"}


def test_a_chance_that_no_plan_reaches_and_one_that_every_plan_reaches() -> None:
    assert {point.told for point in patience(settlement(), EventQuestion("settled", 2, 0.8, 0), points=4).points} == {"no"}
    assert {point.told for point in patience(settlement(), EventQuestion("settled", 2, 0.0, 0), points=4).points} == {"yes"}


def test_the_chance_that_is_asked_for_cannot_be_told_from_itself() -> None:
    found = patience(settlement(), EventQuestion("settled", 2, 0.75, 0), points=5)
    assert {point.told for point in found.points if point.delta > JUMP + WIDTH} == {"cannot be told"}
    assert {point.told for point in found.points if point.delta < JUMP - WIDTH} == {"no"}
    assert found.threshold is None


def test_the_status_says_what_is_certified() -> None:
    status = patience(settlement(), EventQuestion("settled", 2, 0.6, 1), points=4).status
    assert "The credible plan best for 2 has 'settled' by 2 periods with a chance of at least 0.6 for discount factors" in status
    assert "within 0.0001 of the payoff range of the most that credible play can pay, ties to the plan better for both" in status
    assert "Another plan that pays as much may have another chance." in status


# --- ties and near ties ----------------------------------------------------------------------------------------------------


def test_of_equally_good_plans_the_one_better_for_both_counts() -> None:
    assert told(fork((1.0, 1.0), (1.0, 0.0), 0), EventQuestion("left", 1, 0.5, 0)) == "yes"
    assert told(fork((1.0, 1.0), (1.0, 2.0), 0), EventQuestion("left", 1, 0.5, 0)) == "no"


def test_plans_that_cannot_be_told_from_the_best_must_agree() -> None:
    """The right pays the first 2e-6 more, the second goes either way; bounds 1e-5 apart do not show which is better."""
    game = fork((1.0, 1.0), (1.0 + 2e-6, 1.0), 1)
    question = EventQuestion("left", 1, 0.5, 0)
    sets = equilibrium_set(game, tolerance=1e-6)
    assert told(game, question, sets) == "no"
    vague = replace(
        sets,
        outer=(sets.outer[0] + np.array([1e-5, 0.0]), *sets.outer[1:]),
        bounds=sets.bounds + np.array([[0.0, 1e-5], [0.0, 0.0]]),
    )
    assert told(game, question, vague) == "cannot be told"
    assert told(game, replace(question, chance=0.0), vague) == "yes"
    # bounds further apart than the plan may fall short say nothing at all
    assert told(game, replace(question, chance=0.0, within=1e-6), vague) == "cannot be told"


def test_without_a_credible_plan_nothing_is_likely() -> None:
    game = replace(matching_pennies(), measures=Measures(events={"here": np.array([True])}))
    assert told(game, EventQuestion("here", 0, 0.0, 0)) == "no"
    unproved = replace(equilibrium_set(game), outer=(np.zeros((1, 2)),))
    assert told(game, EventQuestion("here", 0, 0.0, 0), unproved) == "cannot be told"


# --- the chance of one event -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("date", [0.0, 1.0, 3.0, 7.5, 40.0])
@pytest.mark.parametrize("event", ["ruined", "rich"])
def test_one_chance_is_that_of_the_whole_table(event: str, date: float) -> None:
    game = gamblers_ruin(7, 3, Fraction(2, 5), dates=(date,))
    plan = no_choice(game)
    alone = event_chance(plan, event, date)
    (listed,) = [found for found in measure_outcomes(plan) if found.subject == event and found.quantity == alone.quantity]
    assert alone.value == pytest.approx(listed.value, abs=listed.certificate)
    assert alone.certificate in (0.0, listed.certificate)


def test_what_is_sure_or_impossible_is_so_exactly() -> None:
    """To and fro with a chance of a third; the event is met by then whatever happens, or cannot be."""
    law = [[0.0, 1 / 3, 2 / 3, 0], *[[0.0, 0.0, 0.0, 1.0]] * 3]
    plan = no_choice(chain(law, start=0, events={"end": [3], "start": [0], "upper": [1]}, dates=()))
    for event, date, value, exact in (
        ("end", 1, 0.0, True),
        ("end", 2, 1.0, True),
        ("end", 30, 1.0, True),
        ("start", 0, 1.0, True),
        ("upper", 0, 0.0, True),
        ("upper", 5, 1 / 3, False),
    ):
        found = event_chance(plan, event, date)
        assert found.value == pytest.approx(value, abs=1e-15)
        assert (found.certificate == 0) is exact
    with pytest.raises(GameError, match="no event 'ende'; the game has end, start, upper"):
        event_chance(plan, "ende", 1)


# --- refusals --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"event": "settle"}, "no event 'settle'; the game has settled"),
        ({"chance": 1.1}, r"chance in \[0, 1\]"),
        ({"chance": math.nan}, r"chance in \[0, 1\]"),
        ({"date": -1.0}, "at least 0 periods"),
        ({"date": math.inf}, "at least 0 periods"),
        ({"player": 2}, "no player 2"),
        ({"within": 0.0}, "fraction of the payoff range"),
    ],
)
def test_questions_that_cannot_be_asked(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(GameError, match=message):
        patience(settlement(), replace(EventQuestion("settled", 1, 0.5, 0), **wrong))  # type: ignore[arg-type]
