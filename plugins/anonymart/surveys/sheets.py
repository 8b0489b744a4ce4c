"""Spreadsheets (xlsx, ECMA-376) with the standard library: the first sheet that holds something, as rows of
texts.
"""

from __future__ import annotations

import re
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

from anonymart.files.landed import FileRefused

LARGEST_UNPACKED = 1 << 28
_MOST_CELLS = 20_000_000
_DATES = {*range(14, 23), 27, 30, 36, 45, 46, 47, 50, 57}
_EPOCH = datetime(1899, 12, 30)


def rows_of_sheet(path: Path) -> list[list[str | None]]:
    """Dates come as ISO 8601, numbers as Excel stores them. Raises FileRefused for damaged, huge or protected
    files.
    """
    try:
        with zipfile.ZipFile(path) as book:
            if sum(part.file_size for part in book.infolist()) > LARGEST_UNPACKED:
                raise FileRefused("a spreadsheet of more than 256 MiB when unpacked: export it as CSV")
            names = set(book.namelist())
            if "xl/workbook.xml" not in names:
                raise FileRefused("a zip that holds no spreadsheet")
            texts = _shared_texts(book) if "xl/sharedStrings.xml" in names else []
            dates = _date_styles(book) if "xl/styles.xml" in names else set()
            sheets = sorted(
                (name for name in names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)),
                key=lambda name: int(re.findall(r"\d+", name)[-1]),
            )
            for sheet in sheets:
                if rows := _rows(book, sheet, texts, dates):
                    return rows
            return []
    except (
        zipfile.BadZipFile,
        ElementTree.ParseError,
        KeyError,
        IndexError,
        ValueError,
        EOFError,
        RuntimeError,
        NotImplementedError,
    ):
        raise FileRefused("a damaged or protected spreadsheet: save it again, or export it as CSV") from None


def _xml(book: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with book.open(name) as part:
        content = part.read(LARGEST_UNPACKED + 1)
    if len(content) > LARGEST_UNPACKED or b"<!DOCTYPE" in content[:4096]:
        raise FileRefused("a spreadsheet with a part that no spreadsheet program writes")
    return ElementTree.fromstring(content)


def _shared_texts(book: zipfile.ZipFile) -> list[str]:
    return [
        "".join(part.text or "" for part in entry.iter() if _name(part) == "t")
        for entry in _xml(book, "xl/sharedStrings.xml")
    ]


def _date_styles(book: zipfile.ZipFile) -> set[int]:
    root, formats, styles = _xml(book, "xl/styles.xml"), set(_DATES), set()
    for part in root.iter():
        if _name(part) == "numFmt" and re.search(
            r"[yd]|h+:", re.sub(r'"[^"]*"|\[[^\]]*\]', "", part.get("formatCode", "").lower())
        ):
            formats.add(int(part.get("numFmtId", "0")))
    for part in root:
        if _name(part) == "cellXfs":
            styles = {
                number for number, style in enumerate(part) if int(style.get("numFmtId", "0")) in formats
            }
    return styles


def _rows(book: zipfile.ZipFile, sheet: str, texts: list[str], dates: set[int]) -> list[list[str | None]]:
    rows: list[list[str | None]] = []
    n_cells = 0
    for row in _xml(book, sheet).iter():
        if _name(row) != "row":
            continue
        cells: list[str | None] = []
        for cell in row:
            named = cell.get("r")
            place = _column(named) if named else len(cells)
            if place > 16_383:
                raise FileRefused("a spreadsheet with a part that no spreadsheet program writes")
            cells += [None] * (place + 1 - len(cells))
            cells[place] = _value(cell, texts, dates)
        n_cells += len(cells)
        if n_cells > _MOST_CELLS:
            raise FileRefused("a spreadsheet of more than 20 million cells: export it as CSV")
        if any(value not in (None, "") for value in cells):
            rows.append(cells)
    return rows


def _value(cell: ElementTree.Element, texts: list[str], dates: set[int]) -> str | None:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(part.text or "" for part in cell.iter() if _name(part) == "t")
    text = next((part.text for part in cell if _name(part) == "v"), None)
    if text is None or kind == "e":
        return None
    if kind == "s":
        return texts[int(text)]
    if kind == "b":
        return "true" if text == "1" else "false"
    if kind == "n" and int(cell.get("s", "0")) in dates:
        return str(_EPOCH + timedelta(seconds=round(float(text) * 86_400)))
    return re.sub(r"\.0+$", "", text)


def _column(reference: str) -> int:
    number = 0
    for letter in re.match(r"[A-Z]+", reference)[0]:  # type: ignore[index]
        number = number * 26 + ord(letter) - 64
    return number - 1


def _name(part: ElementTree.Element) -> str:
    return part.tag.rsplit("}", 1)[-1]
