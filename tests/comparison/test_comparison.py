"""Runs side by side: what certainly differs is shown, what may be the same is counted, what cannot be compared is said."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from leverage import Run, ScenarioError, parse_scenario, run
from leverage.comparison.comparison import Comparison
from leverage.comparison.frames import comparison_frames
from leverage.comparison.given_sides import GivenSide, given_sides
from leverage.comparison.page import comparison_text
from leverage.comparison.sheet_overlap import SheetOverlap, sheet_overlaps
from leverage.comparison.sides import COMPARED, Side, side_of_folder, side_of_run
from leverage.comparison_study import comparison_study
from leverage.errors import FolderError, SheetError
from leverage.output.columns import WIDTH
from leverage.output.files import write_run
from leverage.sheets.parameter_sheet import Judgement, ParameterSheet
from leverage.writing.run_folder import RunFolder

DATA = Path(__file__).parents[1] / "data"
SMALL = DATA / "small.yaml"
THREE = """
language: 1
title: Three
question: What is the club worth?
period: 1 month
players: {a: {discount: 0.5}, b: {discount: 0.5}, c: {discount: 0.5}}
state: {place: [here, there]}
start: {place: here}
actions:
  a: {work: always, hit: always}
  b: {work: always, idle: always}
  c: {work: always}
transitions: {place: stays}
payoffs:
  a: {gains: {b_works: 2 when b plays work, own: 1 when a plays work}}
  b: {gains: {own: 1 when b plays idle}}
  c: {gains: {own: 1}}
measures: {dates: [12 months]}
strategies:
  a: {calm: {always: work}, fierce: {always: hit}}
  b: {busy: {always: work}, lazy: {always: idle}}
  c: {steady: {always: work}}
