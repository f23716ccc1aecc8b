"""The worlds of a scenario: as it stands, and without some of its instruments.

A world is compiled once and takes any parameter point; parameters that being without an instrument fixes are fixed in it. What a
claim looks at beyond the scenario's own measures (an action's frequency, another date) is measured in every world.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from leverage.errors import ScenarioError, UnsolvedError
from leverage.game.automaton import Automaton, join
from leverage.game.binding import bound_game
from leverage.game.form import GameForm, compile_form
from leverage.game.stochastic_game import StochasticGame
from leverage.game.strategies import compile_strategy
from leverage.scenario import syntax as tree
from leverage.scenario.changes import changed, combined
from leverage.scenario.claims import ClaimLine
from leverage.scenario.scenario import Scenario, Strategy, Watched

Values = Mapping[str, float]
Answer = TypeVar("Answer")

#: So many solutions are kept for games that come up again, as where a parameter varies that a world does not use.
MOST_SHARED = 32


@dataclass(frozen=True, eq=False)
class Machines:
    """Named strategies as automata of one game, per player; undefined: strategy -> why it does not exist in this world."""

    own: tuple[Mapping[str, Automaton], ...]
    undefined: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class World:
    """The scenario without `removed` instruments (in the order of the file).

    scenario: as changed. fixed: parameters whose values the change sets. bound: player -> the named strategy that it follows.
    """

    removed: tuple[str, ...]
    scenario: Scenario
    fixed: Values
    bound: Mapping[int, str]
    _compiled: dict[tuple[int, str], Automaton] = field(default_factory=dict, init=False, repr=False)
    _joined: dict[tuple[tuple[int, str], ...], Automaton] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def form(self) -> GameForm:
        return compile_form(self.scenario)

    def game(self, values: Values) -> StochasticGame:
        """The game at a parameter point, everybody free to act."""
        return self.form.at({**values, **self.fixed})

    def machines(self, game: StochasticGame, values: Values) -> Machines:
        """The named strategies in this world's game at a parameter point."""
        own: tuple[dict[str, Automaton], ...] = tuple({} for _ in self.scenario.players)
        undefined: dict[str, str] = {}
        for strategy in (each for player in self.scenario.strategies for each in player if each.phases):
            try:
                own[strategy.player][strategy.name] = self._machine(strategy, game, {**values, **self.fixed})
            except ScenarioError as error:
                undefined[strategy.name] = error.faults[0].message
        return Machines(own, undefined)

    def _machine(self, strategy: Strategy, game: StochasticGame, values: Values) -> Automaton:
        """Strategies without lotteries play alike at every parameter point: they are compiled once."""
        if any(rule.choice.chances for phase in strategy.phases for rule in phase.rules):
            return compile_strategy(self.form, game, strategy, values)
        key = (strategy.player, strategy.name)
        if key not in self._compiled:
            self._compiled[key] = compile_strategy(self.form, game, strategy)
        return replace(self._compiled[key], game=game)

    def joined(self, machines: Machines, names: Mapping[int, str]) -> Automaton:
        """Named strategies side by side, player -> name. What plays alike at every parameter point is joined once."""
        key = tuple(sorted(names.items()))
        own = [machines.own[player][name] for player, name in key]
        if not all(each in self._compiled for each in key):
            return join(own)
        if key not in self._joined:
            self._joined[key] = join(own)
        return replace(self._joined[key], game=own[0].game)

    def bound_game(self, game: StochasticGame, machines: Machines) -> StochasticGame:
        """The game in which the players that are bound follow their strategies. Raises UnsolvedError where one is undefined."""
        for name in self.bound.values():
            if name in machines.undefined:
                raise UnsolvedError(f"'{name}' binds its player and is undefined: {machines.undefined[name]}")
        return bound_game(self.joined(machines, self.bound)) if self.bound else game


@dataclass(frozen=True, eq=False)
class Worlds:
    """All worlds of a scenario; compiled when they are asked for."""

    scenario: Scenario
    _known: dict[tuple[str, ...], World] = field(default_factory=dict, init=False, repr=False)
    _shared: OrderedDict[Hashable, Any] = field(default_factory=OrderedDict, init=False, repr=False)

    @cached_property
    def base(self) -> Scenario:
        """The scenario with all that its claims look at among its measures."""
        return watching(self.scenario, [line for claim in self.scenario.claims for line in claim.lines])

    def without(self, *removed: str) -> World:
        """The world without these instruments, whatever their order.

        Raises KeyError for an unknown one, ConflictError where being without them all is a contradiction.
        """
        instruments = {each.name: each for each in self.base.instruments}
        chosen = {name: instruments[name] for name in removed}
        names = tuple(name for name in instruments if name in chosen)
        if names not in self._known:
            change = combined({name: instruments[name].without for name in names})
            self._known[names] = World(names, changed(self.base, change), dict(change.set), dict(change.bound_to))
        return self._known[names]

    def shared(self, key: Hashable, solve: Callable[[], Answer]) -> Answer:
        """What is solved once for all points and worlds whose games are the same; the last few are kept.

        key : tells the game (`StochasticGame.fingerprint`) and the question.
        """
        if key not in self._shared:
            self._shared[key] = solve()
        self._shared.move_to_end(key)
        if len(self._shared) > MOST_SHARED:
            self._shared.popitem(last=False)
        found: Answer = self._shared[key]
        return found


def watching(scenario: Scenario, lines: list[ClaimLine]) -> Scenario:
    """The scenario that also measures what these lines look at: frequencies of actions, and dates of their own."""
    counts = {measure.name: measure for measure in scenario.counts}
    dates = set(scenario.dates)
    for call in (call for line in lines for call in line.calls):
        if call.function == "frequency":
            player, action = call.arguments[:2]
            watched = _action_count(scenario, player, action)
            counts.setdefault(watched.name, watched)
        dates |= {scenario.period.in_periods(word) for word in call.arguments if _is_date(scenario, word)}
    return replace(scenario, counts=tuple(counts.values()), dates=tuple(sorted(dates)))


def action_count_name(player: str, action: str) -> str:
    """The count that stands for 'the player takes the action in a period'."""
    return f"{player} plays {action}"


def _action_count(scenario: Scenario, player: str, action: str) -> Watched:
    words = scenario.vocabulary
    i = words.player_names.index(player)
    condition = tree.Plays(i, frozenset({words.players[player].index(action)}))
    return Watched(action_count_name(player, action), condition, ("actions", player, action))


def _is_date(scenario: Scenario, word: str) -> bool:
    try:
        scenario.period.in_periods(word)
    except ValueError:
        return False
    return True
