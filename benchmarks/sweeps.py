"""How fast sweeps are, and how much of that is the solvers' own time: python benchmarks/sweeps.py [rates | workers | memory]

Rates are points a second of processor time in one process, one BLAS thread, kernels warm: the sweep from parameter values to the
bytes of a part, against the solver alone on the same games. The points are a Sobol' sample, over all plausible ranges and over a
tenth of each around the scenario's value. `workers` is elapsed time, which means something on an idle machine only; the share of
the time that workers had a processor is printed beside it, and tells whether the machine was idle. `memory` is the largest size
of the process that hands out points and keeps the parts, in a sweep of 100,000 points from start to manifest.
"""

from __future__ import annotations

import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from leverage.analysis.plays import BEST_REPLY, declared_combinations
from leverage.analysis.point import Point
from leverage.analysis.proved_sets import FINER, TOLERANCE, bounded, run_tolerance
from leverage.experiments.axes import Axis
from leverage.experiments.design import Grid, Sample
from leverage.experiments.finishing import finish_sweep
from leverage.experiments.part import Bench, SolvedPart, StoppedPart, bench_of
from leverage.experiments.store import SweepFolder
from leverage.experiments.sweep import Sweep, open_folder, run_sweep
from leverage.experiments.workers import LocalProcesses, ThisProcess, Workers, cores
from leverage.loading import load_scenario, parse_scenario
from leverage.report.sweep_document import sweep_report
from leverage.scenario.scenario import Scenario
from leverage.solvers.best_reply import answered
from leverage.solvers.declared import judge_plan
from leverage.solvers.kernel_compilation import compile_set_kernels
from leverage.solvers.markov_perfect import markov_perfect

WITHDRAWAL = Path(__file__).parents[1] / "scenarios" / "withdrawal.yaml"

#: Two players, 30 states: what a donor does with its aid while a government and its opposition talk.
AID = """\
language: 1
title: Does aid that follows the talks move a government?
question: Is a donor's aid leverage over a government that drags out its talks with an opposition?
source: Written for this benchmark; every number is a judgement.
period: 1 month
moves: together
payoff unit:
  name: points a month
  zero: the talks broken off for ever without aid
  hundred: a settlement for ever, before what aid costs and brings
players:
  donor: {name: the donor, discount: donor_patience}
  government: {name: the government, discount: government_patience}
state:
  aid: {none: 0, emergency: 0.25, reduced: 0.5, regular: 0.75, full: 1}     # share of what was promised
  talks: {broken_off: 0, stalled: 1, opened: 2, advancing: 3, near_deal: 4, settled: 5}
start: {aid: regular, talks: opened}
actions:
  donor:
    keep: always
    cut: when aid > none
    raise: when aid < full
  government:
    concede: when talks < settled
    stall: always
    repress: when talks < settled
parameters:
  donor_patience: {value: 0.93, range: [0.86, 0.98]}
  government_patience: {value: 0.91, range: [0.84, 0.97]}
  progress: {value: 0.22, range: [0.08, 0.4]}
  decay: {value: 0.17, range: [0.05, 0.3]}
  pace: {value: 0.55, range: [0.2, 0.9]}
  aid_cost: {value: 13.0, range: [4, 25]}
  aid_worth: {value: 31.0, range: [10, 55]}
  concession: {value: 17.0, range: [5, 30]}
  spoils: {value: 23.0, range: [8, 40]}
  outcry: {value: 19.0, range: [5, 35]}
transitions:
  aid:
    - if donor plays cut: {down 1: pace, stays: rest}
    - if donor plays raise: {up 1: pace, stays: rest}
    - otherwise: stays
  talks:
    - if government plays repress: {down 1: 2 * decay, stays: rest}
    - if talks is settled: {down 1: decay / 8, stays: rest}
    - if government plays stall: {down 1: decay, stays: rest}
    - if donor plays cut: {up 1: progress / 2, stays: rest}
    - otherwise: {up 1: progress * (1 + aid) / 2, stays: rest}
payoffs:
  donor:
    gains:
      settlement: 100 when talks is settled
      progress_seen: 4 * talks when talks < settled
    costs:
      outcry: outcry * aid when government plays repress
    holding costs:
      aid: aid_cost * aid
    using costs:
      rupture: aid_cost / 2 when donor plays cut
  government:
    gains:
      settlement: 60 when talks is settled
      aid: aid_worth * sqrt(aid)
      spoils: spoils * (1 - talks / 10) when government plays repress
      time_won: spoils / 2 when government plays stall and talks < settled
    costs:
      concessions: concession when government plays concede
measures:
  dates: [6 months, 12 months, 24 months]
  events:
    settled: talks is settled
    cut_off: aid is none
  counts:
    cuts: donor plays cut
    repression: government plays repress
  averages: {aid: aid}
strategies:
  donor:
    conditional:
      says: Cut after repression, raise while there is progress.
      rules:
        - if talks fell last month: [cut, keep]
        - if talks rose last month: [raise, keep]
        - otherwise: keep
    steady: {says: "Pay whatever happens.", always: keep}
  government:
    cooperate: {says: "Work for a deal.", always: [concede, stall]}
    drag: {says: "Keep talking.", always: stall}
"""

