"""A claim explained: each line with its numbers, what decides, the plays compared, and the cheapest change that flips it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from leverage.analysis.claims import JudgedClaim, JudgedLine
from leverage.analysis.contrasts import contrast_of
from leverage.analysis.figure import Figure
from leverage.analysis.point import Point
from leverage.analysis.temptations import JudgedCombination
from leverage.output.claims import VERDICT_WORDS, with_notes
from leverage.output.columns import listed, paragraph, section
from leverage.output.explain_strategy import PATH_SENTENCES
from leverage.output.explanation_parts import Parts
from leverage.output.heading import head_text, setting_words
from leverage.output.telling import Telling
from leverage.stress.cheapest_change import CheapestChange

BECOMES: Mapping[str, str] = {"holds": "hold", "barely": "hold, if barely", "fails": "fail"}


@dataclass(frozen=True, eq=False)
class ExplainedLine:
    """A judged line. point: with the gap at which it was judged. combination: the strategies that a statement is about. values:
    of a trend, (value of the parameter, the number there)."""

    judged: JudgedLine
    point: Point
    combination: JudgedCombination | None = None
    values: tuple[tuple[float, Figure], ...] = ()


@dataclass(frozen=True, eq=False)
class ExplainedClaim:
    """judged: the verdict. lines: in the order of the claim, selection by selection. change: the cheapest one found."""

    judged: JudgedClaim
    lines: tuple[ExplainedLine, ...]
    change: CheapestChange


def claim_page(point: Point, found: ExplainedClaim) -> Telling:
    """The page of `simulate explain FILE --claim ID`."""
    told, judged = Telling(), found.judged
    parts = Parts(told, point)
    claim = judged.claim
    told.head(head_text(point.scenario, f"Why {claim.name}"))
    name = claim.name if claim.assertion == claim.name else f"{claim.name} ({claim.assertion})"
    told.head(paragraph(f"{name} {VERDICT_WORDS[judged.verdict]}: {claim.says}"))
    if setting := setting_words(point.scenario):
        told.head(paragraph(setting))
    told.topic = claim.name
    _decides(told, found)
    parts.cheapest(found.change, "it" if found.change.parameter else "this verdict", BECOMES)
    told.head("")
    for k, line in enumerate(found.lines, 1):
        told.topic = f"{claim.name}, line {k}"
        told.head(section(k, f"line {VERDICT_WORDS[line.judged.verdict]}"))
        told.head(paragraph(f"{line.judged.line.text}, under {line.judged.selection.words}", 2))
        _Line(Parts(told, line.point), line, claim.worth_noting_from).tell()
        told.head("")
    told.head(paragraph("Every number in a sentence is a cell of explanation.csv."))
    return told


def _decides(told: Telling, found: ExplainedClaim) -> None:
    """Which line binds."""
    judged = found.judged
    if len(found.lines) == 1:
        return
    k = next(k for k, line in enumerate(found.lines, 1) if line.judged is judged.binding)
    which = told.count(judged.claim.name, "number of the line that decides", k)
    worst = [line for line in found.lines if line.judged.verdict == judged.verdict]
    if judged.verdict in ("holds", "barely"):
        why = "the line that would give way first"
    elif len(worst) == 1:
        why = f"no other line {'fails' if judged.verdict == 'fails' else f'is {judged.verdict}'}"
    else:
        why = "the worst of those that " + ("fail" if judged.verdict == "fails" else f"are {judged.verdict}")
    margin = ""
    if judged.margin.known and not math.isnan(judged.margin.value):
        number = told.number(judged.claim.name, "margin", judged.margin, judged.unit)
        margin = f", with a margin of {with_notes(number, told.name(judged.unit))}"
    told.say(f"What decides is line {which}{margin}: {why} ({told.name(judged.binding.line.text)}).")


@dataclass(frozen=True, eq=False)
class _Line:
    parts: Parts
    line: ExplainedLine
    noting: float | None

    @property
    def told(self) -> Telling:
        return self.parts.told

    @property
    def text(self) -> str:
        return self.line.judged.line.text

    def tell(self) -> None:
        judged = self.line.judged
        if judged.line.relation == "is true":
            self._statement()
            return
        if judged.line.is_trend:
            self._trend()
        else:
            self._comparison()
        contrast = contrast_of(judged.line, judged.selection, self.line.point)
        if contrast is not None:
            self.parts.contrast(contrast)

    def _comparison(self) -> None:
        told, judged = self.told, self.line.judged
        if not judged.margin.known:
            told.say(f"It cannot be compared: {told.name(judged.reason)}.")
            return
        left = told.bounded(self.text, "left side", judged.left, judged.unit)
        right = told.bounded(self.text, "right side", judged.right, judged.unit)
        told.say(f"{with_notes(f'{left} against {right}', told.name(judged.unit))}: {self._margin()}.")

    def _margin(self) -> str:
        told, judged = self.told, self.line.judged
        side = "" if math.isnan(judged.margin.value) else ("for it, " if judged.margin.value > 0 else "against it, ")
        text = f"{side}with a margin of {told.bounded(self.text, 'margin', judged.margin, judged.unit)}"
        if judged.reason:
            text += f"; {told.name(judged.reason)}"
        if self.noting is not None and judged.verdict == "barely":
            text += f" (worth noting from {told.number(self.text, 'size worth noting', self.noting, judged.unit)})"
        return text

    def _trend(self) -> None:
        told, judged = self.told, self.line.judged
        if not judged.margin.known:
            told.say(f"It cannot be compared: {told.name(judged.reason)}.")
            return
        name = str(judged.line.right)
        walk = [
            f"{told.bounded(self.text, f'value where {name} = {theta:.6g}', figure, judged.unit)} at "
            f"{told.number(name, 'value looked at', theta, '')}"
            for theta, figure in self.line.values
        ]
        told.say(f"As {told.name(name)} goes over its plausible range: {with_notes(listed(walk), told.name(judged.unit))}.")
        told.say(f"From end to end it speaks {self._margin()}.")

    def _statement(self) -> None:
        told, found = self.told, self.line.combination
        if found is None or found.plan is None or found.verdict is None:
            told.say(f"It cannot be asked: {told.name(found.reason if found else self.line.judged.reason)}.")
            return
        if self.line.judged.line.calls[0].function == "credible":
            if found.path is None:
                told.say(f"It cannot be asked: {told.name(found.unasked)}.")
                return
            told.say(PATH_SENTENCES[found.path.answer])
            tightest = found.tightest()
            if tightest is not None:
                self.parts.departure(tightest, "The constraint that binds is on", punished=True)
            return
        self._as_written(found)

    def _as_written(self, found: JudgedCombination) -> None:
        told, verdict = self.told, found.verdict
        if verdict is None:
            return
        gains = [
            f"{key} {told.number(key, 'gain by the best reply', float(gain), self.parts.unit)}"
            for key, gain in zip(self.parts.keys, verdict.best_reply_gains, strict=True)
        ]
        told.say(f"By its best reply from the start gains: {listed(gains)} {self.parts.unit}.")
        for each in found.temptations():
            self.parts.departure(each, "Most tempting single departure of", punished=False)
