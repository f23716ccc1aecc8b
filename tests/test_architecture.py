"""Modules import from rooms that come earlier in the chain from file to report, never later; the package itself is lazy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import leverage

PACKAGE = Path(leverage.__file__).parent
#: Room -> the rooms that it may import from. `errors` may be imported from anywhere; the package root only gives names to the
#: world.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "scenario": frozenset(),
    "game": frozenset({"scenario"}),
    "exchange": frozenset({"game"}),
    "certification": frozenset({"game"}),
    "solvers": frozenset({"scenario", "game", "certification"}),
    "analysis": frozenset({"scenario", "game", "certification", "solvers"}),
    "points": frozenset({"scenario", "game", "certification", "solvers", "analysis"}),
    "stress": frozenset({"scenario", "game", "certification", "solvers", "analysis", "points"}),
    "output": frozenset({"scenario", "game", "certification", "solvers", "analysis", "points", "stress"}),
    "figures": frozenset({"scenario", "output"}),
    "loading": frozenset({"scenario", "game"}),
    "writing": frozenset({"scenario", "analysis", "stress", "output", "loading"}),
    "sheets": frozenset({"scenario", "game"}),
    "experiments": frozenset(
        {"scenario", "game", "certification", "solvers", "analysis", "points", "stress", "output", "loading", "writing", "sheets"}
    ),
    "comparison": frozenset({"scenario", "game", "analysis", "output", "loading", "writing", "sheets", "experiments"}),
    "report": frozenset({"scenario", "analysis", "stress", "output", "figures", "writing", "experiments"}),
}
#: Modules on top, which see every room.
TOP = frozenset(
    {
        *("__init__", "__main__", "pipeline", "cli"),
        *(
            "command_parts",
            "claim_commands",
            "explain_commands",
            "markov_commands",
            "writing_commands",
            "regime_commands",
            "report_commands",
            "sweep_commands",
        ),
        *("compare_commands", "comparison_study", "reruns"),
        *("studies", "stress_studies", "explanation_study"),
    }
)
#: What importing the package alone must not load: it would slow the command line's first answer.
HEAVY = ("numpy", "scipy", "pandas", "nashpy", "pydantic", "ruamel.yaml", "typer", "rich", "matplotlib")


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(module: Path) -> set[str]:
    """Rooms of this package that a module imports from, wherever the import stands in it."""
    names: list[str] = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import hides its direction"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    inside = [name.split(".") for name in names if name.split(".")[0] == "leverage"]
    return {parts[1] if len(parts) > 1 else "__init__" for parts in inside}


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(module: Path) -> None:
    room = room_of(module)
    if room in TOP:
        return
    allowed = MAY_IMPORT[room] | {room, "errors"}
    assert imported_rooms(module) - allowed - ({"__version__"} if room == "output" else set()) == set()


def test_every_room_of_the_package_has_its_place() -> None:
    assert {room_of(module) for module in MODULES} <= MAY_IMPORT.keys() | TOP


def test_the_allowed_imports_have_no_cycle() -> None:
    order = list(MAY_IMPORT)
    for room, allowed in MAY_IMPORT.items():
        assert all(order.index(other) < order.index(room) for other in allowed)


def test_the_checker_sees_the_game_only() -> None:
    assert MAY_IMPORT["certification"] == {"game"}
    for module in (PACKAGE / "certification").glob("*.py"):
        assert imported_rooms(module) <= {"certification", "game", "errors"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = f"import sys, leverage; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_public_names_are_found_where_they_are_said_to_be() -> None:
    for name in leverage.__all__:
        assert getattr(leverage, name).__name__ == name


def test_no_public_name_is_also_a_module() -> None:
    """Importing a module sets an attribute of the package: it would hide the function of that name."""
    assert not {room_of(module) for module in MODULES} & set(leverage.__all__)
