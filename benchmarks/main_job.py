"""How long a user waits: --help, the first main job after an install, and the next ones.

    python benchmarks/main_job.py

The first run is measured with Python's compiled files removed from a copy of the package, as after an install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def seconds(arguments: list[str], package: Path) -> float:
    """Wall time of one call of the command."""
    environment = {**os.environ, "PYTHONPATH": str(package)}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "leverage", *arguments], check=True, capture_output=True, env=environment, cwd=package)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        package = Path(name)
        shutil.copytree(ROOT / "leverage", package / "leverage", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "scenarios", package / "scenarios")
        job = ["scenarios/withdrawal.yaml", "-q"]
        print(f"first main job {seconds(job, package):6.2f} s")
        print(f"next ones      {min(seconds(job, package) for _ in range(3)):6.2f} s (best of 3)")
        print(f"--help         {min(seconds(['--help'], package) for _ in range(5)):6.2f} s (best of 5)")


if __name__ == "__main__":
    main()
