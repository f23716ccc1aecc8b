"""Plans in words: the printed rules are the plan, every printed number is a cell of the table, and the lines are short."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leverage import load_scenario
from leverage.errors import GameError
from leverage.game.form import GameForm, compile_form
from leverage.game.stochastic_game import StochasticGame
from leverage.output.plan_words import PLAN_COLUMNS, POSSIBLE, PlanWords, _Told, plan_words
from leverage.solvers import small_plan as solver
from leverage.solvers.equilibrium_set import EquilibriumSet, equilibrium_set
from leverage.solvers.small_plan import SmallPlan, small_plan

PRISONERS = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
ONE_STATE = [[[[1.0], [1.0]], [[1.0], [1.0]]]]
#: Lines that a slide takes.
MOST_LINES = 20
WEIGHTS = [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]

Said = tuple[str, str, bool]


@pytest.fixture(scope="module")
def form() -> GameForm:
    return compile_form(load_scenario(Path(__file__).parents[1] / "scenarios" / "withdrawal.yaml"))


@pytest.fixture(scope="module")
def sets(form: GameForm) -> EquilibriumSet:
    return equilibrium_set(form.at(), tolerance=1e-2)


@pytest.fixture(scope="module", params=WEIGHTS, ids=["power", "opposition", "both"])
def told(request: pytest.FixtureRequest, sets: EquilibriumSet, form: GameForm) -> tuple[SmallPlan, PlanWords]:
    plan = small_plan(sets, sets.game.start, request.param, levels=form.levels)
    return plan, plan_words(plan, form)


def prisoners(discount: float, weights: tuple[float, float], **options: float) -> SmallPlan:
    game = StochasticGame.from_arrays([PRISONERS], ONE_STATE, discount)
    return small_plan(equilibrium_set(game), 0, weights, **options)


# --- the rules are the plan --------------------------------------------------------------------------------------------


def fits(condition: str, state: int, form: GameForm) -> bool:
    """A reader's understanding of 'talks not settled and ceasefire holds'."""
    words = form.scenario.vocabulary.variables
    for part in condition.split(" and ") if condition else []:
        variable = next(v for v in words if part.startswith(v.replace("_", " ") + " "))
        names = [level.replace("_", " ") for level in words[variable]]
        level = int(form.levels[state, list(words).index(variable)])
        said = part.removeprefix(variable.replace("_", " ") + " ")
        sign = next((sign for sign in ("not ", "at least ", "at most ") if said.startswith(sign)), "")
        named = names.index(said.removeprefix(sign))
        if not {"": level == named, "not ": level != named, "at least ": level >= named, "at most ": level <= named}[sign]:
            return False
    return True


def played(rules: list[Said], state: int, player: int, form: GameForm, game: StochasticGame) -> str:
    """What a reader of the rules would play: the first that fits and can be done."""
    can = [name.replace("_", " ") for name in game.actions[state][player]]
    for condition, action, where_possible in rules:
        if fits(condition, state, form) and (action in can or not where_possible):
            return action
    return ""


def same_play(plan: SmallPlan, form: GameForm, read: dict[tuple[int, int], list[Said]]) -> int:
    """How many actions of the plan's machine were compared with those read; all are equal."""
    game, compared = plan.plan.game, 0
    for node in range(plan.plan.n_nodes):
        phase, state = int(plan.plan.node_mode[node]), int(plan.plan.node_state[node])
        for i in range(2):
            action = game.actions[state][i][int(np.argmax(plan.plan.lottery(i, node)))]
            assert played(read[phase, i], state, i, form, game) == action.replace("_", " "), (phase, game.states[state], i)
            compared += 1
    return compared


def said(text: str) -> list[Said]:
    """'hold if ceasefire broken; redeploy where possible; otherwise strike' as rules."""
    rules = []
    for clause in text.rstrip(".").split("; "):
        action, _, condition = clause.removeprefix("always ").removeprefix("otherwise ").partition(" if ")
        rules.append((condition, action.removesuffix(POSSIBLE), action.endswith(POSSIBLE)))
    return rules


def test_the_tables_rules_give_the_plans_action_at_every_node(told: tuple[SmallPlan, PlanWords], form: GameForm) -> None:
    plan, words = told
    rules = words.table[words.table.kind == "rule"]
    keys = [player.key for player in form.scenario.players]
    read = {
        (phase, i): [
            ("" if row.condition == "always" else row.condition, row.action.removesuffix(POSSIBLE), row.action.endswith(POSSIBLE))
            for row in rules[(rules.phase == part.name) & (rules.player == keys[i])].itertuples()
        ]
        for phase, part in enumerate(plan.parts)
        for i in range(2)
    }
    assert same_play(plan, form, read) == 2 * plan.plan.n_nodes


