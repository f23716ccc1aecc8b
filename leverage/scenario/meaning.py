"""Document -> checked scenario. All faults that can be found without playing the game are collected; the compiler adds those
that need it.

Turns (`moves: in turn`) and endings (`ends when`) are turned into ordinary state variables, legality and transition rules here,
so that no later stage knows of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from leverage.errors import Fault
from leverage.scenario import syntax as tree
from leverage.scenario.claims import Names, read_line, read_selection
from leverage.scenario.movement import read_transitions
from leverage.scenario.parsing import KEYWORDS, Scope, TextFaultsError, nearest
from leverage.scenario.periods import read_period
from leverage.scenario.reader import UNREADABLE, Reader
from leverage.scenario.reading import Document
from leverage.scenario.rulebooks import read_strategies
from leverage.scenario.scenario import (
    Action,
    Average,
    Change,
    Claim,
    Instrument,
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
from leverage.scenario.schema import ScenarioFile, read_levels, read_range
from leverage.scenario.syntax import Condition, Formula, Vocabulary

#: The action of a player who waits for its turn, and the one that is left when the game is over.
WAIT, OVER = "wait", "over"

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
    reader = Reader(document)
    _check_form(reader)
    _read_names(reader)
    if _unclear(reader):  # whatever reads the names would be faulted for nothing
        return Reading(None, tuple(reader.faults))
    variants = {
        name: Variant(name, _says(entry), _change(reader, ("variants", name), entry))
        for name, entry in _entries(reader, "variants")
    }
    change = _requested(reader, variants, variant, dict(overrides or {}))
    scenario = _assemble(reader, variants, change, variant)
    return Reading(None if reader.blocked else scenario, tuple(reader.faults))


# --- form ----------------------------------------------------------------------------------------------------------------------


def _check_form(reader: Reader) -> None:
    """Unknown and missing keys, values of the wrong kind: what the schema knows."""
    try:
        ScenarioFile.model_validate(reader.document.data)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            _form_fault(reader, each["type"], tuple(each["loc"]), each["msg"])


_SHAPE = {"players", "state", "start", "actions", "transitions", "parameters", "moves", "ends when", "period"}


def _form_fault(reader: Reader, kind: str, where: Path, message: str) -> None:
    path = tuple(step for step in where if step != "[key]")
    reader.blocked |= not path or path[0] in _SHAPE
    if kind == "extra_forbidden":
        reader.fault(path, f"there is no key '{path[-1]}' here", nearest(str(path[-1]), _known_keys(path[:-1])), on_key=True)
    elif kind == "missing":
        place = f"'{path[-2]}'" if len(path) > 1 else "the file"
        reader.fault(path[:-1], f"{place} lacks the key '{path[-1]}'", f"add '{path[-1]}:'", on_key=True)
    elif kind in ("dict_type", "model_type"):
        reader.fault(path, "keys with values are needed here", "write 'name: value' on lines of their own, indented")
    elif kind == "list_type":
        reader.fault(path, "a list is needed here", "write [one, two]")
    elif kind == "literal_error":
        reader.fault(path, f"this value is not known: {message[0].lower()}{message[1:]}")
    else:
        reader.fault(path, message, on_key="[key]" in where)


def _known_keys(path: Path) -> list[str]:
    """The keys that the schema knows at a place."""
    model: Any = ScenarioFile
    for step in path:
        if not hasattr(model, "model_fields"):
            return []
        found = next((f for name, f in model.model_fields.items() if (f.alias or name) == step), None)
        model = _inner(found.annotation) if found else model  # else a name that the user chose
    return [f.alias or name for name, f in model.model_fields.items()] if hasattr(model, "model_fields") else []


def _inner(annotation: Any) -> Any:
    """The schema class inside dict[Name, Entry] and the like."""
    if hasattr(annotation, "model_fields"):
        return annotation
    for part in reversed(getattr(annotation, "__args__", ())):
        found = _inner(part)
        if found is not None:
            return found
    return None


# --- names ---------------------------------------------------------------------------------------------------------------------


def _read_names(reader: Reader) -> None:
    text = reader.document.data.get("period", "1 period") if isinstance(reader.document.data, dict) else "1 period"
    try:
        reader.period = read_period(str(text))
    except ValueError as reason:
        reader.fault(("period",), str(reason))
        reader.period_known = False
    players = tuple(reader.section("players"))
    variables = {name: _level_numbers(value) for name, value in reader.section("state").items()}
    actions = {player: tuple(reader.section("actions", player)) for player in players}
    if _turns(reader):
        variables["turn"] = {player: float(k) for k, player in enumerate(players)}
        actions = {player: (*own, WAIT) for player, own in actions.items()}
    if reader.section().get("ends when") is not None:
        actions = {player: (*own, OVER) for player, own in actions.items()}
    reader.vocabulary = Vocabulary(
        tuple(reader.section("parameters")), MappingProxyType(variables), MappingProxyType(actions), reader.period.unit
    )
    _check_names(reader)


def _unclear(reader: Reader) -> bool:
    """Whether period, players, levels or actions are so far from what is needed that no text can be read against them."""
    words = reader.vocabulary
    return (
        not reader.period_known
        or not words.players
        or not all(isinstance(reader.section().get(name), dict) for name in ("state", "actions"))
        or not (all(words.variables.values()) and all(reader.section("actions", key) for key in words.players))
    )


def _turns(reader: Reader) -> bool:
    return bool(reader.section().get("moves") == "in turn")


def _level_numbers(value: object) -> Mapping[str, float]:
    try:
        return MappingProxyType(read_levels(value))
    except PydanticCustomError:
        return MappingProxyType({str(name): float(k) for k, name in enumerate(value)} if isinstance(value, dict | list) else {})


def _check_names(reader: Reader) -> None:
    """Names that are words of the language, or that mean two things."""
    words = reader.vocabulary
    places: dict[str, str] = {}
    sorts = (("parameters", words.parameters), ("state", tuple(reader.section("state"))), ("players", words.player_names))
    for section, names in sorts:
        for name in names:
            if name in places:
                reader.fault(
                    (section, name), f"'{name}' is already a name under {places[name]}", "rename one of them", on_key=True
                )
            places[name] = section
            _check_word(reader, (section, name))
    for variable in reader.section("state"):
        for level in words.variables[variable]:
            _check_word(reader, ("state", variable, level))
            if level in places:
                message = f"the level '{level}' has the name of something under {places[level]}"
                reader.fault(("state", variable, level), message, "rename one of them", on_key=True)
    if reader.section().get("players") == {}:
        reader.fault(("players",), "a scenario needs a player", "add 'NAME: {discount: 0.9}'", on_key=True)
    for player in reader.section("actions") if words.players else ():
        reader.key(player, words.player_names, "player", ("actions", player))
        for action in reader.section("actions", player):
            _check_word(reader, ("actions", player, action))
    for player in words.player_names:
        if reader.section("actions").get(player, {}) == {}:
            reader.fault(("actions",), f"'{player}' has no actions", f"add '{player}:' with at least one action", on_key=True)
            reader.blocked = True


def _check_word(reader: Reader, path: Path) -> None:
    name = path[-1]
    reserved = {"turn": _turns(reader), WAIT: _turns(reader), OVER: reader.section().get("ends when") is not None}
    if name in KEYWORDS or reserved.get(str(name), False):
        reader.fault(path, f"'{name}' is a word of the language", "choose another name", on_key=True)
        reader.blocked = True


# --- changes -------------------------------------------------------------------------------------------------------------------


def _entries(reader: Reader, *path: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, entry) for name, entry in reader.section(*path).items() if isinstance(entry, dict)]


def _says(entry: Mapping[str, Any]) -> str:
    return str(entry.get("says", ""))


def _change(reader: Reader, path: Path, entry: Mapping[str, Any]) -> Change:
    """A variant's or an instrument's change, its names checked."""
    words = reader.vocabulary
    everything = tuple(dict.fromkeys(action for own in words.players.values() for action in own))
    values: dict[str, float] = {}
    for name, value in _mapping(entry.get("set")).items():
        known = reader.key(name, words.parameters, "parameter", (*path, "set", name))
        if known is not None and isinstance(value, int | float):
            values[name] = float(value)
    forbidden = entry.get("forbid")
    actions = tuple(map(str, forbidden)) if isinstance(forbidden, list) else ()
    for k, action in enumerate(actions):
        reader.key(action, everything, "action", (*path, "forbid", k), on_key=False)
    bound = entry.get("bound to")
    return Change(
        values, _start(reader, (*path, "start"), entry.get("start")), actions, bound if isinstance(bound, str) else None
    )


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _start(reader: Reader, path: Path, value: object) -> dict[int, int]:
    words, found = reader.vocabulary, {}
    for name, level in _mapping(value).items():
        variable = reader.key(name, words.variable_names, "state variable", (*path, name))
        if variable is not None:
            k = reader.name(level, tuple(words.variables[name]), f"level of {name}", (*path, name))
            if k is not None:
                found[variable] = k
    return found


def _requested(reader: Reader, variants: Mapping[str, Variant], variant: str, overrides: dict[str, float]) -> Change:
    """The variant and the overrides as one change; the overrides have the last word."""
    base = Change()
    if variant and variant in variants:
        base = variants[variant].change
    elif variant:
        reader.faults.append(
            Fault(0, 0, f"there is no variant '{variant}'", nearest(variant, variants), place=f"--variant {variant}")
        )
    for name, value in overrides.items():
        if name not in reader.vocabulary.parameters:
            remedy = nearest(name, reader.vocabulary.parameters)
            reader.faults.append(Fault(0, 0, f"there is no parameter '{name}'", remedy, place=f"-p {name}={value:g}"))
    return replace(base, set={**base.set, **overrides})


# --- parts ---------------------------------------------------------------------------------------------------------------------


def _assemble(reader: Reader, variants: Mapping[str, Variant], change: Change, variant: str) -> Scenario:
    parameters = _parameters(reader, change.set)
    start = {**_start(reader, ("start",), reader.section("start")), **change.start}
    _check_start(reader)
    ending = _ending(reader)
    order, transitions = read_transitions(reader)
    actions = _actions(reader, ending, change.forbid)
    order, transitions = _desugar(reader, ending, order, transitions)
    measures = reader.section("measures")
    top = reader.section()
    scenario = Scenario(
        document=reader.document,
        title=str(top.get("title", "")),
        question=" ".join(str(top.get("question", "")).split()),
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
        variant=variant,
        overrides=MappingProxyType(dict(change.set)),
    )
    instruments = _instruments(reader, scenario)
    claims = _claims(reader, scenario, instruments)
    return replace(scenario, instruments=instruments, claims=claims, notes=_notes(scenario))


def _parameters(reader: Reader, values: Mapping[str, float]) -> dict[str, Parameter]:
    found = {}
    for name, entry in _entries(reader, "parameters"):
        try:
            low, high = read_range(entry["range"]) if "range" in entry else (None, None)
        except PydanticCustomError:
            low, high = None, None  # the schema reports it
        given = entry.get("value")
        stated = float(given) if isinstance(given, int | float) else float("nan")
        value = values.get(name, stated)
        if low is not None and high is not None and not low <= stated <= high:
            reader.fault(("parameters", name, "value"), f"the value {stated:g} lies outside its range [{low:g}, {high:g}]")
        found[name] = Parameter(
            name,
            value,
            value if low is None else low,
            value if high is None else high,
            str(entry.get("unit", "")),
            str(entry.get("source", "")),
        )
    return found


def _check_start(reader: Reader) -> None:
    section = reader.section("start")
    for name in reader.section("state"):
        if name not in section:
            reader.fault(("start",), f"the start says nothing about '{name}'", f"add '{name}: LEVEL'", on_key=True)
            reader.blocked = True


def _unit(reader: Reader) -> tuple[str, str, str]:
    entry = reader.section("payoff unit")
    name = str(entry.get("name", f"points a {reader.period.unit}"))
    return name, str(entry.get("zero", "")), str(entry.get("hundred", ""))


def _players(reader: Reader) -> tuple[Player, ...]:
    scope = Scope("patience", state=False, actions=False)
    found = []
    for key, entry in _entries(reader, "players"):
        path: Path = ("players", key)
        given = [name for name in ("discount", "half life") if name in entry]
        discount: Formula = UNREADABLE
        if len(given) != 1:
            reader.fault(path, f"'{key}' has {len(given)} of 'discount' and 'half life': it needs one of them", on_key=True)
        else:
            path = (*path, given[0])
            discount = reader.formula(entry[given[0]], path, scope)
            if given == ["half life"]:
                discount = tree.Binary("**", tree.Number(0.5), tree.Binary("/", tree.ONE, discount))
        found.append(Player(key, str(entry.get("name") or key.replace("_", " ")), discount, path))
    return tuple(found)


def _ending(reader: Reader) -> Condition | None:
    text = reader.section().get("ends when")
    if text is None:
        return None
    before = len(reader.faults)
    ending = reader.condition(text, ("ends when",), replace(_STATE, place="the end of the game"))
    reader.blocked |= len(reader.faults) > before
    return ending


def _actions(reader: Reader, ending: Condition | None, forbidden: tuple[str, ...]) -> tuple[tuple[Action, ...], ...]:
    """Per player its actions; waiting for a turn, and the game's end, are actions and conditions like others."""
    turn = reader.vocabulary.variable_names.index("turn") if _turns(reader) else None
    found = []
    for i, player in enumerate(reader.vocabulary.player_names):
        own = [_action(reader, player, name, text) for name, text in reader.section("actions", player).items()]
        own = [replace(each, legal=tree.Always(False)) if each.name in forbidden else each for each in own]
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
    if _turns(reader):
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
    return tuple(sorted(date for date in dates if date is not None))


