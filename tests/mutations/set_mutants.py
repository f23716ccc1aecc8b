"""Faults planted in what bounds equilibrium sets; see `mutants.py`."""

from __future__ import annotations

from tests.mutations.markov_mutants import faults_in

SET_FORM = faults_in(
    "solvers/set_form.py",
    ("(1 - game.discount) * (game.payoffs - lowest)", "(game.payoffs - lowest)", "payoffs are not normalised"),
    ("np.where(scale > 0, scale, 1.0)", "np.where(scale > 0, scale, scale.max())", "constant payoffs take the other's range"),
    ("may_prescribe[0] & may_prescribe[1]", "may_prescribe[0] | may_prescribe[1]", "one allowed action is enough"),
    ("mine] = False", "mine] &= True", "the played action is a departure of itself"),
    ("reached = lines[other]", "reached = lines[mine]", "departures are sought where the other acts otherwise"),
    ("np.moveaxis(rows, player, -1)", "np.moveaxis(rows, 1 - player, -1)", "players depart along the other's actions"),
    ("start + offset", "start", "the second player departs to rows of the first"),
    ("(here & own & other).any())", "(here & own & other))", "joint departures are forgotten"),
    ("(here & own).any(axis=0", "(here & own).any(axis=1", "the first player's departures are sought along the other's actions"),
    ("game.row_choice[player]", "game.row_choice[0]", "the second player's mask is the first one's"),
    ("own.dtype != np.bool_ or", "", "numbers pass for truth values"),
)

FAN = faults_in(
    "solvers/direction_fan.py",
    ('side="right") - 1', 'side="left") - 1', "a direction itself belongs to the cone before it"),
    (
        "first[:, 0] * vectors[:, 1] - first[:, 1] * vectors[:, 0], 0.0",
        "first[:, 1] * vectors[:, 0] - first[:, 0] * vectors[:, 1], 0.0",
        "weights on the second direction vanish",
    ),
    ("vectors - b[:, None] * second, first", "vectors, first", "the first weight does not know of the second"),
    ("d[(cone + 1) % self.size]\n        det", "d[cone - 1]\n        det", "cones lie on the other side"),
    (
        "first + SIDE * (second - first), second + SIDE",
        "first + SIDE * (second - first), first + SIDE",
        "a cone's second side stands at its first",
    ),
    ("plain[:, 1] > plain[:, 0]", "plain[:, 1] < plain[:, 0]", "the farther side of the cone is taken"),
    (
        "keep[last] = not added[last]\n                last = k",
        "keep[k] = False",
        "an old direction yields to a new one before it",
    ),
    (
        "elif added[k]:\n                keep[k] = False",
        "elif added[k]:\n                keep[k] = True",
        "directions that are nearly there come twice",
    ),
    ("np.minimum(found + 2 * np.pi, np.nextafter(2 * np.pi, 0))", "found + 2 * np.pi", "angles just below 0 become a whole turn"),
    ("keep &= ~(added & (2 * np.pi - angles < LEAST_ANGLE))", "keep &= True", "a direction just before e_1 counts as new"),
)

POLYGON = faults_in(
    "solvers/payoff_polygon.py",
    ("np.roll(support, -1, axis=-1)", "np.roll(support, -1, axis=0)", "support values of another state are taken"),
    (
        "(one * second[:, 1] - two * first[:, 1]) / det",
        "(two * second[:, 1] - one * first[:, 1]) / det",
        "lines change their levels",
    ),
    ("min(left[n], left[k] - max(over[k], 0.0))", "left[n]", "what dropped facets add is forgotten"),
    ("drop[k] = over[k] <= left[k]", "drop[k] = over[k] >= left[k]", "facets that matter are dropped"),
    (
        "if det <= 1e-12:",
        "if det == 0:",
        "facets go whose neighbours do not meet beyond them",
    ),
    ("if drop[n] and (over[n] < over[k]", "if False and (over[n] < over[k]", "neighbours go together"),
    ("(aside <= least and not beyond)", "(aside < -least and not beyond)", "vertices on a side stay"),
    ("chord[1] * (b[0] - a[0]) - chord[0]", "chord[0] * (b[0] - a[0]) - chord[1]", "what stands aside is measured along"),
    ("if np.ptp(aside) <= thin else polygon", "if aside.max() <= thin else polygon", "one side only is looked at"),
    ("apart[p] = 0.0 if inside else np.sqrt(nearest)", "apart[p] = np.sqrt(nearest)", "points inside are as far as the boundary"),
)

