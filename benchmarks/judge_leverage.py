"""What instruments and claims are said to be worth, judged by an independent program.

    python -m benchmarks.judge_leverage [--first 0] [--games 8] [--withdrawal] [--at return_speed=0.3 ...] [--directions 128]

Of the package only loading and compiling are imported; its answers are read from the tables that the command line writes. The
world without an instrument is a scenario text in which it is taken away by hand: the action's lines are gone, what the holder's
strategy does is all that is legal, the number or the start is another one. The judge has its own operator for equilibrium
payoffs, its own search along the edge of the set for Nash's point, and follows chains by powers of their matrix. Faults that are
reported: a number outside the bounds of the table, a sign that does not follow from them, an effect that is not the difference of
its sides, terms and prices that do not add up, channels on the side that inclusion forbids, Shapley values that are not the mean
over all orders, a verdict that does not follow from its numbers, a crash. The judge's sets are bounds from outside and have a
grain: what misses the printed bounds by less passes, and a fault of a number that hangs on sets counts only if it stays with more
`--directions` (made game 5 needs 384).
"""

from __future__ import annotations

import argparse
import itertools
import math
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import leverage

Floats = np.ndarray[Any, np.dtype[np.float64]]
#: A frame as it was read, whose columns have no types that a checker knows.
Table = Any
#: The levels of a state -> the action, or several of which the first that is legal is taken, with / between them.
Rule = Callable[[Mapping[str, str]], str]

#: Directions in which the judge's sets are bounded: of made games, of the shipped scenario.
DIRECTIONS, FEWER_DIRECTIONS = 128, 48
#: Steps of the judge's operator at most; a step this small, a share of the payoff range, is the last one.
STEPS, LAST_STEP = 1500, 1e-7
#: By how much a number that hangs on sets may miss its printed bounds, a share of the payoff range: the judge's sets have their
#: grain. By how much any other number may be off, a share of its size.
GRAIN, SAME = 2e-3, 1e-7
#: Up to this share of the payoff range an effect is said to be zero.
NOTHING = 1e-6
#: Points on each edge of a set that are tried for Nash's point.
TRIED = 400
#: The gap that the judged program is asked for, a share of the payoff range.
GAP = 0.005


# --- the judge's own game theory --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Plain:
    """A two-player game as arrays, one row a state and pair of actions.

    state, pay, law: (rows,), (rows, 2), (rows, states). rivals[i]: (rows, rows) what player i may deviate to from each row.
    names[row]: the two actions. discount: (2,). start: a state. scale: the payoff range.
    """

    state: Any
    pay: Floats
    law: Floats
    rivals: tuple[Any, Any]
    names: Sequence[tuple[str, str]]
    discount: Floats
    start: int
    scale: float
    game: Any = field(repr=False)


