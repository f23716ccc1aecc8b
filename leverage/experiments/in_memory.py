"""A sweep for a notebook: the points of a grid as one pandas frame, nothing written."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow.parquet as pq

from leverage.analysis.proved_sets import TOLERANCE
from leverage.experiments.axes import Axis
from leverage.experiments.columns import TABLES
from leverage.experiments.design import grid_of
from leverage.experiments.part import SolvedPart, bench_of
from leverage.experiments.store import parts_of
from leverage.experiments.sweep import Sweep
from leverage.scenario.parsing import nearest
from leverage.scenario.scenario import Scenario


def sweep(
    scenario: Scenario,
    over: Mapping[str, Sequence[float]],
    *,
    together: bool = False,
    tables: Sequence[str] = ("outcomes",),
    tolerance: float = TOLERANCE,
) -> pd.DataFrame:
    """Solve a scenario at every combination of some values of its parameters.

    Use it for what fits into a notebook; `simulate sweep` keeps what is finished, uses all cores, and draws samples.

    Parameters
    ----------
    scenario : from `load_scenario`.
    over : parameter -> values, in the unit of the parameter; the last one turns fastest.
    together : take the first values of all, then the second ones, instead of combining them.
    tables : what is computed: 'outcomes' (of the selected Markov equilibrium), 'strategies', 'sets', 'leverage', 'claims'.
    tolerance : gap asked of equilibrium sets, a fraction of the payoff range; > 0.

    Returns
    -------
    One row a point: `point`, every parameter, `status`, `reason`, then the answers; see docs/sweeps.md. A cell without an answer
    is missing, and `reason` says why.

    Raises
    ------
    ValueError : an unknown parameter or table, or a parameter without values. ScenarioError : values that make no game.

    Examples
    --------
    >>> from leverage import parse_scenario
    >>> scenario = parse_scenario('''
    ... language: 1
    ... title: A gift
    ... question: Is it given?
    ... players: {one: {discount: 0.5}}
    ... state: {x: [only]}
    ... start: {x: only}
    ... parameters: {thanks: {value: 1, range: [0, 2]}}
    ... actions: {one: {give: always, keep: always}}
    ... payoffs: {one: {gains: {thanks: thanks when one plays give, kept: 1 when one plays keep}}}
    ... ''')
    >>> sweep(scenario, {"thanks": [0.5, 2]})["Markov perfect: one: payoff"].tolist()
    [1.0, 2.0]
    """
    for name in over:
        if name not in scenario.parameters:
            raise ValueError(f"there is no parameter '{name}'; {nearest(name, scenario.parameters)}")
    for table in tables:
        if table not in TABLES:
            raise ValueError(f"there is no table '{table}'; {nearest(table, TABLES)}")
    if not over or not all(len(values) for values in over.values()):
        raise ValueError("every parameter that varies needs at least one value")
    axes = [Axis(name, tuple(map(float, values))) for name, values in over.items()]
    asked = Sweep(scenario, grid_of(axes, together=together), tuple(name for name in TABLES if name in tables), tolerance)
    bench = bench_of(asked.task)
    solved = (bench.solve(part.start, asked.values_of(part)) for part in parts_of(asked.design.size))
    frames = [pq.read_table(io.BytesIO(part.content)).to_pandas() for part in solved if isinstance(part, SolvedPart)]
    found: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return found
