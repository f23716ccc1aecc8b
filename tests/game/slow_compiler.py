"""The slow twin of the compiler: every golden scenario's rules written out by hand in Python, and loops over all states and
profiles.

It shares nothing with the package: no parser, no arrays, no order of evaluation. `python tests/game/slow_compiler.py` writes the
golden files.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parents[1] / "data" / "golden"

State = tuple[int, ...]
Profile = tuple[str, ...]
Values = Mapping[str, float]
LOW, MID, TOP = 0, 1, 2
X = (0.0, 1.0, 4.0)


def always(state: State) -> bool:
    return True


@dataclass(frozen=True)
class Twin:
    """A golden game. `follow` maps a state and a profile to chances of next states; a chance of 0 says that the entry exists
    nevertheless.

    actions: per player name -> whether it is legal. terms: (name, player, kind, tag, amount(state, profile, next state, values)).
    """

    file: str
    start: State
    actions: tuple[dict[str, Callable[[State], bool]], ...]
    follow: Callable[[State, Profile, Values], dict[State, float]]
    terms: tuple[tuple[str, int, str, str, Callable[[State, Profile, State, Values], float]], ...]
    labels: tuple[tuple[str, ...], ...] = (("x low", "x mid", "x top"),)
    discount: Callable[[Values], tuple[float, ...]] = lambda p: (0.9, 0.8)
    values: Values = field(default_factory=dict)
    events: Mapping[str, Callable[[State], bool]] = field(default_factory=dict)
    counts: Mapping[str, Callable[[State, Profile, State], bool]] = field(default_factory=dict)
    averages: Mapping[str, Callable[[State], float]] = field(default_factory=dict)
    dates: tuple[float, ...] = (6.0, 12.0, 24.0)
    variant: str = ""
    overrides: Values = field(default_factory=dict)


def slow_compile(twin: Twin) -> dict[str, Any]:
    """The compiled game as plain lists: states in lexicographic order, rows state by state in C order of the profile."""
    states, queue = {twin.start}, [twin.start]
    while queue:
        state = queue.pop()
        for profile in _profiles(twin, state):
            for following in twin.follow(state, profile, twin.values):
                if following not in states:
                    states.add(following)
                    queue.append(following)
    order = sorted(states)
    rows = [(state, profile) for state in order for profile in _profiles(twin, state)]
    laws = [sorted(twin.follow(state, profile, twin.values).items()) for state, profile in rows]
    entries = [(*row, following) for row, law in zip(rows, laws, strict=True) for following, _ in law]
    return {
        "states": [", ".join(own[k] for own, k in zip(twin.labels, state, strict=True)) for state in order],
        "start": order.index(twin.start),
        "discount": list(twin.discount(twin.values)),
        "rows": [[order.index(state), *profile] for state, profile in rows],
        "transitions": [[[order.index(following), chance] for following, chance in law] for law in laws],
        "terms": [
            {"name": name, "player": player, "kind": kind, "tag": tag, "amount": [_mean(twin, amount, *row) for row in rows]}
            for name, player, kind, tag, amount in twin.terms
        ],
        "events": {name: [holds(state) for state in order] for name, holds in twin.events.items()},
        "counts": {name: [float(holds(*entry)) for entry in entries] for name, holds in twin.counts.items()},
        "averages": {name: [value(state) for state in order] for name, value in twin.averages.items()},
        "dates": list(twin.dates),
    }


def _profiles(twin: Twin, state: State) -> list[Profile]:
    return list(itertools.product(*([name for name, legal in own.items() if legal(state)] for own in twin.actions)))


def _mean(twin: Twin, amount: Callable[[State, Profile, State, Values], float], state: State, profile: Profile) -> float:
    return sum(
        chance * amount(state, profile, following, twin.values)
        for following, chance in twin.follow(state, profile, twin.values).items()
    )


# --- the golden games ----------------------------------------------------------------------------------------------------------

IDLE = {"idle": always}
LEVEL_TERMS = (
    ("level", 0, "gain", "", lambda s, a, t, p: X[s[0]]),
    ("level", 1, "cost", "", lambda s, a, t, p: X[s[0]]),
)


def _up(k: int, steps: int = 1) -> int:
    return min(k + steps, TOP)


def _down(k: int, steps: int = 1) -> int:
    return max(k - steps, LOW)


def _total(*parts: tuple[State, float]) -> dict[State, float]:
    """Chances of next states, those of one state added up."""
    result: dict[State, float] = {}
    for state, chance in parts:
        result[state] = result.get(state, 0.0) + chance
    return result


def _legal(s: State, a: Profile, p: Values) -> dict[State, float]:
    return {({"push": s[0] + 1, "pull": s[0] - 1}.get(a[0], s[0]),): 1.0}


def _ends(s: State, a: Profile, p: Values) -> dict[State, float]:
    return {(_up(s[0], 2) if a[0] == "climb" else _down(s[0], 2),): 1.0}


def _jumps(s: State, a: Profile, p: Values) -> dict[State, float]:
    return {(LOW if a[1] == "reset" else TOP if a[0] == "jump" else s[0],): 1.0}


def _lottery(s: State, a: Profile, p: Values) -> dict[State, float]:
    up, down = p["p"], p["q"] / 2
    return _total(((_up(s[0]),), up), ((_down(s[0]),), down), ((TOP,), 0.125), (s, 1 - up - down - 0.125))


def _first(s: State, a: Profile, p: Values) -> dict[State, float]:
    if a[0] == "left" or (a[1] == "left" and s[0] == MID):
        return {(_up(s[0]),): 1.0}
    if s[0] >= MID and a[1] == "right":
        return {(_down(s[0]),): 1.0}
    return {(LOW if X[s[0]] * 2 + 1 == 9 else s[0],): 1.0}


def _earlier(s: State, a: Profile, p: Values) -> dict[State, float]:
    """States are (y, x, z)."""
    y, x, _ = s
    moves = {"push": ((x + 1, 0.5), (x, 0.5)), "pull": ((x - 1, p["p"]), (x, 1 - p["p"]))}.get(a[0], ((x, 1.0),))
    parts = []
    for x2, chance in moves:
        if x != TOP and x2 == TOP:
            after = [(_up(y, 2), 1.0)]
        elif x2 > x:
            after = [(_up(y), 1.0)]
        elif x2 < x:
            after = [(_down(y), p["p"]), (y, 1 - p["p"])]
        else:
            after = [(y, 1.0)]
        parts += [((y2, x2, int(y2 != y)), chance * share) for y2, share in after]
    return _total(*parts)


def _turns(s: State, a: Profile, p: Values) -> dict[State, float]:
    """States are (x, whose turn)."""
    x, turn = s
    if a[0] == "push":
        return {(x + 1, 1): 1.0}
    if a[1] == "pull":
        return {(x - 1, 0): 0.5, (x, 0): 0.5}
    return {(x, 1 - turn): 1.0}


def _ending(s: State, a: Profile, p: Values) -> dict[State, float]:
    if s[0] == TOP:
        return {s: 1.0}
    return {(s[0] + 1,): 0.5, s: 0.5} if a[0] == "push" else {(LOW,): 1.0}


def _decaying(s: State, a: Profile, p: Values) -> dict[State, float]:
    return _total((s, 0.5), ((LOW,), 0.5))


def _ahead(s: State, a: Profile, p: Values) -> dict[State, float]:
    up, down = (2 * p["p"] if a[0] == "push" else None), p["p"]
    parts = [((_down(s[0]),), down), (s, 1 - down - (up or 0.0))]
    return _total(*parts, *([] if up is None else [((_up(s[0]),), up)]))


def _measured(s: State, a: Profile, p: Values) -> dict[State, float]:
    return {(s[0] + 1,): 0.5, s: 0.5} if a[0] == "push" else {(_down(s[0]),): 1.0}


def _changing(s: State, a: Profile, p: Values) -> dict[State, float]:
    if a[0] == "push":
        return {(s[0] + 1,): p["p"], s: 1 - p["p"]}
    return {(s[0] - 1,): 1.0} if a[0] == "pull" else {s: 1.0}


def _chosen(s: State, a: Profile, t: State, p: Values) -> float:
    if a == ("push", "stall"):
        return 10.0
    return p["p"] if s[0] == MID else -p["q"]


def _below_the_top(s: State, a: Profile, p: Values) -> dict[State, float]:
    """As the changing game, but what would reach the top stays in the middle."""
    return _total(*(((min(following[0], MID),), chance) for following, chance in _changing(s, a, p).items()))


CHANGES = Twin(
    "changes",
    (LOW,),
    ({"hold": always, "push": lambda s: s[0] < TOP, "pull": lambda s: s[0] > LOW}, IDLE),
    _changing,
    LEVEL_TERMS,
    values={"p": 0.5},
)

TWINS: dict[str, Twin] = {
    "legal_actions": Twin(
        "legal_actions",
        (LOW,),
        ({"hold": always, "push": lambda s: s[0] < TOP, "pull": lambda s: s[0] == TOP}, IDLE),
        _legal,
        LEVEL_TERMS,
    ),
    "steps_stop_at_the_ends": Twin(
        "steps_stop_at_the_ends", (MID,), ({"climb": always, "slide": always}, IDLE), _ends, LEVEL_TERMS
    ),
    "jumps": Twin(
        "jumps", (LOW,), ({"hold": always, "jump": always}, {"wait_and_see": always, "reset": always}), _jumps, LEVEL_TERMS
    ),
    "lottery": Twin("lottery", (MID,), (IDLE, IDLE), _lottery, LEVEL_TERMS, values={"p": 0.5, "q": 0.25}),
    "first_rule_that_fits": Twin(
        "first_rule_that_fits",
        (MID,),
        ({"left": always, "right": always}, {"left": always, "right": always}),
        _first,
        LEVEL_TERMS,
    ),
    "reads_earlier_variables": Twin(
        "reads_earlier_variables",
        (0, MID, 0),
        ({"hold": always, "push": lambda s: s[1] < TOP, "pull": lambda s: s[1] > LOW}, IDLE),
        _earlier,
        (("y", 0, "gain", "", lambda s, a, t, p: float(s[0] + s[2])), ("x", 1, "cost", "", lambda s, a, t, p: X[s[1]])),
        labels=(("y none", "y some", "y all"), ("x low", "x mid", "x top"), ("z no", "z yes")),
        values={"p": 0.3},
    ),
    "moves_in_turn": Twin(
        "moves_in_turn",
        (LOW, 0),
        (
            {"hold": lambda s: s[1] == 0, "push": lambda s: s[1] == 0 and s[0] < TOP, "wait": lambda s: s[1] == 1},
            {"hold": lambda s: s[1] == 1, "pull": lambda s: s[1] == 1 and s[0] > LOW, "wait": lambda s: s[1] == 0},
        ),
        _turns,
        (
            ("level", 0, "gain", "", lambda s, a, t, p: X[s[0]]),
            ("waiting", 0, "gain", "", lambda s, a, t, p: 3.0 if a[0] == "wait" else 0.0),
            ("level", 1, "cost", "", lambda s, a, t, p: X[s[0]]),
        ),
        labels=(("x low", "x mid", "x top"), ("turn a", "turn b")),
    ),
    "ends": Twin(
        "ends",
        (LOW,),
        (
            {"hold": lambda s: s[0] != TOP, "push": lambda s: s[0] != TOP, "over": lambda s: s[0] == TOP},
            {"idle": lambda s: s[0] != TOP, "over": lambda s: s[0] == TOP},
        ),
        _ending,
        LEVEL_TERMS,
    ),
    "half_life": Twin(
        "half_life",
        (LOW,),
        (IDLE, IDLE),
        lambda s, a, p: {s: 1.0},
        LEVEL_TERMS,
        discount=lambda p: (0.5 ** (1 / p["months"]), 0.5),
        values={"months": 4.0},
    ),
    "payoff_formulas": Twin(
        "payoff_formulas",
        (MID,),
        ({"hold": always, "push": always}, {"idle": always, "stall": always}),
        _decaying,
        (
            ("chosen", 0, "gain", "", _chosen),
            ("powers", 0, "gain", "", lambda s, a, t, p: p["q"] ** X[s[0]] - (1 + X[s[0]]) / p["q"]),
            ("kinked", 0, "cost", "", lambda s, a, t, p: max(X[s[0]], p["p"], p["q"]) - min(X[s[0]], 1) + abs(X[s[0]] - p["q"])),
            (
                "smooth",
                0,
                "cost",
                "holding",
                lambda s, a, t, p: math.exp(X[s[0]]) + math.sqrt(X[s[0]] + 1) * math.log(X[s[0]] + p["q"]),
            ),
            ("use", 0, "cost", "using", lambda s, a, t, p: 7.0 if a[0] == "push" else 0.0),
            ("kept", 1, "gain", "", lambda s, a, t, p: float(s[0] != LOW and a[0] != "push")),
            ("compared", 1, "gain", "", lambda s, a, t, p: p["p"] if s[0] <= MID else p["p"] - 1),
        ),
        values={"p": 0.5, "q": 2.0},
    ),
    "payoffs_read_ahead": Twin(
        "payoffs_read_ahead",
        (MID,),
        ({"hold": always, "push": always}, IDLE),
        _ahead,
        (
            ("rise", 0, "gain", "", lambda s, a, t, p: 8.0 * (t[0] > s[0])),
            ("reached", 0, "gain", "", lambda s, a, t, p: X[s[0]] if t[0] != MID and s[0] == MID else 1.0),
            ("unrest", 1, "cost", "", lambda s, a, t, p: 4.0 * (t != s)),
            ("fall", 1, "cost", "", lambda s, a, t, p: X[s[0]] * (t[0] < s[0])),
        ),
        values={"p": 0.25},
    ),
    "measures": Twin(
        "measures",
        (LOW,),
        ({"hold": always, "push": lambda s: s[0] < TOP}, IDLE),
        _measured,
        LEVEL_TERMS,
        events={"high": lambda s: s[0] in (MID, TOP), "peak": lambda s: s[0] == TOP},
        counts={
            "pushes": lambda s, a, t: a[0] == "push",
            "rises": lambda s, a, t: t[0] > s[0],
            "peaks": lambda s, a, t: s[0] != TOP and t[0] == TOP,
        },
        averages={"level": lambda s: X[s[0]], "square": lambda s: X[s[0]] ** 2 if s[0] > LOW else 0.0},
        dates=(3.0, 10.0),
    ),
    "changes": CHANGES,
    "changes_forbid_and_start": replace(
        CHANGES, variant="no_push", start=(MID,), actions=({"hold": always, "pull": lambda s: s[0] > LOW}, IDLE)
    ),
    "changes_set": replace(CHANGES, variant="sure", values={"p": 1.0}),
    "changes_override": replace(CHANGES, variant="sure", values={"p": 0.0}, overrides={"p": 0.0}),
    "changes_replace_levels": replace(CHANGES, variant="no_top", start=(MID,), follow=_below_the_top),
    "changes_of_itself": replace(
        CHANGES,
        file="changes_of_itself",
        start=(MID,),
        values={"p": 1.0},
        actions=({"hold": always, "pull": lambda s: s[0] > LOW}, IDLE),
        follow=lambda s, a, p: {(max(s[0] - 1, LOW),): p["p"], s: 1 - p["p"]} if a[0] == "pull" else {s: 1.0},
    ),
    "replaced_levels": replace(CHANGES, file="replaced_levels", start=(MID,), follow=_below_the_top),
}


if __name__ == "__main__":
    for key, twin in TWINS.items():
        (GOLDEN / f"{key}.json").write_text(json.dumps(slow_compile(twin), indent=1) + "\n", encoding="utf-8")
