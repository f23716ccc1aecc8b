"""Two games with one fingerprint are the same game."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from leverage.game.form import compile_form
from leverage.game.stochastic_game import Floats, Measures, StochasticGame
from tests.dilemma import dilemma


def changed(game: StochasticGame, what: str) -> StochasticGame:
    """The game with one part of it changed by as little as a number can."""
    term, watched = game.terms[0], game.measures
    law = game.transitions.copy()
    law.data[0], law.data[1] = law.data[1], law.data[0]

    def up(array: Floats) -> Floats:
        moved = array.astype(np.float64)
        moved.flat[0] = np.nextafter(moved.flat[0], np.inf)
        return moved

    if what == "measures":
        return replace(game, measures=Measures(watched.events, watched.counts, watched.averages, (*watched.dates, 30.0)))
    if what == "averages":
        averages = {name: up(values) for name, values in watched.averages.items()}
        return replace(game, measures=Measures(watched.events, watched.counts, averages, watched.dates))
    parts: dict[str, dict[str, Any]] = {
        "payoffs": {"payoffs": up(game.payoffs)},
        "transitions": {"transitions": law},
        "discount": {"discount": up(game.discount)},
        "start": {"start": 1},
        "terms": {"terms": (replace(term, amount=up(term.amount)), *game.terms[1:])},
        "term's tag": {"terms": (replace(term, tag="using"), *game.terms[1:])},
        "players": {"players": ("x", *game.players[1:])},
        "unit": {"payoff_unit": "euros a month"},
    }
    return replace(game, **parts[what])


@pytest.mark.parametrize(
    "what",
    ["payoffs", "transitions", "discount", "start", "terms", "term's tag", "players", "unit", "measures", "averages"],
)
def test_any_difference_shows(what: str) -> None:
    form = compile_form(dilemma(overrides={"speed": 0.25}))
    assert form.at().fingerprint == form.at().fingerprint
    assert changed(form.at(), what).fingerprint != form.at().fingerprint
