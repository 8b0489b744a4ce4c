"""Phone numbers in comments: nobody can tell whose, so none is kept (D-IDENT, R-ERASE).

Why: docs/decisions/names-in-comments.md.
"""

from __future__ import annotations

import duckdb

from anonymart.detect.patterns import kinds_query_of_few
from anonymart.detect.spans import resolved, spans_of

MASK = "[...]"
_KINDS = ("phone", "phone_fr")


def masked(text: str) -> str:
    """The text with MASK in the place of each phone number; one that began where another ended is found once
    that one is masked.
    """
    while spans := resolved(spans_of(text, _KINDS)):
        for span in reversed(spans):
            text = text[: span.start] + MASK + text[span.end :]
    return text


def mask(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Put MASK in the place of each phone number in the column `comment` of a table; gives how many comments
    it was. A second time finds nothing.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE commented AS SELECT DISTINCT comment AS text FROM {table} "
        "WHERE regexp_matches(comment, '[0-9]')"
    )
    query = kinds_query_of_few(connection, "commented", _KINDS)
    texts = [text for (text,) in connection.execute(f"SELECT DISTINCT text FROM ({query})").fetchall()]
    connection.execute("DROP TABLE commented")
    changed = [(text, new) for text in texts if (new := masked(text)) != text]
    if not changed:
        return 0
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE without_phones AS "
        "SELECT unnest($1::VARCHAR[]) AS text, unnest($2::VARCHAR[]) AS masked",
        [[text for text, _ in changed], [new for _, new in changed]],
    )
    found = connection.execute(
        f"UPDATE {table} SET comment = without_phones.masked FROM without_phones "
        f"WHERE comment = without_phones.text"
    ).fetchone()
    connection.execute("DROP TABLE without_phones")
    return found[0] if found else 0
