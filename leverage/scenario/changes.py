"""What a change makes of a scenario: a variant, a world without an instrument, or without several.

Changes act on the checked scenario, so that a variant, an override of the caller and a world without an instrument all come in
through `changed`. Strategies that a world leaves undefined are no concern of it: whoever compiles them finds out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from leverage.errors import ConflictError
from leverage.scenario import syntax as tree
from leverage.scenario.notes import notes_of
from leverage.scenario.scenario import Action, Change, Choice, Parameter, Scenario, Strategy, StrategyRule
from leverage.scenario.syntax import Formula

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


def changed(scenario: Scenario, change: Change) -> Scenario:
    """The scenario after a change; the same object where the change leaves its rules and numbers as they are.

    Parameters
    ----------
    scenario : checked; it may be a changed one.
    change : its names checked (`read_change`). `bound_to` is left to whoever builds the game.

    Returns
    -------
    Scenario : instruments, claims and variants are those of the given one. Parameters keep their plausible ranges.

    Notes
    -----
    A replacement stands where its action could be taken: `[redeploy, strike]` with redeploy -> hold is `[hold, strike]` in
    states in which redeploy was legal and `[strike]` in the others. In a lottery it takes the action's chance.
    """
    if replace(change, bound_to={}) == Change():
        return scenario
    levels = _replaced_levels(scenario, change)
    begin = (change.start.get(v, level) for v, level in enumerate(scenario.start))
    after = replace(
        scenario,
        parameters=MappingProxyType({name: _valued(p, change.set.get(name)) for name, p in scenario.parameters.items()}),
        overrides=MappingProxyType({**scenario.overrides, **change.set}),
        start=tuple(levels.get(v, {}).get(level, level) for v, level in enumerate(begin)),
        replaced_levels=MappingProxyType(levels),
        actions=tuple(tuple(_forbidden(action, change) for action in own) for own in scenario.actions),
        strategies=tuple(
            tuple(_replayed(strategy, actions, change) for strategy in own)
            for own, actions in zip(scenario.strategies, scenario.actions, strict=True)
        ),
    )
    return replace(after, notes=notes_of(after))


def _valued(parameter: Parameter, value: float | None) -> Parameter:
    """The parameter at another value; one that is not in doubt is certain of the new one."""
    if value is None:
        return parameter
    low, high = (parameter.low, parameter.high) if parameter.in_doubt else (value, value)
    return replace(parameter, value=value, low=low, high=high)


def _replaced_levels(scenario: Scenario, change: Change) -> dict[int, dict[int, int]]:
    """The levels replaced before and now: what was reached instead of a level may itself be replaced now."""
    levels = {v: dict(own) for v, own in scenario.replaced_levels.items()}
    for v, now in change.replace_levels.items():
        before = levels.get(v, {})
        levels[v] = {**now, **{level: now.get(other, other) for level, other in before.items()}}
    return levels


def _forbidden(action: Action, change: Change) -> Action:
    return replace(action, legal=tree.Always(False)) if action.name in change.forbid else action


# --- what strategies play instead ------------------------------------------------------------------------------------


def _replayed(strategy: Strategy, actions: Sequence[Action], change: Change) -> Strategy:
    """The strategy with replacements for forbidden actions; `actions` are its player's before they were forbidden."""
    names = [action.name for action in actions]
    instead = {
        k: names.index(other) for k, name in enumerate(names) if (other := change.forbid.get(name)) is not None and other in names
    }
    if not instead:
        return strategy
    phases = tuple(
        replace(phase, rules=tuple(each for rule in phase.rules for each in _with_replacements(rule, actions, instead)))
        for phase in strategy.phases
    )
    return replace(strategy, phases=phases)


def _with_replacements(rule: StrategyRule, actions: Sequence[Action], instead: Mapping[int, int]) -> tuple[StrategyRule, ...]:
    rules: tuple[StrategyRule, ...] = (rule,)
    for action, other in instead.items():
        rules = tuple(part for each in rules for part in _with_replacement(each, action, other, actions[action].legal))
    return rules


