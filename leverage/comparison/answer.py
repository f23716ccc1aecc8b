"""The first lines of a comparison: what is compared, what differs in the inputs, what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from leverage.comparison.comparison import ComparedFact
from leverage.comparison.input_differences import InputDifference
from leverage.comparison.view import MARKS, NOTHING, ComparisonView
from leverage.output.columns import listed
from leverage.scenario.wording import counted, plain

#: Names and numbers that a sentence holds.
MOST_NAMED = 4


def answer_sentences(view: ComparisonView) -> Iterator[str]:
    """Sentences, the most telling first."""
    yield " ".join(f"{side.label}: {side.name}." for side in view.comparison.sides)
    yield _what_differs(view)
    yield from _other_units(view)
    yield from _sheets(view)
    yield _what_follows(view)
    yield from (told for told in (_best_strategies(view), _gains(view)) if told)
    yield from (
        f"{side.label} is not whole: {', '.join(side.unsolved)} was not solved."
        for side in view.comparison.sides
        if side.unsolved
    )
    versions = [side.made_with.get("leverage", "unknown") for side in view.comparison.sides]
    if len(set(versions)) > 1:
        yield f"They were made with different versions of this program: {view.in_sides(versions)}."


# --- what differs ------------------------------------------------------------------------------------------------------


def _what_differs(view: ComparisonView) -> str:
    inputs = view.comparison.inputs
    kinds = Counter(each.kind for each in inputs)
    parts = []
    if kinds["value"]:
        parts.append(f"{counted(kinds['value'], 'parameter')} ({_values(view, inputs)})")
    if kinds["range"]:
        parts.append(f"{counted(kinds['range'], 'plausible range')}")
    if kinds["rule"]:
        parts.append(f"{_entries_words(kinds['rule'])} of the rules ({_places(inputs)})")
    if not parts:
        return "They do not differ but in wording." if kinds["wording"] else "They do not differ: the inputs are the same."
    rest = "nothing else" if not kinds["wording"] else f"and {_entries_words(kinds['wording'])} in wording only"
    return f"What differs: {'; '.join(parts)}; {rest}."


def _entries_words(number: int) -> str:
    return f"{number} entries" if number > 1 else "1 entry"


def _values(view: ComparisonView, inputs: Sequence[InputDifference]) -> str:
    values = [each for each in inputs if each.kind == "value"]
    told = [f"{plain(each.path[1])} {view.in_sides(each.said)}" for each in values[:MOST_NAMED]]
    return "; ".join(told) + (f"; and {len(values) - MOST_NAMED} more" if len(values) > MOST_NAMED else "")


def _places(inputs: Sequence[InputDifference]) -> str:
    places = list(dict.fromkeys(each.words.partition(":")[0] for each in inputs if each.kind == "rule"))
    more = [f"{len(places) - MOST_NAMED} more"] if len(places) > MOST_NAMED else []
    return listed([*places[:MOST_NAMED], *more])


def _other_units(view: ComparisonView) -> Iterator[str]:
    if len(view.comparison.payoff_units) > 1:
        yield "Payoffs do not measure the same: their unit, or what 0 and 100 stand for, differs. Do not compare their sizes."


def _sheets(view: ComparisonView) -> Iterator[str]:
    """Who filled in a sheet, and where it goes beyond the file's own ranges."""
    for side in view.comparison.sides:
        if side.sheet is not None:
            by = f" was filled in by {listed(side.sheet.by_whom)}" if side.sheet.by_whom else " does not say who filled it in"
            by = by if side.sheet.likely else " has no row that is filled in"
            beyond = [plain(name) for name in side.sheet.outside]
            more = f"; it goes beyond the file's plausible range for {listed(beyond)}" if beyond else ""
            yield f"The sheet of {side.label}{by}{more}."


# --- what follows ------------------------------------------------------------------------------------------------------


def _what_follows(view: ComparisonView) -> str:
    claims = view.comparison.claims
    common = [each for each in claims if each.standing not in ("not in all", "other units")]
    other = [each for each in common if each.standing == "differs"]
    if not common:
        return "What follows: they have no claim in common."
    if not other:
        verdicts = "the verdict on the one claim is" if len(common) == 1 else f"the verdicts on all {len(common)} claims are"
        return f"What follows: {verdicts} the same, as far as bounds tell."
    told = [f"{each.name} {view.in_sides(each.verdicts)}" for each in other[:MOST_NAMED]]
    more = f"; and {len(other) - MOST_NAMED} more" if len(other) > MOST_NAMED else ""
    return f"What follows: {len(other)} of {counted(len(common), 'claim')} come out otherwise: {'; '.join(told)}{more}."


def _best_strategies(view: ComparisonView) -> str:
    """Which strategy is best on each side as others reply best, and what it pays; with more than two players which combination,
    as all but one of the others play named strategies."""
    several = len(view.scenario.players) > 2
    payoffs = {
        each.key[0] if several else strategy: each
        for each in view.comparison.outcomes
        if each.key[1:] == (view.key, "payoff") and (strategy := view.strategy_of(each.key[0]))
    }
    best = [_best(payoffs, side) for side in range(len(view.labels))]
    if all(each is None for each in best):
        return ""
    names = [None if each is None else plain(each) for each in best]
    paid = [None if each is None else _payoff(view, payoffs[each], side) for side, each in enumerate(best)]
    how = " as others reply best" if len(view.scenario.players) == 2 else ""
    head = f"Best for {plain(view.key)}{' where one of the others replies best' if several else how}:"
    if len(set(names)) == 1:
        return f"{head} {names[0]} ({view.in_sides(paid)})."
    told = [None if name is None else f"{name} ({value})" for name, value in zip(names, paid, strict=True)]
    return f"{head} {view.in_sides(told)}."


def _best(payoffs: Mapping[str, ComparedFact], side: int) -> str | None:
    known = {name: fact.value for name, each in payoffs.items() if (fact := each.facts[side]) is not None and fact.known}
    return max(known, key=lambda name: known[name], default=None)


def _payoff(view: ComparisonView, compared: ComparedFact, side: int) -> str:
    return view.cells(compared, view.page.points)[side]


def _gains(view: ComparisonView) -> str:
    """What the holder's instruments bring it where that differs for certain."""
    head = view.columns[0]
    gains = [
        each for each in view.comparison.leverage if each.key[1:] == (view.key, head.selection, "net", head.measure, head.subject)
    ]
    if not gains:
        return ""
    moved = [each for each in gains if each.standing in MARKS and len(set(view.cells(each, view.page.points))) > 1]
    if not moved:
        return f"At the {head.selection} {plain(view.key)} gains the same by its instruments, as far as bounds tell."
    moved.sort(key=lambda each: (-each.spread, each.key))
    told = [f"{plain(each.key[0])} {_told(view, each)}" for each in moved[:MOST_NAMED]]
    more = f"; {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else ""
    return f"At the {head.selection} {plain(view.key)} gains otherwise by: {'; '.join(told)}{more}."


def _told(view: ComparisonView, compared: ComparedFact) -> str:
    cells = view.cells(compared, view.page.points)
    told = view.in_sides([None if cell == NOTHING else cell for cell in cells])
    return f"{told} (without bounds)" if compared.standing == "open" else told
