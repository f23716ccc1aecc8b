"""The checked scenario: every text of the file turned into data, every name resolved. Frozen; the next stage compiles it.

Indices: variables, levels, players and actions are numbered in the order of the file. `path` is the place in the file that a
message about the part points to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leverage.scenario.claims import ClaimLine, Selection
from leverage.scenario.periods import Period
from leverage.scenario.reading import Document
from leverage.scenario.syntax import Condition, Formula, Vocabulary

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Parameter:
    """A number of the argument: `value` is used, [low, high] is plausible (low = high where it is not in doubt)."""

    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    source: str = ""

    @property
    def in_doubt(self) -> bool:
        return self.low < self.high

    @property
    def inside(self) -> bool:
        """Whether the value in use lies in its plausible range."""
        return not self.in_doubt or self.low <= self.value <= self.high


@dataclass(frozen=True)
class Player:
    """A party; `discount` is a formula of parameters."""

    key: str
    name: str
    discount: Formula
    path: Path


@dataclass(frozen=True)
class Action:
    """`legal` is a condition on the state."""

    name: str
    legal: Condition
    path: Path


@dataclass(frozen=True)
class Move:
    """Where a variable goes: by `step` levels (stopping at the last one), or to the level `target`. `chance` None: what is left
    of 1."""

    step: int
    target: int | None
    chance: Formula | None
    path: Path
    text: str


@dataclass(frozen=True)
class TransitionRule:
    """Where a variable may go when `condition` is true."""

    condition: Condition
    moves: tuple[Move, ...]
    path: Path


@dataclass(frozen=True)
class Term:
    """A named term of a player's payoff; `kind` is gain or cost, `tag` is '', holding or using."""

    name: str
    player: int
    kind: str
    tag: str
    formula: Formula
    path: Path


@dataclass(frozen=True)
class Watched:
    """What is watched in play: a condition on the state (an event) or on a period (a count)."""

    name: str
    condition: Condition
    path: Path


@dataclass(frozen=True)
class Average:
    """A formula of the state whose mean over time is reported."""

    name: str
    formula: Formula
    path: Path


@dataclass(frozen=True)
class Choice:
    """What a rule plays: the first legal action of `actions`, or a lottery over them with `chances` (None: what is left of 1)."""

    actions: tuple[int, ...]
    chances: tuple[Formula | None, ...] = ()


@dataclass(frozen=True)
class StrategyRule:
    """What a strategy plays when `condition` is true."""

    condition: Condition
    choice: Choice
    path: Path


@dataclass(frozen=True)
class Phase:
    """`until` and `periods` end it, whichever comes first; `following` is the next phase."""

    name: str
    rules: tuple[StrategyRule, ...]
    until: Condition | None = None
    periods: int | None = None
    following: int | None = None


@dataclass(frozen=True)
class Strategy:
    """A named strategy of a player; `first` is the phase with which it starts. No phases: it could not be read."""

    name: str
    player: int
    says: str
    phases: tuple[Phase, ...]
    first: int
    path: Path


@dataclass(frozen=True)
class Change:
    """How a variant differs from the file, or the world without one or several instruments from the one with them.

    set: parameter -> value. start: state variable -> level at which it begins. forbid: action -> what strategies play in its
    place (None: the next action of their list). replace_levels: state variable -> {level that does not exist: the level that is
    reached instead}. bound_to: player -> name of the strategy that it follows instead of choosing.
    """

    set: Mapping[str, float] = field(default_factory=dict)
    start: Mapping[int, int] = field(default_factory=dict)
    forbid: Mapping[str, str | None] = field(default_factory=dict)
    replace_levels: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    bound_to: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """A named alternative to the baseline."""

    name: str
    says: str
    change: Change


@dataclass(frozen=True)
class PlannedSweep:
    """A sweep that belongs to the scenario, in the texts of the command line.

    over: `NAME` or `NAME=VALUES` for each parameter that varies. together: values are taken together instead of combined. sample:
    such as `sobol:1024`, '' for none. tables: what is computed. claims: those that are judged, all if none are named.
    """

    name: str
    says: str
    over: tuple[str, ...]
    together: bool = False
    sample: str = ""
    tables: tuple[str, ...] = ("outcomes",)
    claims: tuple[str, ...] = ()


@dataclass(frozen=True)
class Instrument:
    """What is said to give its holder leverage, and the world without it."""

    name: str
    holder: int
    says: str
    without: Change
    path: Path

    @property
    def is_action(self) -> bool:
        """Whether being without it means that actions are forbidden, and nothing else: it then has two channels."""
        return bool(self.without.forbid) and self.without == Change(forbid=self.without.forbid)


@dataclass(frozen=True)
class Claim:
    """A sentence of the argument; every line has to hold under every selection. caveat: what its author adds to any verdict."""

    name: str
    assertion: str
    says: str
    under: tuple[Selection, ...]
    lines: tuple[ClaimLine, ...]
    worth_noting_from: float | None
    path: Path
    caveat: str = ""


@dataclass(frozen=True, eq=False)
class Scenario:
    """A checked scenario at one parameter point (the values of `parameters`).

    transitions[v]: rules of variable v in the order of the file; `order` is the order in which variables are drawn.
    replaced_levels[v]: levels of variable v that do not exist in this world -> the level that is reached instead.
    payoff_unit: name, what 0 means, what 100 means. stated: the values that the file gives. notes: what a reader should
    know (overrides outside the plausible range, unused parameters). visited: parameter -> (lowest, highest) value that the
    scenario will be looked at beside its plausible range.
    """

    document: Document
    title: str
    question: str
    payoff_unit: tuple[str, str, str]
    vocabulary: Vocabulary
    period: Period
    parameters: Mapping[str, Parameter]
    players: tuple[Player, ...]
    actions: tuple[tuple[Action, ...], ...]
    start: tuple[int, ...]
    order: tuple[int, ...]
    transitions: tuple[tuple[TransitionRule, ...], ...]
    terms: tuple[Term, ...]
    events: tuple[Watched, ...]
    counts: tuple[Watched, ...]
    averages: tuple[Average, ...]
    dates: tuple[float, ...]
    strategies: tuple[tuple[Strategy, ...], ...]
    instruments: tuple[Instrument, ...] = ()
    claims: tuple[Claim, ...] = ()
    sweeps: tuple[PlannedSweep, ...] = ()
    variants: Mapping[str, Variant] = field(default_factory=dict)
    replaced_levels: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    variant: str = ""
    overrides: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    stated: Mapping[str, float] = field(default_factory=dict)
    visited: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, float]:
        """The parameter point: name -> value."""
        return {name: parameter.value for name, parameter in self.parameters.items()}

    def reach(self, name: str) -> tuple[float, float]:
        """The lowest and the highest plausible or visited value of a parameter; the value in use if there is neither."""
        parameter = self.parameters[name]
        plausible = (parameter.low, parameter.high) if parameter.in_doubt else ()
        ends = (*plausible, *self.visited.get(name, ())) or (parameter.value,)
        return min(ends), max(ends)

    def instrument(self, name: str) -> Instrument:
        """The instrument of that name. Raises StopIteration for an unknown one."""
        return next(each for each in self.instruments if each.name == name)

    @property
    def source(self) -> str:
        """The file as the user named it."""
        return self.document.source
