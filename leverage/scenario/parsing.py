"""Text of a formula or condition -> syntax tree. Recursive descent over a handful of rules; nothing is ever evaluated by Python.

    formula   := sum ["when" condition ["otherwise" formula]]
    sum       := product {("+" | "-") product}
    product   := unary {("*" | "/") unary}
    unary     := ["-" | "+"] power
    power     := atom ["**" unary]
    condition := conjunction {"or" conjunction}
    conjunction := negation {"and" negation}
    negation  := "not" negation | statement

A statement is `always`, `never`, a comparison, or one of the phrases about a state variable or a player. What a text may read
depends on where it stands (`Scope`).
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from leverage.scenario import syntax as tree
from leverage.scenario.reading import suspicious_characters
from leverage.scenario.syntax import Condition, Formula, Vocabulary

#: Parentheses and chained words deeper than this are refused: nobody reads them, and recursion is bounded.
DEEPEST = 50
#: Texts with more words, numbers and signs than this are refused: a chain of operators makes a tree as deep as it is long.
LONGEST = 400

KEYWORDS = frozenset(
    [
        "if",
        "when",
        "is",
        "not",
        "and",
        "or",
        "otherwise",
        "always",
        "never",
        "plays",
        "played",
        "rises",
        "falls",
        "changes",
        "becomes",
        "rose",
        "fell",
        "changed",
        "was",
        "last",
        "stays",
        "rest",
        "up",
        "down",
        "to",
        "for",
        "until",
        "next",
        "play",
        "true",
        "false",
        "null",
    ]
) | set(tree.FUNCTIONS)

_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/()<>=,^])",
    re.ASCII,
)
_COMPARISONS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "==", "==": "==", "!=": "!="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_AHEAD = {"rises": 1, "falls": -1, "changes": 0}
_BEHIND = {"rose": 1, "fell": -1, "changed": 0}
_OF_CONDITIONS = frozenset(
    {"and", "or", "not", "plays", "played", "is", "last", "always", "never", "becomes", *_AHEAD, *_COMPARISONS}
)


Read = TypeVar("Read")


@dataclass(frozen=True)
class Scope:
    """What a text may read where it stands. `ahead`: variables whose next level is known there. `place` names it for messages."""

    place: str
    parameters: bool = True
    state: bool = True
    actions: bool = True
    ahead: frozenset[str] = frozenset()
    behind: bool = False


@dataclass(frozen=True)
class TextFault:
    """Something wrong in a text; `offset` and `width` count characters of it."""

    offset: int
    width: int
    message: str
    remedy: str = ""


class TextFaultsError(Exception):
    """The faults of one text."""

    def __init__(self, faults: Iterable[TextFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.message for fault in self.faults))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    offset: int


def parse_formula(text: str, vocabulary: Vocabulary, scope: Scope) -> Formula:
    """The tree of a formula.

    Raises TextFaultsError with every unknown name, or the first thing that cannot be read.

    >>> parse_formula("2 * goodwill", Vocabulary(parameters=("goodwill",)), Scope("a formula"))
    Binary(operator='*', left=Number(value=2.0), right=Parameter(name='goodwill'))
    """
    parser = _Parser(text, vocabulary, scope)
    result = parser.formula()
    parser.finish()
    return result


def parse_condition(text: str, vocabulary: Vocabulary, scope: Scope) -> Condition:
    """The tree of a condition. Raises TextFaultsError."""
    parser = _Parser(text, vocabulary, scope)
    result = parser.condition()
    parser.finish()
    return result


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy that names the nearest known name, or what is known."""
    names = list(dict.fromkeys(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"known here: {listed}" if names else ""


def _tokens(text: str) -> list[_Token]:
    odd = [
        TextFault(at, 1, f"{name} in a formula", f"write {plain!r} instead") for at, name, plain in suspicious_characters(text)
    ]
    if odd:
        raise TextFaultsError(odd)
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            _refuse_character(text, at)
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    if len(found) > LONGEST:
        raise TextFaultsError(
            [TextFault(found[LONGEST].offset, 1, f"more than {LONGEST} words and signs", "split it into several terms or rules")]
        )
    return [*found, _Token("end", "", len(text.rstrip()))]


def _refuse_character(text: str, at: int) -> NoReturn:
    remedies = {
        "%": "write 20 % as 0.2",
        "&": "write 'and'",
        "|": "write 'or'",
        "!": "write 'not'",
        ";": "write one formula only",
    }
    raise TextFaultsError(
        [TextFault(at, 1, f"the character {text[at]!r} means nothing in a formula", remedies.get(text[at], ""))]
    )


@dataclass
class _Parser:
    text: str
    vocabulary: Vocabulary
    scope: Scope
    at: int = 0
    depth: int = 0
    faults: list[TextFault] = field(default_factory=list)
    tokens: list[_Token] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tokens = _tokens(self.text)

    # --- tokens ----------------------------------------------------------------------------------------------------

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def ahead(self, steps: int = 1) -> _Token:
        return self.tokens[min(self.at + steps, len(self.tokens) - 1)]

    def take(self, *texts: str) -> bool:
        """Step over the next token if it is one of these."""
        if self.token.kind != "end" and self.token.text in texts:
            self.at += 1
            return True
        return False

    def step(self) -> _Token:
        token = self.token
        self.at += token.kind != "end"
        return token

    def stop(self, message: str, remedy: str = "", token: _Token | None = None) -> NoReturn:
        token = token or self.token
        fault = TextFault(token.offset, max(1, len(token.text)), message, remedy)
        raise TextFaultsError([*self.faults, fault])

    def note(self, token: _Token, message: str, remedy: str = "") -> None:
        """Remember a fault and read on, so that all unknown names of a text are told together."""
        self.faults.append(TextFault(token.offset, len(token.text), message, remedy))

    def finish(self) -> None:
        if self.token.kind != "end":
            self.stop(f"'{self.token.text}' does not fit here", self._leftover_remedy())
        if self.faults:
            raise TextFaultsError(self.faults)

    def _leftover_remedy(self) -> str:
        if self.token.text == "," and self.ahead().kind == "number":
            return "a decimal comma? write 0.5 with a point"
        if self.token.text == "otherwise":
            return "'otherwise' follows 'VALUE when CONDITION'"
        if self.token.text in _COMPARISONS:
            return "a comparison is a condition: write it after 'when', or in a condition"
        if self.token.kind in ("word", "number"):
            return "an operator such as * or + is missing before it"
        return ""

    def nested(self, part: Callable[[], Read]) -> Read:
        """A part that stands within another of its kind."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.stop(f"nested more than {DEEPEST} levels deep", "split it into several terms or rules")
        result = part()
        self.depth -= 1
        return result

    # --- formulas --------------------------------------------------------------------------------------------------

    def formula(self) -> Formula:
        value = self.sum()
        if self.take("when", "if"):
            condition = self.condition()
            other = self.nested(self.formula) if self.take("otherwise", "else") else tree.ZERO
            value = tree.When(value, condition, other)
        return value

    def sum(self) -> Formula:
        value = self.product()
        while self.token.text in ("+", "-"):
            value = tree.Binary(self.step().text, value, self.product())
        return value

    def product(self) -> Formula:
        value = self.unary()
        while self.token.text in ("*", "/"):
            value = tree.Binary(self.step().text, value, self.unary())
        return value

    def unary(self) -> Formula:
        if self.take("-"):
            inner = self.nested(self.unary)
            return tree.Number(-inner.value) if isinstance(inner, tree.Number) else tree.Binary("-", tree.ZERO, inner)
        self.take("+")
        return self.power()

    def power(self) -> Formula:
        base = self.atom()
        if self.token.text == "^":
            self.stop("'^' is not read", "write ** for a power")
        return tree.Binary("**", base, self.nested(self.unary)) if self.take("**") else base

    def atom(self) -> Formula:
        token = self.token
        if token.kind == "number":
            self.step()
            value = float(token.text)
            if value in (float("inf"),):
                self.stop("the number is too large", "", token)
            return tree.Number(value)
        if self.take("("):
            inner = self.nested(self.formula)
            if not self.take(")"):
                self.stop("a closing parenthesis is missing", "each '(' needs its ')'")
            return inner
        if token.kind == "word":
            return self.call() if self.ahead().text == "(" else self.name()
        if token.kind == "end":
            self.stop("the text ends where a number or a name is needed")
        return self.stop(f"'{token.text}' stands where a number or a name is needed")

    def call(self) -> Formula:
        token = self.step()
        if token.text not in tree.FUNCTIONS:
            self.stop(f"there is no function '{token.text}'", nearest(token.text, tree.FUNCTIONS), token)
        self.step()
        arguments = [self.nested(self.formula)]
        while self.take(","):
            self.refuse_decimal_comma()
            arguments.append(self.nested(self.formula))
        if not self.take(")"):
            self.stop("a closing parenthesis is missing", "each '(' needs its ')'")
        least, most = tree.FUNCTIONS[token.text]
        if not least <= len(arguments) <= most:
            self.stop(
                f"'{token.text}' takes {least if least == most else f'{least} to {most}'} arguments, not {len(arguments)}",
                "",
                token,
            )
        return tree.Call(token.text, tuple(arguments))

    def refuse_decimal_comma(self) -> None:
        """0,5 among arguments: digits on both sides of a comma without a space are taken for one number."""
        before, comma, after = self.tokens[self.at - 2], self.tokens[self.at - 1], self.token
        close = before.offset + len(before.text) == comma.offset and comma.offset + 1 == after.offset
        if before.kind == after.kind == "number" and close:
            remedy = f"write {before.text}.{after.text} with a point, or two arguments with a space after the comma"
            self.stop(f"'{before.text},{after.text}' may be one number or two", remedy, before)

    def name(self) -> Formula:
        token = self.step()
        words = self.vocabulary
        if token.text in words.variables:
            if not self.scope.state:
                self.note(
                    token, f"{self.scope.place} cannot read the state variable '{token.text}'", "use parameters and numbers only"
                )
            return tree.Level(words.variable_names.index(token.text))
        if token.text in words.parameters:
            if not self.scope.parameters:
                remedy = "the game's shape never depends on a value: put it into a chance or a payoff, or write a number here"
                self.note(token, f"{self.scope.place} cannot read the parameter '{token.text}'", remedy)
            return tree.Parameter(token.text)
        if token.text in KEYWORDS:
            self.stop(f"the word '{token.text}' does not fit here", "", token)
        self.note(token, f"there is no parameter or state variable '{token.text}'", self._remedy(token.text))
        return tree.ZERO

    def _remedy(self, name: str) -> str:
        words = self.vocabulary
        readable = [*(words.parameters if self.scope.parameters else ()), *(words.variables if self.scope.state else ())]
        for variable, levels in words.variables.items():
            if name in levels:
                return f"'{name}' is a level of {variable}: write '{variable} is {name}'"
        for player, actions in words.players.items():
            if name in actions:
                return f"'{name}' is an action: write '{player} plays {name}'"
        return nearest(name, readable)

    # --- conditions ------------------------------------------------------------------------------------------------

    def condition(self) -> Condition:
        value = self.conjunction()
        while self.take("or"):
            value = tree.Either(value, self.conjunction())
        return value

    def conjunction(self) -> Condition:
        value = self.negation()
        while self.take("and"):
            value = tree.Both(value, self.negation())
        return value

    def negation(self) -> Condition:
        return tree.Not(self.nested(self.negation)) if self.take("not") else self.statement()

    def statement(self) -> Condition:
        token, following = self.token, self.ahead()
        if self.take("always"):
            return tree.Always(True)
        if self.take("never"):
            return tree.Always(False)
        if token.text == "(" and self._closes_a_condition():
            return self.parenthesis()
        if token.text in self.vocabulary.players and following.text not in _COMPARISONS:
            return self.about_player()
        if following.kind == "word" and following.text in ("plays", "played"):
            self.stop(f"there is no player '{token.text}'", nearest(token.text, self.vocabulary.players))
        about_level = following.kind == "word" and following.text not in ("and", "or", "when", "otherwise", "if", "else")
        if token.text in self.vocabulary.variables and (about_level or self._compares_with_level()):
            return self.about_variable()
        if token.kind == "word" and following.text == "is" and token.text not in self.vocabulary.parameters:
            self.stop(f"there is no state variable '{token.text}'", nearest(token.text, self.vocabulary.variables))
        return self.comparison()

    def _compares_with_level(self) -> bool:
        levels = self.vocabulary.variables[self.token.text]
        right = self.ahead(2)
        known = (*self.vocabulary.parameters, *self.vocabulary.variables, *tree.FUNCTIONS)
        alone = self.ahead(3).kind in ("end", "word") or self.ahead(3).text == ")"
        return (
            self.ahead().text in _COMPARISONS
            and right.kind == "word"
            and (right.text in levels or (alone and right.text not in known))
        )

    def _closes_a_condition(self) -> bool:
        """Whether the parenthesis that opens here holds a condition rather than a number."""
        guarded: list[bool] = []  # per open parenthesis, whether a 'when' has come: what follows it says when a number counts
        for token, following in itertools.pairwise(self.tokens[self.at :]):
            if token.text == "(":
                guarded.append(False)
            elif token.text == ")":
                guarded.pop()
            elif token.text in ("when", "if"):
                guarded[-1] = True
            elif not any(guarded) and self._speaks_of_a_condition(token, following):
                return True
            if not guarded:
                return False
        return False

    def _speaks_of_a_condition(self, token: _Token, following: _Token) -> bool:
        plain = following.kind == "word" and following.text not in ("when", "if", "otherwise", "else")
        return token.text in _OF_CONDITIONS or (token.text in self.vocabulary.variables and plain)

    def parenthesis(self) -> Condition:
        self.step()
        inner = self.nested(self.condition)
        if not self.take(")"):
            self.stop("a closing parenthesis is missing", "each '(' needs its ')'")
        return inner

    def about_player(self) -> Condition:
        token = self.step()
        index = self.vocabulary.player_names.index(token.text)
        if not self.take("plays", "played"):
            self.stop(f"after the player '{token.text}' comes 'plays ACTION'")
        behind = self.tokens[self.at - 1].text == "played"
        if not behind and not self.scope.actions:
            self.note(token, f"{self.scope.place} cannot read what is played", "only the state is known there")
        own = self.vocabulary.players[token.text]
        actions = self.alternatives(own, f"action of {token.text}")
        return self.look_back(tree.Plays(index, actions), "played ACTION") if behind else tree.Plays(index, actions)

    def about_variable(self) -> Condition:
        token = self.step()
        words = self.vocabulary
        index, levels = words.variable_names.index(token.text), words.variables[token.text]
        verb = self.token.text
        if verb in _AHEAD or verb == "becomes":
            return self.about_change(token, index)
        if verb in _BEHIND:
            self.step()
            return self.look_back(tree.Moves(index, _BEHIND[verb]), verb)
        if verb == "was":
            self.step()
            return self.look_back(tree.At(index, self.alternatives(levels, f"level of {token.text}")), "was LEVEL")
        if not self.scope.state:
            self.note(
                token, f"{self.scope.place} cannot read the state variable '{token.text}'", "use parameters and numbers only"
            )
        if verb in _COMPARISONS:
            operator = _COMPARISONS[self.step().text]
            level = self.level(token.text, levels)
            return tree.Compare(operator, tree.Level(index), tree.Number(level))
        negative = self.take("is") and self.take("not")
        here = tree.At(index, self.alternatives(levels, f"level of {token.text}"))
        return tree.Not(here) if negative else here

    def about_change(self, token: _Token, index: int) -> Condition:
        verb = self.step().text
        if token.text not in self.scope.ahead:
            self.note(token, f"{self.scope.place} cannot read how '{token.text}' will move", self._ahead_remedy())
        if verb in _AHEAD:
            return tree.Moves(index, _AHEAD[verb])
        reached = self.alternatives(self.vocabulary.variables[token.text], f"level of {token.text}")
        return tree.Becomes(index, reached)

    def _ahead_remedy(self) -> str:
        if self.scope.behind:
            return f"to look back write 'rose last {self.vocabulary.period}', 'fell last ...' or 'was LEVEL last ...'"
        if self.scope.ahead:
            return f"known there: {', '.join(sorted(self.scope.ahead))}"
        return "only counts, payoffs, 'until' and variables further down under transitions read what the period brings"

    def look_back(self, condition: Condition, phrase: str) -> Condition:
        token = self.token
        if not self.take("last"):
            self.stop(f"after '{phrase}' comes 'last {self.vocabulary.period}'")
        unit = self.step()
        if unit.text not in (self.vocabulary.period, "period"):
            self.note(unit, f"'last {unit.text}' is not the period of this file", f"write 'last {self.vocabulary.period}'")
        if not self.scope.behind:
            self.note(
                token, f"{self.scope.place} cannot look back", "only strategies remember; make what matters a state variable"
            )
        return tree.Last(condition)

    def alternatives(self, known: Iterable[str], what: str) -> frozenset[int]:
        """NAME or NAME or ...: an 'or' belongs to the list if a known name follows that does not start another statement."""
        names = list(known)
        found = {self.one_of(names, what)}
        while self.token.text == "or" and self._one_more(names):
            self.step()
            found.add(self.one_of(names, what))
        return frozenset(found)

    def _one_more(self, names: list[str]) -> bool:
        """Whether after 'or' comes another name of the list, perhaps misspelt: a word that is known nowhere and stands alone."""
        token, following, words = self.ahead(), self.ahead(2), self.vocabulary
        if self._starts_statement(following):
            return False
        unknown = token.kind == "word" and token.text not in (*KEYWORDS, *words.parameters, *words.variables, *words.players)
        alone = following.kind == "end" or following.text in (")", "and", "or", "when", "otherwise", "+", "-")
        return token.text in names or (unknown and alone)

    def _starts_statement(self, token: _Token) -> bool:
        return token.text in ("is", "plays", "played", "was", "becomes", *_AHEAD, *_BEHIND, *_COMPARISONS)

    def one_of(self, names: list[str], what: str) -> int:
        token = self.step()
        if token.text in names:
            return names.index(token.text)
        if token.kind != "word":
            self.stop(f"a name is needed here: a {what}", nearest("", names), token)
        self.note(token, f"there is no {what} called '{token.text}'", nearest(token.text, names))
        return 0

    def level(self, variable: str, levels: Iterable[str]) -> float:
        names = list(levels)
        return self.vocabulary.variables[variable][names[self.one_of(names, f"level of {variable}")]]

    def comparison(self) -> Condition:
        start = self.token
        if (
            self.ahead().text in _COMPARISONS
            and self.ahead(2).text in self.vocabulary.variables
            and self._level_of_second(start.text)
        ):
            return self.mirrored()
        left = self.sum()
        if self.token.text not in _COMPARISONS:
            if any(fault.offset >= start.offset for fault in self.faults):
                raise TextFaultsError(self.faults)  # an unknown name is why it is no condition
            remedy = "a condition compares (deployment > 0.5), names a level (talks is settled) or an action (power plays hold)"
            self.stop("a condition is needed here, not a number", remedy, start)
        operator = _COMPARISONS[self.step().text]
        right = self.sum()
        if self.token.text in _COMPARISONS:
            self.stop("one comparison at a time", "join two comparisons with 'and'")
        return tree.Compare(operator, left, right)

    def _level_of_second(self, name: str) -> bool:
        return name in self.vocabulary.variables[self.ahead(2).text] and name not in self.vocabulary.parameters

    def mirrored(self) -> Condition:
        """LEVEL < VARIABLE."""
        level, operator, variable = self.step(), self.step(), self.step()
        number = self.vocabulary.variables[variable.text][level.text]
        index = self.vocabulary.variable_names.index(variable.text)
        return tree.Compare(_MIRRORED[_COMPARISONS[operator.text]], tree.Level(index), tree.Number(number))
