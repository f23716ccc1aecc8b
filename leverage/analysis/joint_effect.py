"""What several instruments of one holder bring about together, divided among them: one may be worth little without another.

The worth of a coalition of instruments is a player's payoff, under a selection, in the world that has them and no other of the
holder's. Only instruments that commute have such worlds: being without two of them must not be a contradiction.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from leverage.analysis.figure import Figure, Sign
from leverage.analysis.leverage import NOTHING
from leverage.analysis.point import Point
from leverage.analysis.shapley import MOST_EXACT, SAMPLED_ORDERS, Coalition, joint_effect
from leverage.errors import ConflictError, ScenarioError
from leverage.scenario.changes import combined
from leverage.scenario.claims import Selection
from leverage.scenario.scenario import Instrument

#: Measures of a joint effect.
SHAPLEY, INTERACTION, TOTAL, LEFT_OUT, NOT_SEARCHED = "Shapley value", "interaction", "all together", "left out", "not searched"


@dataclass(frozen=True)
class JointRow:
    """One fact about the instruments of a holder together.

    measure: SHAPLEY of one instrument, INTERACTION of two, TOTAL of all; LEFT_OUT (an instrument that does not commute) and
    NOT_SEARCHED (more worlds than allowed) have no number. instruments: what it is about. player: whose payoff. method: "exact",
    or how orders of joining were sampled. note: why there is no number, or what a reader should know of the bounds.
    """

    holder: str
    selection: str
    measure: str
    instruments: tuple[str, ...]
    player: str
    effect: Figure
    sign: Sign
    method: str
    note: str


def further_worlds(point: Point) -> int:
    """How many worlds have to be solved for the joint effects, beyond those that lack one instrument or none."""
    return sum(_worlds(len(kept)) for _, kept, _ in _holders(point))


def _worlds(instruments: int) -> int:
    if instruments < 2:
        return 0
    if instruments > MOST_EXACT:
        return SAMPLED_ORDERS * (instruments - 1)  # at most: orders may pass the same worlds
    return int(2**instruments) - instruments - 1


def joint_rows(point: Point, most_worlds: int | None = None) -> tuple[JointRow, ...]:
    """The joint effects of all holders with at least two instruments that commute, in the order of the file.

    Selections: best and worst equilibrium for the holder, and for two players the bargaining point. Payoffs of every player.

    Parameters
    ----------
    point : the parameter point; every world is solved with its tolerance. most_worlds : holders that need more worlds beyond
        those that lack one instrument or none are not searched, and a row says so; None: no limit.

    Notes
    -----
    The division depends on which instruments are declared: two that do the same thing share what one alone would get.
    """
    if len(point.scenario.players) < 2:
        return ()
    rows: list[JointRow] = []
    for holder, kept, left_out in _holders(point):
        key = point.scenario.players[holder].key
        rows += [_without_number(key, LEFT_OUT, (name,), reason) for name, reason in left_out.items()]
        if len(kept) > 1 and most_worlds is not None and _worlds(len(kept)) > most_worlds:
            reason = f"needs {_worlds(len(kept))} further worlds, {most_worlds} are allowed"
            rows.append(_without_number(key, NOT_SEARCHED, kept, reason))
        elif len(kept) > 1:
            rows += _of_holder(point, holder, kept)
    return tuple(rows)


def _holders(point: Point) -> Iterator[tuple[int, tuple[str, ...], dict[str, str]]]:
    """Holders of two instruments or more: their instruments that commute with each other, and why others are left out."""
    for holder in range(len(point.scenario.players)):
        own = [each for each in point.scenario.instruments if each.holder == holder]
        if len(own) > 1:
            left_out = _conflicts(own)
            yield holder, tuple(each.name for each in own if each.name not in left_out), left_out


def _conflicts(own: Sequence[Instrument]) -> dict[str, str]:
    """Instruments that contradict another one: both are left out, so that their order does not matter."""
    found: dict[str, list[str]] = {}
    for one, other in itertools.combinations(own, 2):
        try:
            combined({one.name: one.without, other.name: other.without})
        except ConflictError as error:
            found.setdefault(one.name, []).append(f"does not commute with {other.name}: {error.about}")
            found.setdefault(other.name, []).append(f"does not commute with {one.name}: {error.about}")
    return {each.name: "; ".join(found[each.name]) for each in own if each.name in found}


def _without_number(holder: str, measure: str, instruments: tuple[str, ...], reason: str) -> JointRow:
    missing = Figure.missing("undefined", reason)
    return JointRow(holder, "", measure, instruments, "", missing, missing.sign(), "", reason)


def _of_holder(point: Point, holder: int, names: tuple[str, ...]) -> Iterator[JointRow]:
    players = point.scenario.players
    key, nothing = players[holder].key, NOTHING * point.game().payoff_range
    selections = [Selection("best for", (key,)), Selection("worst for", (key,))]
    selections += [Selection("bargaining point")] if len(players) == 2 else []
    for selection in selections:
        for i, player in enumerate(players):
            found = joint_effect(names, partial(_worth, point, names, selection, i))
            told: list[tuple[str, tuple[str, ...], Figure]] = [(SHAPLEY, (name,), value) for name, value in found.values.items()]
            told += [(INTERACTION, pair, value) for pair, value in found.interaction.items()]
            for measure, about, value in (*told, (TOTAL, names, found.total)):
                yield JointRow(
                    key, selection.words, measure, about, player.key, value, value.sign(nothing), found.method, value.reason
                )


def _worth(point: Point, names: tuple[str, ...], selection: Selection, player: int, have: Coalition) -> Figure:
    """The player's payoff in the world that has these instruments of the holder's and no other."""
    removed = [name for name in names if name not in have]
    try:
        return point.chosen(selection, (), removed).payoffs[player]
    except ScenarioError as error:
        return Figure.missing("undefined", f"without {' and '.join(removed)} there is no game: {error.faults[0].message}")