def test_the_printed_rules_give_the_plans_action_at_every_node(told: tuple[SmallPlan, PlanWords], form: GameForm) -> None:
    plan, words = told
    joined = re.sub(r"\n\s+", "  ", words.text)
    read = {}
    for phase, part in enumerate(plan.parts):
        block = re.search(rf"{part.name.upper()}, .*?:  (power: .*?)\.  (opposition: .*?)\.(?:\n|$)", joined)
        assert block is not None
        for i, text in enumerate(block.groups()):
            read[phase, i] = said(re.sub(r"\s+", " ", text.partition(": ")[2]))
    assert same_play(plan, form, read) == 2 * plan.plan.n_nodes


def test_the_numbers_of_states_add_up(told: tuple[SmallPlan, PlanWords]) -> None:
    plan, words = told
    rules = words.table[words.table.kind == "rule"]
    for phase, part in enumerate(plan.parts):
        for player in rules.player.unique():
            own = rules[(rules.phase == part.name) & (rules.player == player)]
            assert own.value.sum() == np.sum(plan.plan.node_mode == phase)


# --- numbers and lines -------------------------------------------------------------------------------------------------


def cells(words: PlanWords) -> set[str]:
    """The table's numbers in every form in which the text may print them."""
    found = set()
    for value in [*words.table.value, *words.table.certificate]:
        if np.isfinite(value):
            found |= {f"{value:.{digits}f}" for digits in (0, 1, 2)} | {f"{abs(value):.{digits}f}" for digits in (0, 1, 2)}
            found |= {f"{abs(value):.2g}", f"{value:,.0f}"}
    return found


def numbers(text: str, names: list[str]) -> list[str]:
    for name in names:
        text = text.replace(name, "")
    return re.findall(r"(?<![\w'])-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?![\w'])", text)


def test_every_printed_number_is_a_cell(told: tuple[SmallPlan, PlanWords]) -> None:
    _, words = told
    found = numbers(words.text, [])
    assert len(found) >= 10
    assert [each for each in found if each not in cells(words)] == []


@pytest.mark.parametrize(("discount", "options"), [(0.9, {}), (0.6, {"epsilon": 0.9}), (0.3, {})])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_every_printed_number_is_a_cell_without_a_scenario(
    discount: float, options: dict[str, float], weights: tuple[float, float]
) -> None:
    words = plan_words(prisoners(discount, weights, **options))
    text = re.sub(r"always \d|state \d|'\d'|player \d", "", re.sub(r"\s+", " ", words.text))
    assert [each for each in numbers(text, []) if each not in cells(words)] == []


def test_the_words_fit_a_slide(told: tuple[SmallPlan, PlanWords]) -> None:
    lines = told[1].text.split("\n")
    assert max(map(len, lines)) <= 80
    assert len(lines) <= MOST_LINES


def rules_of(conditions: list[str]) -> tuple[tuple[str, str, int], ...]:
    return (*((condition, f"act {k}", 1) for k, condition in enumerate(conditions, 1)), ("", "wait", 5))


def test_long_lists_are_cut_between_rules_and_say_how_many_are_left_out() -> None:
    sentence = _Told._sentence
    few = rules_of(["talks opened", "talks settled"])
    assert sentence(few) == "act 1 if talks opened; act 2 if talks settled; otherwise wait"
    many = rules_of([f"level {k}" for k in range(7)])
    assert sentence(many) == "act 1 if level 0; act 2 if level 1; 5 further rules in plans.csv; otherwise wait"
    long = rules_of(["in " + ", ".join(f"state {k}" for k in range(20 * j, 20 * j + 20)) for j in range(3)])
    shown = sentence(long).split("; ")
    assert shown == [f"act 1 {long[0][0]}", "2 further rules in plans.csv", "otherwise wait"]
    longer = rules_of(["in " + ", ".join(f"state {k}" for k in range(200)), "talks opened"])
    assert sentence(longer).split("; ")[1:] == ["1 further rule in plans.csv", "otherwise wait"]


