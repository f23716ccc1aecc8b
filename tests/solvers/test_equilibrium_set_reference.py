"""What a solver of equilibrium payoff sets has to pass: the textbook twin, published answers, and copies of games.

All tests but those of its machine see a solver as two polygons a state: `inner` must hold equilibria only, `outer` all of them.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from leverage.certification.checker import check
from leverage.game.stochastic_game import StochasticGame
from leverage.solvers.equilibrium_set import equilibrium_set
from tests.solvers.aps_twin import PlainGame, Point, Twin, both_sides, excess, from_outside, gap, hull
from tests.solvers.set_games import (
    KINDS,
    doubled,
    forbidding,
    one_state,
    plain,
    relabelled,
    set_game,
    swapped,
    transformed,
    without,
)

REFERENCE = json.loads((Path(__file__).parents[1] / "data" / "equilibrium_sets.json").read_text(encoding="utf-8"))["cases"]
#: The solver's default: the gap, as a share of the payoff range, that it closes to where the game allows.
TOLERANCE = 1e-6
#: A share of the payoff range by which sets that should hold each other may miss: gains of 1e-9 and rounding move vertices.
SAME = 1e-8
#: Largest one-shot gain of a machine that counts as none, a share of the payoff range.
ACCEPTED_GAIN = 1e-9
#: Grain of the twin's steps, a share of the payoff range: finer ones take minutes with unequal discounts.
TWIN_GRAIN, COARSE_GRAIN = 1e-10, 1e-5
#: A share of the payoff range: where the twin's sets are that close, the solver's have to be within its tolerance.
CLOSE = 1e-7
#: Games on which the twin takes seconds, sets of many vertices: left to `benchmarks/judge_sets.py`. Of each kind others stay.
TWIN_IS_SLOW = {0, 24, 33, 35, 42, 45}
#: Rounds through the kinds of games that a usual run makes, and a long one.
FEW, MANY = 2, 4


def solved(game, **options):
    """The solver's answer to a plain game."""
    built = StochasticGame.from_arrays(game.payoffs, game.transitions, game.discount)
    masks = {} if game.prescribable is None else {"prescribable": game.prescribable, "deviation": game.deviation}
    return equilibrium_set(built, **masks, **options)


def outer(sets):
    return [hull([Point(*map(float, v)) for v in part]) for part in sets.outer]


def inner(sets):
    return [hull([Point(*map(float, v)) for v in part]) for part in sets.inner]


def slack(game):
    """Distance that is none: see `SAME`; payoffs far from 0 round more."""
    return SAME * game.payoff_range + 1e-13 * game.largest


def assert_holds(game, around, inside):
    assert excess(inside, around) <= slack(game)


@cache
def twin(seed) -> Twin:
    game = set_game(seed)
    return both_sides(game, grain=TWIN_GRAIN * game.payoff_range, enough=CLOSE)


# --- the answer's own consistency ----------------------------------------------------------------------------------------------


def assert_consistent(game, sets):
    """Shapes, order, gap and bounds are what the type says."""
    for parts in (sets.outer, sets.inner):
        assert len(parts) == game.n_states
        assert all(np.shape(part) == (len(part), 2) for part in parts)
        assert all(_runs_counter_clockwise(part) for part in parts)
    around, inside = outer(sets), inner(sets)
    assert excess(inside, around) <= slack(game)
    assert sets.gap == pytest.approx(gap(inside, around), abs=slack(game))
    for s, part in enumerate(around):
        if not part:
            assert np.isnan(sets.bounds[s]).all()
        for i, (low, high) in enumerate(sets.bounds[s] if part else ()):
            assert min(p[i] for p in part) - slack(game) <= low <= min((p[i] for p in inside[s]), default=math.inf) + slack(game)
            assert (
                max(p[i] for p in part) + slack(game) >= high >= max((p[i] for p in inside[s]), default=-math.inf) - slack(game)
            )


def _runs_counter_clockwise(part):
    """Hull vertices come in the hull's order, from wherever it begins."""
    rows = [tuple(map(float, v)) for v in part]
    ring = [p[:2] for p in hull([Point(*v) for v in rows])]
    kept = [v for v in rows if v in ring]
    at = kept.index(ring[0]) if ring else 0
    return kept[at:] + kept[:at] == ring


