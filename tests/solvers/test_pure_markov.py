"""All pure Markov equilibria: full enumeration in fractions, known games, ties, limits.

The slow twin evaluates every pure profile in fractions, so that ties are decided exactly.
"""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverage.certification.checker import certify
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import pure_markov as module
from leverage.solvers.pure_markov import PureEquilibria, pure_markov
from tests.games import chicken, matching_pennies, prisoners_dilemma, solve_exactly

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "markov.json").read_text(encoding="utf-8"))["cases"]
PURE_CASES = [
    case
    for case in REFERENCE
    if any(max(min(x, 1 - x) for own in s["strategies"] for y in own for x in y) == 0 for s in case["solutions"])
]
#: Enough for every small game here.
ENOUGH = 100_000
#: Denominator of the chances in generated games.
PARTS = 4


# --- the slow twin -------------------------------------------------------------------------------------------------


def exact(number: float) -> Fraction:
    """The short decimal that the number rounds."""
    return Fraction(str(float(number)))


def profiles_of(game: StochasticGame, state: int):
    return list(itertools.product(*(range(count) for count in game.action_counts[state])))


def twin(game: StochasticGame) -> list[tuple[tuple[int, ...], ...]]:
    """Every pure profile (per state the actions) without a profitable one-shot deviation, in lexicographic order."""
    states, discount = range(game.n_states), [exact(d) for d in game.discount]
    pay = [{a: [exact(u) for u in game.stage_payoffs(s)[a]] for a in profiles_of(game, s)} for s in states]
    law = [{a: [exact(p) for p in game.stage_transitions(s)[a]] for a in profiles_of(game, s)} for s in states]

    def action_value(i, s, a, values):
        return (1 - discount[i]) * pay[s][a][i] + discount[i] * sum(p * v for p, v in zip(law[s][a], values, strict=True))

    def gains(play, i):
        matrix = [[(s == t) - discount[i] * law[s][play[s]][t] for t in states] for s in states]
        values = solve_exactly(matrix, [(1 - discount[i]) * pay[s][play[s]][i] for s in states])
        for s in states:
            for own in range(game.action_counts[s, i]):
                yield action_value(i, s, (*play[s][:i], own, *play[s][i + 1 :]), values) - values[s]

    everything = itertools.product(*(profiles_of(game, s) for s in states))
    return [play for play in everything if all(gain <= 0 for i in range(game.n_players) for gain in gains(play, i))]


def played(game: StochasticGame, found: PureEquilibria) -> list[tuple[tuple[int, ...], ...]]:
    return [
        tuple(tuple(int(np.argmax(s.strategies[i][t])) for i in range(game.n_players)) for t in range(game.n_states))
        for s in found.solutions
    ]


def float_twin(game: StochasticGame, tolerance: float = 1e-9) -> list[tuple[int, ...]]:
    """All profiles as rows, by plain enumeration in floating point; for games without ties."""
    law, kept = game.transitions.toarray(), []
    for rows in itertools.product(*(range(game.row_start[s], game.row_start[s + 1]) for s in range(game.n_states))):
        good = True
        for i, d in enumerate(game.discount):
            v = np.linalg.solve(np.eye(game.n_states) - d * law[list(rows)], (1 - d) * game.payoffs[list(rows), i])
            q = (1 - d) * game.payoffs[:, i] + d * law @ v
            others = np.delete(game.row_action, i, axis=0)
            for s, row in enumerate(rows):
                same = (game.row_state == s) & np.all(others == others[:, [row]], axis=0)
                good &= bool(q[same].max() <= q[row] + tolerance)
        if good:
            kept.append(rows)
    return kept


def whole_game(seed: int, players: int, states: int, most: int, levels: int) -> StochasticGame:
    """Payoffs are small whole numbers and chances quarters: ties everywhere."""
    rng = np.random.default_rng(seed)
    counts = [tuple(rng.integers(1, most + 1, size=players)) for _ in range(states)]
    return StochasticGame.from_arrays(
        [rng.integers(0, levels, (*c, players)).astype(float) for c in counts],
        [rng.multinomial(PARTS, np.ones(states) / states, size=c) / PARTS for c in counts],
        rng.choice([0.0, 0.5, 0.8, 0.9], size=players),
    )


def dense_game(seed: int, states: int, delta, actions: tuple[int, ...] = (3, 3)) -> StochasticGame:
    rng = np.random.default_rng(seed)
    return StochasticGame.from_arrays(
        [rng.random((*actions, len(actions))) for _ in range(states)],
        [rng.dirichlet(np.ones(states), size=actions) for _ in range(states)],
        delta,
    )


