"""The head of a printed page: what it is about, and the file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from leverage.output.columns import WIDTH, paragraph
from leverage.scenario.scenario import Scenario


def head_text(scenario: Scenario, topic: str = "", file: str = "") -> str:
    """Title, as its author spells it, and file name on one line where they fit, and the rule below; a topic stands before it.

    file: that the scenario was read from in the beginning, where it was kept in another one since.
    """
    name = Path(file or scenario.source).name
    title = f"{topic}: {scenario.title}" if topic else scenario.title
    first = f"{title}{name.rjust(WIDTH - len(title))}"
    if len(title) + len(name) >= WIDTH:
        first = f"{paragraph(title)}\n{name.rjust(WIDTH)}"
    return f"{first}\n{'=' * WIDTH}"


def setting_words(scenario: Scenario, varied: Collection[str] = ()) -> str:
    """Variant and overrides in a sentence; nothing for the baseline. varied: parameters that have other values at every point."""
    changed = [
        f"{name} = {value:.12g}"
        for name, value in scenario.overrides.items()
        if value != scenario.stated[name] and name not in varied
    ]
    where = [f"variant {scenario.variant}"] if scenario.variant else []
    return f"Not the baseline: {', '.join(where + changed)}." if where or changed else ""


def values_words(scenario: Scenario) -> str:
    """What the parameters' values are called where something is told of them."""
    return "the values in use" if setting_words(scenario) else "the file's values"


def setting_sentences(scenario: Scenario, varied: Collection[str] = ()) -> list[str]:
    """What is not the baseline: variant with what it says, overrides, and what a reader should know of them. Only what a
    reader should know for the baseline. varied: as for `setting_words`."""
    words = setting_words(scenario, varied)
    variant = scenario.variants.get(scenario.variant)
    says = [f"{variant.says.rstrip('.')}."] if variant is not None and variant.says else []
    notes = [f"Note: {note}." for note in scenario.notes]
    return [each for each in (words, *says, *notes) if each]
