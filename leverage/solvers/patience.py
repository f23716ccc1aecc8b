"""How patient must players be? Discount factors for which a path or a payoff is one of subgame-perfect play, or the selected
plan makes an event likely.

For a repeated game and one discount factor the answer is a threshold. With states, or with a factor for each player, it need
not even be an interval: patience makes the future rewards of a plan and the future rewards of departing from it larger alike.
So the discount factors are scanned; each scan point has a certified yes, a certified no, or neither, and each change of the
answer is bisected until both sides are close together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Literal, Protocol

import numpy as np

from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.equilibrium_set import SIMPLIFICATION_SHARE, EquilibriumSet, equilibrium_set, outer_set
from leverage.solvers.sustainable_path import TOLERANCE, sustainable_path

Told = Literal["yes", "no", "cannot be told"]

#: What a verdict on a path says to the question whether it is sustainable.
TOLD: dict[str, Told] = {"sustainable": "yes", "not sustainable": "no"}

#: From one tolerance of the equilibrium sets to the next, where a coarser one does not tell.
FINER = 0.1

#: Halvings, at most: a scan with three changes of the answer takes about thirty.
MOST_HALVINGS = 2000

#: Edges are not told more finely than this: gains that count as none move them by as much.
SMALLEST_WIDTH = 1e-9

#: How high the scan goes by default: the cost of equilibrium sets grows as 1 / (1 - delta).
HIGHEST = 0.99


class Question(Protocol):
    """What is asked at each discount factor."""

    @property
    def holds(self) -> str:
        """What a yes is called in tables, in a word."""

    def refuse(self, game: StochasticGame) -> None:
        """Raises GameError where the question cannot be asked about this game."""

    def told(self, game: StochasticGame, sets: EquilibriumSet) -> Told:
        """The answer at the game's discount factors; `sets`: its equilibrium payoffs."""

    def coarsest(self, game: StochasticGame) -> float:
        """Equilibrium sets of a larger tolerance (a fraction of the payoff range) are not worth asking."""

    def words(self, game: StochasticGame) -> str:
        """What a yes says, the beginning of a sentence."""

    def certified(self, game: StochasticGame) -> str:
        """What the answers rest on where that needs saying, in sentences; else ''."""


@dataclass(frozen=True, eq=False)
class PathQuestion:
    """Is the path of this profile (an automaton for both players, pure on its path) sustainable by credible punishments?"""

    profile: Automaton
    holds = "credible"

    def refuse(self, game: StochasticGame) -> None:
        if self.profile.game is not game:
            raise GameError("the profile plays another game")

    def told(self, game: StochasticGame, sets: EquilibriumSet) -> Told:
        """The answer in a game that differs from the profile's in its discount factors only. Raises GameError where none is
        defined."""
        verdict = sustainable_path(sets, replace(self.profile, game=game))
        if verdict.answer == "not defined":
            raise GameError(verdict.status)
        return TOLD.get(verdict.answer, "cannot be told")

    def coarsest(self, game: StochasticGame) -> float:
        return 1.0

    def words(self, game: StochasticGame) -> str:
        return "The path is sustainable"

    def certified(self, game: StochasticGame) -> str:
        return ""


@dataclass(frozen=True)
class PayoffQuestion:
    """Does some equilibrium from the start pay weights . v >= least, v the normalised payoffs of both players?"""

    weights: tuple[float, float]
    least: float
    holds = "credible"

    @classmethod
    def of_player(cls, player: int, least: float) -> PayoffQuestion:
        """Does some equilibrium pay one player (0 or 1) at least this?"""
        return cls((1.0, 0.0) if player == 0 else (0.0, 1.0), least)

    def refuse(self, game: StochasticGame) -> None:
        if not np.all(np.isfinite([*self.weights, self.least])):
            raise GameError(f"weights and the least payoff must be finite; got {self.weights} and {self.least}")

    def told(self, game: StochasticGame, sets: EquilibriumSet) -> Told:
        """Yes by a proved payoff, no by the outer bound; what is missing up to 1e-9 of the payoff range counts as nothing."""
        weights, start = np.asarray(self.weights), game.start
        size = float(np.abs(weights).sum())
        least = self.least - TOLERANCE * game.payoff_range * size
        if len(sets.inner[start]) and float((sets.inner[start] @ weights).max()) >= least:
            return "yes"
        return "no" if not len(sets.outer[start]) or weighted_bound(sets, start, weights) < least else "cannot be told"

    def coarsest(self, game: StochasticGame) -> float:
        return 1.0

    def words(self, game: StochasticGame) -> str:
        first, second = self.weights
        if (first, second) in ((1.0, 0.0), (0.0, 1.0)):
            return f"Some equilibrium pays {game.players[int(second)]} at least {self.least:g}"
        return f"Some equilibrium pays {first:g} x {game.players[0]} + {second:g} x {game.players[1]} of at least {self.least:g}"

    def certified(self, game: StochasticGame) -> str:
        return ""


