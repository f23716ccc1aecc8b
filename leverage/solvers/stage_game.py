"""One game that is played once: all its extreme equilibria where they can be enumerated, some of them where not, each checked.

Payoffs are read as whole numbers, actions that are strictly dominated are left out, the rest is enumerated exactly
(`vertex_enumeration`); beyond what that manages, pure equilibria and Lemke-Howson paths stand in. Nothing here depends on
a clock or on floating-point pivoting, because the popular floating-point routes fail where scenario games live: ties
merge facets in qhull, support enumeration misses unequal supports, pivoting can cycle.

Sources: Nash (1951); Mangasarian (1964) for extreme equilibria; von Stengel (2002, "Computing equilibria for two-person games",
Handbook of Game Theory 3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leverage.errors import GameError, UnsolvedError
from leverage.game.stochastic_game import Floats
from leverage.solvers.integer_tableau import Vertex
from leverage.solvers.lemke_howson import lemke_howson
from leverage.solvers.vertex_enumeration import extreme_equilibria

#: Regret up to this fraction of a player's payoff range is accepted as none.
REGRET_TOLERANCE = 1e-9
#: Payoffs that differ by less than this fraction of a player's payoff range are the same payoff (they differ by rounding).
TIE_TOLERANCE = 1e-12
#: Payoffs that differ by at most this fraction of the largest one differ by the rounding of a few sums.
ROUNDING = 16 * float(np.finfo(np.float64).eps)
#: Where payoffs are neither decimals nor simple fractions, a probability or a shortfall (as a share of the payoff) between 0 and
#: this may be 0 in truth.
SMALLEST_MARGIN = 1e-10
#: Payoffs that are, up to rounding, multiples of a power of ten are read as these, if the multiples are no larger.
LARGEST_MULTIPLE = 10**13
#: Payoffs that are whole numbers of halves, quarters, ... of a unit are exact, ties and all, up to the largest whole number to
#: which floating-point numbers count.
PARTS, LARGEST_EXACT = tuple(2.0**k for k in range(11)), 2**53
#: Beyond this power, multiplying by powers of ten leaves the range of floating-point numbers.
LARGEST_POWER = 300
#: Other payoffs whose distances have a denominator up to this one, in units of the range, are read as the fractions that
#: they round.
LARGEST_DENOMINATOR = 100_000
#: Such fractions together have a common denominator of at most this.
LARGEST_COMMON_DENOMINATOR = 10**12
#: All other payoffs are read with this many steps to the range, finer than floating-point numbers that span it.
GRID_STEPS = 10**16
#: Distinct one-shot games whose equilibria are remembered: states of a scenario often share their payoffs.
CACHE_SIZE = 8_192
#: Comparisons of actions that are made at a time: bounds memory.
BLOCK = 4_000_000

#: A lottery of each player.
Pair = tuple[Floats, Floats]
Whole = NDArray[np.int64]

ENUMERATED, PURE, PATH = "vertex enumeration", "pure profiles", "Lemke-Howson"
TOO_LARGE = "the game is too large to enumerate: there may be further equilibria"
UNCLEAR = "payoffs that differ by less than 1e-12 of their range, but by more than rounding, were read as the same"
NARROW = "mixtures tie up to the rounding of the payoffs, so that equilibria may have been lost or split"
DROPPED = "equilibria of the payoffs as read were left out, as their regret exceeds the tolerance"


@dataclass(frozen=True, eq=False)
class StageEquilibria:
    """Equilibria of one two-player game, and what is known about them.

    equilibria: ((x, y), ...), x of shape (A_1,), y of shape (A_2,); pure ones first.
    found_by: for each, "vertex enumeration", "pure profiles" or "Lemke-Howson".
    complete: these are proved to be all extreme equilibria, so that every other equilibrium is a mixture of them.
    certificate: the largest gain of a unilateral deviation from any of them, recomputed from the payoffs as given, payoff units.
    note: a sentence on completeness for the reader.
    """

    equilibria: tuple[Pair, ...]
    found_by: tuple[str, ...]
    complete: bool
    certificate: float
    note: str


def stage_equilibria(payoffs: ArrayLike, *, tolerance: float = REGRET_TOLERANCE) -> tuple[Pair, ...]:
    """The extreme Nash equilibria of one two-player game.

    Extreme equilibria are those from which all others follow: the set of equilibria is a union of products of hulls of their
    lotteries. A game without ties has finitely many equilibria and all are extreme. Use `enumerate_stage` to know whether the
    answer is complete, `pure_stage_equilibria` for one player or more than two.

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
    UnsolvedError : nothing was found (only possible in games with some sixty actions each, or more).

    Notes
    -----
    Guarantee and cost as in `enumerate_stage`.

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
    return enumerate_stage(payoffs, tolerance=tolerance).equilibria


