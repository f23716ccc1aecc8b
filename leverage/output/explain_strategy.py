"""A named strategy explained: against each answer, who would depart, where, to what, for how much; what would alter that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leverage.analysis.outcomes import date_label
from leverage.analysis.plays import BEST_REPLY
from leverage.analysis.point import Point
from leverage.analysis.selections import played
from leverage.analysis.temptations import JudgedCombination
from leverage.output.columns import listed, paragraph, section
from leverage.output.explanation_parts import Parts
from leverage.output.heading import head_text, setting_words
from leverage.output.telling import Telling
from leverage.scenario.wording import plain
from leverage.stress.cheapest_change import CheapestChange
from leverage.stress.combination_question import CREDIBLE, EQUILIBRIUM

#: Verdict -> what a combination would then do.
BECOMES: Mapping[str, Mapping[str, str]] = {
    EQUILIBRIUM: {"holds": "be an equilibrium as written", "fails": "no longer be an equilibrium as written"},
    CREDIBLE: {"holds": "have a credible path", "fails": "no longer have a credible path"},
}

_PATH = "What is played while nobody departs"

#: A path's verdict -> the sentence.
PATH_SENTENCES: Mapping[str, str] = {
    "sustainable": f"{_PATH} is credible: the worst credible punishments deter every departure from it.",
    "not sustainable": f"{_PATH} is not credible: no credible punishment deters some departure from it.",
    "cannot be told": f"{_PATH} may be credible or not: it cannot be told, as all credible play is not known closely enough.",
    "not defined": f"{_PATH} takes mixed actions: a departure is not seen, so that its credibility is not defined.",
}


@dataclass(frozen=True, eq=False)
class ExplainedStrategy:
    """name, player (its number), says: of the strategy. combinations: with every answer to it. changes: (statement, names) -> the
    cheapest change found. left_out: combinations that are not told."""

    name: str
    player: int
    says: str
    combinations: tuple[JudgedCombination, ...]
    changes: Mapping[tuple[str, tuple[str, ...]], CheapestChange]
    left_out: int = 0


def strategy_page(point: Point, found: ExplainedStrategy) -> Telling:
    """The page of `simulate explain FILE --strategy NAME`."""
    told = Telling()
    parts = Parts(told, point)
    told.head(head_text(point.scenario, f"Why {plain(found.name)}"))
    told.head(paragraph(f"{plain(found.name)} ({parts.keys[found.player]}): {found.says or 'a named strategy'}"))
    if setting := setting_words(point.scenario):
        told.head(paragraph(setting))
    told.topic = found.name
    _summary(told, found)
    told.head("")
    for k, judged in enumerate(found.combinations, 1):
        told.topic = " against ".join(judged.names)
        title = plain(told.topic)
        told.head(section(k, title))
        _Combination(parts, judged, found.changes).tell()
        told.head("")
    told.head(
        paragraph(
            f"Numbers are {parts.unit} spread over the whole future: what one {point.game().period_unit} brings counts by 1"
            " minus the discount factor. They are cells of explanation.csv."
        )
    )
    return told


def _summary(told: Telling, found: ExplainedStrategy) -> None:
    """How many combinations stand."""
    defined = [each for each in found.combinations if each.plan is not None]
    if not found.combinations:
        told.say("Nobody can be set against it: the other players have no named strategies, or there are too many combinations.")
        return
    whole = told.count(found.name, "combinations explained", len(found.combinations))
    if not defined:
        told.say(f"None of its combinations ({whole}) is defined here.")
        return
    written = sum(each.verdict is not None and (each.verdict.equilibrium or each.verdict.subgame_perfect) for each in defined)
    perfect = sum(each.verdict is not None and each.verdict.subgame_perfect for each in defined)
    paths = [each.path.answer for each in defined if each.path is not None]
    numbers = [
        told.count(found.name, "equilibria as written", written),
        told.count(found.name, "subgame perfect as written", perfect),
    ]
    text = f"Combinations: {whole}; equilibria as written: {numbers[0]}, of these subgame perfect: {numbers[1]}"
    if paths:
        upheld = told.count(found.name, "credible paths", paths.count("sustainable"))
        text += f"; with a path that worst credible punishments uphold: {upheld}"
    if found.left_out:
        text += f"; not told: {told.count(found.name, 'combinations not told', found.left_out)}"
    told.say(f"{text}.")


@dataclass(frozen=True, eq=False)
class _Combination:
    parts: Parts
    judged: JudgedCombination
    changes: Mapping[tuple[str, tuple[str, ...]], CheapestChange]

    def tell(self) -> None:
        judged, told = self.judged, self.parts.told
        if judged.plan is None or judged.verdict is None:
            told.say(f"Undefined: {told.name(judged.reason)}.")
            return
        self._pays()
        self._as_written()
        self._change(EQUILIBRIUM)
        self._path()
        self._change(CREDIBLE)

    def _pays(self) -> None:
        told, game, plan = self.parts.told, self.parts.point.game(), self.judged.plan
        if plan is None:
            return
        chosen = played(plan, "")
        pays = [
            f"{key} {told.number(key, 'payoff', v, self.parts.unit)}"
            for key, v in zip(self.parts.keys, chosen.payoffs, strict=True)
        ]
        text = f"It pays {listed(pays)} {self.parts.unit}"
        if self.parts.event and game.measures.dates:
            date = date_label(game, game.measures.dates[-1])
            chance = chosen.outcome(self.parts.event, f"chance by {date}")
            words = told.share(self.parts.event, f"chance by {date}", chance)
            text += f"; {plain(self.parts.event)} within {told.name(date)}: {words}"
        told.say(f"{text}.")

    def _as_written(self) -> None:
        judged, told, keys = self.judged, self.parts.told, self.parts.keys
        verdict = judged.verdict
        if verdict is None:
            return
        if verdict.subgame_perfect:
            told.say("As written it is an equilibrium, and subgame perfect: nobody gains by departing after any history.")
            return
        if verdict.equilibrium:
            told.say("As written it is an equilibrium, but not subgame perfect: it rests on play that would not be kept up.")
        else:
            allowed = verdict.certificate.error * 4 + 1e-9 * self.parts.point.game().payoff_range
            gains = [
                f"{keys[i]} would gain {told.number(keys[i], 'gain by the best reply', float(g), self.parts.unit)}"
                for i, g in enumerate(verdict.best_reply_gains)
                if g > allowed
            ]
            told.say(f"As written it is no equilibrium: by playing otherwise from the start, {listed(gains)} {self.parts.unit}.")
        for each in judged.temptations():
            self.parts.departure(each, "Most tempting single departure of", punished=False)

    def _path(self) -> None:
        judged, told = self.judged, self.parts.told
        if judged.path is None:
            told.say(f"Whether worst credible punishments would uphold it was not asked: {told.name(judged.unasked)}.")
            return
        told.say(PATH_SENTENCES[judged.path.answer])
        found = judged.tightest()
        if found is not None:
            self.parts.departure(found, "The constraint that binds is on", punished=True)

    def _change(self, statement: str) -> None:
        found = self.changes.get((statement, self.judged.names))
        if found is not None:
            reply = " (with the reply that is then best)" if BEST_REPLY in self.judged.names else ""
            self.parts.cheapest(found, f"it{reply}" if found.parameter else f"this verdict{reply}", BECOMES[statement])


def told_combinations(names: Sequence[tuple[str, ...]], most: int) -> tuple[list[tuple[str, ...]], int]:
    """Those that a page tells, best replies among them, and how many are left out."""
    written = [each for each in names if BEST_REPLY not in each]
    replying = [each for each in names if BEST_REPLY in each]
    kept = [*written[: max(0, most - len(replying[:most]))], *replying[:most]]
    return kept, len(names) - len(kept)
