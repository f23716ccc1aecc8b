"""Studies beside the main run, of a point, of patience, of one parameter: each gives a printed page and tidy tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from leverage.analysis.branch import measured_branch
from leverage.analysis.credible import credible_play_of
from leverage.analysis.equilibria import measured_equilibria
from leverage.analysis.event_question import EventQuestion
from leverage.analysis.joint_effect import joint_rows
from leverage.analysis.leverage import leverage_rows
from leverage.analysis.noise import noisy_path
from leverage.analysis.outcomes import DATE_TOLERANCE, date_label
from leverage.analysis.point import Point
from leverage.analysis.proved_sets import TOLERANCE
from leverage.analysis.worlds import Worlds
from leverage.errors import Fault, ScenarioError, UnsolvedError
from leverage.game.automaton import join
from leverage.game.form import GameForm, compile_form
from leverage.game.stochastic_game import StochasticGame
from leverage.game.strategies import compile_strategies
from leverage.output.branch import branch_frame, branch_text, events_frame, selection_frame
from leverage.output.columns import numbered, paragraph
from leverage.output.credible import credible_text, told_plans
from leverage.output.equilibria import equilibria_text
from leverage.output.frames import Run, bargaining_frame, equilibria_frame, outcome_frame, plan_frame, play_frame, set_frame
from leverage.output.heading import head_text, setting_words
from leverage.output.leverage import joint_frame, joint_sections, leverage_frame, leverage_sections
from leverage.output.noise import noise_frame, noise_text
from leverage.output.page import Page
from leverage.output.patience import patience_frame, patience_text
from leverage.pipeline import Progress
from leverage.scenario.parsing import nearest
from leverage.scenario.scenario import Scenario
from leverage.solvers.markov_perfect import markov_perfect
from leverage.solvers.multiplicity import FULL_STARTS, find_equilibria
from leverage.solvers.patience import PathQuestion, PayoffQuestion, Question, patience

if TYPE_CHECKING:
    import pandas as pd

#: Values of a followed parameter at which the selection is looked at.
GRID_VALUES = 13


@dataclass(frozen=True, eq=False)
class Study:
    """What a study found.

    text: the printed page. tables: by the name of their file. facts: for the manifest. unsolved: what has no certified answer, in
    sentences; `complete` is False if there is any. files: further texts of its folder, by their names.
    """

    scenario: Scenario
    text: str
    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any]
    unsolved: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return not self.unsolved


def nothing(phrase: str) -> None:
    """Tell nobody."""


def equilibria_study(scenario: Scenario, *, starts: int = FULL_STARTS, progress: Progress = nothing) -> Study:
    """All Markov equilibria that a full search finds; see `find_equilibria`.

    Tables: `equilibria`, one row a fact; `equilibria_play`, the chance of each action in each state.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        progress("compiling the game")
        form = compile_form(scenario)
        game = form.at()
        progress("searching for Markov equilibria")
        found = find_equilibria(game, starts=starts)
        progress("measuring outcomes")
        markov = measured_equilibria(game, found)
    run = Run(scenario=scenario, game=game, levels=form.levels, plays=(), unsolved=(), markov=markov)
    tables = {"equilibria": equilibria_frame(scenario, markov), "equilibria_play": play_frame(scenario, markov, form.levels)}
    facts = {
        "complete": found.complete,
        "complete_pure": found.complete_pure,
        "searches": found.searches,
        "notes": list(found.notes),
        "certificates": {str(k): each.solution.certificate for k, each in enumerate(found.equilibria, 1)},
    }
    unsolved = () if found.selected else tuple(found.notes[:1])
    return Study(scenario, equilibria_text(run), tables, facts, unsolved)


