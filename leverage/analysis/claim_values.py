"""What the functions of claims come to at one parameter point, with bounds; and which solvers they ask."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from leverage.analysis import effects
from leverage.analysis.figure import Figure, hull
from leverage.analysis.outcomes import DATE_TOLERANCE, date_label
from leverage.analysis.plays import MOST_COMBINATIONS
from leverage.analysis.point import Point
from leverage.analysis.selections import Chosen
from leverage.analysis.worlds import action_count_name
from leverage.errors import UnsolvedError
from leverage.scenario.claims import CLAIM_FUNCTIONS, EVERY, FROM_SETS, ClaimCall, ClaimExpression, ClaimLine, Selection
from leverage.scenario.scenario import Scenario

#: A question to a solver: its kind ('sets', 'markov', 'equilibria', 'replies') and which game or strategies it is about.
Question = tuple[str, frozenset[str], str]


@dataclass(frozen=True)
class _Look:
    """Where a function looks: at this point, under this selection; play: one of its equilibria instead of the selected one."""

    point: Point
    selection: Selection
    play: Chosen | None

    def chosen(self, call: ClaimCall) -> Chosen:
        if self.play is not None and not call.strategies:
            return self.play
        return self.point.chosen(self.selection, call.strategies)

    def outcome(self, call: ClaimCall, subject: str, quantity: str) -> Figure:
        return self.chosen(call).outcome(subject, quantity)


def value_of(expression: ClaimExpression, selection: Selection, point: Point, play: Chosen | None = None) -> Figure:
    """An expression of a claim as a number with bounds.

    Parameters
    ----------
    selection : the play that functions look at which name no strategies.
    play : look at this equilibrium; by default at all that the selection stands for: for 'every equilibrium found' the bounds
        hold for each, and the value is the selected one's.

    Returns
    -------
    Figure : payoffs, terms, gains and prices in payoff a period; chances, frequencies and shares in [0, 1]; times in the period's
        unit. Idle where the case never arises, undefined where a strategy or an equilibrium that it needs does not exist or was
        not found.
    """
    if play is None and looks_at_play(expression, selection):
        return hull([_value(expression, _Look(point, selection, each)) for each in plays_under(selection, point)])
    return _value(expression, _Look(point, selection, play))


def looks_at_play(expression: ClaimExpression | ClaimLine, selection: Selection) -> bool:
    """Whether it looks at each of several equilibria."""
    calls = expression.calls if isinstance(expression, ClaimLine) else ClaimLine("", expression, "=", 0.0).calls
    return selection.phrase == EVERY and any(
        CLAIM_FUNCTIONS[call.function].looks == "play" and not call.strategies for call in calls
    )


def about_one_plan(line: ClaimLine, selection: Selection) -> bool:
    """Whether it tells what happens in a plan of the equilibrium set that was chosen among others that pay alike."""
    if selection.phrase not in FROM_SETS:
        return False
    beyond = [call for call in line.calls if call.function not in ("payoff", "gain", "interaction") and not call.strategies]
    return any(CLAIM_FUNCTIONS[call.function].looks in ("play", "effect") for call in beyond)


def plays_under(selection: Selection, point: Point) -> tuple[Chosen, ...]:
    """The equilibria that a selection stands for; where none was found, a play that says so."""
    try:
        return point.every(selection)
    except UnsolvedError as error:
        return (Chosen((Figure.missing("undefined", str(error)),) * len(point.scenario.players), None, reason=str(error)),)


def _value(expression: ClaimExpression, look: _Look) -> Figure:
    if isinstance(expression, ClaimCall):
        try:
            return _READERS[expression.function](look, expression)
        except UnsolvedError as error:
            return Figure.missing("undefined", str(error))
    if isinstance(expression, str):
        return Figure.exact(float(look.point.values[expression]))
    if isinstance(expression, float):
        return Figure.exact(expression)
    left, right = _value(expression.left, look), _value(expression.right, look)
    match expression.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
    raise ValueError(f"no operator of claims: {expression.operator}")


# --- functions of play ------------------------------------------------------------------------------------------------


def _payoff(look: _Look, call: ClaimCall) -> Figure:
    return look.chosen(call).payoffs[effects.player_index(look.point, call.arguments[0])]


def _term(look: _Look, call: ClaimCall) -> Figure:
    player, term = call.arguments[:2]
    name = look.point.scenario.players[effects.player_index(look.point, player)].name
    return look.outcome(call, name, f"term: {term}")


def _chance(look: _Look, call: ClaimCall) -> Figure:
    return look.outcome(call, call.arguments[0], _chance_words(look, call.arguments[1]))


def _chance_words(look: _Look, date: str) -> str:
    return "chance ever" if date == "ever" else f"chance by {_label(look, date)}"


def _time(look: _Look, call: ClaimCall) -> Figure:
    return look.outcome(call, call.arguments[0], _time_words(look))


def _time_words(look: _Look) -> str:
    return f"{look.point.game().period_unit}s to it, given it happens"


def _count(look: _Look, call: ClaimCall) -> Figure:
    name, date = call.arguments[:2]
    return look.outcome(call, name, f"number by {_label(look, date)}")


def _average(look: _Look, call: ClaimCall) -> Figure:
    name, date = call.arguments[:2]
    return look.outcome(call, name, "average in the long run" if date == "ever" else f"average over {_label(look, date)}")


def _frequency(look: _Look, call: ClaimCall) -> Figure:
    """The expected number over the whole periods before the date; in the long run the number a period."""
    player, action, date = call.arguments[:3]
    game, name = look.point.game(), action_count_name(player, action)
    if date == "ever":
        return look.outcome(call, name, f"number a {game.period_unit} in the long run") * Figure.exact(game.period_length)
    periods = math.floor(look.point.scenario.period.in_periods(date) + DATE_TOLERANCE)
    return look.outcome(call, name, f"number by {_label(look, date)}") / Figure.exact(float(periods))


def _label(look: _Look, date: str) -> str:
    return date_label(look.point.game(), look.point.scenario.period.in_periods(date))


# --- functions of all credible play -----------------------------------------------------------------------------------


def _end(phrase: str) -> Callable[[_Look, ClaimCall], Figure]:
    """A player's payoff under a selection of its own."""

    def read(look: _Look, call: ClaimCall) -> Figure:
        player = call.arguments[0]
        selection = Selection(phrase) if phrase == "bargaining point" else Selection(phrase, (player,))
        return look.point.chosen(selection).payoffs[effects.player_index(look.point, player)]

    return read


