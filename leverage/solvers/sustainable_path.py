"""Is the path of a declared profile credible, if departures are punished as hard as credible play allows?

Rules that somebody wrote down often punish too little, too much or at their own cost, so that they are not subgame perfect as
written. What they prescribe while nobody departs may be credible all the same: by Abreu (1988) a path is one of subgame-perfect
play exactly if at each of its nodes following it is worth at least as much to each player as its best departure followed by its
worst equilibrium. The equilibrium set bounds those worst payoffs from both sides, so that each answer here is a proof, or says
that it is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from scipy import sparse

from leverage.certification.checker import LIKELIHOOD_TOLERANCE, Certificate, check
from leverage.certification.exact import exact_gain
from leverage.errors import GameError
from leverage.game.automaton import Automaton, nodes_from, reachable_nodes
from leverage.game.node_indices import spans
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.solvers.equilibrium_set import EquilibriumSet
from leverage.solvers.set_form import Mask, row_mask

Answer = Literal["sustainable", "not sustainable", "cannot be told", "not defined"]

#: A gain up to this fraction of the payoff range counts as none, as for strategies as written.
TOLERANCE = 1e-9

#: Punishments that differ by less than this fraction of the payoff range are equally hard: rounding moves values by less.
TIED = 1e-11


@dataclass(frozen=True)
class Departure:
    """A departure from a path: by whom, at which node of the profile, that node in words, from what, to what.

    slack_proved, slack_bound: what the player loses by it if punished by its worst *proved* payoffs, and by the lower bound of
    its worst payoffs; normalised payoff. The true loss lies between them. -inf: no punishment is proved; NaN: no equilibrium
    can follow.
    """

    player: str
    node: int
    place: str
    played: str
    action: str
    slack_proved: float
    slack_bound: float


@dataclass(frozen=True, eq=False)
class PathVerdict:
    """What is to be said of the path of a profile.

    answer: "sustainable" (`plan` is an equilibrium with this path), "not sustainable" (no equilibrium in pure actions with
    public randomisation has it), "cannot be told" (the equilibrium set is not known closely enough), "not defined" (the path
    takes mixed actions). margin: smallest slack over the path with proved punishments, and with the bound on punishments,
    normalised payoff; the true one lies between. NaN where it is not defined or nothing can follow, inf where nobody has a
    choice. tightest: the departure with the smallest slack; by the bound where the path is not sustainable, otherwise by proved
    punishments. plan: the certified automaton, with the path's nodes first; None unless sustainable. certificate: its largest
    one-shot gain, normalised payoff, by the independent checker; NaN without a plan. exact: that gain as a fraction where the
    margin is within rounding and the data are rational, else None; at most 0 means that the tie is exact. status: a sentence
    for the reader.
    """

    answer: Answer
    margin: tuple[float, float]
    tightest: Departure | None
    plan: Automaton | None
    certificate: float
    exact: Fraction | None
    status: str


@dataclass(frozen=True, eq=False)
class _Path:
    """What a profile does while nobody departs: P nodes.

    nodes, states, rows: (P,) nodes of the profile, their states and what is played there. values: (P, N) normalised.
    certificate: of the profile as written. open_rows: (N, R) rows to which each player may depart, by the mask `deviation`.
    """

    profile: Automaton
    nodes: Integers
    states: Integers
    rows: Integers
    values: Floats
    certificate: Certificate
    deviation: Mask | None
    open_rows: Booleans

    @property
    def game(self) -> StochasticGame:
        return self.profile.game

    @property
    def noise(self) -> float:
        """Slacks up to here count as none, on either side."""
        return _allowed(self.game, self.certificate)


@dataclass(frozen=True, eq=False)
class _Punishments:
    """worst: (N, S) what each player is left with after a departure into each state, inf where nothing is known. nodes: (N, S)
    who pays it: a place on the path, or P plus a node of the sets' machine; -1 for nobody."""

    worst: Floats
    nodes: Integers


@dataclass(frozen=True, eq=False)
class _Slack:
    """cell_node, cell_row: (C,) places on the path and rows of their states. alone: (N, C) rows that only this player departs
    to. loss: (N, C) what it loses by that."""

    cell_node: Integers
    cell_row: Integers
    alone: Booleans
    loss: Floats

    @property
    def smallest(self) -> float:
        return float(np.min(self.loss[self.alone], initial=np.inf))


