"""Strategic games as Gambit's `.nfg` files: a state of a stochastic game written, any such file read.

    NFG 1 R "title" { "player" ... } { { "action" ... } ... } "comment"
    payoffs of all players at the first profile, at the second, ...

The first player's action runs fastest. Files that other programs wrote may give numbers of actions in place of names, and
outcomes (`{ { "name" 1, 2 } ... }`) with a list of their numbers in place of payoffs; all four are read.

Source: Gambit's documentation, "The strategic game (.nfg) file format", payoff version and outcome version.
"""

from __future__ import annotations

import math
import operator
import re
from array import array
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from leverage.errors import ExchangeError, Fault, GameError
from leverage.exchange.gambit_text import number, quoted, renaming_list
from leverage.game.stochastic_game import Floats, StochasticGame

#: Larger files are not read.
MOST_BYTES = 100_000_000
#: Payoffs of all profiles and players: more would not be solved here either, and a header must not ask for memory.
MOST_PAYOFFS = 5_000_000
#: numpy's arrays have at most 64 axes, one of them for the players.
MOST_PLAYERS = 63
#: Numbers with more characters are none that a game has; Python refuses integers of more than 4,300 digits.
LONGEST_NUMBER = 4_000


@dataclass(frozen=True, eq=False)
class StageGame:
    """A one-shot game that was read from a file.

    payoffs: (A_1, ..., A_N, N). players: N names. actions[i]: names of player i's actions. Names are as in the file, which may
    repeat them or leave them empty.
    """

    title: str
    comment: str
    players: tuple[str, ...]
    actions: tuple[tuple[str, ...], ...]
    payoffs: Floats

    def repeated(self, discount: ArrayLike = 0.0) -> StochasticGame:
        """The stochastic game with this stage game in its one state, for solvers that take one.

        discount: a number or one per player, in [0, 1); 0 makes tomorrow worthless, as in the one-shot game. Raises GameError
        for a discount factor that is none.
        """
        bare = StochasticGame.from_arrays([self.payoffs], [np.ones((*self.payoffs.shape[:-1], 1))], discount)
        return StochasticGame(
            players=self.players,
            states=(self.title or "stage game",),
            actions=(self.actions,),
            payoffs=bare.payoffs,
            transitions=bare.transitions,
            discount=bare.discount,
        )


# --- writing -----------------------------------------------------------------------------------------------------------


def nfg_text(game: StochasticGame, state: int, continuation: ArrayLike | None = None) -> str:
    """The one-shot game of a state as the text of an `.nfg` file.

    Parameters
    ----------
    game : any number of players.
    state : index of the state, 0 to S - 1.
    continuation : (S, N), normalised values of what follows, payoff a period, such as `Solution.values`. Without it the payoffs
        are those of one period, u(s, a); with it they are (1 - delta) u(s, a) + delta sum_s' p(s' | s, a) V(s'): a stationary
        equilibrium with the values V plays an equilibrium of this game.

    Raises
    ------
    GameError : no such state; continuation values of another shape or not finite.

    Examples
    --------
    >>> prisoners = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([prisoners], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> print(nfg_text(game, 0), end="")
    NFG 1 R "state 1" { "1" "2" }
    {
    { "1" "2" }
    { "1" "2" }
    }
    "payoffs of one period"
    <BLANKLINE>
    3 3
    5 0
    0 5
    1 1
    """
    state = _state_index(game, state)
    profiles, payoffs, comment = game.action_counts[state], game.stage_payoffs(state), "payoffs of one period"
    if continuation is not None:
        following = game.stage_transitions(state) @ _checked_values(game, continuation)
        payoffs = (1 - game.discount) * payoffs + game.discount * following
        comment = "payoffs of one period and of what follows: (1 - discount) x payoff + discount x continuation value"
    first_fastest = payoffs.transpose(*reversed(range(len(profiles))), -1).reshape(-1, game.n_players)
    head = f"NFG 1 R {quoted(f'state {game.states[state]}')} {renaming_list(game.players)}"
    names = [renaming_list(own) for own in game.actions[state]]
    rows = [" ".join(number(x) for x in row) for row in first_fastest.tolist()]
    return "\n".join([head, "{", *names, "}", quoted(comment), "", *rows, ""])


