"""Named strategies -> automata.

The memory of a strategy is its phase, how long the phase has lasted, and the truth of each condition that its rules look up one
period back. Nothing has happened before the start: every such condition is false there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from leverage.errors import Fault, ScenarioError
from leverage.game.automaton import Automaton, reachable_nodes
from leverage.game.form import GameForm
from leverage.game.node_indices import selection
from leverage.game.stochastic_game import Booleans, Floats, Integers, StochasticGame
from leverage.scenario import syntax as tree
from leverage.scenario.evaluation import evaluate, holds
from leverage.scenario.scenario import Choice, Phase, Strategy
from leverage.scenario.syntax import Condition, Vocabulary
from leverage.scenario.wording import condition_words, plain

#: A strategy with more (memory, state) pairs than this is refused.
MOST_NODES = 1_000_000

#: phase, periods spent in it, truth of each remembered condition.
Memory = tuple[int, int, tuple[bool, ...]]


def compile_strategy(
    form: GameForm, game: StochasticGame, strategy: Strategy, values: Mapping[str, float] | None = None
) -> Automaton:
    """The machine that plays a named strategy in `game` (a game of `form`), at these values (default: the scenario's).

    Raises ScenarioError, with all faults, where the strategy has no rule that fits or none of its actions is legal in a
    situation that play can reach.
    """
    remembered = remembered_conditions(strategy)
    truth = [np.broadcast_to(holds(each.condition, form.entry_rows, {}), len(form.indices)) for each in remembered]
    ends = [_phase_ends(phase, form) for phase in strategy.phases]
    memories, moves = _explore(form, strategy, truth, ends)
    numbers = form.scenario.values if values is None else values
    plays = [_play(form, strategy, memory, remembered, numbers) for memory in memories]
    machine = _assemble(form, game, strategy, memories, moves, plays)
    _check(form, strategy, plays, reachable_nodes(machine, at_any_values=True))
    return machine


def compile_strategies(form: GameForm, game: StochasticGame) -> tuple[dict[str, Automaton], ...]:
    """Per player its named strategies as machines; those that could not be read are left out.

    Raises ScenarioError with the faults of all of them.
    """
    machines: tuple[dict[str, Automaton], ...] = tuple({} for _ in form.scenario.players)
    faults: list[Fault] = []
    for own in form.scenario.strategies:
        for strategy in (each for each in own if each.phases):
            try:
                machines[strategy.player][strategy.name] = compile_strategy(form, game, strategy)
            except ScenarioError as error:
                faults += error.faults
    if faults:
        raise ScenarioError(form.scenario.source, faults)
    return machines


def remembered_conditions(strategy: Strategy) -> tuple[tree.Last, ...]:
    """What the rules look up one period back, each once."""
    conditions = (rule.condition for phase in strategy.phases for rule in phase.rules)
    return tuple(dict.fromkeys(node for condition in conditions for node in tree.walk(condition) if isinstance(node, tree.Last)))


# --- memory --------------------------------------------------------------------------------------------------------------------


def _phase_ends(phase: Phase, form: GameForm) -> Booleans:
    """(E,): where `until` ends the phase."""
    until: Condition = tree.Always(False) if phase.until is None else phase.until
    return np.broadcast_to(holds(until, form.entry_rows, {}), len(form.indices))


def _explore(
    form: GameForm, strategy: Strategy, truth: list[Booleans], ends: list[Booleans]
) -> tuple[list[Memory], list[Integers]]:
    """Memories that can arise, the first one first, and for each the number of the memory that follows on each entry (E,)."""
    memories: list[Memory] = [(strategy.first, 0, (False,) * len(truth))]
    moves: list[Integers] = []
    table = np.array(truth, dtype=bool).reshape(len(truth), len(form.indices)).T
    patterns, pattern = (
        np.unique(table, axis=0, return_inverse=True) if truth else (table[:1], np.zeros(len(table), dtype=np.intp))
    )
    bits = [tuple(map(bool, row)) for row in patterns]
    while len(moves) < len(memories):
        phase, spent, _ = memories[len(moves)]
        after = np.empty(len(form.indices), dtype=np.intp)
        for over in (False, True):
            where = ends[phase] == over
            place = _after(strategy, phase, spent, over=over)
            for k in np.unique(pattern[where]):
                memory: Memory = (*place, bits[k])
                if memory not in memories:
                    memories.append(memory)
                after[where & (pattern == k)] = memories.index(memory)
        moves.append(after)
        if len(memories) * len(form.levels) > MOST_NODES:
            message = f"the strategy '{strategy.name}' needs more than {MOST_NODES:,} pairs of memory and state"
            fault = form.scenario.document.fault(strategy.path, message, "shorten its phases", on_key=True)
            raise ScenarioError(form.scenario.source, [fault])
    return memories, moves


def _after(strategy: Strategy, phase: int, spent: int, *, over: bool) -> tuple[int, int]:
    """Phase and periods spent in it after one more period."""
    now = strategy.phases[phase]
    if over or (now.periods is not None and spent + 1 >= now.periods):
        return (phase if now.following is None else now.following), 0
    return phase, (spent + 1 if now.periods is not None else 0)


# --- play ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Play:
    """What one memory plays in every state: a flat lottery, and where it has no rule (S,) or no legal action (S,)."""

    lottery: Floats
    unruled: Booleans
    stuck: Booleans


def _play(
    form: GameForm, strategy: Strategy, memory: Memory, remembered: tuple[tree.Last, ...], values: Mapping[str, float]
) -> _Play:
    phase, _, bits = memory
    size = len(form.levels)
    legal = form.legal[strategy.player]
    known: dict[Condition, Booleans] = {each: np.full(size, bit) for each, bit in zip(remembered, bits, strict=True)}
    rows = replace(form.state_rows, memory=known)
    chances = np.zeros(legal.shape)
    alone = legal.sum(axis=1) == 1
    chances[alone] = legal[alone]
    free, stuck = ~alone, np.zeros(size, dtype=bool)
    for rule in strategy.phases[phase].rules:
        fits = free & np.broadcast_to(holds(rule.condition, rows, {}), size)
        chances[fits] = _chosen(form, rule.choice, legal, values)[fits]
        stuck |= fits & (abs(chances.sum(axis=1) - 1) > 1e-9)
        free &= ~fits
    return _Play(chances[legal], free, stuck)


def _chosen(form: GameForm, choice: Choice, legal: Booleans, values: Mapping[str, float]) -> Floats:
    """(S, actions): the lottery of a rule; rows that do not sum to 1 have no legal action to play."""
    result = np.zeros(legal.shape)
    if choice.chances:
        given = [None if c is None else evaluate(c, form.state_rows, values) for c in choice.chances]
        rest = 1.0 - sum((each for each in given if each is not None), np.asarray(0.0))
        for action, chance in zip(choice.actions, given, strict=True):
            result[:, action] = rest if chance is None else chance
        return np.where(legal, result, 0.0)
    for action in reversed(choice.actions):
        result[legal[:, action]] = np.eye(legal.shape[1])[action]
    return result


def _assemble(
    form: GameForm, game: StochasticGame, strategy: Strategy, memories: list[Memory], moves: list[Integers], plays: list[_Play]
) -> Automaton:
    """The machine over all pairs of a memory and a state."""
    size, count = game.n_states, len(memories)
    words, remembered = form.scenario.vocabulary, remembered_conditions(strategy)
    follow = np.concatenate([move * size + game.transitions.indices for move in moves])
    return Automaton(
        game=game,
        players=(strategy.player,),
        modes=tuple(_phrase(strategy, memory, remembered, words) for memory in memories),
        node_mode=np.repeat(np.arange(count), size),
        node_state=np.tile(np.arange(size), count),
        lotteries=(np.concatenate([play.lottery for play in plays]),),
        next_nodes=selection(follow, size * count),
        start=sparse.csr_array((np.ones(size), np.arange(size), np.arange(size + 1)), shape=(size, size * count)),
    )


def _phrase(strategy: Strategy, memory: Memory, remembered: tuple[tree.Last, ...], words: Vocabulary) -> str:
    """A memory in words, such as 'reciprocate: sulking, month 2'; 'always' for a strategy that remembers nothing."""
    phase, spent, bits = memory
    told = [plain(strategy.phases[phase].name)] if strategy.phases[phase].name else []
    told += [f"{words.period} {spent + 1}"] if spent else []
    told += [plain(condition_words(each, words)) for each, bit in zip(remembered, bits, strict=True) if bit]
    nothing = f"nothing to recall of last {words.period}" if bits and not any(bits) and not told else ""
    text = ", ".join(told) or nothing
    return f"{plain(strategy.name)}: {text}" if text else "always"


def _check(form: GameForm, strategy: Strategy, plays: list[_Play], alive: Booleans) -> None:
    """Refuse a strategy that does not know what to do somewhere."""
    for name, remedy in (
        ("unruled", "end its rules with 'otherwise: ACTION'"),
        ("stuck", "give a list that ends with an action that is always legal"),
    ):
        where = np.flatnonzero(alive & np.concatenate([getattr(play, name) for play in plays]))
        if len(where):
            state = form.labels[where[0] % len(form.levels)]
            what = (
                "has no rule that fits" if name == "unruled" else "plays nothing that is legal (or chances that do not sum to 1)"
            )
            message = f"the strategy '{strategy.name}' {what} in the state '{state}'"
            fault = form.scenario.document.fault(strategy.path, message, remedy, on_key=True)
            raise ScenarioError(form.scenario.source, [fault])
