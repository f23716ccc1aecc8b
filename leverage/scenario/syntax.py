"""The syntax tree of formulas and conditions: data, no behaviour.

A formula is a number that may depend on parameters, on the state, on what is played and on what the period brings; a condition
is true or false. `Last` wraps a condition that is looked up one period back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    value: float


@dataclass(frozen=True)
class Parameter:
    """The value of a parameter."""

    name: str


@dataclass(frozen=True)
class Level:
    """The number of a state variable's level: now or, with `ahead`, when the period has ended."""

    variable: int
    ahead: bool = False


@dataclass(frozen=True)
class Binary:
    """`operator` is one of + - * / **."""

    operator: str
    left: Formula
    right: Formula


@dataclass(frozen=True)
class Call:
    """`function` is one of FUNCTIONS."""

    function: str
    arguments: tuple[Formula, ...]


@dataclass(frozen=True)
class When:
    """`value` where `condition` is true, else `otherwise`."""

    value: Formula
    condition: Condition
    otherwise: Formula


@dataclass(frozen=True)
class Always:
    """True or false, whatever happens."""

    truth: bool


@dataclass(frozen=True)
class Compare:
    """`operator` is one of < <= > >= == !=."""

    operator: str
    left: Formula
    right: Formula


@dataclass(frozen=True)
class At:
    """The variable is at one of the levels (indices): now or, with `ahead`, when the period has ended."""

    variable: int
    levels: frozenset[int]
    ahead: bool = False


@dataclass(frozen=True)
class Moves:
    """The variable rises (+1), falls (-1) or changes (0) in this period."""

    variable: int
    direction: int


@dataclass(frozen=True)
class Becomes:
    """The variable is not at one of the levels now and is when the period has ended."""

    variable: int
    levels: frozenset[int]


@dataclass(frozen=True)
class Plays:
    """The player plays one of the actions (indices into its declared ones) in this period."""

    player: int
    actions: frozenset[int]


@dataclass(frozen=True)
class Last:
    """`condition` was true in the period before."""

    condition: Condition


@dataclass(frozen=True)
class Not:
    """True where `condition` is not."""

    condition: Condition


@dataclass(frozen=True)
class Both:
    """Both are true."""

    left: Condition
    right: Condition


@dataclass(frozen=True)
class Either:
    """One of the two is true, or both."""

    left: Condition
    right: Condition


Formula = Number | Parameter | Level | Binary | Call | When
Condition = Always | Compare | At | Moves | Becomes | Plays | Last | Not | Both | Either
Node = Formula | Condition
Tree = TypeVar("Tree", bound=Node)

#: Functions of formulas and how many arguments each takes (least, most).
FUNCTIONS: Mapping[str, tuple[int, int]] = {
    "min": (2, 9),
    "max": (2, 9),
    "abs": (1, 1),
    "exp": (1, 1),
    "log": (1, 1),
    "sqrt": (1, 1),
}

ZERO, ONE = Number(0.0), Number(1.0)


@dataclass(frozen=True)
class Vocabulary:
    """The names that a formula may use. Dictionaries keep the order of the file; indices of the tree refer to it."""

    parameters: tuple[str, ...] = ()
    variables: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    players: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    period: str = "period"

    @property
    def variable_names(self) -> tuple[str, ...]:
        return tuple(self.variables)

    @property
    def player_names(self) -> tuple[str, ...]:
        return tuple(self.players)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, parents first."""
    yield node
    for part in fields(node):
        value = getattr(node, part.name)
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Node):
                yield from walk(child)


def parameters_of(node: Node) -> tuple[str, ...]:
    """Names of the parameters that a formula or condition reads, in order of appearance."""
    return tuple(dict.fromkeys(each.name for each in walk(node) if isinstance(each, Parameter)))


def looks_ahead(node: Node) -> bool:
    """Whether it reads what the period brings (rises, falls, becomes)."""
    return any(isinstance(each, Moves | Becomes) or (isinstance(each, At | Level) and each.ahead) for each in walk(node))


def at_the_end(node: Tree) -> Tree:
    """The same text read when the period has ended: statements about levels are about those that follow."""
    if isinstance(node, At | Level):
        return replace(node, ahead=True)
    changed: dict[str, object] = {}
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, Node):
            changed[part.name] = at_the_end(value)
        elif isinstance(value, tuple):
            changed[part.name] = tuple(at_the_end(each) if isinstance(each, Node) else each for each in value)
    return replace(node, **changed)  # type: ignore[arg-type]  # the fields of the node itself
