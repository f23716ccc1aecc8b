"""Markov equilibria in print: those that were found side by side, how each was found, and what is known about their number."""

from __future__ import annotations

import math

from leverage.analysis.equilibria import MeasuredEquilibrium, difference
from leverage.output.columns import paragraph, percent, section, shortened, table
from leverage.output.facts import MOST_ROWS, Facts
from leverage.output.frames import Run
from leverage.output.heading import head_text, setting_words
from leverage.scenario.wording import counted, plain

#: From so many equilibria without an error radius on the page says that they may be points of a continuum.
MANY_TIED = 3


def equilibria_text(run: Run) -> str:
    """The page of `simulate equilibria`, without a trailing newline."""
    facts = Facts(run)
    told = [f"{found_words(facts)} {known_words(facts)}", selected_words(facts), setting_words(run.scenario)]
    return "\n".join(
        [
            head_text(run.scenario, "Markov equilibria"),
            *(paragraph(f"* {sentence}", 2) for sentence in told if sentence),
            "",
            section(1, "equilibria found", _note(facts)),
            *([_table(facts, checked=True), ""] if run.markov.equilibria else ["none", ""]),
            *_search(facts),
            *_differences(facts),
            *_columns(facts, 4 if len(run.markov.equilibria) > 1 else 3),
        ]
    )


def markov_lines(facts: Facts) -> list[str]:
    """What the page of a run says about further Markov equilibria, below the point prediction."""
    lines = [paragraph(f"{selected_words(facts)} {found_words(facts)} {known_words(facts)}")]
    if len(facts.run.markov.equilibria) > 1:
        lines += ["", _table(facts, checked=False)]
    return [*lines, ""]


def found_words(facts: Facts) -> str:
    """How many were found, by how much work."""
    found = facts.run.markov.found
    kind = "Markov equilibrium" if len(found.equilibria) == 1 else "different Markov equilibria"
    searched = f"{found.searches} searches from other starts and the enumeration of pure play"
    tied = sum(not each.radius.bounded for each in found.equilibria)
    ties = f" {tied} of them lie at exact ties, where equilibria may fill a continuum." if tied >= MANY_TIED else ""
    return f"{len(found.equilibria) or 'No'} {kind} found, by {searched}.{ties}"


def known_words(facts: Facts) -> str:
    """What is known about their number."""
    found = facts.run.markov.found
    if found.complete:
        return "Complete: there is no other, pure or mixed."
    if len(facts.keys) == 1:
        return "A player alone gets the same in every one."
    if found.complete_pure:
        return "Complete as to pure ones; there may be more mixed ones."
    return "There may be more."


def selected_words(facts: Facts) -> str:
    """The rule by which the point prediction is selected."""
    markov = facts.run.markov
    if not markov.found.selected:
        return "No point prediction: the selected equilibrium was not found and certified."
    only = "" if len(markov.equilibria) == 1 else " (number 1)"
    return f"The point prediction{only} is selected as the {markov.equilibria[0].found.solution.selection}."


# --- the table -----------------------------------------------------------------------------------------------------------


def _note(facts: Facts) -> str:
    return f"in %: {plain(facts.event)} by {facts.dates[-1]}" if facts.event else ""


def _table(facts: Facts, *, checked: bool) -> str:
    markov = facts.run.markov
    heads = ["equilibrium", *(f"{plain(key)} gets" for key in facts.keys)]
    heads += [f"by {facts.dates[-1]}"] if facts.event else []
    heads += ["play"]
    if checked:
        heads += ["plays found", "largest gain", "error radius"]
    shown = markov.equilibria[:MOST_ROWS]
    rows = [
        [str(k) + (" (selected)" if markov.found.selected and k == 1 else ""), *_cells(facts, each, checked=checked)]
        for k, each in enumerate(shown, 1)
    ]
    text, cut = table(heads, rows)
    more = len(markov.equilibria) - len(shown)
    left = [counted(count, noun) for count, noun in ((more, "more row"), (cut, "more column")) if count > 0]
    return f"{text}\n{' and '.join(left)} in equilibria.csv" if left else text


def _cells(facts: Facts, each: MeasuredEquilibrium, *, checked: bool) -> list[str]:
    cells = [facts.points(each.value(name, "payoff")) for name in facts.run.game.players]
    if facts.event:
        low, high = map(percent, each.span(facts.event, f"chance by {facts.dates[-1]}"))
        cells += [low if low == high else f"{low} to {high}"]
    cells += ["pure or mixed" if each.found.kind == "both" else each.found.kind]
    if checked:
        radius = each.found.radius.radius
        cells += [f"{each.found.plays:,}", f"{each.found.solution.certificate:.1g}"]
        cells += ["-" if math.isnan(radius) else f"{1.05 * radius:.1g}"]
    return cells


# --- how they were found, and how they differ ----------------------------------------------------------------------------------


def _search(facts: Facts) -> list[str]:
    markov, lines = facts.run.markov, []
    for k, each in enumerate(markov.equilibria[:MOST_ROWS], 1):
        first, *others = each.found.found_by
        more = f"; also by {counted(len(others), 'other search')}".replace("searchs", "searches") if others else ""
        lines.append(paragraph(f"* {k}: {first}{more}.", 2))
    lines += [paragraph(f"* {note[0].upper()}{note[1:]}.", 2) for note in markov.found.notes]
    return [section(2, "how they were found, and what is known about their number"), *lines, ""]


def _differences(facts: Facts) -> list[str]:
    """Where each of the others departs from the first, in one sentence."""
    first, *others = facts.run.markov.equilibria or (None,)
    if first is None or not others:
        return []
    lines = []
    for k, other in enumerate(others[: MOST_ROWS - 1], 2):
        found = difference(first.found.solution, other.found.solution)
        if found is not None:
            player = next(p.key for p in facts.run.scenario.players if p.name == found.player)
            plays = [_lottery(found.chances, which) for which in (2, 1)]
            where = f"{counted(found.states, 'state')} of {facts.run.game.n_states}, first"
            lines.append(
                paragraph(f"* {k} differs from 1 in {where} with {found.state}: {player} plays {plays[0]}, not {plays[1]}.", 2)
            )
    return [section(3, "where they differ"), *lines, ""]


def _lottery(chances: tuple[tuple[str, float, float], ...], which: int) -> str:
    """'hold', or 'hold 40%, redeploy 60%'."""
    used = [(shortened(plain(row[0])), float(row[which])) for row in chances if float(row[which]) > 0.5e-2]
    if len(used) == 1:
        return f"'{used[0][0]}'"
    return ", ".join(f"'{name}' {percent(chance)}" for name, chance in used)


def _columns(facts: Facts, which: int) -> list[str]:
    """What the last columns of the table mean."""
    told = ["plays found: different plays in which everybody gets the same in every state; they differ by exact ties"]
    if any(len(each.found.ways) > 1 for each in facts.run.markov.equilibria) and facts.event:
        told.append("where those plays settle differently, the table gives the least and the largest chance")
    unit = facts.run.game.payoff_unit
    told.append(f"largest gain: of any single departure, anywhere ({unit}), as the independent checker found it")
    reasons = dict.fromkeys(each.found.radius.reason for each in facts.run.markov.equilibria if each.found.radius.reason)
    told.append(f"error radius: distance of payoffs to those of an exact equilibrium, at most ({unit})")
    told += [f"error radius '-': {reason}" for reason in list(reasons)[:3]]
    return [section(which, "columns"), *(paragraph(f"* {each}.", 2) for each in told)]