def test_the_table_is_tidy(told: tuple[SmallPlan, PlanWords]) -> None:
    plan, words = told
    assert tuple(words.table.columns) == PLAN_COLUMNS
    assert set(words.table.kind) == {"value", "rule", "trigger", "threat"}
    assert not words.table.isna().any().any()
    assert not words.table.duplicated(["plan", "phase", "kind", "condition", "player", "action", "quantity"]).any()
    assert (words.table.certificate == plan.epsilon).all()
    payoffs = words.table[words.table.quantity == "payoff"]
    np.testing.assert_array_equal(payoffs.value, plan.values)


def test_threats_add_up(told: tuple[SmallPlan, PlanWords]) -> None:
    """Following less departing is the slack, and later costs less gains now are, too."""
    table = told[1].table
    threats = table[table.kind == "threat"].copy()
    threats["quantity"] = threats.quantity.str.partition(": ")[2]
    wide = pd.pivot_table(threats, index=["phase", "condition", "player", "action"], columns="quantity", values="value")
    assert len(wide) == 4
    np.testing.assert_allclose(wide.following - wide.departing, wide.slack, atol=1e-12)
    np.testing.assert_allclose(wide["cost later"] - wide["gain now"], wide.slack, atol=1e-12)
    assert (wide.slack >= -1e-9).all()


# --- small games -------------------------------------------------------------------------------------------------------


def test_grim_trigger_in_words() -> None:
    assert plan_words(prisoners(0.6, (1.0, 1.0))).text.split("\n") == [
        "Best for player 1 + player 2: player 1 3.00, player 2 3.00 payoff a period;",
        "  exactly credible; 2 phases, loss 0.00 against the exact plan with 3.",
        "PATH, for good:",
        "  player 1: always 1.  player 2: always 1.",
        "PUNISHMENT, for good after a departure (player 1 -2.00, player 2 -2.00):",
        "  player 1: always 2.  player 2: always 2.",
        "Most tempting on the path: playing '2' instead of '1' gains player 1 0.80 now, a",
        "  net loss of 0.4 with what follows (state 1).",
        "Most tempting in a punishment: no departure gains anything at once.",
    ]


def test_a_stationary_plan_has_no_threat_in_words() -> None:
    words = plan_words(prisoners(0.1, (1.0, 0.0)))
    assert words.text.split("\n")[2:] == ["PATH, for good:", "  player 1: always 2.  player 2: always 2."]
    assert not words.table.quantity.str.startswith("threat").any()


def test_lengths_of_openings_and_turns_are_said() -> None:
    assert "OPENING, 18 periods on average, then PATH:" in plan_words(prisoners(0.9, (1.0, 0.0))).text
    turns = re.sub(r"\s+", " ", plan_words(prisoners(0.3, (1.0, 0.0))).text)
    assert "ONE TURN, 1.3 periods on average, also after a departure by player 2, then OTHER TURN:" in turns
    assert "OTHER TURN, 1.3 periods on average after a departure by player 1 (-3.00), then ONE TURN:" in turns


def test_an_epsilon_equilibrium_says_so() -> None:
    text = plan_words(prisoners(0.6, (1.0, 1.0), epsilon=0.9)).text
    assert "epsilon-equilibrium (one departure gains up to 0.8)" in re.sub(r"-\n\s+", "-", text)
    assert "exactly credible" not in text


def test_states_are_named_where_there_is_no_scenario() -> None:
    """The opening exploits player 2 in state 1 only."""
    bad = [[[0.0, 0.0], [-1.0, 1.0]], [[1.0, -1.0], [0.0, 0.0]]]
    keep = [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]
    mend = [[[0.6, 0.4], [0.2, 0.8]], [[0.2, 0.8], [0.1, 0.9]]]
    game = StochasticGame.from_arrays([PRISONERS, bad], [keep, mend], 0.8)
    words = plan_words(small_plan(equilibrium_set(game, tolerance=1e-4), 0))
    assert "player 1: 2 in state 1; otherwise 1." in words.text


def test_the_exact_plan_is_not_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "MOST_CELLS", 0)
    words = plan_words(prisoners(0.6, (-1.0, -2.0)))
    assert words.text.startswith("Worst for player 1 + 2 player 2: ")
    assert "No small plan was found" in words.text
    assert set(words.table.kind) == {"value"}


def test_nobody_has_a_choice() -> None:
    game = StochasticGame.from_arrays([np.ones((1, 1, 2))], [np.ones((1, 1, 1))], 0.9)
    words = plan_words(small_plan(equilibrium_set(game), 0))
    assert "nobody has a choice" in words.text


def test_a_form_of_another_game_is_refused(form: GameForm) -> None:
    with pytest.raises(GameError):
        plan_words(prisoners(0.6, (1.0, 1.0)), form)
