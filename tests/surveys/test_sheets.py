"""Cells of a spreadsheet as texts: what Excel shows as a date, a share or a merged cell, and sheets that
nobody made to be read.
"""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta

import pytest
import xlsxwriter

from anonymart.files.landed import FileRefused
from anonymart.surveys import own_process, sheet_child
from anonymart.surveys.sheets import rows_of_sheet


def written(fill, **options) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as book:
        fill(book)
    return out.getvalue()


def read(tmp_path, content: bytes) -> list[list[str | None]]:
    path = tmp_path / "file.xlsx"
    path.write_bytes(content)
    return rows_of_sheet(path)


def cell(value, number_format: str | None = None, **options) -> bytes:
    def fill(book):
        form = book.add_format({"num_format": number_format}) if number_format else None
        sheet = book.add_worksheet()
        is_moment = isinstance(value, date | time | timedelta)
        (sheet.write_datetime if is_moment else sheet.write)(0, 0, value, form)

    return written(fill, **options)


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (datetime(2026, 5, 1, 10, 30, 15), "dd/mm/yyyy hh:mm", "2026-05-01 10:30:15"),
        (datetime(2026, 5, 1, 23, 59, 59), "d mmm yy", "2026-05-01 23:59:59"),
        (date(2026, 5, 1), "yyyy-mm-dd", "2026-05-01 00:00:00"),
        (time(9, 30), "hh:mm", "09:30:00"),
        (timedelta(hours=30), "[h]:mm", "1.25"),
        (0.25, "0%", "0.25"),
        (38000, "# ##0 €", "38000"),
        (9, None, "9"),
        (1234.5, None, "1234.5"),
        (123456789012345, None, "123456789012345"),
        (True, None, "true"),
        ("  é\nx ", None, "  é\nx "),
        ("1.0", None, "1.0"),
    ],
)
def test_a_cell_as_text(tmp_path, value, number_format, text):
    assert read(tmp_path, cell(value, number_format)) == [[text]]


def test_days_of_a_workbook_that_counts_from_1904(tmp_path):
    content = cell(date(2026, 5, 1), "yyyy-mm-dd", date_1904=True)
    assert read(tmp_path, content) == [["2026-05-01 00:00:00"]]


def test_the_first_sheet_that_holds_something_without_empty_rows(tmp_path):
    def fill(book):
        book.add_worksheet("empty")
        sheet = book.add_worksheet("data")
        sheet.write_row(1, 1, ["a", "b"])
        sheet.merge_range(3, 1, 4, 2, "both")
        sheet.write_formula(6, 1, "=1/0", None, "#DIV/0!")
        sheet.write_rich_string(7, 1, "one", book.add_format({"bold": True}), " two")

    rows = read(tmp_path, written(fill))
    assert rows == [[None, "a", "b"], [None, "both", None], [None, "one two", None]]


def test_a_sheet_of_too_many_cells_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "file.xlsx"
    path.write_bytes(written(lambda book: book.add_worksheet().write_column(0, 0, range(6))))
    assert sheet_child.contents(str(path)) == {"rows": [[str(n)] for n in range(6)]}
    monkeypatch.setattr(sheet_child, "MOST_CELLS", 5)
    assert "export it as CSV" in sheet_child.contents(str(path))["refused"]


def test_numbers_that_a_spreadsheet_cannot_keep_refuse_the_file(tmp_path):
    with pytest.raises(FileRefused, match="format ids as text"):
        read(tmp_path, cell(1234567890123456789))
    assert read(tmp_path, cell(datetime(9999, 12, 31, 23, 59, 59), "yyyy-mm-dd hh:mm")) != []


def test_a_reader_that_is_killed_refuses_the_file_and_ends_nothing(tmp_path, monkeypatch):
    child = tmp_path / "killed.py"
    child.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    monkeypatch.setattr(own_process, "_HERE", tmp_path)
    with pytest.raises(FileRefused, match="damaged"):
        own_process.read("killed.py", tmp_path / "file.xlsx", "a damaged spreadsheet")


def test_what_is_no_spreadsheet_or_unpacks_to_too_much(tmp_path, monkeypatch):
    with pytest.raises(FileRefused, match="damaged"):
        read(tmp_path, b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(FileRefused, match="damaged"):
        read(tmp_path, cell("a")[:-200])
    monkeypatch.setattr("anonymart.surveys.sheets.LARGEST_UNPACKED", 100)
    with pytest.raises(FileRefused, match="256 MiB"):
        read(tmp_path, cell("a"))
