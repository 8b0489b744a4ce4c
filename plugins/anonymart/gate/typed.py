"""A sentence that somebody types and everybody reads, looked at as the gate looks at the texts of a release
(D-IDENT).
"""

from __future__ import annotations

import duckdb

from anonymart.contracts import load_contracts
from anonymart.detect.known import make_known
from anonymart.errors import SentenceRefused
from anonymart.gate.identifiers import make_hits, make_pattern_hits, make_vocabulary
from anonymart.gate.opened import own_texts
from anonymart.gate.suites import load_suites
from anonymart.gate.texts import TEXTS
from anonymart.session import Session

LONGEST_SENTENCE = 300


def checked_sentence(connection: duckdb.DuckDBPyConnection, typed: str, option: str) -> str:
    """What was typed for an option, in one line. Others read it, so it is read as the gate reads a release.

    Raises SentenceRefused, which never quotes it, when it is empty, too long, or holds what may name a
    person.
    """
    text = " ".join(typed.split())
    if not text:
        raise SentenceRefused(f"{option} is empty: say it in a sentence.")
    if len(text) > LONGEST_SENTENCE or not text.isprintable():
        raise SentenceRefused(
            f"{option} is longer than {LONGEST_SENTENCE} characters or holds signs that cannot be printed: "
            f"say it in one plain sentence."
        )
    kinds = kinds_in(connection, text)
    if kinds:
        raise SentenceRefused(
            f"{option} holds what may name a person ({', '.join(kinds)}): others would see it, say it "
            f"without."
        )
    return text


def checked_reason(session: Session, reason: str) -> str:
    """What was typed for --reason, looked at with the vault of a home. Raises as `checked_sentence`."""
    with session.connect(vault="ro") as connection:
        return checked_sentence(connection, reason, "--reason")


def kinds_in(connection: duckdb.DuckDBPyConnection, text: str) -> list[str]:
    """Kinds of identifiers that a text holds, by pattern or because the attached `vault` knows them; never
    the text itself.

    Leaves a schema `gate` in the connection's memory.
    """
    connection.execute("CREATE OR REPLACE SCHEMA gate")
    connection.execute(TEXTS)
    connection.execute(
        "CREATE TABLE gate.codes (list VARCHAR, code VARCHAR); CREATE TABLE gate.titles (title VARCHAR)"
    )
    connection.execute("INSERT INTO gate.texts VALUES ('*', 'manifest', 'manifest', ?, 1)", [text])
    contracts = load_contracts()
    make_known(connection, "gate")
    make_vocabulary(connection, own_texts(contracts, load_suites(contracts)[0]))
    make_pattern_hits(connection)
    make_hits(connection)
    found = connection.execute("""
        SELECT DISTINCT kind FROM (
            SELECT 'known ' || kind AS kind FROM gate.hits UNION ALL SELECT kind FROM gate.pattern_hits
        ) ORDER BY kind""").fetchall()
    connection.execute("DROP SCHEMA gate CASCADE")
    return [kind for (kind,) in found]
