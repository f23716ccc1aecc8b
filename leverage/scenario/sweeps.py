"""Sweeps that belong to a scenario, and texts that say which values a parameter takes: `5, 20, 50`, `linspace(0, 1, 21)`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from leverage.scenario.parsing import nearest
from leverage.scenario.reader import Reader, says
from leverage.scenario.scenario import Parameter, Path, PlannedSweep

#: What a sweep can compute at every point.
SWEEP_TABLES = ("outcomes", "strategies", "sets", "leverage", "claims")

#: sobol: a scrambled Sobol' sequence. lhs: a Latin hypercube. saltelli: what variance-based indices are estimated from. morris:
#: trajectories of one step at a time, for elementary effects.
SampleKind = Literal["sobol", "lhs", "saltelli", "morris"]
SAMPLE_KINDS: tuple[SampleKind, ...] = ("sobol", "lhs", "saltelli", "morris")

#: More values of one parameter are refused: they would have to be kept.
MOST_VALUES = 1_000_000
#: Sobol' sequences are known for so many points.
MOST_SOBOL = 2**30
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
    if not number.isdecimal() or not int(number):
        raise SweepTextError(f"'{number}' is no number of points", f"such as {word}:1024")
    count = int(number)
    if kind in ("sobol", "saltelli") and (count & (count - 1) or count > MOST_SOBOL):
        near = 2 ** min(30, max(1, round(math.log2(count))))
        raise SweepTextError("a Sobol' sequence is even over the box at powers of two only", f"such as {word}:{near}")
    if kind == "morris" and count < 2:
        raise SweepTextError("one trajectory tells nothing of the spread", f"such as {word}:20")
    return kind, count


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
    if sample:
        _tried(reader, (*path, "sample"), lambda: read_sample(sample))
        _refuse_values(reader, path, axes)
    elif not axes:
        reader.fault(path, f"the sweep '{name}' says nothing of what varies", "add 'over:' or 'sample:'", on_key=True)
    _known(reader, path, "tables", entry, SWEEP_TABLES, "table")
    _known(reader, path, "claims", entry, claims, "claim")
    return PlannedSweep(
        name=name,
        says=says(entry),
        over=tuple(axes),
        together=bool(entry.get("together", False)),
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


def _refuse_values(reader: Reader, path: Path, axes: list[str]) -> None:
    for axis in axes:
        name, sign, _ = axis.partition("=")
        if sign:
            reader.fault((*path, "over", name), "a sample draws from plausible ranges", f"write '{name}: {WHOLE_RANGE}'")


def _tried(reader: Reader, path: Path, read: Any) -> None:
    try:
        read()
    except SweepTextError as error:
        reader.fault(path, str(error), error.remedy)


def _known(reader: Reader, path: Path, key: str, entry: dict[str, Any], known: tuple[str, ...], what: str) -> None:
    given = entry.get(key)
    for k, word in enumerate(_words(given)):
        reader.key(word, known, what, (*path, key, k) if isinstance(given, list) else (*path, key), on_key=False)


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (value,) if isinstance(value, str) else ()
