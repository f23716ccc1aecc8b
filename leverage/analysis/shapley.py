"""Who of several contributes how much to what they bring about together, and which pairs add to each other.

A *set function* v gives every coalition S of N = {1..n} its worth; here the members are instruments, and v(S) is a payoff in the
world that has the instruments of S and no other. Every answer is a weighted sum of worths in which each coalition stands once, so
that bounds of the worths give the sharpest bounds of the answer.

Sources: Shapley (1953), "A value for n-person games"; for pairs Owen (1972), "Multilinear extensions of games", and Grabisch
and Roubens (1999), "An axiomatic approach to the concept of interaction among players in cooperative games"; for sampling Castro,
Gomez and Tejada (2009), "Polynomial calculation of the Shapley value based on sampling".
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its special functions are loaded when one is used

from leverage.analysis.figure import Figure

#: Up to so many members all coalitions are looked at: 2 to the power of it.
MOST_EXACT = 8
#: Beyond that so many orders of joining are drawn, with this seed; the error is stated at this confidence.
SAMPLED_ORDERS, SEED, CONFIDENCE = 50, 0, 0.95

Coalition = frozenset[str]
Worth = Callable[[Coalition], Figure]


@dataclass(frozen=True)
class JointEffect:
    """The division of v(N) - v(nothing) among the members.

    values: member -> its Shapley value. interaction: pair (in the order of the members) -> what the two add to each other; empty
    where orders were sampled. total: v(N) - v(nothing), the sum of the values. method: "exact", or how orders were sampled.
    """

    values: Mapping[str, Figure]
    interaction: Mapping[tuple[str, str], Figure]
    total: Figure
    method: str


def coalitions(members: Sequence[str]) -> list[Coalition]:
    """All subsets, small ones first."""
    return [frozenset(chosen) for size in range(len(members) + 1) for chosen in itertools.combinations(members, size)]


def joint_effect(members: Sequence[str], worth: Worth, *, orders: int = SAMPLED_ORDERS, seed: int = SEED) -> JointEffect:
    """Shapley values and, up to MOST_EXACT members, the interaction of each pair.

    Parameters
    ----------
    members : at least one, names without repetition. worth : v, asked once for each coalition that is needed.
    orders : orders of joining that are drawn beyond MOST_EXACT members, >= 2. seed : of the generator that draws them.

    Returns
    -------
    JointEffect : undefined figures where a worth that is needed is undefined.

    Notes
    -----
    Exact: the value of i is the mean, over all orders of joining, of v(S + i) - v(S), S being who joined before. The interaction
    of i and j is the mean of v(S + i + j) - v(S + i) - v(S + j) + v(S) over orders in which the two join as one; for two members
    it is v(12) - v(1) - v(2) + v(nothing). Positive: they complement each other; negative: each makes the other less needed.
    Sampled: bounds are those of the mean over the orders drawn, widened by Student's half-width at CONFIDENCE; they hold with
    that chance for each value, not for sure. Members are drawn in the order of their names, so that another order of
    `members` gives the same.

    Examples
    --------
    >>> together = joint_effect(("left", "right"), lambda s: Figure.exact(6.0 if len(s) == 2 else 0.0))
    >>> together.values["left"].value, together.interaction[("left", "right")].value
    (3.0, 6.0)
    """
    known: dict[Coalition, Figure] = {}

    def once(coalition: Coalition) -> Figure:
        if coalition not in known:
            known[coalition] = worth(coalition)
        return known[coalition]

    total = once(frozenset(members)) - once(frozenset())
    if len(members) > MOST_EXACT:
        return JointEffect(_sampled_values(members, once, orders, seed), {}, total, f"{orders} orders drawn, seed {seed}")
    values = {member: _weighted(_value_weights(members, member), once) for member in members}
    pairs = itertools.combinations(members, 2)
    return JointEffect(values, {pair: _weighted(_interaction_weights(members, pair), once) for pair in pairs}, total, "exact")


def _value_weights(members: Sequence[str], member: str) -> dict[Coalition, float]:
    """phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S))."""
    n, weights = len(members), {}
    for rest in coalitions([each for each in members if each != member]):
        share = math.factorial(len(rest)) * math.factorial(n - len(rest) - 1) / math.factorial(n)
        weights[rest | {member}], weights[rest] = share, -share
    return weights


def _interaction_weights(members: Sequence[str], pair: tuple[str, str]) -> dict[Coalition, float]:
    """I_ij = sum over S without i, j of |S|! (n - |S| - 2)! / (n - 1)! (v(S + i + j) - v(S + i) - v(S + j) + v(S))."""
    n, weights = len(members), {}
    for rest in coalitions([each for each in members if each not in pair]):
        share = math.factorial(len(rest)) * math.factorial(n - len(rest) - 2) / math.factorial(n - 1)
        weights[rest | set(pair)], weights[rest] = share, share
        for member in pair:
            weights[rest | {member}] = -share
    return weights


def _weighted(weights: Mapping[Coalition, float], worth: Worth) -> Figure:
    """The weighted sum of worths; summed exactly, so that the order of the coalitions does not matter."""
    return _sum([worth(coalition) * Figure.exact(weight) for coalition, weight in weights.items()])


def _sum(terms: Sequence[Figure]) -> Figure:
    missing = next((each for each in terms if not each.known), None)
    if missing is not None:
        return missing
    reasons = dict.fromkeys(each.reason for each in terms if each.reason)
    ends = (_total(each.low for each in terms), _total(each.high for each in terms))
    return Figure(_total(each.value for each in terms), *ends, reason="; ".join(sorted(reasons)))


def _total(numbers: Iterable[float]) -> float:
    found = list(numbers)
    return math.fsum(found) if all(map(math.isfinite, found)) else sum(found)


# --- many members ----------------------------------------------------------------------------------------------------


def _sampled_values(members: Sequence[str], worth: Worth, orders: int, seed: int) -> dict[str, Figure]:
    """The mean contribution of each over orders of joining drawn at random."""
    named, random = sorted(members), np.random.default_rng(seed)
    found: dict[str, list[Figure]] = {member: [] for member in members}
    for _ in range(orders):
        joined: Coalition = frozenset()
        for k in random.permutation(len(named)):
            larger = joined | {named[int(k)]}
            found[named[int(k)]].append(worth(larger) - worth(joined))
            joined = larger
    return {member: _mean(drawn) for member, drawn in found.items()}


def _mean(drawn: Sequence[Figure]) -> Figure:
    """The mean, its bounds widened by the half-width that sampling leaves."""
    mean = _sum(drawn) * Figure.exact(1 / len(drawn))
    if not mean.known:
        return mean
    spread = float(np.std([each.value for each in drawn], ddof=1))
    half = float(scipy.special.stdtrit(len(drawn) - 1, (1 + CONFIDENCE) / 2)) * spread / math.sqrt(len(drawn))
    return Figure(mean.value, mean.low - half, mean.high + half, reason=mean.reason)
