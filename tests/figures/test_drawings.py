"""Files of figures: the same bytes for the same tables, no clock, a text alternative, identifiers that do not clash."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from leverage.errors import OutputError
from leverage.figures.drawing import Drawing, drawing_name, save
from leverage.figures.style import look
from tests.figures.made_tables import CASES, KINDS

SVG = "{http://www.w3.org/2000/svg}"


def drawn(kind: str, case: str = "two_states") -> Drawing:
    drawing = KINDS[kind][0](CASES[case])
    assert drawing is not None
    return drawing


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_tables_make_the_same_bytes(kind: str, tmp_path: Path) -> None:
    written = []
    for folder in ("one", "two"):
        drawing = drawn(kind)
        for _ in range(2):  # writing must not change what is written
            paths = save(drawing, tmp_path / folder)
            written.append([path.read_bytes() for path in paths])
    assert [path.name for path in paths] == [f"{drawing.name}.svg", f"{drawing.name}.png"]
    assert written[0][1][:8] == b"\x89PNG\r\n\x1a\n"
    assert all(other == written[0] for other in written[1:])


def test_settings_of_the_user_neither_matter_nor_are_lost() -> None:
    plain = drawn("leverage").svg
    with mpl.rc_context(
        {"font.size": 30.0, "axes.grid": False, "lines.linewidth": 9.0, "svg.fonttype": "none", "savefig.bbox": "tight"}
    ):
        before = dict(mpl.rcParams)
        changed = drawn("leverage").svg
        assert dict(mpl.rcParams) == before
    assert changed == plain


@pytest.mark.parametrize("kind", KINDS)
def test_the_svg_is_an_image_with_a_title_and_a_description(kind: str) -> None:
    drawing = drawn(kind)
    root = ElementTree.fromstring(drawing.svg)  # noqa: S314 - our own text
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    texts = [named[name].text for name in root.get("aria-labelledby", "").split()]
    assert texts == [drawing.title, drawing.description]
    assert next(iter(root)).tag == f"{SVG}title"


def test_names_with_signs_of_markup_are_escaped() -> None:
    with look():
        figure = Figure(figsize=(1, 1))
    root = ElementTree.fromstring(Drawing("x", "a < b & c", '"<tag>"', figure).svg)  # noqa: S314 - our own text
    assert [root[0].text, root[1].text] == ["a < b & c", '"<tag>"']


def test_identifiers_of_two_figures_in_a_page_do_not_clash_and_lead_somewhere() -> None:
    pages = [drawn(kind).svg for kind in KINDS]
    known: set[str] = set()
    for page in pages:
        own = re.findall(r'\bid="([^"]+)"', page)
        assert len(own) == len(set(own))
        assert not known & set(own)
        used = set(re.findall(r'href="#([^"]+)"', page)) | set(re.findall(r"url\(#([^)]+)\)", page))
        assert used
        assert used <= set(own)
        known |= set(own)


@pytest.mark.parametrize("kind", KINDS)
def test_files_carry_no_clock_and_no_program(kind: str, tmp_path: Path) -> None:
    vector, raster = save(drawn(kind), tmp_path)
    assert not re.search(r"<dc:(date|creator|title)|\d\d:\d\d:\d\d|Matplotlib v", vector.read_text(encoding="utf-8"))
    assert not re.search(rb"tIME|tEXt|iTXt|zTXt", raster.read_bytes())


def test_a_place_that_cannot_be_written_is_told_with_a_remedy(tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file")
    with pytest.raises(OutputError, match=r"occupied: the figure 'leverage' cannot be written there .*; name another folder"):
        save(drawn("leverage"), occupied)


def test_names_of_drawings_are_names_of_files() -> None:
    assert drawing_name("path", "best reply: A/B", "talks?") == "path-best_reply_A_B-talks"
    assert re.fullmatch(r"[A-Za-z0-9_-]+", drawing_name("path", "¿…?"))
