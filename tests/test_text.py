"""The printed page for games of other shapes than the shipped one: one player, three players, small numbers, mixed play."""

from __future__ import annotations

from leverage import parse_scenario, run
from leverage.output.columns import WIDTH, number
from leverage.output.text import run_text

HEAD = """
language: 1
title: T
question: Q
state: {x: {low: 0, high: 1}}
start: {x: low}
"""
GAMBLER = (
    HEAD
    + """
period: 2 weeks
players: {gambler: {discount: 0.5}}
actions: {gambler: {wait: always, bet: always}}
transitions: {x: [{if gambler plays bet: {to high: 0.5, to low: rest}}]}
payoffs: {gambler: {gains: {win: 0.001 when x is high}}}
measures: {events: {won: x is high, lost: x is low}, averages: {mean_x: x}}
strategies: {gambler: {bold: {always: bet}, timid: {always: wait}}}
"""
)
THREE = (
    HEAD
    + """
players: {a: {discount: 0.5}, b: {discount: 0.5}, c: {discount: 0.5}}
actions: {a: {yes: always, nay: always}, b: {yes: always, nay: always}, c: {yes: always, nay: always}}
payoffs:
  a: {gains: {v: 1 when b plays yes}}
  b: {gains: {v: 1 when c plays yes}}
  c: {gains: {v: 1 when a plays yes}}
strategies:
  a: {give: {always: yes}, keep: {always: nay}}
  b: {give: {always: yes}, keep: {always: nay}}
  c: {give: {always: yes}, keep: {always: nay}}
"""
)
PENNIES = (
    HEAD
    + """
players: {even: {discount: 0.5}, odd: {discount: 0.5}}
actions: {even: {heads: always, tails: always}, odd: {heads: always, tails: always}}
payoffs:
  even: {gains: {hit: 1 when even plays heads and odd plays heads or even plays tails and odd plays tails}}
  odd: {gains: {miss: 1 when even plays heads and odd plays tails or even plays tails and odd plays heads}}
strategies:
  even: {mix: {always: {heads: 0.5, tails: rest}}, heads: {always: heads}}
  odd: {mix: {always: {heads: 0.5, tails: rest}}}
"""
)


def page(text: str) -> str:
    printed = run_text(run(parse_scenario(text)))
    assert all(len(line) <= WIDTH for line in printed.splitlines())
    return printed


def test_a_player_alone_has_strategies_and_costs_but_no_pairs() -> None:
    printed = page(GAMBLER)
    assert "Best for gambler: bold" in printed
    assert "sum = payoff" in printed
    assert "PAIRS" not in printed
    assert "  v. " not in printed


def test_numbers_that_are_mostly_zeros_are_told_by_their_power_of_ten() -> None:
    assert [number(value) for value in (999_999_999_999_999.0, 1.5e15, -1.853550361e307)] == [
        *("999999999999999.0", "1.5e+15", "-1.854e+307"),
    ]


def test_units_and_decimals_follow_period_and_scale() -> None:
    printed = page(GAMBLER)
    assert "points per 2 weeks" in printed
    assert "horizon of 48 weeks" in printed
    assert "0.00025" in printed  # a quarter of a thousandth: the best bet half of the discounted time
    assert "Other events, in outcomes.csv: lost" in printed
    assert "mean mean" not in " ".join(printed.split())


def test_three_players_are_told_apart() -> None:
    printed = page(THREE)
    assert any(line.startswith("give / give / reply 1.000") for line in printed.splitlines())
    assert "COMBINATIONS" in printed
    assert "more rows in outcomes.csv" not in printed


def test_mixed_play_that_is_believed_is_not_doubted_elsewhere() -> None:
    printed = page(PENNIES)
    assert "Of 2 pairs of named strategies, 1 in equilibrium: mix against mix" in printed
    assert "mix -" not in printed
    assert "instead of 'heads or tails'" not in printed
