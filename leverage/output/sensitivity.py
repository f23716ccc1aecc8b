"""What a small change of each parameter does to the payoff of the player whom the page is about."""

from __future__ import annotations

import math

from leverage.analysis.local_sensitivity import Effect, LocalSensitivity
from leverage.analysis.plays import MARKOV
from leverage.output.columns import number, paragraph, section, shortened, table
from leverage.output.facts import Facts
from leverage.scenario.scenario import Parameter
from leverage.scenario.wording import plain

#: Parameters that the page shows; the rest is in sensitivity.csv.
SHOWN = 5
#: Significant digits of parameters and derivatives.
DIGITS = 3
#: Letters of a parameter's name, and digits of a whole number, that are printed.
LONGEST_NAME, LONGEST_NUMBER = 20, 7


def sensitivity_text(facts: Facts, which: int) -> list[str]:
    """The section, or nothing for a scenario without parameters."""
    if not facts.run.scenario.parameters:
        return []
    head = section(which, f"what moves {facts.player.key}'s payoff most", f"{facts.run.game.payoff_unit}, {MARKOV}")
    local = facts.run.local
    if local is None or not local.regular:
        why = "no Markov perfect equilibrium was certified" if local is None else local.reason
        return [head, paragraph(f"* No derivatives: {why}.", 2), ""]
    own = [effect for effect in local.effects if (effect.subject, effect.quantity) == (facts.player.name, "payoff")]
    shown = [effect for effect in own if effect.derivative and not math.isnan(effect.derivative)][:SHOWN]
    if not shown:
        return [head, paragraph("* No number of the file moves it, to first order.", 2), *_without(own), ""]
    heads = ["", "value", "plausible range", "change per unit", "the range would move", "same actions used"]
    text, cut = table(heads, [_row(facts, effect) for effect in shown])
    return [head, text, "", *_reading(local, whole=cut == 0), *_without(own), ""]


def _row(facts: Facts, effect: Effect) -> list[str]:
    parameter = facts.run.scenario.parameters[effect.parameter]
    side = "" if effect.side == "both" else f" ({effect.side})"
    return [
        shortened(plain(effect.parameter), LONGEST_NAME) + side,
        _short(parameter.value),
        _between(parameter.low, parameter.high) if parameter.in_doubt else "-",
        f"{effect.derivative:+.{DIGITS}g}",
        number(effect.moves, facts.page.digits)
        if effect.moves < 0 or math.isnan(effect.moves)
        else f"+{facts.points(effect.moves)}",
        _kept(effect, parameter),
    ]


def _between(low: float, high: float) -> str:
    return f"{_short(low)} to {_short(high)}"


def _short(value: float) -> str:
    """A few digits, never a power of ten in place of a whole number."""
    return f"{value:.0f}" if 10**DIGITS <= abs(value) < 10**LONGEST_NUMBER else f"{value:.{DIGITS}g}"


def _kept(effect: Effect, parameter: Parameter) -> str:
    """Where the same actions stay in use, to first order."""
    low, high = effect.same_play_from, effect.same_play_to
    if parameter.in_doubt and low <= parameter.low and high >= parameter.high:
        return "throughout"
    if math.isinf(low) and math.isinf(high):
        return "always"
    if math.isinf(low):
        return f"up to {_short(high)}"
    return f"from {_short(low)}" if math.isinf(high) else _between(low, high)


def _reading(local: LocalSensitivity, *, whole: bool) -> list[str]:
    """How the table is to be read, and how well it was checked; whole: no column was left out."""
    missed = max((each.certificate for each in local.effects if not math.isnan(each.certificate)), default=math.nan)
    where = "The last column says where, to first order, the same actions stay in use; beyond it" if whole else "Further away"
    told = [
        "Local and linear: the effect of a small change of this equilibrium, times the length of the range."
        f" {where} the effect is another one: solve again with -p.",
        "All outcomes: sensitivity.csv.",
    ]
    if not math.isnan(missed):
        told[-1] += f" Equilibria solved again nearby agree with all effects together within {1.05 * missed:.1g}."
    return [paragraph(f"* {sentence}", 2) for sentence in told]


def _without(own: list[Effect]) -> list[str]:
    """Parameters that have no derivative, and why."""
    none = [effect for effect in own if math.isnan(effect.derivative)]
    told = [f"No derivative in {plain(effect.parameter)}: {effect.note}." for effect in none[:SHOWN]]
    return [paragraph(f"* {sentence}", 2) for sentence in told]