def sustainable_path(sets: EquilibriumSet, profile: Automaton, *, deviation: Mask | None = None) -> PathVerdict:
    """Whether the path of a profile is one of subgame-perfect play, with departures punished by worst equilibria.

    Use it for named strategies whose threats are not meant literally; `declared.judge` says whether they are credible as written.

    Parameters
    ----------
    sets : bounds on the equilibrium payoffs of the profile's game. If they were computed for fewer prescribable actions,
        punishments are those that remain; the path itself is taken as it is.
    profile : plays for both players; pure on its path, public lotteries allowed. What it prescribes after departures is used as a
        punishment only where the profile is subgame perfect as written.
    deviation : to which actions players may depart, as given for `sets`. Default: to every action.

    Returns
    -------
    PathVerdict : slacks in normalised payoff, payoff units a period; gains up to 1e-9 of the payoff range (and rounding) count
        as none.

    Raises
    ------
    GameError : the profile plays another game, not for both, or is no plan; a mask that does not fit.

    Notes
    -----
    Every node that play can reach from the game's start without departures is asked about, whatever its chance. "Sustainable"
    is proved by an automaton: the path, and after a departure by one player the worst node of that player among the path's and
    the proved ones. "Not sustainable" is proved by the outer bound, whose worst payoffs are smaller than the true ones. Where
    neither succeeds, sets of a smaller tolerance may tell. Cost: one linear system with a node for each node of the plan.

    References
    ----------
    Abreu (1988), "On the theory of infinitely repeated games with discounting", Propositions 1, 4 and 5; Abreu, Pearce and
    Stacchetti (1990), Theorem 1, for stochastic games through self-generation.

    Examples
    --------
    >>> from leverage.solvers.equilibrium_set import equilibrium_set
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> cooperate = Automaton.stationary(game, [[[1.0, 0.0]], [[1.0, 0.0]]])
    >>> verdict = sustainable_path(equilibrium_set(game), cooperate)
    >>> verdict.answer, round(verdict.margin[0], 6), verdict.certificate < 1e-12
    ('sustainable', 0.4, True)
    """
    if profile.game is not sets.game:
        raise GameError("the profile plays another game than the one whose equilibrium payoffs are given")
    path = _path_of(profile, deviation)
    if isinstance(path, int):
        return _undefined(profile, path)
    empty = np.isnan(sets.bounds[:, 0, 0])
    if empty[path.states].any():
        return _nothing_follows(sets, path, empty)
    # emptiness spreads, so that departures from here do not lead to empty states, but entries of chance 0 may
    bound = _slack(path, np.where(empty, np.inf, sets.bounds[:, :, 0].T))
    if bound.smallest < -path.noise:
        return _verdict(path, "not sustainable", _slack(path, _proved(sets, 0).worst), bound)
    return _by_proof(sets, path, bound)


def _by_proof(sets: EquilibriumSet, path: _Path, bound: _Slack) -> PathVerdict:
    """Sustainable if an automaton proves it: the path with punishments, or the profile as written."""
    proved = _proved(sets, len(path.nodes))
    pool = _harder(proved, _own(path))
    slack = _slack(path, pool.worst)
    plan = _plan(sets, path, pool) if slack.smallest >= -path.noise else None
    if plan is not None:
        certificate = check(plan, deviation=path.deviation)
        if certificate.gain <= _allowed(path.game, certificate):
            return _verdict(path, "sustainable", slack, bound, plan, certificate.gain)
    if path.certificate.gain <= path.noise and _is_pure(path.profile):
        slack = _slack(path, _harder(proved, _as_written(path)).worst)
        return _verdict(path, "sustainable", slack, bound, path.profile, path.certificate.gain)
    return _verdict(path, "cannot be told", _slack(path, proved.worst), bound)


def _allowed(game: StochasticGame, certificate: Certificate) -> float:
    """Gains up to here count as none: the tolerance, and what rounding can feign."""
    return TOLERANCE * game.payoff_range + 4 * certificate.error


# --- the path ----------------------------------------------------------------------------------------------------------


