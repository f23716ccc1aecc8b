"""Fixtures of the tests of reports."""

from tests.report.browser import browser as browser
from tests.report.browser import open_page as open_page
