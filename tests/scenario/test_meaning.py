"""What a well-formed file may get wrong: one row for each kind of fault, with its place, its message and its remedy.

A row changes one passage of the small scenario. A mark in the new passage shows where the fault has to be reported; it is taken
out first.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverage.errors import Fault, ScenarioError
from leverage.game.form import compile_form
from leverage.game.strategies import compile_strategies
from leverage.loading import load_scenario, parse_scenario
from leverage.output.files import resolved_yaml
from leverage.scenario.scenario import Scenario

DATA = Path(__file__).parents[1] / "data"
SMALL = (DATA / "small.yaml").read_text(encoding="utf-8")
MARK = "¦"
SOURCE = "small.yaml"


def faults_of(text: str, overrides: Mapping[str, float] | None = None, variant: str = "") -> tuple[Fault, ...]:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, overrides, variant, SOURCE)
    return caught.value.faults


def changed(old: str, new: str) -> str:
    assert SMALL.count(old) == 1, f"{old!r} stands {SMALL.count(old)} times in the small scenario"
    return SMALL.replace(old, new)


def unmarked(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text without its marks, and the line and column of each."""
    places = []
    while MARK in text:
        before, after = text.split(MARK, 1)
        places.append((before.count("\n") + 1, len(before) - before.rfind("\n")))
        text = before + after
    return text, tuple(places)


def test_the_small_scenario_reads() -> None:
    scenario = parse_scenario(SMALL)
    assert scenario.parameters["speed"].value == 0.5
    assert [player.name for player in scenario.players] == ["power", "the other side"]
    assert scenario.dates == (6.0, 12.0)


