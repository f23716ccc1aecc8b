"""A flip in words, the same on every page and in every table: on which side of the value in use, where, and to what verdict."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from leverage.output.claims import significant
from leverage.stress.tipping import EDGE_WIDTH, Tipping

#: What a claim does beyond its flip.
_BECOMES = {"holds": "holds", "barely": "holds barely", "fails": "fails"}


@dataclass(frozen=True)
class Flip:
    """A flip that was found when one parameter moves alone.

    parameter: its name. value: in use. span: of its plausible range. low, high: ends of the bracket, low <= high. to: the verdict
    beyond.
    """

    parameter: str
    value: float
    span: float
    low: float
    high: float
    to: str

    @classmethod
    def of(cls, row: Tipping) -> Flip:
        """From what a search found; row: with a flip."""
        each = row.parameter
        return cls(each.name, row.value, each.high - each.low, min(row.bracket), max(row.bracket), row.flips_to)

    @classmethod
    def of_row(cls, row: Mapping[Hashable, Any]) -> Flip:
        """From a row of the table `tipping`; row: with a flip."""
        return cls(
            *(row["parameter"], row["value"], row["high"] - row["low"]),
            *(row["bracket_low"], row["bracket_high"], row["flips_to"]),
        )

    @property
    def at(self) -> float:
        """The middle of the bracket."""
        return (self.low + self.high) / 2

    @property
    def above(self) -> bool:
        """Whether it lies above the value in use."""
        return self.at > self.value

    @property
    def place(self) -> str:
        """'0.31', or both ends where the bracket is wide and they differ in print: 'a value between 29.4 and 30.5'."""
        ends = significant(self.low), significant(self.high)
        if self.high - self.low > EDGE_WIDTH * self.span and ends[0] != ends[1]:
            return f"a value between {ends[0]} and {ends[1]}"
        return significant(self.at)

    @property
    def words(self) -> str:
        """'fails if presence_cost exceeds 21.3 (now 17.3)'."""
        return f"{_BECOMES[self.to]} {self.condition}"

    @property
    def condition(self) -> str:
        """'if presence_cost exceeds 21.3 (now 17.3)'."""
        moves = "exceeds" if self.above else "falls below"
        return f"if {self.parameter} {moves} {self.place} (now {significant(self.value)})"
