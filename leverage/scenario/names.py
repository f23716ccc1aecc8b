"""The names of a scenario: players, state variables and levels, actions, parameters; each means one thing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic_core import PydanticCustomError

from leverage.scenario.parsing import KEYWORDS
from leverage.scenario.periods import read_period
from leverage.scenario.reader import Reader
from leverage.scenario.scenario import Path
from leverage.scenario.schema import read_levels
from leverage.scenario.syntax import Vocabulary

#: The action of a player who waits for its turn, and the one that is left when the game is over.
WAIT, OVER = "wait", "over"


def read_names(reader: Reader) -> None:
    """Fill the reader's vocabulary and period, and note names that mean two things or are words of the language."""
    text = reader.document.data.get("period", "1 period") if isinstance(reader.document.data, dict) else "1 period"
    try:
        reader.period = read_period(str(text))
    except ValueError as reason:
        reader.fault(("period",), str(reason))
        reader.period_known = False
    players = tuple(reader.section("players"))
    variables = {name: _level_numbers(value) for name, value in reader.section("state").items()}
    actions = {player: tuple(reader.section("actions", player)) for player in players}
    if turns(reader):
        variables["turn"] = {player: float(k) for k, player in enumerate(players)}
        actions = {player: (*own, WAIT) for player, own in actions.items()}
    if reader.section().get("ends when") is not None:
        actions = {player: (*own, OVER) for player, own in actions.items()}
    reader.vocabulary = Vocabulary(
        tuple(reader.section("parameters")), MappingProxyType(variables), MappingProxyType(actions), reader.period.unit
    )
    _check_names(reader)


def unclear(reader: Reader) -> bool:
    """Whether period, players, levels or actions are so far from what is needed that no text can be read against them."""
    words = reader.vocabulary
    return (
        not reader.period_known
        or not words.players
        or not all(isinstance(reader.section().get(name), dict) for name in ("state", "actions"))
        or not (all(words.variables.values()) and all(reader.section("actions", key) for key in words.players))
    )


def turns(reader: Reader) -> bool:
    """Whether one player moves a period."""
    return bool(reader.section().get("moves") == "in turn")


def _level_numbers(value: object) -> Mapping[str, float]:
    try:
        return MappingProxyType(read_levels(value))
    except PydanticCustomError:
        return MappingProxyType({str(name): float(k) for k, name in enumerate(value)} if isinstance(value, dict | list) else {})


def _check_names(reader: Reader) -> None:
    """Names that are words of the language, or that mean two things."""
    words = reader.vocabulary
    places: dict[str, str] = {}
    sorts = (("parameters", words.parameters), ("state", tuple(reader.section("state"))), ("players", words.player_names))
    for section, names in sorts:
        for name in names:
            if name in places:
                reader.fault(
                    (section, name), f"'{name}' is already a name under {places[name]}", "rename one of them", on_key=True
                )
            places[name] = section
            _check_word(reader, (section, name))
    for variable in reader.section("state"):
        for level in words.variables[variable]:
            _check_word(reader, ("state", variable, level))
            if level in places:
                message = f"the level '{level}' has the name of something under {places[level]}"
                reader.fault(("state", variable, level), message, "rename one of them", on_key=True)
    if reader.section().get("players") == {}:
        reader.fault(("players",), "a scenario needs a player", "add 'NAME: {discount: 0.9}'", on_key=True)
    for player in reader.section("actions") if words.players else ():
        reader.key(player, words.player_names, "player", ("actions", player))
        for action in reader.section("actions", player):
            _check_word(reader, ("actions", player, action))
    for player in words.player_names:
        if reader.section("actions").get(player, {}) == {}:
            reader.fault(("actions",), f"'{player}' has no actions", f"add '{player}:' with at least one action", on_key=True)
            reader.blocked = True


def _check_word(reader: Reader, path: Path) -> None:
    name = path[-1]
    reserved = {"turn": turns(reader), WAIT: turns(reader), OVER: reader.section().get("ends when") is not None}
    if name in KEYWORDS or reserved.get(str(name), False):
        reader.fault(path, f"'{name}' is a word of the language", "choose another name", on_key=True)
        reader.blocked = True
