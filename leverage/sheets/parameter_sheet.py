"""What somebody holds to be plausible: for each parameter of a scenario the lowest, the likeliest and the highest value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from leverage.game.stochastic_game import Floats


@dataclass(frozen=True)
class Judgement:
    """What is said of a parameter: low <= likely <= high, in its unit; what the sheet leaves open is the scenario's.

    given: whether a number is the sheet's own. outside: whether the sheet goes beyond the range that the scenario declares.
    by_whom, when, note: as in the sheet.
    """

    parameter: str
    low: float
    likely: float
    high: float
    given: bool = True
    outside: bool = False
    by_whom: str = ""
    when: str = ""
    note: str = ""

    @property
    def in_doubt(self) -> bool:
        return self.low < self.high


@dataclass(frozen=True, eq=False)
class ParameterSheet:
    """A filled-in sheet: a judgement on every parameter of its scenario, in the order of the scenario.

    source: the file as the user named it.

    >>> sheet = ParameterSheet("ours.csv", (Judgement("speed", 0.0, 0.5, 1.0), Judgement("cost", 3.0, 3.0, 3.0)))
    >>> sheet.names, dict(sheet.likely)
    (('speed',), {'speed': 0.5, 'cost': 3.0})
    >>> sheet.quantiles(np.array([[0.125], [0.5], [0.875]])).ravel().tolist()
    [0.25, 0.5, 0.75]
    """

    source: str
    judgements: tuple[Judgement, ...]

    @property
    def likely(self) -> Mapping[str, float]:
        """The likeliest values of the parameters that the sheet speaks of, as overrides of the scenario."""
        return {each.parameter: each.likely for each in self.judgements if each.given}

    @property
    def in_doubt(self) -> tuple[Judgement, ...]:
        """The parameters that may have several values, sorted by name, so that nothing hangs on the order of a file."""
        return tuple(sorted((each for each in self.judgements if each.in_doubt), key=lambda each: each.parameter))

    @property
    def outside(self) -> tuple[str, ...]:
        """Parameters for which the sheet goes beyond the range that the scenario declares."""
        return tuple(each.parameter for each in self.judgements if each.outside)

    @property
    def by_whom(self) -> tuple[str, ...]:
        """Who filled it in, each once."""
        return tuple(dict.fromkeys(each.by_whom for each in self.judgements if each.by_whom))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters in doubt: the columns of `quantiles`. All others have their likeliest value."""
        return tuple(each.parameter for each in self.in_doubt)

    def quantiles(self, uniform: Floats) -> Floats:
        """Values of the parameters in doubt whose cumulated chance is given, each by a triangular law.

        Parameters
        ----------
        uniform : (P, K) chances in [0, 1]; columns are `names`.

        Returns
        -------
        (P, K) values; each lies in [low, high] of its parameter.

        Raises
        ------
        ValueError : there are not K columns.

        Notes
        -----
        The triangular law has the three numbers as its ends and its mode; it says nothing of dependence between parameters, so
        independent columns give independent values (Kotz and van Dorp 2004, Beyond Beta, chapter 1).
        """
        doubt = self.in_doubt
        if uniform.ndim != 2 or uniform.shape[1] != len(doubt):
            raise ValueError(f"{len(doubt)} columns are needed, one a parameter in doubt; got an array of {uniform.shape}")
        low, likely, high = np.array([(each.low, each.likely, each.high) for each in doubt]).reshape(-1, 3).T
        return triangular_quantiles(uniform, low, likely, high)


def triangular_quantiles(uniform: Floats, low: Floats, likely: Floats, high: Floats) -> Floats:
    """The inverse of the triangular law's cumulated chance; low = likely, likely = high and low = high are laws like others.

    uniform: (P, K) in [0, 1]. low, likely, high: (K,), in this order of size. Returns (P, K).
    """
    width = high - low
    rising = low + np.sqrt(uniform * width * (likely - low))
    falling = high - np.sqrt((1 - uniform) * width * (high - likely))
    return np.clip(np.where(uniform * width < likely - low, rising, falling), low, high)
