"""Attack 1: every true count between two bounds, by linear programming on all tables with their margins.

Published figures and the published rules give each true count an interval; what hangs together (parts and
wholes, steps of a funnel, pools and years, the same people in two marts) narrows it. Exact: both bounds
coincide. Near: the interval is within 10 % on a count under 50. Sources: Fischetti and Salazar, "Models and
algorithms for the 2-dimensional cell suppression problem in statistical disclosure control" (Mathematical
Programming, 1999), for the attacker's problem; Cohen and Nissim, "Linear program reconstruction in practice"
(Journal of Privacy and Confidentiality, 2020).
"""

from __future__ import annotations

from collections.abc import Mapping

from anonymart.attack.observed import published_ranges, true_ranges
from anonymart.attack.relations import Place, Relation, relations
from anonymart.attack.release import Release
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Result, Truth
from anonymart.attack.system import System

NAME = "linear_programming"
NEAR_SHARE = 0.10
NEAR_UNDER = 50

Bounds = dict[Place, tuple[int, int]]


def bounds_of(release: Release, rules: PublishedRules) -> Bounds:
    """The lowest and highest true number of every count of the release, hidden ones too, in persons."""
    return bounds_with(release, rules, {})[0]


def bounds_with(
    release: Release, rules: PublishedRules, known: Mapping[Place, int]
) -> tuple[Bounds, set[Place]]:
    """As `bounds_of`, with true numbers that somebody has from elsewhere; and the counts of which that says
    nothing, as they hang together with numbers that contradict each other.
    """
    found = list(relations(release))
    exact = {place: (count, count) for place, count in known.items()}
    system = System(_first_bounds(release, rules, found) | exact, found)
    return system.tighten(is_near), system.unsolved


def is_near(low: float, high: float) -> bool:
    """Whether an interval is within 10 % on a count under 50; coinciding bounds are."""
    return low < NEAR_UNDER and high - low <= NEAR_SHARE * high


def attack(release: Release, rules: PublishedRules, truth: Truth, bounds: Bounds) -> Result:
    """How many counts from 1 to under their threshold are told exactly; also all that are exact or near."""
    result = Result(NAME, details={"exact": 0, "near": 0, "wrong": 0})
    for (mart, cell, measure), (low, high) in bounds.items():
        result.tried += 1
        true = truth.count(mart, cell, measure)
        result.scored += true is not None
        if not is_near(low, high):
            continue
        if true is not None and not low <= true <= high:
            result.details["wrong"] += 1
            continue
        result.details["near"] += 1
        if low == high:
            result.details["exact"] += 1
            if 1 <= low < rules.at(release.tables[mart].contract, cell, measure).threshold:
                result.hit(mart, measure)
    return result


def _first_bounds(release: Release, rules: PublishedRules, found: list[Relation]) -> Bounds:
    published: dict[Place, tuple[int, int]] = {}
    for mart, table in release.tables.items():
        for key in table.cells:
            for measure, limits in published_ranges(table, key, rules).items():
                published[mart, key, measure] = limits
    _same_noise(published, found)
    bounds: Bounds = {}
    for mart, table in release.tables.items():
        names = [measure["name"] for measure in table.measures("count")]
        for key in table.cells:
            ranges = {name: published[mart, key, name] for name in names}
            bounds |= {
                (mart, key, name): limits for name, limits in true_ranges(table, key, rules, ranges).items()
            }
    return bounds


def _same_noise(published: Bounds, found: list[Relation]) -> None:
    """The same persons have the same noise wherever they are counted, so their published numbers are the
    same.
    """
    for _ in range(2):
        for relation in found:
            if relation.is_equal and relation.is_sound and len(relation.terms) == 2:
                one, other = (place for place, _ in relation.terms)
                if one in published and other in published:
                    low = max(published[one][0], published[other][0])
                    high = min(published[one][1], published[other][1])
                    if low <= high:
                        published[one] = published[other] = (low, high)
