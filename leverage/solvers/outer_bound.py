"""Outer bound of the equilibrium payoff set: iteration from above, accelerated, with a proof.

The operator B of Abreu, Pearce and Stacchetti (1990) is monotone, so iteration from a set that contains all payoffs contains the
equilibrium set V at every step. It converges at the rate of the discount factor. `leap` avoids the wait: it solves h = B h
approximately by Anderson's acceleration and proves afterwards that the guess contains V. The proof: let B_mu be the step with
facets chosen once (see `support_kernel`); B <= B_mu, and B_mu is a maximum of increasing affine functions. If w > 0 has linear
parts at most rho w, rho < 1, then from V <= g + kappa w follows V <= B V <= B_mu(g + kappa w) <= g + r + kappa rho w with r =
(B_mu g - g)^+, hence V <= g + max(r / w) / (1 - rho) w, since some kappa exists.

Sources: Abreu, Pearce and Stacchetti (1990); Judd, Yeltekin and Conklin (2003) for support values; Anderson (1965); the proof
is that of a weighted contraction (Denardo 1967).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leverage.game.stochastic_game import Booleans, Floats, Integers
from leverage.solvers.anderson import fixed_point
from leverage.solvers.direction_fan import DirectionFan
from leverage.solvers.set_form import SetForm
from leverage.solvers.support_kernel import KEPT, best_departures, contraction_step, outer_step, punished

#: Incentive constraints are relaxed by this fraction of a player's payoff range, so that rounding never cuts a set at a tie.
SLACK = 1e-11

#: Two numbers that differ by less are equal when an image is called empty (fraction of a player's payoff range).
ROUNDING = 1e-13

#: Steps that acceleration may take in one try.
MOST_GUESSES = 80

#: Plain sweeps before the first leap; doubled after each leap that failed.
FIRST_SWEEPS = 8

#: Rounds of looking for the weights under which the step contracts.
WEIGHT_ROUNDS = 60

#: Weights beyond this give a bound too wide to be of use: the facets chosen do not contract.
LARGEST_WEIGHT = 1e9


@dataclass(frozen=True, eq=False)
class OuterBound:
    """Support values h (S, K) on the directions of `fan`; alive: (R,) rows that may still be played; empty: (S,) states without
    equilibrium; source: the state whose set was found empty first, -1 if none. sweeps: steps of the operator so far; converged:
    within the goal."""

    form: SetForm
    fan: DirectionFan
    h: Floats
    alive: Booleans
    empty: Booleans
    source: int = -1
    sweeps: int = 0
    converged: bool = False


def whole_box(form: SetForm, fan: DirectionFan) -> OuterBound:
    """The box of each player's payoff range."""
    support = np.maximum(fan.directions, 0.0).sum(axis=1)
    n = form.game.n_states
    alive = form.prescribed & ~_tempting_today(form)
    bound = OuterBound(form, fan, np.tile(support, (n, 1)), alive, np.zeros(n, dtype=bool))
    return _without_empty(bound)


def step(bound: OuterBound, h: Floats, toward: Floats | None = None) -> tuple[Floats, Integers]:
    """One step of the operator at support values h (S, K): the image's support values (S, Q) toward vectors (Q, 2), the fan's
    directions by default, and what became of each row."""
    form, fan = bound.form, bound.fan
    vectors = fan.directions if toward is None else toward
    query, cone, plain = fan.discounted(form.delta) if toward is None else (toward * form.delta, *fan.cones(toward * form.delta))
    indptr, indices, data = form.law
    value, best = departure_values(form, fan, h)
    out = np.empty((len(h), len(vectors)))
    fate = np.zeros(len(value[0]), dtype=np.int64)
    outer_step(
        h, fan.directions, fan.marks, cone, query, vectors, plain, form.game.row_start, indptr, indices, data, form.reward,
        form.delta, best, value, SLACK, ROUNDING, bound.alive, out, fate,
    )  # fmt: skip
    return out, fate


def departure_values(form: SetForm, fan: DirectionFan, h: Floats) -> tuple[Floats, Integers]:
    """What each row pays each player if its worst follows, (2, R), and the best departure from each row, (2, R)."""
    rows = len(form.reward)
    value, best = np.empty((2, rows)), np.empty((2, rows), dtype=np.int64)
    punished(h, fan.marks, *form.law, form.reward, form.delta, value)
    best_departures(value, form.departure_start, form.departures, best)
    return value, best


def sweep(bound: OuterBound) -> OuterBound:
    """One valid step: the set shrinks to its image; rows without image and states without rows are dropped for good."""
    out, fate = step(bound, bound.h)
    alive = bound.alive & (fate == KEPT)
    h = np.where(np.isfinite(out), np.minimum(bound.h, out + ROUNDING), bound.h)
    following = replace(bound, h=h, alive=alive, sweeps=bound.sweeps + 1)
    return following if np.array_equal(alive, bound.alive) else _without_empty(following)


def _tempting_today(form: SetForm) -> Booleans:
    """(R,): rows that a player for whom only today counts would leave."""
    tempting = np.zeros(len(form.reward), dtype=bool)
    if form.delta.min() > 0:
        return tempting
    best = np.empty((2, len(form.reward)), dtype=np.int64)
    best_departures(np.ascontiguousarray(form.reward.T), form.departure_start, form.departures, best)
    for i in np.flatnonzero(form.delta == 0):
        tempting |= (best[i] >= 0) & (form.reward[np.maximum(best[i], 0), i] > form.reward[:, i] + SLACK)
    return tempting


