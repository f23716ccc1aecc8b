"""How kernels are compiled: what is cheap to compile, and that the second process compiles what the first would."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from leverage.solvers import kernel_compilation, kernel_kinds

SOLVERS = Path(kernel_kinds.__file__).parent
KINDS = {name for name, made in vars(kernel_kinds).items() if callable(made) and made.__module__.startswith("numba.core.deco")}

#: Compiles as the second process does, then as the first one does, into an empty cache; says what the first one still compiled.
BOTH = """
from numba.core import event
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.kernel_compilation import compile_path_parts
from leverage.solvers.markov_perfect import markov_perfect

compile_path_parts()
class Listener(event.Listener):
    def on_start(self, event):
        print(event.data["dispatcher"].py_func.__name__)
    def on_end(self, event):
        pass
event.register("numba:compile", Listener())
pennies = [[[2.0, -2.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]]
markov_perfect(StochasticGame.from_arrays([pennies], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.9))
"""


def kernels(source: str) -> Iterator[ast.FunctionDef]:
    """The functions that are compiled."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and {each.id for each in node.decorator_list if isinstance(each, ast.Name)} & KINDS:
            yield node


def costly(kernel: ast.FunctionDef) -> list[int]:
    """Lines that assign to a slice, or a tuple to one place: they bring a check of shapes whose message costs seconds."""
    found = []
    for node in ast.walk(kernel):
        for target in node.targets if isinstance(node, ast.Assign) else []:
            for place in target.elts if isinstance(target, ast.Tuple) else [target]:
                sliced = isinstance(place, ast.Subscript) and any(isinstance(part, ast.Slice) for part in ast.walk(place.slice))
                row = isinstance(target, ast.Subscript) and isinstance(node.value, ast.Tuple)
                if sliced or row:
                    found.append(node.lineno)
    return found


def test_costly_assignments_are_seen() -> None:
    source = "@lean\ndef f(a, b):\n    a[:2] = b\n    a[0] = 1.0, 2.0\n    a[0], a[1] = 1.0, 2.0\n    c = a[:2]\n"
    assert [costly(kernel) for kernel in kernels(source)] == [[3, 4]]


def test_no_kernel_has_one() -> None:
    files = {path.name: list(kernels(path.read_text(encoding="utf-8"))) for path in SOLVERS.glob("*.py")}
    assert sum(map(len, files.values())) > 60
    assert {(name, line) for name, own in files.items() for kernel in own for line in costly(kernel)} == set()


def test_the_second_process_takes_the_package_of_the_first_wherever_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leverage").mkdir()
    (tmp_path / "leverage" / "__init__.py").write_text("raise SystemExit(3)\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    started: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(kernel_compilation, "_started", started)
    kernel_compilation.compile_beside()
    assert started[0].wait() == 0


@pytest.mark.slow
def test_the_second_process_compiles_parts_of_the_walk_as_the_first_would(tmp_path: Path) -> None:
    # machine code need not be quick here: what is compiled, and for which arguments, does not depend on it
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_OPT": "0"}
    run = subprocess.run([sys.executable, "-c", BOTH], env=env, capture_output=True, text=True, check=True)
    names = run.stdout.split()
    assert "walk" in names
    parts = (
        "factor_sparse factors_again assemble factor_dense solve_dense solve_sparse departures move speed settled_support gain"
    )
    assert not set(names) & set(parts.split())
