"""The templates of pages, their style and programs, as they stand in this package."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined


def environment() -> Environment:
    """Of all templates: every text is escaped, and a name that is missing is an error."""
    loader = PackageLoader("leverage.report", "template")
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    found.policies["json.dumps_kwargs"] = {"sort_keys": False}  # claims stay in the order of the page
    return found


def text_of(name: str) -> str:
    """A style sheet or a program. Raises FileNotFoundError."""
    return resources.files("leverage.report").joinpath("template", name).read_text(encoding="utf-8")
