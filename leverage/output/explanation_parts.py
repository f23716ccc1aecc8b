"""What explanations of strategies and of claims share: a departure, the cheapest change, two plays beside each other."""

from __future__ import annotations

import math
from collections.abc import Mapping

from leverage.analysis.contrasts import Contrast, term_changes
from leverage.analysis.figure import Figure
from leverage.analysis.outcomes import date_label
from leverage.analysis.point import Point
from leverage.analysis.temptations import Temptation
from leverage.output.claims import significant
from leverage.output.columns import listed
from leverage.output.telling import Telling
from leverage.scenario.wording import capital, plain
from leverage.stress.cheapest_change import CheapestChange

#: Terms that a sentence names.
MOST_TERMS = 3
#: Gains printed as 0 are told as nothing: fractions of the payoff range.
NOTHING = 1e-9


class Parts:
    """Sentences about one parameter point, told to a page."""

    def __init__(self, told: Telling, point: Point) -> None:
        self.told, self.point = told, point
        self.unit = point.game().payoff_unit
        self.keys = [player.key for player in point.scenario.players]

    @property
    def event(self) -> str:
        """The first declared event, or ''."""
        return next(iter(self.point.game().measures.events), "")

    # --- a departure ----------------------------------------------------------------------------------------------

    def departure(self, found: Temptation, lead: str, *, punished: bool) -> None:
        """Who, where, from what to what, for how much; then what makes it up."""
        told, who = self.told, self.keys[found.player]
        where = told.name(found.state) + (f" ({told.name(found.memory)})" if found.memory else "")
        move = f"{told.name(plain(found.action))} instead of {told.name(plain(found.played))}"
        subject = f"{who}: {found.action} instead of {found.played}"
        told.say(f"{lead} {who}, with {where}, by {move}: {self._gain(found, subject, punished)}.{self._reached(found)}")
        if found.terms:
            told.say(f"What changes at once for {who}: {self._terms(found, subject)}.", 4)

    def _gain(self, found: Temptation, subject: str, punished: bool) -> str:
        """'in all it gains 7.76 points a month: it gains 5.10 at once and gains 2.66 by what follows'."""
        told, now = self.told, self._moved(subject, "at once", found.now)
        if not found.gain.known:
            return f"it {now} at once, but no equilibrium can follow"
        if math.isinf(found.gain.value):
            return f"it {now} at once, and no punishment is proved"
        after = "by what follows"
        if punished:
            after = f"{'in spite of' if found.later.value > 0 else 'by'} the worst credible punishment"
        if abs(found.gain.value) <= NOTHING * self.point.game().payoff_range:
            return f"in all it gains and loses nothing: it {now} at once, and the opposite {after}"
        if found.gain.low < 0 < found.gain.high:
            least, most = (significant(abs(end)) for end in (found.gain.low, found.gain.high))
            told.size(subject, "gain of the departure", found.gain, self.unit)
            return f"it {now} at once; in all it gains {most} by the proved punishments, and loses {least} by the bound on them"
        total = told.size(subject, "gain of the departure", found.gain, self.unit)
        later = self._moved(subject, "later", found.later)
        bounds = f" (between {' and '.join(self._ends(found.gain))})" if self._is_wide(found.gain) else ""
        in_all = f"in all it {'gains' if found.gain.value > 0 else 'loses'} {total}{bounds} {self.unit}"
        return f"{in_all}: it {now} at once and {later} {after}"

    @staticmethod
    def _is_wide(gain: Figure) -> bool:
        """Whether its bounds are printed as different numbers, of one sign."""
        same = significant(gain.low) == significant(gain.high)
        return not same and math.isfinite(gain.low) and math.isfinite(gain.high) and gain.low * gain.high > 0

    @staticmethod
    def _ends(gain: Figure) -> list[str]:
        """The bounds of a gain, or of a loss, the smaller size first."""
        return [significant(size) for size in sorted((abs(gain.low), abs(gain.high)))]

    def _moved(self, subject: str, quantity: str, figure: Figure | float) -> str:
        value = figure.value if isinstance(figure, Figure) else figure
        size = self.told.size(subject, quantity, figure, self.unit)
        return f"{'gains' if value >= 0 else 'loses'} {size}"

    def _terms(self, found: Temptation, subject: str) -> str:
        shown = list(found.terms.items())[:MOST_TERMS]
        told = [
            f"{plain(name)} {'+' if v > 0 else '-'}{self.told.size(subject, f'term: {name}', v, self.unit)}" for name, v in shown
        ]
        rest = " and others, smaller" if len(found.terms) > MOST_TERMS else ""
        return f"{', '.join(told)}{rest}"

    def _reached(self, found: Temptation) -> str:
        """Whether the first event holds where somebody departs."""
        if not self.event:
            return ""
        told = "holds already" if found.reached[self.event] else "does not hold (it is yet to come, or undone)"
        return f" There the event {plain(self.event)} {told}."

    # --- the cheapest change ----------------------------------------------------------------------------------------

    def cheapest(self, found: CheapestChange, about: str, becomes: Mapping[str, str]) -> None:
        """'... if presence_cost rose from 17.3 to 21.4'; or how far was searched in vain.

        about: what was asked, as the subject of a sentence. becomes: verdict -> what is then true of it.
        """
        told = self.told
        if found.parameter is None:
            told.say(self._in_vain(found, about))
            return
        parameter, far = found.parameter, found.bracket[1]
        verb = "rose" if far > found.value else "fell"
        start = told.number(parameter.name, "value in use", found.value, parameter.unit)
        low, high = sorted(found.bracket)
        end = told.number(parameter.name, "value at which it flips", Figure(far, low, high), parameter.unit)
        share = told.share(parameter.name, "part of its plausible range", found.share)
        told.say(
            f"Cheapest change found: {about} would {becomes.get(found.flips_to, found.flips_to)} if {told.name(parameter.name)} "
            f"{verb} from {start} to {end}, {share} of its plausible range (all else equal)."
        )

    def _in_vain(self, found: CheapestChange, about: str) -> str:
        told = self.told
        if found.searched_to == 0:
            return f"No change was looked for: {found.reason}."
        far = told.share("all parameters", "distance searched, part of the plausible range", found.searched_to)
        undecided = ""
        if found.untold:
            many = told.count("all parameters", "values at which the bounds do not tell", found.untold)
            undecided = f" At {many} of the values tried it could not be told."
        why = f"; beyond that, {found.reason}" if found.reason else ""
        return f"No single parameter moved by up to {far} of its plausible range was found to change {about}{why}.{undecided}"

    # --- two plays ----------------------------------------------------------------------------------------------------

    def contrast(self, found: Contrast) -> None:
        """Payoffs of two plays, the terms that differ most, and the first event."""
        told, who = self.told, self.keys[found.player]
        names = [told.name(plain(name)) for name in found.names]
        plays = (found.first, found.second)
        pays = [play.payoffs[found.player] for play in plays]
        for play, name in zip(plays, names, strict=True):
            if not play.payoffs[found.player].known:
                told.say(f"{name}: {told.name(play.payoffs[found.player].reason)}.")
                return
        numbers = [told.bounded(f"{who}, {n}", "payoff", pay, self.unit) for n, pay in zip(found.names, pays, strict=True)]
        told.say(f"{who} gets {numbers[0]} {names[0]}, {numbers[1]} {names[1]} ({self.unit}).")
        changes = term_changes(found, self.point)
        if changes:
            shown = [
                f"{plain(each.name)} {'+' if each.change.value > 0 else '-'}"
                f"{told.size(who, f'change of term: {each.name}', each.change, self.unit)}"
                for each in changes[:MOST_TERMS]
            ]
            told.say(f"What makes the difference for {who}: {listed(shown)}.", 4)
        self._event_words(found, names)

    def _event_words(self, found: Contrast, names: list[str]) -> None:
        game, told = self.point.game(), self.told
        if not self.event or not game.measures.dates:
            return
        date = date_label(game, game.measures.dates[-1])
        plays = (found.first, found.second)
        chances = [play.outcome(self.event, f"chance by {date}") for play in plays]
        if not all(each.known and not math.isnan(each.value) for each in chances):
            return
        words = [told.share(f"{self.event}, {n}", f"chance by {date}", c) for n, c in zip(found.names, chances, strict=True)]
        late = f"{game.period_unit}s to it, given it happens"
        times = [play.outcome(self.event, late) for play in plays]
        when = ""
        if all(each.known for each in times):
            both = [
                told.number(f"{self.event}, {n}", late, t, f"{game.period_unit}s")
                for n, t in zip(found.names, times, strict=True)
            ]
            when = f"; if it comes, after {both[0]} and {both[1]} {game.period_unit}s"
        told.say(f"{capital(plain(self.event))} within {told.name(date)}: {words[0]} {names[0]}, {words[1]} {names[1]}{when}.", 4)
