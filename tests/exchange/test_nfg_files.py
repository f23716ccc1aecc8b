"""`.nfg` files: what is written reads back the same, all four variants are read, nothing malformed gets through or breaks out."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.testing import assert_array_equal

from leverage.errors import ExchangeError, GameError
from leverage.exchange import nfg_files
from leverage.exchange.gambit_text import LARGEST_DENOMINATOR, chances, exact, number, quoted
from leverage.exchange.nfg_files import MOST_PAYOFFS, MOST_PLAYERS, nfg_text, read_nfg
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.markov_perfect import markov_perfect
from tests.games import prisoners_dilemma, random_game

#: Bytes within which a hostile file is refused; it would take gigabytes if the header were believed.
FRUGAL = 50_000_000
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
#: Labels that every version of Gambit carries: printable ASCII without blanks at the ends or in a row, backslashes alone.
LABELS = st.from_regex(r"([!-\[\]-~]|\\(?=[!#-\[\]-~])|(?<=[!-~]) (?=[!-~])){1,12}", fullmatch=True).filter(
    lambda label: not label.endswith(("\\", " ")) and "\\\\" not in label and '\\"' not in label
)

SELTEN = """NFG 1 R "Selten (IJGT, 75), Figure 2, normal form" { "Player 1" "Player 2" } """
#: The game of Selten (1975), figure 2, in all variants of the format.
VARIANTS = {
    "numbers of actions, payoffs": SELTEN + "{ 3 2 }\n\n1 1 0 2 0 2 1 1 0 3 2 0\n",
    "names of actions, payoffs": SELTEN + '{ { "1" "2" "3" } { "1" "2" } }\n"comment"\n1 1 0 2 0 2 1 1 0 3 2 0',
    "names of actions, outcomes": SELTEN
    + '{ { "1" "2" "3" }\n{ "1" "2" } } { { "" 1, 1 } { "" 0, 2 } { "" 0, 2 } { "" 1, 1 } { "" 0, 3 } { "" 2, 0 } } 1 2 3 4 5 6',
    "numbers of actions, outcomes": SELTEN + '{ 3 2 } { { "a" 1 1 } { "b" 0 2 } { "c" 0/7 3.0 } { "d" 2. 0e0, } } 1 2 2 1 3 4',
    "no line breaks": SELTEN.replace(" ", "\t") + "{3 2}1 1 0 2 0 2 1 1 0 3 2 0",
    "carriage returns, D, byte order mark": "\ufeff"
    + SELTEN.replace("R", "D", 1)
    + "{ 3\r\n2 }\r\n\r\n1 1 0 2 0 2 1 1 0 3 2 0\r\n",
}
SELTEN_PAYOFFS = [[[1, 1], [1, 1]], [[0, 2], [0, 3]], [[0, 2], [2, 0]]]


def one_state(payoffs: np.ndarray) -> StochasticGame:
    return StochasticGame.from_arrays([payoffs], [np.ones((*payoffs.shape[:-1], 1))], 0.5)


@st.composite
def payoff_tables(draw: st.DrawFn) -> np.ndarray:
    shape = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    return draw(arrays.arrays(np.float64, (*shape, len(shape)), elements=FLOATS))


# --- round trips -------------------------------------------------------------------------------------------------------


@given(payoff_tables())
def test_payoffs_read_back_exactly(payoffs: np.ndarray) -> None:
    game = one_state(payoffs)
    assert_array_equal(read_nfg(nfg_text(game, 0)).payoffs, payoffs)


def as_written(labels: list[str]) -> tuple[str, ...]:
    """Gambit numbers places first: a label that is the number of a later one is told apart by an underscore."""
    return tuple(f"{label}_" if label in map(str, range(k + 2, len(labels) + 1)) else label for k, label in enumerate(labels))


@given(st.lists(LABELS, min_size=2, max_size=4), LABELS)
@example(["2", "0"], "0")
def test_labels_read_back(labels: list[str], title: str) -> None:
    game = replace(
        one_state(np.zeros((len(labels), 1, 2))),
        players=(labels[0], labels[1]),
        states=(title,),
        actions=((tuple(labels), ("x",)),),
    )
    found = read_nfg(nfg_text(game, 0))
    assert (found.players, found.title) == (as_written(labels[:2]), f"state {title}")
    assert found.actions == (as_written(labels), ("x",))


@given(st.text())
@example('"')
@example("\\")
@example('\\\\"\\')
def test_any_label_makes_one_legible_token(label: str) -> None:
    text = quoted(label)
    assert text.isascii()
    assert text.isprintable()
    found = read_nfg(f"NFG 1 R {text} {{ {text} {text} }} {{ 1 1 }} {text} 1 2")
    assert found.title == found.comment == found.players[1]
    assert found.payoffs.tolist() == [[[1.0, 2.0]]]
    assert quoted(found.title) == text


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ('the "hawks"', '"the \\"hawks\\""'),
        ("up\\down", '"up\\down"'),
        ("C:\\", '"C:/"'),
        ("a\\\\b", '"a/\\b"'),
        ('a\\"b', '"a/\\"b"'),
        (" a \n\tb ", '"a b"'),
        ("Côte d’Ivoire – “Abidjan”", '"Cote d\'Ivoire - \\"Abidjan\\""'),
        ("Ж", '"\\u0416"'),
        ("", '""'),
    ],
)
def test_labels_are_written_as_gambit_reads_them(label: str, text: str) -> None:
    assert quoted(label) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (3.0, "3"),
        (-0.25, "-0.25"),
        (0.1, "0.1"),
        (1 / 3, "1/3"),
        (-2 / 7, "-2/7"),
        (100 + 1 / 3, "301/3"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-7, "1.0e-07"),
        (1e22, "1.0e22"),
        (1.5e300, "1.5e300"),
        (5e-324, "5.0e-324"),
        (Fraction(15, 7), "15/7"),
        (Fraction(1, 10**12), "1.0e-12"),
        (Fraction(1, 10**13 + 1), "9.999999999999e-14"),
    ],
)
def test_numbers_are_short_and_exact(value: float | Fraction, text: str) -> None:
    assert number(value) == text


@given(FLOATS)
def test_a_number_stands_for_its_float(value: float) -> None:
    text = number(value)
    assert float(exact(value)) == value
    assert "+" not in text
    assert "e" not in text or "." in text
    assert Fraction(text) == exact(value)


@given(st.lists(st.integers(1, 1_000), min_size=1, max_size=6))
def test_chances_sum_to_one(parts: list[int]) -> None:
    given_chances = np.array(parts) / sum(parts)
    found = chances(given_chances.tolist())
    assert sum(found) == 1
    assert min(found) > 0
    np.testing.assert_allclose([float(f) for f in found], given_chances, rtol=1e-13)
    if sum(parts) <= LARGEST_DENOMINATOR:
        assert found == [Fraction(part, sum(parts)) for part in parts]


# --- what is written ---------------------------------------------------------------------------------------------------


def test_the_first_players_action_runs_fastest() -> None:
    payoffs = np.arange(2 * 3 * 2 * 3, dtype=float).reshape(2, 3, 2, 3)
    body = nfg_text(one_state(payoffs), 0).splitlines()
    assert body[body.index("") + 1 :][:3] == ["0 1 2", "18 19 20", "6 7 8"]


def test_continuation_values_are_folded_in() -> None:
    game = random_game(5)
    values = np.random.default_rng(1).normal(size=(game.n_states, game.n_players))
    for s in range(game.n_states):
        found = read_nfg(nfg_text(game, s, values)).payoffs
        for profile in np.ndindex(*game.action_counts[s]):
            for i, delta in enumerate(game.discount):
                follows = sum(p * v for p, v in zip(game.stage_transitions(s)[profile], values[:, i], strict=True))
                now = game.stage_payoffs(s)[(*profile, i)]
                assert found[(*profile, i)] == pytest.approx((1 - delta) * now + delta * follows, rel=1e-12, abs=1e-14)


def test_a_markov_equilibrium_is_one_of_the_game_with_its_values() -> None:
    game = random_game(7)
    found = markov_perfect(game)[0]
    for s in range(game.n_states):
        table = read_nfg(nfg_text(game, s, found.values)).payoffs
        x, y = (strategy[s] for strategy in found.strategies)
        np.testing.assert_allclose(np.einsum("a,b,abi->i", x, y, table), found.values[s], rtol=1e-8)
        assert np.max(table[:, :, 0] @ y) <= found.values[s, 0] + 1e-8 * game.payoff_range
        assert np.max(x @ table[:, :, 1]) <= found.values[s, 1] + 1e-8 * game.payoff_range


@pytest.mark.parametrize("state", [-1, 1])
def test_states_that_are_none_are_refused(state: int) -> None:
    with pytest.raises(GameError, match="states 0 to 0"):
        nfg_text(prisoners_dilemma(), state)


@pytest.mark.parametrize("values", [[1.0, 2.0], [[1.0, np.nan]], "high", [[1.0], [2.0, 3.0]]])
def test_continuation_values_that_are_none_are_refused(values: object) -> None:
    with pytest.raises(GameError, match="continuation values"):
        nfg_text(prisoners_dilemma(), 0, values)  # type: ignore[arg-type]


# --- what is read ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_read(name: str) -> None:
    found = read_nfg(VARIANTS[name])
    assert found.payoffs.tolist() == SELTEN_PAYOFFS
    assert " ".join(found.title.split()) == "Selten (IJGT, 75), Figure 2, normal form"
    assert found.actions == (("1", "2", "3"), ("1", "2"))
    assert (found.comment == "comment") == ('"comment"' in VARIANTS[name])


def test_the_null_outcome_pays_nothing() -> None:
    text = 'NFG 1 R "" { "a" "b" } { 2 1 } { { "only" -1/4 .5 } } 1 0'
    assert read_nfg(text).payoffs.tolist() == [[[-0.25, 0.5]], [[0.0, 0.0]]]


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "game.nfg"
    path.write_text(VARIANTS["names of actions, payoffs"], encoding="utf-8")
    for source in (path, str(path)):
        assert read_nfg(source).payoffs.tolist() == SELTEN_PAYOFFS


def test_a_game_that_was_read_can_be_solved() -> None:
    game = read_nfg('NFG 1 R "PD" { "row" "column" } { { "c" "d" } { "c" "d" } } 3 3 5 0 0 5 1 1').repeated(0.9)
    assert (game.players, game.states, game.actions) == (("row", "column"), ("PD",), ((("c", "d"), ("c", "d")),))
    assert game.discount.tolist() == [0.9, 0.9]
    np.testing.assert_allclose(markov_perfect(game)[0].values, [[1.0, 1.0]], rtol=1e-9)
    with pytest.raises(GameError, match="discount"):
        read_nfg(VARIANTS["no line breaks"]).repeated(1.0)


HEAD = 'NFG 1 R "t" { "a" "b" }'
#: Text, line, what the message says.
MALFORMED = [
    ("NFG \n", 2, "the file ends where the version"),
    ('NFG 2 R "t" { "a" } { 1 } 1', 1, "2, stands where the version"),
    ('NFG 1 Q "t" { "a" } { 1 } 1', 1, "letter R"),
    ("NFG 1 R t { 1 }", 1, "where the title"),
    ('NFG 1 R "t', 1, "without its partner"),
    ('NFG 1 R "t\\" {', 1, "without its partner"),
    ('NFG 1 R "t" { } { } ', 1, "0 players"),
    (
        'NFG 1 R "t" {' + ' "p"' * (MOST_PLAYERS + 1) + " } {" + " 1" * (MOST_PLAYERS + 1) + " } 1",
        1,
        f"{MOST_PLAYERS + 1} players",
    ),
    ('NFG 1 R "t" { "a", "b" } { 1 1 } 1 1', 1, "where another name"),
    (HEAD + "\n{ 2 }\n1 2", 2, "where a player's number of actions"),
    (HEAD + "\n{ 2 2 2 }\n1 2", 2, "end of the list of actions"),
    (HEAD + "\n{ 2 0 }\n", 2, "has no action"),
    (HEAD + '\n{ { "x" } { } }\n', 2, "has no action"),
    (HEAD + '\n{ { "x" } 2 }\n', 2, "next player's list"),
    (HEAD + "\n{ 2 -2 }\n", 2, "whole number"),
    (HEAD + "\n{ 2 2.0 }\n", 2, "whole number"),
    (HEAD + "\n{ 1 2 }\n\n1 2 3", 4, "payoff 4 of 4"),
    (HEAD + "\n{ 1 2 }\n1 2 3 4\n5", 4, "after the last profile"),
    (HEAD + "\n{ 1 1 }\n1 x", 3, "x, stands where payoff 2"),
    (HEAD + "\n{ 1 1 }\n1 1,5", 3, "a sign, ,, stands after"),
    (HEAD + "\n{ 1 1 }\n1 1/0", 3, "divides by zero"),
    (HEAD + "\n{ 1 1 }\n1 1e999", 3, "beyond the range"),
    (HEAD + "\n{ 1 1 }\n1 " + "9" * 400 + "/1", 3, "beyond the range"),
    (HEAD + "\n{ 1 1 }\n1 " + "9" * 5_000, 3, "more than 4,000 characters"),
    (HEAD + "\n{ 1 1 }\n1 nan", 3, "nan, stands"),
    (HEAD + "\n{ 1 1 }\n1 ٣", 3, "stands where payoff 2"),
    (HEAD + "\n{ 1 1 }\n1 1.5/2", 3, "1.5/2, stands"),
    (HEAD + "\n{ 1 1 }\n1 \u00a02", 3, "stands where payoff 2"),
    (HEAD + '\n{ 1 1 }\n{ { "x" 1 } } 1', 3, "an outcome's payoff to player 2"),
    (HEAD + '\n{ 1 1 }\n{ { "x" 1 2 3 } } 1', 3, "end of the outcome"),
    (HEAD + "\n{ 1 1 }\n{ { 1 2 } } 1", 3, "an outcome's name"),
    (HEAD + '\n{ 1 1 }\n{ { "x" 1 2 } }\n2', 4, "there is no outcome 2"),
    (HEAD + '\n{ 1 1 }\n{ { "x" 1 2 } }\n-1', 4, "a whole number"),
    (HEAD + '\n{ 1 1 }\n{ { "x" 1 2 } }\n' + "7" * 6_000, 4, "there is no outcome"),
    (HEAD + '\n{ 1 1 }\n{ { "x" 1 2 }\n', 4, "the file ends where another outcome"),
]


@pytest.mark.parametrize(("text", "line", "message"), MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_text_is_told_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ExchangeError) as caught:
        read_nfg(text)
    assert message in str(caught.value)
    assert caught.value.fault.line == line
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    "counts",
    ["{ 100000 100000 }", "{ 999999999999999999999 1 }", "{ " + "9" * 5_000 + " 1 }", f"{{ {MOST_PAYOFFS} 2 }}", "{ 5000001 0 }"],
)
def test_a_header_cannot_ask_for_memory(counts: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ExchangeError, match=r"more than 5,000,000|too large"):
            read_nfg(f"{HEAD} {counts} 1 2")
        assert tracemalloc.get_traced_memory()[1] < FRUGAL
    finally:
        tracemalloc.stop()


def test_a_promise_of_many_payoffs_costs_nothing() -> None:
    with pytest.raises(ExchangeError, match="payoff 3 of 5000000"):
        read_nfg(f"{HEAD} {{ 2500000 1 }} 1 2")


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    latin = tmp_path / "latin.nfg"
    latin.write_bytes(b'NFG 1 R "t"\n{ "\xe9" } { 1 } 1')
    with pytest.raises(ExchangeError, match="UTF-8") as caught:
        read_nfg(latin)
    assert caught.value.fault.line == 2
    for source in (tmp_path, tmp_path / "none.nfg", "no such file", "a\0b", "x" * 10_000):
        with pytest.raises(ExchangeError, match="cannot be read"):
            read_nfg(source)
    monkeypatch.setattr(nfg_files, "MOST_BYTES", 20)
    with pytest.raises(ExchangeError, match="more than 20 bytes"):
        read_nfg(latin)


# --- fuzz --------------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        "NFG",
        "1",
        "R",
        '"t"',
        '"',
        "{",
        "}",
        ",",
        "2",
        "-1",
        "1/2",
        "1/0",
        ".5",
        "1e9",
        "1e999",
        "/",
        "-",
        "\\",
        "\n",
        "é",
        "\0",
        "9" * 30,
    ]
)


@given(st.lists(PIECES, max_size=40), st.sampled_from([" ", ""]))
def test_no_pieces_break_out(pieces: list[str], glue: str) -> None:
    expect_game_or_fault("NFG " + glue.join(pieces))


@settings(max_examples=300)
@given(st.sampled_from(sorted(VARIANTS)), st.data())
def test_no_changed_file_breaks_out(name: str, data: st.DataObject) -> None:
    text = VARIANTS[name]
    start = data.draw(st.integers(4, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 6)))
    expect_game_or_fault(text[:start] + data.draw(st.one_of(st.text(max_size=4), PIECES)) + text[stop:])


def expect_game_or_fault(text: str) -> None:
    try:
        found = read_nfg(text)
    except ExchangeError:
        return
    assert found.payoffs.shape == (*map(len, found.actions), len(found.players))
    assert np.all(np.isfinite(found.payoffs))
