"""What became of the rows of a file: everything that comes in is accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field


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
