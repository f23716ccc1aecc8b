"""Tables for writing say what the run's tables say: numbers are cells, every row has its place, notes say what words mean."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from leverage.errors import FolderError
from leverage.loading import load_scenario, parse_scenario
from leverage.output.files import write_tables
from leverage.output.leverage import LEVERAGE_COLUMNS
from leverage.writing.run_folder import RunFolder
from leverage.writing.tables import SELECTED, table_for_writing
from leverage.writing.written_table import Cell, Number, WrittenTable, text_of
from tests.conftest import ROOT
from tests.writing.folders import claims, made, shipped

NAN = float("nan")


#: Tables that also tell numbers with the other sign: as a change what the run's table says by how much it falls.
SIGNS = {"leverage": (1, -1)}


def texts(table: WrittenTable) -> list[list[str]]:
    return [[text_of(cell) for cell in row] for row in table.rows]


def column(table: WrittenTable, head: str) -> list[Cell]:
    k = [each.head for each in table.columns].index(head)
    return [row[k] for row in table.rows]


@pytest.mark.parametrize("name", SELECTED)
def test_selections_hold_numbers_of_the_tables_and_say_where_they_are_from(name: str) -> None:
    folder = shipped()
    table = table_for_writing(folder, name)
    frame = folder.table(name)
    heads = [each.head for each in table.columns]
    assert len(set(heads)) == len(heads)
    assert 0 < len(table.rows) < len(frame) or name in ("strategies", "equilibria")
    known = {
        sign * round(value, 9)
        for _, own in frame.items()
        if own.dtype == float
        for value in own
        if math.isfinite(value)
        for sign in SIGNS.get(name, (1,))
    }
    hundredths = {round(100 * value, 7) for value in known}
    for row in table.rows:
        assert len(row) == len(heads)
        for number in (cell for cell in row if isinstance(cell, Number)):
            for value in (number.value, number.low, number.high):
                assert not math.isfinite(value) or round(value, 9) in known or round(value, 7) in hundredths
    assert table.caption.startswith("Does a withdrawal tied to the talks give leverage? ")
    said = folder.manifest
    assert (
        table.source
        == f"run {said['run']} of leverage 0.1.0; scenario file withdrawal.yaml, SHA-256 {said['scenario_sha256'][:12]}..."
    )
    assert "points a month" in " ".join(table.notes) or name == "tipping"


def test_claims_stand_in_the_order_of_the_file_with_verdict_and_margin() -> None:
    folder = shipped()
    table = table_for_writing(folder, "claims")
    assert dict(zip(column(table, "Claim"), column(table, "Verdict"), strict=True)) == folder.manifest["claims"]
    rows = dict(zip(column(table, "Claim"), texts(table), strict=True))
    assert rows["A1"] == [
        *("A1", "The presence is leverage over the opposition and its backers.", "bargaining point", "holds"),
        *("9.62 [9.18, 10.18]", "points a month", "not searched"),
    ]
    notes = " ".join(table.notes)
    for verdict in set(folder.manifest["claims"].values()):
        assert f"{verdict}: " in notes
    assert "undefined: " not in notes
    assert "A21: BARELY with --variant seven_levels" in notes


def test_the_nearest_flip_is_the_one_of_the_claims_table() -> None:
    """On which side, between which values and to which verdict, against the certain end that claims.csv gives."""
    folder = shipped()
    frame = folder.table("claims")
    flips = {name: flip for name, flip, line in zip(frame["claim"], frame["flips_at"], frame["line"], strict=True) if not line}
    tipping = folder.table("tipping")
    table = table_for_writing(folder, "claims")
    for name, told in zip(column(table, "Claim"), column(table, "Nearest flip"), strict=True):
        assert isinstance(told, str)
        if not flips[str(name)]:
            assert told in ("not searched", "none found", "-")
            continue
        parameter, value = flips[str(name)].split("=")
        row = tipping[(tipping["claim"] == name) & (tipping["parameter"] == parameter)].iloc[0]
        side = "exceeds" if float(value) > row["value"] else "falls below"
        assert told.startswith(f"{row['flips_to'].replace('barely', 'holds barely')} if {parameter} {side} ")


def test_flips_not_found_are_told_as_what_they_are(tmp_path: Path) -> None:
    searched = {"a": "no flip found", "b": "not searched", "c": "neither standing nor fallen"}
    row = {"unit": "u", "value": 1.0, "low": 0.0, "high": 2.0, "bracket_low": NAN, "bracket_high": NAN, "distance": NAN}
    rows = [
        {
            "claim": name,
            "parameter": p,
            **row,
            "verdict": "holds",
            "flips_to": "",
            "searched": told if p == "p" else "not searched",
        }
        for name, told in searched.items()
        for p in ("p", "q")
        if name != "c" or p == "p"
    ]
    judged = claims(*({"claim": name, "says": "s", "verdict": "holds", "margin": 1.0} for name in searched))
    folder = made(tmp_path / "run", {"claims": judged, "tipping": pd.DataFrame(rows)})
    assert column(table_for_writing(folder, "claims"), "Nearest flip") == ["none found", "not searched", "-"]
    tipping = table_for_writing(folder, "tipping")
    assert tipping.rows == ()
    assert {"No flip found of: a.", "Not searched for all parameters: a and b."} <= set(tipping.notes)


def test_margins_without_a_number_or_without_bounds(tmp_path: Path) -> None:
    ends = [(NAN, NAN, NAN), (NAN, 1.0, 2.0), (1.0, -math.inf, math.inf), (1.0, 0.5, math.inf), (0.0, 0.0, 0.0)]
    rows = [
        {"claim": f"c{k}", "says": "s", "verdict": "holds", "margin": value, "margin_low": low, "margin_high": high}
        for k, (value, low, high) in enumerate(ends)
    ]
    folder = made(tmp_path / "run", {"claims": claims(*rows)})
    told = [text_of(cell) for cell in column(table_for_writing(folder, "claims"), "Margin")]
    assert told == ["-", "[1.00, 2.00]", "1.00 (no bounds)", "1.00 [0.50, no end]", "0"]


def test_shares_stand_beside_claims_that_were_put_under_stress(tmp_path: Path) -> None:
    row = {"claim": "a", "says": "s", "verdict": "holds", "margin": 1.0, "share": 0.62, "share_low": 0.5, "share_high": 0.7}
    table = table_for_writing(made(tmp_path / "run", {"claims": claims(row)}), "claims")
    assert [text_of(cell) for cell in column(table, "Share of the box")] == ["62% [50%, 70%]"]
    assert any(note.startswith("Share: ") for note in table.notes)


def test_instruments_stand_with_the_printed_measures_by_channel() -> None:
    """Against the page: the same heads, and the same numbers where both have the same decimals."""
    table = table_for_writing(shipped(), "leverage")
    rows = {row[0]: row[1:] for row in texts(table)}
    assert list(rows) == [
        *("presence", "rapid redeployment", "rapid redeployment, as a threat", "rapid redeployment, as a temptation"),
        *("free pace", "retained bases"),
    ]
    assert [each.head for each in table.columns[1:]] == [
        *("Net gain", "Change of its best", "Change of opposition's floor", "Change of its own floor", "Price", "Price a unit"),
        "Settled by 24 months",
    ]
    assert rows["free pace"][:2] == ["17.9 [17.7, 17.9]", "19.4 [19.4, 19.5]"]
    assert rows["free pace"][6] == "34"
    assert rows["rapid redeployment, as a temptation"] == [
        "0.1? [-0.3, 0.3]",
        "0.0? [-0.1, 0.0]",
        "0.0? [0.0, 0.1]",
        "0.0? [0.0, 0.1]",
        "",
        "",
        "",
    ]


def test_two_holders_are_told_apart_and_missing_numbers_explained(tmp_path: Path) -> None:
    every = "every equilibrium"
    rows = [
        ("lock", "row", "bargaining point", "net", "gain", "row", 3.0, 1.0, 2.0, 2.0, 2.0, "positive", "points", ""),
        ("lock", "row", every, "net", "coercion", "column", 1.0, 2.0, 1.0, 0.5, 1.5, "positive", "points", ""),
        ("key", "column", "bargaining point", "net", "gain", "column", NAN, NAN, NAN, NAN, NAN, "undefined", "points", "no plan"),
        ("key", "column", every, "net", "coercion", "row", 1.0, 2.0, -1.0, -1.5, -0.5, "negative", "points", ""),
    ]
    folder = made(tmp_path / "run", {"leverage": pd.DataFrame(rows, columns=list(LEVERAGE_COLUMNS))})
    table = table_for_writing(folder, "leverage")
    assert column(table, "Instrument") == ["lock", "key"]
    assert column(table, "Holder") == ["row", "column"]
    assert [text_of(cell) for cell in column(table, "Net gain")] == ["2.00", "-"]
    assert [text_of(cell) for cell in column(table, "Change of column's floor")] == ["-1.00 [-1.50, -0.50]", ""]
    assert [text_of(cell) for cell in column(table, "Change of row's floor")] == ["", "1.00 [0.50, 1.50]"]
    assert "No number for key, net gain: no plan." in table.notes


def test_outcomes_leave_out_pairs_as_written_and_say_so() -> None:
    folder = shipped()
    table = table_for_writing(folder, "outcomes")
    played = column(table, "Way of playing")
    assert "tied pace against best reply" in played
    assert "tied pace against stall" not in played
    assert "12 combinations of named strategies as written are not shown." in table.notes
    row = texts(table)[played.index("tied pace against best reply")]
    assert row[1:8] == ["38.8", "24.7", "8%", "26%", "54%", "100%", "30.7"]


def test_plans_stand_by_phase_and_player_with_every_rule() -> None:
    folder = shipped()
    frame = folder.table("plans")
    table = table_for_writing(folder, "plans")
    rules = frame[frame["kind"] == "rule"]
    assert len(table.rows) == len(rules[["plan", "phase", "player"]].drop_duplicates())
    assert [str(cell).count(";") + 1 for cell in column(table, "What it does, the first that fits")] == (
        rules.groupby(["plan", "phase", "player"], sort=False).size().tolist()
    )
    assert texts(table)[:2] == [
        [
            *("Best for power", "path", "for good", "power"),
            "withdraw slow where possible if talks not settled and ceasefire holds; withdraw fast where possible if talks"
            " settled; otherwise hold",
        ],
        ["Best for power", "path", "for good", "opposition", "always engage"],
    ]
    assert any(
        note.startswith("Best for power pays power 54.9, opposition 50.8 points a month. A departure") for note in table.notes
    )


def test_strategies_say_who_would_depart() -> None:
    table = table_for_writing(shipped(), "strategies")
    played = column(table, "Way of playing")
    row = dict(
        zip([each.head for each in table.columns], texts(table)[played.index("tied pace against reciprocate")], strict=True)
    )
    assert row["Equilibrium"] == row["Subgame perfect"] == "no"
    assert row["Path holds"] == "yes"
    assert row["That departure"].startswith("power: hold instead of redeploy, with deployment reduced")


def test_ranges_of_credible_play_stand_between_their_bounds() -> None:
    folder = shipped()
    frame = folder.table("equilibrium_set")
    table = table_for_writing(folder, "equilibrium_set")
    assert len(table.rows) == folder.manifest["states"]
    for row in table.rows:
        own = frame[(frame["state"] == row[0]) & (frame["bound"] == "inner") & (frame["corner"] == "smallest")].iloc[0]
        least = row[1]
        assert isinstance(least, Number)
        assert least.value == least.low
        assert least.high == own["power_payoff"]


def test_worlds_without_an_instrument_are_left_out_of_the_ranges(tmp_path: Path) -> None:
    """The start is there twice, once as it is and once without the instrument."""
    rows = [
        ("start", bound, corner, without, value + (10 if without else 0), 1.0)
        for without in ("", "lock")
        for bound, shift in (("outer", 0.0), ("inner", 0.5))
        for corner, value in (("smallest", 1.0 + shift), ("largest", 3.0 - shift))
    ]
    frame = pd.DataFrame(rows, columns=["state", "bound", "corner", "without", "row_payoff", "column_payoff"])
    table = table_for_writing(made(tmp_path / "run", {"equilibrium_set": frame}), "equilibrium_set")
    assert texts(table) == [["start", "1.00 [1.00, 1.50]", "3.00 [2.50, 3.00]", "1.00", "1.00"]]


def test_what_is_agreed_stands_between_its_bounds() -> None:
    table = table_for_writing(shipped(), "bargaining")
    nash = next(row for row in texts(table) if row[0] == "Nash")
    row = dict(zip([each.head for each in table.columns], nash, strict=True))
    assert row["Agreed for power"] == "53.7 [53.5, 53.8]"
    assert row["Without agreement for opposition"] == "-17.7"
    assert row["Depends on units"] == "no"


def test_parameters_stand_by_what_they_move_the_largest_first() -> None:
    folder = shipped()
    frame = folder.table("sensitivity")
    own = frame[(frame["subject"] == "power") & (frame["quantity"] == "payoff")]
    table = table_for_writing(folder, "sensitivity")
    largest = own.sort_values("moves", key=abs).iloc[-1]
    assert column(table, "Parameter")[0] == largest["parameter"]
    first = {each.head: cell for each, cell in zip(table.columns, table.rows[0], strict=True)}
    slope, moves = first["Payoff of power per unit"], first["Its range would move power"]
    assert isinstance(slope, Number)
    assert isinstance(moves, Number)
    assert (slope.value, moves.value) == (largest["derivative"], largest["moves"])
    sizes = [abs(cell.value) for cell in column(table, "Its range would move power") if isinstance(cell, Number)]
    assert sizes == sorted(sizes, reverse=True)


def test_everything_is_everything() -> None:
    folder = shipped()
    frame = folder.table("leverage")
    table = table_for_writing(folder, "leverage", everything=True)
    assert [each.head for each in table.columns] == list(frame.columns)
    assert len(table.rows) == len(frame)
    effects = [cell.value for cell in column(table, "effect") if isinstance(cell, Number)]
    pd.testing.assert_series_equal(pd.Series(effects), frame["effect"], check_names=False)
    assert column(table, "note") == [" ".join(note.split()) for note in frame["note"]]


def test_a_table_without_a_selection_of_its_own_drops_empty_columns_and_rounds(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"found_from": ["corner", "point"], "cost": [3, 4], "size": [0.123456, 2.8e-14], "note": ["", ""], "sure": [True, False]}
    )
    table = table_for_writing(made(tmp_path / "run", {"joint_changes": frame}), "joint_changes")
    assert [each.head for each in table.columns] == ["Found from", "Cost", "Size", "Sure"]
    assert texts(table) == [["corner", "3", "0.123", "yes"], ["point", "4", "2.80e-14", "no"]]


#: Of two prisoners without parameters, instruments and claims: what is lacking, and what was not found.
NO_ROWS = {
    "claims": "There are no rows: the scenario has no claims.",
    "tipping": "There are no rows: the scenario has no claims.",
    "leverage": "There are no rows: the scenario has no instruments.",
    "sensitivity": "There are no rows. No derivatives were found: the Markov equilibrium was not, or is not regular; the printed"
    " page says.",
    "outcomes": "There are no rows. No way of playing was solved.",
    "strategies": "There are no rows. No way of playing was solved.",
    "equilibria": "There are no rows. No Markov equilibrium was found.",
    "equilibrium_set": "There are no rows. No credible play in pure actions was found.",
    "bargaining": "There are no rows. No credible play in pure actions was found to agree on.",
    "plans": "There are no rows. No credible plan was found that is short enough to tell.",
}


def test_tables_without_rows_say_whether_there_is_none_or_none_was_found(tmp_path: Path) -> None:
    """Heads and a note are left."""
    tables = {name: shipped().table(name).iloc[:0] for name in SELECTED}
    tables = {name: frame.rename(columns=_prisoners) for name, frame in tables.items()}
    folder = made(tmp_path / "run", tables)
    for name in SELECTED:
        table = table_for_writing(folder, name)
        assert table.rows == ()
        assert len(table.columns) >= 1
        assert NO_ROWS[name] in table.notes


@pytest.mark.parametrize(("player", "needs"), [("bargaining", "two players"), ("equilibrium_set", "two players or more")])
def test_tables_that_need_more_players_say_so(player: str, needs: str, tmp_path: Path) -> None:
    frame = shipped().table(player).iloc[:0].rename(columns={"power_payoff": "gambler_payoff"})
    write_tables(parse_scenario(ALONE), {player: frame}, {}, "", tmp_path / "run", "csv", 1.0)
    notes = table_for_writing(RunFolder.open(tmp_path / "run"), player).notes
    assert f"There are no rows: this is about {needs}, and the scenario has 1 player." in notes


@pytest.mark.parametrize(
    ("searched", "told"),
    [
        (("no flip found", "not searched"), "There are no rows: no flip was found."),
        (("not searched",), "There are no rows: flips were not searched; simulate stress withdrawal.yaml does."),
        (("neither standing nor fallen",), "There are no rows: no claim stands or has fallen, so that none can flip."),
        ((), "There are no rows: the scenario has no parameters in doubt."),
    ],
)
def test_why_no_flip_is_told(searched: tuple[str, ...], told: str, tmp_path: Path) -> None:
    frame = shipped().table("tipping").iloc[: len(searched)].assign(searched=list(searched))
    scenario = load_scenario(ROOT / "scenarios" / "withdrawal.yaml")
    sure = {name: replace(each, low=each.value, high=each.value) for name, each in scenario.parameters.items()}
    certain = scenario if searched else replace(scenario, parameters=sure)
    write_tables(scenario, {"tipping": frame}, {}, "", tmp_path / "run", "csv", 1.0)
    folder = RunFolder.open(tmp_path / "run")
    vars(folder)["scenario"] = certain  # as if read from the file
    assert told in table_for_writing(folder, "tipping").notes


def _prisoners(column: str) -> str:
    """The column of the other scenario's players."""
    return column.replace("power_", "row_").replace("opposition_", "column_")


