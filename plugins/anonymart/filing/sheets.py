"""Tables as spreadsheets open them, UTF-8 with its mark: French ones with semicolons and decimal commas.

A text that a spreadsheet would take for a formula has an apostrophe before it (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(head: Sequence[str], rows: Iterable[Sequence[Any]], language: str = "fr") -> str:
    """The text of a CSV file; a cell without a value is empty."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([[_cell(value, language) for value in row] for row in rows])
    return _MARK + text.getvalue()


def percent(share: float | None) -> float | None:
    """A share as a percentage of one decimal."""
    return None if share is None else round(100 * share, 1)


def _cell(value: Any, language: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return str(value).replace(".", ",") if isinstance(value, float) and language == "fr" else str(value)
