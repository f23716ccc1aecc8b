"""All that is solved at one parameter point, in every world of the scenario: each game once, each answer when it is asked for."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from leverage.analysis.proved_sets import Sets, bounded, proved, run_tolerance
from leverage.analysis.selections import Chosen, agreed, end_of_range, extreme, markov, nothing, played
from leverage.analysis.strength import Continued, continued, not_followed, point_limits
from leverage.analysis.worlds import Machines, World, Worlds
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Integers, StochasticGame
from leverage.scenario.claims import Selection
from leverage.scenario.scenario import Scenario
from leverage.solvers.best_reply import answered, reply_rule
from leverage.solvers.declared import PairVerdict, judge_plan
from leverage.solvers.equilibrium_set import EquilibriumSet
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.multiplicity import Multiplicity, find_equilibria
from leverage.solvers.payoff_bounds import PayoffBounds
from leverage.solvers.solution import Solution
from leverage.solvers.sustainable_path import PathVerdict, sustainable_path
from leverage.solvers.taxed_action import Taxed, tax_away

#: Gaps to ask for one after the other while an answer cannot be told, fractions of the payoff range.
LADDER = (5e-2, 1e-2, 2e-3)

#: Gaps that agree in so many digits after the point are the same.
DIGITS = 12

Answer = TypeVar("Answer")


@dataclass(eq=False)
class Point:
    """One parameter point of a scenario.

    values: name -> value. tolerance: the gap asked of equilibrium sets, a fraction of the payoff range. solves: how often each
    kind of solver was called, shared by points that a caller counts together. closely: the game as it stands, all instruments
    there, is solved as closely as a run shows it (`run_tolerance`) where that is closer.

    Every method keeps what it found. `removed` names the instruments that the world lacks; `untempted`: an instrument whose
    action stays prescribable while nobody may deviate to it.
    """

    worlds: Worlds
    values: Mapping[str, float]
    tolerance: float = LADDER[0]
    solves: Counter[str] = field(default_factory=Counter)
    closely: bool = False
    _known: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)

    def with_tolerance(self, tolerance: float) -> Point:
        """The same point with another gap asked for; all that does not hang on the gap is shared."""
        return replace(self, tolerance=tolerance)

    @property
    def scenario(self) -> Scenario:
        return self.worlds.base

    def _once(self, key: tuple[Any, ...], solve: Callable[[], Answer]) -> Answer:
        if key not in self._known:
            self._known[key] = solve()
        found: Answer = self._known[key]
        return found

    def _counted(self, kind: str, key: tuple[Any, ...], solve: Callable[[], Answer]) -> Answer:
        def counted() -> Answer:
            self.solves[kind] += 1
            return solve()

        return self._once((kind, *key), counted)

    # --- games -----------------------------------------------------------------------------------------------------

    def world(self, removed: Sequence[str] = ()) -> World:
        return self.worlds.without(*removed)

    def game(self, removed: Sequence[str] = ()) -> StochasticGame:
        """Everybody free to act."""
        world = self.world(removed)
        return self._once(("game", world.removed), lambda: world.game(self.values))

    def machines(self, removed: Sequence[str] = ()) -> Machines:
        """The named strategies in this world's game."""
        world = self.world(removed)
        return self._once(("machines", world.removed), lambda: world.machines(self.game(removed), self.values))

    def bound_game(self, removed: Sequence[str] = ()) -> StochasticGame:
        """The game that is solved for equilibria: who is bound follows its strategy."""
        world = self.world(removed)
        if not world.bound:
            return self.game(removed)
        return self._once(("bound", world.removed), lambda: world.bound_game(self.game(removed), self.machines(removed)))

    # --- solutions -------------------------------------------------------------------------------------------------

    def give(
        self,
        sets: Sets | None = None,
        markov: Solution | None = None,
        game: StochasticGame | None = None,
    ) -> None:
        """Use what was made elsewhere for this very point.

        sets : of the game as it stands; they answer for their own gap and coarser ones, and at a point that is solved `closely`
            for all: there they are those of a run. game : compiled by this point's world.

        Raises GameError where something was solved for another game.
        """
        if game is not None:
            self._known.setdefault(("game", ()), game)
        if sets is not None:
            self._known[("given sets",)] = _of_game(sets, self._same(sets.game))
        if markov is not None:
            plan = replace(markov.plan, game=self._same(markov.plan.game))
            self._known[("markov", ())] = replace(markov, plan=plan)

    def _same(self, given: StochasticGame) -> StochasticGame:
        """This point's game, which may measure more than the given one but is played alike."""
        game = self.game()
        alike = game.states == given.states and game.actions == given.actions and game.start == given.start
        if not alike or any(
            not np.array_equal(a, b)
            for a, b in (
                (game.payoffs, given.payoffs),
                (game.discount, given.discount),
                (game.transitions.indices, given.transitions.indices),
                (game.transitions.data, given.transitions.data),
            )
        ):
            raise GameError("what was solved is another game than this point's")
        return game

    def sets(self, removed: Sequence[str] = (), untempted: str = "") -> Sets:
        """All credible play: polygons for two players, ranges for more. Raises UnsolvedError for a player alone."""
        as_it_stands = not self.world(removed).removed and not untempted
        given: Sets | None = self._known.get(("given sets",)) if as_it_stands else None
        if given is not None and (self.closely or given.gap <= self.tolerance * given.game.payoff_range):
            return given
        gap = min(self.tolerance, run_tolerance(self.game())) if self.closely and as_it_stands else self.tolerance

        def solve(gap: float, known: Sequence[Integers]) -> Sets:
            return self._sets_within(gap, removed, untempted, known)

        return proved(solve, gap, lambda: self.markov_search(removed))

    def _sets_within(self, gap: float, removed: Sequence[str], untempted: str, known: Sequence[Integers]) -> Sets:
        key = ("sets", self.world(removed).removed, untempted, round(gap, DIGITS), bool(known))
        return self._once(key, lambda: self._solved_sets(gap, removed, untempted, known))

    def _solved_sets(self, gap: float, removed: Sequence[str], untempted: str, known: Sequence[Integers]) -> Sets:
        """Solved, or what another point or world with the very same game was solved for."""
        game = self.bound_game(removed)
        if game.n_players < 2:
            raise UnsolvedError("credible play is a matter between players; here is one")

        def solve() -> Sets:
            self.solves["sets"] += 1
            mask = self._not_tempted(game, untempted) if untempted else None
            return bounded(game, gap, mask, known)

        return _of_game(self.worlds.shared((game.fingerprint, untempted, round(gap, DIGITS), bool(known)), solve), game)

    def _not_tempted(self, game: StochasticGame, instrument: str) -> list[list[np.ndarray[Any, np.dtype[np.bool_]]]]:
        """deviation[s][i]: all actions but the instrument's."""
        chosen = self.scenario.instrument(instrument)
        kept = {name: name not in chosen.without.forbid for own in game.actions for labels in own for name in labels}
        return [[np.array([kept[name] for name in labels]) for labels in own] for own in game.actions]

    def markov(self, removed: Sequence[str] = ()) -> Solution:
        """The point prediction. Raises UnsolvedError."""
        return self._tried("markov", (self.world(removed).removed,), lambda: markov_perfect(self.bound_game(removed))[0])

    def continued(self, instrument: str) -> Continued:
        """What the Markov equilibrium that is selected with an instrument turns into as the instrument loses its strength."""
        return self._counted("continuations", (instrument,), lambda: self._continued(instrument))

    def _continued(self, instrument: str) -> Continued:
        chosen = self.scenario.instrument(instrument)
        try:
            selected = self.markov((instrument,))
        except UnsolvedError:
            selected = None
        try:
            found = self.markov()
        except UnsolvedError as error:
            return not_followed(len(self.scenario.players), f"there is no equilibrium with it to begin from ({error})", selected)
        return continued(found, chosen, self.world((instrument,)), self.values, selected, tax=self._taxed)

    def _taxed(self, forbidden: frozenset[str]) -> Taxed:
        """The branch along which actions are taxed away; instruments that forbid the same share it. Raises GameError."""
        most, _ = point_limits(self.game())
        return self._once(("taxed", forbidden), lambda: tax_away(self.markov(), forbidden, most_points=most))

    def _tried(self, kind: str, key: tuple[Any, ...], solve: Callable[[], Answer]) -> Answer:
        """A solution, or the same failure each time it is asked for."""

        def tried() -> Answer | UnsolvedError:
            try:
                return solve()
            except UnsolvedError as error:
                return error

        found = self._counted(kind, key, tried)
        if isinstance(found, UnsolvedError):
            raise found
        return found

    def markov_equilibria(self, removed: Sequence[str] = ()) -> tuple[Solution, ...]:
        """All Markov equilibria that a short search finds, the selected one first."""
        return tuple(each.solution for each in self.markov_search(removed).equilibria)

    def markov_search(self, removed: Sequence[str] = ()) -> Multiplicity:
        """The short search for Markov equilibria, with what is known about its being complete."""
        key = (self.world(removed).removed,)
        return self._counted("equilibria", key, lambda: find_equilibria(self.bound_game(removed), short=True))

    # --- play ------------------------------------------------------------------------------------------------------

    def chosen(
        self, selection: Selection, strategies: Sequence[str] = (), removed: Sequence[str] = (), untempted: str = ""
    ) -> Chosen:
        """Play under a selection, or of named strategies whatever the selection; who is not named then replies best."""
        key = (selection, tuple(strategies), self.world(removed).removed, untempted, self.tolerance)
        return self._once(("chosen", *key), lambda: self._chosen(selection, strategies, removed, untempted))

    def _chosen(self, selection: Selection, strategies: Sequence[str], removed: Sequence[str], untempted: str) -> Chosen:
        names = strategies or selection.strategies
        try:
            if names:
                return self.of_strategies(names, removed)
            return self._of_selection(selection, removed, untempted)
        except UnsolvedError as error:
            return nothing(len(self.scenario.players), str(error))

    def _of_selection(self, selection: Selection, removed: Sequence[str], untempted: str) -> Chosen:
        phrase = selection.phrase
        if phrase in ("Markov equilibrium", "every equilibrium found"):
            if untempted:
                return nothing(len(self.scenario.players), "channels are told apart for sets of equilibria, not for a Markov one")
            return markov(self.markov(removed))
        if phrase == "best reply of":
            return nothing(len(self.scenario.players), f"'{phrase} {selection.names[0]}' replies to a named strategy: name one")
        sets = self.sets(removed, untempted)
        if phrase == "bargaining point":
            if isinstance(sets, PayoffBounds):
                return nothing(sets.game.n_players, "bargaining points are for two players")
            return agreed(sets)
        player = self.scenario.vocabulary.player_names.index(selection.names[0])
        side = 1 if phrase == "best for" else -1
        return end_of_range(sets, player, side) if isinstance(sets, PayoffBounds) else extreme(sets, player, side)

    def every(self, selection: Selection, strategies: Sequence[str] = (), removed: Sequence[str] = ()) -> tuple[Chosen, ...]:
        """All play that a selection stands for: several for 'every equilibrium found', one for any other."""
        if selection.phrase != "every equilibrium found" or strategies:
            return (self.chosen(selection, strategies, removed),)
        key = ("every", self.world(removed).removed)
        found = self._once(key, lambda: tuple(map(markov, self.markov_equilibria(removed))))
        return found or (nothing(len(self.scenario.players), "no Markov equilibrium was found"),)

    def of_strategies(self, names: Sequence[str], removed: Sequence[str] = ()) -> Chosen:
        """Named strategies, at most one a player; one player that is not named replies as suits it best."""
        return self._once(
            ("pair", self._assignment(names), self.world(removed).removed), lambda: self._of_strategies(names, removed)
        )

    def _of_strategies(self, names: Sequence[str], removed: Sequence[str]) -> Chosen:
        count = len(self.scenario.players)
        plan, replier, reason = self.profile(names, removed)
        if plan is None:
            return nothing(count, reason)
        if replier is None:
            return played(plan, "as declared")
        self.solves["replies"] += 1
        return played(answered(plan, replier), reply_rule(plan.game.players[replier]))

    def profile(self, names: Sequence[str], removed: Sequence[str] = ()) -> tuple[Automaton | None, int | None, str]:
        """The automaton of named strategies, the player that is left to reply (if any), and why there is none."""
        key = ("profile", self._assignment(names), self.world(removed).removed)
        return self._once(key, lambda: self._profile(names, removed))

    def _profile(self, names: Sequence[str], removed: Sequence[str]) -> tuple[Automaton | None, int | None, str]:
        world, machines = self.world(removed), self.machines(removed)
        chosen = {**self.assigned(names), **world.bound}
        for player, name in sorted(chosen.items()):
            if name not in machines.own[player]:
                where = f" without {' and '.join(world.removed)}" if world.removed else ""
                return None, None, f"'{name}' is undefined{where}: {machines.undefined.get(name, 'it is not theirs')}"
        left = [player for player in range(len(machines.own)) if player not in chosen]
        if len(left) > 1 or not chosen:
            return None, None, f"{len(left)} players are left without a strategy: name more"
        return world.joined(machines, chosen), (left[0] if left else None), ""

    def assigned(self, names: Sequence[str]) -> dict[int, str]:
        """Who plays which of the named strategies: the first in the order of players where several have one of that name.

        A name that is empty stands for a player who is left to reply.
        """
        own = [{strategy.name for strategy in each} for each in self.scenario.strategies]
        for players in itertools.permutations(range(len(own)), len(names)):
            if all(not name or name in own[player] for player, name in zip(players, names, strict=True)):
                return {player: name for player, name in zip(players, names, strict=True) if name}
        return {}

    def _assignment(self, names: Sequence[str]) -> tuple[tuple[int, str], ...]:
        return tuple(sorted(self.assigned(names).items()))

    def verdict(self, names: Sequence[str], removed: Sequence[str] = ()) -> PairVerdict | None:
        """Of named strategies for all players: is it an equilibrium, is it subgame perfect? None where it is undefined."""
        plan, replier, _ = self.profile(names, removed)
        if plan is None or replier is not None:
            return None
        key = ("verdict", self._assignment(names), self.world(removed).removed)
        return self._once(key, lambda: judge_plan(plan))

    def path(self, names: Sequence[str], removed: Sequence[str] = ()) -> PathVerdict | None:
        """Whether what named strategies do while nobody departs is upheld by the worst credible punishments; None where it is
        undefined, or asked of other than two players."""
        plan, replier, _ = self.profile(names, removed)
        if plan is None or replier is not None or self.world(removed).bound or len(self.scenario.players) != 2:
            return None
        key = ("path", self._assignment(names), self.world(removed).removed, self.tolerance)
        sets = self.sets(removed)
        return self._once(key, lambda: sustainable_path(sets, plan) if isinstance(sets, EquilibriumSet) else None)


def _of_game(sets: Sets, game: StochasticGame) -> Sets:
    """The sets told of a game that is played alike."""
    if sets.game is game:
        return sets
    machine = None if sets.machine is None else replace(sets.machine, game=game)
    return replace(sets, game=game, machine=machine)
