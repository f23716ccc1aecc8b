"""What a map of regimes asks at a point: the best named strategy, the play of the Markov equilibrium, credible paths.

Every answer is a word or a few, so that neighbouring points can be compared; ties are said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from leverage.analysis.leverage import NOTHING
from leverage.analysis.outcomes import PAYOFF
from leverage.analysis.plays import BEST_REPLY, MARKOV, declared_combinations, title
from leverage.analysis.point import Point
from leverage.analysis.temptations import judge_combination
from leverage.errors import UnsolvedError
from leverage.experiments.columns import Build, Column, Filled, Group
from leverage.game.automaton import Automaton, reachable_nodes
from leverage.points.evaluator import Evaluator
from leverage.scenario.scenario import Scenario
from leverage.solvers.indifference import SUPPORT_PROBABILITY

#: Names of the tables; the first one is asked of a player.
BEST_OF, PLAY, CREDIBLE = "best strategy of ", "Markov play", "credible paths"

#: Joins names that do equally well.
TIE = " or "
#: Chances that differ by no more than this are equal.
EQUAL_CHANCES = 1e-6
#: Whether anybody mixes in the Markov equilibrium: nobody; somebody at the start; somebody in another state that can be reached.
PURE, MIXED_AT_START, MIXED_LATER = "pure", "mixed at the start", "mixed later"

#: Each gap that is asked for while a path cannot be told is so many times the one before.
FINER = 0.2


def regime_tables(scenario: Scenario) -> Mapping[str, Build]:
    """The tables of a map by name."""
    best = {f"{BEST_OF}{player.key}": partial(_best, i) for i, player in enumerate(scenario.players)}
    return {**best, PLAY: _play, CREDIBLE: _credible}


# --- the best named strategy of a player ---------------------------------------------------------------------------------


def comparable(scenario: Scenario, player: int) -> tuple[str, ...]:
    """The named strategies of a player that can be compared: all that have rules, where no more than one other player replies."""
    if len(scenario.players) > 2:
        return ()
    return tuple(strategy.name for strategy in scenario.strategies[player] if strategy.phases)


def _best(player: int, scenario: Scenario, baseline: Point) -> Iterator[Group]:
    """Which strategy pays its player most while the other one, if there is one, replies as suits it best."""
    own, key, unit = comparable(scenario, player), scenario.players[player].key, baseline.game().payoff_unit
    against = "against best replies" if len(scenario.players) > 1 else "as written"
    columns = (
        Column("best", against, key, "best strategy", "", kind="text"),
        Column("best", against, key, "lead over the next", unit),
        *(Column("best", name, key, PAYOFF, unit, what) for name in own for what in ("value", "certificate")),
    )

    def fill(point: Point, _: Evaluator) -> Filled:
        paid = [point.of_strategies(_against_reply(scenario, player, name)) for name in own]
        lacking = next((each.reason for each in paid if each.plan is None), None)
        if lacking is not None:
            raise UnsolvedError(lacking)
        figures = [each.payoffs[player] for each in paid]
        level = max(figure.low for figure in figures) - NOTHING * point.game().payoff_range
        best = [name for name, figure in zip(own, figures, strict=True) if figure.high >= level]
        ranked = sorted((figure.value for figure in figures), reverse=True)
        lead = 0.0 if len(best) > 1 else ranked[0] - ranked[1]
        return Filled((TIE.join(best), lead, *(cell for f in figures for cell in (f.value, (f.high - f.low) / 2))))

    if len(own) > 1:
        yield Group(columns, fill)


def _against_reply(scenario: Scenario, player: int, name: str) -> tuple[str, ...]:
    """The strategy at its player's place; an empty name replies."""
    return tuple(name if i == player else "" for i in range(len(scenario.players)))


# --- what the Markov equilibrium plays -----------------------------------------------------------------------------------


def _play(scenario: Scenario, baseline: Point) -> Iterator[Group]:
    columns = (
        Column("play", MARKOV, "", "play at the start", "", kind="text"),
        Column("play", MARKOV, "", "kind", "", kind="text"),
        Column("play", MARKOV, "", "chance of that play", "chance"),
        Column("play", MARKOV, "", "largest gain", baseline.game().payoff_unit, "certificate"),
    )

    def fill(point: Point, _: Evaluator) -> Filled:
        solution = point.markov()
        likeliest, chance = likeliest_play(solution.plan)
        return Filled((likeliest, kind_of(solution.plan), chance, solution.certificate))

    yield Group(columns, fill)


def likeliest_play(plan: Automaton) -> tuple[str, float]:
    """The joint action that a stationary plan plays at the start with the largest chance, and that chance.

    Actions of those who have a choice there, in the order of players: 'withdraw / stall'; equally likely ones with 'or'.
    """
    game, node = plan.game, _start(plan)
    words, chance = [], 1.0
    for player in range(game.n_players):
        labels, lottery = game.actions[game.start][player], plan.lottery(player, node)
        if len(labels) > 1:
            most = float(lottery.max())
            words.append(TIE.join(label for label, x in zip(labels, lottery, strict=True) if x >= most - EQUAL_CHANCES))
            chance *= most
    return " / ".join(words) or "nobody has a choice", chance


def kind_of(plan: Automaton) -> str:
    """Whether, and where first, anybody mixes in a stationary plan, over all that play can get to whatever anybody does."""
    if _mixes(plan, _start(plan)):
        return MIXED_AT_START
    return MIXED_LATER if any(_mixes(plan, int(node)) for node in np.flatnonzero(reachable_nodes(plan))) else PURE


def _start(plan: Automaton) -> int:
    """The node in which a stationary plan begins."""
    return int(plan.start[[plan.game.start]].indices[0])


def _mixes(plan: Automaton, node: int) -> bool:
    lotteries = (plan.lottery(player, node) for player in range(plan.game.n_players))
    return any(bool(np.any((x > SUPPORT_PROBABILITY) & (x < 1 - SUPPORT_PROBABILITY))) for x in lotteries)


# --- which combinations have a credible path -----------------------------------------------------------------------------


def combinations(scenario: Scenario) -> tuple[tuple[str, ...], ...]:
    """The combinations of named strategies whose paths can be judged: of two players, all named."""
    if len(scenario.players) != 2:
        return ()
    own = [[strategy.name for strategy in each if strategy.phases] for each in scenario.strategies]
    return tuple(names for names in declared_combinations(own) if BEST_REPLY not in names) if all(own) else ()


def _credible(scenario: Scenario, baseline: Point) -> Iterator[Group]:
    """Whether what each combination does while nobody departs is upheld by the worst credible punishments."""
    asked = combinations(scenario)
    columns = tuple(Column("credible", title(names), "", "path", "", "verdict", "text") for names in asked)

    def fill(point: Point, evaluator: Evaluator) -> Filled:
        rungs = [point.with_tolerance(factor * evaluator.ladder[-1]) for factor in (1.0, FINER)]
        return Filled(tuple(_path_words(rungs, names) for names in asked))

    if asked:
        yield Group(columns, fill)


def _path_words(rungs: Sequence[Point], names: Sequence[str]) -> str:
    judged = judge_combination(rungs, names, as_written=False)
    return judged.path.answer if judged.path is not None else f"undefined: {judged.reason or judged.unasked}"
