"""Battery of the logarithmic tracing procedure: its auxiliary games by their definition, and where it is known to lead."""

from __future__ import annotations

from itertools import islice, product
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame
from tests.games import chain, chicken, matching_pennies, prisoners_dilemma, random_game, repeated, shapley_stopping
from tests.mutations.batteries import CLOSE, same
from tests.mutations.markov_batteries import uneven_game
from tests.mutations.reference import best_values, first_row, gains_of, profiles, values_of

#: Conditions at points of the path, of numbers of about 1; values that iteration comes to.
CONDITIONS, ITERATED = 1e-8, 1e-9
#: Central differences: their error is of the second order of this.
STEP, DIFFERENCE = 1e-6, 1e-7

Tables = list[list[Floats]]


def drawn(game: StochasticGame, seed: int, kind: str) -> Tables:
    """Lotteries, or weights between 1/5 and 1, per player and state."""
    random = np.random.default_rng(seed)
    draw = (lambda n: random.dirichlet(np.ones(n))) if kind == "lotteries" else (lambda n: random.uniform(0.2, 1.0, n))
    return [[draw(count) for count in game.action_counts[:, i]] for i in range(game.n_players)]


def in_slots(game: StochasticGame, tables: Any) -> Floats:
    """State by state, within a state player by player."""
    return np.concatenate([tables[i][s] for s in range(game.n_states) for i in range(game.n_players)])


def by_player(game: StochasticGame, flat: Floats) -> Tables:
    """The other way round."""
    pieces = iter(np.split(flat, np.cumsum(game.action_counts.ravel())[:-1]))
    rows = [[next(pieces) for _ in range(game.n_players)] for _ in range(game.n_states)]
    return [[row[i] for row in rows] for i in range(game.n_players)]


def worths(game: StochasticGame, play: Tables, prior: Tables, t: float, values: Floats, s: int, i: int) -> Floats:
    """(A,): what the actions of a player in a state are worth at the time t, normalised payoff in ranges; values (S, N)."""
    payoffs = (game.payoffs - game.payoffs.min(axis=0)) / np.ptp(game.payoffs, axis=0)
    law, found, d = game.transitions.toarray(), np.zeros(len(game.actions[s][i])), game.discount[i]
    for k, profile in enumerate(profiles(game, s)):
        others = [(j, a) for j, a in enumerate(profile) if j != i]
        chance = t * np.prod([play[j][s][a] for j, a in others]) + (1 - t) * np.prod([prior[j][s][a] for j, a in others])
        row = first_row(game, s) + k
        found[profile[i]] += chance * ((1 - d) * payoffs[row, i] + d * law[row] @ values[:, i])
    return found


def check_log_tracing(module: ModuleType) -> None:
    _auxiliary_games(module)
    _derivatives(module)
    _replies_to_the_prior(module)
    _known_games(module)
    _priors_decide(module)
    _what_is_refused(module)


CASES = ((uneven_game(1), 1), (uneven_game(3, (0.5, 0.8, 0.6), (2, 2, 2)), 2))


def _tracing(module: ModuleType, game: StochasticGame, prior: Tables | None, weights: Tables | None) -> Any:
    return module._tracing(module.engine_for(game, 1e-9), prior, weights)


def _auxiliary_games(module: ModuleType) -> None:
    """At each point play solves the auxiliary game: worth and share of the penalty make the same for all actions."""
    for game, seed in CASES:
        prior, weights = drawn(game, seed, "lotteries"), drawn(game, seed, "weights")
        points = list(islice(module._points(_tracing(module, game, prior, weights)), 40))
        same(points[0].tau, 0.0, 1e-12)
        assert points[-1].tau > 2
        for point in points[::3]:
            left, count = np.exp(-point.tau), int(game.action_counts.sum())
            play = by_player(game, np.exp(point.y[:count]))
            values = point.y[count:-1].reshape(game.n_states, game.n_players)
            for i, s in product(range(game.n_players), range(game.n_states)):
                own, nu = play[i][s], left * weights[i][s] * (1 - game.discount[i])
                q = worths(game, play, prior, 1 - left, values, s, i)
                same(own.sum(), 1.0, CONDITIONS)
                same(q + nu / own, np.full(len(own), own @ q + nu.sum()), CONDITIONS)
                same(values[s, i], own @ q + nu @ np.log(own), CONDITIONS)
            same(np.linalg.norm(point.tangent), 1.0)


