"""Decision lists: what is done in every state, told by few rules on the levels of state variables, read from the top.

Source: Rivest (1987), "Learning decision lists"; the list is found by a greedy cover and is exact by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leverage.game.stochastic_game import Booleans, Integers

#: More conditions on one variable than this are not combined in pairs: there would be tens of thousands.
MOST_SINGLE = 150


@dataclass(frozen=True)
class Condition:
    """A state variable has one of the levels, which are increasing."""

    variable: int
    levels: tuple[int, ...]


@dataclass(frozen=True)
class Rule:
    """`choice` where all conditions hold, the state allows it, and no earlier rule fits; no condition: everywhere else."""

    conditions: tuple[Condition, ...]
    choice: int


def decision_list(levels: Integers, choices: Integers, allowed: Booleans | None = None) -> tuple[Rule, ...]:
    """Rules that give each state its choice: the first counts that fits and whose choice the state allows.

    Parameters
    ----------
    levels : (n, V) levels of the state variables in n different states.
    choices : (n,) what is chosen there, -1 where anything will do.
    allowed : (n, number of choices) whether a state allows a choice; default: all do.

    Returns
    -------
    tuple of Rule : they reproduce every choice that is not -1; the last has no condition.

    Notes
    -----
    Greedy (Rivest 1987 for decision lists): each rule covers the most states that are left among the conditions on one variable,
    or two, or none, that are right wherever they apply. Where there is none, a rule names one state. Lists are made with each
    choice kept for the end, and with none; the shortest counts.

    References
    ----------
    Rivest (1987), "Learning decision lists".

    Examples
    --------
    >>> talks_and_truce = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]])
    >>> for rule in decision_list(talks_and_truce, np.array([5, 5, 5, 3, 5, 5])):
    ...     print(rule.choice, [(c.variable, c.levels) for c in rule.conditions])
    3 [(0, (1,)), (1, (1,))]
    5 []
    """
    can = np.ones((len(levels), int(choices.max(initial=0)) + 1), dtype=bool) if allowed is None else allowed
    bank = _bank(levels)
    single = {
        condition: _holding(levels, (condition,)) for conditions in bank for condition in conditions if len(conditions) == 1
    }
    everywhere = np.ones(len(levels), dtype=bool)
    holds = np.array([np.logical_and.reduce([everywhere, *(single[c] for c in conditions)]) for conditions in bank])
    last = [int(k) for k in np.unique(choices[choices >= 0])]
    found = [_greedy(levels, choices, can, bank, holds, keep) for keep in [*last, -1]]
    return min(found, key=reading_length)


def reading_length(rules: tuple[Rule, ...]) -> int:
    """What rules cost a reader: one for each rule and each condition."""
    return sum(1 + len(rule.conditions) for rule in rules)


def _greedy(
    levels: Integers, choices: Integers, can: Booleans, bank: list[tuple[Condition, ...]], holds: Booleans, keep: int
) -> tuple[Rule, ...]:
    """The list in which the choice `keep` comes last."""
    counting = holds.astype(np.float32)  # counts of states as products: exact, since they are small whole numbers
    left = choices >= 0
    rules: list[Rule] = []
    where: list[Booleans] = []
    while len(found := np.unique(choices[left])) > 1:
        named = found[found != keep]
        right = counting @ (left[:, None] & (choices[:, None] == named)).astype(np.float32)
        wrong = counting @ (left[:, None] & (choices[:, None] != named) & can[:, named]).astype(np.float32)
        covered = np.where(wrong == 0, right, 0)
        # of conditions that cover as much the first in the bank, which has fewest variables
        best, which = np.unravel_index(int(np.argmax(covered)), covered.shape)
        if covered[best, which] > 0:
            rules.append(Rule(bank[best], int(named[which])))
            where.append(holds[best] & can[:, named[which]])
        else:
            state = int(np.argmax(left & (choices != keep)))
            rules.append(Rule(tuple(Condition(v, (int(k),)) for v, k in enumerate(levels[state])), int(choices[state])))
            where.append(np.arange(len(levels)) == state)
        left = left & ~where[-1]
    rest = int(found[0]) if len(found) else -1
    return _without_needless((*rules, Rule((), rest)), [*where, can[:, rest]], choices)


def _without_needless(rules: tuple[Rule, ...], where: list[Booleans], choices: Integers) -> tuple[Rule, ...]:
    """The rules, which apply `where`, without those that the later ones make good."""
    asked = choices >= 0
    kept = list(range(len(rules)))
    for k in reversed(range(len(rules) - 1)):
        result = np.full(len(choices), -1)
        for j in reversed(kept):
            if j != k:
                result[where[j]] = rules[j].choice
        if np.array_equal(result[asked], choices[asked]):
            kept.remove(k)
    return tuple(rules[k] for k in kept)


def chosen(rules: tuple[Rule, ...], levels: Integers, allowed: Booleans) -> Integers:
    """(n,): what the rules choose in states with these levels (n, V); -1 where no rule fits."""
    result = np.full(len(levels), -1)
    for rule in reversed(rules):
        if rule.choice >= 0:
            result[_holding(levels, rule.conditions) & allowed[:, rule.choice]] = rule.choice
    return result


def _holding(levels: Integers, conditions: tuple[Condition, ...]) -> Booleans:
    result = np.ones(len(levels), dtype=bool)
    for condition in conditions:
        result &= np.isin(levels[:, condition.variable], condition.levels)
    return result


def _bank(levels: Integers) -> list[tuple[Condition, ...]]:
    """No condition, then conditions on one variable (one level, at least a level, at most a level), then on two."""
    single: list[Condition] = []
    for v in range(levels.shape[1]):
        own = [int(k) for k in np.unique(levels[:, v])]
        sets = (
            [(k,) for k in own]
            + [tuple(own[: k + 1]) for k in range(1, len(own) - 1)]
            + [tuple(own[k:]) for k in range(1, len(own) - 1)]
        )
        single += [Condition(v, each) for each in sets if len(own) > 1]
    alone: list[tuple[Condition, ...]] = [(), *((each,) for each in single)]
    if len(single) > MOST_SINGLE:
        return alone
    return alone + [(one, two) for k, one in enumerate(single) for two in single[k + 1 :] if one.variable < two.variable]
