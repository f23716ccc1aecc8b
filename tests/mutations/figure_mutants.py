"""Planted faults in figures: what is drawn is not what stands in the tables."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

LEVERAGE = faults_in(
    "figures/leverage.py",
    ("if panel.subject is None else panel.subject", "if panel.subject else panel.subject", "whose number it is"),
    ("axes.barh(row, bar.effect,", "axes.barh(row, bar.high,", "the bound is drawn as the effect"),
    ("axes.plot([bar.low, bar.high], [row, row]", "axes.plot([bar.low, bar.effect], [row, row]", "the upper bound is left out"),
    ("sure[best].low > bar.high for bar", "sure[best].effect > bar.effect for bar", "bounds do not count in the finding"),
    ("best = max(sure,", "best = min(sure,", "the least gain is told as the largest"),
    (
        "limits([0.0, *ends], least=least)",
        "limits([0.0, *[bar.effect for bar in shown]], least=least)",
        "bounds run out of the panel",
    ),
    (", **_CHANNELS[channel][1])", ', **_CHANNELS["net"][1])', "channels look like the whole"),
)

SENSITIVITY = faults_in(
    "figures/sensitivity.py",
    ('0.0 if self.side == "rising" else', '0.0 if self.side == "falling" else', "the other side of a kink"),
    ("self.derivative * (self.low - self.value)", "self.derivative * (self.value - self.low)", "both ends on one side"),
    ("key=lambda bar: -abs(bar.moves)", "key=lambda bar: -bar.moves", "what lowers the outcome comes last"),
    ("if math.isfinite(moves) and moves != 0:", "if moves != 0:", "parameters without an effect are drawn"),
    ("_bars(rows)[:_MOST]", "_bars(rows)", "bars without end"),
    (
        "for end, style in ((bar.to_low, _TO_LOW), (bar.to_high, _TO_HIGH))",
        "for end, style in ((bar.to_high, _TO_HIGH),)",
        "one end",
    ),
)

CLAIM_ALONG = faults_in(
    "figures/claim_along.py",
    ('.sort_values("value", kind="stable")', "", "points are joined in the order of the search"),
    ('"above" if flip > now else "below"', '"above" if flip < now else "below"', "the side on which it tips"),
    ("verdicts[k] != verdicts[first]", "verdicts[k] == verdicts[first]", "stretches of verdicts"),
    (
        "begin, end = values[first], values[k - 1]",
        "begin, end = values[first], values[min(k, len(values) - 1)]",
        "gaps are filled",
    ),
    ("axes.axvspan(low, high, zorder", "axes.axvspan(now, high, zorder", "the bracket"),
    ("np.clip(high[bounded], bottom, top)", "np.clip(margins[bounded], bottom, top)", "the upper bound is left out"),
    ("axes.axhline(noting, **_NOTING)", "axes.axhline(-noting, **_NOTING)", "the size worth noting"),
    ("limits([0.0, *margins, *bounds], 0.08)", "limits([0.0, *margins], 0.0)", "bounds run out of the panel"),
    ('("low", "high", "value", "bracket_low", "bracket_high")', '("low", "high", "value")', "the flip is off the axis"),
    ("((low, values[0]), (values[-1], high))", "((low, values[0]),)", "one end of the range is forgotten"),
    (
        'key=texts(rows, "unit").tolist().__getitem__',
        'key=lambda k: texts(rows, "unit").iloc[0]',
        "margins in different units are joined",
    ),
    ('"marker": markers[unit]', '"marker": _MARKERS[0]', "margins in different units look alike"),
)

PATH = faults_in(
    "figures/path.py",
    ("100 * chances, colors", "100 * chances[::-1], colors", "levels upside down"),
    ("max(reversed(levels), key=", "min(reversed(levels), key=", "the least likely level"),
    (
        "(after, chance) = (_likeliest(rows, period, levels) for period in (first, last))",
        "(after, chance) = (_likeliest(rows, period, levels) for period in (first, first))",
        "the end is the start",
    ),
    ("axes.fill_between(periods, low, high,", "axes.fill_between(periods, mean, high,", "the band begins at the mean"),
    ("axes.plot(periods, mean, color", "axes.plot(periods, high, color", "the mean"),
    ("np.cumsum(chances[:, -1])", "np.cumsum(chances[:, 0])[::-1]", "names stand at other areas"),
)

STRATEGY_MAP = faults_in(
    "figures/strategy_map.py",
    ("key=lambda variable: -len(levels[variable])", "key=lambda variable: len(levels[variable])", "rows have fewest levels"),
    ("_lotteries(rows_of(rows, player=key), variables) for key in", "_lotteries(rows, variables) for key in", "what others do"),
    ("fill = looks.fills[action]", 'fill = {**looks.fills[action], "hatch": ""}', "hatches in the key and not in cells"),
    ("if mixed or not fits(names, room)", "if mixed", "words that do not fit"),
    ("if chance > _NEVER:", "if chance > 0.5:", "mixed play is told as pure"),
    ("Rectangle((x, corner[1]), chance, 1,", "Rectangle((x, corner[1]), 1 / len(lottery), 1,", "chances are not seen"),
    ("        x += chance\n", "", "strips lie over each other"),
    ("elif state in known:", "elif state not in known:", "states without a choice"),
    ('play[play["equilibrium"] == equilibrium]', "play", "all equilibria in one map"),
    ("+ chance / len(own)", "+ 1 / len(own)", "rare actions count as much as usual ones"),
)

EQUILIBRIUM_SET = faults_in(
    "figures/equilibrium_set.py",
    ('(texts(sets, "state") == context.start) | ', '(texts(sets, "without") == "") | ', "sets of other states"),
    (
        '_draw_polygon(axes, _corners(start, keys, "inner"), **_INNER)',
        '_draw_polygon(axes, _corners(start, keys, "outer"), **_INNER)',
        "the bound is drawn as proved",
    ),
    (
        'left_over = _corners(start, keys, "inner", name)',
        'left_over = _corners(start, keys, "inner")',
        "the world without the instrument",
    ),
    ("axes.plot(*point.at, clip_on", "axes.plot(*point.at[::-1], clip_on", "players change places"),
    ('names = tuple(selection.split(" against "))', 'names = tuple(selection.split(" against ")[::-1])', "names change places"),
    ("axes.text(*shares, label.text", "axes.text(*shares[::-1], label.text", "names stand elsewhere"),
    ("if call != plain(name)", "if call == plain(name)", "the key explains what needs no word"),
    ("if area <= _THIN", "if area < -_THIN", "a point is not seen"),
    ("low if low == high else", "high if low != high else", "ranges are told as points"),
    ("if not len(left_over):", "if len(left_over):", "where nothing is proved"),
    ("left=low, height=0.11", "left=0.0, height=0.11", "bars of ranges begin at nothing"),
)
