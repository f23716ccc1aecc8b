"""Errors that a caller may want to tell apart.

LeverageError
├── ScenarioError      the file is malformed, or well-formed and without meaning; carries its faults
├── GameError          arrays that are no finite discounted stochastic game
├── ExchangeError      a game file of another program cannot be used; carries the fault
├── SheetError         a filled-in parameter sheet cannot be used; carries its faults
├── FolderError        a folder that a run wrote cannot be read, or lacks what is asked for; carries the fault
├── UnsolvedError      a solver ended without a certified answer; the text says what to try next
├── ConflictError      two changes of a scenario that cannot be made together
├── OutputError        a result could not be written where it was asked for
├── ClusterError       a cluster cannot be reached, was lost, or has another program; the text says what to do
└── StoppedError       a study was interrupted and can be gone on with; the text says what is kept, and how
"""

from __future__ import annotations

from dataclasses import dataclass


class LeverageError(Exception):
    """Root of the errors that this package raises on purpose."""


class GameError(LeverageError, ValueError):
    """The given arrays do not describe a finite stochastic game with discounting."""


class UnsolvedError(LeverageError):
    """A solver ended without an answer that the checker accepts."""


class OutputError(LeverageError):
    """A result cannot be written where it was asked for."""


class ClusterError(LeverageError):
    """A cluster cannot be used: it is out of reach, it was lost, or its workers would compute something else."""


class StoppedError(LeverageError):
    """A study was interrupted, and what it has found so far is kept."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong in a scenario, and where.

    `line` and `column` count from 1; 0 means the file as a whole or the command line. `text` is the line itself.
    """

    line: int
    column: int
    message: str
    remedy: str = ""
    text: str = ""
    width: int = 1
    place: str = ""

    def render(self, source: str) -> str:
        """The fault as it is printed: place, what is wrong, the line with a mark under it, the remedy."""
        where = self.place or (f"{source}:{self.line}:{self.column}" if self.line else source)
        rows = [f"{where}: {self.message}"]
        if self.text and self.line:
            rows += self._excerpt()
        if self.remedy:
            rows.append(f"    {self.remedy}")
        return "\n".join(rows)

    def _excerpt(self) -> list[str]:
        """The line and a mark under the place; long lines are shown around the place only."""
        start = max(0, self.column - 1 - 50)
        shown = self.text[start : start + 100].replace("\t", " ")
        gutter = f"{self.line:>5} | "
        mark = max(1, min(self.width, len(shown) - (self.column - 1 - start)))
        return [gutter + shown, " " * 5 + " | " + " " * (self.column - 1 - start) + "^" * mark]


class ScenarioError(LeverageError):
    """A scenario cannot be used. All faults that were found are in `faults`, in the order of the file."""

    def __init__(self, source: str, faults: tuple[Fault, ...] | list[Fault]) -> None:
        self.source = source
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(fault.render(source) for fault in self.faults))


class SheetError(LeverageError):
    """A filled-in parameter sheet cannot be used. All faults that were found are in `faults`, in the order of the rows."""

    def __init__(self, source: str, faults: tuple[Fault, ...] | list[Fault]) -> None:
        self.source = source
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(fault.render(source) for fault in self.faults))


class ConflictError(LeverageError):
    """Two changes disagree, so that a world with both of them does not exist.

    names: of the two, such as two instruments that both are to be taken away. about: what they disagree about.
    """

    def __init__(self, names: tuple[str, str], about: str) -> None:
        self.names = names
        self.about = about
        super().__init__(f"'{names[0]}' and '{names[1]}' disagree about {about}: they cannot be taken away together")


class ExchangeError(LeverageError):
    """A game file of another program cannot be used. What is wrong, and where, is in `fault`."""

    def __init__(self, source: str, fault: Fault) -> None:
        self.source = source
        self.fault = fault
        super().__init__(fault.render(source))


class FolderError(LeverageError):
    """The folder of a run cannot be read, or does not hold what is asked for. What is wrong, and where, is in `fault`."""

    def __init__(self, source: str, fault: Fault) -> None:
        self.source = source
        self.fault = fault
        super().__init__(fault.render(source))
