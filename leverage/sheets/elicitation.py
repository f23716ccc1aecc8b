"""A sheet that asks somebody for the numbers of an argument, to be filled in with a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from leverage.scenario import syntax as tree
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import plain

#: Columns of the sheet; those that are asked for are empty.
TOLD = ("parameter", "meaning", "unit", "baseline", "file_low", "file_high")
ASKED = ("low", "likely", "high", "by_whom", "when", "note")
#: Spreadsheets take the beginning of such a cell for a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@")


def sheet_text(scenario: Scenario, *, decimal_comma: bool = False) -> str:
    """The sheet of a scenario as CSV, one row a parameter.

    decimal_comma: write numbers with a comma and semicolons between cells, for spreadsheets that are set up so.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";" if decimal_comma else ",", lineterminator="\r\n")
    writer.writerow((*TOLD, *ASKED))
    for name, each in scenario.parameters.items():
        numbers = [f"{each.value:.12g}", *([f"{each.low:.12g}", f"{each.high:.12g}"] if each.in_doubt else ["", ""])]
        numbers = [number.replace(".", ",") for number in numbers] if decimal_comma else numbers
        texts = [_no_formula(text) for text in (_meaning(scenario, name), each.unit)]
        writer.writerow((name, *texts, *numbers, *("" for _ in ASKED)))
    return stream.getvalue()


def _no_formula(text: str) -> str:
    return f" {text}" if text.startswith(_FORMULA_SIGNS) else text


def _meaning(scenario: Scenario, name: str) -> str:
    """A parameter in plain words, with what reads it."""
    places = list(dict.fromkeys(place for place, node in _read_by(scenario) if name in tree.parameters_of(node)))
    return f"{plain(name)}: bears on {'; '.join(places)}" if places else f"{plain(name)}: not used"


def _read_by(scenario: Scenario) -> Iterator[tuple[str, tree.Node]]:
    """Every formula and condition that may read parameters, with what it is about."""
    keys = [plain(player.key) for player in scenario.players]
    for player in scenario.players:
        yield f"patience of {plain(player.key)}", player.discount
    for variable, rules in zip(scenario.vocabulary.variable_names, scenario.transitions, strict=True):
        for rule in rules:
            yield f"how {plain(variable)} moves", rule.condition
            yield from ((f"how {plain(variable)} moves", move.chance) for move in rule.moves if move.chance is not None)
    for term in scenario.terms:
        yield f"{term.kind} of {keys[term.player]}: {plain(term.name)}", term.formula
    for average in scenario.averages:
        yield f"average {plain(average.name)}", average.formula
    for strategy in (each for own in scenario.strategies for each in own):
        choices = (rule.choice for phase in strategy.phases for rule in phase.rules)
        where = f"strategy {plain(strategy.name)}"
        yield from ((where, chance) for choice in choices for chance in choice.chances if chance is not None)
