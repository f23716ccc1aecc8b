"""A small plan in words: who does what when, what ends a phase, and what makes each threat and promise credible.

Every number that is printed is a cell of the table, or counts those rules of it that are left out. The printed rules, read from
first to last, give the plan's action in every state that a phase can meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from leverage.errors import GameError
from leverage.game.form import GameForm
from leverage.game.stochastic_game import Integers, StochasticGame
from leverage.output.columns import WIDTH, listed, number, paragraph
from leverage.output.page import Page
from leverage.scenario.wording import counted, plain
from leverage.solvers.decision_list import Condition, Rule
from leverage.solvers.small_plan import (
    OF,
    Constraint,
    SmallPlan,
    action_names,
    allowed_choices,
    player_rules,
)

PLAN_COLUMNS = ("plan", "phase", "kind", "condition", "player", "action", "quantity", "value", "unit", "certificate")

#: Follows an action that some of the states in question do not allow: the next rule that fits counts there.
POSSIBLE = " where possible"

#: Rules of a player in a phase that are printed; of more only the first, which decide most states: nobody reads them to the end.
MOST_RULES, FIRST_RULES = 5, 2

#: Letters of a player's rules in a phase, at most, if there is more than one rule: five lines.
MOST_LETTERS = 5 * WIDTH

#: A mean length this near to a whole number is printed as one.
NEARLY_WHOLE = 0.05

#: A slack below this fraction of the payoff range is nothing: chances of leaving are tuned to no more than that.
NOTHING = 1e-6

#: Decimals of payoffs in games without a scenario.
PLAIN_DIGITS = 2


@dataclass(frozen=True, eq=False)
class PlanWords:
    """text: lines of at most 80 columns. table: one row a fact, columns `PLAN_COLUMNS`; the rules of a phase and player stand in
    the order in which they are read."""

    text: str
    table: pd.DataFrame


def plan_words(small: SmallPlan, form: GameForm | None = None) -> PlanWords:
    """The plan in words and as a table.

    Parameters
    ----------
    small : the plan; to read well it was found with `levels=form.levels`.
    form : the scenario's form, which names the state variables; without it rules list states by their labels.

    Raises
    ------
    GameError : the form has other states than the plan's game.

    Examples
    --------
    >>> from leverage.solvers.equilibrium_set import equilibrium_set
    >>> from leverage.solvers.small_plan import small_plan
    >>> pd = [[[3.0, 3.0], [0.0, 5.0]], [[5.0, 0.0], [1.0, 1.0]]]
    >>> game = StochasticGame.from_arrays([pd], [[[[1.0], [1.0]], [[1.0], [1.0]]]], 0.6)
    >>> print(plan_words(small_plan(equilibrium_set(game), 0, weights=(1, 1))).text)
    Best for player 1 + player 2: player 1 3.00, player 2 3.00 payoff a period;
      exactly credible; 2 phases, loss 0.00 against the exact plan with 3.
    PATH, for good:
      player 1: always 1.  player 2: always 1.
    PUNISHMENT, for good after a departure (player 1 -2.00, player 2 -2.00):
      player 1: always 2.  player 2: always 2.
    Most tempting on the path: playing '2' instead of '1' gains player 1 0.80 now, a
      net loss of 0.4 with what follows (state 1).
    Most tempting in a punishment: no departure gains anything at once.
    """
    game = small.plan.game
    if form is not None and form.labels != game.states:
        raise GameError("the form has other states than the plan's game")
    told = _Told(small, form)
    lines = [*told.head(), *told.phases(), *told.tightest()] if small.is_small else told.head()
    return PlanWords("\n".join(lines), pd.DataFrame(told.rows(), columns=list(PLAN_COLUMNS)))


def _to_two_digits(count: int) -> int:
    """Exact plans have thousands of phases; how many hangs on rounding, and so on the machine: two digits do not, or rarely."""
    return round(count, min(0, 2 - len(str(count))))


def _about(count: int) -> str:
    """The same in words: 'about 2,000', and '3' where two digits are all."""
    return f"{'about ' if len(str(count)) > 2 else ''}{_to_two_digits(count):,}"


@dataclass(frozen=True, eq=False)
class _Told:
    """What is said about a plan; texts and rows of the table are made from the same facts."""

    small: SmallPlan
    form: GameForm | None

    # --- names -----------------------------------------------------------------------------------------------------

    @property
    def game(self) -> StochasticGame:
        return self.small.plan.game

    @cached_property
    def players(self) -> tuple[str, ...]:
        """Short names: the keys of the file, or 'player 1'."""
        if self.form is not None:
            return tuple(plain(player.key) for player in self.form.scenario.players)
        return tuple(f"player {name}" if name.isdigit() else name for name in self.game.players)

    @cached_property
    def digits(self) -> int:
        return Page(self.form.scenario, self.game).digits if self.form is not None else PLAIN_DIGITS

    @cached_property
    def name(self) -> str:
        """'best for power', 'worst for power', 'best for power + 2 opposition'."""
        weights = self.small.weights
        if max(weights) <= 0 and min(weights) < 0:
            return f"worst for {self._weighed([-w for w in weights])}"
        return f"best for {self._weighed(list(weights))}"

    def _weighed(self, weights: list[float]) -> str:
        size = min((abs(w) for w in weights if w), default=1.0)
        parts = [(w / size, name) for w, name in zip(weights, self.players, strict=True) if w]
        words = [("" if abs(w) == 1 else f"{abs(w):.3g} ") + name for w, name in parts]
        signs = [" - " if w < 0 else " + " for w, _ in parts]
        return "".join(sign + word for sign, word in zip(signs, words, strict=True)).removeprefix(" + ").strip() or "nobody"

    @cached_property
    def phase_names(self) -> tuple[str, ...]:
        """Names of phases, with the player's name where a punishment is one player's."""
        named = {of: f"punishment of {player}" for of, player in zip(OF, self.players, strict=True)}
        return tuple(named.get(part.name, part.name) for part in self.small.parts)

    @property
    def tie(self) -> float:
        """A slack or gain up to this is nothing."""
        return NOTHING * self.game.payoff_range

    def points(self, value: float) -> str:
        return number(value, self.digits)

    def state(self, s: int) -> str:
        label = self.game.states[s]
        return f"state {label}" if label.isdigit() else label

    # --- rules -----------------------------------------------------------------------------------------------------

    @cached_property
    def rules(self) -> tuple[tuple[tuple[tuple[str, str, int], ...], ...], ...]:
        """Per phase and player: condition ('' for the last), action, number of states that the rule decides."""
        return tuple(tuple(self._rules(part.rows, i) for i in range(2)) for part in self.small.parts)

    def _rules(self, rows: Integers, player: int) -> tuple[tuple[str, str, int], ...]:
        names = action_names(self.game, player)
        levels = np.arange(self.game.n_states)[:, None] if self.form is None else self.form.levels
        rules = player_rules(self.game, rows, player, levels, ordered=self.form is not None)
        left, told = (rows >= 0) & (self.game.action_counts[:, player] > 1), []
        allowed = allowed_choices(self.game, player)
        for rule in rules:
            fits = left & np.all([np.isin(levels[:, c.variable], c.levels) for c in rule.conditions] or [left], axis=0)
            covered = fits & allowed[:, rule.choice]
            left = left & ~covered
            if covered.any():
                possible = POSSIBLE if (fits & ~covered).any() else ""
                told.append((self.condition(rule), plain(names[rule.choice]) + possible, int(covered.sum())))
        return tuple(told)

    def condition(self, rule: Rule) -> str:
        """'talks not settled and ceasefire holds'; '' for a rule without condition."""
        return " and ".join(self._statement(each) for each in rule.conditions)

    def _statement(self, condition: Condition) -> str:
        if self.form is None:
            return f"in {listed([self.state(s) for s in condition.levels])}"
        variable, own = list(self.form.scenario.vocabulary.variables.items())[condition.variable]
        names = [plain(level) for level in own]
        low, high = condition.levels[0], condition.levels[-1]
        if len(condition.levels) == 1:
            return f"{plain(variable)} {names[low]}"
        if len(condition.levels) == len(names) - 1 and (low == 1 or high == len(names) - 2):
            return f"{plain(variable)} not {names[0 if low == 1 else -1]}"
        if condition.levels == tuple(range(low, len(names))):
            return f"{plain(variable)} at least {names[low]}"
        return f"{plain(variable)} at most {names[high]}"

    # --- text ------------------------------------------------------------------------------------------------------

    def head(self) -> list[str]:
        """What the plan pays, and how far it can be trusted."""
        small, unit = self.small, self.game.payoff_unit
        pays = f"{self.players[0]} {self.points(small.values[0])}, {self.players[1]} {self.points(small.values[1])} {unit}"
        name = f"{self.name[0].upper()}{self.name[1:]}"
        if not small.is_small:
            told = f"No small plan was found; the exact plan has {_about(small.phases)} phase{'' if small.phases == 1 else 's'}."
            return [paragraph(f"{name}: {pays}. {told}", 2)]
        kind = "exactly credible" if small.exact else f"an epsilon-equilibrium (one departure gains up to {small.epsilon:.2g})"
        loss = f"loss {self.points(small.loss)} against" if self._loses else f"{self.points(-small.loss)} beyond"
        size = f"{counted(small.phases, 'phase')}, {loss} the exact plan with {_about(small.exact_phases)}"
        return [paragraph(f"{name}: {pays}; {kind}; {size}.", 2)]

    @property
    def _loses(self) -> bool:
        """Whether the loss, as it is printed, is not negative."""
        return float(self.points(self.small.loss)) >= 0

    def phases(self) -> list[str]:
        """Per phase when it is met, how long it lasts, and the rules of both players."""
        lines = []
        for q, name in enumerate(self.phase_names):
            lines.append(paragraph(f"{name.upper()}, {self._length(q)}{self._trigger(q)}{self._end(q)}:", 2))
            told = [f"  {self.players[i]}: {self._sentence(rules)}." for i, rules in enumerate(self.rules[q]) if rules]
            told = told or ["  nobody has a choice."]
            together = "".join(told)
            lines += [together] if len(together) <= WIDTH else [paragraph(each, 6) for each in told]
        return lines

    def _trigger(self, q: int) -> str:
        """Whose departure leads to the phase, and what that changes; nothing for a plan that departures do not change."""
        who = [i for i in range(2) if self.small.punishment[i] == q]
        if not who or len(self.small.parts) == 1:
            return ""
        also = ", also" if q == 0 else ""
        by = "" if len(who) == 2 else f" by {self.players[who[0]]}"
        changes = [(self.players[i], self.points(self.change(i))) for i in who if not np.isnan(self.change(i))]
        told = ", ".join(f"{name} {change}" if len(who) == 2 else change for name, change in changes)
        return f"{also} after a departure{by}" + (f" ({told})" if told and q > 0 else "")

    def change(self, player: int) -> float:
        """By how much the player's payoff changes if its punishment begins where the plan begins; NaN where that cannot be."""
        small = self.small
        return float(small.worth[small.punishment[player], small.start, player] - small.worth[0, small.start, player])

    def _length(self, q: int) -> str:
        """'for good', '1 month' or '6 months on average'."""
        part, unit = self.small.parts[q], self.game.period_unit
        if not part.leaves:
            return "for good"
        if part.leaves == 1:
            return f"1 {unit}"
        whole = abs(part.length - round(part.length)) < NEARLY_WHOLE
        return f"{number(part.length, 0 if whole else 1)} {unit}s on average"

    def _end(self, q: int) -> str:
        part = self.small.parts[q]
        return f", then {self.phase_names[part.to].upper()}" if part.leaves else ""

    @staticmethod
    def _sentence(rules: tuple[tuple[str, str, int], ...]) -> str:
        """'hold if ceasefire broken; otherwise engage'."""
        if len(rules) == 1:
            return f"always {rules[0][1]}"
        shown = [action + _when(condition) for condition, action, _ in rules[:-1]]
        kept = len(shown) if len(rules) <= MOST_RULES else FIRST_RULES
        while kept > 1 and sum(map(len, shown[:kept])) > MOST_LETTERS:
            kept -= 1
        left = [f"{counted(len(shown) - kept, 'further rule')} in plans.csv"] if kept < len(shown) else []
        return "; ".join([*shown[:kept], *left, f"otherwise {rules[-1][1]}"])

    def tightest(self) -> list[str]:
        """The most tempting departures from the path and from punishments: of those that gain at once, what loses least."""
        lines = []
        for kind in ("promise", "threat"):
            own = [each for each in self.small.constraints if each.kind == kind]
            if own and len(self.small.parts) > 1:
                lines.append(
                    paragraph(self._constraint_words(min(own, key=lambda each: (not each.tempts(self.tie), each.slack))), 2)
                )
        return lines

    def _constraint_words(self, c: Constraint) -> str:
        """'Most tempting in a punishment: playing "strike" instead of "hold" gains power 2.8 now, a net loss of 0.3 with what
        follows (talks opened).'"""
        where = "on the path" if c.kind == "promise" else "in a punishment"
        if not c.tempts(self.tie):
            return f"Most tempting {where}: no departure gains anything at once."
        spare = f"{abs(c.slack):.2g}"
        if abs(c.slack) < self.tie:
            later = "all of it lost with what follows"
        else:
            later = f"a net {'loss' if c.slack > 0 else 'gain'} of {spare} with what follows"
        now = f"{'gains' if c.now > 0 else 'costs'} {self.players[c.player]} {self.points(abs(c.now))} now"
        departure = f"playing '{plain(c.action)}' instead of '{plain(c.played)}'"
        return f"Most tempting {where}: {departure} {now}, {later} ({self.state(c.state)})."

    # --- table -----------------------------------------------------------------------------------------------------

    def rows(self) -> list[tuple[str, str, str, str, str, str, str, float, str, float]]:
        """The rows of the table; `certificate` is the largest gain of a single departure from the plan."""
        small, unit = self.small, self.game.payoff_unit
        rows = [("", "value", "", self.players[i], "", "payoff", float(small.values[i]), unit) for i in range(2)]
        rows += [
            ("", "value", "", "", "", "loss of weighted payoff", small.loss, unit),
            ("", "value", "", "", "", "gain of weighted payoff", -small.loss, unit),
            ("", "value", "", "", "", "largest gain of a single departure", small.epsilon, unit),
            ("", "value", "", "", "", "phases", float(_to_two_digits(small.phases)), ""),
            ("", "value", "", "", "", "phases of the exact plan", float(_to_two_digits(small.exact_phases)), ""),
        ]
        for q in range(len(small.parts)):
            rows += self._rule_rows(q) + self._trigger_rows(q)
        for constraint in small.constraints:
            rows += self._constraint_rows(constraint)
        return [(self.name, *row, small.epsilon) for row in rows]

    def _rule_rows(self, q: int) -> list[tuple[str, str, str, str, str, str, float, str]]:
        return [
            (self.phase_names[q], "rule", condition or "always", self.players[i], action, "states decided", float(states), "")
            for i in range(2)
            for condition, action, states in self.rules[q][i]
        ]

    def _trigger_rows(self, q: int) -> list[tuple[str, str, str, str, str, str, float, str]]:
        small, name, unit = self.small, self.phase_names[q], self.game.period_unit
        part = small.parts[q]
        after = f"then {self.phase_names[part.to]}" if part.leaves else "for good"
        rows = [(name, "trigger", after, "", "", "mean length", float(part.length), f"{unit}s")]
        for i in range(2):
            if small.punishment[i] == q and len(small.parts) > 1 and not np.isnan(self.change(i)):
                head = (name, "trigger", f"{self.players[i]} departs", self.players[i], "")
                rows.append((*head, "change of payoff if it comes at the start", self.change(i), self.game.payoff_unit))
        return rows

    def _constraint_rows(self, c: Constraint) -> list[tuple[str, str, str, str, str, str, float, str]]:
        condition = f"with {self.state(c.state)}, instead of {plain(c.played)}"
        head = (self.phase_names[c.phase], "threat", condition, self.players[c.player], plain(c.action))
        facts = (
            ("following", c.following),
            ("departing", c.departing),
            ("gain now", c.now),
            ("cost later", c.later),
            ("slack", c.slack),
        )
        return [(*head, f"{c.kind}: {quantity}", value, self.game.payoff_unit) for quantity, value in facts]


def _when(condition: str) -> str:
    """A condition on variables takes an 'if'; a list of states does not."""
    if not condition:
        return ""
    return f" {condition}" if condition.startswith("in ") else f" if {condition}"