def credible_study(scenario: Scenario, *, tolerance: float | None = None, progress: Progress = nothing) -> Study:
    """All that credible play allows, with a gap of the caller's choice; see `equilibrium_set` and `payoff_bounds`.

    tolerance: fraction of the payoff range. Tables: `equilibrium_set`, `bargaining`, and `outcomes` of the plans.
    Raises ScenarioError for a scenario with one player.
    """
    if len(scenario.players) < 2:
        remedy = f"for one player run: simulate {scenario.source}"
        raise refused("credible play is what players can promise and threaten each other; here is one player", remedy, "credible")
    with threadpool_limits(limits=1, user_api="blas"):
        progress("compiling the game")
        form = compile_form(scenario)
        game = form.at()
        progress("bounding all credible play")
        credible = credible_play_of(game, tuple(player.key for player in scenario.players), tolerance, form.levels)
    plans = told_plans(credible, form)
    tables = {
        "equilibrium_set": set_frame(scenario, game, credible),
        "bargaining": bargaining_frame(scenario, credible, game.payoff_unit),
        "plans": plan_frame(plans),
        "outcomes": outcome_frame(scenario, credible.plays),
    }
    facts = {
        "gap": credible.gap,
        "status": credible.status,
        "certificates": {play.selection: play.gain for play in credible.plays},
    }
    return Study(scenario, credible_text(scenario, game, credible, plans), tables, facts)


def leverage_study(
    scenario: Scenario, *, joint: bool = False, tolerance: float | None = None, progress: Progress = nothing
) -> Study:
    """What each instrument is worth, to whom and at what cost; see `leverage_rows`.

    joint: also what several instruments of one holder bring about together; see `joint_rows`. tolerance: the gap of equilibrium
    sets, a fraction of the payoff range (default: that of a run). Tables: `leverage`, and `joint_effect` if asked for.
    Raises ScenarioError for a file without instruments.
    """
    if not scenario.instruments:
        raise refused_without_instruments()
    with threadpool_limits(limits=1, user_api="blas"):
        progress("compiling the game")
        gap = TOLERANCE if tolerance is None else tolerance
        point = Point(Worlds(scenario), scenario.values, gap, closely=gap <= TOLERANCE)
        game = point.game()
        progress("solving with and without each instrument")
        rows = leverage_rows(point)
        if joint:
            progress("solving for instruments together")
        together = joint_rows(point) if joint else ()
    page, setting = Page(scenario, game), setting_words(scenario)
    text = [head_text(scenario, "Leverage"), *([paragraph(f"* {setting}", 2)] if setting else []), ""]
    tables = {"leverage": leverage_frame(rows)}
    if joint:
        tables["joint_effect"] = joint_frame(together, game.payoff_unit)
    facts = {"tolerance": point.tolerance, "solves": dict(sorted(point.solves.items()))}
    sections = (*leverage_sections(page, rows), *joint_sections(page, together))
    return Study(scenario, "\n".join([*text, *numbered(sections)]).rstrip(), tables, facts)


@dataclass(frozen=True)
class LikelyEvent:
    """An event of a file, and how likely it is to be.

    event: its key. by: one of the declared dates, as in '24 months'. chance: at least, in [0, 1]. best_for: key of the player
    whose best credible plan is meant.
    """

    event: str
    by: str
    chance: float
    best_for: str


def patience_study(
    scenario: Scenario,
    *,
    strategies: Sequence[str] = (),
    least: tuple[str, float] | None = None,
    likely: LikelyEvent | None = None,
    of: str = "",
    points: int = 21,
    progress: Progress = nothing,
) -> Study:
    """For which discount factors a path or a payoff is credible, or the best credible plan makes an event likely; see `patience`.

    strategies: one named strategy of each of two players, in their order: is the path sustainable? least: a player's key and the
    payoff that some equilibrium is to pay it. likely: an event under the plan that is best for a player at the start. One of the
    three is given. of: the key of the player whose patience is asked about; "": both get the same discount factor. Table
    `patience`: one row a discount factor that was asked about.

    Raises ScenarioError for names and dates that the file does not have, and for a file that has not two players.
    """
    keys = [player.key for player in scenario.players]
    if len(keys) != 2:
        raise refused(f"patience is asked about two players; the file has {len(keys)}", "choose a file with two", "patience")
    asked = sum(map(bool, (strategies, least, likely)))
    if asked != 1:
        message = "ask one thing at a time" if asked else "name one strategy of each player, or a payoff to reach, or an event"
        event = f"--event EVENT --by DATE --chance X --best-for {keys[0]}"
        remedy = f"--play STRATEGY --play STRATEGY, or --least {keys[0]}=PAYOFF, or {event}"
        raise refused(message, remedy, "patience")
    with threadpool_limits(limits=1, user_api="blas"):
        progress("compiling the game")
        form = compile_form(scenario)
        game = form.at()
        question: Question
        if likely:
            question = _event_question(scenario, game, keys, likely)
        elif least:
            question = _payoff_question(keys, least)
        else:
            question = _path_question(form, game, keys, strategies)
        player = keys.index(_one_of(of, keys, "--of")) if of else None
        found = patience(game, question, player=player, points=points, asking=lambda count: progress(_scan_words(count, points)))
    whose = f"patience of {of}" if of else "one discount factor for both"
    text = patience_text(scenario, game, found, whose, question.holds)
    facts = {"status": found.status, "resolution": found.resolution}
    return Study(scenario, text, {"patience": patience_frame(found, of or "both")}, facts)


