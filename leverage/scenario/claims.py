"""The vocabulary of claims, as data, and the reader of claims' lines. Here names are checked; a later stage computes.

A line is a comparison of two expressions (`payoff(power, tied_pace) > payoff(power, stay)`), a trend
(`gain(presence, power) rises with redeployment_speed`) or a statement (`credible(tied_pace, reciprocate)`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Literal

from leverage.scenario.parsing import DEEPEST, LONGEST, TextFault, TextFaultsError, nearest
from leverage.scenario.periods import Period

#: What a function looks at. play: that of the selection, or of the strategies that it names. effect: play with an instrument and
#: without it. channel: the same, by way of the game in between. range: all credible play, whatever the selection. pair: the
#: strategies that it names, or those of the selection. pairs: all combinations of named strategies. search: Markov equilibria.
Looks = Literal["play", "effect", "channel", "range", "pair", "pairs", "search"]


@dataclass(frozen=True)
class ClaimFunction:
    """`needs` lists the kinds of the arguments; `truth` says that it is true or false rather than a number.

    `strategies`: strategies may follow, one a player; who is left out plays its best reply. `unit`: of the number, or of a
    statement's slack; 'payoff' is that of the scenario, 'time' that of its period.
    """

    needs: tuple[str, ...]
    says: str
    looks: Looks = "play"
    truth: bool = False
    strategies: bool = False
    unit: str = "payoff"


#: Every function that a claim may use.
CLAIM_FUNCTIONS: Mapping[str, ClaimFunction] = {
    "payoff": ClaimFunction(("player",), "normalised payoff of the player", strategies=True),
    "term": ClaimFunction(("player", "term"), "what a named term adds to the player's payoff", strategies=True),
    "chance": ClaimFunction(("event", "date"), "chance of the event by a date, or ever", strategies=True, unit="chance"),
    "time": ClaimFunction(("event",), "expected time to the event given that it happens", strategies=True, unit="time"),
    "count": ClaimFunction(("count", "date"), "expected number by a date", strategies=True, unit="times"),
    "average": ClaimFunction(
        ("average", "date"), "mean up to a date, or in the long run (`ever`)", strategies=True, unit="level"
    ),
    "frequency": ClaimFunction(
        ("player", "action", "date"),
        "share of periods up to a date, or in the long run (`ever`), in which the player takes the action",
        strategies=True,
        unit="share of periods",
    ),
    "lowest": ClaimFunction(("player",), "smallest payoff of the player in any equilibrium", "range"),
    "highest": ClaimFunction(("player",), "largest payoff of the player in any equilibrium", "range"),
    "bargain": ClaimFunction(("player",), "the player's payoff at the bargaining point", "range"),
    "gain": ClaimFunction(("instrument", "player"), "what the instrument adds to the player's payoff, costs deducted", "effect"),
    "gross_gain": ClaimFunction(("instrument", "player"), "gain before the price", "effect"),
    "interaction": ClaimFunction(
        ("instrument", "instrument", "player"),
        "what the first instrument adds to the player's payoff with the second one, minus what it adds without it",
        "effect",
    ),
    "likelier": ClaimFunction(
        ("instrument", "event", "date"),
        "by how much the instrument raises the chance of the event by a date",
        "effect",
        unit="chance",
    ),
    "sooner": ClaimFunction(
        ("instrument", "event"),
        "by how much earlier the event is expected with the instrument, given that it happens",
        "effect",
        unit="time",
    ),
    "reach": ClaimFunction(("instrument", "player"), "by how much the player's best payoff rises", "range"),
    "coercion": ClaimFunction(("instrument", "player"), "by how much the player's floor falls", "range"),
    "own_floor": ClaimFunction(("instrument", "player"), "by how much the holder's own floor falls", "range"),
    "threat": ClaimFunction(
        ("instrument", "player"), "threat channel: what the instrument adds because it may be prescribed", "channel"
    ),
    "commitment": ClaimFunction(
        ("instrument", "player"), "commitment channel: what is lost because it stays a temptation", "channel"
    ),
    "price": ClaimFunction(("instrument",), "cost of holding and of using the instrument", "effect"),
    "equilibria": ClaimFunction(
        (), "number of distinct Markov equilibria that a short search finds", "search", unit="equilibria"
    ),
    "share_credible": ClaimFunction(
        (),
        "share of the combinations of named strategies (with these in them) whose path can be sustained",
        "pairs",
        strategies=True,
        unit="share of combinations",
    ),
    "share_equilibrium": ClaimFunction(
        (), "the same share of Nash equilibria", "pairs", strategies=True, unit="share of combinations"
    ),
    "share_subgame_perfect": ClaimFunction(
        (), "the same share of combinations that are subgame perfect", "pairs", strategies=True, unit="share of combinations"
    ),
    "credible": ClaimFunction((), "the path of the pair can be sustained", "pair", truth=True, strategies=True),
    "equilibrium": ClaimFunction((), "the pair is a Nash equilibrium from the start", "pair", truth=True, strategies=True),
    "subgame_perfect": ClaimFunction((), "the pair is subgame perfect as written", "pair", truth=True, strategies=True),
}

#: Selections that need no name; the others are 'best for PLAYER', 'worst for PLAYER', 'best reply of PLAYER', 'STRATEGY against
#: STRATEGY'.
PLAIN_SELECTIONS = ("bargaining point", "Markov equilibrium", "every equilibrium found")

#: The selection under which a line has to hold in several equilibria.
EVERY = "every equilibrium found"

#: Selections from the set of all credible play.
FROM_SETS = ("bargaining point", "best for", "worst for")


@dataclass(frozen=True)
class Selection:
    """Which equilibrium or pair a claim is judged under; `names` are the player or the strategies that the phrase names."""

    phrase: str
    names: tuple[str, ...] = ()

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies that 'STRATEGY against STRATEGY' names; of any other selection none."""
        return self.names if self.phrase == "against" else ()

    @property
    def words(self) -> str:
        """As the file says it."""
        return f" {self.phrase} ".join(self.names) if self.phrase == "against" else " ".join((self.phrase, *self.names))


