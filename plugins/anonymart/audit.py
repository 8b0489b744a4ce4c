"""The audit log: who built, approved, refused, published, withdrew and shared what, in `audit.ndjson`, which
is only ever added to (S-SAFE, S-SHARE).

An act notes its entry in the transaction of the vault that decides it (`audit_open`), with the new head of
the chain; the file gets it afterwards. So a kill before the commit leaves neither act nor entry, and one
after it an entry that the next command writes, once.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from anonymart import crash
from anonymart.chain import FIRST, OTHER_KEY, Chain, Entry, line_of, other_key
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.vault import schema

ACTS = (
    "built",
    "waiting",
    "superseded",
    "approved",
    "refused",
    "held_back",
    "ordered",
    "order_approved",
    "order_refused",
    "published",
    "withdrew",
    "reworded",
    "shared",
    "confirmed_day",
    "held_retention",
    "let_retention_go",
    "purged",
    "sealed",
    "restored",
    "rotated",
)
_ACTOR = re.compile(r"[^\W_][\w .'-]{0,63}")


@dataclass(frozen=True)
class Verdict:
    """Whether the chain holds, over how many entries, and what is wrong with it."""

    passed: bool
    n_entries: int
    problem: str | None = None


def who(connection: duckdb.DuckDBPyConnection, given: str | None = None) -> str:
    """Who acts: the name given, else ANONYMART_ACTOR, else the user of the operating system. Call it outside
    of a transaction.

    Raises UsageError for a name of another form, or one that the detector or the attached `vault` takes for a
    learner's.
    """
    name = given or os.environ.get("ANONYMART_ACTOR")
    if not name:
        return os_user()
    from anonymart.gate.typed import kinds_in

    if not _ACTOR.fullmatch(name) or kinds_in(connection, name):
        raise UsageError(
            "--as (or ANONYMART_ACTOR) may be a learner's name, an address, or longer than 64 "
            "characters: give a role or a login, such as reviewer."
        )
    return name


def os_user() -> str:
    """The user whom the operating system knows this process by, whatever the environment says."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid-{os.geteuid()}"


def record(session: Session, act: str, actor: str | None = None, **told: Any) -> None:
    """Note an act that no other transaction decides. Raises as `who` and `enter` do."""
    with session.connect(vault="rw") as connection:
        name = who(connection, actor)
        connection.execute("BEGIN")
        enter(connection, session, act, name, **told)
        connection.execute("COMMIT")
    flush(session)


def enter(
    connection: duckdb.DuckDBPyConnection,
    session: Session,
    act: str,
    actor: str,
    **told: Any,
) -> None:
    """Note an act within the caller's transaction on `vault`; `flush` after its commit takes the entry to the
    file.

    `told` names releases and says why, never a learner. Raises AnonymartError when the log is broken: what
    comes after would prove nothing.
    """
    if act not in ACTS:
        raise ValueError(f"unknown act {act}")
    connection.execute(schema.AUDIT)
    number, previous = _last(connection, session)
    content = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "as_of": session.as_of.isoformat(),
        "act": act,
        "actor": actor,
        "os_user": os_user(),
        **told,
    }
    entry = chain(session.home).next_entry(number + 1, previous, content, session.keys)
    connection.execute("INSERT INTO vault.ledger.audit_open VALUES (?, ?)", [number + 1, json.dumps(entry)])
    connection.execute("DELETE FROM vault.ledger.audit_head")
    connection.execute("INSERT INTO vault.ledger.audit_head VALUES (?, ?)", [number + 1, entry["hash"]])


def flush(session: Session) -> None:
    """Write what was committed and is not in the file yet. Raises AnonymartError when the file does not
    hold.
    """
    if not session.home.vault.exists():
        return
    with session.connect(vault="ro") as connection:
        if not _open_entries(connection):
            return
    with session.connect(vault="rw") as connection:
        crash.point("audit.before_append")
        _append(session, _open_entries(connection))
        crash.point("audit.after_append")
        connection.execute("DELETE FROM vault.ledger.audit_open")


def entries(home: Home) -> list[Entry]:
    """Every entry of the file, oldest first, as it stands there; `verify` tells whether they hold."""
    return chain(home).read()[0]


