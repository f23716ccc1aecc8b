"""Answers are kept digit for digit and asked once; a table that was cut anywhere goes on as if it had not been."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from leverage.analysis.figure import Figure
from leverage.errors import OutputError
from leverage.stress.answer_book import ANSWER_COLUMNS, AnswerBook, Key, in_memory, read_answers
from leverage.stress.question import Answer, Question
from tests.stress.made_questions import Made, box

NAMES = ("x", "y")
#: One of each kind of number and text that is easily lost.
ANSWERS = {
    "plain": Answer("holds", Figure.exact(0.1 + 0.2), 3, "points, a month"),
    "tiny": Answer("barely", Figure(5e-324, -1 / 3, 1e300, reason="bounds, from 'a' to \"b\"\nof the café"), 60),
    "open": Answer("undecided", Figure.between(-math.inf, math.inf, "nothing is known"), 660),
    "gone": Answer("idle", Figure.missing("idle", "it never happens"), 1),
    "none": Answer("undefined", Figure.missing("undefined", "")),
    "wrong; name, with signs": Answer("fails", Figure(-0.0, -1e-17, 0.0), 2),
}
POINTS = ({"x": 1 / 3, "y": 1e-9}, {"x": -0.0, "y": 12345678.9})


def told(answer: Answer) -> str:
    """All of an answer as text: NaN is not equal to itself, and 0.0 is to -0.0."""
    return repr(answer)


def asked(counts: dict[str, int] | None = None) -> tuple[Question, ...]:
    def ask(name: str, values: Mapping[str, float]) -> Answer:
        if counts is not None:
            counts[name] = counts.get(name, 0) + 1
        return ANSWERS[name]

    return tuple(Question(name, lambda values, name=name: ask(name, values)) for name in ANSWERS)  # type: ignore[misc]


def write_all(table: Path, known: dict[Key, Answer] | None = None, ends: list[int] | None = None) -> bytes:
    """The table after every question was asked at every point; ends: gets its length after each."""
    for question in AnswerBook(NAMES, known, lambda: table).keeping(asked()):
        for values in POINTS:
            question.ask(values)
            if ends is not None:
                ends.append(table.stat().st_size)
    return table.read_bytes()


def test_what_is_read_is_what_was_written_to_the_last_digit(tmp_path: Path) -> None:
    table = tmp_path / "answers.csv"
    length = len(write_all(table))
    found, whole = read_answers(table, NAMES)
    assert whole == length
    assert [(name, values) for name, values in found] == [(n, tuple(each.values())) for n in ANSWERS for each in POINTS]
    assert [told(answer) for answer in found.values()] == [told(answer) for answer in ANSWERS.values() for _ in POINTS]
    assert math.copysign(1, list(found)[1][1][0]) == -1


def test_a_reader_finds_a_tidy_table(tmp_path: Path) -> None:
    write_all(tmp_path / "answers.csv")
    frame = pd.read_csv(tmp_path / "answers.csv", keep_default_na=False, na_values=["nan"])
    assert list(frame.columns) == [*ANSWER_COLUMNS, *NAMES]
    assert frame.verdict.tolist() == [answer.verdict for answer in ANSWERS.values() for _ in POINTS]
    assert frame.margin[0] == 0.1 + 0.2


def test_a_table_that_is_cut_anywhere_has_its_whole_rows_and_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    table = tmp_path / "answers.csv"
    ends: list[int] = []
    every = write_all(table, ends=ends)
    complete = list(read_answers(table, NAMES)[0].items())
    for cut in range(len(every) + 1):
        table.write_bytes(every[:cut])
        found, whole = read_answers(table, NAMES)
        assert len(found) == sum(end <= cut for end in ends)
        assert whole <= cut
        assert [(key, told(answer)) for key, answer in found.items()] == [
            (key, told(answer)) for key, answer in complete[: len(found)]
        ]
        assert write_all(table, found) == every


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda text: text.replace("holds", "maybe", 1),
        lambda text: text.replace("known", "certain", 1),
        lambda text: text.replace("0.30000000000000004", "0.3.4", 1),
        lambda text: text.replace(",3,", ",3,9,", 1),
        lambda text: text.replace("x,y\n", "x,z\n"),
        lambda text: text.replace("question", "\0question"),
    ],
)
def test_what_is_no_row_and_what_follows_it_is_asked_again(tmp_path: Path, spoiled: object) -> None:
    table = tmp_path / "answers.csv"
    every = write_all(table)
    text = spoiled(every.decode())  # type: ignore[operator]
    assert text != every.decode()
    table.write_text(text, encoding="utf-8", newline="")
    assert read_answers(table, NAMES)[0] == {}
    assert write_all(table) == every


def test_each_question_is_asked_once_a_point_and_what_is_known_never(tmp_path: Path) -> None:
    table, counts = tmp_path / "answers.csv", dict[str, int]()
    first = write_all(table)
    known, _ = read_answers(table, NAMES)
    for _ in range(2):
        for question in AnswerBook(NAMES, known, lambda: table).keeping(asked(counts)):
            assert [told(question.ask(values)) for values in POINTS] == [told(ANSWERS[question.name])] * 2
    assert counts == {}
    assert table.read_bytes() == first
    made, square = Made(lambda values: values["x"]), box(x=(0.5, 0, 1))
    (kept,) = in_memory([made.question()], square.parameters)
    assert [kept.ask(square.with_values({"x": x})).margin.value for x in (0.5, 0.25, 0.5)] == [0.5, 0.25, 0.5]
    assert len(made.asked) == 2


def test_known_answers_from_elsewhere_get_rows_when_they_are_asked_for(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    write_all(one)
    known, _ = read_answers(one, NAMES)
    question = AnswerBook(NAMES, known, lambda: other).keeping(asked())[2]
    question.ask(POINTS[1])
    found, _ = read_answers(other, NAMES)
    assert list(found) == [("open", tuple(POINTS[1].values()))]


def test_a_table_that_cannot_be_written_or_read_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"answers\.csv cannot be written: "):
        AnswerBook(NAMES, {}, lambda: tmp_path / "nowhere" / "answers.csv").keeping(asked())[0].ask(POINTS[0])
    with pytest.raises(OutputError, match="cannot be read: "):
        read_answers(tmp_path, NAMES)
