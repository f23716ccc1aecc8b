"""Why a table of a folder has no rows: the scenario has nothing of the kind, or nothing was found."""

from __future__ import annotations

from collections.abc import Callable

from leverage.scenario.scenario import Scenario
from leverage.scenario.wording import counted
from leverage.writing.run_folder import RunFolder

#: What the rows of a table are about -> whether a scenario has it.
_THERE: dict[str, Callable[[Scenario], bool]] = {
    "claims": lambda scenario: bool(scenario.claims),
    "instruments": lambda scenario: bool(scenario.instruments),
    "parameters": lambda scenario: bool(scenario.parameters),
    "parameters in doubt": lambda scenario: any(each.in_doubt for each in scenario.parameters.values()),
}
#: Table -> what its rows are about.
_ABOUT: dict[str, tuple[str, ...]] = {
    "parameters": ("parameters",),
    "sensitivity": ("parameters",),
    "leverage": ("instruments",),
    "joint_effect": ("instruments",),
    "claims": ("claims",),
    **dict.fromkeys(("tipping", "claim_points", "shares", "joint_changes"), ("claims", "parameters in doubt")),
}
#: Tables about play that is solved for two players only, or for more than one.
_PAIRS, _SEVERAL = frozenset({"bargaining", "plans"}), frozenset({"equilibrium_set"})
#: Table -> what was not found, where the scenario has what it takes.
_NOT_FOUND: dict[str, str] = {
    **dict.fromkeys(("outcomes", "strategies"), "No way of playing was solved."),
    "sensitivity": "No derivatives were found: the Markov equilibrium was not, or is not regular; the printed page says.",
    "equilibria": "No Markov equilibrium was found.",
    "play": "No Markov equilibrium was found in which a player has a choice.",
    "equilibrium_set": "No credible play in pure actions was found.",
    "bargaining": "No credible play in pure actions was found to agree on.",
    "plans": "No credible plan was found that is short enough to tell.",
    "joint_effect": "No player holds two instruments.",
    "joint_changes": "No joint change was found that flips a claim.",
    "shares": "No share was searched: the budget did not pay for it.",
}
_NOTHING = "Nothing was found to tell here."


def why_no_rows(folder: RunFolder, name: str) -> str:
    """Which of the two it is for the table `name`, in a sentence."""
    scenario, players = folder.scenario, len(folder.scenario.players)
    lacking = next((what for what in _ABOUT.get(name, ()) if not _THERE[what](scenario)), "")
    if lacking:
        return f"There are no rows: the scenario has no {lacking}."
    if (name in _PAIRS and players != 2) or (name in _SEVERAL and players < 2):
        needed = "two players" if name in _PAIRS else "two players or more"
        return f"There are no rows: this is about {needed}, and the scenario has {counted(players, 'player')}."
    return f"There are no rows. {_NOT_FOUND.get(name, _NOTHING)}"
