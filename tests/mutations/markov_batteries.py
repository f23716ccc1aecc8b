"""Batteries of noisy play, its checker, and the searches for several Markov equilibria; see `batteries.py`."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from scipy.optimize import brentq

from leverage.errors import UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.error_radius import error_radius
from leverage.solvers.logit_system import numbers_of, shape_of
from leverage.solvers.markov_perfect import SELECTION, markov_perfect
from leverage.solvers.solution import Solution
from tests.games import chain, chicken, random_game, repeated, with_structural_zeros
from tests.mutations.batteries import CLOSE, same
from tests.mutations.multiplicity_batteries import CHICKEN, all_pure, confirmed, rows_of, staircase
from tests.mutations.reference import faced, gains_of, values_of
from tests.solvers.plain_play import both_ways, ragged_game

#: Probabilities of logit equilibria that Newton's method ends at.
RESPONSES = 1e-9
#: Nodes within which stages are solved, and all states together are not.
STOPS = 14

# --- noisy play ---------------------------------------------------------------------------------------------------------


def responses(plan: Automaton, precision: float) -> list[Floats]:
    """Per player flat (C_i,): the logit responses to stationary play, by definition."""
    values, found = values_of(plan), []
    for i, d in enumerate(plan.game.discount):
        own = [payoff + d * law @ values[:, i] / (1 - d) for payoff, law in faced(plan, i)]  # payoffs are summed
        weights = [np.exp(precision * (worth - worth.max())) for worth in own]
        found.append(np.concatenate([weight / weight.sum() for weight in weights]))
    return found


def distance(plan: Automaton, precision: float) -> float:
    pairs = zip(plan.lotteries, responses(plan, precision), strict=True)
    return max(float(np.max(np.abs(own - response))) for own, response in pairs)


def uneven_game(seed: int, delta: tuple[float, ...] = (0.7, 0.4), actions: tuple[int, ...] = (2, 3)) -> StochasticGame:
    """Players whose payoffs differ in range, in level and in patience; the first state offers the last one no choice."""
    game = random_game(seed, states=2, actions=actions, delta=delta)
    scale, level = 3.0 ** np.arange(len(actions)), 5.0 * np.arange(len(actions))
    return StochasticGame.from_arrays(
        [game.stage_payoffs(s) * scale + level for s in range(2)], [game.stage_transitions(s) for s in range(2)], delta, start=1
    )


def check_responses(module: ModuleType) -> None:
    for seed, delta, actions in ((1, (0.7, 0.4), (2, 3)), (2, (0.3, 0.9), (3, 2)), (3, (0.5, 0.8, 0.6), (2, 2, 2))):
        game, random = uneven_game(seed, delta, actions), np.random.default_rng(seed)
        for precision in (0.0, 0.3, 2.0):
            play = [[random.dirichlet(np.ones(count)) for count in game.action_counts[:, i]] for i in range(game.n_players)]
            same(module.response_distance(game, play, precision), distance(Automaton.stationary(game, play), precision))
        # what only one player does wrong, in one state, counts: the others respond
        for i in range(game.n_players):
            wrong = [[np.full(count, 1 / count) for count in game.action_counts[:, j]] for j in range(game.n_players)]
            wrong[i][1] = np.eye(len(wrong[i][1]))[0]
            same(module.response_distance(game, wrong, 0.0), 1 - 1 / len(wrong[i][1]))
    sure = StochasticGame.from_arrays([[[0.0], [2.0], [1.0]]], [np.ones((3, 1))], 0.0)
    same(module.response_distance(sure, [[np.array([0.5, 0.25, 0.25])]], 1e300), 0.75)  # nothing overflows


def check_noisy(module: ModuleType) -> None:
    for seed, delta, actions in ((1, (0.7, 0.4), (2, 3)), (3, (0.5, 0.8, 0.6), (2, 2, 2))):
        game = uneven_game(seed, delta, actions)
        wanted = (2.0, 0.1, 0.0, 20.0, 0.1)
        for precision, found in zip(wanted, module.logit_path(game, wanted), strict=True):
            assert distance(found.plan, precision) <= RESPONSES
            same(found.values, values_of(found.plan))
            gain = max(float(np.max(np.concatenate(gains_of(found.plan, i)))) for i in range(game.n_players))
            same(found.certificate, gain)
            assert found.selection.endswith(f"precision {precision:g}")
    p = brentq(lambda p: p - 1 / (1 + np.exp(0.3 * (7 * p - (6 * p + 2 * (1 - p))))), 0, 1)  # of swerving, both alike
    same(module.logit_equilibrium(chicken(0.0), 0.3).strategies, [[[p, 1 - p]]] * 2, RESPONSES)
    _what_noise_comes_to(module)
    _walks(module)


def decisive(weight: float) -> StochasticGame:
    """Meeting in one of two places; the first player cares `weight` times as much, and prefers the first place."""
    return repeated([[2 * weight, 0], [0, weight]], [[1, 0], [0, 2.5]], 0.0)


def _what_noise_comes_to(module: ModuleType) -> None:
    """Where one player's payoffs matter more its choices are clearer; the selection of `markov_perfect` knows no such scale."""
    for weight, place in ((10.0, 0), (0.1, 1)):
        found = module.logit_limit(decisive(weight))
        same(found.strategies, [[np.eye(2)[place]]] * 2, CLOSE)
        same(markov_perfect(decisive(weight))[0].strategies, [[[0, 1]]] * 2, CLOSE)
        same(module.logit_equilibrium(decisive(weight), 200.0).strategies, found.strategies, CLOSE)
    patient = uneven_game(1)
    found = module.logit_limit(patient)
    same(found.certificate, 0.0, CLOSE)
    same(found.values, values_of(found.plan), CLOSE)


