"""The texts of a release's CSV files and of its workbook; figures are no texts (S-ANON)."""

from __future__ import annotations

import csv
import re
import zipfile
import zlib
from html import unescape
from pathlib import Path

_FIGURE = re.compile(r"-?\d+([.,]\d+)?(e-?\d+)?", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_XML_TEXT = re.compile(r">([^<>]+)<")
_SHEET_NAME = re.compile(r'<sheet name="([^"]*)"')


def csv_texts(path: Path) -> set[str]:
    """Every distinct text of a CSV file with commas or, where its first line has one, semicolons."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            delimiter = ";" if ";" in file.readline() else ","
            file.seek(0)
            cells = {cell for row in csv.reader(file, delimiter=delimiter) for cell in row}
    except (OSError, csv.Error):
        return set()
    return {cell for cell in cells if _is_text(cell)}


def workbook_texts(path: Path) -> set[str]:
    """Every distinct text of a workbook: of its cells, of its properties, and the names of its sheets and of
    the files in it. One that cannot be read has none: its bytes are compared elsewhere.
    """
    found: set[str] = set()
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                content = archive.read(name).decode("utf-8", errors="replace")
                found |= {name, *_XML_TEXT.findall(content), *_SHEET_NAME.findall(content)}
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        return set()
    return {unescape(text) for text in found if _is_text(text)}


def _is_text(cell: str) -> bool:
    return bool(cell.strip()) and not _FIGURE.fullmatch(cell) and not _DAY.fullmatch(cell)