def _instruments(reader: Reader, scenario: Scenario) -> tuple[Instrument, ...]:
    found = []
    for name, entry in _entries(reader, "instruments"):
        path: Path = ("instruments", name)
        holder = reader.name(entry.get("holder"), reader.vocabulary.player_names, "player", (*path, "holder"))
        without = _change(reader, (*path, "without"), _mapping(entry.get("without")))
        if without == Change() and isinstance(entry.get("without"), dict):
            reader.fault(
                (*path, "without"), "being without it changes nothing", "say what to forbid, set, start at or be bound to"
            )
        if without.bound_to is not None and holder is not None:
            own = tuple(strategy.name for strategy in scenario.strategies[holder])
            reader.key(
                without.bound_to,
                own,
                f"strategy of {reader.vocabulary.player_names[holder]}",
                (*path, "without", "bound to"),
                on_key=False,
            )
        found.append(Instrument(name, holder or 0, _says(entry), without, path))
    return tuple(found)


def _claims(reader: Reader, scenario: Scenario, instruments: tuple[Instrument, ...]) -> tuple[Claim, ...]:
    names = _claim_names(scenario, instruments)
    found = []
    for name, entry in _entries(reader, "claims"):
        path: Path = ("claims", name)
        under, lines = [], []
        for place, text in _texts(entry, (*path, "under")):
            try:
                under.append(read_selection(text, names))
            except TextFaultsError as error:
                reader.text_faults(error, place)
        for place, text in _texts(entry, (*path, "holds if")):
            try:
                lines.append(read_line(text, names, reader.period))
            except TextFaultsError as error:
                reader.text_faults(error, place)
        size = entry.get("worth noting from")
        found.append(Claim(name, str(entry.get("assertion", name)), _says(entry), tuple(under), tuple(lines), size, path))
    return tuple(found)


