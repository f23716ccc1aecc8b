"""The scenario file's schema: what may stand where. Field docstrings are the reference of the language.

Here only the form is checked (keys, kinds of values); what the texts mean is checked by `leverage.scenario.meaning`. The JSON
Schema that editors use is generated from these classes (`simulate schema`), and so is the reference page of the documentation.
"""

from __future__ import annotations

import itertools
import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from leverage.scenario.reading import suspicious_characters

#: What a name looks like: small letters, digits and underscores.
NAME = r"^[a-z][a-z0-9_]*$"


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.isascii() or not value.replace("_", "a").isalnum() or not value[:1].isalpha():
        raise PydanticCustomError("name", "'{value}' is no name: use letters, digits and underscores", {"value": str(value)})
    if value != value.lower():
        raise PydanticCustomError("name", "'{value}' is no name: write it in small letters", {"value": value})
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = str(value)
        hint = " (a decimal comma? write a point)" if "," in shown else ""
        hint = next((f" ({name} in it: write {plain!r})" for _, name, plain in suspicious_characters(shown)), hint)
        raise PydanticCustomError("number", "a number is needed, not '{shown}'{hint}", {"shown": shown, "hint": hint})
    return float(value)


def _formula(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PydanticCustomError("formula", "a formula is needed: a number, or text such as 2 * goodwill", {})
    return str(value) if isinstance(value, str) else repr(float(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        if value is None:
            raise PydanticCustomError("text", "text is needed here; nothing is written", {})
        shown = str(value) if isinstance(value, int | float) else "a list" if isinstance(value, list) else "keys with values"
        raise PydanticCustomError(
            "text", "text is needed here, not {shown}; put it in quotes if it is meant as text", {"shown": shown}
        )
    return value


def _sweep_values(value: Any) -> str | float | list[float]:
    """A text, whose meaning is checked elsewhere, a number, or a list of numbers."""
    if isinstance(value, str):
        return value
    return [_number(each) for each in value] if isinstance(value, list) else _number(value)


def read_range(value: Any) -> tuple[float, float]:
    """[low, high] as a pair. Raises PydanticCustomError."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        count = len(value) if isinstance(value, list | tuple) else "no list"
        hint = " - decimal commas make longer lists: write 0.5 with a point" if isinstance(value, list) and len(value) > 2 else ""
        raise PydanticCustomError(
            "range", "a range is a list of two numbers, [low, high]; here: {count}{hint}", {"count": count, "hint": hint}
        )
    low, high = _number(value[0]), _number(value[1])
    if low > high:
        raise PydanticCustomError(
            "range", "the range runs from {low} down to {high}: write the lower number first", {"low": low, "high": high}
        )
    return low, high


def read_levels(value: Any) -> dict[str, float]:
    """Levels as a mapping to numbers, or as a list (numbered 0, 1, 2, ...)."""
    pairs = {_name(name): float(k) for k, name in enumerate(value)} if isinstance(value, list) else value
    if not isinstance(pairs, dict) or not pairs or (isinstance(value, list) and len(pairs) != len(value)):
        raise PydanticCustomError(
            "levels", "levels are a mapping of names to numbers, lowest first, or a list of different names", {}
        )
    levels = {_name(name): _number(number) for name, number in pairs.items()}
    numbers = list(levels.values())
    if any(b <= a for a, b in itertools.pairwise(numbers)):
        raise PydanticCustomError("levels", "levels run from lowest to highest: their numbers have to rise", {})
    return levels


def read_forbidden(value: Any) -> dict[str, str | None]:
    """Forbidden actions, each with what is played in its place (None where the file gives a list). Raises PydanticCustomError."""
    if isinstance(value, list):
        return {_name(action): None for action in value}
    if isinstance(value, dict):
        return {_name(action): _name(other) for action, other in value.items()}
    message = "what is forbidden is a list of actions, [one, two], or a mapping of each to what is played in its place"
    raise PydanticCustomError("forbidden", message, {})


def _rules(value: Any) -> list[dict[str, Any]]:
    """A list of rules, each `if CONDITION: ...` or `otherwise: ...`; anything else is one rule that always fits."""
    if not isinstance(value, list) or not all(isinstance(rule, dict) for rule in value):
        return [{"otherwise": value}]
    if not value:
        raise PydanticCustomError("rules", "a list of rules needs at least one", {})
    for k, rule in enumerate(value):
        if len(rule) != 1:
            message = (
                "rule {k} has {count} keys: each rule is one line, 'if CONDITION: RESULT' or 'otherwise: RESULT', after a '-'"
            )
            raise PydanticCustomError("rules", message, {"k": k + 1, "count": len(rule)})
        key = str(next(iter(rule)))
        if key != "otherwise" and not key.startswith("if "):
            message = "rule {k} begins with '{key}': a rule is 'if CONDITION: RESULT' or 'otherwise: RESULT'"
            raise PydanticCustomError("rules", message, {"k": k + 1, "key": key[:40]})
        if key == "otherwise" and k < len(value) - 1:
            raise PydanticCustomError(
                "rules", "rule {k} stands after 'otherwise' and never fits: put 'otherwise' last", {"k": k + 2}
            )
    return value


def _one_or_more(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [_text(each) for each in values]


_FORMULA_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "number"}], "description": "a number, or a formula in words"}
_RESULT_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "object"}, {"type": "array", "items": {"type": "string"}}]}
_RULES_SCHEMA = {
    "anyOf": [
        *_RESULT_SCHEMA["anyOf"],
        {
            "type": "array",
            "items": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "patternProperties": {"^(if .*|otherwise)$": _RESULT_SCHEMA},
                "additionalProperties": False,
            },
        },
    ]
}
_LEVELS_SCHEMA = {
    "anyOf": [
        {"type": "object", "additionalProperties": {"type": "number"}, "minProperties": 1},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]
}

_FORBIDDEN_SCHEMA = {
    "anyOf": [
        {"type": "array", "items": {"type": "string", "pattern": NAME}},
        {"type": "object", "additionalProperties": {"type": "string", "pattern": NAME}},
    ]
}

Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": NAME})]
Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": "string"})]
Number = Annotated[float, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
FormulaText = Annotated[str, BeforeValidator(_formula), WithJsonSchema(_FORMULA_SCHEMA)]
Range = Annotated[
    tuple[float, float],
    BeforeValidator(read_range),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]
Levels = Annotated[dict[str, float], BeforeValidator(read_levels), WithJsonSchema(_LEVELS_SCHEMA)]
Forbidden = Annotated[dict[str, str | None], BeforeValidator(read_forbidden), WithJsonSchema(_FORBIDDEN_SCHEMA)]
Rules = Annotated[list[dict[str, Any]], BeforeValidator(_rules), WithJsonSchema(_RULES_SCHEMA)]
Texts = Annotated[
    list[str],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Result = Annotated[Any, AfterValidator(lambda value: value), WithJsonSchema(_RESULT_SCHEMA)]
SweepValues = Annotated[
    str | float | list[float],
    BeforeValidator(_sweep_values),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "array", "items": {"type": "number"}}]}),
]


class Entry(BaseModel):
    """Base of every part: frozen, no unknown keys, keys with spaces as in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=False)


class PayoffUnitEntry(Entry):
    """What a point of payoff means."""

    name: Text = "points a period"
    """Name of the unit, for table heads."""
    zero: Text = ""
    """What a payoff of 0 stands for."""
    hundred: Text = ""
    """What a payoff of 100 stands for."""


class PlayerEntry(Entry):
    """A party to the negotiation. Exactly one of `discount` and `half life` is given."""

    name: Text = ""
    """How tables and sentences call the player; the key itself if left out."""
    discount: FormulaText | None = None
    """Weight of the next period against this one, in [0, 1): a number or a formula of parameters."""
    half_life: FormulaText | None = Field(default=None, alias="half life")
    """After how many periods a payoff counts half; the discount factor is 0.5 ** (1 / half life)."""


class ParameterEntry(Entry):
    """A number of the argument that can be doubted."""

    value: Number
    """The baseline."""
    range: Range | None = None
    """[low, high]: what a sceptic could defend. Left out: the number is not in doubt."""
    unit: Text = ""
    """What it is measured in, such as 'chance a month' or 'points'."""
    source: Text = ""
    """Where the value and its range come from. Tables class it by its parts between semicolons: 'judgement' where the first
    begins with that word; 'source, size judged' where it names a source and a later part is 'judgement' or 'size a judgement';
    else 'source'; 'not said' where it is left out."""


class PayoffEntry(Entry):
    """What a player cares about in a period, as named terms: each a formula. Costs are written as positive numbers and are
    deducted."""

    gains: dict[Name, FormulaText] = {}
    """What is added."""
    costs: dict[Name, FormulaText] = {}
    """What is deducted."""
    holding_costs: dict[Name, FormulaText] = Field(default={}, alias="holding costs")
    """Deducted as well: the price of having an instrument at all."""
    using_costs: dict[Name, FormulaText] = Field(default={}, alias="using costs")
    """Deducted as well: the price of using it."""


class MeasuresEntry(Entry):
    """What tables report beside payoffs."""

    dates: list[Text] = []
    """By when: durations such as '12 months'. Left out: 6, 12 and 24 periods."""
    events: dict[Name, Text] = {}
    """Conditions on the state; tables give the chance and the time of first reaching them (the start included)."""
    counts: dict[Name, Text] = {}
    """Conditions on a period (what is played, what becomes of the state); tables give how often they come true."""
    averages: dict[Name, FormulaText] = {}
    """Formulas of the state; tables give their mean over time."""


class PhaseEntry(Entry):
    """A stretch of time in which a strategy plays in one way."""

    play: Rules
    """An action, a list of actions (the first legal one), a lottery {action: chance}, or a list of rules."""
    until: Text | None = None
    """Ends the phase: a condition on what was played in the period and the state it led to."""
    for_: Text | None = Field(default=None, alias="for")
    """Ends the phase after a duration such as '2 months', if `until` has not ended it before."""
    next: Name | None = None
    """The phase that follows. A phase without `until` and `for` never ends and needs none."""


class StrategyEntry(Entry):
    """A rule book for a player. Exactly one of `always`, `rules` and `phases` is given."""

    says: Text = ""
    """The strategy in a sentence."""
    always: Result | None = None
    """One action, a list (the first legal one) or a lottery {action: chance}, in every period."""
    rules: Rules | None = None
    """The first rule that fits counts; rules may look one period back."""
    starts: Name | None = None
    """The first phase."""
    phases: dict[Name, PhaseEntry] | None = None
    """Phases by name, for anything with a duration."""


class ChangeEntry(Entry):
    """A change to the scenario: how a variant, or the world without an instrument, differs from the file."""

    set: dict[Name, Number] = {}
    """Parameters with other values."""
    start: dict[Name, Name] = {}
    """State variables that begin at another level."""
    forbid: Forbidden = {}
    """Actions that nobody may take: a list, and strategies fall back to the next action of theirs; or {action: replacement}, and
    strategies that would play the action play the replacement."""
    replace_levels: dict[Name, dict[Name, Name]] = Field(default={}, alias="replace levels")
    """Per state variable {level: other level}: the level does not exist; where a rule would move the variable to it, or the start
    is at it, the other one is reached instead."""


class WithoutEntry(ChangeEntry):
    """The world without an instrument."""

    bound_to: Name | None = Field(default=None, alias="bound to")
    """The holder follows this named strategy instead of choosing."""


class InstrumentEntry(Entry):
    """Something that is said to give leverage."""

    holder: Name
    """The player who has it."""
    says: Text = ""
    """What it is, in a sentence."""
    without: WithoutEntry
    """What being without it means."""


class ClaimEntry(Entry):
    """A sentence of the argument as a statement about the tables."""

    assertion: Text = ""
    """Which assertion of the source it answers; the key itself if left out."""
    says: Text
    """The sentence, paraphrased."""
    under: Texts
    """The selection under which it is judged, or several that must agree."""
    holds_if: Texts = Field(alias="holds if")
    """One comparison a line; all have to hold."""
    worth_noting_from: Number | None = Field(default=None, alias="worth noting from")
    """A margin below this is reported as no real difference."""
    caveat: Text = ""
    """What a reader of the verdict has to know, such as that it is another one with more levels; printed under it."""


class SweepEntry(Entry):
    """Many parameter points, run with `simulate sweep FILE --plan NAME`."""

    says: Text = ""
    """What it is for, in a sentence."""
    over: dict[Name, SweepValues] = {}
    """What varies: per parameter `range`, numbers such as `5, 20, 50`, `linspace(FIRST, LAST, HOW_MANY)` or `geomspace(...)`, as
    text or as a list; with a sample `range` only."""
    together: bool = False
    """Whether the values are taken together, the first with the first, instead of combined."""
    sample: Text = ""
    """Points drawn from the plausible ranges, of all parameters or of those under `over`: such as `sobol:1024`, `lhs:1000`,
    `saltelli:256` or `morris:20`."""
    tables: Texts = ["outcomes"]
    """What is computed: `outcomes`, `strategies`, `sets`, `leverage`, `claims`."""
    claims: Texts = []
    """Claims that are judged; all if none are named."""


class VariantEntry(ChangeEntry):
    """A named alternative to the baseline, run with --variant."""

    says: Text = ""
    """The variant in a sentence."""
    state: dict[Name, Levels] = {}
    """State variables with other levels than the file's. What else the file says holds for them, so the levels that it names are
    among them, or stand in what the variant restates."""
    transitions: dict[Name, Rules] = {}
    """State variables that move by other rules than the file's."""


class ScenarioFile(Entry):
    """A scenario: an argument about leverage as a game."""

    language: Literal[1]
    """Version of this language."""
    title: Text
    """Title of the tables."""
    question: Text
    """The question that the first printed lines answer."""
    author: Text = ""
    """Who wrote the scenario, for those who cite it; several names are joined by 'and', an institution's stands in braces."""
    source: Text = ""
    """The text that makes the argument."""
    period: Text = "1 period"
    """Length of a period: a number and a unit, such as '1 month'."""
    moves: Literal["together", "in turn"] = "together"
    """Whether all players move at once in a period, or one a period in the order of `players` (who waits has the one action
    'wait')."""
    payoff_unit: PayoffUnitEntry = Field(default=PayoffUnitEntry(), alias="payoff unit")
    """What a point of payoff means."""
    players: dict[Name, PlayerEntry]
    """The parties, by short name."""
    state: dict[Name, Levels]
    """State variables: each with its levels from lowest to highest; the number is what formulas use."""
    start: dict[Name, Name]
    """The level at which each state variable begins."""
    set: dict[Name, Number] = {}
    """Parameters with other values: as in a variant, of which a resolved file keeps what lies outside a range."""
    forbid: Forbidden = {}
    """Actions that nobody may take: as in a variant, of which a resolved file keeps those with a replacement."""
    replace_levels: dict[Name, dict[Name, Name]] = Field(default={}, alias="replace levels")
    """Per state variable {level: other level}: as in a variant, of which a resolved file keeps it."""
    ends_when: Text | None = Field(default=None, alias="ends when")
    """A condition on the state from which on nothing moves; the payoffs of that state go on for ever."""
    parameters: dict[Name, ParameterEntry] = {}
    """The numbers of the argument."""
    actions: dict[Name, dict[Name, Text]]
    """Per player its actions: each 'always', or 'when CONDITION' on the state."""
    transitions: dict[Name, Rules] = {}
    """Per state variable the rules by which it moves; one that is not named stays."""
    payoffs: dict[Name, PayoffEntry]
    """Per player what it cares about."""
    measures: MeasuresEntry = MeasuresEntry()
    """What tables report beside payoffs."""
    strategies: dict[Name, dict[Name, StrategyEntry]] = {}
    """Per player its named strategies."""
    instruments: dict[Name, InstrumentEntry] = {}
    """What is said to give leverage, and the world without it."""
    claims: dict[Annotated[str, BeforeValidator(_text)], ClaimEntry] = {}
    """The sentences of the argument, by identifier."""
    variants: dict[Name, VariantEntry] = {}
    """Named alternatives to the baseline."""
    sweeps: dict[Name, SweepEntry] = {}
    """Named sweeps over parameters that belong to the argument."""


def json_schema_text() -> str:
    """The JSON Schema of a scenario file, as text with a trailing newline."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **ScenarioFile.model_json_schema(by_alias=True)}
    return json.dumps(_in_one_line(schema), indent=1, ensure_ascii=False) + "\n"


def _in_one_line(schema: Any) -> Any:
    """The schema with the line breaks of docstrings taken out of its descriptions."""
    if isinstance(schema, dict):
        return {
            k: " ".join(v.split()) if k == "description" and isinstance(v, str) else _in_one_line(v) for k, v in schema.items()
        }
    return [_in_one_line(each) for each in schema] if isinstance(schema, list) else schema
