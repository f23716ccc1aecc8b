"""What a number rests on is told from the text of its source by one rule, not by a word that occurs in it."""

from __future__ import annotations

import pytest

from leverage.scenario.provenance import PROVENANCES, provenance_of


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("judgement", "judgement"),
        ("Judgement; half after 5 to 46 months", "judgement"),
        ("judgment, against the article: time to recover", "judgement"),
        ("article, rationale; size a judgement", "source, size judged"),
        ("article, lead (asks at what cost; calls it low); judgement", "source, size judged"),
        ("Smith 2014; its size a judgement.", "source, size judged"),
        ("Smith 2014, table 3", "source"),
        ("Smith 2014, against the judgement of others; no judgement of ours", "source"),
        ("a judgement of the court, 2014", "source"),
        ("judgemental forecasts, 2014", "source"),
        ("", "not said"),
        (" \n", "not said"),
    ],
)
def test_the_class_of_a_source(source: str, expected: str) -> None:
    assert provenance_of(source) == expected
    assert expected in PROVENANCES