ALONE = """
language: 1
title: Alone
question: What pays?
players: {gambler: {discount: 0.5}}
state: {x: {low: 0, high: 1}}
start: {x: low}
actions: {gambler: {wait: always, bet: always}}
payoffs: {gambler: {gains: {win: 1 when gambler plays bet}}}
"""
THREE = """
language: 1
title: Three
question: Who gives?
players: {a: {discount: 0.5}, b: {discount: 0.5}, c: {discount: 0.5}}
state: {x: {low: 0, high: 1}}
start: {x: low}
actions: {a: {yes: always, nay: always}, b: {yes: always, nay: always}, c: {yes: always, nay: always}}
payoffs: {a: {gains: {v: 1 when b plays yes}}, b: {gains: {v: 1 when c plays yes}}, c: {gains: {v: 1 when a plays yes}}}
measures: {counts: {gifts: a plays yes}, averages: {mean_x: x}}
"""


def test_three_players_and_no_events(tmp_path: Path) -> None:
    rows = [
        *(("a_s against best reply", key, "payoff", float(k), "points", 0.0) for k, key in enumerate("abc")),
        ("a_s against best reply", "gifts", "number by 6 months", 2.5, "times", 0.0),
        ("a_s against best reply", "gifts", "number by 12 months", 4.5, "times", 0.0),
        ("a_s against best reply", "mean_x", "average over 12 months", 0.25, "level", 0.0),
        ("a_s against b_s against c_s", "a", "payoff", 7.0, "points", 0.0),
    ]
    frame = pd.DataFrame(rows, columns=["selection", "subject", "quantity", "value", "unit", "certificate"])
    write_tables(parse_scenario(THREE), {"outcomes": frame}, {}, "", tmp_path / "run", "csv", 1.0)
    table = table_for_writing(RunFolder.open(tmp_path / "run"), "outcomes")
    assert [each.head for each in table.columns] == [
        *("Way of playing", "Payoff of a", "Payoff of b", "Payoff of c", "Gifts by 12 months", "Mean x over 12 months"),
    ]
    assert texts(table) == [["a s against best reply", "0.00", "1.00", "2.00", "4.50", "0.250"]]
    assert "1 combination of named strategies as written is not shown." in table.notes