def _walks(module: ModuleType) -> None:
    game = uneven_game(2)
    for wrong in ([-1.0], [np.nan], [np.inf], [0.5, 0.4]):
        with pytest.raises(ValueError, match="precision"):
            list(module.logit_walk(game, wrong))
    engine, _ = module._common_scale(game)
    uniform = np.repeat(1 / np.diff(engine.shape.group_start), np.diff(engine.shape.group_start))
    assert module._solution(engine, uniform, 0.0) is not None
    assert module._solution(engine, uniform, 1.0) is None  # nothing is returned that is no response to itself
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_POINTS", 2)
        with pytest.raises(UnsolvedError, match="precision 50"):
            module.logit_equilibrium(game, 50.0)
    slow = module.logit_walk(game, iter([0.5, 1.0]))
    same(next(slow).values, module.logit_equilibrium(game, 0.5).values)
    constant = chain([[1.0]], [3.0])  # a range of 0
    same(module.logit_equilibrium(constant, 1.0).values, [[3.0]])


# --- several equilibria ------------------------------------------------------------------------------------------------------

BATTLE = repeated([[4, 0], [0, 1]], [[3, 0], [0, 2]], 0.6)
STAG = repeated([[4, 0], [1, 1]], [[4, 1], [0, 1]], 0.6)


def played(game: StochasticGame, *mixes: Floats, values: Floats | None = None) -> Solution:
    """A solution in which every player plays its flat lotteries, with these values (default: those of the play)."""
    plan = Automaton.stationary(
        game, [np.split(np.asarray(own, dtype=float), starts[1:-1]) for own, starts in zip(mixes, game.choice_start, strict=True)]
    )
    return Solution("Markov perfect", "by hand", plan, values_of(plan) if values is None else values, 0.0, "a test")


def check_markov_equilibria(module: ModuleType) -> None:
    for game, known in ((chicken(), [[2, 7], [14 / 3, 14 / 3], [7, 2]]), (BATTLE, [[0.8, 1.2], [1, 2], [4, 3]])):
        found = module.markov_equilibria(game)
        same(sorted(solution.values[0].tolist() for solution in found.solutions), known, CLOSE)
        assert found.solutions[0].selection == SELECTION
        assert (found.starts, found.note) == (17, "3 found by 17 searches; there may be more")
        rules = [search.rule for search in module.searches_from(module.engine_for(game, 1e-9), 12)]
        assert len(set(rules)) == 17
        assert sorted(rule for rules_of_one in found.found_by for rule in rules_of_one) == sorted([SELECTION, *rules])
        for solution, rules_of_one in zip(found.solutions, found.found_by, strict=True):
            assert rules_of_one[0] == solution.selection
            same(solution.values, values_of(solution.plan), CLOSE)
            assert {*rules_of_one} >= {s.selection for s in _each_found(module, game) if np.allclose(s.values, solution.values)}
    _leaning(module)
    _what_is_the_same(module)
    for wrong in ({"starts": -1}, {"workers": 0}):
        with pytest.raises(ValueError, match="at least"):
            module.markov_equilibria(BATTLE, **wrong)


