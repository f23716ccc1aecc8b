"""A condition on the rows of a sweep: columns compared with numbers or words. Read by a small grammar; nothing is evaluated.

condition = part, or several with "and" between them
part      = column comparison value
column    = a name of the table, or a part of exactly one of them, of those that can be compared with the value; or the whole name
            of a parameter that varies, or of the column `status`
comparison = < | <= | > | >= | = | !=
value     = a number; a word of a column of words, with = and != only
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from leverage.errors import Fault, ScenarioError
from leverage.game.stochastic_game import Booleans
from leverage.scenario.parsing import nearest

COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
_TEXT = re.compile(r"\s*(?P<column>[^<>=!]+?)\s*(?P<sign><=|>=|!=|<|>|=)\s*(?P<value>[^<>=!]+?)\s*")
_SIGN, _AND = re.compile("[<>=]"), re.compile(r"\s+and\s+")
#: So many columns are listed in a message.
_LISTED = 6


@dataclass(frozen=True)
class RowCondition:
    """A comparison of a column with a value. value: a number, or a word."""

    column: str
    sign: str
    value: float | str

    @property
    def words(self) -> str:
        value = self.value if isinstance(self.value, str) else f"{self.value:g}"
        return f"{self.column} {self.sign} {value}"

    def of(self, column: pd.Series[Any]) -> tuple[Booleans, Booleans]:
        """(rows,) whether a row has an answer, and whether the condition is true there; NaN is no answer to a comparison."""
        answered = column.notna().to_numpy(dtype=bool)
        true = np.zeros(len(column), dtype=bool)
        cells = column[answered]
        known = cells.map(str) if isinstance(self.value, str) else cells.astype(float)
        true[answered] = COMPARISONS[self.sign](known, self.value).to_numpy(dtype=bool)
        return answered, true

    def between(self, low: pd.Series[Any], high: pd.Series[Any]) -> tuple[Booleans, Booleans]:
        """(rows,) of numbers that lie between bounds: whether these settle the condition, and whether it is true for certain."""
        answered, at_low = self.of(low)
        also, at_high = self.of(high)
        settled = answered & also & (at_low == at_high)
        if self.sign in ("=", "!="):  # both ends may be unequal to a value between them
            within = ((low <= self.value) & (self.value <= high)).to_numpy(dtype=bool)
            settled &= ~within | (low == high).to_numpy(dtype=bool)
        return settled, settled & at_low


def read_row_conditions(text: str, kinds: Mapping[str, str], beside: Mapping[str, str]) -> tuple[RowCondition, ...]:
    """The parts of a text such as `power: payoff < 20 and patience > 0.9`, all of which a row has to fulfil.

    kinds : as below. beside : the same for columns that are meant by their whole name only. Raises as below.
    """
    return tuple(read_row_condition(part, kinds, beside) for part in _parts(text))


def _parts(text: str) -> list[str]:
    """What stands between the words "and", those within a column's name or a value aside."""
    parts, begun = [], ""
    for piece in _AND.split(text):
        begun = f"{begun} and {piece}" if begun else piece
        if _SIGN.search(piece):
            parts.append(begun)
            begun = ""
    if begun or not parts:
        parts[-1:] = [" and ".join((*parts[-1:], begun))]
    return parts


def read_row_condition(text: str, kinds: Mapping[str, str], beside: Mapping[str, str] | None = None) -> RowCondition:
    """The condition in a text such as `power: payoff < 20`, without "and".

    kinds : column -> 'number', 'text' or 'flag' (whose words are yes and no). beside : the same for columns that are meant by
    their whole name only. Raises ScenarioError: no comparison, no such column or several, no number.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        _refuse(text, "this is no comparison", 'COLUMN, one of < <= > >= = !=, and a number, such as "power: payoff < 20"')
    column, sign, value = found["column"], found["sign"], found["value"]
    if beside and column in beside and column not in kinds:
        kinds = beside
    name = _column(text, column, _comparable(column, value, kinds), tuple(beside or ()))
    if kinds[name] == "number":
        return RowCondition(name, sign, _number(text, value))
    if sign not in ("=", "!="):
        _refuse(text, f"'{name}' holds words, which are not larger or smaller", "compare with = or !=")
    word = value.strip("'\"")
    return RowCondition(name, sign, {"yes": "True", "no": "False"}.get(word, word) if kinds[name] == "flag" else word)


def _comparable(part: str, value: str, kinds: Mapping[str, str]) -> list[str]:
    """The columns that may be meant: where a word stands beside the sign those of words, if any of them has that part in it."""
    worded = [name for name, kind in kinds.items() if kind != "number" and _has_part(name, part)]
    return worded if worded and not _is_number(value) else list(kinds)


def _has_part(name: str, part: str) -> bool:
    return part.lower() in name.lower()


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _column(text: str, part: str, names: Sequence[str], beside: Sequence[str]) -> str:
    """The column of that name, or the only one that has it as a part; of those the only one that is no bound or certificate.

    beside : what else may have been meant where there is none.
    """
    if part in names:
        return part
    holding = [name for name in names if _has_part(name, part)]
    plain = [name for name in holding if not name.endswith("]")]
    meant = next((found for found in (holding, plain) if len(found) == 1), None)
    if meant:
        return meant[0]
    if not holding:
        _refuse(text, f"there is no column '{part}'", nearest(part, (*names, *beside)))
    told = plain or holding
    more = f" and {len(told) - _LISTED} more" if len(told) > _LISTED else ""
    return _refuse(text, f"'{part}' is part of {len(told)} columns", f"give more of the name: {'; '.join(told[:_LISTED])}{more}")


def _number(text: str, word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        _refuse(text, f"'{word}' is no number", "write it with a point" if "," in word else "such as 20 or 0.5")
    return number


def _refuse(text: str, message: str, remedy: str) -> NoReturn:
    raise ScenarioError("the command line", [Fault(0, 0, message, remedy, place=f"--where {text}")])