def _scan_words(asked: int, points: int) -> str:
    """How far a scan of discount factors is: how many more there are is known up to the scan's points only."""
    if asked < points:
        return f"scanning discount factors: {asked + 1} of {points}"
    return f"narrowing down where the answer changes: {asked + 1} discount factors"


def _one_of(name: str, known: Sequence[str], place: str) -> str:
    if name not in known:
        meant = nearest(name, known)
        raise refused(f"there is no '{name}'", meant or f"known: {', '.join(known)}", place)
    return name


def _path_question(form: GameForm, game: StochasticGame, keys: Sequence[str], names: Sequence[str]) -> PathQuestion:
    machines = compile_strategies(form, game)
    if len(names) != len(keys):
        raise refused(f"{len(names)} strategies for {len(keys)} players", f"one each, in the order {', '.join(keys)}", "--play")
    chosen = [own[_one_of(name, list(own), "--play")] for own, name in zip(machines, names, strict=True)]
    return PathQuestion(join(chosen))


def _payoff_question(keys: Sequence[str], least: tuple[str, float]) -> PayoffQuestion:
    return PayoffQuestion.of_player(keys.index(_one_of(least[0], keys, "--least")), least[1])


def _event_question(scenario: Scenario, game: StochasticGame, keys: Sequence[str], likely: LikelyEvent) -> EventQuestion:
    if not game.measures.events:
        raise refused("the file declares no events", "add one under 'measures: events'", f"--event {likely.event}")
    event = _one_of(likely.event, list(game.measures.events), "--event")
    player = keys.index(_one_of(likely.best_for, keys, "--best-for"))
    if not 0 <= likely.chance <= 1:
        raise refused(f"a chance is between 0 and 1; got {likely.chance:g}", "such as 0.6", "--chance")
    return EventQuestion(event, _declared_date(scenario, game, likely.by), likely.chance, player)


def _declared_date(scenario: Scenario, game: StochasticGame, by: str) -> float:
    """The declared date, in periods, that a duration names."""
    declared = ", ".join(date_label(game, date) for date in game.measures.dates) or "none"
    try:
        wanted = scenario.period.in_periods(by)
    except ValueError as error:
        raise refused(str(error), f"declared dates: {declared}", "--by") from None
    for date in game.measures.dates:
        if abs(date - wanted) <= DATE_TOLERANCE:
            return date
    raise refused(f"'{by}' is no declared date", f"declared: {declared}; others go under 'measures: dates'", "--by")


