"""The logit path of a stochastic game: its equations, their linearisation, and a predictor-corrector along it.

Variables. For a choice c (player i, state s, own action a) the *log-odds* z_c, for each state and player the *unnormalised
value* V_is, and the precision m. With p = softmax of z within (s, i), q_i(r) = u_i(r) + delta_i sum_s' P(s' | r) V_i(s') for a
row r, and Q_c the mean of q_i over the rows that contain c, weighted by the others' probabilities, the path solves

    F_c  = z_c - m (Q_c - V_is)            each choice: p is the logit response of precision m to the action values
    G_is = sum_a p_c Q_c - V_is            each state and player: V is the value of play

From m = 0 (uniform play) a path leads, for almost every game, to a stationary equilibrium as m grows without bound; it may turn
back in m on the way, so it is followed in arclength. Payoffs are divided by each player's range.

Linear algebra. dF/dz couples the choices of one state only. It is eliminated state by state, which leaves a system for the
values and the precision, of size S N + 1 and bordered by the arclength condition. The same equations in the form

    F_c = a z_c + (1 - a) sum_b p_b z_b - b (Q_c - V_is)

are those of the path for (a, b) = (1, m), and for (a, b) = (1 / m, 1) they keep a limit as m grows: on a support, with a near 0,
Newton's method solves the indifference conditions. (The second term fixes the level of z, which p does not depend on.)

Sources: McKelvey and Palfrey (1995) for logit equilibria; Turocy (2005) for the continuation in log-probabilities;
Eibelshaeuser and Poensgen (2019) for stochastic games; Allgower and Georg (1990), chapters 6 and 7, for predictor-corrector
continuation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy import sparse
from scipy.linalg import lapack
from scipy.sparse.linalg import SuperLU, splu

from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame

#: Up to this many values (states times players), or above this share of nonzeros, the values' matrix is factored as a dense one.
DENSE_LIMIT = 400
DENSE_SHARE = 0.1
#: Pivots off the diagonal are taken only where the diagonal is below this share of them (sparse matrices).
PIVOT_SHARE = 0.1
#: Corrections are small enough when no probability moves by more than this, or than rounding at this precision.
CORRECTOR_TOLERANCE = 1e-7
ROUNDING = 4e-16
#: Below this size, corrections that stop shrinking are taken for rounding.
ROUNDING_FLOOR = 1e-5
#: Largest number of unknowns, and smallest relative singular value that counts, where ties call for least-squares steps.
LEAST_CHANGE_LIMIT, TIED = 1500, 1e-9
#: Corrections that do not shrink by this factor each time show that the predicted point cannot be trusted.
CONTRACTION = 0.4
CORRECTIONS = 7
#: Steps: first, smallest and largest length; largest growth from one to the next; smallest cosine between their directions.
FIRST_STEP, SMALLEST_STEP, LARGEST_STEP, GROWTH = 0.1, 1e-8, 2.0, 2.5
SMALLEST_COSINE = 0.4
#: A prediction is refused if it misses by more than this many times the error that steps aim at.
LARGEST_MISS = 6.0


@dataclass(frozen=True, eq=False)
class MatrixCells:
    """Where the parts of the bordered values' matrix go in an array of `count` numbers: dense by columns, or CSC data.

    entry: (N, N, E) equation of i, value of j, entry of the law. block: (S, N, N). row: (S N + 1,), the border. column: (S N,).
    """

    count: int
    entry: Integers
    block: Integers
    row: Integers
    column: Integers
    pattern: tuple[Integers, Integers] | None


@dataclass(frozen=True, eq=False)
class LogitSystem:
    """Index arrays of the equations of one game, built once.

    Choices of state s sit in *slots* s * n + k, where k counts players in order and their actions, and n is the largest number
    in a state; slots that are left over are padding and in no support. Groups (s, i) are numbered s * N + i, as values are.

    scale, base: (N,) what payoffs are divided by after base is deducted. payoffs, slot: (N, R). law: (R, S) without zeros.
    entry_row: (E,). group_start: (S N,). slot_group, real: (S n,). rivals: (S, n, n), 1 for slots of different players.
    member: (S, N, n), 1 for slots of each player. pair_cell: (N (N - 1), R) in an (S, n, n) array.
    weight_cell: (N + 1, N, R) in an (S, N + 1, n) array.
    """

    game: StochasticGame
    scale: Floats
    base: Floats
    payoffs: Floats
    slot: Integers
    law: sparse.csr_array
    law_transposed: sparse.csr_array
    entry_row: Integers
    group_start: Integers
    slot_group: Integers
    real: Booleans
    rivals: Floats
    member: Floats
    pairs: tuple[tuple[int, int], ...]
    pair_cell: Integers
    weight_cell: Integers
    cells: MatrixCells

    @property
    def patience(self) -> Floats:
        """(N, 1): discount factors, as they multiply (N, R) arrays."""
        return self.game.discount[:, None]


def logit_system(game: StochasticGame) -> LogitSystem:
    """The equations of `game`; payoffs are divided by each player's range (a constant player's are 0)."""
    counts, players, states = game.action_counts, game.n_players, game.n_states
    width = int(counts.sum(axis=1).max())
    offset = np.cumsum(counts, axis=1) - counts
    group_start = (np.arange(states)[:, None] * width + offset).ravel()
    slot_group = np.repeat(np.arange(states * players), np.diff(np.append(group_start, states * width)))
    real = (np.arange(width) < counts.sum(axis=1)[:, None]).ravel()
    slot = game.row_state * width + offset[game.row_state].T + game.row_action
    pairs = tuple(permutations(range(players), 2))
    member = (slot_group.reshape(states, 1, width) % players == np.arange(players)[:, None]) & real.reshape(states, 1, width)
    spread, base = np.ptp(game.payoffs, axis=0), game.payoffs.min(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    law = game.transitions.copy()
    law.eliminate_zeros()
    equation = game.row_state * (players + 1) + np.arange(players + 1)[:, None]
    return LogitSystem(
        game=game,
        scale=scale,
        base=base,
        payoffs=np.ascontiguousarray(((game.payoffs - base) / scale).T),
        slot=slot,
        law=law,
        law_transposed=sparse.csr_array(law.T),
        entry_row=np.repeat(np.arange(law.shape[0]), np.diff(law.indptr)),
        group_start=group_start,
        slot_group=slot_group,
        real=real,
        rivals=np.einsum("sic,sid->scd", member, ~member).astype(np.float64),
        member=member.astype(np.float64),
        pairs=pairs,
        pair_cell=np.array([slot[i] * width + slot[j] % width for i, j in pairs], dtype=np.intp).reshape(
            len(pairs), slot.shape[1]
        ),
        weight_cell=equation[:, None, :] * width + (slot % width)[None, :, :],
        cells=_matrix_cells(game, law),
    )


def _matrix_cells(game: StochasticGame, law: sparse.csr_array) -> MatrixCells:
    """Cells by columns; if the matrix is to stay sparse they are numbered among those in use."""
    players, states = game.n_players, game.n_states
    size, who = states * players + 1, np.arange(players)
    entry_state = np.repeat(game.row_state, np.diff(law.indptr))
    next_state = law.indices.astype(np.intp)
    group = np.arange(states * players).reshape(states, players)
    entry = (next_state * players + who[:, None]) * size + (entry_state * players + who[:, None])[:, None, :]
    block = group[:, None, :] * size + group[:, :, None]
    row, column = np.arange(size) * size + size - 1, (size - 1) * size + np.arange(size - 1)
    if size <= DENSE_LIMIT:
        return MatrixCells(size * size, entry, block, row, column, None)
    used, place = np.unique(np.concatenate([entry.ravel(), block.ravel(), row, column]), return_inverse=True)
    if len(used) > DENSE_SHARE * size * size:
        return MatrixCells(size * size, entry, block, row, column, None)
    parts = np.split(place, np.cumsum([entry.size, block.size, row.size]))
    pattern = (used % size, np.searchsorted(used, np.arange(size + 1) * size))
    return MatrixCells(len(used), parts[0].reshape(entry.shape), parts[1].reshape(block.shape), parts[2], parts[3], pattern)


@dataclass(frozen=True, eq=False)
class Form:
    """Which of the equations: the coefficients a and b, the support (S n,), and a bias (S n,) added to z before softmax."""

    a: float
    b: float
    support: Booleans
    bias: Floats | float = 0.0


@dataclass(frozen=True, eq=False)
class Residuals:
    """The equations at a point.

    z, p, action_values Q, advantage Q - V, choice F: (S n,). value G: (S N,). played, others' probabilities, reward q: (N, R).
    """

    form: Form
    z: Floats
    p: Floats
    played: Floats
    others: Floats
    reward: Floats
    action_values: Floats
    advantage: Floats
    choice: Floats
    value: Floats


def lotteries(system: LogitSystem, z: Floats, form: Form) -> Floats:
    """Softmax of z + bias within each group, 0 off the support."""
    exponent = np.where(form.support, z + form.bias, -np.inf)
    top = np.maximum.reduceat(exponent, system.group_start)
    weight = np.exp(exponent - top[system.slot_group])
    return np.asarray(weight / np.add.reduceat(weight, system.group_start)[system.slot_group])


def evaluate(system: LogitSystem, z: Floats, values: Floats, form: Form) -> Residuals:
    """The residuals F and G at (z, values)."""
    p = lotteries(system, z, form)
    played = p[system.slot]
    others = np.stack([_product(played, i) for i in range(len(played))])
    reward = system.payoffs + system.patience * (system.law @ values.reshape(-1, len(played))).T
    action_values = _gather(system.slot.ravel(), (others * reward).ravel(), len(p))
    advantage = np.where(form.support, action_values - values[system.slot_group], 0.0)
    choice = form.a * z - form.b * advantage
    if form.a != 1:
        choice += (1 - form.a) * np.add.reduceat(p * z, system.group_start)[system.slot_group]
    choice[~form.support] = 0.0
    mean = np.add.reduceat(p * action_values, system.group_start)
    return Residuals(form, z, p, played, others, reward, action_values, advantage, choice, mean - values)


def _gather(cells: Integers, weights: Floats, count: int) -> Floats:
    """Sums of the weights that go to each of `count` cells."""
    return np.asarray(np.bincount(cells, weights, count), dtype=np.float64)


def _product(played: Floats, *left_out: int) -> Floats:
    """Product over all players but those left out."""
    kept = [row for j, row in enumerate(played) if j not in left_out]
    return kept[0] if len(kept) == 1 else np.prod(kept, axis=0) if kept else np.ones(played.shape[1])


@dataclass(frozen=True, eq=False)
class Border:
    """The condition that completes the equations, z . dz + precision * dm = given. A fixed precision: z = 0, precision = 1."""

    z: Floats
    precision: float


@dataclass(frozen=True, eq=False)
class Linearisation:
    """The derivative at a point, choices eliminated and the rest factored. See `solve` for the formulas."""

    at: Residuals
    inverse: Floats
    elimination: Floats
    factor: tuple[Floats, Integers] | SuperLU


def linearise(system: LogitSystem, at: Residuals, border: Border) -> Linearisation | None:
    """Eliminate the choices of each state and factor the values' matrix; None if a part of it is singular.

    With J = dF/dz, w = dG/dz J^-1 and y = border J^-1, the row (s, i) of what is left is
        sum over choices c of player j of x_c (delta_j T_c - e_s),   x_c = [c of i] p_c + b w_c,
    where T_c is the law of the next state after c. The border's row has x = b y and is summed over states.
    """
    form, players = at.form, len(at.played)
    shape = system.rivals.shape[:2]
    p, advantage = at.p.reshape(shape), at.advantage.reshape(shape)
    response = _response(system, at)
    # The inverses of these small blocks serve a dozen products a step; residuals are recomputed, so rounding does not add up.
    try:
        inverse: Floats = np.linalg.inv(_choice_block(system, at, response)).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return None
    share = system.member * p[:, None, :]
    elimination = np.empty((shape[0], players + 1, shape[1]))
    elimination[:, :players] = (share @ response + share * _centred(system, at)[:, None, :]) @ inverse
    elimination[:, players] = np.einsum("sc,scd->sd", border.z.reshape(shape), inverse)
    coefficient = form.b * elimination * form.support.reshape(shape)[:, None, :]
    coefficient[:, :players] += share
    column = (elimination @ advantage[:, :, None])[:, :, 0]
    data = _matrix(system, at, coefficient)
    data[system.cells.row[-1]] = border.precision + column[:, players].sum()
    data[system.cells.column] = column[:, :players].ravel()
    factor = _factor(system.cells, data)
    return None if factor is None else Linearisation(at, inverse, elimination, factor)


def _centred(system: LogitSystem, at: Residuals) -> Floats:
    """Q_c minus its mean in the group, (S, n)."""
    mean = np.add.reduceat(at.p * at.action_values, system.group_start)
    return np.asarray(at.action_values - mean[system.slot_group]).reshape(system.rivals.shape[:2])


def _response(system: LogitSystem, at: Residuals) -> Floats:
    """dQ_c / dz_c' = p_c' (mean of q over rows with c and c' - Q_c) for c, c' of different players, (S, n, n)."""
    shape = system.rivals.shape
    if not system.pairs:
        return np.zeros(shape)
    joint = np.stack([_product(at.played, i, j) * at.reward[i] for i, j in system.pairs])
    mean = _gather(system.pair_cell.ravel(), joint.ravel(), system.rivals.size).reshape(shape)
    mean -= system.rivals * at.action_values.reshape(shape[:2])[:, :, None]
    mean *= at.p.reshape(shape[0], 1, shape[1])
    return mean


def _choice_block(system: LogitSystem, at: Residuals, response: Floats) -> Floats:
    """J = dF/dz of each state, with rows of the identity off the support, (S, n, n)."""
    form, shape = at.form, response.shape[:2]
    support = form.support.reshape(shape)
    block = -form.b * response
    if form.a != 1:
        level = np.add.reduceat(at.p * at.z, system.group_start)[system.slot_group]
        own = np.einsum("sic,sid->scd", system.member, system.member)
        block += (1 - form.a) * own * (at.p * (1 + at.z - level)).reshape(shape)[:, None, :]
    block *= support[:, :, None]
    slots = np.arange(shape[1])
    block[:, slots, slots] += np.where(support, form.a, 1.0)
    return block


def _matrix(system: LogitSystem, at: Residuals, coefficient: Floats) -> Floats:
    """The values' part of the bordered matrix from the coefficients x, (S, N + 1, n)."""
    players, cells = len(at.played), system.cells
    weight = coefficient.ravel()[system.weight_cell] * (at.others * system.patience)
    entries = weight[:players].take(system.entry_row, axis=2) * system.law.data
    data = _gather(cells.entry.ravel(), entries.ravel(), cells.count)
    totals = coefficient @ np.swapaxes(system.member, 1, 2)
    data[cells.block] -= totals[:, :players]
    data[cells.row[:-1]] = (system.law_transposed @ weight[players].T - totals[:, players]).ravel()
    return data


def _factor(cells: MatrixCells, data: Floats) -> tuple[Floats, Integers] | SuperLU | None:
    size = len(cells.row)
    if cells.pattern is None:
        factors, pivots, failed = lapack.dgetrf(data.reshape(size, size).T, overwrite_a=1)
        return None if failed else (factors, pivots)
    indices, starts = cells.pattern
    try:
        matrix = sparse.csc_matrix((data, indices, starts), shape=(size, size))
        # the pattern is nearly symmetric: this order fills in a fifth of what the default one does
        return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=PIVOT_SHARE, options={"SymmetricMode": True})
    except RuntimeError:  # exactly singular
        return None


