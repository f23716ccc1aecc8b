"""Planted faults, as data, and a loader for modules that contain one of them.

Each row is an error that a programmer makes: a sign, an index, a missing factor, a stale value, a forgotten case. None leaves the
module's answers as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import SourceLoader
from importlib.util import module_from_spec, spec_from_loader
from itertools import count
from pathlib import Path
from types import ModuleType

import numba

import leverage

PACKAGE = Path(leverage.__file__).parent
_serial = count()


@dataclass(frozen=True)
class Fault:
    """`old` stands exactly once in `module` (a path within the package); `new` in its place breaks what `breaks` says."""

    module: str
    old: str
    new: str
    breaks: str

    def __str__(self) -> str:
        return f"{self.module}: {self.breaks} ({self.old!r} -> {self.new!r})"


class _FaultyLoader(SourceLoader):
    """Loads the source of a module, changed in one place; nothing is cached."""

    def __init__(self, path: Path, fault: Fault | None) -> None:
        self.path, self.fault = path, fault

    def get_filename(self, fullname: str) -> str:
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        text = Path(path).read_text(encoding="utf-8")
        return (text if self.fault is None else text.replace(self.fault.old, self.fault.new)).encode()


def load(target: str, fault: Fault | None = None) -> ModuleType:
    """A private copy of the module `target` in which the fault is planted, or which imports a copy that has it.

    All other modules are the real ones, and the package itself is left as it was.
    """
    if fault is None or fault.module == target:
        return _load_copy(target, fault)
    with _standing_in(_name(fault.module), _load_copy(fault.module, fault)):
        return _load_copy(target, None)


def _name(module: str) -> str:
    return ".".join(("leverage", *Path(module).with_suffix("").parts))


def _load_copy(module: str, fault: Fault | None) -> ModuleType:
    name = f"copy_{next(_serial)}_of_{Path(module).stem}"
    spec = spec_from_loader(name, _FaultyLoader(PACKAGE / module, fault))
    assert spec is not None
    assert spec.loader is not None
    copy = module_from_spec(spec)
    with _standing_in(name, copy), _uncompiled():  # dataclasses look their module up while they are made
        spec.loader.exec_module(copy)
    return copy


@contextmanager
def _uncompiled() -> Iterator[None]:
    """Kernels of a copy stay plain Python: compiling them would take long, and the cache on disk holds those of the
    true module.
    """
    before, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, True
    try:
        yield
    finally:
        numba.config.DISABLE_JIT = before


@contextmanager
def _standing_in(name: str, module: ModuleType) -> Iterator[None]:
    """For a while the name is imported as this module."""
    before = sys.modules.get(name)
    sys.modules[name] = module
    parent, _, own = name.rpartition(".")
    if before is not None:
        setattr(sys.modules[parent], own, module)
    try:
        yield
    finally:
        if before is not None:
            setattr(sys.modules[parent], own, before)
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before


def source(module: str) -> str:
    return (PACKAGE / module).read_text(encoding="utf-8")


def _rows(module: str, *rows: tuple[str, str, str]) -> tuple[Fault, ...]:
    return tuple(Fault(module, *row) for row in rows)


CHECKER = _rows(
    "certification/checker.py",
    ("(1 - d) * payoff[:, same]", "payoff[:, same]", "values are not normalised by 1 - delta"),
    ("+ delta * following", "+ following", "the future of a deviation is not discounted"),
    ("if i != without:", "if i == without:", "deviations are weighted with the deviator's lottery, not with the others'"),
    ("float(g / (1 - d))", "float(g * (1 - d))", "the bound on longer deviations is multiplied, not divided"),
    ("gain=max(largest),", "gain=largest[-1],", "only the last player's gain is reported"),
    ("same = delta == d", "same = delta <= d", "everybody is as patient as the most patient"),
    ('side="right")) - 1', 'side="left")) - 1', "a deviation to a first action is named at the node before"),
    ("check(plan, nodes=np.ones(plan.n_nodes, dtype=bool)).gain", "check(plan).gain", "Markov play unchecked off the start"),
    ("np.abs(totals - 1).max() <=", "(totals - 1).max() <=", "lotteries that sum to less than 1 pass"),
    ("top = max(d.gain for d in left)", "top = min(d.gain for d in left)", "the worst deviation is not named first"),
)

FINITE = _rows(
    "certification/finite.py",
    ("final[plan.node_state], 0.0", "np.zeros_like(final)[plan.node_state], 0.0", "terminal payoffs are forgotten"),
    ("for left in range(1, periods + 1):", "for left in range(1, periods):", "the first period is left out"),
    ("met[periods - left]", "met[left - 1]", "the nodes of another period are looked at"),
    ("** np.arange(left)", "** np.arange(1, left + 1)", "the periods left are discounted once too often"),
    ("np.max(gains / length)", "np.max(gains)", "gains are not normalised by the periods left"),
    ("largest = max(largest, ", "largest = max(0.0, ", "only the first period's gain is kept"),
    (
        "met = [_numbers(plan.start)]",
        "met = [_numbers(plan.start[[plan.game.start]])]",
        "play from other states is not looked at",
    ),
    ("+ game.discount * later", "+ later", "what follows is not discounted"),
    ("game.transitions.data[entries, None] * amount", "amount", "next states are not weighted with their chances"),
    ("if j != i], axis=0)", "if j != 0], axis=0)", "a deviation is weighted with the wrong player's lottery"),
)

STAGE_NASH = _rows(
    "solvers/stage_nash.py",
    ("np.divide(1.0, ranges,", "np.divide(ranges, 1.0,", "payoffs are multiplied by ranges, not divided"),
    ("np.ptp(game.payoffs, axis=0)", "np.max(game.payoffs, axis=0)", "payoffs are divided by the best one, not by the range"),
    (
        "expected(payoffs, lotteries) @ weights",
        "expected(payoffs, lotteries).sum()",
        "payoffs are not compared in units of ranges",
    ),
    ("scores >= scores.max()", "scores >= scores.min()", "the first equilibrium is taken, whatever it pays"),
    ("certify_finite(plan, 1)", "certify_finite(plan, 2)", "effects on the next period count as gains"),
    ("[game.stage_payoffs(s) for s in", "[game.stage_payoffs(0) for s in", "the first state's game stands for all"),
    ("if not found.complete]", "if found.complete]", "complete answers are said to be incomplete"),
    (
        "sum(not pure_stage_equilibria",
        "sum(() != pure_stage_equilibria",
        "states with a pure equilibrium are said to have none",
    ),
    ("np.eye(count)[a]", "np.eye(count)[0]", "everybody plays the first action"),
    (
        "np.tensordot(lottery, result, axes=(0, 0))",
        "np.tensordot(lottery, result, axes=(0, 1))",
        "lotteries are of other players",
    ),
)

STAGE_GAME = _rows(
    "solvers/stage_game.py",
    ("b[np.ix_(rows, columns)].T)", "b[np.ix_(rows, columns)])", "dominated columns are looked for among rows"),
    ("np.any(np.all(block", "np.any(np.any(block", "an action that is worse once counts as dominated"),
    ("tuple(-x), tuple(-y)", "tuple(x), tuple(y)", "equilibria are listed backwards"),
    ("full[[actions[k] for k in sorted(support)]]", "full[sorted(support)]", "weights go to the first actions"),
    ("own.max(axis=i, keepdims=True)", "own.max(axis=0, keepdims=True)", "all players deviate with the first one's actions"),
    ("complete=not faults", "complete=True", "completeness is always claimed"),
    ("> ROUNDING * np.max", "< ROUNDING * np.max", "ties by rounding forbid the claim, all others allow it"),
    ("b.max(axis=1, keepdims=True)", "b.max(axis=0, keepdims=True)", "columns are compared with those of other rows"),
    ("math.lcm(common, fraction.denominator)", "max(common, fraction.denominator)", "fractions have no common denominator"),
    ("np.maximum([mine.max() - x @ mine", "np.minimum([mine.max() - x @ mine", "no gain is ever seen"),
)

VERTICES = _rows(
    "solvers/vertex_enumeration.py",
    ("tableau.pivot(row, column)\n        else:", "pass\n        else:", "steps are not taken back"),
    ("column = 0\n                continue", "column = 1\n                continue", "first edges of later bases are not walked"),
    ("frozenset(tableau.basic) ^ {", "frozenset(tableau.basic) | {", "a basis is taken for another one"),
    ("found[vertex[1:]] = vertex", "found[vertex[1:2]] = vertex", "vertices with one support are taken for one"),
    ("if tableau.work <= MAX_WORK else None", "if found else None", "a walk that was ended counts as complete"),
    ("if j not in tight)", "if j in tight)", "best replies must not be used"),
    ("unused[list(support), k] = False", "unused[list(support), 0] = False", "supports are noted at the first vertex"),
    ('bitorder="little"', 'bitorder="big"', "bits stand for other vertices"),
    ("len(found) > MAX_EQUILIBRIA", "len(found) > 1", "two equilibria are too many"),
    (
        "mine = vertices([list(column) for column in zip(*columns, strict=True)])",
        "mine = vertices(columns)",
        "B is not transposed",
    ),
)

LEMKE_HOWSON = (
    *_rows(
        "solvers/lemke_howson.py",
        ("range(len(rows) + len(rows[0]))", "range(len(rows))", "the column player's labels are never dropped"),
        ("IntegerTableau(rows)", "IntegerTableau(rows[::-1])", "rows are numbered backwards"),
        (
            "int(dropped >= first.width)",
            "int(dropped > first.width)",
            "the first column's label is looked for in the other tableau",
        ),
        ("turn = 1 - turn", "turn = 1", "the second tableau is never left"),
        ("_label(tableau.free[column]", "_label(tableau.basic[row]", "the label that came is followed, not the one that went"),
        ("if label == dropped:", "if label != dropped:", "the path is left after a step"),
        ("(label - tableau.height)", "(label + tableau.height)", "labels are moved the wrong way"),
        ("left -= sum(", "left += sum(", "each path may work as long as all"),
        (
            "IntegerTableau([list(column) for column in zip(*columns, strict=True)])",
            "IntegerTableau(columns)",
            "B is not transposed",
        ),
    ),
    *_rows(
        "solvers/integer_tableau.py",
        ("if len(best) == 1 else self._first_of_tied(best, column)", "", "ties go to the first row, so that paths cycle"),
    ),
)

TABLEAU = _rows(
    "solvers/integer_tableau.py",
    ("head * v - factor * w", "head * v + factor * w", "elimination adds rows"),
    ("self.rows[r][column] = -factor", "self.rows[r][column] = factor", "the new column has the wrong sign"),
    ("lead[column] = scale", "lead[column] = head", "the leaving variable has the new denominator"),
    ("self.scale = head", "self.scale = scale", "the denominator is not kept"),
    ("if row[column] <= 0:", "if row[column] < 0:", "rows that set no bound may leave"),
    ("if order <= 0:", "if order < 0:", "the first of tied rows leaves"),
    ("in range(self.width, self.width + self.height):", "in range(self.height):", "coordinates break ties, not slacks"),
    (
        "< parts[first] * self.rows[r][column]",
        "< parts[first] * self.rows[first][column]",
        "ratios are compared with one divisor",
    ),
    ("if self.width + k not in positive)", "if k not in positive)", "unused actions are called best replies"),
    ("if variable < self.width)", "if variable <= self.width)", "a slack counts as an action"),
)

FINITE_HORIZON = _rows(
    "solvers/finite_horizon.py",
    ("game.discount * (game.transitions @ sums)", "(game.transitions @ sums)", "the future is not discounted"),
    ("for left in range(1, periods + 1):", "for left in range(1, periods):", "a period is left out"),
    ("weights / lengths", "weights", "players' payoffs are not compared per period"),
    ("values=sums / _length(game.discount, periods)", "values=sums", "values are not normalised"),
    ("** np.arange(periods)", "** np.arange(1, periods + 1)", "lengths are discounted once too often"),
    ("[*reversed(choices), choices[0]]", "[*choices, choices[0]]", "the last period is played first"),
    ("counts[:, player] = 1", "counts[:, 0] = 1", "rows are compared as if the first player deviated"),
    ("np.minimum(np.arange(1, periods + 2), periods)", "np.arange(periods + 1)", "the clock stands still"),
    ("sums, choices = final, []", "sums, choices = np.zeros_like(final), []", "terminal payoffs are forgotten"),
    (
        "np.where(stable, payoffs @ weights, -np.inf)",
        "np.where(stable, payoffs[:, 0], -np.inf)",
        "selection by one player's payoff",
    ),
)

DECLARED = _rows(
    "solvers/declared.py",
    (
        ".value_of(*plan.beginnings(start))",
        ".value_of(*plan.beginnings(0))",
        "the best reply is valued from the first state, not the start",
    ),
    ("- solution.values[start]", "- solution.values[0]", "the plan is valued from the first state, not the start"),
    ("solve_reply(plan, i)", "solve_reply(plan, 0)", "the first player's reply stands for everybody's"),
    ("subgame_perfect=certificate.gain <=", "subgame_perfect=certificate.by_player[0] <=", "only the first player may deviate"),
    ("gains.max() <= allowed", "gains.min() <= allowed", "one contented player makes an equilibrium"),
    ("np.maximum(gains, 0.0)", "np.minimum(gains, 0.0)", "gains are cut off on the wrong side"),
    ("plan.start @ certificate.values", "certificate.values[: len(begun)]", "values of nodes stand for values of states"),
    ("np.diff(plan.start.indptr) > 0", "np.diff(plan.start.indptr) >= 0", "a state without a start is worth 0"),
    (
        "certificate=certificate.gain,",
        "certificate=certificate.by_player[0],",
        "only the first player's deviations are certified",
    ),
    ("worst = certificate.worst[0]", "worst = certificate.worst[-1]", "the status names the least deviation"),
)

BEST_REPLY = _rows(
    "solvers/best_reply.py",
    ("if j != player:", "if j > player:", "opponents with a lower number are forgotten"),
    ("weighted = (1 - delta) * weight", "weighted = weight", "rewards are not normalised by 1 - delta"),
    (
        "np.repeat(np.repeat(played.choice, sizes), arc_count)",
        "np.repeat(np.repeat(np.sort(played.choice), sizes), arc_count)",
        "laws are those of other choices",
    ),
    ("plan.choice_start(j)[nodes][position]", "plan.choice_start(j)[position]", "lotteries are read at other nodes"),
    (
        "np.minimum.reduceat(np.where(good, np.arange(len(good)), len(good)), begin)",
        "np.maximum.reduceat(np.where(good, np.arange(len(good)), -1), begin)",
        "of equally good actions the last is taken",
    ),
    ("- game.entry_start[game.row_state[played.row]]", "", "edges are counted from the first state"),
    ("choices - decision.first[:-1]", "choices - decision.first[1:]", "actions are counted from the next node"),
    ("minlength=plan.n_nodes)) - 1", "minlength=plan.n_nodes))", "next nodes are off by one"),
    ("certificate.by_player[player]", "certificate.gain", "the others' gains are laid to the one who replies"),
    (
        "plan.start.indices[plan.start.data > 0])",
        "plan.start.indices[plan.start.data > 0], at_any_values=True)",
        "what happens with chance 0 counts as reached",
    ),
)

REPLY_KERNEL = _rows(
    "solvers/reply_kernel.py",
    ("range(rounds + 1)", "range(rounds)", "a round is left out"),
    ("lowest = first[k]", "lowest = first[0]", "ties are looked for from the first node's choices"),
    ("< best - tie", "< best", "what is nearly as good as the best does not count"),
    ("range(first[k], first[k + 1])", "range(first[k], first[k] + 1)", "only first choices are looked at"),
    ("changed or lowest != choices[k]", "lowest != choices[k]", "a round ends where the last node keeps its choice"),
    ("        values, following = following, values\n        for", "        for", "evaluation begins with old values"),
    ("indptr, choices[k], values)", "indptr, k, values)", "choices are evaluated by the node's number"),
    ("total += data[e] * values", "total += values", "what follows is not weighted"),
    ("range(indptr[choice], indptr[choice + 1])", "range(indptr[choice] + 1, indptr[choice + 1])", "first entries are left out"),
)

OUTCOMES = _rows(
    "analysis/outcomes.py",
    (
        "np.arange(begin, begin + len(now))",
        "np.arange(begin + 1, begin + 1 + len(now))",
        "the first of finitely many periods is discounted",
    ),
    ("forwards((1 - d) * play.start)", "forwards(play.start)", "discounted weights are not normalised by 1 - delta"),
    ("lambda now: now @ dense", "lambda now: now @ dense.T", "play is marched with the law transposed"),
    ("onward(now * going_on)", "onward(now)", "returns to an event count as arrivals"),
    ("by_then[whole - begin]", "by_then[whole - begin - 1]", "dates are one period early"),
    (
        "_spread(play.reverse, target) & ~target",
        "_spread(play.law, target) & ~target",
        "nodes after the event, not before it, wait",
    ),
    ("mean = float(begin @ time) / chance", "mean = float(begin @ time)", "the mean time is not conditional on the event"),
    ("share[c] * stationary", "stationary", "each recurrent class counts as if play were sure to end in it"),
    ("np.insert(visits, home, 1.0)", "np.insert(visits, 0, 1.0)", "the reference node's share goes to the first"),
    ("term.signed) for term", "term.amount) for term", "costs enter as gains"),
)

AUTOMATON = _rows(
    "game/automaton.py",
    ("if self.node_state is always.node_state", "if len(self.node_state)", "every plan is taken for a stationary one"),
    (
        "    while len(frontier):\n        law = ",
        "    if len(frontier):\n        law = ",
        "pairs of nodes are looked for one step ahead only",
    ),
    (
        "game, width = left.game, right.n_nodes",
        "game, width = left.game, left.n_nodes",
        "pairs are taken apart with the wrong width",
    ),
    (
        "np.repeat(np.maximum(sizes_right, 1), sizes)",
        "np.repeat(np.maximum(sizes_left, 1), sizes)",
        "lotteries are paired wrongly",
    ),
    ("left.data[a] * right.data[b]", "left.data[a]", "the second machine's public lottery is forgotten"),
    ("lotteries=tuple(machine.lotteries[j] for j in order)", "lotteries=machine.lotteries", "lotteries keep the machines' order"),
    ("machine.game.start if state is None else state", "state or machine.game.start", "state 0 is taken for no state"),
    ("machine.edge_probability > 0", "machine.edge_probability >= 0", "chance 0 counts as possible"),
    ("_pick(right, i, second)", "_pick(right, i, first)", "the second machine plays at the first one's nodes"),
    ("off = np.abs(np.add.reduceat(flat, starts) - 1)", "off = np.add.reduceat(flat, starts) - 1", "less than 1 in all passes"),
)

NODE_INDICES = _rows(
    "game/node_indices.py",
    ("np.repeat(ends - sizes - starts, sizes)", "np.repeat(ends - starts, sizes)", "ranges begin too early"),
    ("starts[self.cell_node] + action", "action", "choices are counted from the first node on"),
    ("_starts(np.diff(self.row_entry)[self.cell_row])", "_starts(np.diff(self.row_entry))", "cells have the edges of other rows"),
    ("self.cell_edge[self.first_cell]", "self.cell_edge[: len(self.first_cell)]", "nodes begin where the first cells do"),
    (
        "for counts in self.action_counts[self.node_state].T",
        "for counts in self.action_counts.T",
        "nodes have the choices of other states",
    ),
    (
        "dtype=np.intp)[self.cell_row], np.diff",
        "dtype=np.intp)[: len(self.cell_row)], np.diff",
        "edges follow other rows",
    ),
    ("np.array_equal(known.following, law.indices) and ", "", "plans lead where those of another game do"),
    (
        "selection(self.following, len(self.node_state))",
        "selection(self.following * 0, len(self.node_state))",
        "all goes to one",
    ),
)

SPARSE_ROWS = _rows(
    "game/sparse_rows.py",
    ("* shape[1] + column", "* shape[0] + column", "places of a matrix that is not square are mixed up"),
    ("np.bincount(where, numbers, len(place))", "numbers[: len(place)]", "in large matrices nothing is added up"),
    ("place, sums = place[sums != 0], sums[sums != 0]", "pass", "sums that are 0 stay in large matrices"),
    ("* size + self.row", "* size + self.column", "the matrix is transposed before it is applied to several vectors"),
    ("self.column[order], self.row[order]", "self.row[order], self.column[order]", "transposing leaves rows and columns"),
    ("np.abs(self.numbers)", "self.numbers", "sizes keep the signs"),
    ("columns.cumsum()[column] - 1", "column", "columns of a part keep their numbers"),
    (
        "rows[self.row] & columns[self.column]",
        "rows[self.row] | columns[self.column]",
        "a part has more than its rows and columns",
    ),
    ("-law.numbers])", "law.numbers])", "the law is added to the identity"),
)

FORM = _rows(
    "game/form.py",
    ("kept.append((a != 0) | (b != 0))", "kept.append(a != 0)", "a chance that may be 0 makes no branch"),
    ("len(level_numbers(scenario)[variable]) - 1", "len(level_numbers(scenario)[variable])", "a step leads beyond the top level"),
    ("free[parents] = False", "free[parents] = True", "all rules that fit apply, not the first"),
    (
        "(mass * chance)[:, kept]",
        "np.broadcast_to(chance, mass.shape)[:, kept]",
        "chances of variables are not multiplied",
    ),
    ("for i in range(len(legal) - 1, -1, -1):", "for i in range(len(legal)):", "profiles run with the first player fastest"),
    ("+= term.signed", "+= term.amount", "costs are added"),
    (
        "reduceat(probabilities * evaluate(",
        "reduceat(np.ones_like(probabilities) * evaluate(",
        "a payoff on the next state is not weighted with its chance",
    ),
    (
        "np.array(self.scenario.start)).all(axis=1)",
        "np.array(self.scenario.start)).any(axis=1)",
        "play starts in a similar state",
    ),
    (
        "        if parameter.in_doubt:\n            low, high = scenario.reach",
        "        if True:\n            low, high = scenario.reach",
        "a parameter's value decides about the shape",
    ),
    ("weights=mass[p]", "weights=mass[0]", "all parameter points get the first one's chances"),
)

CHANGES = (
    *_rows(
        "scenario/changes.py",
        ("replace(action, legal=tree.Always(False)) if", "action if", "forbidden actions stay legal"),
        ("levels.get(v, {}).get(level, level)", "level", "play begins at a level that does not exist"),
        ("now.get(other, other)", "other", "what is reached instead of a level may itself be replaced"),
        ("if parameter.in_doubt else (value, value)", "", "a number that is certain is not certain of its new value"),
        ("tree.Both(rule.condition, legal)", "rule.condition", "a replacement is played where the action was not legal"),
        ("None if one is None or two is None else", "one if one is None or two is not None else", "chances are not added up"),
        ("sorted(changes.items())", "list(changes.items())", "conflicts depend on the order of the changes"),
        ("if other != value:", "if False:", "changes that disagree are combined"),
        ("value is not None and value in gone", "value is not None and False", "replacements may be taken away"),
    ),
    *_rows(
        "game/form.py",
        ("reached_instead[level] = other", "reached_instead[other] = level", "the level that exists is replaced"),
    ),
)

RESTATED = _rows(
    "scenario/change_reading.py",
    ('RESTATED = ("state", "transitions")', 'RESTATED = ("state",)', "rules are not restated"),
    ("        if name in known\n", "", "a variable that the file does not have is added to it"),
    ('"variants": {variant: entry}', '"variants": variants', "the other variants are kept"),
    (
        "        return document\n",
        "        variant = next(iter(variants), variant)\n",
        "a variant that restates nothing drops the others",
    ),
    ("(*path, part, name))", "path)", "a fault is told at the variant, not at the name"),
)

BINDING = _rows(
    "game/binding.py",
    (
        "among * game.action_counts[game.row_state, i]",
        "among * game.action_counts[0, i]",
        "rows are counted with another state's actions",
    ),
    ("chance *= lottery[", "chance = lottery[", "of several bound players only the last draws lots"),
    ("machine.choice_start(i)[nodes[place]]", "machine.choice_start(i)[place]", "lotteries are read at other nodes"),
    ("machine.edge_start[rows.node] + lead", "machine.edge_start[rows.node]", "each profile leads where the first one does"),
    (
        "* machine.edge_probability[edges], width) * follow.data",
        "* machine.edge_probability[edges], width)",
        "public lotteries are ignored",
    ),
    (
        "weights=arcs.chance * count[arcs.entry]) / chance",
        "weights=arcs.chance * count[arcs.entry])",
        "counts are not given the entry",
    ),
    ("likely = np.flatnonzero(chance > 0)", "likely = np.flatnonzero(chance > -1)", "what cannot happen makes entries"),
    ("return candidates[np.sort(order)]", "return candidates", "states that only other play of the bound player reaches"),
    ("if len(played) == 1 else MIXED", "if len(played) else MIXED", "a lottery is named after one action"),
    ("if len(first) != 1:", "if len(first) == 0:", "a lottery over first nodes is cut short"),
)

MARKOV = (
    *_rows(
        "solvers/logit_kernel.py",
        ("a * z[c] - b * work.slot[ADVANTAGE, c]", "a * z[c] + b * work.slot[ADVANTAGE, c]", "worse actions become likelier"),
        (
            "(work.matrix[row + d] - work.slot[ACTION_VALUES, c])",
            "(work.matrix[row + d] - work.slot[ACTION_VALUES, d])",
            "the response's mean is that of the other action",
        ),
        ("work.matrix[row + d] = -b * response", "work.matrix[row + d] = b * response", "others respond with the wrong sign"),
        (
            "+ turn * work.row[REWARD, r, i]",
            "+ turn * work.row[AHEAD, r, i]",
            "what others' turning does to an action's value is left out of the direction",
        ),
        ("length if rate > 0.0 else -length", "-length if rate > 0.0 else length", "the path is followed backwards"),
        (
            "np.exp(z[c] + bias[c] - top)",
            "np.exp(z[c] - top)",
            "perturbed starts are not perturbed",
        ),
        (
            "work.blocks[i, j, shape.state[DIAGONAL, s]] -= total",
            "work.blocks[i, j, shape.state[DIAGONAL, s]] += total",
            "values enter their own equation with the wrong sign",
        ),
    ),
    *_rows(
        "solvers/markov_perfect.py",
        ("(average @ game.payoffs) * (1 - game.discount)", "(average @ game.payoffs)", "values are not normalised"),
        ("game.discount[:, None, None] * law", "game.discount[0] * law", "everybody is as patient as the first player"),
        (
            "plan = Automaton.of_profile(game, p)",
            "plan = Automaton.of_profile(game, p[::-1])",
            "lotteries are read backwards",
        ),
        ("np.argmax(own)", "np.argmin(own)", "best replies are worst replies"),
    ),
)

FORM_DERIVATIVES = (
    *_rows(
        "scenario/slopes.py",
        ("da * b + db * a)", "da * b)", "the second factor is held fixed"),
        ("da / b - db * a / b**2", "da / b + db * a / b**2", "quotients: a sign"),
        ("sign * side * (da - db) <= 0", "sign * (da - db) <= 0", "of tied arguments the same one counts on both sides"),
        ("side * np.abs(da), np.sign(a) * da)", "np.abs(da), np.sign(a) * da)", "abs rises on both sides of its kink"),
    ),
    *_rows(
        "game/derivatives.py",
        ("before * own + mass * move", "before * own + move", "a chance's change is not weighted with the branch's probability"),
        ("before * own + mass * move", "mass * move", "changes of variables drawn earlier are forgotten"),
        ("rest = -sum(", "rest = sum(", "what is left of 1 grows with the other chances"),
        (
            "ahead = probabilities * evaluate(term.formula, form.entry_rows, point.values) + ",
            "ahead = ",
            "chances of payoffs stand still",
        ),
        ("(side * law < -SAME_SLOPE * size)", "(law < -SAME_SLOPE * size)", "a chance of 0 may become negative from above"),
        ('slope if term.kind == "gain" else -slope', "slope", "costs are added"),
    ),
)

EQUILIBRIUM_DERIVATIVE = _rows(
    "solvers/equilibrium_derivative.py",
    ("factor.solve(-moves)", "factor.solve(moves)", "the implicit function theorem's sign"),
    ("total[twin], out=", "1.0 + 0 * total, out=", "chances, not shares, divide changes among equal actions"),
    ("near = used | (", "near = used & (", "unused actions that are equal to used ones are a tie"),
    ("_equal(looks[first], looks[c])", "True", "actions that are as good are taken to be the same"),
    ("if worse[worst] <= TIE_SHARE:", "if worse[worst] < -TIE_SHARE:", "ties of unused actions pass"),
    ("if not found.gain <= allowed + found.error:", "if not found.error <= allowed:", "play that is no equilibrium passes"),
    (
        "d_values[state, i, d] - lead[i] - follow",
        "d_values[state, i, d] - lead[i]",
        "the others' changes do not count for unused actions",
    ),
    ("game.discount * (arriving + law @ d_values)", "game.discount * (law @ d_values)", "chances stand still for unused actions"),
    (
        "room[d, 0] = min(room[d, 0], when[slope > 0]",
        "room[d, 0] = min(room[d, 0], when[slope < 0]",
        "falling and rising are exchanged",
    ),
    ("(own - worth) / system.spread[i])", "(own - worth))", "the margin is no share of the range"),
)

LOCAL_SENSITIVITY = (
    *_rows(
        "analysis/outcome_derivatives.py",
        ("d_weight[:, row] * entry.data[played] + ", "", "the law changes by chances only, not by strategies"),
        ("d_delta) + delta * play.pushed(weights)", "d_delta) + play.pushed(weights)", "changes of the law are not discounted"),
        (
            "np.outer(play.reverse @ weights - begin, d_delta)",
            "np.outer(play.reverse @ weights, d_delta)",
            "normalisation stands still",
        ),
        ("play.reverse @ dx + play.pushed(x))", "play.reverse @ dx)", "the march forgets changes of the law"),
        (
            "solve(play.pulled(m)[waiting] + dh[waiting])",
            "solve(play.pulled(m)[waiting])",
            "the time forgets that the chance changes",
        ),
        ("(dm[s] / h[s] - m[s] * dh[s] / h[s] ** 2)", "dm[s] / h[s]", "the mean time is not conditional on the event"),
        ("share * stationary.slope + ", "", "shares of time within a class stand still"),
    ),
    *_rows(
        "analysis/local_sensitivity.py",
        ("slope, note = math.nan, OPENS", "note = OPENS", "ways that open are not heeded"),
        (
            "return parameter.high - parameter.low\n    return max(",
            "return parameter.high - parameter.value\n    return max(",
            "moves over half a range",
        ),
        ("place, none, size,", "place, none, -size,", "the smallest moves come first"),
    ),
)

PURE_MARKOV = _rows(
    "solvers/pure_markov.py",
    ("axis=0) <= 2 * problem.allowed", "axis=0) < 0.0", "profiles from which a departure gains nothing are discarded"),
    ("own.law @ middle - own.size @ radius", "own.law @ middle + own.size @ radius", "profiles that may gain are discarded"),
    ("gain + factor * stage[row]", "gain - factor * stage[row]", "what staying adds is deducted"),
    ("weight / (1 - discount * stay[row])", "weight / (1 - stay[row])", "staying is not discounted"),
    ("stage = (1 - game.discount) * game.payoffs[rows]", "stage = game.payoffs[rows]", "payoffs are not normalised"),
    ("i].max(axis=1) - action_values", "i].min(axis=1) - action_values", "the worst departure is looked at"),
    ("np.lexsort(rows.T[::-1])", "np.lexsort(rows.T)", "the last state comes first in the order"),
    ("least = np.argmin(usable, axis=1)", "least = np.argmax(usable, axis=1)", "the enemy chooses what is best for the player"),
    ("~here[:, None] | (own[:, None] == actions)", "own[:, None] == actions", "an action is fixed in all states"),
    ("not stack and not capped", "not capped", "a search that stopped is called complete"),
)

DIRECTIONAL = _rows(
    "solvers/directional.py",
    ("after[a].add(b)", "after[b].add(a)", "the start of play comes before its end"),
    ("game.transitions.data > 0", "game.transitions.data >= 0", "moves of chance 0 join states"),
    ("scale = 1 - game.discount * stay", "scale = 1 - game.discount", "every state is for ever"),
    ("float(np.ptp(stay)) > SAME_CHANCE", "float(np.ptp(stay)) > 1.0", "that staying depends on actions is overlooked"),
    ("axis=i, keepdims=True)", "axis=0, keepdims=True)", "everybody departs by the first player's actions"),
    ("profile[second] = x, y", "profile[second] = y, x", "the two players' lotteries are exchanged"),
    ("following = values.copy()", "following = np.zeros_like(values)", "values of later stages are forgotten"),
    ("if differ == 1:", "if differ == 2:", "a continuum is taken for equilibria that stand alone"),
    (
        "complete = complete_pure and not tally.missing_mixed",
        "complete = complete_pure",
        "mixed equilibria may be missing, and that is not said",
    ),
    ("(1 - game.discount) * game.payoffs[rows]", "game.payoffs[rows]", "payoffs are not normalised"),
)

ERROR_RADIUS = _rows(
    "solvers/error_radius.py",
    ("distance = np.abs(x - reported) + reach", "distance = reach.copy()", "the report's own error is left out"),
    ("x[unknowns] -= step", "x[unknowns] += step", "Newton steps lead away"),
    ("- 2 * eta * bend", "- eta * bend", "a ball is claimed that is not mapped into itself"),
    ("1 - kappa + math.sqrt(room)", "1 - kappa - math.sqrt(room)", "the larger of two balls is taken"),
    ("result += np.bincount(place", "result = np.bincount(place", "only the last player's equations are curved"),
    ("np.where(mixed, x[:first] - reach[:first], 1.0)", "np.where(mixed, 1.0, x[:first])", "chances below 0 pass"),
    ("np.where(used, np.inf, margin)", "np.where(used, margin, np.inf)", "used actions have to be worse, not unused ones"),
    ("(np.abs(inverse).T @ right)", "np.abs(inverse.T @ right)", "errors of several equations cancel"),
    ("left[own].max() / (1 - d * sums)", "left[own].max()", "an error in a value is not carried on to later periods"),
    (
        "distance[first:].reshape(-1, players).max(axis=0)",
        "distance[first:].reshape(players, -1).max(axis=1)",
        "values are read player by player",
    ),
)
