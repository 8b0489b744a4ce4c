"""After each ingest: rows of the catalogue become items with a code for good, statements find their item,
what finds none is reported.

Everything that is decided here is kept in the vault (`catalogue.items`, `catalogue.aliases`,
`catalogue.matches`); dbt only reads it. A run that was cut off before or within loses nothing: the next one
settles what is pending.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from anonymart import crash, engine, objects
from anonymart.catalogue import diplomas, matching, unmatched
from anonymart.catalogue.items import Items, Replaced
from anonymart.catalogue.refusals import CodeCheck
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.temp_tables import BUILT


@dataclass
class Settled:
    """What one run settled: codes that the gate would have refused, and statements that name nothing of the
    catalogue.
    """

    replaced: list[Replaced] = field(default_factory=list)
    unmatched: list[unmatched.Unmatched] = field(default_factory=list)
    n_unmatched: int = 0
    n_again: int = 0

    def as_dict(self) -> dict:
        """Plain data for `--json`: kinds, lines, counts and masked shapes, never a value."""
        return {
            "replaced_codes": [each.as_dict() for each in self.replaced],
            "unmatched_statements": self.n_unmatched,
            "matched_later": self.n_again,
            "unmatched": [each.as_dict() for each in self.unmatched],
        }

    @property
    def sentences(self) -> list[str]:
        """Lines for the log of a run, none where all is well."""
        lines = [each.sentence for each in self.replaced]
        if self.n_unmatched:
            lines.append(
                f"{self.n_unmatched} statements name a course or object that no catalogue knows; they "
                f"are in no figure of a course, chapter, exercise or "
                "project until it does. `anonymart sources catalogue --unmatched --out FILE` writes "
                "rows to complete and deliver:"
            )
            lines += [f"  {each.sentence}" for each in self.unmatched]
        if self.n_again:
            lines.append(
                f"{self.n_again} earlier statements found their course or object in the catalogue and "
                f"count from now on."
            )
        return lines


def settle(connection: duckdb.DuckDBPyConnection, session: Session) -> Settled:
    """Settle what was loaded since the last time, on the vault attached to write, outside of a transaction.

    The warehouse is read where it exists, attached already or not: it tells what its histories have taken.
    """
    last = one_row(connection.execute("SELECT coalesce(max(load_no), 0) FROM vault.catalogue.settled"))[0]
    is_known = one_row(connection.execute("SELECT EXISTS (FROM vault.catalogue.settled)"))[0]
    newest = one_row(connection.execute(_NEWEST))[0]
    if newest <= last:
        return Settled()
    objects.install(connection)
    is_attached = one_row(
        connection.execute("SELECT EXISTS (FROM duckdb_databases() WHERE database_name = 'warehouse')")
    )[0]
    if not is_attached and session.home.warehouse.exists():
        engine.attach(connection, "warehouse", session.home.warehouse, session.keys.warehouse, "ro")
    try:
        adopt(connection)
        _note_built(connection)
        check = CodeCheck(connection)
        refused = diplomas.refused(connection, check, last)
    finally:
        if not is_attached and session.home.warehouse.exists():
            connection.execute("DETACH warehouse")
    items = Items(connection, check)
    items.take_rows(last)
    items.replace_refused()
    check.close()
    done = Settled(replaced=items.replaced + refused)
    matching.find(connection, items.keyed_aliases(), items.placed(), last, everything=items.has_changed)
    connection.execute("BEGIN")
    try:
        items.write()
        diplomas.write(connection, refused)
        for each in done.replaced:
            connection.execute(
                "INSERT INTO vault.ledger.replaced_codes VALUES (?, ?, ?, ?, ?, ?)",
                [session.as_of, *each.row],
            )
        # At the first time nothing was ever matched, and what a home of an earlier version has counted is
        # counted.
        done.n_again = matching.count_again(connection, newest) if items.has_changed and is_known else 0
        matching.write(connection)
        done.n_unmatched, done.unmatched = unmatched.note(connection, last, newest, session.as_of)
        connection.execute(
            "DELETE FROM vault.catalogue.settled; INSERT INTO vault.catalogue.settled VALUES ($1, $2)",
            [newest, session.as_of],
        )
        crash.point("catalogue.before_commit")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return done


def _note_built(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the TEMP table `built` with the newest load that the history of statements has taken."""
    has_history = one_row(
        connection.execute("""
        SELECT EXISTS (FROM duckdb_tables() WHERE database_name = 'warehouse' AND schema_name = 'intermediate'
            AND table_name = 'int_events')
    """)
    )[0]
    query = (
        "SELECT max(load_no) AS load_no FROM warehouse.intermediate.int_events"
        if has_history
        else "SELECT NULL::BIGINT AS load_no"
    )
    connection.execute(BUILT.made_of(query))


_NEWEST = """
    SELECT greatest(
        (SELECT coalesce(max(load_no), 0) FROM vault.ledger.loads), (SELECT coalesce(max(load_no), 0)
        FROM vault.raw.catalogue),
        (SELECT coalesce(max(load_no), 0) FROM vault.raw.learning), (SELECT coalesce(max(load_no), 0)
        FROM vault.raw.enrolments),
        (SELECT coalesce(max(load_no), 0) FROM vault.answers.nps))
"""


def adopt(connection: duckdb.DuckDBPyConnection) -> None:
    """Once in the life of a home: take the codes that an earlier version kept in the warehouse, each as its
    own item.
    """
    has_settled = one_row(
        connection.execute(
            "SELECT EXISTS (FROM vault.catalogue.settled) OR EXISTS (FROM vault.catalogue.items)"
        )
    )[0]
    has_old = one_row(
        connection.execute("""
        SELECT EXISTS (FROM duckdb_tables() WHERE database_name = 'warehouse'
            AND table_name = 'int_catalogue_placements')
    """)
    )[0]
    if has_settled or not has_old:
        return
    objects.install(connection)
    connection.execute("""
        INSERT INTO vault.catalogue.items
        SELECT item_kind, item_id, item_id, NULL, false, path_id, course_id, chapter_id, load_no
        FROM warehouse.intermediate.int_catalogue_placements
        QUALIFY row_number() OVER (
            PARTITION BY item_kind, item_id ORDER BY course_id NULLS LAST, chapter_id NULLS LAST,
                path_id NULLS LAST, load_no) = 1;
        INSERT INTO vault.catalogue.aliases
        SELECT item_kind, code, anonymart_object(code).key, item_key, load_no FROM vault.catalogue.items
        QUALIFY row_number() OVER (PARTITION BY item_kind, anonymart_object(code).key ORDER BY code) = 1
    """)
