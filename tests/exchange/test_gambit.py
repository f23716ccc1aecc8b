"""Gambit's own reader and solvers, through pygambit, on the files that are written here. Skipped without the extra `gambit`."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leverage.exchange.efg_files import efg_text
from leverage.exchange.gambit_text import exact
from leverage.exchange.nfg_files import nfg_text, read_nfg
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.finite_horizon import finite_horizon
from leverage.solvers.stage_game import pure_stage_equilibria, stage_equilibria
from tests.games import chain, gamblers_ruin, matching_pennies, prisoners_dilemma, random_game, repeated, shapley_stopping

gambit = pytest.importorskip("pygambit", reason="pygambit is not installed: pip install leverage[gambit]")

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "bimatrix.json").read_text(encoding="utf-8"))["cases"]
#: Lotteries and payoffs agree up to this, in units of probability or of the payoff range.
SAME = 1e-9


def nfg(text: str) -> Any:
    return gambit.read_nfg(io.StringIO(text))


def efg(text: str) -> Any:
    return gambit.read_efg(io.StringIO(text))


def one_state(payoffs: np.ndarray) -> StochasticGame:
    return StochasticGame.from_arrays([payoffs], [np.ones((*payoffs.shape[:-1], 1))], 0.5)


def fractions(game: Any) -> np.ndarray:
    """(A_1, ..., A_N, N) of exact fractions, as Gambit understood them."""
    players = list(game.players)
    shape = tuple(len(player.strategies) for player in players)
    table = np.empty((*shape, len(players)), dtype=object)
    for profile in np.ndindex(*shape):
        outcome = game[profile]
        for i, player in enumerate(players):
            table[(*profile, i)] = Fraction(str(outcome[player]))
    return table


def lotteries(profile: Any, game: Any) -> tuple[float, ...]:
    return tuple(float(profile[strategy]) for player in game.players for strategy in player.strategies)


def same_sets(first: list[tuple[float, ...]], second: list[tuple[float, ...]]) -> bool:
    return len(first) == len(second) and all(any(np.allclose(x, y, rtol=0, atol=SAME) for y in second) for x in first)


def extreme_pairs(table: np.ndarray) -> list[tuple[float, ...]]:
    return [(*x, *y) for x, y in stage_equilibria(table)]


# --- strategic games ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: case["name"])
def test_enummixed_agrees_on_the_reference_games(case: dict[str, Any]) -> None:
    table = np.stack([np.array(case["A"], dtype=float), np.array(case["B"], dtype=float)], axis=-1)
    game = nfg(nfg_text(one_state(table), 0))
    assert np.all(fractions(game) == np.vectorize(exact)(table))
    found = gambit.nash.enummixed_solve(game, rational=True).equilibria
    assert same_sets([lotteries(profile, game) for profile in found], extreme_pairs(table))


@pytest.mark.parametrize("seed", range(12))
def test_enummixed_agrees_on_games_with_ties(seed: int) -> None:
    """Payoffs in thirds, many of them equal: written as anything but exact fractions, ties would break."""
    random = np.random.default_rng(seed)
    table = random.integers(0, 3, (*random.integers(2, 4, 2), 2)) / 3
    game = nfg(nfg_text(one_state(table), 0))
    found = gambit.nash.enummixed_solve(game, rational=True).equilibria
    assert same_sets([lotteries(profile, game) for profile in found], extreme_pairs(table))


@pytest.mark.parametrize("seed", range(8))
def test_enumpure_agrees_on_games_of_three(seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 3, (2, 3, 2, 3)).astype(float)
    game = nfg(nfg_text(one_state(table), 0))
    found = [lotteries(profile, game) for profile in gambit.nash.enumpure_solve(game).equilibria]
    pure = [
        tuple(float(a == chosen[i]) for i in range(3) for a in range(table.shape[i])) for chosen in pure_stage_equilibria(table)
    ]
    assert same_sets(found, pure)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=12), st.text(max_size=12))
@example("", "2")
def test_any_name_can_be_opened(player: str, action: str) -> None:
    game = StochasticGame(
        players=(player, "other"),
        states=(player,),
        actions=(((action, "b"), ("c",)),),
        payoffs=np.zeros((2, 2)),
        transitions=prisoners_dilemma().transitions[:2],
        discount=np.zeros(2),
    )
    ours, theirs = read_nfg(nfg_text(game, 0)), nfg(nfg_text(game, 0))
    assert theirs.title == ours.title
    names = (*ours.players, *ours.actions[0])
    labels = (*(p.label for p in theirs.players), *(s.label for s in next(iter(theirs.players)).strategies))
    for name, label in zip(names, labels, strict=True):  # Gambit numbers names that are empty or the same
        assert label == name or label.startswith(f"{name}_")


@pytest.mark.parametrize("labels", [("3", "2", "1"), ("2", "2", "3"), ("2", "2_", "1"), ("\u00b3", "a", " 2 "), ("0", "1", "2")])
def test_names_that_are_numbers_of_other_places_can_be_opened(labels: tuple[str, ...]) -> None:
    """Players and actions; Gambit numbers them before it reads their names."""
    table = np.arange(81.0).reshape(3, 3, 3, 3)
    game = StochasticGame(
        labels, ("s",), ((labels,) * 3,), table.reshape(27, 3), chain([[1.0]]).transitions[[0] * 27], np.zeros(3)
    )
    ours, theirs = read_nfg(nfg_text(game, 0)), nfg(nfg_text(game, 0))
    names = (*ours.players, *(name for own in ours.actions for name in own))
    given_labels = (*(p.label for p in theirs.players), *(s.label for p in theirs.players for s in p.strategies))
    for name, label in zip(names, given_labels, strict=True):
        assert label == name or label.startswith(f"{name}_")
    assert np.all(fractions(theirs) == table)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.floats(-1e25, 1e25), min_size=4, max_size=4))
def test_any_payoff_is_understood_exactly(payoffs: list[float]) -> None:
    table = np.array(payoffs).reshape(2, 1, 2)
    assert np.all(fractions(nfg(nfg_text(one_state(table), 0))) == np.vectorize(exact)(table))


def test_files_that_gambit_writes_are_read() -> None:
    table = np.random.default_rng(3).integers(-5, 5, (3, 2, 2, 3)) / 4
    for game in (nfg(nfg_text(one_state(table), 0)), gambit.Game.from_arrays(*np.moveaxis(table, -1, 0))):
        assert np.array_equal(read_nfg(game.to_nfg()).payoffs, table)


# --- extensive games ---------------------------------------------------------------------------------------------------

#: Games whose equilibrium payoffs are unique over any finite horizon, and periods.
UNIQUE = {
    "prisoners": (prisoners_dilemma((0.9, 0.6)), 2),
    "stopping": (shapley_stopping(), 3),
    "pennies": (matching_pennies(), 2),
    "skewed pennies": (repeated([[3, -1], [-2, 1]], [[-3, 1], [2, -1]], 0.75), 2),
}


def zero_sum(seed: int) -> StochasticGame:
    drawn = random_game(seed, states=2, actions=(2, 2), delta=0.8)
    own = np.round(drawn.payoffs[:, :1], 2)
    return StochasticGame(
        players=drawn.players,
        states=drawn.states,
        actions=drawn.actions,
        payoffs=np.hstack([own, -own]),
        transitions=drawn.transitions,
        discount=drawn.discount,
    )


UNIQUE |= {f"random zero-sum {seed}": (zero_sum(seed), 2) for seed in range(4)}


@pytest.mark.parametrize("name", UNIQUE)
def test_lcp_agrees_where_payoffs_are_unique(name: str) -> None:
    game, periods = UNIQUE[name]
    tree = efg(efg_text(game, periods))
    assert tree.is_perfect_recall
    found = gambit.nash.lcp_solve(tree, rational=False).equilibria
    assert found
    expected = finite_horizon(game, periods).values[game.start]
    for profile in found:
        payoffs = [float(profile.payoff(player)) for player in tree.players]
        np.testing.assert_allclose(payoffs, expected, atol=1e-7 * game.payoff_range)


def test_chance_alone_agrees() -> None:
    game = gamblers_ruin(3, 1, Fraction(1, 3))
    tree = efg(efg_text(game, 4))
    assert sum(1 for node in tree.nodes if node.is_terminal) == 4
    assert all(sum(Fraction(str(a.prob)) for a in node.infoset.actions) == 1 for node in tree.nodes if node.infoset)


#: Game, periods: the solver's own plan is put to Gambit.
PLANS = {
    "ragged": (random_game(1), 2),
    "three players": (random_game(2, states=2, actions=(2, 2, 2), delta=(0.9, 0.5, 0.7)), 2),
    **UNIQUE,
}


@pytest.mark.parametrize("name", PLANS)
def test_gambit_finds_no_gain_in_the_solvers_plan(name: str) -> None:
    """Payoffs at the root are the solver's, and at no information set does another action gain."""
    game, periods = PLANS[name]
    solution, tree = finite_horizon(game, periods), efg(efg_text(game, periods))
    profile = tree.mixed_behavior_profile(rational=False)
    for infoset in tree.infosets:
        i = list(tree.players).index(infoset.player)
        place = dict(part.split(" ", 1) for part in infoset.label.split(", "))
        s, count = game.states.index(place["state"]), int(game.choice_start[i, -1])
        first = (int(place["period"]) - 1) * count + int(game.choice_start[i, s])
        for a, action in enumerate(infoset.actions):
            profile[action] = float(solution.plan.lotteries[i][first + a])
    payoffs = [float(profile.payoff(player)) for player in tree.players]
    np.testing.assert_allclose(payoffs, solution.values[game.start], atol=SAME * game.payoff_range)
    assert float(profile.max_regret()) <= SAME * game.payoff_range
    assert float(profile.agent_max_regret()) <= SAME * game.payoff_range


def test_the_pure_equilibria_of_a_tree_are_those_of_its_strategic_form() -> None:
    """Two periods of the prisoners' dilemma: defection throughout on every equilibrium path."""
    tree = efg(efg_text(prisoners_dilemma(0.9), 2))
    found = gambit.nash.enumpure_solve(tree).equilibria
    paid = {tuple(float(profile.payoff(player)) for player in tree.players) for profile in found}
    assert paid == {(1.0, 2.0)}
    assert len(tree.infosets) == 2 * (1 + 4)
