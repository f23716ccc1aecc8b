"""Claims that can never be judged are refused when the file is read: place, cause and remedy."""

from __future__ import annotations

import json

import pytest

from leverage import ScenarioError, parse_scenario
from tests.dilemma import claim, dilemma

GRIM = "grim_a against grim_b"
#: line (¦ marks the place), selection, cause, remedy
REFUSED: dict[str, tuple[str, str, str, str]] = {
    "numbers alone": ("¦3 > 2", "Markov equilibrium", "this is about numbers of its own only", "such as payoff(PLAYER)"),
    "a sum of numbers": ("¦2 * (3 - 1) = 4", "bargaining point", "the game has no say in it", "compare with a function"),
    "a number that rises": ("¦1 rises with bonus", "Markov equilibrium", "this is about numbers of its own only", "a function"),
    "nothing to reply to": (
        "0 < ¦payoff(a)",
        "best reply of b",
        "'payoff' has to name the strategy that it replies to",
        "such as payoff(a, grim_a)",
    ),
    "the replier's own strategy": (
        "¦payoff(a, grim_b) > 0",
        "best reply of b",
        "'payoff' names a strategy of b itself",
        "name one of a, or judge it under 'best reply of a'",
    ),
    "an instrument and a reply": ("¦gain(trust, a) > 0", "best reply of b", "'gain' names no strategy", "'bargaining point'"),
    "no end of a count": ("¦count(meetings, ever) > 1", "Markov equilibrium", "an expected number has no end", "give a date"),
    "less than a period": (
        "¦frequency(a, cooperate, 0.5 months) > 0",
        "Markov equilibrium",
        "'0.5 months' is shorter than a period",
        "a later date",
    ),
    "later than can be followed": (
        "¦chance(done, 10001 months) > 0",
        "Markov equilibrium",
        "10,000 can be followed",
        "an earlier date, or 'ever'",
    ),
    "the long run of a set": ("¦time(done) < 3", "bargaining point", "the long run of a plan", "give a date"),
    "ever under a set": ("¦chance(done, ever) > 0.5", "best for a", "the long run of a plan", "'Markov equilibrium'"),
    "sooner under a set": ("¦sooner(trust, done) > 0", "bargaining point", "the long run of a plan", "'Markov equilibrium'"),
    "likelier by a day too far": ("¦likelier(trust, done, 10001 months) > 0", GRIM, "10,000 can be followed", "an earlier date"),
    "likelier in several equilibria": (
        "¦likelier(trust, done, 6 months) > 0",
        "every equilibrium found",
        "'likelier' compares one path",
        "'Markov equilibrium'",
    ),
    "channels without sets": (
        "¦threat(trust, a) > 0",
        "Markov equilibrium",
        "'threat' compares equilibrium sets; 'Markov equilibrium' picks from none",
        "'best for PLAYER'",
    ),
    "channels of a parameter": (
        "¦commitment(post, a) < 0",
        "best for a",
        "'post' is more than an action: it has no 'commitment' channel",
        "ask for its gain",
    ),
    "an instrument and itself": (
        "¦interaction(trust, trust, a) > 0",
        "bargaining point",
        "'trust' and itself",
        "two instruments",
    ),
    "instruments that disagree": (
        "¦interaction(post, dear_post, a) > 0",
        "bargaining point",
        "'dear_post' and 'post' disagree about the value of 'fee'",
        "can be taken away together",
    ),
    "somebody else's own floor": (
        "¦own_floor(trust, b) > 0",
        "bargaining point",
        "'trust' is held by a, not by b",
        "write coercion(trust, b)",
    ),
    "coercion of oneself": ("¦coercion(trust, a) > 0", "bargaining point", "a holds 'trust' itself", "write own_floor(trust, a)"),
    "prices of several equilibria": ("¦price(post) > 0", "every equilibrium found", "'price' compares", "'Markov equilibrium'"),
    "half a pair": (
        "¦credible(grim_a)",
        "bargaining point",
        "'credible' is asked of a strategy of each player; b is left out",
        "",
    ),
    "no pair": ("¦equilibrium()", "bargaining point", "a and b is left out", "name one for each"),
    "a trend of a certain number": (
        "payoff(a) rises with ¦certain",
        "grim_a against grim_b",
        "'certain' has no range",
        "give it a range",
    ),
    "a trend of nothing known": (
        "payoff(a) rises with ¦bonu",
        "grim_a against grim_b",
        "there is no parameter 'bonu'",
        "'bonus'",
    ),
    "no number at all": ("payoff(a, grim_a, grim_b) > ¦* 2", "bargaining point", "'*' does not fit here", "payoff(PLAYER)"),
    "a number too large": ("payoff(a, grim_a, grim_b) > ¦1e999", "bargaining point", "too large", "a smaller one"),
    "a division by zero": ("payoff(a, grim_a, grim_b) / ¦0 > 1", "bargaining point", "a division by zero", "something else"),
    "an argument left out": ("chance(done¦) > 0", "Markov equilibrium", "',' is missing", "write chance(EVENT, DATE, [STRATEGY"),
    "an unknown sign": ("payoff(a, grim_a, grim_b) ¦% 2", "bargaining point", "means nothing in a claim", ">="),
    "strategies of one player": ("payoff(a, grim_a, ¦defect_a) > 0", "bargaining point", "are not strategies of different", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_lines_that_cannot_be_judged(case: str) -> None:
    marked, under, cause, remedy = REFUSED[case]
    text = dilemma().document.text.replace("  speed: {", "  certain: {value: 1}\n  speed: {")
    line = marked.replace("¦", "")
    source = f"{text}claims: {json.dumps({'C': claim(line, under)})}\n"
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(source)
    (fault,) = caught.value.faults
    assert cause in fault.message
    assert remedy in fault.remedy
    assert fault.remedy
    assert fault.line == source.count("\n")
    assert fault.text[fault.column - 1 :].startswith(marked.split("¦")[1])


@pytest.mark.parametrize("size", [-1, -0.01])
def test_the_size_worth_noting_is_not_negative(size: float) -> None:
    with pytest.raises(ScenarioError, match="0 or more"):
        dilemma({"C": {**claim("payoff(a) > 0", GRIM), "worth noting from": size}})


@pytest.mark.parametrize("text", ["", "payoff(a) >", "payoff(a) > 1 +"])
def test_a_line_that_ends_too_early_says_what_is_missing(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        dilemma({"C": claim(text, "bargaining point")})
    (fault,) = caught.value.faults
    assert "a number is missing here" in fault.message
    assert fault.remedy


def test_every_selection_of_a_claim_is_looked_at() -> None:
    with pytest.raises(ScenarioError, match="has to name the strategy"):
        dilemma({"C": claim("payoff(a) > 0", ["bargaining point", "best reply of b"])})


@pytest.mark.parametrize(
    ("under", "cause"),
    [("grim_a against defect_a", "are strategies of one player"), ("grim_a against grim_c", "there is no strategy 'grim_c'")],
)
def test_selections_that_pick_no_play(under: str, cause: str) -> None:
    with pytest.raises(ScenarioError, match=cause):
        dilemma({"C": claim("payoff(a) > 0", under)})


def crowd(size: int, lines: str, under: str) -> str:
    """A scenario of several players who all may stay or go, and get 1 for staying."""
    players = [f"p{k}" for k in range(size)]
    parts = {
        "language": 1,
        "title": "A crowd",
        "question": "Who goes?",
        "players": {player: {"discount": 0.5} for player in players},
        "state": {"day": {"every": 0}},
        "start": {"day": "every"},
        "actions": {player: {"stay": "always", "go": "always"} for player in players},
        "payoffs": {player: {"gains": {"comfort": f"1 when {player} plays stay"}} for player in players},
        "strategies": {player: {f"sit_{player}": {"always": "stay"}} for player in players},
        "instruments": {"legs": {"holder": "p0", "without": {"forbid": ["go"]}}},
        "claims": {"C": claim(lines, under)},
    }
    return json.dumps(parts)


@pytest.mark.parametrize(
    ("size", "line", "under", "cause"),
    [
        (3, "payoff(p0) > 0", "bargaining point", "bargaining points are for two players"),
        (3, "bargain(p0) > 0", "Markov equilibrium", "'bargain' is not for 3 players"),
        (3, "payoff(p1) > 0", "best for p0", "gives the end of its own payoffs only"),
        (3, "price(legs) > 0", "best for p0", "gives the end of its own payoffs only"),
        (3, "gain(legs, p1) > 0", "best for p0", "gives the end of its own payoffs only"),
        (3, "payoff(p0, sit_p0) > 0", "Markov equilibrium", "p1 and p2 are left without a strategy"),
        (3, "credible(sit_p0, sit_p1, sit_p2)", "Markov equilibrium", "is asked of two players; here are 3"),
        (4, "payoff(p0) > 0", "sit_p0 against sit_p1", "p2 and p3 are left without a strategy"),
        (1, "payoff(p0) > 0", "best for p0", "a matter between players; here is one"),
        (1, "lowest(p0) > 0", "Markov equilibrium", "'lowest' is not for 1 player"),
    ],
)
def test_what_other_numbers_of_players_leave_out(size: int, line: str, under: str, cause: str) -> None:
    with pytest.raises(ScenarioError, match=cause):
        parse_scenario(crowd(size, line, under))


@pytest.mark.parametrize(
    ("size", "line", "under"),
    [
        (3, "payoff(p0) > 0", "best for p0"),
        (3, "gain(legs, p0) >= 0", "worst for p0"),
        (3, "payoff(p0, sit_p1, sit_p2) > 0", "best reply of p0"),
        (3, "equilibrium(sit_p0, sit_p1, sit_p2)", "Markov equilibrium"),
        (3, "share_subgame_perfect() > 0", "Markov equilibrium"),
        (1, "payoff(p0, sit_p0) > 0", "Markov equilibrium"),
    ],
)
def test_what_they_leave(size: int, line: str, under: str) -> None:
    assert [each.text for each in parse_scenario(crowd(size, line, under)).claims[0].lines] == [line]
