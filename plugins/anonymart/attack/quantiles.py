"""Attack 10: the amount of one person, by somebody who knows those of all others behind the quantiles.

The attacker knows every other amount of a cell and of the whole around it, the published quantiles, their
rounding and the law of their noise in ranks. For each amount that the person may have, each published
quantile has a probability; with what the other amounts make likely beforehand (a kernel density of their
logarithms) that gives the best guess, by Bayes. It is right when it comes within 10 %. The same guess without
the release is what nobody can hide: the attack succeeds as far as it is right more often than that by over 5
in 100 persons, beyond chance. Source: Silverman, "Density estimation" (1986), for the width of the kernel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from anonymart.attack.release import Release, Table
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Result, Truth

NAME = "quantiles"
NEAR = 0.10
ALLOWED = 0.05
_MOST_TARGETS = 1000
_GRID = 400
_ERRORS = 3  # standard errors, over cells, beyond which it is no chance
_BYTES = 4


class _Guess(NamedTuple):
    """Whether the best guess is right with the release, and without it, and whether the attacker was 95 %
    sure of the first.
    """

    is_right: bool
    was_right: bool
    is_sure: bool


@dataclass(frozen=True)
class Seen:
    """One published quantile with the amounts of all persons of its cell but one, sorted, and the place of
    the quantile among all.
    """

    others: np.ndarray
    place: float
    shown: float


def attack(release: Release, rules: PublishedRules, truth: Truth, most: int = _MOST_TARGETS) -> Result:
    """Guesses with and without the release, of at most `most` persons, the same number of each cell. Needs
    the truth: without it nothing is tried.
    """
    result = Result(NAME, details={"right": 0, "right_without": 0, "sure": 0})
    for mart, table in release.tables.items():
        targets = list(_targets(table, truth))
        moved, tried = [], 0
        for cell, persons, wholes in targets:
            chosen = sorted(persons)[: max(1, most // len(targets))]
            guesses = [
                found for person in chosen if (found := _guess(table, rules, cell, person, persons, wholes))
            ]
            moved.append((len(guesses), sum(guess.is_right - guess.was_right for guess in guesses)))
            tried += len(guesses)
            result.details["right"] += sum(guess.is_right for guess in guesses)
            result.details["right_without"] += sum(guess.was_right for guess in guesses)
            result.details["sure"] += sum(guess.is_sure and guess.is_right for guess in guesses)
        result.tried += tried
        if more := _beyond_chance(moved):
            result.succeeded += more
            result.places[mart, _measures(table)[0]["name"]] = more
    result.scored = result.tried
    return result


def _beyond_chance(moved: list[tuple[int, int]]) -> int:
    """By how many persons more than `ALLOWED` the release helps, or 0 where the draws of the noise may be the
    reason.

    `moved` are tries, and right guesses more than without the release, of each cell: people of a cell share
    its noise, so that one cell alone is one draw, and tells nothing of the method.
    """
    from scipy.stats import norm, t

    moved = [(n, gain) for n, gain in moved if n]
    if len(moved) < 2:
        return 0
    tried, gained = (sum(numbers) for numbers in zip(*moved, strict=True))
    error = math.sqrt(sum((gain - gained * n / tried) ** 2 for n, gain in moved))
    # Of few cells the error itself is hardly known: so many errors of Student's law are as rare as `_ERRORS`
    # of the normal one.
    errors = t.ppf(norm.cdf(_ERRORS), len(moved) - 1)
    more = gained - ALLOWED * tried
    return math.ceil(more) if more > errors * error else 0


def law_of(widest: float) -> tuple[np.ndarray, np.ndarray]:
    """The noise in ranks: its values, and the probability of at most each; a sum of four bytes, from minus to
    plus `widest`.
    """
    one = np.full(256, 1 / 256)
    law = one
    for _ in range(_BYTES - 1):
        law = np.convolve(law, one)
    return (np.arange(len(law)) - (len(law) - 1) / 2) / 512 * widest, np.cumsum(law) - law / 2


def _measures(table: Table) -> list[Mapping[str, Any]]:
    return [measure for measure in table.measures("quantile") if measure.get("money")]


def _targets(
    table: Table, truth: Truth
) -> Iterator[tuple[str, Mapping[str, float], list[tuple[str, Mapping[str, float]]]]]:
    """Each cell that shows an amount and whose persons are known, with the wholes around it."""
    mart, measures = table.contract.name, _measures(table)
    nesting = table.contract.disclosure.get("nesting") or {}
    for cell, row in table.cells.items():
        persons = truth.amounts.get((mart, cell))
        if persons is None or all(row.get(measure["name"]) is None for measure in measures):
            continue
        around = [
            other
            for other, its in table.cells.items()
            if nesting
            and other != cell
            and its[nesting["dimension"]] == nesting["whole"]
            and row[nesting["dimension"]] != nesting["whole"]
            and all(
                its[name] == row[name] for name in table.contract.dimensions if name != nesting["dimension"]
            )
        ]
        yield (
            cell,
            persons,
            [(other, truth.amounts[mart, other]) for other in around if (mart, other) in truth.amounts],
        )


def _guess(
    table: Table,
    rules: PublishedRules,
    cell: str,
    person: str,
    persons: Mapping[str, float],
    wholes: list[tuple[str, Mapping[str, float]]],
) -> _Guess | None:
    """One person's guesses; None where the others' amounts say nothing about what is likely."""
    own = _without(persons, person)
    spread = _kernel(np.log(own[own > 0]))
    if spread is None:
        return None
    amounts, before = spread
    seen = [
        Seen(others, float(measure["quantile"]) * len(others), float(value))
        for name, those in [(cell, persons), *wholes] if person in those
        for others in [own if name == cell else _without(those, person)]
        for measure in _measures(table) if (value := table.cells[name].get(measure["name"])) is not None
    ]  # fmt: skip
    after = before.copy()
    for quantile in seen:
        likely = likelihood(quantile, amounts, rules)
        # A figure that no amount explains says nothing: people have changed since, or the release is of
        # another scheme.
        after = after * likely if (after * likely).sum() > 0 else after
    (guess, sure), (blind, _) = best(amounts, after), best(amounts, before)
    true = persons[person]
    return _Guess(abs(guess - true) <= NEAR * true, abs(blind - true) <= NEAR * true, sure >= 0.95)


def _without(persons: Mapping[str, float], person: str) -> np.ndarray:
    return np.sort(np.array([amount for name, amount in persons.items() if name != person]))


def _kernel(logs: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Amounts on a grid of equal steps of their logarithm, and how likely each is by the others'."""
    if len(logs) < 2 or logs.std() == 0:
        return None
    quarter, three = np.percentile(logs, [25, 75])
    width = 0.9 * min(logs.std(), (three - quarter) / 1.34 or logs.std()) * len(logs) ** -0.2
    grid = np.linspace(logs[0] - 3 * width, logs[-1] + 3 * width, _GRID)
    likely = np.exp(-0.5 * ((grid[:, None] - logs) / width) ** 2).sum(axis=1)
    return np.exp(grid), likely / likely.sum()


