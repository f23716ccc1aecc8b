"""A bound player's game against what it stands for: the original game played against the machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from leverage.analysis.outcomes import measure_outcomes
from leverage.errors import GameError
from leverage.game.automaton import Automaton, join
from leverage.game.binding import MIXED, bound_game
from leverage.game.form import compile_form
from leverage.game.stochastic_game import StochasticGame
from leverage.game.strategies import compile_strategies
from leverage.loading import load_scenario
from leverage.solvers.best_reply import best_reply
from tests.game.slow_binding import assert_same_as_twin, begun, some_never_played, watched
from tests.games import prisoners_dilemma, random_game, random_machine, tit_for_tat

ROOT = Path(__file__).parents[2]
FORM = compile_form(load_scenario(ROOT / "scenarios" / "withdrawal.yaml"))
GAME = FORM.at()
POWER, OPPOSITION = compile_strategies(FORM, GAME)
SMALL_FORM = compile_form(load_scenario(ROOT / "tests" / "data" / "small.yaml"))
SMALL, SMALL_OTHER = compile_strategies(SMALL_FORM, SMALL_FORM.at())
#: Largest difference of numbers, as a share of the larger one or of 1.
ROUNDING = 1e-9


def _random(seed: int, actions: tuple[int, ...], players: tuple[int, ...], modes: int = 3) -> Automaton:
    game = watched(random_game(seed, 4, actions, delta=0.8), seed)
    return begun(random_machine(game, players, modes, seed), seed)


MACHINES: dict[str, Automaton] = {
    "memory and chance": SMALL["tied"],
    "phases": SMALL_OTHER["sulk"],
    "a lottery": SMALL_OTHER["mixed"],
    "public lotteries": _random(1, (2, 3), (0,)),
    "the last player": _random(2, (2, 3), (1,)),
    "the player in the middle": _random(3, (2, 3, 2), (1,)),
    "two of three": _random(4, (2, 3, 2), (0, 2)),
    "everybody": _random(5, (2, 2), (0, 1)),
    "actions that are never taken": some_never_played(_random(6, (3, 2), (0,), modes=5)),
    "a player alone": _random(7, (3,), (0,)),
}


@pytest.mark.parametrize("name", MACHINES)
def test_the_bound_game_is_the_slow_twins(name: str) -> None:
    assert_same_as_twin(bound_game(MACHINES[name]), MACHINES[name])


# --- what it is for ------------------------------------------------------------------------------------------------------------


def same_outcomes(one: Automaton, other: Automaton) -> None:
    """Both plans have the same outcomes, by name."""
    left, right = measure_outcomes(one), measure_outcomes(other)
    assert [(x.subject, x.quantity) for x in left] == [(x.subject, x.quantity) for x in right]
    assert_allclose([x.value for x in left], [x.value for x in right], rtol=ROUNDING, atol=ROUNDING, equal_nan=True)


def no_choice(game: StochasticGame, player: int) -> Automaton:
    """The player's only plan in a game in which it is bound."""
    return Automaton.stationary(game, [[np.ones(1)] * game.n_states], players=[player])


def carried_over(machine: Automaton, bound: StochasticGame, nodes: list[int], binding: Automaton) -> Automaton:
    """A machine without memory in the game in which another player is bound at `nodes` of `binding`."""
    (player,) = machine.players
    assert len(machine.modes) == 1
    lotteries = [machine.lottery(player, int(binding.node_state[node])) for node in nodes]
    return Automaton.stationary(bound, [lotteries], players=[player])


@pytest.mark.parametrize("theirs", sorted(OPPOSITION))
@pytest.mark.parametrize("own", sorted(POWER))
def test_every_pair_of_the_shipped_scenario_has_the_same_outcomes(own: str, theirs: str) -> None:
    both = join([POWER[own], OPPOSITION[theirs]])
    bound = bound_game(both)
    same_outcomes(join([no_choice(bound, 0), no_choice(bound, 1)]), both)


@pytest.mark.parametrize("theirs", ["stall", "sabotage"])
@pytest.mark.parametrize("own", sorted(POWER))
def test_play_against_a_bound_player_has_the_same_outcomes(own: str, theirs: str) -> None:
    machine, other = POWER[own], OPPOSITION[theirs]
    bound = bound_game(machine)
    names = {machine.describe(node): node for node in range(machine.n_nodes)}
    reply = carried_over(other, bound, [names[label] for label in bound.states], machine)
    same_outcomes(join([no_choice(bound, 0), reply]), join([machine, other]))


@pytest.mark.parametrize("own", sorted(POWER))
def test_a_best_reply_in_the_bound_game_is_one_to_the_machine(own: str) -> None:
    bound = bound_game(POWER[own])
    here, there = best_reply(no_choice(bound, 0), 1), best_reply(POWER[own], 1)
    assert_allclose(here.values[bound.start], there.values[GAME.start], rtol=ROUNDING)
    same_outcomes(here.plan, there.plan)


@pytest.mark.parametrize("theirs", sorted(OPPOSITION))
def test_and_so_for_the_other_player(theirs: str) -> None:
    bound = bound_game(OPPOSITION[theirs])
    here, there = best_reply(no_choice(bound, 1), 0), best_reply(OPPOSITION[theirs], 0)
    assert_allclose(here.values[bound.start], there.values[GAME.start], rtol=ROUNDING)
    same_outcomes(here.plan, there.plan)


def test_a_textbook_game_against_tit_for_tat() -> None:
    """The other side faces two states: kind (3 or 5 against 1 or 0 for it) and cross; it moves them by what it plays."""
    game = prisoners_dilemma()
    bound = bound_game(tit_for_tat(game, 0))
    assert bound.states == ("1 (kind)", "1 (cross)")
    assert bound.actions == ((("1",), ("1", "2")), (("2",), ("1", "2")))
    assert bound.stage_payoffs(0)[0, :, 1].tolist() == [4.0, 7.0]
    assert bound.stage_payoffs(1)[0, :, 1].tolist() == [1.0, 2.0]
    assert bound.stage_transitions(0)[0].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert bound.stage_transitions(1)[0].tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_what_is_played_names_the_one_action() -> None:
    mixed, pure = bound_game(SMALL_OTHER["mixed"]), bound_game(SMALL["stay"])
    assert {own for _, own in mixed.actions} == {(MIXED,), ("over",)}
    assert {own for own, _ in pure.actions} == {("hold",)}


def test_unlikely_is_not_reached() -> None:
    """A machine that never leaves reaches fewer states than one that does."""
    stay = bound_game(SMALL["stay"])
    assert all("deployment full" in state for state in stay.states)


def test_a_machine_that_begins_with_a_lottery_is_refused() -> None:
    game = watched(random_game(0), 0)
    with pytest.raises(GameError, match="begins at 2 nodes"):
        bound_game(random_machine(game, (0,), 2, 0))


def test_a_machine_without_a_start_is_refused() -> None:
    machine = MACHINES["public lotteries"]
    with pytest.raises(GameError, match="begins at 0 nodes"):
        bound_game(replace(machine, start=machine.start * 0))


def test_a_machine_for_nobody_is_refused() -> None:
    with pytest.raises(GameError, match="binds nobody"):
        bound_game(Automaton.stationary(prisoners_dilemma(), [], players=[]))