# old passage, new passage with a mark where the fault is, phrase of the message, phrase of the remedy
FAULTS: dict[str, tuple[str, str, str, str]] = {
    # form
    "unknown key": ("question:", "¦qestion: x\nquestion:", "there is no key 'qestion' here", "did you mean 'question'?"),
    "unknown key of an entry": ("{name: the other side,", "{¦nme: the other side,", "no key 'nme'", "did you mean 'name'?"),
    "unknown key with a space": ("half life: 6", "half life: 6, ¦halflife: 6", "no key 'halflife'", "did you mean 'half life'?"),
    "unknown key of payoffs": ("    costs: {presence", "    ¦cost: {presence", "no key 'cost'", "did you mean 'costs'?"),
    "unknown key of a phase": ("until: power", "¦untill: x, until: power", "no key 'untill'", "did you mean 'until'?"),
    "unknown key of an instrument": ("    says: Forces", "    ¦sais: Forces", "no key 'sais'", "did you mean 'says'?"),
    "unknown key of being without": (
        "{bound to: stay}",
        "{bound to: stay, ¦forbids: [stall]}",
        "no key 'forbids'",
        "did you mean 'forbid'?",
    ),
    "unknown key of a claim": ("says: It pays.", "says: It pays., ¦worth: 2", "no key 'worth'", ""),
    "missing section": ("question: Does the tests' scenario read?\n", "", "the file lacks the key 'question'", "add 'question:'"),
    "missing key of an entry": ("    holder: power\n    says", "    says", "'returning' lacks the key 'holder'", "add 'holder:'"),
    "wrong version": ("language: 1", "language: ¦2", "this value is not known", ""),
    "wrong timing": ("period: 1 month", "period: 1 month\nmoves: ¦at once", "this value is not known", ""),
    "text for a mapping": (
        "  power: {discount: patience}",
        "  power: ¦patient",
        "keys with values are needed here",
        "name: value",
    ),
    "text for a list": ("dates: [6 months, 1 year]", "dates: ¦6 months", "a list is needed here", "[one, two]"),
    "number for text": ("title: A small scenario", "title: ¦7", "text is needed here, not 7; put it in quotes", ""),
    "text for a number": ("risk: {value: 0.2}", "risk: {value: ¦low}", "a number is needed, not 'low'", ""),
    "list for a formula": ("presence: stake * deployment}\n    using", "presence: ¦[1]}\n    using", "a formula is needed", ""),
    "name with capitals": ("  risk: {value: 0.2}", "  risk: {value: 0.2}\n  ¦Risky: {value: 1}", "small letters", ""),
    "name with a dash": ("  risk: {value: 0.2}", "  risk: {value: 0.2}\n  ¦a-b: {value: 1}", "'a-b' is no name", ""),
    # numbers and ranges
    "range of four numbers": ("range: [0.2, 0.9]", "range: ¦[0, 2, 0, 9]", "a list of two numbers, [low, high]; here: 4", ""),
    "range upside down": ("range: [0.2, 0.9]", "range: ¦[0.9, 0.2]", "runs from 0.9 down to 0.2", ""),
    "range of text": ("range: [0.2, 0.9]", "range: ¦[low, high]", "a number is needed, not 'low'", ""),
    "value outside its range": ("stake: {value: 10", "stake: {value: ¦100", "100 lies outside its range [5, 20]", ""),
    "Unicode minus in a number": ("range: [0.2, 0.9]", "range: ¦[\u22120.2, 0.9]", "Unicode minus sign in it: write '-'", ""),
    "levels that fall": (
        "{bases: 0.1, light: 0.4, full: 1.0}",
        "¦{bases: 0.4, light: 0.1, full: 1.0}",
        "their numbers have to rise",
        "",
    ),
    "no levels": ("[off, opened, settled]", "¦[]", "levels are a mapping", ""),
    # names
    "same name twice": (
        "  risk: {value: 0.2}",
        "  risk: {value: 0.2}\n  talks: {value: 1}",
        "already a name under parameters",
        "rename",
    ),
    "level named like a parameter": (
        "{broken: 0, holds: 1}",
        "{broken: 0, holds: 1, ¦speed: 2}",
        "'speed' has the name of something",
        "rename",
    ),
    "keyword as parameter": (
        "  risk: {value: 0.2}",
        "  risk: {value: 0.2}\n  ¦rest: {value: 1}",
        "'rest' is a word of the language",
        "another",
    ),
    "keyword as level": ("{broken: 0, holds: 1}", "{broken: 0, holds: 1, ¦up: 2}", "'up' is a word of the language", "another"),
    "keyword as action": (
        "{engage: always, stall: always}",
        "{engage: always, stall: always, ¦play: always}",
        "'play' is a word",
        "another",
    ),
    "action of the ending": (
        "{engage: always, stall: always}",
        "{engage: always, stall: always, ¦over: always}",
        "'over' is a word",
        "another",
    ),
    "player without actions": ("  other: {engage: always, stall: always}\n", "", "'other' has no actions", "add 'other:'"),
    "player with an empty list of actions": (
        "  other: {engage: always, stall: always}\n",
        "  other: {}\n",
        "'other' has no actions",
        "add 'other:'",
    ),
    "no players": (
        "players:\n  power: {discount: patience}\n  other: {name: the other side, half life: 6}\n",
        "¦players: {}\n",
        "needs a player",
        "add 'NAME:",
    ),
    "empty chance": ("{up 1: speed,", "{¦up 1: ,", "a chance is needed here", "{up 1: 0.2, stays: rest}"),
    "actions of nobody": (
        "  other: {engage: a",
        "  ¦others: {a: always}\n  other: {engage: a",
        "there is no player 'others'",
        "did you mean 'other'?",
    ),
    # start
    "start incomplete": (
        "¦start: {deployment: full, talks: opened, ceasefire: holds}".replace(MARK, ""),
        "¦start: {deployment: full, talks: opened}",
        "the start says nothing about 'ceasefire'",
        "add 'ceasefire: LEVEL'",
    ),
    "start at an unknown level": (
        "talks: opened, c",
        "talks: ¦opend, c",
        "there is no level of talks 'opend'",
        "did you mean 'opened'?",
    ),
    "start of an unknown variable": (
        "ceasefire: holds}\ne",
        "ceasefire: holds, ¦talk: opened}\ne",
        "there is no state variable 'talk'",
        "did you mean 'talks'?",
    ),
    # patience
    "discount and half life both": ("half life: 6", "half life: 6, discount: 0.9", "has 2 of 'discount' and 'half life'", ""),
    "neither discount nor half life": ("{discount: patience}", "{name: x}", "has 0 of 'discount' and 'half life'", ""),
    "typo in patience": (
        "{discount: patience}",
        "{discount: 1 - ¦patienc}",
        "no parameter or state variable 'patienc'",
        "did you mean 'patience'?",
    ),
    "state in patience": ("{discount: patience}", "{discount: ¦talks / 9}", "patience cannot read the state variable", ""),
    # actions and the end
    "legality unsaid": (
        "engage: always,",
        "engage: ¦yes please,",
        "does not say when the action is legal",
        "'always', or 'when CONDITION'",
    ),
    "typo in legality": (
        "when deployment > bases,",
        "when deployment > ¦base,",
        "no level of deployment called 'base'",
        "did you mean 'bases'?",
    ),
    "parameter in legality": (
        "when deployment > bases,",
        "when ¦speed > 1,",
        "cannot read the parameter 'speed'",
        "never depends on a value",
    ),
    "typo in the ending": (
        "ends when: talks is off",
        "ends when: ¦talk is off",
        "there is no state variable 'talk'",
        "did you mean 'talks'?",
    ),
    # period
    "period of nothing": ("period: 1 month", "period: ¦monthly", "'monthly' is no duration", ""),
    "period of zero": ("period: 1 month", "period: ¦0 months", "longer than nothing", ""),
    # transitions
    "transition of an unknown variable": (
        "  ceasefire: {to b",
        "  ¦ceasefir: {to b",
        "there is no state variable 'ceasefir'",
        "did you mean 'ceasefire'?",
    ),
    "to an unknown level": (
        "{to full: speed",
        "{¦to ful: speed",
        "there is no level 'ful' of deployment",
        "did you mean 'full'?",
    ),
    "bare level as a move": ("withdraw: down 1", "withdraw: ¦light", "'light' says no move", "did you mean 'to light'?"),
    "no move": ("withdraw: down 1", "withdraw: ¦sideways", "'sideways' says no move", "'up 1'"),
    "number as a move": ("withdraw: down 1", "withdraw: ¦3", "says where the variable goes", "{up 1: 0.2, stays: rest}"),
    "rest twice": ("{to broken: risk, to holds: rest}", "¦{to broken: rest, to holds: rest}", "'rest' stands twice", ""),
    "typo in a chance": ("{up 1: speed,", "{up 1: 2 * ¦sped,", "no parameter or state variable 'sped'", "did you mean 'speed'?"),
    "typo in a rule": (
        "if other plays engage:",
        "if other plays ¦engag:",
        "no action of other called 'engag'",
        "did you mean 'engage'?",
    ),
    "unknown player in a rule": (
        "if other plays engage:",
        "if ¦othr plays engage:",
        "there is no player 'othr'",
        "did you mean 'other'?",
    ),
    "parameter in a rule": (
        "if other plays engage:",
        "if ¦risk > 0.1:",
        "cannot read the parameter 'risk'",
        "never depends on a value",
    ),
    "variable drawn later": (
        "if power plays withdraw:",
        "if ¦talks rises:",
        "cannot read how 'talks' will move",
        "only counts, payoffs",
    ),
    "rule of two keys": (
        "    - if power plays withdraw: down 1",
        "    - if power plays withdraw: down 1\n      if power plays hold: stays",
        "rule 2 has 2 keys",
        "",
    ),
    "no rule": (
        "    - if power plays withdraw: down 1",
        "    - when power plays withdraw: down 1",
        "rule 2 begins with 'when",
        "",
    ),
    "rules after otherwise": (
        "    - if power plays withdraw: down 1",
        "    - otherwise: down 1",
        "stands after 'otherwise' and never fits",
        "",
    ),
    # payoffs
    "typo in a payoff": (
        "presence: stake * deployment}\n    using",
        "presence: ¦stke * deployment}\n    using",
        "'stke'",
        "did you mean 'stake'?",
    ),
    "two terms of one name": (
        "    using costs: {redeployment",
        "    using costs: {¦presence",
        "has two terms called 'presence'",
        "rename",
    ),
    "payoffs of nobody": (
        "  other:\n    gains",
        "  ¦othr: {gains: {x: 1}}\n  other:\n    gains",
        "there is no player 'othr'",
        "did you mean 'other'?",
    ),
    # measures
    "typo in an event": (
        "settled: talks is settled}\n  counts",
        "settled: talks is ¦setled}\n  counts",
        "called 'setled'",
        "did you mean 'settled'?",
    ),
    "action in an event": (
        "settled: talks is settled}\n  counts",
        "settled: ¦power plays hold}\n  counts",
        "an event cannot read what is played",
        "",
    ),
    "typo in a count": (
        "returns: power plays redeploy",
        "returns: power plays ¦redploy",
        "called 'redploy'",
        "did you mean 'redeploy'?",
    ),
    "typo in an average": ("forces: deployment", "forces: ¦deploymen", "'deploymen'", "did you mean 'deployment'?"),
    "date of nothing": ("[6 months, 1 year]", "[6 months, ¦soon]", "'soon' is no duration", ""),
    "date in another unit": ("[6 months, 1 year]", "[6 months, ¦3 weeks]", "does not convert into periods", ""),
    "date within a period": ("[6 months, 1 year]", "[¦0.5 months, 1 year]", "shorter than a period", ""),
    # strategies
    "strategies of nobody": (
        "    stay: {always: hold}\n",
        "    stay: {always: hold}\n  ¦powr: {x: {always: hold}}\n",
        "there is no player 'powr'",
        "'power'",
    ),
    "typo of an action": (
        "stay: {always: hold}",
        "stay: {always: ¦hld}",
        "there is no action 'hld' of power",
        "did you mean 'hold'?",
    ),
    "typo in a list of actions": (
        "[redeploy, hold]",
        "[¦redploy, hold]",
        "there is no action 'redploy' of power",
        "did you mean 'redeploy'?",
    ),
    "typo in a lottery": (
        "{engage: 0.5, stall: rest}",
        "{¦engag: 0.5, stall: rest}",
        "there is no action 'engag' of other",
        "did you mean 'engage'?",
    ),
    "lottery of two rests": ("{engage: 0.5, stall: rest}", "¦{engage: rest, stall: rest}", "'rest' stands twice", ""),
    "action in a lottery's chance": ("{engage: 0.5,", "{engage: 1 when ¦power plays hold,", "cannot read what is played", ""),
    "typo in a strategy's rule": ("if talks rose last month:", "if ¦talk rose last month:", "'talk'", "did you mean 'talks'?"),
    "wrong unit of looking back": (
        "if talks rose last month:",
        "if talks rose last ¦week:",
        "'last week' is not the period",
        "last month",
    ),
    "looking ahead": ("if talks rose last month:", "if ¦talks rises:", "cannot read how 'talks' will move", "rose last month"),
    "two kinds of strategy": (
        "    ¦stay: {always: hold}".replace(MARK, ""),
        "    ¦stay: {always: hold, rules: hold}",
        "has 2 of 'always', 'rules' and 'phases'",
        "",
    ),
    "no kind of strategy": (
        "    stay: {always: hold}",
        "    ¦stay: {says: nothing}",
        "has 0 of 'always', 'rules' and 'phases'",
        "",
    ),
    "unknown first phase": ("starts: working", "starts: ¦workin", "there is no phase 'workin'", "did you mean 'working'?"),
    "unknown next phase": ("next: sulking}", "next: ¦sulkin}", "there is no phase 'sulkin'", "did you mean 'sulking'?"),
    "phase without next": (
        "        sulking: {play: stall, for: 2 months, next: working}",
        "        ¦sulking: {play: stall, for: 2 months}",
        "ends but has no 'next'",
        "",
    ),
    "part of a period": ("for: 2 months", "for: ¦0.5 months", "is 0.5 periods: a phase lasts whole periods", ""),
    "duration in words": ("for: 2 months", "for: ¦half a month", "'half a month' is no duration", ""),
    "parameter in until": ("until: power plays redeploy", "until: ¦speed > 1", "'until' cannot read the parameter 'speed'", ""),
    "typo in until": (
        "until: power plays redeploy",
        "until: power plays ¦redploy",
        "called 'redploy'",
        "did you mean 'redeploy'?",
    ),
    # instruments
    "unknown holder": (
        "    holder: power\n    says",
        "    holder: ¦powr\n    says",
        "there is no player 'powr'",
        "did you mean 'power'?",
    ),
    "bound to an unknown strategy": (
        "{bound to: stay}",
        "{bound to: ¦sty}",
        "there is no strategy of power 'sty'",
        "did you mean 'stay'?",
    ),
    "bound to another's strategy": (
        "{bound to: stay}",
        "{bound to: ¦sulk}",
        "there is no strategy of power 'sulk'",
        "known here: tied, stay",
    ),
    "forbidding nothing known": (
        "{forbid: [redeploy]}",
        "{forbid: [¦redploy]}",
        "there is no action 'redploy'",
        "did you mean 'redeploy'?",
    ),
    "being without changes nothing": ("{forbid: [redeploy]}", "¦{}", "being without it changes nothing", "say what to forbid"),
    # claims
    "unknown selection": ("under: tied against sulk", "under: ¦the best", "there is no selection 'the best'", "bargaining point"),
    "unknown strategy of a selection": (
        "under: tied against sulk",
        "under: tied against ¦sulking",
        "there is no strategy 'sulking'",
        "did you mean 'sulk'?",
    ),
    "unknown player of a selection": ("best for power]", "best for ¦powr]", "there is no player 'powr'", "did you mean 'power'?"),
    "unknown function": ("- gain(returning", "- ¦gains(returning", "claims know no function 'gains'", "did you mean 'gain'?"),
    "unknown instrument": (
        "- gain(returning",
        "- gain(¦returnin",
        "there is no instrument 'returnin'",
        "did you mean 'returning'?",
    ),
    "unknown strategy": (
        '"payoff(power, tied) >',
        '"payoff(power, ¦tid) >',
        "there is no strategy 'tid'",
        "did you mean 'tied'?",
    ),
    "two strategies of one player": (
        '"payoff(power, tied) >',
        '"payoff(power, tied, ¦stay) >',
        "'tied' and 'stay' are not strategies of different players",
        "one strategy a player",
    ),
    "unknown event": ("chance(settled,", "chance(¦setled,", "there is no event 'setled'", "did you mean 'settled'?"),
    "unknown date": ("chance(settled, 12 months,", "chance(settled, ¦12 weeks,", "does not convert into periods", ""),
    "no comparison": (
        "- gain(returning, power) > 0",
        "- gain(returning, power)",
        "a sign such as > is missing",
        "rises with PARAMETER",
    ),
    "two comparisons": (
        "- gain(returning, power) > 0",
        "- 0 < gain(returning, power) ¦< 1",
        "'<' does not fit here",
        "one comparison a line",
    ),
    "trend in nothing known": (
        "- gain(returning, power) > 0",
        "- gain(returning, power) rises with ¦sped",
        "there is no parameter 'sped'",
        "'speed'",
    ),
    "parenthesis of a claim": ("- gain(returning, power) > 0", "- (gain(returning, power) ¦> 0", "')' is missing", ""),
    # variants
    "variant of an unknown parameter": (
        "set: {speed: 0.3}",
        "set: {¦sped: 0.3}",
        "there is no parameter 'sped'",
        "did you mean 'speed'?",
    ),
    "variant at an unknown level": (
        "start: {deployment: light}",
        "start: {deployment: ¦lite}",
        "there is no level of deployment 'lite'",
        "'light'",
    ),
    "variant of an unknown action": ("forbid: [stall]", "forbid: [¦stal]", "there is no action 'stal'", "did you mean 'stall'?"),
    "variant with levels of an unknown variable": (
        "forbid: [stall]",
        "state: {¦talk: [off, on]}",
        "there is no state variable 'talk'",
        "did you mean 'talks'?",
    ),
    "variant that moves an unknown variable": (
        "forbid: [stall]",
        "transitions: {¦talk: stays}",
        "there is no state variable 'talk'",
        "did you mean 'talks'?",
    ),
    "variant with levels that fall": (
        "forbid: [stall]",
        "state: {talks: ¦{off: 1, opened: 0}}",
        "their numbers have to rise",
        "",
    ),
    "variant without a list": ("forbid: [stall]", "forbid: ¦stall", "what is forbidden is a list of actions", ""),
    "replacing nothing known": (
        "forbid: [stall]",
        "forbid: {¦stal: engage}",
        "there is no action 'stal'",
        "did you mean 'stall'?",
    ),
    "replacement of another player": (
        "forbid: [stall]",
        "forbid: {stall: ¦hold}",
        "'other' has the action 'stall' and no action 'hold' to play in its place",
        "known here: engage, stall",
    ),
    "replacement that is forbidden": (
        "forbid: [stall]",
        "forbid: {stall: ¦stall}",
        "'stall' takes the place of 'stall' and is forbidden itself",
        "an action that is left",
    ),
    "replacement that is no name": ("forbid: [stall]", "forbid: ¦{stall: 1}", "'1' is no name", ""),
    "replaced levels of an unknown variable": (
        "forbid: [stall]",
        "replace levels: {¦tlks: {settled: opened}}",
        "there is no state variable 'tlks'",
        "did you mean 'talks'?",
    ),
    "unknown level replaced": (
        "forbid: [stall]",
        "replace levels: {talks: {¦setled: opened}}",
        "there is no level of talks 'setled'",
        "did you mean 'settled'?",
    ),
    "unknown level in the place of another": (
        "forbid: [stall]",
        "replace levels: {talks: {settled: ¦opend}}",
        "there is no level of talks 'opend'",
        "did you mean 'opened'?",
    ),
    "replacement that is replaced": (
        "forbid: [stall]",
        "replace levels: {talks: {settled: ¦opened, opened: off}}",
        "'opened' takes the place of 'settled' and is replaced itself",
        "a level that exists in that world",
    ),
    "replaced levels of no mapping": (
        "forbid: [stall]",
        "replace levels: {talks: ¦[settled]}",
        "keys with values are needed",
        "",
    ),
    # worlds without an instrument
    "a world that leaves nothing to do": (
        "without: {forbid: [redeploy]}",
        "¦without: {forbid: [redeploy, hold, withdraw]}",
        "in the world without 'returning', 'power' has no action in the state 'deployment full, talks opened, ceasefire holds'",
        "let one action be legal always",
    ),
    "a chance above 1 in a world": (
        "without: {forbid: [redeploy]}",
        "¦without: {set: {risk: 2}}",
        "in the world without 'returning', the chance of 'to broken' is 2, outside [0, 1]",
        "narrow a range",
    ),
    "bound to a strategy that the world leaves undefined": (
        "{bound to: stay}",
        "{forbid: [hold], bound to: ¦stay}",
        "in the world without 'freedom', the strategy 'stay' plays nothing that is legal",
        "an action that is always legal",
    ),
    # found only by looking over states and ranges
    "chance above 1": ("{up 1: speed,", "{up 1: ¦2 * speed,", "the chance of 'up 1' is 1.8, outside [0, 1]", "narrow a range"),
    "division by zero": (
        "presence: stake * deployment}\n    using",
        "presence: ¦stake / (deployment - 1)}\n    using",
        "division by zero",
        "guard it",
    ),
    "patience of 1": ("range: [0.5, 0.99]", "range: [0.5, 1]", "the discount factor of 'power' is 1 with patience = 1", ""),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_one_fault(kind: str) -> None:
    old, new, message, remedy = FAULTS[kind]
    text, places = unmarked(changed(old, new))
    faults = faults_of(text)
    assert len(faults) == 1, [fault.render(SOURCE) for fault in faults]
    (fault,) = faults
    assert message in fault.message
    assert remedy in fault.remedy
    assert fault.line > 0 or "the file lacks" in fault.message
    if places:
        assert (fault.line, fault.column) == places[0], fault.render(SOURCE)
        assert fault.text == text.splitlines()[fault.line - 1]


def test_a_decimal_comma_is_named() -> None:
    (fault,) = faults_of(changed("risk: {value: 0.2}", "risk:\n    value: 0,2"))
    assert (fault.line, fault.column) == (18, 12)
    assert "decimal" in fault.message


# --- several faults ------------------------------------------------------------------------------------------------------------


def test_faults_are_told_together_in_the_order_of_the_file_and_once() -> None:
    text = SMALL
    for kind in (
        "typo in patience",
        "typo in an event",
        "typo in a chance",
        "unknown function",
        "two terms of one name",
        "unknown next phase",
    ):
        old, new, _, _ = FAULTS[kind]
        text = text.replace(old, new)
    text, places = unmarked(text)
    faults = faults_of(text)
    assert [(fault.line, fault.column) for fault in faults] == list(places)


def test_faults_of_different_stages_are_told_together() -> None:
    text = SMALL
    for kind in ("chance above 1", "typo in a payoff", "unknown event", "division by zero"):
        old, new, _, _ = FAULTS[kind]
        text = text.replace(old, new) if old in text else text
    text, places = unmarked(text)
    faults = faults_of(text)
    assert [(fault.line, fault.column) for fault in faults] == list(places)
    assert len(faults) == 3


def test_a_message_shows_place_line_mark_and_remedy() -> None:
    old, new, _, _ = FAULTS["to an unknown level"]
    text, ((line, column),) = unmarked(changed(old, new))
    (fault,) = faults_of(text)
    place, excerpt, mark, remedy = fault.render(SOURCE).splitlines()
    assert place == f"{SOURCE}:{line}:{column}: there is no level 'ful' of deployment"
    assert excerpt.endswith(text.splitlines()[line - 1])
    assert excerpt[mark.index("^") :].startswith("to ful: speed")
    assert remedy.strip() == "did you mean 'full'?"


# --- the command line's part ---------------------------------------------------------------------------------------------------


def test_unknown_variant_and_override_name_the_option() -> None:
    faults = faults_of(SMALL, {"sped": 0.5}, "slo")
    assert {fault.place for fault in faults} == {"--variant slo", "-p sped=0.5"}
    assert {fault.remedy for fault in faults} == {"did you mean 'slow'?", "did you mean 'speed'?"}
    assert all(fault.line == 0 for fault in faults)


def test_a_variant_changes_values_start_and_actions() -> None:
    scenario = parse_scenario(SMALL, variant="slow")
    assert scenario.values["speed"] == 0.3
    assert scenario.start == (1, 1, 1)
    assert scenario.variant == "slow"


RESTATING = """
  fine:
    state: {deployment: {bases: 0.1, light: 0.4, half: 0.7, full: 1.0}}
    transitions:
      deployment:
        - if power plays redeploy: {to full: speed, stays: rest}
        - if power plays withdraw: {down 1: 0.5, down 2: rest}
  at_half: {start: {deployment: light}}
"""


def restating(old: str = "", new: str = "") -> str:
    return SMALL + RESTATING.lstrip("\n").replace(old, new)


def test_a_variant_that_restates_levels_and_rules_is_the_file_written_so() -> None:
    """The twin is the file with the passages written in place."""
    levels, rules = "{bases: 0.1, light: 0.4, full: 1.0}", "{bases: 0.1, light: 0.4, half: 0.7, full: 1.0}"
    written = changed(levels, rules).replace("withdraw: down 1", "withdraw: {down 1: 0.5, down 2: rest}")
    found, twin = compile_form(parse_scenario(restating(), variant="fine")), compile_form(parse_scenario(written))
    assert found.labels == twin.labels
    assert len(found.labels) > len(compile_form(parse_scenario(SMALL)).labels)
    game, other = found.at(), twin.at()
    assert np.array_equal(game.payoffs, other.payoffs)
    assert np.array_equal(game.transitions.toarray(), other.transitions.toarray())
    assert list(found.scenario.variants) == ["fine"]


def test_the_file_itself_and_its_other_variants_are_not_restated() -> None:
    for variant in ("", "slow", "at_half"):
        assert len(parse_scenario(restating(), variant=variant).vocabulary.variables["deployment"]) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{to full: speed", "{to full: ¦sped", "'sped'"),
        ("{to full: speed", "{¦to ful: speed", "there is no level 'ful'"),
        ("power plays withdraw", "power plays ¦withdrew", "'withdrew'"),
    ],
)
def test_a_fault_in_what_is_restated_is_told_where_it_is_written(old: str, new: str, message: str) -> None:
    text, (place,) = unmarked(restating(old, new))
    faults = faults_of(text, variant="fine")
    assert place in [(fault.line, fault.column) for fault in faults]
    assert any(message in fault.message for fault in faults)


def test_a_level_that_the_file_names_and_a_variant_leaves_out_is_a_fault() -> None:
    faults = faults_of(restating("light: 0.4, half: 0.7", "half: 0.7").replace("full: 1.0}}", "all: 1.0}}"), variant="fine")
    assert any("no level of deployment 'full'" in fault.message for fault in faults)


def test_what_is_restated_and_overridden_makes_a_resolved_file_that_loads() -> None:
    scenario = parse_scenario(restating(), {"speed": 0.95}, "fine")
    again = parse_scenario(resolved_yaml(scenario))
    assert compile_form(again).labels == compile_form(scenario).labels
    assert np.array_equal(compile_form(again).at().transitions.toarray(), compile_form(scenario).at().transitions.toarray())


def test_levels_that_a_variant_replaces_are_replaced_in_a_resolved_file() -> None:
    text = changed(
        "variants:\n", "variants:\n  short: {says: s, replace levels: {talks: {settled: opened}}, start: {talks: settled}}\n"
    )
    scenario, plain = parse_scenario(text, {"speed": 0.9}, "short"), parse_scenario(text, {"speed": 0.9})
    resolved = resolved_yaml(scenario)
    again = parse_scenario(resolved)
    assert compile_form(again).labels == compile_form(scenario).labels != compile_form(plain).labels
    assert np.array_equal(compile_form(again).at().transitions.toarray(), compile_form(scenario).at().transitions.toarray())
    assert resolved_yaml(again) == resolved
    assert "\nreplace levels" not in resolved_yaml(parse_scenario(text))


def same_play(one: Scenario, other: Scenario) -> bool:
    """Whether two scenarios are one game with the same named strategies."""
    forms = [compile_form(each) for each in (one, other)]
    games = [form.at() for form in forms]
    machines = [compile_strategies(form, game) for form, game in zip(forms, games, strict=True)]
    alike = [forms[0].labels == forms[1].labels, games[0].actions == games[1].actions]
    alike.append(np.array_equal(games[0].transitions.toarray(), games[1].transitions.toarray()))
    alike += [
        np.array_equal(machine.lotteries[0], theirs[name].lotteries[0])
        for mine, theirs in zip(*machines, strict=True)
        for name, machine in mine.items()
    ]
    return all(alike)


#: A change of a variant, and what the resolved file says of it at its top.
RESOLVED: dict[str, tuple[str, str]] = {
    "a replacement": ("forbid: {redeploy: hold}", "forbid:\n  redeploy: hold\n"),
    "no replacement": ("forbid: [redeploy]", ""),
    "a value outside its range": ("set: {speed: 0.95}", "set:\n  speed: 0.95\n"),
    "a value within its range": ("set: {speed: 0.8}", ""),
}


@pytest.mark.parametrize("kind", RESOLVED)
def test_what_a_variant_changes_is_in_its_resolved_file(kind: str) -> None:
    change, said = RESOLVED[kind]
    text = changed("variants:\n", f"variants:\n  other: {{says: s, {change}}}\n")
    text = text.replace("{always: hold}", "{always: [redeploy, withdraw, hold]}")
    scenario, plain = parse_scenario(text, {}, "other"), parse_scenario(text)
    again = parse_scenario(resolved_yaml(scenario))
    assert same_play(again, scenario)
    assert not same_play(again, plain)
    assert again.values == scenario.values
    ranges = [[(p.low, p.high) for p in each.parameters.values()] for each in (again, scenario)]
    assert ranges[0] == ranges[1]
    assert resolved_yaml(again) == resolved_yaml(scenario)
    assert said in resolved_yaml(scenario)
    assert ("\nforbid" in resolved_yaml(scenario)) == said.startswith("forbid")
    assert ("\nset" in resolved_yaml(scenario)) == said.startswith("set")


def test_what_a_resolved_file_says_of_itself_can_be_overridden_again() -> None:
    kept = resolved_yaml(parse_scenario(SMALL, {"speed": 0.95}))
    assert parse_scenario(kept, {"speed": 0.4}).values["speed"] == 0.4
    again = parse_scenario(resolved_yaml(parse_scenario(kept, {"speed": 0.4})))
    assert again.values["speed"] == 0.4
    assert "\nset" not in resolved_yaml(again)


def test_what_takes_the_place_of_an_action_may_be_forbidden_by_a_variant() -> None:
    text = SMALL.replace("{always: hold}", "{always: [redeploy, withdraw, hold]}") + "forbid: {redeploy: withdraw}\n"
    text = text.replace("variants:\n", "variants:\n  other: {says: s, forbid: {withdraw: hold}}\n")
    scenario = parse_scenario(text, {}, "other")
    assert same_play(parse_scenario(resolved_yaml(scenario)), scenario)
    assert "\nforbid:\n  redeploy: hold\n  withdraw: hold\n" in resolved_yaml(scenario)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("set: {sped: 0.3}", "there is no parameter 'sped'"),
        ("forbid: {redeploy: advance}", "no action 'advance'"),
        ("forbid: [advance]", "there is no action 'advance'"),
        ("set: {speed: fast}", "a number is needed"),
    ],
)
def test_what_a_file_changes_of_itself_is_checked(own: str, message: str) -> None:
    assert any(message in fault.message for fault in faults_of(f"{SMALL}{own}\n"))