def assert_proved(game, sets):
    """Each inner vertex is the value of a node from which no allowed deviation gains, wherever play goes."""
    if not any(len(part) for part in sets.inner):
        return
    certificate = check(sets.machine, nodes=np.ones(sets.machine.n_nodes, dtype=bool))
    for s, (part, nodes) in enumerate(zip(sets.inner, sets.vertex_node, strict=True)):
        assert list(sets.machine.node_state[nodes]) == [s] * len(part)
        assert certificate.values[nodes].ravel() == pytest.approx(np.ravel(part), abs=slack(game) * 1e-3)
    allowed = ACCEPTED_GAIN * game.payoff_range
    if game.deviation is None:
        assert sets.certificate == pytest.approx(certificate.gain, abs=1e-3 * allowed)
        assert certificate.gain <= allowed
    assert _largest_gain(game, sets.machine, certificate.values) <= allowed
    assert sets.certificate <= allowed


def _largest_gain(game, machine, values):
    """Over all nodes: of deviations that the masks allow; infinite where an action is played that cannot be prescribed."""
    worst = -math.inf
    for k, s in enumerate(machine.node_state):
        chances = [machine.lottery(i, k) for i in (0, 1)]
        assert [sorted(set(lottery)) for lottery in chances] in (
            [[0.0, 1.0]] * 2,
            [[1.0]] * 2,
            [[1.0], [0.0, 1.0]],
            [[0.0, 1.0], [1.0]],
        )
        a = tuple(int(np.argmax(lottery)) for lottery in chances)
        if a not in set(game.profiles(s)):
            return math.inf
        for i in (0, 1):
            for b in game.deviations(s, a, i):
                worst = max(worst, _worth(game, machine, values, k, b)[i] - values[k, i])
    return worst


def _worth(game, machine, values, node, profile):
    """Payoffs from the node on if `profile` is played there now."""
    built, s = machine.game, machine.node_state[node]
    row = built.row_start[s] + profile[0] * game.count(s, 1) + profile[1]
    entries = slice(built.transitions.indptr[row], built.transitions.indptr[row + 1])
    first = machine.edge_start[node] - built.entry_start[s]
    edges = np.arange(entries.start, entries.stop) + first
    later = np.asarray(built.transitions.data[entries] @ (machine.next_nodes[edges] @ values))
    return (1 - built.discount) * built.payoffs[row] + built.discount * later


# --- against published answers and the twin ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", REFERENCE, ids=[case["name"] for case in REFERENCE])
def test_reference_games(case):
    """`tolerance` of a case is on support values; the vertices of these games are less acute than 1 : 5."""
    game = plain(case["payoffs"], case["transitions"], (case["discount"],) * 2, case["name"])
    published = [hull([Point(*p) for p in part]) for part in case["vertices"]]
    sets = solved(game)
    assert_consistent(game, sets)
    assert_proved(game, sets)
    assert sets.gap <= TOLERANCE * game.payoff_range
    assert excess(published, outer(sets)) <= case["tolerance"] + slack(game)
    assert excess(inner(sets), published) <= 5 * case["tolerance"] + slack(game)
    assert excess(outer(sets), published) <= 5 * case["tolerance"] + sets.gap


SEEDS = [
    pytest.param(k, id=f"{KINDS[k % len(KINDS)].__name__}-{k}", marks=[pytest.mark.slow] * (k >= FEW * len(KINDS)))
    for k in range(MANY * len(KINDS))
    if k not in TWIN_IS_SLOW
]


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_games(seed):
    """Nothing that the twin proves is missing outside, nothing that it excludes is inside, and the gap closes where it can."""
    game, known, sets = set_game(seed), twin(seed), solved(set_game(seed))
    assert_consistent(game, sets)
    assert_holds(game, outer(sets), known.inner.sets)
    assert_holds(game, known.outer.sets, inner(sets))
    assert_proved(game, sets)
    if known.apart <= CLOSE * game.payoff_range:
        assert [bool(part) for part in outer(sets)] == [bool(part) for part in known.outer.sets]
        assert sets.gap <= TOLERANCE * game.payoff_range


