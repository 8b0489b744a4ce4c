"""What an attack run on a release says: per attack tried, succeeded, control and interval. Names and counts,
never a value (S-ANON).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from anonymart.attack.score import Result


@dataclass(frozen=True)
class Outcome:
    """One attack on the release, and the same attack on the naive release where it must succeed."""

    real: Result
    control: Result

    @property
    def is_trustworthy(self) -> bool:
        """Whether the attack succeeded on its control: else its silence on the release proves nothing."""
        return self.control.succeeded > 0

    def as_dict(self) -> dict[str, Any]:
        """tried and succeeded on the release, scored (tries with a known truth), the 95 % interval of the
        share, and the control.
        """
        return {
            "attack": self.real.attack,
            "tried": self.real.tried,
            "succeeded": self.real.succeeded,
            "scored": self.real.scored,
            "interval": list(self.real.interval),
            "control": {
                "tried": self.control.tried,
                "succeeded": self.control.succeeded,
                "interval": list(self.control.interval),
            },
            "where": [
                {"mart": mart, "measure": measure, "n": n}
                for (mart, measure), n in sorted(self.real.places.items())
            ],
            "details": self.real.details,
        }


@dataclass
class AttackReport:
    """All attacks on one release. `passed` only when none succeeded and every control did."""

    release: str
    against: list[str]
    is_scored: bool
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return bool(self.outcomes) and not self.recovered and not self.broken

    @property
    def recovered(self) -> list[Outcome]:
        """The attacks that succeeded on the release."""
        return [outcome for outcome in self.outcomes if outcome.real.succeeded]

    @property
    def broken(self) -> list[Outcome]:
        """The attacks that failed on their own control."""
        return [outcome for outcome in self.outcomes if not outcome.is_trustworthy]

    def as_dict(self) -> dict[str, Any]:
        """The report for machines: what `anonymart attack --json` prints."""
        return {
            "passed": self.passed,
            "release": self.release,
            "against": self.against,
            "is_scored": self.is_scored,
            "attacks": [outcome.as_dict() for outcome in self.outcomes],
            "seconds": self.seconds,
        }

    def for_release(self) -> list[dict[str, Any]]:
        """Per attack what may stand in a release: succeeded and control. How often it tried follows from the
        truth behind the cells.
        """
        kept = ("attack", "succeeded", "control")
        return [
            {name: value for name, value in outcome.as_dict().items() if name in kept}
            for outcome in self.outcomes
        ]

    def failures(self) -> list[tuple[str, str, str, int]]:
        """Attack, mart, measure and how often, for every success; an attack that failed its own control
        counts as one of `*`.
        """
        found = [
            (o.real.attack, mart, measure, n)
            for o in self.recovered
            for (mart, measure), n in sorted(o.real.places.items())
        ]
        return found + [
            (f"{outcome.real.attack} failed its own control", "*", "*", 1) for outcome in self.broken
        ]

    def sentence(self) -> str:
        """What went wrong, in one sentence without a value."""
        told = [
            f"{outcome.real.attack} succeeded {outcome.real.succeeded} of {outcome.real.tried} times "
            f"({', '.join(sorted({f'{mart} {measure}' for mart, measure in outcome.real.places}))})"
            for outcome in self.recovered
        ]
        told += [
            f"{outcome.real.attack} did not succeed on its own control, so it proves nothing"
            for outcome in self.broken
        ]
        return (
            f"The attack on {self.release}: {'; '.join(told)}. Withdraw the release, or mend the attack, "
            f"before anybody relies on it."
        )
