"""What a run leaves for a person, in one line and in one exit code: whoever reads only the last line, or only
the code, misses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from anonymart.errors import UnreadableRequests
from anonymart.ingest import IngestReport, late

EXIT_CODE = UnreadableRequests.exit_code


@dataclass(frozen=True)
class Asks:
    """Files refused whole that still wait in landing (`source/name`), open unreadable rows, requests past
    their last day, silent sources, and rows that this ingestion loaded about closed periods: how many, and by
    source and kind of period.
    """

    refused: tuple[str, ...] = ()
    unreadable: int = 0
    late_requests: int = 0
    silent: tuple[str, ...] = ()
    late_rows: int = 0
    late: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """One line, with names of files and sources and counts only."""
        parts = [
            _counted(len(self.refused), "file refused whole", "files refused whole", self.refused),
            _counted(
                self.unreadable,
                "unreadable row about rights or consents",
                "unreadable rows about rights or consents",
            ),
            _counted(self.late_requests, "request past its last day", "requests past their last day"),
            _counted(len(self.silent), "silent source", "silent sources", self.silent),
            _counted(
                self.late_rows,
                "row about closed periods",
                "rows about closed periods",
                [late.sentence(self.late)],
            ),
        ]
        told = ", ".join(filter(None, parts))
        return f"Asks for a person: {told}." if told else "Nothing asks for a person."

    def exit_code(self, is_strict: bool) -> int:
        """5 while a row about a right or a consent cannot be read; when strict, for all else that asks too.
        Else 0.
        """
        others = self.refused or self.late_requests or self.silent or self.late_rows
        asks = self.unreadable or (is_strict and others)
        return EXIT_CODE if asks else 0

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {**asdict(self), "refused": list(self.refused), "silent": list(self.silent)}


def asks_of(report: IngestReport, rights: Mapping[str, int] | None = None) -> Asks:
    """What asks after an ingestion, with the counts of requests where they are known."""
    return Asks(
        tuple(report.refused),
        report.unreadable,
        (rights or {}).get("late", 0),
        tuple(each.source for each in report.silent),
        report.late_rows,
        report.late,
    )


def _counted(number: int, one: str, many: str, names: Sequence[str] = ()) -> str:
    if not number:
        return ""
    return f"{number} {one if number == 1 else many}" + (f" ({', '.join(names)})" if names else "")
