"""What a run prints: the answer in words, then tables of 80 columns. Every number is a cell of a table in the run's folder."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

from leverage.analysis.plays import Play
from leverage.output.answer import answer_text
from leverage.output.claims import claims_section
from leverage.output.columns import Section, listed, number, numbered, paragraph, percent, section, shortened, table
from leverage.output.credible import credible_lines, plan_lines
from leverage.output.equilibria import markov_lines
from leverage.output.facts import MOST_ROWS, Facts
from leverage.output.frames import Run
from leverage.output.heading import head_text
from leverage.output.leverage import leverage_sections
from leverage.output.sensitivity import sensitivity_text
from leverage.output.sentences import departure_words
from leverage.output.stress import flips_of, search_words
from leverage.scenario.wording import counted, plain

#: What is said of a path in a table.
PATH_WORDS = {"sustainable": "yes", "not sustainable": "no", "cannot be told": "?", "not defined": "-"}


def run_text(run: Run) -> str:
    """The printed text of a run, without a trailing newline."""
    facts = Facts(run)
    sections: tuple[Section, ...] = (
        partial(_compared, facts),
        partial(_costs, facts),
        partial(_combinations, facts),
        partial(_concepts, facts),
        partial(credible_lines, facts.page, run.credible),
        partial(plan_lines, run.plans),
        *leverage_sections(facts.page, run.ledger),
        partial(claims_section, run.judged, flips_of(run.flips), search_words(run.flips)),
        partial(_departures, facts),
        partial(sensitivity_text, facts),
        partial(_checks, facts),
    )
    return "\n".join([head_text(run.scenario), answer_text(facts), "", *numbered(sections)])


# --- tables of plays -----------------------------------------------------------------------------------------------------------


def _compared(facts: Facts, which: int) -> list[str]:
    if not facts.compared:
        return []
    others = [plain(event) for event in facts.run.game.measures.events if event != facts.event]
    more = [f"Other events, in outcomes.csv: {', '.join(others)}\n"] if others else []
    return [*_plays(facts, which, f"strategies of {facts.player.key}", facts.replying, facts.compared, facts.label), *more]


def _concepts(facts: Facts, which: int) -> list[str]:
    plays = [play for play in facts.run.plays if play.is_solution]
    if not plays:
        return []
    tables = _plays(facts, which, "bound to no named strategy", "", plays, lambda play: play.selection)
    return [*tables, *markov_lines(facts)]


def _plays(facts: Facts, which: int, title: str, note: str, plays: list[Play], name: Callable[[Play], str]) -> list[str]:
    """Payoffs and the first event, then what happens on the way."""
    told = [note] if note else []
    told += [f"in %: {plain(facts.event)} by then"] if facts.event else []
    parts = [section(which, title, "; ".join(told))]
    shown = plays[:MOST_ROWS]
    for caption, heads, cells in (
        ("", _payoff_heads(facts), _payoff_cells),
        (f"within {facts.dates[-1]}", _way_heads(facts), _way_cells),
    ):
        if heads:
            text, cut = table([caption, *heads], [[shortened(name(play)), *cells(facts, play)] for play in shown])
            parts += [text, _left_out(cut, len(plays) - len(shown))]
    return parts


def _left_out(columns: int, rows: int = 0) -> str:
    """What a table does not show."""
    told = [counted(rows, "more row")] if rows > 0 else []
    told += [counted(columns, "more column")] if columns > 0 else []
    return f"{listed(told)} in outcomes.csv\n" if told else ""


def _payoff_heads(facts: Facts) -> list[str]:
    heads = [f"{plain(key)} gets" for key in facts.keys]
    if facts.event:
        heads += [f"by {date}" for date in facts.dates] + ["ever", f"{facts.run.game.period_unit}s to it"]
    return heads


def _payoff_cells(facts: Facts, play: Play) -> list[str]:
    cells = [facts.points(facts.payoff(play, i)) for i in range(len(facts.keys))]
    if facts.event:
        cells += [percent(play.value(facts.event, f"chance by {date}")) for date in facts.dates]
        late = play.value(facts.event, f"{facts.run.game.period_unit}s to it, given it happens")
        cells += [percent(play.value(facts.event, "chance ever")), number(late)]
    return cells


def _way_heads(facts: Facts) -> list[str]:
    measures = facts.run.game.measures
    return [f"mean {plain(name.removeprefix('mean_'))}" for name in measures.averages] + [plain(name) for name in measures.counts]


def _way_cells(facts: Facts, play: Play) -> list[str]:
    measures, last = facts.run.game.measures, facts.dates[-1]
    cells = [number(play.value(name, f"average over {last}"), 2) for name in measures.averages]
    return cells + [number(play.value(name, f"number by {last}")) for name in measures.counts]


# --- what it costs, and combinations as written --------------------------------------------------------------------------------


def _costs(facts: Facts, which: int) -> list[str]:
    """The named terms of the player's payoff, a column for each of its strategies."""
    shown = facts.compared[:MOST_ROWS]
    terms = [term for term in facts.run.scenario.terms if term.player == facts.about]
    if not shown or not terms:
        return []
    rows = [
        [
            shortened(plain(term.name)) + (f" ({term.tag})" if term.tag else ""),
            *(facts.points(play.value(facts.player.name, f"term: {term.name}")) for play in shown),
        ]
        for term in terms
    ]
    rows.append(["sum = payoff", *(facts.points(facts.payoff(play)) for play in shown)])
    text, cut = table(["", *(facts.label(play) for play in shown)], rows)
    head = section(which, f"at what cost: what makes up {facts.player.key}'s payoff", facts.run.game.payoff_unit)
    return [head, text, _left_out(cut)]


