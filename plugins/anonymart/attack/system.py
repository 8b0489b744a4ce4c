"""Bounds of unknown counts that hang together: first by passing bounds on, then by linear programming
(HiGHS).

Relations between two counts are settled by passing bounds on; only counts that stand in a sum need the
program. A count is bounded by a program of its own only when no solution seen so far shows that its interval
is wide, or stands at the bound that was passed on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from anonymart.attack.relations import Place, Relation
from anonymart.attack.rules import ENDLESS

_EPS = 1e-6
_PROBES = 12
_WORTH_IT = 2  # so many counts must a program bring to their bounds, or one for each does as well
_SEED = 20260630


class Contradiction(Exception):
    """The relations do not fit the figures: an assumption among them is wrong."""


class System:
    """Counts with their bounds, and the relations between them."""

    def __init__(self, bounds: dict[Place, tuple[int, int]], relations: Sequence[Relation]) -> None:
        self.places = list(bounds)
        self.index = {place: number for number, place in enumerate(self.places)}
        self.low = [low for low, _ in bounds.values()]
        self.high = [high for _, high in bounds.values()]
        self.unsolved: set[Place] = set()
        self.rows = []
        for relation in relations:
            terms = [(self.index[place], factor) for place, factor in relation.terms if place in self.index]
            if len(terms) == len(relation.terms):
                self.rows.append((terms, relation.is_equal, relation.is_sound))
        self.of_count: dict[int, list[int]] = {}
        for number, (terms, _, _) in enumerate(self.rows):
            for count, _ in terms:
                self.of_count.setdefault(count, []).append(number)

    def blocks(self) -> list[tuple[list[int], list[int]]]:
        """Counts and rows that hang together, one pair of lists for each block with more than one count."""
        seen: set[int] = set()
        found = []
        for start in self.of_count:
            if start in seen:
                continue
            seen.add(start)
            counts, rows, waiting = [], set(), deque([start])
            while waiting:
                count = waiting.popleft()
                counts.append(count)
                for row in self.of_count[count]:
                    if row not in rows:
                        rows.add(row)
                        fresh = [other for other, _ in self.rows[row][0] if other not in seen]
                        seen.update(fresh)
                        waiting.extend(fresh)
            found.append((counts, sorted(rows)))
        return found

    def tighten(self, near: Any) -> dict[Place, tuple[int, int]]:
        """The bounds of every count; `near(low, high)` says which intervals are narrow enough to be worth a
        program. Where not even the sound relations of a block fit its figures, its counts keep the bounds
        that they had, and stand in `unsolved`.
        """
        for counts, rows in self.blocks():
            kept = [(self.low[count], self.high[count]) for count in counts]
            try:
                self._solve(counts, rows, near)
            except Contradiction:
                for count, (low, high) in zip(counts, kept, strict=True):
                    self.low[count], self.high[count] = low, high
                sound = [row for row in rows if self.rows[row][2]]
                try:
                    self._solve(counts, sound, near)
                except Contradiction:
                    for count, (low, high) in zip(counts, kept, strict=True):
                        self.low[count], self.high[count] = low, high
                    self.unsolved.update(self.places[count] for count in counts)
        return {place: (self.low[number], self.high[number]) for number, place in enumerate(self.places)}

    def _solve(self, counts: list[int], rows: list[int], near: Any) -> None:
        self._pass_on(rows)
        if any(len(self.rows[row][0]) > 2 for row in rows):
            _Program(self, counts, rows).narrow(near)

    def _pass_on(self, rows: list[int]) -> None:
        """Pass bounds on along the rows until nothing moves. Raises Contradiction."""
        waiting, queued, allowed = deque(rows), set(rows), set(rows)
        for _ in range(200 * len(rows)):
            if not waiting:
                return
            row = waiting.popleft()
            queued.discard(row)
            for moved in self._of_row(row):
                for other in self.of_count[moved]:
                    if other in allowed and other not in queued:
                        waiting.append(other)
                        queued.add(other)

    def _of_row(self, row: int) -> list[int]:
        terms, is_equal, _ = self.rows[row]
        moved = []
        least = sum(
            _product(factor, self.low[count] if factor > 0 else self.high[count]) for count, factor in terms
        )
        most = sum(
            _product(factor, self.high[count] if factor > 0 else self.low[count]) for count, factor in terms
        )
        for count, factor in terms:
            own_least = _product(factor, self.low[count] if factor > 0 else self.high[count])
            own_most = _product(factor, self.high[count] if factor > 0 else self.low[count])
            # factor x count <= -(least of the others), and >= -(most of the others) where the sum is exactly
            # 0
            limits = [(factor > 0, -(least - own_least))] + (
                [(factor < 0, -(most - own_most))] if is_equal else []
            )
            for is_upper, limit in limits:
                limit *= factor
                if is_upper and limit < self.high[count]:
                    self.high[count] = limit
                    moved.append(count)
                elif not is_upper and limit > self.low[count] and limit < ENDLESS // 2:
                    self.low[count] = limit
                    moved.append(count)
            if self.low[count] > self.high[count]:
                raise Contradiction
        return moved


class _Program:
    """The linear program of one block, solved for one objective after the other."""

    def __init__(self, system: System, counts: list[int], rows: list[int]) -> None:
        from scipy.sparse import csr_array

        self.system, self.counts = system, counts
        column = {count: number for number, count in enumerate(counts)}
        parts: dict[bool, list[list[tuple[int, int]]]] = {True: [], False: []}
        for row in rows:
            terms, is_equal, _ = system.rows[row]
            parts[is_equal].append([(column[count], factor) for count, factor in terms])
        self.matrices = {
            is_equal: csr_array(
                (
                    [f for terms in lines for _, f in terms],
                    (
                        [n for n, terms in enumerate(lines) for _ in terms],
                        [c for terms in lines for c, _ in terms],
                    ),
                ),
                shape=(len(lines), len(counts)),
                dtype=float,
            )
            if lines
            else None
            for is_equal, lines in parts.items()
        }
        self.bounds = np.array(
            [[system.low[count], min(system.high[count], ENDLESS)] for count in counts], dtype=float
        )
        self.seen_low = np.full(len(counts), np.inf)
        self.seen_high = np.full(len(counts), -np.inf)

    def narrow(self, near: Any) -> None:
        """Write the bounds of every count of the block that may be narrow back to the system. Raises
        Contradiction.
        """
        rng = np.random.default_rng(_SEED)
        ones = np.ones(len(self.counts))
        for objective in (ones, -ones, *(rng.choice((-1.0, 1.0), len(ones)) for _ in range(_PROBES))):
            self._solve(objective)
        for sign in (1.0, -1.0):
            self._reach(near, sign)
        for number, count in enumerate(self.counts):
            for sign in (1.0, -1.0):
                if self._is_open(number, sign, near):
                    objective = np.zeros(len(self.counts))
                    objective[number] = sign
                    value = self._solve(objective)[number]
                    if sign > 0:
                        self.system.low[count] = max(self.system.low[count], int(np.ceil(value - _EPS)))
                    else:
                        self.system.high[count] = min(self.system.high[count], int(np.floor(value + _EPS)))

    def _reach(self, near: Any, sign: float) -> None:
        """Programs that push all open counts to their bounds at once, while they bring some of them there:
        one for each count would cost the square of their number.
        """
        waiting = [number for number in range(len(self.counts)) if self._is_open(number, sign, near)]
        while len(waiting) > 1:
            objective = np.zeros(len(self.counts))
            objective[waiting] = sign
            self._solve(objective)
            left = [number for number in waiting if self._is_open(number, sign, near)]
            if len(left) > len(waiting) - _WORTH_IT:
                return
            waiting = left

    def _is_open(self, number: int, sign: float, near: Any) -> bool:
        """Whether a count may be narrow, and no solution seen so far stands at its bound: one that does
        proves the bound.
        """
        low, high = self.seen_low[number], self.seen_high[number]
        if not near(low, high):
            return False
        least, most = self.bounds[number]
        return bool(low > least + _EPS if sign > 0 else high < most - _EPS)

    def _solve(self, objective: np.ndarray) -> np.ndarray:
        from scipy.optimize import linprog

        equal, at_most = self.matrices[True], self.matrices[False]
        found = linprog(
            objective,
            A_ub=at_most, b_ub=None if at_most is None else np.zeros(at_most.shape[0]),
            A_eq=equal, b_eq=None if equal is None else np.zeros(equal.shape[0]),
            bounds=self.bounds, method="highs",
        )  # fmt: skip
        if found.status == 2:
            raise Contradiction
        if found.status != 0:
            raise ArithmeticError("The linear program has no answer.")
        self.seen_low = np.minimum(self.seen_low, found.x)
        self.seen_high = np.maximum(self.seen_high, found.x)
        return found.x


def _product(factor: int, bound: int) -> int:
    return factor * bound
