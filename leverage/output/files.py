"""A run -> a folder. The folder appears whole, by renaming a temporary one; another run's folder is never touched."""

from __future__ import annotations

import datetime
import errno
import hashlib
import importlib.metadata
import io
import itertools
import json
import math
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from leverage.errors import OutputError
from leverage.output.answer import answer_sentences
from leverage.output.facts import Facts
from leverage.output.heading import setting_sentences
from leverage.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from leverage.output.frames import Run


#: Written last of all: its presence marks a folder whole.
MANIFEST = "manifest.json"
#: What a sweep or a map is of; it lies in the folder from its beginning.
STATEMENT = "sweep.json"

#: The kind of folder that a whole run has; a study's is the name of its command.
RUN = "run"

#: Called with the folder that a run's tables have been written to.
Finish = Callable[[Path], object]


def run_identifier(scenario: Scenario) -> str:
    """A short name of the run's inputs: the variant, and the beginning of a hash of file, overrides and version."""
    digest = hashlib.sha256()
    for part in (scenario.document.text, json.dumps(dict(sorted(scenario.values.items()))), scenario.variant, _version()):
        digest.update(part.encode())
        digest.update(b"\0")
    return f"{scenario.variant or 'baseline'}-{digest.hexdigest()[:6]}"


def default_folder(scenario: Scenario, root: Path, kind: str = "") -> Path:
    """results/<scenario>/<run>, with a number added where another run has that name; `kind` stands before the run's name."""
    return _free_name(preferred_folder(scenario, root, kind))


def preferred_folder(scenario: Scenario, root: Path, kind: str = "") -> Path:
    """The same, whether or not another run has that name."""
    name = f"{kind}-{run_identifier(scenario)}" if kind else run_identifier(scenario)
    return root / Path(scenario.source).stem / name


def names_from(base: Path) -> Iterator[Path]:
    """The name itself, then with 2, 3, ... behind it."""
    yield base
    yield from (base.with_name(f"{base.name}-{count}") for count in itertools.count(2))


def _free_name(base: Path) -> Path:
    return next(folder for folder in names_from(base) if not folder.exists())


def refuse_taken(folder: Path) -> None:
    """Raise OutputError unless the folder is free to be made, and can be: before the work, not after it."""
    _refuse_unwritable(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} exists already and another run is never overwritten: choose another --out, or remove it")


def _refuse_unwritable(folder: Path) -> None:
    """Try it: a folder is made in the nearest one that exists, and taken away."""
    there = next(each for each in (folder.parent, *folder.parent.absolute().parents) if each.exists())
    try:
        Path(tempfile.mkdtemp(prefix=".leverage-", dir=there)).rmdir()
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error


def write_run(
    run: Run,
    text: str,
    folder: Path,
    table_format: str,
    seconds: float,
    *,
    renumber: bool = False,
    finish: Finish | None = None,
) -> Path:
    """Write tables, the printed text, the resolved scenario and last the manifest. Returns the folder.

    renumber: where another run has taken the folder's name in the meantime, a number is added to it. finish: see `write_tables`.
    Raises OutputError if the folder is taken or cannot be written; nothing is left behind then.
    """
    more = {
        "kind": RUN,
        "options": {"horizon": run.horizon},
        "answer": answer_sentences(Facts(run)),
        "setting": setting_sentences(run.scenario),
        "complete": run.complete,
        "unsolved": {each.selection: each.advice for each in run.unsolved},
        "states": run.game.n_states,
        "start": run.game.states[run.game.start],
        "certificates": {play.selection: play.gain for play in run.plays},
        "markov_equilibria": list(run.markov.found.notes),
        "credible_play": run.credible.status if run.credible else "",
        "claims": {judged.claim.name: judged.verdict for judged in run.judged},
        "largest_rounding_error": float(run.outcomes["certificate"].max()),
    }
    return write_tables(
        run.scenario, run_tables(run), more, text, folder, table_format, seconds, renumber=renumber, finish=finish
    )


def run_tables(run: Run) -> dict[str, pd.DataFrame]:
    """The tables of a run's folder by the names of their files."""
    return {
        "parameters": run.parameters,
        "outcomes": run.outcomes,
        "strategies": run.strategies,
        "equilibria": run.equilibria,
        "sensitivity": run.sensitivity,
        "equilibrium_set": run.equilibrium_set,
        "bargaining": run.bargaining,
        "plans": run.plan_rules,
        "leverage": run.leverage,
        "claims": run.claims,
        "tipping": run.tipping,
        "claim_points": run.claim_points,
        "play": run.play,
        "paths": run.paths_by_period,
    }


