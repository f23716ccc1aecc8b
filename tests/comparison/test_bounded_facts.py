"""Bounds of the numbers in a run's tables, and what they say of two numbers."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from leverage import Run
from leverage.comparison.bounded_facts import (
    BoundedFact,
    Standing,
    judged_sentences,
    leverage_facts,
    outcome_facts,
    standing_of,
)
from leverage.comparison.sides import Side, side_of_folder, side_of_run
from leverage.writing.run_folder import RunFolder

SHIPPED = Path(__file__).parents[2] / "results" / "withdrawal" / "baseline"
NAN, INF = math.nan, math.inf


def fact(value: float, low: float, high: float, unit: str = "points", proof: str = "proved") -> BoundedFact:
    return BoundedFact(value, low, high, unit, proof)  # type: ignore[arg-type]


#: Numbers of the sides, and how they stand to each other.
STANDINGS: dict[str, tuple[list[BoundedFact | None], Standing]] = {
    "equal": ([fact(1, 0.9, 1.1), fact(1, 0.5, 2)], "same"),
    "bounds that overlap": ([fact(1, 0.9, 1.1), fact(1.15, 1.1, 1.2)], "within certificates"),
    "bounds that do not": ([fact(1, 0.9, 1.1), fact(1.3, 1.2, 1.4)], "differs"),
    "two overlap and the third does not": ([fact(1, 0.9, 1.1), fact(1.05, 1, 1.2), fact(2, 1.9, 2.1)], "differs"),
    "each pair of neighbours overlaps": ([fact(1, 0, 2), fact(2, 1, 3), fact(3, 2.5, 4)], "differs"),
    "one of the play found": ([fact(1, 1, 1), fact(2, 2, 2, proof="of the play found")], "differs in the play found"),
    "one without bounds": ([fact(1, 1, 1), fact(2, -INF, INF, proof="not bounded")], "open"),
    "equal without bounds": ([fact(1, 1, 1), fact(1, -INF, INF, proof="not bounded")], "same"),
    "no number anywhere": ([fact(NAN, NAN, NAN), fact(NAN, NAN, NAN)], "same"),
    "no number on a side": ([fact(1, 1, 1), fact(NAN, NAN, NAN)], "not in all"),
    "no row on a side": ([fact(1, 1, 1), None], "not in all"),
    "no row and no number": ([fact(NAN, NAN, NAN), None], "not in all"),
    "bounds alone, the same": ([fact(NAN, 1, 2), fact(NAN, 1, 2)], "same"),
    "bounds alone, apart": ([fact(NAN, 1, 2), fact(NAN, 3, 4)], "differs"),
    "bounds alone, overlapping": ([fact(NAN, 1, 2), fact(NAN, 1.5, 4)], "within certificates"),
    "another unit": ([fact(1, 1, 1), fact(1, 1, 1, unit="months")], "other units"),
}


@pytest.mark.parametrize("kind", STANDINGS)
@pytest.mark.parametrize("reverse", [False, True])
def test_numbers_differ_where_their_bounds_exclude_that_they_are_the_same(kind: str, reverse: bool) -> None:
    facts, expected = STANDINGS[kind]
    assert standing_of(facts[::-1] if reverse else facts) == expected


@pytest.fixture(scope="module")
def side() -> Side:
    """The shipped run, whose tables are what the code computes (`tests/test_shipped.py`)."""
    return side_of_folder("A", RunFolder.open(SHIPPED))


def test_payoffs_have_the_bounds_of_what_they_are_payoffs_of(side: Side) -> None:
    facts = outcome_facts(side.tables, side.start)
    assert len(facts) == len(side.tables["outcomes"])
    equilibria = side.tables["equilibria"]
    radius = equilibria[equilibria["selected"] & (equilibria["subject"] == "power") & (equilibria["quantity"] == "error radius")]
    markov = facts["Markov perfect", "power", "payoff"]
    assert markov.proof == "proved"
    assert markov.high - markov.value >= float(radius["value"].iloc[0])
    rows = side.tables["bargaining"].to_dict("records")
    ends = {row["quantity"]: float(row["value"]) for row in rows if (row["rule"], row["player"]) == ("nash", "power")}
    agreed = facts["bargaining: nash", "power", "payoff"]
    assert agreed.low <= ends["at_least"] < ends["at_most"] <= agreed.high
    corners = side.tables["equilibrium_set"].to_dict("records")
    here = [row for row in corners if (row["without"], row["state"], row["corner"]) == ("", side.start, "largest")]
    largest = {row["bound"]: float(row["power_payoff"]) for row in here}
    best = facts["best credible plan for power", "power", "payoff"]
    rounding = float(side.tables["outcomes"]["certificate"].max())
    assert best.low <= largest["inner"] <= largest["outer"] <= best.high
    assert best.high - best.low > 1e-4 > 100 * rounding


def test_what_another_plan_may_do_otherwise_is_of_the_play_found(side: Side) -> None:
    facts = outcome_facts(side.tables, side.start)
    assert facts["best credible plan for power", "opposition", "payoff"].proof == "of the play found"
    assert facts["bargaining: nash", "settled", "chance by 24 months"].proof == "of the play found"
    assert facts["Markov perfect", "settled", "chance by 24 months"].proof == "of the play found"
    assert facts["tied_pace against best reply", "settled", "chance by 24 months"].proof == "proved"
    assert facts["tied_pace against best reply", "power", "payoff"].proof == "proved"


def test_every_number_lies_within_its_bounds(side: Side) -> None:
    facts = [*outcome_facts(side.tables, side.start).values(), *leverage_facts(side.tables).values()]
    known = [each for each in facts if each.known]
    assert len(known) > 4000
    assert all(each.low <= each.high for each in known)
    assert all(math.isnan(each.value) or each.low <= each.value <= each.high for each in known)


def test_effects_are_bounded_as_their_table_says(side: Side) -> None:
    facts = leverage_facts(side.tables)
    gain = facts["presence", "power", "bargaining point", "net", "gain", "power"]
    price = facts["presence", "power", "bargaining point", "net", "price", "power"]
    assert (gain.proof, price.proof) == ("proved", "of the play found")
    assert gain.high - gain.low > 0.1
    assert facts["presence", "power", "every equilibrium", "net", "coercion", "opposition"].proof == "proved"
    assert not any(
        each.known for key, each in facts.items() if each.note and each.proof == "proved" and "never happens" in each.note
    )


def test_an_unknown_radius_bounds_nothing(small: Run) -> None:
    facts = outcome_facts(side_of_run("A", "a", small).tables, "")
    radii = small.equilibria[small.equilibria["quantity"] == "error radius"]
    assert radii["value"].isna().all(), "the test needs a Markov equilibrium without a radius"
    assert facts["Markov perfect", "power", "payoff"].proof == "not bounded"


def test_claims_carry_their_lines(small: Run) -> None:
    found = judged_sentences(side_of_run("A", "a", small).tables)
    assert list(found) == ["A1", "A2"]
    assert list(found["A1"].lines) == ["payoff(power, tied) > payoff(power, stay), under tied against sulk"]
    assert len(found["A2"].lines) == 4
    assert found["A1"].whole.verdict == {judged.claim.name: judged.verdict for judged in small.judged}["A1"]
