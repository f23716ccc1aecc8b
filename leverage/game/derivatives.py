"""Derivatives of a form's numbers with respect to each of the scenario's parameters, exact and from either side.

A transition probability is a sum over branches of products of chances, so its derivative follows the branches by the product
rule; payoffs, averages and discount factors are formulas. Formulas have one-sided derivatives everywhere (`scenario.slopes`).
A parameter has one *direction* where both sides agree; two where they do not (a kink); one where a number jumps on the other
side, or a chance or a discount factor of exactly 0 would become negative; and none where no side is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from leverage.game.form import NO_ROWS, Block, FormArrays, GameForm, chances_of
from leverage.game.stochastic_game import Floats
from leverage.scenario import syntax as tree
from leverage.scenario.evaluation import Rows, evaluate
from leverage.scenario.slopes import is_piecewise, one_sided

#: Chances up to this count as 0: what decimals leave over when they are added up.
ZERO_CHANCE = 1e-12
#: A limit that differs from the value by more than this share of the larger one is a jump.
JUMP = 1e-6
#: Slopes from two sides that differ by less than this share of the largest are the same; likewise sums of slopes that are 0.
SAME_SLOPE = 1e-9

#: Words for the side of a direction.
SIDES = {0: "both", 1: "rising", -1: "falling"}


@dataclass(frozen=True)
class Direction:
    """A parameter with the side on which its derivative is taken: 0 both, +1 as it rises, -1 as it falls.

    reason: in words why there are not both sides in one; empty for both.
    """

    parameter: str
    side: int
    reason: str = ""


@dataclass(frozen=True, eq=False)
class FormDerivatives:
    """Derivatives of a form's arrays along D directions, per unit of the parameter, whichever the side.

    probabilities: (D, E); they sum to 0 over each row of the law. terms: each (D, R), as written (costs positive). payoffs:
    (D, R, N). averages: each (D, S). discount: (D, N). missing: parameter -> why it has no direction.
    """

    directions: tuple[Direction, ...]
    probabilities: Floats
    terms: tuple[Floats, ...]
    payoffs: Floats
    averages: tuple[Floats, ...]
    discount: Floats
    missing: Mapping[str, str]


def form_derivatives(form: GameForm, values: Mapping[str, float] | None = None) -> FormDerivatives:
    """Derivatives of `form.arrays` at one point (default: the scenario's) with respect to every parameter of the scenario.

    Parameters
    ----------
    form : a compiled form. values : a number for each parameter.

    Returns
    -------
    FormDerivatives : directions in the order of the parameters, rising before falling where the two differ.

    Notes
    -----
    Cost: two evaluations of each formula for each parameter that it reads, and the form's branches once a parameter.

    References
    ----------
    Griewank and Walther (2008), *Evaluating Derivatives*, chapters 3 and 14.

    Examples
    --------
    >>> from leverage.game.form import compile_form
    >>> from leverage.loading import parse_scenario, shipped_text
    >>> found = form_derivatives(compile_form(parse_scenario(shipped_text("withdrawal"))))
    >>> len(found.directions), {direction.side for direction in found.directions}, dict(found.missing)
    (28, {0}, {})
    """
    point = _Point(form, dict(form.scenario.values if values is None else values))
    directions: list[Direction] = []
    slopes: list[_Slopes] = []
    missing = {}
    for name in point.values:
        rising = _slopes(point, name, 1)
        falling = _slopes(point, name, -1) if point.piecewise(name) else rising
        sides = {1: rising, -1: falling}
        faults = {side: each.faults or _forbidden(point, each, side) for side, each in sides.items()}
        kinks = [place for place, a, b in _parts(form, rising, falling) if not _alike(a, b)]
        if not faults[1] and not faults[-1] and not kinks:
            directions.append(Direction(name, 0))
            slopes.append(rising)
            continue
        for side in (1, -1):
            if not faults[side]:
                other = faults[-side][0] if faults[-side] else f"{kinks[0]} has a kink here"
                directions.append(Direction(name, side, other))
                slopes.append(sides[side])
        if faults[1] and faults[-1]:
            missing[name] = faults[1][0]
    return _stacked(form, directions, slopes, missing)


# --- one parameter and side ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Point:
    """A form at one parameter point, and what all parameters share there."""

    form: GameForm
    values: Mapping[str, float]

    @cached_property
    def arrays(self) -> FormArrays:
        return self.form.arrays(dict(self.values))

    @cached_property
    def chain(self) -> tuple[tuple[tuple[Block, Floats, list[Floats]], ...], ...]:
        """Step by step: each block with the probabilities (n,) of its branches and the chances (n,) of its moves."""
        mass, steps = np.ones(len(self.form.row_state)), []
        for blocks in self.form.steps:
            step = []
            for block in blocks:
                before = mass[block.parents]
                step.append((block, before, [np.broadcast_to(own, before.shape) for own in chances_of(block, self.values)]))
            mass = np.concatenate(
                [(before * own)[kept] for block, before, chances in step for own, kept in zip(chances, block.kept, strict=True)]
            )
            steps.append(tuple(step))
        return tuple(steps)

    @cached_property
    def chances(self) -> tuple[tree.Formula, ...]:
        """The formulas of all chances."""
        moves = [move for own in self.form.scenario.transitions for rule in own for move in rule.moves]
        return tuple(move.chance for move in moves if move.chance is not None)

    @cached_property
    def reads(self) -> dict[int, frozenset[str]]:
        """The parameters that each formula reads, by the formula's identity: looked up often, and trees are slow to walk."""
        return {id(each): frozenset(tree.parameters_of(each)) for each in (*self.chances, *self.others)}

    @cached_property
    def others(self) -> tuple[tree.Formula, ...]:
        """The formulas of payoff terms, averages and discount factors."""
        scenario = self.form.scenario
        terms, averages = (term.formula for term in scenario.terms), (mean.formula for mean in scenario.averages)
        return (*terms, *averages, *(player.discount for player in scenario.players))

    def piecewise(self, name: str) -> bool:
        """Whether some formula may have a kink or a jump in this parameter."""
        return any(name in self.reads[id(each)] and is_piecewise(each, name) for each in (*self.chances, *self.others))


@dataclass(frozen=True, eq=False)
class _Slopes:
    """Derivatives for one parameter and side, as in `FormDerivatives` without D; faults: why they do not exist, if so."""

    probabilities: Floats
    terms: tuple[Floats, ...]
    averages: tuple[Floats, ...]
    discount: Floats
    faults: list[str] = field(default_factory=list)


def _slopes(point: _Point, name: str, side: int) -> _Slopes:
    form, scenario, faults = point.form, point.form.scenario, list[str]()

    def slope(formula: tree.Formula, rows: Rows, width: int, place: str) -> Floats:
        return np.broadcast_to(_slope(point, formula, rows, name, side, place, faults), width)

    rate = _branch_rates(point, name, side, faults)
    probabilities = np.bincount(form.branch_entry, weights=rate, minlength=len(form.indices)).astype(np.float64)
    terms = []
    for term in scenario.terms:
        place = f"payoff term '{term.name}'"
        if tree.looks_ahead(term.formula):
            own = slope(term.formula, form.entry_rows, len(form.indices), place)
            ahead = probabilities * evaluate(term.formula, form.entry_rows, point.values) + point.arrays.probabilities[0] * own
            terms.append(np.add.reduceat(ahead, form.indptr[:-1]))
        else:
            terms.append(slope(term.formula, form.action_rows, len(form.row_state), place))
    averages = tuple(
        slope(mean.formula, form.state_rows, len(form.levels), f"the average '{mean.name}'") for mean in scenario.averages
    )
    discount = np.concatenate(
        [slope(player.discount, NO_ROWS, 1, f"the discount factor of '{player.key}'") for player in scenario.players]
    )
    return _Slopes(probabilities, tuple(terms), averages, discount, faults)


def _branch_rates(point: _Point, name: str, side: int, faults: list[str]) -> Floats:
    """(branches,): derivatives of the final branches' probabilities; the product rule, step by step."""
    form = point.form
    if not any(name in point.reads[id(each)] for each in point.chances):
        return np.zeros(len(form.branch_entry))
    rate = np.zeros(len(form.row_state))
    for step, variable in zip(point.chain, form.scenario.order, strict=True):
        place = f"a chance of '{form.scenario.vocabulary.variable_names[variable]}'"
        parts = []
        for block, mass, chances in step:
            before, moves = rate[block.parents], _chance_slopes(point, block, name, side, place, faults)
            for own, move, kept in zip(chances, moves, block.kept, strict=True):
                parts.append((before * own + mass * move)[kept])
        rate = np.concatenate(parts)
    return rate


def _chance_slopes(point: _Point, block: Block, name: str, side: int, place: str, faults: list[str]) -> list[Floats]:
    """Derivatives of the chances of a block's moves; that of the rest is minus the sum of the others'."""
    given = [
        None if move.chance is None else _slope(point, move.chance, block.rows, name, side, place, faults)
        for move in block.rule.moves
    ]
    rest = -sum((each for each in given if each is not None), np.asarray(0.0))
    return [np.asarray(rest) if each is None else each for each in given]


def _slope(point: _Point, formula: tree.Formula, rows: Rows, name: str, side: int, place: str, faults: list[str]) -> Floats:
    """The derivative of one formula. Where there is none the fault is kept and the slope is 0."""
    if name not in point.reads[id(formula)]:
        return np.asarray(0.0)
    limit, slope, _ = one_sided(formula, rows, point.values, name, side)
    value = evaluate(formula, rows, point.values)
    with np.errstate(all="ignore"):  # infinities where a formula has no value: the checks over the box tell of those
        jumps = np.abs(limit - value) > JUMP * np.maximum(np.abs(limit), np.abs(value))
    if not np.isfinite(slope).all():
        faults.append(f"{place} has no finite derivative here")
    elif jumps.any():
        faults.append(f"{place} jumps here as it {'rises' if side > 0 else 'falls'}")
    else:
        return slope
    return np.asarray(0.0)


# --- which sides there are -----------------------------------------------------------------------------------------------


def _forbidden(point: _Point, slopes: _Slopes, side: int) -> list[str]:
    """Why the parameter cannot move that way."""
    form, law = point.form, slopes.probabilities
    size = max(float(np.abs(law).max(initial=0.0)), 1.0)
    totals = np.add.reduceat(law, form.indptr[:-1])
    told = []
    if np.any(np.abs(totals) > SAME_SLOPE * size):
        told.append("moved alone it leaves chances that do not sum to 1")
    if np.any((point.arrays.probabilities[0] <= ZERO_CHANCE) & (side * law < -SAME_SLOPE * size)):
        told.append(f"a chance of 0 would become negative as it {'rises' if side > 0 else 'falls'}")
    if np.any((point.arrays.discount[0] == 0) & (side * slopes.discount < 0)):
        told.append(f"a discount factor of 0 would become negative as it {'rises' if side > 0 else 'falls'}")
    return told


def _parts(form: GameForm, one: _Slopes, other: _Slopes) -> Iterator[tuple[str, Floats, Floats]]:
    """The arrays of both sides, each with its name in words."""
    scenario = form.scenario
    yield "a chance", one.probabilities, other.probabilities
    for term, a, b in zip(scenario.terms, one.terms, other.terms, strict=True):
        yield f"payoff term '{term.name}'", a, b
    for mean, a, b in zip(scenario.averages, one.averages, other.averages, strict=True):
        yield f"the average '{mean.name}'", a, b
    yield "a discount factor", one.discount, other.discount


def _alike(one: Floats, other: Floats) -> bool:
    return bool(np.abs(one - other).max(initial=0.0) <= SAME_SLOPE * np.abs(one).max(initial=0.0))


def _stacked(form: GameForm, directions: list[Direction], slopes: list[_Slopes], missing: Mapping[str, str]) -> FormDerivatives:
    scenario, count, rows = form.scenario, len(directions), len(form.row_state)
    terms = tuple(np.array([each.terms[k] for each in slopes]).reshape(count, rows) for k in range(len(scenario.terms)))
    payoffs = np.zeros((count, rows, len(scenario.players)))
    for term, slope in zip(scenario.terms, terms, strict=True):
        payoffs[:, :, term.player] += slope if term.kind == "gain" else -slope
    return FormDerivatives(
        directions=tuple(directions),
        probabilities=np.array([each.probabilities for each in slopes]).reshape(count, len(form.indices)),
        terms=terms,
        payoffs=payoffs,
        averages=tuple(
            np.array([each.averages[k] for each in slopes]).reshape(count, len(form.levels))
            for k in range(len(scenario.averages))
        ),
        discount=np.array([each.discount for each in slopes]).reshape(count, len(scenario.players)),
        missing=missing,
    )
