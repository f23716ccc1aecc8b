"""Derivatives of outcomes against differences of `measure_outcomes`, closed forms, and ways that open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from leverage.analysis.outcome_derivatives import OutcomeDerivative, outcome_derivatives
from leverage.analysis.outcomes import measure_outcomes
from leverage.game.automaton import Automaton
from leverage.game.derivatives import Direction, FormDerivatives
from leverage.game.stochastic_game import Floats, Measures, PayoffTerm, StochasticGame
from tests.games import chain, gamblers_ruin, random_game

#: Differences of fourth order with this step miss derivatives of these chains by less than the last number of their size.
STEP, DIFFERENCES = 1e-4, 1e-7
EXACT = 1e-12


def directions(game: StochasticGame, count: int, seed: int = 0) -> FormDerivatives:
    """In general position in all of the game's numbers; nothing else than what is possible becomes possible."""
    random = np.random.default_rng(seed)
    law = random.random((count, game.transitions.nnz)) * game.transitions.data
    law -= game.transitions.data * np.add.reduceat(law, game.transitions.indptr[:-1], axis=1)[:, game.entry_row]
    terms = tuple(random.normal(size=(count, len(game.payoffs))) for _ in game.terms)
    payoffs = random.normal(size=(count, *game.payoffs.shape))
    return FormDerivatives(
        directions=tuple(Direction(f"p{d}", 0) for d in range(count)),
        probabilities=law,
        terms=terms,
        payoffs=payoffs,
        averages=tuple(random.normal(size=(count, game.n_states)) for _ in game.measures.averages),
        discount=random.normal(size=(count, game.n_players)) / 20,
        missing={},
    )


def only_law(game: StochasticGame, law: Sequence[Sequence[float]]) -> FormDerivatives:
    """Directions in which only the transition law changes, (D, E) in the order of the entries."""
    zero = directions(game, len(law))
    return replace(
        zero,
        probabilities=np.array(law, dtype=float),
        payoffs=np.zeros_like(zero.payoffs),
        terms=tuple(np.zeros_like(term) for term in zero.terms),
        averages=tuple(np.zeros_like(mean) for mean in zero.averages),
        discount=np.zeros_like(zero.discount),
    )


def moved(game: StochasticGame, derivatives: FormDerivatives, d: int, length: float) -> StochasticGame:
    law = game.transitions
    terms = tuple(
        replace(term, amount=term.amount + length * slope[d]) for term, slope in zip(game.terms, derivatives.terms, strict=True)
    )
    means = zip(game.measures.averages.items(), derivatives.averages, strict=True)
    measures = replace(game.measures, averages={name: level + length * slope[d] for (name, level), slope in means})
    return replace(
        game,
        payoffs=game.payoffs + length * derivatives.payoffs[d],
        transitions=sparse.csr_array(
            (law.data + length * derivatives.probabilities[d], law.indices, law.indptr), shape=law.shape
        ),
        discount=game.discount + length * derivatives.discount[d],
        terms=terms,
        measures=measures,
    )


def values_at(
    game: StochasticGame,
    strategies: Sequence[Floats],
    slopes: Sequence[Floats],
    derivatives: FormDerivatives,
    d: int,
    length: float,
) -> Floats:
    near = moved(game, derivatives, d, length)
    flat = [own + length * slope[:, d] for own, slope in zip(strategies, slopes, strict=True)]
    profile = [np.split(own, starts[1:-1]) for own, starts in zip(flat, game.choice_start, strict=True)]
    return np.array([outcome.value for outcome in measure_outcomes(Automaton.stationary(near, profile))])


