"""A whole run: scenario -> compiled game -> solutions -> outcomes, with one frozen result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from leverage.analysis.claims import JudgedClaim
from leverage.analysis.credible import CrediblePlay, credible_play_of, with_paths
from leverage.analysis.equilibria import measured_equilibria
from leverage.analysis.leverage import LeverageRow, leverage_rows
from leverage.analysis.local_sensitivity import local_sensitivity
from leverage.analysis.plays import MARKOV, Play, Unsolved, declared_plays, solution_plays
from leverage.analysis.proved_sets import TOLERANCE
from leverage.analysis.variable_paths import variable_paths
from leverage.game.form import compile_form
from leverage.game.stochastic_game import refuse_huge_payoffs
from leverage.game.strategies import compile_strategies
from leverage.output.credible import told_plans
from leverage.output.frames import Run
from leverage.points.evaluator import Evaluator
from leverage.scenario.scenario import Scenario
from leverage.solvers.equilibrium_set import EquilibriumSet
from leverage.solvers.multiplicity import find_equilibria
from leverage.solvers.payoff_bounds import PayoffBounds
from leverage.solvers.solution import Solution
from leverage.stress.box import Box
from leverage.stress.question import claim_questions
from leverage.stress.tipping import Tipping, tipping

#: Nearest flips in a run: best replies for each claim and parameter, values of a scan, width of a bracket as a fraction of the
#: range. Claims about all credible play cost more than that at one value and are left to `simulate stress`.
BUDGET, VALUES, WIDTH = 40, 5, 3e-2

#: Called with a phrase when a step of a run or a study begins.
Progress = Callable[[str], None]


def run(scenario: Scenario, *, horizon: int | None = None, progress: Progress | None = None) -> Run:
    """Compile a scenario, solve it and measure every way of playing it.

    Parameters
    ----------
    scenario : from `load_scenario`.
    horizon : periods of the finite-horizon solution (default: the last date of the scenario's measures).
    progress : called with a phrase when a step begins.

    Returns
    -------
    Run : with `.outcomes` and `.strategies` as pandas frames. A solution concept without a certified answer is in `.unsolved`.

    Raises
    ------
    ScenarioError : the scenario compiles to no game. GameError : a horizon below one period, payoffs too large to compute with.
    TypeError : not a Scenario.
    """
    if not isinstance(scenario, Scenario):
        raise TypeError("run takes a Scenario; load_scenario(path) makes one")
    with threadpool_limits(limits=1, user_api="blas"):  # small systems: more threads wait for each other, and figures would vary
        return _run(scenario, horizon, progress or (lambda phrase: None))


def _run(scenario: Scenario, horizon: int | None, tell: Progress) -> Run:
    tell("compiling the game")
    form = compile_form(scenario)
    game = form.at()
    refuse_huge_payoffs(game)
    machines = compile_strategies(form, game)
    plays: list[Play | Unsolved] = []
    last_date = max(1, int(max(scenario.dates)))
    tell("solving: Markov perfect")
    for play in solution_plays(game, last_date if horizon is None else horizon):
        tell(f"measured: {play.selection}")
        plays.append(play)
    tell("looking for further Markov equilibria")
    point = next((play for play in plays if isinstance(play, Play) and play.selection == MARKOV), None)
    selected, radius = (None, None) if point is None else (point.solution, point.radius)
    markov = measured_equilibria(game, find_equilibria(game, short=True, selected=selected, radius=radius))
    for play in declared_plays(game, machines):
        tell(f"measured: {play.selection}")
        plays.append(play)
    credible = None
    if game.n_players > 1:
        tell("bounding all credible play")
        keys = tuple(player.key for player in scenario.players)
        credible = credible_play_of(game, keys, levels=form.levels, search=lambda: markov.found)
        if credible.sets is not None:
            plays = [*with_paths([play for play in plays if isinstance(play, Play)], credible.sets), *_unsolved(plays)]
        plays += credible.plays
    argued = _argued(scenario, credible, selected, tell)
    tell("differentiating: Markov perfect")
    local = None if selected is None else local_sensitivity(form, selected.plan)
    measured = tuple(play for play in plays if isinstance(play, Play))
    tell("following play over time")
    paths = tuple(path for play in measured for path in variable_paths(form, play, last_date))
    return Run(
        scenario=scenario,
        game=game,
        levels=form.levels,
        plays=measured,
        unsolved=tuple(_unsolved(plays)),
        markov=markov,
        local=local,
        credible=credible,
        plans=told_plans(credible, form),
        ledger=argued.ledger,
        judged=argued.judged,
        flips=argued.flips,
        paths=paths,
        without=argued.without,
        horizon=horizon,
    )


@dataclass(frozen=True, eq=False)
class _Argued:
    """What each instrument changes, the verdicts on the claims, their nearest flips as far as the budget goes, and the sets of
    the worlds without an instrument."""

    ledger: tuple[LeverageRow, ...]
    judged: tuple[JudgedClaim, ...]
    flips: tuple[Tipping, ...]
    without: Mapping[str, EquilibriumSet | PayoffBounds]


def _argued(scenario: Scenario, credible: CrediblePlay | None, selected: Solution | None, tell: Progress) -> _Argued:
    evaluator = Evaluator(scenario, ladder=(TOLERANCE,), closely=True)
    point = evaluator.at()
    point.give(sets=(credible.sets or credible.bounds) if credible else None, markov=selected)
    if scenario.instruments:
        tell("solving with and without each instrument")
    ledger = leverage_rows(point)
    if scenario.claims:
        tell("judging the claims")
    judged = evaluator.judge_all()
    box, questions = Box.of(scenario), claim_questions(evaluator, scenario.claims)
    flips = tipping(questions, box, budget=BUDGET * len(box.parameters), values=VALUES, width=WIDTH, tell=tell)
    without = {each.name: point.sets((each.name,)) for each in scenario.instruments} if credible else {}
    return _Argued(ledger, judged, flips, without)


def _unsolved(plays: list[Play | Unsolved]) -> list[Unsolved]:
    return [play for play in plays if isinstance(play, Unsolved)]
