"""A run and its tidy frames. Columns are stable and documented in `docs/tables.md`; no clock and no host stands in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from leverage.analysis.claims import JudgedClaim
from leverage.analysis.credible import CrediblePlay, inner_ends
from leverage.analysis.equilibria import MeasuredEquilibria
from leverage.analysis.leverage import LeverageRow
from leverage.analysis.local_sensitivity import LocalSensitivity
from leverage.analysis.plays import MARKOV, Play, Unsolved
from leverage.analysis.variable_paths import VariablePath
from leverage.game.stochastic_game import Floats, Integers, StochasticGame
from leverage.output.leverage import leverage_frame
from leverage.output.plan_words import PLAN_COLUMNS, PlanWords
from leverage.output.sentences import departure_words
from leverage.output.stress import claim_points_frame, judged_frame, tipping_frame
from leverage.scenario.provenance import provenance_of
from leverage.scenario.scenario import Scenario
from leverage.solvers.equilibrium_set import EquilibriumSet
from leverage.solvers.payoff_bounds import PayoffBounds
from leverage.stress.tipping import Tipping

OUTCOME_COLUMNS = ("selection", "subject", "quantity", "value", "unit", "certificate")
STRATEGY_COLUMNS = (
    "selection",
    "equilibrium",
    "subgame_perfect",
    "largest_gain",
    "who",
    "where",
    "memory",
    "plays",
    "better",
    "in_words",
    "path",
    "path_margin",
    "path_in_words",
)
EQUILIBRIUM_COLUMNS = (
    "equilibrium",
    "selected",
    "kind",
    "subject",
    "quantity",
    "value",
    "low",
    "high",
    "unit",
    "certificate",
    "found_by",
)
PLAY_COLUMNS = ("equilibrium", "state")  # then the level of every state variable, then:
PLAY_TAIL = ("player", "action", "chance")
SET_COLUMNS = ("without", "state", "bound", "corner", "unit", "certificate")
#: The bounds of a set that are told.
BOUNDS = ("outer", "inner")
PARAMETER_COLUMNS = ("parameter", "value", "stated", "low", "high", "unit", "source", "provenance")
PATH_COLUMNS = ("selection", "variable", "period", "quantity", "value")
BARGAINING_COLUMNS = ("rule", "disagreement_from", "agreement", "quantity", "player", "value", "unit", "units_matter")
SENSITIVITY_COLUMNS = (
    "parameter",
    "value",
    "low",
    "high",
    "unit",
    "selection",
    "subject",
    "quantity",
    "quantity_unit",
    "derivative",
    "moves",
    "side",
    "same_play_from",
    "same_play_to",
    "certificate",
    "note",
)


@dataclass(frozen=True, eq=False)
class Run:
    """What a run found.

    plays: the solution concepts, then every combination of named strategies, then each against best replies.
    unsolved: concepts without a certified answer; `complete` is False if there are any. markov: the distinct Markov equilibria
    that were found. local: derivatives of the Markov perfect equilibrium; None if there is none. credible: all credible
    play; None for a player alone. plans: the best plan of each of two players in words. ledger: what each instrument changes.
    judged: the claims. flips: what moving one parameter alone does to them, as far as a run looks. levels: (S, V) of the state
    variables in each state. paths: where play leads over time. without: by instrument the sets of the world without it. horizon:
    periods of the finite-horizon solution, where they were asked for.
    """

    scenario: Scenario
    game: StochasticGame
    levels: Integers
    plays: tuple[Play, ...]
    unsolved: tuple[Unsolved, ...]
    markov: MeasuredEquilibria
    local: LocalSensitivity | None = None
    credible: CrediblePlay | None = None
    plans: tuple[PlanWords, ...] = ()
    ledger: tuple[LeverageRow, ...] = ()
    judged: tuple[JudgedClaim, ...] = ()
    flips: tuple[Tipping, ...] = ()
    paths: tuple[VariablePath, ...] = ()
    without: Mapping[str, EquilibriumSet | PayoffBounds] = field(default_factory=dict)
    horizon: int | None = None

    @property
    def complete(self) -> bool:
        return not self.unsolved

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row a fact: selection, subject (player or measure), quantity, value, unit, certificate."""
        return outcome_frame(self.scenario, self.plays)

    @cached_property
    def strategies(self) -> pd.DataFrame:
        """One row a way of playing: is it an equilibrium, subgame perfect, and who gains most by departing from it,
        where and how.
        """
        return _strategies(self.scenario, self.plays)

    @cached_property
    def equilibria(self) -> pd.DataFrame:
        """One row a fact about one of the distinct Markov equilibria that were found."""
        return equilibria_frame(self.scenario, self.markov)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """One row a parameter and outcome of the Markov perfect equilibrium: the derivative, and what the plausible range would
        move; no rows where the equilibrium is not regular (`local.reason` says why).
        """
        return _sensitivity(self.scenario, self.local)

    @cached_property
    def equilibrium_set(self) -> pd.DataFrame:
        """One row a corner of the outer or the inner set of a state, and the ends of the ranges there."""
        return set_frame(self.scenario, self.game, self.credible, self.without)

    @cached_property
    def plan_rules(self) -> pd.DataFrame:
        """One row a rule, a change of phase, a constraint or a value of the best plans in words."""
        return plan_frame(self.plans)

    @cached_property
    def leverage(self) -> pd.DataFrame:
        """One row a fact about an instrument: with it, without it, and the difference with its bounds."""
        return leverage_frame(self.ledger)

    @cached_property
    def claims(self) -> pd.DataFrame:
        """One row a claim and one a line of it: verdict, margin with its bounds, the nearest flip that was found."""
        return judged_frame(self.judged, self.flips)

    @cached_property
    def tipping(self) -> pd.DataFrame:
        """One row a claim and a parameter in doubt: the nearest flip found when it moves alone."""
        return tipping_frame(self.flips)

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """One row a parameter: the value in use, that of the file, its plausible range, unit and source."""
        return parameter_frame(self.scenario)

    @cached_property
    def claim_points(self) -> pd.DataFrame:
        """One row a claim and value of one parameter at which it was judged, the others as in use."""
        return claim_points_frame(self.flips)

    @cached_property
    def play(self) -> pd.DataFrame:
        """One row an action in a state: its chance in each of the Markov equilibria that were found."""
        return play_frame(self.scenario, self.markov, self.levels)

    @cached_property
    def paths_by_period(self) -> pd.DataFrame:
        """One row a selection, state variable, period and number: where play leads over time."""
        return path_frame(self.paths)

    @cached_property
    def bargaining(self) -> pd.DataFrame:
        """One row a player and a number of a bargaining point at the start."""
        return bargaining_frame(self.scenario, self.credible, self.game.payoff_unit)


