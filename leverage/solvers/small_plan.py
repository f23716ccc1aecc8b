"""A small plan: few phases, within a stated distance of the exact plan of an equilibrium set, and accepted by the independent
checker.

The exact plan of a vertex may have thousands of modes, because it keeps every promise to the last digit. Here a plan has
*phases*: in each the actions depend on the state alone. Play begins in the first; a departure by player i leads to that player's
punishment phase; a phase may end with a fixed chance each period (a stick followed by a carrot). The state maps are taken from
the exact plan and then repaired by the best single change, until no player gains by departing or no change helps.

Sources: Abreu (1988), Propositions 1 to 5, for plans that are a path and one punishment for each player; Abreu (1986) for sticks
and carrots; Howard (1960) for improvement by single changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from leverage.certification.checker import check
from leverage.errors import GameError
from leverage.game.automaton import Automaton, reachable_nodes
from leverage.game.node_indices import spans
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.decision_list import Condition, Rule, chosen, decision_list, reading_length
from leverage.solvers.equilibrium_set import EquilibriumSet
from leverage.solvers.plan_kernel import raise_to_gains

#: Default epsilon and default largest loss, fractions of the payoff range. The first is below what the parameters of an argument
#: are known to; the second is what a reader may give up for a plan of a few lines.
EPSILON_SHARE, LOSS_SHARE = 1e-3, 5e-3

#: A gain below this fraction of the payoff range is rounding: the plan is exactly credible.
EXACT_GAIN = 1e-9

#: Mean lengths of a punishment, in periods, that are tried; inf is "for good".
DURATIONS = (np.inf, 1.0, 3.0, 6.0, 12.0)

#: Of the first phase where two lead to the path.
LEADS = (1.0, 3.0, 6.0, 12.0)

#: Chances of leaving that are tuned are tuned to this relative accuracy.
TUNING = 1e-7

#: Names of phases.
PATH, OPENING, PUNISHMENT, OF = "path", "opening", "punishment", ("punishment of 1", "punishment of 2")
TURNS = ("one turn", "other turn")

#: How much a payoff unit of the constraints' excess counts against one of the weighted payoff, round after round: gently, then as
#: a barrier; loosening it again leads out of poor local optima.
PENALTIES = (1.0, 10.0, 3.0, 10.0, 3.0, 10.0)

#: Single changes of a candidate, at most, in one round. Candidates that end well ended within 15 for the shipped scenario.
MOST_CHANGES = 15

#: A candidate is given up whose largest gain, or loss, is more than this fraction of the payoff range after the second round.
HOPELESS_GAIN, HOPELESS_LOSS = 5e-3, 3e-2

#: Rows times nodes of a candidate, or rows times rows, that are compared in one step, at most (memory).
MOST_CELLS = 10_000_000

#: Rows times nodes that are compared in all steps together, at most: about twenty seconds where nothing is found.
MOST_WORK = 120_000_000

#: Plans that are tried to make the rules shorter, at most.
MOST_TRIALS = 1000

#: An improvement below this fraction of the payoff range is none.
LEAST_IMPROVEMENT = 1e-10


@dataclass(frozen=True, eq=False)
class Phase:
    """A stationary part of a plan.

    name: what it is for. rows: (S,) the row (state and action profile) that is played in each state, -1 in states where the phase
    is never met. leaves: chance, each period in which nobody departs, that the phase `to` follows.
    """

    name: str
    rows: Integers
    leaves: float
    to: int

    @property
    def length(self) -> float:
        """Mean length in periods if nobody departs; inf if it never ends."""
        return 1 / self.leaves if self.leaves > 0 else np.inf


@dataclass(frozen=True)
class Constraint:
    """The tightest incentive constraint of a player in a phase, of those where a departure tempts: normalised payoff, payoff
    units a period.

    kind: 'promise' in a phase of the path, 'threat' in a punishment. following: what the plan pays from (phase, state) on.
    departing: what the best single departure, to `action` from `played`, pays. now: what the departure adds in its own period;
    later: what it costs from then on.
    """

    kind: str
    phase: int
    player: int
    state: int
    played: str
    action: str
    following: float
    departing: float
    now: float

    @property
    def slack(self) -> float:
        """By how much following is better; negative in an epsilon-equilibrium."""
        return self.following - self.departing

    def tempts(self, tie: float) -> bool:
        """Whether the departure gains in its own period, or at all; gains up to `tie` are none."""
        return self.now > tie or self.slack < -tie

    @property
    def later(self) -> float:
        """What the departure costs after its own period."""
        return self.slack + self.now


@dataclass(frozen=True, eq=False)
class SmallPlan:
    """A certified plan that people can read.

    plan: the automaton. values: (2,) normalised payoffs at the start. loss: by how much the weighted payoff falls short of the
    exact plan's, negative where it exceeds it (the exact plan is best among the inner vertices only). epsilon: largest gain of a
    one-shot departure, payoff units a period, as the checker finds it; exact: whether that is rounding. phases: number of modes
    that play can reach. parts: the phases (none for the exact plan); punishment: (2,) the phase that follows a departure by each
    player. constraints: per phase and player the tightest one. allowed: the largest epsilon and loss that were asked for. status:
    a sentence for the reader.
    """

    plan: Automaton
    start: int
    weights: tuple[float, float]
    values: Floats
    loss: float
    epsilon: float
    exact: bool
    phases: int
    exact_phases: int
    parts: tuple[Phase, ...]
    punishment: tuple[int, int]
    worth: Floats
    constraints: tuple[Constraint, ...]
    allowed: tuple[float, float]
    status: str

    @property
    def is_small(self) -> bool:
        """False where no small plan was found and the exact one is returned."""
        return bool(self.parts)


def small_plan(
    sets: EquilibriumSet,
    state: int,
    weights: ArrayLike = (1.0, 0.0),
    epsilon: float | None = None,
    most_loss: float | None = None,
    levels: Integers | None = None,
) -> SmallPlan:
    """The plan with the fewest phases found whose one-shot gains are at most `epsilon` and whose weighted payoff is within
    `most_loss` of the exact plan's.

    Use it to tell people what an equilibrium is like. For what an equilibrium pays use `EquilibriumSet`; the exact plan is
    `EquilibriumSet.plan`.

    Parameters
    ----------
    sets : the equilibrium set of a two-player game.
    state : where play begins.
    weights : (2,), of any sign, as in `EquilibriumSet.plan`.
    epsilon : largest one-shot gain, payoff units a period. Default: (1 - delta) `EPSILON_SHARE` of the payoff range, so
        that no departure of any length gains more than that share.
    most_loss : largest loss in weighted payoff. Default: `LOSS_SHARE` of the payoff range times the sum of the weights' sizes.
    levels : (S, V) level of each state variable in each state. If given, actions are made uniform over the states of a rule
        (`decision_list`) as long as the plan stays accepted, so that fewer rules describe it.

    Returns
    -------
    SmallPlan : certified. Where no small plan was found it holds the exact plan and its status says so.

    Raises
    ------
    GameError : weights, epsilon or a loss that are no finite numbers, or levels that do not fit the states.
    UnsolvedError : no equilibrium is proved in `state`.

    Notes
    -----
    A heuristic search over a fixed list of forms: one phase; a path and a punishment; a path and one punishment for each player;
    the same with two phases of the path, or with the path's beginning as a punishment; two phases in turns, each the other's
    punishment; punishments for good or of the mean lengths `DURATIONS`. Of the accepted plans with the fewest phases those that
    are exactly credible come first, then the smallest loss. Work per single change grows with rows times nodes; when `MOST_WORK`
    is done the best so far counts, and a game larger than `MOST_CELLS` allows gets its exact plan.

    References
    ----------
    Abreu (1988), "On the theory of infinitely repeated games with discounting"; Abreu (1986), "Extremal equilibria of
    oligopolistic supergames".

    Examples
    --------
    >>> from leverage.solvers.equilibrium_set import equilibrium_set
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> grim = small_plan(equilibrium_set(game), 0, weights=(1, 1))
    >>> grim.phases, grim.values.round(6).tolist(), [phase.rows.tolist() for phase in grim.parts]
    (2, [3.0, 3.0], [[0], [3]])
    """
    game = sets.game
    asked = _asked(game, weights, epsilon, most_loss)
    exact = _exact_plan(sets, state, asked)
    if levels is not None and (levels.ndim != 2 or len(levels) != game.n_states):
        raise GameError(f"levels have shape {levels.shape}; one row for each of {game.n_states} states is needed")
    best: _Candidate | None = None
    search = _Search(game, state, asked.weights, [0])
    for scheme in _schemes(asked):
        if best is not None and len(scheme.leaves) > len(best.scheme.leaves):
            break
        if max(search.cells(scheme), len(game.payoffs) ** 2) > MOST_CELLS or search.work[0] > MOST_WORK:
            break
        maps = np.stack([_vertex_rows(sets, toward) for toward in scheme.toward])
        best = _better(asked, best, _accepted(search, scheme, maps, asked, exact))
        if best is not None and best.gain <= asked.exact and best.loss <= asked.loss / 10:
            break
    if best is None:
        return exact
    if levels is not None:
        best = _uniform(search, best, levels, asked, exact)
    return _result(search, best, asked, exact)


@dataclass(frozen=True)
class _Asked:
    """weights: as given. epsilon, loss: the most that is allowed. exact: a gain that is rounding."""

    weights: tuple[float, float]
    epsilon: float
    loss: float
    exact: float

    def accepts(self, gain: float, loss: float) -> bool:
        """Whether a plan is near enough. What is no exact equilibrium may also pay too much: more than credible play allows."""
        credible = gain <= self.exact
        return gain <= max(self.epsilon, self.exact) and (loss if credible else abs(loss)) <= self.loss + self.exact


def _asked(game: StochasticGame, weights: ArrayLike, epsilon: float | None, most_loss: float | None) -> _Asked:
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (2,) or not np.all(np.isfinite(given)):
        raise GameError(f"weights are two finite numbers; got {given.tolist()}")
    size = float(np.abs(given).sum())
    patient = 1 - float(game.discount.max())
    allowed = patient * EPSILON_SHARE * game.payoff_range if epsilon is None else float(epsilon)
    loss = LOSS_SHARE * game.payoff_range * size if most_loss is None else float(most_loss)
    if not (np.isfinite(allowed) and np.isfinite(loss) and allowed >= 0 and loss >= 0):
        raise GameError(f"epsilon and the loss are finite and not negative; got {allowed} and {loss}")
    return _Asked((float(given[0]), float(given[1])), allowed, loss, EXACT_GAIN * game.payoff_range)


def _exact_plan(sets: EquilibriumSet, state: int, asked: _Asked) -> SmallPlan:
    plan = sets.plan(state, asked.weights)
    reached = reachable_nodes(plan, state)
    proof = check(plan, nodes=reached)
    values = np.asarray(plan.start[[state]] @ proof.values)[0]
    count = len(np.unique(plan.node_mode[reached]))
    return SmallPlan(
        plan=plan,
        start=state,
        weights=asked.weights,
        values=values,
        loss=0.0,
        epsilon=proof.gain,
        exact=True,
        phases=count,
        exact_phases=count,
        parts=(),
        punishment=(-1, -1),
        worth=np.zeros((0, sets.game.n_states, 2)),
        constraints=(),
        allowed=(asked.epsilon, asked.loss),
        status=f"No small plan was found within {asked.loss:.3g} of the best: this is the exact plan ({count}).",
    )


def _vertex_rows(sets: EquilibriumSet, toward: tuple[float, float]) -> Integers:
    """(S,): the row that the exact plan's best vertex of each state plays; any row where a state has no vertex."""
    game, machine = sets.game, sets.machine
    rows = game.row_start[:-1].copy()
    if machine is None:
        return rows
    for s, vertices in enumerate(sets.inner):
        if len(vertices):
            node = sets.vertex_node[s][int(np.argmax(vertices @ np.array(toward)))]
            profile = [int(np.argmax(machine.lottery(i, node))) for i in range(2)]
            rows[s] += profile[0] * game.action_counts[s, 1] + profile[1]
    return rows


