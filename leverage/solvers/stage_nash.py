"""Stage Nash: equilibria of each state's one-shot game, as if there were no tomorrow ("myopic play").

nashpy is the tool that people know for such games; it is asked for a second opinion on small ones and for an answer on
large ones, and nothing that it says is taken unchecked. The equilibria of a two-player game are the completely labelled
pairs of vertices of its two best-response polytopes. Their vertices are enumerated here in exact integers, because the
popular floating-point routes fail where scenario games live: ties merge facets in qhull, support enumeration misses
unequal supports, pivoting can cycle.

Sources: Nash (1951); Mangasarian (1964) and Winkels (1979) for extreme equilibria; von Stengel (2002, "Computing equilibria for
two-person games", Handbook of Game Theory 3, section 2) for the polytopes and their labels; Bareiss (1968) for elimination in
integers.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import QhullError

from leverage.certification.finite import certify_finite
from leverage.errors import GameError, UnsolvedError
from leverage.game.automaton import Automaton
from leverage.game.stochastic_game import Floats, StochasticGame
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.solution import Solution

#: Regret up to this fraction of a player's payoff range is accepted as none.
REGRET_TOLERANCE = 1e-9
#: Payoffs that differ by less than this fraction of a player's payoff range are the same payoff (they differ by rounding).
TIE_TOLERANCE = 1e-12
#: Scores (payoffs in units of the players' ranges, summed) that differ by less are the same score.
SCORE_TOLERANCE = 1e-9
#: Payoffs whose distances have a common denominator up to this one, in units of the range, are read as the fractions that they
#: round.
LARGEST_DENOMINATOR = 100_000
#: Other payoffs are read with this many decimal digits of the range.
GRID_DIGITS = 12
#: Bases of one polytope, C(A_1 + A_2, A_1), up to which the exact enumeration is run (7 x 7 actions): beyond it completeness is
#: not claimed.
MAX_BASES = 3_500
#: Pairs of supports of equal size up to which nashpy is asked (9 x 9 actions: six seconds); beyond it only pure ones
#: are found.
MAX_SUPPORT_PAIRS = 50_000
#: nashpy gives a second opinion on the equilibria of one-shot games with up to so many action profiles.
MAX_ASKED = 25
#: Equilibria that nashpy lists twice differ by rounding up to this much.
SAME_LOTTERY = 1e-8
#: Distinct one-shot games whose equilibria are remembered: states of a scenario often share their payoffs.
CACHE_SIZE = 8_192
#: Outside these bounds powers of ten leave the range of floating-point numbers.
SMALLEST_RANGE, LARGEST_RANGE = 1e-200, 1e200

#: A lottery of each player.
Pair = tuple[Floats, Floats]
#: A vertex of a best-response polytope: positive numerators (proportional to the lottery), the own actions they belong to, and
#: the opponent's best replies.
Vertex = tuple[tuple[int, ...], frozenset[int], frozenset[int]]
Whole = NDArray[np.int64]


def stage_equilibria(payoffs: ArrayLike, *, tolerance: float = REGRET_TOLERANCE) -> tuple[Pair, ...]:
    """The extreme Nash equilibria of one two-player game.

    Extreme equilibria are those from which all others follow: the set of equilibria is a union of products of hulls of their
    lotteries. A game without ties has finitely many equilibria and all are extreme. Use `pure_stage_equilibria` for one player
    or more than two.

    Parameters
    ----------
    payoffs : (A_1, A_2, 2), any unit; A_1, A_2 >= 1.
    tolerance : regret that is accepted as none, a fraction of the player's own payoff range, at least 0.

    Returns
    -------
    ((x, y), ...) : x of shape (A_1,), y of shape (A_2,). Pure ones first; within each kind in lexicographic order, more weight on
        earlier actions first. No pair twice.

    Raises
    ------
    GameError : wrong shape or number of players, payoffs that are not finite.
    UnsolvedError : nothing was found (only possible beyond the size that is named below).

    Notes
    -----
    Guaranteed: whatever the size, the regret of each pair was checked on the payoffs as given. With C(A_1 + A_2, A_1) <= 3,500
    after the removal of actions that are strictly dominated (7 x 7 actions; all 5 x 5 games), the answer is complete and exact,
    ties included: the payoffs are read as the fractions that they round, or with 12 digits of the range, and all arithmetic is
    in integers. Beyond that the pure ones are complete and, up to C(A_1 + A_2, A_1) = 50,000, nashpy's support enumeration
    (supports of equal size) adds mixed ones, its vertex enumeration where that finds none: completeness is not claimed, as
    rounding makes either miss some. Time grows as 4^A for A actions each.

    References
    ----------
    Mangasarian (1964), "Equilibrium points of bimatrix games"; von Stengel (2002), theorem 2.14.

    Examples
    --------
    >>> chicken = [[[0, 0], [7, 2]], [[2, 7], [6, 6]]]
    >>> for x, y in stage_equilibria(chicken):
    ...     print(x.round(4).tolist(), y.round(4).tolist())
    [1.0, 0.0] [0.0, 1.0]
    [0.0, 1.0] [1.0, 0.0]
    [0.3333, 0.6667] [0.3333, 0.6667]
    """
    table = _checked(payoffs)
    if table.shape[-1] != 2:
        raise GameError(
            f"stage_equilibria needs two players, the payoffs have {table.shape[-1]}: use pure_stage_equilibria for the pure "
            "ones, or markov_perfect on a game with this one state and discount 0"
        )
    accepted = tuple(
        (x.copy(), y.copy()) for x, y in _equilibria(table.shape, table.tobytes()) if _relative_regret(table, x, y) <= tolerance
    )
    if not accepted:
        raise UnsolvedError(
            f"no equilibrium of this {table.shape[0]} x {table.shape[1]} game was found within regret {tolerance:g}: "
            "leave out actions that nobody would take, or raise the tolerance"
        )
    return accepted


def pure_stage_equilibria(payoffs: ArrayLike) -> tuple[tuple[int, ...], ...]:
    """All pure Nash equilibria of one game of any number of players, ties included.

    Parameters
    ----------
    payoffs : (A_1, ..., A_N, N), any unit. A gain below 1e-12 of the player's payoff range is rounding, not a gain.

    Returns
    -------
    (profile, ...) : one action of each player, in lexicographic order; may be empty.

    Raises
    ------
    GameError : wrong shape, payoffs that are not finite.

    References
    ----------
    Nash (1951), "Non-cooperative games".

    Examples
    --------
    >>> pure_stage_equilibria([[[3, 3], [0, 5]], [[5, 0], [1, 1]]])
    ((1, 1),)
    """
    table = _checked(payoffs)
    number = table.shape[-1]
    slack = TIE_TOLERANCE * np.ptp(table.reshape(-1, number), axis=0)
    stays = np.ones(table.shape[:-1], dtype=bool)
    for i in range(number):
        own = table[..., i]
        stays &= own >= own.max(axis=i, keepdims=True) - slack[i]
    return tuple(tuple(int(a) for a in profile) for profile in np.argwhere(stays))


def stage_nash(game: StochasticGame) -> Solution:
    """Myopic play: in each state one equilibrium of its one-shot game, whatever the future brings.

    Use it as a benchmark for what patience adds. Where there is one state it is an equilibrium of the repeated game too; with
    several states it is in general no equilibrium of the stochastic game: use `markov_perfect` for that.

    Parameters
    ----------
    game : any number of players; its transition law and discount factors play no role.

    Returns
    -------
    Solution : `values` (S, N) are the stage payoffs of the selected equilibria; `certificate` is the largest one-shot regret
    over states
        and players, payoff units.

    Raises
    ------
    UnsolvedError : no equilibrium of some state's game was found.

    Notes
    -----
    Rule of selection: among all extreme equilibria of the state the one with the largest sum over players of payoff divided by
    the player's payoff range over the game; ties go to the first in the order of `stage_equilibria`. With one player or more
    than two: among the pure ones by the same rule, and where there is none, the first that `markov_perfect` returns for the
    state alone at discount 0. Completeness as said in `stage_equilibria`.

    References
    ----------
    Nash (1951), "Non-cooperative games".

    Examples
    --------
    >>> prisoners = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([prisoners], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> stage_nash(game).values.tolist()
    [[1.0, 1.0]]
    """
    weights = payoff_weights(game)
    tables = [game.stage_payoffs(s) for s in range(game.n_states)]
    chosen = [select_equilibrium(table, weights) for table in tables]
    plan = Automaton.stationary(game, [[lotteries[i] for lotteries in chosen] for i in range(game.n_players)])
    regret = certify_finite(plan, 1)
    if regret > REGRET_TOLERANCE * game.payoff_range:
        raise UnsolvedError(f"the one-shot games were solved to a regret of {regret:.3g} only")
    return Solution(
        concept="stage Nash",
        selection="per state the one-shot equilibrium with the largest sum of payoffs over payoff ranges; ties to the first",
        plan=plan,
        values=np.array([expected(table, lotteries) for table, lotteries in zip(tables, chosen, strict=True)]),
        certificate=regret,
        status=f"{_status(game)}{_second_opinion(tables)}",
    )


def _status(game: StochasticGame) -> str:
    myopic = "myopic play: nobody gains more than the certificate within a period by another action in any state"
    if game.n_states == 1:
        return f"{myopic}; with its one state this is an equilibrium of the repeated game too"
    return f"{myopic}; effects on later states are ignored, so for an equilibrium of the whole game use markov_perfect"


def _second_opinion(tables: Sequence[Floats]) -> str:
    """What nashpy, asked about each distinct two-player game, says of the equilibria that were found here."""
    games = {
        (table.shape, table.tobytes()): table for table in tables if table.shape[-1] == 2 and table[..., 0].size <= MAX_ASKED
    }
    if not games:
        return ""
    known = [pair for table in games.values() for pair in stage_equilibria(table)]
    confirmed = sum(_confirmed(table) for table in games.values())
    return f"; nashpy finds {confirmed} of the {len(known)} extreme equilibria of {len(games)} different one-shot games"


def _confirmed(table: Floats) -> int:
    """How many of the extreme equilibria of a game nashpy's support enumeration proposes as well."""
    shifted = table - table.min(axis=(0, 1)) + 1.0
    proposed = _distinct(_by_supports(shifted[..., 0], shifted[..., 1]))
    return sum(any(_same(pair, other) for other in proposed) for pair in stage_equilibria(table))


# --- selection, shared with the finite horizon -------------------------------------------------------------------------


def payoff_weights(game: StochasticGame) -> Floats:
    """(N,): one over each player's payoff range over the game, 0 for a player whose payoff never changes."""
    ranges = np.ptp(game.payoffs, axis=0)
    return np.asarray(np.divide(1.0, ranges, out=np.zeros_like(ranges), where=ranges > 0))


def select_equilibrium(payoffs: Floats, weights: Floats) -> tuple[Floats, ...]:
    """The lotteries, one a player, that the rule of `stage_nash` selects in one game (A_1, ..., A_N, N)."""
    found = _candidates(payoffs)
    scores = np.array([expected(payoffs, lotteries) @ weights for lotteries in found])
    return found[int(np.argmax(scores >= scores.max() - SCORE_TOLERANCE))]


def _candidates(payoffs: Floats) -> tuple[tuple[Floats, ...], ...]:
    *counts, number = payoffs.shape
    if number == 2:
        return stage_equilibria(payoffs)
    pure = pure_stage_equilibria(payoffs)
    if pure:
        return tuple(tuple(np.eye(count)[a] for count, a in zip(counts, profile, strict=True)) for profile in pure)
    return (_mixed_of_many(payoffs.shape, payoffs.tobytes()),)


@lru_cache(maxsize=CACHE_SIZE)
def _mixed_of_many(shape: tuple[int, ...], data: bytes) -> tuple[Floats, ...]:
    """A mixed equilibrium of a game of more than two players."""
    table = np.frombuffer(data, dtype=np.float64).reshape(shape)
    found = markov_perfect(StochasticGame.from_arrays([table], [np.ones((*shape[:-1], 1))], 0.0))
    if not found:
        raise UnsolvedError(f"no equilibrium of a game with {shape[-1]} players and {shape[:-1]} actions was found")
    return tuple(own[0] for own in found[0].strategies)


def expected(payoffs: Floats, lotteries: Sequence[Floats]) -> Floats:
    """(N,): expected payoffs of one game (A_1, ..., A_N, N) when each player plays its lottery."""
    result = payoffs
    for lottery in lotteries:
        result = np.tensordot(lottery, result, axes=(0, 0))
    return np.asarray(result)


# --- one two-player game -----------------------------------------------------------------------------------------------


def _checked(payoffs: ArrayLike) -> Floats:
    table = np.ascontiguousarray(payoffs, dtype=np.float64)
    if table.ndim < 2 or table.shape[-1] != table.ndim - 1 or table.size == 0:
        raise GameError(f"payoffs have shape {table.shape}; (A_1, ..., A_N, N) is needed, with an action for everybody")
    if not np.all(np.isfinite(table)) or np.max(np.abs(table)) > np.finfo(np.float64).max / 4:
        raise GameError("a payoff is not a finite number, or too large to subtract another")
    return table


def _relative_regret(table: Floats, x: Floats, y: Floats) -> float:
    """The larger gain by another action, as a fraction of the player's own payoff range; plain code, no solver's numbers."""
    shifted = table - table.min(axis=(0, 1))  # so that a large common amount costs no digits
    mine, yours = shifted[..., 0] @ y, x @ shifted[..., 1]
    ranges = shifted.max(axis=(0, 1))
    gains = np.array([mine.max() - x @ mine, yours.max() - yours @ y])
    return float(np.max(np.divide(gains, ranges, out=np.zeros(2), where=ranges > 0)))


@lru_cache(maxsize=CACHE_SIZE)
def _equilibria(shape: tuple[int, ...], data: bytes) -> tuple[Pair, ...]:
    """Proposals for the game with these float64 payoffs, in the promised order. The arrays are shared: copy, then give away."""
    table = np.frombuffer(data, dtype=np.float64).reshape(shape)
    a, b = _whole_numbers(table[..., 0]), _whole_numbers(table[..., 1])
    rows, columns = _undominated(a, b)
    a, b = a[np.ix_(rows, columns)], b[np.ix_(rows, columns)]
    exact = math.comb(sum(a.shape), a.shape[0]) <= MAX_BASES
    pairs = _exact_equilibria(a, b) if exact else _nashpy_equilibria(a, b)
    full = [(_spread(x, rows, shape[0]), _spread(y, columns, shape[1])) for x, y in pairs]
    return tuple(sorted(full, key=_order))


def _order(pair: Pair) -> tuple[bool, tuple[float, ...], tuple[float, ...]]:
    x, y = pair
    return bool(np.count_nonzero(x) + np.count_nonzero(y) > 2), tuple(-x), tuple(-y)


def _spread(lottery: Floats, actions: Sequence[int], count: int) -> Floats:
    """The lottery over all actions that gives the listed ones their weights and the others 0."""
    full = np.zeros(count)
    full[list(actions)] = lottery
    return full


def _whole_numbers(payoffs: Floats) -> Whole:
    """One player's payoffs as positive whole numbers, up to a positive affine map: equilibria do not change under one.

    Ties are what matters: sums such as 0.1 + 0.2 and 0.3 must become the same number.
    """
    width = float(np.ptp(payoffs))
    if width == 0:
        return np.ones(payoffs.shape, dtype=np.int64)
    shifted = payoffs - payoffs.min()
    parts = [Fraction(part).limit_denominator(LARGEST_DENOMINATOR) for part in (shifted / width).ravel().tolist()]
    common = math.lcm(*(part.denominator for part in parts))
    if common <= 10**GRID_DIGITS and np.max(np.abs([float(part) for part in parts] - shifted.ravel() / width)) < TIE_TOLERANCE:
        return np.array([int(part * common) + 1 for part in parts], dtype=np.int64).reshape(payoffs.shape)
    if not SMALLEST_RANGE < width < LARGEST_RANGE:
        shifted, width = shifted / width, 1.0
    steps = np.rint(shifted * 10.0 ** (GRID_DIGITS - math.floor(math.log10(width))))
    return np.asarray(steps, dtype=np.int64) + 1


def _undominated(a: Whole, b: Whole) -> tuple[list[int], list[int]]:
    """Rows and columns that survive repeated strict dominance: no equilibrium uses the others, and none is lost."""
    rows, columns = list(range(a.shape[0])), list(range(a.shape[1]))
    before = 0
    while before != len(rows) + len(columns):
        before = len(rows) + len(columns)
        rows = [rows[k] for k in _not_dominated(a[np.ix_(rows, columns)])]
        columns = [columns[k] for k in _not_dominated(b[np.ix_(rows, columns)].T)]
    return rows, columns


def _not_dominated(own: Whole) -> list[int]:
    """Rows that no other row beats in every column."""
    worse = np.all(own[:, None, :] < own[None, :, :], axis=2)
    return [int(k) for k in np.flatnonzero(~np.any(worse, axis=1))]


# --- exact enumeration -------------------------------------------------------------------------------------------------


def _exact_equilibria(a: Whole, b: Whole) -> list[Pair]:
    """All extreme equilibria of a game with positive whole payoffs.

    P = {x >= 0 : x B <= 1}, Q = {y >= 0 : A y <= 1}. A pair of vertices other than 0 is an equilibrium, after scaling to sum 1,
    exactly when each used action is a best reply.
    """
    mine = _vertices([[int(v) for v in column] for column in b.T])
    yours = _vertices([[int(v) for v in row] for row in a])
    return [(_lottery(x, a.shape[0]), _lottery(y, a.shape[1])) for x in mine for y in yours if x[1] <= y[2] and y[1] <= x[2]]


def _lottery(vertex: Vertex, count: int) -> Floats:
    weights, support, _ = vertex
    total = sum(weights)
    return _spread(np.array([weight / total for weight in weights]), sorted(support), count)


def _vertices(matrix: list[list[int]]) -> list[Vertex]:
    """Vertices other than 0 of {z >= 0 : M z <= 1} for a positive M, each once.

    A vertex with support S solves M[T, S] z = 1 for some T of the size of S. Several T give the same vertex where there are
    ties; the constraints that are tight name it.
    """
    height, width = len(matrix), len(matrix[0])
    found: list[Vertex] = []
    for size in range(1, min(height, width) + 1):
        for support in combinations(range(width), size):
            narrow = [[row[k] for k in support] for row in matrix]
            found += [(weights, frozenset(support), tight) for tight, weights in _on_support(narrow, size).items()]
    return found


def _on_support(rows: list[list[int]], size: int) -> dict[frozenset[int], tuple[int, ...]]:
    """Tight constraints -> positive numerators, for the vertices of {z > 0 : rows z <= 1}."""
    found: dict[frozenset[int], tuple[int, ...]] = {}
    for basis in combinations(range(len(rows)), size):
        solution = _solve_ones([rows[k] for k in basis])
        if solution is None:
            continue
        weights, scale = solution
        sums = [sum(map(int.__mul__, row, weights)) for row in rows]
        if max(sums) == scale:
            found[frozenset(k for k, total in enumerate(sums) if total == scale)] = weights
    return found


def _solve_ones(square: list[list[int]]) -> tuple[tuple[int, ...], int] | None:
    """Positive z with square z = 1 as numerators over one positive denominator; None if there is no such z or no unique one.

    Gauss-Jordan elimination without fractions: after step c all entries are minors of size c, so that the divisions leave no rest
    (Bareiss 1968).
    """
    rows = [[*row, 1] for row in square]
    last = 1
    for c in range(len(rows)):
        pivot = next((r for r in range(c, len(rows)) if rows[r][c]), None)
        if pivot is None:
            return None
        rows[c], rows[pivot] = rows[pivot], rows[c]
        head, lead = rows[c][c], rows[c]
        for r, row in enumerate(rows):
            if r != c:
                factor = row[c]
                rows[r] = [(head * v - factor * w) // last for v, w in zip(row, lead, strict=True)]
        last = head
    sign = 1 if last > 0 else -1
    weights = tuple(sign * row[-1] for row in rows)
    return (weights, sign * last) if min(weights) > 0 else None


# --- large games: nashpy -----------------------------------------------------------------------------------------------


def _nashpy_equilibria(a: Whole, b: Whole) -> list[Pair]:
    """The pure ones and what nashpy finds, duplicates removed. Nothing here is trusted: the caller checks each pair."""
    pure = [(np.eye(a.shape[0])[i], np.eye(a.shape[1])[j]) for i, j in pure_stage_equilibria(np.stack([a, b], axis=-1))]
    if math.comb(sum(a.shape), a.shape[0]) > MAX_SUPPORT_PAIRS:
        return pure
    found = _distinct([*pure, *_by_supports(a / a.max(), b / b.max())])
    return found or _distinct(_by_vertices(a / a.max(), b / b.max()))


def _by_supports(a: Floats, b: Floats) -> list[Pair]:
    import nashpy  # noqa: PLC0415 - slow to import, and only games with many actions need it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nashpy's way of saying that a game may have ties
        return list(nashpy.Game(a, b).support_enumeration(non_degenerate=True))


def _by_vertices(a: Floats, b: Floats) -> list[Pair]:
    """A last resort where ties hide all equilibria with equal supports; slow, as it visits all pairs of vertices."""
    import nashpy  # noqa: PLC0415 - as above

    try:
        return list(nashpy.Game(a, b).vertex_enumeration())
    except QhullError:  # ties flattened a polytope
        return []


def _distinct(pairs: Iterable[Pair]) -> list[Pair]:
    found: list[Pair] = []
    for x, y in ((_tidied(x), _tidied(y)) for x, y in pairs):
        if not any(_same((x, y), other) for other in found):
            found.append((x, y))
    return found


def _same(first: Pair, second: Pair) -> bool:
    return all(bool(np.all(np.abs(x - y) < SAME_LOTTERY)) for x, y in zip(first, second, strict=True))


def _tidied(lottery: Floats) -> Floats:
    """Weights that are rounding become 0."""
    kept = np.where(lottery > TIE_TOLERANCE, lottery, 0.0)
    return np.asarray(kept / kept.sum())