def _leaning(module: ModuleType) -> None:
    """In the battle of the sexes the one who leans to a place decides. At precision 0 play is the prior."""
    game = uneven_game(4)
    engine = module.engine_for(game, 1e-9)
    for (player, last), number in zip(((0, False), (0, True), (1, False), (1, True)), (0, 1, 0, 1), strict=True):
        rule = f"limit of a logit path from play in which {player + 1} leans to its {'last' if last else 'first'} action"
        (solution,) = (s for s in _each_found(module, BATTLE) if s.selection == rule)
        same(solution.strategies, [[np.eye(2)[number]]] * 2, CLOSE)
        odds = [np.zeros(count) for count in engine.game.action_counts.ravel()]
        for own in odds[player::2]:
            own[-1 if last else 0] = module.LEANING
        same(module._leaning(engine, player, last=last), np.concatenate(odds))
    assert module.LEANING > 0
    perturbed = {s.values.tobytes() for s in _each_found(module, chicken()) if "perturbed" in s.selection}
    assert len(perturbed) > 1  # from uniform play all would come to one


def _each_found(module: ModuleType, game: StochasticGame) -> list[Solution]:
    """What each search finds, whatever the number of threads."""
    engine = module.engine_for(game, 1e-9)
    searches = module.searches_from(engine, 6)
    one, three = (module.search_all(engine, searches, workers) for workers in (1, 3))
    assert [s and s.values.tobytes() for s in one] == [s and s.values.tobytes() for s in three]
    found = [s for s in one if s is not None]
    assert {s.selection for s in found} <= {search.rule for search in searches}
    return found


def _what_is_the_same(module: ModuleType) -> None:
    dear = repeated([[1000, 0], [0, 0]], [[1000, 0], [0, 0]], 0.6)
    pure, half = [1.0, 0.0], [0.5, 0.5]
    base = np.array([[1000.0, 1000.0]])
    one, other, near, far = (
        played(dear, a, b, values=v)
        for a, b, v in ((pure, pure, base), (pure, half, base), (pure, pure, base + 5e-4), (pure, pure, base + 2e-3))
    )
    assert module.same_equilibrium(dear, one, near)
    assert not module.same_equilibrium(dear, one, far)
    assert not module.same_equilibrium(dear, one, other)
    assert not module.same_equilibrium(dear, played(dear, half, pure, values=base), one)
    assert module.same_values(dear, one, other)
    assert not module.same_values(dear, one, played(dear, pure, pure, values=np.array([[1000.0, 1001.0]])))


# --- how many there are ------------------------------------------------------------------------------------------------------


def check_multiplicity(module: ModuleType) -> None:
    for game, known in (
        (STAG, [(1.0, 1.0, "mixed"), (1.0, 1.0, "pure"), (4.0, 4.0, "pure")]),
        (BATTLE, [(0.8, 1.2, "mixed"), (1.0, 2.0, "pure"), (4.0, 3.0, "pure")]),
    ):
        found = module.find_equilibria(game)
        assert sorted((*each.solution.values[0].round(6).tolist(), each.kind) for each in found.equilibria) == known
        assert (found.complete, found.complete_pure, found.selected, found.searches) == (True, True, True, 17)
        assert found.equilibria[0].found_by[0] == SELECTION
        for each in found.equilibria:
            assert len(set(each.found_by)) == len(each.found_by)
            assert each.radius == error_radius(each.solution)
    _told_as_one(module)
    _where_play_gets_to(module)
    _what_is_known_about_the_number(module)