# --- forms of a plan ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scheme:
    """names, toward, leaves, to: per phase its name, the direction whose vertices give its first map, and its end. punishment:
    per player. tuned: the phases whose common chance of leaving is free; the given one begins.
    """

    names: tuple[str, ...]
    toward: tuple[tuple[float, float], ...]
    leaves: tuple[float, ...]
    to: tuple[int, ...]
    punishment: tuple[int, int]
    tuned: tuple[int, ...] = ()


def _schemes(asked: _Asked) -> Iterator[_Scheme]:
    """Forms of a plan, fewest phases first; the punishments in the order of `DURATIONS`."""
    best, both, least = asked.weights, (1.0, 1.0), (-1.0, -1.0)
    worst = ((-1.0, 0.0), (0.0, -1.0))
    ends = [(1 / length) for length in DURATIONS]
    yield _Scheme((PATH,), (best,), (0.0,), (0,), (0, 0))
    for end in ends:
        for toward in (least, *worst):
            yield _Scheme((PATH, PUNISHMENT), (best, toward), (0.0, end), (0, 0), (1, 1))
    for end in ends:  # the path is itself the punishment of one player
        yield _Scheme((PATH, OF[0]), (best, worst[0]), (0.0, end), (0, 0), (1, 0))
        yield _Scheme((PATH, OF[1]), (best, worst[1]), (0.0, end), (0, 0), (0, 1))
    for lead in LEADS:  # departures begin the plan again
        yield _Scheme((OPENING, PATH), (best, both), (1 / lead, 0.0), (1, 1), (0, 0), (0,))
    for other in worst:  # each is the other's punishment
        favours = (0, 1) if other[1] else (1, 0)
        yield _Scheme(TURNS, (best, other), (1.0, 1.0), (1, 0), favours, (0, 1))
    for end in ends:
        yield _Scheme((PATH, *OF), (best, *worst), (0.0, end, end), (0, 0, 0), (1, 2))
    for lead in LEADS:
        yield _Scheme((OPENING, PATH, PUNISHMENT), (best, both, least), (1 / lead, 0.0, 0.0), (1, 1, 1), (2, 2), (0,))
        yield _Scheme((OPENING, PATH, OF[0]), (best, both, worst[0]), (1 / lead, 0.0, 1 / lead), (1, 1, 1), (2, 0), (0,))
        yield _Scheme((OPENING, PATH, OF[1]), (best, both, worst[1]), (1 / lead, 0.0, 1 / lead), (1, 1, 1), (0, 2), (0,))
    for lead in LEADS:
        for end in ends[:2]:
            yield _Scheme((OPENING, PATH, *OF), (best, both, *worst), (1 / lead, 0.0, end, end), (1, 1, 1, 1), (2, 3), (0,))