ANDERSON = faults_in(
    "solvers/anderson.py",
    ("move - last_move][-MEMORY:]", "move - last_move][:MEMORY]", "the oldest moves are remembered, the newest images"),
    (
        "if image is None:\n            return x, False, count",
        "if image is None:\n            return x, True, count",
        "where the step gives nothing it is said to have settled",
    ),
    ("np.max(np.abs(move), initial=0.0)", "np.max(move, initial=0.0)", "moves downwards do not count"),
    ("image - last_image][-MEMORY:]", "image - x][-MEMORY:]", "moves stand for differences of images"),
    ("last_move, last_image = move, image\n", "last_image = image\n", "nothing is remembered"),
    ("x = image - _weights", "x = image + _weights", "extrapolation goes the wrong way"),
    ("return x, True, count", "return image, True, count", "the image is returned for the point"),
    ("values > RANK_TOLERANCE * values[-1]", "values > -1.0", "rounding among the moves is divided by"),
    (
        "vectors[:, kept] @ (right / values[kept])",
        "vectors[:, kept] @ (right / np.sqrt(values[kept]))",
        "weights are too large by a root",
    ),
    ("return x, False, most", "return x, True, most", "steps that are spent count as settled"),
)

SUPPORT_KERNEL = faults_in(
    "solvers/support_kernel.py",
    (
        "total -= data[e] * h[indices[e], marks[1 + i]]",
        "total -= data[e] * h[indices[e], marks[2 - i]]",
        "players are punished with the other's worst",
    ),
    ("value[i, departures[e]] > value[i, found]", "value[i, departures[e]] < value[i, found]", "the worst departure tempts"),
    ("- slack - reward[r, i]", "- slack", "what the row pays today does not count"),
    ("if d[up, 0] >= 0.0 and top < t1 - margin", "if top < t1 - margin", "a polygon whose top is further right is called empty"),
    (
        "for k in range(m2 + 1, size):\n        x",
        "for k in range(m2 + 1, m2 + 1):\n        x",
        "facets on the lower right are not looked at",
    ),
    ("if bottom > t1 and low > m2:", "if low > m2:", "a constraint is called implied that is not"),
    (
        "return (size, low) if shape == ONLY_FIRST else (size + 1, right)",
        "return (size + 1, right)",
        "an implied constraint is chosen",
    ),
    (
        "if j < left:\n        return j, j + 1",
        "if j < left:\n        return size, j + 1",
        "facets between the constraints are left out",
    ),
    (
        "w[size + i] += data[e] * weight[indices[e], marks[1 + i]]",
        "w[size + i] -= data[e] * weight[indices[e], marks[1 + i]]",
        "punishments shrink as sets grow",
    ),
    (
        "total, linear = h[s, q], linear + times * burden",
        "total, linear = h[s, q], linear",
        "empty images stay empty however far sets grow",
    ),
)

