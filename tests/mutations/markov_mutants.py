"""Faults planted in what finds Markov equilibria and follows them; see `mutants.py`."""

from __future__ import annotations

from tests.mutations.mutants import Fault


def faults_in(module: str, *rows: tuple[str, str, str]) -> tuple[Fault, ...]:
    """Rows of old text, new text, and what that breaks."""
    return tuple(Fault(module, *row) for row in rows)


DETERMINANT = faults_in(
    "solvers/logit_kernel.py",
    (
        "sign *= again if again != 0.0 else factor_sparse(shape, work)",
        "sign = sign * again if again != 0.0 else factor_sparse(shape, work)",
        "where pivots are chosen anew the states' part of the sign is lost",
    ),
    ("sign *= factor_square(", "sign = factor_square(", "only the last state's part counts"),
    ("sign = -sign\n            other = start", "other = start", "exchanges of rows in a state do not count"),
    (
        "sign = -sign\n                for j in range(n):\n                    matrix[k * n + j], matrix[best",
        "for j in range(n):\n                    matrix[k * n + j], matrix[best",
        "exchanges of rows in the values' matrix do not count",
    ),
    (
        "            reach[last] = max(reach[last], far)",
        "            pass",
        "what an exchange brought to the last row stays short",
    ),
    ("far = max(far, reach[k])", "far = reach[k]", "only the last pivot's row says how far rows reach"),
    ("return sign * work.at[PARITY]", "return sign", "the order of sparse pivots does not count"),
    (
        "size, sign, x, place = len(shape.order), work.at[PARITY],",
        "size, sign, x, place = len(shape.order), 1.0,",
        "the order of sparse pivots does not count where they are kept",
    ),
    ("if now != k:\n                sign", "if now == k:\n                sign", "cycles of odd length count as odd"),
    (
        "if pivot < 0.0:\n            sign = -sign\n        work.factor_row",
        "work.factor_row",
        "signs of new sparse pivots do not count",
    ),
    ("if pivot < 0.0:\n            sign = -sign\n        upper[end]", "upper[end]", "signs of kept sparse pivots do not count"),
)

NOISY_PLAY = faults_in(
    "solvers/noisy_play.py",
    ("precision * self.scale", "precision / self.scale", "payoffs are scaled twice"),
    (
        "game.payoffs.min(axis=0)) / scale",
        "game.payoffs.min(axis=0)) / np.maximum(np.ptp(game.payoffs, axis=0), 1e-9)",
        "each player's payoffs are scaled by its own range",
    ),
    (
        "found[precision] for precision in wanted",
        "found[precision] for precision in sorted(wanted)",
        "answers stand in the order of rising precision",
    ),
    ("np.isfinite(precision) and precision >= last", "np.isfinite(precision)", "falling precisions are walked to"),
    (
        "if not residual <= LARGEST_RESIDUAL",
        "if not residual >= -LARGEST_RESIDUAL",
        "play that is no response to itself passes",
    ),
    (
        "/ (1 - game.discount[group % game.n_players])",
        "/ (1 - game.discount[0])",
        "everybody's values are summed over the first player's periods",
    ),
    ("values=checked.values", "values=checked.values / (1 - game.discount)", "values are not normalised"),
    ("if work.at[kernel.M] < m:", "if work.at[kernel.M] > m:", "a path that was lost is read as if it had got there"),
    ("dict(zip(sorted(set(wanted)),", "dict(zip(sorted(set(wanted), reverse=True),", "the walk's answers are read backwards"),
    ("certificate=float(checked.gain)", "certificate=residual", "the residual stands for the gain"),
)

RESPONSES = faults_in(
    "certification/responses.py",
    ("unit - delta * law", "unit - delta**2 * law", "values are discounted twice"),
    ("reward = game.payoffs[:, i] + delta * ", "reward = game.payoffs[:, i] + ", "the next period is not discounted"),
    ("np.delete(chances, i, axis=0)", "np.delete(chances, 0, axis=0)", "actions are weighted with the wrong players' lotteries"),
    ("largest = max(largest, ", "largest = max(0.0, ", "only the last choice counts"),
    ("np.exp(precision * (", "np.exp((", "precision is always 1"),
    ("np.abs(weight / weight.sum() - flat[i][a:b])", "(flat[i][a:b] - weight / weight.sum())", "chances that are too low pass"),
    ("worth[a:b].max()", "worth[a:b].min()", "large precisions overflow"),
    ("pay[:, i]", "pay[:, 0]", "everybody gets what the first player gets"),
    ("in pairwise(starts)", "in pairwise(starts[:-1])", "the last state is not looked at"),
    (
        "ascontiguousarray(pay[:, i]))",
        "ascontiguousarray((1 - delta) * pay[:, i]))",
        "values are normalised, payoffs are not",
    ),
)

