"""Identifiers that the vault knows, looked for in the texts of a release (D-IDENT)."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from anonymart import detect
from anonymart.detect.codes import IS_PLAIN_WORD, both_names
from anonymart.detect.known import NAMES, known_digests, make_runs
from anonymart.gate.tables import insert

SHORTEST_IN_DOCS = 7
# Places of texts that say once more what stands in a table, word for word.
SAID_AGAIN = ("csv", "csv_fr", "workbook", "page")


def make_vocabulary(connection: duckdb.DuckDBPyConnection, texts: Iterable[str]) -> None:
    """Fill gate.vocabulary with the words of the project's own descriptions: as words of ours they name
    nobody.
    """
    connection.execute("CREATE TABLE gate.own_texts (text VARCHAR)")
    insert(connection, "gate.own_texts", [[text] for text in texts])
    connection.execute(
        f"CREATE TABLE gate.vocabulary AS SELECT DISTINCT unnest({detect.words('text')}) AS word FROM "
        f"gate.own_texts"
    )


def make_pattern_hits(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill gate.pattern_hits (text, kind): what looks like an identifier, of whomever."""
    connection.execute("CREATE VIEW gate.distinct_texts AS SELECT DISTINCT text FROM gate.texts")
    query = detect.kinds_query_of_few(connection, "gate.distinct_texts")
    connection.execute(f"CREATE TABLE gate.pattern_hits AS {query}")


def make_hits(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill gate.hits (mart, column_name, place, kind, n): where a text holds an identifier of the vault.

    A name, or an account or id that is one plain word, is no hit in a listed code or title (a course called
    Julia) or as a word of the project's own descriptions (a learner called Data): else whoever chose such an
    account would stop all releases.
    """
    make_runs(connection, "gate", "SELECT DISTINCT text FROM gate.texts", "gate.phrases")
    connection.execute(f"""
        CREATE TABLE gate.hits AS
        WITH listed AS (
            SELECT code AS text FROM gate.codes UNION SELECT title FROM gate.titles
            UNION SELECT unnest(['too_few', 'protected'])
        ),
        -- What is published already is carried as it is: who chooses such an account later cannot stop all
        -- releases.
        published AS (SELECT code AS text FROM gate.codes WHERE contains(list, '.')),
        found AS (
            SELECT DISTINCT phrases.text, phrases.phrase, phrases.is_whole, known.kind, known.n_words
            FROM gate.phrases AS phrases JOIN gate.known AS known ON known.phrase = phrases.phrase
        )
        SELECT texts.mart, texts.column_name, texts.place, found.kind, sum(texts.n)::BIGINT AS n
        FROM found
        JOIN gate.texts AS texts ON texts.text = found.text
        LEFT JOIN listed ON listed.text = found.text
        LEFT JOIN published ON published.text = found.text AND texts.place = 'value'
        LEFT JOIN gate.vocabulary AS vocabulary ON vocabulary.word = found.phrase
        WHERE published.text IS NULL AND NOT CASE
            WHEN found.kind IN {NAMES} THEN listed.text IS NOT NULL OR (texts.place <> 'value'
                AND {_is_ours()})
            WHEN {IS_PLAIN_WORD} THEN
                CASE WHEN texts.place = 'value' THEN listed.text IS NOT NULL
                    ELSE vocabulary.word IS NOT NULL
                        OR (texts.place IN {SAID_AGAIN} AND listed.text IS NOT NULL) END
            ELSE false
        END
        GROUP BY ALL;
        INSERT INTO gate.hits
        WITH listed AS (
            SELECT code AS text FROM gate.codes GROUP BY code HAVING NOT bool_or(contains(list, '.'))
            UNION SELECT title FROM gate.titles WHERE title NOT IN (SELECT text FROM gate.own_texts)
        )
        SELECT texts.mart, texts.column_name, texts.place, 'both_names', sum(texts.n)::BIGINT
        FROM ({both_names("gate.phrases", "listed")}) AS named
        JOIN listed USING (text) JOIN gate.texts AS texts USING (text)
        WHERE texts.place = 'value' GROUP BY ALL""")
    _digests(connection)


def _digests(connection: duckdb.DuckDBPyConnection) -> None:
    """Unsalted hashes of identifiers, cut to 12 digits or more too, are looked for only where there is
    something like a hash.
    """
    connection.execute("""
        CREATE TABLE gate.digests AS
        SELECT DISTINCT text, unnest(regexp_extract_all(lower(text), '[0-9a-f]{12,64}')) AS digest
        FROM gate.texts
        WHERE regexp_matches(text, '[0-9A-Fa-f]{12}')""")
    digests = [row[0] for row in connection.execute("SELECT DISTINCT digest FROM gate.digests").fetchall()]
    insert(
        connection, "gate.digests", [(None, digest) for digest in known_digests(connection, "gate", digests)]
    )
    connection.execute("""
        INSERT INTO gate.hits
        SELECT texts.mart, texts.column_name, texts.place, 'hash', sum(texts.n)::BIGINT
        FROM gate.digests AS digests JOIN gate.texts AS texts ON texts.text = digests.text
        WHERE digests.digest IN (SELECT digest FROM gate.digests WHERE text IS NULL) GROUP BY ALL""")


def _is_ours() -> str:
    return (
        "(vocabulary.word IS NOT NULL OR list_has_all((SELECT list(word) FROM gate.vocabulary), "
        "string_split(found.phrase, ' ')))"
    )


def find_in_pages(
    connection: duckdb.DuckDBPyConnection, texts: list[tuple[str, str]]
) -> list[tuple[str, str, int]]:
    """What the texts (file, text) of files that were built hold: file, kind, how many.

    Kinds are those of patterns, and known_* for identifiers of the vault of 7 characters or more.
    """
    connection.execute("CREATE OR REPLACE TABLE gate.pages (file VARCHAR, text VARCHAR)")
    insert(connection, "gate.pages", texts)
    make_runs(connection, "gate", "SELECT DISTINCT text FROM gate.pages", "gate.page_phrases")
    kinds = detect.kinds_query_of_few(connection, "(SELECT DISTINCT text FROM gate.pages)")
    return connection.execute(f"""
        WITH found AS (
            SELECT phrases.text, 'known_' || known.kind AS kind, phrases.phrase
            FROM gate.page_phrases AS phrases
            JOIN gate.known AS known ON known.phrase = phrases.phrase
            LEFT JOIN gate.vocabulary AS vocabulary ON vocabulary.word = phrases.phrase
            WHERE length(replace(phrases.phrase, ' ', '')) >= {SHORTEST_IN_DOCS} AND vocabulary.word IS NULL
            UNION ALL SELECT text, kind, text AS phrase
            FROM ({kinds})
        )
        SELECT file, kind, count(DISTINCT phrase) AS n FROM gate.pages JOIN found USING (text)
            GROUP BY ALL ORDER BY ALL""").fetchall()
