"""A sweep's report as people open it: without a network, on a phone, by keyboard and by pointer, on paper."""

from __future__ import annotations

import itertools
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from tests.report.browser import OpenedPage
from tests.report.swept import HARM, LEAVE, TOLL
from tests.report.test_sweep_report import data_of, table_of

Opener = Callable[[Path], OpenedPage]
WIDTHS = (360, 768, 1280)
PAYOFF = "Markov perfect: holder: payoff"
#: A point that is drawn stands below the thumb within so many pixels.
ALIGNED = 1.5


@pytest.fixture(params=["grid", "sample"])
def page(request: pytest.FixtureRequest, open_page: Opener) -> OpenedPage:
    folder: Path = request.getfixturevalue(request.param)
    return open_page(folder / "report.html")


@pytest.fixture
def grid_page(grid: Path, open_page: Opener) -> OpenedPage:
    return open_page(grid / "report.html")


@pytest.fixture
def sample_page(sample: Path, open_page: Opener) -> OpenedPage:
    return open_page(sample / "report.html")


def unfold(page: OpenedPage) -> None:
    page.driver.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; });")


def element(page: OpenedPage, name: str) -> WebElement:
    return page.driver.find_element(By.ID, name)


def told(page: OpenedPage) -> str:
    return element(page, "sweep-told").text


def attribute(one: WebElement, name: str) -> str:
    return str(one.get_attribute(name))


def short(value: float) -> str:
    """A number with the digits that the page tells."""
    return f"{float(f'{value:.4g}'):g}"


def test_it_opens_with_no_network_and_without_errors(page: OpenedPage) -> None:
    assert page.requests() == []
    assert page.console_errors() == []
    assert page.driver.title == f"{' '.join(HARM.split())} - sweep"


def test_nothing_sticks_out_and_a_checker_finds_nothing(page: OpenedPage) -> None:
    for fold in (lambda _: None, unfold):
        fold(page)
        for width in WIDTHS:
            assert page.sticking_out(width) == [], width
            assert page.accessibility_faults() == [], width


def test_the_keyboard_comes_to_every_stop_and_is_told_what_the_tables_say(grid_page: OpenedPage, grid: Path) -> None:
    """Leave by leave at the toll in use; the point is told with its number, and to a screen reader with its unit."""
    table = table_of(grid).set_index(["leave", "toll"])[PAYOFF]
    stop = element(grid_page, "sweep-axis-0")
    stop.send_keys(Keys.HOME)
    for leave in sorted(LEAVE):
        value = table[leave, 1.0]
        assert told(grid_page) == f"{PAYOFF} is {short(value)} points a month at leave {js(leave)}, toll 1."
        assert attribute(stop, "aria-valuetext") == f"{js(leave)} chance a month"
        stop.send_keys(Keys.ARROW_RIGHT)
    assert f"leave {max(LEAVE):g}," in told(grid_page)
    other = element(grid_page, "sweep-axis-1")
    for key, toll in ((Keys.END, max(TOLL)), (Keys.ARROW_LEFT, 1.0)):
        other.send_keys(key)
        assert f"is {short(table[max(LEAVE), toll])} points" in told(grid_page)
    assert grid_page.console_errors() == []


def js(value: float) -> str:
    """As the page's program writes it."""
    return f"{value:g}"


def test_a_point_without_an_answer_says_why_and_is_drawn(grid_page: OpenedPage) -> None:
    for k in (0, 1):
        element(grid_page, f"sweep-axis-{k}").send_keys(Keys.HOME)
    assert told(grid_page).startswith("No answer at leave 1e-17, toll -1: play leaves some node with a chance too small")
    chart = grid_page.driver.find_element(By.CSS_SELECTOR, ".chart").text
    assert "×" in chart
    assert "×: no number" in chart
    assert grid_page.console_errors() == []


def middles(page: OpenedPage) -> list[float]:
    """Where the points of the chart stand, the one that is shown left out."""
    dots = page.driver.find_elements(By.CSS_SELECTOR, ".chart svg > circle")
    return [dot.rect["x"] + dot.rect["width"] / 2 for dot in dots]


