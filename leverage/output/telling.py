"""Sentences whose numbers are cells of a table: a sentence is told together with the facts that it prints."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from leverage.analysis.figure import Figure
from leverage.output.claims import significant
from leverage.output.columns import paragraph, percent

EXPLANATION_COLUMNS = ("topic", "subject", "quantity", "value", "low", "high", "unit", "sentence")


@dataclass(frozen=True)
class Fact:
    """A number that a sentence prints: what it is of, which number, with bounds."""

    subject: str
    quantity: str
    figure: Figure
    unit: str


@dataclass(frozen=True)
class Sentence:
    """number: from 1 over the whole page. names: words of `text` that come from the file, digits included."""

    number: int
    topic: str
    text: str
    facts: tuple[Fact, ...]
    names: tuple[str, ...]


@dataclass(eq=False)
class Telling:
    """A page in the making.

    `number`, `share` and `name` give the words for a sentence and note what it uses; `say` ends the sentence.
    """

    sentences: list[Sentence] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    topic: str = ""
    _facts: list[Fact] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)

    def number(self, subject: str, quantity: str, figure: Figure | float, unit: str) -> str:
        """A number in a sentence, about three digits."""
        return self._noted(subject, quantity, figure, unit, significant)

    def count(self, subject: str, quantity: str, figure: int) -> str:
        """A whole number."""
        return self._noted(subject, quantity, float(figure), "", lambda value: f"{value:.0f}")

    def size(self, subject: str, quantity: str, figure: Figure | float, unit: str) -> str:
        """A number whose sign the sentence tells in words."""
        return self._noted(subject, quantity, figure, unit, lambda value: significant(abs(value)))

    def share(self, subject: str, quantity: str, figure: Figure | float) -> str:
        """A chance or a share in per cent."""
        return self._noted(subject, quantity, figure, "share", percent)

    def bounded(self, subject: str, quantity: str, figure: Figure, unit: str) -> str:
        """A number with its bounds where they are printed as other numbers."""
        told = self.number(subject, quantity, figure, unit)
        low, high = significant(figure.low), significant(figure.high)
        if not figure.known or low == high:
            return told
        between = f"between {low} and {high}"
        return between if math.isnan(figure.value) else f"{told} ({between})"

    def _noted(self, subject: str, quantity: str, figure: Figure | float, unit: str, words: Callable[[float], str]) -> str:
        known = figure if isinstance(figure, Figure) else Figure.exact(figure)
        self._facts.append(Fact(subject, quantity, known, unit))
        return words(known.value)

    def name(self, text: str) -> str:
        """Words from the file: their digits are no numbers of the page."""
        self._names.append(text)
        return text

    def say(self, text: str, indent: int = 2) -> None:
        """A sentence, with the numbers and names since the last one."""
        self.sentences.append(Sentence(len(self.sentences) + 1, self.topic, text, tuple(self._facts), tuple(self._names)))
        self._facts, self._names = [], []
        self.lines.append(paragraph(f"* {text}", indent))

    def head(self, text: str) -> None:
        """A line that is no sentence: headings and formulas."""
        self.lines.append(text)

    @property
    def text(self) -> str:
        return "\n".join(self.lines).rstrip()

    def frame(self) -> pd.DataFrame:
        """One row a number that a sentence uses; `sentence` is its number on the page."""
        rows = [
            (s.topic, f.subject, f.quantity, f.figure.value, f.figure.low, f.figure.high, f.unit, s.number)
            for s in self.sentences
            for f in s.facts
        ]
        return pd.DataFrame(rows, columns=list(EXPLANATION_COLUMNS))
