"""Sweeps that belong to a scenario, and texts that say which values a parameter takes: `5, 20, 50`, `linspace(0, 1, 21)`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

import numpy as np

from leverage.scenario.parsing import nearest
from leverage.scenario.reader import Reader, says
from leverage.scenario.scenario import Parameter, Path, PlannedSweep
from leverage.scenario.wording import counted

#: What a sweep can compute at every point.
SWEEP_TABLES = ("outcomes", "strategies", "sets", "leverage", "claims")

#: sobol: a scrambled Sobol' sequence. lhs: a Latin hypercube. saltelli: what variance-based indices are estimated from. morris:
#: trajectories of one step at a time, for elementary effects.
SampleKind = Literal["sobol", "lhs", "saltelli", "morris"]
SAMPLE_KINDS: tuple[SampleKind, ...] = ("sobol", "lhs", "saltelli", "morris")

#: More values of one parameter are refused: they would have to be kept.
MOST_VALUES = 1_000_000
#: Points of a sweep at most: on one machine they take months.
MOST_POINTS = 2**24
#: Numbers of a sample that is made as a whole before its first point is solved: a gigabyte. Sobol' sequences are made in parts.
MOST_KEPT = 2**27
#: Values that a parameter takes over its declared range where none are given.
RANGE_VALUES = 11
#: Stands for the plausible range of a parameter.
WHOLE_RANGE = "range"

#: Equally spaced values, both ends included, or values in equal ratios.
_SPACED = re.compile(r"(linspace|geomspace)\s*\(([^()]*)\)")


class SweepTextError(ValueError):
    """A text that says no values, or no sample. remedy: what to write."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def read_values(text: str) -> tuple[float, ...]:
    """The values of `5, 20, 50`, `linspace(FIRST, LAST, HOW_MANY)` or `geomspace(...)`, in the order given.

    Raises SweepTextError: what is no finite number, a value that stands there twice.

    >>> read_values("linspace(0, 1, 5)")
    (0.0, 0.25, 0.5, 0.75, 1.0)
    """
    spaced = _SPACED.fullmatch(text.strip())
    found = _spaced(*spaced.groups()) if spaced else tuple(_number(word) for word in text.split(","))
    if len(set(found)) < len(found):
        raise SweepTextError("a value stands there twice", "give each value once")
    return found


def read_sample(text: str) -> tuple[SampleKind, int]:
    """`sobol:4096` and the like: the kind, and the number of points (of base points, of trajectories). Raises SweepTextError.

    >>> read_sample("lhs:1000")
    ('lhs', 1000)
    """
    word, _, number = (part.strip() for part in text.partition(":"))
    kind = next((each for each in SAMPLE_KINDS if each == word), None)
    if kind is None:
        raise SweepTextError(f"there is no sample '{word}'", nearest(word, SAMPLE_KINDS))
    digits = number.lstrip("0")
    if not number.isdecimal() or not digits:
        raise SweepTextError(f"'{number}' is no number of points", f"such as {word}:1024")
    if len(digits) > len(str(MOST_POINTS)) or int(digits) > MOST_POINTS:
        raise SweepTextError("these points are too many", f"a sweep has {MOST_POINTS:,} at most")
    count = int(digits)
    if kind in ("sobol", "saltelli") and count & (count - 1):
        near = 2 ** max(1, round(math.log2(count)))
        raise SweepTextError("a Sobol' sequence is even over the box at powers of two only", f"such as {word}:{near}")
    if kind == "morris" and count < 2:
        raise SweepTextError("one trajectory tells nothing of the spread", f"such as {word}:20")
    return kind, count


def sample_size(kind: SampleKind, count: int, parameters: int) -> int:
    """How many points a sample of so many (base) points, or trajectories, has."""
    return count * {"saltelli": parameters + 2, "morris": parameters + 1}.get(kind, 1)


