"""Claims as a table and in print."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from leverage.analysis.claims import JudgedClaim, Verdict
from leverage.analysis.figure import Figure
from leverage.output.claims import CLAIM_COLUMNS, claim_lines, claims_frame, claims_section, figure_words, significant, tally
from leverage.output.columns import WIDTH
from leverage.points.evaluator import Evaluator
from tests.dilemma import COARSE, UNEQUAL, claim, dilemma, open_numbers

CLAIMS = {
    "sure": claim("gain(trust, a) > 0", "bargaining point", 1),
    "small": claim(["payoff(a) > 2.9", "payoff(b) > 0"], ["grim_a against grim_b", "only_cooperate_a against grim_b"], 0.5),
    "wrong": claim("payoff(a, defect_a, defect_b) > 0.25", "bargaining point"),
    "empty": claim("time(done, defect_a, defect_b) < 5", "bargaining point"),
    "none": claim("payoff(a, grim_a, grim_b) / (fee - 1) > 0", "bargaining point"),
    "open": claim(f"highest(a) < {open_numbers()[1]}", "bargaining point"),
    "statement": claim("credible(defect_a, grim_b)", "bargaining point"),
    "trend": claim("payoff(a) falls with fee", "grim_a against grim_b"),
}


@pytest.fixture(scope="module")
def judged() -> tuple[JudgedClaim, ...]:
    scenario = dilemma(CLAIMS, UNEQUAL)
    return Evaluator(scenario, ladder=(COARSE,)).judge_all()


def test_one_row_a_claim_and_one_a_line_and_selection(judged: Sequence[JudgedClaim]) -> None:
    frame = claims_frame(judged)
    assert tuple(frame.columns) == CLAIM_COLUMNS
    heads = frame[frame["line"] == ""].set_index("claim")
    assert list(heads.index) == list(CLAIMS)
    lines = frame[frame["line"] != ""]
    assert list(lines[lines["claim"] == "small"]["under"]) == [
        *["grim_a against grim_b"] * 2,
        *["only_cooperate_a against grim_b"] * 2,
    ]
    assert heads.loc["small", "under"] == "grim_a against grim_b; only_cooperate_a against grim_b"
    assert list(heads["verdict"]) == ["holds", "barely", "fails", "idle", "undefined", "undecided", "fails", "holds"]
    assert frame[["flips_at", "share", "share_low", "share_high"]].isna().all(axis=None)


def test_a_claims_row_is_that_of_the_line_that_decides(judged: Sequence[JudgedClaim]) -> None:
    frame = claims_frame(judged)
    numbers = ["verdict", "margin", "margin_low", "margin_high", "left", "right", "unit", "reason"]
    for each in judged:
        own = frame[frame["claim"] == each.claim.name]
        head, lines = own.iloc[0], own.iloc[1:]
        assert any(row[numbers].equals(head[numbers]) for _, row in lines.iterrows())
    small = frame[(frame["claim"] == "small") & (frame["line"] == "")].iloc[0]
    assert (small["left"], small["right"]) == pytest.approx((3, 2.9))
    assert small["margin"] == pytest.approx(0.1)
    assert small["worth_noting_from"] == 0.5


def test_a_caveat_stands_in_the_table_and_under_the_verdict(judged: Sequence[JudgedClaim]) -> None:
    first, second = judged[:2]
    told = replace(first, claim=replace(first.claim, caveat="Not so\n  with fewer levels."))
    assert list(claims_frame([told, second])["caveat"]) == ["Not so\n  with fewer levels."] * 2 + [""] * 5
    lines = claim_lines(told)
    assert [line.strip() for line in lines if line not in claim_lines(first)] == ["Caveat: Not so with fewer levels."]
    assert lines[:-1] == claim_lines(first)


def test_the_section_puts_the_sentence_beside_its_verdict(judged: Sequence[JudgedClaim]) -> None:
    more = {"sure": "Nearest flip: none."}
    text = "\n".join(claims_section(judged, lambda each: more.get(each.claim.name, ""), "Flips were looked for.", 3))
    assert max(map(len, text.split("\n"))) <= WIDTH
    flat = re.sub(r"\s+", " ", text)
    assert "Of 8 claims 2 hold, 1 barely, 1 idle, 1 undecided, 1 undefined and 2 fail. Flips were looked for." in flat
    assert re.search(r"sure HOLDS: [^A-Z]*So it is\. .*Nearest flip: none\. small BARELY", flat)
    assert (
        "small BARELY: So it is. payoff(a) > 2.9, under grim_a against grim_b: 3.00 against 2.90; margin 0.100 (points a month)"
        in flat
    )
    assert "worth noting from 0.500" in flat
    assert "The other 3 lines: 2 hold and 1 barely." in flat
    assert "wrong FAILS: So it is. payoff(a, defect_a, defect_b) > 0.25, under bargaining point: 0 against 0.250; " in flat
    assert "margin -0.250 (points a month)." in flat
    assert "empty IDLE" in flat
    assert (
        "none UNDEFINED: So it is. payoff(a, grim_a, grim_b) / (fee - 1) > 0, under bargaining point: a division by zero." in flat
    )
    assert re.search(
        r"open UNDECIDED: .* margin 0\.\d+ \(points a month; between -0\.\d+ and 0\.\d+\); the bounds leave open", flat
    )
    assert "4.00 at the low end, 2.00 at the high end; margin 2.00 (points a month)." in flat


def test_no_claims_no_section() -> None:
    assert claims_section((), lambda each: "more", "search", 3) == []
    assert len(claims_frame(())) == 0


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        (["holds"], "1 holds"),
        (["holds", "fails", "holds", "fails"], "2 hold and 2 fail"),
        (["idle", "barely", "undecided"], "1 barely, 1 idle and 1 undecided"),
    ],
)
def test_tallies(verdicts: list[Verdict], told: str) -> None:
    assert tally(verdicts) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(1234.5, "1234"), (12.34, "12.3"), (0.01234, "0.0123"), (-1e-9, "0"), (0.0, "0"), (math.nan, "-"), (math.inf, "no end")],
)
def test_numbers_have_three_digits_that_count(value: float, told: str) -> None:
    assert significant(value) == told


def test_bounds_are_told_where_they_are_more_than_rounding() -> None:
    assert figure_words(Figure(1.0, 1.0 - 1e-9, 1.0 + 1e-9)) == "1.00"
    assert figure_words(Figure(1.0, 0.5, 2.0)) == "1.00 (between 0.500 and 2.00)"
    assert figure_words(Figure.between(0.5, 2.0, "why")) == "between 0.500 and 2.00"
    assert figure_words(Figure.exact(1.0), "chance") == "1.00 (chance)"
    assert figure_words(Figure(1.0, 0.5, 2.0), "months") == "1.00 (months; between 0.500 and 2.00)"
    assert figure_words(Figure.between(0.5, 2.0, "why"), "times") == "between 0.500 and 2.00 (times)"
    assert figure_words(Figure.between(-math.inf, 2.0, "why")) == "without bounds"
