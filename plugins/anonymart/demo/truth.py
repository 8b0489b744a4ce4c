"""What was planted: identifiers that point at one person, and who plays which special case."""

from __future__ import annotations

from pathlib import Path

from anonymart.demo.files import write_rows

SMALLEST_LENGTH = 7


class Truth:
    """Collects identifiers and cases, and writes them beside the landing folder."""

    def __init__(self) -> None:
        self._owners: dict[str, set[str]] = {}
        self._kinds: dict[str, str] = {}
        self.cases: list[tuple[str, str, str]] = []

    def plant(self, learner_id: str, kind: str, value: str) -> str:
        """Notes that the value stands somewhere in the landing folder and names this person; gives the
        value.
        """
        self._owners.setdefault(value, set()).add(learner_id)
        self._kinds.setdefault(value, kind)
        return value

    def case(self, case: str, learner_id: str = "", detail: str = "") -> None:
        """Notes one special case: who it is, or in `detail` which file, path or diploma."""
        self.cases.append((case, learner_id, detail))

    def identifiers(self) -> list[dict[str, str]]:
        """The values that belong to one person and are at least 7 characters long, by person."""
        rows = [
            {"learner_id": next(iter(owners)), "kind": self._kinds[value], "value": value}
            for value, owners in self._owners.items()
            if len(owners) == 1 and len(value) >= SMALLEST_LENGTH
        ]
        return sorted(rows, key=lambda row: (row["learner_id"], row["kind"], row["value"]))

    def write(self, folder: Path) -> None:
        """Writes identifiers.csv (learner_id, kind, value) and cases.csv (case, learner_id, detail)."""
        write_rows(folder / "identifiers.csv", self.identifiers())
        names = ("case", "learner_id", "detail")
        write_rows(folder / "cases.csv", [dict(zip(names, row, strict=True)) for row in self.cases])
