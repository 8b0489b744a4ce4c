"""How far a store has been read, in the vault's ledger: a vault that is put back from a copy asks again for
what it lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.vault import schema


@dataclass(frozen=True)
class Cursor:
    """Where a store's reader stands.

    `more` is the link that the drain under way goes on with (None: no drain is under way, '': it has no link
    that works), `since_at` where that drain, or its last start anew, began, and `reached_at` the last
    `stored` it gave. `is_ordered`: this drain gave the oldest first so far, so that `reached_at` says how far
    it has come. `newest_at` is the newest `stored` of all drains, `part_no` the number of files written.
    """

    part_no: int = 0
    since_at: datetime | None = None
    reached_at: datetime | None = None
    more: str | None = None
    newest_at: datetime | None = None
    is_ordered: bool = True

    def seen(self, moments: list[datetime]) -> Cursor:
        """The cursor after a page with these times of `stored`."""
        if not moments:
            return self
        last = [self.reached_at] if self.reached_at else []
        is_ordered = self.is_ordered and [*last, *moments] == sorted([*last, *moments])
        newest = max([self.newest_at, *moments] if self.newest_at else moments)
        return replace(self, reached_at=moments[-1], newest_at=newest, is_ordered=is_ordered)

    def restart(self, overlap: timedelta) -> datetime | None:
        """From where to ask again when the link is lost: as far as an ordered drain has come, else from where
        it began.
        """
        return self.reached_at - overlap if self.is_ordered and self.reached_at else self.since_at


def read(session: Session, endpoint: str) -> Cursor:
    """The cursor of the store, a new one when it was never read."""
    if not session.home.vault.exists():
        return Cursor()
    with session.connect(vault="ro") as connection:
        is_there = one_row(
            connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'lrs_cursors'")
        )[0]
        row = (
            is_there
            and connection.execute(
                "SELECT part_no, since_at, reached_at, more, newest_at, is_ordered FROM "
                "vault.ledger.lrs_cursors WHERE endpoint = $1",
                [endpoint],
            ).fetchone()
        )
    if not row:
        return Cursor()
    part_no, since_at, reached_at, more, newest_at, is_ordered = row
    return Cursor(part_no, _utc(since_at), _utc(reached_at), more, _utc(newest_at), is_ordered)


def write(session: Session, endpoint: str, cursor: Cursor) -> None:
    """Keep the cursor; the caller holds the lock of the home."""
    with session.connect(vault="rw") as connection:
        schema.create(connection, session.keys)
        connection.execute("BEGIN")
        connection.execute("DELETE FROM vault.ledger.lrs_cursors WHERE endpoint = $1", [endpoint])
        connection.execute(
            "INSERT INTO vault.ledger.lrs_cursors VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                endpoint,
                cursor.part_no,
                _naive(cursor.since_at),
                _naive(cursor.reached_at),
                cursor.more,
                _naive(cursor.newest_at),
                cursor.is_ordered,
            ],
        )
        connection.execute("COMMIT")


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)


def _naive(moment: datetime | None) -> datetime | None:
    return moment and moment.astimezone(UTC).replace(tzinfo=None)