instruments: {club: {holder: a, without: {forbid: [hit]}}}
"""


def written(run: Run, folder: Path, table_format: str = "csv") -> RunFolder:
    return RunFolder.open(write_run(run, "text", folder, table_format, 0.0))


@pytest.fixture(scope="module")
def pair(small: Run, small_slow: Run) -> Comparison:
    return Comparison((side_of_run("A", "as it stands", small), side_of_run("B", "slow", small_slow)))


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_first_lines_say_what_differs_and_what_follows(pair: Comparison) -> None:
    lines = words(comparison_text(pair).split("\n\n")[0])
    assert "* What differs: 1 parameter (speed 0.5 in A, 0.3 in B); 2 entries of the rules" in lines
    assert "* What follows: 1 of 2 claims come out otherwise: A1 barely in A, fails in B." in lines
    assert "* Best for power as others reply best: tied (43.6) in A, stay (32.2) in B." in lines
    assert "gains otherwise by: freedom 5.4 in A, 0.0 in B" in lines


def test_the_page_fits_80_columns(pair: Comparison, small: Run, dilemma: Run) -> None:
    strangers = Comparison((side_of_run("A", "one", small), side_of_run("B", "two", dilemma)))
    many = Comparison(tuple(replace(pair.sides[k % 2], label="ABCDEFGHIJKL"[k]) for k in range(12)))
    for comparison in (pair, strangers, many):
        assert max(map(len, comparison_text(comparison).splitlines())) <= WIDTH


def test_the_same_twice_differs_in_nothing(small: Run) -> None:
    twice = Comparison((side_of_run("A", "one", small), side_of_run("B", "two", small)))
    assert twice.inputs == ()
    assert {each.standing for each in (*twice.outcomes, *twice.leverage)} == {"same"}
    assert {*(each.standing for each in twice.claims), *(each.standing for each in twice.plays)} == {"same"}
    text = comparison_text(twice)
    assert "They do not differ: the inputs are the same." in text
    assert "the verdicts on all 2 claims are the same" in words(text)
    assert [len(frame) for name, frame in comparison_frames(twice).items() if name not in ("sides", "claims_compared")] == [0] * 4


def test_every_printed_number_is_a_cell_of_a_table(pair: Comparison) -> None:
    rows = comparison_frames(pair)["outcomes_compared"].to_dict("records")
    payoffs = [row for row in rows if (row["subject"], row["quantity"]) == ("power", "payoff")]
    outcomes = {(row["selection"], row["side"]): row["value"] for row in payoffs}
    told = {selection.replace("_", " "): selection for selection, _ in outcomes}
    for line in comparison_text(pair).split("power gets")[1].split("\n\n")[0].splitlines()[1:]:
        name, *cells = line.rsplit(maxsplit=2)
        assert cells == [f"{outcomes[told[name.rstrip('?! ')], side]:.1f}" for side in "AB"]


def test_floors_change_by_what_a_runs_page_says(pair: Comparison) -> None:
    """leverage.csv has by how much a floor falls; in print a fall is below 0."""
    frame = comparison_frames(pair)["leverage_compared"]
    text = comparison_text(pair).split("returning\n")[1]
    for side, label in enumerate("AB"):
        own = frame[(frame["instrument"] == "returning") & (frame["measure"] == "coercion") & (frame["side"] == label)]
        [cell] = re.findall(r"change of other's floor +(\S+) +(\S+)", text)[:1]
        assert float(cell[side]) == pytest.approx(-own.loc[own["channel"] == "net", "value"].item(), abs=0.05)
    assert float(cell[0]) < 0


def test_of_three_players_the_best_combination_is_told_with_what_it_pays() -> None:
    """Calm gets 3 where b works and 1 where it idles: not the last combination with that strategy counts."""
    three = run(parse_scenario(THREE))
    text = words(comparison_text(Comparison((side_of_run("A", "one", three), side_of_run("B", "two", three)))))
    assert "Best for a where one of the others replies best: calm against busy against best reply (3.00 in A and B)." in text


def test_what_differs_within_the_certificates_is_counted_and_not_shown(small: Run) -> None:
    """The bargaining points of two runs whose bounds overlap, though the points that were found differ."""
    moved, wide, narrow = small.outcomes.copy(), small.bargaining.copy(), small.bargaining.copy()
    where = (moved["selection"] == "bargaining: nash") & (moved["subject"] == "power") & (moved["quantity"] == "payoff")
    moved.loc[where, "value"] += 0.5
    own = (wide["rule"] == "nash") & (wide["player"] == "power")
    wide.loc[own & (wide["quantity"] == "at_most"), "value"] += 0.5
    narrow.loc[own & wide["quantity"].isin(["at_least", "at_most"]), "value"] += 0.5
    side = side_of_run("A", "one", small)
    near = replace(side, label="B", tables={**side.tables, "outcomes": moved, "bargaining": wide})
    far = replace(side, label="B", tables={**side.tables, "outcomes": moved, "bargaining": narrow})
    assert "1 differ within the certificates" in words(comparison_text(Comparison((side, near))))
    assert "bargaining: nash" not in comparison_text(Comparison((side, near)))
    assert "bargaining: nash" in comparison_text(Comparison((side, far)))


def test_verdicts_differ_for_certain_where_bounds_of_a_margin_do_not_overlap(small: Run) -> None:
    claims = small.claims
    own = claims["claim"] == "A1"
    side = side_of_run("A", "one", small)

    def other(verdict: str, low: float, high: float) -> Side:
        changed = claims.copy()
        for column, cell in (("verdict", verdict), ("margin", low), ("margin_low", low), ("margin_high", high)):
            changed[column] = changed[column].where(~own, cell)
        return replace(side, label="B", tables={**side.tables, "claims": changed})

    value = float(claims.loc[own, "margin"].iloc[0])
    for verdict, low, high, standing in (
        ("undecided", -1.0, value + 1, "within certificates"),
        ("fails", -2.0, -1.0, "differs"),
        ("idle", math.nan, math.nan, "differs"),
        ("undecided", math.nan, math.nan, "within certificates"),
    ):
        comparison = Comparison((side, other(verdict, low, high)))
        assert comparison.claims[0].standing == standing
        assert comparison.claims[1].standing == "same"
        assert (" BARELY " in comparison_text(comparison)) == (standing == "differs")


def test_folders_in_every_format_say_the_same(small: Run, small_slow: Run, tmp_path: Path, pair: Comparison) -> None:
    page = comparison_text(pair).split("\n\n", 1)[1]
    for table_format in ("csv", "parquet", "json"):
        folders = [written(run, tmp_path / f"{table_format}{k}", table_format) for k, run in enumerate((small, small_slow))]
        sides = tuple(side_of_folder(label, folder) for label, folder in zip("AB", folders, strict=True))
        assert comparison_text(Comparison(sides)).split("\n\n", 1)[1] == page
        for name, frame in comparison_frames(Comparison(sides)).items():
            if name != "sides":
                pd.testing.assert_frame_equal(frame, comparison_frames(pair)[name])


def test_scenarios_that_share_names_only_are_told_apart(small: Run, dilemma: Run) -> None:
    comparison = Comparison((side_of_run("A", "one", small), side_of_run("B", "two", dilemma)))
    text = words(comparison_text(comparison))
    assert text.startswith("Compared: 2 scenarios")
    assert "they have no claim in common" in text
    assert re.search(r"Ways of playing in A only: .*tied against mixed.*Ways of playing in B only: .*grim a against grim b", text)
    assert "Claims in A only: A1, A2." in text
    assert {each.standing for each in comparison.outcomes if each.key[0] == "grim_a against grim_b"} == {"not in all"}


def test_other_payoff_units_are_said_and_not_compared(small: Run) -> None:
    side = side_of_run("A", "one", small)
    outcomes = small.outcomes.copy()
    outcomes["unit"] = outcomes["unit"].replace("points a month", "roubles")
    scenario = replace(small.scenario, payoff_unit=("roubles", "", ""))
    comparison = Comparison((side, replace(side, label="B", scenario=scenario, tables={**side.tables, "outcomes": outcomes})))
    text = words(comparison_text(comparison))
    assert "Payoffs do not measure the same" in text
    assert "of the same name and another unit" in text
    assert {each.standing for each in comparison.outcomes if each.key[2] == "payoff"} == {"other units"}


def test_a_claim_of_the_same_name_and_another_sentence_is_not_compared(small: Run) -> None:
    side = side_of_run("A", "one", small)
    claims = small.claims.copy()
    claims["line"] = claims["line"].replace(r" > ", " < ", regex=True)
    comparison = Comparison((side, replace(side, label="B", tables={**side.tables, "claims": claims})))
    assert "Claims of the same name that are not the same sentence: A1 and A2." in words(comparison_text(comparison))


def test_runs_of_different_versions_and_unsolved_ones_are_said(small: Run) -> None:
    side = side_of_run("A", "one", small)
    other = replace(side, label="B", made_with={"leverage": "0.0.9"}, unsolved=("Markov perfect",))
    text = words(comparison_text(Comparison((side, other))))
    assert "different versions of this program" in text
    assert "0.0.9 in B" in text
    assert "B is not whole: Markov perfect was not solved." in text


# --- sheets ------------------------------------------------------------------------------------------------------------

#: Ranges of two people, what they have in common, and its share of the whole.
OVERLAPS: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float] | None, float | None]] = {
    "apart": ((0, 1), (2, 4), None, 0.0),
    "touching": ((0, 1), (1, 2), (1, 1), 0.0),
    "half": ((0, 2), (1, 2), (1, 2), 0.5),
    "the same": ((0, 2), (0, 2), (0, 2), 1.0),
    "the same one value": ((1, 1), (1, 1), (1, 1), None),
    "two values": ((1, 1), (2, 2), None, 0.0),
}


@pytest.mark.parametrize("kind", OVERLAPS)
def test_what_ranges_have_in_common(kind: str) -> None:
    one, other, common, share = OVERLAPS[kind]
    judgements = tuple(Judgement("p", low, low, high) for low, high in (one, other))
    overlap = SheetOverlap("p", "", ("A", "B"), judgements)
    assert overlap.common == common
    assert overlap.share == share


def sheet(run: Run, source: str, **given: tuple[float, float, float]) -> ParameterSheet:
    judgements = [
        Judgement(name, *given[name], by_whom=source) if name in given else Judgement(name, p.low, p.value, p.high, given=False)
        for name, p in run.scenario.parameters.items()
    ]
    return ParameterSheet(source, tuple(judgements))


def test_two_sheets_are_told_side_by_side(small: Run) -> None:
    one = sheet(small, "one.csv", speed=(0.3, 0.5, 0.6), stake=(5, 6, 7))
    other = sheet(small, "other.csv", speed=(0.4, 0.5, 0.8), stake=(8, 9, 10))
    sides = tuple(side_of_run(label, label, small, own) for label, own in (("A", None), ("B", one), ("C", other)))
    overlaps = sheet_overlaps(sides)
    assert [each.parameter for each in overlaps] == ["speed", "stake"]
    text = words(comparison_text(Comparison(sides)))
    assert "stake 5.00 - 6.00 - 7.00 8.00 - 9.00 - 10.0 nothing" in text
    assert "speed 0.300 - 0.500 - 0.600 0.400 - 0.500 - 0.800 40%" in text
    assert "Ranges have nothing in common for stake." in text
    assert "The sheet of B was filled in by one.csv." in text
    assert sheet_overlaps(sides[:2]) == ()


def test_ranges_that_only_touch_are_not_said_to_overlap(small: Run) -> None:
    one = sheet(small, "one.csv", speed=(0.3, 0.4, 0.5), stake=(5, 6, 9))
    other = sheet(small, "other.csv", speed=(0.5, 0.6, 0.8), stake=(8, 9, 10))
    sides = tuple(side_of_run(label, label, small, own) for label, own in (("A", one), ("B", other)))
    text = words(comparison_text(Comparison(sides)))
    assert "They have one value alone in common for speed. In common: the part" in text
    assert "0.500 - 0.600 - 0.800 one value" in text
    assert "All ranges overlap" not in text


def test_of_a_sheet_that_nobody_filled_in_that_is_said(small: Run) -> None:
    sides = (side_of_run("A", "A", small), side_of_run("B", "B", small, sheet(small, "blank.csv")))
    assert "The sheet of B has no row that is filled in." in words(comparison_text(Comparison(sides)))


def test_a_sheet_that_goes_beyond_the_files_range_is_said(small: Run) -> None:
    wide = replace(sheet(small, "w", speed=(0.1, 0.5, 0.6)).judgements[1], outside=True, by_whom="")
    sides = (side_of_run("A", "A", small), side_of_run("B", "B", small, ParameterSheet("w", (wide,))))
    text = words(comparison_text(Comparison(sides)))
    assert "The sheet of B does not say who filled it in; it goes beyond the file's plausible range for speed." in text


# --- what is given -----------------------------------------------------------------------------------------------------


def test_things_of_every_kind_are_given(small: Run, tmp_path: Path) -> None:
    folder = written(small, tmp_path / "run")
    (tmp_path / "sheet.csv").write_text("parameter,low,likely,high\nspeed,0.3,0.4,0.6\n")
    given = given_sides(
        [str(folder.path), str(SMALL), f"{SMALL}:slow", str(tmp_path / "sheet.csv")], [{"speed": 0.8, "stake": 6.0}]
    )
    assert [each.label for each in given] == list("ABCDE")
    assert [each.scenario.values["speed"] for each in given] == [0.5, 0.5, 0.3, 0.4, 0.8]
    assert [each.scenario.variant for each in given] == ["", "", "slow", "slow", ""]
    assert given[4].name.endswith("with speed = 0.8, stake = 6")
    assert given[0].read is not None
    assert given[3].sheet is not None


#: Things, changes, the error, and what its message says.
REFUSED: dict[str, tuple[list[str], list[dict[str, float]], type[Exception], str]] = {
    "one thing": ([str(SMALL)], [], ScenarioError, "1 to compare: two are needed"),
    "too many": ([str(SMALL)] * 27, [], ScenarioError, "27 to compare"),
    "an unknown file": (["none.yaml", str(SMALL)], [], ScenarioError, "none.yaml"),
    "an unknown variant": ([f"{SMALL}:slowly", str(SMALL)], [], ScenarioError, "no variant 'slowly'.*did you mean 'slow'"),
    "a sheet before any file": (["a.csv", str(SMALL)], [], ScenarioError, "a sheet stands behind the scenario file"),
    "a sheet that is not there": ([str(SMALL), "a.csv"], [], SheetError, "cannot be read"),
    "a folder of something else": ([str(DATA), str(SMALL)], [], FolderError, "no manifest.json"),
    "changes of two files": (
        [str(SMALL), str(DATA / "dilemma.yaml")],
        [{"speed": 0.4}],
        ScenarioError,
        "not clear which of several",
    ),
    "changes of no parameter": ([str(SMALL)], [{"sped": 0.4}], ScenarioError, "no parameter 'sped'.*did you mean 'speed'"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_compared_is_refused_before_anything_is_run(kind: str) -> None:
    things, changes, error, message = REFUSED[kind]
    with pytest.raises(error, match=f"(?s){message}"):
        given_sides(things, changes)


def test_the_folder_of_a_study_is_refused(small: Run, tmp_path: Path) -> None:
    folder = written(small, tmp_path / "study").path
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["start"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(FolderError, match="a comparison is made from a run's"):
        given_sides([str(folder), str(SMALL)])


def test_the_folder_of_a_sweep_is_refused(small: Run, tmp_path: Path) -> None:
    folder = written(small, tmp_path / "sweep").path
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({"kind": "sweep", "scenario": manifest["scenario"]}))
    with pytest.raises(FolderError, match="this is the folder of a sweep, not of a run"):
        given_sides([str(folder), str(SMALL)])


@pytest.mark.parametrize("name", COMPARED)
def test_a_folder_without_a_table_is_refused(name: str, small: Run, tmp_path: Path) -> None:
    folder = written(small, tmp_path / "run").path
    (folder / f"{name}.csv").unlink()
    with pytest.raises(FolderError, match=f"the table '{name}' is missing"):
        given_sides([str(folder), str(SMALL)])


def test_a_study_holds_the_tables_and_the_scenario_of_every_side(small: Run, tmp_path: Path) -> None:
    folders = [written(small, tmp_path / name).path for name in ("one", "two")]
    given = given_sides([str(folder) for folder in folders])
    assert all(isinstance(each, GivenSide) for each in given)
    shutil.rmtree(folders[0])  # what is read is read before
    study = comparison_study(given)
    assert study.complete
    assert sorted(study.files) == ["scenario.A.resolved.yaml", "scenario.B.resolved.yaml"]
    assert [each["name"] for each in study.facts["sides"]] == [str(folder) for folder in folders]
    assert set(study.tables) == {
        *("sides", "inputs", "outcomes_compared", "leverage_compared", "claims_compared", "strategies_compared")
    }


def test_a_side_that_was_not_solved_leaves_the_study_incomplete(small: Run) -> None:
    sides = [side_of_run("A", "one", small), replace(side_of_run("B", "two", small), unsolved=("Markov perfect",))]
    study = comparison_study([GivenSide(side.label, side.name, side.scenario, side) for side in sides])
    assert not study.complete
    assert study.unsolved == ("B: Markov perfect",)
