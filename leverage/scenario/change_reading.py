"""Reading of changes to a scenario: variants, worlds without an instrument, overrides of the caller.

What a variant restates - levels, and rules by which a variable moves - is not a change of the checked scenario, whose numbers of
levels all else is told in: it takes its place in the document before anything is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from leverage.errors import Fault
from leverage.scenario.parsing import nearest
from leverage.scenario.reader import Reader, mapping
from leverage.scenario.reading import Document
from leverage.scenario.scenario import Change, Path, Variant

#: Parts of the file that a variant may restate, a state variable at a time.
RESTATED = ("state", "transitions")


def restated(document: Document, variant: str) -> Document:
    """The document with what the variant restates in the place of what the file says, and without the other variants, which are
    told in the file's own levels; the same object where it restates nothing."""
    top = mapping(document.data)
    variants, known = mapping(top.get("variants")), mapping(top.get("state"))
    entry = mapping(variants.get(variant))
    moves: dict[Path, Path] = {
        ("variants", variant, part, name): (part, name)
        for part in RESTATED
        if isinstance(top.get(part), dict)
        for name in mapping(entry.get(part))
        if name in known
    }
    if not moves:
        return document
    moved = document.with_moved(moves)
    return replace(moved, data={**moved.data, "variants": {variant: entry}})


def read_variant(reader: Reader, path: Path, entry: Mapping[str, Any]) -> Change:
    """A variant's change of the scenario, its names checked, those of what it restates too."""
    for part in RESTATED:
        for name in mapping(entry.get(part)):
            reader.key(name, reader.vocabulary.variable_names, "state variable", (*path, part, name))
    return read_change(reader, path, entry)


def read_change(reader: Reader, path: Path, entry: Mapping[str, Any]) -> Change:
    """A variant's or an instrument's change, its names checked."""
    return Change(
        set=_read_values(reader, (*path, "set"), entry.get("set")),
        start=read_start(reader, (*path, "start"), entry.get("start")),
        forbid=_read_forbidden(reader, (*path, "forbid"), entry.get("forbid")),
        replace_levels=_read_replaced_levels(reader, (*path, "replace levels"), entry.get("replace levels")),
    )


def read_own_change(reader: Reader) -> Change:
    """What the file changes of itself: what a resolved file keeps of the variant and the overrides that it was run with."""
    top = reader.section()
    return Change(
        set=_read_values(reader, ("set",), top.get("set")),
        forbid=_read_forbidden(reader, ("forbid",), top.get("forbid")),
        replace_levels=_read_replaced_levels(reader, ("replace levels",), top.get("replace levels")),
    )


def _read_values(reader: Reader, path: Path, value: object) -> dict[str, float]:
    """Parameters and their other values."""
    found: dict[str, float] = {}
    for name, number in mapping(value).items():
        known = reader.key(name, reader.vocabulary.parameters, "parameter", (*path, name))
        if known is not None and isinstance(number, int | float):
            found[name] = float(number)
    return found


def _read_forbidden(reader: Reader, path: Path, value: object) -> dict[str, str | None]:
    """Forbidden actions, each with what strategies play in its place."""
    own = {player: tuple(reader.section("actions", player)) for player in reader.vocabulary.player_names}
    everything = tuple(dict.fromkeys(action for actions in own.values() for action in actions))
    if isinstance(value, list):
        places = {str(action): (*path, k) for k, action in enumerate(value)}
        known = {action: reader.key(action, everything, "action", place, on_key=False) for action, place in places.items()}
        return {action: None for action, k in known.items() if k is not None}
    found: dict[str, str | None] = {}
    for action, other in mapping(value).items():
        place = (*path, action)
        if reader.key(action, everything, "action", place) is None or not isinstance(other, str):
            continue  # the schema reports what is no name
        if other in mapping(value):
            message = f"'{other}' takes the place of '{action}' and is forbidden itself"
            reader.fault(place, message, "name an action that is left in that world")
            continue
        holders = [player for player, actions in own.items() if action in actions]
        lacking = [player for player in holders if other not in own[player]]
        for player in lacking:
            message = f"'{player}' has the action '{action}' and no action '{other}' to play in its place"
            reader.fault(place, message, nearest(other, own[player]))
        if not lacking:
            found[action] = other
    return found


def _read_replaced_levels(reader: Reader, path: Path, value: object) -> dict[int, dict[int, int]]:
    """State variables (by number), and which of their levels is reached in the place of which others."""
    words, found = reader.vocabulary, {}
    for name, given in mapping(value).items():
        variable = reader.key(name, words.variable_names, "state variable", (*path, name))
        if variable is not None:
            found[variable] = _read_replacements(reader, (*path, name), name, mapping(given))
    return {variable: own for variable, own in found.items() if own}


def _read_replacements(reader: Reader, path: Path, variable: str, given: Mapping[str, Any]) -> dict[int, int]:
    levels, found = tuple(reader.vocabulary.variables[variable]), {}
    for level, other in given.items():
        place = (*path, level)
        k = reader.key(level, levels, f"level of {variable}", place)
        instead = reader.name(other, levels, f"level of {variable}", place)
        if instead is not None and other in given:
            message = f"'{other}' takes the place of '{level}' and is replaced itself"
            reader.fault(place, message, "name a level that exists in that world")
        elif k is not None and instead is not None:
            found[k] = instead
    return found


def read_start(reader: Reader, path: Path, value: object) -> dict[int, int]:
    """State variables (by number) and the level at which each begins."""
    words, found = reader.vocabulary, {}
    for name, level in mapping(value).items():
        variable = reader.key(name, words.variable_names, "state variable", (*path, name))
        if variable is not None:
            k = reader.name(level, tuple(words.variables[name]), f"level of {name}", (*path, name))
            if k is not None:
                found[variable] = k
    return found


def requested_change(reader: Reader, variants: Mapping[str, Variant], variant: str, overrides: dict[str, float]) -> Change:
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
    known = {name: value for name, value in overrides.items() if name in reader.vocabulary.parameters}
    return replace(base, set={**base.set, **known})
