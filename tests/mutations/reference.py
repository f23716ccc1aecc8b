"""What a plan comes to, read off its raw fields entry by entry: slow, plain, and without any function of the package."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from leverage.game.stochastic_game import Floats, StochasticGame

#: An action profile, its row, the chance with which each player takes its action, and (K,) the chances of the next nodes.
Step = tuple[tuple[int, ...], int, dict[int, float], Floats]


def profiles(game: StochasticGame, state: int) -> list[tuple[int, ...]]:
    return list(product(*(range(len(own)) for own in game.actions[state])))


def first_row(game: StochasticGame, state: int) -> int:
    return sum(len(profiles(game, s)) for s in range(state))


def entries_of(game: StochasticGame, state: int) -> range:
    """Entries of the transition law that belong to a state."""
    low = first_row(game, state)
    return range(game.transitions.indptr[low], game.transitions.indptr[low + len(profiles(game, state))])


def first_edge(plan: Any, node: int) -> int:
    return sum(len(entries_of(plan.game, s)) for s in plan.node_state[:node])


def chance(plan: Any, player: int, node: int, action: int) -> float:
    """Of an action of a player that the plan plays for."""
    before = sum(len(plan.game.actions[s][player]) for s in plan.node_state[:node])
    return float(plan.lotteries[plan.players.index(player)][before + action])


def continuation(plan: Any, node: int, entry: int) -> Floats:
    """(K,): the lottery over nodes after an entry of the law at a node."""
    edge = first_edge(plan, node) + entry - entries_of(plan.game, plan.node_state[node])[0]
    return np.asarray(plan.next_nodes[[edge]].toarray()[0])


def steps(plan: Any, node: int) -> Iterator[Step]:
    """Every action profile at a node."""
    game, state = plan.game, plan.node_state[node]
    for k, profile in enumerate(profiles(game, state)):
        row = first_row(game, state) + k
        following = np.zeros(len(plan.node_state))
        for entry in range(game.transitions.indptr[row], game.transitions.indptr[row + 1]):
            following += game.transitions.data[entry] * continuation(plan, node, entry)
        yield profile, row, {i: chance(plan, i, node, profile[i]) for i in plan.players}, following


def faced(plan: Any, player: int) -> list[tuple[Floats, Floats]]:
    """At each node what the player's actions bring, the others' lotteries averaged out: payoff (A,) and next node (A, K)."""
    result = []
    for node, state in enumerate(plan.node_state):
        payoff = np.zeros(len(plan.game.actions[state][player]))
        law = np.zeros((len(payoff), len(plan.node_state)))
        for profile, row, played, following in steps(plan, node):
            weight = np.prod([c for i, c in played.items() if i != player])
            payoff[profile[player]] += weight * plan.game.payoffs[row, player]
            law[profile[player]] += weight * following
        result.append((payoff, law))
    return result


def chain_of(plan: Any) -> tuple[Floats, Floats]:
    """Law (K, K) of the nodes that play for everybody visits, and payoffs (K, N) at them."""
    size = len(plan.node_state)
    law, payoffs = np.zeros((size, size)), np.zeros((size, plan.game.n_players))
    for node in range(size):
        for _, row, played, following in steps(plan, node):
            weight = np.prod(list(played.values()))
            law[node] += weight * following
            payoffs[node] += weight * plan.game.payoffs[row]
    return law, payoffs


def values_of(plan: Any) -> Floats:
    """(K, N): normalised values."""
    law, payoffs = chain_of(plan)
    columns = [
        np.linalg.solve(np.eye(len(law)) - d * law, (1 - d) * u) for d, u in zip(plan.game.discount, payoffs.T, strict=True)
    ]
    return np.stack(columns, axis=1)


def gains_of(plan: Any, player: int) -> list[Floats]:
    """Per node what each action, taken once, would gain."""
    values, d = values_of(plan)[:, player], plan.game.discount[player]
    return [(1 - d) * payoff + d * law @ values - values[k] for k, (payoff, law) in enumerate(faced(plan, player))]


def best_values(plan: Any, player: int) -> Floats:
    """(K,): largest normalised value at each node over all pure policies on the nodes."""
    at, d = faced(plan, player), plan.game.discount[player]
    best = np.full(len(at), -np.inf)
    for policy in product(*(range(len(payoff)) for payoff, _ in at)):
        law = np.array([at[k][1][a] for k, a in enumerate(policy)])
        payoff = np.array([at[k][0][a] for k, a in enumerate(policy)])
        best = np.maximum(best, np.linalg.solve(np.eye(len(at)) - d * law, (1 - d) * payoff))
    return best


def gain_if_it_ends(plan: Any, periods: int, final: Floats) -> float:
    """Largest gain of a single departure, payoff a period, over all nodes met from any start, when play ends."""
    game = plan.game
    tables = [list(steps(plan, node)) for node in range(len(plan.node_state))]
    views = [faced(plan, i) for i in range(game.n_players)]
    met = [{int(k) for row in plan.start.toarray() for k in np.flatnonzero(row)}]
    for _ in range(periods - 1):
        met.append({int(k) for node in met[-1] for step in tables[node] for k in np.flatnonzero(step[3])})
    later, worst = np.array([final[s] for s in plan.node_state]), 0.0
    law, payoffs = chain_of(plan)
    for left in range(1, periods + 1):
        now = payoffs + game.discount * (law @ later)
        for i, d in enumerate(game.discount):
            length = sum(d**t for t in range(left))
            for node in met[periods - left]:
                payoff, following = views[i][node]
                worst = max(worst, float(np.max(payoff + d * following @ later[:, i] - now[node, i]) / length))
        later = now
    return worst


def history_chances(plan: Any, state: int, length: int) -> dict[tuple[int, ...], float]:
    """Chance of each sequence of entries of the law from a state on, as far as the players that the plan plays for decide it."""
    found: dict[tuple[int, ...], float] = {}

    def go(history: tuple[int, ...], belief: Floats, now: int) -> None:
        if len(history) == length:
            found[history] = float(belief.sum())
            return
        for k, profile in enumerate(profiles(plan.game, now)):
            row = first_row(plan.game, now) + k
            weight = [
                b and b * np.prod([chance(plan, i, node, profile[i]) for i in plan.players]) for node, b in enumerate(belief)
            ]
            for entry in range(plan.game.transitions.indptr[row], plan.game.transitions.indptr[row + 1]):
                after = sum((w * continuation(plan, node, entry) for node, w in enumerate(weight) if w), np.zeros(len(belief)))
                go((*history, entry), after, int(plan.game.transitions.indices[entry]))

    go((), plan.start[[state]].toarray()[0], state)
    return found


def pure_profiles(table: Floats) -> list[tuple[int, ...]]:
    """Action profiles of one game (A_1, ..., A_N, N) from which nobody gains by another action."""
    found = []
    for profile in product(*map(range, table.shape[:-1])):
        others = [[(*profile[:i], a, *profile[i + 1 :]) for a in range(table.shape[i])] for i in range(len(profile))]
        if all(table[profile][i] >= max(table[other][i] for other in own) - 1e-10 for i, own in enumerate(others)):
            found.append(profile)
    return found