def enumerate_stage(payoffs: ArrayLike, *, tolerance: float = REGRET_TOLERANCE) -> StageEquilibria:
    """The extreme Nash equilibria of one two-player game, whether they are all, and how each was found.

    Parameters
    ----------
    payoffs : (A_1, A_2, 2), any unit; A_1, A_2 >= 1.
    tolerance : regret that is accepted as none, a fraction of the player's own payoff range, at least 0.

    Returns
    -------
    StageEquilibria : in the order that `stage_equilibria` promises.

    Raises
    ------
    GameError : wrong shape or number of players, payoffs that are not finite.
    UnsolvedError : nothing was found (only possible in games with some sixty actions each, or more).

    Notes
    -----
    Guaranteed: the regret of each pair was recomputed from the payoffs as given. All arithmetic before is in whole numbers:
    payoffs are read as the decimals (up to 13 digits) or the fractions that they round, or else with 16 digits of the range,
    where those that differ by less than 1e-12 of the range are the same. `complete` is claimed where the enumeration of
    vertices came to its end, nothing that it found was left out, and no two payoffs were read as one that differ by more than
    rounding; it refers to the payoffs as read. Where these are neither decimals nor simple fractions it is claimed only if
    no probability and no shortfall of a reply, at any vertex, lies between 0 and 1e-10: such a game may have ties in truth.

    Beyond the sizes that can be enumerated, pure equilibria are complete and Lemke-Howson paths from every label add some of
    the mixed ones. What ends the enumeration is a count of work, not a clock: answers do not depend on the machine. Random
    games of 7 x 7 actions are enumerated in ten milliseconds, of 10 x 10 in a third of a second, of 12 x 12 in three seconds;
    from about 14 x 14 on the enumeration gives up after five, and the paths take up to ten more.

    References
    ----------
    Mangasarian (1964), "Equilibrium points of bimatrix games"; Lemke-Howson (1964).

    Examples
    --------
    >>> pennies = enumerate_stage([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> pennies.complete, pennies.found_by, pennies.note
    (True, ('vertex enumeration',), 'all extreme equilibria')
    """
    table = checked_payoffs(payoffs)
    if table.shape[-1] != 2:
        raise GameError(
            f"stage_equilibria needs two players, the payoffs have {table.shape[-1]}: use pure_stage_equilibria for the pure "
            "ones, or markov_perfect on a game with this one state and discount 0"
        )
    proposed = _proposals(table.shape, table.tobytes())
    ranges = _ranges(table)
    gains = [deviation_gains(table, *pair) for pair, _ in proposed.pairs]
    kept = [bool(np.all(gain <= tolerance * ranges)) for gain in gains]
    if not any(kept):
        raise UnsolvedError(
            f"no equilibrium of this {table.shape[0]} x {table.shape[1]} game was found within regret {tolerance:g}: "
            "leave out actions that nobody would take, or raise the tolerance"
        )
    faults = [*proposed.faults, *([] if all(kept) else [DROPPED])]
    return StageEquilibria(
        equilibria=tuple((x.copy(), y.copy()) for ((x, y), _), keep in zip(proposed.pairs, kept, strict=True) if keep),
        found_by=tuple(way for (_, way), keep in zip(proposed.pairs, kept, strict=True) if keep),
        complete=not faults,
        certificate=max(float(gain.max()) for gain, keep in zip(gains, kept, strict=True) if keep),
        note=f"not known to be complete: {'; '.join(faults)}" if faults else "all extreme equilibria",
    )


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
    table = checked_payoffs(payoffs)
    number = table.shape[-1]
    slack = TIE_TOLERANCE * np.ptp(table.reshape(-1, number), axis=0)
    stays = np.ones(table.shape[:-1], dtype=bool)
    for i in range(number):
        own = table[..., i]
        stays &= own >= own.max(axis=i, keepdims=True) - slack[i]
    return tuple(tuple(int(a) for a in profile) for profile in np.argwhere(stays))