# --- search ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Candidate:
    """maps: (K, S) rows. gain: largest one-shot gain at nodes that can be reached."""

    scheme: _Scheme
    maps: Integers
    gain: float
    loss: float


@dataclass(frozen=True, eq=False)
class _Search:
    """The game as dense arrays, and what a search over maps asks of them. Nodes are numbered phase by phase, within a phase by
    state.

    work: one number, the cells compared so far.
    """

    game: StochasticGame
    start: int
    weights: tuple[float, float]
    work: list[int]

    def cells(self, scheme: _Scheme) -> int:
        """Rows times nodes."""
        return len(self.game.payoffs) * len(scheme.leaves) * self.game.n_states

    @cached_property
    def law(self) -> Floats:
        """(R, S)."""
        return np.asarray(self.game.transitions.toarray())

    @cached_property
    def reward(self) -> Floats:
        """(R, 2): payoffs times 1 - delta."""
        return np.asarray((1 - self.game.discount) * self.game.payoffs)

    @cached_property
    def others(self) -> tuple[Integers, Integers]:
        """Per player (R, A - 1): the rows in which the player does something else and the other does the same; -1 where there are
        fewer."""
        return _other_rows(self.game, 0), _other_rows(self.game, 1)

    @property
    def scale(self) -> float:
        """The size of the weights, at least something, so that the weighted payoff is in payoff units."""
        return max(float(np.abs(self.weights).sum()), float(np.finfo(np.float64).tiny))

    def is_hopeless(self, found: _Candidate, asked: _Asked) -> bool:
        """Whether a candidate is so far from acceptance that more rounds have not helped."""
        size = self.game.payoff_range
        far = found.gain > max(HOPELESS_GAIN * size, asked.epsilon)
        return far or found.loss > max(HOPELESS_LOSS * size * self.scale, asked.loss)

    def chain(self, scheme: _Scheme, maps: Integers) -> Floats:
        """(K S, K S): where play goes if nobody departs."""
        count, size = maps.shape
        law = np.zeros((count, size, count, size))
        for q in range(count):
            law[q, :, q] += (1 - scheme.leaves[q]) * self.law[maps[q]]
            law[q, :, scheme.to[q]] += scheme.leaves[q] * self.law[maps[q]]
        return law.reshape(count * size, count * size)

    def responses(self, scheme: _Scheme, maps: Integers) -> tuple[Floats, Floats]:
        """Values (K S, 2) and what a payoff at each node adds to each value, (2, K S, K S). Every column of the second is used,
        so the system is solved for all of them."""
        chain, rows = self.chain(scheme, maps), maps.ravel()
        whole = np.eye(len(chain))
        solved = np.stack([np.linalg.solve(whole - d * chain, whole) for d in self.game.discount])
        return np.stack([solved[i] @ self.reward[rows, i] for i in range(2)], axis=1), solved

    def values(self, scheme: _Scheme, maps: Integers) -> Floats:
        """(K S, 2)."""
        chain, rows = self.chain(scheme, maps), maps.ravel()
        whole = np.eye(len(chain))
        return np.stack(
            [np.linalg.solve(whole - d * chain, self.reward[rows, i]) for i, d in enumerate(self.game.discount)], axis=1
        )

    def departing(self, player: int, rows: Integers, worst: Floats) -> Floats:
        """(len(rows),): payoff of the player's best departure from each row if `worst` (S,) follows; -inf without another
        action."""
        other = self.others[player][rows]
        paid = self.reward[:, player] + self.game.discount[player] * (self.law @ worst)
        return np.asarray(np.where(other >= 0, paid[other], -np.inf).max(axis=1, initial=-np.inf))

    def excess(self, scheme: _Scheme, maps: Integers, values: Floats) -> Floats:
        """(K S, 2): gains of the best departures; -inf without another action."""
        rows, size = maps.ravel(), maps.shape[1]
        found = np.empty_like(values)
        for i in range(2):
            after = slice(scheme.punishment[i] * size, (scheme.punishment[i] + 1) * size)
            found[:, i] = self.departing(i, rows, values[after, i]) - values[:, i]
        return found

    def reached(self, scheme: _Scheme, maps: Integers) -> Booleans:
        """(K S,): nodes that play can reach from the start whatever anybody does."""
        count, size = maps.shape
        leads = self.chain(scheme, maps) > 0
        for i in range(2):
            after = slice(scheme.punishment[i] * size, (scheme.punishment[i] + 1) * size)
            leads[:, after] |= self.departure_leads[i][maps.ravel()]
        seen = np.zeros(count * size, dtype=bool)
        seen[self.start] = True
        frontier = seen
        while frontier.any():
            following = seen | leads[frontier].any(axis=0)
            frontier, seen = following & ~seen, following
        return seen

    @cached_property
    def departure_leads(self) -> tuple[Booleans, Booleans]:
        """Per player (R, S): states to which a departure from each row by the player, by both for player 1, can lead."""
        return self._departure_leads(0), self._departure_leads(1)

    def _departure_leads(self, player: int) -> Booleans:
        game, own = self.game, self.game.row_action
        apart = own[player][None, :] != own[player][:, None]
        if player == 1:  # after a departure of both the punishment of player 1 follows, as in the exact plan
            apart &= own[0][None, :] == own[0][:, None]
        apart &= game.row_state[None, :] == game.row_state[:, None]
        return np.asarray(apart.astype(np.float64) @ (self.law > 0) > 0)