def solve(line: Linearisation, system: LogitSystem, now: Residuals | None, given: float) -> tuple[Floats, Floats, float]:
    """(dz, dV, dm) that cancel the residuals `now` (None: no residuals) to first order, with border product `given`.

    dV and dm from the factored system with right side (-G + w F, given + y F); then
    dz = J^-1 (-F + b (delta T dV - dV_s) + (Q - V) dm).
    """
    at, players = line.at, len(line.at.played)
    states, width = system.rivals.shape[:2]
    right = np.zeros(states * players + 1)
    right[-1] = given
    if now is not None:
        moved = np.einsum("sic,sc->si", line.elimination, now.choice.reshape(states, width))
        right[:-1] = moved[:, :players].ravel() - now.value
        right[-1] += moved[:, players].sum()
    if isinstance(line.factor, SuperLU):
        answer = line.factor.solve(right)
    else:
        answer, _ = lapack.dgetrs(*line.factor, right)
    change, precision = answer[:-1], float(answer[-1])
    ahead = at.others * system.patience * (system.law @ change.reshape(-1, players)).T
    drive = _gather(system.slot.ravel(), ahead.ravel(), len(at.p)) - change[system.slot_group]
    drive = np.where(at.form.support, at.form.b * drive, 0.0) + at.advantage * precision
    if now is not None:
        drive -= now.choice
    return np.einsum("scd,sd->sc", line.inverse, drive.reshape(states, width)).ravel(), change, precision


