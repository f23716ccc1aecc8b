"""Checks over the whole box of plausible parameters: chances within [0, 1] that sum to 1, no division by zero, patience below 1.

Corners decide for formulas that are linear in each parameter. For the others a low-discrepancy sample of the box is looked at as
well.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from leverage.errors import Fault, ScenarioError
from leverage.game.form import NO_ROWS, Block, GameForm, chances_of, compile_form
from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.game.strategies import compile_strategies
from leverage.scenario import syntax as tree
from leverage.scenario.evaluation import Rows, denominators, evaluate, holds, possible
from leverage.scenario.scenario import Move, Path, Scenario
from leverage.scenario.syntax import Formula

#: Chances may miss [0, 1], and their sum 1, by this much: rounding.
CHANCE_TOLERANCE = 1e-9
#: Parameters of one formula whose corners are all visited; with more, as many corners are drawn, always the same ones.
MOST_CORNER_PARAMETERS = 10
#: Points of the box that are looked at beside its corners.
INNER_POINTS = 64


def faults_over_box(scenario: Scenario) -> tuple[Fault, ...]:
    """What goes wrong somewhere in the box, or at the values in use; one fault for each place in the file."""
    form = compile_form(scenario)
    faults = [*number_faults(form)]
    if not faults and not any(_unreadable(formula) for formula in _formulas(scenario)):
        faults += _strategy_faults(form)
    return tuple(faults)


def number_faults(form: GameForm) -> tuple[Fault, ...]:
    """The same without the strategies' rules: what goes wrong in the numbers of the game and of lotteries."""
    checks = (_condition_faults, _transition_faults, _payoff_faults, _lottery_faults)
    return (*_patience_faults(form.scenario), *(fault for check in checks for fault in check(form)))


def points_of(scenario: Scenario, names: tuple[str, ...]) -> dict[str, Floats]:
    """Corners of the ranges of `names`, points within, and the values in use: name -> (P, 1). Other parameters keep their
    values."""
    parameters = scenario.parameters
    ends = {name: scenario.reach(name) for name in names}
    moved = [name for name, (least, most) in ends.items() if least < most]
    low = np.array([ends[name][0] for name in moved])
    high = np.array([ends[name][1] for name in moved])
    grid = _unit_points(len(moved))
    table = low + grid * (high - low)
    table = np.vstack([[parameters[name].value for name in moved], table]) if moved else np.zeros((1, 0))
    values = {name: np.full((len(table), 1), p.value) for name, p in parameters.items()}
    return {**values, **{name: table[:, [k]] for k, name in enumerate(moved)}}


def _unit_points(dimension: int) -> Floats:
    """Corners of the unit cube, then points within it."""
    if dimension == 0:
        return np.zeros((0, 0))
    if dimension <= MOST_CORNER_PARAMETERS:
        corners = np.array(list(itertools.product((0.0, 1.0), repeat=dimension)))
    else:
        corners = np.random.default_rng(0).integers(0, 2, (2**MOST_CORNER_PARAMETERS, dimension)).astype(float)
        corners = np.vstack([np.zeros(dimension), np.ones(dimension), corners])
    return np.vstack([corners, _lattice(dimension)])


def _lattice(dimension: int) -> Floats:
    """Points spread evenly in the unit cube, the centre first: multiples of an irrational direction (Kronecker sequence).

    scipy.stats would do it too, but importing it would double the time that checking a file takes.
    """
    ratio = 2.0
    for _ in range(60):  # the root of x^(d + 1) = x + 1 gives directions that no small whole numbers relate
        ratio = (1 + ratio) ** (1 / (dimension + 1))
    return np.asarray((0.5 + np.outer(np.arange(INNER_POINTS), ratio ** -np.arange(1.0, dimension + 1))) % 1.0)


def _count(points: dict[str, Floats]) -> int:
    return len(next(iter(points.values()))) if points else 1


# --- transitions ---------------------------------------------------------------------------------------------------------------


def _transition_faults(form: GameForm) -> Iterator[Fault]:
    for blocks in form.steps:
        for block in blocks:
            yield from _block_faults(form, block)


def _block_faults(form: GameForm, block: Block) -> Iterator[Fault]:
    formulas = [move.chance for move in block.rule.moves if move.chance is not None]
    if not block.rule.moves or any(_unreadable(formula) for formula in formulas):
        return
    block = replace(block, rows=_representatives(block.rows, formulas))
    scenario = form.scenario
    paths = {move.chance: move.path for move in block.rule.moves if move.chance is not None}
    divided = [fault for formula in formulas for fault in _division_faults(form, formula, block.rows, paths[formula])]
    if divided:
        yield from divided
        return
    points = points_of(scenario, _names(formulas))
    chances = chances_of(block, points)
    found = False
    for move, chance in sorted(zip(block.rule.moves, chances, strict=True), key=lambda pair: pair[0].chance is None):
        where = _worst(np.maximum(-chance, chance - 1), block)
        if where is not None and not (found and move.chance is None):  # a rest below 0 follows from a chance above 1
            found = True
            place = _where(form, block, points, where, formulas)
            yield _chance_fault(scenario, move, _at(chance, where), place)
    if not found and all(move.chance is not None for move in block.rule.moves):
        total = np.asarray(sum(chances, np.asarray(0.0)))
        where = _worst(abs(total - 1), block)
        if where is not None:
            place = _where(form, block, points, where, formulas)
            message = f"the chances of this rule sum to {_at(total, where):.6g}, not to 1, {place}"
            yield scenario.document.fault(
                block.rule.path, message, "say where the rest goes: add 'stays: rest'", on_key=_on_key(block.rule.path)
            )


