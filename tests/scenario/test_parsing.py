"""Texts of formulas and conditions: the tree of each phrase, and a fault with place and remedy for each text that is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverage.scenario.parsing import (
    DEEPEST,
    KEYWORDS,
    LONGEST,
    Scope,
    TextFault,
    TextFaultsError,
    nearest,
    parse_condition,
    parse_formula,
)
from leverage.scenario.syntax import (
    Always,
    At,
    Becomes,
    Binary,
    Both,
    Call,
    Compare,
    Either,
    Last,
    Level,
    Moves,
    Not,
    Number,
    Parameter,
    Plays,
    Vocabulary,
    When,
    at_the_end,
    looks_ahead,
    parameters_of,
    walk,
)

DEPLOYMENT, TALKS, CEASEFIRE = 0, 1, 2
POWER, OPPOSITION = 0, 1
HOLD, REDEPLOY, STRIKE = 0, 1, 2
WORDS = Vocabulary(
    parameters=("goodwill", "calm"),
    variables={
        "deployment": {"bases_only": 0.1, "light": 0.4, "full": 1.0},
        "talks": {"broken_off": 0.0, "opened": 1.0, "settled": 2.0},
        "ceasefire": {"broken": 0.0, "holds": 1.0},
    },
    players={"power": ("hold", "redeploy", "strike"), "opposition": ("engage", "stall")},
    period="month",
)
ANYWHERE = Scope("this text", ahead=frozenset(WORDS.variables), behind=True)
STATE = Scope("a condition on the state", parameters=False, actions=False)
STRATEGY = Scope("a strategy", parameters=False, actions=False, behind=True)
LATER = Scope("the condition of a transition", parameters=False, ahead=frozenset({"ceasefire"}))
PATIENCE = Scope("patience", state=False, actions=False)


def one(value: float) -> Number:
    return Number(float(value))


def at(variable: int, *levels: int) -> At:
    return At(variable, frozenset(levels))


def plays(player: int, *actions: int) -> Plays:
    return Plays(player, frozenset(actions))


A, B = Parameter("goodwill"), Parameter("calm")
SETTLED, OPENED, BROKEN, HOLDS = at(TALKS, 2), at(TALKS, 1), at(CEASEFIRE, 0), at(CEASEFIRE, 1)

FORMULAS = {
    "2": one(2),
    ".5": one(0.5),
    "5.": one(5),
    "1e-3": one(0.001),
    "goodwill": A,
    "deployment": Level(DEPLOYMENT),
    "  goodwill  ": A,
    # arithmetic
    "1 - 2 - 3": Binary("-", Binary("-", one(1), one(2)), one(3)),
    "8 / 4 / 2": Binary("/", Binary("/", one(8), one(4)), one(2)),
    "1 + 2 * goodwill": Binary("+", one(1), Binary("*", one(2), A)),
    "(1 + 2) * goodwill": Binary("*", Binary("+", one(1), one(2)), A),
    "2 ** 3 ** 2": Binary("**", one(2), Binary("**", one(3), one(2))),
    "2 ** -1": Binary("**", one(2), one(-1)),
    "-2 ** 2": Binary("-", one(0), Binary("**", one(2), one(2))),
    "-2": one(-2),
    "- - 2": one(2),
    "+goodwill": A,
    "-goodwill": Binary("-", one(0), A),
    "2 * -goodwill": Binary("*", one(2), Binary("-", one(0), A)),
    "min(1, goodwill)": Call("min", (one(1), A)),
    "max(1, 2, calm)": Call("max", (one(1), one(2), B)),
    "sqrt(abs(calm))": Call("sqrt", (Call("abs", (B,)),)),
    # 'when' binds loosest
    "1 + goodwill when talks is settled": When(Binary("+", one(1), A), SETTLED, one(0)),
    "1 + (goodwill when talks is settled)": Binary("+", one(1), When(A, SETTLED, one(0))),
    "1 when talks is settled otherwise 2 + goodwill": When(one(1), SETTLED, Binary("+", one(2), A)),
    "1 when talks settled otherwise 2 when ceasefire broken otherwise 3": When(one(1), SETTLED, When(one(2), BROKEN, one(3))),
    "1 when talks settled and ceasefire holds": When(one(1), Both(SETTLED, HOLDS), one(0)),
    "min(1, goodwill when talks is settled)": Call("min", (one(1), When(A, SETTLED, one(0)))),
    "calm when ceasefire holds and talks < settled": When(B, Both(HOLDS, Compare("<", Level(TALKS), one(2))), one(0)),
    "goodwill when power plays redeploy or strike": When(A, plays(POWER, REDEPLOY, STRIKE), one(0)),
    "goodwill when ceasefire becomes broken": When(A, Becomes(CEASEFIRE, frozenset({0})), one(0)),
    "goodwill when calm > 2": When(A, Compare(">", B, one(2)), one(0)),
}

CONDITIONS = {
    "always": Always(True),
    "never": Always(False),
    "talks is settled": SETTLED,
    "talks settled": SETTLED,
    "talks is not settled": Not(SETTLED),
    "talks is opened or settled": at(TALKS, 1, 2),
    "talks is not opened or settled": Not(at(TALKS, 1, 2)),
    "talks opened or settled": at(TALKS, 1, 2),
    "talks is opened or talks is settled": Either(OPENED, SETTLED),
    "talks is opened or settled and ceasefire holds": Both(at(TALKS, 1, 2), HOLDS),
    "talks is settled or ceasefire holds": Either(SETTLED, HOLDS),
    "not talks settled and ceasefire holds": Both(Not(SETTLED), HOLDS),
    "not not always": Not(Not(Always(True))),
    "talks settled or ceasefire holds and ceasefire broken": Either(SETTLED, Both(HOLDS, BROKEN)),
    "(talks settled or ceasefire holds) and ceasefire broken": Both(Either(SETTLED, HOLDS), BROKEN),
    "not (talks settled or ceasefire holds)": Not(Either(SETTLED, HOLDS)),
    # comparisons
    "talks > opened": Compare(">", Level(TALKS), one(1)),
    "opened < talks": Compare(">", Level(TALKS), one(1)),
    "opened >= talks": Compare("<=", Level(TALKS), one(1)),
    "talks = opened": Compare("==", Level(TALKS), one(1)),
    "talks != opened": Compare("!=", Level(TALKS), one(1)),
    "deployment > 0.5": Compare(">", Level(DEPLOYMENT), one(0.5)),
    "deployment * 2 > talks": Compare(">", Binary("*", Level(DEPLOYMENT), one(2)), Level(TALKS)),
    "calm > deployment": Compare(">", B, Level(DEPLOYMENT)),
    # parentheses with numbers
    "(deployment + 1) * 2 > 3": Compare(">", Binary("*", Binary("+", Level(DEPLOYMENT), one(1)), one(2)), one(3)),
    "(deployment) > 1": Compare(">", Level(DEPLOYMENT), one(1)),
    "(1 when talks is settled) > 0": Compare(">", When(one(1), SETTLED, one(0)), one(0)),
    "(1 when talks settled otherwise 2) > 1": Compare(">", When(one(1), SETTLED, one(2)), one(1)),
    "(deployment when talks settled) > 1": Compare(">", When(Level(DEPLOYMENT), SETTLED, one(0)), one(1)),
    "((1 when talks is settled) > 0)": Compare(">", When(one(1), SETTLED, one(0)), one(0)),
    "((1 when calm > 2) + 3) > 0": Compare(">", Binary("+", When(one(1), Compare(">", B, one(2)), one(0)), one(3)), one(0)),
    "((deployment > 1) and talks settled)": Both(Compare(">", Level(DEPLOYMENT), one(1)), SETTLED),
    "((talks settled))": SETTLED,
    "(min(1, deployment) > 0) or never": Either(Compare(">", Call("min", (one(1), Level(DEPLOYMENT))), one(0)), Always(False)),
    # what is played
    "power plays hold": plays(POWER, HOLD),
    "power plays redeploy or strike": plays(POWER, REDEPLOY, STRIKE),
    "power plays redeploy or opposition plays stall": Either(plays(POWER, REDEPLOY), plays(OPPOSITION, 1)),
    "power plays redeploy or talks is settled": Either(plays(POWER, REDEPLOY), SETTLED),
    # what the period brings
    "talks rises": Moves(TALKS, 1),
    "talks falls": Moves(TALKS, -1),
    "talks changes": Moves(TALKS, 0),
    "ceasefire becomes broken": Becomes(CEASEFIRE, frozenset({0})),
    "talks becomes opened or settled": Becomes(TALKS, frozenset({1, 2})),
    # one period back
    "talks rose last month": Last(Moves(TALKS, 1)),
    "talks fell last month": Last(Moves(TALKS, -1)),
    "talks changed last period": Last(Moves(TALKS, 0)),
    "talks was settled last month": Last(SETTLED),
    "talks was opened or settled last month": Last(at(TALKS, 1, 2)),
    "power played redeploy last month": Last(plays(POWER, REDEPLOY)),
    "power played redeploy or strike last month and talks settled": Both(Last(plays(POWER, REDEPLOY, STRIKE)), SETTLED),
}


@pytest.mark.parametrize("text", FORMULAS)
def test_formula(text: str) -> None:
    assert parse_formula(text, WORDS, ANYWHERE) == FORMULAS[text]


@pytest.mark.parametrize("text", CONDITIONS)
def test_condition(text: str) -> None:
    assert parse_condition(text, WORDS, ANYWHERE) == CONDITIONS[text]


def faults_of(text: str, scope: Scope = ANYWHERE, *, formula: bool = False) -> tuple[TextFault, ...]:
    with pytest.raises(TextFaultsError) as caught:
        (parse_formula if formula else parse_condition)(text, WORDS, scope)
    return caught.value.faults


# text, what the mark stands under, phrase of the message, phrase of the remedy
REFUSED_FORMULAS = [
    ("0,5 * goodwill", ",", "does not fit", "decimal comma"),
    ("min(0,5, calm)", "0", "'0,5' may be one number or two", "write 0.5 with a point"),
    ("20 % of calm", "%", "'%' means nothing", "write 20 % as 0.2"),
    ("2 ^ 3", "^", "'^' is not read", "**"),
    ("goodwil * 2", "goodwil", "no parameter or state variable 'goodwil'", "did you mean 'goodwill'?"),
    (
        "settled * 2",
        "settled",
        "no parameter or state variable 'settled'",
        "'settled' is a level of talks: write 'talks is settled'",
    ),
    ("redeploy * 2", "redeploy", "no parameter", "'redeploy' is an action: write 'power plays redeploy'"),
    ("zzz", "zzz", "'zzz'", "known here: goodwill, calm, deployment, talks, ceasefire"),
    ("2\u00a0* calm", "\u00a0", "non-breaking space", "' '"),
    ("2 \u2212 calm", "\u2212", "minus", "'-'"),
    ("calm \u2265 2", "\u2265", "greater-or-equal", "'>='"),
    ("2 calm", "calm", "'calm' does not fit here", "operator such as *"),
    ("calm 2", "2", "'2' does not fit here", "operator such as *"),
    ("2 * (calm + 1", "", "closing parenthesis is missing", "each '(' needs its ')'"),
    ("min(1, 2", "", "closing parenthesis is missing", "each '(' needs its ')'"),
    ("2 * calm)", ")", "')' does not fit here", ""),
    ("calm > 2", ">", "'>' does not fit here", "a comparison is a condition"),
    ("2 otherwise 3", "otherwise", "does not fit", "'otherwise' follows"),
    ("2 +", "", "ends where a number or a name is needed", ""),
    ("", "", "ends where a number or a name is needed", ""),
    ("* 2", "*", "stands where a number or a name is needed", ""),
    ("2 * when", "when", "the word 'when' does not fit here", ""),
    ("log10(calm)", "log10", "there is no function 'log10'", "did you mean 'log'?"),
    ("min(calm)", "min", "'min' takes 2 to 9 arguments, not 1", ""),
    ("sqrt(1, 2)", "sqrt", "'sqrt' takes 1 arguments, not 2", ""),
    ("1e999", "1e999", "too large", ""),
    ("calm & 2", "&", "means nothing", "write 'and'"),
    ("calm; 2", ";", "means nothing", "one formula only"),
    ("__import__('os')", "'", "means nothing", ""),
    ("calm.real", ".", "means nothing", ""),
    ("1 when calm", "calm", "a condition is needed here, not a number", "a condition compares"),
    ("1 when talks is setled", "setled", "no level of talks called 'setled'", "did you mean 'settled'?"),
]
REFUSED_CONDITIONS = [
    ("1 < deployment < 2", "<", "one comparison at a time", "'and'"),
    ("talks", "talks", "a condition is needed here", "names a level"),
    ("talks is", "", "a level of talks", "known here: broken_off"),
    ("talk is settled", "talk", "no state variable 'talk'", "did you mean 'talks'?"),
    ("talks is setled", "setled", "no level of talks called 'setled'", "did you mean 'settled'?"),
    ("talks > opend", "opend", "no level of talks called 'opend'", "did you mean 'opened'?"),
    ("talks is settled or opend", "opend", "no level of talks called 'opend'", "did you mean 'opened'?"),
    ("power plays redeploi", "redeploi", "no action of power called 'redeploi'", "did you mean 'redeploy'?"),
    ("power plays redeploy or strke", "strke", "no action of power called 'strke'", "did you mean 'strike'?"),
    ("power plays stall", "stall", "no action of power called 'stall'", "known here: hold"),
    ("powr plays hold", "powr", "no player 'powr'", "did you mean 'power'?"),
    ("power does hold", "does", "after the player 'power'", ""),
    ("talks rose", "", "after 'rose' comes 'last month'", ""),
    ("talks rose last year", "year", "'last year' is not the period", "write 'last month'"),
    ("talks settled ceasefire holds", "ceasefire", "does not fit here", ""),
    ("talks settled and", "", "ends where", ""),
    ("(talks settled", "", "closing parenthesis is missing", "each '('"),
    ("talks settled!", "!", "means nothing", "write 'not'"),
    ("goodwil > 2", "goodwil", "no parameter or state variable", "did you mean 'goodwill'?"),
]


@pytest.mark.parametrize(("text", "mark", "message", "remedy"), REFUSED_FORMULAS)
def test_refused_formula(text: str, mark: str, message: str, remedy: str) -> None:
    _check_fault(faults_of(text, formula=True), text, mark, message, remedy)


@pytest.mark.parametrize(("text", "mark", "message", "remedy"), REFUSED_CONDITIONS)
def test_refused_condition(text: str, mark: str, message: str, remedy: str) -> None:
    _check_fault(faults_of(text), text, mark, message, remedy)


def _check_fault(faults: tuple[TextFault, ...], text: str, mark: str, message: str, remedy: str) -> None:
    (fault,) = faults
    assert message in fault.message
    assert remedy in fault.remedy
    assert text[fault.offset : fault.offset + fault.width].startswith(mark) if mark else True


def test_the_fault_of_a_chain_of_comparisons_is_at_the_second_sign() -> None:
    (fault,) = faults_of("1 < deployment < 2")
    assert fault.offset == len("1 < deployment ")


def test_all_unknown_names_are_told_together() -> None:
    faults = faults_of("goodwil + 2 * clam when talks is opend and power plays hld", formula=True)
    assert [fault.remedy for fault in faults] == [f"did you mean '{name}'?" for name in ("goodwill", "calm", "opened", "hold")]
    assert [fault.offset for fault in faults] == sorted(fault.offset for fault in faults)


# --- what may be read where ----------------------------------------------------------------------------------------------------

SCOPES = [
    ("deployment > goodwill", STATE, "cannot read the parameter 'goodwill'", "never depends on a value"),
    ("power plays hold", STATE, "cannot read what is played", "only the state"),
    ("talks rises", STATE, "cannot read how 'talks' will move", "only counts, payoffs"),
    ("talks rose last month", STATE, "cannot look back", "only strategies remember"),
    ("power played hold last month", STATE, "cannot look back", "only strategies remember"),
    ("talks rises", STRATEGY, "cannot read how 'talks' will move", "'rose last month'"),
    ("talks becomes settled", STRATEGY, "cannot read how 'talks' will move", "'was LEVEL last ...'"),
    ("power plays hold", STRATEGY, "cannot read what is played", ""),
    ("talks rises", LATER, "cannot read how 'talks' will move", "known there: ceasefire"),
    ("talks becomes settled", LATER, "cannot read how 'talks' will move", "known there: ceasefire"),
    ("talks is settled", PATIENCE, "cannot read the state variable 'talks'", "parameters and numbers"),
    ("deployment > 1", PATIENCE, "cannot read the state variable 'deployment'", "parameters and numbers"),
]


@pytest.mark.parametrize(("text", "scope", "message", "remedy"), SCOPES)
def test_out_of_scope(text: str, scope: Scope, message: str, remedy: str) -> None:
    (fault,) = faults_of(text, scope)
    assert fault.message.startswith(scope.place)
    assert message in fault.message
    assert remedy in fault.remedy


@pytest.mark.parametrize(
    ("text", "scope"),
    [("talks rose last month", STRATEGY), ("ceasefire becomes broken", LATER), ("ceasefire rises and power plays hold", LATER)],
)
def test_within_scope(text: str, scope: Scope) -> None:
    parse_condition(text, WORDS, scope)


# --- depth and length ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opening", "closing"), [("(", ")"), ("-", ""), ("abs(", ")"), ("2 ** ", ""), ("1 when always otherwise ", "")]
)
def test_formulas_nest_fifty_times_and_no_deeper(opening: str, closing: str) -> None:
    parse_formula(opening * DEEPEST + "1" + closing * DEEPEST, WORDS, ANYWHERE)
    (fault,) = faults_of(opening * (DEEPEST + 1) + "1" + closing * (DEEPEST + 1), formula=True)
    assert f"nested more than {DEEPEST} levels deep" in fault.message


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("not ", "")])
def test_conditions_nest_fifty_times_and_no_deeper(opening: str, closing: str) -> None:
    parse_condition(opening * DEEPEST + "always" + closing * DEEPEST, WORDS, ANYWHERE)
    (fault,) = faults_of(opening * (DEEPEST + 1) + "always" + closing * (DEEPEST + 1))
    assert f"nested more than {DEEPEST} levels deep" in fault.message


@pytest.mark.parametrize(("part", "joint"), [("1", " + "), ("always", " and "), ("always", " or "), ("calm", " * ")])
def test_chains_are_bounded(part: str, joint: str) -> None:
    parse = parse_condition if part == "always" else parse_formula
    longest = joint.join([part] * (LONGEST // 2))
    list(walk(at_the_end(parse(longest, WORDS, ANYWHERE))))
    (fault,) = faults_of(joint.join([part] * LONGEST), formula=part != "always")
    assert f"more than {LONGEST} words and signs" in fault.message


WORDS_OF_TEXTS = (
    "deployment talks ceasefire light settled broken power opposition hold stall goodwill calm month year nonsense "
    "( ) ( ) , + - * / ** < <= > = == != ^ % 1 2.5 1e5 0,5"
)
PIECES = [*sorted(KEYWORDS - {"if", "for"}), *WORDS_OF_TEXTS.split()]


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)), st.booleans())
def test_any_text_parses_or_is_refused_with_a_place(text: str, formula: bool) -> None:
    for scope in (ANYWHERE, STATE, STRATEGY, PATIENCE):
        faults: tuple[TextFault, ...] = ()
        try:
            assert list(walk((parse_formula if formula else parse_condition)(text, WORDS, scope)))
        except TextFaultsError as error:
            faults = error.faults or (TextFault(-1, 0, ""),)
        assert all(fault.message and 0 <= fault.offset <= len(text) and fault.width >= 1 for fault in faults)


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "1" * 100_000, "not " * 50_000, "a " * 50_000, "1e" * 50_000, "(a when " * 10_000]
)
def test_long_nonsense_ends(text: str) -> None:
    for parse in (parse_formula, parse_condition):
        with pytest.raises(TextFaultsError):
            parse(text, WORDS, ANYWHERE)


# --- what a tree tells of itself -----------------------------------------------------------------------------------------------


def test_parameters_in_order_of_appearance() -> None:
    assert parameters_of(parse_formula("calm + goodwill * calm when goodwill > 2", WORDS, ANYWHERE)) == ("calm", "goodwill")


@pytest.mark.parametrize(
    ("text", "ahead"),
    [("talks rises", True), ("1 > 0 and ceasefire becomes broken", True), ("talks settled and power plays hold", False)],
)
def test_looks_ahead(text: str, ahead: bool) -> None:
    assert looks_ahead(parse_condition(text, WORDS, ANYWHERE)) is ahead


def test_at_the_end_reads_levels_of_the_state_that_follows() -> None:
    ended = at_the_end(
        parse_condition("talks settled and deployment > 0.5 or not power plays hold or talks rises", WORDS, ANYWHERE)
    )
    levels = Both(At(TALKS, frozenset({2}), ahead=True), Compare(">", Level(DEPLOYMENT, ahead=True), one(0.5)))
    assert ended == Either(Either(levels, Not(plays(POWER, HOLD))), Moves(TALKS, 1))


def test_nearest_names_or_lists() -> None:
    assert nearest("goodwil", ["calm", "goodwill"]) == "did you mean 'goodwill'?"
    assert nearest("xyz", ["calm", "goodwill"]) == "known here: calm, goodwill"
    assert nearest("xyz", [f"n{k:02}q" for k in range(20)]).endswith("n11q, ...")
    assert nearest("xyz", []) == ""
