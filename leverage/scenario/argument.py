"""Reading of what is argued: instruments and claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from leverage.scenario.change_reading import read_change
from leverage.scenario.claim_check import ClaimCheck
from leverage.scenario.claims import Names, read_line, read_selection
from leverage.scenario.parsing import TextFaultsError
from leverage.scenario.reader import Reader, mapping, says
from leverage.scenario.scenario import Claim, Instrument, Path, Scenario


def read_instruments(reader: Reader, scenario: Scenario) -> tuple[Instrument, ...]:
    """What is said to give leverage, and the world without it."""
    found = []
    for name, entry in reader.entries("instruments"):
        path: Path = ("instruments", name)
        holder = reader.name(entry.get("holder"), reader.vocabulary.player_names, "player", (*path, "holder"))
        given = mapping(entry.get("without"))
        without = read_change(reader, (*path, "without"), given)
        if not any(given.values()) and isinstance(entry.get("without"), dict):
            remedy = "say what to forbid, set, start at, which levels to replace or what to be bound to"
            reader.fault((*path, "without"), "being without it changes nothing", remedy)
        if holder is not None:
            without = replace(without, bound_to=_binding(reader, scenario, holder, (*path, "without", "bound to"), given))
        found.append(Instrument(name, holder or 0, says(entry), without, path))
    return tuple(found)


def _binding(reader: Reader, scenario: Scenario, holder: int, path: Path, without: Mapping[str, Any]) -> dict[int, str]:
    """The strategy that the holder is bound to, if it is to one."""
    own = tuple(strategy.name for strategy in scenario.strategies[holder])
    k = reader.name(without.get("bound to"), own, f"strategy of {reader.vocabulary.player_names[holder]}", path)
    return {} if k is None else {holder: own[k]}


def read_claims(reader: Reader, scenario: Scenario, instruments: tuple[Instrument, ...]) -> tuple[Claim, ...]:
    """The sentences of the argument, their formulas read and their names checked."""
    names = claim_names(scenario, instruments)
    check = ClaimCheck(scenario, {instrument.name: instrument for instrument in instruments})
    found = []
    for name, entry in reader.entries("claims"):
        path: Path = ("claims", name)
        under, lines = [], []
        for place, text in _texts(entry, (*path, "under")):
            try:
                selection = read_selection(text, names)
                check.selection(text, selection)
                under.append(selection)
            except TextFaultsError as error:
                reader.text_faults(error, place)
        for place, text in _texts(entry, (*path, "holds if")):
            try:
                line = read_line(text, names, reader.period)
                for selection in under:
                    check.line(line, selection)
                lines.append(line)
            except TextFaultsError as error:
                reader.text_faults(error, place)
        size = entry.get("worth noting from")
        if isinstance(size, int | float) and size < 0:
            reader.fault((*path, "worth noting from"), f"a size worth noting is 0 or more, not {size:g}", "leave it out: any is")
        assertion, caveat = (str(entry.get(key, other)) for key, other in (("assertion", name), ("caveat", "")))
        found.append(Claim(name, assertion, says(entry), tuple(under), tuple(lines), size, path, caveat))
    return tuple(found)


def _texts(entry: Mapping[str, Any], path: Path) -> list[tuple[Path, str]]:
    value = entry.get(str(path[-1]))
    if isinstance(value, list):
        return [((*path, k), text) for k, text in enumerate(value) if isinstance(text, str)]
    return [(path, value)] if isinstance(value, str) else []


def claim_names(scenario: Scenario, instruments: tuple[Instrument, ...]) -> Names:
    """What the arguments of claims' functions may be, by kind; see `read_line`."""
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
        names[f"strategy of {player}"] = tuple(strategy.name for strategy in scenario.strategies[i])
        names[f"term of {player}"] = tuple(term.name for term in scenario.terms if term.player == i)
    return names
