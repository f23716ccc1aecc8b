"""The report as people open it: from a file without a network, on a phone, on paper, by keyboard, with a screen reader's eyes."""

from __future__ import annotations

import itertools
import json
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from leverage.report.writing_report import write_report
from leverage.writing.run_folder import RunFolder
from tests.conftest import ROOT
from tests.report.browser import HEIGHT, OpenedPage
from tests.report.test_report import HARM, slider_of

Opener = Callable[[Path], OpenedPage]
WIDTHS = (360, 768, 1280)
#: Pixels within which a pointer cannot tell two stops apart.
POINTER = 2
SHIPPED = ROOT / "results" / "withdrawal" / "baseline"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, Path]:
    """The report of the shipped results, with a title that would do harm as markup."""
    place = tmp_path_factory.mktemp("runs") / "withdrawal"
    shutil.copytree(SHIPPED, place)
    resolved = place / "scenario.resolved.yaml"
    text = resolved.read_text(encoding="utf-8")
    title = "title: Does a withdrawal tied to the talks give leverage?"
    assert text.count(title) == 1
    resolved.write_text(text.replace(title, f"title: {json.dumps(HARM)}"), encoding="utf-8")
    folder = RunFolder.open(place)
    return folder, write_report(folder)


@pytest.fixture
def page(written: tuple[RunFolder, Path], open_page: Opener) -> OpenedPage:
    return open_page(written[1])


@pytest.mark.slow
def test_it_opens_with_no_network_and_without_errors(page: OpenedPage, written: tuple[RunFolder, Path]) -> None:
    assert page.requests() == []
    assert page.console_errors() == []
    assert page.driver.title == " ".join(HARM.split())
    assert written[1].stat().st_size < 3_000_000


def test_nothing_sticks_out_at_any_width(page: OpenedPage) -> None:
    for width in WIDTHS:
        assert page.sticking_out(width) == [], width
    page.driver.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; });")
    for width in WIDTHS:
        assert page.sticking_out(width) == [], width


def test_the_first_screen_has_the_answer(page: OpenedPage) -> None:
    """All of it in a usual window, its first sentences on a phone; no list of contents before it."""
    bottom = "return document.querySelector(arguments[0]).getBoundingClientRect().bottom"
    assert page.driver.execute_script(bottom, "#answer") < HEIGHT
    page.resize(WIDTHS[0])
    assert page.driver.execute_script(bottom, ".answer li:nth-child(2)") < HEIGHT


def test_captions_of_wide_tables_stay_in_sight(page: OpenedPage) -> None:
    page.resize(WIDTHS[0])
    page.driver.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; });")
    wider, cut = page.driver.execute_script(
        "const all = [...document.querySelectorAll('.table')].filter((e) => e.scrollWidth > e.clientWidth);"
        "all.forEach((e) => { e.scrollLeft = e.scrollWidth; });"
        "const at = (e) => e.querySelector('caption span').getBoundingClientRect();"
        "return [all.length, all.filter((e) => at(e).right > innerWidth || at(e).left < 0).length]"
    )
    assert wider > 2
    assert cut == 0


def test_an_accessibility_checker_finds_nothing(page: OpenedPage) -> None:
    assert page.accessibility_faults() == []
    page.driver.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; });")
    assert page.accessibility_faults() == []


def first_pair(report: Path) -> list[tuple[float, str, float, float, float]]:
    """The points of the pair that the slider begins with."""
    data: dict[str, Any] = slider_of(report.read_text(encoding="utf-8"))
    claim, parameter = data["first"]
    return [tuple(point) for point in data["claims"][claim]["along"][parameter]]


def test_the_slider_tells_every_point_and_its_verdict(page: OpenedPage, written: tuple[RunFolder, Path]) -> None:
    data = slider_of(written[1].read_text(encoding="utf-8"))
    claim, parameter = data["first"]  # type: ignore[misc]
    along = data["claims"][claim]["along"][parameter]  # type: ignore[index]
    assert len({verdict for _, verdict, *_ in along}) > 1
    stop, told = (page.driver.find_element(By.ID, f"slider-{name}") for name in ("stop", "told"))
    stop.send_keys(Keys.HOME)
    for k, (_, verdict, *_) in enumerate(along):
        if k:
            stop.send_keys(Keys.ARROW_RIGHT)
        assert told.text.split()[1] == verdict
        assert stop.get_attribute("aria-valuetext").endswith(f": {verdict}")  # type: ignore[union-attr, no-untyped-call]
    stop.send_keys(Keys.ARROW_RIGHT)
    assert told.text.split()[1] == along[-1][1]
    other = next(name for name in data["claims"] if name != claim)  # type: ignore[attr-defined]
    Select(page.driver.find_element(By.ID, "slider-claim")).select_by_value(other)
    chosen = page.driver.find_element(By.ID, "slider-parameter").get_attribute("value")  # type: ignore[no-untyped-call]
    in_use = data["parameters"][chosen]["value"]  # type: ignore[index]
    here = next(verdict for value, verdict, *_ in data["claims"][other]["along"][chosen] if value == in_use)  # type: ignore[index]
    assert told.text.split()[1] == here
    assert "as in use" in told.text
    assert page.console_errors() == []


