"""Reading on after a mistake: it is blanked out and the text is read again, so that later mistakes are seen as well."""

from __future__ import annotations

from itertools import islice

from leverage.errors import Fault
from leverage.scenario.reading.characters import LOOKALIKE_INDENT, lookalike_indents
from leverage.scenario.reading.file import MAX_BYTES
from leverage.scenario.reading.nodes import Tree, read_nodes
from leverage.scenario.reading.quiet_faults import tree_faults
from leverage.scenario.reading.syntax_faults import diagnosis
from leverage.scenario.reading.text import Text

MAX_INDENTS = 100  # lines with a wrong indentation that are told in one go
MAX_REPAIRS = 20  # syntax errors reported in one go
MAX_REPAIR_CHARACTERS = 4 * MAX_BYTES  # characters that may be parsed again while looking for further errors


def read_with_repairs(where: Text) -> tuple[Tree, list[Fault]]:
    """The tree, which is whole if there are no faults, and the faults that can be found."""
    faults = [where.fault(found) for found in islice(lookalike_indents(where), MAX_INDENTS)]
    if faults:
        where = Text(LOOKALIKE_INDENT.sub(lambda found: " " * len(found.group()), where.text), where.lines)
    tree, repaired, tries = read_nodes(where), set[int](), 0
    while tree.broken is not None:
        found, certain = diagnosis(where, tree.broken)
        if faults and not certain:
            break  # most likely a consequence of what is told already
        line = where.line(found.start)
        if line not in repaired:  # a line's second mistake is seen when the first is mended
            faults.append(where.fault(found))
        tries += 1
        if found.repair is None or tries > MAX_REPAIRS or tries * len(where.text) > MAX_REPAIR_CHARACTERS:
            break
        repaired.add(line)
        where = where.with_line(*found.repair)
        tree = read_nodes(where)
    return tree, faults + [where.fault(found) for found in tree_faults(where, tree) if where.line(found.start) not in repaired]