def _reach(look: _Look, call: ClaimCall) -> Figure:
    return effects.reach(look.point, *call.arguments).effect


def _floor(look: _Look, call: ClaimCall) -> Figure:
    return effects.floor_fall(look.point, *call.arguments).effect


# --- functions of instruments -----------------------------------------------------------------------------------------


def _gain(channel: effects.Channel) -> Callable[[_Look, ClaimCall], Figure]:
    def read(look: _Look, call: ClaimCall) -> Figure:
        instrument, player = call.arguments
        return effects.gain(look.point, instrument, player, look.selection, channel=channel).effect

    return read


def _gross_gain(look: _Look, call: ClaimCall) -> Figure:
    instrument, player = call.arguments
    return effects.gross_gain(look.point, instrument, player, look.selection).effect


def _price(look: _Look, call: ClaimCall) -> Figure:
    return effects.price(look.point, call.arguments[0], look.selection).effect


def _likelier(look: _Look, call: ClaimCall) -> Figure:
    instrument, event, date = call.arguments
    return effects.outcome_effect(look.point, instrument, look.selection, event, _chance_words(look, date)).effect


def _sooner(look: _Look, call: ClaimCall) -> Figure:
    instrument, event = call.arguments
    return -effects.outcome_effect(look.point, instrument, look.selection, event, _time_words(look)).effect


def _interaction(look: _Look, call: ClaimCall) -> Figure:
    """The second difference of the player's payoff: with both, minus with either alone, plus with neither."""
    first, second, player = call.arguments
    i = effects.player_index(look.point, player)

    def payoff(*removed: str) -> Figure:
        return hull([each.payoffs[i] for each in look.point.every(look.selection, (), removed)])

    return (payoff() - payoff(first)) - (payoff(second) - payoff(first, second))


