"""The families of job titles before anything is built, by the very SQL of the history."""

from __future__ import annotations

import duckdb

from anonymart import lists
from anonymart.engine import literal
from anonymart.rows import one_row
from anonymart.surveys import dbt_sql


def known(connection: duckdb.DuckDBPyConnection, table: str, title: str) -> list[tuple[str, str]]:
    """Each distinct title of a table whose family the reviewed words tell, with it; the others are
    `other`.
    """
    titles = f"(SELECT DISTINCT {title} AS title FROM {table} WHERE {title} IS NOT NULL)"
    words = (
        f"(SELECT word, job_family, priority::INTEGER AS priority FROM "
        f"read_csv({literal(str(lists.path('job_family_words')))}, header = true, all_varchar = "
        f"true))"
    )
    return connection.execute(dbt_sql.render("job_families", titles, words)).fetchall()


def mapped(connection: duckdb.DuckDBPyConnection, table: str, title: str) -> dict[str, int]:
    """Rows with a title that the reviewed words know, and rows with one that they do not."""
    connection.execute("CREATE OR REPLACE TEMP TABLE known_titles (title VARCHAR)")
    if titles := [[name] for name, _ in known(connection, table, title)]:
        connection.executemany("INSERT INTO known_titles VALUES (?)", titles)
    n_mapped, total = one_row(
        connection.execute(
            f"SELECT count(*) FILTER ({title} IN (SELECT title FROM known_titles)), count({title}) FROM "
            f"{table}"
        )
    )
    return {"mapped": n_mapped, "unmapped": total - n_mapped}
