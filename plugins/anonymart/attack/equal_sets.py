"""Attack 8: the noise of people whom the attacker knows, carried from one cell to another.

Who opens accounts of their own knows cells in which nobody else is, and so their noise. Where equal people
had equal noise everywhere, the next cell would tell at once whether somebody else is in it. So each pair of
cells of the same people is tried: the attacker says that the second has the first one's noise. Source: Fraser
and Wooton, "A proposed method for confidentialising tabular output to protect against differencing" (UNECE,
2005), whose cell keys are equal for equal sets.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from anonymart.attack.observed import published_counts
from anonymart.attack.relations import Place, first_place
from anonymart.attack.release import Release, cell_key
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Result, Truth
from anonymart.contracts import MartContract

NAME = "equal_sets"
SIGNIFICANCE = 0.001
Seen = tuple[int, Mapping[int, float]]  # a published count, and the probability of each deviation
ADVANTAGE = 0.10  # so much more often than by chance


def attack(release: Release, rules: PublishedRules, truth: Truth) -> Result:
    """Pairs of cells of the same people whose noise is the same, beyond chance; none where the advantage is
    not significant at 0.1 %.

    Which cells have the same people is known from the truth: without one nothing is tried. The same thing
    told twice is no pair.
    """
    result = Result(NAME)
    hits, chance = 0, 0.0
    for (one, law), (other, other_law) in _pairs(release, rules, truth):
        result.tried += 1
        hits += one == other
        chance += sum(p * other_law.get(deviation, 0.0) for deviation, p in law.items())
    result.scored = result.tried
    result.details = {"same_noise": hits, "by_chance": round(chance, 1)}
    if (
        result.tried
        and _is_significant(hits, result.tried, chance)
        and hits - chance >= ADVANTAGE * result.tried
    ):
        for _ in range(round(hits - chance)):
            result.hit("*", "counts")
    return result


def _pairs(release: Release, rules: PublishedRules, truth: Truth) -> Iterator[tuple[Seen, Seen]]:
    """The published counts of two cells of the same persons, each with the law of its noise. Each cell is in
    two pairs at most.

    Counts that are made consistent with each other are no pair: they are equal by what everybody can work out
    from the published ones.
    """
    found: dict[tuple[int, int], dict[Place, Seen]] = defaultdict(dict)
    for mart, table in release.tables.items():
        for key, row in table.cells.items():
            for name, value in published_counts(table, row).items():
                place, n = (mart, key, name), truth.count(mart, key, name)
                if n and place in truth.sets:
                    seen = value, rules.at(table.contract, key, name).likely(n)
                    found[truth.sets[place], n].setdefault(
                        _sequence(table.contract, row, name)
                        or first_place(table.contract, row, name)
                        or place,
                        seen,
                    )
    for _, cells in sorted(found.items()):
        yield from itertools.pairwise(seen for _, seen in sorted(cells.items(), key=lambda cell: cell[0]))


def _sequence(contract: MartContract, row: Mapping[str, Any], measure: str) -> Place | None:
    """The first place of the sequence in which a count is made consistent with others, or the whole that it
    is added up to; None for a count of neither. A part that everybody is in is its whole.
    """
    for rule in contract.consistent:
        if measure in (*rule.get("sums", ()), rule.get("to")):
            return contract.name, cell_key(contract, row), rule["to"]
        if "along" in rule and rule["falls"] == measure:
            return contract.name, cell_key(contract, {**row, rule["along"]: rule["order"][0]}), measure
        if "along" not in rule and measure in rule.get("falls", ()):
            return contract.name, cell_key(contract, row), rule["falls"][0]
    return None


def _is_significant(hits: int, tried: int, chance: float) -> bool:
    from scipy.stats import binomtest

    return bool(binomtest(hits, tried, min(1.0, chance / tried), alternative="greater").pvalue < SIGNIFICANCE)
