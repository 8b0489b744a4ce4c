"""Who is to be erased: fills the TEMP table `to_erase`, and finds the names under which the warehouse knows
them (R-ERASE, P-STAT).
"""

from __future__ import annotations

from datetime import date

import duckdb

from anonymart.erasure import people
from anonymart.erasure.people import Scope
from anonymart.erasure.places import Keeps, Names
from anonymart.erasure.rows import OF_ACTIVITY, listed
from anonymart.erasure.zones import Zones
from anonymart.ingest.identities import first_64_bits
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.temp_tables import ASKED, RESTRICTED, TO_ERASE, TO_ERASE_PERSONS, TO_ERASE_RESPONSES

# TEMP tables that another module makes.
READS = (ASKED, RESTRICTED, TO_ERASE)


def until_of_asked(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> str:
    """The end of the day, or the last time that any row of those who asked tells of: sources may be a day
    ahead of `as_of`.
    """
    end = people.end_of(as_of, policy)
    return one_row(
        connection.execute(
            """
        SELECT greatest($1::TIMESTAMP, max(told.last_at)) FROM (
            SELECT max(about_on) + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND AS last_at
            FROM vault.ledger.row_hashes WHERE identifier_mark IN (SELECT identifier_mark(identifier)
            FROM asked)
            UNION ALL
            SELECT max(greatest(learners.registered_at, learners.last_login_at))
            FROM vault.register.learners AS learners SEMI JOIN asked USING (identifier)
            UNION ALL
            SELECT max(uses.last_use_at) FROM vault.register.last_use AS uses
            SEMI JOIN asked USING (identifier)
            UNION ALL
            SELECT max(requests.received_at) FROM vault.rights.requests AS requests
            SEMI JOIN asked USING (identifier)
        ) AS told
    """,
            [end],
        )
    )[0]


def choose_by_terms(zones: Zones, policy: Policy, as_of: date) -> None:
    """Everybody who is over a term of the policy, or was erased and came again with a copy."""
    connection = zones.connection
    people.add_erased(connection)
    people.add_expired(connection, policy, as_of)
    people.add_never_known(connection, policy, as_of)
    people.add_minors(connection, policy, as_of)
    people.add_withdrawn(connection)
    people.add_without_contact(connection, policy, as_of, _n_built(zones))
    key_to_erase(zones, policy)


def choose_withdrawals(connection: duckdb.DuckDBPyConnection, request_ids: tuple[str, ...]) -> None:
    """Those who withdrew their consent by these requests, with what they had answered until then
    (R-WITHDRAW).
    """
    connection.execute(
        f"""
        INSERT INTO to_erase
        SELECT linked.identifier, max(requests.received_at), '{Scope.ANSWERS}'
        FROM vault.rights.requests AS requests
        INNER JOIN vault.register.identities AS identities USING (identifier)
        INNER JOIN vault.register.identities AS linked
            ON coalesce(linked.anchor, linked.identifier) = coalesce(identities.anchor, identities.identifier)
        WHERE requests.kind = 'withdraw' AND list_contains($1, requests.request_id)
        GROUP BY linked.identifier
    """,
        [list(request_ids)],
    )


def _n_built(zones: Zones) -> int:
    """The last load whose survey answers the warehouse has taken."""
    table = "warehouse.intermediate.int_nps_responses"
    if table not in {place.name for place in zones.places()}:
        return 0
    return one_row(zones.connection.execute(f"SELECT coalesce(max(load_no), 0) FROM {table}"))[0]


def key_to_erase(zones: Zones, policy: Policy) -> None:
    """The names under which the warehouse knows those who go: TEMP tables to_erase_keys, to_erase_persons and
    to_erase_responses.
    """
    connection = zones.connection
    bits = first_64_bits("pseudonym_hash(identifier)")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE to_erase_keys AS
        SELECT {bits} AS identity_key, until_at, scope FROM to_erase WHERE scope <> '{Scope.IDENTIFIED}';
        {TO_ERASE_PERSONS.empty};
        {TO_ERASE_RESPONSES.empty}
    """)
    places_there = zones.places()
    if zones.is_warehouse_old():
        for place in places_there:
            if place.names is Names.IDENTITY_KEY and place.keeps is not Keeps.VIEW:
                connection.execute(f"""
                    INSERT INTO to_erase_keys
                        SELECT DISTINCT identity_key, TIMESTAMP 'infinity', '{Scope.ALL}'
                    FROM {place.name}
                    WHERE identity_key NOT IN (SELECT {bits} FROM vault.register.identities)
                """)
        _key_ended_times(connection, bits, policy)
    there = {place.name for place in places_there}
    if "warehouse.intermediate.int_identities" in there:
        connection.execute("""
            INSERT INTO to_erase_persons SELECT DISTINCT person_key, pseudonym, scope
            FROM warehouse.intermediate.int_identities INNER JOIN to_erase_keys USING (identity_key)
        """)
    if "warehouse.intermediate.int_salary_responses" in there:
        connection.execute(f"""
            INSERT INTO to_erase_responses SELECT response_key
            FROM warehouse.intermediate.int_salary_responses AS rows
            INNER JOIN to_erase_keys USING (identity_key)
            WHERE to_erase_keys.scope IN ({listed(OF_ACTIVITY)})
                AND coalesce(rows.answered_on <= to_erase_keys.until_at, true)
        """)


def _key_ended_times(connection: duckdb.DuckDBPyConnection, bits: str, policy: Policy) -> None:
    """Of whom the vault still knows: former activity periods and times under age, which have left it, so that
    only an old warehouse holds them.

    A former activity period ended a whole window before the first use that the vault tells of; a birth date
    tells the end of the other.
    """
    years, age = (
        policy.figure("purposes", "P-STAT", "keep_years_after_last_use"),
        policy.figure("minimum_age_years"),
    )
    connection.execute(f"""
        INSERT INTO to_erase_keys
        WITH groups AS (SELECT identifier, coalesce(anchor, identifier) AS who
        FROM vault.register.identities),
        ended AS (
            SELECT who, min(first_use_at) - INTERVAL {years} YEAR AS until_at
            FROM groups INNER JOIN vault.register.last_use USING (identifier) GROUP BY who
            UNION ALL
            SELECT who, max(birth_date) + INTERVAL {age} YEAR - INTERVAL 1 MICROSECOND
            FROM groups INNER JOIN vault.register.learners USING (identifier) WHERE birth_date IS NOT NULL
            GROUP BY who
        )
        SELECT {bits}, until_at, '{Scope.ACTIVITY}' FROM groups INNER JOIN ended USING (who)
        ANTI JOIN restricted USING (identifier)
    """)
