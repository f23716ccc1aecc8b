"""Shared by everything that reads parts of a scenario: it finds texts, parses them, and collects faults instead of stopping at
the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from leverage.errors import Fault
from leverage.scenario import syntax as tree
from leverage.scenario.parsing import Scope, TextFaultsError, nearest, parse_condition, parse_formula
from leverage.scenario.periods import Period
from leverage.scenario.reading import Document
from leverage.scenario.scenario import Path
from leverage.scenario.syntax import Condition, Formula, Vocabulary

#: Stands for a formula that could not be read: later checks leave out what contains it.
UNREADABLE = tree.Number(float("nan"))

Read = TypeVar("Read")


@dataclass
class Reader:
    """The document, the names known so far, and the faults found so far.

    `blocked` is set when a fault makes the game's shape unknown, so that checks over states would only add noise.
    """

    document: Document
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    period: Period = field(default_factory=lambda: Period(1, "period"))
    faults: list[Fault] = field(default_factory=list)
    blocked: bool = False
    period_known: bool = True

    def fault(self, path: Path, message: str, remedy: str = "", *, on_key: bool = False) -> None:
        self.faults.append(self.document.fault(path, message, remedy, on_key=on_key))

    def section(self, *path: str | int) -> dict[str, Any]:
        """The mapping at the path; empty where the file has none or something else (the schema reports that)."""
        value: Any = self.document.data
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}

    def entries(self, *path: str) -> list[tuple[str, dict[str, Any]]]:
        """Names and mappings below the path; what is no mapping is left out (the schema reports it)."""
        return [(name, entry) for name, entry in self.section(*path).items() if isinstance(entry, dict)]

    def formula(self, value: object, path: Path, scope: Scope) -> Formula:
        """The formula at the path, or UNREADABLE with its faults noted."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return tree.Number(float(value))
        if not isinstance(value, str):
            return UNREADABLE  # the schema reports it
        fallback: Formula = UNREADABLE
        return self._parsed(lambda: parse_formula(value, self.vocabulary, scope), fallback, path)

    def chance(self, value: object, path: Path, scope: Scope) -> Formula | None:
        """The chance at the path; None for 'rest'."""
        if value == "rest":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.fault(
                path,
                "a chance is needed here: a number, a formula, or 'rest'",
                "write {up 1: 0.2, stays: rest}",
                on_key=value is None,
            )
            return UNREADABLE
        return self.formula(value, path, scope)

    def condition(self, text: object, path: Path, scope: Scope, *, skip: int = 0, on_key: bool = False) -> Condition:
        """The condition at the path, after `skip` characters; `never` with its faults noted where it cannot be read."""
        if not isinstance(text, str):
            return tree.Always(False)
        fallback: Condition = tree.Always(False)
        return self._parsed(
            lambda: parse_condition(text[skip:], self.vocabulary, scope), fallback, path, skip=skip, on_key=on_key
        )

    def _parsed(self, parse: Callable[[], Read], fallback: Read, path: Path, *, skip: int = 0, on_key: bool = False) -> Read:
        try:
            return parse()
        except TextFaultsError as error:
            self.text_faults(error, path, skip=skip, on_key=on_key)
            return fallback

    def text_faults(self, error: TextFaultsError, path: Path, *, skip: int = 0, on_key: bool = False) -> None:
        """Note the faults of a text at their places in the file."""
        for each in error.faults:
            self.faults.append(
                self.document.fault(
                    path, each.message, each.remedy, on_key=on_key, offset=each.offset + skip, width=max(1, each.width)
                )
            )

    def rules(self, value: object, path: Path, scope: Scope) -> Iterator[tuple[Condition, Any, Path]]:
        """Rules one by one: condition, result, place of the result. What is no list of rules is one rule that always fits."""
        if not isinstance(value, list) or not value or not all(isinstance(rule, dict) for rule in value):
            yield tree.Always(True), value, path
            return
        for k, rule in enumerate(value):
            for key, result in rule.items():
                place = (*path, k, key)
                if key == "otherwise":
                    yield tree.Always(True), result, place
                elif isinstance(key, str) and key.startswith("if "):
                    yield self.condition(key, place, scope, skip=3, on_key=True), result, place

    def duration(self, text: object, path: Path) -> float | None:
        """A duration in periods, or None with its fault noted."""
        try:
            return self.period.in_periods(text) if isinstance(text, str) else None
        except ValueError as reason:
            self.fault(path, str(reason))
            return None

    def name(self, value: object, known: tuple[str, ...], what: str, path: Path) -> int | None:
        """The index of a name that stands as a value, or None with its fault noted (what is no text the schema reports)."""
        return self.key(value, known, what, path, on_key=False) if isinstance(value, str) else None

    def key(self, name: str, known: tuple[str, ...], what: str, path: Path, *, on_key: bool = True) -> int | None:
        """The index of a name, or None with its fault noted."""
        if name in known:
            return known.index(name)
        self.fault(path, f"there is no {what} '{name}'", nearest(str(name), known), on_key=on_key)
        return None


def says(entry: Mapping[str, Any]) -> str:
    """The sentence of an entry, or ''."""
    return str(entry.get("says", ""))


def mapping(value: object) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one (the schema reports that)."""
    return value if isinstance(value, dict) else {}
