"""The browser's checks tell a good page from a bad one: each finds what was planted, and nothing on the page without it."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.report.browser import NEEDED, OpenedPage

Opener = Callable[[Path], OpenedPage]

GOOD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A good page</title>
<link rel="icon" href="data:,">
<style>
body { margin: 1rem; color: #111; background: #fff; } .wide { overflow-x: auto; }
@page { size: A4; } @media print { .sheet { break-before: page; } }
</style></head>
<body><main><h1>A good page</h1><p>Words. <a href="#end">To the end</a></p>
<div class="wide" tabindex="0" role="region" aria-label="Numbers"><div style="width: 2000px">wide, and scrolls</div></div>
<img alt="a dot" src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==">
<section class="sheet"><h2 id="end">End</h2><button id="last">Last</button></section></main></body></html>
"""


@pytest.fixture
def page(tmp_path: Path, open_page: Opener) -> Callable[[str], OpenedPage]:
    """Opens the good page with something put in before its end."""

    def opened(more: str = "", *, instead: str = "</main>") -> OpenedPage:
        path = tmp_path / "a page.html"
        assert GOOD.count(instead) == 1
        path.write_text(GOOD.replace(instead, f"{more}{instead}" if instead == "</main>" else more), encoding="utf-8")
        return open_page(path)

    return opened


Maker = Callable[..., OpenedPage]
WIDTHS = (360, 768, 1280)


def test_a_good_page_has_no_faults(page: Maker) -> None:
    opened = page()
    assert [opened.sticking_out(width) for width in WIDTHS] == [[], [], []]
    assert opened.accessibility_faults() == []
    assert opened.tabs_to("#last") == 3
    assert opened.requests() == []
    assert opened.console_errors() == []


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ('<img alt="x" src="http://tracker.example/x.png">', "http://tracker.example/x.png"),
        ('<script src="https://cdn.example/a.js"></script>', "https://cdn.example/a.js"),
        ('<script>fetch("http://api.example/data").catch(() => 0)</script>', "http://api.example/data"),
        ('<style>@import url("http://fonts.example/f.css");</style>', "http://fonts.example/f.css"),
        ('<iframe title="x" src="http://frame.example/"></iframe>', "http://frame.example/"),
        ('<script>new WebSocket("ws://socket.example/")</script>', "ws://socket.example/"),
        ('<link rel="preconnect" href="http://early.example/">', "http://early.example/"),
    ],
)
def test_requests_are_seen(page: Maker, more: str, asked: str) -> None:
    assert page(more).requests() == [asked]


def test_another_file_is_a_request_too(page: Maker, tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("body { color: #222 }")
    assert page('<link rel="stylesheet" href="style.css">').requests() == [(tmp_path / "style.css").as_uri()]


def test_requests_are_kept_over_a_second_look(page: Maker) -> None:
    opened = page('<button onclick="fetch(\'http://late.example/\').catch(() => 0)" id="b">b</button>')
    assert opened.requests() == []
    opened.driver.find_element("id", "b").click()
    assert opened.requests() == ["http://late.example/"]
    assert opened.requests() == ["http://late.example/"]


@pytest.mark.parametrize(
    ("more", "culprit", "fits"),
    [
        ('<table id="t"><tr><td style="min-width: 700px">x</td></tr></table>', "table#t", (768, 1280)),
        ('<div class="a b" style="width: 1000px">x</div>', "div.a.b", (1280,)),
        ('<style>body { overflow-x: hidden }</style><p id="p" style="width: 1000px">cut off</p>', "p#p", (1280,)),
        ('<svg id="s" width="900" height="10"><title>x</title></svg>', "svg#s", (1280,)),
    ],
)
def test_what_sticks_out_is_seen(page: Maker, more: str, culprit: str, fits: tuple[int, ...]) -> None:
    opened = page(more)
    for width in WIDTHS:
        found = opened.sticking_out(width)
        assert (culprit in found) == (width not in fits)
        assert found == [] or width not in fits


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ('<img src="data:,">', "image-alt"),
        ('<p style="color: #bbb; background: #fff">pale</p>', "color-contrast"),
        ("<button></button>", "button-name"),
        (
            '<div style="height: 40px; overflow: auto">' + "<p>no way to scroll by keys</p>" * 9 + "</div>",
            "scrollable",
        ),
        (
            '<div><a href="#end" style="font-size: 8px">a</a> <a href="#end" style="font-size: 8px">b</a></div>'
            "<style>div a { display: inline-block; height: 8px; line-height: 8px }</style>",
            "target-size",
        ),
    ],
)
def test_what_hinders_readers_is_seen(page: Maker, more: str, rule: str) -> None:
    faults = page(more).accessibility_faults()
    assert len(faults) == 1
    assert faults[0].startswith(rule)


def test_a_page_without_a_language_is_seen(page: Maker) -> None:
    assert [each.split(" ")[0] for each in page("<html>", instead='<html lang="en">').accessibility_faults()] == ["html-has-lang"]


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ("<script>throw new Error('a mistake')</script>", "a mistake"),
        ("<script>console.error('told')</script>", "told"),
        ('<img alt="x" src="http://absent.example/x.png">', "ERR_NAME_NOT_RESOLVED"),
    ],
)
def test_errors_are_seen(page: Maker, more: str, error: str) -> None:
    opened = page(more)
    assert len(opened.console_errors()) == 1
    assert error in opened.console_errors()[0]


def test_the_keyboard_comes_to_what_it_can_and_not_beyond(page: Maker) -> None:
    opened = page('<div id="mouse" onclick="0">only by mouse</div><a href="#x" id="link">by keys</a>')
    assert opened.tabs_to("#link") == 4
    assert opened.tabs_to("a") == 1
    with pytest.raises(LookupError, match="does not come to '#mouse'"):
        opened.tabs_to("#mouse")
    trapped = page('<button id="trap" onblur="setTimeout(() => this.focus())">trap</button><a href="#x" id="after">after</a>')
    with pytest.raises(LookupError, match="does not come to '#never'"):
        trapped.tabs_to("#never", most=12)


def test_print_has_its_sheets_and_their_text(page: Maker) -> None:
    printed = page('<p class="sheet">third sheet</p>').printed()
    assert printed.pdf.startswith(b"%PDF")
    assert len(printed.sheets) == 3
    assert "A good page" in printed.sheets[0]
    assert "third sheet" in printed.sheets[2]


def test_screenshots_show_the_whole_page_at_the_width(page: Maker, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    page('<p style="height: 3000px">tall</p>').screenshot(picture, 360)
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    assert width == 360
    assert height > 3000


@pytest.mark.parametrize(("needed", "outcome"), [("", "1 skipped"), ("1", "1 error")])
def test_a_missing_browser_is_skipped_or_fails(tmp_path: Path, needed: str, outcome: str) -> None:
    """Where there is no chromium on the path."""
    test = tmp_path / "test_page.py"
    test.write_text("from tests.report.browser import browser, open_page\n\ndef test_page(open_page):\n    pass\n")
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT), NEEDED: needed}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--import-mode=importlib", "-rs", str(test)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert outcome in done.stdout
    assert "there is no chromium (Debian: apt-get install chromium chromium-driver)" in done.stdout