def outcome_frame(scenario: Scenario, plays: Sequence[Play]) -> pd.DataFrame:
    """One row a fact; `subject` is a player's key or a measure, `certificate` bounds the rounding error of the value."""
    keys = {player.name: player.key for player in scenario.players}
    rows = [
        (play.selection, keys.get(o.subject, o.subject), o.quantity, o.value, o.unit, o.certificate)
        for play in plays
        for o in play.outcomes
    ]
    return pd.DataFrame(rows, columns=list(OUTCOME_COLUMNS))


def parameter_frame(scenario: Scenario) -> pd.DataFrame:
    """low and high are NaN for a parameter that is not in doubt."""
    nothing = float("nan")
    rows = [
        (
            name,
            each.value,
            scenario.stated[name],
            *((each.low, each.high) if each.in_doubt else (nothing,) * 2),
            *(each.unit, each.source, provenance_of(each.source)),
        )
        for name, each in scenario.parameters.items()
    ]
    return pd.DataFrame(rows, columns=list(PARAMETER_COLUMNS))


def _strategies(scenario: Scenario, plays: Sequence[Play]) -> pd.DataFrame:
    """One row a play: the largest gain of a single departure by anybody, and what each player gains by its best reply."""
    keys = {player.name: player.key for player in scenario.players}
    rows = []
    for play in plays:
        d = play.departure
        detail = (
            (keys.get(d.player, d.player), d.state, d.mode, d.played, d.action, departure_words(scenario, play))
            if d
            else ("",) * 6
        )
        path = (play.path.answer, play.path.margin[0], play.path.status) if play.path else ("", float("nan"), "")
        rows.append((play.selection, play.equilibrium, play.subgame_perfect, play.gain, *detail, *path, *play.reply_gains))
    return pd.DataFrame(rows, columns=[*STRATEGY_COLUMNS, *(f"{player.key}_gain_by_best_reply" for player in scenario.players)])


