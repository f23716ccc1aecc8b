"""Batteries of what follows an equilibrium along a parameter, part by part; see `batteries.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from leverage.errors import GameError
from leverage.game.stochastic_game import Booleans, Floats, StochasticGame
from leverage.solvers.arclength import LostError, NoWayError, Problem, Spot, settled, spot_at
from leverage.solvers.indifference import IndifferenceSystem
from tests.mutations.batteries import EXACT, same
from tests.mutations.reference import gains_of
from tests.solvers.branch_games import DELTA, inspection, stage, three_players, three_speeds
from tests.solvers.designed import Designed, designed, solution_of

#: Events are located to this share of the parameter's range.
LOCATED = 1e-9
#: Central differences over `STEP`: their error is of its second order, and rounding divided by it.
STEP, DIFFERENCE = 1e-4, 1e-6

Family = Callable[[float], StochasticGame]


@dataclass(frozen=True, eq=False)
class Place:
    """An equilibrium of family(theta), theta in [low, high]: strategies flat (C_i,), values (S, N). support: if wider."""

    family: Family
    low: float
    high: float
    theta: float
    strategies: Sequence[Floats]
    values: Floats
    support: tuple[Booleans, ...] | None = None

    @property
    def game(self) -> StochasticGame:
        return self.family(self.theta)

    @property
    def system(self) -> IndifferenceSystem:
        return IndifferenceSystem.of_play(self.game, self.strategies) if self.support is None else self._wide

    @property
    def _wide(self) -> IndifferenceSystem:
        return IndifferenceSystem(self.game, self.support or ())

    @property
    def spread(self) -> Floats:
        width = np.ptp(self.game.payoffs, axis=0)
        return np.where(width > 0, width, 1.0)

    def problem(self, kind: type = Problem, tolerance: float = 1e-9) -> Problem:
        return kind(self.family, "theta", self.low, self.high, self.spread, tolerance, self.game.payoff_range)

    @property
    def unit(self) -> Floats:
        """Of probabilities, of values - all together weigh like one probability - and of the parameter."""
        system, count = self.system, self.values.size
        return np.concatenate([np.ones(system.first_value), np.tile(self.spread * np.sqrt(count), len(self.values)), [1.0]])

    @property
    def scale(self) -> Floats:
        """Of conditions: payoff a period in ranges, and probabilities."""
        game, own = self.game, []
        for i, used in enumerate(self.system.support):
            own += [np.full(int(np.sum(used)), (1 - game.discount[i]) * self.spread[i])]
        return np.concatenate([*own, np.ones(self.values.size)])

    @property
    def z(self) -> Floats:
        x = self.system.pack(self.strategies, self.values)
        return np.append(x, (self.theta - self.low) / (self.high - self.low)) / self.unit

    def conditions(self, z: Floats) -> Floats:
        """The scaled conditions at z, in the game at its theta."""
        game = self.family(self.low + z[-1] * (self.high - self.low))
        return IndifferenceSystem(game, self.system.support).residual((z * self.unit)[:-1]) / self.scale


@cache
def three_states() -> Designed:
    return designed(3)


def grown(theta: float) -> StochasticGame:
    """A designed game of three states whose payoffs grow with the square of theta; the second player's are ten times as large,
    and that one is more patient. Its law moves too. Play starts in the last state."""
    known, payoffs, laws = three_states(), [], []
    for s in range(3):
        payoff, law = known.game.stage_payoffs(s), known.game.stage_transitions(s)
        ahead = law @ known.values[:, 1]
        # what a row is worth is the same at a discount factor of 3/4 in place of 1/2: u / 2 + w / 2 = u' / 4 + 3 w / 4
        second = 10 * (2 * payoff[..., 1] - ahead)
        payoffs.append(np.stack([payoff[..., 0], second], axis=-1) * theta**2)
        laws.append(law**theta / (law**theta).sum(axis=-1, keepdims=True))
    return StochasticGame.from_arrays(payoffs, laws, (0.5, 0.75), start=2)


def grown_place(low: float = 0.5, high: float = 3.0) -> Place:
    known = three_states()
    return Place(grown, low, high, 1.0, known.strategies, known.values * np.array([1.0, 10.0]))


def root_place(theta: float, sign: int, low: float = 0.05, high: float = 0.5, family: Family = three_players) -> Place:
    p = (1 + sign * np.sqrt(1 - 4 * theta)) / 2
    return Place(family, low, high, theta, [np.array([p, 1 - p])] * 3, np.zeros((1, 3)))


# --- arclength ----------------------------------------------------------------------------------------------------------


@contextmanager
def going_on(*kinds: type[Exception]) -> Iterator[None]:
    """Where the answer is known, that there is no way on is a wrong answer."""
    try:
        yield
    except kinds as stop:
        raise AssertionError(f"there is a way on: {stop!r}") from stop


def check_arclength(module: ModuleType) -> None:
    with going_on(module.LostError, module.NoWayError):
        _units(module)
        for place in (grown_place(), grown_place(low=1.0), grown_place(high=1.0), root_place(0.09, -1), root_place(0.2, 1)):
            _tangents(module, place)
            _corrections(module, place)
        _reports(module)
        _folds(module)


def _units(module: ModuleType) -> None:
    place = grown_place()
    problem = place.problem(module.Problem)
    same(module.unit_of(problem, place.system), place.unit)
    same(module.row_scale(problem, place.system), place.scale)
    same([problem.width, *(problem.theta(np.array([0.0, tau])) for tau in (-1e-3, 0.2, 1 + 1e-3))], [2.5, 0.5, 1.0, 3.0])
    same(module.last_row(3), [0, 0, 1])
    same(module.last_row(3, 1), [0, 1, 0])
    same(problem.allowed(place.game), 1e-9 * place.game.payoff_range, 1e-20)
    flat = StochasticGame.from_arrays([np.zeros((2, 1))], [np.ones((2, 1))], 0.5)
    same(problem.allowed(flat), 1e-9 * problem.payoff_range, 1e-20)  # a range of 0 would allow nothing
    high = StochasticGame.from_arrays([np.full((2, 1), 1e8)], [np.ones((2, 1))], 0.5)
    same(problem.allowed(high), 1e-6, 1e-12)  # rounding


def _tangents(module: ModuleType, place: Place) -> None:
    """Unit directions in which the conditions keep, to first order; none is asked for games beyond the range."""

    def within(theta: float) -> StochasticGame:
        if not place.low <= theta <= place.high:
            raise GameError("no game here")
        return place.family(theta)

    problem = replace(place.problem(module.Problem), family=within)
    for row in (module.last_row(len(place.z)), -module.last_row(len(place.z)), np.ones(len(place.z))):
        spot = module.spot_at(problem, place.system, place.z, row)
        same(np.linalg.norm(spot.tangent), 1.0)
        assert spot.tangent @ row > 0
        change = (place.conditions(place.z + STEP * spot.tangent) - place.conditions(place.z - STEP * spot.tangent)) / (2 * STEP)
        same(change, np.zeros(len(change)), DIFFERENCE)
        moved = STEP * module.last_row(len(place.z))
        same(spot.slope, (place.conditions(place.z + moved) - place.conditions(place.z - moved)) / (2 * STEP), _error(place))


def _error(place: Place) -> float:
    """Of a derivative in theta: differences are one-sided at the ends of the range."""
    return 1e-4 if place.theta in (place.low, place.high) else DIFFERENCE


def _corrections(module: ModuleType, place: Place) -> None:
    """Newton's method comes back to the conditions' zero on the plane that it is given."""
    problem, random = place.problem(module.Problem), np.random.default_rng(5)
    row = random.normal(size=len(place.z))
    if place.low < place.theta < place.high:
        level = float(row @ place.z) + 1e-3
        moved = place.z + random.uniform(-1e-3, 1e-3, len(place.z))
        kept = moved.copy()
        system, z, _ = module.corrected(problem, place.system, moved, row, level)
        same(place.conditions(z), np.zeros(len(z) - 1), EXACT)
        same([row @ z, *system.game.payoffs.ravel()], [level, *place.family(problem.theta(z)).payoffs.ravel()])
        same(moved, kept, 0.0)  # the guess is the caller's own
    spot = module.settled(problem, place.system, np.append(place.z[:-1] + 1e-4, place.z[-1]))
    same(spot.z, place.z, EXACT)
    assert spot.tangent[-1] > 0
    if place.family is three_players:  # p - p^2 = theta
        p = place.strategies[0][0]
        same(spot.tangent[:6:2] / spot.tangent[-1] / problem.width, [1 / (1 - 2 * p)] * 3, LOCATED)
    with pytest.raises(module.LostError):
        module.corrected(problem, place.system, place.z + 1e3, row, 0.0)


def _reports(module: ModuleType) -> None:
    place = grown_place()
    problem = place.problem(module.Problem)
    spot = module.settled(problem, place.system, place.z)
    point = module.reported(problem, spot, 0.25)
    same((point.theta, point.arclength, *point.values), (1.0, 0.25, *place.values[2]))
    same(point.all_values, place.values, 1e-8)
    for own, exact in zip(point.strategies, place.strategies, strict=True):
        same(own, exact)
    assert point.support_sizes == (6, 6)
    assert 0 <= point.certificate <= problem.allowed(place.game)
    tiny = spot.z.copy()
    tiny[0] += 1e-12
    off = module.reported(problem, replace(spot, z=tiny), 0.0)
    same([own.sum() for own in np.split(off.strategies[0], 3)], [1.0] * 3, 1e-15)
    assert all(float(np.min(own)) >= 0 for own in off.strategies)
    below = replace(root_place(0.0, -1, low=-0.1), support=(np.array([True, True]),) * 3)
    at_zero = spot_of(below)
    point = module.reported(below.problem(), replace(at_zero, z=at_zero.z - 1e-13 * module.last_row(len(at_zero.z), 0)), 0.0)
    assert min(float(np.min(own)) for own in point.strategies) == 0.0  # rounding below 0 is none
    far = spot.z.copy()
    far[0] += 1e-3
    with pytest.raises(module.LostError):
        module.reported(problem, replace(spot, z=far), 0.0)
    with pytest.raises(module.LostError):
        module.system_at(replace(problem, family=_no_game), place.system, place.z)


def _no_game(theta: float) -> StochasticGame:
    raise GameError("no game here")


def _folds(module: ModuleType) -> None:
    """p - p^2 = theta turns back at p = 1/2; with theta = t^3 the branch is steeper on one side."""

    def bent(t: float) -> StochasticGame:
        return three_players(t**3)

    for family, power in ((three_players, 1.0), (bent, 1 / 3)):
        before, after = (
            replace(root_place(theta, sign, family=family), theta=theta**power, high=0.9)
            for theta, sign in ((0.21, -1), (0.245, 1))
        )
        problem = before.problem(module.Problem)
        start = module.settled(problem, before.system, before.z)
        end = module.spot_at(problem, after.system, after.z, start.tangent)
        for one, other in ((start, end), (replace(end, tangent=-end.tangent), replace(start, tangent=-start.tangent))):
            found = module.located_fold(problem, one, other)
            same(problem.theta(found.z), 0.25**power, LOCATED)
            same(found.z[:6], [0.5] * 6, 1e-4)
            assert abs(found.tangent[-1]) < 1e-4
            assert found.tangent @ one.tangent > 0
    place = root_place(0.25, 1)
    with pytest.raises(module.LostError):  # on a fold the parameter decides nothing
        module.settled(place.problem(module.Problem), place.system, place.z)


# --- changes of support ------------------------------------------------------------------------------------------------------


def single(*worths: Callable[[float], float]) -> Family:
    """One player for ever, whose actions pay these functions of theta."""
    return lambda theta: StochasticGame.from_arrays(
        [np.array([[worth(theta)] for worth in worths])], [np.ones((len(worths), 1))], DELTA
    )


def staying(family: Family, action: int, low: float, high: float, theta: float) -> Place:
    """A single player who takes one action."""
    game = family(theta)
    return Place(family, low, high, theta, [np.eye(len(game.payoffs))[action]], game.payoffs[[action]])


def spot_of(place: Place, sign: float = 1.0) -> Spot:
    """The place as a point of the curve, with the tangent towards rising (or falling) theta."""
    spot = settled(place.problem(), place.system, place.z)
    return replace(spot, tangent=sign * spot.tangent)


def moved_to(place: Place, spot: Spot, theta: float) -> Spot:
    """The curve on the same support at another theta, whatever chances become there; the tangent goes on from the spot's."""
    problem = place.problem()
    guess = spot.z + (theta - place.theta) / problem.width / spot.tangent[-1] * spot.tangent
    there = settled(problem, spot.system, guess)
    return spot_at(problem, there.system, there.z, spot.tangent)


