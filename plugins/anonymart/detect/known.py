"""Identifiers that the vault knows, as folded words, and where they stand in texts (D-IDENT).

Both sides are folded into words (case, accents and punctuation gone), and an identifier of n words is sought
among the runs of n words of each text, by a hash join: so it is found as a whole value and inside a longer
text alike.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from anonymart.detect.folding import phrase, words

SHORTEST_IDENTIFIER = 5
SHORTEST_NAME = 2
SHORTEST_DIGEST = 12  # hexadecimal digits of a hash, from its beginning
NAMES = ("given_name", "family_name")
_LONGEST_RUN = 12
_KINDS = {
    "learner": "learner_id",
    "account": "account",
    "email": "email",
    "mbox": "email",
    "sha1": "hash_of_email",
    "openid": "openid",
}
# Where the vault keeps what tells a person apart: table, column, kind.
_COLUMNS = (
    ("register", "learners", "learner_id", "learner_id"),
    ("register", "learners", "email", "email"),
    ("register", "learners", "account_name", "account"),
    ("register", "learners", "given_name", "given_name"),
    ("register", "learners", "family_name", "family_name"),
    ("answers", "nps", "response_id", "response_id"),
    ("raw", "salary", "response_id", "response_id"),
    ("rights", "requests", "request_id", "request_id"),
)


def make_known(
    connection: duckdb.DuckDBPyConnection, schema: str, also_known: Iterable[tuple[str, str]] = ()
) -> None:
    """Make, in a schema, the view identifiers (kind, identifier) on the attached vault and the table known
    (kind, phrase, n_words).

    `known` holds every identifier as folded words, once; of the kinds given_name and family_name each name by
    itself. `also_known` are made-up identifiers (kind, identifier) that are to be found as if the vault knew
    them.
    """
    sources = [
        f"SELECT '{kind}' AS kind, {column} AS identifier FROM vault.{part}.{table}"
        for part, table, column, kind in _COLUMNS
        if _has(connection, part, table, column)
    ]
    if _has(connection, "register", "identities", "identifier"):
        sources.append(_identities())
    sources += [f"SELECT '{kind}' AS kind, '{identifier}' AS identifier" for kind, identifier in also_known]
    union = " UNION ALL ".join(sources) or "SELECT NULL AS kind, NULL AS identifier"
    shortest = f"CASE WHEN kind IN {NAMES} THEN {SHORTEST_NAME} ELSE {SHORTEST_IDENTIFIER} END"
    connection.execute(f"""
        CREATE VIEW {schema}.identifiers AS SELECT DISTINCT kind, identifier FROM ({union})
        WHERE length(identifier) >= {shortest};
        CREATE TABLE {schema}.known AS
        WITH folded AS (SELECT kind, {phrase("identifier")} AS phrase FROM {schema}.identifiers),
        counted AS (SELECT kind, phrase, length(phrase) - length(replace(phrase, ' ', '')) + 1 AS n_words
        FROM folded)
        SELECT DISTINCT kind, phrase, n_words::INTEGER AS n_words FROM counted
        WHERE n_words <= {_LONGEST_RUN} AND length(phrase) - n_words + 1 >= {shortest}""")


def _identities() -> str:
    kinds = " ".join(f"WHEN '{prefix}' THEN '{kind}'" for prefix, kind in _KINDS.items())
    return f"""
        SELECT CASE split_part(identifier, ':', 1) {kinds} ELSE 'identifier' END AS kind,
            unnest(CASE WHEN identifier LIKE 'account:%'
                THEN [substr(identifier, 9), regexp_extract(identifier, '[^|]*$')]
                ELSE [substr(identifier, strpos(identifier, ':') + 1)] END) AS identifier
        FROM vault.register.identities"""


def make_spoken_names(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Add to the table known the ways in which people write each other's names, under the kind name.

    Given and family name in both orders, and the initials of the given name with the family name in both
    orders.
    """
    if not _has(connection, "register", "learners", "family_name"):
        return
    connection.execute(f"""
        INSERT INTO {schema}.known
        WITH named AS (
            SELECT DISTINCT {phrase("given_name")} AS given, {phrase("family_name")} AS family
            FROM vault.register.learners
            WHERE length(given_name) >= {SHORTEST_NAME} AND length(family_name) >= {SHORTEST_NAME}
        ),
        initialed AS (
            SELECT given, family, list_transform(string_split(given, ' '), lambda word: word[1]) AS initials
            FROM named
            WHERE given <> '' AND family <> ''
        ),
        called AS (
            SELECT family, unnest(list_distinct([given, array_to_string(initials, ' '),
                array_to_string(initials, ''), initials[1]])) AS first_part
            FROM initialed
        ),
        written AS (
            SELECT first_part || ' ' || family AS phrase FROM called UNION SELECT family || ' ' || first_part
            FROM called
        )
        SELECT 'name', phrase, (length(phrase) - length(replace(phrase, ' ', '')) + 1)::INTEGER AS n_words
        FROM written
        WHERE n_words <= {_LONGEST_RUN}""")


