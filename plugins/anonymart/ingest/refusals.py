"""Rows and comments that the policy keeps out at admission: of the erased, of minors, without consent
(R-ERASE, R-MINOR, R-WITHDRAW).
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import duckdb

from anonymart import iri
from anonymart.engine import literal
from anonymart.erasure import admission
from anonymart.erasure.tombstones import ERASED, NEW_ID
from anonymart.files.landed import Landed
from anonymart.ingest.contracts import Contract
from anonymart.ingest.counts import Counts
from anonymart.ingest.identities import forms_of
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.temp_tables import ERASED_HERE, INCOMING, NAMED_AS_ERASED

# TEMP tables that another module makes.
READS = (ERASED_HERE, INCOMING, NAMED_AS_ERASED)


def refuse_erased_people(
    connection: duckdb.DuckDBPyConnection, contract: Contract, landed: Landed, load_no: int, counts: Counts
) -> None:
    """Keep the erased out, also under what these rows reveal of them. A request of theirs is let in, to be
    answered.
    """
    if contract.person is None or contract.source == "rights":
        return
    if contract.source == "learners":
        account = "'account:' || account_home_page || '|' || account_name"
        named = (
            f"['email:' || email, sha1_identifier(email), {account}, {iri.WITH_SLASH.format(f'({account})')}]"
        )
        # left_at may be planned: an old file that tells of the year to come brings nobody back.
        last = "greatest(registered_at, last_login_at)"
        admission.reveal(connection, f"SELECT identifier, unnest({named}) FROM incoming")
        if _refuse_new_ids(connection, named, last, load_no, counts):
            _blank_times(
                connection,
                "SELECT learner AS identifier, max(until_at) AS until_at FROM named_as_erased GROUP BY "
                "learner",
            )
        if refuse_erased(connection, "incoming", "identifier", last, "true", load_no, counts):
            _blank_times(connection, "FROM erased_here")
        return
    if contract.event_time is None:
        raise ValueError(f"the contract of {contract.source} does not say what time a row tells of")
    if {"learner_id", "email"} <= set(landed.columns):
        named = "['email:' || email, sha1_identifier(email)]"
        admission.reveal(
            connection, f"SELECT identifier, unnest({named}) FROM incoming WHERE learner_id IS NOT NULL"
        )
        _refuse_new_ids(connection, named, contract.event_time, load_no, counts)
    refuse_erased(connection, "incoming", "identifier", contract.event_time, "true", load_no, counts)


def _refuse_new_ids(
    connection: duckdb.DuckDBPyConnection, named: str, moment: str, load_no: int, counts: Counts
) -> bool:
    """Refuse rows that name an e-mail or account of the erased under another learner_id, about times up to
    the tombstone, or none.

    `named` is the list of identifiers that a row names. False: there is no such row, whatever its time.
    """
    if not one_row(connection.execute("SELECT EXISTS (FROM named_as_erased)"))[0]:
        return False
    condition = f"""rowid IN (
        SELECT rows.rowid FROM incoming AS rows INNER JOIN named_as_erased AS named
            ON named.learner = rows.identifier
        WHERE list_contains({named}, named.identifier) AND coalesce({moment} <= named.until_at, true)
    )"""
    refuse(connection, "incoming", condition, NEW_ID, load_no, counts)
    return True


def refuse_erased(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    identifier: str,
    moment: str,
    ours: str,
    load_no: int,
    counts: Counts,
) -> bool:
    """Refuse rows about times up to the tombstone; a row without a time may be as old as any (R-ERASE).
    False: nobody here.
    """
    if not admission.find_erased(connection, f"SELECT DISTINCT {identifier} FROM {table} WHERE {ours}"):
        return False
    condition = f"""{ours} AND rowid IN (
        SELECT rows.rowid FROM {table} AS rows INNER JOIN erased_here
            ON erased_here.identifier = rows.{identifier}
        WHERE {ours} AND coalesce({moment} <= erased_here.until_at, true)
    )"""
    refuse(connection, table, condition, ERASED, load_no, counts)
    return True


def _blank_times(connection: duckdb.DuckDBPyConnection, erased: str) -> None:
    """Who is back starts anew: what a learner's row says of the time up to the tombstone does not come in.
    `erased` gives (identifier, until_at).
    """
    for moment in ("registered_at", "left_at", "last_login_at"):
        connection.execute(f"""
            UPDATE incoming SET {moment} = NULL FROM ({erased}) AS chosen
            WHERE chosen.identifier = incoming.identifier AND incoming.{moment} <= chosen.until_at
        """)


def refuse_young_learners(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    policy: Policy,
    as_of: date,
    load_no: int,
    counts: Counts,
) -> None:
    """A learner under age on the day of the run is refused; keyed hashes keep out what comes later
    (R-MINOR).
    """
    if contract.source != "learners":
        return
    age = policy.figure("minimum_age_years")
    young = f"birth_date + INTERVAL {age} YEAR > DATE {literal(str(as_of))}"
    connection.execute(f"""
        INSERT INTO vault.register.minors
        SELECT DISTINCT identifier_hash(known), of_age_on FROM (
            SELECT birth_date + INTERVAL {age} YEAR AS of_age_on, unnest([
                identifier, 'email:' || email, sha1_identifier(email),
                    'account:' || account_home_page || '|' || account_name
            ]) AS known
            FROM incoming WHERE {young}
        ) WHERE known IS NOT NULL
    """)
    refuse(connection, "incoming", young, "younger than the minimum age (R-MINOR)", load_no, counts)


class Rows(NamedTuple):
    """Some rows of a table: SQL for who each names, the time that it tells of, and which rows are meant."""

    table: str
    identifier: str
    moment: str
    ours: str


def refuse_minors(
    connection: duckdb.DuckDBPyConnection,
    rows: Rows,
    policy: Policy,
    load_no: int,
    counts: Counts,
    as_of: date,
) -> None:
    """Refuse rows about a time at which the person, whose birth date is known, was under age (R-MINOR)."""
    table, identifier, moment, ours = rows
    age = policy.figure("minimum_age_years")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE minors AS
        WITH first_moment AS (SELECT min({moment}) AS began_at FROM {table} WHERE {ours})
        SELECT identities.identifier, max(learners.birth_date) + INTERVAL {age} YEAR AS of_age_on
        FROM vault.register.learners AS learners
        INNER JOIN vault.register.identities AS owner ON owner.identifier = learners.identifier
        INNER JOIN vault.register.identities AS identities ON identities.anchor = owner.anchor
        WHERE learners.birth_date + INTERVAL {age} YEAR > (SELECT began_at FROM first_moment)
        GROUP BY identities.identifier;
        INSERT INTO minors
        WITH named AS (
            SELECT identifier, identifier_hash(form) AS identifier_hash
            FROM ({forms_of(f"SELECT {identifier} FROM {table} WHERE {ours}")})
            WHERE EXISTS (SELECT 1 FROM vault.register.minors)
        )
        SELECT named.identifier, known.of_age_on
        FROM named INNER JOIN vault.register.minors AS known USING (identifier_hash)
    """)
    if one_row(connection.execute("SELECT count(*) FROM minors"))[0] == 0:
        return
    condition = f"""{ours} AND rowid IN (
        SELECT rows.rowid FROM {table} AS rows INNER JOIN minors ON minors.identifier = rows.{identifier}
        WHERE {ours} AND {moment} < minors.of_age_on
    )"""
    refuse(connection, table, condition, "younger than the minimum age (R-MINOR)", load_no, counts)
    connection.execute(
        """
        DELETE FROM vault.register.identities WHERE identifier IN (SELECT identifier FROM minors
        WHERE of_age_on > $1)
            AND identifier NOT IN (SELECT identifier FROM vault.register.claims)
    """,
        [as_of],
    )


