"""Document -> checked scenario. All faults that can be found without playing the game are collected; the compiler adds those
that need it.

Turns (`moves: in turn`) and endings (`ends when`) are turned into ordinary state variables, legality and transition rules here,
so that no later stage knows of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from pydantic_core import PydanticCustomError

from leverage.errors import Fault
from leverage.scenario import syntax as tree
from leverage.scenario.argument import read_claims, read_instruments
from leverage.scenario.change_reading import read_own_change, read_start, read_variant, requested_change, restated
from leverage.scenario.changes import changed
from leverage.scenario.form_check import check_form
from leverage.scenario.movement import read_transitions
from leverage.scenario.names import OVER, WAIT, read_names, turns, unclear
from leverage.scenario.notes import notes_of
from leverage.scenario.parsing import Scope
from leverage.scenario.periods import MOST_PERIODS
from leverage.scenario.reader import UNREADABLE, Reader, says
from leverage.scenario.reading import Document
from leverage.scenario.rulebooks import read_strategies
from leverage.scenario.scenario import (
    Action,
    Average,
    Move,
    Parameter,
    Path,
    Player,
    Scenario,
    Term,
    TransitionRule,
    Variant,
    Watched,
)
from leverage.scenario.schema import read_range
from leverage.scenario.sweeps import read_sweeps
from leverage.scenario.syntax import Condition, Formula
from leverage.scenario.wording import plain

_GROUPS = {
    "gains": ("gain", ""),
    "costs": ("cost", ""),
    "holding costs": ("cost", "holding"),
    "using costs": ("cost", "using"),
}
_STATE = Scope("this condition", parameters=False, actions=False)


@dataclass(frozen=True)
class Reading:
    """What came of a document. `scenario` is None where its shape is unknown; then `faults` is not empty."""

    scenario: Scenario | None
    faults: tuple[Fault, ...]


def read_meaning(document: Document, overrides: Mapping[str, float] | None = None, variant: str = "") -> Reading:
    """Resolve every name of a document and apply a variant and parameter overrides.

    overrides: parameter -> value, as if the file had that value. variant: the name of one of the file's variants, or "".
    """
    reader = Reader(restated(document, variant))
    check_form(reader)
    read_names(reader)
    if unclear(reader):  # whatever reads the names would be faulted for nothing
        return Reading(None, tuple(reader.faults))
    variants = {
        name: Variant(name, says(entry), read_variant(reader, ("variants", name), entry))
        for name, entry in reader.entries("variants")
    }
    own = read_own_change(reader)
    change = requested_change(reader, variants, variant, dict(overrides or {}))
    scenario = replace(changed(changed(_assemble(reader, variants), own), change), variant=variant)
    return Reading(None if reader.blocked else scenario, tuple(reader.faults))


def _assemble(reader: Reader, variants: Mapping[str, Variant]) -> Scenario:
    """The scenario as the file gives it."""
    parameters = _parameters(reader)
    start = read_start(reader, ("start",), reader.section("start"))
    _check_start(reader)
    ending = _ending(reader)
    order, transitions = read_transitions(reader)
    actions = _actions(reader, ending)
    order, transitions = _desugar(reader, ending, order, transitions)
    measures = reader.section("measures")
    top = reader.section()
    scenario = Scenario(
        document=reader.document,
        title=_line(top.get("title", "")),
        question=_line(top.get("question", "")),
        payoff_unit=_unit(reader),
        vocabulary=reader.vocabulary,
        period=reader.period,
        parameters=MappingProxyType(parameters),
        players=_players(reader),
        actions=actions,
        start=tuple(start.get(v, 0) for v in range(len(reader.vocabulary.variables))),
        order=order,
        transitions=transitions,
        terms=_terms(reader),
        events=_conditions(reader, "events", Scope("an event", parameters=False, actions=False)),
        counts=_conditions(reader, "counts", Scope("a count", parameters=False, ahead=frozenset(reader.vocabulary.variables))),
        averages=_averages(reader),
        dates=_dates(reader, measures.get("dates")),
        strategies=read_strategies(reader),
        variants=MappingProxyType(dict(variants)),
        stated=MappingProxyType({name: parameter.value for name, parameter in parameters.items()}),
    )
    instruments = read_instruments(reader, scenario)
    claims = read_claims(reader, scenario, instruments)
    sweeps = read_sweeps(reader, parameters, tuple(claim.name for claim in claims))
    return replace(scenario, instruments=instruments, claims=claims, sweeps=sweeps, notes=notes_of(scenario))


def _parameters(reader: Reader) -> dict[str, Parameter]:
    found = {}
    for name, entry in reader.entries("parameters"):
        try:
            low, high = read_range(entry["range"]) if "range" in entry else (None, None)
        except PydanticCustomError:
            low, high = None, None  # the schema reports it
        value = _number(entry.get("value"))
        if low is not None and high is not None and (value < low or value > high):
            reader.fault(("parameters", name, "value"), f"the value {value:g} lies outside its range [{low:g}, {high:g}]")
        found[name] = Parameter(
            name,
            value,
            value if low is None else low,
            value if high is None else high,
            str(entry.get("unit", "")),
            str(entry.get("source", "")),
        )
    return found


def _number(value: object) -> float:
    """The number, or nan where the schema reports that it is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")


