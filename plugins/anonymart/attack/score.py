"""What an attack came to: tries, successes with their interval, and the truth that tells a success from a
lucky guess.

The interval of a share is that of Clopper and Pearson, "The use of confidence or fiducial limits illustrated
in the case of the binomial" (Biometrika, 1934): exact, so never too short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Fact:
    """The truth behind one figure: what kind it is, how many persons it stands on, and its value."""

    kind: str
    count: int | None
    value: float | None


class Top(NamedTuple):
    """The largest and second largest contribution to a cell, and from how many persons."""

    largest: float
    second: float
    persons: int


@dataclass(frozen=True)
class Truth:
    """What the school itself knows, to score with: figures by (mart, cell, measure), contributions by (mart,
    cell, value), for each count a number that is the same for the same people, and amounts of money by (mart,
    cell) and person.

    Empty for an outsider: then nothing is scored, and what the attacker is certain of counts as success.
    """

    facts: Mapping[tuple[str, str, str], Fact] = field(default_factory=dict)
    tops: Mapping[tuple[str, str, str], Top] = field(default_factory=dict)
    sets: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    identifiers: frozenset[str] = frozenset()
    amounts: Mapping[tuple[str, str], Mapping[str, float]] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        return bool(self.facts)

    def count(self, mart: str, cell: str, measure: str) -> int | None:
        """The true number of persons of a count; None where it is not known."""
        fact = self.facts.get((mart, cell, measure))
        return fact.count if fact and fact.kind == "count" else None

    def persons(self, mart: str, cell: str, measure: str) -> int | None:
        """The true number of persons that a figure of any kind stands on; None where it is not known."""
        fact = self.facts.get((mart, cell, measure))
        return fact.count if fact else None


@dataclass
class Result:
    """One attack on one release. `places` names mart and measure of each success, with how often; it holds no
    value.
    """

    attack: str
    tried: int = 0
    succeeded: int = 0
    scored: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    places: dict[tuple[str, str], int] = field(default_factory=dict)

    def hit(self, mart: str, measure: str) -> None:
        """Note one success at this place."""
        self.succeeded += 1
        self.places[mart, measure] = self.places.get((mart, measure), 0) + 1

    @property
    def interval(self) -> tuple[float, float]:
        return interval(self.succeeded, self.tried)


def interval(successes: int, tries: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The share of successes between which limits, 0 to 1, after Clopper and Pearson; (0, 1) where nothing
    was tried.
    """
    from scipy.stats import beta

    if not tries:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = beta.ppf(tail, successes, tries - successes + 1) if successes else 0.0
    high = beta.ppf(1 - tail, successes + 1, tries - successes) if successes < tries else 1.0
    return round(float(low), 6), round(float(high), 6)
