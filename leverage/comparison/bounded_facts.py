"""The numbers of a run's tables with the bounds that hold for them, so that two runs can be told apart or not.

A difference counts where bounds exclude that there is none. What bounds a number differs by table and selection, and so does what
it is a number of: of a way of playing that is given or singled out, of all credible play, or of one plan that was found, beside
which another plan may pay the same and do otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from leverage.analysis.leverage import EVERY_EQUILIBRIUM
from leverage.analysis.plays import MARKOV

if TYPE_CHECKING:
    import pandas as pd

#: The tables of a run by name, as `RunFolder.run_table` gives them.
Tables = Mapping[str, "pd.DataFrame"]
#: Where a number stands in its table: the cells that name it.
Key = tuple[str, ...]

#: proved: the bounds hold for whatever the number is meant to be. of the play found: they are those of rounding, of one plan or
#: equilibrium that was found. not bounded: nothing is known about its distance to the true one.
Proof = Literal["proved", "of the play found", "not bounded"]
#: How the numbers of several sides stand to each other. differs: the bounds exclude that they are the same; in the play found: so
#: do those of the play that was found, see `Proof`. open: they differ, and bounds are missing. not in all: a side has none.
Standing = Literal["same", "within certificates", "differs", "differs in the play found", "open", "not in all", "other units"]

#: Columns that name a row.
OUTCOME_KEY = ("selection", "subject", "quantity")
LEVERAGE_KEY = ("instrument", "holder", "selection", "channel", "measure", "subject")

#: Selections of leverage.csv whose plans come from sets of equilibria, and the measures that are bounded over all of them.
_OF_PLANS = ("bargaining point", "best for ", "worst for ")
_BOUNDED = frozenset({"gain", "reach", "coercion", "own floor"})
_BEST_PLAN, _BARGAINING = "best credible plan for ", "bargaining: "


@dataclass(frozen=True)
class BoundedFact:
    """A number whose true counterpart lies in [low, high]. All NaN: there is no number, `note` says why where it is known.

    unit: of the three. value may be NaN where bounds are all that is known.
    """

    value: float
    low: float
    high: float
    unit: str
    proof: Proof = "proved"
    note: str = ""

    @property
    def known(self) -> bool:
        return not (math.isnan(self.value) and math.isnan(self.low))

    def __neg__(self) -> BoundedFact:
        return replace(self, value=0.0 - self.value, low=0.0 - self.high, high=0.0 - self.low)  # no -0.0


def standing_of(facts: Sequence[BoundedFact | None]) -> Standing:
    """How the same number of several sides stands; None where a side has no such row.

    >>> one, other = BoundedFact(1.0, 0.9, 1.1, "points"), BoundedFact(1.3, 1.0, 1.6, "points")
    >>> standing_of([one, other]), standing_of([one, BoundedFact(1.3, 1.2, 1.4, "points")]), standing_of([one, one])
    ('within certificates', 'differs', 'same')
    """
    present = [each for each in facts if each is not None]
    known = [each for each in present if each.known]
    if not known and len(present) == len(facts):
        return "same"
    if len(known) < len(facts):
        return "not in all"
    if len({each.unit for each in known}) > 1:
        return "other units"
    if len({(each.value, each.low, each.high) if math.isnan(each.value) else each.value for each in known}) == 1:
        return "same"
    if any(each.proof == "not bounded" for each in known):
        return "open"
    if max(each.low for each in known) <= min(each.high for each in known):
        return "within certificates"
    return "differs" if all(each.proof == "proved" for each in known) else "differs in the play found"


def outcome_facts(tables: Tables, start: str) -> dict[Key, BoundedFact]:
    """The rows of outcomes.csv. start: the state at which play begins, as equilibrium_set.csv calls it.

    A payoff of the Markov equilibrium is bounded by its error radius; one of a best credible plan by the ends of the proved and
    the outer set; one of a bargaining point by the bounds of that; everything else of these by rounding only.
    """
    bounds = {**_radii(tables["equilibria"]), **_best_payoffs(tables["equilibrium_set"], start), **_agreed(tables["bargaining"])}
    found: dict[Key, BoundedFact] = {}
    rows = tables["outcomes"][[*OUTCOME_KEY, "value", "unit", "certificate"]].itertuples(index=False)
    for selection, subject, quantity, value, unit, certificate in rows:
        known = bounds.get((selection, subject)) if quantity == "payoff" else None
        found[selection, subject, quantity] = _outcome(selection, float(value), unit, float(certificate), known)
    return found


def _outcome(selection: str, value: float, unit: str, rounding: float, bounds: tuple[float, float] | None) -> BoundedFact:
    if math.isnan(value):
        return BoundedFact(value, value, value, unit, note="the case never arises")
    if bounds is not None:
        low, high = (end + side * rounding for end, side in zip(bounds, (-1, 1), strict=True))
        proof: Proof = "proved" if math.isfinite(low) and math.isfinite(high) else "not bounded"
        return BoundedFact(value, min(low, value - rounding), max(high, value + rounding), unit, proof)
    if math.isnan(rounding):
        return BoundedFact(value, -math.inf, math.inf, unit, "not bounded")
    one_of_several = selection == MARKOV or selection.startswith((_BEST_PLAN, _BARGAINING))
    return BoundedFact(value, value - rounding, value + rounding, unit, "of the play found" if one_of_several else "proved")


def _radii(equilibria: pd.DataFrame) -> dict[tuple[str, str], tuple[float, float]]:
    """Bounds of each player's payoff in the selected Markov equilibrium; endless where no radius is known."""
    selected = [row for row in equilibria.to_dict("records") if row["selected"]]
    payoffs = {str(row["subject"]): float(row["value"]) for row in selected if row["quantity"] == "payoff"}
    radii = {str(row["subject"]): float(row["value"]) for row in selected if row["quantity"] == "error radius"}
    found = {}
    for player, payoff in payoffs.items():
        radius = radii.get(player, math.nan)
        width = math.inf if math.isnan(radius) else radius
        found[MARKOV, player] = payoff - width, payoff + width
    return found