@pytest.mark.parametrize("seed", range(len(KINDS), 2 * len(KINDS)))
def test_a_coarse_tolerance_is_sound_too(seed):
    game, known, sets = set_game(seed), twin(seed), solved(set_game(seed), tolerance=1e-2)
    assert_consistent(game, sets)
    assert_holds(game, outer(sets), known.inner.sets)
    assert_holds(game, known.outer.sets, inner(sets))
    assert_proved(game, sets)


def test_answers_are_the_same_bytes_each_time():
    game = set_game(11)
    first, second = solved(game), solved(game)
    for a, b in zip((*first.outer, *first.inner), (*second.outer, *second.inner), strict=True):
        assert a.tobytes() == b.tobytes()


# --- games whose sets are known ------------------------------------------------------------------------------------------------

DILEMMA = [[(3.0, 3.0), (0.0, 5.0)], [(5.0, 0.0), (1.0, 1.0)]]
NOTHING, TURNS, ALL = (
    [(1.0, 1.0)],
    [(1.0, 1.0), (4.0, 1.0), (1.0, 4.0)],
    [(1.0, 1.0), (13 / 3, 1.0), (3.0, 3.0), (1.0, 13 / 3)],
)


def for_ever(table, discount):
    return plain([table], [np.ones((2, 2, 1))], discount if isinstance(discount, tuple) else (discount,) * 2, "for ever")


@pytest.mark.parametrize(
    ("discount", "answer"), [(0.0, NOTHING), (0.24, NOTHING), (0.26, TURNS), (0.49, TURNS), (0.51, ALL), (0.9, ALL), (0.99, ALL)]
)
def test_the_prisoners_dilemma(discount, answer):
    """Solved by hand; see the twin's tests."""
    game, known = for_ever(DILEMMA, discount), [hull([Point(*p) for p in answer])]
    sets = solved(game)
    assert_consistent(game, sets)
    assert_proved(game, sets)
    assert_holds(game, outer(sets), known)
    assert_holds(game, known, inner(sets))
    assert sets.gap <= TOLERANCE * game.payoff_range
    assert len(sets.inner[0]) == len(answer)


@pytest.mark.parametrize(("discount", "low", "high"), [(0.25, NOTHING, TURNS), (0.5, TURNS, ALL)])
def test_at_a_knife_edge_the_outer_set_keeps_what_holds_exactly(discount, low, high):
    """The inner set may stop at either side of the edge; the gap then says so."""
    game, sets = for_ever(DILEMMA, discount), solved(for_ever(DILEMMA, discount))
    assert_consistent(game, sets)
    assert_proved(game, sets)
    assert_holds(game, outer(sets), [hull([Point(*p) for p in high])])
    assert_holds(game, [hull([Point(*p) for p in high])], inner(sets))
    assert_holds(game, inner(sets), [hull([Point(*p) for p in low])])


@pytest.mark.parametrize("discount", [0.0, 0.3, 0.9])
def test_coordination_is_a_segment(discount):
    """Between the two equilibria (with unequal patience the better one, later, would be worth more to the patient player)."""
    game, known = for_ever([[(2.0, 2.0), (0.0, 0.0)], [(0.0, 0.0), (1.0, 1.0)]], discount), [[Point(1.0, 1.0), Point(2.0, 2.0)]]
    sets = solved(game)
    assert_proved(game, sets)
    assert_holds(game, outer(sets), known)
    assert_holds(game, known, inner(sets))
    assert len(sets.inner[0]) == 2
    assert sets.gap <= TOLERANCE * game.payoff_range


@pytest.mark.parametrize("discount", [0.0, 0.5, 0.9])
def test_payoffs_that_never_change_are_a_point(discount):
    """All is tied, the payoff range is 0."""
    game, sets = for_ever([[(2.0, -3.0)] * 2] * 2, discount), solved(for_ever([[(2.0, -3.0)] * 2] * 2, discount))
    rounding = 1e-11 * game.largest
    assert excess([[Point(2.0, -3.0)]], inner(sets)) <= rounding
    assert excess(outer(sets), [[Point(2.0, -3.0)]]) <= rounding
    assert_proved(game, sets)