def test_a_pointer_on_the_bar_comes_to_the_point_below(grid_page: OpenedPage) -> None:
    """To scale, though stops are unequally apart; at every width."""
    for width in (360, 1280):
        grid_page.resize(width)
        stop = element(grid_page, "sweep-axis-0")
        places = middles(grid_page)
        gaps = [after - before for before, after in itertools.pairwise(places)]
        assert max(gaps) > 3 * min(gaps) > 0
        for place, leave in zip(places, sorted(LEAVE), strict=True):
            offset = place - stop.rect["x"] - stop.rect["width"] / 2
            ActionChains(grid_page.driver).move_to_element_with_offset(stop, round(offset), 0).click().perform()
            assert attribute(stop, "aria-valuetext") == f"{js(leave)} chance a month"
            mark = grid_page.driver.find_element(By.CSS_SELECTOR, ".chart g circle")
            assert abs(mark.rect["x"] + mark.rect["width"] / 2 - place) < ALIGNED
            share = (float(attribute(stop, "value")) - min(LEAVE)) / (max(LEAVE) - min(LEAVE))
            thumb = stop.rect["x"] + 12 + share * (stop.rect["width"] - 24)
            assert abs(thumb - place) < ALIGNED


def test_steps_of_other_devices_come_to_every_stop(grid_page: OpenedPage) -> None:
    """A screen reader's gesture moves the bar by some small amount: never to where it was."""
    stop = element(grid_page, "sweep-axis-0")
    stop.send_keys(Keys.HOME)
    for leave in sorted(LEAVE)[1:]:
        grid_page.driver.execute_script(
            "const [e, by] = arguments; e.value = Number(e.value) + by; e.dispatchEvent(new Event('input'));", stop, 1e-6
        )
        assert attribute(stop, "aria-valuetext") == f"{js(leave)} chance a month"


def test_the_chart_follows_the_number_and_the_assumption_that_are_chosen(grid_page: OpenedPage, grid: Path) -> None:
    Select(element(grid_page, "sweep-along")).select_by_visible_text(f"toll, {HARM}")
    assert len(middles(grid_page)) == len(TOLL)
    number = Select(element(grid_page, "sweep-number"))
    number.select_by_visible_text("pays: margin, points a month")
    stop = element(grid_page, "sweep-axis-1")
    stop.send_keys(Keys.HOME)
    verdicts = table_of(grid).set_index(["leave", "toll"])["pays [verdict]"]
    leave = sorted(LEAVE)[2]
    said = []
    for toll in sorted(TOLL):
        said.append(told(grid_page).split()[1])
        assert said[-1] == verdicts[leave, toll]
        stop.send_keys(Keys.ARROW_RIGHT)
    assert set(said) == {"holds", "fails"}
    fills = [attribute(dot, "fill") for dot in grid_page.driver.find_elements(By.CSS_SELECTOR, ".chart svg > circle")]
    assert fills == ["#00563a" if verdict == "holds" else "#fff" for verdict in said]


def test_a_sample_is_moved_through_in_order_of_an_assumption(sample_page: OpenedPage, sample: Path) -> None:
    table = table_of(sample)
    Select(element(sample_page, "sweep-along")).select_by_visible_text("leave, chance a month")
    stop = element(sample_page, "sweep-point")
    stop.send_keys(Keys.HOME)
    for number in table.sort_values("leave", kind="stable").index[:6]:
        row = table.loc[number]
        place = ", ".join(f"{name} {short(row[name])}" for name in ("patience", "leave", "toll"))
        assert told(sample_page) == f"{PAYOFF} is {short(row[PAYOFF])} points a month at {place}."
        stop.send_keys(Keys.ARROW_RIGHT)
    assert len(middles(sample_page)) == len(table)
    assert sample_page.console_errors() == []


def test_the_ends_of_a_range_are_shown_on_demand(page: OpenedPage) -> None:
    """A press on the largest value comes to the point that has it, whatever number was shown."""
    number = Select(element(page, "sweep-number"))
    number.select_by_index(1)
    row = page.driver.find_element(By.XPATH, f"//section[@id='ranges']//tr[th='{PAYOFF}']")
    largest = row.find_elements(By.TAG_NAME, "button")[-1]
    wanted = float(largest.text)
    largest.click()
    assert number.first_selected_option.text == f"{PAYOFF}, points a month"
    assert float(told(page).removeprefix(f"{PAYOFF} is ").split()[0]) == pytest.approx(wanted, abs=0.005)


