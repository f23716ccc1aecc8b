"""Lines of claims that are well formed and can never be judged under their selection: told when the file is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from leverage.errors import ConflictError
from leverage.scenario.changes import combined
from leverage.scenario.claims import CLAIM_FUNCTIONS, EVERY, FROM_SETS, ClaimCall, ClaimExpression, ClaimLine, ClaimSum, Selection
from leverage.scenario.parsing import TextFault, TextFaultsError
from leverage.scenario.periods import MOST_PERIODS
from leverage.scenario.scenario import Instrument, Scenario

#: Functions that need at least one whole period before their date.
OVER_PERIODS = ("count", "average", "frequency")

#: Functions that compare what happens on two paths, beyond what the two pay.
OF_TWO_PATHS = ("price", "gross_gain", "likelier", "sooner")

#: What a message is made of: what is wrong, and the remedy.
_Told = tuple[str, str]

_NO_LONG_RUN: _Told = (
    "the long run of a plan that is known within bounds only cannot be told",
    "give a date, name strategies if the function takes any, or judge it under 'Markov equilibrium'",
)


def _far_future(call: ClaimCall) -> bool:
    """Whether a function asks for what discounting does not reach."""
    return call.function in ("time", "sooner") or "ever" in call.arguments


def is_constant(expression: ClaimExpression) -> bool:
    """Whether it is made of numbers alone."""
    if isinstance(expression, ClaimSum):
        return is_constant(expression.left) and is_constant(expression.right)
    return isinstance(expression, float)


@dataclass(frozen=True)
class ClaimCheck:
    """What a file says that decides whether a line can be judged. scenario: read but for its claims."""

    scenario: Scenario
    instruments: Mapping[str, Instrument]

    @property
    def players(self) -> list[str]:
        return list(self.scenario.vocabulary.player_names)

    def selection(self, text: str, selection: Selection) -> None:
        """Refuse a selection that picks no play whatever the line. Raises TextFaultsError."""
        told = next(self._of_selection(selection), None)
        if told is not None:
            raise TextFaultsError([TextFault(0, len(text), *told)])

    def line(self, line: ClaimLine, selection: Selection) -> None:
        """Refuse a line that cannot be judged under a selection. Raises TextFaultsError."""
        faults = [TextFault(call.at, len(call.function), *told) for call in line.calls for told in self._of_call(call, selection)]
        if line.is_trend and not self.scenario.parameters[str(line.right)].in_doubt:
            name = str(line.right)
            told = (f"'{name}' has no range: nothing rises or falls with it", "give it a range, or compare two numbers")
            faults.append(TextFault(line.text.rindex(name), len(name), *told))
        if not faults and is_constant(line.left) and (line.is_trend or is_constant(line.right)):
            told = (
                "this is about numbers of its own only: the game has no say in it",
                "compare with a function such as payoff(PLAYER)",
            )
            faults.append(TextFault(0, len(line.text), *told))
        if faults:
            raise TextFaultsError(faults[:1])

    # --- selections ----------------------------------------------------------------------------------------------------

    def _of_selection(self, selection: Selection) -> Iterator[_Told]:
        count = len(self.players)
        if selection.phrase in FROM_SETS and count == 1:
            yield "credible play is a matter between players; here is one", "judge it under 'Markov equilibrium'"
        if selection.phrase == "bargaining point" and count > 2:
            yield f"bargaining points are for two players; here are {count}", "judge it under 'Markov equilibrium'"
        if selection.phrase == "against":
            if self._owner(selection.names[0]) == self._owner(selection.names[1]):
                told = " and ".join(f"'{name}'" for name in selection.names)
                yield f"{told} are strategies of one player", "name strategies of different players"
            yield from self._left_out(selection.names)

    # --- calls ---------------------------------------------------------------------------------------------------------

    def _of_call(self, call: ClaimCall, selection: Selection) -> Iterator[_Told]:
        if call.function in ("own_floor", "coercion"):
            yield from self._of_floor(call)
        match CLAIM_FUNCTIONS[call.function].looks:
            case "play":
                yield from self._of_date(call)
                yield from self._of_named(call, selection) if call.strategies else self._of_selected(call, selection)
            case "effect" | "channel":
                yield from self._of_instrument(call, selection)
            case "range" if len(self.players) == 1 or (call.function == "bargain" and len(self.players) > 2):
                yield f"'{call.function}' is not for {len(self.players)} player{'s' * (len(self.players) > 1)}", "leave it out"
            case "pair" | "pairs":
                yield from self._of_pair(call, selection)

    def _of_date(self, call: ClaimCall) -> Iterator[_Told]:
        kinds = CLAIM_FUNCTIONS[call.function].needs
        if "date" not in kinds:
            return
        date = call.arguments[kinds.index("date")]
        if date == "ever":
            if call.function == "count":
                yield "an expected number has no end", "give a date, or ask for a frequency(..., ever) or an average(..., ever)"
            return
        periods = self.scenario.period.in_periods(date)
        if periods < 1 and call.function in OVER_PERIODS:
            yield f"'{date}' is shorter than a period", "give a later date"
        if periods > MOST_PERIODS:
            yield f"'{date}' is {periods:,.0f} periods; {MOST_PERIODS:,} can be followed", "give an earlier date, or 'ever'"

    def _of_named(self, call: ClaimCall, selection: Selection) -> Iterator[_Told]:
        """Strategies are named: at most one player is left to reply, and it is the one that the selection says."""
        yield from self._left_out(call.strategies)
        left = self._without_strategy(call.strategies)
        if selection.phrase == "best reply of" and len(left) == 1 and left[0] != selection.names[0]:
            told = (
                f"under 'best reply of {selection.names[0]}', '{call.function}' names a strategy of {selection.names[0]} itself"
            )
            yield told, f"name one of {left[0]}, or judge it under 'best reply of {left[0]}'"

    def _of_selected(self, call: ClaimCall, selection: Selection) -> Iterator[_Told]:
        """No strategy is named: the selection has to pick play of which the question can be asked."""
        if selection.phrase == "best reply of":
            told = f"under 'best reply of {selection.names[0]}', '{call.function}' has to name the strategy that it replies to"
            yield told, self._an_example(call, selection.names[0])
        if selection.phrase not in FROM_SETS:
            return
        if _far_future(call):
            yield _NO_LONG_RUN
        elif len(self.players) > 2 and (call.function != "payoff" or call.arguments[0] != selection.names[0]):
            yield self._end_only(selection)

    def _of_instrument(self, call: ClaimCall, selection: Selection) -> Iterator[_Told]:
        if selection.phrase == "best reply of":
            told = f"'{call.function}' names no strategy that anybody could reply to"
            yield (
                told,
                "judge it under 'bargaining point', 'Markov equilibrium', 'best for PLAYER' or 'STRATEGY against STRATEGY'",
            )
        yield from self._of_date(call)
        if selection.phrase in FROM_SETS and _far_future(call):
            yield _NO_LONG_RUN
        if selection.phrase == EVERY and call.function in OF_TWO_PATHS:
            told = f"'{call.function}' compares one path with the instrument and one without it"
            yield told, "judge it under 'Markov equilibrium', or ask for the gain"
        about_one = call.function not in OF_TWO_PATHS and call.arguments[-1] in selection.names
        if len(self.players) > 2 and selection.phrase in FROM_SETS and not about_one:
            yield self._end_only(selection)
        if CLAIM_FUNCTIONS[call.function].looks == "channel":
            yield from self._of_channel(call, selection)
        if call.function == "interaction":
            yield from self._of_two(*call.arguments[:2])

    def _of_channel(self, call: ClaimCall, selection: Selection) -> Iterator[_Told]:
        if selection.phrase not in FROM_SETS:
            told = f"'{call.function}' compares equilibrium sets; '{selection.phrase}' picks from none"
            yield told, "judge it under 'bargaining point', 'best for PLAYER' or 'worst for PLAYER'"
        if not self.instruments[call.arguments[0]].is_action:
            told = f"'{call.arguments[0]}' is more than an action: it has no '{call.function}' channel"
            yield told, "ask for its gain, or for an instrument whose 'without' only forbids actions"

    def _of_floor(self, call: ClaimCall) -> Iterator[_Told]:
        """Of a falling floor: the holder's is its own, any other player's is coercion."""
        instrument, player = call.arguments
        holder = self.players[self.instruments[instrument].holder]
        if call.function == "own_floor" and player != holder:
            yield f"'{instrument}' is held by {holder}, not by {player}", f"write coercion({instrument}, {player})"
        if call.function == "coercion" and player == holder:
            yield f"{holder} holds '{instrument}' itself", f"write own_floor({instrument}, {player})"

    def _of_two(self, first: str, second: str) -> Iterator[_Told]:
        if first == second:
            yield f"'{first}' and itself", "name two instruments"
            return
        try:
            combined({name: self.instruments[name].without for name in (first, second)})
        except ConflictError as error:
            yield str(error), "name two instruments that can be taken away together"

    def _of_pair(self, call: ClaimCall, selection: Selection) -> Iterator[_Told]:
        count = len(self.players)
        if call.function.endswith("credible") and count != 2:
            yield f"'{call.function}' is asked of two players; here are {count}", "ask for equilibrium or subgame_perfect"
        if call.function.startswith("share"):
            idle = [key for key, own in zip(self.players, self.scenario.strategies, strict=True) if not own]
            if idle:
                yield f"'{idle[0]}' has no named strategies: there is no combination to take a share of", "name one"
            return
        names = call.strategies or selection.strategies
        left = self._without_strategy(names)
        if left:
            yield (
                f"'{call.function}' is asked of a strategy of each player; {' and '.join(left)} is left out",
                "name one for each",
            )

    # --- who plays what ------------------------------------------------------------------------------------------------

    def _owner(self, strategy: str) -> str:
        owned = zip(self.players, self.scenario.strategies, strict=True)
        return next((key for key, own in owned if strategy in (each.name for each in own)), "")

    def _without_strategy(self, names: tuple[str, ...]) -> list[str]:
        owners = {self._owner(name) for name in names}
        return [player for player in self.players if player not in owners]

    def _left_out(self, names: tuple[str, ...]) -> Iterator[_Told]:
        left = self._without_strategy(names)
        if len(left) > 1:
            yield f"{' and '.join(left)} are left without a strategy", "name one a player; one may be left out and replies best"

    def _an_example(self, call: ClaimCall, replier: str) -> str:
        owned = zip(self.players, self.scenario.strategies, strict=True)
        others = [own[0].name for key, own in owned if key != replier and own]
        return f"such as {call.function}({', '.join((*call.arguments, *others))})" if others else "name one"

    def _end_only(self, selection: Selection) -> _Told:
        told = f"with more than two players '{selection.phrase} {selection.names[0]}' gives the end of its own payoffs only"
        return told, f"ask for the payoff of {selection.names[0]}, or judge it under 'Markov equilibrium'"
