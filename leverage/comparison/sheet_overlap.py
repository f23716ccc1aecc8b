"""Sheets of several people side by side: where their ranges overlap, and where they have nothing in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leverage.comparison.sides import Side
from leverage.sheets.parameter_sheet import Judgement


@dataclass(frozen=True)
class SheetOverlap:
    """What several sheets say of a parameter that at least one of them speaks of. labels: of their sides.

    >>> wide, narrow = Judgement("cost", 0.0, 5.0, 10.0), Judgement("cost", 8.0, 9.0, 10.0)
    >>> SheetOverlap("cost", "", ("A", "B"), (wide, narrow)).share
    0.2
    """

    parameter: str
    unit: str
    labels: tuple[str, ...]
    judgements: tuple[Judgement, ...]

    @property
    def common(self) -> tuple[float, float] | None:
        """The values that all sheets hold to be possible; None where there are none."""
        low, high = max(each.low for each in self.judgements), min(each.high for each in self.judgements)
        return (low, high) if low <= high else None

    @property
    def touching(self) -> bool:
        """Whether the sheets have one value alone in common, and at least one of them holds others to be possible."""
        return self.share == 0 and self.common is not None

    @property
    def share(self) -> float | None:
        """The width of what is common as a fraction of that from the lowest to the highest value; None where all sheets name the
        same one value."""
        width = max(each.high for each in self.judgements) - min(each.low for each in self.judgements)
        if not width:
            return None
        return (self.common[1] - self.common[0]) / width if self.common else 0.0

    @property
    def agreed(self) -> bool:
        """Whether all sheets have the same three numbers."""
        return len({(each.low, each.likely, each.high) for each in self.judgements}) == 1


def sheet_overlaps(sides: Sequence[Side]) -> tuple[SheetOverlap, ...]:
    """The parameters that a sheet among the sides speaks of, in the order of the scenario; nothing with fewer than two sheets."""
    filled = [(side, side.sheet) for side in sides if side.sheet is not None]
    if len(filled) < 2:
        return ()
    labels = tuple(side.label for side, _ in filled)
    said = [{each.parameter: each for each in sheet.judgements} for _, sheet in filled]
    found = []
    for name in (name for name in said[0] if all(name in own for own in said)):
        judgements = tuple(own[name] for own in said)
        if any(each.given for each in judgements):
            found.append(SheetOverlap(name, filled[0][0].scenario.parameters[name].unit, labels, judgements))
    return tuple(found)
