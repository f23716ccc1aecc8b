"""Declared strategies: play as somebody wrote it down, its value, and whether it is credible as written.

A rule for each player makes a machine; side by side the machines make a plan. Its value is exact, and two questions about it have
yes-or-no answers: does a player gain by answering the others in some quite different way from the start (Nash 1951), and does a
player gain by a single departure after some history, reached by play or not (Selten 1965; one-shot deviation principle, Blackwell
1965)?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leverage.certification.checker import Certificate, check
from leverage.errors import GameError
from leverage.game.automaton import Automaton, join
from leverage.game.stochastic_game import Floats
from leverage.solvers.best_reply import solve_reply
from leverage.solvers.solution import Solution

#: A gain up to this fraction of the payoff range counts as none.
TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class PairVerdict:
    """What is to be said of machines that play against each other.

    solution: the joint play. certificate: the checker's finding on it. best_reply_gains: (N,) what each player would gain at the
    start, in normalised payoff, by its best reply to the others instead of its own machine. subgame_perfect: no one-shot
    deviation gains, after any history. equilibrium: nobody gains from the start (Nash). Both up to TOLERANCE of the payoff range
    and rounding.
    """

    solution: Solution
    certificate: Certificate
    best_reply_gains: Floats
    subgame_perfect: bool
    equilibrium: bool


def declared(machines: Sequence[Automaton]) -> Solution:
    """The machines side by side: joint plan, values and the largest gain of a one-shot deviation.

    Use it for named strategies; whether their *path* could be upheld by better threats than the written ones is a question for
    the equilibrium set.

    Parameters
    ----------
    machines : together they play for every player once.

    Returns
    -------
    Solution : `values` (S, N) normalised; `certificate` is the largest gain of a one-shot deviation at any node that play from
        the game's start can reach under any actions.

    Raises
    ------
    GameError : machines of different games, or a player with two machines or none.

    References
    ----------
    Blackwell (1965), Theorem 6, for the one-shot deviation principle.

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> defect = [Automaton.stationary(game, [[[0.0, 1.0]]], players=[i]) for i in (0, 1)]
    >>> declared(defect).values.round(9).tolist()
    [[1.0, 1.0]]
    """
    plan = _joined(machines)
    return _solution(plan, check(plan))


def judge(machines: Sequence[Automaton]) -> PairVerdict:
    """The verdict on machines that play against each other: subgame perfect as written, and Nash from the start.

    Parameters, exceptions as in `declared`; sources as in `judge_plan`.

    Examples
    --------
    >>> from leverage.game.stochastic_game import StochasticGame
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> verdict = judge([Automaton.stationary(game, [[[0.0, 1.0]]], players=[i]) for i in (0, 1)])
    >>> verdict.subgame_perfect, verdict.equilibrium
    (True, True)
    """
    return judge_plan(_joined(machines))


def judge_plan(plan: Automaton) -> PairVerdict:
    """The same verdict on any plan for all players.

    A best reply may remember whatever the plan's modes remember: that is at least what the others' machines do, and the
    others' play does not depend on more.

    Notes
    -----
    One best reply per player (policy iteration on the plan's nodes).

    References
    ----------
    Nash (1951); Selten (1965) for subgame perfection; Abreu and Rubinstein (1988) for replies to automata.
    """
    certificate = check(plan)
    solution = _solution(plan, certificate)
    start = plan.game.start
    gains = (
        np.array([solve_reply(plan, i).value_of(*plan.beginnings(start)) for i in range(plan.game.n_players)])
        - solution.values[start]
    )
    allowed = _allowed(plan, certificate)
    return PairVerdict(
        solution=solution,
        certificate=certificate,
        best_reply_gains=np.maximum(gains, 0.0),
        subgame_perfect=certificate.gain <= allowed,
        equilibrium=bool(gains.max() <= allowed),
    )


def _joined(machines: Sequence[Automaton]) -> Automaton:
    if not machines:
        raise GameError("no machine was given")
    plan = join(machines)
    missing = set(range(plan.game.n_players)) - set(plan.players)
    if missing:
        raise GameError(f"no machine plays for {', '.join(plan.game.players[i] for i in sorted(missing))}")
    return plan


def _solution(plan: Automaton, certificate: Certificate) -> Solution:
    begun = np.diff(plan.start.indptr) > 0
    return Solution(
        concept="declared",
        selection="as declared",
        plan=plan,
        values=np.where(begun[:, None], plan.start @ certificate.values, np.nan),
        certificate=certificate.gain,
        status=_status(plan, certificate),
    )


def _allowed(plan: Automaton, certificate: Certificate) -> float:
    """Gains up to here count as none: the tolerance, and what rounding can feign where payoffs hardly differ."""
    return TOLERANCE * plan.game.payoff_range + 4 * certificate.error


def _status(plan: Automaton, certificate: Certificate) -> str:
    if certificate.gain <= _allowed(plan, certificate):
        return "subgame perfect as written: no single departure gains after any history"
    worst = certificate.worst[0]
    return (
        f"not subgame perfect as written: {worst.player} would gain {worst.gain:.3g} by {worst.action} instead of {worst.played} "
        f"at {plan.describe(worst.node)}"
    )
