"""First stage of a scenario file: bytes to plain data with the position of every value, or all faults of the file at once.

The file is YAML 1.2 with the core schema (Ben-Kiki, Evans, döt Net 2009, section 10.3). ruamel.yaml delivers the stream of
events; this package builds the data from them itself, because three things are needed that no loader gives: nothing is ever
constructed from a tag, every value keeps the place and the spelling it has in the file, and after a mistake the reading goes
on, so that the author hears of all mistakes in one go. Whether the data mean anything is the next stage's business.

Each module uses only those above it:

text            the text, its lines and columns, and what is found wrong in it
phrases         wordings that several modules need
characters      characters that look right and are not, or cannot be printed
file            path -> text: size, format and encoding
scalars         spelling of a number, truth value or null -> value; spellings that mislead
nodes           text -> tree of nodes with their places, or the place where the parser stops
offsets         characters of a value -> characters of the file
brackets        where the parser stops: brackets, commas and colons in them
syntax_faults   where the parser stops: what is likely meant there
quiet_faults    mistakes that YAML accepts
repairs         reading on after a mistake
document        all of it together: `read_document`, `parse_document`
"""

from leverage.scenario.reading.characters import suspicious_characters
from leverage.scenario.reading.document import MAX_FAULTS, Document, NodePath, parse_document, read_document
from leverage.scenario.reading.file import MAX_BYTES
from leverage.scenario.reading.nodes import MAX_DEPTH, MAX_NODES, MAX_REPEATED_NODES
from leverage.scenario.reading.scalars import decimal_commas
from leverage.scenario.reading.text import Position

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_FAULTS",
    "MAX_NODES",
    "MAX_REPEATED_NODES",
    "Document",
    "NodePath",
    "Position",
    "decimal_commas",
    "parse_document",
    "read_document",
    "suspicious_characters",
]
