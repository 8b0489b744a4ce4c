"""What filed papers say, in French and in English: words.yml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from anonymart.contracts import parsed


@cache
def words() -> dict[str, Any]:
    """All words by their name."""
    return parsed(Path(__file__).with_name("words.yml").read_text(encoding="utf-8"))
