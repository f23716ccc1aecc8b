"""A part of a sweep says of a point what single runs and studies say of it, and the same bytes whoever asks."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from leverage import run
from leverage.analysis import proved_sets
from leverage.analysis.figure import Figure
from leverage.errors import GameError, ScenarioError
from leverage.experiments import columns
from leverage.experiments.axes import Axis
from leverage.experiments.columns import TABLES
from leverage.experiments.design import Grid
from leverage.experiments.part import Bench, SolvedPart, StoppedPart, SweepTask, solve_part
from leverage.experiments.sweep import Sweep
from leverage.loading import load_scenario
from leverage.points.evaluator import Evaluator

LEAVING = Path(__file__).parent.parent / "data" / "leaving.yaml"
POINTS = Grid((Axis("leave", (0.1, 0.4)), Axis("toll", (0.5, 3.0))))
ALL = tuple(TABLES)


def task(tables: tuple[str, ...] = ALL, overrides: dict[str, float] | None = None, design: Grid = POINTS) -> SweepTask:
    return Sweep(load_scenario(LEAVING, overrides), design, tables).task


def rows(solved: SolvedPart | StoppedPart) -> pd.DataFrame:
    assert isinstance(solved, SolvedPart)
    frame: pd.DataFrame = pq.read_table(io.BytesIO(solved.content)).to_pandas()
    return frame


@pytest.fixture(scope="module")
def swept() -> pd.DataFrame:
    return rows(solve_part(task(), 0, POINTS.values(0, POINTS.size)))


def test_every_row_carries_its_number_all_parameters_and_its_status(swept: pd.DataFrame) -> None:
    assert swept["point"].tolist() == [0, 1, 2, 3]
    assert swept[["leave", "toll"]].to_numpy().tolist() == POINTS.values(0, 4).tolist()
    assert (swept["patience"] == 0.6).all()
    assert (swept["status"] == "solved").all()
    assert (swept["reason"] == "").all()


@pytest.mark.parametrize("point", range(4))
def test_a_row_says_what_a_run_at_its_point_says(swept: pd.DataFrame, point: int) -> None:
    row = swept.iloc[point]
    alone = run(load_scenario(LEAVING, {"leave": row["leave"], "toll": row["toll"]}))
    compared = set()
    for fact in alone.outcomes.itertuples():
        name = f"{fact.selection}: {fact.subject}: {fact.quantity}"
        if name in row.index:
            assert row[name] == pytest.approx(fact.value, abs=1e-12, nan_ok=True), name
            assert abs(row[f"{name} [certificate]"] - fact.certificate) < 1e-12 or np.isnan(fact.certificate), name
            compared.add(name)
    told = (column for column in Bench(task(("outcomes", "strategies"))).columns if column.what == "value")
    assert compared == {column.name for column in told if column.quantity != "largest gain"}
    for play in alone.strategies.itertuples():
        if f"{play.selection}: equilibrium [verdict]" in row.index:
            assert row[f"{play.selection}: equilibrium [verdict]"] == play.equilibrium
            assert row[f"{play.selection}: largest gain"] == pytest.approx(play.largest_gain, abs=1e-12)
    by_name = {judged.claim.name: judged for judged in alone.judged}
    assert row["pays [verdict]"] == by_name["pays"].verdict
    assert row["pays: margin"] == pytest.approx(by_name["pays"].margin.value, abs=1e-12)


@pytest.mark.parametrize("point", range(4))
def test_bounds_of_credible_play_and_effects_hold_what_closer_ones_say(swept: pd.DataFrame, point: int) -> None:
    row = swept.iloc[point]
    scenario = load_scenario(LEAVING, {"leave": row["leave"], "toll": row["toll"]})
    closer = Evaluator(scenario, ladder=(1e-7,)).at()
    start = closer.game().start
    sets = closer.sets()
    width = 1e-6 * closer.game().payoff_range
    for i, key in enumerate(("holder", "other")):
        for side, k in (("worst for", 0), ("best for", 1)):
            low, high = row[f"{side} {key}: {key}: payoff [low]"], row[f"{side} {key}: {key}: payoff [high]"]
            assert low - width <= sets.bounds[start][i, k] <= high + width
            assert low <= row[f"{side} {key}: {key}: payoff"] <= high
    signs = [name for name in swept.columns if name.startswith("pushing") and name.endswith("[verdict]")]
    assert signs
    for name in signs:
        effect = row[name.removesuffix(" [verdict]")]
        assert row[name] != "positive" or effect > 0
        assert row[name] != "negative" or effect < 0


def test_what_a_part_holds_does_not_hang_on_what_was_solved_before() -> None:
    values = POINTS.values(0, 4)
    bench = Bench(task())
    later = bench.solve(1, values[1:3])
    bench.solve(0, values[::-1].copy())
    assert bench.solve(1, values[1:3]) == later == Bench(task()).solve(1, values[1:3])


def test_a_point_that_has_no_answer_says_why_and_the_others_have_theirs() -> None:
    """The holder pays nothing and gains by pushing, so that play leaves with a chance that cannot be told from 0."""
    design = Grid((Axis("leave", (0.1, 1e-17, 0.2)),))
    asked = task(("outcomes", "claims"), {"toll": -1.0}, design)
    solved = solve_part(asked, 0, design.values(0, 3))
    assert isinstance(solved, SolvedPart)
    assert (solved.points, solved.failed) == (3, 1)
    frame = rows(solved)
    assert frame["status"].tolist() == ["solved", "partly solved", "solved"]
    assert frame["reason"][1] == solved.example != ""
    assert "too small" in solved.example
    named = frame.columns.str.startswith("Markov perfect")
    assert frame.loc[1, named].isna().all()
    assert frame.loc[[0, 2], "Markov perfect: holder: payoff"].notna().all()
    assert frame["pays [verdict]"].notna().all()
    only = rows(solve_part(task(("outcomes",), {"toll": -1.0}, design), 0, design.values(0, 3)))
    assert only["status"].tolist() == ["solved", "not solved", "solved"]
    hasty = replace(asked, fail_fast=True)
    assert solve_part(hasty, 0, design.values(0, 3)) == StoppedPart(1, solved.example)


@pytest.mark.filterwarnings("error")
def test_a_point_whose_payoffs_are_beyond_computing_is_a_row_with_the_reason() -> None:
    design = Grid((Axis("toll", (1e308, 1.0)),))
    frame = rows(solve_part(task(design=design), 0, design.values(0, 2)))
    assert frame["status"].tolist() == ["not solved", "solved"]
    assert frame["reason"][0].startswith("a payoff is as large as 1e+308, and beyond 1e+100")
    with pytest.raises(GameError, match="take a larger unit"):
        run(load_scenario(LEAVING, {"toll": 1e308}))


def test_what_is_not_proved_has_bounds_no_number_and_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this game only known Markov equilibria prove anything: without them bounds are all that is known."""
    for name in ("quickly_known", "_searched"):
        monkeypatch.setattr(proved_sets, name, lambda _: [])
    scenario = load_scenario(LEAVING.parent / "strike_fund.yaml")
    asked = Sweep(scenario, Grid((Axis("loss", (4.0,)),)), ("sets", "leverage", "claims")).task
    solved = Bench(asked).solve(0, np.array([[4.0]]))
    assert isinstance(solved, SolvedPart)
    assert solved.failed == 1
    assert "no equilibrium is proved" in solved.example
    table = pq.read_table(io.BytesIO(solved.content))
    row = {name: table.column(name)[0].as_py() for name in table.column_names}
    assert row["status"] == "partly solved"
    assert row["reason"].startswith("no equilibrium is proved")
    assert "best: " in row["reason"]
    values = [name for name, cell in row.items() if f"{name} [low]" in row and cell is None]
    assert {"best for union: union: payoff", "bargaining point: firm: payoff", "best: margin"} <= set(values)
    assert "strike_weapon, every equilibrium: union: reach" in values
    assert all(row[f"{name} [low]"] < row[f"{name} [high]"] for name in values)
    assert not any(isinstance(cell, float) and np.isnan(cell) for cell in row.values())