def plain(text: str, values: Mapping[str, float], untempted: str = "") -> Plain:
    """The game of a scenario text; nobody may deviate to `untempted`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "judged.yaml"
        path.write_text(text, encoding="utf-8")
        scenario = leverage.load_scenario(path)
        game = leverage.compile_game(leverage.load_scenario(path, {k: v for k, v in values.items() if k in scenario.parameters}))
    state, pay, law, names = [], [], [], []
    for s, actions in enumerate(game.actions):
        pays, laws = game.stage_payoffs(s), game.stage_transitions(s)
        for a, b in itertools.product(*map(range, map(len, actions))):
            state.append(s)
            pay.append(pays[a, b])
            law.append(laws[a, b])
            names.append((actions[0][a], actions[1][b]))
    rivals = []
    for i in (0, 1):
        own, theirs = np.array([n[i] for n in names]), np.array([n[1 - i] for n in names])
        alike = np.equal.outer(state, state) & np.equal.outer(theirs, theirs)
        rivals.append(alike & np.not_equal.outer(own, own) & (own != untempted)[None, :])
    rows = np.array(pay)
    scale = float(np.max(rows.max(axis=0) - rows.min(axis=0)))
    return Plain(
        np.array(state), rows, np.array(law), (rivals[0], rivals[1]), names, np.array(game.discount), game.start, scale, game
    )


def credible_set(game: Plain, directions: int = DIRECTIONS) -> tuple[Floats, Floats]:
    """Directions (K, 2) and how far the equilibrium payoffs at the start reach in each (K,): from outside, by the operator of
    Abreu, Pearce and Stacchetti on supporting lines. NaN: there is no equilibrium."""
    angles = 2 * np.pi * np.arange(directions) / directions
    lines = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    lines[np.abs(lines) < 1e-15] = 0.0
    states = game.law.shape[1]
    box = np.array([game.pay.min(axis=0), game.pay.max(axis=0)])
    reach = np.tile(np.where(lines > 0, lines * box[1], lines * box[0]).sum(axis=1), (states, 1))
    now = (1 - game.discount) * game.pay
    axis = [int(np.argmin(lines[:, i])) for i in (0, 1)]  # the directions that look down
    for _ in range(STEPS):
        corners = _corners(lines, reach)
        turned = np.einsum("skj,dj->skd", corners, lines * game.discount).max(axis=1)  # (states, K)
        lowest = np.stack([-reach[:, k] for k in axis], axis=1)
        total = now @ lines.T + game.law @ turned
        safe = now + game.discount * (game.law @ lowest)
        floor = np.stack([np.where(r, safe[None, :, i], -np.inf).max(axis=1) for i, r in enumerate(game.rivals)], axis=1)
        rows = _cut(lines, total, floor, 1e-9 * game.scale)
        after = np.full_like(reach, -np.inf)
        np.maximum.at(after, game.state, rows)
        if np.isneginf(after).any():
            return lines, np.full(directions, np.nan)
        step = float(np.max(reach - after))
        reach = np.minimum(reach, after)
        if step < LAST_STEP * game.scale * (1 - game.discount.max()):
            break
    return lines, reach[game.start]


def _corners(lines: Floats, reach: Floats) -> Floats:
    """Where neighbouring supporting lines meet: (..., K, 2)."""
    other, far = np.roll(lines, -1, axis=0), np.roll(reach, -1, axis=-1)
    spread = lines[:, 0] * other[:, 1] - lines[:, 1] * other[:, 0]
    x = (reach * other[:, 1] - far * lines[:, 1]) / spread
    y = (far * lines[:, 0] - reach * other[:, 0]) / spread
    return np.stack([x, y], axis=-1)


def _cut(lines: Floats, total: Floats, floor: Floats, slack: float) -> Floats:
    """How far each polygon reaches where both payoffs are at least the floor; -inf where nothing is left."""
    corners = _corners(lines, total)
    after = np.roll(corners, -1, axis=1)
    least = floor - slack
    candidates = [corners]
    for i in (0, 1):
        run = after[:, :, i] - corners[:, :, i]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (least[:, None, i] - corners[:, :, i]) / run
        inside = (share >= 0) & (share <= 1) & np.isfinite(least[:, None, i])
        point = corners + np.where(inside, share, 0.0)[:, :, None] * (after - corners)
        point[:, :, i] = np.where(inside, least[:, None, i], point[:, :, i])
        candidates.append(np.where(inside[:, :, None], point, corners))
    meeting = least[:, None, :]
    held = np.isfinite(least).all(axis=1) & np.all(np.where(np.isfinite(least), least, 0.0) @ lines.T <= total + slack, axis=1)
    candidates.append(np.where(held[:, None, None], meeting, corners[:, :1]))
    points = np.concatenate(candidates, axis=1)
    kept = np.all(points >= least[:, None, :] - slack, axis=2)
    far = np.where(kept[:, :, None], np.einsum("rkj,dj->rkd", np.where(kept[:, :, None], points, 0.0), lines), -np.inf)
    found: Floats = far.max(axis=1)
    return found


@dataclass(frozen=True, eq=False)
class Credible:
    """What the judge knows of a set: how far it reaches in each direction."""

    lines: Floats
    reach: Floats

    @property
    def low(self) -> Floats:
        return np.array([-self.reach[int(np.argmin(self.lines[:, i]))] for i in (0, 1)])

    @property
    def high(self) -> Floats:
        return np.array([self.reach[int(np.argmax(self.lines[:, i]))] for i in (0, 1)])

    def end(self, player: int, side: int) -> float:
        return float(self.high[player] if side > 0 else self.low[player])

    def bargain(self, scale: float) -> Floats:
        """The best product of gains over the worst equilibrium payoffs among many points on the edge; the middle of a set that is
        as good as a point; NaN where a product of next to nothing decides."""
        if np.max(self.high - self.low) < GRAIN * scale:
            middle: Floats = (self.low + self.high) / 2
            return middle
        corners = _corners(self.lines, self.reach)
        share = np.linspace(0, 1, TRIED)[:, None, None]
        points = (corners + share * (np.roll(corners, -1, axis=0) - corners)).reshape(-1, 2)
        gains = points - self.low
        worth = np.where((gains >= 0).all(axis=1), gains[:, 0] * gains[:, 1], -1.0)
        if worth.max() < (10 * GRAIN * scale) ** 2:
            return np.full(2, np.nan)
        best: Floats = points[int(np.argmax(worth))]
        return best


def follow(game: Plain, play: Sequence[Rule]) -> tuple[Floats, Floats, dict[str, Floats]]:
    """Payoffs (2,), the row of each state, and for each event its chance by each of the first 60 periods, where each player
    takes an action that hangs on the levels of the state."""
    chosen = np.array([_row(game, s, play) for s in range(game.law.shape[1])])
    law, pay = game.law[chosen], game.pay[chosen]
    here = np.eye(len(law))[game.start]
    values, weight = np.zeros(2), 1 - game.discount
    for _ in range(int(math.log(1e-12) / math.log(game.discount.max() + 1e-12)) + 2):
        values += weight * (here @ pay)
        here, weight = here @ law, weight * game.discount
    chances = {}
    for name, event in game.game.measures.events.items():
        stopped = np.where(np.asarray(event, bool)[:, None], np.eye(len(law)), law)
        at = np.eye(len(law))[game.start]
        found = []
        for _ in range(61):
            found.append(float(at @ np.asarray(event, float)))
            at = at @ stopped
        chances[name] = np.array(found)
    return values, chosen, chances


def _row(game: Plain, s: int, play: Sequence[Rule]) -> int:
    levels = levels_of(game.game.states[s])
    legal = [list(dict.fromkeys(game.names[r][i] for r in np.flatnonzero(game.state == s).tolist())) for i in (0, 1)]
    wanted = tuple(
        legal[i][0] if len(legal[i]) == 1 else next(a for a in play[i](levels).split("/") if a in legal[i]) for i in (0, 1)
    )
    return next(r for r in np.flatnonzero(game.state == s).tolist() if game.names[r] == wanted)


def levels_of(state: str) -> dict[str, str]:
    """'talks open, truce holds' -> {'talks': 'open', 'truce': 'holds'}; levels of two words are joined."""
    parts = [part.split(" ", 1) for part in state.split(", ")]
    return {name: level.replace(" ", "_") for name, level in parts}


# --- made games -------------------------------------------------------------------------------------------------------


MINE, YOURS, PLACES = ("ask", "give", "hit"), ("work", "shirk"), ("low", "mid", "top")

FRAME = """
language: 1
title: Made
question: What is it worth?
period: 1 month
players: {{holder: {{discount: {d0}}}, other: {{discount: {d1}}}}}
parameters: {{push: {{value: {push}, range: [0, 0.4]}}, prize: {{value: {prize}, range: [0, 9]}}}}
state: {{place: {{low: 0, mid: 1, top: 2}}}}
start: {{place: {start}}}
actions:
  holder: {{{mine}}}
  other: {{work: always, shirk: always}}
