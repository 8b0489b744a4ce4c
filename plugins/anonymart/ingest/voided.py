"""Statements that are taken back (xAPI 1.0.3 part two, 2.3.2): neither they nor the statements that void them
are activity.
"""

from __future__ import annotations

import duckdb

from anonymart.engine import literal
from anonymart.ingest.counts import Counts
from anonymart.ingest.learning import VOIDED
from anonymart.ingest.refusals import refuse

SOURCE = "voided"
_TABLE = "vault.raw.learning"


def leave_out(connection: duckdb.DuckDBPyConnection, load_no: int, counts: Counts) -> None:
    """Refuse the voiding statements of this load and what they void, here and in later loads.

    A keyed hash of each voided id stays in the ledger, and leaves by its date. Earlier rows that wait for the
    register go at once; what the history may have taken leaves vault and history with the next build
    (anonymart.erasure.taken_back). Figures that are published stay, as after any late delivery.
    """
    ours = f"load_no = {load_no}"
    is_voiding = f"{ours} AND verb_id = {literal(VOIDED)}"
    connection.execute(f"""
        INSERT INTO vault.ledger.row_hashes BY NAME
        WITH found AS (SELECT row_hash(object_id) AS row_hash, occurred_at::DATE AS about_on FROM {_TABLE}
        WHERE {is_voiding})
        SELECT {literal(SOURCE)} AS source, row_hash, min(about_on) AS about_on
        FROM found ANTI JOIN (FROM vault.ledger.row_hashes
        WHERE source = {literal(SOURCE)}) AS known USING (row_hash)
        GROUP BY row_hash
    """)
    before = counts.refused
    refuse(connection, _TABLE, is_voiding, "takes another statement back (P-STAT)", load_no, counts)
    known = f"row_hash IN (SELECT row_hash FROM vault.ledger.row_hashes WHERE source = {literal(SOURCE)})"
    if connection.execute(
        f"SELECT 1 FROM vault.ledger.row_hashes WHERE source = {literal(SOURCE)} LIMIT 1"
    ).fetchone():
        refuse(
            connection,
            _TABLE,
            f"{ours} AND {known}",
            "taken back by another statement (P-STAT)",
            load_no,
            counts,
        )
    if counts.refused > before:
        connection.execute(f"DELETE FROM {_TABLE} WHERE admitted_no IS NULL AND {known}")
