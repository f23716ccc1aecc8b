"""What differs between scenarios, entry by entry: numbers, rules, actions, payoffs, strategies, claims, and mere wording.

Scenarios are compared as they were run - overrides and variant applied - and in the normal form of the schema, so that two ways
of writing the same entry are no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from leverage.output.files import resolved_data
from leverage.scenario.scenario import Parameter, Scenario
from leverage.scenario.schema import ScenarioFile
from leverage.scenario.wording import plain

#: value and range are of parameters; wording changes no number.
InputKind = Literal["value", "range", "rule", "wording"]
Path = tuple[str, ...]

#: Where sentences and names stand that no number hangs on: at the top of a file, and as the last key below a part of it.
_WORDING_PARTS = frozenset({"title", "question", "source"})
_WORDING_KEYS: Mapping[str, frozenset[str]] = {
    "players": frozenset({"name"}),
    "strategies": frozenset({"says"}),
    "instruments": frozenset({"says"}),
    "claims": frozenset({"says", "caveat", "assertion"}),
}
#: What a reader is told of elsewhere, or what does not bear on the run.
_LEFT_OUT = frozenset({"language", "variants", "sweeps", "parameters", "set"})
#: The last key of a list of rules: the order in which they are tried.
ORDER = "order of rules"


@dataclass(frozen=True)
class InputDifference:
    """An entry that is not the same in all scenarios. said: what each of them says, None where it has no such entry."""

    path: Path
    kind: InputKind
    said: tuple[str | None, ...]
    unit: str = ""

    @property
    def words(self) -> str:
        """The place in plain words."""
        return path_words(self.path)


def input_differences(scenarios: Sequence[Scenario]) -> tuple[InputDifference, ...]:
    """Entries that differ, parameters first, then in the order of the files."""
    stated = [entries(scenario) for scenario in scenarios]
    places = list(dict.fromkeys(path for own in stated for path in own))
    found = []
    for path in places:
        said = tuple(own.get(path) for own in stated)
        if len(set(said)) > 1 and not _told_by_its_rules(path, stated):
            found.append(InputDifference(path, _kind(path), said, _unit(path, scenarios)))
    return tuple(found)


def entries(scenario: Scenario) -> dict[Path, str]:
    """Every entry of a scenario as it was run, as a text: path -> text."""
    found: dict[Path, str] = {}
    for parameter in scenario.parameters.values():
        found |= _parameter_entries(parameter)
    normal = ScenarioFile.model_validate(resolved_data(scenario)).model_dump(by_alias=True, exclude_defaults=True)
    for part, value in normal.items():
        if part not in _LEFT_OUT:
            found |= dict(_entries((part,), value))
    return found


def _parameter_entries(parameter: Parameter) -> dict[Path, str]:
    place: Path = ("parameters", parameter.name)
    told = {
        (*place, "value"): f"{parameter.value:.12g}",
        (*place, "range"): f"{parameter.low:.12g} to {parameter.high:.12g}" if parameter.in_doubt else "not in doubt",
        (*place, "unit"): " ".join(parameter.unit.split()),
        (*place, "source"): " ".join(parameter.source.split()),
    }
    return {path: text for path, text in told.items() if text}


def _entries(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, list) and value and all(isinstance(rule, dict) and len(rule) == 1 for rule in value):
        yield from _rule_entries(path, value)
    elif isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _entries((*path, str(key)), each)
    else:
        yield path, _text(value)


def _rule_entries(path: Path, rules: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Path, str]]:
    """Rules by their conditions; of two with the same condition the second never fits, and is told by its number."""
    keys: list[str] = []
    for rule in rules:
        ((condition, result),) = rule.items()
        condition = " ".join(str(condition).split())
        key = condition if condition not in keys else f"{condition} (rule {len(keys) + 1})"
        keys.append(key)
        yield from _entries((*path, key), result)
    if len(keys) > 1:
        yield (*path, ORDER), "; ".join(f"{number} {key}" for number, key in enumerate(keys, 1))


def _text(value: Any) -> str:
    if value is None:
        return "yes"  # an action that is forbidden, without anything in its place
    if isinstance(value, bool | int | float):
        return f"{value:.12g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "nothing"
    return _formula_text(" ".join(str(value).split())) or "nothing"


def _formula_text(text: str) -> str:
    """A formula that is a number as one number, however it is written."""
    try:
        return f"{float(text):.12g}"
    except ValueError:
        return text


def _told_by_its_rules(path: Path, stated: Sequence[Mapping[Path, str]]) -> bool:
    """Whether it is the order of a list of rules that exists in some scenarios only: its rules tell that already."""
    return path[-1] == ORDER and any(path not in own for own in stated)


def _kind(path: Path) -> InputKind:
    part, last = path[0], path[-1]
    if part == "parameters":
        return "value" if last == "value" else "range" if last == "range" else "wording"
    wording = part in _WORDING_PARTS or (part in _WORDING_KEYS and last in _WORDING_KEYS[part] and len(path) > 2)
    return "wording" if wording else "rule"


def _unit(path: Path, scenarios: Sequence[Scenario]) -> str:
    if path[0] != "parameters":
        return ""
    return next((scenario.parameters[path[1]].unit for scenario in scenarios if path[1] in scenario.parameters), "")


#: How the parts of a file are told: with the names of the entry's first steps, as many as it takes.
_PART_WORDS: Mapping[str, tuple[str, int]] = {
    "parameters": ("{0}", 1),
    "players": ("player {0}", 1),
    "state": ("levels of {0}", 1),
    "start": ("start of {0}", 1),
    "actions": ("when {0} may {1}", 2),
    "transitions": ("how {0} moves", 1),
    "payoffs": ("payoff of {0}", 1),
    "strategies": ("strategy {1} of {0}", 2),
    "instruments": ("instrument {0}", 1),
    "claims": ("claim {0}", 1),
    "measures": ("what is measured", 0),
    "forbid": ("forbidden: {0}", 1),
    "replace levels": ("levels of {0} that are replaced", 1),
}


def path_words(path: Path) -> str:
    """A place in a scenario in plain words.

    >>> path_words(("payoffs", "power", "costs", "audience_cost"))
    'payoff of power: costs, audience cost'
    """
    words, steps = _PART_WORDS.get(path[0], (plain(path[0]), 0))
    names = [plain(step) for step in path[1:]]
    if len(names) < steps:
        return f"{plain(path[0])}: {', '.join(names)}"
    rest = ", ".join(names[steps:])
    head = words.format(*names)
    return f"{head}: {rest}" if rest else head
