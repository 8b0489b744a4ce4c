"""Codes of diplomas come from enrolments, not from the catalogue: one that the gate would refuse is left out
of all figures (D-IDENT).
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from anonymart.catalogue.items import Replaced
from anonymart.catalogue.refusals import CodeCheck
from anonymart.rows import one_row

_CODE = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


def refused(connection: duckdb.DuckDBPyConnection, check: CodeCheck, last: int) -> list[Replaced]:
    """The diplomas that the gate would refuse and that were not refused before, with the reason. Reads only.

    Those of the loads after `last` are looked at for patterns too; of the others only new people can have
    made one bad.
    """
    tables = ["vault.raw.enrolments", "vault.raw.salary"]
    has_history = one_row(
        connection.execute("""
        SELECT EXISTS (FROM duckdb_tables() WHERE database_name = 'warehouse'
            AND table_name = 'int_enrolments')
    """)
    )[0]
    tables += ["warehouse.intermediate.int_enrolments"] if has_history else []
    union = " UNION ALL ".join(f"SELECT diploma_id, load_no FROM {table}" for table in tables)
    rows = connection.execute(f"""
        SELECT diploma_id, min(load_no) > {int(last)} FROM ({union}) AS named
        WHERE regexp_matches(diploma_id, '{_CODE}')
            AND diploma_id NOT IN (SELECT diploma_id FROM vault.catalogue.refused_diplomas)
        GROUP BY diploma_id
    """).fetchall()
    found = check.refused(code for code, is_new in rows if is_new) | check.refused(
        (code for code, is_new in rows if not is_new), with_patterns=False
    )
    return [Replaced("diploma", kind, None, None, None, code) for code, kind in sorted(found.items())]


def write(connection: duckdb.DuckDBPyConnection, found: Iterable[Replaced]) -> None:
    """Keep what was refused, within the caller's transaction."""
    for each in found:
        connection.execute(
            "INSERT INTO vault.catalogue.refused_diplomas VALUES (?, ?)", [each.was, each.reason]
        )