#: One state, where solving costs next to nothing: what is left is the sweep's own work.
TRIVIAL = """\
language: 1
title: Two prisoners
question: Do they keep silent?
players:
  row: {discount: patience}
  column: {discount: patience}
state: {prison: {open: 0}}
start: {prison: open}
parameters:
  patience: {value: 0.6, range: [0.1, 0.9]}
actions:
  row: {silent: always, confess: always}
  column: {silent: always, confess: always}
payoffs:
  row:
    gains:
      both_silent: 3 when row plays silent and column plays silent
      temptation: 5 when row plays confess and column plays silent
      both_confess: 1 when row plays confess and column plays confess
  column:
    gains:
      both_silent: 3 when row plays silent and column plays silent
      temptation: 5 when row plays silent and column plays confess
      both_confess: 1 when row plays confess and column plays confess
"""

#: Points of a rate; those of the sets, which take longest, are fewer.
POINTS = {"outcomes": 256, "strategies": 64, "sets": 4}
#: The larger scenario takes long: so many times fewer of its points.
FEWER = {"aid": 1, "withdrawal": 8}
#: Points on which the sweep's own work is measured, on which workers are compared, and with which memory is.
OVERHEAD_POINTS, WORKER_POINTS, MEMORY_POINTS = 512, 8192, 100_000
#: Share of the plausible range, around the value, of the points near the baseline.
NEAR = 0.1
SEED = 20_260


# --- points and solvers ------------------------------------------------------------------------------------------------


def ranges_of(scenario: Scenario, share: float) -> dict[str, tuple[float, float]]:
    """The plausible ranges, shrunk towards the values."""
    doubtful = [p for p in scenario.parameters.values() if p.in_doubt]
    return {p.name: (p.value + share * (p.low - p.value), p.value + share * (p.high - p.value)) for p in doubtful}


def sample_of(scenario: Scenario, table: str, points: int, share: float) -> Sweep:
    """A sweep over this share of the plausible ranges."""
    return Sweep(scenario, Sample("sobol", points, SEED, ranges_of(scenario, share)), (table,))


def solve_markov(points: Sequence[Point]) -> Callable[[], None]:
    """What is solved for the table of outcomes."""
    games = [point.game() for point in points]

    def solve() -> None:
        for game in games:
            markov_perfect(game)

    return solve


def solve_sets(points: Sequence[Point]) -> Callable[[], None]:
    """What is solved for the table of sets: once more where the gap that is asked for proves nothing."""
    games = [point.game() for point in points]

    def solve() -> None:
        for game in games:
            gap = min(TOLERANCE, run_tolerance(game))
            if math.isinf(bounded(game, gap).gap):
                bounded(game, FINER * gap)

    return solve


def solve_strategies(points: Sequence[Point]) -> Callable[[], None]:
    """What is solved for the table of strategies: verdicts on pairs, best replies to those who are named alone."""
    plans = []
    for point in points:
        own = [tuple(each.name for each in strategies) for strategies in point.scenario.strategies]
        for names in declared_combinations(own):
            plans.append(point.profile(tuple("" if name == BEST_REPLY else name for name in names)))

    def solve() -> None:
        for plan, replier, _ in plans:
            if plan is not None:
                judge_plan(plan) if replier is None else answered(plan, replier)

    return solve


SOLVERS = {"outcomes": solve_markov, "strategies": solve_strategies, "sets": solve_sets}


def points_of(sweep: Sweep) -> list[Point]:
    """All points, nothing solved."""
    evaluator = Bench(sweep.task).evaluator
    values = sweep.design.values(0, sweep.design.size).tolist()
    return [evaluator.at(dict(zip(sweep.design.names, row, strict=True))) for row in values]


def processor_seconds(work: Callable[[], object]) -> float:
    """What the work takes of this process's time on a processor."""
    began = time.process_time()
    work()
    return time.process_time() - began


# --- rates -------------------------------------------------------------------------------------------------------------


