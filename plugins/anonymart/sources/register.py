"""The pull of the learner register: what changed in PostgreSQL since the last pull becomes a file in
landing/learners/.

A watermark counts only once its file is safe: loaded by the vault, or still waiting in landing under the mark
that it was given. So a kill, a removed or a refused file and an older vault put back all lead to reading
again, and the ledger drops what it knows; nothing is lost and nothing doubled.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import psycopg

from anonymart import crash
from anonymart.errors import AnonymartError, UsageError
from anonymart.files.landed import file_mark
from anonymart.home import Home
from anonymart.ingest import changes, identities
from anonymart.ingest.contracts import shown
from anonymart.ingest.counts import Change
from anonymart.lock import writing
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.sources import postgres
from anonymart.sources.mapping import Mapping
from anonymart.vault import schema

SOURCE = "learners"


@dataclass(frozen=True)
class Pull:
    """What one pull did: the file it wrote (None: nothing changed), rows in it, rows of the whole table and
    how many fewer than at the last pull, rows without a time of change and with one ahead of the server's
    clock, whether it read everything, and what is other in the table than before.
    """

    file_name: str | None
    n_rows: int
    table_rows: int
    fewer_rows: int
    n_without_time: int
    n_ahead: int
    is_full: bool
    changes: tuple[Change, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """For a log: counts and names of columns, never a value."""
        told = f"{self.n_rows} of {self.table_rows} learners read" + (
            " (all of them)" if self.is_full else ""
        )
        lines = [
            f"{told}: {self.file_name} waits in landing/{SOURCE}."
            if self.file_name
            else f"No learner changed of {self.table_rows}."
        ]
        if self.fewer_rows:
            lines.append(
                f"{self.fewer_rows} learners fewer than at the last pull: who left the platform stays "
                f"here until the term is over "
                "or an erasure is asked for (`anonymart rights submit`)."
            )
        if self.n_without_time:
            lines.append(f"{self.n_without_time} learners have no time of change: they are read each time.")
        if self.n_ahead:
            lines.append(
                f"{self.n_ahead} learners changed after the server's own time: they are read again "
                f"until it has come."
            )
        if self.changes:
            lines.append(f"Other than before: {', '.join(each.sentence for each in self.changes)}.")
        return lines


@dataclass(frozen=True)
class _State:
    """What the vault knows of earlier pulls of the same table and mapping."""

    pull_no: int
    base_no: int | None
    read_to: datetime | None
    table_rows: int


def pull(session: Session, conninfo: str, mapping: Mapping, as_of: date, is_full: bool = False) -> Pull:
    """Read what changed since the last pull, or everything, into landing/learners/ (0600). The ingest loads
    it from there.

    Raises UsageError for an address or a mapping that does not fit the table, AnonymartError for a server
    that refuses or another pull at work; no message holds the address, the password or a value.
    """
    with _alone(session.home):
        for half in session.home.tmp.glob("register-*.part"):
            half.unlink(missing_ok=True)
        part = session.home.tmp / f"register-{secrets.token_hex(4)}.part"
        try:
            return postgres.reading(
                conninfo,
                mapping,
                lambda connection: _pull(connection, session, mapping, as_of, is_full, part),
            )
        finally:
            part.unlink(missing_ok=True)


def _pull(
    connection: psycopg.Connection,
    session: Session,
    mapping: Mapping,
    as_of: date,
    is_full: bool,
    part: Path,
) -> Pull:
    found = postgres.columns(connection, mapping)
    try:
        postgres.check(found, mapping)
    except UsageError:
        with _vault(session) as vault:
            _note_changes(vault, mapping, found, as_of, is_kept=False)
        raise
    table = postgres.look(connection, mapping, found)
    origin = f"{mapping.digest}:{table.database}"
    with _vault(session) as vault:
        state = _state(vault, session.home, origin)
    # A table whose newest change is older than what was read before was put back from a copy.
    is_full = is_full or state.read_to is None or table.newest is None or table.newest < state.read_to
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        n_rows = postgres.copy(connection, mapping, found, None if is_full else state.read_to, file)
        file.flush()
        os.fsync(file.fileno())
    crash.point("pull.before_rename")
    path = _deliver(session.home, part, state.pull_no) if n_rows else None
    crash.point("pull.after_rename")
    with _vault(session) as vault:
        told = _note_changes(vault, mapping, found, as_of, is_kept=True)
        base_no = None if is_full else state.base_no
        _note_pull(vault, (state.pull_no, base_no, as_of, origin), path, table, n_rows)
    crash.point("pull.after_commit")
    return Pull(
        path.name if path else None,
        n_rows,
        table.n_rows,
        max(state.table_rows - table.n_rows, 0),
        table.n_without_time,
        table.n_ahead,
        is_full,
        tuple(told),
    )


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """One pull at a time; the lock goes with its process. The home's own lock is held for moments only, so
    others work meanwhile.
    """
    with home.register_lock.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnonymartError("Another pull of the register is at work: wait for it to end.") from None
        yield


@contextmanager
def _vault(session: Session) -> Iterator[duckdb.DuckDBPyConnection]:
    """The vault within one transaction, under the home's lock."""
    with writing(session.home):
        connection = session.connect(vault="rw")
        try:
            schema.create(connection, session.keys)
            identities.install(connection, session.keys)
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()


