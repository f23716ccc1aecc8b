"""Patience in print: for which discount factors a path or a payoff is credible, or an event likely."""

from __future__ import annotations

import pandas as pd

from leverage.game.stochastic_game import StochasticGame
from leverage.output.columns import paragraph, section, table
from leverage.output.heading import head_text, setting_words
from leverage.scenario.scenario import Scenario
from leverage.solvers.patience import Patience, PatienceInterval

PATIENCE_COLUMNS = ("of", "discount", "answer", "tolerance")


def patience_text(scenario: Scenario, game: StochasticGame, found: Patience, whose: str, holds: str) -> str:
    """The page of `simulate patience`, without a trailing newline. holds: what a yes is called, in a word."""
    rows = [_row(each) for each in found.intervals]
    heads = [holds, "from", "to", f"not {holds} below", f"not {holds} above"]
    grid = table(heads, rows)[0] if rows else "nowhere on the scan"
    told = [f"Undecided between {low:.6g} and {high:.6g}." for low, high in found.undecided]
    setting = setting_words(scenario)
    return "\n".join(
        [
            head_text(scenario, "Patience"),
            *(paragraph(f"* {sentence}", 2) for sentence in (found.status, setting) if sentence),
            "",
            section(1, "discount factors", f"{whose}; a {game.period_unit}'s"),
            grid,
            *(paragraph(sentence) for sentence in told),
        ]
    ).rstrip()


def _row(each: PatienceInterval) -> list[str]:
    ends = (each.low, each.high, each.no_below, each.no_above)
    return ["yes", *("-" if end is None else f"{end:.6f}".rstrip("0") for end in ends)]


def patience_frame(found: Patience, of: str) -> pd.DataFrame:
    """One row a discount factor that was asked about, increasing."""
    rows = [(of, point.delta, point.told, point.tolerance) for point in found.points]
    return pd.DataFrame(rows, columns=list(PATIENCE_COLUMNS))
