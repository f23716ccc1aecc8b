"""The report of a sweep as a document: its numbers are those of the tables, its texts stay texts, its command makes it again."""

from __future__ import annotations

import html
import itertools
import json
import math
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverage.experiments.columns import Column
from leverage.experiments.index_table import read_indices
from leverage.experiments.part import POINT, REASON, bench_of
from leverage.experiments.store import SweepFolder
from leverage.experiments.summary import summarise
from leverage.experiments.sweep_reading import sweep_of
from leverage.report import sweep_data
from leverage.report.claims_part import Verdict
from leverage.report.sweep_claims import SweptClaim, claims_sentence, margin_unit
from leverage.report.sweep_data import SliderPoints, column_words, slider_points
from leverage.report.sweep_provenance import values_text
from leverage.scenario.sweeps import read_values
from tests.command_line import simulate
from tests.dilemma import claim as dilemma_claim
from tests.dilemma import dilemma
from tests.report.swept import HARM, LEAVE, TOLL
from tests.report.test_report import read

#: What rounding to so many digits may change of a number.
ROUNDING = 10.0 ** (1 - sweep_data.DIGITS)


def page_of(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def data_of(folder: Path) -> dict[str, Any]:
    (found,) = re.findall(r'<script type="application/json" id="sweep-data">(.*?)</script>', page_of(folder), re.DOTALL)
    data: dict[str, Any] = json.loads(found)
    return data


def table_of(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "points").set_index(POINT)


def columns_of(folder: Path) -> tuple[Column, ...]:
    return bench_of(sweep_of(SweepFolder(folder)).task).columns


@pytest.fixture(params=["grid", "sample"])
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def test_nothing_outside_of_the_file_is_referred_to(folder: Path) -> None:
    found = read(page_of(folder))
    assert all(target.startswith(("#", "data:,")) for target in found.refers), found.refers
    assert {target[1:] for target in found.refers if target.startswith("#")} <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert "default-src 'none'" in page_of(folder)
    assert "://" not in page_of(folder).replace("http://www.w3.org/2000/svg", "")


def test_texts_of_the_scenario_stay_texts(folder: Path) -> None:
    assert "<script>alert" not in page_of(folder)
    found = read(page_of(folder))
    assert found.tags.count("script") == 2  # the data and the program, none of the scenario's
    assert found.text.count(" ".join(HARM.split())) >= 4  # title twice, sentence, unit
    assert data_of(folder)["axes"][-1]["unit"] == HARM


# --- points of the sliders ---------------------------------------------------------------------------------------------


def test_every_point_on_the_page_is_that_of_the_tables(folder: Path) -> None:
    data, table = data_of(folder), table_of(folder)
    assert sorted(data["numbers"]) == table.index.tolist()
    by_words = {(column_words(c), c.what): c.name for c in columns_of(folder)}
    names = [axis["name"] for axis in data["axes"]] + [by_words[c["words"], c["what"]] for c in data["columns"]]
    assert len(set(names)) == len(names) > 6
    for number, row in zip(data["numbers"], data["rows"], strict=True):
        for name, told in zip(names, row, strict=True):
            assert same(told, table.at[number, name]), (number, name)


def same(told: Any, true: Any) -> bool:
    """A cell of the page and one of the tables; null stands for what is no finite number."""
    if isinstance(true, str):
        return bool(told == true)
    return told is None if true is None or not math.isfinite(true) else math.isclose(told, true, rel_tol=ROUNDING)


def test_rows_of_a_grid_stand_where_its_sliders_look_for_them(grid: Path) -> None:
    data = data_of(grid)
    axes = [axis["values"] for axis in data["axes"]]
    assert axes == [sorted(LEAVE), sorted(TOLL)]
    places = list(itertools.product(*axes))
    assert [tuple(row[:2]) for row in data["rows"]] == places
    assert data["numbers"] == [LEAVE.index(leave) * len(TOLL) + TOLL.index(toll) for leave, toll in places]
    assert [axis["used"] for axis in data["axes"]] == [0.3, 1.0]


def test_the_margin_of_a_claim_knows_its_verdict(folder: Path) -> None:
    columns = data_of(folder)["columns"]
    margins = [column for column in columns if "verdict" in column]
    assert [(column["words"], column["unit"]) for column in margins] == [("pays: margin", "points a month")]
    assert columns[margins[0]["verdict"]] == {"words": "pays", "unit": "", "kind": "text", "what": "verdict"}
    bounds = [columns[margins[0][what]] for what in ("low", "high")]
    assert [(bound["words"], bound["what"]) for bound in bounds] == [("pays: margin", "low"), ("pays: margin", "high")]


def test_a_point_without_an_answer_says_why(grid: Path) -> None:
    data, table = data_of(grid), table_of(grid)
    reasons = {number: reason for number, reason in zip(table.index.tolist(), table[REASON].tolist(), strict=True) if reason}
    assert len(reasons) == 1
    told = {data["numbers"][int(row)]: data["reasons"][k] for row, k in data["lacking"].items()}
    assert told == reasons
    assert f"{next(iter(reasons.values()))} 1 " in read(page_of(grid)).text
    assert "1 of 12 points lack an answer." in read(page_of(grid)).text


def ends_of(column: pd.Series[Any]) -> tuple[int, int]:
    """The first points at which it is least and largest."""
    return int(np.nanargmin(column.to_numpy())), int(np.nanargmax(column.to_numpy()))


def thinned(folder: Path) -> SliderPoints:
    sweep, kept = sweep_of(SweepFolder(folder)), SweepFolder(folder)
    return slider_points(kept, sweep.design, numbers_of(folder), sweep.scenario, summarise(kept, columns_of(folder)))


def numbers_of(folder: Path) -> list[Column]:
    return [column for column in columns_of(folder) if column.kind == "number" and column.what == "value"]


def test_a_large_grid_is_thinned_to_a_grid_with_its_ends_and_says_so(grid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_data, "MOST_POINTS", 6)
    found = thinned(grid)
    axes = [axis["values"] for axis in found.axes]
    assert axes == [[min(LEAVE), max(LEAVE)], sorted(TOLL)]
    assert [row[:2] for row in found.rows] == list(itertools.product(*axes))
    assert found.left_out == ("The page holds 2 of 4 values of leave; the tables have all 12 points.",)


def test_of_a_large_sample_the_first_points_and_the_ends_are_kept(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_data, "MOST_POINTS", 10)
    monkeypatch.setattr(sweep_data, "MOST_COLUMNS", 2)
    found, table = thinned(sample), table_of(sample)
    names = [column.name for column in numbers_of(sample)[:2]]
    ends = {end for name in names for end in ends_of(table[name])}
    assert set(found.numbers) == {*range(10), *ends} > set(range(10))
    words = "the first 10 points and those at which a number is least or largest"
    assert found.left_out[0] == f"The page holds {words}; the tables have all 160 points."
    assert found.left_out[1].startswith("It shows 2 of ")
    assert all(same(row[3], table.at[number, names[0]]) for number, row in zip(found.numbers, found.rows, strict=True))


def test_cells_bound_the_points_too(grid: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_data, "MOST_CELLS", 6 * 40)
    found = thinned(grid)
    assert 0 < len(found.rows) * len(found.rows[0]) <= 6 * 40


# --- sentences and tables ----------------------------------------------------------------------------------------------


def test_what_was_found_says_the_ends_and_where_they_are(grid: Path) -> None:
    table, text = table_of(grid), read(page_of(grid)).text
    payoff = table["Markov perfect: holder: payoff"]
    low, high = (table.loc[end] for end in ends_of(payoff))
    at = [f"(at leave {row['leave']:.4g}, toll {row['toll']:.4g})" for row in (low, high)]
    least, mean, largest = (f"{value:.2f}" for value in (payoff.min(), payoff.mean(), payoff.max()))
    said = f"payoff goes from {least} {at[0]} to {largest} points a month {at[1]}, {mean} in the mean."
    assert f"Markov perfect: holder: {said}" in text


def test_shares_of_verdicts_are_those_of_the_points(folder: Path) -> None:
    shares = table_of(folder)["pays [verdict]"].value_counts(normalize=True)
    text = read(page_of(folder)).text
    assert set(shares.index) == {"holds", "fails"}
    assert f"✓ holds {shares['holds']:.0%} ✗ fails {shares['fails']:.0%} margin" in text
    assert f"pays holds at {shares['holds']:.0%} and fails at {shares['fails']:.0%} of the points that were judged." in text


def claim(*shares: str) -> SweptClaim:
    return SweptClaim("c", "So it is.", "", tuple((Verdict(word), "50%") for word in shares), "", 0)


def test_a_margin_has_a_unit_where_all_its_lines_have_one() -> None:
    lines = {"one": ["payoff(a) > 2", "payoff(b) > 2"], "other": ["payoff(a) > 2", "chance(done, 2 months) > 0.5"]}
    scenario = dilemma({name: {**dilemma_claim("payoff(a) > 2"), "holds if": own} for name, own in lines.items()})
    assert scenario.payoff_unit[0]
    assert [margin_unit(each, scenario) for each in scenario.claims] == [scenario.payoff_unit[0], ""]


def test_claims_are_told_in_a_sentence() -> None:
    mixed, holds, fails = claim("holds", "fails"), claim("holds"), claim("fails")
    assert claims_sentence([mixed, holds, fails, holds, mixed]) == (
        "Of 5 claims 2 hold and 1 fails at every point that was judged; the verdicts of 2 hang on the point."
    )
    assert claims_sentence([holds, mixed]) == (
        "Of 2 claims 1 holds at every point that was judged; the verdict of 1 hangs on the point."
    )
    assert claims_sentence([claim("idle"), claim("idle")]) == "Of 2 claims 2 are idle at every point that was judged."
    assert claims_sentence([mixed]) == "c holds at 50% and fails at 50% of the points that were judged."
    assert claims_sentence([fails]) == "c fails at every point that was judged."
    assert claims_sentence([claim()]) == "c could not be judged at any point."
    assert claims_sentence([claim(), claim()]) == "No claim could be judged at any point."


def test_what_matters_most_is_that_of_the_printed_page(sample: Path) -> None:
    """The sentences of the printed page; the numbers of the table of indices."""
    text = read(page_of(sample)).text
    printed = (sample / "tables.txt").read_text(encoding="utf-8")
    sentences = [" ".join(each.split()) for each in re.findall(r"^\* (.*?)(?=^\*|^\d|\Z)", printed, re.MULTILINE | re.DOTALL)]
    assert len(sentences) == 5
    assert all(sentence in text for sentence in sentences)
    frame = read_indices(sample / "indices.csv")
    own = frame[(frame["column"] == "Markov perfect: holder: payoff") & (frame["index"] == "total")]
    first = own.sort_values("value", ascending=False).iloc[0]
    row = rf"holder: payoff {first.parameter} -?[\d.]+ {first.value:.2f} {first.low:.2f} {first.high:.2f} "
    assert re.search(row, text)


def test_what_varies_and_what_does_not(grid: Path, sample: Path) -> None:
    one, other = read(page_of(grid)).text, read(page_of(sample)).text
    assert "2 numbers vary; 1 stays as it is." in one
    assert "leave 1e-17 to 0.5 4 values 0.3 chance a month" in one
    assert "patience 0.6 weight of the next month not said" in one
    assert "patience 0.1 to 0.9 drawn 0.6 weight of the next month" in other
    assert "stays as it is" not in other


# --- made again --------------------------------------------------------------------------------------------------------


def test_the_command_on_the_page_makes_the_same_sweep(folder: Path) -> None:
    (command,) = re.findall(r"Make it again: <code>(.*?)</code>", page_of(folder))
    words = shlex.split(html.unescape(command))
    assert words[:2] == ["simulate", "sweep"]
    again = folder.parent / "again"
    assert simulate(*words[1:], "--jobs", "1", "--out", str(again), cwd=folder.parent).returncode in (0, 3)
    assert (again / "sweep.json").read_bytes() == (folder / "sweep.json").read_bytes()
    first = "part-000000.parquet"
    assert (again / "points" / first).read_bytes() == (folder / "points" / first).read_bytes()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8, unique=True))