def test_where_there_is_no_credible_play_the_question_what_it_pays_does_not_arise() -> None:
    found = columns._filled((Figure.missing("undefined", "there is no equilibrium"), Figure.exact(1.0)))
    assert np.isnan(found.cells[:3]).all()
    assert (found.cells[3:], found.lacking) == ((1.0, 1.0, 1.0), ())


def test_a_value_that_makes_no_game_is_refused_before_anything_is_solved() -> None:
    with pytest.raises(ScenarioError, match=r"values that are visited.*leave|leave.*1\.2"):
        Bench(task(design=Grid((Axis("leave", (0.1, 1.2)),))))


def test_visiting_more_values_does_not_change_the_answers_at_the_others() -> None:
    wide = Grid((Axis("toll", (-7.0, 0.5, 9.0)),))
    narrow = Grid((Axis("toll", (0.5,)),))
    one = rows(solve_part(task(design=wide), 1, wide.values(1, 2)))
    other = rows(solve_part(task(design=narrow), 1, narrow.values(0, 1)))
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_one_claim_alone_and_a_parameter_with_the_name_of_a_column() -> None:
    text = (
        LEAVING.read_text()
        .replace("toll", "status")
        .replace("claims:\n", 'claims:\n  twice: {says: x, under: pusher against yielder, holds if: "payoff(holder) > 0"}\n')
    )
    asked = SweepTask(text, "x.yaml", (), "", ("status",), ((0.0, 1.0),), ("claims",), 2e-2, claims=("pays",))
    frame = rows(solve_part(asked, 0, np.array([[0.0], [1.0]])))
    assert frame["status (parameter)"].tolist() == [0.0, 1.0]
    assert frame["status"].tolist() == ["solved", "solved"]
    assert "pays [verdict]" in frame.columns
    assert not frame.columns.str.startswith("twice").any()
