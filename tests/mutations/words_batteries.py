"""Batteries for words: sentences by hand."""

from __future__ import annotations

from types import ModuleType

from leverage.output.stress import tipping_frame
from leverage.scenario.scenario import Parameter
from leverage.stress.tipping import FLIPS, Tipping

#: Bracket, verdict beyond, and the sentence, of a parameter in [0, 10] that is 5.9.
FLIP_WORDS = (
    ((3.1, 3.0901), "fails", "fails if pace falls below 3.10 (now 5.90)"),
    ((3.095, 3.09), "holds", "holds if pace falls below 3.09 (now 5.90)"),
    ((7.0, 8.0), "barely", "holds barely if pace exceeds a value between 7.00 and 8.00 (now 5.90)"),
    ((5.0, 4.0), "fails", "fails if pace falls below a value between 4.00 and 5.00 (now 5.90)"),
)
#: A bracket that is wide on a small range, and whose ends print alike.
ALIKE = ((0.300001, 0.30000199), "fails", "fails if pace exceeds 0.300 (now 0.300)")

SOURCES = {
    "Judgement, against the article; no more": "judgement",
    "judgment": "judgement",
    "article, rationale (asks; answers); size a judgement": "source, size judged",
    "Smith 2014, against judgement; no judgement was needed": "source",
    "judgemental forecasts, 2014; table 3": "source",
    " ": "not said",
}


def check_flips(module: ModuleType) -> None:
    cases = [(Parameter("pace", 5.9, 0.0, 10.0), *case) for case in FLIP_WORDS]
    cases.append((Parameter("pace", 0.3, 0.3, 0.30001), *ALIKE))
    for pace, bracket, to, words in cases:
        row = Tipping("a", pace, pace.value, "holds", FLIPS, bracket, to)
        found = module.Flip.of(row)
        assert found.words == words
        assert module.Flip.of_row(tipping_frame([row]).iloc[0].to_dict()).words == words


def check_provenance(module: ModuleType) -> None:
    assert {source: module.provenance_of(source) for source in SOURCES} == SOURCES