#: Of the textbook dilemma 3, 2, 0, -1 at .99 and .95; the stage allows 4.
PATIENT_SUM = 4.39


@pytest.mark.slow
def test_unequal_patience_trades_beyond_the_stage_payoffs():
    """The patient player lends to the impatient one (Lehrer and Pauzner 1999)."""
    game = for_ever([[(2.0, 2.0), (-1.0, 3.0)], [(3.0, -1.0), (0.0, 0.0)]], (0.99, 0.95))
    sets = solved(game)
    assert_consistent(game, sets)
    assert_proved(game, sets)
    assert max(p.x + p.y for p in inner(sets)[0]) == pytest.approx(PATIENT_SUM, abs=0.005)
    assert sets.gap <= TOLERANCE * game.payoff_range
    around = from_outside(game, grain=COARSE_GRAIN * game.payoff_range).sets
    assert_holds(game, around, inner(sets))
    assert max(p.x + p.y for p in around[0]) < PATIENT_SUM + 0.03


# --- copies --------------------------------------------------------------------------------------------------------------------


def assert_same(game, first, second):
    """Pairs of outer and inner sets, in the same payoffs: each outer holds the other's inner, and the gaps are alike small."""
    for around, inside in ((first[0], second[1]), (second[0], first[1])):
        assert_holds(game, around, inside)
    assert [bool(part) for part in first[0]] == [bool(part) for part in second[0]]


def pair(sets):
    return outer(sets), inner(sets)


@pytest.mark.parametrize("seed", range(len(KINDS)))
@pytest.mark.parametrize(
    ("scale", "shift"), [((2.0, 0.5), (-3.0, 1.0)), ((1e-3, 1e3), (0.0, 0.0)), ((1.0, 1.0), (100.0, -1000.0))]
)
def test_sets_follow_affine_changes_of_payoffs(seed, scale, shift):
    game = set_game(seed)
    copy = transformed(game, scale, shift)
    moved = [
        [hull([Point(scale[0] * p.x + shift[0], scale[1] * p.y + shift[1]) for p in part]) for part in parts]
        for parts in pair(solved(game))
    ]
    assert_same(copy, moved, pair(solved(copy)))


@pytest.mark.parametrize("seed", range(24, 24 + len(KINDS)))
def test_sets_follow_new_names_of_states_and_actions(seed):
    game, rng = set_game(seed), np.random.default_rng(seed)
    order = [int(s) for s in rng.permutation(game.n_states)]
    original = [[parts[s] for s in order] for parts in pair(solved(game))]
    assert_same(game, original, pair(solved(relabelled(game, order, rng))))


@pytest.mark.parametrize("seed", range(24, 24 + len(KINDS)))
def test_sets_follow_when_the_players_change_places(seed):
    game = set_game(seed)
    turned = [[hull([Point(p.y, p.x) for p in part]) for part in parts] for parts in pair(solved(game))]
    assert_same(game, turned, pair(solved(swapped(game))))


@pytest.mark.parametrize("seed", [0, 2, 3, 5, 6, 7, 8, 9])
def test_an_action_twice_changes_nothing(seed):
    """A duplicate is an exact tie: it neither tempts nor adds."""
    game = set_game(seed)
    for i in (0, 1):
        copy = doubled(game, game.n_states - 1, i, 0)
        assert_same(game, pair(solved(game)), pair(solved(copy)))
        assert_proved(copy, solved(copy))


# --- masks ---------------------------------------------------------------------------------------------------------------------


def choices(game):
    """The first state and player with more than one action."""
    return next((s, i) for s in range(game.n_states) for i in (0, 1) if game.count(s, i) > 1)


@pytest.mark.parametrize("seed", [0, 2, 4, 6, 7, 8, 9, 13, 18, 20])
def test_an_action_masked_twice_might_as_well_not_exist(seed):
    game = set_game(seed)
    s, i = choices(game)
    masked = forbidding(game, s, i, 0, prescribable=False, deviation=False)
    assert_same(game, pair(solved(masked)), pair(solved(without(game, s, i, 0))))


