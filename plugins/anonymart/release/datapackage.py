"""`datapackage.json`: the release described for machines, as a Frictionless data package made from the
contracts alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anonymart.contracts import COMPLETE, REASONS, Column, MartContract
from anonymart.release.folder import CSV_FOLDERS, MARTS_FILE, PAGE, WORKBOOK, csv_path, parquet_path

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
    "No licence is granted: you may quote figures with the release id; ask the school before you pass the "
    "files on."
)


def data_package(contracts: Mapping[str, MartContract], as_of: str, release_id: str) -> dict[str, Any]:
    """The descriptor of a release: two CSV resources per mart, with their schema from the contract, and the
    other files; no value of any cell.
    """
    plain, french = CSV_FOLDERS
    return {
        "profile": "data-package",
        "name": "anonymart",
        "title": "Anonymart: anonymous marts of an online school",
        "description": _DESCRIPTION,
        "version": release_id,
        "as_of": as_of,
        "licenses": [_LICENCE],
        "resources": [
            *(_csv(contract, contract.name, plain) for contract in contracts.values()),
            *(_csv(contract, f"{contract.name}_fr", french) for contract in contracts.values()),
            *(
                _file(f"{contract.name}_parquet", parquet_path(contract.name), contract.description)
                for contract in contracts.values()
            ),
            _file("marts_workbook", WORKBOOK, "All marts as sheets, with a dictionary."),
            _file("page", PAGE, "The marts as charts and answers, in a browser."),
            _file("marts_duckdb", MARTS_FILE, "All marts as tables, for DuckDB from 1.0 on."),
        ],
    }


def _csv(contract: MartContract, name: str, folder: str) -> dict[str, Any]:
    is_french = folder != CSV_FOLDERS[0]
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "title": contract.name.replace("_", " "),
        "description": contract.description,
        "path": csv_path(contract.name, folder),
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        # "utf-8-sig" is UTF-8 with the mark by which spreadsheets know it.
        "encoding": "utf-8-sig" if is_french else "utf-8",
        "dialect": {"delimiter": ";" if is_french else ","},
        "schema": {
            "fields": [_field(column, contract, is_french) for column in contract.columns],
            "primaryKey": list(contract.dimensions),
        },
    }


def _file(name: str, path: str, description: str) -> dict[str, Any]:
    """A file whose columns the CSV resource of the same mart describes."""
    return {
        "profile": "data-resource",
        "type": "file",
        "name": name,
        "path": path,
        "description": description,
        "mediatype": _MEDIA_TYPES[path.rpartition(".")[2]],
    }


def _field(column: Column, contract: MartContract, is_french: bool) -> dict[str, Any]:
    kind = _TYPES.get(column.type, "number" if column.type.startswith("DECIMAL") else "any")
    field: dict[str, Any] = {"name": column.name, "type": kind, "description": column.description}
    if is_french and kind == "number":
        field["decimalChar"] = ","
    if is_french and kind == "boolean":
        field |= {"trueValues": ["VRAI"], "falseValues": ["FAUX"]}
    if column.name in contract.dimensions:
        field["constraints"] = {"required": True}
    elif column.name.removesuffix("_reason") in contract.figures and column.name.endswith("_reason"):
        field["constraints"] = {"enum": list(REASONS)}
    return field