def _without_empty(bound: OuterBound) -> OuterBound:
    """Emptiness spreads: a profile cannot be prescribed from which play can come to a state without equilibrium, whoever departs,
    jointly too."""
    form, game = bound.form, bound.form.game
    alive, empty, source = bound.alive, bound.empty, bound.source
    while True:
        filled = np.zeros(game.n_states, dtype=bool)
        filled[game.row_state[alive]] = True
        if np.array_equal(~filled, empty):
            break
        if source < 0:
            source = int(np.flatnonzero(~filled & ~empty)[0])
        empty = ~filled
        leads = np.asarray(game.transitions @ empty.astype(np.float64)) > 0
        alive = alive & ~form.exposed(leads)
    h = bound.h.copy()
    h[empty] = 0.0
    return replace(bound, alive=alive, empty=empty, source=source, h=h)


def tighten(bound: OuterBound, goal: float, most_sweeps: int, guess: Floats | None = None) -> OuterBound:
    """Shrink the bound until its support values are proved to be within `goal` (fraction of a player's range) of the largest
    fixed point on these directions, or the sweeps are spent.

    guess: support values (S, K) that may be close to the fixed point. A good one is proved at once.
    """
    if guess is not None:
        proved = _containing(bound, guess)
        if proved is not None:
            bound = replace(bound, h=np.minimum(bound.h, proved[0]))
            if proved[1] <= goal:
                return replace(bound, converged=True)
    plain, start = FIRST_SWEEPS, bound.sweeps
    enough = 1e-2 * goal * (1 - float(bound.form.delta.max()))
    while bound.sweeps - start < most_sweeps and not bound.empty.all():
        for _ in range(plain):
            following = sweep(bound)
            moved = float(np.max(bound.h - following.h))
            bound = following
            if moved <= 2 * ROUNDING:
                return replace(bound, converged=True)
        guess, count = guessed(bound, bound.h if guess is None else guess, enough)
        bound = replace(bound, sweeps=bound.sweeps + count)
        if guess is not None:
            proved = _containing(bound, guess)
            if proved is not None:
                h, width = proved
                bound = replace(bound, h=np.minimum(bound.h, h))
                if width <= goal:
                    return replace(bound, converged=True)
            # a proof that is too wide: the weights of its facets are large, so the guess has to be closer
            enough /= 10
        plain *= 2
    return bound


def guessed(bound: OuterBound, first: Floats, enough: float) -> tuple[Floats | None, int]:
    """Support values (S, K) that a step moves by at most `enough`: a guess, from `first` on, at the largest fixed point below the
    bound; None where acceleration does not settle. And the steps that it took."""
    live = ~bound.empty
    h = np.minimum(first, bound.h)

    def image(flat: Floats) -> Floats | None:
        whole = h.copy()
        whole[live] = np.minimum(flat.reshape(-1, h.shape[1]), bound.h[live])
        out, _ = step(bound, whole)
        return np.minimum(out, bound.h)[live].ravel() if np.all(np.isfinite(out[live])) else None

    flat, settled, count = fixed_point(image, h[live].ravel(), enough, MOST_GUESSES)
    if not settled:
        return None, count
    h[live] = np.minimum(flat.reshape(-1, h.shape[1]), bound.h[live])
    return h, count


def _containing(bound: OuterBound, guess: Floats) -> tuple[Floats, float] | None:
    """Support values that are proved to contain the set, and how far they exceed the guess; None if no proof is found."""
    form, fan = bound.form, bound.fan
    query, cone, plain = fan.discounted(form.delta)
    value, best = departure_values(form, fan, guess)
    excess, spread = np.empty_like(guess), np.empty_like(guess)
    weight = np.ones_like(guess)
    gap = 1 - float(form.delta.max())
    for _ in range(WEIGHT_ROUNDS):
        contraction_step(
            guess, weight, bound.h, ROUNDING, fan.directions, fan.marks, cone, query, plain, form.game.row_start, *form.law,
            form.reward, form.delta, best, value, SLACK, ROUNDING, bound.alive, excess, spread,
        )  # fmt: skip
        rate = float(np.max(spread / weight))
        if rate <= 1 - gap / 4:
            width = float(np.max((excess + ROUNDING) / weight)) / (1 - rate)
            return guess + width * weight, width * float(weight.max())
        weight = np.maximum(weight, spread / (1 - gap / 2))
        if weight.max() > LARGEST_WEIGHT:
            return None
    return None


def with_directions(bound: OuterBound, vectors: Floats) -> OuterBound:
    """The same polygons on more directions: the support value of a new one follows from its two neighbours."""
    fan, added = bound.fan.with_more(vectors)
    h = np.empty((len(bound.h), fan.size))
    h[:, ~added] = bound.h
    h[:, added] = support_toward(bound, fan.directions[added])
    return replace(bound, fan=fan, h=h, converged=False)


def on_directions(bound: OuterBound, fan: DirectionFan) -> OuterBound:
    """Polygons on the directions of another fan that contain those of the bound."""
    return replace(bound, fan=fan, h=support_toward(bound, fan.directions), converged=False)


def support_toward(bound: OuterBound, vectors: Floats) -> Floats:
    """(S, Q): support values of the polygons toward vectors (Q, 2)."""
    cone, plain = bound.fan.cones(vectors)
    found = plain[:, 0] * bound.h[:, cone] + plain[:, 1] * bound.h[:, (cone + 1) % bound.fan.size]
    return np.ascontiguousarray(found)  # in the other order kernels would be compiled once more