@dataclass(frozen=True)
class ClaimCall:
    """A function of the vocabulary, applied to names. at: where it stands in the line."""

    function: str
    arguments: tuple[str, ...]
    at: int = field(default=0, compare=False)

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies that it names."""
        return self.arguments[len(CLAIM_FUNCTIONS[self.function].needs) :]


@dataclass(frozen=True)
class ClaimSum:
    """`operator` is + - * /; a leaf is a number, a parameter's name or a call."""

    operator: str
    left: ClaimExpression
    right: ClaimExpression


ClaimExpression = float | str | ClaimCall | ClaimSum


@dataclass(frozen=True)
class ClaimLine:
    """`relation` is a comparison sign, 'rises with', 'falls with' or 'is true'; `right` is an expression, a parameter's name or
    0."""

    text: str
    left: ClaimExpression
    relation: str
    right: ClaimExpression

    @property
    def is_trend(self) -> bool:
        """Whether it is about several values of a parameter."""
        return self.relation.endswith(" with")

    @property
    def calls(self) -> tuple[ClaimCall, ...]:
        """The functions that it applies, in the order of reading."""
        return (*calls_of(self.left), *calls_of(self.right))


def calls_of(expression: ClaimExpression) -> tuple[ClaimCall, ...]:
    """The functions that an expression applies, in the order of reading."""
    if isinstance(expression, ClaimCall):
        return (expression,)
    return (*calls_of(expression.left), *calls_of(expression.right)) if isinstance(expression, ClaimSum) else ()


