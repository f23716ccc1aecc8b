"""Equilibrium sets that were solved before: a parameter that a world does not read leaves its game, and its sets, as they are."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.equilibrium_set import EquilibriumSet
from leverage.solvers.payoff_bounds import PayoffBounds

Sets = EquilibriumSet | PayoffBounds


@dataclass(eq=False)
class KnownSets:
    """The sets of the last `most` games, found again by the games' numbers. What is kept is what would be solved again."""

    most: int = 24
    _known: OrderedDict[tuple[str, str, float], Sets] = field(default_factory=OrderedDict, repr=False)

    def of(self, game: StochasticGame, untempted: str, tolerance: float, solve: Callable[[], Sets]) -> Sets:
        """The sets of a game, from `solve` unless they are known. untempted, tolerance: what else they hang on."""
        key = (fingerprint(game), untempted, tolerance)
        if key not in self._known:
            self._known[key] = solve()
        self._known.move_to_end(key)
        if len(self._known) > self.most:
            self._known.popitem(last=False)
        return of_game(self._known[key], game)


def fingerprint(game: StochasticGame) -> str:
    """A digest of all that play and its equilibria hang on: who can do what where, payoffs, law, patience, start."""
    digest = hashlib.sha256(repr((game.states, game.actions, game.start)).encode())
    law = game.transitions
    for part in (game.payoffs, game.discount, law.indptr, law.indices, law.data):
        digest.update(part.tobytes())
    return digest.hexdigest()


def of_game(sets: Sets, game: StochasticGame) -> Sets:
    """The sets told of a game that is played alike, which may measure other things."""
    if sets.game is game:
        return sets
    machine = None if sets.machine is None else replace(sets.machine, game=game)
    return replace(sets, game=game, machine=machine)
