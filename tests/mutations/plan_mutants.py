"""Faults planted in what tells plans, judges paths, asks about patience and computes in fractions; see `mutants.py`."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

EXACT = faults_in(
    "certification/exact.py",
    ("if float(found) == number else None", "", "every number is a fraction"),
    ("if len(reached) > most_nodes:", "if len(reached) >= most_nodes:", "a plan with as many nodes as allowed is not tried"),
    ("if sum(found.values()) != 1:", "if sum(found.values()) > 1:", "chances that miss one pass"),
    (
        "found[place] = found.get(place, Fraction(0)) + self._needed(chance)",
        "found[place] = Fraction(1)",
        "chances are 1",
    ),
    ("first_edge + entry - first_entry", "first_edge + entry - entries.start", "a profile's edges are those of the first one"),
    ("return max(gains, default=Fraction(0))", "return max([*gains, Fraction(0)])", "strict equilibria do not show"),
    (
        "gains = [gain for i, values in enumerate(self._values())",
        "gains = [gain for i, values in [(0, self._values()[0])]",
        "only the first player departs",
    ),
    ("(m == n) - delta * chance", "(m == n) - chance", "what follows is not discounted in values"),
    (
        "[[(1 - delta) * u[i] for i in same] for u in payoffs]",
        "[[u[i] for i in same] for u in payoffs]",
        "values are not normalised",
    ),
    ("mean = [m + weight * u for", "mean = [m + u for", "payoffs are not weighted by their chance"),
    (
        "after[n] = after.get(n, Fraction(0)) + weight * chance",
        "after[n] = weight * chance",
        "only the last profile leads to a node",
    ),
    ("if own.get(action) == 1:", "if own.get(action):", "actions that are mixed in are no departures"),
    (
        "((1 - delta) * now[player] + delta * later)",
        "((1 - delta) * now[player] + later)",
        "what follows a departure is not discounted",
    ),
    ("((1 - delta) * now[player]", "((1 - delta) * now[0]", "the second player's departures pay the first one's payoffs"),
    ("yield worth - values[n]", "yield worth - values[0]", "every node is compared with the first"),
    ("for r in range(k + 1, size):", "for r in range(k + 1, min(k + 2, size)):", "elimination stops after one row"),
    ("right[r] = [x - factor * y", "right[r] = [x + factor * y", "right-hand sides are added"),
)

DECISION_LIST = faults_in(
    "solvers/decision_list.py",
    ("for keep in [*last, -1]]", "for keep in last[:1] or [-1]]", "only the first choice is kept for the end"),
    ("return min(found, key=reading_length)", "return max(found, key=reading_length)", "the longest list counts"),
    ("sum(1 + len(rule.conditions) for", "sum(len(rule.conditions) for", "rules cost a reader nothing"),
    ("left = choices >= 0\n    rules: list", "left = choices > 0\n    rules: list", "the first choice is asked of no state"),
    ("(choices[:, None] != named) & can[:, named]", "(choices[:, None] != named)", "actions that a state lacks are wrong there"),
    ("np.where(wrong == 0, right, 0)", "np.where(wrong <= 1, right, 0)", "a rule may be wrong once"),
    (
        "where.append(holds[best] & can[:, named[which]])",
        "where.append(holds[best])",
        "rules apply where their action is lacking",
    ),
    ("int(np.argmax(left & (choices != keep)))", "int(np.argmax(choices != keep))", "states that are told are named again"),
    (
        "where.append(np.arange(len(levels)) == state)",
        "where.append(np.arange(len(levels)) <= state)",
        "one state's rule tells all before it",
    ),
    ("rest = int(found[0]) if len(found) else -1", "rest = int(choices[0])", "the first state's choice comes last"),
    (
        "for j in reversed(kept):\n            if j != k:",
        "for j in kept:\n            if j != k:",
        "the last rule that fits counts",
    ),
    ("kept.remove(k)", "pass", "needless rules stay"),
    ("for rule in reversed(rules):", "for rule in rules:", "rules are read from below"),
    ("& allowed[:, rule.choice]] = rule.choice", "] = rule.choice", "actions are chosen that a state lacks"),
    ("result &= np.isin", "result |= np.isin", "conditions never fail"),
    ("tuple(own[: k + 1]) for k", "tuple(own[:k]) for k", "upper ends of levels are left out"),
    ("+ [tuple(own[k:]) for k in range(1, len(own) - 1)]", "", "no condition says at least"),
    (
        "for two in single[k + 1 :] if one.variable < two.variable",
        "for two in single[k + 1 :] if one.variable > two.variable",
        "no two conditions are combined",
    ),
)

SMALL_PLAN = faults_in(
    "solvers/small_plan.py",
    ("self.now > tie or self.slack < -tie", "self.now > tie", "departures that gain later only do not tempt"),
    ("return self.following - self.departing", "return self.departing - self.following", "slack is what departing gains"),
    ("return 1 / self.leaves if", "return 1 / (1 - self.leaves) if", "lengths are those of staying away"),
    ("(loss if credible else abs(loss)) <= self.loss", "loss <= self.loss", "plans that pay too much are accepted"),
    ("gain <= max(self.epsilon, self.exact)", "gain <= self.exact", "no epsilon is allowed"),
    (
        "rows[s] += profile[0] * game.action_counts[s, 1] + profile[1]",
        "rows[s] += profile[1] * game.action_counts[s, 0] + profile[0]",
        "players are exchanged in first maps",
    ),
    (
        "self.departing(i, rows, values[after, i]) - values[:, i]",
        "self.departing(i, rows, values[after, 1 - i]) - values[:, i]",
        "punishments pay the other's payoffs",
    ),
    (
        "self.reward[:, player] + self.game.discount[player] * (self.law @ worst)",
        "self.reward[:, player] + self.law @ worst",
        "what follows a departure is not discounted",
    ),
    ("law[q, :, scheme.to[q]] += scheme.leaves[q]", "law[q, :, q] += scheme.leaves[q]", "phases never end"),
    (
        "leads[:, after] |= self.departure_leads",
        "leads[:, after] &= self.departure_leads",
        "departures are followed only where play goes anyway",
    ),
    (
        "apart &= game.row_state[None, :] == game.row_state[:, None]",
        "apart &= True",
        "departures lead wherever they would in other states",
    ),
    (
        "following = (1 - leaves) * values[own] + leaves * values[after]",
        "following = values[own]",
        "changed phases never end",
    ),
    ("gain / (1 - itself)", "gain", "a change's effect on itself is forgotten"),
    ("felt = delta[:, None, None, None] * ", "felt = ", "what a change adds later is not discounted"),
    (
        "credible = [each.gain <= asked.exact for each in (one, two)]",
        "credible = [True, True]",
        "what is exactly credible is not preferred",
    ),
    ("two if abs(two.loss) < abs(one.loss) - asked.exact else one", "one", "the first plan found is the best"),
    (
        "np.where(departs[0], scheme.punishment[0], scheme.punishment[1])",
        "np.where(departs[0], scheme.punishment[1], scheme.punishment[0])",
        "the other one is punished",
    ),
    (
        "(1 - delta) * (game.payoffs[other[best], i] - game.payoffs[row, i])",
        "game.payoffs[other[best], i] - game.payoffs[row, i]",
        "temptation is not normalised",
    ),
)

SUSTAINABLE_PATH = faults_in(
    "solvers/sustainable_path.py",
    ("if bound.smallest < -path.noise:", "if bound.smallest < path.noise:", "ties are not sustainable"),
    ("pool = _harder(proved, _own(path))", "pool = proved", "the path's own nodes do not punish"),
    (
        "if path.certificate.gain <= path.noise and",
        "if path.certificate.gain >= path.noise and",
        "what is not credible as written is",
    ),
    ("pure &= largest >= 1 - LIKELIHOOD_TOLERANCE", "pure &= largest >= 0.0", "mixed actions are taken for pure ones"),
    (
        "place = place * game.action_counts[states, i] + action",
        "place = place + action * game.action_counts[states, i]",
        "rows of a path are mixed up",
    ),
    (
        "departs & (departs.sum(axis=0) == 1) & path.open_rows[:, row]",
        "departs & path.open_rows[:, row]",
        "joint departures count as everybody's own",
    ),
    (
        "departs & (departs.sum(axis=0) == 1) & path.open_rows[:, row]",
        "departs & (departs.sum(axis=0) == 1)",
        "masks do not count",
    ),
    (
        "(1 - delta) * game.payoffs.T + delta * np.where",
        "game.payoffs.T + delta * np.where",
        "a departure's own period is not normalised",
    ),
    (
        "delta * np.where(np.isinf(later), 0.0, later)",
        "np.where(np.isinf(later), 0.0, later)",
        "what follows a departure is not discounted",
    ),
    ("> 0, np.inf, mean)", "> 1, np.inf, mean)", "unknown states that may come count as 0"),
    (
        "tied = payoffs[:, i] <= payoffs[:, i].min()",
        "tied = payoffs[:, i] >= payoffs[:, i].max()",
        "punishments are the best equilibria",
    ),
    ("take = one.worst <= other.worst", "take = one.worst >= other.worst", "the milder of two punishments follows"),
    (
        "number[nodes] = offset + np.arange(len(nodes))",
        "number[nodes] = np.arange(len(nodes))",
        "punishments go on with the path's nodes",
    ),
    (
        "answer = pool.nodes[departs.argmax(axis=0),",
        "answer = pool.nodes[1 - departs.argmax(axis=0),",
        "the other one is punished",
    ),
    (
        "sparse.csr_array(profile.start[[game.start]][:, path.nodes])",
        "sparse.csr_array(profile.start[[game.start]][:, path.nodes[::-1]])",
        "paths begin elsewhere",
    ),
    (
        'if answer == "not sustainable" else proved\n',
        'if answer == "sustainable" else proved\n',
        "the wrong slack names the departure",
    ),
    (
        "deciding.loss <= deciding.smallest + noise",
        "deciding.loss >= deciding.smallest + noise",
        "the least tempting departure is named",
    ),
    ("if empty[path.states].any():", "if empty[path.states].all() and False:", "paths through states without equilibrium go on"),
    (
        "leads = cells.alone & (game.transitions @ wanted",
        "leads = ~cells.alone & (game.transitions @ wanted",
        "what is named is no departure of one player",
    ),
)

PATIENCE = faults_in(
    "solvers/patience.py",
    (
        "sustainable_path(sets, replace(self.profile, game=game))",
        "sustainable_path(replace(sets, game=self.profile.game), self.profile)",
        "paths are asked about with the game's own patience",
    ),
    ('if verdict.answer == "not defined":', 'if verdict.answer == "undefined":', "what is not defined cannot be told"),
    ('TOLD.get(verdict.answer, "cannot be told")', 'TOLD.get(verdict.answer, "no")', "what cannot be told is no"),
    (
        "cls((1.0, 0.0) if player == 0 else (0.0, 1.0), least)",
        "cls((0.0, 1.0) if player == 0 else (1.0, 0.0), least)",
        "the other player's payoff is asked about",
    ),
    ("self.least - TOLERANCE * game.payoff_range * size", "self.least + TOLERANCE * game.payoff_range * size", "ties are missed"),
    (
        "float((sets.inner[start] @ weights).max()) >= least",
        "float((sets.inner[start] @ weights).max()) > 2 * least",
        "half the payoff is not enough",
    ),
    (
        "float((sets.inner[start] @ weights).max()) >= least",
        "float((sets.inner[start] @ weights).min()) >= least",
        "all equilibria have to pay it",
    ),
    ("not len(sets.outer[start]) or weighted_bound", "weighted_bound", "empty sets are asked for their bound"),
    (
        "weighted_bound(sets, start, weights) < least",
        "weighted_bound(sets, start, weights) > least",
        "what is bounded below is possible and the rest not",
    ),
    (
        "float((sets.outer[state] @ weights).max()) + drawn",
        "float((sets.outer[state] @ weights).max())",
        "thin polygons count as drawn",
    ),
    ("return min(polygon, float(", "return max(polygon, float(", "the wider of polygon and box bounds"),
    (
        "(weights[:, None] * sets.bounds[state]).max(axis=1)",
        "(weights[:, None] * sets.bounds[state]).min(axis=1)",
        "boxes bound by their smallest payoffs",
    ),
    (
        'if told == {"yes", "no"} else width / 2',
        'if told == {"yes", "no"} else width',
        "undecided stretches are left as wide as decided ones",
    ),
    (
        'b - a <= (width if told == {"yes", "no"}',
        'b - a <= (width / 4 if told == {"yes", "no"}',
        "edges are halved further than asked for",
    ),
    ("if len(told) == 1 or b - a", "if len(told) == 2 or b - a", "stretches are halved where the answer does not change"),
    ("pairs += [(a, middle), (middle, b)]", "pairs += [(a, middle)]", "only lower halves are looked at"),
    ("pairs += [(a, middle), (middle, b)]", "pairs += [(middle, b)]", "only upper halves are looked at"),
)

PLAN_KERNEL = faults_in(
    "solvers/plan_kernel.py",
    ("if row < 0:", "if row < -1:", "rows that are none are departed to"),
    ("((0, begin), (end, count))", "((0, begin), (begin, count))", "what was played before the change is departed from"),
    ("((0, begin), (end, count))", "((0, begin), (0, begin))", "later changes are not looked at"),
    ("for row in other[r]:", "for row in other[played[k]]:", "the changed row is not departed from"),
    ("for row in other[played[k]]:", "for row in other[k]:", "departures from the row of the node's number"),
    ("for r in range(begin, end):", "for r in range(0):", "the changed node is not looked at"),
    ("state[end] == k - first:", "state[end] == k:", "changes are about the first phase"),
    ("if row >= 0:", "if row >= -1:", "rows that are none are departed to after a change"),
)