def _other_rows(game: StochasticGame, player: int) -> Integers:
    counts = game.action_counts[game.row_state, player]
    stride = game.action_counts[game.row_state, 1] if player == 0 else np.ones_like(counts)
    own = game.row_action[player]
    shift = np.arange(1, int(counts.max()))
    other = (own[:, None] + shift[None, :]) % counts[:, None]
    found = np.arange(len(own))[:, None] + (other - own[:, None]) * stride[:, None]
    return np.asarray(np.where(shift[None, :] < counts[:, None], found, -1))


def _accepted(search: _Search, scheme: _Scheme, maps: Integers, asked: _Asked, exact: SmallPlan) -> _Candidate | None:
    """The scheme's repaired maps, exactly credible or else within the epsilon allowed; None if they are neither."""
    rounds = [(0.0, penalty) for penalty in PENALTIES] + [(asked.epsilon, PENALTIES[-1])]
    best = None
    for number, (goal, penalty) in enumerate(rounds):
        maps = _improved(search, scheme, maps, goal, penalty)
        found = _candidate(search, scheme, maps, exact)
        if found.gain <= max(goal, asked.exact) and scheme.tuned:
            found = _tuned(search, found, max(goal, asked.exact), exact)
            scheme = found.scheme
        if asked.accepts(found.gain, found.loss):
            best = _better(asked, best, found)
            if found.gain <= asked.exact:
                break
        if number > 0 and search.is_hopeless(found, asked):
            break
    return best


