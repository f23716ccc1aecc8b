"""Planted faults in maps of regimes and in conditions on the rows of a sweep."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

REFINEMENT = faults_in(
    "experiments/refinement.py",
    ("(x + size // 2, y + size // 2)", "(x, y + size)", "no centre"),
    ("for dy in (0, half) for dx in (0, half)", "for dy in (0, half) for dx in (0, 0)", "quarters lie over each other"),
    ("if count > 1 and cell.size > 2", "if count > 2 and cell.size > 2", "two labels are not enough to divide a cell"),
    ("budget - len(known)", "budget", "the budget is one of each round"),
    (" - known.keys())", ")", "places are asked again"),
    ("cells = [cell for cell in cells if cell not in kept] + fresh", "cells = cells + fresh", "divided cells stay"),
    ("key=lambda cell: (-cell.size, -urgency[cell])", "key=lambda cell: (cell.size, -urgency[cell])", "the smallest first"),
    ("(cell.x, cell.x + cell.size + 1)", "(cell.x, cell.x + cell.size)", "the right edge does not count"),
    ("(ys[first:last] <= cell.y + cell.size)", "(ys[first:last] < cell.y + cell.size)", "the upper edge does not count"),
    ("(cell.size / (self.along * WIDTH)) ** 2", "cell.size / (self.along * WIDTH)", "lengths for areas"),
)

ROW_CONDITION = faults_in(
    "experiments/row_condition.py",
    ('"<=": operator.le', '"<=": operator.lt', "the end does not count"),
    ("column.notna()", "column.isna()", "points without an answer are those that count"),
    ("part.lower() in name.lower()", "part in name", "capital letters count"),
    ("for found in (holding, plain)", "for found in (holding,)", "a bound makes a name ambiguous"),
    ("if not np.isfinite(number):", "if number != number:", "infinity is a number"),
    ('{"yes": "True", "no": "False"}', '{"yes": "False", "no": "True"}', "yes is no"),
)