def inspected(theta: float) -> Place:
    q = theta / (1 + theta)
    return Place(inspection, -0.5, 3.0, theta, [np.array([0.5, 0.5]), np.array([q, 1 - q])], np.array([[q, 0.5]]))


def check_support_changes(module: ModuleType) -> None:
    with going_on(LostError, NoWayError):
        _heights(module)
        _supports(module)
        _an_action_leaves(module)
        _an_action_enters(module)
        _the_first_of_several(module)


def _heights(module: ModuleType) -> None:
    """Chances of actions in use; what the others lose, in ranges."""
    place = grown_place()
    problem, plan = place.problem(), solution_of(place.game, place.strategies, place.values).plan
    x = place.system.pack(place.strategies, place.values)
    for i, found in enumerate(module.heights_of(problem, place.system, x)):
        own = place.strategies[i]
        same(found, np.where(own > 0, own, -np.concatenate(gains_of(plan, i)) / place.spread[i]))
        assert np.min(found) > 0.01


def _supports(module: ModuleType) -> None:
    place = grown_place()
    system, problem = place.system, place.problem()
    off = int(np.flatnonzero(place.strategies[1] == 0)[-1])
    wide = module.flipped(system, module.Choice(1, off, True, 0.5))
    narrow = module.flipped(wide, module.Choice(1, off, False, 0.5))
    for i, used in enumerate(system.support):
        changed = np.flatnonzero(used != wide.support[i]).tolist()
        assert changed == ([off] if i == 1 else [])
        assert np.array_equal(used, narrow.support[i])
    there = module.carried(problem, system, wide, place.z)
    strategies, values = wide.unpack(
        np.concatenate([there[: wide.first_value], (there[:-1] * _unit(place, wide))[wide.first_value :]])
    )
    for own, exact in zip(strategies, place.strategies, strict=True):
        same(own, exact)
    same(values, place.values)
    same(module.carried(problem, wide, system, there), place.z)
    assert module.choice_words(system, 1, off) == "'3' of 2 in state '3'"


