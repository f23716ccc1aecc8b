"""Faults planted in what compares play with an instrument and without it; see `mutants.py`."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

EFFECTS = faults_in(
    "analysis/effects.py",
    ("with_it, without_it, with_it - without_it", "with_it, without_it, without_it - with_it", "effects have the wrong sign"),
    ("return replace(found, effect=-found.effect)", "return found", "a floor that falls counts as a loss"),
    ("max(proved) if side > 0 else min(proved)", "max(proved)", "the floor in between is the highest that is proved"),
    (
        "return _of_sign(difference(with_it, between), -side)",
        "return _of_sign(difference(with_it, between), side)",
        "temptation is bounded by 0 on the wrong side",
    ),
    (
        'return (between, without) if channel == "threat" else (here, between)',
        'return (here, between) if channel == "threat" else (between, without)',
        "the channels are exchanged",
    ),
    (
        "total = total - chosen.outcome(name",
        "total = total + chosen.outcome(name",
        "costs enter the price as gains",
    ),
    ("term.player == player and term.tag == tag", "term.tag == tag", "the other player's costs are part of the price"),
    ("net.effect + paid.effect", "net.effect - paid.effect", "the price is deducted twice"),
    (
        "between.known:\n        return between\n    proved = [figure.value for figure in (between, *contained)",
        "between.known:\n        return between\n    proved = [figure.value for figure in (between,)",
        "what is proved in the smaller sets is forgotten",
    ),
)

SHAPLEY = faults_in(
    "analysis/shapley.py",
    (
        "share = math.factorial(len(rest)) * math.factorial(n - len(rest) - 1) / math.factorial(n)",
        "share = 1 / 2 ** (n - 1)",
        "coalitions weigh the same (Banzhaf's value)",
    ),
    ("= share, -share", "= share, share", "worths before joining are added"),
    (
        "share = math.factorial(len(rest)) * math.factorial(n - len(rest) - 2) / math.factorial(n - 1)",
        "share = math.factorial(len(rest)) * math.factorial(n - len(rest) - 2) / math.factorial(n)",
        "two that join as one are counted as two",
    ),
    ("weights[rest | {member}] = -share", "weights[rest | {member}] = share", "the second difference is a sum"),
    (
        "_total(each.low for each in terms), _total(each.high",
        "_total(each.high for each in terms), _total(each.low",
        "bounds turned",
    ),
    ("joined = larger", "joined = frozenset({named[int(k)]})", "who joined before is forgotten"),
    ("found[named[int(k)]].append", "found[members[int(k)]].append", "draws depend on the order of members"),
    ("/ math.sqrt(len(drawn))", "", "the error of a mean is that of one draw"),
    ("(1 + CONFIDENCE) / 2", "CONFIDENCE / 2", "the half-width is that of another chance"),
    ("mean.low - half", "mean.low", "sampling leaves no error below"),
)
