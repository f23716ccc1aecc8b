"""Active states: their game is that of the whole one with play held elsewhere, and what it leads to is an equilibrium."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from leverage.certification.checker import check
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import active_states as module
from leverage.solvers.active_states import active_ends
from leverage.solvers.logit_system import numbers_of, shape_of
from leverage.solvers.markov_perfect import SETTLED, accepted, engine_for, markov_perfect

TOLERANCE = 1e-9  # share of the payoff range: the solver's default


def anywhere(states: int, seed: int, discount: Any = 0.9, actions: int = 2) -> StochasticGame:
    """So many actions each; every pair of them leads to any four of the states."""
    rng, payoffs, laws = np.random.default_rng(seed), [], []
    for _ in range(states):
        payoffs.append(rng.random((actions, actions, 2)))
        law = np.zeros((actions, actions, states))
        for pair in np.ndindex(actions, actions):
            law[(*pair, rng.choice(states, 4, replace=False))] = rng.dirichlet(np.ones(4))
        laws.append(law)
    return StochasticGame.from_arrays(payoffs, laws, discount)


def random_play(game: StochasticGame, rng: np.random.Generator) -> np.ndarray:
    return np.concatenate([rng.dirichlet(np.ones(n)) for n in game.action_counts.ravel()])


def whole_values(game: StochasticGame, p: np.ndarray) -> np.ndarray:
    """Unnormalised values of payoffs scaled as the solvers scale them, by the checker."""
    found = check(Automaton.of_profile(game, p), nodes=np.ones(game.n_states, dtype=bool)).values
    lowest, spread = game.payoffs.min(axis=0), np.ptp(game.payoffs, axis=0)
    return np.asarray((found - lowest) / spread / (1 - game.discount))


@pytest.mark.parametrize("discount", [0.9, (0.9, 0.7)])
@pytest.mark.parametrize("seed", range(5))
def test_the_game_of_active_states_has_the_values_of_the_whole_one(seed: int, discount: Any) -> None:
    """Whatever is played there, while play elsewhere is held; also at those other states."""
    game, rng = anywhere(12, seed, discount), np.random.default_rng(seed)
    p, active = random_play(game, rng), rng.random(12) < 0.4
    active[0] = True
    search = module._Search(shape_of(game), numbers_of(game, TOLERANCE), game.indices, p.copy())
    assert search.values() == pytest.approx(whole_values(game, p), abs=1e-11)
    linear = search._linear(active)
    shape, numbers = search._watched(active, linear)
    for _ in range(3):
        other = random_play(game, rng)
        mixed = np.where(np.repeat(active, 4), other, p)
        expected = whole_values(game, mixed)
        own = module._values(shape, numbers, other[np.repeat(active, 4)])
        assert own == pytest.approx(expected[active], abs=1e-11)
        everywhere = np.stack([each[:, 0] + each[:, 1:] @ own[:, i] for i, each in enumerate(linear)], axis=1)
        assert everywhere == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("seed", range(5))
def test_gains_are_the_checkers(seed: int) -> None:
    game, rng = anywhere(8, seed, (0.9, 0.7)), np.random.default_rng(seed)
    p, numbers = random_play(game, rng), numbers_of(game, TOLERANCE)
    gains = module._gains(shape_of(game), numbers, p, whole_values(game, p))
    checked = check(Automaton.of_profile(game, p), nodes=np.ones(8, dtype=bool))
    assert gains.max() == pytest.approx(checked.gain / (TOLERANCE * game.payoff_range))


@pytest.mark.parametrize("discount", [0.9, (0.95, 0.8)])
@pytest.mark.parametrize("seed", range(3))
def test_large_games_are_solved_from_few_active_states(monkeypatch: pytest.MonkeyPatch, seed: int, discount: Any) -> None:
    game = anywhere(300, seed, discount)
    engine, counts = engine_for(game, TOLERANCE), []
    solve = module._Search.solve

    def counted(search: module._Search, active: np.ndarray, values: np.ndarray) -> Any:
        counts.append(int(active.sum()))
        return solve(search, active, values)

    monkeypatch.setattr(module._Search, "solve", counted)
    _, p = next(active_ends(engine.shape, engine.numbers, game.indices))
    assert max(counts) < 100
    solution = accepted(engine, p, SETTLED)
    assert solution is not None
    assert solution.certificate <= TOLERANCE * game.payoff_range


def test_it_is_the_same_each_time() -> None:
    game = anywhere(150, 3)
    first, second = (next(active_ends(shape_of(game), numbers_of(game, TOLERANCE), game.indices)) for _ in range(2))
    assert first[0] == second[0]
    np.testing.assert_array_equal(first[1], second[1])


def test_where_play_settled_may_be_given_and_is_left_as_it_was() -> None:
    game = anywhere(150, 3)
    shape, numbers = shape_of(game), numbers_of(game, TOLERANCE)
    settled = module.fictitious_play(shape, numbers)[0]
    given = settled.copy()
    number, p = next(active_ends(shape, numbers, game.indices, given))
    np.testing.assert_array_equal(given, settled)
    assert number == 0
    np.testing.assert_array_equal(p, next(active_ends(shape, numbers, game.indices))[1])
    other = next(active_ends(shape, numbers, game.indices, np.roll(settled, 4)))[1]  # the play of other states: it is used
    assert not np.array_equal(other, p)


def test_other_starts_are_tried_where_active_states_stay_unsolved(monkeypatch: pytest.MonkeyPatch) -> None:
    game, begun = anywhere(150, 0), []
    smoothed, play = module.smoothed_end, module.fictitious_play

    def begins(shape: Any, numbers: Any, start: np.ndarray) -> Any:
        begun.append(start)
        return play(shape, numbers, start)

    monkeypatch.setattr(module, "fictitious_play", begins)
    monkeypatch.setattr(module, "smoothed_end", lambda *given, **named: smoothed(*given, **named) if len(begun) > 2 else None)
    number, _ = next(active_ends(shape_of(game), numbers_of(game, TOLERANCE), game.indices))
    assert number == len(begun) - 1 >= 2
    assert not any(np.array_equal(one, other) for one, other in itertools.pairwise(begun))
    monkeypatch.setattr(module, "smoothed_end", lambda *_, **__: None)
    begun.clear()
    assert not list(active_ends(shape_of(game), numbers_of(game, TOLERANCE), game.indices))
    assert len(begun) == 1 + module.OTHER_STARTS


def three(states: int, seed: int) -> StochasticGame:
    """Three players, two actions each; every triple of them leads to two neighbours on a ring."""
    rng, payoffs, laws = np.random.default_rng(seed), [], []
    for s in range(states):
        law = np.zeros((2, 2, 2, states))
        for triple in np.ndindex(2, 2, 2):
            law[(*triple, [s, (s + sum(triple) + 1) % states])] = rng.dirichlet(np.ones(2))
        payoffs.append(rng.random((2, 2, 2, 3)))
        laws.append(law)
    return StochasticGame.from_arrays(payoffs, laws, (0.9, 0.8, 0.7))


@pytest.mark.parametrize("seed", range(3))
def test_with_more_players_the_path_of_active_states_is_followed(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    game, asked = three(60, seed), []
    engine, path = engine_for(game, TOLERANCE), module._path_end

    def counted(shape: Any, numbers: Any) -> Any:
        asked.append(shape.states)
        return path(shape, numbers)

    monkeypatch.setattr(module, "_path_end", counted)
    _, p = next(active_ends(engine.shape, engine.numbers, game.indices))
    solution = accepted(engine, p, SETTLED)
    assert solution is not None
    assert solution.certificate <= TOLERANCE * game.payoff_range
    assert asked
    assert max(asked) < 60
    monkeypatch.setattr(module, "MOST_PATH_VALUES", 3 * min(asked) - 1)
    asked.clear()
    assert not list(active_ends(engine.shape, engine.numbers, game.indices))
    assert not asked
    monkeypatch.undo()
    monkeypatch.setattr(module, "MOST_POINTS", 0)  # no path that ends: nothing is found
    assert not list(active_ends(engine.shape, engine.numbers, game.indices))


@pytest.mark.parametrize("players", [2, 3])
def test_a_player_with_little_at_stake_plays_as_well(players: int) -> None:
    """Whatever one player's payoffs are multiplied by, the same play is found, and the gains are as small a share of them."""
    game = anywhere(60, 1) if players == 2 else three(60, 0)
    little = 1e-7 ** (np.arange(players) == 1)
    poorer = StochasticGame.from_arrays(
        [game.stage_payoffs(s) * little for s in range(60)], [game.stage_transitions(s) for s in range(60)], game.discount
    )
    ends = [next(active_ends(shape_of(g), numbers_of(g, TOLERANCE), g.indices))[1] for g in (game, poorer)]
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-6)
    allowed = TOLERANCE * game.payoff_range
    assert check(Automaton.of_profile(game, ends[1]), nodes=np.ones(60, dtype=bool)).gain <= 10 * allowed


def test_where_too_many_states_are_active_it_gives_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    game, begun = anywhere(150, 0), []
    play = module.fictitious_play
    monkeypatch.setattr(module, "fictitious_play", lambda *given: (begun.append(given), play(*given))[1])
    monkeypatch.setattr(module, "MOST_ACTIVE", 3)
    assert not list(active_ends(shape_of(game), numbers_of(game, TOLERANCE), game.indices))
    assert len(begun) == module.MOST_CROWDED


@pytest.mark.parametrize("seed", [0, 1])
def test_a_thousand_states_that_lead_anywhere_are_solved(seed: int) -> None:
    """Of these games smoothing of the whole game solves neither."""
    game = anywhere(1000, seed)
    found = markov_perfect(game)[0]
    assert found.selection.startswith(SETTLED)
    assert found.certificate <= TOLERANCE * game.payoff_range
