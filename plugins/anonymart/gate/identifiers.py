"""Identifiers that the vault knows, looked for in the texts of a release (D-IDENT).

Both sides are folded into words (case, accents and punctuation gone), and an identifier of n words is sought among the runs of
n words of each distinct text, by a hash join: so it is found as a whole value and inside a longer text alike.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from anonymart import detect
from anonymart.gate.tables import insert

SHORTEST_IDENTIFIER = 5
SHORTEST_NAME = 2
SHORTEST_IN_DOCS = 7
_LONGEST_RUN = 12
_NAMES = ("given_name", "family_name")
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


def make_known(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill gate.known (kind, phrase, n_words): every identifier of the vault as folded words, once."""
    sources = [
        f"SELECT '{kind}' AS kind, {column} AS identifier FROM vault.{schema}.{table}"
        for schema, table, column, kind in _present(connection)
    ]
    if _has(connection, "register", "identities", "identifier"):
        sources.append(_identities())
    union = " UNION ALL ".join(sources) or "SELECT NULL AS kind, NULL AS identifier"
    shortest = f"CASE WHEN kind IN {_NAMES} THEN {SHORTEST_NAME} ELSE {SHORTEST_IDENTIFIER} END"
    connection.execute(f"""
        CREATE TABLE gate.known AS
        WITH distinct_ones AS (
            SELECT DISTINCT kind, identifier FROM ({union}) WHERE length(identifier) >= {shortest}
        ),
        folded AS (SELECT kind, {detect.phrase("identifier")} AS phrase FROM distinct_ones),
        counted AS (SELECT kind, phrase, length(phrase) - length(replace(phrase, ' ', '')) + 1 AS n_words FROM folded)
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


def make_vocabulary(connection: duckdb.DuckDBPyConnection, texts: Iterable[str]) -> None:
    """Fill gate.vocabulary with the words of the project's own descriptions: as words of ours they name nobody."""
    connection.execute("CREATE TABLE gate.own_texts (text VARCHAR)")
    insert(connection, "gate.own_texts", [[text] for text in texts])
    connection.execute(
        f"CREATE TABLE gate.vocabulary AS SELECT DISTINCT unnest({detect.words('text')}) AS word FROM gate.own_texts"
    )


def make_hits(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill gate.hits (mart, column_name, place, kind, n): where a text holds an identifier of the vault.

    A name, or an account or id that is one plain word, is no hit in a listed code or title (a course called Julia) or as a
    word of the project's own descriptions (a learner called Data): else whoever chose such an account would stop all releases.
    """
    _phrases(connection, "SELECT DISTINCT text FROM gate.texts", "gate.phrases")
    connection.execute(f"""
        CREATE TABLE gate.hits AS
        WITH listed AS (
            SELECT code AS text FROM gate.codes UNION SELECT title FROM gate.titles UNION SELECT unnest(['too_few', 'protected'])
        ),
        found AS (
            SELECT phrases.text, phrases.phrase, phrases.is_whole, known.kind, known.n_words
            FROM gate.phrases AS phrases JOIN gate.known AS known ON known.phrase = phrases.phrase
        )
        SELECT texts.mart, texts.column_name, texts.place, found.kind, sum(texts.n)::BIGINT AS n
        FROM found
        JOIN gate.texts AS texts ON texts.text = found.text
        LEFT JOIN listed ON listed.text = found.text
        LEFT JOIN gate.vocabulary AS vocabulary ON vocabulary.word = found.phrase
        WHERE NOT CASE
            WHEN found.kind IN {_NAMES} THEN listed.text IS NOT NULL OR (texts.place <> 'value' AND {_is_ours()})
            WHEN found.n_words = 1 AND NOT regexp_matches(found.phrase, '[0-9]') THEN
                CASE WHEN texts.place = 'value' THEN listed.text IS NOT NULL
                    ELSE vocabulary.word IS NOT NULL END
            ELSE false
        END
        GROUP BY ALL""")


def _is_ours() -> str:
    return (
        "(vocabulary.word IS NOT NULL OR list_has_all((SELECT list(word) FROM gate.vocabulary), "
        "string_split(found.phrase, ' ')))"
    )


def find_in_docs(connection: duckdb.DuckDBPyConnection, pages: list[tuple[str, str]]) -> list[tuple[str, int]]:
    """Kinds and numbers of identifiers (7 characters or more) and e-mail addresses in the texts of pages that were built."""
    connection.execute("CREATE OR REPLACE TABLE gate.pages (page VARCHAR, text VARCHAR)")
    insert(connection, "gate.pages", pages)
    _phrases(connection, "SELECT DISTINCT text FROM gate.pages", "gate.page_phrases")
    return connection.execute(f"""
        SELECT kind, count(*) AS n FROM (
            SELECT DISTINCT known.kind, phrases.phrase FROM gate.page_phrases AS phrases
            JOIN gate.known AS known ON known.phrase = phrases.phrase
            LEFT JOIN gate.vocabulary AS vocabulary ON vocabulary.word = phrases.phrase
            WHERE length(replace(phrases.phrase, ' ', '')) >= {SHORTEST_IN_DOCS} AND vocabulary.word IS NULL
            UNION ALL SELECT 'email', text FROM gate.pages WHERE holds_email(text)
        ) GROUP BY kind ORDER BY kind""").fetchall()


def _phrases(connection: duckdb.DuckDBPyConnection, texts: str, target: str) -> None:
    lengths = [row[0] for row in connection.execute("SELECT DISTINCT n_words FROM gate.known ORDER BY 1").fetchall()]
    runs = " UNION ALL ".join(
        f"SELECT text, array_to_string(words[i : i + {n} - 1], ' ') AS phrase, len(words) = {n} AS is_whole "
        f"FROM words, unnest(generate_series(1, len(words) - {n} + 1)) AS positions (i)"
        for n in lengths
    ) or "SELECT NULL::VARCHAR AS text, NULL::VARCHAR AS phrase, false AS is_whole LIMIT 0"
    connection.execute(f"""
        CREATE OR REPLACE TABLE {target} AS
        WITH words AS (SELECT text, {detect.words("text")} AS words FROM ({texts}))
        SELECT DISTINCT * FROM ({runs})""")


def _present(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str]]:
    return [entry for entry in _COLUMNS if _has(connection, *entry[:3])]


def _has(connection: duckdb.DuckDBPyConnection, schema: str, table: str, column: str) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM duckdb_columns() WHERE database_name = 'vault' AND schema_name = ? "
        "AND table_name = ? AND column_name = ?",
        [schema, table, column],
    ).fetchone()
    return bool(row and row[0])