def make_runs(connection: duckdb.DuckDBPyConnection, schema: str, texts: str, target: str) -> None:
    """Make a table of those runs of words (text, phrase, position, n_words, is_whole) of the query's texts
    that are known.

    `position` counts words from 1.
    """
    lengths = [
        row[0]
        for row in connection.execute(f"SELECT DISTINCT n_words FROM {schema}.known ORDER BY 1").fetchall()
    ]
    runs = (
        " UNION ALL ".join(
            f"SELECT text, array_to_string(words[i : i + {n} - 1], ' ') AS phrase, i AS position, {n} "
            f"AS n_words, len(words) = {n} AS is_whole "
            # An unnest in the list of columns: as a lateral join it takes twenty times as long.
            f"FROM (SELECT text, words, unnest(generate_series(1, len(words) - {n} + 1)) AS i FROM words)"
            for n in lengths
        )
        or "SELECT NULL::VARCHAR AS text, NULL::VARCHAR AS phrase, 1 AS position, 1 AS n_words, false AS "
        "is_whole LIMIT 0"
    )
    connection.execute(f"""
        CREATE OR REPLACE TABLE {target} AS
        WITH words AS (SELECT text, {words("text")} AS words FROM (SELECT DISTINCT text FROM ({texts})))
        SELECT * FROM ({runs}) AS runs SEMI JOIN {schema}.known AS known ON known.phrase = runs.phrase""")


def known_digests(connection: duckdb.DuckDBPyConnection, schema: str, digests: Iterable[str]) -> set[str]:
    """Those of the hexadecimal digests, in lower case, that are (or begin, from 12 digits on) the unsalted
    MD5, SHA-1 or SHA-256 of an identifier of the vault.

    The identifier may be hashed as it is, in small or large letters, or as the address of a mailbox.
    """
    asked = sorted(
        {digest for digest in digests if SHORTEST_DIGEST <= len(digest) <= 64 and not digest.isdigit()}
    )
    if not asked:
        return set()
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE asked_digests AS SELECT unnest(?::VARCHAR[]) AS digest", [asked]
    )
    found = connection.execute(f"""
        WITH spellings AS (
            SELECT DISTINCT unnest([
                identifier, lower(identifier), upper(identifier), 'mailto:' || identifier,
                    'mailto:' || lower(identifier)
            ]) AS spelling
            FROM {schema}.identifiers WHERE kind NOT IN {NAMES}
        )
        SELECT DISTINCT asked.digest FROM (SELECT unnest([md5(spelling), sha1(spelling),
            sha256(spelling)]) AS digest FROM spellings) AS made
        JOIN asked_digests AS asked ON left(asked.digest, 12) = left(made.digest, 12)
            AND starts_with(made.digest, asked.digest)""").fetchall()
    return {row[0] for row in found}


def _has(connection: duckdb.DuckDBPyConnection, schema: str, table: str, column: str) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM duckdb_columns() WHERE database_name = 'vault' AND schema_name = ? "
        "AND table_name = ? AND column_name = ?",
        [schema, table, column],
    ).fetchone()
    return bool(row and row[0])