MARKOV_EQUILIBRIA = faults_in(
    "solvers/markov_equilibria.py",
    (
        "starts[own + 1] - 1 if last else starts[own]",
        "starts[own] if last else starts[own + 1] - 1",
        "first and last are exchanged",
    ),
    ("np.arange(player, len(starts) - 1,", "np.arange(0, len(starts) - 1,", "it is the first player who leans"),
    ("] = LEANING", "] = -LEANING", "players lean away from the action"),
    ("and play <= SAME_PLAY", "or play <= SAME_PLAY", "equal values make equilibria the same"),
    ("play = max(float", "play = min(float", "play of one player decides whether equilibria are the same"),
    ("SAME_VALUES * game.payoff_range", "SAME_VALUES", "values are compared in payoff units, not as shares of the range"),
    ("found_by[known] += ", "found_by[0] += ", "all searches are said to have come to the first equilibrium"),
    ("accepted(own, p, search.rule)", "accepted(own, p, searches[0].rule)", "all are said to be found by the first search"),
    ("found by {len(searches)} searches", "found by {starts} searches", "only perturbed starts are counted"),
    ("_path(bias)))", "_path(0 * bias)))", "perturbed starts are not perturbed"),
)

MULTIPLICITY = faults_in(
    "solvers/multiplicity.py",
    (
        "theirs[j] if j == i else mine[j]",
        "theirs[j]",
        "all turn to the other equilibrium at once, so that any two are told as one",
    ),
    (
        "if same_values(self.game, solution, first) and _interchangeable",
        "if _interchangeable",
        "interchangeable equilibria are told as one whatever they pay",
    ),
    ("if not any(same_equilibrium(", "if any(same_equilibrium(", "plays that are told as one are not kept"),
    ("np.repeat(reached,", "np.repeat(~reached,", "ways are told apart where play does not get to"),
    ("(game.transitions.data > 0))", "(game.transitions.data >= 0))", "moves of chance 0 lead on"),
    ("np.logical_and.reduce(played)", "np.logical_or.reduce(played)", "play gets to where one player wants to"),
    ("breadth_first_order(graph, game.start,", "breadth_first_order(graph, 0,", "play begins in the first state"),
    ("return pure.complete, False", "return pure.complete, pure.complete", "all mixed equilibria are said to be known"),
    (
        "return pure.complete or staged.complete_pure, staged.complete",
        "return pure.complete, staged.complete",
        "stages do not count",
    ),
    ("radius if each.members[0] is selected else None", "radius", "the selected one's radius is everybody's"),
)

ARCLENGTH = faults_in(
    "solvers/arclength.py",
    ("self.low + z[-1] * self.width", "z[-1] * self.width", "the range begins at 0"),
    ("max(game.payoff_range, self.payoff_range)", "game.payoff_range", "where nothing matters no gain is allowed"),
    ("/ (after - before) / row_scale", "/ (2 * DIFFERENCE) / row_scale", "at the range's ends changes count half"),
    ("(upper - lower)", "(lower - upper)", "the parameter moves conditions the other way"),
    (
        "np.repeat(unit[:-1], np.diff(inner.indptr)) / scale[inner.indices]",
        "np.repeat(unit[:-1], np.diff(inner.indptr)) / np.repeat(scale, np.diff(inner.indptr))",
        "conditions are scaled by columns",
    ),
    ("row @ z - level", "level - row @ z", "Newton steps lead away from the plane"),
    (
        "Spot(system, z, direction / np.linalg.norm(direction), slope)",
        "Spot(system, z, direction, slope)",
        "tangents are no units",
    ),
    ("values=values[game.start]", "values=values[0]", "values are read in the first state"),
    ("if not certificate <= problem.allowed(game):", "if not certificate >= 0:", "points are not certified"),
    ("if here * at_right > 0:", "if here * at_right < 0:", "folds are looked for on the wrong side"),
)

