"""The files of a release that say once more what marts.duckdb says: CSV, CSV for French spreadsheets, a
workbook, the page. The same bytes each time, so that the gate can write them again and compare (S-ANON).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb

from anonymart.contracts import MartContract
from anonymart.engine import literal
from anonymart.page import page
from anonymart.release import names
from anonymart.release.folder import CSV_FOLDERS, MARTS_SCHEMA, PAGE, WORKBOOK, csv_path
from anonymart.release.name_tables import all_tables
from anonymart.release.tables import ReleaseTable

DICTIONARY = ("table", "column", "type", "what it says")
_LONGEST_SHEET_NAME = 31
# With it, spreadsheets know that the file is UTF-8.
_MARK = "\ufeff"
# As a decimal comma; a whole number of persons has none.
_FRACTIONAL = ("DOUBLE", "FLOAT", "DECIMAL")


def write_derived(
    connection: duckdb.DuckDBPyConnection,
    contracts: Mapping[str, MartContract],
    folder: Path,
    release_id: str,
    as_of: str,
) -> None:
    """Write them all from the marts and the names of the attached `release`."""
    plain, french = CSV_FOLDERS
    tables = all_tables(contracts)
    for table in tables:
        _write_csv(connection, table, folder / csv_path(table.name, plain))
        _write_french_csv(connection, table, folder / csv_path(table.name, french))
    _write_workbook(connection, tables, folder / WORKBOOK, as_of)
    source_of = f"release.{MARTS_SCHEMA}"
    text = page(connection, contracts, release_id, as_of, source_of, names.titles(connection))
    (folder / PAGE).write_text(text, encoding="utf-8")


def _write_csv(connection: duckdb.DuckDBPyConnection, table: ReleaseTable, target: Path) -> None:
    connection.execute(
        f"COPY (SELECT * FROM {table.rows()}) TO {literal(str(target))} (FORMAT csv, HEADER true)"
    )


def _write_french_csv(connection: duckdb.DuckDBPyConnection, table: ReleaseTable, target: Path) -> None:
    named = [f'{_french(column.name, column.type)} AS "{column.name}"' for column in table.columns]
    named[0] = f'"{table.column_names[0]}" AS "{_MARK}{table.column_names[0]}"'
    connection.execute(
        f"COPY (SELECT {', '.join(named)} FROM {table.rows()}) TO {literal(str(target))} "
        "(FORMAT csv, HEADER true, DELIMITER ';')"
    )


def _french(name: str, kind: str) -> str:
    if kind.startswith(_FRACTIONAL):
        return f"replace(\"{name}\"::VARCHAR, '.', ',')"
    if kind == "BOOLEAN":
        return f"CASE WHEN \"{name}\" THEN 'VRAI' WHEN NOT \"{name}\" THEN 'FAUX' END"
    return f'"{name}"'


def _write_workbook(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[ReleaseTable], target: Path, as_of: str
) -> None:
    """A sheet for each mart and each table of names, and one for the dictionary: numbers are numbers, dates
    are dates, and what is hidden is an empty cell.
    """
    import xlsxwriter

    with xlsxwriter.Workbook(str(target), {"default_date_format": "yyyy-mm-dd"}) as workbook:
        workbook.set_properties({"title": "Anonymart", "created": datetime.fromisoformat(as_of)})
        bold = workbook.add_format({"bold": True})
        for table in tables:
            sheet = workbook.add_worksheet(table.name[:_LONGEST_SHEET_NAME])
            rows = connection.execute(f"SELECT * FROM {table.rows()}").fetchall()
            _fill(sheet, table.column_names, rows, bold)
        sheet = workbook.add_worksheet("dictionary")
        described = [
            (table.name, column.name, column.type.lower(), column.description)
            for table in tables
            for column in table.columns
        ]
        _fill(sheet, DICTIONARY, described, bold)


def _fill(sheet, head: tuple[str, ...], rows: list[tuple], bold) -> None:  # noqa: ANN001
    sheet.write_row(0, 0, head, bold)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(1, len(rows)), len(head) - 1)
    sheet.set_column(0, len(head) - 1, 16)
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            if isinstance(value, bool):
                sheet.write_boolean(number, place, value)
            elif isinstance(value, int | float):
                sheet.write_number(number, place, value)
            elif isinstance(value, date):
                sheet.write_datetime(number, place, value)
            elif value is not None:
                sheet.write_string(number, place, value)
