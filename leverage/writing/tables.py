"""The tables for writing, by name: a selection for reading, or everything."""

from __future__ import annotations

from collections.abc import Callable

from leverage.writing.claims_table import claims_table, tipping_table
from leverage.writing.credible_tables import bargaining_table, equilibrium_set_table
from leverage.writing.leverage_table import leverage_table
from leverage.writing.outcomes_table import equilibria_table, outcomes_table
from leverage.writing.plain_table import plain_table, whole_table
from leverage.writing.plans_table import plans_table
from leverage.writing.run_folder import RunFolder
from leverage.writing.sensitivity_table import sensitivity_table
from leverage.writing.strategies_table import strategies_table
from leverage.writing.written_table import WrittenTable

#: Tables with a selection of rows and columns of their own.
SELECTED: dict[str, Callable[[RunFolder], WrittenTable]] = {
    "claims": claims_table,
    "tipping": tipping_table,
    "leverage": leverage_table,
    "outcomes": outcomes_table,
    "equilibria": equilibria_table,
    "strategies": strategies_table,
    "equilibrium_set": equilibrium_set_table,
    "bargaining": bargaining_table,
    "sensitivity": sensitivity_table,
    "plans": plans_table,
}


def table_for_writing(folder: RunFolder, name: str, *, everything: bool = False) -> WrittenTable:
    """A table of the folder. everything: all rows and columns as they are, instead of the selection.

    Raises FolderError where there is no such table or it cannot be used, ScenarioError where the folder's scenario cannot.
    """
    if everything:
        return whole_table(folder, name)
    if name in SELECTED:
        return SELECTED[name](folder)
    return plain_table(folder, name)
