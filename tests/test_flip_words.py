"""A flip is told in the same words on the printed page, in the report and in tables for writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from leverage import run
from leverage.output.files import write_run
from leverage.output.flips import Flip
from leverage.output.stress import flips_of, nearest, tipping_frame
from leverage.output.text import run_text
from leverage.report.assumptions_part import nearest_flips
from leverage.report.claims_part import claims_of
from leverage.scenario.scenario import Parameter
from leverage.stress.tipping import FLIPS, Tipping
from leverage.writing.run_folder import RunFolder
from leverage.writing.tables import table_for_writing
from tests.dilemma import claim, dilemma


@pytest.mark.parametrize(
    ("bracket", "to", "words"),
    [
        ((0.3095, 0.309), "fails", "fails if pace falls below 0.309 (now 0.590)"),  # a narrow bracket is a number
        ((0.7, 0.8), "holds", "holds if pace exceeds a value between 0.700 and 0.800 (now 0.590)"),
        ((0.7, 0.70001), "barely", "holds barely if pace exceeds 0.700 (now 0.590)"),
    ],
)
def test_side_place_and_verdict(bracket: tuple[float, float], to: str, words: str) -> None:
    pace = Parameter("pace", 0.59, 0.0, 1.0, "share")
    row = Tipping("a", pace, 0.59, "holds", FLIPS, bracket, to)
    flip = Flip.of(row)
    assert flip.words == words
    assert flip.above == (bracket[1] > 0.59)
    assert Flip.of_row(tipping_frame([row]).iloc[0].to_dict()) == flip


def test_page_report_and_tables_say_the_same(tmp_path: Path) -> None:
    claims = {"trust": claim("payoff(a) > 2", "grim_a against grim_b", 0.1), "never": claim("payoff(a) > 20", "bargaining point")}
    found = run(dilemma(claims))
    flip = nearest(found.flips, "trust")
    assert flip is not None
    words = Flip.of(flip).words
    told = flips_of(found.flips)
    assert [told(judged) for judged in found.judged if judged.claim.name == "trust"] == [f"{words[:1].upper()}{words[1:]}."]
    folder = RunFolder.open(write_run(found, run_text(found), tmp_path / "run", "csv", 1.0))
    assert f"trust {words}" in nearest_flips(folder)
    assert next(each.flip for each in claims_of(folder) if each.name == "trust") == words
    assert words in {row[-1] for row in table_for_writing(folder, "claims").rows}
