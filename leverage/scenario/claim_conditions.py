"""Conditions on claims, as they are asked on the command line: lines of claims joined by and, or, not and parentheses.

condition   := conjunction {"or" conjunction}
conjunction := negation {"and" negation}
negation    := "not" negation | "(" condition ")" | line of a claim
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from leverage.scenario.claims import ClaimLine, Names, read_line
from leverage.scenario.parsing import DEEPEST, LONGEST, TextFault, TextFaultsError
from leverage.scenario.periods import Period


@dataclass(frozen=True)
class Stated:
    """A line of a claim; at: where it stands in the condition."""

    line: ClaimLine
    at: int


@dataclass(frozen=True)
class Joined:
    """All of the parts (`and`), or at least one of them (`or`); at least two."""

    word: Literal["and", "or"]
    parts: tuple[ClaimCondition, ...]


@dataclass(frozen=True)
class Denied:
    """The opposite of its part."""

    part: ClaimCondition


ClaimCondition = Stated | Joined | Denied

_MARK = re.compile(r"\b(?:and|or|not)\b|[()]", re.ASCII)


def read_condition(text: str, names: Names, period: Period) -> ClaimCondition:
    """The tree of a condition on claims.

    Raises TextFaultsError.

    >>> found = read_condition("not (1 > 2 or 2 > 3)", {}, Period(1, "month"))
    >>> [stated.line.text for stated in statements(found)]
    ['1 > 2', '2 > 3']
    """
    return _Condition(text, names, period).read(0, len(text), 0)


def statements(condition: ClaimCondition) -> tuple[Stated, ...]:
    """The lines of a condition, in the order of reading."""
    if isinstance(condition, Stated):
        return (condition,)
    parts = condition.parts if isinstance(condition, Joined) else (condition.part,)
    return tuple(stated for part in parts for stated in statements(part))


@dataclass(frozen=True)
class _Condition:
    text: str
    names: Names
    period: Period

    def read(self, start: int, end: int, depth: int) -> ClaimCondition:
        """The condition that stands between two places of the text."""
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if depth > DEEPEST:
            raise self.fault(start, f"nested more than {DEEPEST} levels deep")
        if start == end:
            raise self.fault(start, "a statement is missing here", "such as payoff(PLAYER) > 0 and credible(STRATEGY, STRATEGY)")
        words: tuple[Literal["or", "and"], ...] = ("or", "and")
        for word in words:
            parts = list(self.parts(word, start, end))
            if len(parts) > 1:
                return Joined(word, tuple(self.read(*part, depth + 1) for part in parts))
        if re.match(r"not\b", self.text[start:end]):
            return Denied(self.read(start + len("not"), end, depth + 1))
        if self.text[start] == "(" and self.closing(start, end) == end - 1:
            return self.read(start + 1, end - 1, depth + 1)
        return self.stated(start, end)

    def parts(self, word: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What stands between the occurrences of a word that are in no parentheses."""
        begin = start
        for mark, depth in self.marks(start, end):
            if depth == 0 and mark.group() == word:
                yield begin, mark.start()
                begin = mark.end()
        yield begin, end

    def marks(self, start: int, end: int) -> Iterator[tuple[re.Match[str], int]]:
        """Words and parentheses with the number of parentheses around them. Raises TextFaultsError where these do not match."""
        opened: list[int] = []
        for count, mark in enumerate(_MARK.finditer(self.text, start, end)):
            if count >= LONGEST:
                raise self.fault(mark.start(), f"more than {LONGEST} words and signs", "split it")
            if mark.group() == ")":
                if not opened:
                    raise self.fault(mark.start(), "this ')' closes nothing", "remove it, or open it before")
                opened.pop()
            yield mark, len(opened)
            if mark.group() == "(":
                opened.append(mark.start())
        if opened:
            raise self.fault(opened[-1], "this '(' is never closed", "close it with ')'")

    def closing(self, start: int, end: int) -> int:
        """Where the parenthesis at the start is closed."""
        return next(mark.start() for mark, depth in self.marks(start, end) if mark.group() == ")" and depth == 0)

    def stated(self, start: int, end: int) -> Stated:
        try:
            return Stated(read_line(self.text[start:end], self.names, self.period), start)
        except TextFaultsError as error:
            raise shifted(error, start) from None

    def fault(self, at: int, message: str, remedy: str = "") -> TextFaultsError:
        return TextFaultsError([TextFault(at, 1, message, remedy)])


def shifted(error: TextFaultsError, start: int) -> TextFaultsError:
    """The faults of a part of a text, at their places in the whole."""
    return TextFaultsError(TextFault(each.offset + start, each.width, each.message, each.remedy) for each in error.faults)
