"""Conditions on claims: their trees, and faults with their place."""

from __future__ import annotations

import pytest

from leverage.scenario.claim_conditions import ClaimCondition, Denied, Joined, Stated, read_condition, statements
from leverage.scenario.parsing import TextFaultsError
from leverage.scenario.periods import Period

NAMES = {
    "player": ("power", "other"),
    "parameter": ("calm",),
    "event": ("settled",),
    "strategy": ("tied", "andor", "sulk"),
    "strategy of power": ("tied", "andor"),
    "strategy of other": ("sulk",),
    "instrument": ("bases",),
}


def read(text: str) -> ClaimCondition:
    return read_condition(text, NAMES, Period(1, "month"))


def shown(condition: ClaimCondition) -> str:
    """The tree with every parenthesis."""
    if isinstance(condition, Stated):
        return condition.line.text
    if isinstance(condition, Denied):
        return f"not[{shown(condition.part)}]"
    return "[" + f" {condition.word} ".join(map(shown, condition.parts)) + "]"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("calm > 1", "calm > 1"),
        ("calm > 1 and calm > 2 or calm > 3", "[[calm > 1 and calm > 2] or calm > 3]"),
        ("calm > 1 and (calm > 2 or calm > 3)", "[calm > 1 and [calm > 2 or calm > 3]]"),
        ("not calm > 1 and calm > 2", "[not[calm > 1] and calm > 2]"),
        ("not (calm > 1 and not not calm > 2)", "not[[calm > 1 and not[not[calm > 2]]]]"),
        ("((calm > 1))", "calm > 1"),
        ("(calm + 1) * 2 > (3)", "(calm + 1) * 2 > (3)"),
        ("(calm) > (2) and ((calm + 1) > 2)", "[(calm) > (2) and (calm + 1) > 2]"),
        (
            "credible(andor, sulk) and chance(settled, 24 months) >= 0.6",
            "[credible(andor, sulk) and chance(settled, 24 months) >= 0.6]",
        ),
        ("not credible(tied, sulk)", "not[credible(tied, sulk)]"),
        ("gain(bases, power) rises with calm or calm<1", "[gain(bases, power) rises with calm or calm<1]"),
    ],
)
def test_and_binds_more_than_or_and_parentheses_most(text: str, tree: str) -> None:
    assert shown(read(text)) == tree


def test_lines_know_where_they_stand() -> None:
    text = "calm > 1 and (credible(tied, sulk) or calm > 2)"
    assert [text[each.at :].startswith(each.line.text) for each in statements(read(text))] == [True] * 3
    assert isinstance(read(text), Joined)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", 0, "a statement is missing"),
        ("calm > 1 and", 12, "a statement is missing"),
        ("or calm > 1", 0, "a statement is missing"),
        ("not", 3, "a statement is missing"),
        ("calm > 1 and ()", 14, "a statement is missing"),
        ("(calm > 1", 0, "never closed"),
        ("calm > 1)", 8, "closes nothing"),
        ("calm > 1 and calmm > 2", 13, "no parameter 'calmm'"),
        ("calm > 1 or (credible(tied, sulky))", 28, "no strategy 'sulky'"),
        ("calm > 1 or calm", 16, "a sign such as > is missing"),
        ("calm > 1 calm > 2", 9, "does not fit here"),
        ("calm > 1 and __import__", 13, "no parameter '__import__'"),
        ("(" * 60 + "calm > 1" + ")" * 60, 51, "nested more than"),
        (" and ".join(["calm > 1"] * 500), 5209, "more than 400 words"),
    ],
)
def test_faults_have_their_place(text: str, place: int, message: str) -> None:
    with pytest.raises(TextFaultsError) as caught:
        read(text)
    fault = caught.value.faults[0]
    assert message in fault.message
    assert fault.offset == place