SUPPORT_CHANGES = faults_in(
    "solvers/support_changes.py",
    ("(own - worth) / problem.spread[i]", "(worth - own) / problem.spread[i]", "unused actions have to be better"),
    ("(own - worth) / problem.spread[i]", "(own - worth)", "what an action loses is no share of the range"),
    ("not bool(spot.system.support[i][c]), when", "bool(spot.system.support[i][c]), when", "leaving is called entering"),
    (
        "/ (max(float(first[c]), 0.0) - float(last[c]))",
        "/ (max(float(first[c]), 0.0) + abs(float(first[c]) - float(last[c])))",
        "the crossing is sought too early",
    ),
    ("np.flatnonzero(last < -CROSSED)", "np.flatnonzero(last < CROSSED)", "actions that always tie cross"),
    (">= -ZERO and -ZERO <= passed", ">= -1.0 and -ZERO <= passed", "an event behind the first one is taken"),
    ("passed <= whole + ZERO", "passed", "an event beyond the step is taken"),
    ("(np.abs(then) > ZERO)", "(np.abs(then) >= 0.0)", "actions that always tie are concerned"),
    ("tangent=-np.sign(gain) *", "tangent=np.sign(gain) *", "the action that left becomes better"),
    (
        "flipped(system, choice) if choice.entering else system",
        "system if choice.entering else flipped(system, choice)",
        "events are sought on the smaller support",
    ),
)

SIMULTANEOUS = faults_in(
    "solvers/simultaneous_changes.py",
    ("float(spot.z[-1]) + math.copysign(AHEAD, direction)", "float(spot.z[-1]) + AHEAD", "the branch goes on upwards only"),
    ("math.copysign(1.0, direction) * there.tangent", "there.tangent", "the tangent points upwards"),
    ("if len(found) != 1:", "if not found:", "of several ways the first is taken"),
    ("> COMES_NEARER * far + ZERO", "> far + ZERO", "values may jump a little"),
    ("if not certify(game, profile) <= allowed:", "if not certify(game, profile) >= 0:", "play may jump past no equilibria"),
    ("np.where(np.repeat(left, size) > ZERO,", "np.where(np.repeat(left, size) < ZERO,", "lotteries are cut to nothing"),
    ("groups.setdefault((i, s), set(used.tolist()))", "groups.setdefault((i, s), set())", "what is played may not stay"),
    ("support[i][list(choices)] = False", "support[i][list(choices)] = True", "nothing leaves"),
    ("math.copysign(NEARER * AHEAD, direction)", "NEARER * AHEAD", "it is looked nearer on the upper side only"),
    ("if not 0 <= tau <= 1:", "if not -1 <= tau <= 2:", "the branch goes on beyond the range"),
)

FOLLOW = faults_in(
    "solvers/follow_equilibrium.py",
    ("tangent=sign * first.tangent", "tangent=first.tangent", "both ways lead upwards"),
    ("arclength=-point.arclength", "arclength=point.arclength", "lengths before the start are not counted backwards"),
    ("way.direction = -way.direction", "way.direction = way.direction", "after a fold the direction is the old one"),
    ("for point in reversed(down.points)", "for point in down.points", "points below the start stand backwards"),
    ("turns = direction != way.direction", "turns = direction == way.direction", "turning is called going on"),
    ("length + stride.lengths[-1]", "length + stride.lengths[0]", "what lies behind a fold has no length"),
    (
        "np.eye(len(lottery))[int(np.argmax(lottery))]",
        "np.eye(len(lottery))[int(np.argmin(lottery))]",
        "the least likely is chosen",
    ),
    ("reported(problem, spot, before + length)", "reported(problem, spot, length)", "lengths begin anew at each step"),
    ('(("enters", 1), ("leaves", -1))', '(("enters", -1), ("leaves", 1))', "entering is called leaving where several tie"),
    (
        "one = Choice(i, c, not bool(spot.system.support[i][c]),",
        "one = Choice(i, c, bool(spot.system.support[i][c]),",
        "of several actions those that leave are taken to enter",
    ),
)

