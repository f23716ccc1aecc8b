"""`.efg` files: an independent reader of the written tree finds the game's own values, histories and chances in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import pytest

from leverage.errors import GameError
from leverage.exchange import efg_files
from leverage.exchange.efg_files import MOST_PERIODS, count_ends, efg_text
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.finite_horizon import finite_horizon
from tests.games import (
    chain,
    gamblers_ruin,
    matching_pennies,
    prisoners_dilemma,
    random_game,
    shapley_stopping,
    with_structural_zeros,
)

#: Game, periods.
UNFOLDINGS: dict[str, tuple[StochasticGame, int]] = {
    "prisoners, unequal patience": (prisoners_dilemma((0.9, 0.6)), 3),
    "prisoners, no tomorrow": (prisoners_dilemma((0.0, 0.5)), 2),
    "matching pennies, one period": (matching_pennies(), 1),
    "stopping": (shapley_stopping(), 4),
    "stopping, chances of 0 stored": (with_structural_zeros(shapley_stopping()), 4),
    "ragged": (random_game(1), 3),
    "ragged, three players": (random_game(2, states=2, actions=(2, 2, 2), delta=(0.9, 0.5, 0.7)), 2),
    "nobody chooses": (gamblers_ruin(4, 2, Fraction(1, 3)), 5),
    "starts elsewhere": (replace(random_game(3), start=2), 2),
}
#: Of payoffs: rounding of the solver's floats.
RELATIVE = 1e-11
#: Periods that a recursion with three calls a period would not survive.
DEEP = 400


@dataclass
class Node:
    """A node as the file tells it. probabilities: of a chance node; payoffs: of an end."""

    kind: str
    player: int = -1
    infoset: int = -1
    where: str = ""
    labels: tuple[str, ...] = ()
    probabilities: tuple[Fraction, ...] = ()
    payoffs: tuple[Fraction, ...] = ()
    children: list[Node] = field(default_factory=list)


def read_tree(text: str) -> Node:
    lines = iter(text.splitlines()[2:])
    root = _read(lines)
    assert next(lines, None) is None
    return root


def _read(lines: Iterator[str]) -> Node:
    line = next(lines)
    listed = line[line.index("{") + 1 : line.rindex("}")]
    if found := re.fullmatch(r't "" \d+ "[^"]*" \{.*\}', line):
        return Node("t", payoffs=tuple(Fraction(x) for x in listed.split(",")))
    if found := re.fullmatch(r'p "" (\d+) (\d+) "([^"]*)" \{.*\} 0', line):
        node = Node("p", int(found[1]) - 1, int(found[2]), found[3], tuple(re.findall(r'"([^"]*)"', listed)))
    else:
        found = re.fullmatch(r'c "" (\d+) "([^"]*)" \{.*\} 0', line)
        assert found is not None, line
        options = re.findall(r'"([^"]*)" (\S+)', listed)
        node = Node("c", -1, int(found[1]), found[2], tuple(a for a, _ in options), tuple(Fraction(p) for _, p in options))
    node.children = [_read(lines) for _ in node.labels]
    return node


def nodes(root: Node) -> Iterator[Node]:
    yield root
    for child in root.children:
        yield from nodes(child)


def period_and_state(node: Node) -> tuple[int, str]:
    found = re.fullmatch(r"period (\d+), history \d+, state (.*)", node.where)
    assert found is not None
    return int(found[1]) - 1, found[2]


@pytest.mark.parametrize("name", UNFOLDINGS)
def test_the_solver_and_the_tree_agree_on_every_value(name: str) -> None:
    """Its plan, played in the tree, is worth what it says: normalisation, chances and order of moves are the same."""
    game, periods = UNFOLDINGS[name]
    solution = finite_horizon(game, periods)

    def value(node: Node) -> np.ndarray:
        if node.kind == "t":
            return np.array([float(x) for x in node.payoffs])
        if node.kind == "c":
            weights = [float(p) for p in node.probabilities]
        else:
            period, state = period_and_state(node)
            s = game.states.index(state)
            choices = slice(*game.choice_start[node.player, s : s + 2])
            count = int(game.choice_start[node.player, -1])
            weights = solution.plan.lotteries[node.player][period * count : (period + 1) * count][choices].tolist()
        return sum((w * value(child) for w, child in zip(weights, node.children, strict=True)), np.zeros(game.n_players))

    found = value(read_tree(efg_text(game, periods)))
    np.testing.assert_allclose(found, solution.values[game.start], rtol=RELATIVE, atol=RELATIVE * game.payoff_range)


@pytest.mark.parametrize("name", UNFOLDINGS)
def test_an_information_set_is_a_player_and_a_public_history(name: str) -> None:
    game, periods = UNFOLDINGS[name]
    seen: dict[tuple[int, int], set[tuple[object, ...]]] = {}

    def walk(node: Node, history: tuple[object, ...], now: tuple[object, ...], last: int) -> None:
        """history: of earlier periods; now: moves of this period; last: the player who moved last in it."""
        if node.kind == "p":
            if node.player <= last or (now and period_and_state(node)[0] != now[0]):
                history, now = (*history, now), ()
            now = now or period_and_state(node)
            seen.setdefault((node.player, node.infoset), set()).add((*history, now[:2]))
        if node.kind == "c":
            history, now, last = (*history, now), (), -1
        for label, child in zip(node.labels, node.children, strict=True):
            if node.kind == "p":
                walk(child, history, (*now, (node.player, label)), node.player)
            else:
                walk(child, (*history, label), (), -1)

    walk(read_tree(efg_text(game, periods)), (), (), -1)
    assert all(len(histories) == 1 for histories in seen.values())
    owners = [(player, *histories) for (player, _), histories in seen.items()]
    assert len(set(owners)) == len(owners)


@pytest.mark.parametrize("name", UNFOLDINGS)
def test_the_tree_is_well_formed(name: str) -> None:
    game, periods = UNFOLDINGS[name]
    found = list(nodes(read_tree(efg_text(game, periods))))
    ends = [node for node in found if node.kind == "t"]
    draws = [node for node in found if node.kind == "c"]
    assert len(ends) == count_ends(game, periods)[-1]
    assert all(sum(node.probabilities) == 1 and min(node.probabilities) > 0 for node in draws)
    assert all(len(node.labels) > 1 for node in found if node.kind != "t")
    assert len({node.infoset for node in draws}) == len(draws)
    for player in range(game.n_players):  # Gambit wants labels of information sets to be unique for a player
        places = {(node.infoset, node.where) for node in found if node.player == player}
        assert len(places) == len({number for number, _ in places}) == len({where for _, where in places})


def test_equal_payoffs_stay_equal() -> None:
    """Floats would make 1 + 0.9 * 3 and 3 + 0.9 * ... differ by rounding; the fractions are exact."""
    ends = [node.payoffs for node in nodes(read_tree(efg_text(prisoners_dilemma(0.9), 2))) if node.kind == "t"]
    assert (Fraction(3 * 10 + 5 * 9, 19), Fraction(4 * 10 + 1 * 9, 19)) in ends
    assert (Fraction(3), Fraction(4)) in ends


def test_one_state_in_one_period_is_its_stage_game() -> None:
    text = efg_text(matching_pennies(), 1)
    assert [tuple(map(int, node.payoffs)) for node in nodes(read_tree(text)) if node.kind == "t"] == [
        (1, -1),
        (-1, 1),
        (-1, 1),
        (1, -1),
    ]
    assert text.startswith('EFG 2 R "1 period from state 1" { "1" "2" }\n"payoffs: discounted sum over 1 period / ')


def test_a_deep_narrow_tree_needs_no_recursion() -> None:
    """A hazard of 1/2 a period for a long time; nobody chooses."""
    ruin = chain([[0.5, 0.5], [0.0, 1.0]], [1.0, 0.0], delta=0.5)
    lines = efg_text(ruin, DEEP).splitlines()
    assert len(lines) == 2 + (DEEP - 1) + DEEP
    silent = chain([[1.0]], [7.0], delta=0.9)
    assert efg_text(silent, MOST_PERIODS).splitlines()[2:] == ['t "" 1 "end 1" { 7 }']


@pytest.mark.parametrize("periods", [0, -1, 1.5, MOST_PERIODS + 1, float("nan")])
def test_periods_that_are_none_are_refused(periods: float) -> None:
    with pytest.raises(GameError, match="whole number"):
        efg_text(prisoners_dilemma(), periods)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("periods", "most", "message"),
    [
        (3, 63, r"over 3 periods the tree has 64 ends of play; at most 63 are written: take 2 periods or fewer"),
        (2, 4, r"take 1 period or fewer"),
        (2, 3, r"start in a state with fewer"),
        (MOST_PERIODS, 64, r"about 1\.0e\+200 ends"),
    ],
)
def test_large_trees_are_refused_beforehand(periods: int, most: int, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efg_files, "MOST_ENDS", most)
    with pytest.raises(GameError, match=message):
        efg_text(prisoners_dilemma(), periods)


def test_the_largest_tree_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efg_files, "MOST_ENDS", 64)
    assert efg_text(prisoners_dilemma(), 3).count('\nt "') == 64
