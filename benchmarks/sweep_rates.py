"""What points of a sweep cost: points a second of processor time for every table, and hours of a core for a million points.

    python benchmarks/sweep_rates.py
    python benchmarks/sweep_rates.py my.yaml --seconds 60

Points are drawn from the whole plausible box. Each table is computed alone, by one process, for so many seconds of processor time
(20 unless said); compiling is not counted.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from leverage import load_scenario
from leverage.experiments.columns import TABLES
from leverage.experiments.design import Sample
from leverage.experiments.part import Bench
from leverage.experiments.sweep import Sweep

WITHDRAWAL = Path(__file__).parent.parent / "scenarios" / "withdrawal.yaml"
#: Points that are solved together; a part of a large sweep has more.
BLOCK = 4
MILLION = 1_000_000


def rate(sweep: Sweep, seconds: float) -> tuple[float, int]:
    """Points a second of processor time, and how many were solved to find it."""
    bench = Bench(sweep.task)
    bench.solve(0, sweep.design.values(0, BLOCK))  # compiles
    done, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        start = BLOCK + done
        bench.solve(start, sweep.design.values(start, start + BLOCK))
        done += BLOCK
    return done / (time.process_time() - began), done


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", nargs="?", type=Path, default=WITHDRAWAL)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    scenario = load_scenario(asked.scenario)
    ranges = {each.name: (each.low, each.high) for each in scenario.parameters.values() if each.in_doubt}
    design = Sample("sobol", 65_536, 0, ranges)
    print(f"{'table':12}{'points/s':>10}{'h a million':>13}{'measured on':>13}")
    for table in TABLES:
        per_second, points = rate(Sweep(scenario, design, (table,)), asked.seconds)
        print(f"{table:12}{per_second:10.2f}{MILLION / per_second / 3600:13.1f}{points:13,}", flush=True)


if __name__ == "__main__":
    main()