def likelihood(seen: Seen, amounts: np.ndarray, rules: PublishedRules) -> np.ndarray:
    """The probability of the published figure for each amount of the person."""
    half = rules.money_round_to / 2
    low, high = (_rank(seen.others, seen.shown + side, amounts) - seen.place for side in (-half, half))
    if not rules.money_rank_noise:
        return ((low <= 1e-9) & (high >= -1e-9)).astype(float)
    ranks, at_most = law_of(rules.money_rank_noise)
    return np.interp(high, ranks, at_most, left=0, right=1) - np.interp(low, ranks, at_most, left=0, right=1)


def _rank(others: np.ndarray, value: float, amounts: np.ndarray) -> np.ndarray:
    """The rank, from 0 and between neighbours on a line, of a value among the others and one more, for each
    amount of that one.
    """
    below = int(np.searchsorted(others, value, "right")) - 1
    low = others[below] if below >= 0 else -np.inf
    high = others[below + 1] if below + 1 < len(others) else np.inf
    part = (value - low) / (high - low) if np.isfinite(low) and np.isfinite(high) else 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        above_it = (value - low) / (amounts - low) if np.isfinite(low) else np.zeros_like(amounts)
        under_it = (value - amounts) / (high - amounts) if np.isfinite(high) else np.zeros_like(amounts)
    return below + np.select(
        [amounts <= low, amounts <= value, amounts < high],
        [np.full_like(amounts, 1 + part), 1 + under_it, above_it],
        part,
    )


def best(amounts: np.ndarray, likely: np.ndarray) -> tuple[float, float]:
    """The amount within 10 % of which lies the most, and how much of all."""
    total = np.concatenate([[0.0], np.cumsum(likely)])
    low, high = (
        np.searchsorted(amounts, amounts / (1 + NEAR)),
        np.searchsorted(amounts, amounts / (1 - NEAR), "right"),
    )
    inside = (total[high] - total[low]) / total[-1]
    best = int(inside.argmax())
    return float(amounts[best]), float(inside[best])
