"""Shorter forms of names that have no room: their first words, or codes of a few letters."""

from __future__ import annotations

from collections.abc import Sequence

from leverage.scenario.wording import plain


def leading_words(names: Sequence[str], *, whole: Sequence[str] = ()) -> dict[str, str]:
    """For each name as few of its first words as tell it from all others; those in `whole` are kept whole.

    >>> leading_words(["tied_pace", "full_exit", "full_stay"])
    {'tied_pace': 'tied', 'full_exit': 'full exit', 'full_stay': 'full stay'}
    """
    words = {name: plain(name).split() for name in names}

    def shortest(name: str) -> str:
        others = [own for other, own in words.items() if other != name]
        counts = range(1, len(words[name]))
        enough = (k for k in counts if all(own[:k] != words[name][:k] for own in others))
        return " ".join(words[name][: next(enough, None)])

    return {name: plain(name) if name in whole else shortest(name) for name in names}


def short_codes(names: Sequence[str]) -> dict[str, str]:
    """A code of one to three letters for each name, all different: initials (numbers whole), else the first letters, else a
    number.

    >>> short_codes(["withdraw_fast", "hold", "halt", "plan_12"])
    {'withdraw_fast': 'wf', 'hold': 'h', 'halt': 'ha', 'plan_12': 'p12'}
    """
    codes: dict[str, str] = {}
    for k, name in enumerate(names):
        letters = name.replace("_", "")
        tries = [
            "".join(word if word.isdigit() else word[0] for word in plain(name).split())[:3],
            letters[:2],
            letters[:3],
            str(k + 1),
        ]
        codes[name] = next((each for each in tries if each and each not in codes.values()), f"{k + 1}.")
    return codes
