"""Where play leads over time: by hand, against a plain walk, and against the outcomes."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest

from leverage import load_scenario, run
from leverage.analysis.outcomes import state_chances
from leverage.analysis.variable_paths import quantile
from leverage.errors import GameError
from leverage.game.automaton import Automaton
from leverage.output.frames import Run, path_frame
from tests.dilemma import DILEMMA
from tests.games import random_game, random_machine


def test_quantiles_by_hand():
    chances = np.array([[0.1, 0.2, 0.7], [0.05, 0.9, 0.05], [0.3, 0.6, 0.1], [0.0, 0.0, 1.0]])
    numbers = np.array([2.0, 0.0, 1.0])
    assert quantile(chances, numbers, 0.1).tolist() == [0.0, 0.0, 0.0, 1.0]
    assert quantile(chances, numbers, 0.9).tolist() == [1.0, 0.0, 2.0, 1.0]
    assert quantile(np.array([[0.3, 0.6, 0.1]]), np.arange(3.0), 0.9).tolist() == [1.0]


@pytest.mark.parametrize("seed", range(6))
def test_chances_are_those_of_a_plain_walk_over_all_nodes(seed):
    game = random_game(seed)
    plan = random_machine(game, (0, 1), 2, seed)
    chances = state_chances(plan, 5)
    now = {node: chance for node, chance in enumerate(plan.start[[game.start]].toarray().ravel()) if chance > 0}
    for t in range(6):
        seen = np.zeros(game.n_states)
        for node, chance in now.items():
            seen[plan.node_state[node]] += chance
        assert chances[t] == pytest.approx(seen, abs=1e-12)
        now = plain_step(plan, now)


def plain_step(plan: Automaton, now: dict[int, float]) -> dict[int, float]:
    """One period, profile by profile and entry by entry."""
    game, after = plan.game, defaultdict(float)
    for node, chance in now.items():
        s = plan.node_state[node]
        for row in range(game.row_start[s], game.row_start[s + 1]):
            played = math.prod(plan.lottery(i, node)[game.row_action[i][row]] for i in range(game.n_players))
            first = plan.edge_start[node] - game.entry_start[s]
            for entry in range(game.transitions.indptr[row], game.transitions.indptr[row + 1]):
                lottery = plan.next_nodes[[first + entry]].toarray().ravel()
                for to in np.flatnonzero(lottery):
                    after[int(to)] += chance * played * game.transitions.data[entry] * lottery[to]
    return after


@pytest.fixture(scope="module")
def found() -> Run:
    return run(load_scenario(DILEMMA))


def test_an_event_that_is_a_state_for_ever_comes_with_its_chance(found):
    for play in found.plays:
        (path,) = (each for each in found.paths if each.selection == play.selection)
        assert path.variable == "deal"
        assert path.levels == ("open", "done")
        assert path.chances[6, 1] == pytest.approx(play.value("done", "chance by 6 months"), abs=1e-12)
        assert path.mean == pytest.approx(path.chances[:, 1])
        assert path.high.tolist() == [float(chance > 0.1 + 1e-12) for chance in path.chances[:, 1]]
        assert path.low.tolist() == [float(chance >= 0.9 + 1e-12) for chance in path.chances[:, 1]]


def test_the_table_has_a_row_a_period_and_number(found):
    frame = path_frame(found.paths)
    assert len(frame) == len(found.plays) * 7 * 5
    assert set(frame.quantity) == {"chance of open", "chance of done", "mean", "low", "high"}
    own = frame[(frame.selection == "grim_a against grim_b") & (frame.quantity == "mean")]
    assert own.value.tolist() == pytest.approx([1 - 0.5**t for t in range(7)])


def test_a_plan_for_some_players_is_refused():
    with pytest.raises(GameError, match="plan for all"):
        state_chances(random_machine(random_game(1), (0,), 1, 1), 3)
