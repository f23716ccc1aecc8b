"""The compiled game in words: how large it is, and in one state who can do what, what follows and what it pays."""

from __future__ import annotations

import numpy as np

from leverage.errors import Fault, ScenarioError
from leverage.game.form import GameForm, compile_form
from leverage.game.stochastic_game import StochasticGame
from leverage.output.columns import WIDTH, number, paragraph, table
from leverage.scenario.evaluation import holds
from leverage.scenario.parsing import Scope, TextFaultsError, parse_condition
from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import condition_words, counted, formula_words, plain

#: Chances below this are not listed.
SMALLEST_CHANCE = 5e-4


def show_text(scenario: Scenario, where: str = "") -> str:
    """The game and one of its states in words.

    where: a condition on the state; the first state that fits is shown (default: the start). Raises ScenarioError where
    none does.
    """
    form = compile_form(scenario)
    game = form.at()
    state = form.start if not where else find_state(form, where)
    parts = [_size(form, game), _players(scenario, game), _rules(scenario), _state(game, state), _profiles(form, game, state)]
    return "\n".join(part for part in parts if part)


def find_state(form: GameForm, where: str) -> int:
    """The first state that fits a condition. Raises ScenarioError where none does, or the condition is none."""
    scope = Scope("--state", parameters=False, actions=False)
    try:
        condition = parse_condition(where, form.scenario.vocabulary, scope)
    except TextFaultsError as error:
        faults = [Fault(0, 0, fault.message, fault.remedy, place=f"--state '{where}'") for fault in error.faults]
        raise ScenarioError(form.scenario.source, faults) from None
    fitting = np.flatnonzero(np.broadcast_to(holds(condition, form.state_rows, {}), len(form.levels)))
    if not len(fitting):
        fault = Fault(
            0,
            0,
            "no reachable state fits",
            "simulate show FILE lists the state variables and their levels",
            place=f"--state '{where}'",
        )
        raise ScenarioError(form.scenario.source, [fault])
    return int(fitting[0])


def _size(form: GameForm, game: StochasticGame) -> str:
    words = form.scenario.vocabulary.variables
    levels = [
        paragraph(f"  {plain(name)}: {', '.join(f'{plain(level)} {value:g}' for level, value in own.items())}", 4)
        for name, own in words.items()
    ]
    size = (
        f"{counted(game.n_states, 'state')} can be reached; {len(form.row_state)} pairs of state and action profile,"
        f" {counted(len(form.indices), 'transition')}."
    )
    return "\n".join([form.scenario.title, "=" * WIDTH, paragraph(size), *levels])


def _players(scenario: Scenario, game: StochasticGame) -> str:
    lines = []
    for i, player in enumerate(scenario.players):
        lines.append(f"{player.key}: {player.name}, discount factor {game.discount[i]:.4g} a {scenario.period.unit}")
        lines += [
            paragraph(f"  can {plain(a.name)}: {condition_words(a.legal, scenario.vocabulary)}", 6) for a in scenario.actions[i]
        ]
    return "\n".join(lines)


def _rules(scenario: Scenario) -> str:
    words, lines = scenario.vocabulary, []
    for variable in scenario.order:
        lines.append(f"{plain(words.variable_names[variable])} moves by the first rule that fits:")
        for rule in scenario.transitions[variable]:
            moves = [
                f"{plain(move.text)}: {'rest' if move.chance is None else formula_words(move.chance, words)}"
                for move in rule.moves
            ]
            told = f"{{{', '.join(moves)}}}" if len(moves) > 1 else plain(rule.moves[0].text)
            when = condition_words(rule.condition, words)
            lines.append(paragraph(f"  {'otherwise' if when == 'always' else 'if ' + when}: {told}", 6))
    return "\n".join(lines)


def _state(game: StochasticGame, state: int) -> str:
    return f"\n{'=' * WIDTH}\n" + paragraph(
        f"In the state '{game.states[state]}'" + (" (the start)" if state == game.start else "") + ":"
    )


def _profiles(form: GameForm, game: StochasticGame, state: int) -> str:
    """What every action profile pays and where it leads."""
    keys = [player.key for player in form.scenario.players]
    rows = []
    for row in range(game.row_start[state], game.row_start[state + 1]):
        played = [plain(game.actions[state][i][game.row_action[i, row]]) for i in range(game.n_players)]
        rows.append([" / ".join(played), *(number(game.payoffs[row, i]) for i in range(game.n_players))])
    text, _ = table([" / ".join(keys), *(f"{key} gets" for key in keys)], rows)
    return f"{text}\n\n" + "\n".join(
        _successors(form, game, state, row) for row in range(game.row_start[state], game.row_start[state + 1])
    )


def _successors(form: GameForm, game: StochasticGame, state: int, row: int) -> str:
    played = " / ".join(plain(game.actions[state][i][game.row_action[i, row]]) for i in range(game.n_players))
    law = game.transitions[[row]]
    order = np.argsort(-law.data, kind="stable")
    told = [f"{law.data[k]:.3f} {_difference(form, state, int(law.indices[k]))}" for k in order if law.data[k] >= SMALLEST_CHANCE]
    return paragraph(f"{played}: {'; '.join(told)}", 4)


def _difference(form: GameForm, state: int, following: int) -> str:
    """What is different in the state that follows."""
    words = form.scenario.vocabulary.variables
    parts = [
        f"{plain(name)} {plain(tuple(own)[form.levels[following, v]])}"
        for v, (name, own) in enumerate(words.items())
        if form.levels[following, v] != form.levels[state, v]
    ]
    return ", ".join(parts) or "no change"