def equilibria_frame(scenario: Scenario, markov: MeasuredEquilibria) -> pd.DataFrame:
    """One row a fact: the outcomes of each distinct Markov equilibrium, and how sure and how unique it is."""
    keys = {player.name: player.key for player in scenario.players}
    rows = []
    for number, each in enumerate(markov.equilibria, 1):
        head = (number, markov.found.selected and number == 1, each.found.kind)
        for o, low, high in zip(each.outcomes, each.low, each.high, strict=True):
            rows.append((*head, keys.get(o.subject, o.subject), o.quantity, o.value, low, high, o.unit, o.certificate))
        for subject, quantity, value, unit in each.facts:
            rows.append((*head, keys.get(subject, subject), quantity, value, value, value, unit, float("nan")))
    found_by = [markov.equilibria[row[0] - 1].found.found_by[0] for row in rows]
    return pd.DataFrame([(*row, by) for row, by in zip(rows, found_by, strict=True)], columns=list(EQUILIBRIUM_COLUMNS))


def play_frame(scenario: Scenario, markov: MeasuredEquilibria, levels: Integers) -> pd.DataFrame:
    """The chance of every action in every state where its player has a choice, for each equilibrium.

    levels: (S, V) of each state; their names are columns of their own.
    """
    variables = scenario.vocabulary.variables
    names = [tuple(own) for own in variables.values()]
    told = [tuple(own[k] for own, k in zip(names, state, strict=True)) for state in levels.tolist()]
    rows: list[tuple[object, ...]] = []
    for number, each in enumerate(markov.equilibria, 1):
        game = each.found.solution.plan.game
        for i, player in enumerate(scenario.players):
            for s, lottery in enumerate(each.found.solution.strategies[i]):
                if len(lottery) > 1:
                    named = zip(game.actions[s][i], lottery, strict=True)
                    head = (number, game.states[s], *told[s], player.key)
                    rows += [(*head, action, float(chance)) for action, chance in named]
    return pd.DataFrame(rows, columns=[*PLAY_COLUMNS, *variables, *PLAY_TAIL])


def path_frame(paths: Sequence[VariablePath]) -> pd.DataFrame:
    """One row a period and number: the chance of each level, the mean, and the ends of the band."""
    rows = []
    for path in paths:
        numbers = [(f"chance of {level}", path.chances[:, k]) for k, level in enumerate(path.levels)]
        numbers += [("mean", path.mean), ("low", path.low), ("high", path.high)]
        for quantity, values in numbers:
            rows += [(path.selection, path.variable, t, quantity, value) for t, value in enumerate(values.tolist())]
    return pd.DataFrame(rows, columns=list(PATH_COLUMNS))


