"""Who is meant by a request or a consent that spells an identifier otherwise than the register (P-RIGHTS,
R-ERASE): an erasure of "l-17" must not be answered while L-17 stays, nor be carried out on somebody else.
"""

from __future__ import annotations

import duckdb

from anonymart.erasure import admission
from anonymart.erasure.spellings import is_same
from anonymart.temp_tables import ERASED_HERE, INCOMING

# TEMP tables that another module makes.
READS = (INCOMING, ERASED_HERE)

SOURCES = ("consents", "rights")
TWO_PEOPLE = "the identifier is another spelling of that of two people or more"
NOT_CERTAIN = "the identifier is nobody's, and looks like that of a known person: enter whom it is about"


def find(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """In the TEMP table `incoming`, put the identifier of the register for one that differs from it in case,
    width, spaces and invisible signs alone.

    One that looks like another person's in any other way (separators, zeros, the name of an account) gets a
    reason, so that a person says who is meant; so does a spelling of two people. Whose identifier has a
    tombstone is nobody else.
    """
    if source not in SOURCES:
        return
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE asked_as AS
        WITH people AS (
            SELECT DISTINCT coalesce(identities.anchor, identities.identifier) AS person
            FROM vault.register.identities AS identities
            INNER JOIN vault.register.learners AS learners USING (identifier)
        )
        SELECT DISTINCT identifier AS given FROM incoming
        WHERE reason IS NULL AND identifier IS NOT NULL
            AND identifier NOT IN (
                SELECT identities.identifier FROM vault.register.identities AS identities
                INNER JOIN people ON people.person = coalesce(identities.anchor, identities.identifier)
            )
            -- dots and tags are seen to by the identity register
            AND ('email:' || loose_email(substr(identifier, 7))) NOT IN (
                SELECT group_key FROM vault.register.identities WHERE group_key IS NOT NULL
            )
    """)
    if admission.find_erased(connection, "SELECT given FROM asked_as"):
        connection.execute("DELETE FROM asked_as WHERE given IN (SELECT identifier FROM erased_here)")
    if not connection.execute("FROM asked_as LIMIT 1").fetchall():
        return
    found = connection.execute("""
        WITH asked AS (SELECT given, anonymart_folds(given)[1] AS fold FROM asked_as),
        known AS (
            SELECT identifier, identifier AS spelled FROM vault.register.learners
            UNION
            SELECT identifier, 'email:' || email FROM vault.register.learners WHERE email IS NOT NULL
            UNION
            SELECT identifier, 'learner:' || account_name FROM vault.register.learners
            WHERE account_name IS NOT NULL
        )
        SELECT asked.given, known.spelled, known.identifier,
            known.spelled = known.identifier OR starts_with(known.spelled, 'email:'),
            coalesce(identities.anchor, identities.identifier)
        FROM asked INNER JOIN (SELECT *, anonymart_folds(spelled)[1] AS fold FROM known) AS known USING (fold)
        INNER JOIN vault.register.identities AS identities ON identities.identifier = known.identifier
        WHERE asked.fold IS NOT NULL
        ORDER BY ALL
    """).fetchall()
    people: dict[str, set[str]] = {}
    meant: dict[str, str] = {}
    for given, spelled, _, is_own, person in found:
        people.setdefault(given, set()).add(person)
        if is_own and is_same(given, spelled):
            meant.setdefault(given, spelled)
    said = [
        (given, meant.get(given), TWO_PEOPLE if len(who) > 1 else None if given in meant else NOT_CERTAIN)
        for given, who in people.items()
    ]
    columns = [[row[n] for row in said] for n in range(3)]
    connection.execute(
        """
        UPDATE incoming SET reason = said.reason,
            identifier = if(said.reason IS NULL, said.meant, incoming.identifier),
            learner_id = if(said.reason IS NULL AND starts_with(said.meant, 'learner:'),
                substr(said.meant, 9), incoming.learner_id)
        FROM (
            SELECT unnest($1::VARCHAR[]) AS given, unnest($2::VARCHAR[]) AS meant,
                unnest($3::VARCHAR[]) AS reason
        ) AS said
        WHERE said.given = incoming.identifier AND incoming.reason IS NULL
        """,
        columns,
    )
