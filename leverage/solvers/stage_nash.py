"""Stage Nash: equilibria of each state's one-shot game, as if there were no tomorrow ("myopic play").

The equilibria of one game come from `stage_game`; here one is selected in each state and nashpy is asked for a second opinion.

Source: Nash (1951).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from leverage.certification.finite import certify_finite
from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.second_opinion import second_opinion
from leverage.solvers.solution import Solution
from leverage.solvers.stage_game import (
    CACHE_SIZE,
    REGRET_TOLERANCE,
    enumerate_stage,
    pure_stage_equilibria,
    stage_equilibria,
)

#: Scores (payoffs in units of the players' ranges, summed) that differ by less are the same score.
SCORE_TOLERANCE = 1e-9


def stage_nash(game: StochasticGame) -> Solution:
    """Myopic play: in each state one equilibrium of its one-shot game, whatever the future brings.

    Use it as a benchmark for what patience adds. Where there is one state it is an equilibrium of the repeated game too; with
    several states it is in general no equilibrium of the stochastic game: use `markov_perfect` for that.

    Parameters
    ----------
    game : any number of players; its transition law and discount factors play no role.

    Returns
    -------
    Solution : `values` (S, N) are the stage payoffs of the selected equilibria; `certificate` is the largest one-shot regret over
        states and players, payoff units.

    Raises
    ------
    UnsolvedError : no equilibrium of some state's game was found.

    Notes
    -----
    Rule of selection: among all extreme equilibria of the state the one with the largest sum over players of payoff divided by
    the player's payoff range over the game; ties go to the first in the order of `stage_equilibria`. With one player or more
    than two: among the pure ones by the same rule, and where there is none, the first that `markov_perfect` returns for the
    state alone at discount 0; `status` says so. Completeness as said in `enumerate_stage`; where it is not known, `status`
    says it. nashpy's second opinion stands in `status` and changes nothing else.

    References
    ----------
    Nash (1951), "Non-cooperative games".

    Examples
    --------
    >>> prisoners = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([prisoners], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> stage_nash(game).values.tolist()
    [[1.0, 1.0]]
    """
    weights = payoff_weights(game)
    tables = [game.stage_payoffs(s) for s in range(game.n_states)]
    chosen = [select_equilibrium(table, weights) for table in tables]
    plan = Automaton.stationary(game, [[lotteries[i] for lotteries in chosen] for i in range(game.n_players)])
    regret = certify_finite(plan, 1)
    if regret > REGRET_TOLERANCE * game.payoff_range:
        raise UnsolvedError(f"the one-shot games were solved to a regret of {regret:.3g} only")
    return Solution(
        concept="stage Nash",
        selection="per state the one-shot equilibrium with the largest sum of payoffs over payoff ranges; ties to the first",
        plan=plan,
        values=np.array([expected(table, lotteries) for table, lotteries in zip(tables, chosen, strict=True)]),
        certificate=regret,
        status=_status(game, tables),
    )


def _status(game: StochasticGame, tables: Sequence[Floats]) -> str:
    return "; ".join(part for part in (_meaning(game), _completeness(tables), second_opinion(tables)) if part)


def _meaning(game: StochasticGame) -> str:
    myopic = "myopic play: nobody gains more than the certificate within a period by another action in any state"
    if game.n_states == 1:
        return f"{myopic}; with its one state this is an equilibrium of the repeated game too"
    return f"{myopic}; effects on later states are ignored, so for an equilibrium of the whole game use markov_perfect"


def _completeness(tables: Sequence[Floats]) -> str:
    """What the selection may have missed; nothing where all extreme equilibria were compared."""
    number = tables[0].shape[-1]
    if number == 2:
        notes = [found.note for found in map(enumerate_stage, tables) if not found.complete]
        return f"the equilibria compared in {len(notes)} of {len(tables)} states are {notes[0]}" if notes else ""
    mixed = sum(not pure_stage_equilibria(table) for table in tables)
    if number == 1:
        return ""
    return (
        f"with {number} players only pure equilibria were compared, and in {mixed} of {len(tables)} states, which have none, "
        "one mixed equilibrium was taken: there may be others, and nashpy has no second opinion on more than two players"
    )


# --- selection, shared with the finite horizon -------------------------------------------------------------------------


def payoff_weights(game: StochasticGame) -> Floats:
    """(N,): one over each player's payoff range over the game, 0 for a player whose payoff never changes."""
    ranges = np.ptp(game.payoffs, axis=0)
    return np.asarray(np.divide(1.0, ranges, out=np.zeros_like(ranges), where=ranges > 0))


def select_equilibrium(payoffs: Floats, weights: Floats) -> tuple[Floats, ...]:
    """The lotteries, one a player, that the rule of `stage_nash` selects in one game (A_1, ..., A_N, N)."""
    found = _candidates(payoffs)
    scores = np.array([expected(payoffs, lotteries) @ weights for lotteries in found])
    return found[int(np.argmax(scores >= scores.max() - SCORE_TOLERANCE))]


def _candidates(payoffs: Floats) -> tuple[tuple[Floats, ...], ...]:
    *counts, number = payoffs.shape
    if number == 2:
        return stage_equilibria(payoffs)
    pure = pure_stage_equilibria(payoffs)
    if pure:
        return tuple(tuple(np.eye(count)[a] for count, a in zip(counts, profile, strict=True)) for profile in pure)
    return (_mixed_of_many(payoffs.shape, payoffs.tobytes()),)


@lru_cache(maxsize=CACHE_SIZE)
def _mixed_of_many(shape: tuple[int, ...], data: bytes) -> tuple[Floats, ...]:
    """A mixed equilibrium of a game of more than two players."""
    table = np.frombuffer(data, dtype=np.float64).reshape(shape)
    found = markov_perfect(StochasticGame.from_arrays([table], [np.ones((*shape[:-1], 1))], 0.0))
    if not found:
        raise UnsolvedError(f"no equilibrium of a game with {shape[-1]} players and {shape[:-1]} actions was found")
    return tuple(own[0] for own in found[0].strategies)


def expected(payoffs: Floats, lotteries: Sequence[Floats]) -> Floats:
    """(N,): expected payoffs of one game (A_1, ..., A_N, N) when each player plays its lottery."""
    result = payoffs
    for lottery in lotteries:
        result = np.tensordot(lottery, result, axes=(0, 0))
    return np.asarray(result)