def _tuned(search: _Search, found: _Candidate, allowed: float, exact: SmallPlan) -> _Candidate:
    """The candidate with the chance of leaving that loses least while gains stay allowed, by a pattern search of shrinking
    steps."""
    factor, least = 2.0, LEAST_IMPROVEMENT * search.game.payoff_range
    while factor > 1 + TUNING:
        better = found
        for step in (factor, 1 / factor):
            chance = min(1.0, found.scheme.leaves[found.scheme.tuned[0]] * step)
            leaves = tuple(chance if q in found.scheme.tuned else each for q, each in enumerate(found.scheme.leaves))
            trial = _candidate(search, replace(found.scheme, leaves=leaves), found.maps, exact)
            search.work[0] += len(found.maps) * search.game.n_states
            if trial.gain <= max(allowed, found.gain) and trial.loss < better.loss - least:
                better = trial
        if better is found:
            factor = float(np.sqrt(factor))
        found = better
    return found


def _candidate(search: _Search, scheme: _Scheme, maps: Integers, exact: SmallPlan) -> _Candidate:
    values = search.values(scheme, maps)
    gains = search.excess(scheme, maps, values)[search.reached(scheme, maps)]
    loss = float(np.dot(search.weights, exact.values - values[search.start]))
    return _Candidate(scheme, maps, max(0.0, float(gains.max())), loss)


def _better(asked: _Asked, one: _Candidate | None, two: _Candidate | None) -> _Candidate | None:
    """The exactly credible one, then the one that loses less; losses that differ by rounding are equal, and the first stays."""
    if one is None or two is None:
        return one or two
    credible = [each.gain <= asked.exact for each in (one, two)]
    if credible[0] != credible[1]:
        return one if credible[0] else two
    return two if abs(two.loss) < abs(one.loss) - asked.exact else one


def _improved(search: _Search, scheme: _Scheme, maps: Integers, goal: float, penalty: float) -> Integers:
    """Maps after the best single changes: the weighted payoff less the penalty on gains above the goal, at nodes that can be
    reached."""
    maps = maps.copy()
    for _ in range(MOST_CHANGES):
        search.work[0] += search.cells(scheme)
        best, place = _best_change(search, scheme, maps, goal, penalty)
        if best <= LEAST_IMPROVEMENT * search.game.payoff_range:
            break
        maps[place[0], search.game.row_state[place[1]]] = place[1]
    return maps


def _best_change(search: _Search, scheme: _Scheme, maps: Integers, goal: float, penalty: float) -> tuple[float, tuple[int, int]]:
    """The improvement by the best single change, and that change: phase and row."""
    game, (count, size) = search.game, maps.shape
    values, solved = search.responses(scheme, maps)
    counted = search.reached(scheme, maps)
    weights = np.array(search.weights) / search.scale
    present = np.maximum(search.excess(scheme, maps, values) - goal, 0).max(axis=1)
    before = values[search.start] @ weights - penalty * present[counted].sum()
    best, place = -np.inf, (0, 0)
    for q in range(count):
        changes = _changes(search, scheme, maps, values, solved, q)
        changed = changes.values(values, solved)
        over = np.maximum(_changed_excess(search, scheme, maps, values, changes, changed)[counted] - goal, 0)
        worth = weights @ changed[:, search.start] - penalty * over.sum(axis=0)
        worth[~counted[q * size + game.row_state]] = -np.inf
        top = int(np.argmax(worth))
        if worth[top] - before > best:
            best, place = float(worth[top] - before), (q, top)
    return best, place


