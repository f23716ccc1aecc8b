"""A browser for tests of a page in a file: Chromium without a window and without a network, driven by its own protocol.

Without Chromium the tests that need it are skipped; where the environment says LEVERAGE_NEEDS_BROWSER=1 they fail.
"""

from __future__ import annotations

import base64
import importlib.resources
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

#: Set to make a missing browser a failure.
NEEDED = "LEVERAGE_NEEDS_BROWSER"
#: Names of the browser, and of the program that drives it.
BROWSERS, DRIVER = ("chromium", "chromium-browser", "google-chrome"), "chromedriver"
#: No host has an address: whatever a page asks of the network fails at once, and is logged.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND"
#: No window; no sandbox, which root in a container cannot have; no scroll bars, so that widths are those of the window.
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars")
#: Pixels of the window's usual width, its height, and by how many something may stick out by rounding.
USUAL_WIDTH, HEIGHT, ROUNDING = 1280, 900, 1
#: Seconds that a page may take to load or to be examined.
PATIENCE = 60

#: Tells when the page has been drawn twice: programs that heed a new size run before the first time.
_WHEN_DRAWN = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));"

#: Elements that reach beyond the right edge of the window, unless they scroll within another one; the page as a whole too.
_STICKING_OUT = """
const edge = document.documentElement.clientWidth + arguments[0];
const scrolls = (e) => e && e !== document.body && e !== document.documentElement
    && (['auto', 'scroll'].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
const name = (e) => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + (e.className && e.className.baseVal === undefined
    ? '.' + String(e.className).trim().split(/\\s+/).join('.') : '');
const found = [...document.body.querySelectorAll('*')].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.right > edge && !e.ownerSVGElement && !scrolls(e.parentElement);
}).map(name);
if (document.documentElement.scrollWidth > edge && !found.length) found.push('html');
return found;
"""
#: Hints that make a browser turn to another host without a request that it logs.
_HINTS = """
return [...document.querySelectorAll('link[rel]')].filter((e) => /preconnect|dns-prefetch|prefetch|prerender/.test(e.rel))
    .map((e) => e.href);
"""
_EXAMINE = """
const done = arguments[arguments.length - 1];
const asked = {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}};
axe.run(document, asked).then((found) => done(found.violations), (error) => done(String(error)));
"""
_FOCUSED = """
const e = document.activeElement;
return e === null || e === document.body ? null : [e.outerHTML.slice(0, 120), e.matches(arguments[0])];
"""


@dataclass(frozen=True)
class Printed:
    """A page in print: the PDF, and the text of each of its sheets."""

    pdf: bytes
    sheets: tuple[str, ...]


@dataclass(eq=False)
class OpenedPage:
    """A page that is open in the browser; what is asked of it may follow in any order."""

    driver: Chrome
    address: str
    _requests: list[str] = field(default_factory=list)
    _errors: list[str] = field(default_factory=list)

    def load(self) -> None:
        """Open the page afresh, at its top; requests and errors so far are kept."""
        self.driver.get(self.address)

    def requests(self) -> list[str]:
        """Addresses that the page has asked for since it was opened, itself left out: none in a page that is one file.

        Data that stand in the page are no requests; hints to connect to another host are.
        """
        for entry in self.driver.get_log("performance"):  # type: ignore[no-untyped-call]
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._requests.append(message["params"]["request"]["url"])
            elif message["method"] == "Network.webSocketCreated":
                self._requests.append(message["params"]["url"])
        self._requests += self.driver.execute_script(_HINTS)
        own = self.address.partition("#")[0]
        asked = (each for each in self._requests if each.partition("#")[0] != own and not each.startswith(("data:", "blob:")))
        return list(dict.fromkeys(asked))

    def console_errors(self) -> list[str]:
        """Errors in the browser's console since the page was opened, failed requests and uncaught exceptions among them."""
        log = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        self._errors += [entry["message"] for entry in log if entry["level"] == "SEVERE"]
        return list(self._errors)

    def resize(self, width: int) -> None:
        """Give the window a width in pixels of CSS, and the page the time to draw itself anew."""
        size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        self._command("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_async_script(_WHEN_DRAWN)

    def sticking_out(self, width: int) -> list[str]:
        """What reaches beyond a window of this width, so that the page has to be moved sideways or something is cut off.

        What scrolls within an element of its own does not.
        """
        self.resize(width)
        found: list[str] = self.driver.execute_script(_STICKING_OUT, ROUNDING)
        return found

    def screenshot(self, path: Path, width: int) -> None:
        """Write a picture (PNG) of the whole page, in a window of this width."""
        self.resize(width)
        taken = self._command("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(taken["data"]))

    def printed(self) -> Printed:
        """The page in print, on paper of the size that its style sheet asks for."""
        made = self._command("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
        pdf = base64.b64decode(made["data"])
        return Printed(pdf, tuple(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages))

    def accessibility_faults(self) -> list[str]:
        """What axe-core finds, too small targets among it: rule, impact, what it asks for, and the first element that fails."""
        self.driver.execute_script(_axe())
        found = self.driver.execute_async_script(_EXAMINE)
        if isinstance(found, str):
            raise RuntimeError(f"axe-core could not examine the page: {found}")
        return [f"{each['id']} ({each['impact']}): {each['help']}: {each['nodes'][0]['html'][:120]}" for each in found]

    def tabs_to(self, selector: str, most: int = 200) -> int:
        """How often Tab has to be pressed from the top of the page to come to an element that fits the selector.

        Raises LookupError, with what was come to instead, after `most` presses or where the order ends before.
        """
        self.load()
        met: list[str] = []
        for presses in range(1, most + 1):
            ActionChains(self.driver).send_keys(Keys.TAB).perform()
            focused = self.driver.execute_script(_FOCUSED, selector)
            if focused is None:
                break
            if focused[1]:
                return presses
            met.append(focused[0])
        raise LookupError(f"Tab does not come to '{selector}', but to {met[:10]}")

    def _command(self, name: str, arguments: Mapping[str, object]) -> dict[str, Any]:
        answer: dict[str, Any] = self.driver.execute_cdp_cmd(name, dict(arguments))
        return answer


def _axe() -> str:
    return (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def missing() -> str:
    """What of the browser is not installed; "" if nothing is."""
    if not any(map(shutil.which, BROWSERS)):
        return "there is no chromium (Debian: apt-get install chromium chromium-driver)"
    return "" if shutil.which(DRIVER) else f"there is no {DRIVER} (Debian: apt-get install chromium-driver)"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Chromium, once for all tests of a process."""
    reason = missing()
    if reason and os.environ.get(NEEDED):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = next(path for name in BROWSERS if (path := shutil.which(name)))
    profile = tmp_path_factory.mktemp("profile")
    for argument in (*ARGUMENTS, OFFLINE, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = Chrome(options, Service(shutil.which(DRIVER)))
    driver.set_page_load_timeout(PATIENCE)
    driver.set_script_timeout(PATIENCE)
    yield driver
    driver.quit()


@pytest.fixture
def open_page(browser: Chrome) -> Callable[[Path], OpenedPage]:
    """Opens a file as a page: `open_page(path)`."""

    def opened(path: Path) -> OpenedPage:
        browser.get("about:blank")
        browser.get_log("performance")  # type: ignore[no-untyped-call]
        browser.get_log("browser")  # type: ignore[no-untyped-call]
        page = OpenedPage(browser, path.resolve().as_uri())
        page.resize(USUAL_WIDTH)
        page.load()
        return page

    return opened
