"""Noisy play in print and as a table."""

from __future__ import annotations

import math

import pandas as pd

from leverage.analysis.noise import NoisyPath, NoisyPlay
from leverage.output.columns import paragraph, percent, section, table
from leverage.output.heading import head_text, setting_words
from leverage.output.page import Page
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import plain

NOISE_COLUMNS = ("precision", "subject", "quantity", "value", "unit", "certificate")


def noise_frame(scenario: Scenario, path: NoisyPath) -> pd.DataFrame:
    """One row a fact about play at a precision; the limit has precision inf."""
    keys, rows = {player.name: player.key for player in scenario.players}, []
    for play in path.plays:
        unit = play.solution.plan.game.payoff_unit
        rows += [
            (play.precision, keys.get(o.subject, o.subject), o.quantity, o.value, o.unit, o.certificate) for o in play.outcomes
        ]
        rows.append((play.precision, "play", "largest gain of a departure", play.solution.certificate, unit, math.nan))
        rows.append((play.precision, "play", "distance from the logit response", play.distance, "chance", math.nan))
    return pd.DataFrame(rows, columns=list(NOISE_COLUMNS))


def noise_text(page: Page, path: NoisyPath) -> str:
    """The page of `simulate noise`, without a trailing newline."""
    game = page.game
    told = [
        "Precision 0: everybody plays at random. Precision multiplies action values (payoffs summed over periods, discounted;"
        " unit 1/payoff): a better action is played exp(precision x difference) times as often as a worse one.",
        _limit_words(path),
        f"The path was lost: {path.lost}." if path.lost else "",
        setting_words(page.scenario),
    ]
    note = f"in %: {plain(page.event)} by {page.dates[-1]}" if page.event else ""
    heads = ["precision", *(f"{plain(key)} gets" for key in page.keys)]
    heads += [f"by {page.dates[-1]}"] if page.event else []
    heads += ["largest gain"]
    text, cut = table(heads, [_row(page, play) for play in path.plays])
    distances = [play.distance for play in path.plays if not math.isnan(play.distance)]
    checks = [
        f"Largest gain: of any single departure to a better action, anywhere, in {game.payoff_unit}; what noise costs at most.",
        f"Every probability is within {max(distances):.1g} of the logit response to this play, by a check of its own."
        if distances
        else "",
    ]
    return "\n".join(
        [
            head_text(page.scenario, "Noisy play"),
            *(paragraph(f"* {sentence}", 2) for sentence in told if sentence),
            "",
            section(1, "from random play to best play", note),
            text,
            *([f"{cut} more columns in noisy_play.csv"] if cut else []),
            "",
            section(2, "checked"),
            *(paragraph(f"* {sentence}", 2) for sentence in checks if sentence),
        ]
    )


def _limit_words(path: NoisyPath) -> str:
    if not path.plays or not math.isinf(path.plays[-1].precision):
        return ""
    if path.selected is None:
        return "Last row: the Markov equilibrium that the path leads to."
    if path.selected:
        return "Last row: the Markov equilibrium that the path leads to; it is the point prediction of the main run."
    return (
        "Last row: the Markov equilibrium that the path leads to. It is NOT the point prediction of the main run: that one is"
        " selected after each player's payoffs are divided by their range, and noise counts payoffs as they are."
    )


def _row(page: Page, play: NoisyPlay) -> list[str]:
    cells = ["limit" if math.isinf(play.precision) else f"{play.precision:g}"]
    cells += [page.points(play.value(name, "payoff")) for name in page.game.players]
    cells += [percent(play.value(page.event, f"chance by {page.dates[-1]}"))] if page.event else []
    gain = play.solution.certificate
    return [*cells, page.points(gain) if gain >= 10.0**-page.digits or gain == 0 else f"{gain:.1g}"]
