"""All credible play in a run and in `simulate credible`: numbers worked out by hand, a table behind every number, refusals."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leverage import Run, parse_scenario, run
from leverage.output.columns import WIDTH
from leverage.output.text import run_text
from leverage.studies import patience_study
from tests.command_line import simulate, start
from tests.test_markov_commands import ALONE, PENNIES, STAG, VOTERS

#: Prisoners' dilemma with payoffs 5, 3, 1, 0.
DILEMMA = """\
language: 1
title: A dilemma every month
question: Does cooperation last?
state: {x: {only: 0}}
start: {x: only}
players: {first: {discount: patience}, second: {discount: patience}}
parameters: {patience: {value: 0.6, range: [0.05, 0.95], source: textbook}}
actions: {first: {help: always, grab: always}, second: {help: always, grab: always}}
payoffs:
  first:
    gains:
      both_help: 3 when first plays help and second plays help
      spoils: 5 when first plays grab and second plays help
      scraps: 1 when first plays grab and second plays grab
  second:
    gains:
      both_help: 3 when first plays help and second plays help
      spoils: 5 when second plays grab and first plays help
      scraps: 1 when first plays grab and second plays grab
"""
#: From (3, 3) to (5, 0) the other's payoff falls to its floor of 1 where one's own is 3 + 2 * 2 / 3.
LARGEST = 13 / 3


def found(text: str) -> Run:
    return run(parse_scenario(text))


@pytest.fixture(scope="module")
def dilemma() -> Run:
    return found(DILEMMA)


def ends(frame: pd.DataFrame, bound: str, corner: str) -> list[float]:
    rows = frame[(frame.bound == bound) & (frame.corner == corner)]
    return rows[["first_payoff", "second_payoff"]].to_numpy().ravel().tolist()


def test_the_range_is_the_one_worked_out_by_hand_from_both_sides(dilemma: Run) -> None:
    frame = dilemma.equilibrium_set
    for bound in ("outer", "inner"):
        assert ends(frame, bound, "smallest") == pytest.approx([1.0, 1.0], abs=1e-6)
        assert ends(frame, bound, "largest") == pytest.approx([LARGEST, LARGEST], abs=1e-6)
    corners = frame[(frame.bound == "inner") & ~frame.corner.isin(["smallest", "largest"])]
    points = sorted(map(tuple, corners[["first_payoff", "second_payoff"]].to_numpy().round(6).tolist()))
    assert points == [(1.0, 1.0), (1.0, round(LARGEST, 6)), (3.0, 3.0), (round(LARGEST, 6), 1.0)]
    assert frame.certificate.max() < 1e-6


def test_worlds_without_an_instrument_stand_beside_the_game_as_it_is() -> None:
    """Who may not help is grabbed from for ever."""
    both = f"{DILEMMA}instruments: {{helping: {{holder: first, says: It can help., without: {{forbid: [help]}}}}}}\n"
    frame = found(both).equilibrium_set
    assert ends(frame[frame["without"] == ""], "outer", "largest") == pytest.approx([LARGEST, LARGEST], abs=1e-4)
    for bound in ("outer", "inner"):
        for corner in ("smallest", "largest"):
            assert ends(frame[frame["without"] == "helping"], bound, corner) == pytest.approx([1.0, 1.0], abs=1e-6)


def test_the_bargain_is_cooperation_and_binding_threats_agree_by_symmetry(dilemma: Run) -> None:
    table = dilemma.bargaining.set_index(["rule", "quantity", "player"]).value
    for rule in ("nash", "kalai-smorodinsky", "maximin", "utilitarian", "variable threats"):
        assert table[rule, "agreed", "first"] == pytest.approx(3.0, abs=1e-6)
        assert table[rule, "at_least", "second"] <= 3 + 1e-9 <= table[rule, "at_most", "second"] + 2e-9
    assert table["nash", "without_agreement", "first"] == pytest.approx(1.0, abs=1e-6)


def test_plans_run_in_the_outcome_tables_and_are_subgame_perfect(dilemma: Run) -> None:
    best = dilemma.outcomes[dilemma.outcomes.selection == "best credible plan for first"].set_index(["subject", "quantity"]).value
    assert best["first", "payoff"] == pytest.approx(LARGEST, abs=1e-6)
    assert best["second", "payoff"] == pytest.approx(1.0, abs=1e-6)
    rows = dilemma.strategies.set_index("selection").loc[["best credible plan for first", "bargaining: nash"]]
    assert rows.subgame_perfect.all()
    assert rows.largest_gain.max() < 1e-9


def test_impatient_players_only_repeat_the_one_shot_equilibrium() -> None:
    rows = found(DILEMMA.replace("value: 0.6", "value: 0.2")).equilibrium_set
    assert rows[["first_payoff", "second_payoff"]].to_numpy() == pytest.approx(1.0, abs=1e-6)


def test_no_pure_equilibrium_is_said_with_its_source_and_markov_play_goes_on() -> None:
    pennies = found(PENNIES)
    page = " ".join(run_text(pennies).split())
    assert "no credible play in pure actions (see below)" in page
    assert "none exists in state 'x only', where play begins" in page
    assert pennies.equilibrium_set.empty
    assert set(pennies.bargaining.agreement) == {"no equilibrium", "not credible"}
    assert "Markov perfect" in set(pennies.outcomes.selection)


def test_three_players_get_ranges_that_hold_their_markov_equilibria() -> None:
    voters = found(VOTERS)
    frame = voters.equilibrium_set
    outer, inner = (frame[frame.bound == bound].set_index("corner") for bound in ("outer", "inner"))
    for key in ("a", "b", "c"):
        assert outer.loc["smallest", f"{key}_payoff"] == pytest.approx(0.4, abs=0.02)
        assert inner.loc["largest", f"{key}_payoff"] == pytest.approx(1.0, abs=0.02)
    assert voters.bargaining.empty


def test_a_player_alone_has_no_such_section() -> None:
    alone = found(ALONE)
    assert alone.credible is None
    assert "CREDIBLE PLAY" not in run_text(alone)
    assert alone.equilibrium_set.empty


def test_sections_are_numbered_in_order_whichever_are_there(dilemma: Run) -> None:
    for own in (dilemma, found(ALONE), found(PENNIES), found(NAMED)):
        heads = re.findall(r"^(\d+) ([A-Z]{2}.*)$", run_text(own), flags=re.MULTILINE)
        assert [int(number) for number, _ in heads] == list(range(1, len(heads) + 1))
        assert len(heads) >= 3
        assert heads[-1][1] == "CHECKED"


def test_every_printed_number_of_the_section_is_a_cell_of_a_table(dilemma: Run) -> None:
    page = run_text(dilemma)
    part = page[page.index(" WHAT CREDIBLE PLAY ALLOWS") : page.index(" CREDIBLE PLANS")]
    cells = [
        *dilemma.equilibrium_set[["first_payoff", "second_payoff", "certificate"]].to_numpy().ravel(),
        *dilemma.bargaining.value,
        *dilemma.outcomes.value,
    ]
    printed = [float(text) for text in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", part)]
    assert len(printed) > 10
    for number in printed:
        assert np.min(np.abs(np.array(cells) - number)) <= 0.0051


def test_the_command_writes_its_tables_and_takes_a_tolerance(tmp_path: Path) -> None:
    (tmp_path / "stag.yaml").write_text(STAG)
    done = start("credible", "stag.yaml", "--tolerance", "1e-6", "--out", "made", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    names = {path.name for path in (tmp_path / "made").iterdir()}
    assert {"equilibrium_set.csv", "bargaining.csv", "outcomes.csv", "manifest.json", "tables.txt"} <= names
    frame = pd.read_csv(tmp_path / "made" / "equilibrium_set.csv")
    assert frame[frame.bound == "outer"].certificate.max() <= 4e-6
    assert ends(frame, "inner", "largest") == pytest.approx([4.0, 4.0])


NAMED = (
    DILEMMA
    + """\
