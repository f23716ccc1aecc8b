"""Batteries of what instruments are worth: effects of known size, Shapley values."""

from __future__ import annotations

from types import ModuleType

import pytest

from leverage.analysis.figure import Figure
from leverage.analysis.point import Point
from leverage.analysis.worlds import Worlds
from leverage.scenario.claims import Selection
from leverage.scenario.scenario import Scenario
from leverage.solvers import equilibrium_set
from tests.analysis.test_shapley import MANY, NAMES, pairs_and_singles, random_worth, slow_interaction, slow_values
from tests.leverage_games import borrower, complements, irrelevant, unused_threat

AGREED = Selection("bargaining point")


def check_effects(module: ModuleType) -> None:
    """The lent and the threatening, see `leverage_games`."""
    loan, meeting = _at(borrower()), _at(unused_threat())
    for measure, threat, temptation in ((module.reach, 0, -2), (module.floor_fall, 2, 0)):
        for channel, truth in (("net", threat + temptation), ("threat", threat), ("commitment", temptation)):
            _surround(measure(loan, "keeping", "holder", channel=channel).effect, truth)
    for channel, truth in (("net", 0.75), ("threat", 0.75), ("commitment", 0.0)):
        _surround(module.gain(meeting, "threat", "holder", AGREED, channel=channel).effect, truth)
    worst = Selection("worst for", ("other",))
    paid, net = module.price(meeting, "threat", worst).effect, module.gain(meeting, "threat", "holder", worst).effect
    assert 0.2 - 1e-3 <= paid.value < 1
    gross = module.gross_gain(meeting, "threat", "holder", worst).effect
    assert gross.value == pytest.approx(net.value + paid.value)
    assert module.price(_at(complements()), "left_key", AGREED).effect.value == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(equilibrium_set, "is_repeated", lambda _: False)  # by their extreme points these sets are exact at once,
        patch.setattr(equilibrium_set, "revolved", lambda *_: None)  # and by turns
        _check_inclusion(module)


def _check_inclusion(module: ModuleType) -> None:
    """At gaps so wide that the bounds of the sets do not give the signs of the channels."""
    for tolerance in (0.3, 0.2, 0.1, 0.03):
        for scenario, name in ((borrower(), "keeping"), (unused_threat(), "threat"), (irrelevant(), "again")):
            point = _at(scenario, tolerance)
            for measure in (module.reach, module.floor_fall):
                for player in ("holder", "other"):
                    threat = measure(point, name, player, channel="threat").effect
                    temptation = measure(point, name, player, channel="commitment").effect
                    assert 0 <= threat.low <= threat.value <= threat.high
                    assert temptation.low <= temptation.value <= temptation.high <= 0


def check_shapley(module: ModuleType) -> None:
    """Four members exactly, more by sampling."""
    members, worth = NAMES[:4], random_worth(NAMES[:4], 3, width=0.5)
    found = module.joint_effect(members, worth)
    slow = slow_values(members, worth)
    for member, figure in found.values.items():
        assert figure.value == pytest.approx(slow[member])
        assert figure.low < figure.value < figure.high
    for pair, figure in found.interaction.items():
        assert figure.value == pytest.approx(slow_interaction(members, pair, worth))
    _check_sampling(module)


def _check_sampling(module: ModuleType) -> None:
    worth, truth = pairs_and_singles(2)
    found = module.joint_effect(MANY, worth, orders=30)
    assert sum(figure.value for figure in found.values.values()) == pytest.approx(found.total.value)
    assert module.joint_effect(MANY[::-1], worth, orders=30).values == found.values
    for member, figure in found.values.items():
        assert figure.value - figure.low == pytest.approx(figure.high - figure.value)
        assert abs(figure.value - truth[member]) < 2 * (figure.high - figure.value)
    more = module.joint_effect(MANY, worth, orders=480)
    assert _width(more) < 0.4 * _width(found)


def _width(found: object) -> float:
    return float(sum(figure.high - figure.low for figure in found.values.values()))  # type: ignore[attr-defined]


def _at(scenario: Scenario, tolerance: float = 1e-4) -> Point:
    return Point(Worlds(scenario), scenario.values, tolerance=tolerance)


def _surround(figure: Figure, truth: float) -> None:
    assert figure.value == pytest.approx(truth, abs=1e-2)
    assert figure.low - 1e-9 <= truth <= figure.high + 1e-9