@pytest.mark.parametrize("seed", [0, 2, 4, 6, 7, 9, 13, 14])
def test_the_two_roles_of_an_action_widen_and_narrow(seed):
    """To prescribe it can only widen the set, to be tempted by it can only shrink it: both at discounts of any kind."""
    game = set_game(seed)
    s, i = choices(game)
    neither = forbidding(game, s, i, 0, prescribable=False, deviation=False)
    planned = forbidding(game, s, i, 0, prescribable=True, deviation=False)
    assert_holds(game, outer(solved(planned)), inner(solved(neither)))
    assert_holds(game, outer(solved(planned)), inner(solved(game)))
    everything = forbidding(game, s, i, 0, prescribable=True, deviation=True)
    assert_same(game, pair(solved(everything)), pair(solved(game)))


def test_joint_moves_that_masks_rule_out_lead_nowhere():
    """Only if both move from the first state does matching pennies follow. Where the first player may not move unless told to,
    staying is safe; where it may, no equilibrium says what would come then."""
    calm, stay, pit = np.full((2, 2, 2), 5.0), [1.0, 0.0], [0.0, 1.0]
    pennies = [[(1.0, -1.0), (-1.0, 1.0)], [(-1.0, 1.0), (1.0, -1.0)]]
    game = plain([calm, pennies], [[[stay, stay], [stay, pit]], [[pit, pit], [pit, pit]]], (0.5, 0.5), "brink")
    assert [len(part) for part in solved(game).outer] == [0, 0]
    planned = solved(forbidding(game, 0, 0, 1, prescribable=True, deviation=False))
    assert len(planned.outer[1]) == 0
    assert excess([[Point(5.0, 5.0)]], outer(planned)[:1]) <= slack(game)


# --- growth and emptiness ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_a_repeated_games_set_grows_with_patience(seed):
    """One state and one discount for both only (Abreu, Pearce and Stacchetti 1990, Theorem 6)."""
    game = one_state(np.random.default_rng([6, seed]))
    for low, high in pairwise((0.1, 0.3, 0.5, 0.7, 0.9)):
        less, more = (solved(replace(game, discount=(d, d))) for d in (low, high))
        assert_holds(game, outer(more), inner(less))


def test_nothing_anywhere_is_an_answer():
    """Matching pennies: empty on both sides, a gap of nothing."""
    sets = solved(for_ever([[(1.0, -1.0), (-1.0, 1.0)], [(-1.0, 1.0), (1.0, -1.0)]], 0.9))
    assert [len(part) for part in (*sets.outer, *sets.inner)] == [0, 0]
    assert sets.machine is None
    assert sets.gap == 0
    assert np.isnan(sets.bounds).all()


def test_an_empty_set_is_traced_to_its_source():
    """Quarrel is matching pennies for ever. Truce can lead there, and peace to truce; a haven cannot, so it keeps its set."""
    table, pennies = DILEMMA, [[(1.0, -1.0), (-1.0, 1.0)], [(-1.0, 1.0), (1.0, -1.0)]]
    laws = np.zeros((4, 2, 2, 4))
    laws[0, ..., 0] = 1  # haven
    laws[1, ..., 1], laws[1, 1, 1] = 1, [0, 0, 1, 0]  # peace: mutual defection leads to truce
    laws[2, ..., 2], laws[2, 0, 1] = 1, [0, 0, 0.9, 0.1]  # truce: exploitation leads to the quarrel now and then
    laws[3, ..., 3] = 1
    built = StochasticGame.from_arrays([table, table, table, pennies], laws, 0.8)
    named = replace(built, states=("haven", "peace", "truce", "quarrel"))
    sets = equilibrium_set(named)
    assert [len(part) > 0 for part in sets.outer] == [True, False, False, False]
    assert excess([hull([Point(*p) for p in ALL])], outer(sets)[:1]) <= SAME * 5
    assert len(sets.inner[0]) == len(ALL)
    assert "quarrel" in sets.status
    assert sets.gap <= TOLERANCE * 6


def test_the_twin_names_the_same_source():
    game = set_game(20)
    assert game.words.startswith("seed 20: pennies at the end")
    assert from_outside(game, most=100).sources == (game.n_states - 1,)
    assert isinstance(game, PlainGame)
