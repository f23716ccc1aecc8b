"""Game-theoretic negotiation leverage simulator: a scenario file in, credible outcomes out.

>>> import leverage
>>> scenario = leverage.load_scenario("scenarios/withdrawal.yaml")  # doctest: +SKIP
>>> leverage.run(scenario).outcomes                                   # doctest: +SKIP

Names are imported when they are first used, so that `import leverage` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leverage.analysis.event_question import EventQuestion as EventQuestion
    from leverage.analysis.local_sensitivity import LocalSensitivity as LocalSensitivity
    from leverage.analysis.local_sensitivity import local_sensitivity as local_sensitivity
    from leverage.certification.batch import certify_batch as certify_batch
    from leverage.certification.checker import Certificate as Certificate
    from leverage.certification.checker import certify as certify
    from leverage.certification.checker import check as check
    from leverage.certification.exact import exact_gain as exact_gain
    from leverage.errors import ConflictError as ConflictError
    from leverage.errors import ExchangeError as ExchangeError
    from leverage.errors import GameError as GameError
    from leverage.errors import LeverageError as LeverageError
    from leverage.errors import OutputError as OutputError
    from leverage.errors import ScenarioError as ScenarioError
    from leverage.errors import SheetError as SheetError
    from leverage.errors import UnsolvedError as UnsolvedError
    from leverage.exchange.efg_files import efg_text as efg_text
    from leverage.exchange.nfg_files import StageGame as StageGame
    from leverage.exchange.nfg_files import nfg_text as nfg_text
    from leverage.exchange.nfg_files import read_nfg as read_nfg
    from leverage.experiments.in_memory import sweep as sweep
    from leverage.game.automaton import Automaton as Automaton
    from leverage.game.form import GameForm as GameForm
    from leverage.game.form import compile_form as compile_form
    from leverage.game.form import compile_game as compile_game
    from leverage.game.stochastic_game import StochasticGame as StochasticGame
    from leverage.loading import load_scenario as load_scenario
    from leverage.loading import parse_scenario as parse_scenario
    from leverage.output.frames import Run as Run
    from leverage.output.plan_words import plan_words as plan_words
    from leverage.pipeline import run as run
    from leverage.reruns import reproduce as reproduce
    from leverage.scenario.scenario import Scenario as Scenario
    from leverage.sheets.parameter_sheet import ParameterSheet as ParameterSheet
    from leverage.sheets.sheet_reading import read_sheet as read_sheet
    from leverage.solvers.bargaining import BargainingPoint as BargainingPoint
    from leverage.solvers.bargaining import bargain as bargain
    from leverage.solvers.best_reply import best_reply as best_reply
    from leverage.solvers.declared import declared as declared
    from leverage.solvers.declared import judge as judge
    from leverage.solvers.directional import directional_equilibria as directional_equilibria
    from leverage.solvers.equilibrium_set import EquilibriumSet as EquilibriumSet
    from leverage.solvers.equilibrium_set import equilibrium_set as equilibrium_set
    from leverage.solvers.error_radius import error_radius as error_radius
    from leverage.solvers.finite_horizon import finite_horizon as finite_horizon
    from leverage.solvers.follow_equilibrium import follow_equilibrium as follow_equilibrium
    from leverage.solvers.log_tracing import log_tracing as log_tracing
    from leverage.solvers.markov_batch import MarkovBatch as MarkovBatch
    from leverage.solvers.markov_batch import markov_perfect_batch as markov_perfect_batch
    from leverage.solvers.markov_equilibria import MarkovEquilibria as MarkovEquilibria
    from leverage.solvers.markov_equilibria import markov_equilibria as markov_equilibria
    from leverage.solvers.markov_perfect import markov_perfect as markov_perfect
    from leverage.solvers.multiplicity import Multiplicity as Multiplicity
    from leverage.solvers.multiplicity import find_equilibria as find_equilibria
    from leverage.solvers.noisy_play import logit_equilibrium as logit_equilibrium
    from leverage.solvers.noisy_play import logit_path as logit_path
    from leverage.solvers.patience import PathQuestion as PathQuestion
    from leverage.solvers.patience import Patience as Patience
    from leverage.solvers.patience import PayoffQuestion as PayoffQuestion
    from leverage.solvers.patience import patience as patience
    from leverage.solvers.payoff_bounds import PayoffBounds as PayoffBounds
    from leverage.solvers.payoff_bounds import payoff_bounds as payoff_bounds
    from leverage.solvers.pure_markov import pure_markov as pure_markov
    from leverage.solvers.selection_jumps import jump_at as jump_at
    from leverage.solvers.selection_jumps import selection_jumps as selection_jumps
    from leverage.solvers.small_plan import SmallPlan as SmallPlan
    from leverage.solvers.small_plan import small_plan as small_plan
    from leverage.solvers.solution import Solution as Solution
    from leverage.solvers.stage_game import StageEquilibria as StageEquilibria
    from leverage.solvers.stage_game import enumerate_stage as enumerate_stage
    from leverage.solvers.stage_game import stage_equilibria as stage_equilibria
    from leverage.solvers.stage_nash import stage_nash as stage_nash
    from leverage.solvers.sustainable_path import PathVerdict as PathVerdict
    from leverage.solvers.sustainable_path import sustainable_path as sustainable_path
    from leverage.solvers.variable_threats import VariableThreats as VariableThreats
    from leverage.solvers.variable_threats import variable_threats as variable_threats

#: Public name -> module that defines it.
_HOMES = {
    "Automaton": "game.automaton",
    "BargainingPoint": "solvers.bargaining",
    "Certificate": "certification.checker",
    "ConflictError": "errors",
    "EquilibriumSet": "solvers.equilibrium_set",
    "EventQuestion": "analysis.event_question",
    "ExchangeError": "errors",
    "GameError": "errors",
    "GameForm": "game.form",
    "LeverageError": "errors",
    "LocalSensitivity": "analysis.local_sensitivity",
    "MarkovBatch": "solvers.markov_batch",
    "MarkovEquilibria": "solvers.markov_equilibria",
    "Multiplicity": "solvers.multiplicity",
    "OutputError": "errors",
    "ParameterSheet": "sheets.parameter_sheet",
    "PathQuestion": "solvers.patience",
    "PathVerdict": "solvers.sustainable_path",
    "Patience": "solvers.patience",
    "PayoffBounds": "solvers.payoff_bounds",
    "PayoffQuestion": "solvers.patience",
    "Run": "output.frames",
    "Scenario": "scenario.scenario",
    "ScenarioError": "errors",
    "SheetError": "errors",
    "SmallPlan": "solvers.small_plan",
    "Solution": "solvers.solution",
    "StageEquilibria": "solvers.stage_game",
    "StageGame": "exchange.nfg_files",
    "StochasticGame": "game.stochastic_game",
    "UnsolvedError": "errors",
    "VariableThreats": "solvers.variable_threats",
    "bargain": "solvers.bargaining",
    "best_reply": "solvers.best_reply",
    "certify": "certification.checker",
    "certify_batch": "certification.batch",
    "check": "certification.checker",
    "compile_form": "game.form",
    "compile_game": "game.form",
    "declared": "solvers.declared",
    "directional_equilibria": "solvers.directional",
    "efg_text": "exchange.efg_files",
    "enumerate_stage": "solvers.stage_game",
    "equilibrium_set": "solvers.equilibrium_set",
    "error_radius": "solvers.error_radius",
    "exact_gain": "certification.exact",
    "find_equilibria": "solvers.multiplicity",
    "finite_horizon": "solvers.finite_horizon",
    "follow_equilibrium": "solvers.follow_equilibrium",
    "judge": "solvers.declared",
    "jump_at": "solvers.selection_jumps",
    "load_scenario": "loading",
    "local_sensitivity": "analysis.local_sensitivity",
    "logit_equilibrium": "solvers.noisy_play",
    "log_tracing": "solvers.log_tracing",
    "logit_path": "solvers.noisy_play",
    "markov_equilibria": "solvers.markov_equilibria",
    "markov_perfect": "solvers.markov_perfect",
    "markov_perfect_batch": "solvers.markov_batch",
    "nfg_text": "exchange.nfg_files",
    "parse_scenario": "loading",
    "patience": "solvers.patience",
    "payoff_bounds": "solvers.payoff_bounds",
    "plan_words": "output.plan_words",
    "pure_markov": "solvers.pure_markov",
    "read_nfg": "exchange.nfg_files",
    "read_sheet": "sheets.sheet_reading",
    "reproduce": "reruns",
    "run": "pipeline",
    "selection_jumps": "solvers.selection_jumps",
    "small_plan": "solvers.small_plan",
    "stage_equilibria": "solvers.stage_game",
    "stage_nash": "solvers.stage_nash",
    "sustainable_path": "solvers.sustainable_path",
    "sweep": "experiments.in_memory",
    "variable_threats": "solvers.variable_threats",
}

__version__ = "0.1.0"
__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of names, made from the table above


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'leverage' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"leverage.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