def test_variant_overrides_and_what_was_not_solved_are_told() -> None:
    folder = shipped()
    changed = {**folder.manifest, "variant": "no_goodwill", "overrides": {"return_speed": 0.2}, "unsolved": {"stage Nash": "x"}}
    table = table_for_writing(RunFolder(folder.path, changed), "strategies")
    assert table.caption.endswith("(variant no goodwill, return_speed = 0.2).")
    assert "Not solved, and missing here: stage Nash." in table.notes


def test_lines_breaks_and_control_characters_do_not_reach_a_table(tmp_path: Path) -> None:
    row = {"claim": "a", "says": "two\nlines\tand a\x07 bell\ufffe", "verdict": "holds", "margin": 1.0}
    table = table_for_writing(made(tmp_path / "run", {"claims": claims(row)}), "claims")
    assert column(table, "Sentence") == ["two lines and a bell"]


def test_widths_give_every_column_its_longest_word_and_long_cells_more() -> None:
    table = table_for_writing(shipped(), "claims")
    letters = 120
    shares = table.shares(letters)
    assert sum(shares) == pytest.approx(1)
    assert all(share * letters >= word - 1e-9 for share, word in zip(shares, table.least_widths, strict=True))
    more = [share * letters - word for share, word in zip(shares, table.least_widths, strict=True)]
    assert max(more) == more[1]
    assert min(more) == more[3]
    assert sum(table.shares(1)) == pytest.approx(1)


def test_a_table_of_an_older_version_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "run", {"claims": pd.DataFrame({"claim": ["a"], "verdict": ["holds"]})})
    with pytest.raises(FolderError, match="has no column 'says'"):
        table_for_writing(folder, "claims")
