"""How named strategies do over the whole box of plausible parameters: a low-discrepancy design, every point solved exactly.

    python benchmarks/strategy_shares.py scenarios/withdrawal.yaml --points 1024 --seed 0 --out box.csv

Prints, for a two-player scenario: the share of the box in which each strategy of the first player is best for it
against the second player's best reply; the share in which each pair of named strategies is a Nash equilibrium from the
start, and subgame perfect as written; what the best replies do. One row a point goes to --out.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import qmc
from threadpoolctl import threadpool_limits

from leverage import judge, load_scenario
from leverage.game.automaton import Automaton
from leverage.game.form import GameForm, compile_form
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.game.strategies import compile_strategies
from leverage.solvers.best_reply import best_reply

MONTHS = 24
#: Payoffs that differ by less are tied.
TIE = 1e-9


def points(form: GameForm, count: int, seed: int) -> Iterator[dict[str, float]]:
    """Scrambled Sobol' points of the box of all ranges."""
    doubted = [p for p in form.scenario.parameters.values() if p.in_doubt]
    low, high = np.array([p.low for p in doubted]), np.array([p.high for p in doubted])
    for row in qmc.Sobol(len(doubted), scramble=True, rng=seed).random(count):
        yield {**form.scenario.values, **dict(zip([p.name for p in doubted], low + row * (high - low), strict=True))}


def chain(plan: Automaton) -> tuple[Floats, Floats]:
    """The law of the next node (K, K) and each node's lottery over the second player's actions, by name, dense (small
    games only).
    """
    game = plan.game
    counts = game.action_counts[plan.node_state]
    law = np.zeros((plan.n_nodes, plan.n_nodes))
    chance = np.ones(len(plan.edge_node))
    row = game.entry_row[plan.edge_entry]
    for i, lottery in zip(plan.players, plan.lotteries, strict=True):
        starts = plan.choice_start(i)
        chance *= lottery[starts[plan.edge_node] + game.row_action[i][row]]
    chance *= plan.edge_probability
    arcs = np.repeat(np.arange(len(chance)), np.diff(plan.next_nodes.indptr))
    np.add.at(law, (plan.edge_node[arcs], plan.next_nodes.indices), chance[arcs] * plan.next_nodes.data)
    return law, counts


def frequencies(plan: Automaton, player: int, actions: tuple[str, ...], event: str) -> dict[str, float]:
    """Share of the first months, before the event, in which the player takes each action; overall and at the first
    variable's lowest level.
    """
    game = plan.game
    law, _ = chain(plan)
    settled = game.measures.events[event][plan.node_state]
    mass = plan.start[[game.start]].toarray()[0]
    played = dict.fromkeys(actions, 0.0)
    low = dict.fromkeys(actions, 0.0)
    lowest = np.array([state.split(",")[0] for state in game.states])[plan.node_state] == game.states[0].split(",")[0]
    starts = plan.choice_start(player)
    flat = plan.lotteries[plan.players.index(player)]
    names = [name for s in plan.node_state for name in game.actions[s][player]]
    node = np.repeat(np.arange(plan.n_nodes), np.diff(starts))
    for _ in range(MONTHS):
        mass = np.where(settled, 0.0, mass)
        for k, name in enumerate(names):
            played[name] += mass[node[k]] * flat[k]
            low[name] += mass[node[k]] * flat[k] * lowest[node[k]]
        mass = mass @ law
    total, total_low = sum(played.values()), sum(low.values())
    return {
        **{name: played[name] / total for name in actions},
        **{f"{name} at the lowest": low[name] / total_low if total_low > 1e-6 else float("nan") for name in actions},
        "event by then": reached(plan, law, settled),
    }


def reached(plan: Automaton, law: Floats, settled: np.ndarray) -> float:
    """Chance that the event has happened within MONTHS."""
    mass, total = plan.start[[plan.game.start]].toarray()[0], 0.0
    for _ in range(MONTHS + 1):
        total += mass[settled].sum()
        mass = np.where(settled, 0.0, mass) @ law
    return float(total)


def point_row(form: GameForm, values: dict[str, float]) -> dict[str, float | bool]:
    """Everything about one point."""
    game: StochasticGame = form.at(values)
    first, second = compile_strategies(form, game)
    own = tuple(action.name for action in form.scenario.actions[1])
    event = form.scenario.events[0].name
    row: dict[str, float | bool] = dict(values)
    for name, machine in first.items():
        reply = best_reply(machine, 1)
        row[f"payoff {name}"] = float(reply.values[game.start, 0])
        row |= {f"reply to {name}: {key}": value for key, value in frequencies(reply.plan, 1, own, event).items()}
    for a, b in itertools.product(first, second):
        verdict = judge([first[a], second[b]])
        row[f"nash {a} / {b}"] = verdict.equilibrium
        row[f"perfect {a} / {b}"] = verdict.subgame_perfect
    return row


def main() -> None:
    """Read the command line, solve every point, print shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario")
    parser.add_argument("--points", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out")
    given = parser.parse_args()
    form = compile_form(load_scenario(given.scenario))
    started = time.process_time()
    with threadpool_limits(limits=1, user_api="blas"):
        table = pd.DataFrame([point_row(form, values) for values in points(form, given.points, given.seed)])
    payoffs = table.filter(like="payoff ").rename(columns=lambda name: name.removeprefix("payoff "))
    print(f"{len(table)} points, {time.process_time() - started:.0f} CPU seconds")
    best = payoffs.ge(payoffs.max(axis=1) - TIE, axis=0)
    print("\nbest against the best reply, share of the box (ties count for each)\n", best.mean().to_string())
    print("\nties:", f"{(best.sum(axis=1) > 1).mean():.3f}")
    print(
        "\nmargin of the best over the next below 1 point:",
        f"{np.mean(np.diff(np.sort(payoffs.to_numpy(), axis=1))[:, -1] < 1):.3f}",
    )
    print("\nNash from the start, share\n", table.filter(like="nash ").mean().to_string())
    print("\nsubgame perfect as written, share\n", table.filter(like="perfect ").mean().to_string())
    print(
        f"\nbest replies before the event, first {MONTHS} periods, means\n",
        table.filter(like="reply to ").mean().round(3).to_string(),
    )
    if given.out:
        table.to_csv(given.out, index=False)


if __name__ == "__main__":
    main()