def refuse_large_sample(kind: SampleKind, count: int, parameters: int) -> None:
    """Raises SweepTextError for more points than a sweep has, or than can be drawn as a whole."""
    size = sample_size(kind, count, parameters)
    most = MOST_POINTS if kind == "sobol" else min(MOST_POINTS, MOST_KEPT // parameters)
    if size > most:
        allowed = most * count // size
        near = 2 ** (allowed.bit_length() - 1) if kind == "saltelli" else allowed
        raise SweepTextError(f"{size:,} points of {counted(parameters, 'parameter')} are too many", f"{kind}:{near} at most")


def refuse_large_grid(counts: Sequence[int]) -> None:
    """Raises SweepTextError for a grid of more points than a sweep has. counts: of the values of each parameter."""
    size = math.prod(counts)
    if size > MOST_POINTS:
        raise SweepTextError(f"{size:,} points are too many", f"give fewer values: a sweep has {MOST_POINTS:,} points at most")


def refuse_uneven(counts: Mapping[str, int]) -> None:
    """Raises SweepTextError where values cannot be taken together. counts: how many values each parameter has."""
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise SweepTextError(f"values are taken together, and {told}", "give each parameter as many values")


def _spaced(spacing: str, inside: str) -> tuple[float, ...]:
    words = [word.strip() for word in inside.split(",")]
    if len(words) != 3:
        raise SweepTextError(f"{spacing} takes the first value, the last one and how many", f"such as {spacing}(1,2,5)")
    first, last, count = map(_number, words)
    if count != int(count) or not 1 <= count <= MOST_VALUES:
        raise SweepTextError(f"{words[2]} is no number of values", f"give a whole number from 1 to {MOST_VALUES:,}")
    if spacing == "geomspace" and first * last <= 0:
        raise SweepTextError("equal ratios need two ends of one sign, none of them 0", "use linspace")
    values = np.linspace(first, last, int(count)) if spacing == "linspace" else np.geomspace(first, last, int(count))
    return tuple(values.tolist())


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        remedy = "give numbers with commas between them, or linspace(FIRST,LAST,HOW_MANY)"
        raise SweepTextError(f"'{word.strip()}' is no number", remedy)
    return number


# --- the file's own ------------------------------------------------------------------------------------------------------


def read_sweeps(reader: Reader, parameters: Mapping[str, Parameter], claims: tuple[str, ...]) -> tuple[PlannedSweep, ...]:
    """The sweeps of the file; what is wrong with one is noted as a fault."""
    return tuple(_sweep(reader, name, entry, parameters, claims) for name, entry in reader.entries("sweeps"))


def _sweep(
    reader: Reader, name: str, entry: dict[str, Any], parameters: Mapping[str, Parameter], claims: tuple[str, ...]
) -> PlannedSweep:
    path: Path = ("sweeps", name)
    over = entry.get("over")
    axes = [_axis(reader, path, each, text, parameters) for each, text in (over if isinstance(over, dict) else {}).items()]
    sample = str(entry.get("sample", ""))
    together = bool(entry.get("together", False))
    if sample:
        _check_sample(reader, path, sample, axes, parameters)
        _refuse_values(reader, path, axes)
        if together:
            reader.fault((*path, "together"), "a sample has no values to take together", "leave out 'together'")
    elif axes:
        _check_values(reader, path, axes, together=together)
    else:
        reader.fault(path, f"the sweep '{name}' says nothing of what varies", "add 'over:' or 'sample:'", on_key=True)
    _known(reader, path, "tables", entry, SWEEP_TABLES, "table")
    _known(reader, path, "claims", entry, claims, "claim")
    return PlannedSweep(
        name=name,
        says=says(entry),
        over=tuple(axes),
        together=together,
        sample=sample,
        tables=_words(entry.get("tables")) or SWEEP_TABLES[:1],
        claims=_words(entry.get("claims")),
    )


def _axis(reader: Reader, path: Path, name: str, values: object, parameters: Mapping[str, Parameter]) -> str:
    """As the command line has it: `NAME` or `NAME=VALUES`."""
    place = (*path, "over", name)
    if reader.key(name, tuple(parameters), "parameter", place) is None:
        return name
    if isinstance(values, str) and values.strip() == WHOLE_RANGE:
        if not parameters[name].in_doubt:
            reader.fault(place, f"'{name}' has no plausible range", "give values, such as linspace(0, 1, 5)")
        return name
    text = ",".join(map(str, values)) if isinstance(values, list) else str(values)
    _tried(reader, place, lambda: read_values(text))
    return f"{name}={text}"


def _check_sample(reader: Reader, path: Path, text: str, axes: list[str], parameters: Mapping[str, Parameter]) -> None:
    """What is wrong with a sample; axes: the parameters that vary, all in doubt where none are named."""

    def check() -> None:
        kind, count = read_sample(text)
        doubt = sum(each.in_doubt for each in parameters.values())
        if not doubt:
            raise SweepTextError("no parameter has a plausible range to draw from", "give parameters a 'range'")
        refuse_large_sample(kind, count, len(axes) or doubt)

    _tried(reader, (*path, "sample"), check)


def _check_values(reader: Reader, path: Path, axes: list[str], *, together: bool) -> None:
    """How many values the axes have; those that cannot be read have been told."""
    counts: dict[str, int] = {}
    for axis in axes:
        name, sign, text = axis.partition("=")
        with suppress(SweepTextError):
            counts[name] = len(read_values(text)) if sign else RANGE_VALUES
    if len(counts) == len(axes):
        check = (lambda: refuse_uneven(counts)) if together else (lambda: refuse_large_grid(tuple(counts.values())))
        _tried(reader, (*path, "over"), check, on_key=True)


def _refuse_values(reader: Reader, path: Path, axes: list[str]) -> None:
    for axis in axes:
        name, sign, _ = axis.partition("=")
        if sign:
            reader.fault((*path, "over", name), "a sample draws from plausible ranges", f"write '{name}: {WHOLE_RANGE}'")


def _tried(reader: Reader, path: Path, read: Callable[[], object], *, on_key: bool = False) -> None:
    try:
        read()
    except SweepTextError as error:
        reader.fault(path, str(error), error.remedy, on_key=on_key)


def _known(reader: Reader, path: Path, key: str, entry: dict[str, Any], known: tuple[str, ...], what: str) -> None:
    given = entry.get(key)
    for k, word in enumerate(_words(given)):
        reader.key(word, known, what, (*path, key, k) if isinstance(given, list) else (*path, key), on_key=False)


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (value,) if isinstance(value, str) else ()