def _state_index(game: StochasticGame, state: int) -> int:
    index = operator.index(state)
    if not 0 <= index < game.n_states:
        raise GameError(f"state {index}: the game has the states 0 to {game.n_states - 1}")
    return index


def _checked_values(game: StochasticGame, continuation: ArrayLike) -> Floats:
    try:
        values = np.asarray(continuation, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GameError(f"continuation values are no array of numbers: {error}") from error
    if values.shape != (game.n_states, game.n_players) or not np.all(np.isfinite(values)):
        raise GameError(
            f"continuation values have shape {values.shape}; finite numbers of shape {(game.n_states, game.n_players)} are needed"
        )
    return values


# --- reading -----------------------------------------------------------------------------------------------------------


def read_nfg(source: str | PathLike[str]) -> StageGame:
    r"""Read an `.nfg` file, payoff version or outcome version.

    Parameters
    ----------
    source : the file; or its text, which is recognised by its first word NFG and a space or line break after it.

    Returns
    -------
    StageGame : `payoffs` (A_1, ..., A_N, N) with the names; `repeated(discount)` makes a game for the solvers of it.

    Raises
    ------
    ExchangeError : the file cannot be read, or is no `.nfg` file of a size that can be used; with line, cause and remedy.

    Notes
    -----
    Whole numbers, decimals and fractions are read, each to the nearest float; a decimal may have an exponent. In a label \" is
    a quotation mark, and any other backslash is itself.

    Examples
    --------
    >>> game = read_nfg('NFG 1 R "Prisoners" { "row" "column" } { 2 2 }  3 3  5 0  0 5  1 1')
    >>> game.payoffs[0, 1].tolist(), game.actions
    ([0.0, 5.0], (('1', '2'), ('1', '2')))
    """
    if isinstance(source, str) and re.match(r"\ufeff?\s*NFG\s", source):
        return _parsed(source, "text")
    return _parsed(_file_text(Path(source)), str(source))


def _file_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ExchangeError(
            str(path)[:200], Fault(0, 0, f"cannot be read: {reason or error}", "give a file, or text that begins with NFG")
        ) from error
    if len(data) > MOST_BYTES:
        raise ExchangeError(str(path), Fault(0, 0, f"the file has more than {MOST_BYTES:,} bytes", "use a smaller game"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ExchangeError(
            str(path), Fault(line, 1, "not UTF-8 text", "save the file in the encoding UTF-8 and as plain text")
        ) from error


#: The lexical elements. A quotation mark after a backslash belongs to the label.
_TOKEN = re.compile(
    r"""\s*(?: (?P<label>"(?:[^"\\]|\\"?)*+")
             | (?P<brace>[{}])
             | (?P<comma>,)
             | (?P<number>[+-]?(?:\d+/\d+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?=[\s{}",]|\Z))
             | (?P<word>"|[^\s{}",]+)
             | (?P<end>\Z) )""",
    re.VERBOSE | re.ASCII,
)
#: How kinds of lexical elements are told to people.
_KINDS = {"label": "a text in quotation marks", "number": "a number", "word": "a word"}


class _Reader:
    """The file as a sequence of lexical elements, with one of them in view."""

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source, self.place, self.end = text, source, 0, 0
        self.kind, self.word = "", ""
        self.move()

    def move(self) -> None:
        """Bring the next element into view."""
        match = _TOKEN.match(self.text, self.end)
        if match is None or match.lastgroup is None:  # a blank that ASCII does not know
            self.kind, self.word, self.place = "word", self.text[self.end : self.end + 1], self.end
            return
        self.kind, self.word = match.lastgroup, match[match.lastgroup]
        self.place, self.end = match.start(match.lastgroup), match.end()

    def sees(self, kind: str, word: str = "") -> bool:
        return self.kind == kind and (not word or self.word == word)

    def take(self, kind: str, what: str, word: str = "", remedy: str = "") -> str:
        """The element in view, if it is of that kind; `what` says what should stand there."""
        if not self.sees(kind, word):
            raise self.fault(f"{self.seen()} where {what} should stand", remedy)
        taken = self.word
        self.move()
        return taken

    def seen(self) -> str:
        """The element in view, in words."""
        if self.kind == "end":
            return "the file ends"
        if self.word == '"':
            return "a quotation mark without its partner stands"
        return f"{_KINDS.get(self.kind, 'a sign')}, {self.word[:40]}, stands"

    def fault(self, message: str, remedy: str = "") -> ExchangeError:
        """The error at the element in view."""
        line = self.text.count("\n", 0, self.place) + 1
        first = self.text.rfind("\n", 0, self.place) + 1
        whole = self.text[first : first + 200 + self.place - first].split("\n", 1)[0]
        fault = Fault(line, self.place - first + 1, message, remedy, whole, max(1, min(len(self.word), 40)))
        return ExchangeError(self.source, fault)


def _parsed(text: str, source: str) -> StageGame:
    reader = _Reader(text.removeprefix("\ufeff"), source)
    title, players = _prologue(reader)
    actions = _actions(reader, len(players))
    comment = _label(reader, "a comment") if reader.sees("label") else ""
    counts = [len(own) for own in actions]
    outcomes = _outcomes(reader, len(players)) if reader.sees("brace", "{") else None
    payoffs = _payoff_list(reader, counts) if outcomes is None else _outcome_list(reader, counts, outcomes)
    if not reader.sees("end"):
        raise reader.fault(
            f"{reader.seen()} after the last profile", "the table is complete before it: check the numbers of actions"
        )
    dense = payoffs.reshape(*reversed(counts), len(players))
    dense = np.ascontiguousarray(dense.transpose(*reversed(range(len(counts))), -1))
    return StageGame(title, comment, players, actions, dense)


def _prologue(reader: _Reader) -> tuple[str, tuple[str, ...]]:
    remedy = 'an .nfg file begins with: NFG 1 R "title" { "player 1" "player 2" }'
    reader.take("word", "the word NFG", "NFG", remedy)
    reader.take("number", "the version, 1,", "1", remedy)
    if not (reader.sees("word", "R") or reader.sees("word", "D")):
        raise reader.fault("the letter R (or D) should stand here", remedy)
    reader.move()
    title = _label(reader, "the title")
    reader.take("brace", "the list of players", "{", remedy)
    players = _labels(reader)
    if not 1 <= len(players) <= MOST_PLAYERS:
        raise reader.fault(f"{len(players)} players; 1 to {MOST_PLAYERS} can be read", remedy)
    return title, players


def _label(reader: _Reader, what: str) -> str:
    return reader.take("label", f"{what}, a text in quotation marks,")[1:-1].replace('\\"', '"')


def _labels(reader: _Reader) -> tuple[str, ...]:
    """Labels up to the closing brace, which is taken too."""
    found = []
    while reader.sees("label"):
        found.append(_label(reader, "a name"))
    reader.take("brace", "another name or the end of the list, }", "}")
    return tuple(found)


def _actions(reader: _Reader, players: int) -> tuple[tuple[str, ...], ...]:
    """Names of each player's actions; where the file has only their numbers, they are called 1, 2, ..."""
    remedy = f"give each of the {players} players its names, {{ {{ ... }} ... }}, or its number of actions, {{ 2 ... }}"
    reader.take("brace", "the list of actions", "{", remedy)
    named, profiles = reader.sees("brace", "{"), 1
    actions: list[tuple[str, ...]] = []
    for _ in range(players):
        if named:
            reader.take("brace", "the next player's list of actions", "{", remedy)
            own = _labels(reader)
            count = len(own)
        else:
            count = _whole(reader, "a player's number of actions")
        profiles *= count
        if not 1 <= profiles * players <= MOST_PAYOFFS:
            problem = "has no action" if count == 0 else f"makes more than {MOST_PAYOFFS:,} payoffs"
            raise reader.fault(f"player {len(actions) + 1} {problem} (the place is after its actions)", remedy)
        actions.append(own if named else tuple(str(a + 1) for a in range(count)))
    reader.take("brace", "the end of the list of actions, }", "}", remedy)
    return tuple(actions)


def _payoff_list(reader: _Reader, counts: list[int]) -> Floats:
    """(profiles, N), the first player's action runs fastest."""
    total = math.prod(counts) * len(counts)
    values = array("d")
    for k in range(total):
        values.append(_number(reader, f"payoff {k + 1} of {total}"))
    return np.array(values).reshape(-1, len(counts))


def _outcomes(reader: _Reader, players: int) -> Floats:
    """(outcomes + 1, N): payoffs of the null outcome, 0 to everybody, and of those listed."""
    reader.take("brace", "the list of outcomes", "{")
    values = array("d", [0.0] * players)
    while reader.sees("brace", "{"):
        if len(values) > MOST_PAYOFFS:
            raise reader.fault(f"the outcomes have more than {MOST_PAYOFFS:,} payoffs", "use a smaller game")
        reader.move()
        _label(reader, "an outcome's name")
        for i in range(players):
            values.append(_number(reader, f"an outcome's payoff to player {i + 1} of {players}"))
            if reader.sees("comma"):
                reader.move()
        reader.take("brace", "the end of the outcome, }", "}", f"an outcome has a name and {players} payoffs")
    reader.take("brace", "another outcome or the end of their list, }", "}")
    return np.array(values).reshape(-1, players)


def _outcome_list(reader: _Reader, counts: list[int], outcomes: Floats) -> Floats:
    """(profiles, N): the payoffs of each profile's outcome."""
    total, chosen = math.prod(counts), array("q")
    for k in range(total):
        if reader.sees("number") and reader.word.isdecimal() and _beyond(reader.word, len(outcomes) - 1):
            raise reader.fault(f"there is no outcome {reader.word[:40]}", f"the file lists outcomes 1 to {len(outcomes) - 1}")
        chosen.append(_whole(reader, f"the outcome of profile {k + 1} of {total}"))
    return outcomes[np.array(chosen, dtype=np.intp)]


def _beyond(digits: str, largest: int) -> bool:
    """Whether a whole number is larger, without making a huge one."""
    significant = digits.lstrip("0") or "0"
    return len(significant) > len(str(largest)) or int(significant) > largest


def _whole(reader: _Reader, what: str) -> int:
    if reader.sees("number") and not (reader.word.isdecimal() and reader.word.isascii()):
        raise reader.fault(f"{reader.word[:40]} where {what}, a whole number, should stand")
    if reader.sees("number") and _beyond(reader.word, MOST_PAYOFFS):
        raise reader.fault(f"{reader.word[:40]} is too large for {what}", f"games with up to {MOST_PAYOFFS:,} payoffs are read")
    return int(reader.take("number", what).lstrip("0") or "0")


def _number(reader: _Reader, what: str) -> float:
    """A whole number, a decimal or a fraction as the nearest float."""
    if reader.sees("number") and len(reader.word) > LONGEST_NUMBER:
        raise reader.fault(f"a number with more than {LONGEST_NUMBER:,} characters")
    if not reader.sees("number"):
        reader.take("number", what, remedy="check the numbers of actions, and that decimals have a point")
    upper, sign, lower = reader.word.partition("/")
    if sign and not lower.strip("0"):
        raise reader.fault(f"{reader.word[:40]} divides by zero")
    try:
        value = int(upper) / int(lower) if sign else float(upper)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise reader.fault(f"{reader.word[:40]} is beyond the range of numbers", "rescale the payoffs")
    reader.move()
    return value
