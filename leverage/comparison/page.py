"""A comparison in print: what differs, what follows, then both in numbers, side by side. Every number is a cell of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from leverage.analysis.plays import MARKOV
from leverage.comparison.answer import answer_sentences
from leverage.comparison.bounded_facts import Standing
from leverage.comparison.comparison import ComparedFact, Comparison
from leverage.comparison.input_differences import InputDifference
from leverage.comparison.sheet_overlap import SheetOverlap
from leverage.comparison.view import MARKS, NOTHING, ComparisonView
from leverage.output.claims import VERDICT_WORDS, significant
from leverage.output.columns import WIDTH, listed, numbered, paragraph, percent, section, shortened, table
from leverage.output.leverage import UNSURE
from leverage.scenario.wording import counted, plain

#: Rows of a printed table; rules that are told in full; letters of one of them, and of a row's label.
MOST_ROWS, MOST_RULES, MOST_LETTERS, LABEL = 14, 8, 240, 40
#: Ways of playing whose payoffs are told, beside the strategies against best replies.
_TOLD = (MARKOV, "bargaining: nash")
#: What may be true of a way of playing, in print.
_QUALITIES = {"equilibrium": "equilibrium", "subgame_perfect": "perfect", "path": "path holds"}
_LEGENDS: dict[Standing, str] = {
    "differs in the play found": f"{UNSURE}: of the plays that were found; others that pay the same may differ.",
    "open": "!: the numbers differ and bounds are missing, so that nothing certifies it.",
}


def comparison_text(comparison: Comparison) -> str:
    """The page in 80 columns."""
    view = ComparisonView(comparison)
    parts = (_inputs, _sheets, _claims, _outcomes, _plays, _leverage, _incomparable)
    bullets = [paragraph(f"* {told}", 2) for told in answer_sentences(view)]
    return "\n".join([_head(comparison), *bullets, "", *numbered(partial(part, view) for part in parts)]).rstrip()


def _head(comparison: Comparison) -> str:
    titles = list(dict.fromkeys(side.scenario.title for side in comparison.sides))
    title = titles[0] if len(titles) == 1 else f"{len(titles)} scenarios"
    return f"{paragraph(f'Compared: {title}')}\n{'=' * WIDTH}"


def _grid(view: ComparisonView, rows: Sequence[Sequence[str]], first: str = "") -> list[str]:
    """A table with a column a side, and what is left out of it because there are too many."""
    text, cut = table([first, *view.labels], rows)
    return [text, *([paragraph(f"Not shown: {listed(view.labels[-cut:])}.")] if cut else [])]


# --- inputs ------------------------------------------------------------------------------------------------------------


def _inputs(view: ComparisonView, which: int) -> list[str]:
    inputs = view.comparison.inputs
    if not inputs:
        return []
    lines = [section(which, "what differs in the inputs", "everything is in inputs.csv")]
    lines += _parameter_rows(view, [each for each in inputs if each.kind in ("value", "range")])
    rules = [each for each in inputs if each.kind == "rule"]
    for each in rules[:MOST_RULES]:
        lines += _rule_lines(view, each)
    if len(rules) > MOST_RULES:
        lines.append(paragraph(f"And {len(rules) - MOST_RULES} more entries of the rules."))
    wording = [each.words for each in inputs if each.kind == "wording"]
    if wording:
        more = f", and {len(wording) - MOST_RULES} more" if len(wording) > MOST_RULES else ""
        lines.append(paragraph(f"In wording only: {', '.join(wording[:MOST_RULES])}{more}."))
    return [*lines, ""]


def _parameter_rows(view: ComparisonView, differences: Sequence[InputDifference]) -> list[str]:
    if not differences:
        return []
    rows = [[_parameter_label(each), *(said or NOTHING for said in each.said)] for each in differences[:MOST_ROWS]]
    more = len(differences) - MOST_ROWS
    return [*_grid(view, rows), *([paragraph(f"And {more} more of parameters.")] if more > 0 else [])]


def _parameter_label(difference: InputDifference) -> str:
    name = plain(difference.path[1])
    if difference.kind == "range":
        return shortened(f"{name}, plausible", LABEL)
    return shortened(f"{name} ({difference.unit})" if difference.unit else name, LABEL)


def _rule_lines(view: ComparisonView, difference: InputDifference) -> list[str]:
    told: dict[str, list[str]] = {}
    for label, said in zip(view.labels, difference.said, strict=True):
        told.setdefault("no such entry" if said is None else said, []).append(label)
    lines = [paragraph(f"* {difference.words}", 2)]
    return lines + [paragraph(f"    {listed(labels)}: {shortened(each, MOST_LETTERS)}", 6) for each, labels in told.items()]


def _sheets(view: ComparisonView, which: int) -> list[str]:
    """What the sheets say, the ranges that have least in common first."""
    overlaps = sorted(view.overlaps, key=lambda each: (each.agreed, 1.0 if each.share is None else each.share, each.parameter))
    if not overlaps:
        return []
    labels = overlaps[0].labels
    rows = [_sheet_row(each) for each in overlaps if not each.agreed]
    lines = [section(which, "what the sheets say", "low - likely - high; all of it is in sheets.csv")]
    told = _overlap_words(overlaps)
    told += " In common: the part that all ranges share, of the span from the lowest to the highest value."
    if rows:
        lines.append(table(["", *labels, "in common"], rows[:MOST_ROWS])[0])
    if len(rows) > MOST_ROWS:
        lines.append(f"And {len(rows) - MOST_ROWS} more parameters.")
    agreed = sum(each.agreed for each in overlaps)
    if agreed:
        told += f" {counted(agreed, 'parameter')} with the same three numbers."
    return [*lines, "", paragraph(told), ""]


def _overlap_words(overlaps: Sequence[SheetOverlap]) -> str:
    apart = [plain(each.parameter) for each in overlaps if each.common is None]
    touching = [plain(each.parameter) for each in overlaps if each.touching]
    told = [f"Ranges have nothing in common for {listed(apart)}."] if apart else []
    told += [f"They have one value alone in common for {listed(touching)}."] if touching else []
    return " ".join(told) or "All ranges overlap."


def _sheet_row(overlap: SheetOverlap) -> list[str]:
    ranges = [" - ".join(map(significant, (each.low, each.likely, each.high))) for each in overlap.judgements]
    share = NOTHING if overlap.share is None else percent(overlap.share)
    common = "nothing" if overlap.common is None else "one value" if overlap.touching else share
    return [shortened(plain(overlap.parameter), 24), *ranges, common]


# --- claims ------------------------------------------------------------------------------------------------------------


def _claims(view: ComparisonView, which: int) -> list[str]:
    claims = view.comparison.claims
    if not claims:
        return []
    other = [each for each in claims if each.standing == "differs"]
    near = [each for each in claims if each.standing == "within certificates"]
    same = [each for each in claims if each.standing == "same"]
    title = "claims that come out otherwise" if other else "claims"
    lines = [section(which, title, "margins are in claims_compared.csv")]
    if other:
        words: dict[str, str] = {"": NOTHING} | {str(verdict): word for verdict, word in VERDICT_WORDS.items()}
        lines += [*_grid(view, [[each.name, *(words[verdict] for verdict in each.verdicts)] for each in other]), ""]
        for each in other:
            lines.append(paragraph(f"{each.name}: {next(claim.says for claim in each.claims if claim is not None)}", 4))
        lines.append("")
    told = [f"The verdict is the same for {counted(len(same), 'claim')}." if same else "No claim has the same verdict."]
    if near:
        named = "; ".join(f"{each.name} {view.in_sides(each.verdicts)}" for each in near)
        told.append(f"Within the bounds it may be: {named}.")
    return [*lines, paragraph(" ".join(told)), ""]


# --- outcomes ----------------------------------------------------------------------------------------------------------


def _outcomes(view: ComparisonView, which: int) -> list[str]:
    lines = [section(which, "outcomes that differ", "beyond the certificates; all numbers are in outcomes_compared.csv")]
    quantities = [(key, "payoff", f"{plain(key)} gets ({view.page.game.payoff_unit})") for key in view.page.keys]
    if view.date:
        quantities.append((view.page.event, f"chance by {view.date}", f"'{plain(view.page.event)}' within {view.date}"))
    marks: set[Standing] = set()
    for subject, quantity, title in quantities:
        words = view.words_of(quantity)
        told = [each for each in view.comparison.outcomes if each.key[1:] == (subject, quantity) and _is_told(view, each.key[0])]
        rows, own = _rows(view, [(plain(each.key[0]), each) for each in told], words)
        marks |= own
        if rows:
            lines += [*_grid(view, rows, title), ""]
    return [*lines, paragraph(" ".join([_tally(view.comparison.outcomes), *_legend(marks)])), ""]


def _is_told(view: ComparisonView, selection: str) -> bool:
    return bool(view.strategy_of(selection)) or selection.startswith(_TOLD) or selection.startswith("best credible plan for ")


def _rows(
    view: ComparisonView, facts: Sequence[tuple[str, ComparedFact]], words: Callable[[float], str]
) -> tuple[list[list[str]], set[Standing]]:
    """Rows of the labelled numbers that differ as they are printed, and the standings that need a word."""
    rows, marks = [], set()
    for label, each in facts:
        cells = view.cells(each, words)
        if each.standing in MARKS and len(set(cells)) > 1:
            rows.append([shortened(label, LABEL) + MARKS[each.standing], *cells])
            marks.add(each.standing)
    return rows[:MOST_ROWS], marks


def _legend(marks: set[Standing]) -> list[str]:
    return [legend for standing, legend in _LEGENDS.items() if standing in marks]


def _tally(facts: Sequence[ComparedFact]) -> str:
    """How many numbers there are of each standing."""
    words: dict[Standing, str] = {
        "same": "are the same",
        "within certificates": "differ within the certificates",
        "differs": "differ for certain",
        "differs in the play found": "differ in the plays that were found",
        "open": "differ without bounds",
        "not in all": "are not on all sides",
        "other units": "have other units",
    }
    counts = {standing: sum(each.standing == standing for each in facts) for standing in words}
    told = [f"{count:,} {words[standing]}" for standing, count in counts.items() if count]
    return f"Of {counted(len(facts), 'number')} {listed(told)}." if told else "There are no numbers."


def _plays(view: ComparisonView, which: int) -> list[str]:
    """Ways of playing that are an equilibrium, or could be upheld, on some sides only."""
    other = [each for each in view.comparison.plays if each.standing == "differs"]
    if not other:
        return []
    answers = {None: NOTHING, "sustainable": "yes", "not sustainable": "no", "cannot be told": "open", "not defined": "mixed"}
    rows = []
    for each in other:
        label = f"{shortened(plain(each.selection), LABEL)}: {_QUALITIES[each.quality]}"
        rows.append([label, *(answers.get(said, said or NOTHING) for said in each.said)])
    lines = [section(which, "what could be believed", "all of it is in strategies_compared.csv"), *_grid(view, rows[:MOST_ROWS])]
    more = [f"And {len(rows) - MOST_ROWS} more."] if len(rows) > MOST_ROWS else []
    legend = "Perfect: nobody gains by departing, after any history. A path holds if the worst credible punishments uphold it."
    return [*lines, *more, "", paragraph(legend), ""]


# --- leverage ----------------------------------------------------------------------------------------------------------


def _leverage(view: ComparisonView, which: int) -> list[str]:
    facts = view.comparison.leverage
    if not facts:
        return []
    note = "solved with and without it; all effects are in leverage_compared.csv"
    lines = [section(which, f"what instruments are worth to {plain(view.key)}", note)]
    rows: list[list[str]] = []
    marks: set[Standing] = set()
    for name in dict.fromkeys(each.key[0] for each in facts if each.key[1] == view.key):
        own, seen = _instrument_rows(view, facts, name)
        if own:
            rows += [[shortened(plain(name), LABEL), *("" for _ in view.labels)], *own]
            marks |= seen
    if rows:
        lines += [*_grid(view, rows), ""]
    return [*lines, paragraph(" ".join([_tally(facts), *_legend(marks)])), ""]


def _instrument_rows(
    view: ComparisonView, facts: Sequence[ComparedFact], instrument: str
) -> tuple[list[list[str]], set[Standing]]:
    """What is told of an instrument where it differs: a row a measure."""
    rows: list[list[str]] = []
    marks: set[Standing] = set()
    for column in view.columns:
        place = (instrument, view.key, column.selection, "net", column.measure, column.subject)
        told = [(f"  {column.head}", view.change_of(column, each)) for each in facts if each.key == place]
        own, seen = _rows(view, told, view.ledger_words(column))
        rows, marks = rows + own, marks | seen
    return rows, marks


# --- what cannot be compared -------------------------------------------------------------------------------------------


def _incomparable(view: ComparisonView, which: int) -> list[str]:
    told = list(_incomparable_words(view))
    if not told:
        return []
    return [section(which, "what cannot be compared"), *(paragraph(f"* {each}", 2) for each in told), ""]


def _incomparable_words(view: ComparisonView) -> Iterator[str]:
    """What stands on some sides only, by its first name, and what is called the same and is not."""
    comparison = view.comparison
    for title, facts in (("Ways of playing", comparison.outcomes), ("Instruments", comparison.leverage)):
        places: dict[str, tuple[str | None, ...]] = {}
        for each in facts:
            there = tuple("there" if fact is not None else None for fact in each.facts)
            before = places.get(each.key[0], (None,) * len(there))
            places[each.key[0]] = tuple(one or other for one, other in zip(there, before, strict=True))
        yield from _only_in(view, title, {name: there for name, there in places.items() if None in there})
    missing = {each.name: tuple(verdict or None for verdict in each.verdicts) for each in comparison.claims}
    yield from _only_in(view, "Claims", {name: there for name, there in missing.items() if None in there})
    other = [each.name for each in comparison.claims if each.standing == "other units"]
    if other:
        yield f"Claims of the same name that are not the same sentence: {listed(other)}."
    units = sum(each.standing == "other units" for each in (*comparison.outcomes, *comparison.leverage))
    if units:
        yield f"{counted(units, 'number')} of the same name and another unit."


def _only_in(view: ComparisonView, title: str, names: dict[str, tuple[str | None, ...]]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for name, there in names.items():
        where = listed([label for label, own in zip(view.labels, there, strict=True) if own is not None])
        groups.setdefault(where, []).append(plain(name))
    for where, own in groups.items():
        more = f" and {len(own) - MOST_RULES} more" if len(own) > MOST_RULES else ""
        yield f"{title} in {where} only: {', '.join(own[:MOST_RULES])}{more}."
