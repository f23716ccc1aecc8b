"""Planted faults of what judges claims; see `mutants.py`."""

from __future__ import annotations

from tests.mutations.mutants import Fault


def _rows(module: str, *rows: tuple[str, str, str]) -> tuple[Fault, ...]:
    return tuple(Fault(module, *row) for row in rows)


CLAIMS = _rows(
    "analysis/claims.py",
    ("if margin.high <= tie if strict else", "if margin.high < -tie if strict else", "a margin of 0 is enough for a strict sign"),
    ("if margin.low <= tie if strict else margin.low < -tie", "if margin.low < -tie", "a strict sign may hold by nothing"),
    ("if margin.low >= noting - tie", "if margin.high >= noting - tie", "what may be worth noting counts as worth noting"),
    ("return right - left\n", "return left - right\n", "'<' is read as '>'"),
    ("low = max(gap.low, -gap.high, 0.0)", "low = max(gap.low, gap.high, 0.0)", "distances are bounded from below by too much"),
    ("Figure.exact(noting) - apart", "apart - Figure.exact(noting)", "equality is turned round"),
    ("if all(sides) and all(call.function", "if any(sides) and all(call.function", "a chance of 0 against a number is idle"),
    (
        'judged.line.relation == "is true", margin',
        'judged.line.relation != "is true", margin',
        "statements bind before comparisons",
    ),
    ("SEVERITY.index(judged.verdict), judged", "-SEVERITY.index(judged.verdict), judged", "a claim is as good as its best line"),
    ('strict = line.relation in ("<", ">", "!=")', 'strict = line.relation in ("<", ">")', "'!=' may hold by nothing"),
    ("return self.binding.unit", "return self.lines[0].unit", "the unit is that of another line than the margin"),
)

UNITS = _rows(
    "scenario/claim_units.py",
    ("if powers or self.powers:", "if powers:", "payoffs over payoffs are plain numbers"),
    ("_added(self.powers, other.powers, -1)", "_added(self.powers, other.powers, 1)", "quotients are products"),
    ("len(names) == 1 else RATIO", "len(names) == 1 else names.pop()", "a chance times a frequency is one of them"),
    ("plain = not self.powers and not other.pure", "plain = not self.powers", "a chance over a chance is a chance"),
    ("return left if calls_of(one) else right", "return right if calls_of(one) else left", "parameters decide over functions"),
    ("return left if left == right else None", "return left", "the first of two units counts"),
    ("return right if left == _Unit() else left", "return left", "a number takes the unit of nothing"),
    (
        "_of(line.left, scenario) if line.is_trend",
        "_of(line.right, scenario) if line.is_trend",
        "a trend is in the parameter's unit",
    ),
    ('"time": f"{scenario.period.unit}s"', '"time": scenario.payoff_unit[0]', "time is paid"),
    ('f"({word})^{power}"', "word", "powers are not told"),
)

VALUES = _rows(
    "analysis/claim_values.py",
    ("(payoff() - payoff(first)) - (payoff(second)", "(payoff() - payoff(first)) + (payoff(second)", "effects are added up"),
    ("sure, open_ = asked.count", "open_, sure = asked.count", "open answers and sure ones are mixed up"),
    ('holds = verdict.subgame_perfect if statement == "subgame_perfect" else', "holds = not", "equilibria are none"),
    ('"lowest": _end("worst for")', '"lowest": _end("best for")', "the smallest payoff is the largest"),
    ('"commitment": _gain("commitment")', '"commitment": _gain("net")', "the commitment channel is the whole gain"),
    ("/ Figure.exact(float(periods))", "* Figure.exact(float(periods))", "frequencies are multiplied by periods"),
    ("            return left - right\n", "            return right - left\n", "differences are turned round"),
    ("return -effects.outcome_effect(", "return effects.outcome_effect(", "later is called sooner"),
)

TRENDS = _rows(
    "points/trends.py",
    ("left, right = values[0], values[-1]", "left, right = values[-1], values[0]", "the ends are mixed up"),
    ("change, back = values[-1] - values[0]", "change, back = values[0] - values[-1]", "the change has the wrong sign"),
    ("if back.low > max(noting, tie)", "if back.low > tie", "a step back counts that is not worth noting"),
    ("for j in range(i + 1, len(values))", "for j in range(i)", "rises are taken for falls"),
    ('values if line.relation == "rises with" else', 'values if line.relation != "rises with" else', "up and down are mixed up"),
    ("selection, point).high <= NEVER", "selection, point).high > NEVER", "what never happens is not idle"),
    (
        "max(0.0, *(each.low for each in falls))",
        "max(0.0, *(each.high for each in falls))",
        "the least that it may fall is the most",
    ),
)
