"""Run as a script, with the path of a spreadsheet: writes the rows of its first sheet that holds something
as one JSON object to standard output.

It runs alone in a process, because some files end the process that reads them
(docs/decisions/sheets-in-their-own-process.md).
"""

from __future__ import annotations

import json
import math
import resource
import sys
from datetime import date, datetime, timedelta
from typing import Any

MOST_CELLS = 20_000_000
# From here on two whole numbers may be one: two ids would become one person.
_EXACT = 1e15
_MOST_MEMORY = 4 << 30


def contents(path: str) -> dict[str, Any]:
    """Rows as texts, without empty ones; `refused` with a reason where there are too many cells or it is
    damaged.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

    try:
        book = CalamineWorkbook.from_path(path)
        for about in book.sheets_metadata:
            if about.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(about.name)
            # total_height and total_width count one row and one column less than the sheet has (0.9.1).
            height, width = (last + 1 for last in sheet.end or (-1, -1))
            if height * width > MOST_CELLS:
                return {"refused": "a spreadsheet of more than 20 million cells: export it as CSV"}
            rows = [[_text(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
            if rows := [row for row in rows if any(value is not None for value in row)]:
                return {"rows": rows}
    except _TooLong:
        return {"refused": "a number of more than 15 digits loses some in a spreadsheet: format ids as text"}
    except (CalamineError, ValueError, OverflowError, MemoryError, OSError):
        return {"refused": "a damaged or protected spreadsheet: save it again, or export it as CSV"}
    return {"rows": []}


class _TooLong(Exception):
    """A whole number of which a spreadsheet keeps the first 15 digits only."""


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        # Excel counts days: a second may come as 0.9999 s.
        near = value + timedelta(microseconds=500_000) if value.year < 9999 else value
        return str(near.replace(microsecond=0))
    if isinstance(value, date):
        return f"{value} 00:00:00"
    if isinstance(value, timedelta):
        return repr(value / timedelta(days=1))
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        if abs(value) >= _EXACT:
            raise _TooLong
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value) if value != "" else None


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    json.dump(contents(sys.argv[1]), sys.stdout)
