"""Credible plans for writing: what each player does in each phase of a plan, in words."""

from __future__ import annotations

from leverage.output.plan_words import PLAN_COLUMNS
from leverage.scenario.wording import capital, counted
from leverage.writing.framing import framed, payoff_note, players_note
from leverage.writing.plan_stories import PlanStory, plan_stories
from leverage.writing.run_folder import RunFolder
from leverage.writing.written_table import Column, WrittenTable

HEADS = ("Plan", "Phase", "How long", "Player", "What it does, the first that fits")


def plans_table(folder: RunFolder) -> WrittenTable:
    """One row a plan, phase and player; what a plan pays and what departures from it cost stands in the notes."""
    stories = plan_stories(folder.table("plans", PLAN_COLUMNS))
    rows = [
        (story.title, phase.name, phase.lasts, player, "; ".join(rules))
        for story in stories
        for phase in story.phases
        for player, rules in phase.rules
    ]
    notes = [payoff_note(folder.scenario), players_note(folder.scenario), *map(_told, stories)]
    what = f"{capital(counted(len(stories), 'credible plan'))}, told with few phases"
    return framed(folder, "plans", what, [Column(head) for head in HEADS], rows, notes)


def _told(story: PlanStory) -> str:
    return " ".join((f"{story.title} pays {story.pays}.", *story.departures))
