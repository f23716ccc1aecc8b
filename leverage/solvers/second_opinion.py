"""nashpy's second opinion on one-shot games: which of the equilibria that were found here it finds too.

nashpy is the tool that people know for such games. It is told apart from the answer: nothing that it says changes what is played,
so that neither its rounding, its failures nor its speed do. What it proposes is checked like everything else. How much it is
asked is decided by counts of its work, known beforehand, so that a table says the same on every machine; a time limit ends what
hangs in spite of them, and that is said.

Small questions are answered in this process, as importing numpy and nashpy in a new one costs about a second. Larger ones go to a
process of its own that can be ended at any point (a loop that is looked at between two equilibria cannot). It is a plain child
process, not one of `multiprocessing`: that would run the caller's script again, is not allowed in workers of a pool, and prints
a traceback of its own upon Ctrl-C.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from leverage.game.stochastic_game import Floats
from leverage.solvers import nashpy_worker
from leverage.solvers.stage_game import REGRET_TOLERANCE, Pair, deviation_gains, enumerate_stage

#: Work over all games up to which nashpy is asked within this process, in pairs of supports (7 x 7 actions): under half a second.
MAX_WORK_HERE = 5_000
#: Work over all games up to which nashpy is asked at all (one game of 8 x 8 actions): about two seconds.
MAX_WORK = 15_000
#: Pairs of sets of actions that nashpy passes over, as their sizes differ, in the time that it takes for a pair of supports.
PASSED_OVER = 128
#: Seconds after which a process with nashpy is ended, many times what it needs.
TIME_LIMIT = 30.0
#: Seconds after which such a process ends by itself should the caller be gone.
GRACE = 5.0
#: Two pairs of lotteries that differ by rounding differ by at most this much.
SAME_LOTTERY = 1e-8


def second_opinion(tables: Sequence[Floats], *, seconds: float = TIME_LIMIT) -> str:
    """A sentence on how many extreme equilibria of the different two-player games nashpy finds as well; may be empty.

    Parameters
    ----------
    tables : payoffs (A_1, ..., A_N, N) of each game; those with N other than 2 are passed over, as nashpy has two players.
    seconds : time after which nashpy is stopped where it runs in a process of its own.

    Returns
    -------
    str : what nashpy finds, whether something that it proposes is no equilibrium, for how many games it was not asked, whether
        it was stopped or failed.

    Examples
    --------
    >>> second_opinion([np.array([[[0, 0], [7, 2]], [[2, 7], [6, 6]]])])
    'nashpy finds 3 of the 3 extreme equilibria of 1 different one-shot game'
    """
    games = list({(table.shape, table.tobytes()): table for table in tables if table.shape[-1] == 2}.values())
    asked = _within(games, MAX_WORK)
    skipped = len(games) - len(asked)
    parts = [_comparison(asked, seconds)] if asked else []
    if skipped:
        larger = "larger " if asked else ""
        parts.append(f"nashpy was not asked about {skipped} {larger}one-shot game{_s(skipped)}: it would take too long")
    return "; ".join(parts)


def support_work(table: Floats) -> int:
    """Work of nashpy's support enumeration of one two-player game, in pairs of supports.

    It solves two systems for each pair of supports of equal size, C(A_1 + A_2, A_1) - 1 pairs (Vandermonde), and looks at all
    2^(A_1 + A_2) pairs of sets of actions to find them: with 1 x 40 actions it does not come to an end.
    """
    rows, columns = map(int, table.shape[:2])
    return math.comb(rows + columns, rows) - 1 + (1 << (rows + columns)) // PASSED_OVER


def _within(games: Sequence[Floats], most: int) -> list[Floats]:
    """The games with the least work, as many as stay within the number; the first of equal ones."""
    order = sorted(games, key=support_work)
    total = np.cumsum([min(support_work(table), most + 1) for table in order], dtype=np.int64)
    return order[: int(np.searchsorted(total, most, side="right"))]


def _comparison(games: Sequence[Floats], seconds: float) -> str:
    whom = f"{len(games)} different one-shot game{_s(len(games))}"
    try:
        answers = _asked(games, seconds)
    except subprocess.TimeoutExpired:
        return f"nashpy was stopped after {seconds:g} s: there is no second opinion on {whom}"
    except Exception as error:  # noqa: BLE001 - another package's failure, whatever it is, must not cost the answer
        return f"nashpy failed ({type(error).__name__}): there is no second opinion on {whom}"
    known = [enumerate_stage(table).equilibria for table in games]
    confirmed = sum(_confirmed(own, proposed) for own, proposed in zip(known, answers, strict=True))
    wrong = sum(not _is_equilibrium(table, pair) for table, proposed in zip(games, answers, strict=True) for pair in proposed)
    said = f"nashpy finds {confirmed} of the {sum(map(len, known))} extreme equilibria of {whom}"
    return said + (f", and {wrong} that the checker refuses" if wrong else "")


def _asked(games: Sequence[Floats], seconds: float) -> list[list[Pair]]:
    """nashpy's proposals for each game, from where they are had sooner."""
    if sum(map(support_work, games)) <= MAX_WORK_HERE:
        return [nashpy_worker.nashpy_equilibria(table[..., 0], table[..., 1]) for table in games]
    return ask_apart(games, seconds)


def ask_apart(games: Sequence[Floats], seconds: float) -> list[list[Pair]]:
    """nashpy's proposals for each two-player game, from a process of its own.

    The process is ended after so many seconds, and whatever else happens here (Ctrl-C reaches this process only).

    Raises
    ------
    subprocess.TimeoutExpired : the time was not enough.
    subprocess.CalledProcessError, OSError : the process failed or could not be started.
    ValueError : it said something else.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise OSError("there is no Python to start: the program is frozen or embedded")
    question = json.dumps([[table[..., 0].tolist(), table[..., 1].tolist()] for table in games])
    command = [sys.executable, "-P", nashpy_worker.__file__, str(seconds + GRACE)]
    with subprocess.Popen(  # noqa: S603 - this interpreter and a file of this package
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=os.name == "posix",  # Ctrl-C in a terminal goes to all processes of a session
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same elsewhere
    ) as process:
        try:
            answer, _ = process.communicate(question, timeout=seconds)
        finally:  # subprocess.run does not wait for the end upon Ctrl-C
            process.kill()
            process.wait()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return [[(np.array(x), np.array(y)) for x, y in pairs] for pairs in json.loads(answer)]


def _confirmed(known: Sequence[Pair], proposed: Sequence[Pair]) -> int:
    """How many of the known pairs were proposed."""
    if not proposed:
        return 0
    others = np.array([np.concatenate(pair) for pair in proposed])
    return sum(bool(np.any(np.all(np.abs(others - np.concatenate(pair)) < SAME_LOTTERY, axis=1))) for pair in known)


def _is_equilibrium(table: Floats, pair: Pair) -> bool:
    return bool(np.all(deviation_gains(table, *pair) <= REGRET_TOLERANCE * np.ptp(table, axis=(0, 1))))


def _s(count: int) -> str:
    return "s" * (count != 1)
