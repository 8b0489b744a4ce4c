"""At admission: rows about an erased person's time up to the tombstone do not come in again (R-ERASE)."""

from __future__ import annotations

import duckdb

from anonymart.erasure import tombstones
from anonymart.erasure.tombstones import Kind
from anonymart.ingest.identities import forms_of
from anonymart.rows import one_row
from anonymart.temp_tables import ERASED_HERE, NAMED_AS_ERASED, SPELLED

# TEMP tables that another module makes.
READS = (SPELLED,)


def start(connection: duckdb.DuckDBPyConnection) -> None:
    """Before each file: drop what the last one told. TEMP table `all_erased` is what find_erased and reveal
    go by.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE all_erased AS FROM tombstones.erased; DROP TABLE IF EXISTS "
        "erased_here; DELETE FROM spelled"
    )


def find_erased(connection: duckdb.DuckDBPyConnection, identifiers: str) -> bool:
    """Fill the TEMP table `erased_here` (identifier, until_at) with those of a query of identifiers; False
    when it is empty.
    """
    if not _are_any(connection):
        return False
    connection.execute(
        ERASED_HERE.made_of(
            f"SELECT identifier, max(until_at) AS until_at FROM ({_matches(identifiers)}) GROUP BY identifier"
        )
    )
    return bool(one_row(connection.execute("SELECT EXISTS (FROM erased_here)"))[0])


def _matches(identifiers: str) -> str:
    """Query (identifier, until_at, kind, knows_learner): identifiers of a query that have a tombstone.

    The very identifier, in the present form and that of earlier versions, has it whoever claims it. Another
    spelling has it only where no learner claims that spelling, and none did when the tombstone was made.
    """
    return f"""
        WITH here AS MATERIALIZED (
            SELECT DISTINCT identifier FROM ({identifiers}) AS incoming (identifier)
            WHERE identifier IS NOT NULL
        ),
        exact AS (
            SELECT identifier, identifier_hash(form) AS identifier_hash
            FROM ({forms_of("SELECT identifier FROM here")})
        ),
        unclaimed AS MATERIALIZED (
            SELECT identifier FROM here WHERE identifier NOT IN (SELECT identifier FROM vault.register.claims)
        ),
        spelled_otherwise AS MATERIALIZED (
            SELECT identifier, is_fold, identifier_hash(form) AS identifier_hash FROM (
                SELECT identifier, true AS is_fold, unnest(anonymart_folds(identifier)) AS form FROM unclaimed
                UNION ALL
                SELECT identifier, false, unnest(anonymart_guesses(identifier)) FROM unclaimed
            )
        ),
        of_others AS (
            SELECT identifier FROM spelled_otherwise INNER JOIN all_erased USING (identifier_hash)
            WHERE is_fold AND kind = '{Kind.SHARED}'
        )
        SELECT identifier, erased.until_at, erased.kind, erased.knows_learner
        FROM exact INNER JOIN all_erased AS erased USING (identifier_hash)
        WHERE erased.kind <> '{Kind.LOOSE}'
        UNION ALL
        SELECT identifier, erased.until_at, '{Kind.LOOSE}', erased.knows_learner
        FROM spelled_otherwise INNER JOIN all_erased AS erased USING (identifier_hash)
        WHERE erased.kind = if(is_fold, '{Kind.LOOSE}', '{Kind.OWN}') AND identifier NOT IN (FROM of_others)
    """


def reveal(connection: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Extend tombstones to what incoming rows say of the erased: `pairs` is a query of (learner, identifier)
    that are one person.

    A learner_id that the register does not know, with an identifier of theirs, is theirs from now on, and so
    is what else is said of it. A learner whom the register knows is somebody else. TEMP table
    `named_as_erased` (learner, identifier, until_at) has both, so that the rows that say so can be refused.
    The vault's rows under what was revealed wait for the next removal.
    """
    connection.execute(NAMED_AS_ERASED.empty)
    if not _are_any(connection):
        return
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE said AS
        SELECT learner, identifier, identifier_hash(learner) AS learner_hash,
            identifier_hash(identifier) AS identifier_hash,
            identifier IN (
                SELECT claims.identifier FROM vault.register.claims AS claims
                WHERE claims.learner <> pairs.learner
            ) AS is_shared,
            (learner, identifier) IN (SELECT (learner, identifier) FROM vault.register.claims) AS is_claimed
        FROM (SELECT DISTINCT * FROM ({pairs}) AS named (learner, identifier)) AS pairs
        WHERE learner IS NOT NULL AND identifier IS NOT NULL AND learner <> identifier;
        CREATE OR REPLACE TEMP TABLE said_of_erased AS
        WITH matches AS ({_matches("SELECT learner FROM said UNION SELECT identifier FROM said")})
        SELECT said.learner, said.learner_hash, said.identifier, said.identifier_hash, said.is_shared,
            matches.until_at, matches.kind,
            matches.knows_learner, said.learner IN (SELECT learner
            FROM vault.register.claims) OR NOT starts_with(said.learner, 'learner:') AS is_known
        FROM said INNER JOIN matches ON matches.identifier = said.identifier
        WHERE matches.kind <> '{Kind.SHARED}' AND NOT said.is_claimed
        UNION ALL
        -- the id itself, in another spelling
        SELECT DISTINCT said.learner, said.learner_hash, NULL, NULL, false, matches.until_at, matches.kind,
            matches.knows_learner, false
        FROM said INNER JOIN matches ON matches.identifier = said.learner
        WHERE matches.kind = '{Kind.LOOSE}' AND starts_with(said.learner, 'learner:');
        INSERT INTO named_as_erased
        SELECT learner, identifier, max(until_at) FROM said_of_erased
        WHERE identifier IS NOT NULL AND learner_hash NOT IN (SELECT identifier_hash FROM all_erased
        WHERE kind = '{Kind.OWN}')
        GROUP BY learner, identifier
    """)
    _extend(
        connection,
        f"""
        WITH learners AS (
            FROM said_of_erased WHERE NOT is_shared AND (NOT is_known OR (kind = '{Kind.OWN}'
                AND NOT knows_learner))
        )
        SELECT learner_hash AS identifier_hash, max(until_at) AS until_at, '{Kind.OWN}' AS kind,
            true AS knows_learner,
            any_value(learner) NOT IN (SELECT identifier FROM vault.register.identities) AS is_swept
        FROM learners WHERE learner_hash NOT IN (SELECT identifier_hash FROM all_erased) GROUP BY learner_hash
        UNION ALL
        SELECT identifier_hash, until_at, '{Kind.OWN}', true, true FROM learners
        WHERE kind = '{Kind.OWN}' AND NOT knows_learner
    """,
    )
    _extend(
        connection,
        f"""
        WITH identifiers AS (
            SELECT said.*, erased.until_at FROM said INNER JOIN all_erased AS erased
            ON erased.identifier_hash = said.learner_hash AND erased.kind = '{Kind.OWN}'
        )
        SELECT identifier_hash, until_at, if(is_shared, '{Kind.SHARED}', '{Kind.OWN}') AS kind,
            true AS knows_learner,
            identifier NOT IN (SELECT identifier FROM vault.register.identities) AS is_swept
        FROM identifiers WHERE identifier_hash NOT IN (SELECT identifier_hash FROM all_erased)
    """,
    )
    _extend_to_folds(connection)


def _extend_to_folds(connection: duckdb.DuckDBPyConnection) -> None:
    """The folds of what was said of the erased, unless they are also those of an identifier that somebody
    claims.
    """
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE folded AS
        SELECT DISTINCT fold, identifier_hash(fold) AS identifier_hash, until_at FROM (
            SELECT unnest(anonymart_folds(said.identifier)) AS fold, erased.until_at FROM said
            INNER JOIN all_erased AS erased
            ON erased.identifier_hash = said.learner_hash AND erased.kind = '{Kind.OWN}'
            WHERE NOT said.is_shared
        );
        DELETE FROM folded WHERE identifier_hash IN (SELECT identifier_hash FROM all_erased)
    """)
    if one_row(connection.execute("SELECT EXISTS (FROM folded)"))[0]:
        connection.execute("""
            DELETE FROM folded WHERE fold IN (
                SELECT unnest(anonymart_folds(identifier)) FROM (SELECT DISTINCT identifier
                FROM vault.register.claims)
            )
        """)
        _extend(
            connection,
            f"SELECT identifier_hash, max(until_at), '{Kind.LOOSE}', true, true FROM folded GROUP BY "
            f"identifier_hash",
        )


def _are_any(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(one_row(connection.execute("SELECT EXISTS (FROM all_erased)"))[0])


def _extend(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Write tombstones; the file's own transaction does not see them, so they are added to `all_erased`
    too.
    """
    rows = connection.execute(query).fetchall()
    if rows:
        tombstones.write_rows(connection, rows)
        connection.executemany("INSERT INTO all_erased VALUES (?, ?, ?, ?, ?)", rows)
