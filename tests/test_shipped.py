"""What is shipped is true: the scenario, its tables, the pages and the README agree with the code."""

from __future__ import annotations

import inspect
import io
import itertools
import json
import re
import runpy
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import leverage
from leverage import Run, Scenario, compile_form, load_scenario, parse_scenario, run
from leverage.analysis.paths import sample_paths
from leverage.cli import app
from leverage.output.frames import SENSITIVITY_COLUMNS
from leverage.output.text import run_text
from leverage.scenario.reference import insert_claims_table, keys_page
from leverage.scenario.schema import json_schema_text
from leverage.solvers.markov_perfect import markov_perfect
from tests.analysis.test_local_sensitivity import agree

ROOT = Path(__file__).parent.parent
#: Commands that the README leaves to the pages of docs/.
ELSEWHERE = {"export": "exchange.md", "schema": "language.md"}
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
WITHDRAWAL = ROOT / "scenarios" / "withdrawal.yaml"
BASELINE = ROOT / "results" / "withdrawal" / "baseline"

#: Values on another machine may differ by the certificates, which bound rounding, and by what an equilibrium's own tolerance
#: leaves open.
TOLERANCE = 1e-6
#: Constraints of the shipped baseline keep at least this distance from a tie.
SLACK = 1e-4


def table(text: str) -> pd.DataFrame:
    """Numbers as numbers, also where some of a column are missing: as texts they would have to agree to the last digit."""
    frame = pd.read_csv(io.StringIO(text), keep_default_na=False)
    for column in frame:
        numbers = pd.to_numeric(frame[column].replace("", np.nan), errors="coerce")
        if (numbers.isna() == (frame[column] == "")).all():
            frame[column] = numbers
    return frame


def test_shipped_results_are_what_the_code_computes(withdrawal: Run) -> None:
    for name, found in (("outcomes", withdrawal.outcomes), ("strategies", withdrawal.strategies)):
        shipped, again = table((BASELINE / f"{name}.csv").read_text()), table(found.to_csv(index=False))
        numbers = [column for column in ("certificate", "largest_gain") if column in found]
        exact = [column for column in found if column not in numbers]
        pd.testing.assert_frame_equal(shipped[exact], again[exact], atol=TOLERANCE, rtol=TOLERANCE, check_dtype=False)
        for column in numbers:
            np.testing.assert_allclose(shipped[column].astype(float), again[column].astype(float), atol=TOLERANCE)


def test_every_command_is_named_where_a_newcomer_looks() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"`(?:simulate )?([a-z]+) ", readme))
    commands = {str(command.name) for command in app.registered_commands} - {"run"}
    assert commands - named == set(ELSEWHERE)
    for command, page in ELSEWHERE.items():
        assert f"simulate {command}" in (ROOT / "docs" / page).read_text()


def without_certificates(text: str) -> str:
    """The printed text without figures that are rounding itself."""
    return re.sub(r"\b\d(\.\d+)?e-\d+", "TINY", text)


def test_shipped_sensitivity_is_what_the_code_computes(withdrawal: Run) -> None:
    shipped = pd.read_csv(BASELINE / "sensitivity.csv")
    again = pd.read_csv(io.StringIO(withdrawal.sensitivity.to_csv(index=False)))
    columns = [column for column in again if column != "certificate"]
    pd.testing.assert_frame_equal(shipped[columns], again[columns], atol=TOLERANCE, rtol=TOLERANCE, check_dtype=False)
    assert shipped["certificate"].max() < TOLERANCE


def test_shipped_text_is_what_the_code_prints(withdrawal: Run) -> None:
    assert without_certificates(run_text(withdrawal) + "\n") == without_certificates((BASELINE / "tables.txt").read_text())


def test_the_answer_stands_in_the_first_ten_lines(withdrawal: Run) -> None:
    lines = run_text(withdrawal).splitlines()
    assert lines[:10][-1].strip()
    assert not lines[10]
    assert all(len(line) <= 80 for line in lines)


def test_manifest_marks_the_shipped_folder_whole() -> None:
    manifest = json.loads((BASELINE / "manifest.json").read_text())
    assert manifest["complete"] is True
    assert manifest["overrides"] == {}


def test_readme_shows_the_answer_and_some_of_the_shipped_tables() -> None:
    readme = (ROOT / "README.md").read_text()
    shown = re.search(r"<!-- tables: begin -->\n```\n(.*?)\n```\n<!-- tables: end -->", readme, re.DOTALL)
    assert shown is not None
    assert len(shown[1].splitlines()) >= 15
    tables = (BASELINE / "tables.txt").read_text().split("\n\n")
    parts = shown[1].split("\n\n")
    assert parts[0] == tables[0]
    assert [tables.index(part) for part in parts] == sorted(tables.index(part) for part in parts)