def _unit(place: Place, system: IndifferenceSystem) -> Floats:
    return np.concatenate([np.ones(system.first_value), place.unit[-place.values.size - 1 : -1]])


def _an_action_leaves(module: ModuleType) -> None:
    """The second player's first action at theta = 0; then the first player's mix opens towards its own first action."""
    place = inspected(1.0)
    spot, problem = spot_of(place, -1.0), place.problem()
    end = moved_to(place, spot, -0.2)  # a chance of -1/4, from 1/2
    (crossing,) = module.crossings(problem, spot, end)
    assert (crossing.player, crossing.number, crossing.entering) == (1, 0, False)
    same(crossing.when, 2 / 3)
    found, choice = module.located(problem, spot, end, [crossing])
    same(problem.theta(found.z), 0.0, LOCATED)
    assert choice == crossing
    assert found.tangent @ spot.tangent > 0
    new = module.flipped(found.system, choice)
    after = module.after_leaving(problem, found, new, module.carried(problem, found.system, new, found.z), choice)
    (opened, other), _ = after.system.unpack(after.tangent[:-1])
    assert opened[0] > 0.1  # the action that left pays if the first player takes its second
    same([opened.sum(), *other, after.tangent[-1]], np.zeros(4), LOCATED)
    assert after.system.support[1].tolist() == [False, True]
    assert list(module.crossings(problem, spot, moved_to(place, spot, 0.5))) == []


