"""Changes to a scenario: variants, worlds without an instrument, overrides of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from leverage.errors import Fault
from leverage.scenario.parsing import nearest
from leverage.scenario.reader import Reader, mapping
from leverage.scenario.scenario import Change, Path, Variant


def read_change(reader: Reader, path: Path, entry: Mapping[str, Any]) -> Change:
    """A variant's or an instrument's change, its names checked."""
    words = reader.vocabulary
    everything = tuple(dict.fromkeys(action for own in words.players.values() for action in own))
    values: dict[str, float] = {}
    for name, value in mapping(entry.get("set")).items():
        known = reader.key(name, words.parameters, "parameter", (*path, "set", name))
        if known is not None and isinstance(value, int | float):
            values[name] = float(value)
    forbidden = entry.get("forbid")
    actions = tuple(map(str, forbidden)) if isinstance(forbidden, list) else ()
    for k, action in enumerate(actions):
        reader.key(action, everything, "action", (*path, "forbid", k), on_key=False)
    bound = entry.get("bound to")
    return Change(
        values, read_start(reader, (*path, "start"), entry.get("start")), actions, bound if isinstance(bound, str) else None
    )


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
    return replace(base, set={**base.set, **overrides})