def test_readme_has_the_two_command_lines() -> None:
    lines = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("python3 -m venv")]
    assert lines == [
        "python3 -m venv .venv && . .venv/bin/activate && pip install . && simulate scenarios/withdrawal.yaml",
        "python3 -m venv .venv && . .venv/bin/activate && pip install '.[test]' && pytest",
    ]


def test_the_notebook_lines_of_the_readme_run(withdrawal: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the solving: a run that is there already stands for the one with another value."""
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    lines = [line.strip() for line in block[1].splitlines() if line.strip()]
    assert len(lines) == 4
    script = tmp_path / "notebook.py"
    script.write_text("\n".join([*lines[:3], f"table = {lines[3]}"]))
    asked: list[Scenario] = []

    def solved(*given: Scenario, **more: Scenario) -> Run:
        asked.append(inspect.signature(run).bind(*given, **more).arguments["scenario"])
        return withdrawal

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(leverage, "run", solved)
    table = runpy.run_path(str(script))["table"]
    (scenario,) = asked
    assert scenario.values == {**withdrawal.scenario.values, **scenario.overrides}
    assert scenario.values != withdrawal.scenario.values
    assert list(table.columns) == ["selection", "subject", "quantity", "value", "unit", "certificate"]


def test_links_of_the_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"


def test_generated_pages_are_up_to_date() -> None:
    assert (ROOT / "scenarios" / "scenario.schema.json").read_text() == json_schema_text()
    assert (ROOT / "docs" / "keys.md").read_text() == keys_page()
    language = (ROOT / "docs" / "language.md").read_text()
    assert insert_claims_table(language) == language


def test_the_example_of_the_language_page_runs() -> None:
    block = re.search(r"```yaml\n(.*?)```", (ROOT / "docs" / "language.md").read_text(), re.DOTALL)
    assert block is not None
    scenario = parse_scenario(block[1])
    assert compile_form(scenario).at().n_states == 3
    assert scenario.notes == ()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_scenarios_satisfy_the_published_schema_and_point_to_it(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=scenario.schema.json\n")
    jsonschema.validate(YAML(typ="safe").load(text), json.loads(json_schema_text()))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_variant_of_a_shipped_scenario_loads(path: Path) -> None:
    for name in load_scenario(path).variants:
        assert load_scenario(path, variant=name).variant == name


# --- withdrawal.yaml as a model ------------------------------------------------------------------------------------------------


def test_withdrawal_has_the_levels_and_size_that_a_pace_needs(withdrawal: Run) -> None:
    words = withdrawal.scenario.vocabulary
    assert len(words.variables["deployment"]) >= 4
    assert len(words.variables["talks"]) >= 6
    assert set(words.variables["ceasefire"]) == {"broken", "holds"}
    assert 40 <= withdrawal.game.n_states <= 200


def test_every_withdrawal_parameter_is_in_doubt_and_says_where_it_comes_from(withdrawal: Run) -> None:
    for parameter in withdrawal.scenario.parameters.values():
        assert parameter.low < parameter.value < parameter.high
        assert re.search("article|judgement", parameter.source)
        assert parameter.unit


def test_no_two_actions_of_a_player_are_the_same_anywhere(withdrawal: Run) -> None:
    game = withdrawal.game
    for state in range(game.n_states):
        payoffs, law = game.stage_payoffs(state), game.stage_transitions(state)
        for i in range(game.n_players):
            for a, b in itertools.combinations(range(payoffs.shape[i]), 2):
                same = np.array_equal(payoffs.take(a, i), payoffs.take(b, i)) and np.array_equal(law.take(a, i), law.take(b, i))
                assert not same, (game.states[state], game.actions[state][i][a], game.actions[state][i][b])


def test_bases_only_is_not_the_oppositions_alone(withdrawal: Run) -> None:
    game = withdrawal.game
    low = [s for s, name in enumerate(game.states) if name.startswith("deployment bases only")]
    assert low
    assert all("strike" in game.actions[s][0] and "hold" in game.actions[s][0] for s in low)


def test_withdrawal_baseline_keeps_clear_of_knife_edges(withdrawal: Run) -> None:
    """Nash comparisons of the named pairs, and the ranking of the power's strategies, are not decided by a hair."""
    gains = [gain for play in withdrawal.plays if any(play.strategies) and not play.has_best_reply for gain in play.reply_gains]
    assert all(gain > SLACK or gain == 0 for gain in gains)
    power = withdrawal.game.players[0]
    ranked = sorted(play.value(power, "payoff") for play in withdrawal.plays if play.strategies[1] == "best reply")
    assert len(ranked) == 4
    assert np.min(np.diff(ranked)) > SLACK


def test_withdrawal_begins_with_pure_play(withdrawal: Run) -> None:
    markov = next(play for play in withdrawal.plays if play.selection == "Markov perfect")
    start = withdrawal.game.start
    assert all(np.max(markov.plan.lottery(i, start)) == pytest.approx(1.0) for i in range(2))


def test_terms_sum_to_the_payoff_in_every_play(withdrawal: Run) -> None:
    for play in withdrawal.plays:
        for player in withdrawal.game.players:
            terms = [o.value for o in play.outcomes if o.subject == player and o.quantity.startswith("term: ")]
            assert sum(terms) == pytest.approx(play.value(player, "payoff"), abs=1e-8)


@pytest.mark.parametrize("selection", ["Markov perfect", "tied_pace against reciprocate", "tied_pace against best reply"])
def test_simulated_paths_agree_with_the_exact_outcomes(withdrawal: Run, selection: str) -> None:
    """Within four standard errors of 20,000 paths; the horizon leaves less than 1e-4 of the discounted weight out."""
    play = next(play for play in withdrawal.plays if play.selection == selection)
    paths = sample_paths(play.plan, 20_000, 150, seed=0)
    for i, player in enumerate(withdrawal.game.players):
        error = paths.payoffs[:, i].std() / np.sqrt(20_000)
        assert abs(paths.payoffs[:, i].mean() - play.value(player, "payoff")) < 4 * error + 0.02
    hits = paths.hits["settled"]
    for date in (6, 12, 24):
        chance = play.value("settled", f"chance by {date} months")
        error = np.sqrt(chance * (1 - chance) / 20_000)
        assert abs(np.mean(hits <= date) - chance) < 4 * error


# --- its sensitivity: here, where the scenario has been run ------------------------------------------------------------------


def test_effects_of_the_withdrawal_are_differences_of_equilibria_selected_anew(withdrawal: Run) -> None:
    form = compile_form(withdrawal.scenario)
    solution = markov_perfect(form.at())[0]
    assert withdrawal.local is not None
    agree(form, solution, withdrawal.local, ["power_patience", "spoiler_risk", "slow_pace", "terms_tilt"])


def test_effects_are_sorted_by_what_the_range_moves_payoffs_first(withdrawal: Run) -> None:
    frame = withdrawal.sensitivity
    assert list(frame.columns) == list(SENSITIVITY_COLUMNS)
    heads = list(dict.fromkeys(zip(frame["subject"], frame["quantity"], strict=True)))
    assert heads[:2] == [("power", "payoff"), ("opposition", "payoff")]
    markov = withdrawal.outcomes[withdrawal.outcomes["selection"] == "Markov perfect"]
    assert heads[2:] == [key for key in zip(markov["subject"], markov["quantity"], strict=True) if key[1] != "payoff"]
    for _, group in frame.groupby(["subject", "quantity"], sort=False):
        assert group["moves"].abs().is_monotonic_decreasing
        ties = group[group["moves"] == 0]
        assert list(ties["parameter"]) == sorted(ties["parameter"])
    np.testing.assert_array_equal(frame["moves"], frame["derivative"] * (frame["high"] - frame["low"]))
    assert (frame["side"] == "both").all()
    assert (frame["certificate"] < 1e-6).all()
    assert (frame["same_play_from"] <= frame["value"]).all()
    assert (frame["same_play_to"] >= frame["value"]).all()


def test_the_page_shows_the_five_largest_moves_of_its_player(withdrawal: Run) -> None:
    page = run_text(withdrawal)
    section = page[page.index("WHAT MOVES POWER'S PAYOFF MOST") :].split("\n\n")[0]
    rows = section.splitlines()[-5:]
    frame = withdrawal.sensitivity
    own = frame[(frame["subject"] == "power") & (frame["quantity"] == "payoff")].head(5)
    for line, (_, fact) in zip(rows, own.iterrows(), strict=True):
        assert line.startswith(str(fact["parameter"]).replace("_", " "))
        assert f"{fact['moves']:+.1f}" in line
