"""Planted faults in comparisons."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

BOUNDED_FACTS = faults_in(
    "comparison/bounded_facts.py",
    ("if len(known) < len(facts):", "if len(known) < len(present):", "a side without the row is forgotten"),
    ("max(each.low for each in known) <= min", "min(each.low for each in known) <= max", "overlap of any two stands for all"),
    ("<= min(each.high for each in known)", "< min(each.high for each in known)", "bounds that touch exclude each other"),
    ('any(each.proof == "not bounded" for each in known)', "False", "what has no bounds is told apart"),
    ('return "differs" if all(each.proof', 'return "differs" if any(each.proof', "one proof stands for all"),
    ("if len({each.unit for each in known}) > 1:", "if False:", "units do not matter"),
    ('if quantity == "payoff" else None', "if quantity else None", "bounds of payoffs stand for other numbers"),
    ("in zip(bounds, (-1, 1), strict=True)", "in zip(bounds, (1, -1), strict=True)", "rounding narrows"),
    ('if row["selected"]]', "]", "bounds of an equilibrium that is not selected"),
    ("width = math.inf if math.isnan(radius) else radius", "width = 0.0 if math.isnan(radius) else radius", "no radius is 0"),
    ('(sets["without"] == "") & ', "", "the set of another world"),
    ('& (sets["state"] == start)', "", "the set of another state"),
    ("cells[rule, player, \"at_least\"], cells", "cells[rule, player, \"agreed\"], cells", "the point is its own lower bound"),
    ("and measure not in _BOUNDED", "", "gains are facts about one plan"),
    ('selection != EVERY_EQUILIBRIUM and (selection == "Markov equilibrium" or', "(", "Markov play is given"),
    ("if math.isnan(rounding):", "if False:", "an unknown certificate is none"),
)  # fmt: skip

AGREEMENT = faults_in(
    "comparison/agreement.py",
    ("_allowed(name, before) + _allowed(name, now)", "_allowed(name, before)", "one certificate counts for both"),
    ("if len(before) != len(now):", "if len(before) > len(now) + 1:", "rows may be missing"),
    ("if list(before.columns) != list(now.columns):", "if len(before.columns) != len(now.columns):", "columns may change places"),
    ("~same & ~(gap <= allowed + rounding)", "~same & (gap > allowed + rounding)", "no number agrees with any"),
    ("ROUNDING = 1e-9", "ROUNDING = 1e-6", "rounding allows too much"),
    ("(one == other) | (np.isnan(one) & np.isnan(other))", "(one == other)", "no number differs from none"),
    (".to_numpy() & ~blank", ".to_numpy()", "no text differs from none"),
    ("before.isna().to_numpy() & now", "before.isna().to_numpy() | now", "a text may become none"),
    ("width = high - low", "width = low", "a bound stands for a width"),
    ('"leverage": ("low"', '"parameters": ("low", "high"),\n    "leverage": ("low"', "plausible ranges are certificates"),
    ("row + 1, str(one)", "row, str(one)", "rows are counted from 0"),
    ("np.where(np.isfinite(width), width, 0.0)", "np.where(np.isfinite(width), 0.0, width)", "certificates are dropped"),
)

PARAMETER_SHEET = faults_in(
    "sheets/parameter_sheet.py",
    ("uniform * width * (likely - low)", "uniform * (likely - low)", "the law has another width"),
    ("np.sqrt((1 - uniform) * width", "np.sqrt(uniform * width", "the falling side is turned round"),
    ("uniform * width < likely - low", "uniform * width > likely - low", "the two sides change places"),
    ("for each in self.judgements if each.given}", "for each in self.judgements}", "what the file says is an override"),
    ("key=lambda each: each.parameter)", "key=lambda each: each.low)", "columns hang on values"),
    ("if each.in_doubt), key", "), key", "certain numbers have columns"),
    ("uniform.shape[1] != len(doubt)", "uniform.shape[1] < len(doubt)", "columns too many are taken"),
)

SHEET_READING = faults_in(
    "sheets/sheet_reading.py",
    ("if said and len(cells) > len(columns):", "if False:", "a decimal comma shifts the cells"),
    ('reading.decimal = "." if separator == "," else ","', 'reading.decimal = ","', "decimal commas among commas"),
    ("enumerate(rows[skip:], 1)", "enumerate(rows, 1)", "a declared separator is the head"),
    ("elif name in first:", "elif False:", "the last of two rows counts"),
    ("if told[one] > told[other]:", "if told[one] > told[other] + 0.15:", "order is not kept"),
    ("for one, other in itertools.pairwise(NUMBERS):", 'for one, other in (("low", "likely"),):', "the high end may be low"),
    ("if not math.isfinite(number):", "if False:", "nan is a number"),
    ("if known.in_doubt else (likely, likely)", "if True else (likely, likely)", "a certain number is in doubt"),
    ('given.get("high", high)\n', "high\n", "the high end is not read"),
    ("faults = faults_over_box(there) or faults_of_worlds(there)", "faults = ()", "the scenario need not be a game"),
    ("count(column) > 1), None)", "count(column) > 2), None)", "a column may stand twice"),
)

INPUT_DIFFERENCES = faults_in(
    "comparison/input_differences.py",
    ("if len(set(said)) > 1 and", "if len(set(said)) > 0 and", "everything differs"),
    (' if parameter.in_doubt else "not in doubt"', "", "certain numbers have a range"),
    ('return f"{float(text):.12g}"', "return text", "a number is compared as it is spelt"),
    ("if len(keys) > 1:", "if False:", "the order of rules does not matter"),
    ('_LEFT_OUT = frozenset({"language", "variants"', '_LEFT_OUT = frozenset({"language"', "variants are compared"),
    (
        "places = list(dict.fromkeys(path for own in stated for path in own))",
        "places = list(stated[0])",
        "what is new is not seen",
    ),
    ('"claims": frozenset({"says",', '"claims": frozenset({', "sentences are rules"),
)
