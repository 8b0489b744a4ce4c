"""The ledger's list of changes, newest first, with the sources that are silent: for the data team's eyes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import date

import duckdb

from anonymart import engine
from anonymart.ingest import silence
from anonymart.ingest.counts import Change
from anonymart.ingest.waiting import Waiting
from anonymart.ingest.waiting import count as count_waiting
from anonymart.session import Session


@dataclass(frozen=True)
class Noted:
    """One line of the ledger: the day of the run, the source, its file (None: a table that was pulled), and
    what is other in it.
    """

    as_of: date
    source: str
    file_name: str | None
    change: Change


@dataclass(frozen=True)
class Unknown:
    """A verb or a type of activity that no list knows, the day of the newest run that brought it, and how
    many statements there were.
    """

    as_of: date
    kind: str
    name: str
    n_rows: int

    @property
    def sentence(self) -> str:
        """What to do about it, for a line."""
        where = "lists/verbs.csv" if self.kind == "verb" else "learning.yml"
        return (
            f"{self.as_of} learning: {self.kind} {self.name} is not known, {self.n_rows} statements count "
            f"as other: name it in {where} of the school's configuration"
        )


@dataclass(frozen=True)
class Listing:
    """Changes, newest first, silent sources, verbs and types that no list knows, what no catalogue knew, and
    what waits for the register.

    `unmatched` are day, kind, masked shape, and numbers of statements and ids.
    """

    changes: tuple[Noted, ...]
    silent: tuple[silence.Silent, ...]
    unknown: tuple[Unknown, ...] = ()
    unmatched: tuple[tuple[str, str, str, int, int], ...] = ()
    waiting: Waiting = field(default_factory=Waiting)

    def as_dict(self) -> dict:
        """One object for `--json`: names, types and days, never a value."""
        told = [
            {
                "as_of": each.as_of.isoformat(),
                "source": each.source,
                "file_name": each.file_name,
                **dataclasses.asdict(each.change),
            }
            for each in self.changes
        ]
        names = ("as_of", "item_kind", "shape", "n_statements", "n_ids")
        return {
            "changes": told,
            "silent_sources": [
                {**dataclasses.asdict(each), "last_on": each.last_on.isoformat()} for each in self.silent
            ],
            "unknown_names": [
                {**dataclasses.asdict(each), "as_of": each.as_of.isoformat()} for each in self.unknown
            ],
            "unmatched": [dict(zip(names, row, strict=True)) for row in self.unmatched],
            "waiting_people": self.waiting.as_dict(),
        }

    @property
    def sentences(self) -> list[str]:
        """A line for each, and one that says so when there is none."""
        lines = [
            f"{each.as_of} {each.source}/{each.file_name or 'PostgreSQL'}: {each.change.sentence}"
            for each in self.changes
        ]
        lines += [each.sentence for each in self.unknown]
        lines += [
            f"{as_of} learning: {n} statements name {n_ids} ids like {shape} that no catalogue knows "
            f"({kind}); "
            "`anonymart sources catalogue --unmatched --out FILE` writes rows to complete"
            for as_of, kind, shape, n, n_ids in self.unmatched
        ]
        return [*lines, *(each.sentence for each in self.silent), *self.waiting.sentences] or [
            "No source has changed, and none is silent."
        ]


def listed(session: Session, sources: tuple[str, ...] | None = None) -> Listing:
    """What the ledger of the vault says of the sources (all by default) up to `as_of`."""
    with session.connect(vault="ro") as connection:
        has_table = engine.table_exists(connection, "ledger", "changes")
        rows = (
            connection.execute(
                """
            SELECT changes.as_of, changes.source, loads.file_name, changes.kind, changes.name, changes.was,
                changes.became
            FROM vault.ledger.changes AS changes LEFT JOIN vault.ledger.loads AS loads USING (load_no)
            WHERE changes.as_of <= $1 ORDER BY changes.as_of DESC, changes.rowid DESC
        """,
                [session.as_of],
            ).fetchall()
            if has_table
            else []
        )
        unmatched = _unmatched(connection, session.as_of) if not sources or "learning" in sources else []
        silent = silence.find(connection, session.policy, session.as_of, sources)
        unknown = _unknown(connection, session.as_of) if not sources or "learning" in sources else ()
        waiting = count_waiting(connection)
    noted = (Noted(day, source, file, Change(*change)) for day, source, file, *change in rows)
    return Listing(
        tuple(each for each in noted if not sources or each.source in sources),
        tuple(silent),
        unknown,
        tuple(unmatched),
        waiting,
    )


def _unknown(connection: duckdb.DuckDBPyConnection, as_of: date) -> tuple[Unknown, ...]:
    """Of all runs up to `as_of`; the newest first."""
    has_table = engine.table_exists(connection, "ledger", "unknown_names")
    if not has_table:
        return ()
    rows = connection.execute(
        """
        SELECT max(loads.as_of) AS as_of, unknown.kind, unknown.name, sum(unknown.n_rows)::BIGINT AS n_rows
        FROM vault.ledger.unknown_names AS unknown INNER JOIN vault.ledger.loads AS loads USING (load_no)
        WHERE loads.as_of <= $1 GROUP BY unknown.kind, unknown.name
        ORDER BY as_of DESC, n_rows DESC, unknown.name
    """,
        [as_of],
    ).fetchall()
    return tuple(Unknown(*row) for row in rows)


def _unmatched(connection: duckdb.DuckDBPyConnection, as_of: date) -> list[tuple[str, str, str, int, int]]:
    has_table = engine.table_exists(connection, "ledger", "unmatched")
    return (
        connection.execute(
            """
        SELECT as_of::VARCHAR, item_kind, shape, n_statements, n_ids FROM vault.ledger.unmatched
        WHERE as_of <= $1 ORDER BY as_of DESC, load_no DESC, n_statements DESC, item_kind, shape
    """,
            [as_of],
        ).fetchall()
        if has_table
        else []
    )