def _an_action_enters(module: ModuleType) -> None:
    place = staying(single(lambda t: 1.0, lambda t: t**2, lambda t: 1.0, lambda t: t - 3.0), 0, 0.0, 3.0, 0.9)
    spot = spot_of(place)
    end, problem = moved_to(place, spot, 1.2), place.problem()
    (crossing,) = module.crossings(problem, spot, end)  # an action written twice always ties
    assert (crossing.player, crossing.number, crossing.entering) == (0, 1, True)
    same(crossing.when, 0.19 / (0.19 + 0.44))
    found, choice = module.located(problem, spot, end, [crossing])
    same(problem.theta(found.z), 1.0, LOCATED)
    assert choice.others == ()
    assert found.system.support[0].tolist() == [True, False, False, False]


def _the_first_of_several(module: ModuleType) -> None:
    """Whatever the shares of the way seem to be, it is found; and those that come at the same point."""
    place = staying(
        single(lambda t: 0.0, lambda t: t + t**2 / 10 - 1.1, lambda t: 2 * t - 3, lambda t: 3 * (t - 1)), 0, 0.0, 3.0, 0.5
    )
    spot = spot_of(place)
    end, problem = moved_to(place, spot, 2.0), place.problem()
    seen = list(module.crossings(problem, spot, end))
    assert [each.number for each in seen] == [1, 2, 3]
    for wrong in (0.1, 0.9):
        late = replace(seen[1], when=wrong)
        found, choice = module.located(problem, spot, end, [seen[0], late])
        same(problem.theta(found.z), 1.0, LOCATED)
        assert (choice.number, choice.others) == (1, ((0, 3),))
    with pytest.raises(LostError):
        module.located(problem, spot, moved_to(place, spot, 0.75), [seen[0]])
    with pytest.raises(LostError):
        module.located(problem, spot, end, [seen[1]])


