"""The best reply of one player to machines that play for everybody else.

Against finite machines a player faces a Markov decision process whose states are the machines' nodes, so a best reply is
stationary on the nodes and policy iteration finds it exactly (Howard 1960; for replies to automata Abreu and Rubinstein 1988).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leverage.certification.checker import check
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton, nodes_from
from leverage.game.equations import equations_of
from leverage.game.node_indices import spans
from leverage.game.sparse_rows import SparseRows
from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.reply_kernel import rough_choices
from leverage.solvers.solution import Solution

#: An action replaces one of lower number only if it is better by more than this fraction of the payoff range.
TIE_TOLERANCE = 1e-12

#: ... and by more than this fraction of the largest payoff, which matters where payoffs are large and their range is small or
#: nil.
ROUNDING = 64 * float(np.finfo(np.float64).eps)

#: Before the exact steps: at most so many rounds of approximate policy iteration, each with so many evaluation sweeps.
ROUGH_ROUNDS = 30
ROUGH_SWEEPS = 15

#: Exact steps; policy iteration needs few, the limit guards against a cycle through rounding.
EXACT_STEPS = 100


@dataclass(frozen=True, eq=False)
class Reply:
    """A best reply on the nodes of the others' machines.

    reached: (K,) nodes that some start can reach under any actions. actions: (K,) the action taken at each node, 0 where not
    reached. values: (K,) the player's normalised value of each node, NaN where not reached. gain: the largest improvement that
    the player's own Bellman equation still shows, payoff a period.
    """

    reached: Booleans
    actions: Integers
    values: Floats
    gain: float

    def value_of(self, nodes: Integers, chances: Floats) -> float:
        """The player's value of a lottery over nodes."""
        return float(chances @ self.values[nodes])


@dataclass(frozen=True, eq=False)
class _Decision:
    """The decision process on the reached nodes: choices (node, own action) are numbered node by node.

    first: (n + 1,) where each node's choices begin. reward: (choices,), already times 1 - delta. law: (choices, n), already times
    delta. tie: improvements below it are none.
    """

    first: Integers
    reward: Floats
    law: SparseRows
    discount: float
    tie: float


@dataclass(frozen=True, eq=False)
class _Played:
    """Action profiles that the others play with positive chance, and the choice of the player that each contains.

    node, row, weight, choice: one each per profile. count: how many choices there are.
    """

    node: Integers
    row: Integers
    weight: Floats
    choice: Integers
    count: int


def best_reply(plan: Automaton, player: int) -> Solution:
    """The best reply of `player` to a machine that plays for everybody else, with the joint plan that results.

    Use it for "the other side answers as suits it best"; the result says nothing on whether the machine is a sensible answer in
    turn: for that `leverage.solvers.declared.judge`.

    Parameters
    ----------
    plan : plays for everybody but `player` (several machines: `join` them first). A plan that plays for `player` too is read as
        the others' play, with its memory, and the player's own part is replaced.
    player : index of the player that replies.

    Returns
    -------
    Solution : pure play on the nodes of `plan`; of equally good actions the first. `certificate` is the largest gain of a
        one-shot deviation of this player, by the checker, over all nodes that some start reaches under any actions.

    Raises
    ------
    GameError : the plan does not play for all others. UnsolvedError : policy iteration did not settle.

    References
    ----------
    Howard (1960), *Dynamic Programming and Markov Processes*; Abreu and Rubinstein (1988), "The structure of Nash equilibrium in
    repeated games with finite automata".

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> always_cooperate = Automaton.stationary(game, [[[1.0, 0.0]]], players=[1])
    >>> best_reply(always_cooperate, 0).values.round(9).tolist()
    [[5.0, 0.0]]
    """
    reply = solve_reply(plan, player)
    joint = _joint(plan, player, reply.actions)
    certificate = check(joint, nodes=reply.reached)
    begun = np.diff(plan.start.indptr) > 0
    gain = certificate.by_player[player]
    name = plan.game.players[player]
    return Solution(
        concept="best reply",
        selection=reply_rule(name),
        plan=joint,
        values=np.where(begun[:, None], plan.start @ certificate.values, np.nan),
        certificate=gain,
        status=f"no single departure of {name} from its reply gains more than {gain:.3g} at any node; the others' play is given",
    )


