"""How many equilibria are known: against games whose equilibria are known, and whatever the number of workers."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from leverage import load_scenario, run
from leverage.analysis import plays
from leverage.certification.checker import certify
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import multiplicity as module
from leverage.solvers.error_radius import error_radius
from leverage.solvers.logit_kernel import Pace
from leverage.solvers.markov_equilibria import MarkovSearch, search_all, searches_from
from leverage.solvers.markov_perfect import engine_for, markov_perfect, path_ends
from leverage.solvers.multiplicity import find_equilibria, reached_states
from leverage.solvers.side_by_side import side_by_side
from leverage.solvers.stage_nash import stage_equilibria

STAG = [[[4, 4], [0, 1]], [[1, 0], [1, 1]]]
BATTLE = [[[4, 3], [0, 0]], [[0, 0], [1, 2]]]


def one_state(payoffs, discount=0.6) -> StochasticGame:
    table = np.asarray(payoffs, dtype=float)
    return StochasticGame.from_arrays([table], [np.ones((*table.shape[:-1], 1))], discount)


def coming_and_going(seed: int, states: int = 3) -> StochasticGame:
    rng = np.random.default_rng(seed)
    payoffs = [rng.random((2, 2, 2)) for _ in range(states)]
    return StochasticGame.from_arrays(payoffs, [rng.dirichlet(np.ones(states), size=(2, 2)) for _ in range(states)], 0.7)


def values_at_start(game: StochasticGame, found) -> list[tuple[float, ...]]:
    return sorted(tuple(each.solution.values[game.start].round(7)) for each in found.equilibria)


@pytest.mark.parametrize("payoffs", [STAG, BATTLE, [[[3, 3], [0, 5]], [[5, 0], [1, 1]]]], ids=["stag", "battle", "dilemma"])
def test_all_equilibria_of_a_one_shot_game_are_found_and_said_to_be_all(payoffs):
    game = one_state(payoffs)
    found = find_equilibria(game)
    table = np.asarray(payoffs, dtype=float)
    expected = [np.einsum("a,b,abi->i", x, y, table) for x, y in stage_equilibria(table)]
    assert values_at_start(game, found) == sorted(tuple(np.round(v, 7)) for v in expected)
    assert found.complete
    assert found.complete_pure
    assert found.selected
    np.testing.assert_array_equal(found.equilibria[0].solution.values, markov_perfect(game)[0].values)


def test_isolated_equilibria_with_the_same_payoffs_are_two():
    """In the stag hunt mixed play pays what hare pays, but players cannot mix and match the two."""
    found = find_equilibria(one_state(STAG))
    kinds = [(each.kind, each.plays) for each in found.equilibria if abs(each.solution.values[0, 0] - 1) < 1e-6]
    assert sorted(kinds) == [("mixed", 1), ("pure", 1)]


def test_an_action_written_twice_makes_one_equilibrium_of_many_plays():
    dilemma = np.array([[3.0, 0.0], [5.0, 1.0], [5.0, 1.0]])
    game = one_state(np.stack([dilemma, np.array([[3.0, 5.0], [0.0, 1.0], [0.0, 1.0]])], axis=-1))
    found = find_equilibria(game)
    assert len(found.equilibria) == 1
    assert found.equilibria[0].plays >= 2
    assert found.equilibria[0].kind == "both"
    for way in found.equilibria[0].ways:
        assert certify(game, way.strategies) <= 1e-9 * game.payoff_range


def test_plays_that_differ_off_the_way_only_are_no_other_ways():
    """The second state is never reached from the first, and nothing matters there."""
    game = StochasticGame.from_arrays(
        [np.array([[1.0], [0.0]]), np.zeros((2, 1))],
        [np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])],
        0.5,
    )
    (only,) = find_equilibria(game).equilibria
    assert only.plays >= 2
    assert len(only.ways) == 1
    assert reached_states(game, only.solution.plan.lotteries).tolist() == [0]


@pytest.mark.parametrize("seed", range(3))
def test_nothing_depends_on_workers_and_a_short_search_finds_no_others(seed):
    game = coming_and_going(seed)
    one, three = (find_equilibria(game, workers=workers) for workers in (1, 3))
    assert len(one.equilibria) == len(three.equilibria)
    for a, b in zip(one.equilibria, three.equilibria, strict=True):
        np.testing.assert_array_equal(a.solution.values, b.solution.values)
        assert (a.found_by, a.plays, a.kind) == (b.found_by, b.plays, b.kind)
    short = find_equilibria(game, short=True)
    assert set(values_at_start(game, short)) <= set(values_at_start(game, one))
    np.testing.assert_array_equal(short.equilibria[0].solution.values, one.equilibria[0].solution.values)


def test_a_game_that_does_not_move_one_way_is_never_said_to_be_complete_as_to_mixed_play():
    found = find_equilibria(coming_and_going(0))
    assert found.complete_pure
    assert not found.complete
    assert "may be more" in found.notes[-1]


def test_large_games_get_no_short_search_and_that_is_said(monkeypatch):
    monkeypatch.setattr(module, "SHORT_WORK", 1)
    found = find_equilibria(coming_and_going(1), short=True)
    assert found.searches == 0
    assert "large" in found.notes[-1]


def test_where_enumeration_stops_is_said(monkeypatch):
    monkeypatch.setattr(module, "FULL_ROW_LIMIT", 1)
    rng = np.random.default_rng(3)
    game = StochasticGame.from_arrays(
        [rng.random((3, 3, 2)) for _ in range(5)], [rng.dirichlet(np.ones(5), size=(3, 3)) for _ in range(5)], 0.95
    )
    found = find_equilibria(game, starts=0)
    assert not found.complete_pure
    assert "stopped after 1 nodes" in found.notes[0]


@pytest.mark.parametrize(("starts", "workers", "message"), [(-1, 1, "at least 0"), (1, 0, "at least 1")])
def test_counts_that_are_none_are_refused(starts, workers, message):
    with pytest.raises(ValueError, match=message):
        find_equilibria(one_state(STAG), starts=starts, workers=workers)


def test_a_run_finds_each_error_radius_once(monkeypatch):
    """That of the point prediction is told in two places."""
    asked = []

    def counting(solution):
        asked.append(solution.values.tobytes())
        return error_radius(solution)

    for user in (plays, module):
        monkeypatch.setattr(user, "error_radius", counting)
    markov = run(load_scenario(Path(__file__).parents[1] / "data" / "small.yaml")).markov
    assert len(asked) == len(set(asked)) == len(markov.equilibria)
    for each in markov.equilibria:
        assert each.found.radius == error_radius(each.found.solution)


# --- threads --------------------------------------------------------------------------------------------------------------


def test_answers_stand_in_the_order_of_the_items():
    release = threading.Event()

    def work(item):
        if item == 0:
            release.wait(10)
        else:
            release.set()
        return item

    assert side_by_side(work, range(4), workers=2) == [0, 1, 2, 3]


def test_an_error_tells_running_pieces_to_end():
    stopped = threading.Event()

    def work(item):
        if item == 0:
            raise KeyboardInterrupt
        return stopped.wait(20)

    with pytest.raises(KeyboardInterrupt):
        side_by_side(work, range(5), workers=2, stop=stopped.set)
    assert stopped.is_set()


def test_a_walk_that_would_never_end_is_ended_by_an_interruption():
    engine = engine_for(coming_and_going(2), 1e-9)
    begun = threading.Event()

    def endless(own):
        begun.set()
        while own.work.at.max() < np.inf:  # the same sign that ends a walk: more points than any walk makes
            yield from ()
        yield from path_ends(own, Pace(0.01, 0.0), np.zeros(int(own.shape.group_start[-1])))

    def interrupted(own):
        begun.wait(20)
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        search_all(engine, [MarkovSearch("interrupted", interrupted), MarkovSearch("endless", endless)], workers=2)


def test_searches_come_in_a_fixed_order():
    engine = engine_for(one_state(STAG), 1e-9)
    assert [search.rule for search in searches_from(engine, 1)] == [
        "iterated best replies from uniform play",
        "limit of a logit path from play in which 1 leans to its first action",
        "limit of a logit path from play in which 1 leans to its last action",
        "limit of a logit path from play in which 2 leans to its first action",
        "limit of a logit path from play in which 2 leans to its last action",
        "limit of a logit path from perturbed play (start 1)",
    ]
