"""The game form: the shape that a scenario's rules give a game, whatever the parameters' values.

States are those that the rules can reach for some values in the plausible ranges; rows are states with action profiles; entries
are possible next states. The shape is found once; `GameForm.arrays` fills it with numbers for many parameter points at a time.

How transitions are drawn: variable after variable, in the scenario's order. A *branch* is a row together with the next levels of
the variables drawn so far. The first rule that fits a branch splits it, one branch for each move; its probability is the product
of the chances on the way. A move whose chance is zero everywhere in the box (by interval arithmetic) makes no branch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy import sparse

from leverage.errors import Fault, ScenarioError
from leverage.game.stochastic_game import Booleans, Floats, Integers, Measures, PayoffTerm, RowIndices, StochasticGame
from leverage.scenario import syntax as tree
from leverage.scenario.evaluation import Rows, bounds, evaluate, holds
from leverage.scenario.scenario import Scenario, TransitionRule, Watched
from leverage.scenario.wording import plain

#: Limits of what is compiled, far above what the solvers finish in a sensible time.
MOST_STATES, MOST_ROWS, MOST_BRANCHES = 50_000, 1_000_000, 10_000_000

#: Chances written as decimals miss 1 by this much when they are added up.
ROUNDING = 1e-12

#: What a formula without state reads: one row and no variables.
NO_ROWS = Rows((), np.zeros((0, 1), dtype=np.intp))

Values = Mapping[str, Floats | float]


@dataclass(frozen=True, eq=False)
class Block:
    """Branches that one rule splits. `parents`: (n,) their numbers among the branches before; `kept[m]`: which of them move m
    can happen to."""

    rule: TransitionRule
    parents: Integers
    rows: Rows
    kept: tuple[Booleans, ...]


@dataclass(frozen=True, eq=False)
class FormArrays:
    """The numbers of a form at P parameter points: probabilities (P, E), terms each (P, R), averages each (P, S), discount (P,
    N)."""

    probabilities: Floats
    terms: tuple[Floats, ...]
    averages: tuple[Floats, ...]
    discount: Floats


@dataclass(frozen=True, eq=False)
class GameForm:
    """The shape of a game and where its numbers come from.

    levels: (S, V) level indices of each state. legal[i]: (S, actions declared) what player i can do. row_state: (R,).
    row_actions: (N, R) declared actions. steps[k]: the blocks of the k-th variable drawn. branch_entry: (branches,) the entry
    that each final branch adds to. indptr, indices: the pattern of the transition law (R rows, S columns).
    """

    scenario: Scenario
    levels: Integers
    legal: tuple[Booleans, ...]
    row_state: Integers
    row_actions: Integers
    steps: tuple[tuple[Block, ...], ...]
    branch_entry: Integers
    indptr: Integers
    indices: Integers

    # --- rows for formulas -----------------------------------------------------------------------------------------

    @cached_property
    def numbers(self) -> tuple[Floats, ...]:
        return level_numbers(self.scenario)

    @cached_property
    def state_rows(self) -> Rows:
        return Rows(self.numbers, self.levels.T)

    @cached_property
    def action_rows(self) -> Rows:
        return Rows(self.numbers, self.levels[self.row_state].T, self.row_actions)

    @cached_property
    def entry_row(self) -> Integers:
        return np.repeat(np.arange(len(self.row_state)), np.diff(self.indptr))

    @cached_property
    def entry_rows(self) -> Rows:
        row = self.entry_row
        return Rows(self.numbers, self.levels[self.row_state[row]].T, self.row_actions[:, row], self.levels[self.indices].T)

    @cached_property
    def start(self) -> int:
        """The state in which play begins."""
        return int(np.flatnonzero((self.levels == np.array(self.scenario.start)).all(axis=1))[0])

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Each state in words."""
        words = self.scenario.vocabulary.variables
        names = [[f"{plain(variable)} {plain(level)}" for level in own] for variable, own in words.items()]
        return tuple(", ".join(names[v][k] for v, k in enumerate(state)) or "the only state" for state in self.levels)

    # --- numbers ---------------------------------------------------------------------------------------------------

    def arrays(self, values: Values) -> FormArrays:
        """Numbers at P points: per parameter a number or an array (P, 1)."""
        probabilities = self._probabilities(values)
        points = len(probabilities)
        return FormArrays(
            probabilities=probabilities,
            terms=tuple(
                self._per_row(term.formula, ahead, values, probabilities)
                for term, ahead in zip(self.scenario.terms, self.terms_ahead, strict=True)
            ),
            averages=tuple(
                _spread(evaluate(m.formula, self.state_rows, values), points, len(self.levels)) for m in self.scenario.averages
            ),
            discount=np.concatenate(
                [_spread(evaluate(p.discount, NO_ROWS, values), points, 1) for p in self.scenario.players], axis=1
            ),
        )

    def _probabilities(self, values: Values) -> Floats:
        points = max((np.asarray(value).size for value in values.values()), default=1)
        mass = np.ones((points, len(self.row_state)))
        for blocks in self.steps:
            mass = np.concatenate([part for block in blocks for part in _split(block, mass[:, block.parents], values)], axis=1)
        result = np.zeros((points, len(self.indices)))
        for p in range(points):
            result[p] = np.bincount(self.branch_entry, weights=mass[p], minlength=len(self.indices))
        return result

    @cached_property
    def terms_ahead(self) -> tuple[bool, ...]:
        """Whether each payoff term reads what the period brings."""
        return tuple(tree.looks_ahead(term.formula) for term in self.scenario.terms)

    def _per_row(self, formula: tree.Formula, ahead: bool, values: Values, probabilities: Floats) -> Floats:
        points, rows = len(probabilities), len(self.row_state)
        if not ahead:
            return _spread(evaluate(formula, self.action_rows, values), points, rows)
        return np.add.reduceat(probabilities * evaluate(formula, self.entry_rows, values), self.indptr[:-1], axis=1)

    def at(self, values: Mapping[str, float] | None = None) -> StochasticGame:
        """The game at one parameter point (default: the scenario's)."""
        return self._game(self.arrays(dict(self.scenario.values if values is None else values)), 0)

    def games(self, values: Values) -> Iterator[StochasticGame]:
        """The games at P points, of which every formula is evaluated at once; per parameter a number or an array (P, 1)."""
        arrays = self.arrays(values)
        yield from (self._game(arrays, p) for p in range(len(arrays.probabilities)))

    def _game(self, arrays: FormArrays, point: int) -> StochasticGame:
        scenario = self.scenario
        terms = tuple(
            PayoffTerm(term.name, term.player, term.kind, term.tag, amount[point])
            for term, amount in zip(scenario.terms, arrays.terms, strict=True)
        )
        payoffs = np.zeros((len(self.row_state), len(scenario.players)))
        for term in terms:
            payoffs[:, term.player] += term.signed
        return StochasticGame(
            players=tuple(player.name for player in scenario.players),
            states=self.labels,
            actions=self.action_labels,
            payoffs=payoffs,
            transitions=sparse.csr_array(
                (arrays.probabilities[point], self.indices, self.indptr), shape=(len(self.row_state), len(self.levels))
            ),
            discount=arrays.discount[point],
            start=self.start,
            terms=terms,
            measures=self._measures(arrays, point),
            payoff_unit=scenario.payoff_unit[0],
            period_unit=scenario.period.unit,
            period_length=scenario.period.length,
            shared=self._row_indices,
        )

    @cached_property
    def _row_indices(self) -> RowIndices:
        return RowIndices(self.action_labels)

    @cached_property
    def action_labels(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """actions[s][i]: names of what player i can do in state s."""
        names = [np.array([action.name for action in own]) for own in self.scenario.actions]
        return tuple(
            tuple(tuple(map(str, own[legal[s]])) for own, legal in zip(names, self.legal, strict=True))
            for s in range(len(self.levels))
        )

    @cached_property
    def _events(self) -> Mapping[str, Booleans]:
        """Where each event holds (S,), whatever the parameters."""
        return {m.name: np.broadcast_to(_truth(m, self.state_rows), len(self.levels)) for m in self.scenario.events}

    @cached_property
    def _counts(self) -> Mapping[str, Floats]:
        """What each entry of the transition law counts (E,), whatever the parameters."""
        entries = len(self.indices)
        return {m.name: np.broadcast_to(_truth(m, self.entry_rows), entries).astype(float) for m in self.scenario.counts}

    def _measures(self, arrays: FormArrays, point: int) -> Measures:
        scenario = self.scenario
        return Measures(
            events=dict(self._events),
            counts=dict(self._counts),
            averages={m.name: array[point] for m, array in zip(scenario.averages, arrays.averages, strict=True)},
            dates=scenario.dates,
        )


@lru_cache(maxsize=8)
def compile_form(scenario: Scenario) -> GameForm:
    """The shape of a scenario's game. Raises ScenarioError if it is too large or a state leaves somebody without an action."""
    levels = _reachable(scenario)
    legal = _legal(scenario, levels)
    row_state, row_actions = _rows(legal)
    rows = Rows(level_numbers(scenario), levels[row_state].T, row_actions)
    steps, origin, following = _expand(scenario, rows)
    code = _codes(scenario, levels)
    keys = origin * len(levels) + np.searchsorted(code, _codes(scenario, following.T))
    entries, branch_entry = np.unique(keys, return_inverse=True)
    return GameForm(
        scenario=scenario,
        levels=levels,
        legal=legal,
        row_state=row_state,
        row_actions=row_actions,
        steps=steps,
        branch_entry=branch_entry.astype(np.intp),
        indptr=np.searchsorted(entries, np.arange(len(row_state) + 1) * len(levels)),
        indices=(entries % len(levels)).astype(np.intp),
    )


def compile_game(scenario: Scenario) -> StochasticGame:
    """The stochastic game of a scenario at its parameter values.

    Raises
    ------
    ScenarioError : the game is too large, or some reachable state leaves a player without an action.
    """
    return compile_form(scenario).at()


def level_numbers(scenario: Scenario) -> tuple[Floats, ...]:
    """Per variable the numbers of its levels."""
    return tuple(np.array(list(own.values())) for own in scenario.vocabulary.variables.values())


def parameter_box(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """The plausible range of each parameter, widened to the value in use and to values that are visited if they lie outside.

    One without a range may be anything, so that its value never decides about the shape.
    """
    found = dict.fromkeys(scenario.parameters, (-np.inf, np.inf))
    for parameter in scenario.parameters.values():
        if parameter.in_doubt:
            low, high = scenario.reach(parameter.name)
            found[parameter.name] = min(low, parameter.value), max(high, parameter.value)
    return found


# --- states --------------------------------------------------------------------------------------------------------------------


def _reachable(scenario: Scenario) -> Integers:
    """(S, V): level indices of the reachable states, in lexicographic order."""
    sizes = [len(own) for own in scenario.vocabulary.variables.values()]
    whole = int(np.prod(sizes, dtype=object))
    if whole > np.iinfo(np.int64).max // 2:
        _too_large(scenario, f"the levels multiply to {whole:.3g} states; {MOST_STATES:,} can be compiled", ("state",))
    known = frontier = _codes(scenario, np.array([scenario.start]))
    while len(frontier):
        levels = _decode(frontier, sizes)
        row_state, row_actions = _rows(_legal(scenario, levels))
        _, _, following = _expand(scenario, Rows(level_numbers(scenario), levels[row_state].T, row_actions))
        frontier = np.setdiff1d(_codes(scenario, following.T), known)
        known = np.union1d(known, frontier)
        if len(known) > MOST_STATES:
            message = (
                f"the rules reach more than {MOST_STATES:,} states, the most that can be compiled (levels multiply to {whole:,})"
            )
            _too_large(scenario, message, ("state",))
    return _decode(known, sizes)


def _codes(scenario: Scenario, levels: Integers) -> Integers:
    """One integer a state: mixed radix, the first variable leading."""
    code = np.zeros(len(levels), dtype=np.int64)
    for v, own in enumerate(scenario.vocabulary.variables.values()):
        code = code * len(own) + levels[:, v]
    return code


def _decode(codes: Integers, sizes: list[int]) -> Integers:
    levels = np.zeros((len(codes), len(sizes)), dtype=np.intp)
    for v in range(len(sizes) - 1, -1, -1):
        codes, levels[:, v] = np.divmod(codes, sizes[v])
    return levels


def _too_large(scenario: Scenario, message: str, path: tuple[str | int, ...]) -> None:
    fault = scenario.document.fault(path, message, "use fewer levels, fewer state variables or fewer actions", on_key=True)
    raise ScenarioError(scenario.source, [fault])


# --- rows ----------------------------------------------------------------------------------------------------------------------


def _legal(scenario: Scenario, levels: Integers) -> tuple[Booleans, ...]:
    """Per player (S, actions declared): what is legal in each state. Raises ScenarioError where nothing is."""
    rows = Rows(level_numbers(scenario), levels.T)
    size = len(levels)
    masks = tuple(
        np.array([np.broadcast_to(holds(action.legal, rows, {}), size) for action in own], dtype=bool).reshape(-1, size).T
        for own in scenario.actions
    )
    faults: list[Fault] = []
    for key, mask in zip(scenario.vocabulary.player_names, masks, strict=True):
        stuck = np.flatnonzero(~mask.any(axis=1))
        if len(stuck):
            message = f"'{key}' has no action in the state '{_describe(scenario, levels[stuck[0]])}', which the rules can reach"
            faults.append(scenario.document.fault(("actions", key), message, "let one action be legal always", on_key=True))
    if faults:
        raise ScenarioError(scenario.source, faults)
    width = int(np.sum(np.prod([mask.sum(axis=1).astype(float) for mask in masks], axis=0)))
    if width > MOST_ROWS:
        message = f"states and action profiles make {width:,} rows; {MOST_ROWS:,} can be compiled"
        _too_large(scenario, message, ("actions",))
    return masks


def _rows(legal: tuple[Booleans, ...]) -> tuple[Integers, Integers]:
    """Rows state by state, profiles in C order: the state of each (R,), and the declared action of each player (N, R)."""
    counts = np.array([mask.sum(axis=1) for mask in legal])
    sizes = np.prod(counts, axis=0)
    row_state = np.repeat(np.arange(len(sizes)), sizes)
    position = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    actions = np.empty((len(legal), len(row_state)), dtype=np.intp)
    for i in range(len(legal) - 1, -1, -1):
        position, local = np.divmod(position, counts[i][row_state])
        starts = np.cumsum(counts[i]) - counts[i]
        actions[i] = np.nonzero(legal[i])[1][starts[row_state] + local]
    return row_state, actions


def _describe(scenario: Scenario, state: Integers) -> str:
    words = scenario.vocabulary.variables
    return ", ".join(f"{plain(name)} {plain(tuple(own)[k])}" for (name, own), k in zip(words.items(), state, strict=True))


# --- branches ------------------------------------------------------------------------------------------------------------------


def _expand(scenario: Scenario, rows: Rows) -> tuple[tuple[tuple[Block, ...], ...], Integers, Integers]:
    """All branches of the rows: the steps that made them, the row of each, and the next state (V, branches) of each."""
    box = parameter_box(scenario)
    origin = np.arange(len(rows))
    following = rows.levels.copy()
    steps = []
    for variable in scenario.order:
        now = Rows(rows.numbers, rows.levels[:, origin], None if rows.actions is None else rows.actions[:, origin], following)
        blocks = _blocks(scenario, variable, now, box)
        count = sum(int(kept.sum()) for block in blocks for kept in block.kept)
        if count > MOST_BRANCHES:
            message = f"the rules make {count:,} transitions or more; {MOST_BRANCHES:,} can be compiled"
            _too_large(scenario, message, ("transitions",))
        origin, following = _follow(scenario, variable, blocks, origin, following)
        steps.append(blocks)
    return tuple(steps), origin, following


def _blocks(scenario: Scenario, variable: int, now: Rows, box: Mapping[str, tuple[float, float]]) -> tuple[Block, ...]:
    """The branches divided by the first rule that fits each."""
    free = np.ones(len(now), dtype=bool)
    blocks = []
    for rule in scenario.transitions[variable]:
        parents = np.flatnonzero(free & holds(rule.condition, now, {}))
        free[parents] = False
        if len(parents):
            part = now.part(parents)
            blocks.append(Block(rule, parents, part, _kept(rule, part, box)))
    return tuple(blocks)


def _kept(rule: TransitionRule, rows: Rows, box: Mapping[str, tuple[float, float]]) -> tuple[Booleans, ...]:
    """Per move, the branches on which its chance can differ from zero."""
    low, high = np.zeros(len(rows)), np.zeros(len(rows))
    kept: list[Booleans | None] = []
    for move in rule.moves:
        if move.chance is None:
            kept.append(None)
            continue
        a, b = bounds(move.chance, rows, box)
        low, high = low + a, high + b
        kept.append((a != 0) | (b != 0))
    left_over = (abs(low - 1) > ROUNDING) | (abs(high - 1) > ROUNDING)
    return tuple(left_over if each is None else each for each in kept)


def _follow(
    scenario: Scenario, variable: int, blocks: tuple[Block, ...], origin: Integers, following: Integers
) -> tuple[Integers, Integers]:
    """The branches after the blocks' moves, in the order in which `_split` yields their probabilities."""
    top = len(level_numbers(scenario)[variable]) - 1
    reached_instead = np.arange(top + 1)
    for level, other in scenario.replaced_levels.get(variable, {}).items():
        reached_instead[level] = other
    parents, targets = [], []
    for block in blocks:
        for move, kept in zip(block.rule.moves, block.kept, strict=True):
            chosen = block.parents[kept]
            present = block.rows.levels[variable, kept]
            parents.append(chosen)
            targets.append(np.full(len(chosen), move.target) if move.target is not None else np.clip(present + move.step, 0, top))
    parent = np.concatenate(parents)
    reached = following[:, parent]
    reached[variable] = reached_instead[np.concatenate(targets)]
    return origin[parent], reached


def _split(block: Block, mass: Floats, values: Values) -> list[Floats]:
    """Probabilities (P, kept) of each move's branches, given those of the block's branches (P, n)."""
    chances = chances_of(block, values)
    return [(mass * chance)[:, kept] for chance, kept in zip(chances, block.kept, strict=True)]


def chances_of(block: Block, values: Values) -> list[Floats]:
    """The chance of each move of a block's rule, each broadcastable to (P, n); 'rest' is what the others leave of 1."""
    given = [None if move.chance is None else evaluate(move.chance, block.rows, values) for move in block.rule.moves]
    rest = 1.0 - sum((each for each in given if each is not None), np.asarray(0.0))
    return [np.asarray(rest) if each is None else each for each in given]


def _truth(watched: Watched, rows: Rows) -> Booleans:
    """Where an event or a count holds."""
    return holds(watched.condition, rows, {})


def _spread(array: Floats, points: int, width: int) -> Floats:
    found = np.empty((points, width))
    found[...] = array
    return found
