"""`simulate export`: a file for Gambit or none, and a message that says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leverage import compile_game, load_scenario
from leverage.exchange.efg_files import count_ends
from leverage.exchange.nfg_files import read_nfg
from tests.command_line import simulate, start

ROOT = Path(__file__).parents[2]
WITHDRAWAL = ROOT / "scenarios" / "withdrawal.yaml"
USAGE = 2


def test_the_start_is_written_to_standard_output() -> None:
    done = start("export", str(WITHDRAWAL), "--to", "nfg", "-p", "power_patience=0.9", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    game = compile_game(load_scenario(WITHDRAWAL, {"power_patience": 0.9}))
    found = read_nfg(done.stdout)
    assert np.array_equal(found.payoffs, game.stage_payoffs(game.start))
    assert (found.players, found.actions) == (game.players, game.actions[game.start])


def test_a_state_is_written_to_a_new_file_only(tmp_path: Path) -> None:
    path = tmp_path / "opened.nfg"
    options = ("--to", "nfg", "--state", "talks is opened and deployment is light", "--out", str(path))
    done = simulate("export", str(WITHDRAWAL), *options, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = read_nfg(path)
    assert "talks opened" in found.title
    assert "deployment light" in found.title
    before = path.read_bytes()
    again = simulate("export", str(WITHDRAWAL), *options, cwd=ROOT)
    assert again.returncode == USAGE
    assert "exists already" in again.stderr
    assert path.read_bytes() == before


def test_a_tree_starts_where_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "tree.efg"
    options = ("--to", "efg", "--periods", "2", "--state", "talks is stalled", "--out", str(path))
    done = simulate("export", str(WITHDRAWAL), *options, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    text = path.read_text(encoding="utf-8")
    assert text.startswith('EFG 2 R "2 periods from state ')
    assert "talks stalled" in text.splitlines()[0]
    game = compile_game(load_scenario(WITHDRAWAL))
    assert text.count('\nt "') != count_ends(game, 2)[-1]  # the start has other actions


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--to", "efg"), "--periods"),
        (("--to", "nfg", "--periods", "2"), "--periods"),
        (("--to", "efg", "--periods", "0"), "--periods"),
        (("--to", "xml"), "--to"),
        ((), "--to"),
        (("--to", "efg", "--periods", "30"), "ends of play; at most 100,000 are written: take 3 periods or fewer"),
        (("--to", "nfg", "--state", "talks is finished"), "no level of talks called 'finished'"),
        (("--to", "nfg", "--variant", "none such"), "none such"),
        (("--to", "nfg", "--out", "no/such/folder/x.nfg"), "cannot be written"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_written_is_said(options: tuple[str, ...], message: str) -> None:
    done = simulate("export", str(WITHDRAWAL), *options, cwd=ROOT)
    assert done.returncode == USAGE
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr
