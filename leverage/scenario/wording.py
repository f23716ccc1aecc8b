"""Conditions and formulas back in words, for messages and for `simulate show`."""

from __future__ import annotations

from leverage.scenario import syntax as tree
from leverage.scenario.syntax import Condition, Formula, Vocabulary

_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 3}


def plain(name: str) -> str:
    """A name as it is printed: underscores become spaces."""
    return name.replace("_", " ")


def capital(text: str) -> str:
    """The text with a capital letter in front, the rest as it is."""
    return text[:1].upper() + text[1:]


def counted(number: int, noun: str) -> str:
    """'1 state', '2 states'."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def condition_words(condition: Condition, words: Vocabulary) -> str:
    """The condition as a reader would write it.

    >>> condition_words(tree.At(0, frozenset({1})), Vocabulary(variables={"talks": {"stalled": 0.0, "opened": 1.0}}))
    'talks is opened'
    """
    match condition:
        case tree.Always(truth):
            return "always" if truth else "never"
        case tree.Compare(operator, left, right):
            sign = "=" if operator == "==" else operator
            return f"{formula_words(left, words)} {sign} {_bound(left, right, words)}"
        case tree.Not(inner):
            return f"not ({condition_words(inner, words)})"
        case tree.Both(left, right):
            return f"{_grouped(left, words)} and {_grouped(right, words)}"
        case tree.Either(left, right):
            return f"{condition_words(left, words)} or {condition_words(right, words)}"
        case tree.Last(inner):
            return f"{_past(inner, words)} last {words.period}"
    return _statement(condition, words)


def _grouped(condition: Condition, words: Vocabulary) -> str:
    text = condition_words(condition, words)
    return f"({text})" if isinstance(condition, tree.Either) else text


def _statement(condition: Condition, words: Vocabulary) -> str:
    match condition:
        case tree.At(variable, levels, _):
            return f"{words.variable_names[variable]} is {_levels(variable, levels, words)}"
        case tree.Becomes(variable, levels):
            return f"{words.variable_names[variable]} becomes {_levels(variable, levels, words)}"
        case tree.Moves(variable, direction):
            return f"{words.variable_names[variable]} {('changes', 'rises', 'falls')[direction]}"
        case tree.Plays(player, actions):
            return f"{words.player_names[player]} plays {_actions(player, actions, words)}"
    raise TypeError(f"not a condition: {condition!r}")


def _past(condition: Condition, words: Vocabulary) -> str:
    match condition:
        case tree.Moves(variable, direction):
            return f"{words.variable_names[variable]} {('changed', 'rose', 'fell')[direction]}"
        case tree.Plays(player, actions):
            return f"{words.player_names[player]} played {_actions(player, actions, words)}"
        case tree.At(variable, levels, _):
            return f"{words.variable_names[variable]} was {_levels(variable, levels, words)}"
    raise TypeError(f"not looked up one period back: {condition!r}")


def _levels(variable: int, levels: frozenset[int], words: Vocabulary) -> str:
    names = tuple(words.variables[words.variable_names[variable]])
    return " or ".join(names[k] for k in sorted(levels))


def _actions(player: int, actions: frozenset[int], words: Vocabulary) -> str:
    names = words.players[words.player_names[player]]
    return " or ".join(names[k] for k in sorted(actions))


def _bound(left: Formula, right: Formula, words: Vocabulary) -> str:
    """The right side of a comparison: a level's name where a variable is compared with a level's number."""
    if isinstance(left, tree.Level) and isinstance(right, tree.Number):
        own = words.variables[words.variable_names[left.variable]]
        named = [name for name, number in own.items() if number == right.value]
        if named:
            return named[0]
    return formula_words(right, words)


def formula_words(formula: Formula, words: Vocabulary) -> str:
    """The formula as a reader would write it."""
    match formula:
        case tree.Number(value):
            return f"{value:g}"
        case tree.Parameter(name):
            return name
        case tree.Level(variable, _):
            return words.variable_names[variable]
        case tree.Binary(operator, left, right):
            return f"{_operand(left, operator, words, right=False)} {operator} {_operand(right, operator, words, right=True)}"
        case tree.Call(name, arguments):
            return f"{name}({', '.join(formula_words(each, words) for each in arguments)})"
        case tree.When(value, condition, otherwise):
            tail = "" if otherwise == tree.ZERO else f" otherwise {formula_words(otherwise, words)}"
            return f"{formula_words(value, words)} when {condition_words(condition, words)}{tail}"
    raise TypeError(f"not a formula: {formula!r}")


def _operand(formula: Formula, operator: str, words: Vocabulary, *, right: bool) -> str:
    text = formula_words(formula, words)
    weaker = isinstance(formula, tree.Binary) and (
        _STRENGTH[formula.operator] < _STRENGTH[operator] or (right and _STRENGTH[formula.operator] == _STRENGTH[operator])
    )
    return f"({text})" if weaker or isinstance(formula, tree.When) else text