def assert_differences_agree(
    game: StochasticGame, strategies: Sequence[Floats], slopes: Sequence[Floats], derivatives: FormDerivatives
) -> tuple[OutcomeDerivative, ...]:
    found = outcome_derivatives(game, strategies, slopes, derivatives)
    profile = [np.split(own, starts[1:-1]) for own, starts in zip(strategies, game.choice_start, strict=True)]
    outcomes = measure_outcomes(Automaton.stationary(game, profile))
    assert [(o.subject, o.quantity, o.unit) for o in found] == [(o.subject, o.quantity, o.unit) for o in outcomes]
    np.testing.assert_allclose([o.value for o in found], [o.value for o in outcomes], atol=1e-9, rtol=1e-9)
    for d in range(len(derivatives.directions)):
        at = {k: values_at(game, strategies, slopes, derivatives, d, k * STEP) for k in (-2, -1, 1, 2)}
        expected = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * STEP)
        own = np.array([outcome.derivative[d] for outcome in found])
        scale = np.array([outcome.scale for outcome in found])
        assert not any(outcome.missing[d] for outcome in found)
        np.testing.assert_allclose(own / scale, expected / scale, rtol=DIFFERENCES, atol=DIFFERENCES)
    return found


def measured(game: StochasticGame, seed: int) -> StochasticGame:
    """The game with terms, two events, a count and an average."""
    random, rows = np.random.default_rng(seed), len(game.payoffs)
    amounts = random.random((2, rows))
    terms = (PayoffTerm("gift", 0, "gain", "", amounts[0]), PayoffTerm("toll", 0, "cost", "using", amounts[1]))
    payoffs = game.payoffs.copy()
    payoffs[:, 0] = amounts[0] - amounts[1]
    states = np.arange(game.n_states)
    measures = Measures(
        events={"late": states == game.n_states - 1, "early": states <= 1},
        counts={"count": (random.random(game.transitions.nnz) < 0.4).astype(float)},
        averages={"level": random.random(game.n_states)},
        dates=(0, 1, 3.5, 8),
    )
    return replace(game, payoffs=payoffs, terms=terms, measures=measures, start=2, period_unit="month", period_length=2.0)


def some_play(game: StochasticGame, count: int, seed: int) -> tuple[list[Floats], list[Floats]]:
    """Strategies with all actions in use but for the last of some states, and changes of them that sum to 0."""
    random = np.random.default_rng(seed)
    strategies, slopes = [], []
    for starts in game.choice_start:
        own, change = np.zeros(starts[-1]), np.zeros((starts[-1], count))
        for s, (a, b) in enumerate(pairwise(starts)):
            used = b - a if s % 2 == 0 or b - a == 1 else b - a - 1
            own[a : a + used] = random.dirichlet(3 * np.ones(used))
            way = random.normal(size=(used, count))
            change[a : a + used] = own[a : a + used, None] * (way - own[a : a + used] @ way) / 5
        strategies.append(own)
        slopes.append(change)
    return strategies, slopes


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shape=st.sampled_from([((2, 3), 2), ((2, 2, 2), 3), ((3,), 1), ((2, 2), 1)]),
    states=st.integers(4, 6),
)
def test_all_outcomes_of_random_play_in_random_directions(seed: int, shape: tuple[tuple[int, ...], int], states: int) -> None:
    actions, reach = shape
    delta = tuple(np.random.default_rng(seed).uniform(0.3, 0.9, len(actions)))
    game = measured(random_game(seed, states=states, actions=actions, delta=delta, reach=reach), seed)
    assert_differences_agree(game, *some_play(game, 2, seed), directions(game, 2, seed))


def test_gamblers_ruin_in_closed_form() -> None:
    """From k of n at odds r = (1 - w) / w: h = (1 - r^k) / (1 - r^n). Rounds to riches by the slope of the closed form."""
    goal, fortune, win = 7, 3, 0.4
    game = gamblers_ruin(goal, fortune, Fraction(2, 5))
    up = np.where(game.transitions.indices == game.row_state[game.entry_row] + 1, 1.0, -1.0)
    up[np.isin(game.row_state[game.entry_row], [0, goal])] = 0.0
    ones = [np.ones(goal + 1)]
    found = outcome_derivatives(game, ones, [np.zeros((goal + 1, 1))], only_law(game, [up.tolist()]))
    table = {(each.subject, each.quantity): each for each in found}

    def chance(w: float) -> float:
        r = (1 - w) / w
        return (1 - r**fortune) / (1 - r**goal)

    def rounds(w: float) -> float:
        r = (1 - w) / w
        return (goal * (r**goal + 1) / (r**goal - 1) - fortune * (r**fortune + 1) / (r**fortune - 1)) / (1 - 2 * w)

    step = 1e-4
    for quantity, closed in (("chance ever", chance), ("periods to it, given it happens", rounds)):
        slope = (8 * (closed(win + step) - closed(win - step)) - closed(win + 2 * step) + closed(win - 2 * step)) / (12 * step)
        each = table["rich", quantity]
        assert each.value == pytest.approx(closed(win), rel=1e-10)
        assert each.derivative[0] == pytest.approx(slope, rel=1e-8)
    assert table["ruined", "chance ever"].derivative[0] == pytest.approx(-table["rich", "chance ever"].derivative[0], rel=1e-10)