transitions:
  place:
{moves}
    - otherwise: stays
payoffs:
  holder:
    gains: {{prize: prize * place / 2, {pay0}}}
    holding costs: {{guard: {guard} * place}}
    using costs: {{blow: {blow}{blow_when}}}
  other:
    gains: {{{pay1}}}
measures: {{dates: [3 months, 8 months], events: {{there: place is top}}}}
"""

REST = """
strategies:
  holder:
    firm: {{rules: [{{if place is low: {f0}}}, {{otherwise: {f1}}}]}}
    soft: {{always: give}}
  other:
    calm: {{always: work}}
    wild: {{rules: [{{if place is top: shirk}}, {{otherwise: work}}]}}
instruments:
  blow: {{holder: holder, without: {{forbid: {{hit: give}}}}}}
  speed: {{holder: holder, without: {{set: {{push: 0.05}}}}}}
  place_taken: {{holder: holder, without: {{start: {{place: low}}}}}}
  freedom: {{holder: holder, without: {{bound to: firm}}}}
claims:
  K1: {{says: One., under: bargaining point, holds if: "gain(blow, holder) > 0", worth noting from: 0.1}}
  K2: {{says: Two., under: best for holder, holds if: "payoff(holder) > 2 * payoff(other)", worth noting from: 0.1}}
  K3: {{says: Three., under: bargaining point, holds if: "chance(there, 8 months, firm, wild) > 0.5", worth noting from: 0.01}}
  K4: {{says: Four., under: bargaining point, holds if: "reach(speed, other) <= coercion(blow, other)", worth noting from: 0.1}}
  K5: {{says: Five., under: firm against calm, holds if: "payoff(holder) >= bargain(holder) - 1", worth noting from: 0.1}}
  K6: {{says: Six., under: bargaining point, holds if: ["payoff(holder) > 100", "payoff(holder) > -100"], worth noting from: 0.1}}
