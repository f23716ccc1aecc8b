"""What a run prints: the answer in words, then tables of 80 columns. Every number is a cell of a table in the run's folder."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from leverage.analysis.outcomes import date_label
from leverage.analysis.plays import BEST_REPLY, Play
from leverage.output.columns import WIDTH, listed, number, paragraph, percent, section, table
from leverage.output.frames import Run
from leverage.output.sentences import departure_words
from leverage.scenario.scenario import Player
from leverage.scenario.wording import plain


def run_text(run: Run) -> str:
    """The printed text of a run, without a trailing newline."""
    page = _Page(run)
    parts = [
        page.head(),
        page.answer(),
        "",
        *page.replies(),
        *page.costs(),
        *page.pairs(),
        *page.concepts(),
        *page.departures(),
        *page.checks(),
    ]
    return "\n".join(part for part in parts if part is not None)


@dataclass(frozen=True, eq=False)
class _Page:
    run: Run

    # --- whom it is about ------------------------------------------------------------------------------------------

    @cached_property
    def about(self) -> int:
        """The player whose strategies are compared: the holder of the first instrument, else the first with named strategies."""
        scenario = self.run.scenario
        if scenario.instruments:
            return scenario.instruments[0].holder
        return next((i for i, own in enumerate(scenario.strategies) if own), 0)

    @property
    def player(self) -> Player:
        return self.run.scenario.players[self.about]

    @cached_property
    def against_replies(self) -> list[Play]:
        """The player's strategies against best replies (two players), best first."""
        found = [p for p in self.run.plays if p.has_best_reply and p.strategies[self.about] != BEST_REPLY]
        return sorted(found, key=lambda play: (-self.payoff(play, self.about), play.selection))

    @cached_property
    def written(self) -> list[Play]:
        """Combinations of named strategies."""
        return [p for p in self.run.plays if not p.is_solution and not p.has_best_reply]

    def payoff(self, play: Play, player: int) -> float:
        return play.value(self.run.game.players[player], "payoff")

    def short(self, play: Play) -> str:
        """The name of a play against best replies: the named strategies alone."""
        return plain(" with ".join(name for name in play.strategies if name != BEST_REPLY))

    @property
    def others(self) -> str:
        names = [player.key for i, player in enumerate(self.run.scenario.players) if i != self.about]
        return listed(names) if names else "nobody"

    @cached_property
    def event(self) -> str:
        """The first declared event, or ''."""
        return next(iter(self.run.game.measures.events), "")

    @cached_property
    def dates(self) -> list[str]:
        return [date_label(self.run.game, date) for date in self.run.game.measures.dates]

    # --- the answer ------------------------------------------------------------------------------------------------

    def head(self) -> str:
        scenario = self.run.scenario
        name = Path(scenario.source).name
        title = scenario.title.upper()
        first = (
            f"{title}{name.rjust(WIDTH - len(title))}"
            if len(title) + len(name) < WIDTH
            else f"{paragraph(title)}\n{name.rjust(WIDTH)}"
        )
        return f"{first}\n{'=' * WIDTH}"

    def answer(self) -> str:
        """The scenario's question answered in sentences; with the title they are the first ten lines."""
        sentences = [self._best(), self._soonest_and_cheapest(), self._believed(), self._unbound(), self._setting()]
        return "\n".join(paragraph(f"* {sentence}", 2) for sentence in sentences if sentence)

    def _best(self) -> str:
        if not self.against_replies:
            return ""
        best, *others = self.against_replies
        lead = f"Best for {self.player.name}, as {self.others} replies best: {self.short(best)}"
        lead = f"{lead}, {number(self.payoff(best, self.about))} {self.run.game.payoff_unit}"
        told = [f"{self.short(play)} {number(self.payoff(play, self.about))}" for play in others]
        return f"{lead}; {', '.join(told)}." if told else f"{lead}."

    def _extremes(self, values: list[float], words: Callable[[float], str]) -> str:
        """'54% under tied pace to 18% under full exit'."""
        low, high = (min(values), max(values))
        names = {
            value: listed([self.short(p) for p, v in zip(self.against_replies, values, strict=True) if v == value])
            for value in (low, high)
        }
        return f"{words(high)} under {names[high]}" + (f" to {words(low)} under {names[low]}" if low < high else "")

    def _soonest_and_cheapest(self) -> str:
        told = []
        if self.against_replies and self.event:
            values = [play.value(self.event, f"chance by {self.dates[-1]}") for play in self.against_replies]
            told.append(f"'{plain(self.event)}' within {self.dates[-1]}: {self._extremes(values, percent)}")
        tagged = [t.name for t in self.run.scenario.terms if t.player == self.about and t.tag]
        if self.against_replies and tagged:
            costs = [-sum(play.value(self.player.name, f"term: {name}") for name in tagged) for play in self.against_replies]
            told.append(f"price: {self._extremes(costs, number)}")
        return "; ".join(told) + "." if told else ""

    def _believed(self) -> str:
        if not self.written:
            return ""
        count = len(self.written)
        good = [plain(play.selection) for play in self.written if play.equilibrium]
        if not good:
            nearest = min(self.written, key=lambda play: (max(play.reply_gains), play.selection))
            who = self.run.scenario.players[int(np.argmax(nearest.reply_gains))].key
            told = f"nearest: {plain(nearest.selection)}; {who} gains {number(max(nearest.reply_gains), 2)} by leaving"
            return f"Believed? No: none of the {count} pairs of named strategies is an equilibrium ({told})."
        perfect = [plain(play.selection) for play in self.written if play.subgame_perfect]
        tail = (
            f"subgame perfect: {listed(perfect)}"
            if perfect
            else "none is subgame perfect: each rests on a threat or promise that would not be kept"
        )
        return f"Believed? Equilibria among {count} pairs of named strategies: {listed(good)}; {tail}."

    def _unbound(self) -> str:
        play = next((p for p in self.run.plays if p.selection == "Markov perfect"), None)
        if play is None:
            return "Bound to nothing: no Markov perfect equilibrium was found and certified; see the end."
        payoffs = [f"{player.key} {number(self.payoff(play, i))}" for i, player in enumerate(self.run.scenario.players)]
        tail = ""
        if self.event:
            chance = play.value(self.event, f"chance by {self.dates[-1]}")
            tail = f"; '{plain(self.event)}' within {self.dates[-1]}: {percent(chance)}"
        return f"Bound to nothing (a Markov perfect equilibrium): {listed(payoffs)}{tail}."

    def _setting(self) -> str:
        scenario = self.run.scenario
        changed = [f"{name} = {value:g}" for name, value in scenario.overrides.items()]
        where = [f"variant {scenario.variant}"] if scenario.variant else []
        return f"Not the baseline: {', '.join(where + changed)}." if where or changed else ""

    # --- tables ----------------------------------------------------------------------------------------------------

    def replies(self) -> list[str]:
        if not self.against_replies:
            return []
        return self._table(
            1, f"strategies of {self.player.key}", f"{self.others} replies as suits it best", self.against_replies, self.short
        )

    def concepts(self) -> list[str]:
        plays = [play for play in self.run.plays if play.is_solution]
        return self._table(4, "bound to no named strategy", "", plays, lambda play: play.selection) if plays else []

    def _table(self, which: int, title: str, note: str, plays: list[Play], name: Callable[[Play], str]) -> list[str]:
        """Payoffs and the first event, then what happens on the way."""
        told = [note] if note else []
        told += [f"in %: chance of '{plain(self.event)}'"] if self.event else []
        parts = [section(which, title, "; ".join(told))]
        for caption, heads, cells in (
            ("", self._payoff_heads(), self._payoff_cells),
            (f"within {self.dates[-1]}", self._way_heads(), self._way_cells),
        ):
            if heads:
                text, cut = table([caption, *heads], [[name(play), *cells(play)] for play in plays])
                parts += [text, f"{cut} more columns in outcomes.csv\n" if cut else ""]
        return parts

    def _payoff_heads(self) -> list[str]:
        game = self.run.game
        heads = [f"{player.key} gets" for player in self.run.scenario.players]
        if self.event:
            heads += [f"by {date}" for date in self.dates] + ["ever", f"{game.period_unit}s to it"]
        return heads

    def _payoff_cells(self, play: Play) -> list[str]:
        game = self.run.game
        cells = [number(self.payoff(play, i)) for i in range(game.n_players)]
        if self.event:
            cells += [percent(play.value(self.event, f"chance by {date}")) for date in self.dates]
            cells += [
                percent(play.value(self.event, "chance ever")),
                number(play.value(self.event, f"{game.period_unit}s to it, given it happens")),
            ]
        return cells

    def _way_heads(self) -> list[str]:
        game = self.run.game
        return [f"mean {plain(name)}" for name in game.measures.averages] + [plain(name) for name in game.measures.counts]

    def _way_cells(self, play: Play) -> list[str]:
        game, last = self.run.game, self.dates[-1]
        cells = [number(play.value(name, f"average over {last}"), 2) for name in game.measures.averages]
        return cells + [number(play.value(name, f"number by {last}")) for name in game.measures.counts]

    def costs(self) -> list[str]:
        if not self.against_replies:
            return []
        terms = [t for t in self.run.scenario.terms if t.player == self.about]
        rows = [
            [
                plain(t.name) + (f" ({t.tag})" if t.tag else ""),
                *(number(p.value(self.player.name, f"term: {t.name}")) for p in self.against_replies),
            ]
            for t in terms
        ]
        rows.append(["sum = payoff", *(number(self.payoff(play, self.about)) for play in self.against_replies)])
        text, cut = table(["", *(self.short(play) for play in self.against_replies)], rows)
        head = section(2, f"at what cost: what makes up {self.player.key}'s payoff", self.run.game.payoff_unit)
        return [head, text, "" if not cut else f"{cut} more columns in outcomes.csv\n"]

    def pairs(self) -> list[str]:
        """Every combination of named strategies, in blocks of the first player's."""
        if not self.written:
            return []
        keys = [player.key for player in self.run.scenario.players]
        heads = [f"{key} gets" for key in keys] + ([f"{plain(self.event)} by {self.dates[-1]}"] if self.event else [])
        heads += ["equi- librium", *(f"{key} could gain" for key in keys)]
        rows: list[list[str]] = []
        for first, block in itertools.groupby(self.written, key=lambda play: play.strategies[0]):
            rows.append([plain(first), *[""] * len(heads)])
            rows += [self._pair_row(play) for play in block]
        text, _ = table(["", *heads], rows)
        note = "could gain: by its best reply, from the start; perfect: also after every history"
        return [section(3, "pairs of named strategies, as written", note), text, ""]

    def _pair_row(self, play: Play) -> list[str]:
        row = [
            f"  v. {plain(', '.join(play.strategies[1:]))}",
            *(number(self.payoff(play, i)) for i in range(len(play.reply_gains))),
        ]
        row += [percent(play.value(self.event, f"chance by {self.dates[-1]}"))] if self.event else []
        row += ["perfect" if play.subgame_perfect else "Nash" if play.equilibrium else "no"]
        return row + [number(gain) for gain in play.reply_gains]

    def departures(self) -> list[str]:
        told = [
            f"{self.short(play)} - {departure_words(self.run.scenario, play)}" for play in self.against_replies if play.departure
        ]
        if not told:
            return []
        lines = [paragraph(f"* {sentence}", 2) for sentence in told]
        return [
            section(5, f"why {self.player.key}'s strategies are not believed", "largest gain of a single departure"),
            *lines,
            "",
        ]

    def checks(self) -> list[str]:
        run = self.run
        told = [f"Points: 0 = {zero}; 100 = {hundred}." for _, zero, hundred in [run.scenario.payoff_unit] if zero and hundred]
        told += [f"{play.selection}: {play.status}." for play in run.plays if play.is_solution]
        told.append(f"Rounding error of every outcome at most {run.outcomes['certificate'].max():.1g}.")
        judged = [p for p in run.scenario.parameters.values() if p.in_doubt]
        if judged:
            told.append(f"{len(judged)} numbers are in doubt; their ranges and sources are in the scenario file.")
        told += [f"NOT SOLVED - {each.selection}: {each.advice}" for each in run.unsolved]
        told += [f"Note: {note}." for note in run.scenario.notes]
        return [section(6, "checked"), *(paragraph(f"* {sentence}", 2) for sentence in told)]
