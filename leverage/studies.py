"""Studies of Markov play beside the main run: each takes a scenario and gives a printed page and tidy tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from leverage.analysis.equilibria import measured_equilibria
from leverage.analysis.noise import noisy_path
from leverage.errors import UnsolvedError
from leverage.game.form import compile_form
from leverage.output.equilibria import equilibria_text
from leverage.output.facts import Page
from leverage.output.frames import Run, equilibria_frame, play_frame
from leverage.output.noise import noise_frame, noise_text
from leverage.scenario.scenario import Scenario
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.multiplicity import FULL_STARTS, find_equilibria

if TYPE_CHECKING:
    import pandas as pd

#: Called with a phrase when a step of a study begins.
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Study:
    """What a study found.

    text: the printed page. tables: by the name of their file. facts: for the manifest. unsolved: what has no certified answer, in
    sentences; `complete` is False if there is any.
    """

    scenario: Scenario
    text: str
    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any]
    unsolved: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.unsolved


def _nothing(phrase: str) -> None:
    """Tell nobody."""


def equilibria_study(scenario: Scenario, *, starts: int = FULL_STARTS, progress: Progress = _nothing) -> Study:
    """All Markov equilibria that a full search finds; see `find_equilibria`.

    Tables: `equilibria`, one row a fact; `equilibria_play`, the chance of each action in each state.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        progress("compiling the game")
        game = compile_form(scenario).at()
        progress("searching for Markov equilibria")
        found = find_equilibria(game, starts=starts)
        progress("measuring outcomes")
        markov = measured_equilibria(game, found)
    run = Run(scenario=scenario, game=game, plays=(), unsolved=(), markov=markov)
    tables = {"equilibria": equilibria_frame(scenario, markov), "equilibria_play": play_frame(scenario, markov)}
    facts = {
        "complete": found.complete,
        "complete_pure": found.complete_pure,
        "searches": found.searches,
        "notes": list(found.notes),
        "certificates": {str(k): each.solution.certificate for k, each in enumerate(found.equilibria, 1)},
    }
    unsolved = () if found.selected else tuple(found.notes[:1])
    return Study(scenario, equilibria_text(run), tables, facts, unsolved)


def noise_study(scenario: Scenario, precisions: Sequence[float] | None = None, *, progress: Progress = _nothing) -> Study:
    """Noisy play from random play to best play; see `logit_path`.

    precisions: 1 / payoff, at least 0 each (default: from 0 until play is near its limit). Table: `noisy_play`, one row a fact.
    Raises ValueError for a precision that is none.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        progress("compiling the game")
        game = compile_form(scenario).at()
        progress("solving: Markov perfect")
        try:
            selected = markov_perfect(game)[0]
        except UnsolvedError:
            selected = None
        progress("walking from random play to best play")
        path = noisy_path(game, precisions, selected)
    distances = {f"{play.precision:g}": play.distance for play in path.plays if math.isfinite(play.precision)}
    facts = {"complete": not path.lost, "distance_from_logit_response": distances, "limit_is_selected": path.selected}
    page = Page(scenario, game)
    unsolved = (path.lost,) if path.lost else ()
    return Study(scenario, noise_text(page, path), {"noisy_play": noise_frame(scenario, path)}, facts, unsolved)