#: kind of argument -> the names that it may take.
Names = Mapping[str, tuple[str, ...]]

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(<=|>=|==|!=|[-+*/(),<>=]))", re.ASCII)
_SIGNS = ("<", "<=", ">", ">=", "=", "==", "!=")
_SIGNS_KNOWN = f"signs are + - * / ( ) , and {' '.join(_SIGNS)}"
_OPERAND = "a number, a parameter or a function such as payoff(PLAYER) goes here"


def read_selection(text: str, names: Names) -> Selection:
    """A selection's phrase. Raises TextFaultsError."""
    words = text.split()
    if text in PLAIN_SELECTIONS:
        return Selection(text)
    for phrase in ("best for", "worst for", "best reply of"):
        if text.startswith(phrase + " "):
            return Selection(phrase, (_known(words[-1], "player", names, text.rindex(words[-1])),))
    if len(words) == 3 and words[1] == "against":
        return Selection("against", tuple(_known(word, "strategy", names, text.index(word)) for word in (words[0], words[2])))
    phrases = (*PLAIN_SELECTIONS, "best for PLAYER", "worst for PLAYER", "best reply of PLAYER", "STRATEGY against STRATEGY")
    remedy = f"known: {', '.join(phrases)}"
    raise TextFaultsError([TextFault(0, len(text), f"there is no selection '{text}'", remedy)])


def read_line(text: str, names: Names, period: Period) -> ClaimLine:
    """One line of `holds if`. Raises TextFaultsError.

    >>> read_line("gain(bases, power) > 0", {"instrument": ("bases",), "player": ("power",)}, Period(1, "month")).relation
    '>'
    """
    return _Line(text, names, period).read()


def _known(name: str, kind: str, names: Names, offset: int) -> str:
    if name not in names.get(kind, ()):
        raise TextFaultsError([TextFault(offset, len(name), f"there is no {kind} '{name}'", nearest(name, names.get(kind, ())))])
    return name