"""


@dataclass(frozen=True)
class Made:
    """A game with numbers of its own; `text` writes it with some instruments taken away by hand."""

    numbers: Mapping[str, Any]

    def text(self, lacking: Sequence[str] = ()) -> str:
        say = dict(self.numbers)
        mine = [a for a in MINE if a != "hit" or "blow" not in lacking]
        if "freedom" in lacking:
            f0, f1 = (say[k] if say[k] in mine else "give" for k in ("f0", "f1"))
            say["mine"] = ", ".join(
                f"{a}: {'always' if f0 == f1 else 'when place is low' if a == f0 else 'when place > low'}"
                for a in dict.fromkeys((f0, f1))
            )
            mine = list(dict.fromkeys((f0, f1)))
        else:
            say["mine"] = ", ".join(f"{a}: always" for a in mine)
        if "speed" in lacking:
            say["push"] = 0.05
        if "place_taken" in lacking:
            say["start"] = "low"
        pairs = list(itertools.product(mine, YOURS))
        say["moves"] = "\n".join(f"    - if holder plays {a} and other plays {b}: {say[f'move_{a}_{b}']}" for a, b in pairs)
        for i in (0, 1):
            say[f"pay{i}"] = ", ".join(
                f"at_{a}_{b}: {say[f'u{i}_{a}_{b}']} when holder plays {a} and other plays {b}" for a, b in pairs
            )
        say["blow_when"] = " when holder plays hit" if "hit" in mine else " * 0"
        return FRAME.format(**say) + ("" if lacking else REST.format(**say))

    def firm(self, levels: Mapping[str, str]) -> str:
        return f"{self.numbers['f0'] if levels['place'] == 'low' else self.numbers['f1']}/give"


def made(seed: int) -> Made:
    """Random numbers; the two are equally patient under every other seed."""
    rng = np.random.default_rng(seed)
    numbers: dict[str, Any] = {"start": "mid"}
    numbers["d0"] = round(float(rng.uniform(0.3, 0.9)), 2)
    numbers["d1"] = numbers["d0"] if seed % 2 else round(float(rng.uniform(0.3, 0.9)), 2)
    numbers |= {"push": round(float(rng.uniform(0.1, 0.4)), 2), "prize": int(rng.integers(0, 9))}
    numbers |= {"guard": int(rng.integers(0, 2)), "blow": int(rng.integers(0, 3))}
    numbers |= {"f0": str(rng.choice(MINE)), "f1": str(rng.choice(MINE))}
    for a, b in itertools.product(MINE, YOURS):
        numbers |= {f"u0_{a}_{b}": int(rng.integers(-3, 7)), f"u1_{a}_{b}": int(rng.integers(-3, 7))}
        way, other = rng.permutation(["up 1", "down 1"])
        numbers[f"move_{a}_{b}"] = f"{{{way}: push, {other}: {round(float(rng.uniform(0, 0.4)), 2)}, stays: rest}}"
    return Made(numbers)


# --- judging ----------------------------------------------------------------------------------------------------------


@dataclass
class Bench:
    """What is judged: a text, the texts without instruments, parameter values, named strategies as the judge plays them, the
    holder's cost terms by their tags, how many directions the judge's sets are bounded in, and the parameters that the world
    without an instrument fixes."""

    words: str
    text: str
    without: Callable[[Sequence[str]], str]
    instruments: Mapping[str, str]
    values: Mapping[str, float]
    strategies: tuple[Mapping[str, Rule], Mapping[str, Rule]]
    costs: Mapping[str, Sequence[str]]
    directions: int = DIRECTIONS
    fixes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)
    _sets: dict[tuple[tuple[str, ...], str], tuple[Plain, Credible]] = field(default_factory=dict)

    def world(self, lacking: Sequence[str] = (), untempted: str = "") -> tuple[Plain, Credible]:
        key = (tuple(sorted(lacking)), untempted)
        if key not in self._sets:
            fixed = {name for each in lacking for name in self.fixes.get(each, ())}
            values = {name: value for name, value in self.values.items() if name not in fixed}
            game = plain(self.without(lacking) if lacking else self.text, values, untempted)
            self._sets[key] = (game, Credible(*credible_set(game, self.directions)))
        return self._sets[key]

    def say(self, kind: str, fine: bool, words: str) -> None:
        self.checked[kind] += 1
        if not fine:
            self.faults.append(f"{kind}: {words}")

    def within(self, kind: str, number: float, row: Any, slack: float) -> None:
        if math.isnan(number):
            return
        fine = row.low - slack <= number <= row.high + slack
        self.say(kind, fine, f"{_about(row)}: judge {number:.6g}, printed {row.low:.6g} to {row.high:.6g}")


def _about(row: Any) -> str:
    return " / ".join(
        str(getattr(row, k)) for k in ("instrument", "selection", "channel", "measure", "subject") if hasattr(row, k)
    )


def judge(bench: Bench) -> None:
    """Run the program on the text and judge its tables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "judged.yaml"
        path.write_text(bench.text, encoding="utf-8")
        told: dict[str, Table] = {}
        for command, more in (("run", []), ("leverage", ["--joint", "--tolerance", str(GAP)])):
            set_values = [word for k, v in bench.values.items() for word in ("-p", f"{k}={v!r}")]
            out = str(Path(folder) / command)
            call = [sys.executable, "-m", "leverage", command, str(path), *more, *set_values, "--out", out, "--quiet"]
            done = subprocess.run(call, capture_output=True, text=True, check=False)
            if done.returncode not in (0, 1):
                bench.faults.append(f"crash: {command} ended with {done.returncode}: {done.stderr[-300:]}")
                return
            told |= {
                f"{command}/{file.stem}": pd.read_csv(file).rename(columns={"with": "having"}) for file in Path(out).glob("*.csv")
            }
    for name in ("run/leverage", "leverage/leverage"):
        judge_rows(bench, told[name])
        judge_sums(bench, told[name])
        judge_sets(bench, told[name])
        judge_named(bench, told[name])
    if "leverage/joint_effect" in told:
        judge_joint(bench, told["leverage/joint_effect"])
    judge_claims(bench, told["run/claims"])