def coordination(states: int, delta: float = 0.5) -> StochasticGame:
    """In each state two ways to meet; where play goes next is chance: 2 ** states pure equilibria."""
    return StochasticGame.from_arrays(
        [np.array([[[2.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [2.0, 2.0]]])] * states,
        [np.full((2, 2, states), 1 / states)] * states,
        delta,
    )


# --- agreement with the twin ---------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 3), st.integers(2, 4))
def test_games_full_of_ties_lose_nothing_and_gain_nothing(seed, players, states, levels):
    game = whole_game(seed, players, states, 2, levels)
    found = pure_markov(game, node_limit=ENOUGH, most=10_000)
    assert found.complete
    assert played(game, found) == twin(game)


@pytest.mark.parametrize("seed", range(6))
def test_three_actions_agree_with_the_twin(seed):
    game = whole_game(seed, 2, 2, 3, 3)
    assert played(game, pure_markov(game, node_limit=ENOUGH, most=10_000)) == twin(game)


@pytest.mark.parametrize(("seed", "delta"), [(0, 0.9), (1, 0.99), (2, (0.95, 0.3)), (3, (0.0, 0.99)), (4, 0.9), (5, 0.6)])
def test_dense_games_agree_with_plain_enumeration(seed, delta):
    game = dense_game(seed, 3, delta)
    found = pure_markov(game, node_limit=ENOUGH)
    rows = [tuple(int(np.ravel_multi_index(a, (3, 3))) + 9 * s for s, a in enumerate(play)) for play in played(game, found)]
    assert found.complete
    assert rows == float_twin(game)


@pytest.mark.parametrize("seed", range(4))
def test_sweeps_alone_give_the_same_as_exact_bounds(seed, monkeypatch):
    game = dense_game(seed, 4, 0.8, (2, 3))
    dense = pure_markov(game, node_limit=ENOUGH)
    monkeypatch.setattr(module, "DENSE_STATES", 0)
    sparse = pure_markov(game, node_limit=ENOUGH)
    assert sparse.complete
    assert played(game, sparse) == played(game, dense)


@pytest.mark.parametrize("case", PURE_CASES, ids=lambda case: case["name"])
def test_listed_pure_equilibria_are_found_or_the_search_says_that_it_stopped(case):
    game = StochasticGame.from_arrays(case["payoffs"], case["transitions"], case["discount"])
    found = pure_markov(game, node_limit=2_000)
    if not found.complete:
        assert "stopped after" in found.note
        return
    for listed in case["solutions"]:
        if all(max(lottery) == 1.0 for own in listed["strategies"] for lottery in own):
            distance = min(np.max(np.abs(s.values - np.array(listed["values"]))) for s in found.solutions)
            assert distance <= 1e-8 * game.payoff_range


def test_enough_reference_games_complete():
    games = [StochasticGame.from_arrays(c["payoffs"], c["transitions"], c["discount"]) for c in PURE_CASES]
    small = [game for game in games if game.n_states <= 3]
    assert len(small) >= 3
    assert all(pure_markov(game).complete for game in small)


# --- known games ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("game", "values", "note"),
    [
        (prisoners_dilemma(), [[1.0, 2.0]], "the only pure Markov equilibrium"),
        (chicken(), [[2.0, 7.0], [7.0, 2.0]], "all 2 pure Markov equilibria"),
        (matching_pennies(), [], "no pure Markov equilibrium: every equilibrium mixes somewhere"),
    ],
    ids=["prisoners' dilemma", "chicken", "pennies"],
)
def test_repeated_games_have_the_stage_equilibria(game, values, note):
    found = pure_markov(game)
    assert found.note == note
    assert [s.values[0].round(9).tolist() for s in found.solutions] == values


@pytest.mark.parametrize("states", [1, 3, 5])
def test_coordination_has_two_equilibria_a_state(states):
    found = pure_markov(coordination(states))
    assert (len(found.solutions), found.complete) == (2**states, True)


def test_a_game_without_payoffs_has_all_profiles():
    game = StochasticGame.from_arrays([np.full((2, 3, 2), 7.0)] * 2, [np.full((2, 3, 2), 0.5)] * 2, 0.9)
    found = pure_markov(game)
    assert found.note == "all 36 pure Markov equilibria"


def test_one_player_gets_the_best_policy():
    game = StochasticGame.from_arrays([[[0.0], [1.0]], [[3.0], [0.0]]], [[[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]], 0.9)
    found = pure_markov(game)
    assert played(game, found) == [((0,), (0,))]
    assert found.solutions[0].values.ravel() == pytest.approx([2.7, 3.0])


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_the_answer_does_not_depend_on_the_level_of_payoffs(shift):
    game = dense_game(7, 3, 0.9)
    moved = StochasticGame.from_arrays(
        [game.stage_payoffs(s) + shift for s in range(3)], [game.stage_transitions(s) for s in range(3)], 0.9
    )
    assert played(moved, pure_markov(moved)) == played(game, pure_markov(game))


def test_every_solution_is_certified():
    game = dense_game(2, 8, 0.9)
    found = pure_markov(game, node_limit=20_000)
    assert found.complete
    assert len(found.solutions) == 7
    for solution in found.solutions:
        assert certify(game, solution.strategies) == solution.certificate <= 1e-9 * game.payoff_range
        assert solution.concept == "Markov perfect"


# --- limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 10, 57])
def test_the_node_limit_is_kept_and_said(limit):
    game = dense_game(0, 6, 0.95)
    found = pure_markov(game, node_limit=limit)
    assert not found.complete
    assert found.nodes <= limit
    assert found.note.startswith(f"stopped after {limit:,} nodes: ")
    assert found.note.endswith("of 6 states were still open")


def test_what_is_found_before_a_stop_is_part_of_all():
    game = coordination(4)
    everything = played(game, pure_markov(game, node_limit=ENOUGH))
    part = played(game, pure_markov(game, node_limit=20))
    assert set(part) < set(everything)


@pytest.mark.parametrize(("most", "complete"), [(15, False), (16, True), (17, True)])
def test_the_number_of_equilibria_is_capped_and_said(most, complete):
    found = pure_markov(coordination(4), most=most)
    assert len(found.solutions) == min(most, 16)
    assert found.complete is complete
    assert ("stopped after 15" in found.note) is not complete


@pytest.mark.parametrize("wrong", [{"node_limit": 0}, {"most": 0}, {"tolerance": 0.0}, {"tolerance": float("nan")}])
def test_limits_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match=r"count|share"):
        pure_markov(chicken(), **wrong)