def _path_of(profile: Automaton, deviation: Mask | None) -> _Path | int:
    """What play comes to without departures; a node with mixed actions if it comes to one."""
    game = profile.game
    open_rows = np.array([row_mask(game, deviation, i, "deviation") for i in range(game.n_players)])
    certificate = check(profile, deviation=deviation)
    pure, rows = _played_rows(profile)
    followed = (game.entry_row[profile.edge_entry] == rows[profile.edge_node]) & (profile.edge_probability > 0)
    law = profile.next_nodes
    source = np.repeat(profile.edge_node, np.diff(law.indptr))
    arcs = np.repeat(followed, np.diff(law.indptr)) & (law.data > 0)
    steps = sparse.csr_array((np.ones(int(arcs.sum())), (source[arcs], law.indices[arcs])), shape=(profile.n_nodes,) * 2)
    seen = np.zeros(profile.n_nodes, dtype=bool)
    begin = profile.start[[game.start]]
    seen[begin.indices[begin.data > 0]] = True
    frontier = np.flatnonzero(seen)
    while len(frontier):
        before = seen.copy()
        seen[steps[frontier].indices] = True
        frontier = np.flatnonzero(seen & ~before)
    if not pure[seen].all():
        return int(np.flatnonzero(seen & ~pure)[0])
    nodes = np.flatnonzero(seen)
    return _Path(
        profile, nodes, profile.node_state[nodes], rows[nodes], certificate.values[nodes], certificate, deviation, open_rows
    )


def _played_rows(profile: Automaton) -> tuple[Booleans, Integers]:
    """(K,): whether everybody's action at a node is certain, and the row of the likeliest actions."""
    game, states = profile.game, profile.node_state
    pure = np.ones(profile.n_nodes, dtype=bool)
    place = np.zeros(profile.n_nodes, dtype=np.intp)
    for i in range(game.n_players):
        starts, lottery = profile.choice_start(i), profile.lotteries[i]
        largest = np.maximum.reduceat(lottery, starts[:-1])
        pure &= largest >= 1 - LIKELIHOOD_TOLERANCE
        likeliest = np.flatnonzero(lottery == np.repeat(largest, np.diff(starts)))
        action = likeliest[np.searchsorted(likeliest, starts[:-1])] - starts[:-1]
        place = place * game.action_counts[states, i] + action
    return pure, game.row_start[states] + place


def _is_pure(profile: Automaton) -> bool:
    return bool(_played_rows(profile)[0][reachable_nodes(profile)].all())


# --- departures --------------------------------------------------------------------------------------------------------


def _slack(path: _Path, worst: Floats) -> _Slack:
    """What each departure from the path loses if it leaves the player with `worst` (N, S), which may be inf."""
    game = path.game
    sizes = np.diff(game.row_start)[path.states]
    node, row = np.repeat(np.arange(len(path.nodes)), sizes), spans(game.row_start[path.states], sizes)
    departs = game.row_action[:, row] != game.row_action[:, path.rows[node]]
    later = _expected(game, worst)
    delta = game.discount[:, None]
    # a player without patience needs an equilibrium to follow as well, but not to fear it
    worth = np.where(np.isinf(later), np.inf, (1 - delta) * game.payoffs.T + delta * np.where(np.isinf(later), 0.0, later))
    loss = path.values.T[:, node] - worth[:, row]
    # who is paid the same whatever happens loses nothing, exactly; bounds on its payoffs are rounded
    indifferent = np.ptp(game.payoffs, axis=0) == 0
    loss[indifferent] = np.where(np.isinf(loss[indifferent]), -np.inf, 0.0)
    return _Slack(node, row, departs & (departs.sum(axis=0) == 1) & path.open_rows[:, row], loss)


def _expected(game: StochasticGame, worst: Floats) -> Floats:
    """(N, R): expectation of `worst` (N, S) over the next state; inf if an infinite one can come."""
    unknown = np.isinf(worst)
    mean = (game.transitions @ np.where(unknown, 0.0, worst).T).T
    return np.where((game.transitions @ unknown.T.astype(np.float64)).T > 0, np.inf, mean)


