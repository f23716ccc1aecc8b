"""What a parameter's number rests on, told by a rule from the text of its `source`."""

from __future__ import annotations

import re
from typing import Literal

Provenance = Literal["judgement", "source, size judged", "source", "not said"]

#: The classes with what they mean, from the weakest ground to the firmest.
PROVENANCES: dict[Provenance, str] = {
    "not said": "nothing that is said",
    "judgement": "a judgement",
    "source, size judged": "a source for what it stands for, a judgement for its size",
    "source": "a source",
}

_JUDGEMENT = re.compile(r"judge?ment\b", re.IGNORECASE)
#: A later part of the text that takes the size back from the source before it.
_SIZE = re.compile(r"((its|the) )?(size )?(a )?judge?ment\.?", re.IGNORECASE)


def provenance_of(source: str) -> Provenance:
    """The class of a text, by its parts between semicolons: what the first one begins with, and what a later one consists of.

    >>> provenance_of("judgement; half after 5 to 46 months")
    'judgement'
    >>> provenance_of("article, rationale (infrastructure in place); size a judgement")
    'source, size judged'
    >>> provenance_of("Smith 2014, table 3; no judgement was needed"), provenance_of(" ")
    ('source', 'not said')
    """
    first, *others = (part.strip() for part in source.split(";"))
    if not source.strip():
        return "not said"
    if _JUDGEMENT.match(first):
        return "judgement"
    return "source, size judged" if any(_SIZE.fullmatch(part) for part in others) else "source"
