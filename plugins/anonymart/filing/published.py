"""The figures of a release folder, after its files were held against its signed manifest (S-ANON, S-SAFE).

Nothing here opens a home, a vault or a warehouse: what is filed is published already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from anonymart import engine
from anonymart.errors import GateRefused, UsageError
from anonymart.release.folder import MARTS_FILE, NAMES_SCHEMA, marts_schema, write_durably
from anonymart.release.manifest import read_manifest
from anonymart.release.verify import verify

Row = dict[str, Any]
# Why a figure is empty: as the mart says, or because no published cell has it.
TOO_FEW, PROTECTED, NOT_PUBLISHED = "too_few", "protected", "not_published"


@dataclass(frozen=True)
class Published:
    """One release: its id and day, the rows of the marts that were asked for, and what codes are called.

    `definitions` says for each of these marts how many cells stand under which set of definitions.
    """

    release_id: str
    as_of: str
    marts: dict[str, list[Row]]
    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    definitions: dict[str, Any] = field(default_factory=dict)

    def title(self, kind: str, code: str) -> str:
        """What a code is called, itself where nothing is said."""
        return self.titles.get((kind, code)) or code


def read(folder: Path, marts: Iterable[str], trusted: Ed25519PublicKey | None = None) -> Published:
    """The rows of these marts in a release folder; a mart that the release does not have has none.

    Raises GateRefused for a release that is not as it was published or was recalled, UsageError for a folder
    that holds none.
    """
    found = verify(folder, trusted)
    if found.status == "changed":
        raise GateRefused(
            f"The release in {folder} is not as it was published ({len(found.problems)} files): "
            "`anonymart verify` names them; nothing was written."
        )
    if found.status == "withdrawn":
        raise GateRefused(
            f"The release in {folder} was recalled: take the one that replaces it; nothing was written."
        )
    manifest = read_manifest(folder)
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {engine.literal(str(folder / MARTS_FILE))} AS release (READ_ONLY)")
        schema, there = marts_schema(connection), _tables(connection)
        rows = {mart: _rows(connection, schema, mart) if (schema, mart) in there else [] for mart in marts}
        titles = {
            (kind, row["code"]): row["title"]
            for kind in ("path", "diploma")
            if (NAMES_SCHEMA, kind) in there
            for row in _rows(connection, NAMES_SCHEMA, kind)
            if row["title"]
        }
    told = manifest.get("definitions_of_cells") or {}
    return Published(
        str(manifest["release_id"]),
        str(manifest["as_of"]),
        rows,
        titles,
        {mart: told.get(mart) for mart in rows},
    )


def figure(row: Row | None, name: str) -> tuple[Any, str | None]:
    """A figure of a row and, where it is empty, why."""
    if row is None or name not in row:
        return None, NOT_PUBLISHED
    return row[name], None if row[name] is not None else row.get(f"{name}_reason") or NOT_PUBLISHED


def prepared(folder: Path) -> Path:
    """The folder that files are written into, made where it is not. Raises UsageError for a file, or for a
    folder of a release or one within it: what is beside a signed release must not look like a part of it, and
    `verify` takes it for a change.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder with --out.")
    whole = folder.resolve()
    if any((each / MARTS_FILE).exists() for each in (whole, *whole.parents)):
        raise UsageError(f"{folder} is a release, to which nothing is added: name another folder with --out.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write(path: Path, text: str) -> str:
    """Write a file whole and give its name."""
    write_durably(path, text)
    path.chmod(0o644)
    return path.name


def _tables(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    return set(
        connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'release'"
        ).fetchall()
    )


def _rows(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> list[Row]:
    cursor = connection.execute(f'SELECT * FROM release.{schema}."{table}" ORDER BY ALL')
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