TAXED_ACTION = faults_in(
    "solvers/taxed_action.py",
    ("np.zeros_like(each) if each.all() else each", "each", "who has nothing else to do is taxed as well"),
    ("where(spread > 0, spread, 1.0) / (1 - game.discount)", "where(spread > 0, spread, 1.0)", "the future outweighs the tax"),
    ("game.payoffs - np.where(rows, tax, 0.0)", "game.payoffs + np.where(rows, tax, 0.0)", "the tax is a subsidy"),
    ("until=lambda point: not _taken(", "until=lambda point: _taken(", "the branch ends where the actions are still taken"),
    ("if point.arclength < event.arclength]", "if point.arclength > event.arclength]", "events behind the arrival count"),
    ("reversed(branch.points[: branch.start])", "branch.points[: branch.start]", "the last arrival counts"),
    ("own & np.isin(np.arange(len(own)),", "own | np.isin(np.arange(len(own)),", "any action in those states counts as taxed"),
    ("values[places.states], selection", "values, selection", "values of other states are passed on"),
    ("int(game.choice_start[i, s]) + game.actions", "game.actions", "choices of the first state stand for all"),
    ("if np.any(np.abs(totals - 1) > CERTIFIED_SHARE):", "if np.any(totals <= 0):", "what is left of a lottery passes as one"),
)

SELECTION_JUMPS = faults_in(
    "solvers/selection_jumps.py",
    ("step = 1 if theta > points[k].theta else -1", "step = -1 if theta > points[k].theta else 1", "the other side is searched"),
    ("* step < -LOCATED", "* step < -2.0", "the branch is followed through where it turns back"),
    (
        "IndifferenceSystem(family(theta), there.support)",
        "IndifferenceSystem(family(theta), here.support)",
        "the support is the last one's",
    ),
    ("SAME_VALUES * game.payoff_range", "SAME_VALUES", "values are compared in payoff units"),
    ("patience * (selected.certificate + ", "patience * (", "the selected one's certificate does not count"),
    ("patience = float(np.max(1 / (1 - game.discount)))", "patience = 1.0", "gains count for a period only"),
    (
        "np.max(np.abs(selected.values - values))",
        "np.max(selected.values - values)",
        "only better values differ",
    ),
    ("values.get(name, value) - value)", "values.get(name, value))", "the way ends beyond the point"),
    ("(1 - share) * here.arclength + share", "share * here.arclength + (1 - share)", "lengths are read backwards"),
    (
        'return SelectionJump(theta, True, np.nan, f"nothing',
        'return SelectionJump(theta, False, np.nan, f"nothing',
        "nothing selected is no jump",
    ),
)

LOG_TRACING = faults_in(
    "solvers/log_tracing.py",
    ("weight = t * play + left * prior", "weight = left * play + t * prior", "play turns into the prior"),
    (
        "left * tracing.by_group(nu * (1 - log_p))",
        "left * tracing.by_group(nu * log_p)",
        "the multiplier forgets the probabilities' sum",
    ),
    ("(-left * nu[other], one, other)", "(-left * nu[one], one, other)", "weights are those of the wrong action"),
    ("in_tau = force - barrier[group]", "in_tau = force + barrier[group]", "the multiplier grows as the penalty fades"),
    ("if j != i:", "if j > i:", "nobody responds to players with a lower number"),
    (
        "entries.col[:, None] * players + np.arange(players)",
        "entries.col[:, None] + np.arange(players)",
        "values are other players'",
    ),
    (
        "self.delta * weight[entries.row] * entries",
        "self.delta[0] * weight[entries.row] * entries",
        "all are as patient as the first",
    ),
    ("nu * (1 - game.discount[group % game.n_players])", "nu", "the penalty is not normalised as values are"),
    ('rho = _in_slots(game, prior, "prior")', '_in_slots(game, prior, "prior")', "the prior is always uniform"),
    ("if not (np.all(np.isfinite(nu)) and np.all(nu > 0)):", "if not np.all(nu >= 0):", "weights of 0 pass"),
)

FICTITIOUS_PLAY = faults_in(
    "solvers/fictitious_play.py",
    ("if worth[c] > worth[best]:", "if worth[c] < worth[best]:", "play moves towards the worst replies"),
    ("if worth[c] > worth[best]:", "if worth[c] >= worth[best]:", "of actions that tie the last gains"),
    ("if j != i:", "if j > i:", "nobody minds players with a lower number"),
    ("* players + i]\n", "* players]\n", "what is ahead is the first player's"),
    ("numbers.player[logit.DISCOUNT, i] * ahead", "numbers.player[logit.DISCOUNT, 0] * ahead", "all are as patient as the first"),
    ("worth[c] = 0.0", "worth[c] = numbers.payoffs[0, 0]", "actions are worth something before anything is added"),
    ("value += p[c] * worth[c]", "value = max(value, p[c] * worth[c])", "values are not those of the lottery"),
    ("p[c] += pace * (", "p[c] += (1.0 - pace) * (", "play moves by what should stay"),
)