# --- checks, in plain code that no solver shares -----------------------------------------------------------------------


def checked_payoffs(payoffs: ArrayLike) -> Floats:
    """(A_1, ..., A_N, N) as floats, or GameError."""
    table = np.ascontiguousarray(payoffs, dtype=np.float64)
    if table.ndim < 2 or table.shape[-1] != table.ndim - 1 or table.size == 0:
        raise GameError(f"payoffs have shape {table.shape}; (A_1, ..., A_N, N) is needed, with an action for everybody")
    if not np.all(np.isfinite(table)) or np.max(np.abs(table)) > np.finfo(np.float64).max / 4:
        raise GameError("a payoff is not a finite number, or too large to subtract another")
    return table


def deviation_gains(table: Floats, x: Floats, y: Floats) -> Floats:
    """(2,): each player's largest gain by another action against the other's lottery, payoff units, at least 0."""
    shifted = table - table.min(axis=(0, 1))  # so that a large common amount costs no digits
    mine, yours = shifted[..., 0] @ y, x @ shifted[..., 1]
    return np.maximum([mine.max() - x @ mine, yours.max() - yours @ y], 0.0)


def _ranges(table: Floats) -> Floats:
    return np.asarray(np.ptp(table, axis=(0, 1)))


# --- proposals ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Proposals:
    """Pairs with the way each was found, in the promised order; faults say what stands against completeness."""

    pairs: tuple[tuple[Pair, str], ...]
    faults: tuple[str, ...]


@lru_cache(maxsize=CACHE_SIZE)
def _proposals(shape: tuple[int, ...], data: bytes) -> _Proposals:
    """Proposals for the game with these float64 payoffs. The arrays are shared: copy, then give away."""
    table = np.frombuffer(data, dtype=np.float64).reshape(shape)
    read = _whole_numbers(table[..., 0]), _whole_numbers(table[..., 1])
    a, b = (own.whole for own in read)
    rows, columns = _undominated(a, b)
    found, margin = _found(a[np.ix_(rows, columns)], b[np.ix_(rows, columns)])
    pairs = [((_lottery(x, rows, shape[0]), _lottery(y, columns, shape[1])), way) for (x, y), way in found]
    faults = {
        TOO_LARGE: margin is None,
        UNCLEAR: not all(own.clear for own in read),
        NARROW: margin is not None and margin < SMALLEST_MARGIN and not all(own.exact for own in read),
    }
    return _Proposals(tuple(sorted(pairs, key=_order)), tuple(text for text, fault in faults.items() if fault))


def _found(a: Whole, b: Whole) -> tuple[list[tuple[tuple[Vertex, Vertex], str]], float | None]:
    """Extreme equilibria of positive whole payoffs with the way each was found; the margin if these are all."""
    rows, columns = a.tolist(), b.tolist()
    everything = extreme_equilibria(rows, columns)
    if everything is not None:
        return [(pair, ENUMERATED) for pair in everything.pairs], everything.margin
    first: dict[tuple[frozenset[int], ...], tuple[tuple[Vertex, Vertex], str]] = {}
    for i, j in np.argwhere((a == a.max(axis=0)) & (b == b.max(axis=1, keepdims=True))).tolist():
        pure = _pure_vertex(i), _pure_vertex(j)
        first[(*_name(pure[0]), *_name(pure[1]))] = (pure, PURE)
    for x, y in lemke_howson(rows, columns):
        first.setdefault((*_name(x), *_name(y)), ((x, y), PATH))
    return list(first.values()), None


def _pure_vertex(action: int) -> Vertex:
    """An action played for sure; its best replies are not needed any more."""
    return (1,), frozenset({action}), frozenset()


def _name(vertex: Vertex) -> tuple[frozenset[int], ...]:
    """What tells a vertex from others: its own actions and, if these are several, the best replies."""
    _, support, tight = vertex
    return (support, tight) if len(support) > 1 else (support,)