def judge_rows(bench: Bench, table: Table) -> None:
    """Effects are the differences of their sides, within their bounds, and the sign follows."""
    scale = bench.world()[0].scale
    for row in table.itertuples():
        turned = -1 if row.measure in ("coercion", "own floor") else 1
        size = 1 + abs(row.effect) if not math.isnan(row.effect) else 1.0
        if not any(map(math.isnan, (row.having, row.without, row.effect))):
            bench.say("difference", abs(turned * (row.having - row.without) - row.effect) <= SAME * size, _about(row))
        if row.sign == "undefined":
            bench.say("undefined has a reason", isinstance(row.note, str) and math.isnan(row.effect), _about(row))
            continue
        if not math.isnan(row.effect):
            bench.say("effect in bounds", row.low <= row.effect + 1e-12 and row.effect <= row.high + 1e-12, _about(row))
        nothing = NOTHING * (scale if "points" in row.unit or "payoff" in row.unit else 1.0)
        follows = (
            "zero"
            if -nothing <= row.low and row.high <= nothing
            else "positive"
            if row.low > 0
            else "negative"
            if row.high < 0
            else "cannot be told"
        )
        bench.say(
            "sign",
            row.sign == follows or abs(row.low) < 1e-12 or abs(row.high) < 1e-12,
            f"{_about(row)}: {row.sign}, not {follows}",
        )