# --- several changes at once -------------------------------------------------------------------------------------------------

#: How far on supports are tried, as a share of the range.
AHEAD = 1e-5


def check_simultaneous(module: ModuleType) -> None:
    with going_on(LostError, NoWayError):
        _three_speeds(module)
        _all_leave(module)
        _one_enters(module)
        _starts_of_newton(module)
        _no_two_ways(module)


def tie(
    family: Family, low: float, high: float, theta: float, play: Sequence[Sequence[float]], values: list[list[float]]
) -> tuple[Problem, Spot]:
    """An equilibrium in which others tie. Payoff ranges are 1: the game at the tie may have none."""
    place = Place(family, low, high, theta, [np.array(own) for own in play], np.array(values))
    problem = replace(place.problem(), spread=np.ones(place.game.n_players), payoff_range=1.0)
    system = place.system
    unit = np.concatenate([np.ones(system.first_value), np.full(place.values.size, np.sqrt(place.values.size)), [1.0]])
    z = np.append(system.pack(place.strategies, place.values), (theta - low) / (high - low)) / unit
    return problem, settled(problem, system, z)


def _three_speeds(module: ModuleType) -> None:
    """At 1 all speeds tie: above the fast one is best, below one stays."""
    problem, spot = tie(three_speeds, 0.5, 2.0, 1.0, [[1, 0, 0, 1, 1]], [[0.0], [0.0], [0.0]])
    for direction, action in ((1.0, 2), (-1.0, 0)):
        found = module.through_tie(problem, spot, ((0, 1), (0, 2)), direction)
        assert found.system.support[0].tolist() == [a == action for a in range(3)] + [True, True]
        same(found.z[-1] - spot.z[-1], direction * AHEAD)
        assert found.tangent[-1] * direction > 0
        same(found.system.game.payoffs, three_speeds(problem.theta(found.z)).payoffs)


