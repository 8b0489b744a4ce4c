"""At admission: a row that still carries a value which was corrected since gets the right one (R-RECTIFY)."""

from __future__ import annotations

import duckdb

from anonymart.engine import literal
from anonymart.ingest.contracts import Contract
from anonymart.temp_tables import INCOMING

# TEMP tables that another module makes.
READS = (INCOMING,)

_ROW_KEYS = {
    "learners": "''",
    "enrolments": "concat_ws('|', incoming.path_id, incoming.started_on::VARCHAR)",
    "nps": "incoming.response_id",
    "salary": "incoming.response_id",
}


def apply(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Correct the TEMP table `incoming`. Only the very value that was found wrong is replaced: another one is
    newer.
    """
    if contract.source not in _ROW_KEYS:
        return
    columns = connection.execute(
        "SELECT DISTINCT column_name FROM vault.rights.corrections WHERE source = $1 AND wrong_hash IS "
        "NOT NULL ORDER BY column_name",
        [contract.source],
    ).fetchall()
    kinds = {row[0]: row[1] for row in connection.execute("DESCRIBE incoming").fetchall()} if columns else {}
    # The key's own columns last: they tell which row it is.
    for column in sorted((name for (name,) in columns), key=lambda name: name in ("path_id", "started_on")):
        connection.execute(f"""
            UPDATE incoming SET "{column}" = corrected.right_value::{kinds[column]}
            FROM (
                SELECT DISTINCT ON (linked.identifier, corrections.row_key, corrections.wrong_hash)
                    linked.identifier, corrections.row_key, corrections.wrong_hash, corrections.right_value
                FROM vault.rights.corrections AS corrections
                INNER JOIN vault.register.identities AS owner ON owner.identifier = corrections.identifier
                INNER JOIN vault.register.identities AS linked
                    ON coalesce(linked.anchor, linked.identifier) = coalesce(owner.anchor, owner.identifier)
                WHERE corrections.source = {literal(contract.source)}
                    AND corrections.column_name = {literal(column)}
                ORDER BY corrections.decided_on DESC
            ) AS corrected
            WHERE corrected.identifier = incoming.identifier
                AND corrected.row_key = {_ROW_KEYS[contract.source]}
                AND corrected.wrong_hash = identifier_hash(coalesce(incoming."{column}"::VARCHAR, ''))
        """)
