"""Of ten faults planted in each solver nine must show in its battery, of fewer all: a test of the tests, and of checks within."""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import pytest

from leverage.errors import LeverageError
from leverage.solvers.multiplicity import find_equilibria
from tests.games import prisoners_dilemma
from tests.mutations import (
    batteries,
    branch_batteries,
    claim_batteries,
    claim_mutants,
    comparison_batteries,
    comparison_mutants,
    derivative_batteries,
    explain_batteries,
    explain_mutants,
    figure_batteries,
    figure_mutants,
    following_batteries,
    index_batteries,
    index_mutants,
    kernel_batteries,
    leverage_batteries,
    leverage_mutants,
    markov_batteries,
    markov_mutants,
    multiplicity_batteries,
    mutants,
    outline_batteries,
    plan_batteries,
    plan_mutants,
    regime_batteries,
    regime_mutants,
    repeated_batteries,
    repeated_mutants,
    revolution_batteries,
    set_batteries,
    set_mutants,
    stage_batteries,
    stress_batteries,
    stress_mutants,
    sweep_report_batteries,
    sweep_report_mutants,
    taxed_batteries,
    tracing_batteries,
    words_batteries,
    words_mutants,
    world_batteries,
)
from tests.mutations.mutants import Fault, load, source
from tests.solvers.processor_time import processor_seconds

#: Faults planted at least and at most; one in so many may survive.
FEWEST, MOST, ONE_IN = 5, 20, 10
#: Processor seconds that the true module may take, and after which a copy may count as caught in an endless search: at least
#: so many, and so many times those of the true module.
QUICK, LEAST, TIMES = 4.0, 2.0, 5.0
#: What shows a fault: a wrong answer, or numbers with which no answer can be computed. Other errors mean that a row is no
#: plausible fault, and end the test.
SHOWS = (
    AssertionError,
    ArithmeticError,
    IndexError,
    ValueError,
    RuntimeError,
    LeverageError,
    TimeoutError,
    pytest.fail.Exception,
)


@dataclass(frozen=True)
class Solver:
    """The module that a battery takes, and the faults planted in it or in a module that it imports."""

    module: str
    battery: Callable[[ModuleType], None]
    faults: tuple[Fault, ...]


