"""nashpy's second opinion: counted, asked here or apart, ended when it hangs, and never part of the answer."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from leverage.solvers import nashpy_worker
from leverage.solvers import second_opinion as module
from leverage.solvers.nashpy_worker import nashpy_equilibria
from leverage.solvers.second_opinion import ask_apart, second_opinion, support_pairs

CHICKEN = np.array([[[0, 0], [7, 2]], [[2, 7], [6, 6]]], dtype=float)
PENNIES = np.array([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], dtype=float)
#: Long enough for Python to start, short for a test.
PATIENCE = 2.0


def test_each_different_game_is_counted_once():
    assert second_opinion([CHICKEN, PENNIES, CHICKEN]) == (
        "nashpy finds 4 of the 4 extreme equilibria of 2 different one-shot games"
    )


def test_equilibria_that_nashpy_misses_are_counted():
    # Equal supports give the two pure ones only; the extreme pair with unequal supports is found here.
    game = np.stack([[[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]], axis=-1)
    proposed = nashpy_equilibria(game[..., 0], game[..., 1])
    found = module.enumerate_stage(game).equilibria
    missed = [pair for pair in found if not any(np.allclose(np.concatenate(pair), np.concatenate(p)) for p in proposed)]
    assert missed
    assert second_opinion([game]).startswith(f"nashpy finds {len(found) - len(missed)} of the {len(found)} ")


@pytest.mark.parametrize("scale", [1e-250, 1e-9, 1e9, 1e250])
def test_units_do_not_matter(scale):
    assert second_opinion([CHICKEN * scale]).startswith("nashpy finds 3 of the 3 ")


def test_games_without_two_players_are_passed_over():
    assert second_opinion([np.zeros((2, 2, 2, 3)), np.zeros((4, 1))]) == ""


@pytest.mark.parametrize(("shape", "pairs"), [((2, 2), 5), ((3, 3), 19), ((2, 3), 9), ((5, 5), 251)])
def test_pairs_of_supports_are_counted(shape, pairs):
    assert support_pairs(np.zeros((*shape, 2))) == pairs


def test_games_that_take_too_long_are_named_not_asked():
    large = np.zeros((15, 15, 2))
    assert second_opinion([large]) == "nashpy was not asked about 1 one-shot games: it would take too long"
    assert second_opinion([large, CHICKEN]) == (
        "nashpy finds 3 of the 3 extreme equilibria of 1 different one-shot games; "
        "nashpy was not asked about 1 larger one-shot games: it would take too long"
    )


def test_a_process_of_its_own_says_the_same(monkeypatch):
    games = [CHICKEN, PENNIES, np.random.default_rng(2).normal(size=(4, 3, 2))]
    here = second_opinion(games)
    asked = []
    monkeypatch.setattr(module, "MAX_PAIRS_HERE", 0)
    monkeypatch.setattr(module, "ask_apart", lambda *given: asked.append(given) or ask_apart(*given))
    assert second_opinion(games) == here
    assert len(asked) == 1


def replaced(monkeypatch, tmp_path, code):
    """Another program in the place of nashpy's, for every game; the file with its process number."""
    pid = tmp_path / "pid"
    program = tmp_path / "program.py"
    program.write_text(f"import os, signal, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\n{code}\n", encoding="utf-8")
    monkeypatch.setattr(nashpy_worker, "__file__", str(program))
    monkeypatch.setattr(module, "MAX_PAIRS_HERE", 0)
    return pid


def is_gone(pid):
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text(encoding="utf-8")), 0)
    return True


posix = pytest.mark.skipif(os.name != "posix", reason="looks at processes as POSIX systems number them")


@posix
def test_what_hangs_is_ended_and_said(monkeypatch, tmp_path):
    pid = replaced(monkeypatch, tmp_path, "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass")
    assert second_opinion([CHICKEN, PENNIES], seconds=PATIENCE) == (
        "nashpy was stopped after 2 s: there is no second opinion on 2 different one-shot games"
    )
    assert is_gone(pid)


@posix
def test_an_interruption_leaves_no_process_behind(monkeypatch, tmp_path):
    pid = replaced(monkeypatch, tmp_path, "os.kill(os.getppid(), signal.SIGINT)\nwhile True: time.sleep(1)")
    with pytest.raises(KeyboardInterrupt):
        second_opinion([CHICKEN], seconds=30 * PATIENCE)
    assert is_gone(pid)


@posix
def test_ctrl_c_does_not_reach_the_other_process(monkeypatch, tmp_path):
    replaced(monkeypatch, tmp_path, "print('[]' if os.getpgrp() == os.getpid() else 'the same group')")
    assert ask_apart([CHICKEN], 30 * PATIENCE) == []


def test_a_failure_is_said(monkeypatch, tmp_path):
    replaced(monkeypatch, tmp_path, "raise SystemExit(3)")
    assert second_opinion([CHICKEN]) == "nashpy failed: there is no second opinion on 1 different one-shot games"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no_such_python"))
    assert second_opinion([CHICKEN]).startswith("nashpy failed")


def test_the_other_process_ends_by_itself():
    with subprocess.Popen([sys.executable, nashpy_worker.__file__, "0.5"], stdin=subprocess.PIPE) as worker:
        assert worker.wait() == 1  # its question never came


def test_the_program_reads_and_writes_json():
    question = json.dumps([[CHICKEN[..., 0].tolist(), CHICKEN[..., 1].tolist()]])
    done = subprocess.run(
        [sys.executable, nashpy_worker.__file__, "60"], input=question, capture_output=True, text=True, check=True
    )
    assert len(json.loads(done.stdout)[0]) == 3
    assert done.stderr == ""
