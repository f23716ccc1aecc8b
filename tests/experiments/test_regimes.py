"""Maps of regimes against what a pencil finds: in the prisoners' dilemma with a prize everything turns at one curve."""

from __future__ import annotations

import io
import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from leverage import load_scenario
from leverage.command_parts import Interruption
from leverage.errors import ScenarioError, StoppedError
from leverage.experiments.part import Bench, SolvedPart
from leverage.experiments.refinement import WIDTH
from leverage.experiments.regime_columns import MIXED_AT_START, MIXED_LATER, PURE, kind_of, likeliest_play
from leverage.experiments.regime_map import (
    NO_ANSWER,
    RegimeMap,
    SolvedMap,
    asked_map,
    labels_of,
    refuse_unasked,
    solve_map,
)
from leverage.experiments.regime_page import map_text
from leverage.experiments.regime_tables import MapTables, map_tables
from leverage.experiments.store import SweepFolder
from leverage.experiments.sweep import Progress, open_folder
from leverage.experiments.workers import ThisProcess, WhereWorth, Workers
from leverage.game.automaton import Automaton
from leverage.game.form import compile_form
from leverage.game.stochastic_game import Floats
from leverage.loading import parse_scenario
from leverage.output.columns import WIDTH as PAGE
from leverage.output.columns import percent
from leverage.regime_commands import regimes_command
from tests.command_line import simulate

DATA = Path(__file__).parent.parent / "data"
TEMPTATION, LEAVING, DILEMMA = DATA / "temptation.yaml", DATA / "leaving.yaml", DATA / "dilemma.yaml"
#: Share of patience above (prize - 3) / (prize - 1) for prizes from 3.5 to 6 and patience from 0.1 to 0.9: an integral.
GRIM = (0.9 - (1 - 2 * math.log(5 / 2.5) / 2.5)) / 0.8
BOTH = "grim against grim; confess against confess"


def prisoners(**options: object) -> RegimeMap:
    return asked_map(load_scenario(TEMPTATION), ["patience", "prize"], **{"credible": True, "budget": 300, **options})  # type: ignore[arg-type]


def solved_in(path: Path, asked: RegimeMap, workers: Workers | None = None, *, resume: bool = False, stop: int = -1) -> SolvedMap:
    """stop: after so many times of being asked whether to, stop."""
    folder, calls = SweepFolder(path), itertools.count()

    def heed() -> None:
        if next(calls) == stop:
            raise KeyboardInterrupt

    open_folder(folder, asked, resume=resume)
    return solve_map(asked, folder, workers or ThisProcess(), tell=lambda progress: None, heed=heed)


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> SolvedMap:
    return solved_in(tmp_path_factory.mktemp("map") / "whole", prisoners())


@pytest.fixture(scope="module")
def tables(solved: SolvedMap) -> MapTables:
    return map_tables(solved)


def share(tables: MapTables, aspect: str, regime: str) -> tuple[float, float, float]:
    (row,) = tables.shares[(tables.shares.aspect == aspect) & (tables.shares.regime == regime)].itertuples()
    return float(row.share_low), float(row.share), float(row.share_high)  # type: ignore[arg-type]


# --- the numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("aspect", "regime"), [("best_strategy", "grim"), ("credible", BOTH)])
def test_the_share_of_the_area_is_that_of_the_integral(tables: MapTables, aspect: str, regime: str) -> None:
    low, middle, high = share(tables, aspect, regime)
    assert low <= GRIM <= high
    assert high - low < 0.1
    assert middle == pytest.approx(GRIM, abs=0.01)


def test_shares_of_an_aspect_fill_the_area(tables: MapTables) -> None:
    for _, own in tables.shares.groupby("aspect"):
        assert own.share.sum() == pytest.approx(1)
        assert (own.share_low <= own.share).all()
        assert (own.share <= own.share_high).all()
    for _, own in tables.cells.groupby("aspect"):
        assert own.area.sum() == pytest.approx(1)


def test_every_point_has_the_regime_that_a_pencil_finds(tables: MapTables) -> None:
    points = tables.points
    kept = points.patience >= (points.prize - 3) / (points.prize - 1)
    assert (points.best_strategy == np.where(kept, "grim", "confess")).all()
    assert (points.credible == np.where(kept, BOTH, "confess against confess")).all()
    assert (points.markov_play == "confess / confess").all()
    assert (points.markov_kind == PURE).all()
    lead = points["against best replies: row: lead over the next"]
    assert lead[kept].to_numpy() == pytest.approx(2.0)  # 3 in every period, or 1
    assert lead[~kept].to_numpy() == pytest.approx((1 - points.patience[~kept]).to_numpy())  # nothing in the first period, or 1


def test_settled_cells_agree_with_a_full_grid_that_is_solved_in_one(solved: SolvedMap, tables: MapTables) -> None:
    asked = solved.asked
    grid = [(x, y) for y in range(0, 8 * WIDTH + 1, 8 * WIDTH // 11) for x in range(0, 8 * WIDTH + 1, 8 * WIDTH // 11)]
    values = asked.values(grid)
    rows = solved_rows(asked, values)
    labels = labels_of(rows, solved.columns, asked.aspects)
    for k, aspect in enumerate(asked.aspects):
        cells = tables.cells[(tables.cells.aspect == aspect.key) & tables.cells.settled]
        for (patience, prize), label in zip(values.tolist(), labels, strict=True):
            inside = cells[
                (cells.patience_low <= patience)
                & (patience <= cells.patience_high)
                & (cells.prize_low <= prize)
                & (prize <= cells.prize_high)
            ]
            assert set(inside.regime) <= {label[k]}


def solved_rows(asked: RegimeMap, values: Floats) -> list[dict[str, object]]:
    part = Bench(asked.task).solve(0, values)
    assert isinstance(part, SolvedPart)
    rows: list[dict[str, object]] = pq.read_table(io.BytesIO(part.content)).to_pylist()
    return rows


def test_the_ends_of_the_sides_are_visited_exactly(tables: MapTables) -> None:
    assert (tables.points.patience.min(), tables.points.patience.max()) == (0.1, 0.9)
    assert (tables.points.prize.min(), tables.points.prize.max()) == (3.5, 6.0)


# --- words -------------------------------------------------------------------------------------------------------------


def test_strategies_that_pay_alike_are_both_named(tmp_path: Path) -> None:
    twice = TEMPTATION.read_text().replace(
        "    confess: {always: confess}\n", "    confess: {always: confess}\n    tell: {always: confess}\n"
    )
    scenario = parse_scenario(twice, {}, "", "twice.yaml")
    asked = asked_map(scenario, ["patience=0.1,0.2", "prize=5,6"], budget=5, cells=1)
    found = map_tables(solved_in(tmp_path / "map", asked)).points
    assert set(found.best_strategy) == {"confess or tell"}
    assert (found["against best replies: row: lead over the next"] == 0).all()


@pytest.mark.parametrize(
    ("here", "there", "play", "kind"),
    [
        ((1.0, 0.0), (1.0, 0.0), "push / yield", PURE),
        ((0.3, 0.7), (1.0, 0.0), "wait / yield", MIXED_AT_START),
        ((1.0, 0.0), (0.3, 0.7), "push / yield", MIXED_LATER),
        ((0.5, 0.5), (1.0, 0.0), "push or wait / yield", MIXED_AT_START),
    ],
)
def test_what_a_stationary_plan_plays_at_the_start(
    here: tuple[float, float], there: tuple[float, float], play: str, kind: str
) -> None:
    game = compile_form(load_scenario(LEAVING)).at()
    at = {game.start: np.array(here), 1 - game.start: np.array(there)}
    plan = Automaton.stationary(game, [[at[s] for s in range(2)], [np.array([1.0, 0.0])] * 2])
    found, chance = likeliest_play(plan)
    assert found == play
    assert chance == pytest.approx(max(here))
    assert kind_of(plan) == kind


def test_a_point_without_an_answer_is_a_regime_of_its_own(solved: SolvedMap) -> None:
    row = {column.name: None for column in solved.columns}
    assert labels_of([row], solved.columns, solved.asked.aspects) == [(NO_ANSWER,) * 4]


def test_a_path_that_cannot_be_told_is_marked(solved: SolvedMap) -> None:
    row = {column.name: "cannot be told" if column.selection == "grim against grim" else "x" for column in solved.columns}
    assert labels_of([row], solved.columns, solved.asked.aspects)[0][-1] == "grim against grim ?"


def test_a_border_along_a_line_is_told_by_its_ends(tables: MapTables) -> None:
    words = tables.borders.in_words[tables.borders.aspect == "best_strategy"].iloc[0]
    assert words.startswith("from patience 0.1")
    assert " to patience 0.5" in words


def test_an_upright_border_is_told_by_one_parameter(tmp_path: Path) -> None:
    asked = asked_map(load_scenario(TEMPTATION), ["patience", "prize=4.99,5.01"], budget=300)
    borders = map_tables(solved_in(tmp_path / "map", asked)).borders
    ((low, high, words),) = zip(borders.patience_low.tolist(), borders.patience_high.tolist(), borders.in_words, strict=True)
    assert words == f"patience between {low:.4g} and {high:.4g}"
    assert low <= 0.5 <= high


def test_the_page_says_shares_letters_and_borders(solved: SolvedMap, tables: MapTables) -> None:
    text = map_text(solved.asked, tables)
    assert max(map(len, text.splitlines())) <= PAGE
    low, middle, high = share(tables, "best_strategy", "grim")
    assert f"'grim' in {percent(low)} to {percent(high)}" in " ".join(text.split())
    rows = [line.split("|")[1] for line in text.splitlines() if line.count("|") == 2][:15]
    signs = "".join(rows)
    assert signs.count("A") / len(signs) == pytest.approx(middle, abs=0.1)
    assert rows[0].startswith("B")  # a large prize and no patience
    assert rows[0].endswith("A")
    assert signs.count("@") == 1


# --- keeping -----------------------------------------------------------------------------------------------------------


def content(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in sorted((path / "points").iterdir())}


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[RegimeMap, Path, SolvedMap]:
    """A small map without credible paths, made in one go."""
    asked, path = prisoners(credible=False, cells=3, budget=60), tmp_path_factory.mktemp("map") / "quick"
    return asked, path, solved_in(path, asked)


@pytest.mark.parametrize("stop", [2, 6])
def test_a_map_that_was_stopped_goes_on_to_the_same_bytes(
    tmp_path: Path, quick: tuple[RegimeMap, Path, SolvedMap], stop: int
) -> None:
    """Within the first round, and within a later one."""
    asked, path, whole = quick
    with pytest.raises(KeyboardInterrupt):
        solved_in(tmp_path / "map", asked, stop=stop)
    kept = content(tmp_path / "map")
    assert len(kept) == stop
    told: list[Progress] = []
    folder = SweepFolder(tmp_path / "map")
    open_folder(folder, asked, resume=True)
    again = solve_map(asked, folder, ThisProcess(), tell=told.append, heed=lambda: None)
    assert again.division.cells == whole.division.cells
    assert kept.items() <= content(path).items()
    assert content(tmp_path / "map") == content(path)
    before = sum(len(pq.read_table(io.BytesIO(each))) for each in kept.values())
    assert (told[-1].done, told[-1].solved) == (len(whole.points), len(whole.points) - before)


@pytest.mark.slow
def test_workers_that_take_over_in_the_middle_make_the_same_map(tmp_path: Path, quick: tuple[RegimeMap, Path, SolvedMap]) -> None:
    asked, path, whole = quick
    two = solved_in(tmp_path / "two", asked, WhereWorth(2, seconds=0.0))
    pd.testing.assert_frame_equal(whole.points, two.points)
    assert content(path) == content(tmp_path / "two")


# --- what is asked -----------------------------------------------------------------------------------------------------


def test_the_holder_of_the_first_instrument_is_asked_about_unless_another_one_is_named() -> None:
    scenario = load_scenario(DILEMMA)
    assert asked_map(scenario, ["fee", "bonus"]).player == 0
    assert asked_map(scenario, ["fee", "bonus"], player="b").player == 1
    assert [aspect.key for aspect in asked_map(scenario, ["fee", "bonus"]).aspects] == [
        "best_strategy",
        "markov_play",
        "markov_kind",
    ]


def test_a_player_without_strategies_to_compare_has_a_map_of_markov_play() -> None:
    aspects = asked_map(load_scenario(LEAVING), ["leave", "toll"], player="other").aspects
    assert {"markov_play", "markov_kind"} <= {aspect.key for aspect in aspects}


def wrong() -> Iterator[tuple[list[str], dict[str, object], str, str]]:
    yield ["patience"], {}, "1 parameter is given; a map has two", "--over NAME --over NAME"
    yield ["patience", "patience=0.2,0.3"], {}, "given twice", "another parameter"
    yield ["patience", "prices"], {}, "no parameter 'prices'", "did you mean 'prize'?"
    yield ["patience=0.2,0.3,0.4", "prize"], {}, "from a low to a high value", "--over patience=LOW,HIGH"
    yield ["patience=0.3,0.2", "prize"], {}, "from a low to a high value", "--over patience=LOW,HIGH"
    yield ["patience", "prize"], {"budget": 100}, "145 points", "--cells"
    yield ["patience", "prize"], {"player": "judge"}, "no player 'judge'", "row, column"


@pytest.mark.parametrize(("over", "options", "message", "remedy"), list(wrong()))
def test_what_cannot_be_asked_is_told_with_a_remedy(
    over: list[str], options: dict[str, object], message: str, remedy: str
) -> None:
    with pytest.raises(ScenarioError) as told:
        asked_map(load_scenario(TEMPTATION), over, **options)  # type: ignore[arg-type]
    assert message in str(told.value)
    assert remedy in str(told.value)


def test_a_side_without_a_range_wants_one_from_low_to_high() -> None:
    scenario = parse_scenario(TEMPTATION.read_text().replace("prize: {value: 5, range: [3.5, 6], ", "prize: {value: 5, "))
    with pytest.raises(ScenarioError, match=r"'prize' has no plausible range\n *give values, such as --over prize=LOW,HIGH"):
        asked_map(scenario, ["patience", "prize"])


def test_what_is_asked_in_vain_is_refused() -> None:
    """Of a player with nothing to compare, or of strategies that are no pairs."""
    refuse_unasked(prisoners(), player=True)
    refuse_unasked(asked_map(load_scenario(LEAVING), ["leave", "toll"], player="other"), player=False)
    bare = load_scenario(LEAVING)
    bare = replace(bare, strategies=tuple(() for _ in bare.players))
    three = replace(bare, players=(*bare.players, bare.players[0]))
    for scenario, options, told in (
        (bare, {"credible": True}, "both players need named strategies"),
        (bare, {"player": "other"}, "strategies of other cannot be compared: two with rules are needed"),
        (three, {"credible": True}, "the scenario has 3 players; two are needed"),
        (three, {"player": "other"}, "several would have to reply at once"),
    ):
        with pytest.raises(ScenarioError, match=told):
            refuse_unasked(asked_map(scenario, ["leave", "toll"], **options), player="player" in options)  # type: ignore[arg-type]


def test_a_value_that_makes_no_game_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    refused = simulate("regimes", str(LEAVING), "--over", "toll", "--over", "leave=0,2", "--out", "map", cwd=tmp_path)
    assert refused.returncode == 2
    assert "leave" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "map").exists()


def test_an_interruption_while_tables_are_written_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(Interruption, "listen", lambda self: None)
    monkeypatch.setattr("leverage.experiments.regime_folder.finish_map", interrupted)
    with pytest.raises(StoppedError, match=r"^interrupted: 5 points are kept in .*map; to go on: .*--resume$"):
        regimes_command(LEAVING, over=["leave", "toll"], cells=1, budget=5, jobs=1, out=tmp_path / "map", quiet=True)


def test_the_command_writes_a_whole_folder_and_prints_what_is_in_it(tmp_path: Path) -> None:
    asked = ("regimes", str(TEMPTATION), "--over", "patience", "--over", "prize", "--budget", "180", "--out", "map")
    done = simulate(*asked, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "map"
    assert (folder / "tables.txt").read_text() == done.stdout
    assert max(map(len, done.stdout.splitlines())) <= PAGE
    assert {each.name for each in folder.iterdir()} == {
        *("regimes.csv", "cells.csv", "shares.csv", "borders.csv", "tables.txt", "scenario.resolved.yaml", "manifest.json"),
        *("sweep.json", "points", "figures"),
    }
    assert {each.name for each in (folder / "figures").iterdir()} == {"regimes-best_strategy.svg", "regimes-best_strategy.png"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["kind"], manifest["points"], manifest["failed"]) == ("regimes", len(pd.read_csv(folder / "regimes.csv")), 0)
    agreed = simulate("reproduce", "map", cwd=tmp_path)
    assert agreed.returncode == 0, agreed.stdout + agreed.stderr
    again = simulate(*asked, cwd=tmp_path)
    assert again.returncode == 2
    assert "holds this map, finished" in again.stderr
    assert "Traceback" not in again.stderr
