"""What became of the rows of a file: everything that comes in is accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """What a delivery has that the one before had not, or the other way round: names and types, never a
    value.

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
    """What became of the rows of one file: delivered = loaded + refused + quarantined + duplicate. Of the
    loaded, `waiting` wait for the register, and `late_rows` tell of a period that is closed: `late` counts
    them by kind of period. Visits of a closed month are late too, and refused.

    `unknown_names` counts the loaded statements by verb and type of activity that no list knows. `salaries`
    counts the loaded answers of a salary file: `stands` under a figure, or the reason why none will.
    """

    source: str
    file_name: str
    status: str = "loaded"
    reason: str | None = None
    delivered: int = 0
    loaded: int = 0
    refused: int = 0
    quarantined: int = 0
    duplicate: int = 0
    unreadable: int = 0
    waiting: int = 0
    late_rows: int = 0
    late: dict[str, int] = field(default_factory=dict)
    unknown_columns: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    unknown_names: dict[str, int] = field(default_factory=dict)
    salaries: dict[str, int] = field(default_factory=dict)
