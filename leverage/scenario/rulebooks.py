"""Reading of named strategies: rules over the state with a look back, and phases."""

from __future__ import annotations

from collections.abc import Mapping

from leverage.scenario import syntax as tree
from leverage.scenario.parsing import Scope, nearest
from leverage.scenario.reader import Reader
from leverage.scenario.scenario import Choice, Path, Phase, Strategy, StrategyRule
from leverage.scenario.syntax import Formula

_RULES = Scope("a strategy", parameters=False, actions=False, behind=True)
_CHANCES = Scope("the chance of a lottery", actions=False)


def read_strategies(reader: Reader) -> tuple[tuple[Strategy, ...], ...]:
    """Per player its named strategies in the order of the file."""
    players = reader.vocabulary.player_names
    found: list[list[Strategy]] = [[] for _ in players]
    for key in reader.section("strategies"):
        player = reader.key(key, players, "player", ("strategies", key))
        if player is not None:
            found[player] += [_strategy(reader, player, name) for name in reader.section("strategies", key)]
    return tuple(tuple(own) for own in found)


def _strategy(reader: Reader, player: int, name: str) -> Strategy:
    path: Path = ("strategies", reader.vocabulary.player_names[player], name)
    entry = reader.section(*path)
    given = [key for key in ("always", "rules", "phases") if key in entry]
    before = len(reader.faults)
    phases: tuple[Phase, ...] = ()
    first = 0
    if len(given) != 1:
        reader.fault(
            path, f"the strategy '{name}' has {len(given)} of 'always', 'rules' and 'phases': it needs one of them", on_key=True
        )
    elif given[0] == "phases":
        phases, first = _phases(reader, player, path, entry)
    else:
        phases = (Phase("", _rules(reader, player, entry[given[0]], (*path, given[0]))),)
    if len(reader.faults) > before or not all(phase.rules for phase in phases):
        phases = ()  # what cannot be read is not checked any further
    return Strategy(name, player, str(entry.get("says", "")), phases, first, path)


def _rules(reader: Reader, player: int, value: object, path: Path) -> tuple[StrategyRule, ...]:
    return tuple(
        StrategyRule(condition, _choice(reader, player, result, place), place)
        for condition, result, place in reader.rules(value, path, _RULES)
    )


def _choice(reader: Reader, player: int, result: object, path: Path) -> Choice:
    own = reader.vocabulary.players[reader.vocabulary.player_names[player]]
    lottery = result if isinstance(result, dict) else {}
    names = [result] if isinstance(result, str) else list(result) if isinstance(result, list | dict) else []
    if not names:
        reader.fault(path, "a rule of a strategy names an action, a list of actions or a lottery {action: chance}")
    actions = []
    for k, name in enumerate(names):
        place: Path = (*path, name) if lottery else (*path, k) if isinstance(result, list) else path
        if name in own:
            actions.append(own.index(name))
        else:
            who = reader.vocabulary.player_names[player]
            reader.fault(place, f"there is no action '{name}' of {who}", nearest(str(name), own), on_key=bool(lottery))
    return Choice(tuple(actions), _lottery(reader, lottery, path)) if len(actions) == len(names) else Choice(())


def _lottery(reader: Reader, lottery: Mapping[str, object], path: Path) -> tuple[Formula | None, ...]:
    if sum(chance == "rest" for chance in lottery.values()) > 1:
        reader.fault(path, "'rest' stands twice: what is left of 1 can go to one action only")
    return tuple(reader.chance(chance, (*path, name), _CHANCES) for name, chance in lottery.items())


def _phases(reader: Reader, player: int, path: Path, entry: Mapping[str, object]) -> tuple[tuple[Phase, ...], int]:
    section = reader.section(*path, "phases")
    names = tuple(section)
    starts = entry.get("starts", names[0] if names else "")
    first = reader.name(starts, names, "phase", (*path, "starts"))
    return tuple(_phase(reader, player, names, (*path, "phases", name)) for name in names), first or 0


def _phase(reader: Reader, player: int, names: tuple[str, ...], path: Path) -> Phase:
    entry = reader.section(*path)
    everything = frozenset(reader.vocabulary.variables)
    until = None
    if "until" in entry:
        scope = Scope("'until'", parameters=False, ahead=everything)
        until = tree.at_the_end(reader.condition(entry["until"], (*path, "until"), scope))
    length = reader.duration(entry["for"], (*path, "for")) if "for" in entry else None
    if length is not None and (length < 1 or length != round(length)):
        reader.fault((*path, "for"), f"'{entry['for']}' is {length:g} periods: a phase lasts whole periods, at least one")
        length = None
    following = None
    if "next" in entry:
        following = reader.name(entry["next"], names, "phase", (*path, "next"))
    elif "until" in entry or "for" in entry:
        reader.fault(path, "this phase ends but has no 'next'", "say which phase follows", on_key=True)
    rules = _rules(reader, player, entry.get("play"), (*path, "play")) if "play" in entry else ()
    return Phase(str(path[-1]), rules, until, None if length is None else round(length), following)
