"""The folder of a long study while it is being made: what was answered so far, from which the same study goes on after a stop.

It appears with the first answer and holds two files: the answers (`leverage.stress.answer_book`), and a statement of what they
are answers to. Both give way to the study's tables in the end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from leverage.errors import OutputError
from leverage.output.files import MANIFEST, inputs_of, names_from, preferred_folder, refuse_taken, versions
from leverage.scenario.scenario import Parameter, Scenario
from leverage.stress.answer_book import AnswerBook, read_answers
from leverage.stress.question import Question

ANSWERS, STATEMENT = "answers_so_far.csv", "unfinished.json"


@dataclass(eq=False)
class UnfinishedStudy:
    """A study and the folder in which it keeps its answers.

    folder: of the study, made with the first answer. statement: what is asked, see `statement_of`. named: the folder was asked
    for by name; otherwise it gets another where it was taken in the meantime. earlier: tables whose answers hold for this study.
    """

    folder: Path
    statement: Mapping[str, Any]
    named: bool
    earlier: tuple[Path, ...] = ()

    def keep(self, questions: Sequence[Question], parameters: Sequence[Parameter], /) -> tuple[Question, ...]:
        """The questions, their answers kept in the folder; see `Keep`."""
        names = [each.name for each in parameters]
        known = {key: answer for table in self.earlier for key, answer in read_answers(table, names)[0].items()}
        return AnswerBook(names, known, self.begin).keeping(questions)

    @property
    def kept(self) -> int:
        """Answers in the folder."""
        try:
            return max(0, (self.folder / ANSWERS).read_bytes().count(b"\n") - 1) if self.goes_on else 0
        except OSError:
            return 0

    def begin(self) -> Path:
        """Make the folder unless it is there; the place of the answers. Raises OutputError."""
        if not self.goes_on:
            try:
                self.folder = _empty(self.folder) if self.named else _new(self.folder)
                (self.folder / STATEMENT).write_text(json.dumps(self.statement, indent=2) + "\n", encoding="utf-8", newline="\n")
            except OSError as error:
                raise OutputError(f"{self.folder} cannot be written: {error.strerror or error}") from error
        return self.folder / ANSWERS

    @property
    def goes_on(self) -> bool:
        """Whether the folder holds this study, unfinished."""
        return _stated(self.folder) == self.statement

    def done(self) -> None:
        """Take the answers away: the study's tables are in the folder."""
        for name in (ANSWERS, STATEMENT):
            with suppress(OSError):  # they do no harm beside a manifest
                (self.folder / name).unlink(missing_ok=True)


def unfinished_study(
    scenario: Scenario, kind: str, hangs_on: Mapping[str, Any], options: Mapping[str, Any], *, root: Path, folder: Path | None
) -> UnfinishedStudy:
    """A study that goes on where the same one was stopped, or begins.

    Parameters
    ----------
    kind : the command. hangs_on : what its answers hang on beside the scenario and the program. options : what else was asked.
    root : where folders are made unless `folder` names one.

    Answers of studies that were stopped and differ in `options` only are used too, if they are in a folder of this one's name.
    Raises OutputError where `folder` is taken by anything but the same study, unfinished.
    """
    statement = statement_of(scenario, kind, hangs_on, options)
    if folder is not None:
        stated = _stated(folder)
        if stated is None:
            refuse_taken(folder)
            return UnfinishedStudy(folder, statement, named=True)
        if stated != statement:
            raise OutputError(f"{folder} holds an unfinished study of something else: choose another --out, or remove it")
        return UnfinishedStudy(folder, statement, named=True, earlier=(folder / ANSWERS,))
    earlier = []
    for place in names_from(preferred_folder(scenario, root, kind)):
        stated = _stated(place)
        if stated is not None and stated["answers"] == statement["answers"]:
            earlier.append(place / ANSWERS)
        if stated == statement or not place.exists():
            break
    return UnfinishedStudy(place, statement, named=False, earlier=tuple(earlier))


def statement_of(scenario: Scenario, kind: str, hangs_on: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """answers: all that an answer hangs on, so that no other answer is ever taken for it. options: what else is asked."""
    answers = {"study": kind, **computed_from(scenario, hangs_on)}
    stated: dict[str, Any] = json.loads(json.dumps({"answers": answers, "options": options}))
    return stated


def computed_from(scenario: Scenario, asked: Mapping[str, Any]) -> dict[str, Any]:
    """All that a number hangs on: the scenario, what was asked, and the programs."""
    return {**inputs_of(scenario), **asked, "versions": versions(), "program_sha256": program_hash()}


@cache
def program_hash() -> str:
    """A hash of the program's text: a version's number stays the same while it is worked on."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _empty(folder: Path) -> Path:
    """The folder of that name, made unless it is there. Raises OutputError where it is taken."""
    refuse_taken(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _new(base: Path) -> Path:
    """A folder that nobody else has made, of that name or with a number behind it."""
    base.parent.mkdir(parents=True, exist_ok=True)
    for folder in names_from(base):
        with suppress(FileExistsError):
            folder.mkdir()
            break
    return folder


def _stated(folder: Path) -> dict[str, Any] | None:
    """What an unfinished study states; None where there is none, or it states nothing that can be read."""
    if (folder / MANIFEST).exists():
        return None
    try:
        stated = json.loads((folder / STATEMENT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stated if isinstance(stated, dict) and isinstance(stated.get("answers"), dict) else None