def test_what_the_slider_does_not_have_is_named_with_the_command_that_has_it(
    page: OpenedPage, written: tuple[RunFolder, Path]
) -> None:
    tipping = written[0].table("tipping")
    dear = list(dict.fromkeys(tipping[tipping.searched == "not searched"].claim))
    assert len(dear) > 3
    told = page.driver.find_element(By.ID, "slider").text
    assert f"Not here: {', '.join(dear)}. A run judges them" in told
    assert "simulate stress withdrawal.yaml looks along every assumption" in told
    data: dict[str, Any] = slider_of(written[1].read_text(encoding="utf-8"))
    idle = [name for name, own in tipping.groupby("claim", sort=False) if set(own.searched) == {"neither standing nor fallen"}]
    assert f"Nor {', '.join(idle)}: neither" in told
    assert {*dear, *idle, *data["claims"]} == set(tipping.claim)


def test_the_slider_is_to_scale_below_a_pointer(page: OpenedPage, written: tuple[RunFolder, Path]) -> None:
    """A click on the bar above a point of the chart comes to that point, wherever it stands."""
    along = first_pair(written[1])
    stop = page.driver.find_element(By.ID, "slider-stop")
    dots = page.driver.find_elements(By.CSS_SELECTOR, ".chart circle")
    middles = [dot.rect["x"] + dot.rect["width"] / 2 for dot in dots]
    gaps = [after - before for before, after in itertools.pairwise(middles)]
    assert max(gaps) > 3 * min(gaps) > 3 * POINTER
    left, width = stop.rect["x"], stop.rect["width"]
    for middle, (value, verdict, *_) in zip(middles, along, strict=True):
        ActionChains(page.driver).move_to_element_with_offset(stop, round(middle - left - width / 2), 0).click().perform()
        told = stop.get_attribute("aria-valuetext")  # type: ignore[no-untyped-call]
        assert told == f"{float(f'{value:.3g}'):g}: {verdict}"


def test_the_sliders_chart_has_units_and_no_words_upon_others(page: OpenedPage, written: tuple[RunFolder, Path]) -> None:
    units = {unit for *_, unit in first_pair(written[1]) if unit}
    assert len(units) == 1
    texts = page.driver.find_elements(By.CSS_SELECTOR, ".chart text")
    assert f"margin, {units.pop()}" in [text.text for text in texts]
    places = [text.rect for text in texts]
    for one, other in itertools.combinations(places, 2):
        apart = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        assert apart or one["y"] + one["height"] <= other["y"] + 2 or other["y"] + other["height"] <= one["y"] + 2


def test_steps_of_other_devices_come_to_every_stop(page: OpenedPage, written: tuple[RunFolder, Path]) -> None:
    """A screen reader's gesture moves the bar by some small amount: never to where it was."""
    along = first_pair(written[1])
    stop = page.driver.find_element(By.ID, "slider-stop")
    stop.send_keys(Keys.HOME)
    for _, verdict, *_ in along[1:]:
        page.driver.execute_script(
            "const [e, by] = arguments; e.value = Number(e.value) + by; e.dispatchEvent(new Event('input'));",
            stop,
            1e-6 * (along[-1][0] - along[0][0]),
        )
        assert stop.get_attribute("aria-valuetext").endswith(f": {verdict}")  # type: ignore[union-attr, no-untyped-call]
    assert float(stop.get_attribute("value") or "nan") == along[-1][0]  # type: ignore[no-untyped-call]


def test_the_keyboard_comes_to_the_slider_and_to_the_folds(page: OpenedPage) -> None:
    assert page.tabs_to("a.skip") == 1
    assert page.tabs_to("#slider-claim") < page.tabs_to("#slider-stop")
    assert page.tabs_to("summary") < 30


def test_paper_has_the_answer_first_and_the_assumptions_unfolded(page: OpenedPage, written: tuple[RunFolder, Path]) -> None:
    # letters that are printed as one are two
    sheets = [" ".join(unicodedata.normalize("NFKC", sheet).split()) for sheet in page.printed().sheets]
    assert 5 <= len(sheets) <= 16
    first = written[0].manifest["answer"][0]
    assert first.split(",", maxsplit=1)[0] in sheets[0]
    every = " ".join(sheets)
    assert all(name in every for name in written[0].scenario.parameters)
    assert "Drag an assumption" not in every