@dataclass(frozen=True, eq=False)
class _Changes:
    """What it does if one phase plays row r in r's state, for every r, by the formula of Sherman and Morrison (1950): what r pays
    more there is felt at every node.

    phase: which. node: (R,) the node that r is about. share: (2, R), the payoff that stands for the change, at that node. ahead:
    (R, 2, K, S), what a payoff at each node of the phase adds to what follows each row, discounted, if phase p goes on.
    """

    phase: int
    node: Integers
    share: Floats
    ahead: Floats

    def values(self, values: Floats, solved: Floats) -> Floats:
        """(2, K S, R): values of all nodes after each change."""
        return np.add(values.T[:, :, None], np.take(solved, self.node, axis=2) * self.share[:, None, :], order="C")


def _changes(search: _Search, scheme: _Scheme, maps: Integers, values: Floats, solved: Floats, phase: int) -> _Changes:
    """The changes of a phase; values, solved: as from `_Search.responses`."""
    delta, (count, size) = search.game.discount, maps.shape
    leaves, then, state = scheme.leaves[phase], scheme.to[phase], search.game.row_state
    own, after = slice(phase * size, (phase + 1) * size), slice(then * size, (then + 1) * size)
    felt = delta[:, None, None, None] * solved.reshape(2, count, size, -1)[..., own]
    ahead = (search.game.transitions @ np.moveaxis(felt, 2, 0).reshape(size, -1)).reshape(-1, 2, count, size)
    following = (1 - leaves) * values[own] + leaves * values[after]
    gain = search.reward + delta * (search.law @ following) - values[own][state]
    new, old = (ahead[row, :, :, state] for row in (np.arange(len(state)), maps[phase][state]))
    itself = (1 - leaves) * (new - old)[:, :, phase] + leaves * (new - old)[:, :, then]
    return _Changes(phase, phase * size + state, np.ascontiguousarray((gain / (1 - itself)).T), ahead)


def _changed_excess(
    search: _Search, scheme: _Scheme, maps: Integers, values: Floats, changes: _Changes, changed: Floats
) -> Floats:
    """(K S, R): the largest gain of a departure at each node after each change; `changed`: the values then."""
    game, size = search.game, maps.shape[1]
    found = np.full(changed.shape[1:], -np.inf)
    for i, delta in enumerate(game.discount):
        worst = values[scheme.punishment[i] * size : (scheme.punishment[i] + 1) * size, i]
        raise_to_gains(
            found,
            search.reward[:, i] + delta * (search.law @ worst),
            np.ascontiguousarray(changes.ahead[:, i, scheme.punishment[i]]),
            changes.share[i],
            changed[i],
            maps.ravel(),
            changes.phase * size,
            game.row_state,
            search.others[i],
        )
    return found


# --- fewer and simpler rules -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Book:
    """A candidate and its rules: lists[q][i]."""

    candidate: _Candidate
    lists: tuple[tuple[tuple[Rule, ...], ...], ...]

    @cached_property
    def length(self) -> int:
        return sum(reading_length(rules) for phase in self.lists for rules in phase)


def _uniform(search: _Search, found: _Candidate, levels: Integers, asked: _Asked, exact: SmallPlan) -> _Candidate:
    """The candidate with actions changed where that shortens its rules and it stays accepted, and exactly credible if it was."""
    allowed = asked.exact if found.gain <= asked.exact else asked.epsilon
    library = _Library(search, levels, {})
    best = library.book(found)
    tried = 0
    while tried < MOST_TRIALS:
        shorter = best
        for maps in _simpler_maps(search, best, levels):
            tried += 1
            candidate = _candidate(search, found.scheme, maps, exact)
            if candidate.gain > allowed or not asked.accepts(candidate.gain, candidate.loss):
                continue
            book = library.book(candidate)
            if book.length < best.length and (book.length, abs(candidate.loss)) < (shorter.length, abs(shorter.candidate.loss)):
                shorter = book
        if shorter is best:
            break
        best = shorter
    return best.candidate


@dataclass(frozen=True, eq=False)
class _Library:
    """Decision lists that were made before, by player and rows: a change leaves most of them as they are."""

    search: _Search
    levels: Integers
    known: dict[tuple[int, bytes], tuple[Rule, ...]]

    def book(self, found: _Candidate) -> _Book:
        """The candidate with its rules."""
        reached = self.search.reached(found.scheme, found.maps).reshape(found.maps.shape)
        rows = np.where(reached, found.maps, -1)
        return _Book(found, tuple((self._rules(own, 0), self._rules(own, 1)) for own in rows))

    def _rules(self, rows: Integers, player: int) -> tuple[Rule, ...]:
        key = (player, rows.tobytes())
        if key not in self.known:
            self.known[key] = player_rules(self.search.game, rows, player, self.levels)
        return self.known[key]