# --- the path ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class PathPoint:
    """A point of the path and its direction (unit speed in the metric of `_speed`)."""

    z: Floats
    values: Floats
    precision: float
    p: Floats
    z_rate: Floats
    value_rate: Floats
    precision_rate: float

    def ahead(self, step: float, before: PathPoint | None, last: float) -> tuple[Floats, Floats, float]:
        """Where the path is after `step`, to second order if the point before (at distance `last`) is known."""
        turn = 0.0 if before is None else 0.5 * step / last
        back = self if before is None else before
        return (
            self.z + step * (self.z_rate + turn * (self.z_rate - back.z_rate)),
            self.values + step * (self.value_rate + turn * (self.value_rate - back.value_rate)),
            self.precision + step * (self.precision_rate + turn * (self.precision_rate - back.precision_rate)),
        )


def follow(system: LogitSystem, aim: float, bias: Floats | float = 0.0, most_steps: int = 20_000) -> Iterator[PathPoint]:
    """Points of the path from precision 0 on, each corrected; ends where it cannot go on or the precision falls below 0.

    aim: error of a prediction, in probability, that the step length is chosen for; smaller is slower and safer. bias: log-odds at
    precision 0, (S n,), 0 for uniform play; other values start other paths.
    """
    point = _start(system, bias)
    before, step, last = None, FIRST_STEP, 1.0
    for _ in range(most_steps):
        if point is None:
            return
        yield point
        reached = None
        while reached is None and step > SMALLEST_STEP:
            reached = _advance(system, point, before, (step, last), aim=aim, bias=bias)
            if reached is None:
                step /= 3
        if reached is None or reached[0].precision < 0:
            return
        before, last, (point, miss) = point, step, reached
        # the prediction errs in the third order of the step
        step = min(LARGEST_STEP, step * min(GROWTH, max(0.3, 0.9 * (aim / max(miss, 1e-12)) ** (1 / 3))))