def reply_rule(name: str) -> str:
    """How the reply of the player of that name is chosen."""
    return f"{name} replies as suits it best; of equally good actions the first"


def answered(plan: Automaton, player: int) -> Automaton:
    """The joint plan of `best_reply` alone, without the checker: for callers that measure very many of them.

    Parameters, exceptions and sources as in `best_reply`.

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> answered(Automaton.stationary(game, [[[1.0, 0.0]]], players=[1]), 0).lottery(0, 0).tolist()
    [0.0, 1.0]
    """
    return _joint(plan, player, solve_reply(plan, player).actions)


def solve_reply(plan: Automaton, player: int) -> Reply:
    """The best reply alone, without a joint plan and without the checker: for callers that need very many of them.

    Parameters, exceptions and sources as in `best_reply`.

    Notes
    -----
    Rough rounds (policy improvement after a few sweeps of evaluation, Puterman and Shin 1978) lead near the optimum, then
    Howard's exact steps run until no action improves by more than the tolerance. One exact step factorises a sparse matrix of the
    size of the reached nodes.

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> solve_reply(Automaton.stationary(game, [[[0.5, 0.5]]], players=[1]), 0).actions.tolist()
    [1]
    """
    _refuse_missing_players(plan, player)
    reached = nodes_from(plan, plan.start.indices[plan.start.data > 0])  # from the start in any state
    nodes = np.flatnonzero(reached)
    decision = _decision(plan, player, nodes)
    choices, values, gain = _howard(decision, _rough_choices(decision))
    actions, all_values = np.zeros(plan.n_nodes, dtype=np.intp), np.full(plan.n_nodes, np.nan)
    actions[nodes], all_values[nodes] = choices - decision.first[:-1], values
    return Reply(reached=reached, actions=actions, values=all_values, gain=gain)


def _refuse_missing_players(plan: Automaton, player: int) -> None:
    game = plan.game
    if not 0 <= player < game.n_players:
        raise GameError(f"there is no player {player}; the game has {game.n_players}")
    missing = set(range(game.n_players)) - set(plan.players) - {player}
    if missing:
        names = ", ".join(game.players[i] for i in sorted(missing))
        raise GameError(f"a best reply of {game.players[player]} needs a machine for every other player; none plays for {names}")


def _decision(plan: Automaton, player: int, nodes: Integers) -> _Decision:
    """The player's decision process on the given nodes, the others' lotteries averaged out."""
    game, state = plan.game, plan.node_state[nodes]
    own = game.action_counts[state, player]
    first = np.concatenate([[0], np.cumsum(own)]).astype(np.intp)
    sizes = np.diff(game.row_start)[state]
    position = np.repeat(np.arange(len(nodes)), sizes)
    row = spans(game.row_start[state], sizes)
    weight = np.ones(len(row))
    for j, lottery in zip(plan.players, plan.lotteries, strict=True):
        if j != player:
            weight *= lottery[plan.choice_start(j)[nodes][position] + game.row_action[j][row]]
    choice = first[position] + game.row_action[player][row]
    played = np.flatnonzero(weight)
    position, row, weight, choice = position[played], row[played], weight[played], choice[played]
    delta = float(game.discount[player])
    weighted = (1 - delta) * weight * game.payoffs[row, player]
    return _Decision(
        first=first,
        reward=np.bincount(choice, weights=weighted, minlength=int(first[-1])).astype(np.float64),
        law=_law(plan, nodes, _Played(nodes[position], row, delta * weight, choice, int(first[-1]))),
        discount=delta,
        tie=TIE_TOLERANCE * game.payoff_range + ROUNDING * float(np.abs(game.payoffs).max()),
    )