def refuse(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    condition: str,
    reason: str,
    load_no: int,
    counts: Counts,
) -> None:
    """Delete the rows of the table that meet the condition, and count them under the reason."""
    refused = one_row(connection.execute(f"DELETE FROM {table} WHERE {condition}"))[0]
    if refused:
        counts.refused += refused
        counts.reasons[reason] = counts.reasons.get(reason, 0) + refused


def keep_only_agreed_comments(connection: duckdb.DuckDBPyConnection) -> None:
    """A comment is stored only where consent to P-SURVEY stands and was not withdrawn since (R-WITHDRAW)."""
    connection.execute("""
        WITH declarations AS (
            SELECT identifier, status, "at" FROM vault.rights.consents WHERE purpose = 'P-SURVEY'
            UNION ALL
            SELECT identifier, 'withdrawn', received_at FROM vault.rights.requests WHERE kind = 'withdraw'
        ),
        agreed AS (
            SELECT answering.identifier, max(declarations."at") FILTER (declarations.status = 'withdrawn')
                AS withdrawn_at
            FROM vault.register.identities AS answering
            INNER JOIN vault.register.identities AS declaring USING (person_id)
            INNER JOIN declarations ON declarations.identifier = declaring.identifier
            GROUP BY answering.identifier
            HAVING max_by(declarations.status, (declarations."at", declarations.status)) = 'granted'
        )
        UPDATE incoming SET comment = NULL WHERE comment IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM agreed
            WHERE agreed.identifier = incoming.identifier
                AND (agreed.withdrawn_at IS NULL OR agreed.withdrawn_at < incoming.answered_at)
        )
    """)