SOLVERS = {
    "checker": Solver("certification/checker.py", batteries.check_checker, mutants.CHECKER),
    "finite checker": Solver("certification/finite.py", batteries.check_finite, mutants.FINITE),
    "stage Nash": Solver("solvers/stage_nash.py", batteries.check_stage_nash, mutants.STAGE_NASH),
    "stage game": Solver("solvers/stage_game.py", stage_batteries.check_stage_game, mutants.STAGE_GAME),
    "vertices": Solver("solvers/vertex_enumeration.py", stage_batteries.check_vertices, mutants.VERTICES),
    "Lemke-Howson": Solver("solvers/lemke_howson.py", stage_batteries.check_lemke_howson, mutants.LEMKE_HOWSON),
    "tableau": Solver("solvers/integer_tableau.py", stage_batteries.check_tableau, mutants.TABLEAU),
    "finite horizon": Solver("solvers/finite_horizon.py", batteries.check_finite_horizon, mutants.FINITE_HORIZON),
    "declared": Solver("solvers/declared.py", batteries.check_declared, mutants.DECLARED),
    "best reply": Solver("solvers/best_reply.py", batteries.check_best_reply, mutants.BEST_REPLY),
    "reply kernel": Solver("solvers/reply_kernel.py", batteries.check_reply_kernel, mutants.REPLY_KERNEL),
    "outcomes": Solver("analysis/outcomes.py", batteries.check_outcomes, mutants.OUTCOMES),
    "automaton": Solver("game/automaton.py", batteries.check_automaton, mutants.AUTOMATON),
    "node indices": Solver("game/node_indices.py", batteries.check_node_indices, mutants.NODE_INDICES),
    "sparse rows": Solver("game/sparse_rows.py", batteries.check_sparse_rows, mutants.SPARSE_ROWS),
    "form": Solver("game/form.py", batteries.check_form, mutants.FORM),
    "changes": Solver("scenario/changes.py", world_batteries.check_changes, mutants.CHANGES),
    "restated": Solver("scenario/change_reading.py", world_batteries.check_restated, mutants.RESTATED),
    "binding": Solver("game/binding.py", world_batteries.check_binding, mutants.BINDING),
    "departures": Solver("analysis/temptations.py", explain_batteries.check_temptations, explain_mutants.TEMPTATIONS),
    "cheapest change": Solver("stress/cheapest_change.py", explain_batteries.check_cheapest, explain_mutants.CHEAPEST),
    "flips in words": Solver("output/flips.py", words_batteries.check_flips, words_mutants.FLIPS),
    "provenance": Solver("scenario/provenance.py", words_batteries.check_provenance, words_mutants.PROVENANCE),
    "figure of leverage": Solver("figures/leverage.py", figure_batteries.check_leverage, figure_mutants.LEVERAGE),
    "figure of sensitivity": Solver("figures/sensitivity.py", figure_batteries.check_sensitivity, figure_mutants.SENSITIVITY),
    "figure of a claim": Solver("figures/claim_along.py", figure_batteries.check_claim_along, figure_mutants.CLAIM_ALONG),
    "figure of a path": Solver("figures/path.py", figure_batteries.check_path, figure_mutants.PATH),
    "figure of a strategy": Solver("figures/strategy_map.py", figure_batteries.check_strategy_map, figure_mutants.STRATEGY_MAP),
    "figure of a set": Solver(
        "figures/equilibrium_set.py", figure_batteries.check_equilibrium_set, figure_mutants.EQUILIBRIUM_SET
    ),
    "form derivatives": Solver("game/derivatives.py", derivative_batteries.check_form_derivatives, mutants.FORM_DERIVATIVES),
    "equilibrium derivative": Solver(
        "solvers/equilibrium_derivative.py",
        derivative_batteries.check_equilibrium_derivative,
        mutants.EQUILIBRIUM_DERIVATIVE,
    ),
    "local sensitivity": Solver(
        "analysis/local_sensitivity.py", derivative_batteries.check_local_sensitivity, mutants.LOCAL_SENSITIVITY
    ),
    "effects": Solver("analysis/effects.py", leverage_batteries.check_effects, leverage_mutants.EFFECTS),
    "Shapley": Solver("analysis/shapley.py", leverage_batteries.check_shapley, leverage_mutants.SHAPLEY),
    "Markov perfect": Solver("solvers/markov_perfect.py", batteries.check_markov, mutants.MARKOV),
    "determinant": Solver("solvers/logit_kernel.py", kernel_batteries.check_determinant, markov_mutants.DETERMINANT),
    "noisy play": Solver("solvers/noisy_play.py", markov_batteries.check_noisy, markov_mutants.NOISY_PLAY),
    "responses": Solver("certification/responses.py", markov_batteries.check_responses, markov_mutants.RESPONSES),
    "Markov equilibria": Solver(
        "solvers/markov_equilibria.py", markov_batteries.check_markov_equilibria, markov_mutants.MARKOV_EQUILIBRIA
    ),
    "fictitious play": Solver(
        "solvers/fictitious_play.py", markov_batteries.check_fictitious_play, markov_mutants.FICTITIOUS_PLAY
    ),
    "log tracing": Solver("solvers/log_tracing.py", tracing_batteries.check_log_tracing, markov_mutants.LOG_TRACING),
    "multiplicity": Solver("solvers/multiplicity.py", markov_batteries.check_multiplicity, markov_mutants.MULTIPLICITY),
    "pure Markov": Solver("solvers/pure_markov.py", multiplicity_batteries.check_pure, mutants.PURE_MARKOV),
    "directional": Solver("solvers/directional.py", multiplicity_batteries.check_directional, mutants.DIRECTIONAL),
    "arclength": Solver("solvers/arclength.py", branch_batteries.check_arclength, markov_mutants.ARCLENGTH),
    "support changes": Solver(
        "solvers/support_changes.py", branch_batteries.check_support_changes, markov_mutants.SUPPORT_CHANGES
    ),
    "simultaneous changes": Solver(
        "solvers/simultaneous_changes.py", branch_batteries.check_simultaneous, markov_mutants.SIMULTANEOUS
    ),
    "following": Solver("solvers/follow_equilibrium.py", following_batteries.check_follow, markov_mutants.FOLLOW),
    "taxed action": Solver("solvers/taxed_action.py", taxed_batteries.check_taxed_action, markov_mutants.TAXED_ACTION),
    "selection jumps": Solver("solvers/selection_jumps.py", following_batteries.check_selection, markov_mutants.SELECTION_JUMPS),
    "set form": Solver("solvers/set_form.py", set_batteries.check_set_form, set_mutants.SET_FORM),
    "direction fan": Solver("solvers/direction_fan.py", set_batteries.check_fan, set_mutants.FAN),
    "payoff polygon": Solver("solvers/payoff_polygon.py", set_batteries.check_polygon, set_mutants.POLYGON),
    "Anderson": Solver("solvers/anderson.py", set_batteries.check_anderson, set_mutants.ANDERSON),
    "supports": Solver("solvers/support_kernel.py", set_batteries.check_support_kernel, set_mutants.SUPPORT_KERNEL),
    "promises": Solver("solvers/vertex_kernel.py", set_batteries.check_vertex_kernel, set_mutants.VERTEX_KERNEL),
    "outer bound": Solver("solvers/outer_bound.py", set_batteries.check_outer_bound, set_mutants.OUTER),
    "inner bound": Solver("solvers/inner_bound.py", set_batteries.check_inner_bound, set_mutants.INNER),
    "set outline": Solver("solvers/set_outline.py", outline_batteries.check_set_outline, set_mutants.SET_OUTLINE),
    "turns round sets": Solver("solvers/revolution.py", revolution_batteries.check_revolution, set_mutants.REVOLUTION),
    "equilibrium set": Solver("solvers/equilibrium_set.py", set_batteries.check_equilibrium_set, set_mutants.EQUILIBRIUM_SET),
    "repeated kernel": Solver(
        "solvers/repeated_kernel.py", repeated_batteries.check_repeated_kernel, repeated_mutants.REPEATED_KERNEL
    ),
    "repeated game": Solver("solvers/repeated_game.py", repeated_batteries.check_repeated_game, repeated_mutants.REPEATED_GAME),
    "convex polygon": Solver("solvers/convex_polygon.py", set_batteries.check_convex, set_mutants.CONVEX),
    "bargaining": Solver("solvers/bargaining.py", set_batteries.check_bargaining, set_mutants.BARGAINING),
    "variable threats": Solver("solvers/variable_threats.py", set_batteries.check_variable_threats, set_mutants.VARIABLE_THREATS),
    "programmes": Solver("solvers/programme_kernel.py", set_batteries.check_programmes, set_mutants.PROGRAMMES),
    "payoff bounds": Solver("solvers/payoff_bounds.py", set_batteries.check_payoff_bounds, set_mutants.PAYOFF_BOUNDS),
    "allowed departures": Solver(
        "certification/checker.py", set_batteries.check_allowed_departures, set_mutants.ALLOWED_DEPARTURES
    ),
    "gains in fractions": Solver("certification/exact.py", plan_batteries.check_exact, plan_mutants.EXACT),
    "decision lists": Solver("solvers/decision_list.py", plan_batteries.check_decision_list, plan_mutants.DECISION_LIST),
    "small plans": Solver("solvers/small_plan.py", plan_batteries.check_small_plan, plan_mutants.SMALL_PLAN),
    "short plans": Solver("solvers/plan_kernel.py", plan_batteries.check_plan_kernel, plan_mutants.PLAN_KERNEL),
    "sustainable paths": Solver(
        "solvers/sustainable_path.py", plan_batteries.check_sustainable_path, plan_mutants.SUSTAINABLE_PATH
    ),
    "patience": Solver("solvers/patience.py", plan_batteries.check_patience, plan_mutants.PATIENCE),
    "claims": Solver("analysis/claims.py", claim_batteries.check_claims, claim_mutants.CLAIMS),
    "claim units": Solver("scenario/claim_units.py", claim_batteries.check_units, claim_mutants.UNITS),
    "claim values": Solver("analysis/claim_values.py", claim_batteries.check_values, claim_mutants.VALUES),
    "tipping": Solver("stress/tipping.py", stress_batteries.check_tipping, stress_mutants.TIPPING),
    "shares": Solver("stress/shares.py", stress_batteries.check_shares, stress_mutants.SHARES),
    "joint changes": Solver("stress/joint_change.py", stress_batteries.check_joint, stress_mutants.JOINT),
    "answers": Solver("stress/answer_book.py", stress_batteries.check_answer_book, stress_mutants.ANSWERS),
    "conditions": Solver("stress/when.py", stress_batteries.check_when, stress_mutants.WHEN),
    "trends": Solver("points/trends.py", claim_batteries.check_trends, claim_mutants.TRENDS),
    "sensitivity indices": Solver("experiments/indices.py", index_batteries.check_indices, index_mutants.INDICES),
    "refinement": Solver("experiments/refinement.py", regime_batteries.check_refinement, regime_mutants.REFINEMENT),
    "row conditions": Solver("experiments/row_condition.py", regime_batteries.check_row_condition, regime_mutants.ROW_CONDITION),
    "points of a report": Solver("report/sweep_data.py", sweep_report_batteries.check_points, sweep_report_mutants.POINTS),
    "claims of a report": Solver("report/sweep_claims.py", sweep_report_batteries.check_claims, sweep_report_mutants.CLAIMS),
    "command of a report": Solver(
        "report/sweep_provenance.py", sweep_report_batteries.check_command, sweep_report_mutants.COMMAND
    ),
    "error radius": Solver("solvers/error_radius.py", multiplicity_batteries.check_error_radius, mutants.ERROR_RADIUS),
    "bounded facts": Solver(
        "comparison/bounded_facts.py", comparison_batteries.check_bounded_facts, comparison_mutants.BOUNDED_FACTS
    ),
    "agreement": Solver("comparison/agreement.py", comparison_batteries.check_agreement, comparison_mutants.AGREEMENT),
    "parameter sheet": Solver(
        "sheets/parameter_sheet.py", comparison_batteries.check_parameter_sheet, comparison_mutants.PARAMETER_SHEET
    ),
    "sheet reading": Solver(
        "sheets/sheet_reading.py", comparison_batteries.check_sheet_reading, comparison_mutants.SHEET_READING
    ),
    "input differences": Solver(
        "comparison/input_differences.py", comparison_batteries.check_input_differences, comparison_mutants.INPUT_DIFFERENCES
    ),
}
pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system cannot limit processor time")


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    """Limits on processor time are for batteries, not for the compiler."""
    set_batteries.compile_kernels()
    find_equilibria(prisoners_dilemma(0.6))


