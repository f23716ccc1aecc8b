"""Draws the README's picture: how likely a settlement is by each month, under each strategy of the power.

python docs/picture.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from leverage import best_reply, compile_form, load_scenario, markov_perfect
from leverage.analysis.outcomes import measure_outcomes
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import StochasticGame
from leverage.game.strategies import compile_strategies

HERE = Path(__file__).parent
MONTHS = range(1, 37)
STYLES = {  # colour-blind safe (Okabe and Ito 2008) and told apart in grey by their dashes
    "Markov equilibrium": ("#000000", "-"),
    "tied pace": ("#0072B2", "-"),
    "fixed timetable": ("#D55E00", "--"),
    "stay": ("#009E73", "-."),
    "full exit": ("#CC79A7", ":"),
}


def chances(plan: Automaton, event: str) -> list[float]:
    """Chance of the event by each month."""
    found = {o.quantity: o.value for o in measure_outcomes(plan) if o.subject == event}
    return [found[f"chance by {month} month{'s' if month > 1 else ''}"] for month in MONTHS]


def plans(game: StochasticGame, machines: dict[str, Automaton]) -> dict[str, Automaton]:
    """The Markov equilibrium, and each strategy of the power with the opposition's best reply."""
    replies = {name.replace("_", " "): best_reply(machine, 1).plan for name, machine in machines.items()}
    return {"Markov equilibrium": markov_perfect(game)[0].plan, **replies}


def main() -> None:
    """Draw and write docs/settlement.svg."""
    form = compile_form(load_scenario(HERE.parent / "scenarios" / "withdrawal.yaml"))
    game = form.at()
    game = replace(game, measures=replace(game.measures, dates=tuple(map(float, MONTHS))))
    machines = compile_strategies(form, game)[0]
    mpl.rcParams.update({"svg.hashsalt": "leverage", "font.size": 10, "svg.fonttype": "path"})
    figure, axes = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
    height = -100.0
    lines = {name: [100 * chance for chance in chances(plan, "settled")] for name, plan in plans(game, machines).items()}
    for name, line in sorted(lines.items(), key=lambda item: item[1][-1]):
        colour, dash = STYLES[name]
        axes.plot(MONTHS, line, dash, color=colour, linewidth=2)
        height = max(line[-1], height + 6)  # names keep clear of each other
        axes.text(MONTHS[-1] + 0.6, height, name, color=colour, va="center")
    axes.set(xlim=(0, 44), ylim=(0, 100), xlabel="months", ylabel="chance of a settlement by then, %", xticks=range(0, 37, 6))
    axes.set_title(
        "Leaving at once buys the fewest settlements; tying the pace overtakes a timetable late", loc="left", fontsize=10
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(HERE / "settlement.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
