"""Masks: what is no list of truth values, one for each action of each player in each state, is refused by all who take masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from leverage.errors import GameError
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.equilibrium_set import equilibrium_set
from leverage.solvers.payoff_bounds import payoff_bounds
from leverage.solvers.set_form import row_mask

#: One state; the first player has one action, the second two.
GAME = StochasticGame.from_arrays([[[[1.0, 0.0], [0.0, 2.0]]]], [[[[1.0], [1.0]]]], 0.5)
NOT_TRUTH_VALUES = "player 2 needs 2 truth values in state 1, one for each action"
WRONG: dict[str, tuple[Sequence[Sequence[Any]], str]] = {
    "no state": ([], "one list of 2 masks is needed for each of the 1 states"),
    "two states": ([[[True], [True, True]]] * 2, "one list of 2 masks"),
    "one player": ([[[True]]], "one list of 2 masks"),
    "three players": ([[[True], [True, True], [True]]], "one list of 2 masks"),
    "an action too few": ([[[True], [True]]], NOT_TRUTH_VALUES),
    "an action too many": ([[[True], [True, True, True]]], NOT_TRUTH_VALUES),
    "a table": ([[[True], [[True, True]]]], NOT_TRUTH_VALUES),
    "numbers 0 and 1": ([[[True], [0, 1]]], NOT_TRUTH_VALUES),
    "numbers of actions": ([[[True], np.array([1, 2])]], NOT_TRUTH_VALUES),
    "words": ([[[True], ["yes", ""]]], NOT_TRUTH_VALUES),
    "nothing": ([[[True], [None, True]]], NOT_TRUTH_VALUES),
}
TAKERS: dict[str, Callable[[str, Any], object]] = {
    "one mask": lambda name, mask: [row_mask(GAME, mask, i, name) for i in range(2)],
    "equilibrium set": lambda name, mask: equilibrium_set(GAME, **{name: mask}),
    "payoff bounds": lambda name, mask: payoff_bounds(GAME, **{name: mask}),
}


@pytest.mark.parametrize("taker", TAKERS.values(), ids=TAKERS)
@pytest.mark.parametrize("name", ["prescribable", "deviation"])
@pytest.mark.parametrize(("mask", "message"), WRONG.values(), ids=WRONG)
def test_what_is_no_mask_is_refused_with_its_name_and_place(
    taker: Callable[[str, Any], object], name: str, mask: Sequence[Sequence[Any]], message: str
) -> None:
    with pytest.raises(GameError, match=f"^{name}: {message}"):
        taker(name, mask)


def test_lists_and_arrays_of_truth_values_are_masks_and_no_mask_allows_everything() -> None:
    for mask in ([[[True], [False, True]]], [[np.array([True]), np.array([False, True])]]):
        assert row_mask(GAME, mask, 0, "deviation").tolist() == [True, True]
        assert row_mask(GAME, mask, 1, "deviation").tolist() == [False, True]
    assert row_mask(GAME, None, 1, "deviation").tolist() == [True, True]
