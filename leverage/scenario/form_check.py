"""Unknown and missing keys, values of the wrong kind: what the schema knows, as faults with places and remedies."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from leverage.scenario.parsing import nearest
from leverage.scenario.reader import Reader
from leverage.scenario.scenario import Path
from leverage.scenario.schema import ScenarioFile


def check_form(reader: Reader) -> None:
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
        reader.fault(path, f"this value is not known; it can be {message.removeprefix('Input should be ')}")
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