def judge_sums(bench: Bench, table: Table) -> None:
    """Terms sum to the gain, holding and using to the price, gain and price to the gross gain, channels to net."""
    for key, rows in table.groupby(["instrument", "selection"]):
        net = rows[rows.channel == "net"].drop_duplicates(["measure", "subject"]).set_index(["measure", "subject"]).effect
        holder = rows.holder.iloc[0]
        gap = GAP * bench.world()[0].scale if "gain" in {m for m, _ in net.index} and _from_sets(str(key[1])) else 0.0
        for player in ("holder", "other", "power", "opposition"):
            terms = [v for (m, s), v in net.items() if m.startswith("term: ") and s == player]
            if terms and ("gain", player) in net.index:
                total, said = math.fsum(terms), net["gain", player]
                bench.say(
                    "terms",
                    math.isnan(total) or abs(total - said) <= SAME * (1 + abs(said)) + gap,
                    f"{key} {player}: {total} {said}",
                )
        if ("price", holder) in net.index:
            parts = net["price of holding", holder] + net["price of using", holder]
            bench.say("price", abs(parts - net["price", holder]) <= SAME, f"{key}")
            for tag, costs in bench.costs.items():
                paid = -math.fsum(v for (m, s), v in net.items() if m.removeprefix("term: ") in costs and s == holder)
                bench.say("price of costs", abs(paid - net[f"price of {tag}", holder]) <= SAME, f"{key} {tag}")
            gross = net["gain", holder] + net["price", holder]
            bench.say("gross", abs(gross - net["gross gain", holder]) <= SAME * (1 + abs(gross)), f"{key}")
        for about, own in rows.groupby(["measure", "subject"]):
            by = own.set_index("channel")
            if "threat" in by.index and not by.effect.isna().any():
                total = by.effect["threat"] + by.effect["commitment"]
                bench.say("channels", abs(total - by.effect["net"]) <= SAME * (1 + abs(total)), f"{key} {about}")
                if about[0] in ("reach", "coercion", "own floor"):
                    bench.say("threat widens", by.low["threat"] >= 0, f"{key} {about}")
                    bench.say("temptation shrinks", by.high["commitment"] <= 0, f"{key} {about}")


def _from_sets(selection: str) -> bool:
    return selection.startswith(("best for", "worst for", "bargaining"))


def judge_sets(bench: Bench, table: Table) -> None:
    """Ends of ranges, the holder's extremes and Nash's point against the judge's own sets, channels too."""
    keys = bench.world()[0].game
    subjects = {key: i for i, key in enumerate(_keys(keys, table))}
    for row in table[table.sign != "undefined"].itertuples():
        i = subjects.get(row.subject)
        if i is None or row.instrument not in bench.instruments:
            continue
        slack = 2 * GRAIN * bench.world()[0].scale
        action = bench.instruments[row.instrument]
        here, gone = bench.world(), bench.world((row.instrument,))
        between = bench.world((), action) if row.channel != "net" else here
        sides = {"net": (here, gone), "threat": (between, gone), "commitment": (here, between)}[row.channel]
        if row.measure == "reach":
            bench.within("reach", sides[0][1].end(i, 1) - sides[1][1].end(i, 1), row, slack)
        elif row.measure in ("coercion", "own floor"):
            bench.within(row.measure, sides[1][1].end(i, -1) - sides[0][1].end(i, -1), row, slack)
        elif row.measure == "gain" and row.selection in (f"best for {row.subject}", f"worst for {row.subject}"):
            side = 1 if row.selection.startswith("best") else -1
            bench.within("gain at an end", sides[0][1].end(i, side) - sides[1][1].end(i, side), row, slack)
        elif row.measure == "gain" and row.selection == "bargaining point":
            points = [world[1].bargain(world[0].scale)[i] for world in sides]
            bench.within("gain by bargaining", points[0] - points[1], row, 4 * slack)


def _keys(game: Any, table: Table) -> list[str]:
    found = [str(s) for s in table[table.measure == "gain"].subject.unique()]
    return found[: game.n_players]


def judge_named(bench: Bench, table: Table) -> None:
    """Pairs of named strategies: payoffs, costs and chances along the chain, with the instrument and without it."""
    keys = _keys(bench.world()[0].game, table)
    for first, second in itertools.product(*bench.strategies):
        rows = table[(table.selection == f"{first} against {second}") & (table.sign != "undefined")]
        for row in rows[rows.instrument.isin(list(bench.instruments))].itertuples():
            play = (bench.strategies[0][first], bench.strategies[1][second])
            found = [follow(bench.world(lack)[0], play) for lack in ((), (row.instrument,))]
            if row.measure == "gain":
                numbers = [values[keys.index(row.subject)] for values, _, _ in found]
            elif row.measure.startswith("chance by"):
                numbers = [chances[row.subject][int(row.measure.split()[2])] for _, _, chances in found]
            else:
                continue
            for word, number, said in (("with", numbers[0], row.having), ("without", numbers[1], row.without)):
                bench.say(
                    "named play",
                    abs(number - said) <= SAME * (1 + abs(number)),
                    f"{_about(row)} {word}: judge {number}, said {said}",
                )