def _chance_fault(scenario: Scenario, move: Move, chance: float, place: str) -> Fault:
    rest = move.chance is None
    what = f"what is left for '{move.text}'" if rest else f"the chance of '{move.text}'"
    message = f"{what} is {chance:.6g}, outside [0, 1], {place}"
    remedy = "narrow a range, or bound the formula with min(1, ...) or max(0, ...)"
    return scenario.document.fault(move.path, message, remedy, on_key=rest)


def _representatives(rows: Rows, formulas: list[Formula]) -> Rows:
    """The first of all rows that are alike in what the formulas read: a few, where a game has many states."""
    keys: list[Integers] = []
    for node in (node for formula in formulas for node in tree.walk(formula)):
        match node:
            case tree.Level(variable, ahead) | tree.At(variable, _, ahead) if not ahead:
                keys.append(rows.levels[variable])
            case tree.Plays(player, _) if rows.actions is not None:
                keys.append(rows.actions[player])
            case tree.Level(variable) | tree.At(variable) | tree.Moves(variable) | tree.Becomes(variable):
                keys += [rows.levels[variable], *([] if rows.following is None else [rows.following[variable]])]
    if not keys or not len(rows):
        return rows.part(np.arange(min(1, len(rows))))
    _, first = np.unique(np.array(keys), axis=1, return_index=True)
    return rows.part(np.sort(first))


def _on_key(path: Path) -> bool:
    return isinstance(path[-1], str) and (path[-1] == "otherwise" or path[-1].startswith("if "))


def _worst(excess: Floats, block: Block) -> tuple[int, int] | None:
    """The first (point, row) at which the excess is above the tolerance or not a number; the baseline comes first."""
    table = np.broadcast_to(excess, (np.shape(excess)[0] if np.ndim(excess) == 2 else 1, len(block.rows)))
    bad = ~(table <= CHANCE_TOLERANCE)
    if not bad.any():
        return None
    point = int(np.argmax(bad.any(axis=1)))
    return point, int(np.argmax(bad[point]))


def _at(array: Floats, where: tuple[int, int]) -> float:
    whole = np.atleast_2d(array)
    return float(whole[min(where[0], whole.shape[0] - 1), min(where[1], whole.shape[1] - 1)])


def _where(form: GameForm, block: Block, points: dict[str, Floats], where: tuple[int, int], formulas: list[Formula]) -> str:
    """The state, and the values of the parameters that matter, in words."""
    return _situation(form, block.rows, where[1]) + _at_values(form.scenario, points, where[0], _names(formulas))


def _situation(form: GameForm, rows: Rows, row: int) -> str:
    state = np.flatnonzero((form.levels == rows.levels[:, row]).all(axis=1))[0]
    return f"in the state '{form.labels[state]}'"


def _at_values(scenario: Scenario, points: dict[str, Floats], point: int, names: tuple[str, ...]) -> str:
    told = [f"{name} = {points[name][min(point, len(points[name]) - 1), 0]:g}" for name in names]
    return f" with {', '.join(told)}" if told else ""


def _names(formulas: list[Formula]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for formula in formulas for name in tree.parameters_of(formula)))


def _formulas(scenario: Scenario) -> Iterator[Formula]:
    """All formulas that the numbers of a game come from."""
    yield from (player.discount for player in scenario.players)
    yield from (term.formula for term in scenario.terms)
    yield from (average.formula for average in scenario.averages)
    moves = (move for rules in scenario.transitions for rule in rules for move in rule.moves)
    yield from (move.chance for move in moves if move.chance is not None)


def _unreadable(formula: Formula) -> bool:
    return any(isinstance(node, tree.Number) and node.value != node.value for node in tree.walk(formula))


# --- divisions and other undefined values --------------------------------------------------------------------------------------


