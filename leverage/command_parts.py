"""What the commands share: their common options, loading with overrides, progress, interruption, printing, studies.

Imports typer only, so that `--help` stays fast; everything heavy is imported where it is used.
"""

from __future__ import annotations

import math
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

if TYPE_CHECKING:
    from leverage.scenario.scenario import Scenario
    from leverage.stress.answer_book import Keep
    from leverage.studies import Study

NOT_SOLVED, USAGE, INTERRUPTED = 1, 2, 130

#: Of a command that has none.
NO_OPTIONS: Mapping[str, Any] = {}

#: Signals that ask the program to end, and leave it time to.
ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
#: Signals within so many seconds are one wish to end: keys are pressed twice, and a group is told as its members are.
ONE_WISH = 1.0

#: Games with more states make the user wait, and are told so.
MANY_STATES = 1_000


class Interruption:
    """Remembers Ctrl-C, or the end that was asked for. Libraries that are just being imported, and destructors, may swallow the
    exception; the next step raises it again.

    came: whether there was one in this process. A library may also make another error of it, which is none then.
    """

    came: ClassVar[bool] = False

    def __init__(self) -> None:
        self.asked = False
        self._since = -math.inf

    def listen(self) -> None:
        """Take over the signal, that by which batch systems end programs, and that of a terminal which is gone, unless `nohup`
        has it ignored; outside the main thread Python allows nobody to."""
        with suppress(ValueError):
            for name in ENDING:
                number = getattr(signal, name, None)  # not every system has all
                if number is not None and (name != "SIGHUP" or signal.getsignal(number) != signal.SIG_IGN):
                    signal.signal(number, self._interrupt)
        sys.unraisablehook = self._swallowed

    def _swallowed(self, unraisable: sys.UnraisableHookArgs) -> None:
        """A Ctrl-C that came inside a compiler's callback is raised again later, and needs no message there."""
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            sys.__unraisablehook__(unraisable)

    def _interrupt(self, number: int, frame: object) -> None:
        again = time.monotonic() - self._since < ONE_WISH
        self.asked = Interruption.came = True
        if not again:  # else it would break off the tidying up after the first one
            self._since = time.monotonic()
            raise KeyboardInterrupt

    def heed(self) -> None:
        """Raise KeyboardInterrupt if there was a Ctrl-C."""
        if self.asked:
            raise KeyboardInterrupt


class Format(StrEnum):
    """File format of the tables."""

    csv = "csv"
    parquet = "parquet"
    json = "json"


FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The scenario file (YAML).", show_default=False)]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", "-p", metavar="NAME=VALUE", help="Use another value of a parameter; may be repeated.", show_default=False
    ),
]
VariantOption = Annotated[
    str, typer.Option("--variant", metavar="NAME", help="Run a named variant of the file.", show_default=False)
]

OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FOLDER", help="Folder of the tables; default: results/SCENARIO/...", show_default=False),
]
FormatOption = Annotated[Format, typer.Option("--format", help="File format of the tables.")]
GapOption = Annotated[
    float | None,
    typer.Option(
        "--tolerance",
        metavar="X",
        help="The gap asked of equilibrium sets, a fraction of the payoff range. Default: 0.02.",
        show_default=False,
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        metavar="N",
        help="Worker processes; default: one a core, once they are worth their start.",
        show_default=False,
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no tables and no progress; errors are still told.")]


def load(file: Path, parameters: Sequence[str] | None, variant: str) -> Scenario:
    """The checked scenario with values and variant from the command line."""
    from leverage.loading import load_scenario

    return load_scenario(file, dict(overrides(parameters or ())), variant)


def overrides(parameters: Sequence[str], option: str = "-p") -> Iterator[tuple[str, float]]:
    """NAME=VALUE texts as pairs; what is none is told as a fault of the command line. option: where they were given."""
    from leverage.errors import Fault, ScenarioError

    seen: set[str] = set()
    for text in parameters:
        name, sign, value = text.partition("=")
        try:
            number = float(value.strip())
        except ValueError:
            number = float("nan")
        if not sign or not math.isfinite(number):
            remedy = "write it with a point" if "," in value else f"such as {option} goodwill=0.2"
            raise ScenarioError(
                "the command line", [Fault(0, 0, "NAME=VALUE with a finite number is needed", remedy, place=f"{option} {text}")]
            )
        if name.strip() in seen:
            raise ScenarioError(
                "the command line", [Fault(0, 0, f"'{name.strip()}' is given twice", "give one value", place=f"{option} {text}")]
            )
        seen.add(name.strip())
        yield name.strip(), number


def refuse_tolerance(tolerance: float | None) -> None:
    """Raise BadParameter for a gap that is none; None asks for the usual one."""
    if tolerance is not None and not 0 < tolerance < 1:
        raise typer.BadParameter("a tolerance is a fraction of the payoff range, between 0 and 1", param_hint="--tolerance")


def command_line(*more: str) -> str:
    """The command that was given, as it can be given again, with more words at its end."""
    return shlex.join(["simulate", *(word for word in sys.argv[1:] if word not in more), *more])


def warn_of_size(scenario: Scenario, *, quiet: bool, keeps: bool = False) -> None:
    """Say beforehand that a large game takes long; keeps: what is answered is kept."""
    from leverage.game.form import compile_form

    states = len(compile_form(scenario).levels)
    if states > MANY_STATES and not quiet:
        ends = "Ctrl-C keeps what is answered" if keeps else "Ctrl-C leaves nothing behind"
        typer.echo(f"{states:,} states: the Markov perfect equilibrium can take minutes to hours; {ends}", err=True)


def say_compiling(quiet: bool) -> None:
    """Tell why the first run after an install takes longer, and let a second core help."""
    from leverage.solvers.kernel_compilation import compile_beside

    compile_beside()
    if not quiet:
        typer.echo("compiling the solver: once after an install, about half a minute", err=True)


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str], None]]:
    """A line on standard error that says what is being done; nothing when that is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda phrase: None
        return
    from rich.console import Console

    with Console(stderr=True).status("reading the scenario") as status:
        yield status.update


def print_text(text: str) -> None:
    """Print; a reader that has gone (`simulate FILE | head`) is no error of ours."""
    try:
        typer.echo(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
    except OSError as error:
        from leverage.errors import OutputError

        _drop_output()
        raise OutputError(f"standard output cannot be written: {error.strerror or error}") from error


def _drop_output() -> None:
    """What is still in the buffer goes nowhere: Python would complain about it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_new(path: Path, content: bytes) -> None:
    """Write a file that does not exist yet; a half-written one is taken away. Raises OutputError."""
    from leverage.errors import OutputError

    try:
        with path.open("xb") as target:
            try:
                target.write(content)
                target.flush()
            except OSError:
                path.unlink(missing_ok=True)
                raise
    except FileExistsError as error:
        raise OutputError(f"{path} exists already and is not overwritten: choose another --out, or remove it") from error
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


