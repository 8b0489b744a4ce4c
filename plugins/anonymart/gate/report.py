"""What the gate found: names and counts, never a value (S-ANON)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from anonymart.release.folder import GATE_RESULT

SHOWN = 12


class Failure(NamedTuple):
    """One thing that the gate forbids and found: where, what kind, under which policy id, how often."""

    mart: str
    column: str
    kind: str
    policy: str
    n: int


@dataclass
class GateReport:
    """The gate's answer on one folder. `passed` is True only when every expectation was asked and every
    attack tried, none of them found anything, and, for a candidate, the leak drill was held and every leak
    caught.
    """

    folder: str
    as_of: str
    failures: list[Failure] = field(default_factory=list)
    expectations: list[dict[str, Any]] = field(default_factory=list)
    attacks: list[dict[str, Any]] = field(default_factory=list)
    drill: list[dict[str, Any]] = field(default_factory=list)
    needs_drill: bool = True
    files: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    data_docs: str = ""

    @property
    def passed(self) -> bool:
        return (
            not self.failures
            and bool(self.expectations)
            and bool(self.attacks)
            and (bool(self.drill) or not self.needs_drill)
        )

    @property
    def n_expectations(self) -> int:
        return len(self.expectations)

    def as_dict(self) -> dict[str, Any]:
        """The report for machines: what `anonymart gate --json` prints."""
        return {
            "passed": self.passed,
            "folder": self.folder,
            "as_of": self.as_of,
            "n_expectations": self.n_expectations,
            "failures": [failure._asdict() for failure in self.failures],
            "expectations": self.expectations,
            "attacks": self.attacks,
            "drill": self.drill,
            "files": self.files,
            "seconds": self.seconds,
            "data_docs": self.data_docs,
        }

    def for_release(self) -> dict[str, Any]:
        """The report as it stands in the release: without the paths and seconds of one machine."""
        return {
            key: value
            for key, value in self.as_dict().items()
            if key not in ("folder", "seconds", "data_docs")
        }

    def sentence(self, folder: Path) -> str:
        """The refusal in one sentence: mart, column and kind of what was found, and where to look. Holds no
        value.
        """
        shown = "; ".join(self.sentences()[:SHOWN])
        more = f"; and {len(self.failures) - SHOWN} more" if len(self.failures) > SHOWN else ""
        return (
            f"The gate refused {folder.name}: {shown}{more}; nothing was published, look at "
            f"{folder / GATE_RESULT}."
        )

    def sentences(self) -> list[str]:
        """One line for each failure: mart, column, kind, policy id and how often."""
        return [
            f"{failure.mart}, column {failure.column}: {failure.kind} ({failure.policy}), {failure.n} "
            f"time{'s' * (failure.n != 1)}"
            for failure in self.failures
        ]