def judge_joint(bench: Bench, table: Table) -> None:
    """Shapley values as means over all orders, with the judge's own worth of each coalition."""
    keys = list(table.player.dropna().unique())
    names = list(table[table.measure == "Shapley value"].instrument.unique())
    if not names or any(name not in bench.instruments for name in names):
        return
    for row in table[table.measure == "Shapley value"].itertuples():
        if row.sign == "undefined":
            continue
        i = keys.index(row.player)

        def worth(have: frozenset[str], i: int = i, row: Any = row) -> float:
            game, found = bench.world(tuple(name for name in names if name not in have))
            if row.selection == "bargaining point":
                return float(found.bargain(game.scale)[i])
            phrase, _, who = row.selection.split()
            if who != row.player:
                return math.nan
            return found.end(i, 1 if phrase == "best" else -1)

        added = []
        for order in itertools.permutations(names):
            place = order.index(row.instrument)
            before = frozenset(order[:place])
            added.append(worth(before | {row.instrument}) - worth(before))
        bench.within("Shapley", float(np.mean(added)), row, 4 * GRAIN * bench.world()[0].scale)


def judge_claims(bench: Bench, table: Table) -> None:
    """Verdicts follow from their numbers; a claim has the worst of its lines."""
    severity = ["fails", "undefined", "undecided", "idle", "barely", "holds"]
    for name, rows in table.groupby("claim"):
        lines, whole = rows[rows.line.notna()], rows[rows.line.isna()].iloc[0]
        worst = min(lines.verdict, key=severity.index)
        bench.say("worst line", whole.verdict == worst, f"{name}: {whole.verdict}, lines {list(lines.verdict)}")
        for row in lines.itertuples():
            relation = next((r for r in ("<=", ">=", "<", ">") if f" {r} " in row.line), "")
            if not relation or row.verdict in ("undefined", "idle"):
                continue
            way = 1 if relation.startswith(">") else -1
            tie = 1e-9 * (1 + abs(row.left) + abs(row.right) + bench.world()[0].scale)
            bench.say("margin", abs(way * (row.left - row.right) - row.margin) <= tie, f"{name}: {row.line}")
            bench.say("margin in bounds", row.margin_low - tie <= row.margin <= row.margin_high + tie, f"{name}: {row.line}")
            noting = 0.0 if math.isnan(row.worth_noting_from) else row.worth_noting_from
            bench.say("verdict", row.verdict in set(_verdicts(row, relation, noting, tie)), f"{name}: {row.line}: {row.verdict}")


def _verdicts(row: Any, relation: str, noting: float, tie: float) -> Iterator[str]:
    """What may be said, ties counted on either side."""
    for low, high in ((row.margin_low - tie, row.margin_high - tie), (row.margin_low + tie, row.margin_high + tie)):
        if high < 0 or (high <= 0 and len(relation) == 1):
            yield "fails"
        elif low < 0 or (low <= 0 and len(relation) == 1):
            yield "undecided"
        else:
            yield "holds" if low >= noting else "barely"


# --- what is judged ---------------------------------------------------------------------------------------------------


def made_bench(seed: int, directions: int = DIRECTIONS) -> Bench:
    """A made game, to be judged."""
    game = made(seed)
    instruments = {"blow": "hit", "speed": "", "place_taken": "", "freedom": ""}
    mine = {"firm": game.firm, "soft": lambda levels: "give"}
    yours = {"calm": lambda levels: "work", "wild": lambda levels: "shirk" if levels["place"] == "top" else "work"}
    return Bench(
        f"made {seed}",
        game.text(),
        game.text,
        instruments,
        {},
        (mine, yours),
        {"holding": ["guard"], "using": ["blow"]},
        directions,
    )