def _start(system: LogitSystem, bias: Floats | float) -> PathPoint | None:
    """The point at precision 0, where the equations are linear in the values."""
    z, values = np.zeros(len(system.real)), np.zeros(len(system.group_start))
    form, border = Form(1.0, 0.0, system.real, bias), Border(z, 1.0)
    for _ in range(2):
        line = linearise(system, evaluate(system, z, values, form), border)
        if line is None:
            return None
        values = values + solve(line, system, line.at, 0.0)[1]
    line = linearise(system, evaluate(system, z, values, form), border)
    return None if line is None else _turned(system, line, line.at, (values, 0.0), None)


def _turned(
    system: LogitSystem, line: Linearisation, now: Residuals, place: tuple[Floats, float], onward: Border | None
) -> PathPoint:
    """The point at (values, precision) with the unit direction that goes on from `onward` (at the start: to higher precision)."""
    values, precision = place
    z_rate, value_rate, precision_rate = solve(line, system, None, 1.0)
    ahead = precision_rate if onward is None else onward.z @ z_rate + onward.precision * precision_rate
    length = _speed(now.p, precision, z_rate, precision_rate) * (1.0 if ahead > 0 else -1.0)
    return PathPoint(now.z, values, precision, now.p, z_rate / length, value_rate / length, precision_rate / length)


