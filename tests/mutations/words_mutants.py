"""Planted faults in words: what is said is not what stands in the tables."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

FLIPS = faults_in(
    "output/flips.py",
    ("return self.at > self.value", "return self.at < self.value", "the side on which it flips"),
    ("return (self.low + self.high) / 2", "return self.high", "an end of the bracket for its middle"),
    ("min(row.bracket), max(row.bracket)", "row.bracket[0], row.bracket[1]", "the ends below the value in use change places"),
    ('row["high"] - row["low"]', 'row["bracket_high"] - row["bracket_low"]', "every bracket is wide"),
    ("> EDGE_WIDTH * self.span and", "> self.span and", "no bracket is wide"),
    (" and ends[0] != ends[1]", "", "two ends that print alike"),
    ('"barely": "holds barely"', '"barely": "holds"', "barely is more than it is"),
    ("(now {significant(self.value)})", "(now {significant(self.at)})", "the value in use"),
)

PROVENANCE = faults_in(
    "scenario/provenance.py",
    ('source.split(";")', 'source.split(",")', "parts"),
    (r"judge?ment\b", r"judge?ment", "words that begin alike"),
    (r"judge?ment\b", r"judgement\b", "the other spelling"),
    ("_JUDGEMENT.match(first)", "_JUDGEMENT.search(source)", "the word wherever it stands"),
    ("_SIZE.fullmatch(part)", "_SIZE.search(part)", "a judgement that is denied"),
    ("if any(_SIZE.fullmatch(part) for part in others)", "if others", "whatever comes second"),
    ("if not source.strip():", "if not source:", "blanks are a source"),
)
