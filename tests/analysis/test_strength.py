"""Continuations of Markov equilibria in an instrument's strength, in games solved by hand."""

from __future__ import annotations

import pytest

from leverage.analysis.effects import compared, gain, gross_gain, price
from leverage.analysis.point import Point
from leverage.analysis.strength import Continued, continued
from leverage.analysis.worlds import Worlds
from leverage.loading import parse_scenario, shipped_text
from leverage.scenario.claims import Selection
from tests.analysis.strength_games import point_of, stage_scenario

MARKOV = Selection("Markov equilibrium")
EXACT = 1e-9
THETA = "{theta: {value: %s, range: [-1, 2]}}"

#: (a, l) pays 4, 4 and (b, r) 2, 6; r does better against an opponent who plays at random, so (b, r) is selected. Player one
#: never plays x, which pays it 1; but while it may, l does better against play at random, and (a, l) is selected.
FLIPPED = stage_scenario([[4, 0], [2, 2], [1, 1]], [[4, 0], [0, 6], [12, 0]], "{forbid: [x]}")
#: x is worth 1 more than a whatever happens; against it player two plays r, against a it plays l.
BETTER = stage_scenario([[2, 2], [1, 1], [3, 3]], [[1, 0], [0, 1], [0, 1]], "{forbid: [x]}")
#: Matching pennies with an option: with it 2/3 of a and 1/3 of x, and the value is 1/3; without it the value is 0.
PENNIES = stage_scenario([[1, -1], [-1, 1], [-1, 3]], [[-1, 1], [1, -1], [1, -3]], "{forbid: [x]}")
#: Player one's values are theta / (1 + theta), player two's 1/2.
INSPECTION = stage_scenario([[1, 0], [0, "theta"]], [[0, 1], [1, 0]], "{set: {theta: 0.25}}", THETA % 1)
#: (a, l) is an equilibrium up to theta = 1, (b, r) from 1/2 on; a branch of mixtures leads back from one to the other.
FOLDED = stage_scenario([["1 - theta", 0], [0, "theta - 0.5"]], [[1, 0], [0, 1]], "{set: {theta: 1.5}}", THETA % 0)
#: The same, but mixtures lead back to theta = 0.
GONE = stage_scenario([["1 - theta", 0], [0, "theta + 0.5"]], [[1, 0], [0, 1]], "{set: {theta: 1.5}}", THETA % 0)


def followed(text: str) -> tuple[Point, Continued]:
    point = point_of(text)
    return point, point.continued("option")


def effect(point: Point, player: str) -> float:
    """The gain's effect, which its bounds enclose closely."""
    found = gain(point, "option", player, MARKOV).effect
    assert found.low <= found.value <= found.high
    assert found.high - found.low <= EXACT
    return found.value


def test_an_option_that_is_given_up_agrees_with_the_selection_without_it() -> None:
    point, found = followed(BETTER)
    assert (found.followed, found.jumped, found.note) == (True, False, "")
    assert found.solution is not None
    assert found.solution.values[0].tolist() == pytest.approx([2.0, 1.0], abs=EXACT)
    assert effect(point, "one") == pytest.approx(1.0, abs=EXACT)
    assert effect(point, "two") == pytest.approx(0.0, abs=EXACT)
    # the tax that makes x as good as a is 1; the largest is 1.01 * 2 / (1 - 1/2)
    assert found.strength == pytest.approx(1 - 1 / 4.04, abs=1e-8)
    assert "is selected without it is what the one with it turns into" in found.sentence


def test_an_option_that_is_mixed_in() -> None:
    point, found = followed(PENNIES)
    assert found.jumped is False
    assert effect(point, "one") == pytest.approx(1 / 3, abs=EXACT)
    assert effect(point, "two") == pytest.approx(-1 / 3, abs=EXACT)
    assert found.strength == pytest.approx(1 - 1 / 8.08, abs=1e-8)  # at a tax of 1 b is as good


