"""Spreadsheets (xlsx, ECMA-376): the first sheet that holds something, as rows of texts."""

from __future__ import annotations

import zipfile
from pathlib import Path

from anonymart.files.landed import FileRefused
from anonymart.surveys import own_process

LARGEST_UNPACKED = 1 << 28
_DAMAGED = "a damaged or protected spreadsheet: save it again, or export it as CSV"


def rows_of_sheet(path: Path) -> list[list[str | None]]:
    """Dates come as ISO 8601, whole numbers without a point, errors of formulas as None. Raises FileRefused
    for damaged, huge or protected files.
    """
    try:
        with zipfile.ZipFile(path) as book:
            if sum(part.file_size for part in book.infolist()) > LARGEST_UNPACKED:
                raise FileRefused("a spreadsheet of more than 256 MiB when unpacked: export it as CSV")
            if "xl/workbook.xml" not in book.namelist():
                raise FileRefused("a zip that holds no spreadsheet")
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError):
        raise FileRefused(_DAMAGED) from None
    return own_process.read("sheet_child.py", path, _DAMAGED)["rows"]