def weighted_bound(sets: EquilibriumSet, state: int, weights: Floats) -> float:
    """What the weighted payoffs of no equilibrium from `state` exceed, weights (2,) of any sign: by the outer polygon, of which
    thin ones are drawn thinner still, and by its box."""
    drawn = SIMPLIFICATION_SHARE * sets.tolerance * float(np.abs(weights).sum())
    polygon = float((sets.outer[state] @ weights).max()) + drawn
    return min(polygon, float((weights[:, None] * sets.bounds[state]).max(axis=1).sum()))


@dataclass(frozen=True)
class AskedPoint:
    """A discount factor, the answer there, and the tolerance of the equilibrium sets, or of the outer bound alone, that gave it
    (fraction of the payoff range)."""

    delta: float
    told: Told
    tolerance: float


@dataclass(frozen=True)
class PatienceInterval:
    """Neighbouring discount factors with a certified yes: the smallest and the largest.

    no_below, no_above: the nearest discount factor with a certified no before another yes comes; None where there is none, at
    the ends of the scan or behind discount factors about which nothing can be told.
    """

    low: float
    high: float
    no_below: float | None
    no_above: float | None


@dataclass(frozen=True)
class Patience:
    """For which discount factors the answer is yes.

    intervals: increasing; certified at their ends and at each scan point inside. undecided: (last discount factor told, first
    told again) round stretches where nothing can be told, if wider than the width that was asked for; the scan's ends stand for
    what lies beyond. points: all discount factors asked about, increasing. resolution: step of the scan, what is narrower may
    have been missed. status: a sentence for the reader.
    """

    intervals: tuple[PatienceInterval, ...]
    undecided: tuple[tuple[float, float], ...]
    points: tuple[AskedPoint, ...]
    resolution: float
    status: str

    @property
    def threshold(self) -> float | None:
        """The smallest discount factor with a certified yes, if from there on the answer is yes up to the end of the scan; else
        None."""
        single = len(self.intervals) == 1 and self.points[-1].told == "yes"
        return self.intervals[0].low if single else None


def _nothing(count: int) -> None:
    """Tell nobody."""


