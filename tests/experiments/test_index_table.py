"""The indices of a sweep: every number of it, the derivatives beside them, what the page says, and the same for everybody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leverage.analysis.plays import MARKOV
from leverage.experiments import answers
from leverage.experiments.columns import Column
from leverage.experiments.design import Sample
from leverage.experiments.finishing import finish_sweep
from leverage.experiments.index_page import settled_words
from leverage.experiments.index_table import COLUMNS
from leverage.experiments.store import SweepFolder
from leverage.experiments.sweep import Sweep, open_folder, run_sweep
from leverage.experiments.workers import ThisProcess
from leverage.game.stochastic_game import Floats
from leverage.loading import parse_scenario
from leverage.scenario.sweeps import SampleKind

#: Three numbers of the prisoners are in doubt. Confessing for ever is their Markov equilibrium, with payoff `both`. Who confesses
#: against `grim` has the temptation once and then `both`: (1 - patience) temptation + patience both.
PRISONERS = """\
language: 1
title: Two prisoners in doubt
question: Do they keep silent?
players:
  row: {discount: patience}
  column: {discount: patience}
state: {prison: {open: 0}}
start: {prison: open}
parameters:
  patience: {value: 0.6, range: [0.1, 0.9], unit: weight of the next period, source: textbook}
  temptation: {value: 5, range: [4, 6], unit: points, source: textbook}
  both: {value: 1, range: [0.5, 1.5], unit: points, source: textbook}
actions:
  row: {silent: always, confess: always}
  column: {silent: always, confess: always}
payoffs:
  row:
    gains:
      both_silent: 3 when row plays silent and column plays silent
      temptation: temptation when row plays confess and column plays silent
      both_confess: both when row plays confess and column plays confess
  column:
    gains:
      both_silent: 3 when row plays silent and column plays silent
      temptation: temptation when row plays silent and column plays confess
      both_confess: both when row plays confess and column plays confess
measures:
  counts: {confessions: row plays confess}
strategies:
  row:
    confess: {always: confess}
  column:
    grim:
      starts: friendly
      phases:
        friendly: {play: silent, until: row plays confess, next: angry}
        angry: {play: confess}
claims:
  C1:
    says: Confessing pays against a grim neighbour.
    under: confess against grim
    holds if: payoff(row) > 3
"""
RANGES = {"patience": (0.1, 0.9), "temptation": (4.0, 6.0), "both": (0.5, 1.5)}
AGAINST_GRIM = "confess against grim: row: payoff"
MARKOV_PAYOFF = f"{MARKOV}: row: payoff"


#: A sweep that several tests look at: of each number Sobol' indices from so many blocks.
BLOCKS = 128


def swept(
    folder: Path, kind: SampleKind, count: int, tables: tuple[str, ...], text: str = PRISONERS
) -> tuple[Sweep, SweepFolder]:
    """All points of the sweep, nothing made of them yet."""
    sweep = Sweep(parse_scenario(text), Sample(kind, count, 0, RANGES), tables)
    into = SweepFolder(folder)
    open_folder(into, sweep, resume=False)
    run_sweep(sweep, into, ThisProcess(), tell=lambda _: None, heed=lambda: None)
    return sweep, into


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sweep, SweepFolder]:
    return swept(tmp_path_factory.mktemp("shared") / "sweep", "saltelli", BLOCKS, ("strategies", "claims"))


def no_report(*_: object) -> str:
    return ""


def finished(sweep: Sweep, folder: SweepFolder) -> tuple[pd.DataFrame, str]:
    """The table and the page."""
    page = finish_sweep(sweep, folder, 1.0, no_report)
    return pd.read_csv(folder.path / "indices.csv"), page


def against_grim(patience: Floats, temptation: Floats, both: Floats) -> Floats:
    return np.asarray((1 - patience) * temptation + patience * both)


def by_quadrature(function: Callable[..., Floats]) -> dict[tuple[str, str], float]:
    """Sobol' indices over the box by the midpoint rule, every parameter against every other."""
    middles = (np.arange(100) + 0.5) / 100
    axes = np.meshgrid(*(low + (high - low) * middles for low, high in RANGES.values()), indexing="ij")
    values = function(*axes)
    found = {}
    for k, name in enumerate(RANGES):
        others = tuple(axis for axis in range(3) if axis != k)
        found[name, "first order"] = float(values.mean(axis=others).var() / values.var())
        found[name, "total"] = float(values.var(axis=k).mean() / values.var())
    found["", "interactions"] = 1 - sum(value for (_, index), value in found.items() if index == "first order")
    return found


