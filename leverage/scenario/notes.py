"""What a reader of a scenario should know about its numbers."""

from __future__ import annotations

from leverage.scenario import syntax as tree
from leverage.scenario.scenario import Scenario


def notes_of(scenario: Scenario) -> tuple[str, ...]:
    """Values outside their range, and parameters that nothing reads: a sentence each."""
    notes = [
        f"{p.name} = {p.value:g} lies outside its plausible range [{p.low:g}, {p.high:g}]"
        for p in scenario.parameters.values()
        if not p.inside
    ]
    used = {name for formula in _formulas(scenario) for name in tree.parameters_of(formula)}
    notes += [f"the parameter {name} is not used" for name in scenario.parameters if name not in used]
    return tuple(notes)


def _formulas(scenario: Scenario) -> list[tree.Node]:
    chances = [move.chance for rules in scenario.transitions for rule in rules for move in rule.moves]
    lotteries = [
        c for own in scenario.strategies for s in own for phase in s.phases for rule in phase.rules for c in rule.choice.chances
    ]
    return [
        *(player.discount for player in scenario.players),
        *(term.formula for term in scenario.terms),
        *(average.formula for average in scenario.averages),
        *(formula for formula in (*chances, *lotteries) if formula is not None),
    ]