def _speed(p: Floats, precision: float, z_rate: Floats, precision_rate: float) -> float:
    """Length of a direction: Fisher's metric for the lotteries, relative changes of the precision."""
    return float(np.sqrt(p @ z_rate**2 + (precision_rate / (1 + abs(precision))) ** 2))


def _border(p: Floats, precision: float, point: PathPoint) -> Border:
    """The inner product with the direction of `point` in the metric of `_speed` at (p, precision)."""
    return Border(p * point.z_rate, point.precision_rate / (1 + abs(precision)) ** 2)


def _advance(
    system: LogitSystem,
    point: PathPoint,
    before: PathPoint | None,
    steps: tuple[float, float],
    *,
    aim: float,
    bias: Floats | float,
) -> tuple[PathPoint, float] | None:
    """The next point and the error of its prediction; None if the step was too long.

    steps: length of this step, and of the one from `before`. The direction comes from the linearisation at the
    predicted point.
    """
    border = _border(point.p, point.precision, point)
    corrected = _correct(system, point.ahead(steps[0], before, steps[1]), border, LARGEST_MISS * aim, bias)
    if corrected is None:
        return None
    line, now, (values, precision), miss = corrected
    onward = _border(now.p, precision, point)
    reached = _turned(system, line, now, (values, precision), onward)
    cosine = onward.z @ reached.z_rate + onward.precision * reached.precision_rate
    bent = cosine < SMALLEST_COSINE * _speed(now.p, precision, point.z_rate, point.precision_rate)
    return None if bent else (reached, miss)


