"""`marts.xlsx` as LibreOffice opens it: each cell is that of the CSV file, with the type of its column
(S-ANON).
"""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from anonymart.contracts import load_contracts
from anonymart.release.folder import WORKBOOK, csv_path
from anonymart.release.name_tables import all_tables
from tests.gate.school import CELLS, open_school
from tests.release.test_names import fill

pytestmark = pytest.mark.needs_libreoffice

_TABLE, _OFFICE = ("{urn:oasis:names:tc:opendocument:xmlns:" + part + ":1.0}" for part in ("table", "office"))
# What LibreOffice calls the type of a cell of each type of column; a truth is the formula TRUE() or FALSE().
_KINDS = {"VARCHAR": "string", "DATE": "date", "BOOLEAN": "truth"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> tuple[Path, dict[str, list[list[tuple[str, str] | None]]]]:
    """A release folder, and the sheets of its workbook as LibreOffice writes them again: rows of (type,
    value), None where a cell is empty.
    """
    place = tmp_path_factory.mktemp("libreoffice")
    school = open_school(place)
    fill(school)
    school.build(CELLS)
    candidate = school.candidate()
    subprocess.run(
        [
            *("soffice", "--headless", f"-env:UserInstallation={(place / 'profile').as_uri()}"),
            *("--convert-to", "fods", "--outdir", place, candidate / WORKBOOK),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    root = ElementTree.parse(place / "marts.fods").getroot()
    sheets = {table.get(f"{_TABLE}name"): list(_rows(table)) for table in root.iter(f"{_TABLE}table")}
    return candidate, sheets


def _rows(table: ElementTree.Element) -> Iterator[list[tuple[str, str] | None]]:
    for row in table.iter(f"{_TABLE}table-row"):
        cells: list[tuple[str, str] | None] = []
        for cell in row.iter(f"{_TABLE}table-cell"):
            cells += [_value(cell)] * int(cell.get(f"{_TABLE}number-columns-repeated", 1))
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            yield from [cells] * int(row.get(f"{_TABLE}number-rows-repeated", 1))


def _value(cell: ElementTree.Element) -> tuple[str, str] | None:
    kind, text = cell.get(f"{_OFFICE}value-type"), "\n".join("".join(part.itertext()) for part in cell)
    if cell.get(f"{_TABLE}formula") in ("of:=TRUE()", "of:=FALSE()"):
        return "truth", text.lower()
    if kind is None:
        return None
    return kind, cell.get(f"{_OFFICE}date-value") or cell.get(f"{_OFFICE}value") or text


def test_each_cell_is_that_of_the_csv_file_with_its_type(opened):
    candidate, sheets = opened
    seen: set[str] = set()
    for table in all_tables(load_contracts()):
        with (candidate / csv_path(table.name)).open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        names, *found = sheets[table.name]
        assert [name[1] for name in names if name] == head
        kinds = [_KINDS.get(column.type, "float") for column in table.columns]
        assert len(found) == len(rows), table.name
        for cells, values in zip(found, rows, strict=True):
            cells += [None] * (len(values) - len(cells))
            for kind, cell, value in zip(kinds, cells, values, strict=True):
                expected = (kind, value) if value else None
                if cell and expected and kind == "float":
                    cell, expected = (cell[0], float(cell[1])), (kind, float(value))
                assert cell == expected, table.name
                seen |= {kind} if cell else set()
    assert seen == {"string", "date", "truth", "float"}


def test_the_dictionary_has_a_line_for_each_column(opened):
    _, *lines = opened[1]["dictionary"]
    assert [(line[0][1], line[1][1]) for line in lines if line[0] and line[1]] == [
        (table.name, name) for table in all_tables(load_contracts()) for name in table.column_names
    ]