def _division_faults(form: GameForm, formula: Formula, rows: Rows, path: Path) -> Iterator[Fault]:
    """Division by zero somewhere in the box, or another value that is no finite number."""
    points = points_of(form.scenario, tree.parameters_of(formula))
    rows = _representatives(rows, [formula])
    for below, guard in denominators(formula):
        shape = (_count(points), len(rows))
        value = np.broadcast_to(evaluate(below, rows, points), shape)
        matters = np.broadcast_to(holds(guard, rows, points), shape)
        row = _zero_row(value, matters)
        if row is not None:
            point = int(np.argmin(np.where(matters[:, row], abs(value[:, row]), np.inf)))
            place = _situation(form, rows, row) + _at_values(form.scenario, points, point, tree.parameters_of(below))
            yield form.scenario.document.fault(
                path, f"division by zero {place}", "divide by something that is never 0, or guard it: X when CONDITION"
            )
            return
    table = np.atleast_2d(evaluate(formula, rows, points))
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        point, row = int(bad[0, 0]), int(bad[0, 1]) if table.shape[1] > 1 else 0
        place = _situation(form, rows, row) + _at_values(form.scenario, points, point, tree.parameters_of(formula))
        yield form.scenario.document.fault(path, f"the formula has no finite value {place}", "check its log, sqrt, exp or power")


def _zero_row(value: Floats, matters: Booleans) -> int | None:
    """The first row in which a denominator that matters is zero or changes its sign over the points."""
    zero = (matters & (value == 0)).any(axis=0)
    flips = (matters & (value > 0)).any(axis=0) & (matters & (value < 0)).any(axis=0)
    rows = np.flatnonzero(zero | flips)
    return int(rows[0]) if len(rows) else None


def _condition_faults(form: GameForm) -> Iterator[Fault]:
    """Divisions by zero in conditions on states and actions; a rule matters only where no rule before it fits."""
    scenario = form.scenario
    states = [(action.legal, action.path) for own in scenario.actions for action in own]
    states += [(each.condition, each.path) for each in scenario.events]
    periods = [(each.condition, each.path) for each in scenario.counts]
    for conditions, rows in ((states, form.state_rows), (periods, form.entry_rows)):
        for condition, path in conditions:
            yield from _division_faults(form, tree.When(tree.ONE, condition, tree.ZERO), rows, path)
    for rules in scenario.transitions:
        earlier: tree.Condition = tree.Always(False)
        for rule in rules:
            formula = tree.When(tree.ZERO, earlier, tree.When(tree.ONE, rule.condition, tree.ZERO))
            yield from _division_faults(form, formula, form.entry_rows, rule.path)
            earlier = tree.Either(earlier, rule.condition)


def _payoff_faults(form: GameForm) -> Iterator[Fault]:
    for term in form.scenario.terms:
        if not _unreadable(term.formula):
            rows = form.entry_rows if tree.looks_ahead(term.formula) else form.action_rows
            yield from _division_faults(form, term.formula, rows, term.path)
    for average in form.scenario.averages:
        if not _unreadable(average.formula):
            yield from _division_faults(form, average.formula, form.state_rows, average.path)


def _patience_faults(scenario: Scenario) -> Iterator[Fault]:
    for player in scenario.players:
        if _unreadable(player.discount):
            continue
        names = tree.parameters_of(player.discount)
        points = points_of(scenario, names)
        value = np.broadcast_to(evaluate(player.discount, NO_ROWS, points), (_count(points), 1))
        bad = np.flatnonzero(~((value[:, 0] >= 0) & (value[:, 0] < 1)))
        if len(bad):
            told = _at_values(scenario, points, int(bad[0]), names)
            message = f"the discount factor of '{player.key}' is {value[bad[0], 0]:g}{told}; it has to lie in [0, 1), below 1"
            yield scenario.document.fault(player.path, message, "patience of 1 would make payoffs endless; 0.99 is very patient")


# --- strategies ----------------------------------------------------------------------------------------------------------------


def _lottery_faults(form: GameForm) -> Iterator[Fault]:
    """Lotteries whose chances leave [0, 1] or do not sum to 1 somewhere in the box."""
    for strategy in (strategy for own in form.scenario.strategies for strategy in own):
        for rule in (rule for phase in strategy.phases for rule in phase.rules):
            formulas = [chance for chance in rule.choice.chances if chance is not None]
            if not rule.choice.chances or any(_unreadable(formula) for formula in formulas):
                continue
            points = points_of(form.scenario, _names(formulas))
            fits = np.flatnonzero(possible(rule.condition, form.state_rows, {})[0])
            rows = _representatives(form.state_rows.part(fits), formulas)
            given = [evaluate(formula, rows, points) for formula in formulas]
            total = np.asarray(sum(given, np.asarray(0.0)))
            wrong = any(np.any(~((chance >= -CHANCE_TOLERANCE) & (chance <= 1 + CHANCE_TOLERANCE))) for chance in given)
            whole = len(formulas) == len(rule.choice.chances)
            off = np.any(abs(total - 1) > CHANCE_TOLERANCE) if whole else np.any(total > 1 + CHANCE_TOLERANCE)
            if wrong or off:
                message = "the chances of this lottery leave [0, 1] or do not sum to 1 somewhere in the ranges"
                yield form.scenario.document.fault(
                    rule.path, message, "let one of them be 'rest', and narrow the ranges of the others"
                )


def _strategy_faults(form: GameForm) -> Iterator[Fault]:
    try:
        compile_strategies(form, form.at())
    except ScenarioError as error:
        yield from error.faults