def _correct(
    system: LogitSystem, predicted: tuple[Floats, Floats, float], border: Border, largest: float, bias: Floats | float
) -> tuple[Linearisation, Residuals, tuple[Floats, float], float] | None:
    """Newton's method from the predicted point on the plane across the border, with the derivative there throughout.

    Returns the linearisation, the residuals at the last point, its values and precision, and the size of the first correction;
    None if that is above `largest` or corrections do not shrink fast.
    """
    z, values, precision = predicted
    now = evaluate(system, z, values, Form(1.0, precision, system.real, bias))
    line, sizes = linearise(system, now, border), [np.inf]
    if line is None:
        return None
    for _ in range(CORRECTIONS):
        dz, dv, dm = solve(line, system, now, 0.0)
        sizes.append(float(np.max(now.p * np.abs(dz))))
        if not sizes[-1] <= min(largest, CONTRACTION * sizes[-2]):
            # below the floor it is rounding, amplified in games with ties, that ends the contraction
            return (line, now, (values, precision), sizes[1]) if sizes[-2] <= ROUNDING_FLOOR else None
        z, values, precision = z + dz, values + dv, precision + dm
        now = evaluate(system, z, values, Form(1.0, precision, system.real, bias))
        if sizes[-1] <= max(CORRECTOR_TOLERANCE, ROUNDING * abs(precision) * (1 + float(np.max(np.abs(values))))):
            return line, now, (values, precision), sizes[1]
    return None


def newton(
    system: LogitSystem, z: Floats, values: Floats, form: Form, *, most: int = 12, goal: float = 1e-13
) -> tuple[Residuals, Floats] | None:
    """Newton's method at fixed coefficients; the last point and values, or None if corrections do not become small."""
    border, size = Border(np.zeros_like(z), 1.0), np.inf
    for _ in range(most):
        now = evaluate(system, z, values, form)
        line = linearise(system, now, border)
        if line is None:
            return None
        dz, dv, _ = solve(line, system, now, 0.0)
        old, size = size, float(np.max(now.p * np.abs(dz)))
        if not np.isfinite(size) or size > 10.0:
            return None
        z, values = z + dz, values + dv
        if size <= goal or (size < 1e-6 and size > 0.5 * old):
            return evaluate(system, z, values, form), values
    return None


def least_change(system: LogitSystem, z: Floats, values: Floats, support: Booleans, *, most: int = 12) -> Floats | None:
    """Lotteries near softmax of z that make all actions of the support equally good, by Gauss-Newton with least-norm steps.

    For games with ties, in which the indifference conditions leave some probabilities open: those stay as they are. None for
    more than `LEAST_CHANGE_LIMIT` unknowns, or if there is no solution nearby.
    """
    form, chosen = Form(0.0, 1.0, support), np.flatnonzero(support)
    if len(chosen) + len(values) > LEAST_CHANGE_LIMIT:
        return None
    for _ in range(most):
        now = evaluate(system, z, values, form)
        if np.max(np.abs(now.advantage)) <= ROUNDING * 4 * (1 + np.max(np.abs(values))):
            return now.p
        step = np.linalg.lstsq(_indifference(system, now, chosen), -now.advantage[chosen], rcond=TIED)[0]
        if not np.max(np.abs(step)) < 10.0:
            return None
        z = z.copy()
        z[chosen] += step[: len(chosen)]
        values = values + step[len(chosen) :]
    return evaluate(system, z, values, form).p


def _indifference(system: LogitSystem, now: Residuals, chosen: Integers) -> Floats:
    """Derivative of Q_c - V for the chosen slots in their z and in the values."""
    players, width, size = len(now.played), system.rivals.shape[1], len(now.p)
    response = _response(system, now)
    same_state = chosen[:, None] // width == chosen // width
    matrix = np.zeros((len(chosen), len(chosen) + len(now.value)))
    cells = response[chosen[:, None] // width, chosen[:, None] % width, chosen % width]
    matrix[:, : len(chosen)] = np.where(same_state, cells, 0.0)
    rows = np.arange(now.played.shape[1])
    for i, (own, others) in enumerate(zip(system.slot, now.others * system.patience, strict=True)):
        ahead = sparse.csr_array((others, (own, rows)), shape=(size, len(rows))) @ system.law
        matrix[:, len(chosen) + i :: players] = ahead[chosen].toarray()
    matrix[np.arange(len(chosen)), len(chosen) + system.slot_group[chosen]] -= 1.0
    return matrix