def _proved(sets: EquilibriumSet, offset: int) -> _Punishments:
    """The worst proved payoffs; their nodes are numbered from `offset` on."""
    game = sets.game
    worst = np.full((game.n_players, game.n_states), np.inf)
    nodes = np.full(worst.shape, -1)
    for s, (payoffs, own) in enumerate(zip(sets.inner, sets.vertex_node, strict=True)):
        for i in range(game.n_players) if len(payoffs) else ():
            # of equally hard ones the one that is hardest on all: it tends to need the fewest further promises
            tied = payoffs[:, i] <= payoffs[:, i].min() + TIED * game.payoff_range
            k = int(np.argmin(np.where(tied, payoffs.sum(axis=1), np.inf)))
            worst[i, s], nodes[i, s] = payoffs[k, i], offset + own[k]
    return _Punishments(worst, nodes)


def _own(path: _Path) -> _Punishments:
    """The path's own nodes as punishments: if all constraints hold with them, they are equilibria too (self-generation)."""
    return _least(path.game, path.states, path.values, np.arange(len(path.nodes)))


def _as_written(path: _Path) -> _Punishments:
    """The nodes of a profile that is subgame perfect as written; they have no number in another plan."""
    reached = np.flatnonzero(reachable_nodes(path.profile))
    states, values = path.profile.node_state[reached], path.certificate.values[reached]
    return _least(path.game, states, values, np.full(len(reached), -1))


def _least(game: StochasticGame, states: Integers, values: Floats, numbers: Integers) -> _Punishments:
    """Of nodes in `states` (n,) with `values` (n, N) the worst for each player in each state."""
    worst = np.full((game.n_players, game.n_states), np.inf)
    nodes = np.full(worst.shape, -1)
    for i in range(game.n_players):
        order = np.lexsort((values[:, i], states))
        first = order[np.flatnonzero(np.diff(states[order], prepend=-1))]
        worst[i, states[first]], nodes[i, states[first]] = values[first, i], numbers[first]
    return _Punishments(worst, nodes)


def _harder(one: _Punishments, other: _Punishments) -> _Punishments:
    """The worse of two, for each player and state."""
    take = one.worst <= other.worst
    return _Punishments(np.where(take, one.worst, other.worst), np.where(take, one.nodes, other.nodes))


# --- the automaton that proves it ---------------------------------------------------------------------------------------


def _plan(sets: EquilibriumSet, path: _Path, pool: _Punishments) -> Automaton | None:
    """The path with its punishments; None if somebody can bring about a state for which the pool has none.

    At every node, of the path and of a punishment alike, a departure is answered from the pool; one of several players at once
    as if the first of them had departed alone, since any equilibrium will do.
    """
    parts = [_answered(path.profile, path.nodes, path.rows, 0, pool)]
    if sets.machine is not None:
        every = np.arange(sets.machine.n_nodes)
        parts.append(_answered(sets.machine, every, _played_rows(sets.machine)[1], len(path.nodes), pool))
    whole = _side_by_side(path, parts)
    reached = nodes_from(whole, whole.start.indices, at_any_values=True)
    open_ends = np.concatenate([part.open_ends for part in parts])
    return None if open_ends[reached[whole.edge_node]].any() else _restricted(whole, np.flatnonzero(reached))


@dataclass(frozen=True, eq=False)
class _Part:
    """Nodes of one machine with departures answered: n nodes with m edges.

    state, row, mode: (n,) with the names of the modes. chance, edge, target: lotteries on the edges, targets numbered over all
    parts. open_ends: (m,) edges that may be taken and lead nowhere.
    """

    state: Integers
    row: Integers
    mode: Integers
    modes: tuple[str, ...]
    chance: Floats
    edge: Integers
    target: Integers
    open_ends: Booleans


def _answered(machine: Automaton, nodes: Integers, rows: Integers, offset: int, pool: _Punishments) -> _Part:
    """The nodes of a machine, where `rows` are played, numbered from `offset` on."""
    game, sizes = machine.game, np.diff(machine.edge_start)[nodes]
    edges, owner = spans(machine.edge_start[nodes], sizes), np.repeat(np.arange(len(nodes)), sizes)
    entry = machine.edge_entry[edges]
    departs = game.row_action[:, game.entry_row[entry]] != game.row_action[:, rows[owner]]
    away, possible = departs.any(axis=0), machine.edge_probability[edges] > 0
    answer = pool.nodes[departs.argmax(axis=0), game.transitions.indices[entry]]
    punished, followed = np.flatnonzero(away & (answer >= 0)), np.flatnonzero(~away & possible)
    number = np.full(machine.n_nodes, -1)
    number[nodes] = offset + np.arange(len(nodes))
    law = sparse.coo_array(machine.next_nodes[edges[followed]])
    real = law.data > 0
    return _Part(
        state=machine.node_state[nodes],
        row=rows,
        mode=machine.node_mode[nodes],
        modes=machine.modes,
        chance=np.concatenate([np.ones(len(punished)), law.data[real]]),
        edge=np.concatenate([punished, followed[law.row[real]]]),
        target=np.concatenate([answer[punished], number[law.col[real]]]),
        open_ends=away & possible & (answer < 0),
    )


