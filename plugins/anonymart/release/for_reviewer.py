"""What the reviewer is told of a candidate beside its files: exact figures about persons, which stand in the
vault and in no release (S-ANON).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from anonymart.engine import table_exists


def note(connection: duckdb.DuckDBPyConnection, release_id: str, name: str, told: Any) -> None:
    """Keep what is told under a name, in place of what was told before. `told` is plain data."""
    connection.execute(
        "DELETE FROM vault.ledger.for_reviewer WHERE release_id = ? AND name = ?", [release_id, name]
    )
    connection.execute(
        "INSERT INTO vault.ledger.for_reviewer (release_id, name, told) VALUES (?, ?, ?)",
        [release_id, name, json.dumps(told)],
    )


def note_all(connection: duckdb.DuckDBPyConnection, release_id: str, told: Mapping[str, Any]) -> None:
    """Keep each part under its name, in place of all that was told of a candidate of this id."""
    connection.execute("DELETE FROM vault.ledger.for_reviewer WHERE release_id = ?", [release_id])
    for name, part in told.items():
        note(connection, release_id, name, part)


def notes(connection: duckdb.DuckDBPyConnection, release_id: str) -> dict[str, Any]:
    """What is told of a release, by name; empty for one that was made before anything was."""
    if not table_exists(connection, "ledger", "for_reviewer"):
        return {}
    rows = connection.execute(
        "SELECT name, told FROM vault.ledger.for_reviewer WHERE release_id = ?", [release_id]
    ).fetchall()
    return {name: json.loads(told) for name, told in rows}