def test_levels_that_a_file_replaces_itself_are_checked_at_their_place() -> None:
    text = f"{SMALL}replace levels: {{talks: {{setled: opened}}}}\n"
    (fault,) = faults_of(text)
    assert (fault.line, fault.column) == (text.count("\n"), text.splitlines()[-1].index("setled") + 1)
    assert "did you mean 'settled'" in fault.remedy


@pytest.mark.parametrize("without", ["{forbid: [hold]}", "{forbid: {hold: withdraw}, bound to: stay}"])
def test_a_strategy_that_nobody_is_bound_to_may_be_undefined_in_a_world(without: str) -> None:
    scenario = parse_scenario(changed("{bound to: stay}", without))
    assert scenario.instruments[1].without.forbid == {"hold": "withdraw" if "bound" in without else None}


UPHILL = """
language: 1
title: t
question: q
players: {a: {discount: 0.9}}
state: {x: [low, mid, top]}
start: {x: low}
parameters: {p: {value: 0.3, range: [0.1, 0.5]}}
actions: {a: {stay: always}}
transitions: {x: [{if x is top: {down 1: 3 * p, stays: rest}}, {if x is mid: {to low: p, stays: rest}}]}
payoffs: {a: {gains: {v: x}}}
instruments: {i: {holder: a, without: {start: {x: LEVEL}}}}
"""


