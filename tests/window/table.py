"""The table of dates in docs/window.md, made from boundaries.csv: `python -m tests.window.table` writes it
anew.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

CSV = Path(__file__).with_name("boundaries.csv")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "window.md"
_HEAD = "| uses | as_of | in statistics | counts from | why |\n|---|---|---|---|---|\n"
_BEFORE_NEXT = "\n## "


@dataclass(frozen=True)
class Case:
    """One row of the table: uses as ISO 8601 texts, and what is expected on a day."""

    uses: tuple[str, ...]
    as_of: date
    expected: str
    counts_from_on: date | None
    why: str

    def __str__(self) -> str:
        return f"{self.why} ({self.as_of})"


def cases() -> list[Case]:
    """Every case, in the order of the file."""
    with CSV.open(encoding="utf-8", newline="") as file:
        return [
            Case(
                tuple(row["uses"].split()),
                date.fromisoformat(row["as_of"]),
                row["expected"],
                date.fromisoformat(row["counts_from_on"]) if row["counts_from_on"] else None,
                row["why"],
            )
            for row in csv.DictReader(file)
        ]


def written(page: str) -> str:
    """The page with the table that the file gives."""
    start = page.index(_HEAD)
    end = page.index(_BEFORE_NEXT, start)
    return page[:start] + _HEAD + "".join(_row(case) for case in cases()) + page[end:]


def _row(case: Case) -> str:
    uses = "<br>".join(case.uses) or "none known"
    counts_from = case.counts_from_on or ""
    return f"| {uses} | {case.as_of} | {case.expected} | {counts_from} | {case.why} |\n"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