def rows_of(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    own: pd.DataFrame = frame[frame["column"] == column].fillna({"parameter": "", "note": ""})
    return own


def test_indices_of_a_scenario_are_those_of_its_formula(shared: tuple[Sweep, SweepFolder]) -> None:
    frame, _ = finished(*shared)
    assert tuple(frame.columns) == COLUMNS
    for column, quantity, function in (
        (AGAINST_GRIM, "payoff", against_grim),
        ("C1 [verdict]", "stands", lambda *values: (against_grim(*values) > 3).astype(float)),
    ):
        own = rows_of(frame, column)
        assert set(own["quantity"]) == {quantity}
        true = by_quadrature(function)
        assert {
            (row.parameter, row.index_name) for row in own.rename(columns={"index": "index_name"}).itertuples()
        } == true.keys()
        for _, row in own.iterrows():
            assert row["low"] <= true[row["parameter"], row["index"]] <= row["high"], row
            assert (row["confidence"], row["blocks"]) == (0.95, BLOCKS)


def test_every_number_has_its_rows_and_bounds_have_none(tmp_path: Path) -> None:
    tables = ("outcomes", "strategies", "sets", "claims")
    frame, _ = finished(*swept(tmp_path / "sweep", "morris", 4, tables))
    columns = pd.read_csv(tmp_path / "sweep" / "columns.csv")
    numbers = columns[(columns["what"] == "value") | ((columns["what"] == "verdict") & (columns["table"] != "leverage"))]
    assert list(frame["column"].unique()) == list(numbers["column"])
    estimated = frame[~frame["index"].isin(["derivative", "moves"])]
    assert (estimated.groupby("column").size() == 3 * len(RANGES)).all()
    flags = rows_of(frame, "confess against grim: equilibrium [verdict]")
    assert not flags.empty


def test_derivatives_stand_beside_the_outcomes_of_the_markov_equilibrium(tmp_path: Path) -> None:
    frame, page = finished(*swept(tmp_path / "sweep", "morris", 20, ("outcomes", "strategies")))
    cells = rows_of(frame, MARKOV_PAYOFF).set_index(["parameter", "index"])["value"]
    assert cells["both", "derivative"] == pytest.approx(1)
    assert cells["both", "moves"] == cells["both", "mu"] == pytest.approx(RANGES["both"][1] - RANGES["both"][0])
    assert cells["patience", "derivative"] == cells["temptation", "derivative"] == 0
    assert not set(rows_of(frame, AGAINST_GRIM)["index"]) & {"derivative", "moves"}
    assert "range" in page


def test_where_the_baseline_is_not_regular_the_table_and_the_page_say_why(tmp_path: Path) -> None:
    """With nothing to gain by confessing together, keeping silent ties with it."""
    tied = PRISONERS.replace("both: {value: 1, range: [0.5, 1.5]", "both: {value: 0, range: [0, 1.5]")
    frame, page = finished(*swept(tmp_path / "sweep", "saltelli", 32, ("outcomes",), tied))
    own = rows_of(frame, MARKOV_PAYOFF)
    (row,) = (row for _, row in own.iterrows() if row["index"] == "derivative")
    assert row["parameter"] == ""
    assert np.isnan(row["value"])
    assert row["note"].startswith("no derivatives at the baseline: ")
    assert "No derivatives at the baseline: " in " ".join(page.split())


def test_memory_holds_a_few_columns_and_the_table_is_the_same(
    shared: tuple[Sweep, SweepFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    finish_sweep(*shared, 1.0, no_report)
    table = shared[1].path / "indices.csv"
    whole = table.read_bytes()
    monkeypatch.setattr(answers, "MOST_NUMBERS", 1)
    finish_sweep(*shared, 1.0, no_report)
    assert table.read_bytes() == whole


def test_indices_of_a_column_do_not_depend_on_the_others(shared: tuple[Sweep, SweepFolder], tmp_path: Path) -> None:
    alone, _ = finished(*swept(tmp_path / "alone", "saltelli", BLOCKS, ("claims",)))
    among, _ = finished(*shared)
    own = among[among["table"] == "claims"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, alone, check_exact=True, check_dtype=False)


def test_the_manifest_comes_after_the_indices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep, folder = swept(tmp_path / "sweep", "morris", 4, ("strategies",))
    order: list[str] = []
    put = SweepFolder.put

    def noted(self: SweepFolder, path: Path, content: bytes) -> None:
        order.append(path.name)
        put(self, path, content)

    monkeypatch.setattr(SweepFolder, "put", noted)
    finish_sweep(sweep, folder, 1.0, no_report)
    assert order[-1] == "manifest.json"
    assert "indices.csv" in order


def test_other_samples_have_no_indices(tmp_path: Path) -> None:
    sweep, folder = swept(tmp_path / "sweep", "lhs", 16, ("strategies",))
    assert "MATTERS" not in finish_sweep(sweep, folder, 1.0, no_report)
    assert not (folder.path / "indices.csv").exists()


# --- reading -----------------------------------------------------------------------------------------------------------


def made_folder(path: Path, parts: list[pa.Table]) -> SweepFolder:
    folder = SweepFolder(path)
    folder.points.mkdir(parents=True)
    for number, part in enumerate(parts):
        pq.write_table(part, folder.points / f"part-{number:06d}.parquet")
    return folder


def test_answers_are_read_by_the_number_of_their_point(tmp_path: Path) -> None:
    """What is true or false, and claims that stand or not, are 1 and 0; what is neither is no answer."""
    schema = pa.schema(
        {
            **{"point": pa.int64(), "m: x: payoff": pa.float64(), "m: x: payoff [certificate]": pa.float64()},
            **{"m: equilibrium [verdict]": pa.bool_(), "C [verdict]": pa.string()},
            **{f"C: margin{bound}": pa.float64() for bound in ("", " [low]", " [high]")},
        }
    )
    rows = [
        (0, 1.0, 0.5, True, "holds", 2.0, 1.0, 4.0),
        (1, None, None, False, "fails", -1.0, -np.inf, 3.0),
        (2, np.nan, np.nan, None, "barely", None, None, None),
        (3, np.inf, np.inf, True, "undecided", 0.0, -1.0, 1.0),
        (4, -2.0, 0.0, False, "undefined", 0.0, 0.0, 0.0),
        (5, 3.0, 0.25, True, None, 0.0, 0.0, 0.0),
    ]
    parts = [
        pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in some], schema) for some in (rows[:4], rows[4:])
    ]
    columns = [
        Column("strategies", "m", "x", "payoff", "points", "value"),
        Column("strategies", "m", "x", "payoff", "points", "certificate"),
        Column("strategies", "m", "", "equilibrium", "", "verdict", "flag"),
        Column("claims", "C", "", "", "", "verdict", "text"),
        *(Column("claims", "C", "", "margin", "", what) for what in ("value", "low", "high")),
    ]
    read = list(answers.read_answers(made_folder(tmp_path, parts), 6, answers.measured(columns), "points", 7.0))
    assert [each.quantity for each, _ in read] == ["payoff", "equilibrium", "stands", "margin"]
    payoff, equilibrium, stands, margin = (found for _, found in read)
    nan, inf = np.nan, np.inf
    np.testing.assert_array_equal(payoff.values, [1, nan, nan, inf, -2, 3])
    np.testing.assert_array_equal(payoff.low[[0, 4, 5]], [0.5, -2, 2.75])
    np.testing.assert_array_equal(payoff.high[[0, 4, 5]], [1.5, -2, 3.25])
    assert (payoff.scale, equilibrium.scale) == (7.0, 1.0)
    np.testing.assert_array_equal(equilibrium.values, [1, 0, nan, 1, 0, 1])
    np.testing.assert_array_equal(stands.values, [1, 0, 1, nan, nan, nan])
    np.testing.assert_array_equal(margin.low, [1, -inf, nan, -1, 0, 0])
    np.testing.assert_array_equal(margin.high, [4, 3, nan, 1, 0, 0])


# --- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_ranks_parameters_and_says_what_is_not_settled(shared: tuple[Sweep, SweepFolder]) -> None:
    frame, page = finished(*shared)
    assert max(map(len, page.splitlines())) <= 80
    told = " ".join(page.split())
    own = rows_of(frame, AGAINST_GRIM)
    total = own[own["index"] == "total"].sort_values("value", ascending=False)
    first, second, third = (f"{row['parameter']} ({row['value']:.2f})" for _, row in total.iterrows())
    assert f"{AGAINST_GRIM} - {first} matters most, then {second} and {third}." in told
    assert "C1 stands - " in told
    share = own[own["index"] == "interactions"].iloc[0]
    assert f"{share['value']:.2f} of the variance ({share['low']:.2f} to {share['high']:.2f})" in told


@pytest.mark.parametrize("kind", ["saltelli", "morris"])
def test_every_number_of_the_section_is_a_cell(tmp_path: Path, kind: SampleKind) -> None:
    frame, page = finished(*swept(tmp_path / "sweep", kind, 32, ("outcomes",)))
    section = page[page.index("MATTERS MOST") :]
    rows = [line.split() for line in section.splitlines() if line.startswith("  both ")]
    cells = rows_of(frame, MARKOV_PAYOFF)
    printed = {float(word) for row in rows for word in row[1:]}
    assert printed
    known = cells.loc[cells["parameter"] == "both", ["value", "low", "high"]].to_numpy().ravel()
    assert all(np.nanmin(np.abs(known - number)) < 0.006 for number in printed)


def test_a_wide_interval_far_down_the_list_unsettles_the_ranking() -> None:
    apart = {"a": (0.7, 0.9), "b": (0.2, 0.4), "c": (0.0, 0.1)}
    assert settled_words(apart, 3) == "This ranking is settled: intervals do not overlap."
    assert settled_words({**apart, "d": (-0.6, 0.8)}, 3) == (
        "This ranking is not settled, as intervals overlap: a's with that of d, b's with that of d, c's with that of d."
    )
    assert settled_words({**apart, "d": (-0.1, 0.02), "e": (-0.1, 0.01)}, 3) == (
        "This ranking is not settled, as intervals overlap: c's with that of d and 1 more."
    )
    assert settled_words({**apart, "d": (-0.1, 0.02)}, 2) == "This ranking is settled: intervals do not overlap."
    assert settled_words({"a": (0.9, 1.1), "b": (0.0, 1e-9)}, 1) == ""


def test_a_parameter_that_does_as_good_as_nothing_is_not_told(tmp_path: Path) -> None:
    """The floor is `both` up to the bounds of the set, whose rounding hangs on the other two."""
    _, page = finished(*swept(tmp_path / "sweep", "morris", 20, ("sets",)))
    told = " ".join(page.split())
    assert "worst for row: row: payoff - of the parameters that vary both (1.00) alone matters." in told