VERTEX_KERNEL = faults_in(
    "solvers/vertex_kernel.py",
    (
        "if t0 > most0 + margin or t1 > most1 + margin:",
        "if t0 > most0 + margin and t1 > most1 + margin:",
        "one constraint that asks for too much is met",
    ),
    (
        "if t1 > top + margin:\n                continue",
        "if t1 > top + 10.0:\n                continue",
        "both constraints together never ask for too much",
    ),
    (
        "share = (e0[b] - t0) / (e0[b] - e0[k])",
        "share = (t0 - e0[k]) / (e0[b] - e0[k])",
        "lotteries on the first line are read backwards",
    ),
    ("bound_by[s, k] = n // 2", "bound_by[s, k] = n % 2", "it is said that the other's constraint binds"),
    ("place[n, 0] >= t0 and place[n, 1] >= t1:", "place[n, 0] >= t0:", "crossings that the second constraint rules out count"),
    ("place[0, 1] >= t1 >= place[1, 1]", "place[0, 1] >= t1", "the corner is there even if it lies outside"),
    ("if found <= best[k]:", "if found >= best[k]:", "later rows count only if they promise less"),
    ("if free[k] <= best[k]:", "if free[k] >= best[k]:", "only rows that cannot promise more are weighed"),
    ("+ p2 * c[k]) + p3 * d[k]", "+ p2 * c[k]) + p2 * d[k]", "of four next states the last has the chance of the third"),
    ("same = v[s, k, 0] == v[s, k - 1, 0] and", "same =", "points that differ in the first coordinate are one"),
    ("repeats[s, k] = same", "repeats[s, k] = True", "every direction repeats the one before"),
    ("if not live[s]:", "if live[s]:", "states that do not count are compared"),
    ("y += slope[s, k] * (asked[0, r] - x)", "y -= slope[s, k] * (asked[0, r] - x)", "points leave their edge"),
    (
        "if wc < 0.0 or (wb < 0.0 and n < count - 2):",
        "if wc < 0.0 and (wb < 0.0 and n < count - 2):",
        "the first triangle is taken wherever the point is",
    ),
    ("share = min(max(share, 0.0), 1.0)", "share = max(share, 0.0)", "points of the boundary lie beyond its edges' ends"),
    ("values[rounds[size - 1]], values[k]) <= 0.0:", "values[rounds[size - 1]], values[k]) <= 1e-14:", "corners are struck off"),
    (
        "return float(gx * gx + gy * gy)\n\n\n@checked_part\ndef _without",
        "return 1.0\n\n\n@checked_part\ndef _without",
        "flat ones stay",
    ),
)

OUTER = faults_in(
    "solvers/outer_bound.py",
    ("(form.delta) if toward is None", "(form.delta[[0, 0]]) if toward is None", "the first player's discount is everybody's"),
    ("alive = bound.alive & (fate == KEPT)", "alive = bound.alive", "rows without image are kept"),
    ("np.minimum(bound.h, out + ROUNDING)", "out * 1.0", "sets may grow again"),
    ("alive & ~form.exposed(leads)", "alive & ~leads", "departures that lead to an empty state do not count"),
    ("while bound.sweeps - start < most_sweeps and", "while", "sweeps are never spent"),
    (
        "for i in np.flatnonzero(form.delta == 0):",
        "for i in np.flatnonzero(form.delta == 1):",
        "one who lives for today is not tempted",
    ),
    (
        "return guess + width * weight, width * float(weight.max())",
        "return guess.copy(), width * float(weight.max())",
        "the guess itself counts as proved",
    ),
    ("/ weight)) / (1 - rate)", "/ weight))", "one step's excess stands for all"),
    ("rate = float(np.max(spread / weight))", "rate = float(np.min(spread / weight))", "the best contraction stands for all"),
    (
        "plain[:, 1] * bound.h[:, (cone + 1) % bound.fan.size]",
        "plain[:, 1] * bound.h[:, cone]",
        "new directions know one neighbour only",
    ),
)

