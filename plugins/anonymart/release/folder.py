"""What a release folder holds, and how its bytes reach the disk before anybody is told of them (S-SAFE)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import duckdb

from anonymart import crash

MARTS_FILE = "marts.duckdb"
# The file is called marts too: a schema of that name would make `marts.salary_outcome` ambiguous to DuckDB.
MARTS_SCHEMA = "main"
NAMES_SCHEMA = "names"
# What the codes of the marts are called: a table and its files for each kind of thing.
NAMES = ("course", "chapter", "exercise", "project", "path", "diploma", "theme", "job_family")
# Every DuckDB from 1.0 on reads it.
STORAGE_VERSION = "v1.0.0"
WORKBOOK = "marts.xlsx"
PAGE = "index.html"
# With commas and points; with semicolons and decimal commas, for French spreadsheets.
CSV_FOLDERS = ("csv", "csv_fr")
MANIFEST = "manifest.json"
MANIFEST_SIGNATURE = "manifest.sig"
DATA_PACKAGE = "datapackage.json"
PRIVACY_REPORT = "privacy_report.json"
PRIVACY_PAGE = "privacy_report.html"
PROCESSING_REGISTER = "processing_register.html"
GATE_RESULT = "gate.json"
WITHDRAWN = "WITHDRAWN.json"
WITHDRAWN_SIGNATURE = "WITHDRAWN.sig"
KEY_HANDOVER = "KEY_HANDOVER.json"
# No checksum of the manifest covers these: they are written after it.
BESIDE_MANIFEST = (MANIFEST, MANIFEST_SIGNATURE, WITHDRAWN, WITHDRAWN_SIGNATURE, KEY_HANDOVER)
DATA_DOCS = "data_docs"
CANDIDATE_PREFIX = ".candidate-"
# In the home's tmp: the copy of a candidate in which leaks are planted.
DRILL_PREFIX = "gate-drill-"
REFUSED_PREFIX = ".refused-"
# Passed the gate, and waits for the reviewer.
WAITING_PREFIX = ".waiting-"
LINK_PREFIX = ".link-"


def parquet_path(table: str) -> str:
    """Where the Parquet file of a mart or of a table of names stands in the release folder."""
    return f"parquet/{table}.parquet"


def csv_path(table: str, folder: str = CSV_FOLDERS[0]) -> str:
    """Where the CSV file of a mart or of a table of names stands in the release folder, in one of
    CSV_FOLDERS.
    """
    return f"{folder}/{table}.csv"


def derived_files(marts: Iterable[str]) -> list[str]:
    """The files that say once more what marts.duckdb says, and nothing else, as relative paths."""
    tables = [*marts, *NAMES]
    return [*(csv_path(table, folder) for folder in CSV_FOLDERS for table in tables), WORKBOOK, PAGE]


def marts_schema(connection: duckdb.DuckDBPyConnection, database: str = "release") -> str:
    """Where in an attached marts.duckdb the marts are: releases of before have them in `marts`."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_schemas() WHERE database_name = ? AND schema_name = 'marts'", [database]
    ).fetchone()
    return "marts" if found and found[0] else MARTS_SCHEMA


def data_files(folder: Path, marts: list[str]) -> list[str]:
    """The files that hold figures, describe them or tell of their errors, as relative paths; those that do
    not exist are left out.
    """
    names = [MARTS_FILE, DATA_PACKAGE, PRIVACY_REPORT, PRIVACY_PAGE, PROCESSING_REGISTER]
    names += [*(parquet_path(table) for table in (*marts, *NAMES)), *derived_files(marts)]
    return [name for name in names if (folder / name).is_file()]


def all_files(folder: Path) -> list[str]:
    """Every file of the folder as a sorted relative path; a symbolic link counts as a file."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()
    )


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_durably(path: Path, text: str, mode: int | None = None, crash_point: str | None = None) -> None:
    """Write a text file whole or not at all, and see it to the disk; with a mode, it never stands there under
    another one.
    """
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())
    if crash_point:
        crash.point(crash_point)
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_to_readers(folder: Path) -> None:
    """0755 for folders and 0644 for files, and every byte on the disk: from here on the folder may be handed
    out.
    """
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o755 if path.is_dir() else 0o644)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def close_to_readers(folder: Path) -> None:
    """0700 for folders and 0600 for files: what the gate refused may hold a person."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o700 if path.is_dir() else 0o600)
