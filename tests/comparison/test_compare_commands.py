"""The commands about several runs as a user meets them: files appear or are left alone, wrong use is one message."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from leverage import cli
from leverage.output.columns import WIDTH

SMALL = Path(__file__).parents[1] / "data" / "small.yaml"


def simulate(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The command in this process, with its exit status."""
    monkeypatch.setattr("sys.argv", ["simulate", *arguments])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_sheet_is_written_once(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(monkeypatch, "elicit", str(SMALL)) == 0
    sheet = here / "small_sheet.csv"
    content = sheet.read_bytes()
    assert content.startswith(
        b"\xef\xbb\xbfparameter,meaning,unit,baseline,file_low,file_high,low,likely,high,by_whom,when,note\r\n"
    )
    assert len(list(csv.reader(content.decode().splitlines()))) == 5
    assert simulate(monkeypatch, "elicit", str(SMALL)) == 2
    assert "exists already and is not overwritten" in capsys.readouterr().err
    assert sheet.read_bytes() == content


def test_a_comparison_is_printed_and_written(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "one.csv").write_text("parameter;low;likely;high;by_whom\nspeed;0,3;0,4;0,6;Ana\n")
    (here / "two.csv").write_text("parameter,low,likely,high,by_whom\nspeed,0.5,0.6,0.8,Ben\n")
    given = [str(SMALL), "one.csv", "two.csv", "--with", "speed=0.4", "--format", "json"]
    assert simulate(monkeypatch, "compare", *given) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= WIDTH
    assert re.search(r"(?s)WHAT THE SHEETS SAY.*speed +0.300 - 0.400 - 0.600 +0.500 - 0.600 - 0.800 +20%", printed)
    (folder,) = (here / "results" / "small").iterdir()
    assert folder.name.startswith("compare-")
    assert (folder / "tables.txt").read_text() == printed
    sides = json.loads((folder / "sides.json").read_text())
    assert [(side["side"], side["overrides"], side["sheet"]) for side in sides] == [
        *(("A", "", ""), ("B", "speed=0.4", "one.csv"), ("C", "speed=0.6", "two.csv"), ("D", "speed=0.4", ""))
    ]
    said = json.loads((folder / "outcomes_compared.json").read_text())
    values = {(row["selection"], row["subject"], row["quantity"], row["side"]): row["value"] for row in said}
    for selection, subject, quantity, side in values:
        if side == "B":  # the same numbers, whether they came from a sheet or from the command line
            assert values[selection, subject, quantity, "D"] == values[selection, subject, quantity, "B"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["kind"], [side["side"] for side in manifest["sides"]]) == ("compare", ["A", "B", "C", "D"])
    assert {"sheets.json", "scenario.D.resolved.yaml"} <= {path.name for path in folder.iterdir()}


#: Arguments, and what the message says.
REFUSED: dict[str, tuple[list[str], str]] = {
    "one side": (["compare", str(SMALL)], "1 to compare: two are needed"),
    "a decimal comma": (
        ["compare", str(SMALL), "--with", "speed=0,5"],
        r"--with speed=0,5: NAME=VALUE .*needed\n +write it with a point",
    ),
    "no number": (["compare", str(SMALL), "--with", "speed=fast"], r"--with speed=fast: NAME=VALUE"),
    "a value twice": (["compare", str(SMALL), "--with", "speed=0.3,speed=0.4"], "'speed' is given twice"),
    "an unknown parameter": (
        ["compare", str(SMALL), "--with", "sped=0.3,stakes=4"],
        r"--with sped=0.3: there is no parameter 'sped'\n.*'speed'(.|\n)*--with stakes=4: there is no parameter",
    ),
    "an impossible value": (["compare", str(SMALL), "--with", "speed=2"], r"outside \[0, 1\]"),
    "no such thing": (["compare", str(SMALL), "nothing"], "nothing"),
    "no folder of a run": (["reproduce", "."], "no manifest.json"),
    "no such folder": (["reproduce", "nowhere"], "there is no such folder"),
    "a faulty scenario": (["elicit", "nothing.yaml"], r"nothing\.yaml"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_wrong_use_is_one_message_with_a_remedy(
    kind: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, message = REFUSED[kind]
    assert simulate(monkeypatch, *arguments) == 2
    told = capsys.readouterr()
    assert re.search(message, told.err), told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert list(here.iterdir()) == []