def _best_payoffs(sets: pd.DataFrame, start: str) -> dict[tuple[str, str], tuple[float, float]]:
    """Bounds of each player's largest credible payoff at the start: of the proved set and of the one that contains all."""
    rows = sets[(sets["without"] == "") & (sets["state"] == start) & (sets["corner"] == "largest")]
    ends = {str(row["bound"]): row for row in rows.to_dict("records")}
    if len(ends) < 2:
        return {}
    players = [str(name).removesuffix("_payoff") for name in sets.columns if str(name).endswith("_payoff")]
    return {
        (f"{_BEST_PLAN}{player}", player): (float(ends["inner"][f"{player}_payoff"]), float(ends["outer"][f"{player}_payoff"]))
        for player in players
    }


def _agreed(bargaining: pd.DataFrame) -> dict[tuple[str, str], tuple[float, float]]:
    """Bounds of what each player gets at a bargaining point."""
    rows = bargaining.to_dict("records")
    cells = {(str(row["rule"]), str(row["player"]), str(row["quantity"])): float(row["value"]) for row in rows}
    return {
        (f"{_BARGAINING}{rule}", player): (cells[rule, player, "at_least"], cells[rule, player, "at_most"])
        for rule, player, quantity in cells
        if quantity == "agreed"
    }


def leverage_facts(tables: Tables) -> dict[Key, BoundedFact]:
    """The effects in leverage.csv, with the bounds that stand there."""
    found: dict[Key, BoundedFact] = {}
    columns = [*LEVERAGE_KEY, "effect", "low", "high", "unit", "note"]
    for row in tables["leverage"][columns].itertuples(index=False):
        *key, effect, low, high, unit, note = row
        numbers = (float(effect), float(low), float(high))
        found[tuple(key)] = BoundedFact(*numbers, unit, _effect_proof(key[2], key[4], numbers), note)
    return found


def _effect_proof(selection: str, measure: str, numbers: tuple[float, float, float]) -> Proof:
    if any(math.isinf(end) for end in numbers[1:]):
        return "not bounded"
    one_of_several = selection != EVERY_EQUILIBRIUM and (selection == "Markov equilibrium" or selection.startswith(_OF_PLANS))
    return "of the play found" if one_of_several and measure not in _BOUNDED else "proved"


@dataclass(frozen=True)
class JudgedLine:
    """A verdict with the margin that it rests on. A margin that is no number is not known."""

    verdict: str
    margin: BoundedFact


@dataclass(frozen=True)
class JudgedSentence:
    """A claim of a run. whole: the verdict on all of it. lines: on each comparison, by its text and the selection it is under."""

    whole: JudgedLine
    says: str
    lines: Mapping[str, JudgedLine]


def judged_sentences(tables: Tables) -> dict[str, JudgedSentence]:
    """The claims in claims.csv by name."""
    found: dict[str, JudgedSentence] = {}
    lines: dict[str, dict[str, JudgedLine]] = {}
    rows = tables["claims"].to_dict("records")
    for row in rows:
        margin = BoundedFact(float(row["margin"]), float(row["margin_low"]), float(row["margin_high"]), "")
        judged, own = JudgedLine(str(row["verdict"]), margin), lines.setdefault(str(row["claim"]), {})
        if row["line"]:
            own[f"{row['line']}, under {row['under']}"] = judged
        else:
            found[str(row["claim"])] = JudgedSentence(judged, str(row["says"]), own)
    return found
