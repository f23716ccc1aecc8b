"""Which findings hang on the grid: a scenario's claims on the file's levels and on those of variants that restate them.

    python benchmarks/grids.py scenarios/withdrawal.yaml three_levels seven_levels --points 128 --seed 0

Prints the verdict and the margin of every claim on each grid, at the file's own values; then, for the claims that need best
replies only, at how many points of a low-discrepancy design of the plausible box they stand on each grid, and at how many
they stand on one of the file's grid and the variant's but not on the other.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from scipy.stats import qmc
from threadpoolctl import threadpool_limits

from leverage import load_scenario
from leverage.analysis.claim_values import questions_of
from leverage.points.evaluator import Evaluator
from leverage.scenario.scenario import Claim, Scenario

#: Verdicts with which a claim stands.
STANDS = ("holds", "barely")


def at_the_files_values(grids: dict[str, Evaluator]) -> pd.DataFrame:
    """One row a claim, one column a grid: verdict and margin."""
    return pd.DataFrame(
        {
            grid: {each.claim.name: f"{each.verdict} {each.margin.value:.3g}" for each in evaluator.judge_all()}
            for grid, evaluator in grids.items()
        }
    )


def needs_replies_only(claim: Claim, scenario: Scenario) -> bool:
    """Whether the claim is cheap."""
    return all(
        kind == "replies" for line in claim.lines for under in claim.under for kind, _, _ in questions_of(line, under, scenario)
    )


def over_the_box(grids: dict[str, Evaluator], count: int, seed: int) -> pd.DataFrame:
    """Shares of a scrambled Sobol' design of the box, one row a cheap claim."""
    base = grids["the file"].scenario
    doubted = [parameter for parameter in base.parameters.values() if parameter.in_doubt]
    low, high = (np.array([getattr(parameter, end) for parameter in doubted]) for end in ("low", "high"))
    design = low + qmc.Sobol(len(doubted), scramble=True, rng=seed).random(count) * (high - low)
    cheap = [k for k, claim in enumerate(base.claims) if needs_replies_only(claim, base)]
    stands = np.zeros((len(grids), count, len(cheap)), dtype=bool)
    for point, row in enumerate(design):
        changes = dict(zip([parameter.name for parameter in doubted], row, strict=True))
        for g, evaluator in enumerate(grids.values()):
            for c, k in enumerate(cheap):
                stands[g, point, c] = evaluator.judge(evaluator.scenario.claims[k], changes).verdict in STANDS
    table = pd.DataFrame(index=[base.claims[k].name for k in cheap])
    for g, grid in enumerate(grids):
        table[f"stands, {grid}"] = stands[g].mean(axis=0)
    for g, grid in list(enumerate(grids))[1:]:
        table[f"differs, {grid}"] = (stands[g] != stands[0]).mean(axis=0)
    return table


def main() -> None:
    """Read the command line, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario")
    parser.add_argument("variants", nargs="+")
    parser.add_argument("--points", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    grids = {name or "the file": Evaluator(load_scenario(given.scenario, variant=name)) for name in ("", *given.variants)}
    with threadpool_limits(limits=1, user_api="blas"):
        print(at_the_files_values(grids).to_string())
        print(
            f"\nover the plausible box, shares of {given.points} points\n",
            over_the_box(grids, given.points, given.seed).round(3).to_string(),
        )


if __name__ == "__main__":
    main()
