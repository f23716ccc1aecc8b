"""Boxes are found where they are, and none where there is nothing to find."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leverage.analysis.claims import ONE_PLAN
from leverage.errors import FolderError, LeverageError
from leverage.experiments.discovery import FEWEST_POINTS, Box, Limit, discover
from leverage.experiments.discovery_study import box_words, claim_cases, discovery_study, row_cases
from leverage.experiments.finished_sweep import FinishedSweep
from leverage.game.stochastic_game import Booleans, Floats
from leverage.output.columns import WIDTH, percent
from leverage.reruns import reproduce
from leverage.writing.run_folder import read_manifest
from tests.command_line import simulate

DATA = Path(__file__).parent.parent / "data"
#: As far from a true limit as the points next to it, of two thousand, and a peel of a twentieth may leave one.
NEAR = 0.03
NAMES = ["scenario", "b", "c", "d", "e"]  # the library has a meaning of its own for the first of these names


def points(count: int = 2000, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).random((count, len(NAMES)))


def limits(box: Box) -> dict[tuple[str, bool], float]:
    return {(limit.parameter, limit.lower): limit.value for limit in box.limits}


def inside(box: Box, values: Floats) -> Booleans:
    kept = np.ones(len(values), dtype=bool)
    for limit in box.limits:
        own = values[:, NAMES.index(limit.parameter)]
        kept &= (own >= limit.value) if limit.lower else (own <= limit.value)
    return kept


def test_a_known_box_is_found_with_its_limits_and_nothing_else() -> None:
    values = points()
    cases = (values[:, 0] > 0.7) & (values[:, 1] < 0.4)
    (box,) = discover(values, cases, NAMES).boxes
    assert limits(box) == {("scenario", True): pytest.approx(0.7, abs=NEAR), ("b", False): pytest.approx(0.4, abs=NEAR)}
    assert box.coverage > 0.95
    assert box.density > 0.95
    assert all(limit.quasi_p < 1e-20 for limit in box.limits)


def test_a_band_has_two_limits_of_one_parameter() -> None:
    values = points()
    (box,) = discover(values, (values[:, 2] > 0.3) & (values[:, 2] < 0.6), NAMES).boxes
    assert limits(box) == {("c", True): pytest.approx(0.3, abs=NEAR), ("c", False): pytest.approx(0.6, abs=NEAR)}
    low, high = (limit.value for limit in box.limits)
    assert box_words(box, "it fails").startswith(f"Where c is between {low:.3g} and {high:.3g}: it fails at ")


def test_two_boxes_are_found_one_after_the_other() -> None:
    values = points(4000)
    one, other = (values[:, 0] > 0.7) & (values[:, 1] < 0.4), (values[:, 2] < 0.3) & (values[:, 3] > 0.5)
    found = discover(values, one | other, NAMES).boxes
    assert [sorted(name for name, _ in limits(box)) for box in found[:2]] in (
        [["b", "scenario"], ["c", "d"]],
        [["c", "d"], ["b", "scenario"]],
    )
    assert sum(box.coverage for box in found) > 0.9


def test_coverage_density_and_mass_are_what_counting_gives() -> None:
    values = points()
    cases = ((values[:, 0] > 0.7) & (values[:, 1] < 0.4)) | (points(seed=1)[:, 0] < 0.03)
    found = discover(values, cases, NAMES)
    first = found.boxes[0]
    within = inside(first, values)
    assert (first.points, first.cases) == (int(within.sum()), int((within & cases).sum()))
    assert first.density == first.cases / first.points
    assert first.coverage == first.cases / cases.sum()
    assert first.mass == first.points / len(values)
    assert (found.points, found.cases) == (len(values), int(cases.sum()))


@pytest.mark.parametrize("seed", range(5))
def test_pure_chance_has_no_box(seed: int) -> None:
    assert discover(points(), points(seed=seed + 1)[:, 0] < 0.3, NAMES).boxes == ()


def test_neither_the_order_of_points_nor_that_of_parameters_matters() -> None:
    values = points()
    cases = (values[:, 0] > 0.7) & (values[:, 1] < 0.4)
    mixed, turned = np.random.default_rng(3).permutation(len(values)), [4, 2, 0, 3, 1]
    expected = limits(discover(values, cases, NAMES).boxes[0])
    assert limits(discover(values[mixed], cases[mixed], NAMES).boxes[0]) == expected
    assert limits(discover(values[:, turned], cases, [NAMES[k] for k in turned]).boxes[0]) == expected


def test_a_grid_with_a_parameter_that_never_varies() -> None:
    axis = np.linspace(0, 1, 11)
    values = np.array([(x, y, 3.0) for x in axis for y in axis])
    (box,) = discover(values, values[:, 0] > 0.55, ["x", "y", "still"]).boxes
    assert [(limit.parameter, limit.lower) for limit in box.limits] == [("x", True)]
    assert 0.5 < box.limits[0].value <= 0.6
    assert (box.coverage, box.density) == (1, 1)


@pytest.mark.parametrize("everywhere", [True, False])
def test_cases_everywhere_or_nowhere_need_no_search(everywhere: bool) -> None:
    found = discover(points(100), np.full(100, everywhere), NAMES)
    assert (found.boxes, found.cases) == ((), 100 * everywhere)


def test_too_few_points_and_a_missing_library_are_told_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    few = points(FEWEST_POINTS - 1)
    with pytest.raises(LeverageError, match=f"sweep at least {FEWEST_POINTS}"):
        discover(few, few[:, 0] > 0.5, NAMES)
    monkeypatch.setitem(sys.modules, "ema_workbench.analysis", None)
    values = points()
    with pytest.raises(LeverageError, match=r"pip install 'leverage\[discover\]'"):
        discover(values, values[:, 0] > 0.5, NAMES)


def test_a_box_in_words() -> None:
    box = Box((Limit("presence_cost", True, 12.34, 0.0), Limit("goodwill", False, 0.1, 0.0)), 50, 44, 0.71, 0.88, 0.2)
    assert box_words(box, "A1 fails") == (
        "Where presence cost is above 12.3 and goodwill below 0.1: A1 fails at 88% of the points, and that is 71% of all points"
        " where it is so."
    )


# --- on a sweep's folder -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prisoners' dilemma with a prize, at 256 points of patience from 0.1 to 0.9 and prizes from 3.5 to 6."""
    folder = tmp_path_factory.mktemp("sweep") / "swept"
    made = (
        "sweep",
        str(DATA / "temptation.yaml"),
        "--sample",
        "sobol:256",
        "--tables",
        "strategies",
        "-j",
        "1",
        "--out",
        str(folder),
    )
    assert simulate(*made, cwd=folder.parent).returncode == 0
    return folder


