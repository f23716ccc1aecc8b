"""The dilemma of tests/data as a scenario with claims of one's own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from leverage import load_scenario, parse_scenario
from leverage.scenario.scenario import Scenario

DILEMMA = Path(__file__).parent / "data" / "dilemma.yaml"


def claim(
    lines: str | Sequence[str], under: str | Sequence[str] = "bargaining point", noting: float | None = None
) -> dict[str, Any]:
    """An entry of `claims`."""
    entry: dict[str, Any] = {"says": "So it is.", "under": under, "holds if": lines}
    return entry if noting is None else {**entry, "worth noting from": noting}


def dilemma(claims: Mapping[str, Mapping[str, Any]] | None = None, overrides: Mapping[str, float] | None = None) -> Scenario:
    """The scenario with these claims; JSON is YAML."""
    if claims is None:
        return load_scenario(DILEMMA, overrides)
    return parse_scenario(f"{DILEMMA.read_text(encoding='utf-8')}claims: {json.dumps(claims)}\n", overrides)
