"""Faults planted in what solves repeated games by their extreme points; see `mutants.py`."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

REPEATED_KERNEL = faults_in(
    "solvers/repeated_kernel.py",
    (
        "t0, t1 = first + more[0, r], second + more[1, r]",
        "t0, t1 = first + more[1, r], second + more[0, r]",
        "players are asked for what tempts the other",
    ),
    ("if bottom <= t1 <= top:", "if bottom <= t1 < bottom:", "the corner of both constraints is left out"),
    ("if across >= t1 - margin:", "if across <= t1 + margin:", "points that break the second constraint are kept"),
    (
        "points[n, 1] = (1.0 - delta) * payoff[r, 1]",
        "points[n, 1] = payoff[r, 1]",
        "the second player's payoff of the period is not normalised",
    ),
    (
        "if t0 > most0 + margin or t1 > most1 + margin:",
        "if t0 > most0 + margin and t1 > most1 + margin:",
        "a profile is dropped only if both players ask for too much",
    ),
    ("min(second, corner[n, 1])", "max(second, corner[n, 1])", "the second player's best payoff punishes"),
    ("share = before / (before + beyond)", "share = beyond / (before + beyond)", "places are followed from the wrong end"),
    ("if not before * beyond >= -OFF_EDGE:", "if False:", "places are followed beyond their edges"),
    ("if points[other, 0] < x or", "if points[other, 0] > x or", "points are sorted from right to left"),
    ("(points[k, 0] - side[n, 0]) <= least:", "(points[k, 0] - side[n, 0]) >= least:", "points outside the octagon are dropped"),
    ("if same and moved <= enough:", "if same:", "what has not settled counts as settled"),
    ("LEAVES_FIRST if x >= t0 else ENTERS_FIRST", "ENTERS_FIRST if x >= t0 else LEAVES_FIRST", "the ends of a line are confused"),
)

REPEATED_GAME = faults_in(
    "solvers/repeated_game.py",
    ("form.delta[0] == form.delta[1] > 0", "form.delta[0] > 0", "unequal patience is taken for equal patience"),
    ("form.game.n_states == 1 and ", "", "further states do not count"),
    ("form.reward[kept] / (1 - delta)", "form.reward[kept]", "what stays is paid for one period only"),
    ("kept[row[:size]]", "row[:size]", "profiles are numbered among those that are kept"),
    ("0.0)[:, kept]", "0.0)[:, : len(kept)]", "the first profiles' temptations are everybody's"),
    ("after[:size], values[:size])", "values[:size], values[:size])", "every vertex promises itself"),
)