def _sensitivity(scenario: Scenario, local: LocalSensitivity | None) -> pd.DataFrame:
    """One row an effect, in the order of `LocalSensitivity`; low, high and moves are NaN for a parameter without a range."""
    keys = {player.name: player.key for player in scenario.players}
    rows = []
    for effect in local.effects if local else ():
        parameter = scenario.parameters[effect.parameter]
        ends = (parameter.low, parameter.high) if parameter.in_doubt else (float("nan"), float("nan"))
        rows.append(
            (
                *(effect.parameter, parameter.value, *ends, parameter.unit),
                *(MARKOV, keys.get(effect.subject, effect.subject), effect.quantity, effect.unit),
                *(effect.derivative, effect.moves, effect.side, effect.same_play_from, effect.same_play_to),
                *(effect.certificate, effect.note),
            )
        )
    return pd.DataFrame(rows, columns=list(SENSITIVITY_COLUMNS))


def set_frame(
    scenario: Scenario,
    game: StochasticGame,
    credible: CrediblePlay | None,
    others: Mapping[str, EquilibriumSet | PayoffBounds] | None = None,
) -> pd.DataFrame:
    """Corners are numbered counter-clockwise; 'smallest' and 'largest' are the ends of each player's own range. certificate: for
    the inner set the largest gain of a one-shot departure in any of its plans, for the outer one the gap. others: by instrument
    the sets of the world without it, of which the start is told.
    """
    rows: list[tuple[object, ...]] = []
    found = None if credible is None else credible.sets or credible.bounds
    if found is not None:
        for bound in BOUNDS:
            for s, state in enumerate(game.states):
                rows += [("", state, *row) for row in _corner_rows(found, bound, s, game.payoff_unit)]
    for name, own in (others or {}).items():
        for bound in BOUNDS:
            start = own.game.start
            rows += [(name, own.game.states[start], *row) for row in _corner_rows(own, bound, start, game.payoff_unit)]
    return pd.DataFrame(rows, columns=[*SET_COLUMNS, *(f"{player.key}_payoff" for player in scenario.players)])


def _corner_rows(found: EquilibriumSet | PayoffBounds, bound: str, state: int, unit: str) -> list[tuple[object, ...]]:
    certificate = found.gap if bound == "outer" else found.certificate
    corners: list[tuple[str, Floats]] = []
    if isinstance(found, EquilibriumSet):
        polygon = (found.outer if bound == "outer" else found.inner)[state]
        corners = [(str(k + 1), payoffs) for k, payoffs in enumerate(polygon)]
        ends = found.bounds[state] if bound == "outer" else inner_ends(found)[state]
    else:
        ends = (found.outer if bound == "outer" else found.inner)[state]
    if np.all(np.isfinite(ends)):
        corners += [("smallest", ends[:, 0]), ("largest", ends[:, 1])]
    return [(bound, corner, unit, certificate, *map(float, payoffs)) for corner, payoffs in corners]


def plan_frame(plans: Sequence[PlanWords]) -> pd.DataFrame:
    """The tables of several plans below each other."""
    tables = [plan.table for plan in plans if len(plan.table)]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(PLAN_COLUMNS))


def bargaining_frame(scenario: Scenario, credible: CrediblePlay | None, unit: str) -> pd.DataFrame:
    """quantity: 'agreed' (the point), 'at_least' and 'at_most' (its rigorous bounds), 'without_agreement'. The rule 'variable
    threats' is the benchmark of binding threats, which are not credible.
    """
    rows: list[tuple[object, ...]] = []
    told: list[tuple[str, str, str, bool, tuple[Floats, ...]]] = [
        (p.rule, "worst equilibrium payoffs", p.agreement, p.unit_dependent, (p.point, p.low, p.high, p.disagreement))
        for p in (credible.points if credible else ())
    ]
    threats = credible.threats if credible else None
    if threats is not None:
        values = (threats.point, threats.low, threats.high, threats.disagreement)
        told.append(("variable threats", "binding threats", "not credible", False, values))
    for rule, source, agreement, matter, numbers in told:
        for quantity, pair in zip(("agreed", "at_least", "at_most", "without_agreement"), numbers, strict=True):
            named = zip(scenario.players, pair, strict=True)
            rows += [(rule, source, agreement, quantity, player.key, float(value), unit, matter) for player, value in named]
    return pd.DataFrame(rows, columns=list(BARGAINING_COLUMNS))
