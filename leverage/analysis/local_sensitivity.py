"""What a small change of each parameter does to every outcome of an equilibrium: exact derivatives, checked by differences.

Derivatives of the game's numbers (`form_derivatives`), of the equilibrium on its support (`equilibrium_derivative`) and of the
outcomes (`outcome_derivatives`) are chained. All are along the continuation of this equilibrium: a selection rule might pick
another one elsewhere. They are local and linear: beyond the point at which some unused action becomes as good as those in use,
or a mixed one is no longer used, the effect is another one (`follow_equilibrium` finds these points).

An independent check comes with them. All parameters that have a derivative on both sides are moved at once, each by its own
small share of its range; the equilibrium is solved again on its support there, measured by `measure_outcomes`, and the central
difference is compared with the sum of the effects.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leverage.analysis.outcome_derivatives import OutcomeDerivative, outcome_derivatives
from leverage.analysis.outcomes import measure_outcomes
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.derivatives import SIDES, Direction, FormDerivatives, form_derivatives
from leverage.game.form import GameForm
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.scenario.scenario import Parameter
from leverage.solvers.equilibrium_derivative import EquilibriumDerivative, equilibrium_derivative
from leverage.solvers.solution import Solution

#: What moves a quantity by less than this share of its scale, over the whole plausible range, is rounding and told as 0.
NOISE = 1e-11
#: The check moves parameters by these shares of their ranges; the second is tried where the first goes too far.
CHECK_STEPS = (1e-4, 1e-6)
#: An effect is confirmed if differences miss it by at most this share of the quantity's scale or of all effects on it together.
CONFIRMED = 1e-4
#: An end of the same play that lies further away than so many ranges is rounding: there is none.
FAR = 1e6
#: Seed of the shares: a direction in general position, in which no error cancels another.
CHECK_SEED = 1887
#: `moves` is sorted by so many digits, so that rounding does not decide about the order.
SORTED_DIGITS = 9

OPENS = "it opens a way out of states that play never leaves"
UNCONFIRMED = "differences of re-solved equilibria do not confirm it"


@dataclass(frozen=True)
class Effect:
    """What one parameter does to one outcome.

    side: "both", or "rising" and "falling" where the derivative differs, or "none". unit: of the quantity. derivative: change of
    the quantity per unit of the parameter; NaN where there is none. moves: derivative times the length of the plausible range (on
    its side); NaN without a range. same_play_from, same_play_to: values of the parameter between which, to first order, the same
    actions are used; infinite where there is no end. certificate: what differences miss of all effects on this quantity
    together, in its unit; NaN where it was not checked. note: why it is one-sided, missing or not confirmed; empty otherwise.
    """

    parameter: str
    side: str
    subject: str
    quantity: str
    unit: str
    derivative: float
    moves: float
    same_play_from: float
    same_play_to: float
    certificate: float
    note: str


@dataclass(frozen=True, eq=False)
class LocalSensitivity:
    """All effects, or the reason why there are none.

    effects: payoffs of all players first, then the other outcomes in the order of `measure_outcomes`; of each the largest |moves|
    first. reason: in words why the equilibrium has no derivative; empty if it is regular. directions: parameter and side of each
    column of d_strategies, per player (C_i, D), and of d_values, (S, N, D); both empty if not regular.
    """

    effects: tuple[Effect, ...]
    reason: str
    directions: tuple[Direction, ...]
    d_strategies: tuple[Floats, ...]
    d_values: Floats

    @property
    def regular(self) -> bool:
        return not self.reason


def local_sensitivity(form: GameForm, solution: Solution | Automaton) -> LocalSensitivity:
    """Derivatives of every value, strategy and outcome of a Markov equilibrium with respect to every scenario parameter.

    Use it to see which numbers matter near the scenario's values; where the plausible ranges are wide, solve again at other
    values.

    Parameters
    ----------
    form : the scenario's compiled form. solution : stationary equilibrium play of `form.at()`, or its plan.

    Returns
    -------
    LocalSensitivity : effects, or the reason why the equilibrium is not regular.

    Raises
    ------
    GameError : play with memory, or of another game than `form.at()`.

    Notes
    -----
    Guarantee: exact up to rounding, along the continuation of this equilibrium. Cost: one factorisation for the equilibrium and
    a few for the outcomes, with a solve for each parameter, and four equilibria for the check: tenths of a second for 50
    states and 30 parameters.

    References
    ----------
    Herings and Peeters (2004), for regularity; Schweitzer (1968), for derivatives of Markov chains.

    Examples
    --------
    >>> from leverage.game.form import compile_form
    >>> from leverage.loading import parse_scenario, shipped_text
    >>> from leverage.solvers.markov_perfect import markov_perfect
    >>> form = compile_form(parse_scenario(shipped_text("withdrawal")))
    >>> found = local_sensitivity(form, markov_perfect(form.at())[0])
    >>> found.regular, found.effects[0].quantity, found.effects[0].side
    (True, 'payoff', 'both')
    """
    plan = solution.plan if isinstance(solution, Solution) else solution
    game = form.at()
    _refuse_other_game(game, plan.game)
    derivatives = form_derivatives(form)
    try:
        equilibrium = equilibrium_derivative(plan, derivatives)
        outcomes = outcome_derivatives(game, equilibrium.strategies, equilibrium.d_strategies, derivatives)
    except UnsolvedError as error:
        return LocalSensitivity((), str(error), derivatives.directions, (), np.zeros((0, 0, 0)))
    missed = _missed_by_differences(form, equilibrium, derivatives, outcomes)
    effects = [
        effect
        for outcome, miss in zip(outcomes, missed.tolist(), strict=True)
        for effect in _effects(form, derivatives, equilibrium.room, outcome, miss)
    ]
    order = {(outcome.subject, outcome.quantity): k for k, outcome in enumerate(outcomes)}
    effects.sort(key=lambda each: _sort_key(each, order))
    return LocalSensitivity(tuple(effects), "", derivatives.directions, equilibrium.d_strategies, equilibrium.d_values)


def _refuse_other_game(game: StochasticGame, played: StochasticGame) -> None:
    same = game is played or (
        game.payoffs.shape == played.payoffs.shape
        and game.transitions.shape == played.transitions.shape
        and np.array_equal(game.payoffs, played.payoffs)
        and np.array_equal(game.discount, played.discount)
        and np.array_equal(game.transitions.data, played.transitions.data)
        and game.start == played.start
    )
    if not same:
        raise GameError("the solution is play of another game than form.at(): solve that game")


# --- effects --------------------------------------------------------------------------------------------------------------


def _effects(
    form: GameForm, derivatives: FormDerivatives, room: Floats, outcome: OutcomeDerivative, missed: float
) -> Iterator[Effect]:
    """The effects of all parameters on one outcome; room: (D, 2) as in `EquilibriumDerivative`."""
    parameters, confirmed = form.scenario.parameters, _confirmed(form, derivatives, outcome, missed)
    for d, direction in enumerate(derivatives.directions):
        parameter, side = parameters[direction.parameter], direction.side
        slope, note = float(outcome.derivative[d]), direction.reason
        if outcome.missing[d]:
            slope, note = math.nan, OPENS
        elif side == 0 and not confirmed:
            slope, note = math.nan, UNCONFIRMED
        elif abs(slope) * _reach(parameter) <= NOISE * outcome.scale:
            slope = 0.0
        yield Effect(
            parameter=parameter.name,
            side=SIDES[side],
            subject=outcome.subject,
            quantity=outcome.quantity,
            unit=outcome.unit,
            derivative=slope,
            moves=slope * _length(parameter, side),
            same_play_from=parameter.value - (_room(parameter, room[d, 0]) if side <= 0 else 0.0),
            same_play_to=parameter.value + (_room(parameter, room[d, 1]) if side >= 0 else 0.0),
            certificate=missed if side == 0 and math.isfinite(slope) else math.nan,
            note=note,
        )
    for name, reason in derivatives.missing.items():
        none = (math.nan,) * 5
        yield Effect(name, "none", outcome.subject, outcome.quantity, outcome.unit, *none, reason)


def _confirmed(form: GameForm, derivatives: FormDerivatives, outcome: OutcomeDerivative, missed: float) -> bool:
    """Whether differences do not contradict the two-sided derivatives."""
    total = sum(
        abs(slope) * _reach(form.scenario.parameters[direction.parameter])
        for direction, slope in zip(derivatives.directions, outcome.derivative, strict=True)
        if direction.side == 0 and math.isfinite(slope)
    )
    return not missed > CONFIRMED * max(outcome.scale, total)


def _length(parameter: Parameter, side: int) -> float:
    """The length of the plausible range, or of its part on one side of the value; NaN without a range."""
    if not parameter.in_doubt:
        return math.nan
    if side == 0:
        return parameter.high - parameter.low
    return max(parameter.high - parameter.value if side > 0 else parameter.value - parameter.low, 0.0)


def _reach(parameter: Parameter) -> float:
    """What counts as a large change of the parameter: its plausible range, or its own size where it has none."""
    return parameter.high - parameter.low if parameter.in_doubt else abs(parameter.value) or 1.0


def _room(parameter: Parameter, distance: float) -> float:
    """The distance, or infinity if it is very far."""
    return float(distance) if distance <= FAR * _reach(parameter) else math.inf


def _sort_key(effect: Effect, order: dict[tuple[str, str], int]) -> tuple[bool, int, bool, float, str, bool]:
    """Payoffs first, then the order of outcomes; the largest move first, what has none last, ties by name."""
    none = math.isnan(effect.moves)
    size = 0.0 if none else -float(f"{abs(effect.moves):.{SORTED_DIGITS}e}")
    place = order[effect.subject, effect.quantity]
    return effect.quantity != "payoff", place, none, size, effect.parameter, effect.side == "falling"


# --- the check by differences ---------------------------------------------------------------------------------------------


def _missed_by_differences(
    form: GameForm, equilibrium: EquilibriumDerivative, derivatives: FormDerivatives, outcomes: tuple[OutcomeDerivative, ...]
) -> Floats:
    """(outcomes,): distance of the central difference along one direction from what the derivatives say; NaN where not known."""
    two_sided = np.array([direction.side == 0 for direction in derivatives.directions], dtype=bool)
    random = np.random.default_rng(CHECK_SEED)
    reaches = np.array([_reach(form.scenario.parameters[direction.parameter]) for direction in derivatives.directions])
    share = random.uniform(0.5, 1.0, len(two_sided)) * random.choice([-1.0, 1.0], len(two_sided)) * two_sided
    move = {d.parameter: float(x) for d, x in zip(derivatives.directions, share * reaches, strict=True) if d.side == 0}
    expected = np.array(
        [np.where(two_sided & ~outcome.missing, outcome.derivative, 0.0) @ (share * reaches) for outcome in outcomes]
    )
    missed = np.full(len(outcomes), math.nan)
    if not move:
        return missed
    for step in CHECK_STEPS:
        try:
            found = _difference(form, equilibrium, move, step)
        except (GameError, UnsolvedError):
            continue
        missed = np.fmin(missed, np.abs(found - expected))
        scale = np.array([outcome.scale for outcome in outcomes])
        if not np.any(missed > CONFIRMED * np.maximum(scale, np.abs(expected))):
            break
    return missed


def _difference(form: GameForm, equilibrium: EquilibriumDerivative, move: dict[str, float], step: float) -> Floats:
    """The derivative of all outcomes along `move`, by differences of fourth order."""
    far, near = (_measured(form, equilibrium, move, k * step) - _measured(form, equilibrium, move, -k * step) for k in (2, 1))
    return (8 * near - far) / (12 * step)


def _measured(form: GameForm, equilibrium: EquilibriumDerivative, move: dict[str, float], length: float) -> Floats:
    """Outcomes of the equilibrium's continuation a little way along `move`."""
    values = form.scenario.values
    game = form.at({name: value + length * move.get(name, 0.0) for name, value in values.items()})
    strategies = equilibrium.nearby(game)
    profile = [np.split(own, starts[1:-1]) for own, starts in zip(strategies, game.choice_start, strict=True)]
    return np.array([outcome.value for outcome in measure_outcomes(Automaton.stationary(game, profile))])
