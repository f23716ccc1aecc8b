"""Shapley values and interactions of set functions: the axioms, a plain twin over all orders of joining, bounds, sampling."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverage.analysis.figure import Figure
from leverage.analysis.shapley import MOST_EXACT, Coalition, Worth, coalitions, joint_effect

FEW = settings(max_examples=40, deadline=None)
NAMES = ("ann", "bob", "cat", "dan", "eve")
SIZES = st.integers(1, 5)
SEEDS = st.integers(0, 10_000)


def random_worth(members: Sequence[str], seed: int, width: float = 0.0) -> Worth:
    """A worth for each coalition, the empty one included, with bounds that need not be symmetric."""
    random = np.random.default_rng(seed)
    table = {}
    for coalition in coalitions(sorted(members)):
        value, below, above = random.normal(), random.random(), random.random()
        table[coalition] = Figure(value, value - width * below, value + width * above)
    return table.__getitem__


def exact(worth: Worth, coalition: Coalition) -> float:
    return worth(coalition).value


def slow_values(members: Sequence[str], worth: Worth) -> dict[str, float]:
    """Shapley (1953): what each adds on joining, the mean over all orders."""
    orders = list(itertools.permutations(members))
    total = dict.fromkeys(members, 0.0)
    for order in orders:
        for k, member in enumerate(order):
            before = frozenset(order[:k])
            total[member] += exact(worth, before | {member}) - exact(worth, before)
    return {member: total[member] / len(orders) for member in members}


def slow_interaction(members: Sequence[str], pair: tuple[str, str], worth: Worth) -> float:
    """The second difference at whoever is there before the two join as one, the mean over all orders."""
    i, j = pair
    blocks = [(each,) for each in members if each not in pair] + [pair]
    orders = list(itertools.permutations(blocks))
    total = 0.0
    for order in orders:
        before = frozenset(itertools.chain(*order[: order.index(pair)]))
        both, one = exact(worth, before | {i, j}), exact(worth, before | {i})
        total += both - one - exact(worth, before | {j}) + exact(worth, before)
    return total / len(orders)


@FEW
@given(SIZES, SEEDS)
def test_a_plain_twin_over_all_orders_agrees(size: int, seed: int) -> None:
    members = NAMES[:size]
    worth = random_worth(members, seed)
    found = joint_effect(members, worth)
    slow = slow_values(members, worth)
    for member in members:
        assert found.values[member].value == pytest.approx(slow[member], abs=1e-12)
    assert set(found.interaction) == set(itertools.combinations(members, 2))
    for pair, figure in found.interaction.items():
        assert figure.value == pytest.approx(slow_interaction(members, pair, worth), abs=1e-12)


@FEW
@given(SIZES, SEEDS)
def test_values_sum_to_the_whole(size: int, seed: int) -> None:
    worth = random_worth(NAMES[:size], seed)
    found = joint_effect(NAMES[:size], worth)
    whole = exact(worth, frozenset(NAMES[:size])) - exact(worth, frozenset())
    assert sum(figure.value for figure in found.values.values()) == pytest.approx(whole, abs=1e-12)
    assert found.total.value == pytest.approx(whole, abs=1e-12)


@FEW
@given(SEEDS)
def test_who_adds_nothing_gets_nothing_and_interacts_with_nobody(seed: int) -> None:
    inner = random_worth(NAMES[:3], seed)
    found = joint_effect(NAMES[:4], lambda s: inner(s - {"dan"}))
    assert found.values["dan"].value == pytest.approx(0, abs=1e-12)
    assert all(abs(figure.value) < 1e-12 for pair, figure in found.interaction.items() if "dan" in pair)


@FEW
@given(SEEDS)
def test_who_is_interchangeable_gets_the_same(seed: int) -> None:
    inner = random_worth(("ann", "cat", "dan", "both"), seed)

    def worth(s: Coalition) -> Figure:
        rest = s - {"ann", "bob"}
        return inner(rest | ({"both", "ann"} if {"ann", "bob"} <= s else {"ann"} if s & {"ann", "bob"} else frozenset()))

    found = joint_effect(NAMES[:4], worth)
    assert found.values["ann"].value == pytest.approx(found.values["bob"].value, abs=1e-12)
    assert found.interaction[("ann", "cat")].value == pytest.approx(found.interaction[("bob", "cat")].value, abs=1e-12)


@FEW
@given(SIZES, SEEDS, SEEDS)
def test_the_value_of_a_sum_is_the_sum_of_values(size: int, seed: int, other: int) -> None:
    members = NAMES[:size]
    first, second = random_worth(members, seed), random_worth(members, other)
    both = joint_effect(members, lambda s: first(s) + second(s))
    one, two = joint_effect(members, first), joint_effect(members, second)
    for member in members:
        assert both.values[member].value == pytest.approx(one.values[member].value + two.values[member].value, abs=1e-12)
    for pair, figure in both.interaction.items():
        assert figure.value == pytest.approx(one.interaction[pair].value + two.interaction[pair].value, abs=1e-12)


def test_two_complements_have_equal_values_and_the_whole_in_the_interaction() -> None:
    found = joint_effect(("left", "right"), lambda s: Figure.exact(6.0 if len(s) == 2 else 0.0))
    assert found.values == {"left": Figure.exact(3.0), "right": Figure.exact(3.0)}
    assert found.interaction == {("left", "right"): Figure.exact(6.0)}


@FEW
@given(SIZES, SEEDS)
def test_bounds_are_reached_by_some_set_function_between_the_worths_bounds_and_by_none_passed(size: int, seed: int) -> None:
    """The answer is linear in each worth, so its extremes are at ends of the worths' intervals."""
    members = NAMES[:size]
    worth = random_worth(members, seed, width=0.5)
    found = joint_effect(members, worth)
    random = np.random.default_rng(seed)
    for _ in range(20):
        inside = {s: Figure.exact(random.uniform(worth(s).low, worth(s).high)) for s in coalitions(members)}
        other = joint_effect(members, inside.__getitem__)
        for member in members:
            assert found.values[member].low - 1e-12 <= other.values[member].value <= found.values[member].high + 1e-12
    member = members[0]
    top = {s: Figure.exact(worth(s).high if member in s else worth(s).low) for s in coalitions(members)}
    assert joint_effect(members, top.__getitem__).values[member].value == pytest.approx(found.values[member].high, abs=1e-12)