def _order(found: tuple[Pair, str]) -> tuple[bool, tuple[float, ...], tuple[float, ...]]:
    (x, y), _ = found
    return bool(np.count_nonzero(x) + np.count_nonzero(y) > 2), tuple(-x), tuple(-y)


def _lottery(vertex: Vertex, actions: Sequence[int], count: int) -> Floats:
    """The lottery over all actions that a vertex over the listed ones stands for."""
    weights, support, _ = vertex
    total = sum(weights)
    full = np.zeros(count)
    full[[actions[k] for k in sorted(support)]] = [weight / total for weight in weights]
    return full


# --- reading payoffs ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Read:
    """One player's payoffs as positive whole numbers; how they were read.

    exact: as the decimals or fractions that they round. clear: the ties that were seen can all be put down to rounding.
    """

    whole: Whole
    exact: bool
    clear: bool


def _whole_numbers(payoffs: Floats) -> _Read:
    """One player's payoffs as positive whole numbers, up to a positive affine map: equilibria do not change under one.

    Ties are what matters: sums such as 0.1 + 0.2 and 0.3 must become the same number.
    """
    values, place = np.unique(payoffs, return_inverse=True)
    width = float(values[-1] - values[0])
    if width == 0:
        return _Read(np.ones(payoffs.shape, dtype=np.int64), exact=True, clear=True)
    parts = (values - values[0]) / width
    whole = _as_multiples(values)
    if whole is None:
        whole = _as_fractions(parts)
    exact = whole is not None
    if whole is None:
        whole = np.rint(_merged(parts) * GRID_STEPS).astype(np.int64)
    tied_by_more = (np.diff(whole) == 0) & (np.diff(values) > ROUNDING * np.max(np.abs(values)))
    whole //= np.gcd.reduce(whole)  # small numbers are quicker
    return _Read((whole + 1)[place].reshape(payoffs.shape), exact=exact, clear=not np.any(tied_by_more))


def _as_multiples(values: Floats) -> Whole | None:
    """Increasing numbers, from the first on, in a unit that divides all: 1, 1/2, 1/4, ... or a power of ten; None: none does."""
    largest = float(np.max(np.abs(values)))
    for parts in PARTS:
        if largest * parts <= LARGEST_EXACT and np.array_equal(values * parts, np.rint(values * parts)):
            return (values * parts).astype(np.int64) - int(values[0] * parts)
    allowed = min(ROUNDING * largest, TIE_TOLERANCE * float(values[-1] - values[0]))
    lead = math.floor(math.log10(largest))
    for places in range(-lead, len(str(LARGEST_MULTIPLE)) - lead):
        if abs(places) > LARGEST_POWER:
            return None
        multiples, most = ((v * 10.0**places if places >= 0 else v / 10.0**-places) for v in (values, np.float64(allowed)))
        whole = np.rint(multiples)
        if np.all(np.abs(multiples - whole) <= most) and np.max(np.abs(whole)) <= LARGEST_MULTIPLE:
            return np.asarray(whole - whole[0]).astype(np.int64)
    return None


def _as_fractions(parts: Floats) -> Whole | None:
    """Numbers from 0 to 1 over their common denominator; None if they do not look like simple fractions."""
    fractions: list[Fraction] = []
    common = 1
    for part in parts.tolist():
        fraction = Fraction(part).limit_denominator(LARGEST_DENOMINATOR)
        common = math.lcm(common, fraction.denominator)
        if abs(float(fraction) - part) >= TIE_TOLERANCE or common > LARGEST_COMMON_DENOMINATOR:
            return None
        fractions.append(fraction)
    return np.array([int(fraction * common) for fraction in fractions], dtype=np.int64)


def _merged(parts: Floats) -> Floats:
    """Increasing numbers; those within the tie tolerance of a smaller one become that one."""
    result = parts.copy()
    for k in np.flatnonzero(np.diff(parts) < TIE_TOLERANCE) + 1:
        if parts[k] - result[k - 1] < TIE_TOLERANCE:
            result[k] = result[k - 1]
    return result


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
    step = max(1, BLOCK // own.size)
    blocks = [own[k : k + step] for k in range(0, len(own), step)]
    worse = [np.any(np.all(block[:, None, :] < own[None, :, :], axis=2), axis=1) for block in blocks]
    return [int(k) for k in np.flatnonzero(~np.concatenate(worse))]