def test_a_world_is_checked_where_only_it_begins() -> None:
    assert parse_scenario(UPHILL.replace("LEVEL", "mid")).instruments[0].without.start == {0: 1}
    (fault,) = faults_of(UPHILL.replace("LEVEL", "top"))
    assert fault.message.startswith(
        "in the world without 'i', the chance of 'down 1' is 1.5, outside [0, 1], in the state 'x top'"
    )
    assert fault.message.endswith("(line 10)")
    assert fault.line == 12


def test_overrides_have_the_last_word() -> None:
    scenario = parse_scenario(SMALL, {"speed": 0.7}, "slow")
    assert scenario.values["speed"] == 0.7
    assert scenario.start == (1, 1, 1)
    assert scenario.parameters["speed"].low == 0.2


def test_an_override_outside_the_range_is_used_and_noted() -> None:
    scenario = parse_scenario(SMALL, {"speed": 0.95})
    assert scenario.notes == ("speed = 0.95 lies outside its plausible range [0.2, 0.9]",)


def test_an_override_that_makes_no_chance_is_refused() -> None:
    faults = faults_of(SMALL, {"speed": 1.5})
    assert [(fault.line, "is 1.5, outside [0, 1]" in fault.message) for fault in faults] == [(24, True), (30, True)]


def test_a_parameter_that_nothing_reads_is_noted() -> None:
    scenario = parse_scenario(changed("  risk: {value: 0.2}", "  risk: {value: 0.2}\n  idle: {value: 1}"))
    assert scenario.notes == ("the parameter idle is not used",)


