"""Draws the README's picture: how likely a settlement is by each month, under each strategy of the power.

python docs/picture.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from leverage import best_reply, compile_form, load_scenario, markov_perfect
from leverage.analysis.outcomes import measure_outcomes
from leverage.figures.axes_parts import spread_out
from leverage.figures.drawing import Drawing
from leverage.figures.sheet import Sheet
from leverage.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    LEADING,
    MARGIN,
    MEDIUM,
    POINTS,
    PURPLE,
    SMALL,
    VERMILLION,
    WIDTH,
    look,
    text_height,
    text_width,
)
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import StochasticGame
from leverage.game.strategies import compile_strategies

HERE = Path(__file__).parent
MONTHS = range(1, 37)
TITLE = "Leaving at once buys the fewest settlements; a tied pace overtakes a timetable late."
#: Told apart in grey by their dashes and names.
STYLES: dict[str, dict[str, Any]] = {
    "Markov equilibrium": {"color": BLACK, "linestyle": "-", "linewidth": 2.2},
    "tied pace": {"color": BLUE, "linestyle": "-"},
    "fixed timetable": {"color": VERMILLION, "linestyle": "--"},
    "stay": {"color": GREEN, "linestyle": "-."},
    "full exit": {"color": PURPLE, "linestyle": ":"},
}
#: Inches: height of the panel and its left edge, from a line's end to its name.
TALL, LEFT, NEAR = 2.6, 0.45, 0.08


def chances(plan: Automaton, event: str) -> list[float]:
    """Chance of the event by each month."""
    found = {o.quantity: o.value for o in measure_outcomes(plan) if o.subject == event}
    return [found[f"chance by {month} month{'s' if month > 1 else ''}"] for month in MONTHS]


def plans(game: StochasticGame, machines: dict[str, Automaton]) -> dict[str, Automaton]:
    """The Markov equilibrium, and each strategy of the power with the opposition's best reply."""
    replies = {name.replace("_", " "): best_reply(machine, 1).plan for name, machine in machines.items()}
    return {"Markov equilibrium": markov_perfect(game)[0].plan, **replies}


def draw(lines: Mapping[str, Sequence[float]]) -> Drawing:
    """Lines of chances by each month, in per cent, each named at its end."""
    with look():
        sheet = Sheet(TITLE)
        sheet.block("Chance of a settlement by then, %", size=MEDIUM)
        sheet.depth += 0.05
        width = WIDTH - MARGIN - LEFT - NEAR - max(map(text_width, lines))
        axes = sheet.axes(LEFT, width, TALL)
        axes.set(xlim=(0, MONTHS[-1]), ylim=(0, 100), xticks=range(0, MONTHS[-1] + 1, 6), yticks=range(0, 101, 20))
        ordered = sorted(lines.items(), key=lambda item: item[1][-1])
        apart = 100 * SMALL * LEADING / POINTS / TALL
        places = spread_out([line[-1] for _, line in ordered], apart, apart / 2, 100 - apart / 2)
        for (name, line), place in zip(ordered, places, strict=True):
            axes.plot(MONTHS, line, **STYLES[name])
            axes.text(1 + NEAR / width, place / 100, name, transform=axes.transAxes, va="center")
        sheet.depth += TALL + 0.24
        sheet.write(LEFT + width / 2, "Months", size=MEDIUM, ha="center")
        sheet.depth += text_height("", MEDIUM)
        return sheet.finish("settlement", _description(lines))


def _description(lines: Mapping[str, Sequence[float]]) -> str:
    ends = ", ".join(f"{name} {line[-1]:.0f}%" for name, line in lines.items())
    return f"The chance of a settlement by each of {MONTHS[-1]} months under each way of playing; at the end: {ends}."


def main() -> None:
    """Draw and write docs/settlement.svg."""
    form = compile_form(load_scenario(HERE.parent / "scenarios" / "withdrawal.yaml"))
    game = form.at()
    game = replace(game, measures=replace(game.measures, dates=tuple(map(float, MONTHS))))
    machines = compile_strategies(form, game)[0]
    lines = {name: [100 * chance for chance in chances(plan, "settled")] for name, plan in plans(game, machines).items()}
    (HERE / "settlement.svg").write_text(draw(lines).svg, encoding="utf-8")


if __name__ == "__main__":
    main()