def test_a_switch_in_closed_form() -> None:
    """On leaves with chance p, off with chance q: the share of time on is q / (p + q); values solve two equations."""
    p, q, delta = 0.2, 0.3, 0.8
    game = chain([[1 - p, p], [q, 1 - q]], [1.0, 0.0], delta=delta, averages={"on": [1, 0]}, counts={"off": [(0, 1)]})
    found = outcome_derivatives(game, [np.ones(2)], [np.zeros((2, 2))], only_law(game, [[-1, 1, 0, 0], [0, 0, 1, -1]]))
    table = {(each.subject, each.quantity): each.derivative for each in found}
    np.testing.assert_allclose(table["on", "average in the long run"], [-q / (p + q) ** 2, p / (p + q) ** 2], rtol=EXACT)
    np.testing.assert_allclose(
        table["off", "number a period in the long run"], [q**2 / (p + q) ** 2, p**2 / (p + q) ** 2], rtol=EXACT
    )
    below = 1 - delta + delta * (p + q)
    np.testing.assert_allclose(
        table["1", "payoff"],
        [-delta * (1 - delta + delta * q) / below**2, (delta * below - delta * (1 - delta + delta * q)) / below**2],
        rtol=EXACT,
    )


def test_several_recurrent_classes_periodic_ones_too() -> None:
    law: list[list[float]] = [
        [0.2, 0.3, 0.1, 0.4, 0, 0, 0],
        [0.5, 0, 0.2, 0, 0.3, 0, 0],
        [0, 0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0.3, 0.7],
        [0, 0, 0, 0, 0, 0.6, 0.4],
    ]
    base = chain(
        law, list(range(7)), events={"deal": [2], "turn": [4]}, counts={"turn": [(3, 4)]}, averages={"x": range(7)}, dates=(2, 5)
    )
    # states 5 and 6 are entered with a chance that was taken from the step from 0 to itself
    law[0][0], law[0][5] = 0.1, 0.1
    game = chain(
        law, list(range(7)), events={"deal": [2], "turn": [4]}, counts={"turn": [(3, 4)]}, averages={"x": range(7)}, dates=(2, 5)
    )
    for each in (base, game):
        assert_differences_agree(each, [np.ones(7)], [np.zeros((7, 3))], directions(each, 3, 5))


def test_an_event_that_holds_at_the_start_or_never_comes() -> None:
    game = chain([[0.5, 0.5], [0.0, 1.0]], events={"there": [0], "gone": []}, dates=(3,))
    found = outcome_derivatives(game, [np.ones(2)], [np.zeros((2, 1))], only_law(game, [[-1, 1, 0]]))
    table = {(each.subject, each.quantity): (each.value, each.derivative[0]) for each in found}
    assert table["there", "chance by 3 periods"] == (1.0, 0.0)
    assert table["there", "chance ever"] == (1.0, 0.0)
    assert table["there", "periods to it, given it happens"] == (0.0, 0.0)
    assert table["gone", "chance ever"] == (0.0, 0.0)
    assert all(math.isnan(x) for x in table["gone", "periods to it, given it happens"])


# --- ways that open ------------------------------------------------------------------------------------------------------


