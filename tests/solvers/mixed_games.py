"""Random games of mixed shapes, most of them awkward: ties, duplicates, scales apart, absorbing states, players without a choice.

A seed names a game for good: the draws of one game do not depend on another's. Nothing of the package is imported.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Profile = tuple[int, ...]

PAYOFFS = ("normal", "ties", "zero-sum", "coordination", "symmetric", "indifferent")
LAWS = ("dense", "sparse", "deterministic", "absorbing", "action-free")
SCALES = ("one", "one", "one", "one", "tiny", "huge", "apart")
TWINS = ("none", "none", "none", "copy", "dominated")
DISCOUNTS = (0.0, 0.3, 0.6, 0.9, 0.95, 0.99)
MOST_STATES, MOST_PLAYERS, MOST_ACTIONS = 12, 4, 5
TINY, HUGE = 1e-6, 1e6
#: Rows of the whole game; above it actions are drawn again.
MOST_ROWS = 4000


@dataclass(frozen=True, eq=False)
class MixedGame:
    """payoffs[s]: (A_1, ..., A_N, N). transitions[s]: (A_1, ..., A_N, S). discount: (N,). words: how it was drawn."""

    payoffs: list[Floats]
    transitions: list[Floats]
    discount: Floats
    words: str

    def save(self, path: Path) -> None:
        """As .npz, read back by `load`."""
        tables = {f"payoffs_{s}": u for s, u in enumerate(self.payoffs)}
        laws = {f"transitions_{s}": law for s, law in enumerate(self.transitions)}
        np.savez_compressed(path, discount=self.discount, words=np.array(self.words), **tables, **laws)


def load(path: Path) -> MixedGame:
    with np.load(path) as stored:
        states = range(sum(name.startswith("payoffs_") for name in stored.files))
        tables, laws = [stored[f"payoffs_{s}"] for s in states], [stored[f"transitions_{s}"] for s in states]
        return MixedGame(tables, laws, stored["discount"], str(stored["words"]))


def mixed_game(seed: int) -> MixedGame:
    """The game that the seed names."""
    rng = np.random.default_rng([2001, seed])
    kind, motion, scale, twin = (str(rng.choice(options)) for options in (PAYOFFS, LAWS, SCALES, TWINS))
    counts = _action_counts(rng, kind)
    states, players = counts.shape
    law_kind = "symmetric " + motion if kind == "symmetric" else motion
    payoffs = [_payoffs(rng, kind, tuple(own)) for own in counts]
    laws = [_law(rng, law_kind, tuple(own), s, states) for s, own in enumerate(counts)]
    if twin != "none":
        _twin(rng, payoffs, laws, dominated=twin == "dominated")
    factors = {"one": 1.0, "tiny": TINY, "huge": HUGE, "apart": 10.0 ** rng.integers(-6, 7, players)}[scale]
    discount = rng.choice(DISCOUNTS, players) if rng.random() < 0.5 else np.full(players, rng.choice(DISCOUNTS))
    shape = f"{states} states, actions {counts.tolist()}, discount {discount.tolist()}"
    words = f"seed {seed}: payoffs {kind}, law {law_kind}, scale {scale}, twin {twin}; {shape}"
    return MixedGame([u * factors for u in payoffs], laws, discount, words)


def _action_counts(rng: np.random.Generator, kind: str) -> NDArray[np.int_]:
    """(S, N). In one of five games a player has no choice anywhere."""
    while True:
        states, players = int(rng.integers(1, MOST_STATES + 1)), int(rng.integers(1, MOST_PLAYERS + 1))
        most = int(rng.integers(2, MOST_ACTIONS + 1))
        counts = rng.integers(1, most + 1, (states, players))
        if kind == "symmetric":
            counts[:] = counts[:, :1]
        elif rng.random() < 0.2:
            counts[:, rng.integers(players)] = 1
        if np.prod(counts, axis=1).sum() <= MOST_ROWS:
            return counts


def _payoffs(rng: np.random.Generator, kind: str, counts: Profile) -> Floats:
    """(A_1, ..., A_N, N) of one state."""
    players = len(counts)
    if kind == "symmetric":
        return _symmetric(rng, counts)
    if kind == "coordination":
        return _coordination(rng, counts)
    table = rng.integers(-2, 3, (*counts, players)).astype(float) if kind == "ties" else rng.normal(size=(*counts, players))
    if kind == "zero-sum" and players > 1:
        table[..., -1] = -table[..., :-1].sum(axis=-1)
    if kind == "indifferent":
        table[..., 0] = 1.5
    return table


def _coordination(rng: np.random.Generator, counts: Profile) -> Floats:
    """All get the same where all do the same, and nothing elsewhere."""
    table = np.zeros((*counts, len(counts)))
    for a in range(min(counts)):
        table[(a,) * len(counts)] = rng.integers(1, 4)
    return table


def _symmetric(rng: np.random.Generator, counts: Profile) -> Floats:
    """u_i depends on the own action and on how many others do what, by the same rule for all."""
    drawn: dict[tuple[int, Profile], float] = {}
    table = np.zeros((*counts, len(counts)))
    for profile in itertools.product(*map(range, counts)):
        for i, own in enumerate(profile):
            key = own, tuple(sorted(profile[:i] + profile[i + 1 :]))
            table[(*profile, i)] = drawn.setdefault(key, float(rng.integers(0, 4)))
    return table


def _law(rng: np.random.Generator, kind: str, counts: Profile, state: int, states: int) -> Floats:
    """(A_1, ..., A_N, S) of one state."""
    if kind.endswith("absorbing") and (state == states - 1 or rng.random() < 0.2):
        return np.broadcast_to(np.eye(states)[state], (*counts, states)).copy()
    if kind.endswith("action-free"):
        return np.broadcast_to(rng.dirichlet(np.ones(states)), (*counts, states)).copy()
    law, drawn = np.zeros((*counts, states)), dict[Profile, Floats]()
    for profile in itertools.product(*map(range, counts)):
        key = tuple(sorted(profile)) if kind.startswith("symmetric") else profile
        if key not in drawn:
            drawn[key] = _lottery(rng, kind.rsplit(maxsplit=1)[-1], states)
        law[profile] = drawn[key]
    return law


def _lottery(rng: np.random.Generator, kind: str, states: int) -> Floats:
    """(S,)."""
    reach = {"deterministic": 1, "sparse": min(2, states), "absorbing": min(3, states)}.get(kind, states)
    chances = np.zeros(states)
    chances[rng.choice(states, reach, replace=False)] = rng.dirichlet(np.ones(reach))
    return chances


def _twin(rng: np.random.Generator, payoffs: list[Floats], laws: list[Floats], *, dominated: bool) -> None:
    """In every state one player's first action is there twice; `dominated`: the copy pays the player a little less."""
    players = payoffs[0].shape[-1]
    for s, (table, law) in enumerate(zip(payoffs, laws, strict=True)):
        i = int(rng.integers(players))
        if table.shape[i] >= MOST_ACTIONS:
            continue
        copy = np.take(table, [0], axis=i)
        if dominated:
            copy[..., i] -= 0.5
        payoffs[s] = np.concatenate([table, copy], axis=i)
        laws[s] = np.concatenate([law, np.take(law, [0], axis=i)], axis=i)