INNER = faults_in(
    "solvers/inner_bound.py",
    ("exact if exact.gain <= ENOUGH else None", "exact", "what fails the incentives is proved"),
    ("both if both.gain <= ENOUGH else one", "one", "families are not joined"),
    (
        "        slack /= 2\n    return None",
        "        return None\n    return None",
        "what dies under much slack has none",
    ),
    ("                return True, exact", "                return True, None", "what is found under slack is not told"),
    ("float(form.delta[columns[0]])", "float(form.delta[0])", "the first player's discount is everybody's"),
    (
        "(departing - form.reward.T) / form.delta[:, None]",
        "departing / form.delta[:, None]",
        "what the row pays today does not count",
    ),
    (
        "np.stack(worst),",
        "np.stack(worst[::-1]),",
        "the other one is punished",
    ),
    ("np.minimum.at(worst, nodes.state, nodes.values)", "np.maximum.at(worst, nodes.state, nodes.values)", "nobody is punished"),
    ("departing[:, nodes.row] - nodes.values.T", "nodes.values.T - departing[:, nodes.row]", "gains have the wrong sign"),
    ("if rise.max() <= goal:", "if rise.max() >= goal:", "sets stop growing at once"),
    ("own[hollow] = size + np.arange(len(hollow))", "own[hollow] = own[hollow]", "moves that masks rule out are not answered"),
    (
        "np.searchsorted(nodes.owner, np.arange(size + 1)), inner",
        "np.zeros(size + 1, dtype=np.intp), inner",
        "nodes go on with each other's promises",
    ),
)

SET_OUTLINE = faults_in(
    "solvers/set_outline.py",
    ("form.game.n_states >= FEWEST_STATES and", "form.game.n_states > FEWEST_STATES and", "eight states are too few"),
    ("form.delta.max() * law.data[stays]", "law.data[stays]", "a chance to stay is not discounted"),
    ("staying <= MOST_STAYING)", "staying >= MOST_STAYING)", "only play that stays is outlined"),
    ("if left <= ENOUGH_SHARE * tolerance:", "if left <= 1e3 * tolerance:", "rounds end too early"),
    ("found, LAST_SOLVED_SHARE * rest * tolerance)", "found, 1e3 * tolerance)", "the last polygons are not solved for"),
    ("steps + count)", "count)", "the last steps count only"),
    ("if bad == MOST_BAD_ROUNDS or", "if", "rounds that gain little go on"),
    ("np.maximum(here, after).min(axis=2)", "np.maximum(here, after).max(axis=2)", "the farther point of a cone counts"),
    ("after = np.roll(h, -1, axis=1)", "after = np.roll(h, 1, axis=1)", "a cone ends where it begins"),
    (
        "np.repeat(corners(bound.fan.directions, bound.h), 2, axis=1)",
        "np.tile(corners(bound.fan.directions, bound.h), (1, 2, 1))",
        "corners stand at other sides",
    ),
    (
        "np.concatenate([wanted, first, middle, second])",
        "np.concatenate([first, middle, second])",
        "normals of the image are forgotten",
    ),
    ("np.concatenate([wanted, first, middle, second])", "wanted", "wide cones are not halved"),
    ("beyond > HALVED_SHARE * beyond.max()", "beyond < HALVED_SHARE * beyond.max()", "cones are halved where little is missing"),
    ("chosen[at] - turn) * length[k] > least:", "chosen[at] - turn) > least:", "long edges are turned as far as short ones"),
    ("order = np.argsort(-length", "order = np.argsort(length", "the shortest edges stand for the longest"),
)

REVOLUTION = faults_in(
    "solvers/revolution.py",
    ("self.points[::-1, :, ::-1]", "self.points[:, :, ::-1]", "a mirror image goes the other way round"),
    ("np.roll(self.normals, -1, axis=0)[::-1, ::-1]", "self.normals[::-1, ::-1]", "points stand before their normals"),
    ("not self.mirrored,", "self.mirrored,", "the mirror is forgotten"),
    ("form.reward[:, ::side]", "form.reward", "players get each other's payoffs"),
    ("form.departure_start[::side]", "form.departure_start", "players depart as the other may"),
    ("0.0)[::side])", "0.0))", "constraints are the other player's"),
    ("least[:, 1] = last.least[:, 1]", "least[:, 1] = least[:, 0]", "both are held to the same"),
    ('angle(fan.sides), side="right") - 1', 'angle(fan.sides), side="right") - 2', "points are those of the arc before"),
    ("if not ready:", "if ready:", "turns begin only without a policy"),
    ("if found == 0:", "if found < 0:", "a turn that comes to nothing counts"),
    ("settled or apart.max() <= ALMOST_SHARE * tolerance", "True", "turns that did not settle count"),
)