def test_the_selection_jumps_where_the_old_equilibrium_persists() -> None:
    point, found = followed(FLIPPED)
    assert point.markov().values[0].tolist() == pytest.approx([4.0, 4.0], abs=EXACT)
    assert point.markov(("option",)).values[0].tolist() == pytest.approx([2.0, 6.0], abs=EXACT)
    assert found.jumped is True
    assert found.distance == pytest.approx(2.0, abs=EXACT)
    assert found.sentence.startswith("selection jumped")
    for player, value in (("one", 4.0), ("two", 4.0)):
        whole = gain(point, "option", player, MARKOV)
        assert whole.without_it.value == pytest.approx(value, abs=EXACT)
        assert whole.effect.sign(EXACT) == "zero"
        assert whole.note.startswith("selection jumped")


def test_prices_and_chances_look_at_the_same_play_as_gains() -> None:
    point, found = followed(FLIPPED)
    sides = compared(point, "option", MARKOV)
    assert sides[1] is found.play
    assert sides[1].outcome("one", "term: al").value == pytest.approx(4.0, abs=EXACT)
    paid = price(point, "option", MARKOV)
    assert paid.note == found.note
    assert gross_gain(point, "option", "one", MARKOV).effect.value == pytest.approx(paid.effect.value, abs=EXACT)


def test_an_option_that_nobody_uses_changes_nothing() -> None:
    point, found = followed(stage_scenario([[3, 3], [1, 1], [0, 2]], [[1, 0], [0, 1], [0, 1]], "{forbid: [x]}"))
    assert (found.jumped, found.points, found.strength) == (False, 0, 1.0)
    for player in ("one", "two"):
        assert effect(point, player) == 0.0


def test_a_parameter_moves_along_a_straight_line() -> None:
    point, found = followed(INSPECTION)
    assert (found.jumped, found.strength, found.turns) == (False, 0.0, 0)
    assert effect(point, "one") == pytest.approx(0.5 - 0.2, abs=EXACT)
    assert effect(point, "two") == pytest.approx(0.0, abs=EXACT)


def test_a_parameter_that_has_its_value_already_moves_nothing() -> None:
    point, found = followed(INSPECTION.replace("0.25", "1"))
    assert (found.jumped, found.points) == (False, 0)
    assert effect(point, "one") == 0.0


def test_the_first_arrival_behind_folds_counts() -> None:
    point, found = followed(FOLDED)
    assert (found.jumped, found.turns) == (False, 2)
    assert "the branch turned back 2 times" in found.sentence
    assert effect(point, "one") == pytest.approx(1.0 - 1.0, abs=EXACT)
    assert effect(point, "two") == pytest.approx(0.0, abs=EXACT)


def test_a_branch_that_leads_back_is_not_followed_and_the_selections_are_compared() -> None:
    point, found = followed(GONE)
    assert (found.followed, found.jumped, found.turns) == (False, None, 1)
    assert found.sentence.startswith("not followed: reaches strength = 1")
    assert effect(point, "one") == pytest.approx(1.0 - 2.0, abs=EXACT)
    assert gain(point, "option", "one", MARKOV).note.startswith("not followed")


def test_an_action_and_a_parameter_one_after_the_other() -> None:
    """Without x the game is the inspection; x is worth 2 and theta does not matter to it."""
    table: list[list[float | str]] = [[1, 0], [0, "theta"], [2, 2]]
    text = stage_scenario(table, [[0, 1], [1, 0], [1, 0]], "{forbid: [x], set: {theta: 0.25}}", THETA % 1)
    point, found = followed(text)
    assert (found.jumped, found.strength) == (False, 0.0)
    assert effect(point, "one") == pytest.approx(2.0 - 0.2, abs=EXACT)
    assert effect(point, "two") == pytest.approx(1.0 - 0.5, abs=EXACT)


