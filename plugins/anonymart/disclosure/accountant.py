"""What all published counts over the years tell together about one person, exactly from the table of noise
(S-ANON).

The attacker knows every other person of every cell, and asks whether this one is in the statistics: for each
count that the person would stand in, he compares the chance of the published figure with and without them.
The best he can do is the sum of the logarithms of these ratios (Neyman and Pearson, 1933). An accountant adds
up the draws of each person, new and carried, and says how often the person is told at a given rate of false
alarms: the curve by which membership attacks are judged (Carlini and others, "Membership inference attacks
from first principles", IEEE Symposium on Security and Privacy, 2022).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from anonymart.disclosure.perturbation import Entry, law_of

_SURE = 16.0  # a figure that only one side allows tells as much as e^16 to 1
_STEP = 1 / 16  # of the grid of log-likelihood ratios
_SIZE = 1 << 12
_NEAR = 20  # groups of persons on both sides of a share


@dataclass(frozen=True)
class Spent:
    """What was drawn about a person: how many counts by the block of their true count, and the same for sums,
    in units of information.

    `counts` has for each table of noise, one after the other, the counts of 1, 2, ... persons, the last of a
    table those of its last block without the person and more. `sums` is the sum of (the person's own
    contribution to a sum / standard deviation of its noise)^2. `persons` have spent the same.
    """

    counts: tuple[int, ...]
    sums: float = 0.0
    persons: int = 1


def rates_at(
    spent: Iterable[Spent], tables: Iterable[Iterable[Entry]], false_alarms: float, shares: Iterable[float]
) -> dict[float, float]:
    """How often persons are told at most, at these shares of persons (0 to 1), those of whom least was drawn
    first; 0 without persons.

    Persons are put in order by the information of their draws, and the exact rate is worked out for a few
    around each share: their median, and for the share 1 their largest.
    """
    waves = _Waves(tables)
    ordered = sorted(spent, key=waves.information)
    ends = np.cumsum([one.persons for one in ordered])
    found = {}
    for share in shares:
        place = int(np.searchsorted(ends, share * ends[-1] - 1e-9)) if ordered else 0
        near = ordered[max(0, place - _NEAR) : place + _NEAR + 1]
        rates = (
            waves.true_positives(
                np.array([one.counts for one in near]), np.array([one.sums for one in near]), false_alarms
            )
            if near
            else np.zeros(1)
        )
        found[share] = float(rates.max() if share >= 1 else np.median(rates))
    return found


def at_share(rates: Iterable[tuple[float, int]], share: float) -> float:
    """The rate that so many persons (0 to 1) do not exceed; 0 without persons. `share` 1 is the largest."""
    ordered = sorted(rates)
    total, seen = sum(n for _, n in ordered), 0
    for rate, n in ordered:
        seen += n
        if seen >= share * total:
            return rate
    return 0.0


def blocks(table: Iterable[Entry]) -> int:
    """How many places a table has in `Spent.counts`."""
    return max(entry.true_count for entry in table) + 1


class _Waves:
    """Characteristic functions of the log-likelihood ratio of one draw, by table and block, with the person
    in and out.
    """

    def __init__(self, tables: Iterable[Iterable[Entry]]) -> None:
        pairs = [
            self._ratios(laws, count) for laws in map(law_of, tables) for count in range(1, max(laws) + 2)
        ]
        # A count of more persons than the table has is that of its last block with and without the person.
        self.waves = {side: np.log(np.array([self._wave(pair[side]) for pair in pairs])) for side in (0, 1)}
        # How far apart the two means of the ratio are, by block.
        self._apart = np.array(
            [
                sum(ratio * p for ratio, p in inside.items()) - sum(ratio * p for ratio, p in outside.items())
                for inside, outside in pairs
            ]
        )

    def information(self, one: Spent) -> float:
        """What was drawn about a person, as one number: larger where more is told."""
        return float(np.dot(one.counts, self._apart) + one.sums)

    def _ratios(
        self, laws: Mapping[int, Mapping[int, float]], count: int
    ) -> tuple[dict[float, float], dict[float, float]]:
        last = max(laws)
        inside = {count + v: p for v, p in laws[min(count, last)].items()}
        outside = {count - 1 + v: p for v, p in laws[min(count - 1, last)].items()}
        sides: tuple[dict[float, float], dict[float, float]] = ({}, {})
        for value in inside.keys() | outside.keys():
            with_person, without = inside.get(value, 0.0), outside.get(value, 0.0)
            if not with_person and not without:
                continue
            ratio = (
                _SURE
                if not without
                else -_SURE
                if not with_person
                else max(-_SURE, min(_SURE, math.log(with_person / without)))
            )
            for side, p in zip(sides, (with_person, without), strict=True):
                side[ratio] = side.get(ratio, 0.0) + p
        return sides

    def _wave(self, law: Mapping[float, float]) -> np.ndarray:
        mass = np.zeros(_SIZE)
        for ratio, p in law.items():
            # Between two points of the grid, so that the mean stays what it is.
            place = ratio / _STEP
            low = math.floor(place)
            mass[low % _SIZE] += p * (low + 1 - place)
            mass[(low + 1) % _SIZE] += p * (place - low)
        wave = np.fft.rfft(mass)
        return np.where(np.abs(wave) < 1e-300, 1e-300, wave)

    def true_positives(self, counts: np.ndarray, sums: np.ndarray, false_alarms: float) -> np.ndarray:
        """How often each person is told; counts by block in rows, one for each person."""
        inside, outside = (self._sums(counts, sums, side) for side in (0, 1))
        # From the largest ratio down: false alarms until the limit, of the value in which it falls the part
        # that is left.
        below_out = np.cumsum(outside[:, ::-1], axis=1)
        below_in = np.cumsum(inside[:, ::-1], axis=1)
        place = np.minimum((below_out <= false_alarms).sum(axis=1), _SIZE - 1)
        rows = np.arange(len(counts))
        before_out = np.where(place > 0, below_out[rows, place - 1], 0.0)
        before_in = np.where(place > 0, below_in[rows, place - 1], 0.0)
        here_out, here_in = outside[rows, _SIZE - 1 - place], inside[rows, _SIZE - 1 - place]
        part = np.where(
            here_out > 0, np.clip((false_alarms - before_out) / np.where(here_out > 0, here_out, 1), 0, 1), 0
        )
        return np.clip(before_in + part * here_in, 0, 1)

    def _sums(self, counts: np.ndarray, sums: np.ndarray, side: int) -> np.ndarray:
        logs = counts @ self.waves[side]
        turns = 2 * np.pi * np.arange(_SIZE // 2 + 1) / _SIZE / _STEP
        information = sums[:, None]
        shift = information / 2 * (1 if side == 0 else -1)
        logs = logs - 1j * turns * shift - information * turns**2 / 2
        mass = np.fft.irfft(np.exp(logs), n=_SIZE, axis=1)
        return np.clip(np.roll(mass, _SIZE // 2, axis=1), 0, None)
