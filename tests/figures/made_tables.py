"""Small tables of runs made by hand, for one to three players, with short and with long names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from leverage.figures.claim_along import draw_claim_along
from leverage.figures.context import Context
from leverage.figures.drawing import Drawing
from leverage.figures.equilibrium_set import draw_equilibrium_set
from leverage.figures.leverage import draw_leverage
from leverage.figures.path import draw_path
from leverage.figures.sensitivity import draw_sensitivity
from leverage.figures.strategy_map import draw_strategy_map

UNIT = "points a month"
LONG = "an exceedingly long name of something that nobody would call by so many words $if$ they could help it"


@dataclass(frozen=True)
class Case:
    """What tables are made for. key: a name of a thing from its number; wordy: whether names are long."""

    players: int
    variables: tuple[int, ...]
    instruments: int
    wordy: bool = False

    def name(self, stem: str, number: int) -> str:
        return f"{stem}_{number + 1}" + ("_of_the_many_that_have_a_name_with_a_lot_of_words_in_it" if self.wordy else "")

    @property
    def keys(self) -> list[str]:
        return [self.name("side", i) for i in range(self.players)]

    @property
    def levels(self) -> dict[str, dict[str, float]]:
        return {
            self.name("issue", v): {self.name("step", k): k / 2 for k in range(count)} for v, count in enumerate(self.variables)
        }

    @property
    def states(self) -> list[tuple[str, ...]]:
        return list(product(*self.levels.values()))

    def state_words(self, state: tuple[str, ...]) -> str:
        told = ", ".join(f"{variable} {level}" for variable, level in zip(self.levels, state, strict=True))
        return told.replace("_", " ") or "the only state"

    @property
    def context(self) -> Context:
        players = {key: f"{LONG} ({key})" if self.wordy else key.replace("_", " ").title() for key in self.keys}
        return Context(players, UNIT, "month", self.state_words(self.states[-1]), self.levels)


def sets(case: Case) -> pd.DataFrame:
    """An octagon for two players, ranges for more; smaller without each instrument, a point without the third and nothing proved
    without the fourth."""
    rows: list[tuple[object, ...]] = []
    worlds = ["", *(case.name("tool", k) for k in range(case.instruments))] if case.players > 1 else []
    for number, world in enumerate(worlds):
        size = 20.0 / (number + 1) if number < 3 else 0.0
        for bound, extra in (("outer", 0.3), ("inner", 0.0)):
            if bound == "inner" and number == 4:
                continue
            corners = [(size + extra) * np.exp(1j * turn) for turn in np.linspace(0, 2 * np.pi, 8, endpoint=False)]
            ends = size + extra
            state = case.context.start if number != 1 else "elsewhere"
            if case.players == 2:
                for k, corner in enumerate(corners):
                    rows.append((world, state, bound, str(k + 1), UNIT, 0.1, 30 + corner.real, 10 + corner.imag))
            offsets = [30 - 20 * i for i in range(case.players)]
            rows.append((world, state, bound, "smallest", UNIT, 0.1, *(offset - ends for offset in offsets)))
            rows.append((world, state, bound, "largest", UNIT, 0.1, *(offset + ends for offset in offsets)))
    columns = ["without", "state", "bound", "corner", "unit", "certificate", *(f"{key}_payoff" for key in case.keys)]
    return pd.DataFrame(rows, columns=columns)


def bargaining(case: Case) -> pd.DataFrame:
    points = {
        "nash": (40.0, 22.0),
        "kalai-smorodinsky": (38.0, 24.0),
        "maximin": (40.05, 22.05),
        "utilitarian": (44.0, 18.0),
        "variable threats": (41.0, 25.0),
    }
    columns = ["rule", "disagreement_from", "agreement", "quantity", "player", "value", "unit", "units_matter"]
    rows = []
    for rule, point in points.items() if case.players == 2 else ():
        source = "binding threats" if rule == "variable threats" else "worst equilibrium payoffs"
        for quantity, pair in (("agreed", point), ("without_agreement", (12.0, -5.0))):
            rows += [(rule, source, "agreement", quantity, key, x, UNIT, False) for key, x in zip(case.keys, pair, strict=True)]
    return pd.DataFrame(rows, columns=columns)


def outcomes(case: Case) -> pd.DataFrame:
    """Payoffs of Markov play and of many combinations of strategies that crowd in one corner, some of them equal."""
    rows: list[tuple[object, ...]] = [
        ("Markov perfect", key, "payoff", 20.0 - 3 * i, UNIT, 0.0) for i, key in enumerate(case.keys)
    ]
    for k in range(30):
        selection = " against ".join(case.name("plan", k + i) for i in range(case.players))
        for i, key in enumerate(case.keys):
            rows.append((selection, key, "payoff", 25.0 + (k // 3) * 0.7 - 8 * i + (k % 2) * i, UNIT, 0.0))
    return pd.DataFrame(rows, columns=["selection", "subject", "quantity", "value", "unit", "certificate"])


def paths(case: Case) -> pd.DataFrame:
    """Chances that spread from the last level, with ends at equal and at tiny shares."""
    rows: list[tuple[object, ...]] = []
    for variable, levels in case.levels.items():
        numbers = np.array(list(levels.values()))
        for period in range(13):
            weights = np.exp(-np.arange(len(levels))[::-1] * 6.0 / (period + 0.01))
            chances = weights / weights.sum()
            rows += [
                ("Markov perfect", variable, period, f"chance of {name}", x) for name, x in zip(levels, chances, strict=True)
            ]
            told = {"mean": chances @ numbers, "low": numbers[0] if period > 6 else numbers[-1], "high": numbers[-1]}
            rows += [("Markov perfect", variable, period, quantity, value) for quantity, value in told.items()]
    return pd.DataFrame(rows, columns=["selection", "variable", "period", "quantity", "value"])


def play(case: Case) -> pd.DataFrame:
    """Every third state is mixed; the first player has no choice in the first state, if there are others."""
    rows: list[tuple[object, ...]] = []
    for i, key in enumerate(case.keys):
        actions = [case.name("do", k) for k in range(3 + i)]
        for s, state in enumerate(case.states):
            if s == 0 and i == 0 and len(case.states) > 1 and case.players > 1:
                continue
            lottery = [0.0] * len(actions)
            if s % 3 == 0:
                lottery[0], lottery[-1] = 0.7, 0.3
            else:
                lottery[s % len(actions)] = 1.0
            rows += [(1, case.state_words(state), *state, key, a, x) for a, x in zip(actions, lottery, strict=True)]
    return pd.DataFrame(rows, columns=["equilibrium", "state", *case.levels, "player", "action", "chance"])


def leverage(case: Case) -> pd.DataFrame:
    """Instruments with and without channels; one effect with nothing but bounds, one unknown, one of an open sign."""
    columns = [
        *("instrument", "holder", "selection", "channel", "measure", "subject"),
        *("with", "without", "effect", "low", "high", "sign", "unit", "note"),
    ]
    rows: list[tuple[object, ...]] = []
    for k in range(case.instruments):
        holder = case.keys[k % case.players]
        for channel in ("net", "threat", "commitment") if k % 2 else ("net",):
            told = {
                ("bargaining point" if case.players == 2 else "Markov equilibrium", "gain"): [holder],
                ("every equilibrium", "reach"): [holder],
                ("every equilibrium", "coercion"): [key for key in case.keys if key != holder],
            }
            for (selection, measure), subjects in told.items():
                for subject in subjects if case.players > 1 or measure == "gain" else []:
                    effect, low, high, sign = [
                        (12.5 - 2.5 * k, 11.9 - 2.5 * k, 13.0 - 2.5 * k, "positive"),
                        (0.25, -0.4, 0.9, "cannot be told"),
                        (np.nan, -1.5, 2.5, "cannot be told"),
                        (np.nan, np.nan, np.nan, "undefined"),
                    ][k % 4]
                    head = (case.name("tool", k), holder, selection, channel, measure, subject)
                    rows.append((*head, np.nan, np.nan, effect, low, high, sign, UNIT, ""))
    return pd.DataFrame(rows, columns=columns)


def sensitivity(case: Case, parameters: int = 14) -> pd.DataFrame:
    """Effects that fall in size; one-sided ones, one that is missing and one without a range."""
    columns = [
        *("parameter", "value", "low", "high", "unit", "selection", "subject", "quantity", "quantity_unit"),
        *("derivative", "moves", "side", "same_play_from", "same_play_to", "certificate", "note"),
    ]
    rows: list[tuple[object, ...]] = []
    for k in range(parameters):
        side, derivative = ("rising", "both")[k != 3], (-1) ** k * (parameters - k) / 2
        ends = (np.nan, np.nan) if k == 5 else (1.0, 5.0)
        moves = np.nan if k in (5, 6) else derivative * (2.0 if side == "rising" else 4.0)
        head = (case.name("dial", k), 3.0, *ends, "units of it", "Markov perfect", case.keys[0], "payoff", UNIT)
        rows.append((*head, np.nan if k == 6 else derivative, moves, side, 2.0, 4.0, 0.0, ""))
    return pd.DataFrame(rows, columns=columns)


def claim_points(case: Case) -> pd.DataFrame:
    """A claim that falls along the first parameter, with an end without a margin and one with infinite bounds."""
    rows: list[tuple[object, ...]] = []
    for value in np.linspace(1.0, 5.0, 9):
        margin = 2.6 - float(value)
        verdict = "holds" if margin > 1 else "barely" if margin > 0.05 else "undecided" if margin > -0.5 else "fails"
        low, high = (-np.inf, np.inf) if value == 1.0 else (margin - 0.3, margin + 0.2)
        if value == 5.0:
            margin, low, high, verdict = np.nan, np.nan, np.nan, "undefined"
        rows.append(
            (case.name("claim", 0), case.name("dial", 0), value, verdict, margin, low, high, LONG if case.wordy else UNIT)
        )
    columns = ["claim", "parameter", "value", "verdict", "margin", "margin_low", "margin_high", "unit"]
    return pd.DataFrame(rows[::-1], columns=columns)


def claims(case: Case) -> pd.DataFrame:
    rows = [
        (case.name("claim", 0), LONG if case.wordy else "The tool works.", "", 1.0),
        (case.name("claim", 0), "", "a > b", 1.0),
    ]
    return pd.DataFrame(rows, columns=["claim", "says", "line", "worth_noting_from"])


def tipping(case: Case, in_use: float = 2.5) -> pd.DataFrame:
    """The flip lies close to the value in use: their words have to make room."""
    flip = (2.6, 2.55, 2.65, "fails")
    row = (case.name("claim", 0), case.name("dial", 0), LONG if case.wordy else "units of it", in_use, 1.0, 5.0, "barely", *flip)
    columns = [
        *("claim", "parameter", "unit", "value", "low", "high", "verdict"),
        *("flips_at", "bracket_low", "bracket_high", "flips_to"),
    ]
    return pd.DataFrame([row], columns=columns)


#: Kind of figure -> how it is drawn from a case, and the tables that its numbers come from.
KINDS: dict[str, tuple[Callable[[Case], Drawing | None], Callable[[Case], Sequence[pd.DataFrame]]]] = {
    "equilibrium_set": (
        lambda case: draw_equilibrium_set(sets(case), bargaining(case), outcomes(case), case.context),
        lambda case: (sets(case), bargaining(case), outcomes(case)),
    ),
    "path": (
        lambda case: draw_path(paths(case), "Markov perfect", next(iter(case.levels)), case.context) if case.variables else None,
        lambda case: (paths(case),),
    ),
    "strategy_map": (lambda case: draw_strategy_map(play(case), 1, case.context), lambda case: (play(case),)),
    "leverage": (lambda case: draw_leverage(leverage(case), case.context), lambda case: (leverage(case),)),
    "sensitivity": (
        lambda case: draw_sensitivity(sensitivity(case), case.keys[0], "payoff", case.context),
        lambda case: (sensitivity(case),),
    ),
    "claim": (
        lambda case: draw_claim_along(
            claim_points(case), claims(case), tipping(case), case.name("claim", 0), case.name("dial", 0), case.context
        ),
        lambda case: (claim_points(case), tipping(case)),
    ),
}

#: Players, levels of each state variable, instruments, long names.
CASES = {
    "alone": Case(1, (2,), 1),
    "one_state": Case(2, (), 0),
    "two_states": Case(2, (2,), 1),
    "two_players": Case(2, (4, 6, 2, 2), 5),
    "two_wordy_players": Case(2, (3, 4, 2), 4, wordy=True),
    "three_players": Case(3, (7, 3), 3),
    "three_wordy_players": Case(3, (2, 5, 3), 2, wordy=True),
    "many_levels": Case(2, (14,), 2),
}

#: Figures that there are none of: a player alone has no set to bargain in, a game of one state no path, no instrument no ledger.
NOTHING = {("alone", "equilibrium_set"), ("one_state", "path"), ("one_state", "leverage")}