def stored(law: Sequence[Sequence[float]], entries: Sequence[Sequence[int]]) -> StochasticGame:
    """A chain with the given entries stored, chances of 0 among them; it starts in state 0, event and average are state 2."""
    base = chain(law, [0.0] * len(law))
    rows = [np.array(own) for own in entries]
    data = np.concatenate([np.array(law[s], dtype=float)[own] for s, own in enumerate(rows)])
    indptr = np.concatenate([[0], np.cumsum([len(own) for own in rows])])
    size = len(law)
    event = np.arange(size) == 2
    return replace(
        base,
        transitions=sparse.csr_array((data, np.concatenate(rows), indptr), shape=(size, size)),
        measures=Measures(events={"deal": event}, averages={"deal": event.astype(float)}, dates=(2, 3)),
    )


def test_a_way_that_opens_from_a_state_that_play_leaves_counts() -> None:
    """0 goes to 1 for sure, where play stays; the direction opens a way from 0 to 2, the deal."""
    game = stored([[0, 1, 0], [0, 1, 0], [0, 0, 1]], [[1, 2], [1], [2]])
    found = outcome_derivatives(game, [np.ones(3)], [np.zeros((3, 1))], only_law(game, [[-1, 1, 0, 0]]))
    for each in found:
        assert not each.missing.any()
        if each.subject == "deal" and each.quantity.startswith("chance"):
            assert (each.value, each.derivative[0]) == (0.0, 1.0)
        if each.quantity == "average in the long run":
            assert each.derivative[0] == 1.0


def test_a_way_that_opens_two_steps_ahead_counts_by_its_date() -> None:
    """The state to which it leads is reached in no other way: 0 to 1 opens, 1 goes to 2."""
    game = stored([[1, 0, 0], [0, 0, 1], [0, 0, 1]], [[0, 1], [2], [2]])
    found = outcome_derivatives(game, [np.ones(3)], [np.zeros((3, 1))], only_law(game, [[-1, 1, 0, 0]]))
    table = {each.quantity: each for each in found if each.subject == "deal"}
    # from 0, where play stays: by period 2 one way of getting there in time, by period 3 two
    assert table["chance by 2 periods"].derivative[0] == 1.0
    assert table["chance by 3 periods"].derivative[0] == 2.0
    # in the long run the deal is sure once the way is open, however narrow it is
    assert table["chance ever"].missing[0]
    assert table["average in the long run"].missing[0]
    assert not table["chance by 3 periods"].missing[0]


def test_only_the_direction_that_opens_the_way_has_no_derivative() -> None:
    game = stored([[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]], [[0, 1], [1, 2], [2]])
    found = outcome_derivatives(game, [np.ones(3)], [np.zeros((3, 2))], only_law(game, [[0, 0, -1, 1, 0], [1, -1, 0, 0, 0]]))
    table = {each.quantity: each for each in found if each.subject == "deal"}
    assert table["chance ever"].missing.tolist() == [True, False]
    assert table["average in the long run"].missing.tolist() == [True, False]


def test_a_way_that_opens_to_where_the_event_cannot_follow_does_no_harm_to_it() -> None:
    """Play stays in 1 for ever; a way from there to 3, where it stays as well, opens: the deal's chance is what it was."""
    law: list[list[float]] = [[0, 0.5, 0.5, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    game = stored(law, [[1, 2], [1, 3], [2], [3]])
    found = outcome_derivatives(game, [np.ones(4)], [np.zeros((4, 1))], only_law(game, [[0, 0, -1, 1, 0, 0]]))
    table = {each.quantity: each for each in found if each.subject == "deal"}
    assert not table["chance ever"].missing[0]
    assert table["chance ever"].derivative[0] == 0.0
    assert table["average in the long run"].missing[0]


def test_ways_out_of_states_that_play_never_meets_do_no_harm() -> None:
    game = stored([[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], [[1], [1], [2], [2, 3]])
    found = outcome_derivatives(game, [np.ones(4)], [np.zeros((4, 1))], only_law(game, [[0, 0, 0, 1, -1]]))
    assert not any(each.missing.any() for each in found)
