"""The scenario's question answered in sentences: with the title, the first ten lines of what a run prints."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from leverage.analysis.plays import MARKOV
from leverage.output.columns import listed, paragraph, percent, shortened
from leverage.output.facts import MOST_NAMED, Facts
from leverage.output.heading import setting_words
from leverage.output.leverage import leverage_sentence
from leverage.scenario.wording import capital, counted, plain


def answer_text(facts: Facts) -> str:
    """The answer, a bullet a sentence."""
    sentences = [*answer_sentences(facts), setting_words(facts.run.scenario)]
    return "\n".join(paragraph(f"* {sentence}", 2) for sentence in sentences if sentence)


def answer_sentences(facts: Facts) -> list[str]:
    """The answer without its setting."""
    last = _argued(facts) or _unbound(facts)
    return [sentence for sentence in (_best(facts), _sooner_and_price(facts), _believed(facts), last) if sentence]


def _best(facts: Facts) -> str:
    if not facts.compared:
        return ""
    best, *others = facts.compared
    alone = len(facts.keys) == 1
    who = "" if alone else f", as {facts.keys[1 - facts.about] if len(facts.keys) == 2 else 'one of the others'} replies best"
    lead = f"Best for {facts.player.name}{who}: {shortened(facts.label(best))}"
    lead = f"{lead}, {facts.points(facts.payoff(best))} {facts.run.game.payoff_unit}"
    listed_here = others[: MOST_NAMED - 1] if len(facts.keys) <= 2 else []
    told = [f"{shortened(facts.label(play))} {facts.points(facts.payoff(play))}" for play in listed_here]
    more = f", {len(others) - len(told)} more in table 1" if told and len(others) > len(told) else ""
    return f"{lead}; {', '.join(told)}{more}." if told else f"{lead}."


def _sooner_and_price(facts: Facts) -> str:
    told = []
    if facts.compared and facts.event:
        chances = [facts.event_chance(play) for play in facts.compared]
        told.append(f"{plain(facts.event)} within {facts.dates[-1]}: {_extremes(facts, chances, percent)}")
    if facts.compared and facts.has_price:
        prices = [facts.price(play) for play in facts.compared]
        told.append(f"holding and using cost {_extremes(facts, prices, facts.points)}")
    return capital("; ".join(told)) + "." if told else ""


def _extremes(facts: Facts, values: list[float], words: Callable[[float], str]) -> str:
    """'54% under tied pace to 18% under full exit'."""
    low, high = min(values), max(values)
    if len(facts.keys) > 2:
        return f"{words(high)} to {words(low)}" if low < high else words(high)
    names = {value: facts.named([p for p, v in zip(facts.compared, values, strict=True) if v == value]) for value in (low, high)}
    return f"{words(high)} under {names[high]}" + (f" to {words(low)} under {names[low]}" if low < high else "")


def _believed(facts: Facts) -> str:
    if not facts.written or len(facts.keys) == 1:
        return ""
    kind = "pair" if len(facts.keys) == 2 else "combination"
    whole = f"{counted(len(facts.written), kind)} of named strategies"
    good = [play for play in facts.written if play.equilibrium]
    if not good and any(play.path for play in facts.written):
        return _paths(facts, whole)
    if not good:
        nearest = min(facts.written, key=lambda play: (max(play.reply_gains), play.selection))
        who = facts.keys[int(np.argmax(nearest.reply_gains))]
        gain = facts.points(max(nearest.reply_gains))
        told = f"nearest: {shortened(plain(nearest.selection), 48)}, where {who} gains {gain} by playing otherwise"
        return f"Believed? No: of {whole} none is an equilibrium ({told})."
    perfect = [plain(play.selection) for play in good if play.subgame_perfect]
    empty = "none is subgame perfect: each rests on a threat or promise that would not be kept"
    named = listed([plain(play.selection) for play in good[:MOST_NAMED]]) + (", ..." if len(good) > MOST_NAMED else "")
    tail = f"subgame perfect: {listed(perfect[:MOST_NAMED])}" if perfect else empty
    return f"Believed? Of {whole}, {len(good)} in equilibrium: {named}; {tail}."


def _paths(facts: Facts, whole: str) -> str:
    """Nothing is an equilibrium as written: which paths could be upheld all the same."""
    held = sum(play.path is not None and play.path.answer == "sustainable" for play in facts.written)
    told = f"what {held} of them do holds" if held else "nor does what any of them does hold"
    return f"Believed? Of {whole} none is an equilibrium as written; {told} if departures meet the worst credible punishment."


def _argued(facts: Facts) -> str:
    """What the instruments are worth, and how the sentences of the argument fare."""
    worth = leverage_sentence(facts.page, facts.run.ledger, MOST_NAMED - 1)
    judged = facts.run.judged
    standing = sum(each.verdict in ("holds", "barely") for each in judged)
    told = f"{standing} of {counted(len(judged), 'claim')} stand." if judged else ""
    return " ".join(part for part in (worth, told) if part)


def _unbound(facts: Facts) -> str:
    """Bound to nothing: what all credible play allows, then the point prediction."""
    told = [_ranges(facts), _markov(facts)]
    return f"Bound to nothing: {'; '.join(each for each in told if each)}."


def _ranges(facts: Facts) -> str:
    credible = facts.run.credible
    if credible is None:
        return ""
    bounds = credible.outer[facts.run.game.start]
    if not np.all(np.isfinite(bounds)):
        return "no credible play in pure actions (see below)"
    ranges = [f"{key} {facts.points(low)} to {facts.points(high)}" for key, (low, high) in zip(facts.keys, bounds, strict=True)]
    told = f"credible play gives {', '.join(ranges)}"
    agreed = credible.bargained.get("nash")
    if agreed is None:
        return told
    return f"{told}, Nash bargain {' and '.join(facts.points(facts.payoff(agreed, i)) for i in range(len(facts.keys)))}"


def _markov(facts: Facts) -> str:
    play = next((p for p in facts.run.plays if p.selection == MARKOV), None)
    if play is None:
        return "no Markov perfect equilibrium was found and certified (see the end)"
    count = len(facts.run.markov.equilibria)
    which = "Markov perfect" if count == 1 else f"Markov perfect (1 of {count})"
    numbers = [facts.points(facts.payoff(play, i)) for i in range(len(facts.keys))]
    payoffs = (
        " and ".join(numbers) if facts.run.credible else listed([f"{k} {n}" for k, n in zip(facts.keys, numbers, strict=True)])
    )
    tail = f", {plain(facts.event)} within {facts.dates[-1]}: {percent(facts.event_chance(play))}" if facts.event else ""
    return f"{which} {payoffs}" + ("" if facts.run.credible else tail)