EQUILIBRIUM_SET = faults_in(
    "solvers/equilibrium_set.py",
    ("worth = self.inner[state] @ np.asarray", "worth = -self.inner[state] @ np.asarray", "plans are the worst"),
    ("np.where(near, self.inner[state].sum(axis=1), -np.inf)", "np.where(near, 0.0, -np.inf)", "ties go to the first vertex"),
    ("if not 0 < tolerance < 1:", "if not 0 <= tolerance < 1:", "a tolerance of 0 is accepted"),
    ("if apart <= AIM_SHARE * tolerance:", "if apart <= 100 * tolerance:", "rounds end too early"),
    ("certificate > ACCEPTED_GAIN * game.payoff_range", "certificate >= 0.0", "no machine is accepted"),
    ("bound.form.lowest + bound.form.scale * as_drawn", "bound.form.scale * as_drawn", "outer sets are shifted"),
    ("nodes[s] = own[distinct(", "nodes[s] = own[::-1][distinct(", "vertices are given to the wrong nodes"),
    (
        "distance(a, b).max()) for a, b in zip(outer, inside",
        "distance(b, a).max()) for a, b in zip(outer, inside",
        "the gap is measured from inside",
    ),
    (
        "scaled = np.stack([-bound.h[:, [left, down]], bound.h[:, [0, up]]]",
        "scaled = np.stack([-bound.h[:, [down, left]], bound.h[:, [0, up]]]",
        "players' floors are exchanged",
    ),
    ("if bound.source == game.start:", "if bound.source >= 0:", "the state where play begins is always blamed"),
    (
        "distance(points[s], own[start[s] : start[s + 1]]) > SAME_VERTEX",
        "distance(points[s], own[start[s] : start[s + 1]]) < -SAME_VERTEX",
        "known equilibria are never outside",
    ),
    (
        "_profile_rows(game, profile) for profile in known]",
        "_profile_rows(game, profile) for profile in known[:1]]",
        "one counts",
    ),
    ("+ actions[:, 0] * game.action_counts[:, 1]", "+ actions[:, 0] * game.action_counts[:, 0]", "known profiles are other ones"),
    ("(actions >= game.action_counts)", "(actions > game.action_counts)", "actions that do not exist are known"),
    ("        inner = joined(inner, found[k])", "        inner = found[k]", "known equilibria take the place of what was proved"),
)

CONVEX = faults_in(
    "solvers/convex_polygon.py",
    ("kept = height >= 0", "kept = height > 0", "vertices on the line are lost"),
    ("(high / (high - low))", "(high / (high + low))", "crossings stand elsewhere"),
    (
        "inside if kept[k] else (*inside[2:], *inside[:2])",
        "inside",
        "crossings are counted from the other end, where rounding differs",
    ),
    ("np.array([0.0, 1.0]), float(point[1]))", "np.array([0.0, 1.0]), float(point[0]))", "the second floor is the first one"),
    ("return polygon[::-1, ::-1]", "return polygon[:, ::-1]", "exchanged polygons run clockwise"),
    ("np.lexsort((-y, x))[0]", "np.lexsort((y, x))[0]", "the upper side begins below"),
    (
        "tied = (shares == share) | np.all(gains >= target - tie, axis=1)",
        "tied = shares == share",
        "points that rounding parts are not tied",
    ),
    ("np.where(gains >= 0, np.inf, -np.inf)", "np.inf", "a coordinate without reach need not reach the base"),
    ("np.concatenate([polygon, _crossings(polygon, base, reach)])", "polygon.copy()", "only vertices are tried"),
    ("order = np.argsort(ends)", "order = np.arange(2)", "indices stand in the order of the side"),
)

