"""Answers to questions, each computed once: kept in memory and, on request, in a table from which a later study goes on.

The table is plain CSV, one row a question and parameter point, and grows row by row. Numbers stand in it with all their digits,
so that nothing tells an answer that was read from one that was computed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from leverage.analysis.figure import STANDINGS, Figure
from leverage.errors import OutputError
from leverage.scenario.scenario import Parameter
from leverage.stress.question import SIGNS, VERDICTS, Answer, Question

#: The table's columns before those of the parameters. solves: what the answer costs, in best replies.
ANSWER_COLUMNS = ("question", "verdict", "margin", "margin_low", "margin_high", "unit", "standing", "reason", "solves")

#: A question's name, and the values of the parameters that vary.
Key = tuple[str, tuple[float, ...]]


class Keep(Protocol):
    """Gives the same questions, remembering their answers; nothing but `parameters` varies between the points."""

    def __call__(self, questions: Sequence[Question], parameters: Sequence[Parameter], /) -> tuple[Question, ...]: ...


def in_memory(questions: Sequence[Question], parameters: Sequence[Parameter], /) -> tuple[Question, ...]:
    """Keep answers for as long as the questions are in use."""
    return AnswerBook([each.name for each in parameters]).keeping(questions)


class AnswerBook:
    """The answers of one study so far, by question and parameter point."""

    def __init__(
        self, names: Sequence[str], known: Mapping[Key, Answer] | None = None, begin: Callable[[], Path] | None = None
    ) -> None:
        """Begin with what is known.

        Parameters
        ----------
        names : of the parameters that vary, in the order of the table's columns.
        known : answers from elsewhere.
        begin : called before the first row is written; gives the table, which gets every answer that a question is asked for and
            that does not stand there yet. None: there is no table.
        """
        self._names = tuple(names)
        self._known = dict(known or {})
        self._begin = begin
        self._table: Path | None = None
        self._rows: set[Key] = set()

    def keeping(self, questions: Sequence[Question]) -> tuple[Question, ...]:
        """The same questions, each asked once at a point."""
        return tuple(Question(question.name, self._kept(question)) for question in questions)

    def _kept(self, question: Question) -> Callable[[Mapping[str, float]], Answer]:
        def ask(values: Mapping[str, float]) -> Answer:
            key = question.name, tuple(float(values[name]) for name in self._names)
            if key not in self._known:
                self._known[key] = question.ask(values)
            if self._begin is not None and key not in self._rows:
                self._write(self._begin, key)
            return self._known[key]

        return ask

    def _write(self, begin: Callable[[], Path], key: Key) -> None:
        if self._table is None:
            self._table = begin()
            self._rows = set(clean_table(self._table, self._names))
        if key not in self._rows:
            append_row(self._table, key, self._known[key])
            self._rows.add(key)


# --- the table --------------------------------------------------------------------------------------------------------


def read_answers(table: Path, names: Sequence[str]) -> tuple[dict[Key, Answer], int]:
    """The answers of a table down to its first row that is not whole, and how many bytes they take with the head.

    names : of the parameters that vary. A table of others has no answers, nor has one that does not exist. A row is cut off where
    the program was killed while it wrote.
    Raises OutputError where the table cannot be read.
    """
    try:
        written = table.read_bytes() if table.exists() else b""
    except OSError as error:
        raise OutputError(f"{table} cannot be read: {error.strerror or error}") from error
    found: dict[Key, Answer] = {}
    lines: list[str] = []
    whole = 0
    try:
        lines = [f"{line}\n" for line in written[: written.rfind(b"\n") + 1].decode().split("\n")[:-1]]
        reader = csv.reader(lines, strict=True)
        if next(reader, None) == [*ANSWER_COLUMNS, *names]:
            whole = reader.line_num
            for cells in reader:
                key, answer = _row(cells, len(names))
                found[key] = answer
                whole = reader.line_num
    except (csv.Error, ValueError):  # what follows is asked again
        pass
    return found, sum(len(line.encode()) for line in lines[:whole])


def clean_table(table: Path, names: Sequence[str]) -> dict[Key, Answer]:
    """Make a table fit to be added to: begun with its head, or cut off before a row that is not whole. Returns its answers."""
    found, length = read_answers(table, names)
    try:
        with table.open("ab") as stream:
            stream.truncate(length)
            if not length:
                stream.write(_line((*ANSWER_COLUMNS, *names)).encode())
    except OSError as error:
        raise OutputError(f"{table} cannot be written: {error.strerror or error}") from error
    return found


def append_row(table: Path, key: Key, answer: Answer) -> None:
    """Add a row, which is in the hands of the operating system afterwards. Raises OutputError."""
    margin = answer.margin
    bounds = (repr(float(each)) for each in (margin.value, margin.low, margin.high))
    name, values = key
    row = _line((name, answer.verdict, *bounds, answer.unit, margin.standing, margin.reason, answer.cost, *map(repr, values)))
    try:
        with table.open("ab") as stream:
            stream.write(row.encode())
    except OSError as error:
        raise OutputError(f"{table} cannot be written: {error.strerror or error}") from error


def _row(cells: Sequence[str], count: int) -> tuple[Key, Answer]:
    """A row with so many parameters. Raises ValueError for what is none."""
    if len(cells) != len(ANSWER_COLUMNS) + count:
        raise ValueError(f"{len(cells)} cells")
    name, verdict, value, low, high, unit, standing, reason, solves = cells[: len(ANSWER_COLUMNS)]
    if verdict not in (*VERDICTS, *SIGNS) or standing not in STANDINGS:
        raise ValueError(f"'{verdict}', '{standing}'")
    margin = Figure(float(value), float(low), float(high), STANDINGS[STANDINGS.index(standing)], reason)
    return (name, tuple(map(float, cells[len(ANSWER_COLUMNS) :]))), Answer(verdict, margin, int(solves), unit)


def _line(cells: Sequence[object]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(cells)
    return stream.getvalue()
