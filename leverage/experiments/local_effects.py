"""The exact derivatives at the baseline that stand beside sensitivity indices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from threadpoolctl import threadpool_limits

from leverage.analysis.local_sensitivity import Effect, local_sensitivity
from leverage.errors import UnsolvedError
from leverage.experiments.columns import Column
from leverage.points.evaluator import Evaluator


@dataclass(frozen=True)
class LocalEffects:
    """What a small change of each parameter does to the outcomes of the Markov equilibrium at the baseline.

    effects: by the subject, as columns name it, the quantity and the parameter; two where the sides differ. reason: why there
    are none; '' if there are.
    """

    effects: Mapping[tuple[str, str, str], tuple[Effect, ...]] = field(default_factory=dict)
    reason: str = ""

    def of(self, column: Column, parameter: str) -> tuple[Effect, ...]:
        """Those on a column; none where it is no outcome of the Markov equilibrium."""
        return self.effects.get((column.subject, column.quantity, parameter), ()) if is_local(column) else ()


def is_local(column: Column) -> bool:
    """Whether a column is an outcome of the Markov equilibrium, which has derivatives."""
    return column.table == "outcomes" and column.what == "value"


def local_effects(evaluator: Evaluator) -> LocalEffects:
    """The effects at the evaluator's baseline."""
    point = evaluator.at()
    with threadpool_limits(limits=1, user_api="blas"):  # as where points are solved: sums depend on the number of threads
        try:
            solution = point.markov()
        except UnsolvedError as error:
            return LocalEffects(reason=f"no derivatives at the baseline: {error}")
        found = local_sensitivity(evaluator.worlds.without().form, solution)
    if not found.regular:
        return LocalEffects(reason=f"no derivatives at the baseline: {found.reason}")
    keys = {player.name: player.key for player in evaluator.scenario.players}
    effects: dict[tuple[str, str, str], tuple[Effect, ...]] = {}
    for effect in found.effects:
        key = (keys.get(effect.subject, effect.subject), effect.quantity, effect.parameter)
        effects[key] = (*effects.get(key, ()), effect)
    return LocalEffects(effects)
