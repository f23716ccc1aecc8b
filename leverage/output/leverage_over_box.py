"""What instruments are worth over the whole plausible box, as tables and in print. Every printed number is a cell of a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from leverage.output.columns import number, paragraph, percent, section, shortened, table
from leverage.output.heading import head_text, setting_words
from leverage.output.leverage import CHANNEL_WORDS
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import counted, plain
from leverage.stress.box import Box
from leverage.stress.leverage_over_box import Fact, SignShares
from leverage.stress.question import SIGNS, Answer
from leverage.stress.shares import CONFIDENCE, DesignPoint

SHARE_COLUMNS = (
    *("instrument", "holder", "selection", "channel", "measure", "subject"),
    *("sign", "share", "low", "high", "median_effect", "unit", "points"),
)

#: What a measure is, of a player.
_MEASURES = {
    "gain": "{}'s bargained payoff",
    "reach": "{}'s best payoff",
    "coercion": "fall of {}'s floor",
    "own floor": "fall of {}'s own floor",
}


def leverage_shares_frame(found: Sequence[SignShares], unit: str) -> pd.DataFrame:
    """One row an effect and sign; unit: of payoffs."""
    rows = [
        (*_place(each.fact), sign, share.value, share.low, share.high, each.median, unit, each.points)
        for each in found
        for sign, share in each.shares.items()
    ]
    return pd.DataFrame(rows, columns=list(SHARE_COLUMNS))


def leverage_points_frame(points: Sequence[DesignPoint], facts: Sequence[Fact], box: Box) -> pd.DataFrame:
    """One row a point of the design and effect, with the parameters in doubt beside it."""
    names = [each.name for each in box.parameters]
    rows = [
        (
            point.scrambling,
            point.number,
            *_place(fact),
            *_effect(point.answers[fact.name]),
            *(point.values[name] for name in names),
        )
        for point in points
        for fact in facts
    ]
    head = ("scrambling", "point", *SHARE_COLUMNS[:6], "effect", "low", "high", "sign")
    return pd.DataFrame(rows, columns=[*head, *names])


def _place(fact: Fact) -> tuple[str, ...]:
    return fact.instrument, fact.holder, fact.selection, fact.channel, fact.measure, fact.subject


def _effect(answer: Answer) -> tuple[object, ...]:
    return answer.margin.value, answer.margin.low, answer.margin.high, answer.verdict


# --- the page -------------------------------------------------------------------------------------------------------------


def leverage_box_text(scenario: Scenario, found: Sequence[SignShares], tolerance: float) -> str:
    """The page of `simulate leverage --box`, without a trailing newline."""
    parameters, points = counted(len(Box.of(scenario).parameters), "parameter"), counted(found[0].points, "point")
    told = [
        f"The plausible box is the ranges of {parameters} at once, every value as likely as another; {points}, each solved with "
        f"every instrument and without it, with bounds {percent(tolerance)} of the payoff range apart.",
        "Shares of points at which what the instrument adds surely is above zero, below it, or nothing, and at which the bounds "
        f"cannot tell; the median effect is in {scenario.payoff_unit[0]}. Intervals that hold the true share {CONFIDENCE:.0%} of "
        "the time are in leverage_shares.csv, every point in leverage_points.csv.",
        setting_words(scenario),
    ]
    lines = [head_text(scenario, "Leverage over the plausible box"), *(paragraph(f"* {each}", 2) for each in told if each), ""]
    for k, name in enumerate(dict.fromkeys(each.fact.instrument for each in found), 1):
        lines += [*_instrument_lines(k, [each for each in found if each.fact.instrument == name], scenario), ""]
    return "\n".join(lines).rstrip()


def _instrument_lines(which: int, found: Sequence[SignShares], scenario: Scenario) -> list[str]:
    """One instrument's table: measures, and below each its channels."""
    fact = found[0].fact
    instrument = scenario.instrument(fact.instrument)
    rows: list[list[str]] = []
    for each in found:
        if each.fact.channel == "net":
            rows.append(_cells(_measure(each.fact), each))
            rows += [
                _cells(f"   {words}", other)
                for channel, words in CHANNEL_WORDS.items()
                for other in found
                if other.fact.channel == channel
                and (other.fact.measure, other.fact.subject) == (each.fact.measure, each.fact.subject)
            ]
    heads = ["", "surely above 0", "surely below 0", "none", "cannot be told", "median"]
    title = section(which, plain(fact.instrument), f"held by {plain(fact.holder)}")
    says = [paragraph(f"* {instrument.says}", 2)] if instrument.says else []
    return [title, *says, table(heads, rows)[0]]


def _measure(fact: Fact) -> str:
    return shortened(_MEASURES[fact.measure].format(plain(fact.subject)), 34)


def _cells(label: str, found: SignShares) -> list[str]:
    shares = [percent(found.shares[sign].value) for sign in SIGNS[:4]]
    return [label, *shares, "-" if math.isnan(found.median) else number(found.median)]