#: Edits of the shipped text that take redeployment away.
NO_RETURN = (
    ("    redeploy:      when deployment < full           # back to full, if it succeeds this month\n", ""),
    ("    - if power plays redeploy: {to full: return_speed, stays: rest}\n", ""),
    ("if power plays redeploy or strike:", "if power plays strike:"),
    ("      audience: audience_cost when power plays redeploy                                         # M9\n", ""),
    ("      redeployment: return_cost when power plays redeploy  # paid whether or not it succeeds\n", ""),
    ("    returns: power plays redeploy\n", ""),
)
BOUND = (
    ("    hold:          always\n", "    hold:          when deployment is bases_only\n"),
    ("    withdraw_fast: when deployment > bases_only     # two steps, 60 % of the force, for sure\n", ""),
    ("    strike:        always                           # with whatever force is there\n", ""),
    ("    - if power plays withdraw_fast: down 2\n", ""),
    (
        "    - if power plays redeploy or strike:\n"
        "        {up 1: (progress + goodwill_level * (1 - deployment)) / 2, stays: rest}\n",
        "",
    ),
    ("    - if power plays strike:\n        {up 1: (progress + goodwill_level * (1 - deployment)) / 2, stays: rest}\n", ""),
    ("if power plays withdraw_slow or withdraw_fast:", "if power plays withdraw_slow:"),
    (" * (1 - (containment * sqrt(deployment) when power plays strike))", ""),
    ("      strikes: strike_cost when power plays strike\n", "      none: 0 * strike_cost\n"),
    ("      strikes: strike_damage * sqrt(deployment) when power plays strike\n", ""),
    ("    strikes: power plays strike\n", ""),
)
BASES = (
    ("  shield: {value: 0.39, range: [0.1", "  shield: {value: 0.0, range: [0.0"),
    ("  return_speed: {value: 0.59, range: [0.2", "  return_speed: {value: 0.08, range: [0.0"),
)


def without_by_hand(lacking: Sequence[str]) -> str:
    """The shipped scenario with instruments taken away in its text; strategies, claims and variants go too."""
    text = _shipped().split("# --- Named strategies.")[0]
    edits: list[tuple[str, str]] = []
    if "retained_bases" in lacking:
        edits += BASES
    if {"presence", "rapid_redeployment", "free_pace"} & set(lacking):
        edits += NO_RETURN  # who is bound to the timetable never returns
    if "free_pace" in lacking:
        edits += BOUND
    if "presence" in lacking:
        edits.append(("start: {deployment: full", "start: {deployment: bases_only"))
    for old, new in edits:
        if old in text:
            text = text.replace(old, new)
        elif "redeploy" not in old and "power plays strike:\n" not in old:
            raise SystemExit(f"the shipped scenario has no line {old!r} any more: bring the judge in step with it")
    return text


def _shipped() -> str:
    return (Path(__file__).parent.parent / "scenarios" / "withdrawal.yaml").read_text(encoding="utf-8")


def withdrawal_bench(values: Mapping[str, float]) -> Bench:
    """The shipped scenario at these values of its parameters, to be judged."""
    power = {
        "fixed_timetable": lambda levels: "withdraw_slow/hold",
        "full_exit": lambda levels: "withdraw_fast/hold",
        "stay": lambda levels: "strike/hold" if levels["ceasefire"] == "broken" else "hold",
    }
    opposition = {"stall": lambda levels: "stall", "sabotage": lambda levels: "sabotage/stall"}
    instruments = {"presence": "", "rapid_redeployment": "redeploy", "free_pace": "", "retained_bases": ""}
    fixes = {"retained_bases": ("shield", "return_speed")}
    costs = {"holding": ["presence"], "using": ["redeployment", "strikes"]}
    words = f"withdrawal {dict(values)}"
    return Bench(words, _shipped(), without_by_hand, instruments, values, (power, opposition), costs, FEWER_DIRECTIONS, fixes)


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--games", type=int, default=8, help="made games")
    parser.add_argument("--withdrawal", action="store_true", help="the shipped scenario too")
    parser.add_argument("--at", nargs="*", default=[], metavar="NAME=VALUE", help="values of its parameters")
    parser.add_argument("--directions", type=int, default=DIRECTIONS, help="of the sets of made games; a multiple of 4")
    options = parser.parse_args()
    benches = [made_bench(seed, options.directions) for seed in range(options.first, options.first + options.games)]
    if options.withdrawal:
        benches.append(withdrawal_bench({name: float(value) for name, value in (each.split("=") for each in options.at)}))
    checked: Counter[str] = Counter()
    for bench in benches:
        judge(bench)
        checked += bench.checked
        print(f"{bench.words}: {sum(bench.checked.values())} checks, {len(bench.faults)} faults", flush=True)
        for fault in bench.faults[:20]:
            print(f"    {fault}", flush=True)
    print(f"{len(benches)} games, {sum(bool(b.faults) for b in benches)} with faults; checks: {dict(checked)}")


if __name__ == "__main__":
    main()