def _all_leave(module: ModuleType) -> None:
    """At 0 all three players' first actions fall to 0 at once."""
    both = (np.array([True, True]),) * 3
    place = Place(three_players, -0.1, 0.5, 0.0, [np.array([0.0, 1.0])] * 3, np.zeros((1, 3)), both)
    concerned = ((0, 0), (1, 0), (2, 0))
    found = module.through_tie(place.problem(), spot_of(place), concerned, -1.0)
    assert [own.tolist() for own in found.system.support] == [[False, True]] * 3
    same(found.z[-1] * 0.6 - 0.1, -0.6 * AHEAD)
    with pytest.raises(NoWayError, match="on 2 of their supports"):  # all mix, or the third player alone plays the first action
        module.through_tie(place.problem(), spot_of(place), concerned, 1.0)


def _one_enters(module: ModuleType) -> None:
    """In the inspection game mixed play goes on above 0, and nothing that is near it below."""
    place = replace(inspected(0.0), support=(np.array([True, True]),) * 2)
    found = module.through_tie(place.problem(), spot_of(place), ((1, 0),), 1.0)
    q = AHEAD * 3.5 / (1 + AHEAD * 3.5)
    (first, second), values = found.system.unpack((found.z * place.unit)[:-1])
    same([*first, *second, *values[0]], [0.5, 0.5, q, 1 - q, q, 0.5])
    with pytest.raises(NoWayError, match="on none"):
        module.through_tie(place.problem(), spot_of(place), ((1, 0),), -1.0)


def _starts_of_newton(module: ModuleType) -> None:
    starts = np.array([0, 3, 5])
    used = np.array([False, True, True, False, True])
    same(module._spread(np.array([0.2, 0.6, 0.2, 0.5, 0.5]), used, starts), [0, 0.75, 0.25, 0, 1])
    same(module._spread(np.array([1.0, 0.0, 0.0, 1.0, 0.0]), used, starts), [0, 0.5, 0.5, 0, 1])


def _no_two_ways(module: ModuleType) -> None:
    two = single(lambda t: 0.0, lambda t: t, lambda t: t)  # of the same worth above 0
    problem, spot = tie(two, -1.0, 1.0, 0.0, [[1, 0, 0]], [[0.0]])
    assert module.through_tie(problem, spot, ((0, 1), (0, 2)), -1.0).system.support[0].tolist() == [True, False, False]
    with pytest.raises(NoWayError, match="on 2 of their supports"):
        module.through_tie(problem, spot, ((0, 1), (0, 2)), 1.0)
    assert module._known(problem, spot, [spot])
    assert not module._known(problem, spot, [])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_SUPPORTS", 6)
        with pytest.raises(NoWayError, match="too many supports"):
            module.through_tie(problem, spot, ((0, 1), (0, 2)), 1.0)
    at_the_end = tie(two, -1.0, 0.0, 0.0, [[1, 0, 0]], [[0.0]])
    with pytest.raises(NoWayError, match="range ends"):
        module.through_tie(*at_the_end, ((0, 1), (0, 2)), 1.0)

    def jumping(theta: float) -> StochasticGame:
        """Where the first player turns at 0 the second gets a little more at once."""
        return stage([[0, 0], [theta, theta]], [[0, -1], [0.004, -1]])

    problem, spot = tie(jumping, -1.0, 1.0, 0.0, [[1, 0], [1, 0]], [[0.0, 0.0]])
    with pytest.raises(NoWayError, match="on none"):
        module.through_tie(problem, spot, ((0, 1),), 1.0)

    def steep(theta: float) -> StochasticGame:
        return stage([[0, 0], [theta, theta]], [[0, -1], [1000 * theta, -1]])

    with pytest.raises(NoWayError, match="on none"):
        module.through_tie(*tie(steep, -1.0, 1.0, 0.0, [[1, 0], [1, 0]], [[0.0, 0.0]]), ((0, 1),), 1.0)

    def apart(theta: float) -> StochasticGame:
        """Meeting in either place pays the same at 0, and no equilibria lead from the one to the other."""
        return stage([[0, -1], [-1, theta]], [[0, -1], [-1, theta]])

    problem, spot = tie(apart, -1.0, 1.0, 0.0, [[1, 0], [1, 0]], [[0.0, 0.0]])
    found = module.through_tie(problem, spot, ((0, 1), (1, 1)), 1.0)
    assert [own.tolist() for own in found.system.support] == [[True, False]] * 2