def noise_study(scenario: Scenario, precisions: Sequence[float] | None = None, *, progress: Progress = nothing) -> Study:
    """Noisy play from random play to best play; see `logit_path`.

    precisions: 1 / payoff, at least 0 each (default: from 0 until play is near its limit). Table: `noisy_play`, one row a fact.
    Raises ValueError for a precision that is none.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        progress("compiling the game")
        game = compile_form(scenario).at()
        progress("solving: Markov perfect")
        try:
            selected = markov_perfect(game)[0]
        except UnsolvedError:
            selected = None
        progress("walking from random play to best play")
        path = noisy_path(game, precisions, selected)
    distances = {f"{play.precision:g}": play.distance for play in path.plays if math.isfinite(play.precision)}
    facts = {"complete": not path.lost, "distance_from_logit_response": distances, "limit_is_selected": path.selected}
    page = Page(scenario, game)
    unsolved = (path.lost,) if path.lost else ()
    return Study(scenario, noise_text(page, path), {"noisy_play": noise_frame(scenario, path)}, facts, unsolved)


def follow_study(
    scenario: Scenario,
    parameter: str,
    low: float | None = None,
    high: float | None = None,
    *,
    values: int = GRID_VALUES,
    progress: Progress = nothing,
) -> Study:
    """Follow the selected equilibrium of the scenario in a parameter from low to high (default: its plausible range).

    values: at so many equally spaced values, and at the scenario's own, the selected equilibrium is compared; >= 2. Tables:
    `branch`, `branch_events` and `branch_selection`.

    Raises
    ------
    ScenarioError : an unknown parameter, a range that is none or without the scenario's value. UnsolvedError : no equilibrium was
    selected to be followed.
    """
    bottom, top = _range(scenario, parameter, low, high)
    baseline = scenario.values[parameter]
    grid = sorted({*_rounded(bottom, top, values), baseline})
    with threadpool_limits(limits=1, user_api="blas"):
        progress("compiling the game")
        form = compile_form(scenario)
        progress("solving: Markov perfect")
        game = form.at()
        solution = markov_perfect(game)[0]
        progress(f"following the equilibrium in {parameter}")
        measured = measured_branch(form, solution, parameter, bottom, top, grid, progress)
    tables = {
        "branch": branch_frame(scenario, measured),
        "branch_events": events_frame(scenario, measured),
        "branch_selection": selection_frame(scenario, measured),
    }
    facts = {
        "complete": True,
        "parameter": parameter,
        "range": [bottom, top],
        "ends": list(measured.branch.ends),
        "selection_jumped": [each.jump.theta for each in measured.grid if each.jump.jumped],
    }
    return Study(scenario, branch_text(Page(scenario, game), measured), tables, facts)


def _range(scenario: Scenario, parameter: str, low: float | None, high: float | None) -> tuple[float, float]:
    """The range to follow over. Raises ScenarioError where there is none."""
    if parameter not in scenario.parameters:
        remedy = nearest(parameter, scenario.parameters)
        raise refused(f"there is no parameter '{parameter}'", remedy, f"--parameter {parameter}")
    known, value = scenario.parameters[parameter], scenario.values[parameter]
    bottom, top = min(known.low, value) if low is None else low, max(known.high, value) if high is None else high
    place = f"--from {bottom:g} --to {top:g}"
    if bottom >= top and low is None and high is None:
        raise refused(
            f"'{parameter}' has no plausible range in the file", "give one with --from LOW --to HIGH", f"--parameter {parameter}"
        )
    if not (math.isfinite(bottom) and math.isfinite(top) and bottom < top):
        raise refused("the range is empty", "--from is the lower end, --to the upper one", place)
    if not bottom <= value <= top:
        remedy = f"the branch starts at the scenario's value: choose a range around it, or another one by -p {parameter}=..."
        raise refused(f"the range does not contain the value of '{parameter}', {value:g}", remedy, place)
    return bottom, top


def _rounded(bottom: float, top: float, values: int) -> list[float]:
    """Equally spaced values in the range, rounded to two digits of their distance so that they read well; its ends as given."""
    places = 1 - math.floor(math.log10((top - bottom) / (values - 1)))
    inner = (round(float(theta), places) for theta in np.linspace(bottom, top, values)[1:-1])
    return [bottom, *(theta for theta in inner if bottom < theta < top), top]


def refused(message: str, remedy: str, place: str) -> ScenarioError:
    """Something on the command line that cannot be done, as an error to raise."""
    return ScenarioError("the command line", [Fault(0, 0, message, remedy, place=place)])


def refused_without_instruments() -> ScenarioError:
    """What `simulate leverage` says of a file without instruments, as an error to raise."""
    remedy = "name under 'instruments:' what is said to give leverage, and the world without it"
    return refused("the file has no instruments", remedy, "leverage")