def _check_start(reader: Reader) -> None:
    section = reader.section("start")
    for name in reader.section("state"):
        if name not in section:
            reader.fault(("start",), f"the start says nothing about '{name}'", f"add '{name}: LEVEL'", on_key=True)
            reader.blocked = True


def _unit(reader: Reader) -> tuple[str, str, str]:
    entry = reader.section("payoff unit")
    period = reader.period
    name = _line(
        entry.get("name", f"points a {period.unit}" if period.length == 1 else f"points per {period.length:g} {period.unit}s")
    )
    return name, str(entry.get("zero", "")), str(entry.get("hundred", ""))


def _line(text: object) -> str:
    """Text on one line, without characters that steer a terminal."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())


def _players(reader: Reader) -> tuple[Player, ...]:
    scope = Scope("patience", state=False, actions=False)
    found: list[Player] = []
    for key, entry in reader.entries("players"):
        path: Path = ("players", key)
        given = [name for name in ("discount", "half life") if name in entry]
        discount: Formula = UNREADABLE
        length = entry.get("half life")
        if isinstance(length, int | float) and length <= 0:
            reader.fault(
                (*path, "half life"), "a half life is longer than nothing", "such as 6: a payoff 6 periods away counts half"
            )
        elif len(given) != 1:
            reader.fault(path, f"'{key}' has {len(given)} of 'discount' and 'half life': it needs one of them", on_key=True)
        else:
            path = (*path, given[0])
            discount = reader.formula(entry[given[0]], path, scope)
            if given == ["half life"]:
                discount = tree.Binary("**", tree.Number(0.5), tree.Binary("/", tree.ONE, discount))
        name = _line(entry.get("name") or plain(key))
        if name in (player.name for player in found):
            reader.fault(("players", key, "name"), f"two players are called '{name}'", "tables could not tell them apart")
        found.append(Player(key, name, discount, path))
    return tuple(found)


def _ending(reader: Reader) -> Condition | None:
    text = reader.section().get("ends when")
    if text is None:
        return None
    before = len(reader.faults)
    ending = reader.condition(text, ("ends when",), replace(_STATE, place="the end of the game"))
    reader.blocked |= len(reader.faults) > before
    return ending


def _actions(reader: Reader, ending: Condition | None) -> tuple[tuple[Action, ...], ...]:
    """Per player its actions; waiting for a turn, and the game's end, are actions and conditions like others."""
    turn = reader.vocabulary.variable_names.index("turn") if turns(reader) else None
    found = []
    for i, player in enumerate(reader.vocabulary.player_names):
        own = [_action(reader, player, name, text) for name, text in reader.section("actions", player).items()]
        if turn is not None:
            mine = tree.At(turn, frozenset({i}))
            own = [replace(each, legal=tree.Both(mine, each.legal)) for each in own] + [Action(WAIT, tree.Not(mine), ("moves",))]
        if ending is not None:
            own = [replace(each, legal=tree.Both(tree.Not(ending), each.legal)) for each in own] + [
                Action(OVER, ending, ("ends when",))
            ]
        found.append(tuple(own))
    return tuple(found)