def _equilibria(look: _Look, call: ClaimCall) -> Figure:
    """At least those found; no more where the search proved that there are none."""
    found = look.point.markov_search()
    number = float(len(found.equilibria))
    return Figure(number, number, number if found.complete else math.inf)


# --- statements -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """Whether a statement is true, as far as is known.

    slack: by how much, payoff a period: the smallest loss that a departure brings for 'credible', minus the largest gain of one
    for 'equilibrium' and 'subgame_perfect' (0 where they hold). reason: a sentence.
    """

    answer: Literal["yes", "no", "cannot be told", "undefined"]
    slack: Figure
    reason: str


def truth_of(call: ClaimCall, selection: Selection, point: Point) -> Truth:
    """A statement on named strategies, or on those of the selection where it names none."""
    names = call.strategies or selection.strategies
    try:
        return _truth(call.function, names, point)
    except UnsolvedError as error:
        return _unknown(str(error))


def _truth(statement: str, names: tuple[str, ...], point: Point) -> Truth:
    if statement == "credible":
        return _credible(names, point)
    verdict = point.verdict(names)
    if verdict is None:
        return _unknown(point.profile(names)[2] or "a strategy of every player is needed")
    holds = verdict.subgame_perfect if statement == "subgame_perfect" else verdict.equilibrium or verdict.subgame_perfect
    if holds:
        return Truth("yes", Figure.exact(0.0), "nobody gains by departing")
    if statement == "subgame_perfect":
        return Truth("no", Figure.within(-verdict.certificate.gain, verdict.certificate.error), verdict.solution.status)
    gain = float(verdict.best_reply_gains.max())
    who = point.scenario.players[int(verdict.best_reply_gains.argmax())].name
    return Truth("no", Figure.within(-gain, verdict.certificate.error), f"{who} would gain {gain:.3g} by its best reply")


def _credible(names: tuple[str, ...], point: Point) -> Truth:
    path = point.path(names)
    if path is None:
        return _unknown(point.profile(names)[2] or "it is asked of a strategy of each of two players")
    if path.answer == "not defined":
        return _unknown(path.status)
    low, high = path.margin
    if math.isnan(low) or math.isnan(high):
        slack = Figure.missing("undefined", path.status)
    else:  # what is proved decides for it, what is possible against it
        slack = Figure({"sustainable": low, "not sustainable": high}.get(path.answer, (low + high) / 2), low, high)
    answer: Literal["yes", "no", "cannot be told"] = "cannot be told"
    if path.answer != "cannot be told":
        answer = "yes" if path.answer == "sustainable" else "no"
    return Truth(answer, slack, path.status)


def _unknown(reason: str) -> Truth:
    return Truth("undefined", Figure.missing("undefined", reason), reason)


def _share(statement: str) -> Callable[[_Look, ClaimCall], Figure]:
    """The share of those combinations of which it can be asked; what cannot be told may be true or not."""

    def read(look: _Look, call: ClaimCall) -> Figure:
        combinations = list(itertools.islice(_combinations(look.point.scenario, call.strategies), MOST_COMBINATIONS + 1))
        if len(combinations) > MOST_COMBINATIONS:
            return Figure.missing("undefined", f"more than {MOST_COMBINATIONS} combinations of named strategies")
        answers = [truth_of(ClaimCall(statement, names), look.selection, look.point).answer for names in combinations]
        asked = [answer for answer in answers if answer != "undefined"]
        if not asked:
            return Figure.missing("undefined", "there is no combination of named strategies of which it can be asked")
        sure, open_ = asked.count("yes") / len(asked), asked.count("cannot be told") / len(asked)
        return Figure(sure, sure, sure + open_)

    return read


def _combinations(scenario: Scenario, among: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """One strategy a player, those in `among` fixed."""
    own = [[each.name for each in strategies if each.phases] for strategies in scenario.strategies]
    kept = [[name for name in names if name in among] or names for names in own]
    return itertools.product(*kept)


_READERS: Mapping[str, Callable[[_Look, ClaimCall], Figure]] = {
    "payoff": _payoff,
    "term": _term,
    "chance": _chance,
    "time": _time,
    "count": _count,
    "average": _average,
    "frequency": _frequency,
    "lowest": _end("worst for"),
    "highest": _end("best for"),
    "bargain": _end("bargaining point"),
    "gain": _gain("net"),
    "gross_gain": _gross_gain,
    "interaction": _interaction,
    "likelier": _likelier,
    "sooner": _sooner,
    "reach": _reach,
    "coercion": _floor,
    "own_floor": _floor,
    "threat": _gain("threat"),
    "commitment": _gain("commitment"),
    "price": _price,
    "equilibria": _equilibria,
    "share_credible": _share("credible"),
    "share_equilibrium": _share("equilibrium"),
    "share_subgame_perfect": _share("subgame_perfect"),
}


# --- how large numbers are, and what they cost ------------------------------------------------------------------------


def size_of(expression: ClaimExpression, selection: Selection, point: Point) -> float:
    """The size against which a difference of such numbers counts as rounding: the payoff range for payoffs, 1 for chances."""
    if isinstance(expression, ClaimCall):
        return _size_of_call(expression, selection, point)
    if isinstance(expression, float):
        return abs(expression)
    if isinstance(expression, str):
        return abs(point.values[expression])
    left, right = size_of(expression.left, selection, point), size_of(expression.right, selection, point)
    if expression.operator == "*":
        return left * right
    if expression.operator == "/":
        divisor = abs(value_of(expression.right, selection, point).value)
        return left / divisor if divisor > 0 else left
    return max(left, right)


def _size_of_call(call: ClaimCall, selection: Selection, point: Point) -> float:
    if call.function in ("chance", "frequency", "likelier") or call.function.startswith("share"):
        return 1.0
    if call.function in ("time", "sooner", "count", "average", "equilibria"):
        found = value_of(call, selection, point)
        return max(1.0, abs(found.value)) if found.known else 1.0
    return point.game().payoff_range


def questions_of(line: ClaimLine, selection: Selection, scenario: Scenario) -> frozenset[Question]:
    """What a line asks of solvers at one point: told from the text, so that a budget does not hang on what was solved before."""
    return frozenset(question for call in line.calls for question in _questions(call, selection, len(scenario.players)))


def _questions(call: ClaimCall, selection: Selection, n_players: int) -> Iterator[Question]:
    names, nothing = call.arguments, frozenset[str]()
    match CLAIM_FUNCTIONS[call.function].looks:
        case "play":
            yield from _of_play(call.strategies, selection, nothing, n_players)
        case "effect":
            removed = [{names[0]}, {names[1]}, {*names[:2]}] if call.function == "interaction" else [{names[0]}]
            for each in (nothing, *map(frozenset, removed)):
                yield from _of_play((), selection, each, n_players)
        case "channel":
            yield ("sets", nothing, "")
            yield ("sets", nothing, names[0])
            yield ("sets", frozenset(names[:1]), "")
        case "range":
            yield ("sets", nothing, "")
            if call.function in ("reach", "coercion", "own_floor"):
                yield ("sets", frozenset(names[:1]), "")
        case "search":
            yield ("equilibria", nothing, "")
        case "pair" | "pairs" if call.function.endswith("credible"):
            yield ("sets", nothing, "")


def _of_play(names: tuple[str, ...], selection: Selection, removed: frozenset[str], n_players: int) -> Iterator[Question]:
    names = names or selection.strategies
    if names and len(names) < n_players:
        yield ("replies", removed, " ".join(sorted(names)))
    elif not names and selection.phrase in FROM_SETS:
        yield ("sets", removed, "")
    elif not names:
        yield ("equilibria" if selection.phrase == EVERY else "markov", removed, "")


def needs_sets(line: ClaimLine, selection: Selection, scenario: Scenario) -> bool:
    """Whether finer bounds on all credible play could say more of a line."""
    return any(kind == "sets" for kind, _, _ in questions_of(line, selection, scenario))
