"""What every reader of a release may know of its rules: how far a published count lies from the true one
(S-ANON).

The rules stand in the open (`expectations/policy.yml`), so an attacker has them. Nothing here says how a rule
is carried out, only what a published figure, or its absence, tells about the true count behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from anonymart.contracts import MartContract
from anonymart.disclosure.perturbation import law_of, perturbation_table
from anonymart.policy import CLASSES, Policy

ENDLESS = 10**9
Law = Mapping[int, Mapping[int, float]]
EXACT: Law = {0: {0: 1.0}}


@dataclass(frozen=True)
class PublishedRules:
    """The published rules: noise in persons, smallest counts and bases, bands of sensitive shares.

    The figures are those of the coarse class of noise; `by_class` holds the rules of each class, `earlier`
    those of cells that an earlier release was published with by another policy. `law` is the table of noise:
    for each true count the probability of each deviation. `hidden_below` is of naive releases: counts from 1
    to under it are suppressed and nothing else is done.
    """

    largest_deviation: int
    variance: float
    smallest: int
    smallest_base: int
    decimals: int
    fewest_apart: int
    noise_of_largest: float
    mean_decimals: int
    largest_contribution: float
    bands: tuple[dict[str, Any], ...] = ()
    hidden_below: int = 0
    money_round_to: float = 100.0
    money_rank_noise: float = 0.0
    law: Law = field(default_factory=lambda: EXACT, repr=False)
    by_class: Mapping[str, PublishedRules] = field(default_factory=dict, repr=False)
    earlier: Mapping[tuple[str, str], PublishedRules] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, policy: Policy) -> PublishedRules:
        """The rules of the register. Raises UsageError when it has no noise."""
        by_class = {noise: cls._of_class(policy.of_class(noise)) for noise in CLASSES}
        return replace(by_class[CLASSES[0]], by_class=by_class)

    @classmethod
    def _of_class(cls, policy: Policy) -> PublishedRules:
        return cls(
            law=law_of(perturbation_table(**policy.figure("counts"))),
            largest_deviation=int(policy.figure("counts", "largest_deviation")),
            variance=float(policy.figure("counts", "variance")),
            smallest=int(policy.figure("counts", "smallest")),
            smallest_base=int(policy.figure("rates", "smallest_base")),
            decimals=int(policy.figure("rates", "decimals")),
            fewest_apart=int(policy.figure("nesting", "smallest_difference")),
            noise_of_largest=float(policy.figure("means", "noise_of_largest")),
            mean_decimals=int(policy.figure("means", "decimals")),
            largest_contribution=float(policy.figure("means", "largest_events_per_person")),
            bands=tuple(policy.figure("sensitive_bands")),
            money_round_to=float(policy.figure("money", "round_to_eur")),
            money_rank_noise=float(policy.figure("money", "rank_noise")),
        )

    def naive(self, hidden_below: int = 0) -> PublishedRules:
        """The rules of a warehouse without noise or memory, that at most hides counts under a threshold."""
        return replace(
            self,
            largest_deviation=0,
            variance=0.0,
            smallest=max(1, hidden_below),
            smallest_base=1,
            noise_of_largest=0.0,
            largest_contribution=ENDLESS,
            bands=(),
            hidden_below=hidden_below,
            money_rank_noise=0.0,
            law=EXACT,
            by_class={},
            earlier={},
        )

    def at(self, contract: MartContract, cell: str, measure: str | None = None) -> PublishedRules:
        """The rules by which a cell of a mart was published, or one count in it."""
        found = self.earlier.get((contract.name, cell), self)
        return found.by_class.get(contract.noise_of(measure) if measure else contract.noise, found)

    def likely(self, true_count: int) -> Mapping[int, float]:
        """The probability of each deviation of a true count."""
        return self.law[min(true_count, max(self.law))]

    @property
    def threshold(self) -> int:
        """A count from 1 to under this one is never published: who recovers it exactly has broken the
        protection.
        """
        return self.smallest

    @property
    def smallest_move(self) -> int:
        """By how many persons a corrected count moves at least."""
        return max(self.fewest_apart, 2 * self.largest_deviation + 2)

    def true_range(self, low: int, high: int) -> tuple[int, int]:
        """The true counts that a published count from `low` to `high` may stand for; a published 0 may hide
        some.
        """
        first = 0 if low <= 0 else max(1, low - self.largest_deviation)
        return first, high if high >= ENDLESS else high + self.largest_deviation

    def band(self, base: int) -> tuple[float, float] | None:
        """The lowest and highest share that is told of a sensitive part of a published base; None where there
        is no band.
        """
        for entry in self.bands:
            if base >= entry["base_from"] and (entry["base_to"] is None or base <= entry["base_to"]):
                return float(entry["lowest"]), float(entry["highest"])
        return None
