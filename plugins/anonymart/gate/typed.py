"""A sentence that somebody types and everybody reads, looked at as the gate looks at the texts of a release (D-IDENT)."""

from __future__ import annotations

import duckdb

from anonymart import detect
from anonymart.contracts import load_contracts
from anonymart.detect.known import make_known
from anonymart.gate.identifiers import make_hits, make_vocabulary
from anonymart.gate.opened import own_texts
from anonymart.gate.suites import load_suites
from anonymart.gate.texts import TEXTS


def kinds_in(connection: duckdb.DuckDBPyConnection, text: str) -> list[str]:
    """Kinds of identifiers that a text holds, by pattern or because the attached `vault` knows them; never the text itself.

    Leaves a schema `gate` in the connection's memory.
    """
    connection.execute("CREATE OR REPLACE SCHEMA gate")
    connection.execute(TEXTS)
    connection.execute("CREATE TABLE gate.codes (list VARCHAR, code VARCHAR); CREATE TABLE gate.titles (title VARCHAR)")
    connection.execute("INSERT INTO gate.texts VALUES ('*', 'manifest', 'manifest', ?, 1)", [text])
    contracts = load_contracts()
    make_known(connection, "gate")
    make_vocabulary(connection, own_texts(contracts, load_suites(contracts)[0]))
    make_hits(connection)
    found = connection.execute(f"""
        SELECT 'known ' || kind AS kind FROM gate.hits UNION SELECT kind FROM ({detect.kinds_query("gate.texts")})
        ORDER BY kind""").fetchall()
    connection.execute("DROP SCHEMA gate CASCADE")
    return [kind for (kind,) in found]