@dataclass(frozen=True)
class Output:
    """Where the tables of a command go, and whether it prints."""

    folder: Path | None
    table_format: Format
    quiet: bool


#: A study of a scenario that tells its steps, and one that has its answers kept.
Make = Callable[["Scenario", Callable[[str], None]], "Study"]
MakeLong = Callable[["Scenario", Callable[[str], None], "Keep"], "Study"]


@dataclass(frozen=True)
class Asked:
    """What a long study is asked beside its scenario: the same study goes on where it was stopped.

    hangs_on: what each of its answers hangs on. options: all else.
    """

    hangs_on: Mapping[str, Any]
    options: Mapping[str, Any]


def tell_study(
    kind: str, read: Callable[[], Scenario], study: Make, output: Output, options: Mapping[str, Any] = NO_OPTIONS
) -> None:
    """Read the scenario, make the study, write its folder and print its page.

    options: what was asked beside the scenario, by the names of the study's own options, so that it can be made again.
    """
    interruption = Interruption()
    interruption.listen()
    from leverage.output.files import default_folder, refuse_taken, write_tables

    started = time.monotonic()
    if output.folder is not None:
        refuse_taken(output.folder)
    scenario = read()
    found = _made(scenario, study, output, interruption)
    folder = output.folder or default_folder(scenario, Path("results"), kind)
    seconds, renumber = time.monotonic() - started, output.folder is None
    told = {"kind": kind, "options": dict(options), **found.facts}
    tables = (scenario, found.tables, told, found.text)
    written = write_tables(
        *tables, folder, output.table_format.value, seconds, renumber=renumber, finish=partial(_write_files, found.files)
    )
    _tell(found, written, output)


def _write_files(files: Mapping[str, str], folder: Path) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def tell_long_study(kind: str, read: Callable[[], Scenario], study: MakeLong, asked: Asked, output: Output) -> None:
    """The same for a study of many answers, which are kept in its folder as they are found.

    Raises StoppedError where it is interrupted and something is kept.
    """
    interruption = Interruption()
    interruption.listen()
    from leverage.errors import StoppedError
    from leverage.output.files import write_tables
    from leverage.output.unfinished import unfinished_study

    started = time.monotonic()
    scenario = read()
    kept = unfinished_study(scenario, kind, asked.hangs_on, asked.options, root=Path("results"), folder=output.folder)
    steps = ["beginning"]

    def make(scenario: Scenario, tell: Callable[[str], None]) -> Study:
        def step(phrase: str) -> None:
            steps.append(phrase)
            tell(phrase)

        return study(scenario, step, kept.keep)

    try:
        found = _made(scenario, make, output, interruption, keeps=True)
        seconds, format_ = time.monotonic() - started, output.table_format.value
        told = {"kind": kind, "options": {**asked.hangs_on, **asked.options}, **found.facts}
        tables = (scenario, found.tables, told, found.text)
        written = write_tables(*tables, kept.folder, format_, seconds, renumber=not kept.named, begun=kept.goes_on)
        kept.done()
    except KeyboardInterrupt:
        if not kept.kept:
            raise
        raise StoppedError(_stopped(kept.kept, kept.folder, steps[-1])) from None
    _tell(found, written, output)


def _made(scenario: Scenario, study: Make, output: Output, interruption: Interruption, *, keeps: bool = False) -> Study:
    """The study, its steps told, an interruption heeded at each."""
    with progress(output.quiet) as tell:
        warn_of_size(scenario, quiet=output.quiet, keeps=keeps)
        tell("loading the solvers")
        from leverage.solvers.compilation import announced_compilation

        def step(phrase: str) -> None:
            interruption.heed()
            tell(phrase)

        with announced_compilation(lambda: say_compiling(output.quiet), interruption.heed):
            found = study(scenario, step)
    interruption.heed()
    return found


def _tell(found: Study, folder: Path, output: Output) -> None:
    """Print the page, say where the tables are, and what is not solved."""
    if not output.quiet:
        print_text(found.text)
        typer.echo(f"Files: {folder}", err=True)
    for each in found.unsolved:
        typer.echo(f"not solved - {each}", err=True)
    if not found.complete:
        raise typer.Exit(NOT_SOLVED)


def _stopped(answers: int, folder: Path, step: str) -> str:
    """What is kept of an interrupted study, how far it came, and how to go on."""
    return f"interrupted while {step}: {answers:,} answers are kept in {folder}; to go on: {command_line()}"