def test_a_worth_that_is_undefined_makes_what_needs_it_undefined() -> None:
    def worth(s: Coalition) -> Figure:
        return Figure.missing("undefined", "no game") if s == {"ann"} else Figure.exact(len(s))

    found = joint_effect(NAMES[:2], worth)
    assert found.values["bob"].standing == found.interaction[("ann", "bob")].standing == "undefined"
    assert found.values["bob"].reason == "no game"
    assert found.total == Figure.exact(2.0)


def test_each_worth_is_asked_for_once() -> None:
    asked: list[Coalition] = []

    def worth(s: Coalition) -> Figure:
        asked.append(s)
        return Figure.exact(0.0)

    joint_effect(NAMES[:4], worth)
    assert len(asked) == len(set(asked)) == 16


# --- sampling --------------------------------------------------------------------------------------------------------

MANY = tuple(f"m{k}" for k in range(MOST_EXACT + 1))


def pairs_and_singles(seed: int) -> tuple[Worth, dict[str, float]]:
    """A set function of single and pairwise contributions; the value of each is its own and half of its pairs'."""
    random = np.random.default_rng(seed)
    alone = dict(zip(MANY, random.normal(size=len(MANY)), strict=True))
    pairs = {pair: random.normal() for pair in itertools.combinations(MANY, 2)}

    def worth(s: Coalition) -> Figure:
        return Figure.exact(sum(alone[m] for m in sorted(s)) + sum(v for pair, v in pairs.items() if set(pair) <= s))

    return worth, {m: alone[m] + sum(v for pair, v in pairs.items() if m in pair) / 2 for m in MANY}


def test_sampled_values_lie_within_their_stated_error_about_as_often_as_said() -> None:
    inside = tried = 0
    for seed in range(12):
        worth, truth = pairs_and_singles(seed)
        found = joint_effect(MANY, worth, orders=30, seed=seed)
        inside += sum(found.values[m].low <= truth[m] <= found.values[m].high for m in MANY)
        tried += len(MANY)
    assert 0.9 <= inside / tried < 1  # 95 % are said; more would be no error but idle width


def test_sampled_values_sum_to_the_whole_and_say_how_they_were_drawn() -> None:
    worth, _ = pairs_and_singles(1)
    found = joint_effect(MANY, worth, orders=10, seed=3)
    assert sum(figure.value for figure in found.values.values()) == pytest.approx(found.total.value)
    assert found.method == "10 orders drawn, seed 3"
    assert not found.interaction


def test_sampling_depends_on_the_seed_and_not_on_the_order_of_members() -> None:
    worth, _ = pairs_and_singles(2)
    found = joint_effect(MANY, worth, orders=10)
    assert joint_effect(MANY[::-1], worth, orders=10).values == found.values
    assert joint_effect(MANY, worth, orders=10, seed=1).values != found.values


def test_bounds_of_worths_widen_the_sampled_error() -> None:
    worth, _ = pairs_and_singles(4)
    sharp = joint_effect(MANY, worth, orders=10)
    wide = joint_effect(MANY, lambda s: Figure.within(worth(s).value, 0.1), orders=10)
    for m in MANY:
        assert wide.values[m].high == pytest.approx(sharp.values[m].high + 0.2)
        assert wide.values[m].low == pytest.approx(sharp.values[m].low - 0.2)
