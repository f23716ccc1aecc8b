"""Checks of the worlds without an instrument: each has to be a game, and whoever is bound has to know what to do in it."""

from __future__ import annotations

from leverage.errors import Fault, ScenarioError
from leverage.game.box import number_faults
from leverage.game.form import GameForm, compile_form
from leverage.game.strategies import compile_strategy
from leverage.scenario.changes import changed
from leverage.scenario.scenario import Change, Instrument, Path, Scenario


def faults_of_worlds(scenario: Scenario) -> tuple[Fault, ...]:
    """What is wrong with the worlds of a scenario that is without fault itself, told at the instruments: a world that compiles to
    no game, numbers that fail somewhere in its box, a holder bound to a strategy that the world leaves undefined.

    A strategy that nobody is bound to may be undefined in a world.
    """
    if not scenario.instruments:
        return ()
    form = compile_form(scenario)
    return tuple(fault for instrument in scenario.instruments for fault in _world_faults(form, instrument))


def _world_faults(whole: GameForm, instrument: Instrument) -> tuple[Fault, ...]:
    """What is wrong with the world without the instrument; `whole` is the form of the scenario with it."""
    scenario = whole.scenario
    world = changed(scenario, instrument.without)
    if world is scenario:  # a holder that is only bound: the strategy is checked with the file
        return ()
    path: Path = (*instrument.path, "without")
    try:
        form = compile_form(world)
        faults = () if _is_part(form, whole, instrument.without) else number_faults(form)
    except ScenarioError as error:
        faults = error.faults
    if faults:
        return (_told(scenario, instrument, min(faults), path),)
    return _binding_faults(form, instrument, (*path, "bound to"))


def _is_part(form: GameForm, whole: GameForm, change: Change) -> bool:
    """Whether the world has no row and no number that the checked form lacks: it takes actions or states away at most."""
    if change.set or change.replace_levels:
        return False
    known = set(map(bytes, whole.levels))
    return all(bytes(state) in known for state in form.levels)


def _binding_faults(form: GameForm, instrument: Instrument, path: Path) -> tuple[Fault, ...]:
    """Strategies that somebody is bound to and that do not know what to do somewhere in the world."""
    found = []
    for player, name in instrument.without.bound_to.items():
        strategy = next(each for each in form.scenario.strategies[player] if each.name == name)
        try:
            compile_strategy(form, form.at(), strategy)
        except ScenarioError as error:
            found.append(_told(form.scenario, instrument, error.faults[0], path))
    return tuple(found)


def _told(scenario: Scenario, instrument: Instrument, cause: Fault, path: Path) -> Fault:
    """The first fault of a world as one of the instrument."""
    where = f" (line {cause.line})" if cause.line else ""
    message = f"in the world without '{instrument.name}', {cause.message}{where}"
    remedy = f"let the world without it differ in another way, or {cause.remedy}"
    return scenario.document.fault(path, message, remedy, on_key=path[-1] == "without")
