"""Two small sweeps, solved once for all tests of a process: a grid with a point without an answer, and a sample with indices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import simulate

#: A title, a unit and a sentence that would do harm as markup, or as a string of a program.
HARM = "</script><script>alert(1)</script> <b>\"'&amp; ../../etc"
LEAVING = Path(__file__).parent.parent / "data" / "leaving.yaml"
#: Stops of the grid: unequally spaced, out of order; no chance as small as one of them can be computed with.
LEAVE, TOLL = (0.5, 1e-17, 0.05, 0.2), (-1.0, 1.0, 4.0)


def swept(place: Path, *options: str) -> Path:
    """The folder of a sweep of a scenario with harmful texts, which lies beside it."""
    text = LEAVING.read_text(encoding="utf-8")
    for plain, name in (("Leaving by chance", "title: "), ("points}", "unit: "), ("Pushing pays.", "says: ")):
        assert text.count(f"{name}{plain}") == 1
        harmful = json.dumps(HARM) + ("}" if plain.endswith("}") else "")
        text = text.replace(f"{name}{plain}", f"{name}{harmful}")
    file = place / "leaving.yaml"
    file.write_text(text, encoding="utf-8")
    done = simulate("sweep", file.name, *options, "--jobs", "1", "--out", "swept", cwd=place)
    assert done.returncode in (0, 3), done.stderr
    return place / "swept"


@pytest.fixture(scope="session")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve points; the one with the smallest chance and a toll below 0 has no answer. The gap is so wide that bounds show."""
    over = ("--over", f"leave={','.join(map(str, LEAVE))}", "--over", f"toll={','.join(map(str, TOLL))}")
    return swept(tmp_path_factory.mktemp("grid"), *over, "--tables", "outcomes,sets,claims", "--tolerance", "0.05")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """32 blocks of 5 points, as many as indices need."""
    return swept(tmp_path_factory.mktemp("sample"), "--sample", "saltelli:32", "--seed", "3", "--tables", "outcomes,claims")
