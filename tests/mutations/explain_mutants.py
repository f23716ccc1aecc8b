"""Planted faults in explanations."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

TEMPTATIONS = faults_in(
    "analysis/temptations.py",
    (
        "weight = 1 - float(game.discount[player])",
        "weight = float(game.discount[player])",
        "what comes at once is weighed as what comes later",
    ),
    (" - _chances(plan, node, rows)\n", "\n", "what the plan does instead is not deducted"),
    ("float(change @ term.signed[rows])", "float(change @ term.amount[rows])", "costs count as gains"),
    ("later=gain - Figure.exact(now)", "later=gain + Figure.exact(now)", "parts do not sum to the gain"),
    (
        "low, high = -departure.slack_bound, -departure.slack_proved",
        "low, high = departure.slack_proved, departure.slack_bound",
        "a loss is told as a gain",
    ),
    (
        'gain = Figure(low if answer == "not sustainable" else high',
        "gain = Figure(high",
        "the proved punishment stands for the bound",
    ),
    ("(own == action) if i == player", "(own == action) if i != player", "the others' play is taken for certain"),
    (
        "return [names for names in declared_combinations(own) if names[holder] == name]",
        "return declared_combinations(own)",
        "combinations without the strategy",
    ),
)

CHEAPEST = faults_in(
    "stress/cheapest_change.py",
    (
        "moved = value + direction * ring * (parameter.high - parameter.low)",
        "moved = value + direction * ring",
        "distances are no shares of ranges",
    ),
    ("if self.best is not None or self.reason:", "if self.reason:", "the search goes on behind a flip"),
    (
        "for direction in (-1, 1):\n                for search",
        "for direction in (1,):\n                for search",
        "falling values are not looked at",
    ),
    ("< self.best[0]):", "> self.best[0]):", "the furthest flip of a ring"),
    (
        "if x == self.box.baseline[parameter.name]:\n            return self.baseline\n        key",
        "key",
        "the values in use are asked again",
    ),
    (
        "len(self._new(ring)) * self.baseline.cost > self.budget",
        "self.baseline.cost > self.budget",
        "a ring may cost more than is left",
    ),
    ('elif side != "neither":\n            self.flips', "else:\n            self.flips", "what cannot be told counts as a flip"),
    ("return min(moved, max(parameter.high, value)) if", "return moved if", "values beyond the range are looked at"),
)