def patience(
    game: StochasticGame,
    question: Question,
    *,
    player: int | None = None,
    low: float = 0.0,
    high: float = HIGHEST,
    points: int = 41,
    width: float = 1e-4,
    coarsest: float = 1e-1,
    finest: float = 1e-6,
    asking: Callable[[int], None] = _nothing,
) -> Patience:
    """The discount factors for which a path or a payoff is one of subgame-perfect play, or the best plan makes an event likely.

    Use it to ask how patient the parties must be for a plan to be credible, and how close to failing they are.

    Parameters
    ----------
    game : two players. Its own discount factors count only for the players whose patience is not asked about.
    question : `PathQuestion(profile)`, `PayoffQuestion(weights, least)`, or an `EventQuestion` about the selected credible plan.
    player : whose patience, 0 or 1, the other's staying as in the game; None: both players get the same discount factor,
        whatever theirs are in the game.
    low, high : the scan's ends, 0 <= low < high < 1. points : its points, at least 2, evenly spread.
    width : how close the certified yes and the certified no at an edge are to be, at least 1e-9.
    coarsest, finest : tolerances of the equilibrium sets, fractions of the payoff range; a finer one is tried where a coarser
        one does not tell. Before them the outer bound is asked alone, which is cheap and tells many a no.
    asking : called before each discount factor is asked about, with how many were asked about before: first the scan's points,
        then those between them. What it raises ends the scan.

    Returns
    -------
    Patience : discount factors per period.

    Raises
    ------
    GameError : a scan that is none, a question whose profile plays another game or mixes on its path, not two players.
    UnsolvedError : the answer changes too often for the width.

    Notes
    -----
    Between two scan points with the same answer nothing is certified: the status names the step. Every answer is: a yes by an
    automaton that the independent checker accepts, up to gains of 1e-9 of the payoff range; a no by an outer bound; answers about
    an event by the plan that `EventQuestion` names. Cost: one equilibrium set for each scan point and for each halving of an
    edge, log2(step / width) of them, more where the coarsest tolerance does not tell, and an outer bound where that tells.

    References
    ----------
    Friedman (1971) for thresholds in repeated games; Abreu (1988) for paths; Dutta (1995), "A folk theorem for stochastic
    games", for why payoffs and constraints move with patience when there are states; Lehrer and Pauzner (1999) for unequal
    discount factors.

    Examples
    --------
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> cooperate = Automaton.stationary(game, [[[1.0, 0.0]], [[1.0, 0.0]]])
    >>> needed = patience(game, PathQuestion(cooperate), points=5, high=0.9)
    >>> 0.5 - 1e-6 < needed.threshold < 0.5 + 1e-4, needed.intervals[0].no_below < 0.5
    (True, True)
    """
    _refuse(game, question, player, (low, high), points, width, (coarsest, finest))
    ask = _Asker(game, question, player, coarsest, finest, asking)
    grid = [float(d) for d in np.linspace(low, high, points)]
    for delta in grid:
        ask(delta)
    _bisect(ask, grid, width)
    found = tuple(ask.known[delta] for delta in sorted(ask.known))
    resolution = (high - low) / (points - 1)
    intervals, undecided = _intervals(found), _undecided(found, width)
    subject = "both players" if player is None else game.players[player]
    status = _status(question.words(game), subject, intervals, undecided, found, resolution, width)
    return Patience(intervals, undecided, found, resolution, f"{status} {question.certified(ask.at(low))}".rstrip())


def _refuse(
    game: StochasticGame,
    question: Question,
    player: int | None,
    ends: tuple[float, float],
    points: int,
    width: float,
    tolerances: tuple[float, float],
) -> None:
    if not 0 <= ends[0] < ends[1] < 1:
        raise GameError(f"a scan of discount factors needs 0 <= low < high < 1; got {ends[0]} and {ends[1]}")
    if points < 2 or not width >= SMALLEST_WIDTH:
        raise GameError(f"at least 2 points and a width of at least {SMALLEST_WIDTH:g} are needed; got {points} and {width}")
    if not 0 < tolerances[1] <= tolerances[0] < 1:
        raise GameError(f"0 < finest <= coarsest < 1 is needed; got {tolerances[1]} and {tolerances[0]}")
    if player is not None and not 0 <= player < game.n_players:
        raise GameError(f"there is no player {player}; the game has {game.n_players}")
    question.refuse(game)


class _Asker:
    """Answers by discount factor, each found once."""

    def __init__(
        self,
        game: StochasticGame,
        question: Question,
        player: int | None,
        coarsest: float,
        finest: float,
        asking: Callable[[int], None] = _nothing,
    ) -> None:
        self.game, self.question, self.player, self.asking = game, question, player, asking
        steps = math.floor(math.log(coarsest / finest) / math.log(1 / FINER) + 1e-9)
        self.tolerances = [coarsest * FINER**k for k in range(steps + 1)]
        self.known: dict[float, AskedPoint] = {}

    def __call__(self, delta: float) -> Told:
        if delta not in self.known:
            self.asking(len(self.known))
            self.known[delta] = self._found(delta)
        return self.known[delta].told

    def _found(self, delta: float) -> AskedPoint:
        """The answer by the outer bound alone if that tells, otherwise by the coarsest sets that do. Tolerances are left out that
        the sets meet already, and, after one that was not reached though something was proved, all but the finest, which makes
        the solver work on other directions."""
        game, finest = self.at(delta), self.tolerances[-1]
        tolerances = [each for each in self.tolerances if each <= self.question.coarsest(game)] or [finest]
        used = tolerances[0]
        told = self.question.told(game, outer_set(game, tolerance=used))
        if told != "cannot be told":
            return AskedPoint(delta, told, used)
        reached, failed = math.inf, False
        for tolerance in tolerances:
            if tolerance != finest and (failed or reached <= tolerance * game.payoff_range):
                continue
            sets = equilibrium_set(game, tolerance=tolerance)
            told, used = self.question.told(game, sets), tolerance
            if told != "cannot be told":
                break
            reached, failed = sets.gap, sets.tolerance < sets.gap < math.inf
        return AskedPoint(delta, told, used)

    def at(self, delta: float) -> StochasticGame:
        """The game with these discount factors; the law is copied because checking a game rescales its rows in place."""
        discount: Floats = np.full(self.game.n_players, delta) if self.player is None else self.game.discount.copy()
        discount[slice(None) if self.player is None else self.player] = delta
        return replace(self.game, discount=discount, transitions=self.game.transitions.copy())


