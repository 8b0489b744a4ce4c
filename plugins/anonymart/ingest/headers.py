"""Names of columns and keys as they may be shown, in any log, ledger or answer: never one that may be
somebody's (D-IDENT).

A CSV without a header has data in its first line. So no name is shown of a file none of whose columns is
known, and of any other file no name that looks like data, or that is or holds the name or an identifier of
somebody whom the vault knows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb

from anonymart.detect.folding import phrase
from anonymart.ingest.contracts import shown
from anonymart.rows import one_row

NOT_KNOWN = "no column of the file is known"
SOMEBODYS = "its name is somebody's"


def shown_names(
    connection: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    known: Collection[str],
    is_header: bool = False,
) -> list[str]:
    """The names, in order, as they may be shown. `known` are those that the source itself has; `is_header`:
    they are names in any case.
    """
    if not is_header and not set(names) & set(known):
        return [f"column {position} ({NOT_KNOWN})" for position in range(1, len(names) + 1)]
    told = [name if name in known else shown(name, position) for position, name in enumerate(names, 1)]
    held = somebodys(connection, [name for name in told if name not in known])
    return [
        f"column {position} ({SOMEBODYS})" if name in held else name for position, name in enumerate(told, 1)
    ]


def somebodys(connection: duckdb.DuckDBPyConnection, names: Collection[str]) -> set[str]:
    """Those names that are a name or identifier of a learner in the vault, or hold both names of one or an
    identifier with figures.
    """
    has_vault = (
        "SELECT EXISTS (FROM duckdb_tables() WHERE database_name = 'vault' AND schema_name = 'register' "
        "AND table_name = 'learners')"
    )
    if not names or not one_row(connection.execute(has_vault))[0]:
        return set()
    apart = "regexp_replace(name, '([a-z])([A-Z])', '\\1 \\2', 'g')"
    ids = ", ".join(
        f"replace({phrase(column)}, ' ', '')"
        for column in ("account_name", "learner_id", "split_part(email, '@', 1)")
    )
    rows = connection.execute(
        f"""
        WITH asked AS (
            SELECT name, ' ' || {phrase(apart)} || ' ' AS spaced, replace({phrase("name")}, ' ', '') AS glued
            FROM (SELECT unnest($1::VARCHAR[]) AS name)
        ),
        people AS (
            SELECT coalesce({phrase("given_name")}, '') AS given, coalesce({phrase("family_name")},
                '') AS family, [{ids}] AS ids
            FROM vault.register.learners
        ),
        held AS (
            SELECT given, family, ids, list_filter(
                list_concat(ids, [replace(each, ' ', '') for each in [given, family, given || family,
                    family || given]]), lambda word: length(word) > 2
            ) AS whole
            FROM people
        )
        SELECT DISTINCT name FROM asked INNER JOIN held ON list_contains(whole, glued)
            OR (length(given) > 1 AND length(family) > 1 AND contains(spaced,
                ' ' || given || ' ') AND contains(spaced, ' ' || family || ' '))
            OR len(list_filter(ids, lambda word: length(word) > 3 AND regexp_matches(word,
                '[0-9]') AND contains(glued, word))) > 0
    """,
        [list(names)],
    ).fetchall()
    return {name for (name,) in rows}