def test_a_file_is_read_by_its_path() -> None:
    scenario = load_scenario(DATA / "small.yaml")
    assert isinstance(scenario, Scenario)
    assert scenario.source.endswith("small.yaml")


# --- anything else -------------------------------------------------------------------------------------------------------------

LINES = SMALL.splitlines()
VALUES = [
    "",
    "7",
    "-1",
    "0.5",
    "text",
    "true",
    "[]",
    "[1, 2]",
    "[[a], b]",
    "[{a: 1}]",
    "{}",
    "{a: 1}",
    "{a: {b: [c]}}",
    "null",
    "rest",
    "1e400",
    "always",
]


@settings(max_examples=250, deadline=None)
@given(st.integers(0, len(LINES) - 1), st.sampled_from(VALUES), st.booleans())
def test_any_value_anywhere_is_read_or_refused_with_a_place(line: int, value: str, whole: bool) -> None:
    """The value of a line, or of its last entry in braces, becomes something else."""
    text = LINES[line]
    if whole or "{" not in text:
        key = text.split(":")[0]
        lines = [*LINES[:line], f"{key}: {value}", *LINES[line + 1 :]]
    else:
        head, _, tail = text.rpartition(": ")
        lines = [*LINES[:line], f"{head}: {value}{'}' * tail.count('}')}", *LINES[line + 1 :]]
    _reads_or_refuses("\n".join(lines))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, len(LINES) - 1), min_size=1, max_size=4, unique=True))
def test_lines_left_out_are_read_or_refused_with_a_place(left_out: list[int]) -> None:
    _reads_or_refuses("\n".join(line for k, line in enumerate(LINES) if k not in left_out))


def _reads_or_refuses(text: str) -> None:
    result: Any = None
    try:
        result = parse_scenario(text)
    except ScenarioError as error:
        result = error
    assert isinstance(result, Scenario) or result.faults