def verify(session: Session, is_read_only: bool = False) -> Verdict:
    """Check every entry, their order, and that the last one is the one that the vault knows. What was
    committed is written first; read-only, it is checked from where it waits, and nothing is opened for
    writing.

    Raises nothing for a broken log: that is what it tells.
    """
    if not is_read_only:
        with contextlib.suppress(AnonymartError):
            flush(session)
    log = chain(session.home)
    found, whole = log.read()
    if is_read_only and session.home.vault.exists():
        with session.connect(vault="ro") as connection:
            found += [entry for entry in _open_entries(connection) if entry[log.number] > len(found)]
    n_good, problem = log.check(found, session.keys)
    if problem is None and log.is_torn(whole):
        problem = "the last line is torn"
    if problem is None and session.home.vault.exists():
        with session.connect(vault="ro") as connection:
            number, value = head(connection)
        problem = _unlike_head(found, number, value)
        if problem is None and number < len(found):
            problem = f"the vault knows only {number} of {len(found)} entries: it is an older copy"
    return Verdict(problem is None, n_good, problem)


def _append(session: Session, waiting: list[Entry]) -> None:
    log = chain(session.home)
    found, whole = log.read()
    _, problem = log.check(found, session.keys)
    for entry in waiting:
        number = entry[log.number]
        if not problem and number == len(found) + 1:
            log.append(entry, whole)
            found.append(entry)
            whole += len(line_of(entry))
        elif not problem and found[number - 1 : number] != [entry]:
            problem = (
                f"entry {len(found) + 1} is missing"
                if number > len(found)
                else f"entry {number} is not the one that the vault knows"
            )
    if problem:
        raise _broken(session.home, problem)


def write_open(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Take entries that were committed and are not in the file yet to the file, whatever key has made them;
    `vault` is attached to write.
    """
    log = chain(home)
    for entry in _open_entries(connection):
        found, whole = log.read()
        if entry[log.number] == len(found) + 1:
            log.append(entry, whole)
    connection.execute(f"{schema.AUDIT} DELETE FROM vault.ledger.audit_open")


def _last(connection: duckdb.DuckDBPyConnection, session: Session) -> tuple[int, str]:
    """Number and hash of the last entry: one that waits, else that of the file, which may know more than a
    restored vault.
    """
    log = chain(session.home)
    found, _ = log.read()
    _, problem = log.check(found, session.keys)
    waiting = _open_entries(connection)
    if not problem and not waiting:
        problem = _unlike_head(found, *head(connection))
    if problem:
        raise _broken(session.home, problem)
    last = (waiting or found or [{log.number: 0, "hash": FIRST}])[-1]
    return last[log.number], last["hash"]


def _unlike_head(found: list[Entry], number: int, value: str) -> str | None:
    if number > len(found):
        return f"entry {len(found) + 1} is missing"
    if number and found[number - 1]["hash"] != value:
        return f"entry {number} is not the one that the vault knows"
    return None


def head(connection: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """Number and hash of the last entry that the attached `vault` knows; (0, FIRST) when there was none."""
    if not _has(connection, "audit_head"):
        return 0, FIRST
    return connection.execute("SELECT entry_no, hash FROM vault.ledger.audit_head").fetchone() or (0, FIRST)


def _open_entries(connection: duckdb.DuckDBPyConnection) -> list[Entry]:
    if not _has(connection, "audit_open"):
        return []
    rows = connection.execute("SELECT entry FROM vault.ledger.audit_open ORDER BY entry_no").fetchall()
    return [json.loads(text) for (text,) in rows]


def _has(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return one_row(
        connection.execute(
            "SELECT EXISTS (FROM duckdb_tables() WHERE database_name = 'vault' AND schema_name = "
            "'ledger' AND table_name = $1)",
            [table],
        )
    )[0]


def chain(home: Home) -> Chain:
    """The audit log as a chain."""
    return Chain(home.audit, "entry_no", "entry")


def _broken(home: Home, problem: str) -> AnonymartError:
    if problem == OTHER_KEY:
        return other_key(home.audit)
    return AnonymartError(
        f"The audit log {home.audit} does not hold ({problem}): restore the file from a copy, then run "
        f"again; nothing was lost."
    )