@pytest.mark.parametrize(("text", "limits"), [(FOLDED, (60, 3)), (BETTER, (1, 20))])
def test_beyond_the_limit_on_points_nothing_is_claimed(text: str, limits: tuple[int, int]) -> None:
    point = point_of(text)
    instrument, world = point.scenario.instruments[0], point.world(("option",))
    found = continued(point.markov(), instrument, world, point.values, point.markov(("option",)), most_points=limits)
    assert (found.followed, found.jumped) == (False, None)
    assert "the limit on points was reached" in found.sentence
    assert found.points <= max(limits) + 2
    assert not found.play.payoffs[0].known


# --- starts, levels, bindings -------------------------------------------------------------------------------------------

CHANGING = "{otherwise: {to fair: 0.5, to foul: rest}}"


def test_a_changed_start_is_the_same_play_seen_from_elsewhere() -> None:
    """Payoffs 1 and 2 by the weather, which is drawn anew each month: 5/4 from fair weather, 7/4 from foul."""
    first: list[list[float | str]] = [["1 + weather", "1 + weather"], [0, 0]]
    second: list[list[float | str]] = [["1 + weather", 0], ["1 + weather", 0]]
    point, found = followed(stage_scenario(first, second, "{start: {weather: foul}}", weather=CHANGING))
    assert (found.jumped, found.points) == (False, 0)
    assert effect(point, "one") == pytest.approx(1.25 - 1.75, abs=EXACT)


@pytest.mark.parametrize(
    ("without", "weather", "why"),
    [
        ("{start: {weather: foul}}", "{otherwise: stays}", "no state 'weather foul'"),
        ("{replace levels: {weather: {foul: fair}}}", CHANGING, "a level is replaced"),
        ("{bound to: steady}", CHANGING, "its holder is bound to a strategy"),
    ],
)
def test_what_has_no_strength_in_between_is_not_followed(without: str, weather: str, why: str) -> None:
    point, found = followed(stage_scenario([[2, 2], [1, 1]], [[1, 0], [0, 1]], without, weather=weather))
    assert (found.followed, found.jumped) == (False, None)
    assert why in found.sentence
    whole = gain(point, "option", "one", MARKOV)
    assert whole.effect.value == pytest.approx(0.0, abs=EXACT)
    assert whole.note.startswith("not followed")


# --- several instruments ----------------------------------------------------------------------------------------------------

SECOND = "  another: {holder: one, without: {forbid: [x]}}\n"


def test_instruments_that_forbid_the_same_share_the_branch_and_their_order_does_not_matter() -> None:
    first = point_of(BETTER + SECOND)
    one, other = first.continued("option"), first.continued("another")
    assert first.solves["continuations"] == 2
    assert (one.points, one.strength, one.sentence) == (other.points, other.strength, other.sentence)
    renamed = BETTER.replace("  option:", "  later:") + SECOND.replace("another", "option")
    again = point_of(renamed)
    assert again.continued("option").play.payoffs == one.play.payoffs
    assert first.continued("option") is one


def test_other_selections_are_not_continued() -> None:
    point = point_of(BETTER)
    found = gain(point, "option", "one", Selection("best for", ("one",)))
    assert found.note == ""
    assert point.solves["continuations"] == 0
    assert not gain(point, "option", "one", MARKOV, channel="threat").effect.known


def test_the_shipped_scenario_says_what_could_not_be_followed() -> None:
    worlds = Worlds(parse_scenario(shipped_text("withdrawal")))
    point = Point(worlds, worlds.scenario.values)
    found = {each.name: point.continued(each.name) for each in point.scenario.instruments}
    assert found["presence"].points == found["rapid_redeployment"].points
    for name, each in found.items():
        whole = gain(point, name, "power", MARKOV)
        if each.followed:
            assert whole.without_it == each.play.payoffs[0]
        else:
            assert each.sentence.startswith("not followed")
            assert whole.without_it.value == pytest.approx(point.chosen(MARKOV, (), (name,)).payoffs[0].value)
    assert "bound to a strategy" in found["free_pace"].sentence