def test_values_are_read_back_as_they_were(values: list[float]) -> None:
    assert read_values(values_text(values)) == tuple(values)


@pytest.mark.parametrize("text", ["linspace(0,1,21)", "geomspace(0.5,64,8)", "linspace(3,-1.5,30)"])
def test_spaced_values_are_told_by_their_rule(text: str) -> None:
    assert values_text(read_values(text)) == text


def test_it_is_cited_by_sweep_and_scenario(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    made_by = f"leverage {manifest['versions']['leverage']}, sweep {manifest['identifier']}"
    assert f"{made_by} of leaving.yaml ({manifest['scenario_sha256'][:12]})." in read(page_of(folder)).text
    assert f"howpublished = {{{made_by}}}" in read(page_of(folder)).text


def test_the_report_is_made_again_from_the_folder_alone(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / folder.name)
    (tmp_path / folder.name / "report.html").write_text("gone", encoding="utf-8")
    done = simulate("report", folder.name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert page_of(tmp_path / folder.name) == page_of(folder)


def test_indices_are_read_as_they_were_written(sample: Path) -> None:
    frame = read_indices(sample / "indices.csv")
    assert frame.to_csv(index=False, lineterminator="\n") == (sample / "indices.csv").read_text(encoding="utf-8")
    assert (frame["parameter"] == "").any()
    assert not frame["note"].isna().any()


def test_folders_that_have_no_report_are_refused(grid: Path, sample: Path, tmp_path: Path) -> None:
    unfinished, bare = tmp_path / "unfinished", tmp_path / "bare"
    for source, copy, gone in ((grid, unfinished, "manifest.json"), (sample, bare, "indices.csv")):
        shutil.copytree(source, copy)
        (copy / gone).unlink()
    for path, says in ((unfinished, "unfinished"), (bare, "indices.csv")):
        done = simulate("report", str(path), cwd=tmp_path)
        assert done.returncode == 2
        assert says in done.stderr
        assert "Traceback" not in done.stderr
    done = simulate("report", str(grid), "--figures", cwd=tmp_path)
    assert done.returncode == 2
    assert "no figures" in done.stderr
