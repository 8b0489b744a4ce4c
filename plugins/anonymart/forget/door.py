"""At the door: rows about an erased person's time up to the tombstone do not come in again (R-ERASE)."""

from __future__ import annotations

import duckdb

from anonymart.forget import tombstones
from anonymart.forget.tombstones import Kind


def start(connection: duckdb.DuckDBPyConnection) -> None:
    """Before each file: forget what the last one told. TEMP table `all_erased` is what find_erased and reveal go by."""
    connection.execute("CREATE OR REPLACE TEMP TABLE all_erased AS FROM tombstones.erased; DROP TABLE IF EXISTS erased_here")


def find_erased(connection: duckdb.DuckDBPyConnection, identifiers: str) -> bool:
    """Fill the TEMP table `erased_here` (identifier, until_at) with those of a query of identifiers; False when it is empty."""
    if not _are_any(connection):
        return False
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE erased_here AS
        WITH named AS (
            SELECT identifier, identifier_hash(identifier) AS identifier_hash, loose_hash(identifier) AS loose_hash
            FROM (SELECT DISTINCT identifier FROM ({identifiers}) AS incoming (identifier) WHERE identifier IS NOT NULL)
        )
        SELECT identifier, max(until_at) AS until_at
        FROM (
            SELECT named.identifier, erased.until_at
            FROM named INNER JOIN all_erased AS erased USING (identifier_hash)
            WHERE erased.kind <> '{Kind.LOOSE}'
            UNION ALL
            SELECT named.identifier, erased.until_at
            FROM named INNER JOIN all_erased AS erased ON erased.identifier_hash = named.loose_hash
            WHERE erased.kind = '{Kind.LOOSE}' AND named.identifier NOT IN (SELECT identifier FROM vault.register.claims)
        )
        GROUP BY identifier
    """)
    return bool(connection.execute("SELECT EXISTS (FROM erased_here)").fetchone()[0])


def reveal(connection: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Extend tombstones to what incoming rows say of the erased: `pairs` is a query of (learner, identifier) that are one person.

    Who was erased without a learner_id is known by it from now on; a second learner_id with the same identifier is another
    person. The vault's rows under what was revealed wait for the next removal.
    """
    if not _are_any(connection):
        return
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE said AS
        SELECT learner, identifier, identifier_hash(learner) AS learner_hash, identifier_hash(identifier) AS identifier_hash,
            identifier IN (
                SELECT claims.identifier FROM vault.register.claims AS claims WHERE claims.learner <> pairs.learner
            ) AS is_shared
        FROM (SELECT DISTINCT * FROM ({pairs}) AS named (learner, identifier)) AS pairs
        WHERE learner IS NOT NULL AND identifier IS NOT NULL AND learner <> identifier
    """)
    _extend(connection, f"""
        WITH learners AS (
            SELECT said.learner, said.learner_hash, said.identifier_hash, erased.until_at
            FROM said INNER JOIN all_erased AS erased USING (identifier_hash)
            WHERE erased.kind = '{Kind.OWN}' AND NOT erased.knows_learner AND NOT said.is_shared
        )
        SELECT learner_hash AS identifier_hash, until_at, '{Kind.OWN}' AS kind, true AS knows_learner,
            learner NOT IN (SELECT identifier FROM vault.register.identities) AS is_swept
        FROM learners WHERE learner_hash NOT IN (SELECT identifier_hash FROM all_erased)
        UNION ALL
        SELECT identifier_hash, until_at, '{Kind.OWN}', true, true FROM learners
    """)
    _extend(connection, f"""
        WITH identifiers AS (
            SELECT said.*, erased.until_at FROM said INNER JOIN all_erased AS erased
            ON erased.identifier_hash = said.learner_hash AND erased.kind = '{Kind.OWN}'
        ),
        all_forms AS (
            SELECT identifier, identifier_hash, until_at, if(is_shared, '{Kind.SHARED}', '{Kind.OWN}') AS kind FROM identifiers
            UNION ALL
            SELECT NULL, loose_hash(identifier), until_at, '{Kind.LOOSE}' FROM identifiers
            WHERE identifier LIKE 'email:%' AND NOT is_shared
        )
        SELECT identifier_hash, until_at, kind, true AS knows_learner,
            identifier IS NULL OR identifier NOT IN (SELECT identifier FROM vault.register.identities) AS is_swept
        FROM all_forms
        WHERE identifier_hash NOT IN (SELECT identifier_hash FROM all_erased)
    """)


def _are_any(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute("SELECT EXISTS (FROM all_erased)").fetchone()[0])


def _extend(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Write tombstones; the file's own transaction does not see them, so they are added to `all_erased` too."""
    rows = connection.execute(query).fetchall()
    if rows:
        tombstones.write_rows(connection, rows)
        connection.executemany("INSERT INTO all_erased VALUES (?, ?, ?, ?, ?)", rows)