def _state(vault: duckdb.DuckDBPyConnection, home: Home, origin: str) -> _State:
    """The newest pull whose file is safe, and the file of each pull that it built on."""
    rows = vault.execute(
        """
        SELECT pulls.pull_no, pulls.base_no, pulls.origin = $2, pulls.file_name, pulls.file_mark,
            pulls.read_to, pulls.table_rows,
            loads.file_mark IS NOT NULL
        FROM vault.ledger.register_pulls AS pulls
        LEFT JOIN (SELECT DISTINCT file_mark FROM vault.ledger.loads
        WHERE source = $1 AND status = 'loaded') AS loads USING (file_mark)
        ORDER BY pulls.pull_no
    """,
        [SOURCE, origin],
    ).fetchall()
    safe: dict[int | None, datetime | None] = {None: None}
    table_rows = 0
    for pull_no, base_no, is_ours, name, mark, read_to, n_rows, is_loaded in rows:
        if is_ours:
            table_rows = n_rows
            if base_no in safe and (is_loaded or _waits(home, name, mark)):
                safe[pull_no] = read_to
    base_no = max((number for number in safe if number is not None), default=None)
    return _State(max((row[0] for row in rows), default=0) + 1, base_no, safe[base_no], table_rows)


def _waits(home: Home, name: str | None, mark: str | None) -> bool:
    path = home.landing / SOURCE / (name or ".")
    return path.is_file() and file_mark(path) == mark


def _deliver(home: Home, part: Path, pull_no: int) -> Path:
    folder = home.landing / SOURCE
    folder.mkdir(mode=0o700, exist_ok=True)
    # No name is used twice: a run may be loading the file of a killed pull just now.
    path = folder / f"register-{pull_no:06d}-{secrets.token_hex(2)}.csv"
    part.rename(path)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return path


def _note_changes(
    vault: duckdb.DuckDBPyConnection,
    mapping: Mapping,
    found: list[postgres.Found],
    as_of: date,
    is_kept: bool,
) -> list[Change]:
    """What is other in the whole table, also in columns that are not read: names and types only."""
    series = changes.Series(SOURCE, "postgresql", f"{mapping.schema}.{mapping.table}")
    has = [changes.Seen(changes.COLUMN, shown(column.name, column.number), column.type) for column in found]
    told = changes.compare(vault, series, has)
    changes.write(vault, told, SOURCE, None, as_of)
    if is_kept:
        number = one_row(
            vault.execute(
                "SELECT coalesce(max(last_load_no), 0) + 1 FROM vault.ledger.seen WHERE layout = 'postgresql'"
            )
        )[0]
        changes.keep(vault, series, has, number)
    return told


def _note_pull(
    vault: duckdb.DuckDBPyConnection,
    head: tuple[int, int | None, date, str],
    path: Path | None,
    table: postgres.Table,
    n_rows: int,
) -> None:
    vault.execute(
        "INSERT INTO vault.ledger.register_pulls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *head,
            path.name if path else None,
            file_mark(path) if path else None,
            table.newest,
            n_rows,
            table.n_rows,
        ],
    )
