"""A slow exact twin for one-shot games of two players: all tight sets in fractions, equilibrium by definition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any

Lottery = tuple[Fraction, ...]

#: Payoffs (3 x 4) in whose tied polytopes the Lemke-Howson paths cycle if ties go to the first row.
CYCLING = (
    [[2, 2, 2, 3], [3, 2, 2, 2], [3, 3, 3, 3]],
    [[1, 1, 1, 1], [2, 1, 2, 3], [1, 1, 3, 2]],
)


def all_extreme_equilibria(payoffs: Any) -> list[tuple[Lottery, Lottery]]:
    """Of a game (A_1, A_2, 2); its numbers are taken as they are."""
    a, b = ([[Fraction(v) for v in row] for row in payoffs[..., i].tolist()] for i in (0, 1))
    xs = set(extreme_lotteries(list(zip(*b, strict=True))))
    ys = set(extreme_lotteries(a))
    return [(x, y) for x, y in product(xs, ys) if is_equilibrium(a, b, x, y)]


def extreme_lotteries(payoffs: Sequence[Sequence[Any]]) -> Iterator[Lottery]:
    """Vertices of {(z, v): z a lottery over columns, payoffs z <= v}; a vertex may come several times."""
    count = len(payoffs[0])
    weights = [[Fraction(int(k == j)) for k in range(count)] + [Fraction(0), Fraction(0)] for j in range(count)]
    replies = [[*map(Fraction, row), Fraction(-1), Fraction(0)] for row in payoffs]
    whole = [Fraction(1)] * count + [Fraction(0), Fraction(1)]
    for tight in combinations(weights + replies, count):
        point = _solved([whole, *tight])
        if point is None or min(point[:-1]) < 0:
            continue
        if max(sum(p * z for p, z in zip(row, point, strict=False)) for row in payoffs) <= point[-1]:
            yield tuple(point[:-1])


def is_equilibrium(a: Sequence[Sequence[Any]], b: Sequence[Sequence[Any]], x: Lottery, y: Lottery) -> bool:
    """Whether each action in use is a best reply."""
    mine = [sum(v * w for v, w in zip(row, y, strict=True)) for row in a]
    yours = [sum(v * w for v, w in zip(column, x, strict=True)) for column in zip(*b, strict=True)]
    return all(v == max(mine) for v, w in zip(mine, x, strict=True) if w) and all(
        v == max(yours) for v, w in zip(yours, y, strict=True) if w
    )


def _solved(system: Sequence[Sequence[Fraction]]) -> list[Fraction] | None:
    """The one solution of a linear system (last column: right-hand side), or None."""
    rows, width = [list(row) for row in system], len(system[0]) - 1
    rank = 0
    for c in range(width):
        pivot = next((r for r in range(rank, len(rows)) if rows[r][c] != 0), None)
        if pivot is None:
            return None
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        rows[rank] = [v / rows[rank][c] for v in rows[rank]]
        for r in range(len(rows)):
            if r != rank:
                rows[r] = [v - rows[r][c] * w for v, w in zip(rows[r], rows[rank], strict=True)]
        rank += 1
    return None if any(row[-1] != 0 for row in rows[rank:]) else [row[-1] for row in rows[:width]]