BARGAINING = faults_in(
    "solvers/bargaining.py",
    ("return np.minimum(low, high), high", "return high, high", "the worst payoff is known exactly"),
    ("pair = pair - tie", "pair = pair - 0.0", "a pair that is missed by rounding leaves nothing"),
    (
        "step[:, 0] * step[:, 1], a[:, 0] * step[:, 1] + a[:, 1] * step[:, 0]",
        "step[:, 0] * step[:, 1], a[:, 0] * step[:, 1]",
        "the product's slope is half of it",
    ),
    ("gains[:, 0] * gains[:, 1]", "gains[:, 0] + gains[:, 1]", "Nash's point has the largest sum"),
    ("(y_1 - x) * (top - high_2)", "(y_1 - x) * (top - low_2)", "bounds of Nash's point take the wrong disagreement"),
    ("max(most_2, high_2)), problem.tie)", "least_2), problem.tie)", "the ideal point is known exactly"),
    (
        "last = max(high_1 + equal_gains(problem.outer, high_1, low_2), float(at_top[:, 0].max()))",
        "last = high_1 + equal_gains(problem.outer, high_1, low_2)",
        "it is forgotten that one player may gain more than the other",
    ),
    ("sums >= sums.max() - problem.tie", "sums >= sums.max()", "tied sums are told apart by rounding"),
    (
        "kept = clip(problem.outer, np.ones(2), best)",
        "kept = clip(problem.inner, np.ones(2), best)",
        "sums of the outer polygon do not count",
    ),
    ("idle = np.flatnonzero(best <= problem.tie)", "idle = np.flatnonzero(best < 0)", "who has nothing to gain bargains"),
)

VARIABLE_THREATS = faults_in(
    "solvers/variable_threats.py",
    ("self.payoffs @ np.array([weight, weight - 1])", "self.payoffs @ np.array([weight, 1 - weight])", "threats are for the sum"),
    ("right = (1 - discount) * reward\n", "right = reward\n", "values are not normalised"),
    ("begin = game.start if state is None else int(state)", "begin = game.start", "the state that is asked for is not taken"),
    (
        "for player in (0 if weight == 0 else 1, 1 if weight == 1 else 0):",
        "for player in (1, 0):",
        "inefficient ends of upright sides count",
    ),
    ("self._reply(1, -reward, flat[0])", "self._reply(1, reward, flat[0])", "the other replies to the first one's gain"),
    ("right, w_right = a, weight", "left, w_left = a, weight", "the search goes on at the wrong side"),
    ("(value - low) / (high - low) * (b - a)", "(value - high) / (high - low) * (b - a)", "agreements lie beyond the side"),
    ("return 0.0 if abs(miss) <= VALUE_TOLERANCE else miss", "return -miss", "at corners weights are sought the wrong way"),
    (
        "float(weight * point[0] - (1 - weight) * point[1])",
        "float(weight * point[0] - weight * point[1])",
        "differences are not weighted",
    ),
    (
        "per_unit = np.array([weight, 1 - weight]) / unit",
        "per_unit = np.array([weight, 1 - weight]) * unit",
        "the weight is in the wrong units",
    ),
)

