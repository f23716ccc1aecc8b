"""Small scenarios in which what an instrument is worth is known by hand. The holder is the first player."""

from __future__ import annotations

from leverage.loading import parse_scenario
from leverage.scenario.scenario import Scenario

#: One state for ever; payoffs are given per combination of actions.
_FRAME = """
language: 1
title: {title}
question: What is the instrument worth?
period: 1 month
players:
  holder: {{discount: {discount}}}
  other: {{discount: {discount}}}
state: {{place: [here, there]}}
start: {{place: here}}
actions:
  holder: {{{holder}}}
  other: {{{other}}}
transitions: {{place: stays}}
payoffs:
  holder: {{{holder_pay}}}
  other: {{{other_pay}}}
measures:
  dates: [12 months]
  events: {{over: place is there}}
strategies:
{strategies}
instruments:
{instruments}
"""


def _always(*actions: str) -> str:
    return ", ".join(f"{action}: always" for action in actions)


def _when(table: dict[tuple[str, str], float]) -> str:
    """The payoff of each combination as a named gain."""
    parts = [
        f"{mine}_{yours}: {value} when holder plays {mine} and other plays {yours}"
        for (mine, yours), value in table.items()
        if value
    ]
    return f"gains: {{{', '.join(parts)}}}"


def _scenario(
    title: str,
    discount: float,
    table: dict[tuple[str, str], tuple[float, float]],
    instruments: str,
    *,
    strategies: str = "",
    holder_costs: str = "",
) -> Scenario:
    mine, yours = (tuple(dict.fromkeys(pair[k] for pair in table)) for k in range(2))
    first = strategies or f"  holder: {{steady: {{always: {mine[0]}}}}}\n  other: {{steady_too: {{always: {yours[0]}}}}}"
    text = _FRAME.format(
        title=title,
        discount=discount,
        holder=_always(*mine),
        other=_always(*yours),
        holder_pay=_when({pair: pay[0] for pair, pay in table.items()}) + holder_costs,
        other_pay=_when({pair: pay[1] for pair, pay in table.items()}),
        strategies=first,
        instruments=instruments,
    )
    return parse_scenario(text)


def borrower() -> Scenario:
    """Schelling (1960): the option to keep what was lent hurts whoever has it.

    Repaid, the loan is worth 2 to the holder and 1 to the other; kept, 3 and -1. Keeping pays 1 more now; the loan is repaid from
    a discount factor of 1/3 on. At 0.2 nothing is ever lent: (0, 0) for both, and (2, 1) without the option.
    """
    table = {("repay", "lend"): (2.0, 1.0), ("repay", "refuse"): (0.0, 0.0), ("keep", "lend"): (3.0, -1.0)}
    table[("keep", "refuse")] = (0.0, 0.0)
    return _scenario("Loan", 0.2, table, "  keeping: {holder: holder, without: {forbid: [keep]}}")


def unused_threat() -> Scenario:
    """A threat that is never carried out moves the agreement.

    The two meet at one of two places, worth (3, 1) and (1, 3), or miss each other for nothing. The holder may also punish: it
    costs it 1 and the other 2, whatever the other does. Punishing once and meeting at (3, 1) often enough holds the other to
    -1/2: the sets are the hull of the stage payoffs, cut at 1 for the holder, who gets that much on its own. Without the threat
    each is sure of 1. So Nash's point is (2.75, 1.25) with the threat and (2, 2) without.
    """
    table = {("mine", "mine"): (3.0, 1.0), ("mine", "yours"): (0.0, 0.0), ("yours", "mine"): (0.0, 0.0)}
    table |= {("yours", "yours"): (1.0, 3.0), ("punish", "mine"): (0.0, -2.0), ("punish", "yours"): (0.0, -2.0)}
    costs = ", using costs: {punishing: 1 when holder plays punish}"
    return _scenario("Meeting", 0.8, table, "  threat: {holder: holder, without: {forbid: [punish]}}", holder_costs=costs)


def chicken() -> Scenario:
    """Being bound to dare pays: the other swerves, (7, 2).

    Free and impatient (discount 1/10) the two play (7, 2) or (2, 7), whichever of the two is expected, or draw lots: Nash's point
    is (4.5, 4.5), and the worst equilibrium gives the holder 2.
    """
    table = {("swerve", "give_way"): (6.0, 6.0), ("swerve", "push"): (2.0, 7.0)}
    table |= {("dare", "give_way"): (7.0, 2.0), ("dare", "push"): (0.0, 0.0)}
    strategies = "  holder: {firm: {always: dare}, soft: {always: swerve}}\n  other: {meek: {always: give_way}}"
    return _scenario("Chicken", 0.1, table, "  freedom: {holder: holder, without: {bound to: firm}}", strategies=strategies)


def irrelevant() -> Scenario:
    """A second name for defection: being without it changes nothing at all."""
    table = {}
    for name in ("defect", "defect_again"):
        table |= {(name, "cooperate"): (5.0, 0.0), (name, "fight"): (1.0, 1.0)}
    table |= {("cooperate", "cooperate"): (3.0, 3.0), ("cooperate", "fight"): (0.0, 5.0)}
    return _scenario("Prisoners", 0.8, table, "  again: {holder: holder, without: {forbid: [defect_again]}}")


COMPLEMENTS = """
language: 1
title: Two keys
question: What is one key worth?
period: 1 month
players: {holder: {discount: 0.5}, other: {discount: 0.5}}
state: {place: [here, there]}
start: {place: here}
parameters: {left: {value: 1, range: [0, 1]}, right: {value: 1, range: [0, 1]}}
actions: {holder: {open: always, wait: always}, other: {look: always}}
transitions: {place: stays}
payoffs:
  holder: {gains: {treasure: 6 * left * right when holder plays open}}
  other: {using costs: {loss: 2 * left * right when holder plays open}}
measures: {dates: [12 months]}
strategies: {holder: {try: {always: open}}, other: {watch: {always: look}}}
instruments:
  left_key: {holder: holder, without: {set: {left: 0}}}
  right_key: {holder: holder, without: {set: {right: 0}}}
"""


def complements() -> Scenario:
    """Two keys open a treasure worth 6 together and nothing alone; it costs the other 2."""
    return parse_scenario(COMPLEMENTS)