def player_rules(
    game: StochasticGame, rows: Integers, player: int, levels: Integers, *, ordered: bool = True
) -> tuple[Rule, ...]:
    """The decision list of a player whose choices are numbers in `action_names`; rows: (S,), -1 where nothing is asked.

    Without an order of levels (one variable only) each action but the commonest names its levels.
    """
    choices = _named_choices(game, rows, player)
    if ordered:
        return decision_list(levels, choices, allowed_choices(game, player))
    found, sizes = np.unique(choices[choices >= 0], return_counts=True)
    if not len(found):
        return (Rule((), -1),)
    commonest = int(found[np.argmax(sizes)])
    named = [(int(k), tuple(int(x) for x in levels[choices == k, 0])) for k in found if k != commonest]
    return (*(Rule((Condition(0, own),), k) for k, own in named), Rule((), commonest))


def action_names(game: StochasticGame, player: int) -> tuple[str, ...]:
    """All names of the player's actions in any state, in order of first use."""
    return tuple(dict.fromkeys(name for state in game.actions for name in state[player]))


def allowed_choices(game: StochasticGame, player: int) -> Booleans:
    """(S, names): whether the player's action of each name exists in each state."""
    names = action_names(game, player)
    return np.array([[name in state[player] for name in names] for state in game.actions])


def _named_choices(game: StochasticGame, rows: Integers, player: int) -> Integers:
    """(S,): number of the action's name; -1 without a row or without a choice."""
    number = {name: k for k, name in enumerate(action_names(game, player))}
    asked = (rows >= 0) & (game.action_counts[:, player] > 1)
    return np.array(
        [number[game.actions[s][player][game.row_action[player][rows[s]]]] if asked[s] else -1 for s in range(game.n_states)]
    )


def _simpler_maps(search: _Search, book: _Book, levels: Integers) -> Iterator[Integers]:
    """Maps in which one list lacks one rule, or all from some rule on but the last, or is that of another phase."""
    maps = book.candidate.maps
    allowed = [allowed_choices(search.game, i) for i in range(2)]
    for q, lists in enumerate(book.lists):
        for i, rules in enumerate(lists):
            shorter = [rules[:j] + rules[j + 1 :] for j in range(len(rules) - 1)]
            shorter += [rules[:j] + rules[j + 1 :][:1] for j in range(len(rules) - 2)]
            shorter += [(Rule((), rule.choice),) for rule in rules[:-1]]
            if len(rules) > 1:
                shorter.append((*rules[:-2], Rule((), rules[-2].choice)))
            shorter += [other[i] for p, other in enumerate(book.lists) if p != q and other[i] != rules]
            for each in shorter:
                changed = maps.copy()
                changed[q] = _with_choices(search.game, maps[q], i, chosen(each, levels, allowed[i]))
                if not np.array_equal(changed, maps):
                    yield changed


def _with_choices(game: StochasticGame, rows: Integers, player: int, choices: Integers) -> Integers:
    """The rows with the player's actions of these names; -1 changes nothing."""
    names = action_names(game, player)
    stride = game.action_counts[:, 1] if player == 0 else np.ones(game.n_states, dtype=np.intp)
    result = rows.copy()
    for s, choice in enumerate(choices):
        own = game.actions[s][player]
        if choice >= 0:
            result[s] += (own.index(names[choice]) - game.row_action[player][rows[s]]) * stride[s]
    return result


# --- the result --------------------------------------------------------------------------------------------------------


def _result(search: _Search, found: _Candidate, asked: _Asked, exact: SmallPlan) -> SmallPlan:
    """The candidate as an automaton, certified by the checker; the exact plan if the checker does not agree."""
    plan, reached = _automaton(search, found)
    proof = check(plan, nodes=np.ones(plan.n_nodes, dtype=bool))
    values = proof.values[plan.start.indices[0]]
    loss = float(np.dot(asked.weights, exact.values - values))
    if not asked.accepts(proof.gain, loss):
        return exact
    scheme, credible = found.scheme, proof.gain <= asked.exact
    kept = np.flatnonzero(reached.any(axis=1))
    number = np.full(len(reached), -1)
    number[kept] = np.arange(len(kept))
    parts = tuple(
        Phase(scheme.names[q], np.where(reached[q], found.maps[q], -1), scheme.leaves[q], int(number[scheme.to[q]])) for q in kept
    )
    punishment = (int(number[scheme.punishment[0]]), int(number[scheme.punishment[1]]))
    worth = np.full((len(parts), search.game.n_states, 2), np.nan)
    worth[plan.node_mode, plan.node_state] = proof.values
    kind = "exactly credible" if credible else f"an epsilon-equilibrium: a single departure gains up to {proof.gain:.2g}"
    size = f"{len(parts)} phase{'s' * (len(parts) > 1)}"
    apart = f"{abs(loss):.3g} {'below' if loss >= 0 else 'above'} that of the exact plan with {exact.phases}"
    return SmallPlan(
        plan=plan,
        start=search.start,
        weights=asked.weights,
        values=values,
        loss=loss,
        epsilon=proof.gain,
        exact=credible,
        phases=len(parts),
        exact_phases=exact.phases,
        parts=parts,
        punishment=punishment,
        worth=worth,
        constraints=_constraints(search.game, parts, punishment, worth),
        allowed=(asked.epsilon, asked.loss),
        status=f"{size}, {kind}; the weighted payoff is {apart}.",
    )


