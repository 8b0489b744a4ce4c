"""Planting the leaks in the files of the copy: each one with what the gate must say of it (S-ANON,
D-IDENT).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from anonymart import engine
from anonymart.contracts import MartContract
from anonymart.gate import drill_cells
from anonymart.gate.drill_forms import FORMS, KNOWN, PATTERNED, Form, inside, joined
from anonymart.gate.suites import needed
from anonymart.release.folder import (
    CSV_FOLDERS,
    DATA_DOCS,
    DATA_PACKAGE,
    MANIFEST,
    MARTS_FILE,
    PAGE,
    PRIVACY_PAGE,
    PRIVACY_REPORT,
    WORKBOOK,
    all_files,
    csv_path,
    parquet_path,
)
from anonymart.release.name_tables import NAME_TABLES
from anonymart.release.privacy_page import page
from anonymart.release.tables import ReleaseTable

Key = tuple[str, str, str]
EXTRA_FILE = "drill.txt"
# The code of a planted title.
_CODE = "drill-title-"
_OBJECTS = {
    "extra_table": "CREATE TABLE planted.main.drill (drill INTEGER)",
    "extra_view": "CREATE VIEW planted.main.drill_view AS SELECT 1 AS drill",
    "extra_macro": "CREATE MACRO planted.main.drill() AS 1",
    "extra_type": "CREATE TYPE planted.main.drill_type AS ENUM ('drill')",
    "extra_sequence": "CREATE SEQUENCE planted.main.drill_numbers",
    "extra_schema": "CREATE SCHEMA planted.drill",
    "extra_default": "ALTER TABLE planted.main.drill ADD COLUMN more VARCHAR DEFAULT 'drill'",
}
# Where a rule's finding has another name than the rule, and what the drill's table calls the plants that the
# issue names.
_SAYS = {
    "count_under_threshold": "figure below its threshold",
    "person_out_of_window": "expired person in the evidence",
    "carried_cell_changed": "carried count changed by one",
}


class Plant(NamedTuple):
    """One leak: what it is, where it lies, and the (mart, column, kind) under which the gate must find it."""

    leak: str
    place: str
    keys: tuple[Key, ...]


def plant_files(folder: Path, contracts: Mapping[str, MartContract], as_of: date) -> list[Plant]:
    """Plant everything that goes into the files of the copied release; gives what was planted there."""
    plants: list[Plant] = []
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {engine.literal(str(folder / MARTS_FILE))} AS planted")
        for contract in contracts.values():
            plants += _plant_mart(connection, folder, contract, as_of)
            plants += _plant_csv(folder, contract.name)
        for table in NAME_TABLES.values():
            plants += _plant_names(connection, folder, table)
            plants += _plant_csv(folder, table.name)
        for statement in _OBJECTS.values():
            connection.execute(statement)
        connection.execute("DETACH planted")
    plants += [_said(kind, "in marts.duckdb", ("*", "*", kind)) for kind in _OBJECTS]
    return [*plants, *_plant_workbook(folder), *_plant_words(folder)]


def rule_plants(contracts: Mapping[str, MartContract]) -> list[Plant]:
    """One plant for each expectation on cells that a mart needs, made by the planted cells and what stands
    behind them.
    """
    found = []
    for mart, contract in contracts.items():
        for forbids, column, _, _ in needed(mart, contracts):
            if forbids == "carried_cell_changed":
                found += [_said(forbids, "in a figure", (mart, name, forbids)) for name in _counts(contract)]
            elif forbids != "column_outside_contract":
                found.append(
                    _said(
                        forbids,
                        "in a figure" if column in contract.figures else "in a cell",
                        (mart, column, forbids),
                    )
                )
    return found


def docs_plants() -> list[Plant]:
    """Every form once in the Data Docs; a page names no mart, and there a hash is found by its look alone."""
    return [
        Plant(
            form.leak,
            "in the Data Docs",
            tuple(("*", DATA_DOCS, f"{kind} in data_docs") for kind in form.kinds if kind != "known_hash"),
        )
        for form in FORMS
    ]


def planted_page(html: str) -> str:
    """An HTML page with every form in its text, or as the title of something."""
    lines = [
        f'<p title="{form.text}">drill</p>' if n % 2 else f"<p>{form.text}</p>"
        for n, form in enumerate(FORMS)
    ]
    return html.replace("</body>", f"{''.join(lines)}</body>")


def _said(kind: str, place: str, key: Key) -> Plant:
    return Plant(_SAYS.get(kind, kind.replace("_", " ")), place, (key,))


def _counts(contract: MartContract) -> list[str]:
    return [
        measure["name"]
        for measure in contract.measures
        if measure["kind"] == "count" and measure["name"] in contract.figures
    ]


def _found_in(forms: Iterable[Form], where: str, mart: str, column: str, place: str) -> list[Plant]:
    end = "" if place == "value" else f" in {place}"
    return [
        Plant(form.leak, where, tuple((mart, column, kind + end) for kind in form.kinds)) for form in forms
    ]


def _plant_mart(
    connection: duckdb.DuckDBPyConnection, folder: Path, contract: MartContract, as_of: date
) -> Iterator[Plant]:
    name, table = contract.name, f"planted.main.{contract.name}"
    patterned, known = [column.name for column in contract.columns if column.type == "VARCHAR"][:2]
    at = drill_cells.place(contract, drill_cells.TEXTS)
    rows = drill_cells.cells(contract, as_of)
    for column, forms in ((patterned, PATTERNED), (known, KNOWN)):
        rows += [at | {column: text} for form in forms for text in (form.text, inside(form.text))]
        yield from _found_in(forms, "in a value", name, column, "value")
        yield from _found_in(forms, "inside a longer value", name, column, "value")
    _insert(connection, table, contract, rows)
    width = len(connection.execute(f"DESCRIBE {table}").fetchall())
    extra = ", ".join(f"NULL::INTEGER AS {_quoted(form.text)}" for form in FORMS)
    connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT *, {extra} FROM {table}")
    for position, form in enumerate(FORMS, width + 1):
        yield from _found_in([form], "in a column name", name, f"#{position}", "column_name")
        yield Plant("extra column", "in a mart", ((name, f"#{position}", "extra_column"),))
    yield from _plant_comments(connection, table, name, contract.column_names)
    yield from _plant_parquet(connection, folder, table, name)


def _plant_names(connection: duckdb.DuckDBPyConnection, folder: Path, names: ReleaseTable) -> Iterator[Plant]:
    """Every form as a title and inside one, as a code and as the name of a column."""
    name, table = names.name, f"planted.{names.schema}.{names.name}"
    rows = [
        {"code": f"{_CODE}{n}-{m}", "title": text}
        for n, form in enumerate(FORMS)
        for m, text in enumerate((form.text, inside(form.text)))
    ]
    rows += [{"code": form.text} for form in FORMS]
    yield from _found_in(FORMS, "in a title", name, "title", "value")
    yield from _found_in(FORMS, "inside a longer title", name, "title", "value")
    yield from _found_in(FORMS, "in the code of a name", name, "code", "value")
    _insert(connection, table, names, rows)
    yield _said("names_unlike_catalogue", "in the names", (name, "*", "names_unlike_catalogue"))
    extra = ", ".join(f"NULL::INTEGER AS {_quoted(form.text)}" for form in FORMS)
    connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT *, {extra} FROM {table}")
    for position, form in enumerate(FORMS, len(names.columns) + 1):
        yield from _found_in([form], "in a column name", name, f"#{position}", "column_name")
    yield from _plant_comments(connection, table, name, names.column_names)
    yield from _plant_parquet(connection, folder, table, name)


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    described: MartContract | ReleaseTable,
    rows: list[dict[str, Any]],
) -> None:
    marks = ", ".join(f'unnest(?::{column.type}[]) AS "{column.name}"' for column in described.columns)
    values = [[row.get(column.name) for row in rows] for column in described.columns]
    connection.execute(f"INSERT INTO {table} BY NAME SELECT {marks}", values)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_of_each(forms: tuple[Form, ...]) -> tuple[tuple[Form, ...], tuple[Form, ...]]:
    """Forms that share no kind, and the others: in one text, two of a kind are one finding."""
    first: list[Form] = []
    for form in forms:
        if not any(set(form.kinds) & set(other.kinds) for other in first):
            first.append(form)
    return tuple(first), tuple(form for form in forms if form not in first)


def _plant_comments(
    connection: duckdb.DuckDBPyConnection, table: str, name: str, own: tuple[str, ...]
) -> Iterator[Plant]:
    """Every kind in the comment of the table, and forms that share a kind, one by one, in those of
    columns.
    """
    first, others = _first_of_each((*KNOWN, *PATTERNED))
    connection.execute(f"COMMENT ON TABLE {table} IS {engine.literal(joined(first))}")
    yield from _found_in(first, "in the comment of a table", name, "*", "table_comment")
    yield _said(
        "comment_outside_contract",
        "in the comment of a table",
        (name, "*", "comment_outside_contract"),
    )
    columns = [*own, *(form.text for form in FORMS)]
    labels = [*own, *(f"#{n}" for n in range(len(own) + 1, len(columns) + 1))]
    for form, column, label in zip(others, columns, labels, strict=False):
        connection.execute(f"COMMENT ON COLUMN {table}.{_quoted(column)} IS {engine.literal(form.text)}")
        yield from _found_in([form], "in the comment of a column", name, label, "column_comment")


def _plant_parquet(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: str, name: str
) -> Iterator[Plant]:
    """One row less than the table, the planted columns, and every form in the file's metadata."""
    target = engine.literal(str(folder / parquet_path(name)))
    said = ", ".join(f"drill_{n}: {engine.literal(form.text)}" for n, form in enumerate(FORMS))
    connection.execute(f"COPY (FROM {table} OFFSET 1) TO {target} (FORMAT parquet, KV_METADATA {{{said}}})")
    yield from _found_in(FORMS, "in Parquet metadata", name, "*", "parquet_metadata")
    yield from _found_in(FORMS, "in a column name of Parquet", name, "*", "parquet_column")