def test_a_sweep_is_read_in_the_order_of_its_points(swept: Path) -> None:
    sweep = FinishedSweep.open(swept)
    assert sweep.names == ("patience", "prize")
    points = pd.read_parquet(swept / "points").sort_values("point")
    assert sweep.values().to_numpy().tolist() == points[["patience", "prize"]].to_numpy().tolist()
    assert sweep.kinds["grim against grim: equilibrium [verdict]"] == "flag"


def test_the_box_of_lost_trust_ends_where_patience_does(swept: Path) -> None:
    """Grim is met by silence exactly if patience is at least (prize - 3) / (prize - 1), which goes from 0.2 to 0.6."""
    sweep = FinishedSweep.open(swept)
    cases = row_cases(sweep, "grim against best reply: row: payoff < 2")
    values = sweep.values()
    assert cases.true.tolist() == (values.patience < (values.prize - 3) / (values.prize - 1)).tolist()
    study = discovery_study(sweep, cases)
    (upper,) = study.boxes[
        (study.boxes.parameter == "patience") & (study.boxes.bound == "below") & (study.boxes.box == 1)
    ].itertuples()
    assert 0.35 < float(upper.value) < 0.65  # type: ignore[arg-type]
    assert max(map(len, study.text.splitlines())) <= WIDTH
    assert percent(float(upper.coverage)) in study.text  # type: ignore[arg-type]
    assert f"{upper.in_words}" in " ".join(study.text.split())


def test_a_claim_is_looked_for_where_it_fails_or_stands_and_other_verdicts_are_left_out(tmp_path: Path) -> None:
    verdicts = ["fails", "holds", "barely", "undecided", None, "idle", "fails"]
    folder = claims_folder(tmp_path, verdicts)
    fails, holds = claim_cases(folder, "A1"), claim_cases(folder, "A1", holds=True)
    assert fails.answered.tolist() == [True, True, True, False, False, False, True]
    assert fails.true[fails.answered].tolist() == [True, False, False, True]
    assert holds.true[holds.answered].tolist() == [False, True, True, False]
    assert fails.left_out == {"no answer": 1, "undecided": 1, "idle": 1}
    with pytest.raises(LeverageError, match="no verdicts on a claim 'A2'"):
        claim_cases(folder, "A2")


def test_points_whose_bounds_leave_a_condition_open_are_left_out(tmp_path: Path) -> None:
    numbers = {
        "gain": [0.0, 3.0, 1.0, None, None],
        "gain [low]": [0.0, 3.0, 0.5, 0.0, None],
        "gain [high]": [4.0, 3.0, 1.5, 1.0, None],
    }
    cases = row_cases(made_folder(tmp_path, numbers), "gain > 2")
    assert cases.answered.tolist() == [False, True, True, True, False]
    assert cases.true.tolist() == [False, True, False, False, False]
    assert cases.left_out == {"no answer": 1, "open within the bounds": 1}


