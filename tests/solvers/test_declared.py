from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverage.errors import GameError
from leverage.game.automaton import Automaton, join
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.declared import declared, judge
from tests.games import chicken, grim_trigger, prisoners_dilemma, random_game, random_machine, repeated, tit_for_tat

EXACT = 1e-12
THRESHOLD = 3 / 5  # grim trigger in the asymmetric prisoners' dilemma: max of (T - R) / (T - P) over the players
CLOSE = 1e-6


def both(machine: object, game: StochasticGame) -> list[Automaton]:
    return [machine(game, i) for i in (0, 1)]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("delta", "subgame_perfect", "gain_of_second"),
    [
        (THRESHOLD + CLOSE, True, 0.0),
        (THRESHOLD, True, 0.0),
        (THRESHOLD - CLOSE, False, 5 * CLOSE),  # 7 (1 - d) + 2 d - 4 = 3 - 5 d
        (0.4, False, 1.0),
    ],
)
def test_grim_trigger(delta: float, subgame_perfect: bool, gain_of_second: float) -> None:
    verdict = judge(both(grim_trigger, prisoners_dilemma(delta)))
    assert verdict.subgame_perfect is verdict.equilibrium is subgame_perfect
    assert verdict.best_reply_gains[1] == pytest.approx(gain_of_second, abs=EXACT)
    assert verdict.solution.values[0] == pytest.approx([3.0, 4.0], abs=EXACT)


def test_tit_for_tat_is_an_equilibrium_but_not_subgame_perfect() -> None:
    verdict = judge(both(tit_for_tat, repeated([[3, 0], [5, 1]], [[3, 5], [0, 1]], 0.9)))
    assert verdict.equilibrium
    assert not verdict.subgame_perfect
    assert verdict.solution.certificate == verdict.certificate.gain > 0
    assert "not subgame perfect as written" in verdict.solution.status


def test_unequal_patience_is_each_players_own() -> None:
    patient_first = judge(both(grim_trigger, prisoners_dilemma((0.55, 0.65))))
    patient_second = judge(both(grim_trigger, prisoners_dilemma((0.65, 0.55))))
    assert patient_first.subgame_perfect
    assert not patient_second.subgame_perfect
    assert patient_second.best_reply_gains == pytest.approx([0.0, 3 - 5 * 0.55], abs=EXACT)


def test_an_idle_promise_off_the_path_of_a_mixed_equilibrium() -> None:
    game = chicken(0.9)
    mixed = [Automaton.stationary(game, [[[2 / 3, 1 / 3]]], players=[i]) for i in (0, 1)]
    verdict = judge(mixed)
    assert verdict.subgame_perfect
    assert verdict.equilibrium
    assert verdict.solution.values[0] == pytest.approx([14 / 3, 14 / 3], abs=EXACT)


def test_a_game_in_which_nothing_matters() -> None:
    tables = [np.full((2, 2, 2), 1e6 / 3) for _ in range(3)]
    laws = [np.tile([1 / 7, 2 / 7, 4 / 7], (2, 2, 1)), np.tile([0.1, 0.2, 0.7], (2, 2, 1)), np.full((2, 2, 3), 1 / 3)]
    game = StochasticGame.from_arrays(tables, laws, 0.999)
    verdict = judge([random_machine(game, (i,), 2, i) for i in (0, 1)])
    assert game.payoff_range == 0.0
    assert verdict.certificate.worst == ()
    assert verdict.subgame_perfect
    assert verdict.equilibrium


def test_one_player_and_machines_for_several() -> None:
    game = StochasticGame.from_arrays([[[1.0], [2.0]]], [[[1.0], [1.0]]], 0.5)
    assert judge([Automaton.stationary(game, [[[1.0, 0.0]]])]).best_reply_gains == pytest.approx([1.0])
    machines = both(grim_trigger, prisoners_dilemma(0.4))
    assert judge([join(machines)]).best_reply_gains == pytest.approx(judge(machines).best_reply_gains)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), modes=st.integers(1, 3))
def test_gains_of_replies_and_of_single_deviations_fit_together(seed: int, modes: int) -> None:
    game = random_game(seed, delta=(0.6, 0.9))
    verdict = judge([random_machine(game, (i,), modes, seed + i) for i in (0, 1)])
    assert np.all(verdict.best_reply_gains >= -EXACT)
    # what a best reply gains is at most what any deviation can gain
    assert np.all(verdict.best_reply_gains <= np.array(verdict.certificate.bound) + EXACT)
    assert verdict.certificate.bound == pytest.approx(tuple(np.array(verdict.certificate.by_player) / (1 - game.discount)))


def test_a_state_without_start_has_no_value() -> None:
    game = random_game(2)
    machines = [random_machine(game, (i,), 1, i) for i in (0, 1)]
    first = machines[0]
    start = first.start.copy()
    start.data[start.indptr[1] : start.indptr[2]] = 0.0
    start.eliminate_zeros()
    values = declared([replace(first, start=start), machines[1]]).values
    assert np.isnan(values).all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize(("count", "message"), [(0, "no machine"), (1, "no machine plays for 2")])
def test_missing_machines(count: int, message: str) -> None:
    with pytest.raises(GameError, match=message):
        declared(both(grim_trigger, prisoners_dilemma())[:count])


def test_two_machines_for_one_player() -> None:
    game = prisoners_dilemma()
    with pytest.raises(GameError, match="different players"):
        declared([grim_trigger(game, 0), tit_for_tat(game, 0)])