def _plant_csv(folder: Path, table: str) -> Iterator[Plant]:
    """Every form as a line of its own in both CSV files of a table."""
    for form in CSV_FOLDERS:
        name = csv_path(table, form)
        with (folder / name).open("a", encoding="utf-8") as file:
            file.writelines(f'"{each.text}"\n' for each in FORMS)
        yield from _found_in(FORMS, "in a CSV file", table, "*", form)
        yield _said("bytes_unlike_reading", "in a CSV file", ("*", name, "bytes_unlike_reading"))


def _plant_workbook(folder: Path) -> Iterator[Plant]:
    """Every form as a text of the workbook."""
    path, strings = folder / WORKBOOK, "xl/sharedStrings.xml"
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    added = "".join(f"<si><t>{escape(form.text)}</t></si>" for form in FORMS)
    content[strings] = content[strings].replace(b"</sst>", f"{added}</sst>".encode())
    with zipfile.ZipFile(path, "w") as archive:
        for name, each in content.items():
            archive.writestr(name, each)
    yield from _found_in(FORMS, "in the workbook", "*", "*", "workbook")
    yield _said("bytes_unlike_reading", "in the workbook", ("*", WORKBOOK, "bytes_unlike_reading"))


def _plant_words(folder: Path) -> Iterator[Plant]:
    """Every form in each file of words, a file that no release has, and what the rules of the folder
    forbid.
    """
    texts = [form.text for form in FORMS]
    for file, place, where, kind in (
        (DATA_PACKAGE, "datapackage", "in the description for machines", "data_package_unlike_contract"),
        (PRIVACY_REPORT, "privacy_report", "in the report", "privacy_report_unlike_evidence"),
        (MANIFEST, "manifest", "in the manifest", "manifest_entry_unknown"),
    ):
        content = json.loads((folder / file).read_text(encoding="utf-8"))
        more = {"replaces": [{"release_id": "drill"}]} if file == MANIFEST else {}
        (folder / file).write_text(
            json.dumps(content | {"drill": texts} | more, ensure_ascii=False), encoding="utf-8"
        )
        yield from _found_in(FORMS, where, "*", "*", place)
        yield _said(kind, where, ("*", file, kind))
    (folder / PRIVACY_PAGE).write_text(
        planted_page(page(json.loads((folder / PRIVACY_REPORT).read_text(encoding="utf-8")))),
        encoding="utf-8",
    )
    yield from _found_in(FORMS, "in the page of the report", "*", "*", "privacy_report_page")
    (folder / PAGE).write_text(planted_page((folder / PAGE).read_text(encoding="utf-8")), encoding="utf-8")
    yield from _found_in(FORMS, "in the page of the marts", "*", "*", "page")
    yield _said("bytes_unlike_reading", "in the page of the marts", ("*", PAGE, "bytes_unlike_reading"))
    (folder / EXTRA_FILE).write_text("drill", encoding="utf-8")
    label = f"file #{all_files(folder).index(EXTRA_FILE) + 1}"
    yield _said("extra_file", "in the folder", ("*", label, "extra_file"))
    yield _said("altered_file", "in the folder", ("*", MARTS_FILE, "altered_file"))
    yield _said("bytes_unlike_reading", "in marts.duckdb", ("*", MARTS_FILE, "bytes_unlike_reading"))
    (folder / "drill").mkdir()
    entries = sorted([folder, *folder.rglob("*")])
    yield _said(
        "extra_folder", "in the folder", ("*", f"entry #{entries.index(folder / 'drill')}", "extra_folder")
    )
    yield _said("replaces_unlike_ledger", "in the manifest", ("*", MANIFEST, "replaces_unlike_ledger"))
