"""What became of the rows of a file: everything that comes in is accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """What a delivery has that the one before had not, or the other way round: names and types, never a value.

    `kind` is 'new column', 'lost column', 'changed type' or 'new verb'; `was` and `became` are types.
    """

    kind: str
    name: str
    was: str | None = None
    became: str | None = None

    @property
    def sentence(self) -> str:
        """For a line of a log."""
        return f"{self.kind} {self.name}" + (f" (was {self.was}, is {self.became})" if self.became else "")


@dataclass
class Counts:
    """What became of the rows of one file: delivered = loaded + refused + quarantined + duplicate."""

    source: str
    file_name: str
    status: str = "loaded"
    reason: str | None = None
    delivered: int = 0
    loaded: int = 0
    refused: int = 0
    quarantined: int = 0
    duplicate: int = 0
    unknown_columns: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
