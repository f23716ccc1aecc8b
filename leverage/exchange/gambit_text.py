"""Numbers and labels as Gambit's files carry them.

Gambit takes every number as exact: a decimal is the fraction that it spells, not the nearest binary one. A float is therefore
written as the short decimal or fraction that its author is likely to have meant, provided that this reads back as the same
float; ties between payoffs stay ties. Habits of Gambit's reader (file.cc and rational.cc, versions 16 and 17) shape the text:
an exponent may count only after a decimal point; a plus sign is no part of a number; of backslashes in a label only a lone one
before another character is read as it stands; up to version 16 a file with a label outside printable ASCII is refused whole;
players and strategies begin with the labels 1, 2, ... and get their own one by one, each to differ from the others at that time.

Source: Gambit's documentation, "Game representation formats" (conventions common to all file formats).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction

#: Decimals with more significant digits are tried as fractions: repr(1/3) has sixteen.
LONGEST_DECIMAL = 15
#: Denominators up to which such a float is tried as a fraction.
LARGEST_DENOMINATOR = 1_000
#: Fractions with larger denominators are written as decimals: nobody reads them, and exact solvers slow down.
LONGEST_FRACTION = 10**12
#: Whole numbers from here on are written with an exponent.
LARGEST_WHOLE = 10**16
#: A probability may move by this fraction of itself to become a fraction with a small denominator: the rounding of a row of the
#: transition law to the sum 1.
PROBABILITY_ROUNDING = 1e-14

#: Backslashes that Gambit's reader would double, or take as the escape of the quotation mark after them.
_LOST_BACKSLASH = re.compile(r'\\(?=[\\"]|$)')
_BLANK = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
#: Signs that have a plain twin although Unicode does not say so.
_PLAIN_SIGNS = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-"})


def quoted(label: str) -> str:
    r"""A label in quotation marks, as the format wants it and every version of Gambit reads it.

    Control characters and runs of white space become one space. Letters lose their accents, what is then not ASCII is written by
    its code, such as \u0416. A backslash at the end, before another one or before a quotation mark cannot be carried by the
    format and becomes a slash.

    >>> print(quoted('the "hawks" '), quoted("up\\down"), quoted("C:\\"), quoted("Côte d’Ivoire"))
    "the \"hawks\"" "up\down" "C:/" "Cote d'Ivoire"
    """
    spaced = _BLANK.sub(" ", label).strip().translate(_PLAIN_SIGNS)
    ascii_only = "".join(map(_folded, spaced)).encode("ascii", "backslashreplace").decode("ascii")
    return '"' + _LOST_BACKSLASH.sub("/", ascii_only).replace('"', '\\"') + '"'


def _folded(character: str) -> str:
    """The letter without its accents, if that is ASCII."""
    bare = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return bare if bare.isascii() and bare.isprintable() and bare.strip() else character


def quoted_list(labels: Sequence[str]) -> str:
    """Labels in braces: { "first" "second" }."""
    return "{ " + " ".join(quoted(label) for label in labels) + " }"


def renaming_list(labels: Sequence[str]) -> str:
    """Labels in braces for what Gambit first numbers: players and strategies of a strategic game.

    A label that is the number of a later place would be taken for a duplicate; it gets an underscore.

    >>> renaming_list(["3", "2", "1"])
    '{ "3_" "2" "1" }'
    """
    later = [{quoted(str(k + 1)) for k in range(place + 1, len(labels))} for place in range(len(labels))]
    return quoted_list([f"{label}_" if quoted(label) in taken else label for label, taken in zip(labels, later, strict=True)])


def exact(value: float) -> Fraction:
    """The fraction that a finite float is written as; float() of it is the same float.

    >>> exact(0.1), exact(1 / 3)
    (Fraction(1, 10), Fraction(1, 3))
    """
    spelt = repr(float(value))
    if len(spelt.partition("e")[0].strip("-0.").replace(".", "")) > LONGEST_DECIMAL:
        simple = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
        if simple.denominator > 1 and float(simple) == value:
            return simple
    return Fraction(spelt)


def number(value: float | Fraction) -> str:
    """A number as text: whole, decimal, or a fraction n/d; a float reads back as itself.

    A fraction without a short decimal is written as n/d up to a denominator of LONGEST_FRACTION, as the nearest float beyond it.

    >>> [number(x) for x in (3.0, -0.25, 1 / 3, 1e-7, Fraction(15, 7))]
    ['3', '-0.25', '1/3', '1.0e-07', '15/7']
    """
    fraction = value if isinstance(value, Fraction) else exact(value)
    if fraction.denominator == 1 and abs(fraction) < LARGEST_WHOLE:
        return str(fraction.numerator)
    spelt = repr(float(fraction))
    if Fraction(spelt) == fraction or not 1 < fraction.denominator <= LONGEST_FRACTION:
        return _with_point(spelt)
    return f"{fraction.numerator}/{fraction.denominator}"


def _with_point(spelt: str) -> str:
    """A float's repr in the form whose exponent Gambit reads: with a decimal point before it and without a plus sign."""
    digits, letter, exponent = spelt.partition("e")
    if not letter:
        return spelt
    return f"{digits}{'' if '.' in digits else '.0'}e{exponent.removeprefix('+')}"


def chances(probabilities: Sequence[float]) -> list[Fraction]:
    """Positive probabilities that sum to 1 but for rounding, as fractions that sum to exactly 1.

    Small denominators are taken if they fit within PROBABILITY_ROUNDING; otherwise the largest probability takes the rounding.

    >>> [str(p) for p in chances([0.3, 0.7])], [str(p) for p in chances([1 / 3, 2 / 3])]
    (['3/10', '7/10'], ['1/3', '2/3'])
    """
    simple = [Fraction(p).limit_denominator(LARGEST_DENOMINATOR) for p in probabilities]
    near = all(abs(f - Fraction(p)) <= PROBABILITY_ROUNDING * p for f, p in zip(simple, probabilities, strict=True))
    if near and sum(simple) == 1:
        return simple
    fractions = [exact(p) for p in probabilities]
    largest = max(range(len(fractions)), key=fractions.__getitem__)
    fractions[largest] += 1 - sum(fractions)
    return fractions
