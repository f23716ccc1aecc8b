"""nashpy's second opinion: counted, asked here or apart, ended when it hangs, and never part of the answer."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from nashpy.algorithms.support_enumeration import potential_support_pairs

from leverage.game.stochastic_game import StochasticGame
from leverage.solvers import nashpy_worker
from leverage.solvers import second_opinion as module
from leverage.solvers import stage_nash as stage_nash_module
from leverage.solvers.nashpy_worker import nashpy_equilibria
from leverage.solvers.second_opinion import ask_apart, second_opinion, support_work
from leverage.solvers.stage_nash import stage_nash

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


def visits(shape):
    """Pairs of sets that nashpy looks at, and pairs that it solves for: counted by running its own loop."""
    a = np.zeros(shape)
    sets = sum(1 for _ in potential_support_pairs(a, a)) + 2 ** sum(shape) - (2 ** shape[0] - 1) * (2 ** shape[1] - 1)
    return sets, sum(1 for _ in potential_support_pairs(a, a, non_degenerate=True))


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (2, 3), (5, 5), (1, 9), (8, 1)])
def test_work_is_counted_beforehand(shape):
    looked_at, solved = visits(shape)
    assert support_work(np.zeros((*shape, 2))) == solved + looked_at // module.PASSED_OVER


@pytest.mark.parametrize("shape", [(15, 15), (1, 40), (40, 1), (2, 300), (1, 5000)])
def test_games_that_take_too_long_are_named_not_asked(shape):
    # nashpy hangs in 1 x 40 actions: it goes through all subsets of the 40.
    large = np.zeros((*shape, 2))
    assert second_opinion([large]) == "nashpy was not asked about 1 one-shot game: it would take too long"
    assert second_opinion([large, CHICKEN, large + 1]) == (
        "nashpy finds 3 of the 3 extreme equilibria of 1 different one-shot game; "
        "nashpy was not asked about 2 larger one-shot games: it would take too long"
    )


def test_the_games_with_the_least_work_are_asked(monkeypatch):
    games = [np.random.default_rng(n).normal(size=(n, n, 2)) for n in (4, 2, 3)]
    monkeypatch.setattr(module, "MAX_WORK", sum(support_work(game) for game in games[1:]))
    assert " of 2 different one-shot games; nashpy was not asked about 1 larger one-shot game:" in second_opinion(games)


def test_what_nashpy_proposes_is_checked(monkeypatch):
    wrong = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    monkeypatch.setattr(nashpy_worker, "nashpy_equilibria", lambda a, b: [*nashpy_equilibria(a, b), wrong])
    assert second_opinion([CHICKEN]) == (
        "nashpy finds 3 of the 3 extreme equilibria of 1 different one-shot game, and 1 that the checker refuses"
    )


@pytest.mark.parametrize("error", [ImportError, np.linalg.LinAlgError, AttributeError])
def test_a_failure_within_this_process_is_said(monkeypatch, error):
    def fails(a, b):
        raise error("for some reason")

    monkeypatch.setattr(nashpy_worker, "nashpy_equilibria", fails)
    assert second_opinion([CHICKEN, PENNIES]) == (
        f"nashpy failed ({error.__name__}): there is no second opinion on 2 different one-shot games"
    )


def test_an_interruption_within_this_process_is_none_of_nashpys_failures(monkeypatch):
    def stop(a, b):
        raise KeyboardInterrupt

    monkeypatch.setattr(nashpy_worker, "nashpy_equilibria", stop)
    with pytest.raises(KeyboardInterrupt):
        second_opinion([CHICKEN])


def test_a_process_of_its_own_says_the_same(monkeypatch):
    games = [CHICKEN, PENNIES, np.random.default_rng(2).normal(size=(4, 3, 2))]
    here = second_opinion(games)
    asked = []
    monkeypatch.setattr(module, "MAX_WORK_HERE", 0)
    monkeypatch.setattr(module, "ask_apart", lambda *given: asked.append(given) or ask_apart(*given))
    assert second_opinion(games) == here
    assert len(asked) == 1


def replaced(monkeypatch, tmp_path, code):
    """Another program in the place of nashpy's, for every game; the file with its process number."""
    pid = tmp_path / "pid"
    program = tmp_path / "program.py"
    program.write_text(
        f"import os, signal, sys, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\n{code}\n", encoding="utf-8"
    )
    monkeypatch.setattr(nashpy_worker, "__file__", str(program))
    monkeypatch.setattr(module, "MAX_WORK_HERE", 0)
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
    pid = replaced(monkeypatch, tmp_path, "sys.stdin.read()\nos.kill(os.getppid(), signal.SIGINT)\nwhile True: time.sleep(1)")
    # shells start what runs in the background with this signal ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            second_opinion([CHICKEN], seconds=30 * PATIENCE)
    finally:
        signal.signal(signal.SIGINT, before)
    assert is_gone(pid)


@posix
def test_ctrl_c_does_not_reach_the_other_process(monkeypatch, tmp_path):
    replaced(monkeypatch, tmp_path, "print('[]' if os.getpgrp() == os.getpid() else 'the same group')")
    assert ask_apart([CHICKEN], 30 * PATIENCE) == []


def test_a_failure_is_said(monkeypatch, tmp_path):
    replaced(monkeypatch, tmp_path, "raise SystemExit(3)")
    assert second_opinion([CHICKEN]) == (
        "nashpy failed (CalledProcessError): there is no second opinion on 1 different one-shot game"
    )
    replaced(monkeypatch, tmp_path, "print('no JSON')")
    assert second_opinion([CHICKEN]).startswith("nashpy failed (JSONDecodeError)")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no_such_python"))
    assert second_opinion([CHICKEN]).startswith("nashpy failed (FileNotFoundError)")


@pytest.mark.parametrize(("name", "value"), [("executable", None), ("executable", ""), ("frozen", True)])
def test_a_program_without_an_interpreter_does_not_start_itself_again(monkeypatch, name, value):
    monkeypatch.setattr(sys, name, value, raising=False)
    monkeypatch.setattr(module, "MAX_WORK_HERE", 0)
    monkeypatch.setattr(subprocess, "Popen", lambda *given, **more: pytest.fail("something was started"))
    assert second_opinion([CHICKEN]).startswith("nashpy failed (OSError)")


@posix
def test_a_time_limit_changes_the_sentence_and_nothing_else(monkeypatch, tmp_path):
    game = StochasticGame.from_arrays([CHICKEN, PENNIES], np.full((2, 2, 2, 2), 0.5), 0.9)
    whole = stage_nash(game)
    replaced(monkeypatch, tmp_path, "time.sleep(60)")
    monkeypatch.setattr(stage_nash_module, "second_opinion", lambda tables: second_opinion(tables, seconds=0.1))
    ended = stage_nash(game)
    assert ended.status.rpartition("; nashpy finds ")[0] == ""
    assert ended.status.replace(
        "nashpy was stopped after 0.1 s: there is no second opinion on 2 different one-shot games", ""
    ) == (whole.status.replace("nashpy finds 4 of the 4 extreme equilibria of 2 different one-shot games", ""))
    assert (ended.selection, ended.certificate) == (whole.selection, whole.certificate)
    np.testing.assert_array_equal(ended.values, whole.values)
    for own, other in zip(ended.plan.lotteries, whole.plan.lotteries, strict=True):
        np.testing.assert_array_equal(own, other)


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
