"""From a path to text: what a file must be before anything in it is looked at."""

from __future__ import annotations

import codecs
import difflib
import os
from pathlib import Path
from typing import NoReturn

from leverage.errors import Fault, ScenarioError
from leverage.scenario.reading.phrases import SAVE_AS_TEXT

MAX_BYTES = 1_000_000  # a large scenario has some 20,000

_SAVE_AS_UTF8 = "Save the file again as UTF-8 (Windows Notepad: Save as, Encoding: UTF-8)."
_UTF32 = ("The file is saved in UTF-32, not in UTF-8.", _SAVE_AS_UTF8)
_UTF16 = ("The file is saved in UTF-16, not in UTF-8.", _SAVE_AS_UTF8)
_OTHER_FORMATS = {  # UTF-32 first: its mark begins with that of UTF-16
    b"\xff\xfe\x00\x00": _UTF32,
    b"\x00\x00\xfe\xff": _UTF32,
    b"\xff\xfe": _UTF16,
    b"\xfe\xff": _UTF16,
    b"PK\x03\x04": ("This is a Word, Excel or zip file, not a scenario.", SAVE_AS_TEXT),
    b"\xd0\xcf\x11\xe0": ("This is an old Word or Excel file, not a scenario.", SAVE_AS_TEXT),
    b"%PDF": ("This is a PDF file, not a scenario.", SAVE_AS_TEXT),
    b"{\\rtf": ("This is an RTF file, not a scenario.", SAVE_AS_TEXT),
}


def read_text(path: Path) -> str:
    """The text of the file.

    Raises:
        ScenarioError: it cannot be read, is too large, or is no text in UTF-8.
    """
    data = _bytes(path)
    _refuse_other_formats(data, str(path))
    return _decoded(data, str(path))


def refuse_too_large(size: int, source: str) -> None:
    """Raise ScenarioError for more than MAX_BYTES."""
    if size > MAX_BYTES:
        message = f"The file has {size:,} bytes; the limit is {MAX_BYTES:,}."
        _refuse(source, message, "A scenario is some pages of text. Is this the right file? Data belong elsewhere.")


def _refuse(source: str, message: str, remedy: str) -> NoReturn:
    raise ScenarioError(source, [Fault(0, 0, message, remedy)])


def _bytes(path: Path) -> bytes:
    source = str(path)
    try:
        if path.exists() and not path.is_file() and not path.is_dir():  # a pipe would keep the reader waiting for ever
            _refuse(source, "This is no ordinary file but a pipe or a device.", "Save the scenario as a file.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # enough to see that it is too large, whatever its size
            refuse_too_large(max(len(data), os.fstat(file.fileno()).st_size), source)
            return data
    except FileNotFoundError:
        _refuse(source, "There is no file of this name.", _other_names(path))
    except (OSError, ValueError) as error:
        if path.is_dir():  # systems differ in how they refuse to open a folder
            _refuse(source, "This is a folder, not a scenario file.", "Name one file in it, such as scenarios/withdrawal.yaml.")
        if isinstance(error, PermissionError):
            _refuse(source, "The file may not be read with your permissions.", "Ask its owner, or read a copy of your own.")
        reason = getattr(error, "strerror", None) or str(error)
        _refuse(source, f"The file cannot be read: {reason}.", "Check the path and the disk.")


def _other_names(path: Path) -> str:
    """The nearest names in the folder, or the folder in which the file was sought."""
    try:
        names = sorted(name for name in os.listdir(path.parent) if name.endswith((".yaml", ".yml")))  # noqa: PTH208
    except (OSError, ValueError):
        return f"The folder {path.parent} does not exist either; check the path."
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    if near:
        return "Was it " + " or ".join(str(path.parent / name) for name in near) + "?"
    return f"Looked in the folder {path.parent.absolute()}; check the name, its ending and the folder."


def _refuse_other_formats(data: bytes, source: str) -> None:
    for mark, (message, remedy) in _OTHER_FORMATS.items():
        if data.startswith(mark):
            _refuse(source, message, remedy)
    if b"\0" not in data:
        return
    # Latin text in UTF-16 has a zero in every second byte.
    if max(data[0::2].count(0), data[1::2].count(0)) > 0.4 * len(data) / 2:
        _refuse(source, "The file seems to be saved in UTF-16, not in UTF-8.", _SAVE_AS_UTF8)
    place = data.index(0)
    line = data.count(b"\n", 0, place) + 1
    _refuse(source, f"The file is binary: byte {place + 1:,}, in line {line}, is zero, which no text has.", SAVE_AS_TEXT)


def _decoded(data: bytes, source: str) -> str:
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        place = error.start
    start = body.rfind(b"\n", 0, place) + 1
    shown = body[start:].split(b"\n", 1)[0].decode("cp1252", "replace").rstrip("\r")
    line, column = body.count(b"\n", 0, place) + 1, len(body[start:place].decode("utf-8")) + 1
    number, letter = place + 1 + len(data) - len(body), body[place : place + 1].decode("cp1252", "replace")
    message = f"Byte {number:,} (hexadecimal {body[place]:02x}) is no UTF-8; in the old Windows encoding it would be '{letter}'."
    raise ScenarioError(source, [Fault(line, column, message, _SAVE_AS_UTF8, shown)])