def _told_as_one(module: ModuleType) -> None:
    twice = repeated([[3, 0], [5, 1], [5, 1]], [[3, 5], [0, 1], [0, 1]], 0.6)
    (only,) = module.find_equilibria(twice).equilibria
    assert only.plays >= 2
    assert only.kind == "both"
    assert len(only.ways) == only.plays
    for way in only.ways:
        same(way.values, [[1, 1]], CLOSE)
    # each decides what the other gets: all four pure plays are equilibria, any parts of which fit together
    gifts = repeated([[0, 1], [0, 1]], [[0, 0], [1, 1]], 0.6)
    paid = {tuple(each.solution.values[0].round(6)) for each in module.find_equilibria(gifts).equilibria if each.kind == "pure"}
    assert paid == {(0, 0), (0, 1), (1, 0), (1, 1)}
    # plays that differ in a state which play never gets to are no other ways
    apart = StochasticGame.from_arrays(
        [np.array([[0.0], [0.0]]), np.array([[1.0], [0.0]])], [np.eye(2)[[0, 0]], np.eye(2)[[1, 1]]], 0.5, start=1
    )
    (only,) = module.find_equilibria(apart).equilibria
    assert only.plays >= 2
    assert len(only.ways) == 1


def _where_play_gets_to(module: ModuleType) -> None:
    """From state 1 on play leads to state 2 only if both want to; chance 0 leads nowhere."""
    law = np.zeros((2, 2, 4))
    law[..., 1] = 1.0
    law[1, 1] = [0.0, 0.0, 1.0, 0.0]
    stay = [np.broadcast_to(np.eye(4)[s], (2, 2, 4)) for s in range(4)]
    game = with_structural_zeros(
        StochasticGame.from_arrays([np.zeros((2, 2, 2))] * 4, [stay[0], law, stay[2], stay[3]], 0.5, start=1)
    )
    first, both = np.array([0.0, 1.0] * 4), np.array([0.5, 0.5] * 4)
    for mine, theirs, reached in ((first, first, [1, 2]), (both, first, [1, 2]), (first, 1 - first, [1]), (1 - first, both, [1])):
        assert module.reached_states(game, [mine, theirs]).tolist() == reached


def _what_is_known_about_the_number(module: ModuleType) -> None:
    coming = random_game(1, states=2, actions=(2, 2), delta=(0.7, 0.9))
    found = module.find_equilibria(coming, starts=1)
    assert (found.complete, found.complete_pure, found.searches) == (False, True, 6)
    assert "may be more" in found.notes[-1]
    pure = {rows_of(each.solution) for each in found.equilibria if each.kind == "pure"}
    assert pure == set(all_pure(coming))
    for each in found.equilibria:
        confirmed(each.solution)
    assert module.find_equilibria(coming, short=True).searches == 5 + 2
    # the plain enumeration stops, the one by stages does not
    stairs = staircase([CHICKEN] * 3, 0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FULL_ROW_LIMIT", STOPS * len(stairs.payoffs))
        found = module.find_equilibria(stairs, starts=0)
    assert (found.complete, found.complete_pure) == (True, True)
    assert found.notes[0].startswith("enumeration of pure play: stopped")
    assert len(found.equilibria) == 27
    known = replace(error_radius(found.equilibria[0].solution), reason="said before")
    told = module.find_equilibria(BATTLE, starts=0, selected=markov_perfect(BATTLE)[0], radius=known).equilibria
    assert [each.radius.reason for each in told] == ["said before", "", ""]

    def none(*_: object, **__: object) -> None:
        raise UnsolvedError("lost")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "markov_perfect", none)
        found = module.find_equilibria(BATTLE, starts=0)
    assert not found.selected
    assert found.notes[0] == "the point prediction was not found: lost"
    assert len(found.equilibria) == 3


# --- fictitious play ----------------------------------------------------------------------------------------------------


def check_fictitious_play(module: ModuleType) -> None:
    """Sweeps against plain ones, for two and three players, and where actions tie."""
    for players in (2, 3):
        game = ragged_game(players, players)
        found, plain = both_ways(module.sweeps, shape_of(game), numbers_of(game, 1e-9), game, players)
        same(found[0], plain[0], CLOSE)
        same(found[1], plain[1], CLOSE)
    tied = StochasticGame.from_arrays([[[[1.0, 0.0]], [[1.0, 1.0]]]], [[[[1.0]], [[1.0]]]], 0.5)
    p = np.array([0.5, 0.5, 1.0])
    module.sweeps(shape_of(tied), numbers_of(tied, 1e-9), p, np.zeros(2), 0.5, 1)
    same(p, [0.75, 0.25, 1.0], CLOSE)