def _combinations(facts: Facts, which: int) -> list[str]:
    """Every combination of named strategies, in blocks of the first player's."""
    if not facts.written or len(facts.keys) == 1:
        return []
    heads = [f"{plain(key)} gets" for key in facts.keys]
    heads += [f"{plain(facts.event)} by {facts.dates[-1]}"] if facts.event else []
    heads += ["equi- librium", *(f"{plain(key)} could gain" for key in facts.keys)]
    heads += ["path holds"] if any(play.path for play in facts.written) else []
    rows: list[list[str]] = []
    for first, block in itertools.groupby(facts.written[: 4 * MOST_ROWS], key=lambda play: play.strategies[0]):
        rows.append([shortened(plain(first)), *[""] * len(heads)])
        rows += [_combination_row(facts, play) for play in block]
    text, cut = table(["", *heads], rows)
    kind = "pairs" if len(facts.keys) == 2 else "combinations"
    note = "could gain: by its best reply, from the start; perfect: also after every history"
    if any(play.path for play in facts.written):
        note += "; path holds: could be upheld by the worst credible punishments"
    head = section(which, f"{kind} of named strategies, as written", note)
    return [head, text, _left_out(cut, len(facts.written) - 4 * MOST_ROWS)]


def _combination_row(facts: Facts, play: Play) -> list[str]:
    row = [f"  v. {shortened(plain(', '.join(play.strategies[1:])))}"]
    row += [facts.points(facts.payoff(play, i)) for i in range(len(facts.keys))]
    row += [percent(facts.event_chance(play))] if facts.event else []
    row += ["perfect" if play.subgame_perfect else "Nash" if play.equilibrium else "no"]
    row += [facts.points(gain) for gain in play.reply_gains]
    return [*row, PATH_WORDS[play.path.answer]] if play.path else row


# --- why, and how well checked -------------------------------------------------------------------------------------------------


def _departures(facts: Facts, which: int) -> list[str]:
    """What the player would rather do than its strategies say, where another player replies best to them."""
    upheld = {play.strategies[facts.about] for play in facts.written if play.equilibrium}
    own = [
        p
        for p in facts.compared
        if p.departure and p.departure.player == facts.player.name and p.strategies[facts.about] not in upheld
    ]
    if not own:
        return []
    told = [f"{shortened(facts.label(play), 40)} - {departure_words(facts.run.scenario, play)}" for play in own[:MOST_ROWS]]
    note = "largest gain of a single departure" + (", against the best reply" if len(facts.keys) > 1 else "")
    return [section(which, f"what {facts.player.key} would rather do", note), *(paragraph(f"* {each}", 2) for each in told), ""]


def _checks(facts: Facts, which: int) -> list[str]:
    run = facts.run
    told = [f"Points: 0 = {zero}; 100 = {hundred}." for _, zero, hundred in [run.scenario.payoff_unit] if zero and hundred]
    told += [f"{play.selection}: {play.status}. Chosen: {play.rule}." for play in run.plays if play.is_solution]
    told.append(f"Rounding error of every outcome: at most {run.outcomes['certificate'].max():.1g}.")
    doubted = sum(parameter.in_doubt for parameter in run.scenario.parameters.values())
    if doubted:
        told.append(f"In doubt: {counted(doubted, 'number')}; ranges and sources are in the scenario file.")
    told += [f"NOT SOLVED - {each.selection}: {each.advice}" for each in run.unsolved]
    told += [f"Note: {note}." for note in run.scenario.notes]
    return [section(which, "checked"), *(paragraph(f"* {sentence}", 2) for sentence in told)]
