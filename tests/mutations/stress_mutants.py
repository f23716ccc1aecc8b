"""Planted faults of what looks over the plausible box; see `mutants.py`."""

from __future__ import annotations

from tests.mutations.mutants import Fault


def _rows(module: str, *rows: tuple[str, str, str]) -> tuple[Fault, ...]:
    return tuple(Fault(module, *row) for row in rows)


TIPPING = _rows(
    "stress/tipping.py",
    ("inside = {-1: self.value, 1: self.value}", "inside = {-1: self.value, 1: min(self.grid)}", "brackets begin anywhere"),
    (
        "                inside[direction] = x\n            elif",
        "                pass\n            elif",
        "brackets begin at the baseline",
    ),
    ("key=lambda x: (abs(x - self.value), x)", "key=lambda x: x", "the lowest flip is told, not the nearest"),
    (
        "self._distance(bracket[1]) < self._distance(best[1])",
        "self._distance(bracket[1]) > self._distance(best[1])",
        "the furthest",
    ),
    ('elif side != "neither":', "else:", "what the bounds leave open is a flip"),
    ("if values * baseline.cost > budget:", "if baseline.cost > budget:", "a scan that cannot be paid for is begun"),
    ("budget=part)", "budget=budget)", "every parameter gets the whole budget"),
    ("        values = (values + 1) // 2", "        values = 2", "dear questions are looked at at the ends only"),
    ("elif answer.side == self.at_near.side:", "elif answer.side != self.at_near.side:", "brackets close on the wrong side"),
    ("* one / (one - other)", "* other / (one - other)", "the line's zero is beyond the bracket"),
    ("abs(self.far - self.near) > width else None", "abs(self.far - self.near) > 1e3 * width else None", "brackets stay wide"),
    ("return sum(self.bracket) / 2", "return sum(self.bracket)", "flips are told at twice their value"),
)

SHARES = _rows(
    "stress/shares.py",
    ("shares.std(ddof=1)", "shares.std()", "the spread between scramblings is too small"),
    ("count - 1) * shares", "count) * shares", "a degree of freedom too many"),
    ("half = max(unseen, float(", "half = min(unseen, float(", "intervals are as narrow as can be"),
    ("if k <= most:", "if k < most:", "a point is left out"),
    ("return 2 ** floor(log2(most))", "return 2 ** floor(log2(most) + 1)", "more points than the budget pays for"),
    ("Share(float(certain.mean())", "Share(float(possible.mean())", "what is open counts as certain"),
    ("interval(possible, len(points))[1]", "interval(certain, len(points))[1]", "what is open counts as refuted"),
)

ANSWERS = _rows(
    "stress/answer_book.py",
    ("            if key not in self._known:\n", "            if key not in self._rows:\n", "what is known is asked again"),
    ("(repr(float(each)) for each", "(f'{float(each):.12g}' for each", "digits are lost"),
    ("*map(repr, values)))", "*(f'{value:.6f}' for value in values)))", "small values become 0"),
    ('written[: written.rfind(b"\\n") + 1].decode()', "written.decode()", "a cut letter spoils the whole table"),
    ("stream.truncate(length)", "stream.truncate()", "a row is added to half of one"),
    (
        "found[key] = answer\n                whole = reader.line_num",
        "found[key] = answer",
        "whole rows are cut off",
    ),
    ("if next(reader, None) == [*ANSWER_COLUMNS, *names]:", "if next(reader, None) is not None:", "other parameters' values"),
    (
        "        if key not in self._rows:\n            append_row",
        "        if True:\n            append_row",
        "rows are written twice",
    ),
    ("standing)], reason)", "standing)])", "reasons are lost"),
    ("margin, int(solves), unit)", "margin, int(solves))", "units are lost"),
)

WHEN = _rows(
    "stress/when.py",
    ('"fallen" if every else "standing"', '"standing" if every else "fallen"', "'and' is read as 'or'"),
    (
        "_OPPOSITE.get(part.verdict, part.verdict), margin=-part.margin",
        "_OPPOSITE.get(part.verdict, part.verdict), margin=part.margin",
        "'not' keeps",
    ),
    ("binding = min if every else max", "binding = max if every else min", "the wrong part binds"),
    ("if not deciding and opened:", "if opened:", "what is open outweighs what decides"),
    (
        "replace(found[-1], high=high, above=above, untold_above=False)",
        "replace(found[-1], above=above)",
        "ends stay at the scan's values",
    ),
    ('untold_below=last == "neither"', 'untold_below=last == "fallen"', "what is open is told as a fall"),
    (
        "found[-1] = replace(found[-1], high=x)",
        "found[-1] = replace(found[-1], low=x)",
        "stretches have their ends changed about",
    ),
    ("< middle]", "> middle]", "the halves are changed about"),
)

JOINT = _rows(
    "stress/joint_change.py",
    (
        "if without and not self.spent and self.flips(without):",
        "if without and not self.spent:",
        "needed parameters are put back",
    ),
    ("min(found, key=lambda", "max(found, key=lambda", "the largest change is told"),
    ("max(-most[name], value", "max(most[name], value", "what falls is made to rise"),
    (
        "self.spent, 0.0, 1.0, NARROW, NARROW)[1]",
        "self.spent, 0.0, 1.0, NARROW, NARROW)[0]",
        "the end that does not flip is told",
    ),
    ('side not in (here, "neither")]', "side != here]", "what is open begins a way back"),
    ("signs = -np.sign(slopes) if", "signs = np.sign(slopes) if", "the corner that speaks for the claim"),
)