def _derivatives(module: ModuleType) -> None:
    for game, seed in CASES:
        tracing = _tracing(module, game, drawn(game, seed, "lotteries"), drawn(game, seed, "weights"))
        size = int(game.action_counts.sum()) + game.n_states * game.n_players + 1
        y, border = np.random.default_rng(seed).normal(size=(2, size))

        def residual(z: Floats) -> Floats:
            return np.asarray(module._linearised(tracing, z, border)[0])  # noqa: B023 - called within the round

        assert residual(y).shape == (size - 1,)
        moved = np.stack([(residual(y + STEP * e) - residual(y - STEP * e)) / (2 * STEP) for e in np.eye(size)], axis=1)
        matrix = module._linearised(tracing, y, border)[1].toarray()
        same(matrix, np.vstack([moved, border]), DIFFERENCE * (1 + float(np.max(np.abs(matrix)))))


def _replies_to_the_prior(module: ModuleType) -> None:
    """At the start everybody solves a decision problem of its own, by iteration here."""
    for game, seed in CASES:
        prior, weights = drawn(game, seed, "lotteries"), drawn(game, seed, "weights")
        y, count = module._start(_tracing(module, game, prior, weights)), int(game.action_counts.sum())
        found, values = by_player(game, np.exp(y[:count])), np.zeros((game.n_states, game.n_players))
        for _ in range(200):
            replies = [[np.zeros(0)] * game.n_states for _ in game.players]
            now = np.zeros_like(values)
            for i, s in product(range(game.n_players), range(game.n_states)):
                q, nu = worths(game, prior, prior, 0.0, values, s, i), weights[i][s] * (1 - game.discount[i])
                level = brentq(
                    lambda x, q=q, nu=nu: np.sum(nu / (x - q)) - 1, np.max(q + nu) - 1e-9, np.max(q) + nu.sum() + 1e-9, xtol=1e-15
                )
                replies[i][s] = nu / (level - q)
                now[s, i] = replies[i][s] @ q + nu @ np.log(replies[i][s])
            values = now
        same(y[count:-1].reshape(values.shape), values, ITERATED)
        same(in_slots(game, found), in_slots(game, replies), ITERATED)


def _known_games(module: ModuleType) -> None:
    v = 0.1 * (5 / 3) / 0.55
    for game, known in (
        (prisoners_dilemma((0.5, 0.9)), [[1, 2]]),
        (chicken(), [[14 / 3, 14 / 3]]),  # from a symmetric prior
        (matching_pennies(), [[0, 0]]),
        (shapley_stopping(), [[v, -v], [0, 0]]),
        (chain([[1.0]], [3.0]), [[3.0]]),
    ):
        found = module.log_tracing(game)
        same(found.values, known, CLOSE)
        assert found.concept == "Markov perfect"
    for game, seed in CASES:
        found = module.log_tracing(game, drawn(game, seed, "lotteries"), drawn(game, seed, "weights"))
        same(found.values, values_of(found.plan), CLOSE)
        assert max(float(np.max(np.concatenate(gains_of(found.plan, i)))) for i in range(game.n_players)) <= CLOSE
    alone = random_game(5, states=3, actions=(3,), delta=(0.9,))
    machine = Automaton.stationary(alone, [], players=[])
    same(module.log_tracing(alone).values[:, 0], best_values(machine, 0), CLOSE)
    doubled = repeated([[2, 2, 0], [2, 2, 0], [0, 0, 1]], [[1, 1, 0], [1, 1, 0], [0, 0, 2]], 0.9)  # ties settle nothing
    found = module.log_tracing(doubled)
    assert max(float(np.max(np.concatenate(gains_of(found.plan, i)))) for i in (0, 1)) <= CLOSE