def _texts(entry: Mapping[str, Any], path: Path) -> list[tuple[Path, str]]:
    value = entry.get(str(path[-1]))
    if isinstance(value, list):
        return [((*path, k), text) for k, text in enumerate(value) if isinstance(text, str)]
    return [(path, value)] if isinstance(value, str) else []


def _claim_names(scenario: Scenario, instruments: tuple[Instrument, ...]) -> Names:
    words = scenario.vocabulary
    names = {
        "player": words.player_names,
        "parameter": words.parameters,
        "event": tuple(measure.name for measure in scenario.events),
        "count": tuple(measure.name for measure in scenario.counts),
        "average": tuple(measure.name for measure in scenario.averages),
        "strategy": tuple(strategy.name for own in scenario.strategies for strategy in own),
        "instrument": tuple(instrument.name for instrument in instruments),
    }
    for i, player in enumerate(words.player_names):
        names[f"action of {player}"] = words.players[player]
        names[f"term of {player}"] = tuple(term.name for term in scenario.terms if term.player == i)
    return names


def _notes(scenario: Scenario) -> tuple[str, ...]:
    """What a reader should know: values outside their range, parameters that nothing reads."""
    notes = [
        f"{p.name} = {p.value:g} lies outside its plausible range [{p.low:g}, {p.high:g}]"
        for p in scenario.parameters.values()
        if not p.inside
    ]
    used = {name for formula in _formulas(scenario) for name in tree.parameters_of(formula)}
    notes += [f"the parameter {name} is not used" for name in scenario.parameters if name not in used]
    return tuple(notes)


def _formulas(scenario: Scenario) -> list[tree.Node]:
    chances = [move.chance for rules in scenario.transitions for rule in rules for move in rule.moves]
    lotteries = [
        c for own in scenario.strategies for s in own for phase in s.phases for rule in phase.rules for c in rule.choice.chances
    ]
    return [
        *(player.discount for player in scenario.players),
        *(term.formula for term in scenario.terms),
        *(average.formula for average in scenario.averages),
        *(formula for formula in (*chances, *lotteries) if formula is not None),
    ]