every_solver = pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)


@cache
def own_seconds(solver: Solver) -> float:
    """Processor seconds in which the battery passes on the module itself."""
    begun = time.process_time()
    with processor_seconds(QUICK):
        solver.battery(load(solver.module))
    return time.process_time() - begun


def is_caught(solver: Solver, fault: Fault) -> bool:
    """Whether the battery fails on the copy. Warnings do not count, as users may not see them."""
    limit = max(LEAST, TIMES * own_seconds(solver))
    module = load(solver.module, fault)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with processor_seconds(limit):
                solver.battery(module)
        except SHOWS:
            return True
    return False


@every_solver
def test_the_table_is_in_step_with_the_code(solver: Solver) -> None:
    assert FEWEST <= len(solver.faults) <= MOST
    assert len(set(solver.faults)) == len(solver.faults)
    for fault in solver.faults:
        count = source(fault.module).count(fault.old)
        assert count == 1, f"update this row in mutants.py, its old text stands {count} times in the module: {fault}"
        assert fault.new != fault.old


@every_solver
def test_the_battery_passes_on_the_module_itself(solver: Solver) -> None:
    assert own_seconds(solver) < QUICK


@every_solver
def test_planted_faults_are_caught(solver: Solver) -> None:
    survivors = [str(fault) for fault in solver.faults if not is_caught(solver, fault)]
    assert len(survivors) <= len(solver.faults) // ONE_IN, "not caught:\n" + "\n".join(survivors)