def write_tables(
    scenario: Scenario,
    tables: Mapping[str, pd.DataFrame],
    more: Mapping[str, Any],
    text: str,
    folder: Path,
    table_format: str,
    seconds: float,
    *,
    renumber: bool = False,
    begun: bool = False,
    finish: Finish | None = None,
) -> Path:
    """The same for any tables, by name. `more` goes into the manifest, beside what every manifest holds.

    begun: the folder is that of this very study, and holds what it has found so far. finish: adds what is made from the tables to
    the folder, before that gets its name.
    """
    if not (renumber or begun):
        refuse_taken(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".leverage-", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        for name, frame in tables.items():
            (draft / f"{name}.{table_format}").write_bytes(table_bytes(frame, table_format))
        _write_text(draft / "tables.txt", f"{text}\n")
        _write_text(draft / "scenario.resolved.yaml", resolved_yaml(scenario))
        hashes = {"files": {path.name: file_hash(path) for path in sorted(draft.iterdir())}}
        _write_text(draft / MANIFEST, json.dumps(_manifest(scenario, {**more, **hashes}, seconds), indent=2) + "\n")
        draft.chmod(0o777 & ~_umask())
        if finish is not None:
            finish(draft)
        return _fill(draft, folder) if begun else _publish(draft, folder, renumber=renumber)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from error
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _publish(draft: Path, folder: Path, *, renumber: bool) -> Path:
    """Give the finished draft its name; an empty folder of that name is replaced, another never."""
    while True:
        target = _free_name(folder) if renumber else folder
        try:
            return draft.rename(target)
        except OSError as error:
            if not renumber or error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise


def _fill(draft: Path, folder: Path) -> Path:
    """Put the finished draft into a folder that has been begun, the manifest last."""
    for path in sorted(draft.iterdir(), key=lambda path: path.name == MANIFEST):
        path.replace(folder / path.name)
    draft.rmdir()
    return folder


def _umask() -> int:
    """The process's umask: mkdtemp makes folders that only their owner can read."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def file_hash(path: Path) -> str:
    """Of a file of a folder, as its manifest tells it, so that what is changed later is noticed."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def table_bytes(frame: pd.DataFrame, table_format: str) -> bytes:
    """The file of a table: csv, json or parquet."""
    if table_format == "csv":
        return str(frame.to_csv(index=False, lineterminator="\n")).encode()
    if table_format == "json":
        rows = [{str(name): _json_cell(cell) for name, cell in row.items()} for row in frame.to_dict("records")]
        return (json.dumps(rows, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False)
    return stream.getvalue()


def _json_cell(cell: Any) -> Any:
    """Every digit of a number; nothing where there is none; JSON has no infinite number, so that its name stands there."""
    value = cell.item() if hasattr(cell, "item") else cell
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def resolved_yaml(scenario: Scenario) -> str:
    """The scenario as it was run: overrides and the variant written into the file's own data."""
    stream = io.StringIO()
    yaml = YAML()
    yaml.width = 120
    yaml.dump(resolved_data(scenario), stream)
    return stream.getvalue()


def resolved_data(scenario: Scenario) -> dict[str, Any]:
    """The data of the resolved file. What a file cannot say where it belongs - a value outside its plausible range, what is
    played in the place of a forbidden action, levels that are replaced - it says as a change of itself."""
    data: dict[str, Any] = json.loads(json.dumps(scenario.document.data))
    for name, value in scenario.overrides.items():
        if scenario.parameters[name].inside:
            data["parameters"][name]["value"] = value
    variables = scenario.vocabulary.variables
    levels = {name: tuple(own)[k] for (name, own), k in zip(variables.items(), scenario.start, strict=True)}
    data["start"] = {name: level for name, level in levels.items() if name in data["state"] or name in data["start"]}
    forbidden = _forbidden(scenario)
    data["actions"] = {
        player: {name: "never" if name in forbidden and not forbidden[name] else legal for name, legal in own.items()}
        for player, own in data["actions"].items()
    }
    kept = {
        "set": {name: value for name, value in scenario.overrides.items() if not scenario.parameters[name].inside},
        "forbid": {name: other for name, other in forbidden.items() if other},
        "replace levels": {
            name: {tuple(own)[k]: tuple(own)[other] for k, other in scenario.replaced_levels[v].items()}
            for v, (name, own) in enumerate(variables.items())
            if v in scenario.replaced_levels
        },
    }
    return {key: value for key, value in data.items() if key not in kept} | {key: each for key, each in kept.items() if each}


def _forbidden(scenario: Scenario) -> dict[str, str | None]:
    """Actions that the file itself and the variant forbid, and what is played in their place."""
    own = scenario.document.data.get("forbid", {})
    earlier: dict[str, str | None] = dict(own) if isinstance(own, dict) else dict.fromkeys(own)
    now = scenario.variants[scenario.variant].change.forbid if scenario.variant else {}
    return {**{name: now.get(other, other) if other else None for name, other in earlier.items()}, **now}


def inputs_of(scenario: Scenario) -> dict[str, Any]:
    """The scenario that was run, as a manifest tells it."""
    return {
        "scenario": Path(scenario.source).name,
        "scenario_sha256": hashlib.sha256(scenario.document.text.encode()).hexdigest(),
        "variant": scenario.variant,
        "overrides": dict(scenario.overrides),
    }


def versions() -> dict[str, str]:
    """Of this program and of the libraries whose numbers it uses."""
    return {name: importlib.metadata.version(name) for name in ("leverage", "numpy", "scipy", "pandas", "nashpy")}


def _manifest(scenario: Scenario, more: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    return {
        "run": run_identifier(scenario),
        **inputs_of(scenario),
        **more,
        "seeds": {},
        "versions": versions(),
        **stamp(seconds),
    }


def stamp(seconds: float) -> dict[str, Any]:
    """When and how fast something was made, and by which Python: what stands in manifests alone."""
    return {
        "python": platform.python_version(),
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
    }


def _version() -> str:
    return importlib.metadata.version("leverage")
