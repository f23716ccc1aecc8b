"""The reference pages of the scenario language, generated from the schema's docstrings and from the vocabulary of claims."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from leverage.scenario.claims import CLAIM_FUNCTIONS, PLAIN_SELECTIONS
from leverage.scenario.schema import Entry, ScenarioFile


def keys_page() -> str:
    """All keys of a scenario file, part by part, as Markdown."""
    lines = ["# Keys of a scenario file", "", "Generated from the schema. How texts are written: [language.md](language.md).", ""]
    for where, entry in _parts(ScenarioFile, ""):
        lines += [
            f"## {where or 'The file'}",
            "",
            " ".join((entry.__doc__ or "").split()),
            "",
            "| key | needed | what it says |",
            "|---|---|---|",
        ]
        for name, field in entry.model_fields.items():
            needed = "yes" if field.is_required() else ""
            lines.append(f"| `{field.alias or name}` | {needed} | {' '.join((field.description or '').split())} |")
        lines.append("")
    return "\n".join(lines)


def _parts(entry: type[BaseModel], where: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """The entry and those below it, with the keys that lead there."""
    yield where, entry
    for name, field in entry.model_fields.items():
        inner, steps = _entry(field)
        if inner is not None:
            path = " : ".join(part for part in (where, field.alias or name, *["NAME"] * steps) if part)
            yield from _parts(inner, path)


def _entry(field: FieldInfo) -> tuple[type[BaseModel] | None, int]:
    """The entry that a field holds, and how many levels of chosen names lie between."""
    steps, annotation = 0, field.annotation
    while True:
        if isinstance(annotation, type) and issubclass(annotation, Entry):
            return annotation, steps
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is dict:
            steps, annotation = steps + 1, arguments[1]
        elif origin in (typing.Union, types.UnionType):
            annotation = arguments[0]
        else:
            return None, 0


def claims_table() -> str:
    """The functions that claims may use, as a Markdown table, and the selections."""
    lines = ["| function | what it is |", "|---|---|"]
    for name, function in CLAIM_FUNCTIONS.items():
        arguments = ", ".join([*(kind.upper() for kind in function.needs), *(["[STRATEGY, ...]"] if function.strategies else [])])
        lines.append(f"| `{name}({arguments})` | {function.says} |")
    selections = ", ".join(
        f"`{each}`" for each in (*PLAIN_SELECTIONS, "best for PLAYER", "worst for PLAYER", "best reply of PLAYER")
    )
    return "\n".join([*lines, "", f"Selections (`under`): {selections}, `STRATEGY against STRATEGY`.", ""])


def insert_claims_table(page: str) -> str:
    """The language page with the table of claims' functions between its marks brought up to date."""
    begin, end = "<!-- claim functions: begin -->\n", "<!-- claim functions: end -->"
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    return f"{head}{begin}\n{claims_table()}\n{end}{tail}"