def _priors_decide(module: ModuleType) -> None:
    """A strict equilibrium that is expected is played; payoff units do not matter, nor do names."""
    small = [[np.full(2, 0.01)]] * 2
    for game in (chicken(), repeated([[4, 0], [0, 1]], [[3, 0], [0, 2]], 0.6), repeated([[9, 0], [8, 7]], [[9, 8], [0, 7]], 0.3)):
        table = game.stage_payoffs(0)
        for profile in product((0, 1), repeat=2):
            if all(table[profile][i] > table[tuple(1 - a if j == i else a for j, a in enumerate(profile))][i] for i in (0, 1)):
                expected = [[np.eye(2)[a]] for a in profile]
                found = module.log_tracing(game, expected, small)
                same([own[0] for own in found.strategies], [own[0] for own in expected], CLOSE)
                assert "given prior" in found.selection
    # with hardly any penalty: Harsanyi's procedure, which takes the risk-dominant equilibrium from a uniform prior
    for good, sure in ((9.0, 7.0), (9.0, 3.0)):
        hunt = repeated([[good, 0], [sure + 0.5, sure]], [[good, sure + 0.5], [0, sure]], 0.0)
        place = 0 if good - sure - 0.5 > sure else 1
        same(module.log_tracing(hunt, None, small).values, [[(good, sure)[place]] * 2], CLOSE)
    # expected to hunt with 95 of 100 both do so with 87 at first: too few for 9 against 8 or 7, so that the path turns back
    hunt = repeated([[9, 0], [8, 7]], [[9, 8], [0, 7]], 0.0)
    trusting = [[np.array([0.95, 0.05])]] * 2
    taus = [point.tau for point in islice(module._points(_tracing(module, hunt, trusting, small)), 40)]
    assert min(np.diff(taus)) < 0
    assert min(taus) >= -CONDITIONS
    same(module.log_tracing(hunt, trusting, small).values, [[7, 7]], CLOSE)
    game, seed = CASES[0]
    prior = drawn(game, seed, "lotteries")
    base = module.log_tracing(game, prior)
    other = StochasticGame.from_arrays(
        [np.flip(game.stage_payoffs(s), axis=-1).transpose(1, 0, 2) * [4.0, 0.5] - [3.0, 100.0] for s in range(2)],
        [game.stage_transitions(s).transpose(1, 0, 2) for s in range(2)],
        game.discount[::-1],
        start=1,
    )
    turned = module.log_tracing(other, prior[::-1])
    same(in_slots(game, base.strategies), in_slots(game, turned.strategies[::-1]), CLOSE)


def _what_is_refused(module: ModuleType) -> None:
    game = prisoners_dilemma()
    for prior, weights in (
        ([[[0.5, 0.4]], [[0.5, 0.5]]], None),
        ([[[0.5, 0.5]], [[1.0]]], None),
        ([[[0.5, 0.5]]], None),
        (None, [[[1.0, 0.0]], [[1.0, 1.0]]]),
        (None, [[[1.0, np.inf]], [[1.0, 1.0]]]),
        (None, [[[1.0]], [[1.0, 1.0]]]),
        (None, [[["heavy", 1.0]], [[1.0, 1.0]]]),
    ):
        with pytest.raises(GameError):
            module.log_tracing(game, prior, weights)
    with pytest.raises(ValueError, match="tolerance"):
        module.log_tracing(game, tolerance=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_POINTS", 2)
        with pytest.raises(UnsolvedError, match="too long"):
            module.log_tracing(game)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "tied_end", lambda *_: None)  # late points of the path are equilibria themselves
        same(module.log_tracing(game).values, [[1, 2]], CLOSE)
        patch.setattr(module, "accepted", lambda *_: None)  # nothing is returned that the checker refuses
        with pytest.raises(UnsolvedError):
            module.log_tracing(game)
