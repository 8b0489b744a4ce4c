"""Attack 3: averaging the noise away over breakdowns of the same total, and over releases that drew it anew.

Every way to the same number of persons (the count itself, its parts added up, the same cell in another
release with another value) is an estimate of its own; weighting them by their variance leaves the least
error. Source: Asghar and Kaafar, "Averaging attacks on bounded noise-based disclosure control algorithms"
(Proceedings on Privacy Enhancing Technologies, 2020).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from anonymart.attack.observed import published_ranges
from anonymart.attack.relations import Place, relations
from anonymart.attack.release import Release
from anonymart.attack.rules import EXACT, Law, PublishedRules
from anonymart.attack.score import Result, Truth

NAME = "averaging"
SIGNIFICANCE = 0.001
# Two estimates are always better than one. What counts is that small numbers are told this much more often
# than by the best
# guess from the published figure alone.
ADVANTAGE = 0.10

Estimates = list[tuple[float, int]]  # value in persons, and from how many draws of noise


def attack(release: Release, others: Iterable[Release], rules: PublishedRules, truth: Truth) -> Result:
    """The error that remains after averaging, and how often rounding tells a small count exactly, beside a
    plain guess.

    Successes are the small counts told beyond what guessing from the published table tells, if that advantage
    is significant at 0.1 % and at least 10 points, else none.
    """
    result = Result(NAME)
    published = _published(release, rules)
    single: Counter[bool | str] = Counter()
    averaged: Counter[bool | str] = Counter()
    lone = 0
    squares = [0.0, 0.0]
    for place, estimates in _estimates(release, others, published).items():
        if len(estimates) < 2:
            lone += 1
            continue
        result.tried += 1
        true = truth.count(*place)
        if true is None:
            continue
        result.scored += 1
        shown, mean = estimates[0][0], _weighted(estimates)
        squares[0] += (shown - true) ** 2
        squares[1] += (mean - true) ** 2
        known = rules.at(release.tables[place[0]].contract, *place[1:])
        if 1 <= true < known.smallest_base:
            hits = (_guess(int(shown), known.law) == true, round(mean) == true)
            single[hits[0]] += 1
            averaged[hits[1]] += 1
            single["only"] += hits[0] and not hits[1]
            averaged["only"] += hits[1] and not hits[0]
    result.details = {"one_estimate_only": lone, **_error(squares, result.scored), **_small(single, averaged)}
    if (
        result.details["is_significant"]
        and result.details["small_exact_averaged"] - result.details["small_exact_guessed"] >= ADVANTAGE
    ):
        for _ in range(averaged["only"] - single["only"]):
            result.hit("*", "small counts")
    return result


def _published(release: Release, rules: PublishedRules) -> dict[Place, int]:
    """Every published count that is known for sure, hidden ones included where their rates tell them."""
    found = {}
    for mart, table in release.tables.items():
        for key in table.cells:
            for name, (low, high) in published_ranges(table, key, rules).items():
                if low == high:
                    found[mart, key, name] = low
    return found


def _estimates(
    release: Release, others: Iterable[Release], published: dict[Place, int]
) -> dict[Place, Estimates]:
    found: dict[Place, Estimates] = {place: [(value, 1)] for place, value in published.items()}
    for other in others:
        for (mart, key, name), estimates in found.items():
            row = other.tables[mart].cells.get(key) if mart in other.tables else None
            value = row.get(name) if row else None
            # The same value again is the same draw.
            if value is not None and other.folder != release.folder and value != estimates[0][0]:
                estimates.append((float(value), 1))
    changed = {place: estimates for place, estimates in found.items() if len(estimates) > 1}
    for place in changed:
        found[place] = _with_repeats(place, release, others, published)
    for relation in relations(release):
        if relation.is_equal and len(relation.terms) > 2:
            (whole, _), parts = relation.terms[-1], [place for place, _ in relation.terms[:-1]]
            if whole in found and all(part in published for part in parts):
                # A part of zero has no noise; two cells of the same people have the same.
                draws = sum(published[part] > 0 for part in parts)
                if draws > 1:
                    found[whole].append((float(sum(published[part] for part in parts)), draws))
    return found


def _with_repeats(
    place: Place, release: Release, others: Iterable[Release], published: dict[Place, int]
) -> Estimates:
    """Noise that is drawn anew repeats a value now and then: once a cell has changed, every release is a draw
    of its own.
    """
    mart, key, name = place
    values = [
        row.get(name)
        for other in others
        if mart in other.tables
        and (row := other.tables[mart].cells.get(key))
        and other.folder != release.folder
    ]
    return [(float(published[place]), 1), *((float(value), 1) for value in values if value is not None)]


def _weighted(estimates: Estimates) -> float:
    total = sum(1 / draws for _, draws in estimates)
    return sum(value / draws for value, draws in estimates) / total


def _guess(shown: int, noise: Law) -> int:
    """The count from 1 on that is likeliest behind a published one, by the published table; the last row is
    that of all larger counts.
    """
    if noise == EXACT:
        return shown
    last = max(noise)
    likely = {
        true: noise[min(true, last)].get(shown - true, 0.0)
        for true in range(1, shown + max(max(row) for row in noise.values()) + 1)
    }
    return max(likely, key=lambda true: likely[true])


def _error(squares: list[float], scored: int) -> dict[str, float | None]:
    roots = [round(math.sqrt(square / scored), 3) if scored else None for square in squares]
    return {"error_published": roots[0], "error_averaged": roots[1]}


def _small(single: Counter, averaged: Counter) -> dict[str, object]:
    from scipy.stats import binomtest

    n = single[True] + single[False]
    better, worse = averaged["only"], single["only"]
    p_value = binomtest(better, better + worse, 0.5, alternative="greater").pvalue if better + worse else 1.0
    return {
        "small_counts": n,
        "small_exact_guessed": round(single[True] / n, 4) if n else 0.0,
        "small_exact_averaged": round(averaged[True] / n, 4) if n else 0.0,
        "p_value": round(float(p_value), 6),
        "is_significant": bool(p_value < SIGNIFICANCE),
    }
