"""Reading of transitions: 'up 1', 'to full', {to full: speed, stays: rest}."""

from __future__ import annotations

import re

from leverage.scenario import syntax as tree
from leverage.scenario.parsing import Scope, nearest
from leverage.scenario.reader import Reader
from leverage.scenario.scenario import Move, Path, TransitionRule
from leverage.scenario.syntax import ONE, Formula

_STEP = re.compile(r"^(up|down)\s+(\d+)$", re.ASCII)


def read_transitions(reader: Reader) -> tuple[tuple[int, ...], tuple[tuple[TransitionRule, ...], ...]]:
    """The order in which variables are drawn, and the rules of each variable (in the order of `state`)."""
    names = reader.vocabulary.variable_names
    section = reader.section("transitions")
    rules: list[tuple[TransitionRule, ...]] = [(_staying(("state", name)),) for name in names]
    order: list[int] = []
    misnamed = any(name not in names for name in section)  # then it is not known which variables come earlier
    for name, value in section.items():
        index = reader.key(name, names, "state variable", ("transitions", name))
        if index is not None:
            known = frozenset(names if misnamed else (names[v] for v in order))
            rules[index] = _variable(reader, index, value, ("transitions", name), known)
            order.append(index)
    order += [v for v in range(len(names)) if v not in order]
    return tuple(order), tuple(rules)


def _variable(reader: Reader, index: int, value: object, path: Path, known: frozenset[str]) -> tuple[TransitionRule, ...]:
    conditions = Scope("the condition of a transition", parameters=False, ahead=known)
    chances = Scope("a chance", ahead=known)
    before = len(reader.faults)
    rules = [
        TransitionRule(condition, _moves(reader, index, result, place, chances), place)
        for condition, result, place in reader.rules(value, path, conditions)
    ]
    reader.blocked |= len(reader.faults) > before
    if not rules or rules[-1].condition != tree.Always(True):
        rules.append(_staying(path))
    return tuple(rules)


def _staying(path: Path) -> TransitionRule:
    """What happens where no rule fits."""
    return TransitionRule(tree.Always(True), (Move(0, None, ONE, path, "stays"),), path)


def _moves(reader: Reader, index: int, result: object, path: Path, scope: Scope) -> tuple[Move, ...]:
    if isinstance(result, str):
        return tuple(_move(reader, index, result, ONE, path, on_key=False))
    if not isinstance(result, dict) or not result:
        remedy = "write 'stays', 'up 1', 'down 1', 'to LEVEL', or several with chances: {up 1: 0.2, stays: rest}"
        reader.fault(path, "a rule of a transition says where the variable goes", remedy)
        return ()
    moves: list[Move] = []
    for text, chance in result.items():
        place = (*path, text)
        moves += _move(reader, index, text, reader.chance(chance, place, scope), place, on_key=True)
    if sum(move.chance is None for move in moves) > 1:
        reader.fault(path, "'rest' stands twice: what is left of 1 can go to one place only")
    return tuple(moves)


def _move(reader: Reader, index: int, text: object, chance: Formula | None, path: Path, *, on_key: bool) -> list[Move]:
    words = str(text).split()
    levels = tuple(reader.vocabulary.variables[reader.vocabulary.variable_names[index]])
    step = _STEP.match(str(text))
    if words in (["stays"], ["stay"]):
        return [Move(0, None, chance, path, "stays")]
    if step:
        return [Move(int(step[2]) * (1 if step[1] == "up" else -1), None, chance, path, str(text))]
    if len(words) == 2 and words[0] == "to":
        if words[1] in levels:
            return [Move(0, levels.index(words[1]), chance, path, str(text))]
        variable = reader.vocabulary.variable_names[index]
        reader.fault(path, f"there is no level '{words[1]}' of {variable}", nearest(words[1], levels), on_key=on_key)
        return []
    remedy = f"did you mean 'to {text}'?" if text in levels else "write 'stays', 'up 1', 'down 1' or 'to LEVEL'"
    reader.fault(path, f"'{text}' says no move", remedy, on_key=on_key)
    return []