def _action(reader: Reader, player: str, name: str, text: object) -> Action:
    path: Path = ("actions", player, name)
    before = len(reader.faults)
    scope = replace(_STATE, place="whether an action is legal")
    if isinstance(text, str) and text.startswith("when "):
        legal = reader.condition(text, path, scope, skip=5)
    elif text in ("always", "never"):
        legal = tree.Always(text == "always")
    else:
        reader.fault(path, f"'{text}' does not say when the action is legal", "write 'always', or 'when CONDITION'")
        legal = tree.Always(False)
    reader.blocked |= len(reader.faults) > before
    return Action(name, legal, path)


def _desugar(
    reader: Reader, ending: Condition | None, order: tuple[int, ...], transitions: tuple[tuple[TransitionRule, ...], ...]
) -> tuple[tuple[int, ...], tuple[tuple[TransitionRule, ...], ...]]:
    """Rules for whose turn it is, and for a game that is over."""
    rules = list(transitions)
    if turns(reader):
        turn, players = reader.vocabulary.variable_names.index("turn"), len(reader.vocabulary.players)
        rules[turn] = tuple(
            TransitionRule(tree.At(turn, frozenset({i})), (Move(0, (i + 1) % players, tree.ONE, ("moves",), "next"),), ("moves",))
            for i in range(players)
        )
    if ending is not None:
        stays = TransitionRule(ending, (Move(0, None, tree.ONE, ("ends when",), "stays"),), ("ends when",))
        rules = [(stays, *own) for own in rules]
    return order, tuple(rules)


def _terms(reader: Reader) -> tuple[Term, ...]:
    scope = Scope("a payoff", ahead=frozenset(reader.vocabulary.variables))
    found: list[Term] = []
    for player in reader.section("payoffs"):
        index = reader.key(player, reader.vocabulary.player_names, "player", ("payoffs", player))
        names: set[str] = set()
        for group, (kind, tag) in _GROUPS.items():
            for name, text in reader.section("payoffs", player, group).items():
                path: Path = ("payoffs", player, group, name)
                if name in names:
                    reader.fault(path, f"'{player}' has two terms called '{name}'", "rename one of them", on_key=True)
                names.add(name)
                found.append(Term(name, index or 0, kind, tag, reader.formula(text, path, scope), path))
    for player in reader.vocabulary.player_names:
        if player not in reader.section("payoffs"):
            reader.fault(("payoffs",), f"'{player}' has no payoffs", f"add '{player}:' with gains or costs", on_key=True)
    return tuple(found)


def _conditions(reader: Reader, group: str, scope: Scope) -> tuple[Watched, ...]:
    section = reader.section("measures", group)
    return tuple(
        Watched(name, reader.condition(text, ("measures", group, name), scope), ("measures", group, name))
        for name, text in section.items()
    )


def _averages(reader: Reader) -> tuple[Average, ...]:
    scope = Scope("an average", actions=False)
    section = reader.section("measures", "averages")
    return tuple(
        Average(name, reader.formula(text, ("measures", "averages", name), scope), ("measures", "averages", name))
        for name, text in section.items()
    )


def _dates(reader: Reader, value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or not value:
        return (6.0, 12.0, 24.0)
    dates = [reader.duration(text, ("measures", "dates", k)) for k, text in enumerate(value)]
    for k, date in enumerate(dates):
        if date is not None and date < 1:
            reader.fault(("measures", "dates", k), f"'{value[k]}' is shorter than a period")
        elif date is not None and date > MOST_PERIODS:
            reader.fault(("measures", "dates", k), f"'{value[k]}' is {date:,.0f} periods; {MOST_PERIODS:,} can be followed")
    return tuple(sorted(date for date in dates if date is not None))