def _bisect(ask: Callable[[float], Told], grid: list[float], width: float) -> None:
    """Halve between neighbours with different answers until they are close: a yes and a no within the width; others within half
    of it, so that a yes and a no with a single undecided point between them are within the width too."""
    pairs = list(pairwise(grid))
    halvings = 0
    while pairs:
        a, b = pairs.pop()
        told = {ask(a), ask(b)}
        if len(told) == 1 or b - a <= (width if told == {"yes", "no"} else width / 2):
            continue
        halvings += 1
        if halvings > MOST_HALVINGS:
            raise UnsolvedError(f"the answer changes so often that {MOST_HALVINGS} halvings do not do: take a larger width")
        middle = (a + b) / 2
        pairs += [(a, middle), (middle, b)]


# --- what was found ------------------------------------------------------------------------------------------------------


def _intervals(found: tuple[AskedPoint, ...]) -> tuple[PatienceInterval, ...]:
    runs = [(told, [point.delta for point in group]) for told, group in groupby(found, key=lambda point: point.told)]
    intervals = []
    for k, (told, deltas) in enumerate(runs):
        if told == "yes":
            below = _nearest_no(list(reversed(runs[:k])), -1)
            above = _nearest_no(runs[k + 1 :], 0)
            intervals.append(PatienceInterval(deltas[0], deltas[-1], below, above))
    return tuple(intervals)


def _nearest_no(runs: list[tuple[Told, list[float]]], end: int) -> float | None:
    """The near end of the first run of certified no, unless another yes comes before."""
    for told, deltas in runs:
        if told != "cannot be told":
            return deltas[end] if told == "no" else None
    return None


def _undecided(found: tuple[AskedPoint, ...], width: float) -> tuple[tuple[float, float], ...]:
    """Stretches about which nothing can be told, from the last discount factor before to the first one after."""
    stretches, place = [], 0
    for told, group in groupby(found, key=lambda point: point.told):
        size = len(list(group))
        if told == "cannot be told":
            before, after = found[max(place - 1, 0)].delta, found[min(place + size, len(found) - 1)].delta
            ends = place == 0 or place + size == len(found)
            if ends or after - before > width:
                stretches.append((before, after))
        place += size
    return tuple(stretches)


def _status(
    words: str,
    subject: str,
    intervals: tuple[PatienceInterval, ...],
    undecided: tuple[tuple[float, float], ...],
    found: tuple[AskedPoint, ...],
    resolution: float,
    width: float,
) -> str:
    digits = max(2, math.ceil(-math.log10(width)))
    ends = (found[0].delta, found[-1].delta)
    scan = f"Scan from {ends[0]:g} to {ends[1]:g} in steps of {resolution:.2g}: what is narrower may have been missed."
    where = [_words(interval, ends, digits) for interval in intervals]
    if where:
        text = f"{words} for discount factors of {subject} {' and '.join(where)}."
    elif undecided:
        text = f"{words} for no discount factor of {subject} that is certified."
    else:
        text = f"{words} for no discount factor of {subject}."
    gaps = ", ".join(f"{a:.{digits}f} to {b:.{digits}f}" for a, b in undecided)
    return f"{text} {f'Nothing can be told from {gaps}. ' if gaps else ''}{scan}"


def _words(interval: PatienceInterval, ends: tuple[float, float], digits: int) -> str:
    """The interval, with the certified no next to each end."""
    low, high = (
        f"{x:.{digits}f}"
        + (
            f" (not {no:.{digits}f})"
            if no is not None
            else " (end of the scan)"
            if x == end
            else " (beyond it nothing can be told)"
        )
        for x, no, end in ((interval.low, interval.no_below, ends[0]), (interval.high, interval.no_above, ends[1]))
    )
    return f"from {low} to {high}"