def _side_by_side(path: _Path, parts: list[_Part]) -> Automaton:
    """One automaton of the parts, the path first, that begins as the path does."""
    game, profile = path.game, path.profile
    first_edge = np.cumsum([0, *(len(part.open_ends) for part in parts)])
    first_mode = np.cumsum([0, *(len(part.modes) for part in parts)])
    state, row = (np.concatenate([getattr(part, name) for part in parts]) for name in ("state", "row"))
    edge = np.concatenate([part.edge + first for part, first in zip(parts, first_edge, strict=False)])
    chance, target = (np.concatenate([getattr(part, name) for part in parts]) for name in ("chance", "target"))
    start = sparse.csr_array(profile.start[[game.start]][:, path.nodes])
    here = np.full(start.nnz, game.start)
    return Automaton(
        game=game,
        players=profile.players,
        modes=(*parts[0].modes, *(f"punishment, {mode}" for part in parts[1:] for mode in part.modes)),
        node_mode=np.concatenate([part.mode + first for part, first in zip(parts, first_mode, strict=False)]),
        node_state=state,
        lotteries=tuple(_certain(game, state, row, i) for i in range(game.n_players)),
        next_nodes=sparse.csr_array((chance, (edge, target)), shape=(int(first_edge[-1]), len(state))),
        start=sparse.csr_array((start.data, (here, start.indices)), shape=(game.n_states, len(state))),
    )


def _certain(game: StochasticGame, state: Integers, row: Integers, player: int) -> Floats:
    """The flat lotteries of a player whose action in `row` (n,) is certain at nodes of `state` (n,)."""
    counts = game.action_counts[state, player]
    flat = np.zeros(int(counts.sum()))
    flat[np.cumsum(counts) - counts + game.row_action[player, row]] = 1.0
    return flat


def _restricted(plan: Automaton, kept: Integers) -> Automaton:
    """The plan without the nodes that play cannot come to."""
    edges = spans(plan.edge_start[kept], np.diff(plan.edge_start)[kept])
    named, labels = np.unique(plan.node_mode[kept], return_inverse=True)
    own = [spans(starts[kept], np.diff(starts)[kept]) for starts in (plan.choice_start(i) for i in plan.players)]
    return Automaton(
        game=plan.game,
        players=plan.players,
        modes=tuple(plan.modes[m] for m in named),
        node_mode=labels.astype(np.intp),
        node_state=plan.node_state[kept],
        lotteries=tuple(lottery[places] for lottery, places in zip(plan.lotteries, own, strict=True)),
        next_nodes=sparse.csr_array(plan.next_nodes[edges][:, kept]),
        start=sparse.csr_array(plan.start[:, kept]),
    )


# --- words -------------------------------------------------------------------------------------------------------------


def _verdict(
    path: _Path, answer: Answer, proved: _Slack, bound: _Slack, plan: Automaton | None = None, gain: float = float("nan")
) -> PathVerdict:
    """The verdict with the departure that decides it."""
    noise = path.noise
    deciding = bound if answer == "not sustainable" else proved
    tightest = _tightest(path, deciding, proved, bound, noise)
    near_tie = plan is not None and proved.smallest <= noise and path.deviation is None
    exact = exact_gain(plan) if plan is not None and near_tie else None
    return PathVerdict(
        answer=answer,
        margin=(proved.smallest, bound.smallest),
        tightest=tightest,
        plan=plan,
        certificate=gain,
        exact=exact,
        status=_status(answer, tightest, exact, noise),
    )


def _tightest(path: _Path, deciding: _Slack, proved: _Slack, bound: _Slack, noise: float) -> Departure | None:
    """The first of the departures whose slack is the smallest but for noise; None if there is no departure."""
    near = deciding.alone & (deciding.loss <= deciding.smallest + noise)
    if not near.any():
        return None
    cell = int(np.argmax(near.any(axis=0)))
    player = int(np.argmax(near[:, cell]))
    return _departure(path, bound, player, cell, float(proved.loss[player, cell]), float(bound.loss[player, cell]))


