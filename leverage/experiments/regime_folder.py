"""What is made of a map when all its points are there: tables, page, and last the manifest."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd

from leverage.experiments.part import NOT_SOLVED, PARTLY, STATUS
from leverage.experiments.regime_map import SolvedMap
from leverage.experiments.regime_page import map_text
from leverage.experiments.regime_tables import MapTables, map_tables
from leverage.experiments.store import SweepFolder
from leverage.output.files import MANIFEST, file_hash, resolved_yaml, run_identifier, stamp, table_bytes

#: Adds what is made from the tables to the folder.
Draw = Callable[[MapTables], None]


def finish_map(solved: SolvedMap, folder: SweepFolder, seconds: float, draw: Draw) -> str:
    """Write the tables, the page, the resolved scenario, what `draw` makes of the tables, and last the manifest.

    Returns the page. Raises OutputError.
    """
    tables = map_tables(solved)
    text = map_text(solved.asked, tables)
    frames = frames_of(tables)
    for name, frame in frames.items():
        folder.put(folder.path / f"{name}.csv", table_bytes(frame, "csv"))
    folder.put(folder.path / "tables.txt", f"{text}\n".encode())
    folder.put(folder.path / "scenario.resolved.yaml", resolved_yaml(solved.asked.scenario).encode())
    draw(tables)
    manifest = {
        "kind": "regimes",
        "run": run_identifier(solved.asked.scenario),
        "options": solved.asked.options,
        "files": {f"{name}.csv": file_hash(folder.path / f"{name}.csv") for name in frames},
        **solved.asked.statement,
        "points": len(tables.points),
        "failed": int(tables.points[STATUS].isin([PARTLY, NOT_SOLVED]).sum()),
        **stamp(seconds),
    }
    folder.put(folder.path / MANIFEST, f"{json.dumps(manifest, indent=2)}\n".encode())
    return text


def frames_of(tables: MapTables) -> dict[str, pd.DataFrame]:
    """The tables by the names of their files."""
    return {"regimes": tables.points, "cells": tables.cells, "shares": tables.shares, "borders": tables.borders}