def test_a_number_known_within_a_gap_is_told_and_drawn_with_its_bounds(grid_page: OpenedPage, grid: Path) -> None:
    name = "best for holder: holder: payoff"
    Select(element(grid_page, "sweep-number")).select_by_visible_text(f"{name}, points a month")
    row = table_of(grid).set_index(["leave", "toll"]).loc[(0.2, 1.0)]
    low, value, high = (short(row[f"{name}{what}"]) for what in (" [low]", "", " [high]"))
    assert low != high
    assert told(grid_page) == f"{name} is {value} points a month ({low} to {high}) at leave 0.2, toll 1."
    assert "bars: bounds" in grid_page.driver.find_element(By.CSS_SELECTOR, ".chart-foot").text
    assert grid_page.driver.find_elements(By.CSS_SELECTOR, ".chart svg > line[stroke-width='2']")


def test_where_bounds_are_all_that_is_known_they_are_told(grid: Path, open_page: Opener, tmp_path: Path) -> None:
    name = "best for holder: holder: payoff"
    data = data_of(grid)
    own = len(data["axes"]) + [column["words"] for column in data["columns"]].index(name)
    data["rows"] = [[None if k == own else cell for k, cell in enumerate(row)] for row in data["rows"]]
    text = (grid / "report.html").read_text(encoding="utf-8")
    start = text.index('id="sweep-data">') + len('id="sweep-data">')
    opened = tmp_path / "open.html"
    opened.write_text(text[:start] + json.dumps(data).replace("<", "\\u003c") + text[text.index("</script>", start) :], "utf-8")
    page = open_page(opened)
    Select(element(page, "sweep-number")).select_by_visible_text(f"{name}, points a month")
    row = table_of(grid).set_index(["leave", "toll"]).loc[(0.2, 1.0)]
    low, high = (short(row[f"{name} [{end}]"]) for end in ("low", "high"))
    assert told(page) == f"{name} is between {low} and {high} points a month at leave 0.2, toll 1; no closer is known."
    unfold(page)
    answers = [each.text for each in page.driver.find_elements(By.CSS_SELECTOR, "#sweep-answers tr")]
    assert f"{name} {low} to {high} points a month" in answers
    assert page.console_errors() == []


def test_the_point_is_told_in_full(grid_page: OpenedPage, grid: Path) -> None:
    unfold(grid_page)
    data = data_of(grid)
    answers = grid_page.driver.find_elements(By.CSS_SELECTOR, "#sweep-answers tr")
    assert [row.find_element(By.TAG_NAME, "th").text for row in answers] == [
        column["words"] for column in data["columns"] if column["what"] in ("value", "verdict")
    ]
    rows = [row.text for row in grid_page.driver.find_elements(By.CSS_SELECTOR, "#sweep-assumptions tr")]
    assert rows[0] == "leave 0.2 0.3 chance a month"
    verdict = next(row for row in answers if row.text.startswith("pays ✓") or row.text.startswith("pays ✗"))
    assert verdict.find_elements(By.CSS_SELECTOR, ".verdict")


def test_the_keyboard_comes_to_the_sliders_and_to_the_folds(grid_page: OpenedPage) -> None:
    assert grid_page.tabs_to("a.skip") == 1
    assert grid_page.tabs_to("#sweep-number") < grid_page.tabs_to("#sweep-axis-0") < grid_page.tabs_to("#sweep-all summary")


def test_paper_has_the_findings_the_chart_and_no_controls(page: OpenedPage) -> None:
    # letters that are printed as one are two
    sheets = [" ".join(unicodedata.normalize("NFKC", sheet).split()) for sheet in page.printed().sheets]
    assert 2 <= len(sheets) <= 6
    assert "What was found" in sheets[0]
    every = " ".join(sheets)
    assert f"{PAYOFF}, points a month" in every
    assert "in use" in every
    assert "All numbers at this point" not in every
    assert "Along" not in every