def _with_replacement(rule: StrategyRule, action: int, other: int, legal: tree.Condition) -> tuple[StrategyRule, ...]:
    """The rule where the action was legal, with the other one in its place, and then the rule for where it was not."""
    choice = rule.choice
    if action not in choice.actions:
        return (rule,)
    if choice.chances:
        return (replace(rule, choice=_lottery_with(choice, action, other)),)
    played = Choice(tuple(dict.fromkeys(other if each == action else each for each in choice.actions)))
    if legal == tree.Always(True):
        return (replace(rule, choice=played),)
    left = Choice(tuple(each for each in choice.actions if each != action))
    return (replace(rule, condition=tree.Both(rule.condition, legal), choice=played), replace(rule, choice=left))


def _lottery_with(choice: Choice, action: int, other: int) -> Choice:
    """The lottery in which the other action takes the action's chance, on top of its own if it has one."""
    shares: dict[int, Formula | None] = {}
    for each, chance in zip(choice.actions, choice.chances, strict=True):
        place = other if each == action else each
        shares[place] = _total(shares[place], chance) if place in shares else chance
    return Choice(tuple(shares), tuple(shares.values()))


def _total(one: Formula | None, two: Formula | None) -> Formula | None:
    """Two chances together; what is left of 1 (None) grows by the other one when that is no longer named."""
    return None if one is None or two is None else tree.Binary("+", one, two)


# --- several changes at once -----------------------------------------------------------------------------------------


def combined(changes: Mapping[str, Change]) -> Change:
    """One change that makes all of the given ones; the order in which they are given does not matter.

    Parameters
    ----------
    changes : name of an instrument -> the change that takes it away. None of them: no change.

    Raises
    ------
    ConflictError : two of them disagree: a parameter or a start is set to two values, a level or an action is replaced by two
        others (or has a replacement in one and none in the other), what one puts in the place of something the other takes
        away, or one player is bound to two strategies.
    """
    named = sorted(changes.items())
    levels = [
        (name, {(v, level): (v, other) for v, own in change.replace_levels.items() for level, other in own.items()})
        for name, change in named
    ]
    forbid = [(name, change.forbid) for name, change in named]
    replaced = _agreed(levels, lambda key: "the level that is reached in place of another")
    _refuse_chains(levels, lambda key: "a level that takes the place of another and is itself replaced")
    forbidden = _agreed(forbid, lambda action: f"what is played in the place of '{action}'")
    _refuse_chains(forbid, lambda action: f"'{action}', which takes the place of another action and is itself forbidden")
    return Change(
        set=_agreed([(name, change.set) for name, change in named], lambda key: f"the value of '{key}'"),
        start=_agreed([(name, change.start) for name, change in named], lambda key: "the level at which a variable begins"),
        forbid=forbidden,
        replace_levels=_by_variable(replaced),
        bound_to=_agreed([(name, change.bound_to) for name, change in named], lambda key: "the strategy that binds their holder"),
    )


def _by_variable(replaced: Mapping[tuple[int, int], tuple[int, int]]) -> dict[int, dict[int, int]]:
    levels: dict[int, dict[int, int]] = {}
    for (variable, level), (_, other) in replaced.items():
        levels.setdefault(variable, {})[level] = other
    return levels


def _agreed(parts: Iterable[tuple[str, Mapping[Key, Value]]], about: Callable[[Key], str]) -> dict[Key, Value]:
    """The entries of all parts. Raises ConflictError where two parts differ."""
    found: dict[Key, tuple[str, Value]] = {}
    for name, part in parts:
        for key, value in part.items():
            earlier, other = found.setdefault(key, (name, value))
            if other != value:
                raise ConflictError((earlier, name), about(key))
    return {key: value for key, (_, value) in found.items()}


def _refuse_chains(parts: Sequence[tuple[str, Mapping[Key, Key | None]]], about: Callable[[Key], str]) -> None:
    """Raise ConflictError where one part puts in the place of something what another part takes away."""
    gone = {key: name for name, part in reversed(parts) for key in part}
    for name, part in parts:
        for value in part.values():
            if value is not None and value in gone:
                first, second = sorted((name, gone[value]))
                raise ConflictError((first, second), about(value))
