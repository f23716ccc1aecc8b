"""`simulate table` as a user meets it: text to standard output, files never overwritten, mistakes told with a remedy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from docx import Document
from typer.testing import CliRunner

from leverage.cli import app
from leverage.writing.markdown import markdown_text
from leverage.writing.tables import table_for_writing
from tests.command_line import simulate, start
from tests.writing.folders import SHIPPED, shipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "run"))


def test_text_goes_to_standard_output(tmp_path: Path) -> None:
    done = start("table", str(SHIPPED), "claims", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == markdown_text(table_for_writing(shipped(), "claims")) + "\n"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_told_in_one_message(tmp_path: Path) -> None:
    done = simulate("table", "nowhere", "claims", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "nowhere: there is no such folder\n    'simulate FILE' writes one, results/SCENARIO/RUN or what --out names\n"
    )
    done = simulate("table", str(SHIPPED), "claim", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.endswith("there is no table 'claim'\n    did you mean 'claims'?\n")


def run_command(*arguments: object) -> tuple[int, str]:
    """In this process: exit status and what was told."""
    done = CliRunner().invoke(app, ["table", *map(str, arguments)])
    return done.exit_code, f"{done.output}{done.exception or ''}"


def test_office_files_go_to_the_folder_and_are_never_overwritten(folder: Path) -> None:
    for kind in ("docx", "xlsx"):
        assert run_command(folder, "tipping", "--format", kind)[0] == 0
        file = folder / f"tipping.{kind}"
        before = file.read_bytes()
        status, told = run_command(folder, "tipping", "--format", kind)
        assert status != 0
        assert f"{file} exists already and is not overwritten: choose another --out, or remove it" in told
        assert file.read_bytes() == before
    assert len(Document(str(folder / "tipping.docx")).tables) == 1


def test_the_name_of_the_file_says_the_format(folder: Path) -> None:
    assert run_command(folder, "claims", "--out", folder / "a.tex")[0] == 0
    assert r"\begin{longtable}" in (folder / "a.tex").read_text()
    assert run_command(folder, "claims", "--all", "--out", folder / "b.DOCX")[0] == 0
    assert len(Document(str(folder / "b.DOCX")).tables[0].columns) == 19
    assert run_command(folder, "claims", "--format", "md", "--out", folder / "c.txt")[0] == 0
    assert (folder / "c.txt").read_text().startswith("**")


def test_a_name_that_says_no_format_is_refused_without_one(folder: Path) -> None:
    status, told = run_command(folder, "claims", "--out", folder / "c.pdf")
    assert status == 2
    assert "says no format" in " ".join(told.replace("│", " ").split())
    assert not (folder / "c.pdf").exists()


def test_formats_that_are_none_or_disagree_are_refused(folder: Path) -> None:
    status, told = run_command(folder, "claims", "--format", "pdf")
    assert status == 2
    assert "'pdf' is not one of 'md', 'tex'" in told
    status, told = run_command(folder, "claims", "--format", "md", "--out", folder / "claims.docx")
    assert status == 2
    assert "change one of the two" in " ".join(told.split())
    assert not (folder / "claims.docx").exists()
    status, told = run_command(folder, "claims", "--out", folder / "absent" / "claims.md")
    assert status != 0
    assert "cannot be written: No such file or directory" in told