strategies:
  first:
    kind: {always: help}
    greedy: {always: grab}
  second:
    kind: {always: help}
    greedy: {always: grab}
"""
)


def test_cooperation_is_credible_as_a_path_though_not_as_written(tmp_path: Path) -> None:
    """With the other's floor of 1: 3 >= (1 - d) 5 + d 1, from d = 1/2 on."""
    rows = found(NAMED).strategies.set_index("selection")
    assert not rows.loc["kind against kind", "equilibrium"]
    assert rows.loc["kind against kind", "path"] == "sustainable"
    assert rows.loc["kind against kind", "path_margin"] == pytest.approx(3 - (0.4 * 5 + 0.6), abs=1e-5)
    assert rows.loc["kind against greedy", "path"] == "not sustainable"
    assert rows.loc["greedy against greedy", "path"] == "sustainable"


def test_the_patience_of_cooperation_is_one_half(tmp_path: Path) -> None:
    (tmp_path / "pd.yaml").write_text(NAMED)
    done = start("patience", "pd.yaml", "--play", "kind", "--play", "kind", "--points", "5", "--out", "made", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    told = pd.read_csv(tmp_path / "made" / "patience.csv").sort_values("discount")
    last_no, first_yes = told[told.answer == "no"].discount.max(), told[told.answer == "yes"].discount.min()
    assert last_no < 0.5 <= first_yes + 1e-9
    assert first_yes - last_no <= 1e-4
    reach = simulate("patience", "pd.yaml", "--least", "first=4", "--of", "first", "--points", "5", "--quiet", cwd=tmp_path)
    assert reach.returncode == 0, reach.stderr


#: Cooperation ends it with a chance of a half each month, see `settlement` in the tests of event questions: credible from (11 -
#: sqrt 73) / 4 on.
SETTLEMENT = """\
language: 1
title: A deal by cooperation
question: Do they settle?
period: 1 month
state: {deal: {open: 0, settled: 1}}
start: {deal: open}
players: {first: {discount: 0.9}, second: {discount: 0.9}}
actions: {first: {help: always, grab: when deal is open}, second: {help: always, grab: when deal is open}}
transitions:
  deal:
    - if first plays help and second plays help: {up 1: 0.5, stays: rest}
payoffs:
  first:
    gains:
      peace: 4 when deal is settled
      spoils: 3 when first plays grab and second plays help
      scraps: 1 when first plays grab and second plays grab
    costs: {loss: 20 when first plays help and second plays grab}
  second:
    gains:
      peace: 4 when deal is settled
      spoils: 3 when second plays grab and first plays help
      scraps: 1 when first plays grab and second plays grab
    costs: {loss: 20 when second plays help and first plays grab}
measures: {events: {settled: deal is settled}, dates: [2 months, 1 year]}
"""


def test_the_patience_that_makes_a_deal_likely(tmp_path: Path) -> None:
    (tmp_path / "deal.yaml").write_text(SETTLEMENT)
    asked = ["--event", "settled", "--by", "12 months", "--chance", "0.99", "--best-for", "second"]
    done = simulate("patience", "deal.yaml", *asked, "--points", "5", "--out", "made", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    told = pd.read_csv(tmp_path / "made" / "patience.csv").sort_values("discount")
    last_no, first_yes = told[told.answer == "no"].discount.max(), told[told.answer == "yes"].discount.min()
    assert last_no - 1e-7 <= (11 - math.sqrt(73)) / 4 <= first_yes + 1e-7
    assert first_yes - last_no <= 1e-4
    page = " ".join(done.stdout.split())
    assert "best for second has 'settled' by 12 months with a chance of at least 0.99" in page
    assert re.search(r"likely from to .* yes 0\.614037 0\.99 0\.613976", page)


SETTLED = ["--event", "settled", "--by", "2 months", "--chance", "0.6", "--best-for", "first"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--event", "settle", *SETTLED[2:]], "there is no 'settle' did you mean 'settled'"),
        ([*SETTLED[:3], "9 months", *SETTLED[4:]], "'9 months' is no declared date declared: 2 months, 12 months"),
        ([*SETTLED[:3], "soon", *SETTLED[4:]], "'soon' is no duration"),
        ([*SETTLED[:5], "1.2", *SETTLED[6:]], "a chance is between 0 and 1; got 1.2"),
        ([*SETTLED[:5], "-0.1", *SETTLED[6:]], "a chance is between 0 and 1; got -0.1"),
        ([*SETTLED[:5], "nan", *SETTLED[6:]], "a chance is between 0 and 1; got nan"),
        ([*SETTLED[:5], "most", *SETTLED[6:]], "--chance"),
        ([*SETTLED[:7], "frist"], "did you mean 'first'"),
        (SETTLED[:2], "--by, --chance, --best-for"),
        (SETTLED[:6], "--best-for"),
        (SETTLED[2:], "--event"),
        ([*SETTLED, "--least", "first=1"], "ask one thing at a time"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_questions_about_an_event_that_are_none(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "deal.yaml").write_text(SETTLEMENT)
    done = simulate("patience", "deal.yaml", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"deal.yaml"}


def test_a_file_without_events_has_none_to_ask_about(tmp_path: Path) -> None:
    (tmp_path / "pd.yaml").write_text(NAMED)
    done = simulate("patience", "pd.yaml", *SETTLED, cwd=tmp_path)
    assert done.returncode == 2
    assert "the file declares no events" in done.stderr


def test_the_scan_says_how_far_it_is() -> None:
    phrases: list[str] = []
    patience_study(parse_scenario(NAMED), strategies=("kind", "kind"), points=3, progress=phrases.append)
    assert phrases[:4] == ["compiling the game", *(f"scanning discount factors: {k} of 3" for k in (1, 2, 3))]
    assert phrases[4:] == [f"narrowing down where the answer changes: {k} discount factors" for k in range(4, len(phrases))]
    assert len(phrases) > 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name one strategy of each player"),
        (["--play", "kind"], "1 strategies for 2 players"),
        (["--play", "kin", "--play", "kind"], "did you mean"),
        (["--least", "first"], "PLAYER=PAYOFF"),
        (["--least", "nobody=1"], "nobody"),
        (["--least", "first=2", "--of", "frist"], "did you mean"),
    ],
)
def test_patience_refuses_what_is_no_question(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "pd.yaml").write_text(NAMED)
    done = simulate("patience", "pd.yaml", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert {path.name for path in tmp_path.iterdir()} == {"pd.yaml"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stag.yaml", "--tolerance", "0"], "between 0 and 1"),
        (["stag.yaml", "--tolerance", "2"], "between 0 and 1"),
        (["alone.yaml"], "one player"),
    ],
)
def test_wrong_use_is_told_with_status_2_and_nothing_is_written(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "stag.yaml").write_text(STAG)
    (tmp_path / "alone.yaml").write_text(ALONE)
    done = simulate("credible", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"stag.yaml", "alone.yaml"}