def _departure(path: _Path, cells: _Slack, player: int, cell: int, proved: float, bound: float) -> Departure:
    game, k = path.game, int(cells.cell_node[cell])
    labels = game.actions[path.states[k]][player]
    return Departure(
        player=game.players[player],
        node=int(path.nodes[k]),
        place=path.profile.describe(int(path.nodes[k])),
        played=labels[game.row_action[player, path.rows[k]]],
        action=labels[game.row_action[player, cells.cell_row[cell]]],
        slack_proved=proved,
        slack_bound=bound,
    )


def _status(answer: Answer, tightest: Departure | None, exact: Fraction | None, noise: float) -> str:
    if tightest is None:
        return "The path is sustainable: nobody can depart from it."
    what = f"{tightest.player} by {tightest.action} instead of {tightest.played} at {tightest.place}"
    low, high = tightest.slack_proved, tightest.slack_bound
    if answer == "not sustainable":
        return f"The path is not sustainable: {what} gains about {-high:.3g} or more, however credible play punishes it."
    if answer == "cannot be told":
        least = "nothing is proved to follow" if np.isinf(low) else f"it gains {-low:.3g} by the punishments that are proved"
        return (
            f"Whether the path is sustainable cannot be told: {what} loses at most {high:.3g}, but {least}; "
            "equilibrium sets of a smaller tolerance may tell."
        )
    if low > noise:
        return f"The path is sustainable by credible punishments: the most tempting departure, of {what}, loses {low:.3g}."
    if exact is None:
        return f"The path is sustainable by credible punishments up to rounding: the departure of {what} gains and loses nothing."
    if exact <= 0:
        return f"The path is sustainable by credible punishments, exactly: the departure of {what} is a tie."
    return f"The path is sustainable within {float(exact):.3g}, which some departure gains exactly: {what} is close to a tie."


def _undefined(profile: Automaton, node: int) -> PathVerdict:
    nan = float("nan")
    return PathVerdict(
        answer="not defined",
        margin=(nan, nan),
        tightest=None,
        plan=None,
        certificate=nan,
        exact=None,
        status=f"Sustainability of the path is not defined: at {profile.describe(node)} the profile takes mixed actions. "
        "Only public lotteries let a departure be seen.",
    )


def _nothing_follows(sets: EquilibriumSet, path: _Path, empty: Booleans) -> PathVerdict:
    """The verdict where play from the path can come to a state without equilibrium."""
    nan, states = float("nan"), sets.game.states
    none = "there is no equilibrium in pure actions with public randomisation"
    tightest = None
    if sets.source in path.states:
        status = f"The path is not sustainable: it comes to state '{states[sets.source]}', where {none}."
    elif (found := _into(sets, path, empty)) is not None:
        tightest, target = found
        status = (
            f"The path is not sustainable: no punishment exists for {tightest.player}, who by {tightest.action} instead of "
            f"{tightest.played} at {tightest.place} can bring about state '{states[target]}', where {none}."
        )
    else:
        status = f"The path is not sustainable: play can come to state '{states[sets.source]}', where {none}."
    return PathVerdict("not sustainable", (nan, nan), tightest, None, nan, None, status)


def _into(sets: EquilibriumSet, path: _Path, empty: Booleans) -> tuple[Departure, int] | None:
    """A departure into a state without equilibrium: into the one where that was found first, else off the path, else any."""
    game = sets.game
    cells = _slack(path, np.zeros((game.n_players, game.n_states)))
    off_path = empty & ~np.isin(np.arange(game.n_states), path.states)
    for wanted in (np.arange(game.n_states) == sets.source, off_path, empty):
        leads = cells.alone & (game.transitions @ wanted.astype(np.float64) > 0)[cells.cell_row]
        if leads.any():
            cell = int(np.argmax(leads.any(axis=0)))
            departure = _departure(path, cells, int(np.argmax(leads[:, cell])), cell, float("nan"), float("nan"))
            row = game.transitions[[cells.cell_row[cell]]].toarray()[0]
            return departure, int(np.argmax((row > 0) & wanted))
    return None