def test_a_part_that_is_false_settles_a_condition_of_several(tmp_path: Path) -> None:
    """Also where another part is open or has no answer."""
    numbers = {"gain": [0.0, 3.0, 3.0, None], "gain [low]": [0.0, 3.0, 3.0, None], "gain [high]": [4.0, 3.0, 3.0, None]}
    cases = row_cases(made_folder(tmp_path, numbers), "gain > 2 and x < 2")
    assert cases.says == "gain > 2 and x < 2"
    assert cases.answered.tolist() == [False, True, True, True]
    assert cases.true.tolist() == [False, True, False, False]
    assert cases.left_out == {"open within the bounds": 1}


def test_verdicts_on_the_chosen_plans_are_said_to_be_that(tmp_path: Path) -> None:
    sample = f"lhs:{FEWEST_POINTS}"
    arguments = ("sweep", str(DATA / "hostage.yaml"), "--sample", sample, "--tables", "claims", "-j", "1", "--out", "swept")
    done = simulate(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"H1: {ONE_PLAN}." in done.stdout
    assert ONE_PLAN in (tmp_path / "swept" / "report.html").read_text(encoding="utf-8")
    sweep = FinishedSweep.open(tmp_path / "swept")
    told = " ".join(discovery_study(sweep, claim_cases(sweep, "H1")).text.split())
    assert f"That is {ONE_PLAN}." in told


def claims_folder(path: Path, verdicts: list[str | None]) -> FinishedSweep:
    """A sweep of a claim over one parameter, made by hand."""
    return made_folder(path, {"A1 [verdict]": verdicts}, "claims", "A1", "verdict")


def made_folder(
    path: Path, answers: Mapping[str, Sequence[object]], table: str = "sets", selection: str = "", what: str = "value"
) -> FinishedSweep:
    """A sweep over one parameter, made by hand."""
    size = len(next(iter(answers.values())))
    (path / "points").mkdir(parents=True)
    (path / "sweep.json").write_text('{"design": {"kind": "grid"}}')
    (path / "manifest.json").write_text('{"kind": "sweep", "design": {"kind": "grid", "values": {"x": [0, 1]}}}')
    points = {"point": range(size), "x": [float(k) for k in range(size)], **answers}
    pd.DataFrame(points).to_parquet(path / "points" / "part-000000.parquet", index=False)
    columns = [{"column": name, "table": table, "selection": selection, "what": what} for name in answers]
    pd.DataFrame(columns).to_csv(path / "columns.csv", index=False)
    return FinishedSweep.open(path)


def test_points_that_are_left_out_are_no_lack_of_points(tmp_path: Path) -> None:
    folder = claims_folder(tmp_path, ["undecided"] * FEWEST_POINTS)
    with pytest.raises(LeverageError, match=r"0 of 40 do \(left out: 40 undecided\)\n *sweep again with a smaller --tolerance"):
        discovery_study(folder, claim_cases(folder, "A1"))


def test_a_folder_without_a_finished_sweep_is_refused(swept: Path, tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none", "no such folder"), (tmp_path, "not the folder of a sweep")):
        with pytest.raises(FolderError, match=message):
            FinishedSweep.open(path)
    (tmp_path / "sweep.json").write_text((swept / "sweep.json").read_text())
    with pytest.raises(FolderError, match="unfinished"):
        FinishedSweep.open(tmp_path)
    for read in (read_manifest, reproduce):
        with pytest.raises(FolderError, match=r"unfinished\n *go on with it: .*--resume"):
            read(tmp_path)
    (tmp_path / "sweep.json").rename(tmp_path / "answers_so_far.csv")
    with pytest.raises(FolderError, match="this study is unfinished"):
        read_manifest(tmp_path)


def test_the_command_writes_boxes_beside_the_sweep_and_refuses_in_one_message(swept: Path) -> None:
    where = ("--where", "grim against best reply: row: payoff < 2")
    done = simulate("discover", str(swept), *where, cwd=swept.parent)
    assert done.returncode == 0, done.stderr
    folder = swept.with_name("swept-discover")
    assert (folder / "tables.txt").read_text() == done.stdout
    assert done.stdout.splitlines()[0].endswith(" temptation.yaml")
    assert len(pd.read_csv(folder / "boxes.csv"))
    for wrong in (("--where", "payoff < 2"), ("--claim", "A1"), (), (*where, "--claim", "A1")):
        refused = simulate("discover", str(swept), *wrong, cwd=swept.parent)
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr
