"""Fixtures of the tests of reports."""

from tests.report.browser import browser, open_page
from tests.report.swept import grid, sample

__all__ = ["browser", "grid", "open_page", "sample"]