class _Line:
    def __init__(self, text: str, names: Names, period: Period) -> None:
        self.text, self.names, self.period, self.at, self.depth = text, names, period, 0, 0
        self.tokens: list[tuple[str, int]] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                place = len(text) - len(text[position:].lstrip())
                raise TextFaultsError([TextFault(place, 1, f"{text[place]!r} means nothing in a claim", _SIGNS_KNOWN)])
            self.tokens.append((match.group().strip(), match.end() - len(match.group().strip())))
            position = match.end()
        if len(self.tokens) > LONGEST:
            raise TextFaultsError([TextFault(self.tokens[LONGEST][1], 1, f"more than {LONGEST} words and signs", "split it")])

    def peek(self, steps: int = 0) -> str:
        return self.tokens[self.at + steps][0] if self.at + steps < len(self.tokens) else ""

    def step(self) -> str:
        word = self.peek()
        self.at += 1
        return word

    def fault(self, message: str, remedy: str = "", back: int = 0) -> TextFaultsError:
        at = self.at - back
        word, offset = self.tokens[at] if 0 <= at < len(self.tokens) else (" ", len(self.text))
        return TextFaultsError([TextFault(offset, len(word), message, remedy)])

    def read(self) -> ClaimLine:
        if self.peek() in CLAIM_FUNCTIONS and CLAIM_FUNCTIONS[self.peek()].truth:
            line = ClaimLine(self.text, self.call(), "is true", 0.0)
        else:
            line = self.relation(self.sum())
        if self.peek():
            raise self.fault(f"'{self.peek()}' does not fit here", "one comparison a line; write several lines as a list")
        return line

    def relation(self, left: ClaimExpression) -> ClaimLine:
        word = self.step()
        if word in ("rises", "falls"):
            if self.step() != "with":
                raise self.fault(f"after '{word}' comes 'with PARAMETER'", back=1)
            return ClaimLine(self.text, left, f"{word} with", self.name("parameter"))
        if word not in _SIGNS:
            raise self.fault(
                "a claim compares: a sign such as > is missing", "or 'rises with PARAMETER', 'falls with PARAMETER'", back=1
            )
        return ClaimLine(self.text, left, word, self.sum())

    def sum(self) -> ClaimExpression:
        return self.chain(("+", "-"), lambda: self.chain(("*", "/"), self.leaf))

    def chain(self, signs: tuple[str, ...], part: Callable[[], ClaimExpression]) -> ClaimExpression:
        value = part()
        while self.peek() in signs:
            sign, at = self.step(), self.at
            value = ClaimSum(sign, value, part())
            if sign == "/" and value.right == 0.0:
                raise self.fault("a division by zero", "divide by something else", back=self.at - at)
        return value

    def leaf(self) -> ClaimExpression:
        word = self.peek()
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fault(f"nested more than {DEEPEST} levels deep")
        if word == "(":
            self.step()
            inner = self.sum()
            self.expect(")")
        elif word == "-":
            self.step()
            inner = ClaimSum("-", 0.0, self.leaf())
        else:
            inner = self.plain_leaf(word)
        self.depth -= 1
        return inner

    def plain_leaf(self, word: str) -> ClaimExpression:
        if word[:1].isdigit() or word[:1] == ".":
            return self.number()
        if not word.isidentifier():  # a sign, or the end
            raise self.fault(f"'{word}' does not fit here" if word else "a number is missing here", _OPERAND)
        return self.call() if self.peek(1) == "(" else self.name("parameter")

    def number(self) -> float:
        value = float(self.step())
        if math.isinf(value):
            raise self.fault("the number is too large to compute with", "write a smaller one", back=1)
        return value

    def expect(self, sign: str, remedy: str = "each '(' needs its ')'") -> None:
        if self.step() != sign:
            raise self.fault(f"'{sign}' is missing", remedy, back=1)

    def name(self, kind: str) -> str:
        word = self.step()
        if word not in self.names.get(kind, ()):
            raise self.fault(f"there is no {kind} '{word}'", nearest(word, self.names.get(kind, ())), back=1)
        return word

    def call(self) -> ClaimCall:
        at = self.tokens[self.at][1]
        word = self.step()
        if word not in CLAIM_FUNCTIONS:
            raise self.fault(f"claims know no function '{word}'", nearest(word, CLAIM_FUNCTIONS), back=1)
        function = CLAIM_FUNCTIONS[word]
        example = f"write {word}({', '.join((*map(str.upper, function.needs), *['[STRATEGY, ...]'] * function.strategies))})"
        arguments: list[str] = []
        self.expect("(", example)
        for k, kind in enumerate(function.needs):
            if k:
                self.expect(",", example)
            arguments.append(self.argument(kind, arguments))
        while function.strategies and self.peek() != ")":
            if arguments:
                self.expect(",", example)
            arguments.append(self.name("strategy"))
            self.refuse_one_player_twice(arguments[len(function.needs) :])
        self.expect(")", example)
        return ClaimCall(word, tuple(arguments), at)

    def refuse_one_player_twice(self, strategies: list[str]) -> None:
        """Strategies that are played together are of different players."""
        owners = [own for kind, own in self.names.items() if kind.startswith("strategy of ")]
        if owners and not any(
            all(name in own for name, own in zip(strategies, order, strict=False))
            for order in permutations(owners, len(strategies))
        ):
            told = " and ".join(f"'{name}'" for name in strategies)
            raise self.fault(f"{told} are not strategies of different players", "name one strategy a player", back=1)

    def argument(self, kind: str, before: list[str]) -> str:
        if kind == "date":
            return self.date()
        if kind in ("action", "term"):
            return self.name(f"{kind} of {before[0]}")
        return self.name(kind)

    def date(self) -> str:
        if self.peek() == "ever":
            return self.step()
        words = f"{self.step()} {self.step()}"
        try:
            self.period.in_periods(words)
        except ValueError as reason:
            raise self.fault(str(reason), back=2) from None
        return words