def _automaton(search: _Search, found: _Candidate) -> tuple[Automaton, Booleans]:
    """The machine of the nodes that can be reached, and which (K, S) those are."""
    game, scheme, maps = search.game, found.scheme, found.maps
    size = maps.shape[1]
    reached = search.reached(scheme, maps)
    nodes = np.flatnonzero(reached)
    number = np.full(len(reached), -1)
    number[nodes] = np.arange(len(nodes))
    phase, state = nodes // size, nodes % size
    row = maps.ravel()[nodes]
    sizes = np.diff(game.entry_start)[state]
    owner, entry = np.repeat(np.arange(len(nodes)), sizes), spans(game.entry_start[state], sizes)
    target, played = np.asarray(game.transitions.indices)[entry], game.entry_row[entry]
    departs = [game.row_action[i][played] != game.row_action[i][row[owner]] for i in range(2)]
    stays = 1 - np.array(scheme.leaves)[phase[owner]]
    punished = np.where(departs[0], scheme.punishment[0], scheme.punishment[1])
    off = departs[0] | departs[1]
    edges = np.arange(len(entry))
    first = number[np.where(off, punished, phase[owner]) * size + target]
    second = number[np.array(scheme.to)[phase[owner]] * size + target]
    chance, other = np.where(off, 1.0, stays), np.where(off, 0.0, 1 - stays)
    # edges that have no chance at these parameters may lead nowhere
    here, there = (chance > 0) & (first >= 0), (other > 0) & (second >= 0)
    law = sparse.coo_array(
        (
            np.concatenate([chance[here], other[there]]),
            (np.concatenate([edges[here], edges[there]]), np.concatenate([first[here], second[there]])),
        ),
        shape=(len(edges), len(nodes)),
    ).tocsr()
    law.sum_duplicates()
    shape = (game.n_states, len(nodes))
    kept, modes = np.unique(phase, return_inverse=True)
    return (
        Automaton(
            game=game,
            players=(0, 1),
            modes=tuple(scheme.names[q] for q in kept),
            node_mode=modes.astype(np.intp),
            node_state=state.astype(np.intp),
            lotteries=tuple(_pure(game, state, row, i) for i in range(2)),
            next_nodes=law,
            start=sparse.csr_array((np.ones(1), ([search.start], [number[search.start]])), shape=shape),
        ),
        reached.reshape(maps.shape),
    )


def _pure(game: StochasticGame, state: Integers, row: Integers, player: int) -> Floats:
    counts = game.action_counts[state, player]
    flat = np.zeros(int(counts.sum()))
    flat[np.cumsum(counts) - counts + game.row_action[player][row]] = 1.0
    return flat


def _constraints(
    game: StochasticGame, parts: tuple[Phase, ...], punishment: tuple[int, int], worth: Floats
) -> tuple[Constraint, ...]:
    """Per phase and player the tightest constraint, from the checker's values; none where the player never has a choice. States
    in which the departure would gain in its own period, or is not deterred, come first: elsewhere there is no temptation."""
    found = []
    for q, part in enumerate(parts):
        for i in range(2):
            each = [_constraint(game, parts, punishment, worth, (q, i, s)) for s in np.flatnonzero(part.rows >= 0).tolist()]
            own = [one for one in each if one is not None]
            if own:
                found.append(min(own, key=lambda one: (not one.tempts(EXACT_GAIN * game.payoff_range), one.slack)))
    return tuple(found)


def _constraint(
    game: StochasticGame, parts: tuple[Phase, ...], punishment: tuple[int, int], values: Floats, where: tuple[int, int, int]
) -> Constraint | None:
    """The best departure of a player at a node; None without another action."""
    q, i, s = where
    row, delta = int(parts[q].rows[s]), game.discount[i]
    rows = np.arange(game.row_start[s], game.row_start[s + 1])
    same = game.row_action[1 - i][rows] == game.row_action[1 - i][row]
    other = rows[same & (game.row_action[i][rows] != game.row_action[i][row])]
    if not len(other):
        return None
    worst = np.nan_to_num(values[punishment[i], :, i])  # states without a value have no chance to follow
    paid = (1 - delta) * game.payoffs[other, i] + delta * (game.transitions[other] @ worst)
    best = int(np.argmax(paid))
    names = game.actions[s][i]
    return Constraint(
        kind="threat" if q in punishment and parts[q].name.startswith(PUNISHMENT) else "promise",
        phase=q,
        player=i,
        state=int(s),
        played=names[game.row_action[i][row]],
        action=names[game.row_action[i][other[best]]],
        following=float(values[q, s, i]),
        departing=float(paid[best]),
        now=float((1 - delta) * (game.payoffs[other[best], i] - game.payoffs[row, i])),
    )