def rate(name: str, scenario: Scenario, table: str, share: float) -> None:
    """One line: points a second of the sweep and of the solver alone."""
    points = max(4, POINTS[table] // FEWER[name])
    sweep = sample_of(scenario, table, points, share)
    values = sweep.design.values(0, points)
    Bench(sweep.task).solve(0, values[:1])  # what it solves is not kept for the one that is measured
    bench = Bench(sweep.task)
    solver = processor_seconds(SOLVERS[table](points_of(sweep)))
    solved: list[SolvedPart | StoppedPart] = []
    whole = processor_seconds(lambda: solved.append(bench.solve(0, values)))
    failed = sum(part.failed for part in solved if isinstance(part, SolvedPart))
    where = "all ranges" if share == 1 else f"{share:.0%} of them"
    rates = f"{points / whole:7.1f} a second, solver alone {points / solver:7.1f}: {solver / whole:4.0%}"
    print(f"  {name:10} {table:10} {where:10} {points:4d} points {rates}; {failed} without an answer", flush=True)


def overhead() -> None:
    """Milliseconds a point of a scenario that costs nothing to solve."""
    scenario = parse_scenario(TRIVIAL, {}, "", "two prisoners")
    sweep = sample_of(scenario, "outcomes", OVERHEAD_POINTS, 1.0)
    values = sweep.design.values(0, OVERHEAD_POINTS)
    Bench(sweep.task).solve(0, values[:1])  # what it solves is not kept for the one that is measured
    bench = Bench(sweep.task)
    solver = processor_seconds(solve_markov(points_of(sweep)))
    whole = processor_seconds(lambda: bench.solve(0, values))
    each = 1e3 / OVERHEAD_POINTS
    left = (whole - solver) * each
    print(f"  one state: {whole * each:.2f} ms a point, of which the solver {solver * each:.2f}: overhead {left:.2f}")


def rates() -> None:
    """A line for each scenario, table and sample."""
    print("points a second of processor time, one process")
    compile_set_kernels()
    with threadpool_limits(limits=1, user_api="blas"):
        overhead()
        for name, scenario in (("aid", aid()), ("withdrawal", load_scenario(WITHDRAWAL))):
            for table in POINTS:
                for share in (NEAR, 1.0):
                    rate(name, scenario, table, share)


def aid() -> Scenario:
    """The scenario of 30 states."""
    return parse_scenario(AID, {}, "", "aid")


# --- workers and memory ------------------------------------------------------------------------------------------------


def elapsed(sweep: Sweep, workers: Workers) -> tuple[float, float]:
    """Seconds from start to the last part, and processor seconds of this process and of the workers that ended."""
    with tempfile.TemporaryDirectory() as place:
        folder = SweepFolder(Path(place) / "sweep")
        open_folder(folder, sweep, resume=False)
        began, before = time.monotonic(), _processor_seconds()
        run_sweep(sweep, folder, workers, tell=lambda _: None, heed=lambda: None)
        return time.monotonic() - began, _processor_seconds() - before


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def workers() -> None:
    """Elapsed time of one worker and of two, the starting of processes included."""
    sweep = sample_of(aid(), "outcomes", WORKER_POINTS, NEAR)
    bench_of(sweep.task).solve(0, sweep.design.values(0, 1))
    print(f"{WORKER_POINTS:,} points of the scenario of 30 states, on {cores()} processors")
    seconds, used = {}, {}
    for name, chosen in (("this process", ThisProcess()), ("1 worker", LocalProcesses(1)), ("2 workers", LocalProcesses(2))):
        seconds[name], used[name] = elapsed(sweep, chosen)
        busy = used[name] / seconds[name] / (2 if name == "2 workers" else 1)
        took = f"{seconds[name]:6.1f} s elapsed, {used[name]:6.1f} s of processor time"
        print(f"  {name:12} {took}: each had one {busy:.0%} of the time", flush=True)
    for name in ("this process", "1 worker"):
        whole = f"{seconds[name] / seconds['2 workers']:.2f} times as fast as {name}"
        print(f"  two workers are {whole}; {2 * used[name] / used['2 workers']:.2f} times if each has a processor all the time")


def memory() -> None:
    """The largest size of this process in a sweep that its workers solve."""
    scenario = parse_scenario(TRIVIAL, {}, "", "two prisoners")
    sweep = Sweep(scenario, Grid((Axis("patience", tuple(np.linspace(0.1, 0.9, MEMORY_POINTS))),)))
    with tempfile.TemporaryDirectory() as place:
        folder = SweepFolder(Path(place) / "sweep")
        open_folder(folder, sweep, resume=False)
        before, began = _largest_size(), time.monotonic()
        run_sweep(sweep, folder, LocalProcesses(2), tell=lambda _: None, heed=lambda: None)
        finish_sweep(sweep, folder, 0.0, sweep_report)
        took = time.monotonic() - began
    print(
        f"{MEMORY_POINTS:,} points: the parent took {_largest_size():.0f} MB at most, {before:.0f} before the first; {took:.0f} s"
    )


def _largest_size() -> float:
    """MB, on Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


SECTIONS = {"memory": memory, "rates": rates, "workers": workers}


if __name__ == "__main__":
    for section in sys.argv[1:] or SECTIONS:  # memory comes first: what others took would count as its own
        SECTIONS[section]()
