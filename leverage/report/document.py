"""The page: parts put into the template, styles and program inside, nothing to be fetched."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from leverage.figures.drawing import Drawing
from leverage.output.claims import VERDICT_MEANINGS
from leverage.report.assumptions_part import NOT_IN_DOUBT, assumptions_of, grounds_of, largest_effects, nearest_flips
from leverage.report.claims_part import claims_of, left_out_of, slider_data, tally_of
from leverage.report.game_part import game_of
from leverage.report.outcomes_part import costs_of, leverage_of, outcomes_of
from leverage.report.provenance_part import provenance_of
from leverage.report.template_files import environment, text_of
from leverage.writing.plan_stories import plan_stories
from leverage.writing.run_folder import RunFolder

#: Sections of the page: anchor and name in its table of contents.
SECTIONS = {
    "answer": "Answer",
    "claims": "Claims",
    "slider": "Drag an assumption",
    "figures": "Figures",
    "outcomes": "Outcomes",
    "leverage": "Leverage",
    "plans": "Plans",
    "game": "The game",
    "assumptions": "Assumptions",
    "certificates": "Certificates, citation",
}


def report_html(folder: RunFolder, drawings: Sequence[Drawing]) -> str:
    """The report of a run as one HTML document.

    folder : of a run, see `RunFolder`. drawings : in their order on the page. Texts of the scenario are escaped; the page's
    content security policy forbids it to fetch anything. Raises FolderError for a table that is missing.
    """
    claims, assumptions, slider = claims_of(folder), assumptions_of(folder), slider_data(folder)
    parts = {
        "answer": folder.manifest.get("answer", ()),
        "claims": claims,
        "slider": slider,
        "figures": [{"title": each.title, "svg": Markup(each.svg)} for each in drawings],  # noqa: S704 - texts in it are escaped
        "game": game_of(folder.scenario, folder.manifest["states"]),
        "outcomes": outcomes_of(folder),
        "costs": costs_of(folder),
        "leverage": leverage_of(folder),
        "plans": plan_stories(folder.run_table("plans")),
        "assumptions": assumptions,
        "provenance": provenance_of(folder),
    }
    there = {**parts, "slider": slider["claims"], "certificates": True}
    return environment().get_template("page.html.jinja").render(
        **parts,
        title=folder.scenario.title,
        question=folder.scenario.question,
        source=folder.manifest["scenario"],
        setting=folder.manifest.get("setting", ()),
        version=folder.manifest["versions"].get("leverage", ""),
        contents=[(anchor, name) for anchor, name in SECTIONS.items() if there[anchor]],
        tally=tally_of(claims),
        left_out=left_out_of(folder, slider["claims"]),
        meanings={verdict.word: VERDICT_MEANINGS[verdict.word] for verdict, _ in tally_of(claims)},
        plurals={"holds": "hold", "fails": "fail"},
        flips=nearest_flips(folder),
        effects=largest_effects(folder),
        doubted=sum(each.between != NOT_IN_DOUBT for each in assumptions),
        argument=folder.scenario.document.data.get("source", ""),
        grounds=grounds_of(folder),
        style=Markup(text_of("style.css")),  # noqa: S704 - a file of this package
        script=Markup(text_of("page.js")),  # noqa: S704 - a file of this package
    )  # fmt: skip
