"""Batteries for comparisons: bounds of numbers, agreement of tables, sheets, entries that differ."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leverage.errors import SheetError
from leverage.loading import parse_scenario
from leverage.scenario.scenario import Scenario

DATA = Path(__file__).parents[1] / "data"
SMALL = (DATA / "small.yaml").read_text(encoding="utf-8")
NAN, INF = math.nan, math.inf


def small(text: str = SMALL) -> Scenario:
    return parse_scenario(text)


def made_tables() -> dict[str, pd.DataFrame]:
    """Tables of a run with numbers that can be checked by eye."""
    outcomes = [
        ("Markov perfect", "a", "payoff", 5.0, "points", 0.01),
        ("Markov perfect", "b", "payoff", 6.0, "points", 0.01),
        ("Markov perfect", "a", "term: x", 1.0, "points", 0.01),
        ("Markov perfect", "done", "chance ever", 0.5, "chance", 0.01),
        ("bargaining: nash", "a", "payoff", 5.0, "points", 0.01),
        ("best credible plan for a", "a", "payoff", 7.0, "points", 0.01),
        ("best credible plan for a", "b", "payoff", 3.0, "points", 0.01),
        ("x against y", "a", "payoff", 4.0, "points", 0.01),
        ("x against y", "a", "months to it", NAN, "months", NAN),
        ("x against y", "b", "payoff", 4.0, "points", NAN),
    ]
    equilibria = [
        (1, True, "a", "payoff", 5.0),
        (1, True, "a", "error radius", 0.5),
        (1, True, "b", "payoff", 6.0),
        (1, True, "b", "error radius", NAN),
        (2, False, "a", "payoff", 50.0),
        (2, False, "a", "error radius", 9.0),
    ]
    sets = [
        ("", "here", "inner", "largest", 6.9, 3.0),
        ("", "here", "outer", "largest", 7.2, 3.5),
        ("", "there", "outer", "largest", 90.0, 90.0),
        ("tool", "here", "outer", "largest", 80.0, 80.0),
        ("", "here", "outer", "smallest", 1.0, 1.0),
    ]
    bargaining = [("nash", "a", "agreed", 5.0), ("nash", "a", "at_least", 4.8), ("nash", "a", "at_most", 5.1)]
    leverage = [
        ("tool", "a", "bargaining point", "net", "gain", "a", 1.0, 0.8, 1.2, "positive"),
        ("tool", "a", "bargaining point", "net", "price", "a", 1.0, 1.0, 1.0, "positive"),
        ("tool", "a", "every equilibrium", "net", "reach", "a", 1.0, 0.9, 1.1, "positive"),
        ("tool", "a", "Markov equilibrium", "net", "gain", "a", 1.0, -INF, INF, "cannot be told"),
        ("tool", "a", "Markov equilibrium", "net", "term: x", "a", 1.0, 1.0, 1.0, "positive"),
        ("tool", "a", "x against y", "net", "term: x", "a", 1.0, 1.0, 1.0, "positive"),
        ("tool", "a", "x against y", "net", "chance", "done", NAN, NAN, NAN, "undefined"),
    ]
    named = {
        "outcomes": ("selection", "subject", "quantity", "value", "unit", "certificate"),
        "equilibria": ("equilibrium", "selected", "subject", "quantity", "value"),
        "equilibrium_set": ("without", "state", "bound", "corner", "a_payoff", "b_payoff"),
        "bargaining": ("rule", "player", "quantity", "value"),
        "leverage": ("instrument", "holder", "selection", "channel", "measure", "subject", "effect", "low", "high", "sign"),
    }
    rows: dict[str, list[Any]] = {
        "outcomes": outcomes,
        "equilibria": equilibria,
        "equilibrium_set": sets,
        "bargaining": bargaining,
        "leverage": leverage,
    }
    frames = {name: pd.DataFrame(rows[name], columns=list(columns)) for name, columns in named.items()}
    frames["leverage"] = frames["leverage"].assign(unit="points", note="")
    return frames


def check_bounded_facts(module: ModuleType) -> None:
    tables = made_tables()
    facts = module.outcome_facts(tables, "here")

    def bounds(*key: str) -> tuple[float, float]:
        return facts[key].low, facts[key].high

    assert bounds("Markov perfect", "a", "payoff") == pytest.approx((4.49, 5.51))
    assert bounds("Markov perfect", "a", "term: x") == pytest.approx((0.99, 1.01))
    assert bounds("bargaining: nash", "a", "payoff") == pytest.approx((4.79, 5.11))
    assert bounds("best credible plan for a", "a", "payoff") == pytest.approx((6.89, 7.21))
    assert bounds("best credible plan for a", "b", "payoff") == pytest.approx((2.99, 3.01))
    assert bounds("x against y", "a", "payoff") == pytest.approx((3.99, 4.01))
    assert not facts["x against y", "a", "months to it"].known
    proofs = {key: fact.proof for key, fact in facts.items()}
    assert proofs["Markov perfect", "a", "payoff"] == "proved"
    assert proofs["Markov perfect", "b", "payoff"] == "not bounded"
    assert proofs["Markov perfect", "done", "chance ever"] == "of the play found"
    assert proofs["best credible plan for a", "b", "payoff"] == "of the play found"
    assert proofs["x against y", "a", "payoff"] == "proved"
    assert proofs["x against y", "b", "payoff"] == "not bounded"
    effects = [fact.proof for fact in module.leverage_facts(tables).values()]
    assert effects[:6] == ["proved", "of the play found", "proved", "not bounded", "of the play found", "proved"]
    assert not list(module.leverage_facts(tables).values())[6].known

    def fact(value: float, low: float, high: float, unit: str = "points") -> object:
        return module.BoundedFact(value, low, high, unit)

    standing = module.standing_of
    assert standing([fact(1, 0, 2), fact(2, 1, 3)]) == "within certificates"
    assert standing([fact(1, 0, 2), fact(2, 2, 3)]) == "within certificates"
    assert standing([fact(1, 0, 2), fact(2, 1, 3), fact(3, 2.5, 4)]) == "differs"
    assert standing([fact(1, 0, 2), None]) == "not in all"
    assert standing([fact(NAN, NAN, NAN), fact(NAN, NAN, NAN)]) == "same"
    assert standing([fact(1, 0, 2), fact(1, 0, 3)]) == "same"
    assert standing([fact(1, 0, 2), fact(1, 0, 2, "months")]) == "other units"
    assert standing([fact(1, 1, 1), module.BoundedFact(2, -INF, INF, "points", "not bounded")]) == "open"
    assert standing([fact(1, 1, 1), module.BoundedFact(2, 2, 2, "points", "of the play found")]) == "differs in the play found"


def check_agreement(module: ModuleType) -> None:
    before = pd.DataFrame({"name": ["a", "b"], "value": [1.0, 100.0], "certificate": [0.25, 0.0]})

    def after(**columns: list[Any]) -> tuple[str, int, float]:
        found = module.table_agreement("outcomes", before, before.assign(**columns))
        return found.agreement, found.differing, found.worst

    assert after(value=[1.5, 100.0]) == ("within", 1, 0.5)
    assert after(value=[1.6, 100.0])[0] == "beyond"
    assert after(value=[1.0, 100.0 + 5e-8])[0] == "within"
    assert after(value=[1.0, 100.0 + 2e-7])[0] == "beyond"
    assert after(value=[NAN, 100.0])[0] == "beyond"
    assert after(value=[1.0, INF])[0] == "beyond"
    assert after(name=["a", "c"])[0] == "beyond"
    assert module.table_agreement("outcomes", before, before[:1]).agreement == "beyond"
    assert module.table_agreement("outcomes", before, before[["value", "name", "certificate"]]).agreement == "beyond"
    empty = before.assign(value=[NAN, INF])
    assert module.table_agreement("outcomes", empty, empty.copy()).agreement == "within"
    nameless = before.assign(name=pd.Series(["a", None]))
    assert module.table_agreement("outcomes", nameless, nameless.copy()).agreement == "within"
    assert module.table_agreement("outcomes", before, nameless).agreement == "beyond"
    wide = pd.DataFrame({"effect": [1.0], "low": [0.5], "high": [1.5]})
    assert module.table_agreement("leverage", wide, wide.assign(effect=[2.9])).agreement == "within"
    assert module.table_agreement("leverage", wide, wide.assign(effect=[3.1])).agreement == "beyond"
    assert module.table_agreement("parameters", wide, wide.assign(effect=[1.1])).agreement == "beyond"
    (cell,) = module.table_agreement("outcomes", before, before.assign(value=[1.0, 90.0])).cells
    assert (cell.row, cell.before, cell.now) == (2, "100.0", "90.0")


def check_parameter_sheet(module: ModuleType) -> None:
    chances = np.array([[0.125], [0.5], [0.875]])
    ends = [np.array([end]) for end in (0.0, 0.5, 1.0)]
    assert module.triangular_quantiles(chances, *ends).ravel() == pytest.approx([0.25, 0.5, 0.75])
    askew = [np.array([end]) for end in (0.0, 0.0, 4.0)]
    assert module.triangular_quantiles(np.array([[0.75]]), *askew).ravel() == pytest.approx([2.0])
    rising = [np.array([end]) for end in (0.0, 4.0, 4.0)]
    assert module.triangular_quantiles(np.array([[0.25]]), *rising).ravel() == pytest.approx([2.0])
    judgements = (
        module.Judgement("c", 0.0, 0.5, 1.0),
        module.Judgement("a", 2.0, 3.0, 4.0, given=False),
        module.Judgement("b", 1.0, 1.0, 1.0),
    )
    sheet = module.ParameterSheet("s", judgements)
    assert dict(sheet.likely) == {"c": 0.5, "b": 1.0}
    assert sheet.names == ("a", "c")
    assert sheet.quantiles(np.array([[0.5, 0.125]])).ravel() == pytest.approx([3.0, 0.25])
    with pytest.raises(ValueError, match="2 columns"):
        sheet.quantiles(np.zeros((1, 3)))


def check_sheet_reading(module: ModuleType) -> None:
    scenario = small()

    def read(text: str) -> dict[str, tuple[float, float, float]]:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "sheet.csv"
            path.write_text(text, encoding="utf-8")
            sheet = module.read_sheet(path, scenario)
        return {each.parameter: (each.low, each.likely, each.high) for each in sheet.judgements}

    def refused(text: str) -> str:
        with pytest.raises(SheetError) as raised:
            read(text)
        return str(raised.value)

    head = "parameter,low,likely,high\n"
    assert read(head + "speed,,0.4,\nrisk,,0.3,\n") == {
        "patience": (0.5, 0.9, 0.99),
        "speed": (0.2, 0.4, 0.9),
        "risk": (0.3, 0.3, 0.3),
        "stake": (5.0, 10.0, 20.0),
    }
    assert read("parameter;low;likely;high\nspeed;0,3;0,4;0,5\n")["speed"] == (0.3, 0.4, 0.5)
    assert read("sep=;\nparameter;low;likely;high\nspeed;0,3;0,4;0,5\n")["speed"] == (0.3, 0.4, 0.5)
    assert "row 2, column 'low': '0,3' is no number" in refused(head + 'speed,"0,3",0.4,0.5\n')
    assert "row 2: the row has 5 cells" in refused(head + "speed,0,3,0.4,0.5\n")
    assert "row 3, column 'parameter': 'speed' stands in row 2" in refused(head + "speed,0.3,,\nspeed,0.3,,\n")
    assert "no parameter 'sped'" in refused(head + "sped,0.3,0.4,0.5\n")
    assert "low 0.5 is above likely 0.4" in refused(head + "speed,0.5,0.4,0.6\n")
    assert "likely 0.7 is above high 0.6" in refused(head + "speed,0.5,0.7,0.6\n")
    assert "'nan' is no number" in refused(head + "speed,nan,0.4,0.6\n")
    assert "outside [0, 1]" in refused(head + "risk,0.1,0.2,1.5\n")
    assert "stands twice in the head" in refused("parameter,low,likely,high,low\n")
    assert "no column 'high'" in refused("parameter,low,likely\n")


def check_input_differences(module: ModuleType) -> None:
    def between(old: str, new: str) -> dict[str, tuple[str, tuple[str | None, ...]]]:
        assert SMALL.count(old) == 1
        found = module.input_differences([small(), small(SMALL.replace(old, new))])
        return {each.words: (each.kind, each.said) for each in found}

    assert between("speed: {value: 0.5,", "speed: {value: 0.6,") == {"speed: value": ("value", ("0.5", "0.6"))}
    assert between("{value: 0.2}", "{value: 0.2, range: [0, 1]}") == {"risk: range": ("range", ("not in doubt", "0 to 1"))}
    assert between("It pays.", "It does.") == {"claim A1: says": ("wording", ("It pays.", "It does."))}
    assert between("half life: 6", 'half life: "6"') == {}
    assert between("talks: opened, ceasefire", "talks: off, ceasefire") == {"start of talks": ("rule", ("opened", "off"))}
    swapped = between(
        "    - if power plays redeploy: {to full: speed, stays: rest}\n    - if power plays withdraw: down 1\n",
        "    - if power plays withdraw: down 1\n    - if power plays redeploy: {to full: speed, stays: rest}\n",
    )
    assert list(swapped) == ["how deployment moves: order of rules"]
    assert between("Slow return.", "Another.") == {}
    only = between("    stay: {always: hold}\n", "    stay: {always: hold}\n    go: {always: [withdraw, hold]}\n")
    assert only == {"strategy go of power: always": ("rule", (None, "withdraw, hold"))}
