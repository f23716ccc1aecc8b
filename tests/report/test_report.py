"""The report as a document: what is there, that it fetches nothing, that every text of a scenario stays text."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from leverage import Run, parse_scenario, run
from leverage.errors import FolderError
from leverage.figures.drawing import Drawing
from leverage.figures.sheet import Sheet
from leverage.output.answer import answer_sentences
from leverage.output.facts import Facts
from leverage.output.files import write_run
from leverage.output.text import run_text
from leverage.report import figures_part
from leverage.report.claims_part import SIGNS
from leverage.report.document import report_html
from leverage.report.figures_part import drawings_of, further_drawings_of
from leverage.report.writing_report import write_report
from leverage.writing.run_folder import RunFolder
from tests.command_line import simulate, start
from tests.dilemma import DILEMMA, claim, dilemma

#: A name, a sentence, a source and a unit that would do harm as markup, as a string of a program, or as a path.
HARM = "</script><script>alert(1)</script> <b>\"'&amp; ../../etc"
CLAIMS = {
    "trust": claim("payoff(a) > 2", "grim_a against grim_b", 0.1) | {"says": f"Trust pays. {HARM}"},
    "never": claim("payoff(a) > 20", "bargaining point"),
    "speed": claim("chance(done, 2 months) > 0.5", "grim_a against grim_b"),
}


class Reader(HTMLParser):
    """What a page refers to, which tags it has, and its text outside of styles and programs."""

    def __init__(self) -> None:
        super().__init__()
        self.refers: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.texts: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = tag
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action", "data", "poster"):
                self.refers.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            assert not name.startswith("on"), f"a program in an attribute: {name}"

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("style", "script"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def folder_of(text_or_scenario: object, place: Path, table_format: str = "csv") -> RunFolder:
    found = run(parse_scenario(text_or_scenario) if isinstance(text_or_scenario, str) else text_or_scenario)  # type: ignore[arg-type]
    return written(found, place, table_format)


def written(found: Run, place: Path, table_format: str = "csv") -> RunFolder:
    return RunFolder.open(write_run(found, run_text(found), place, table_format, 1.0))


@pytest.fixture(scope="module")
def made() -> Run:
    return run(dilemma(CLAIMS))


@pytest.fixture(scope="module")
def folder(made: Run, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return written(made, tmp_path_factory.mktemp("runs") / "dilemma")


@pytest.fixture(scope="module")
def page(folder: RunFolder) -> str:
    return report_html(folder, drawings_of(folder))


def test_nothing_outside_of_the_file_is_referred_to(page: str) -> None:
    found = read(page)
    assert all(target.startswith(("#", "data:,")) for target in found.refers), found.refers
    assert "://" not in re.sub(r'"http://www\.w3\.org/\d+/\w+(/\w+)?"', "", page)  # names of vocabularies are no addresses
    assert "default-src 'none'" in page
    targets = [target.removeprefix("#") for target in found.refers if target.startswith("#")]
    assert set(targets) <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))


def test_texts_of_the_scenario_stay_texts(page: str) -> None:
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert read(page).tags.count("script") == 2
    assert " ".join(HARM.split()) in read(page).text


def test_question_and_answer_come_first_and_are_those_of_the_printed_page(made: Run, folder: RunFolder, page: str) -> None:
    text = read(page).text
    printed = answer_sentences(Facts(made))
    assert folder.manifest["answer"] == printed
    places = [text.index(part) for part in (folder.scenario.question, *printed, "The argument, sentence by sentence")]
    assert places == sorted(places)
    assert page.index('id="answer"') < page.index("<nav")


def test_every_claim_stands_with_its_verdict_and_every_line(folder: RunFolder, page: str) -> None:
    text = read(page).text
    claims = folder.table("claims")
    for row in claims.to_dict("records"):
        if row["line"]:
            assert row["line"] in text
        else:
            assert " ".join(f"{row['verdict']} {row['claim']} {row['says']}".split()) in text
    assert "✓ 2 hold ✗ 1 fails" in text
    assert claims[claims.line == ""].verdict.tolist() == ["holds", "fails", "holds"]


def slider_of(page: str) -> dict[str, object]:
    (found,) = re.findall(r'<script type="application/json" id="slider-data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)  # type: ignore[no-any-return]


def test_the_slider_has_every_point_of_the_table_and_no_other(folder: RunFolder, page: str) -> None:
    points = folder.table("claim_points")
    data = slider_of(page)
    told = {
        (claim, parameter, value, verdict, margin, unit)
        for claim, own in data["claims"].items()  # type: ignore[attr-defined]
        for parameter, along in own["along"].items()
        for value, verdict, margin, _, _, unit in along
    }
    counts = points.groupby(["claim", "parameter"]).value.transform("count")
    known = {
        (row["claim"], row["parameter"], row["value"], row["verdict"], row["margin"], row["unit"])
        for row in points[counts > 1].to_dict("records")
    }
    assert told == known
    assert len(told) > 5
    claim, parameter = data["first"]  # type: ignore[misc]
    tipping = folder.table("tipping")
    nearest = tipping[tipping.searched == "yes"].distance.min()
    own = tipping[(tipping.claim == claim) & (tipping.parameter == parameter)]
    assert own.distance.iloc[0] == nearest


def test_assumptions_are_all_there_with_their_sources(folder: RunFolder, page: str) -> None:
    text = read(page).text
    assert f"{len(folder.scenario.parameters)} numbers" in text
    for name, each in folder.scenario.parameters.items():
        assert name in text
        assert " ".join(each.source.split()) in text


def test_the_page_is_about_the_player_whom_the_printed_one_is_about(tmp_path: Path) -> None:
    """Without instruments the first player with named strategies, who need not be the first player."""
    text = PLAIN.format(
        title="Whose",
        players="ann: {discount: 0.5}, bob: {discount: 0.5}",
        actions="ann: {give: always, take: always}, bob: {give: always, take: always}",
        payoffs="ann: {gains: {got: 1 when bob plays give}}\n  bob: {gains: {kept: 1 when bob plays take}}",
    )
    text += "measures: {events: {high_up: x is high}}\nstrategies: {bob: {kind: {always: give}, hard: {always: take}}}\n"
    found = folder_of(text, tmp_path / "run")
    page = read(report_html(found, drawings_of(found))).text
    assert "What makes up bob's payoff" in page
    first, second, *_ = found.manifest["answer"]
    assert first.startswith("Best for bob")
    assert second.startswith("High up within ")


def test_signs_of_verdicts_stand_in_one_place(page: str) -> None:
    program = page[page.rindex("<script>") :]
    assert not [verdict for verdict in ("holds", "fails", "undefined") if SIGNS[verdict] in program]
    assert slider_of(page)["signs"] == SIGNS


def test_grounds_are_counted_as_the_table_classes_them(tmp_path: Path) -> None:
    given = {"patience": "judgement", "fee": "Smith 2014; size a judgement", "stake": "Smith 2014, beyond judgement"}
    values = ", ".join(f"{name}: {{value: 0.5, range: [0.1, 0.9], source: {json.dumps(told)}}}" for name, told in given.items())
    text = PLAIN.format(
        title="Grounds",
        players="ann: {discount: patience}",
        actions="ann: {give: always, take: always}",
        payoffs="ann: {gains: {got: stake - fee when ann plays take}}",
    )
    found = folder_of(f"{text}parameters: {{{values}, loose: {{value: 1}}}}\n", tmp_path / "run")
    classes = dict(zip(*(found.table("parameters")[name] for name in ("parameter", "provenance")), strict=True))
    assert classes == {"patience": "judgement", "fee": "source, size judged", "stake": "source", "loose": "not said"}
    assert (
        "By what they rest on: 1 on nothing that is said; 1 on a judgement; 1 on a source for what it stands for, a judgement for"
        " its size; 1 on a source."
    ) in read(report_html(found, drawings_of(found))).text


def test_it_says_how_to_make_it_again_and_how_to_cite_it(folder: RunFolder, page: str) -> None:
    text = read(page).text
    assert f"simulate {folder.manifest['scenario']}" in text
    assert folder.manifest["run"] in text
    assert folder.manifest["scenario_sha256"] in text
    assert f"leverage {folder.manifest['versions']['leverage']}" in text


@pytest.mark.parametrize("table_format", ["parquet", "json"])
def test_it_is_the_same_from_every_format_of_tables(table_format: str, made: Run, page: str, tmp_path: Path) -> None:
    other = written(made, tmp_path / "other", table_format)
    assert report_html(other, drawings_of(other)) == page


def test_the_command_makes_the_same_bytes_again(tmp_path: Path) -> None:
    done = simulate(str(DILEMMA), "--out", "made", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = tmp_path / "made" / "report.html"
    first = report.read_bytes()
    report.write_text("spoilt")
    again = start("report", "made", "--figures", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert report.read_bytes() == first
    assert {path.suffix for path in (tmp_path / "made" / "figures").iterdir()} == {".svg", ".png"}


def claims_drawn(drawings: Sequence[Drawing]) -> list[str]:
    return [each.name.split("-")[1] for each in drawings if each.name.startswith("claim-")]


@pytest.mark.parametrize("most", [0, 1, 2, 9])
def test_figures_show_every_claim_that_flips(folder: RunFolder, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tipping = folder.table("tipping")
    flipping = set(tipping[tipping.searched == "yes"].claim)
    assert len(flipping) > 1
    monkeypatch.setattr(figures_part, "MOST_CLAIMS", most)
    shown, further = claims_drawn(drawings_of(folder)), claims_drawn(further_drawings_of(folder))
    assert len(shown) == min(most, len(flipping))
    assert sorted([*shown, *further]) == sorted(flipping)


def test_each_figure_is_drawn_once_for_page_and_files(folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copytree(folder.path, tmp_path / "copy")
    drawn: list[str] = []
    written: list[str] = []
    finish, savefig = Sheet.finish, Figure.savefig

    def counted_finish(sheet: Sheet, name: str, description: str) -> Drawing:
        drawn.append(name)
        return finish(sheet, name, description)

    def counted_savefig(figure: Figure, stream: Any, **options: Any) -> None:
        written.append(str(options["format"]))
        savefig(figure, stream, **options)

    monkeypatch.setattr(figures_part, "MOST_CLAIMS", 1)
    monkeypatch.setattr(Sheet, "finish", counted_finish)
    monkeypatch.setattr(Figure, "savefig", counted_savefig)
    write_report(RunFolder.open(copy), figures=True)
    files = sorted(path.stem for path in (copy / "figures").glob("*.svg"))
    assert sorted(drawn) == files
    assert sorted(written) == ["png"] * len(files) + ["svg"] * len(files)


def test_a_folder_that_is_no_runs_is_refused_and_left_alone(tmp_path: Path, folder: RunFolder) -> None:
    (tmp_path / "empty").mkdir()
    done = simulate("report", "empty", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "not the folder of a run" in done.stderr
    assert not list((tmp_path / "empty").iterdir())
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in folder.path.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "report.html").write_text("as it was")
    (broken / "claims.csv").unlink()
    with pytest.raises(FolderError, match="claims"):
        write_report(RunFolder.open(broken))
    assert (broken / "report.html").read_text() == "as it was"


def test_what_is_not_the_baseline_is_said_first(tmp_path: Path) -> None:
    found = folder_of(dilemma(CLAIMS, {"fee": 3.0}), tmp_path / "changed")
    text = read(report_html(found, drawings_of(found))).text
    assert "Not the baseline: fee = 3. Note: fee = 3 lies outside its plausible range [0, 2]." in text
    assert text.index("Not the baseline") < text.index("The answer")
    assert "3.00 (the file: 1.00) 0 to 2.00" in text


@pytest.mark.parametrize("study", [["stress", str(DILEMMA), "--budget", "1"], ["equilibria", str(DILEMMA)]])
def test_the_folder_of_a_study_is_refused(study: list[str], tmp_path: Path) -> None:
    text = f"{DILEMMA.read_text(encoding='utf-8')}claims: {json.dumps({'trust': CLAIMS['trust']})}\n"
    (tmp_path / "file.yaml").write_text(text, encoding="utf-8")
    assert simulate(study[0], "file.yaml", *study[2:], "--out", "made", cwd=tmp_path).returncode == 0
    done = simulate("report", "made", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "folder of a study" in done.stderr
    assert not (tmp_path / "made" / "report.html").exists()


PLAIN = """\
language: 1
title: {title}
question: What then?
players: {{{players}}}
state: {{x: {{low: 0, high: 1}}}}
start: {{x: low}}
actions: {{{actions}}}
transitions:
  x: [{{otherwise: {{up 1: 0.5, stays: rest}}}}]
payoffs:
  {payoffs}
"""


@pytest.mark.parametrize("table_format", ["csv", "json"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_files_with_little_in_them_have_a_report(count: int, table_format: str, tmp_path: Path) -> None:
    """No parameters, events, strategies, instruments or claims; one, two and three players."""
    names = ["ann", "bob", "cem"][:count]
    text = PLAIN.format(
        title=f"{count} at a table",
        players=", ".join(f"{name}: {{discount: 0.5}}" for name in names),
        actions=", ".join(f"{name}: {{give: always, take: always}}" for name in names),
        payoffs="\n  ".join(f"{name}: {{gains: {{got: 1 when {name} plays take}}}}" for name in names),
    )
    found = folder_of(text, tmp_path / "run", table_format)
    page = read(report_html(found, drawings_of(found)))
    assert f"{count} at a table" in page.text
    assert "The argument, sentence by sentence" not in page.text
    assert "nan" not in page.text.lower().split()
