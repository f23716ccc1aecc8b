"""Planted faults in sensitivity indices."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

INDICES = faults_in(
    "experiments/indices.py",
    (".all(axis=1)", ".any(axis=1)", "a block with a point that lacks an answer stays"),
    ("if blocks < fewest:", "if blocks <= fewest:", "the fewest blocks are too few"),
    ("if np.ptp(values) <= room:", "if np.ptp(values) < 0:", "rounding has indices"),
    ("if low.max() <= high.min() + room:", "if low.max() <= low.min() + room:", "bounds are not looked at"),
    ("[:, [0, -1]]", "[:, [0, 1]]", "the second base point is another"),
    ("((high - low) / 2) ** 2)", "(high - low) ** 2)", "errors are taken for twice what they may be"),
    ('alone = 1 - float(np.sum(found["S1"]))', 'alone = 1 - float(np.sum(found["ST"]))', "total indices are summed"),
    ('found["S1"], found["S1_conf"]', 'found["S1"], found["ST_conf"]', "the interval of another index"),
    ("cube = design.cube(0, design.size)[points]", "cube = design.values(0, design.size)[points]", "steps in units"),
    (
        "again = [own[drawn] for own in effects.T]",
        "again = [effects[0][drawn % effects.shape[1]] for _ in effects.T]",
        "one trajectory",
    ),
    ("own.mean(axis=1)", "np.abs(own).mean(axis=1)", "the interval of mu is that of mu star"),
    ("own.std(axis=1, ddof=1)", "own.mean(axis=1)", "the interval of sigma is that of mu"),
    ("changes / lengths", "changes / np.abs(lengths)", "effects of steps down have the wrong sign"),
    ("value - half, value + half", "value, value + half", "intervals begin at the estimate"),
    ("seed=RESAMPLE_SEED,\n    )\n    alone", "seed=0,\n    )\n    alone", "drawn afresh each time"),
)