def _law(plan: Automaton, nodes: Integers, played: _Played) -> SparseRows:
    """(choices, n): weighted law of the next node."""
    game = plan.game
    sizes = np.diff(game.transitions.indptr)[played.row]
    lead = game.transitions.indptr[played.row] - game.entry_start[game.row_state[played.row]]
    edges = spans(plan.edge_start[played.node] + lead, sizes)
    begin = np.asarray(plan.next_nodes.indptr, dtype=np.intp)
    arc_count = np.diff(begin)[edges]
    arcs = spans(begin[edges], arc_count)
    weights = np.repeat(np.repeat(played.weight, sizes) * plan.edge_probability[edges], arc_count) * plan.next_nodes.data[arcs]
    place = np.cumsum(np.bincount(nodes, minlength=plan.n_nodes)) - 1
    choice = np.repeat(np.repeat(played.choice, sizes), arc_count)
    # arcs of chance 0 may lead to nodes that are not reached: wherever they are put, they weigh nothing
    following = np.maximum(place[plan.next_nodes.indices[arcs]], 0)
    return SparseRows.summed(weights, choice, following, (played.count, len(nodes)))


def _best_choices(decision: _Decision, action_values: Floats, keep: Integers | None = None) -> tuple[Integers, Floats]:
    """The first choice of each node within the tie tolerance of the best, or the kept one if it is; and the best value of each
    node."""
    begin = decision.first[:-1]
    best = np.maximum.reduceat(action_values, begin)
    good = action_values >= np.repeat(best, np.diff(decision.first)) - decision.tie
    lowest = np.minimum.reduceat(np.where(good, np.arange(len(good)), len(good)), begin)
    return (lowest if keep is None else np.where(good[keep], keep, lowest)), best


def _rough_choices(decision: _Decision) -> Integers:
    """Choices after modified policy iteration (Puterman and Shin 1978); ends early once they stay the same."""
    law = decision.law
    found: Integers = rough_choices(
        decision.first, decision.reward, law.numbers, law.column, law.row_start, decision.tie, ROUGH_ROUNDS, ROUGH_SWEEPS
    )
    return found


def _howard(decision: _Decision, choices: Integers) -> tuple[Integers, Floats, float]:
    """Exact policy iteration from the given choices: choices, values and the largest remaining gain.

    An action is changed only for one that is better by more than the tolerance, so the steps cannot cycle. At the end each node
    takes the first of the actions that tie.
    """
    for _ in range(EXACT_STEPS):
        values = _evaluate(decision, choices)
        action_values = decision.reward + decision.law @ values
        better, best = _best_choices(decision, action_values, keep=choices)
        if np.array_equal(better, choices):
            break
        choices = better
    else:
        raise UnsolvedError(f"policy iteration still changed actions after {EXACT_STEPS} steps; rescale the payoffs")
    lowest, _ = _best_choices(decision, action_values)
    if not np.array_equal(lowest, choices):
        choices, values = lowest, _evaluate(decision, lowest)
        best = _best_choices(decision, decision.reward + decision.law @ values)[1]
    return choices, values, max(0.0, float((best - values).max()))


def _evaluate(decision: _Decision, choices: Integers) -> Floats:
    """Values (n,) of taking the given choice at each node for ever."""
    taken = np.zeros(decision.law.shape[0], dtype=bool)
    taken[choices] = True
    equations, _ = equations_of(decision.law.part(taken))
    right = decision.reward[choices]
    values = equations.solve(right)
    return values + equations.solve(right - equations.matrix @ values)


def _joint(plan: Automaton, player: int, actions: Integers) -> Automaton:
    """The plan for all players: the machine's nodes, and at each the action of the reply."""
    game = plan.game
    starts = plan.game.action_counts[plan.node_state, player].cumsum()
    own = np.zeros(int(starts[-1]))
    own[np.concatenate([[0], starts[:-1]]) + actions] = 1.0
    others = dict(zip(plan.players, plan.lotteries, strict=True))
    return Automaton(
        game=game,
        players=tuple(range(game.n_players)),
        modes=plan.modes,
        node_mode=plan.node_mode,
        node_state=plan.node_state,
        lotteries=tuple(own if i == player else others[i] for i in range(game.n_players)),
        next_nodes=plan.next_nodes,
        start=plan.start,
    )