PROGRAMMES = faults_in(
    "solvers/programme_kernel.py",
    (
        "if top != k:\n            for j in range(k, size):\n"
        "                matrix[k, j], matrix[top, j] = matrix[top, j], matrix[k, j]\n"
        "            x[k], x[top] = x[top], x[k]",
        "if top != k:\n            for j in range(k, size):\n"
        "                matrix[k, j], matrix[top, j] = matrix[top, j], matrix[k, j]",
        "rows are exchanged without their right side",
    ),
    ("if abs(matrix[r, k]) > abs(matrix[top, k]):", "if matrix[r, k] > matrix[top, k] + 9.0:", "there is no pivoting"),
    ("miss = -bound[q]", "miss = bound[q]", "constraints have the wrong sign"),
    ("feasible = worst <= CONTRADICTION", "feasible = True", "rows that contradict themselves live"),
    ("if share[j] > PIVOT:\n", "if share[j] < -PIVOT:\n", "the wrong constraint leaves"),
    ("total = constant[r, k] + missing\n", "total = missing\n", "what a row pays today does not count"),
    ("if alive[r]:\n                    total", "if True:\n                    total", "rows that are dead count"),
    (
        "column[slots + code - slots * count] = -1.0",
        "column[slots + code - slots * count] = 1.0",
        "a surplus over a floor is a lack",
    ),
    (
        "if reached <= needed:\n            return False",
        "if reached >= needed:\n            return False",
        "what is good enough is given up",
    ),
    (
        "if use[target[first + e], j]:\n                total",
        "if True:\n                total",
        "points that may not be reached are",
    ),
)

PAYOFF_BOUNDS = faults_in(
    "solvers/payoff_bounds.py",
    (
        "lack = self.thresholds(worst) - slack - self.stage",
        "lack = self.thresholds(worst) - slack",
        "what the row pays today does not count",
    ),
    ("histories = histories + histories @ sparse", "histories = histories + sparse", "a second departure starts from nowhere"),
    (
        "alive = alive & ~states[row_state] & ~self.may_reach(states)",
        "alive = alive & ~states[row_state]",
        "emptiness does not spread",
    ),
    ("(rows + (a - own) * stride)", "(rows + (a - own))", "departures of one player are those of the last"),
    (
        "binding = -floor < bound[:, number : 2 * number]",
        "binding = -floor > bound[:, number : 2 * number]",
        "floors that bind are left out",
    ),
    (
        "lower = np.where(self.empty[:, None], self.supports, np.minimum(self.supports, found + ROUNDING))",
        "lower = np.where(self.empty[:, None], self.supports, 0.9 * np.minimum(self.supports, found + ROUNDING))",
        "supports fall too far",
    ),
    (
        "smallest = offset - length * outer.supports[:, down]",
        "smallest = offset - outer.supports[:, down]",
        "smallest payoffs are in the wrong units",
    ),
    (
        "target = which[game.transitions.indices[entry], punished]",
        "target = which[game.transitions.indices[entry], 0]",
        "the first player is always punished",
    ),
    ("problem.stage[row] + problem.discount * following", "problem.stage[row] + following", "what follows is not discounted"),
    (
        "down = np.concatenate([number + np.arange(number), 2 * number + extra",
        "down = np.concatenate([number + np.arange(number), 2 * number",
        "smallest sums are read from the largest",
    ),
)

ALLOWED_DEPARTURES = faults_in(
    "certification/checker.py",
    (
        "np.repeat(counted, _choice_counts(plan, i)) & allowed[i]",
        "np.repeat(counted, _choice_counts(plan, i))",
        "masks do not count",
    ),
    (
        "np.asarray(deviation[s][player], dtype=bool)",
        "~np.asarray(deviation[s][player], dtype=bool)",
        "what is ruled out is what is allowed",
    ),
    (
        "np.asarray(deviation[s][player], dtype=bool)",
        "np.asarray(deviation[0][player], dtype=bool)",
        "the first state's mask is every state's",
    ),
    (
        "_allowed_choices(plan, i, deviation) for i in",
        "_allowed_choices(plan, i, None) for i in",
        "the mask is forgotten on the way",
    ),
    (
        "return np.ones(len(plan.lotteries[player]), dtype=bool)",
        "return np.zeros_like(plan.lotteries[player], dtype=bool)",
        "without a mask nobody may depart",
    ),
)
