"""What somebody ordered for after death (R-DEATH), as the details of a request tell it."""

from __future__ import annotations

import json
from dataclasses import dataclass

KINDS = ("erase", "keep", "hand_over")


@dataclass(frozen=True)
class Directive:
    """`kind` is erase, keep or hand_over; 'none' means that the rule of the account holds: kept until its
    term.
    """

    kind: str


def directive(details: str | None) -> Directive:
    """Read `{"directive": "erase"}` or the bare word; anything else is no directive."""
    text = (details or "").strip()
    try:
        found = json.loads(text)
        word = found.get("directive") if isinstance(found, dict) else None
    except ValueError:
        word = text
    word = word.strip().lower() if isinstance(word, str) else ""
    return Directive(word if word in KINDS else "none")
