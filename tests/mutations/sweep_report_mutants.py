"""Planted faults in the report of a sweep: points that stand elsewhere, ends that are lost, claims told as others, a command for
another sweep."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

POINTS = faults_in(
    "report/sweep_data.py",
    ('np.argsort(axis.values, kind="stable")', "np.arange(len(axis.values))", "stops in the order given"),
    ('indexing="ij"', 'indexing="xy"', "rows stand where the sliders do not look"),
    (".set_index(POINT).loc[kept.points]", ".set_index(POINT)", "rows in the order of the tables"),
    ("longest = kept.index(max(kept))", "longest = kept.index(min(kept))", "the shortest axis is thinned"),
    ("while math.prod(kept) > most:", "while math.prod(kept) > 2 * most:", "more points than the page holds"),
    ("{*range(min(most, design.size)), *ends}", "{*range(min(most, design.size))}", "points of the ends are lost"),
    ("words if len(points) < design.size else", "words if len(points) > design.size else", "what is left out is not said"),
    ("if math.isfinite(value) else None", "if value == value else None", "infinite numbers are no JSON"),
    ("if isinstance(reason, str) and reason}", "if isinstance(reason, str)}", "points with an answer say why they lack one"),
    ('place == ("claims", margin.selection, "verdict")', 'place[2] == "verdict"', "the verdict of another claim"),
    ("if column.what in BOUNDS and column.about in places", "if column.what in BOUNDS", "bounds of what is not shown"),
    ("each.what in BOUNDS and each.about == column.about}", "each.what in BOUNDS}", "the bounds of another number"),
    ('"used": own.value', '"used": own.low', "the least value as the one in use"),
    ("MOST_CELLS // (len(design.names) + len(shown))", "MOST_CELLS", "columns do not count"),
)

CLAIMS = faults_in(
    "report/sweep_claims.py",
    ("counts[word] / counts.total()", "counts[word] / summary.statuses.total()", "shares of points that were not judged"),
    ("for word in VERDICTS if counts[word])", "for word in VERDICTS)", "verdicts that nobody has"),
    ("return len(self.shares) == 1", "return len(self.shares) <= 1", "what was never judged stands everywhere"),
    ("summary.statuses.total() - counts.total()", "summary.statuses.total()", "every point is unanswered"),
    ("return units.pop() if len(units) == 1 else", "return units.pop() if units else", "any of several units"),
    ("open_ = sum(len(claim.shares) > 1", "open_ = sum(len(claim.shares) > 2", "two verdicts do not make it open"),
    (
        "significant(spread.least)} to {significant(spread.largest)",
        "significant(spread.least)} to {significant(spread.mean)",
        "mean",
    ),
    ("for word in VERDICTS if settled[word]]", "for word in VERDICTS[:1] if settled[word]]", "only those that hold"),
)

COMMAND = faults_in(
    "report/sweep_provenance.py",
    ("and _reads_as(text, values)", "", "any values are a rule"),
    ('("linspace", "geomspace")', '("linspace",)', "ratios are written out"),
    ('if design["kind"] == "zip" else ()', 'if design["kind"] == "grid" else ()', "pairs for combinations"),
    ('str(design["seed"])', '"0"', "another seed"),
    ('list(design["ranges"]) != doubted', "False", "all parameters vary"),
    ('if said["tolerance"] != TOLERANCE:', 'if said["tolerance"] == TOLERANCE:', "another gap"),
    ('for word in ("--claim", name)', 'for word in ("--claim",)', "no names of claims"),
    ('f"{name}={value!r}"', 'f"{name}={value:.3g}"', "values are rounded"),
    ('words += ["--variant", said["variant"]]', "pass", "the variant is lost"),
    ('("--plausible", sheet) if sheet else ()', "()", "drawn evenly instead of from the sheet"),
)
