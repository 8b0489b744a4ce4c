"""`datapackage.json`: the release described for machines, as a Frictionless data package made from the
contracts alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anonymart.contracts import COMPLETE, REASONS, Column, MartContract
from anonymart.release.folder import (
    CSV_FOLDERS,
    MARTS_FILE,
    MARTS_SCHEMA,
    PAGE,
    WORKBOOK,
    csv_path,
    parquet_path,
)
from anonymart.release.name_tables import all_tables
from anonymart.release.tables import ReleaseTable

_TYPES = {
    "VARCHAR": "string",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "FLOAT": "number",
}
_MEDIA_TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "duckdb": "application/vnd.duckdb",
    "html": "text/html",
}
_FRENCH = "_fr"
_LICENCE = {
    "name": "none-granted",
    "title": "No licence is granted: you may quote figures with the release id; ask the school before you "
    "pass the files on.",
}
_DESCRIPTION = (
    "Anonymous figures of an online school. A figure that could tell something about a person is empty, "
    "and the column "
    "named after it with _reason says why: too_few (under the threshold of the policy) or protected (it "
    "would give another "
    "figure away). Counts of persons carry noise; a true zero is 0. A cell is published once, when its "
    "period has closed, "
    "and never changes, but for a release that was recalled: manifest.json tells under replaces which, "
    "why and in which marts. "
    f"{COMPLETE} is false where people had left the statistics before the cell was first built: leave "
    f"such cells out of comparisons. "
    "The tables of names say what the codes are called, by the school's catalogue on the day of the release. "
    "No licence is granted: you may quote figures with the release id; ask the school before you pass the "
    "files on."
)


def data_package(contracts: Mapping[str, MartContract], as_of: str, release_id: str) -> dict[str, Any]:
    """The descriptor of a release: two CSV resources per mart and table of names, with their schema and the
    names that their codes refer to, and the other files; no value of any cell.
    """
    plain, french = CSV_FOLDERS
    tables = all_tables(contracts)
    return {
        "profile": "data-package",
        "name": "anonymart",
        "title": "Anonymart: anonymous marts of an online school",
        "description": _DESCRIPTION,
        "version": release_id,
        "as_of": as_of,
        "licenses": [_LICENCE],
        "resources": [
            *(_csv(table, table.name, plain) for table in tables),
            *(_csv(table, f"{table.name}{_FRENCH}", french) for table in tables),
            *(
                _file(f"{table.name}_parquet", parquet_path(table.name), table.description)
                for table in tables
            ),
            _file("marts_workbook", WORKBOOK, "All marts and names as sheets, with a dictionary."),
            _file("page", PAGE, "The marts as charts and answers, in a browser."),
            _file("marts_duckdb", MARTS_FILE, "All marts and names as tables, for DuckDB from 1.0 on."),
        ],
    }


def _csv(table: ReleaseTable, name: str, folder: str) -> dict[str, Any]:
    is_french = folder != CSV_FOLDERS[0]
    described = {
        "profile": "tabular-data-resource",
        "name": name,
        "title": table.name.replace("_", " "),
        "description": table.description,
        "path": csv_path(table.name, folder),
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        # "utf-8-sig" is UTF-8 with the mark by which spreadsheets know it.
        "encoding": "utf-8-sig" if is_french else "utf-8",
        "dialect": {"delimiter": ";" if is_french else ","},
    }
    schema: dict[str, Any] = {
        "fields": [_field(column, table, is_french) for column in table.columns],
        "primaryKey": list(table.keys),
    }
    if table.links:
        schema["foreignKeys"] = [
            {
                "fields": [column],
                "reference": {"resource": f"{kind}{_FRENCH if is_french else ''}", "fields": ["code"]},
            }
            for column, kind in table.links.items()
        ]
    return described | {"schema": schema}


def _file(name: str, path: str, description: str) -> dict[str, Any]:
    """A file whose columns the CSV resource of the same table describes."""
    return {
        "profile": "data-resource",
        "type": "file",
        "name": name,
        "path": path,
        "description": description,
        "mediatype": _MEDIA_TYPES[path.rpartition(".")[2]],
    }


def _field(column: Column, table: ReleaseTable, is_french: bool) -> dict[str, Any]:
    kind = _TYPES.get(column.type, "number" if column.type.startswith("DECIMAL") else "any")
    field: dict[str, Any] = {"name": column.name, "type": kind, "description": column.description}
    if is_french and kind == "number":
        field["decimalChar"] = ","
    if is_french and kind == "boolean":
        field |= {"trueValues": ["VRAI"], "falseValues": ["FAUX"]}
    if column.name in table.keys:
        field["constraints"] = {"required": True}
    elif column.name.endswith("_reason") and table.schema == MARTS_SCHEMA:
        field["constraints"] = {"enum": list(REASONS)}
    return field
