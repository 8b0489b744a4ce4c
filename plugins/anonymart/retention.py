"""Retention: what is older than its term leaves the vault (raw rows, P-LOG)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from anonymart import crash, engine
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.ingest.files import REFUSED_SUFFIX, refused_mark
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.vault import schema

_RAW_TABLES = ("raw.learning", "raw.enrolments", "raw.salary")


@dataclass
class Purge:
    """A plan or what was done: rows per table of the vault, files of landing, and the token of the plan."""

    as_of: str
    rows: dict[str, int] = field(default_factory=dict)
    refused_files: int = 0
    is_done: bool = False

    @property
    def token(self) -> str:
        """Names this plan: acting needs it, so that nobody acts on a plan that has changed since."""
        content = json.dumps([self.as_of, self.rows, self.refused_files], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def plan(home: Home, keys: Keys, policy: Policy, as_of: date) -> Purge:
    """Count what `enforce` would remove; changes nothing."""
    if not home.vault.exists():
        raise UsageError(f"The vault {home.vault} does not exist yet: there is nothing to purge.")
    connection = engine.connect(home, keys, vault="ro")
    try:
        return _count(connection, home, policy, as_of)
    finally:
        connection.close()


def enforce(home: Home, keys: Keys, policy: Policy, as_of: date, token: str | None = None) -> Purge:
    """Remove raw rows and connection logs that are over their term, in one transaction.

    A `token`, where given, must be the plan's own. Raises UsageError when it is not, AnonymartError on a fault.
    """
    connection = engine.connect(home, keys, vault="rw")
    try:
        schema.create(connection, keys)
        found = _count(connection, home, policy, as_of)
        if token is not None and token != found.token:
            raise UsageError("The token is not that of the present plan: look at the plan again.")
        refused = _old_refused_files(connection, home, policy, as_of)
        connection.execute("BEGIN")
        for table, condition in _conditions(policy, as_of).items():
            connection.execute(f"DELETE FROM vault.{table} WHERE {condition}")
        crash.point("retention.before_commit")
        connection.execute("COMMIT")
        crash.point("retention.after_commit")
        connection.execute("CHECKPOINT vault")
    except duckdb.Error as error:
        raise AnonymartError(f"Retention stopped ({type(error).__name__}): nothing was lost, run it again.") from None
    finally:
        connection.close()
    for path in refused:
        path.unlink(missing_ok=True)
    found.is_done = True
    return found


def _conditions(policy: Policy, as_of: date) -> dict[str, str]:
    """For each table of the vault with a term of its own, which rows are over it."""
    day = f"DATE '{as_of}'"
    raw = (
        "load_no IN (SELECT load_no FROM vault.ledger.loads "
        f"WHERE as_of + {policy.figure('raw', 'keep_days')} < {day})"
    )
    logs = f"connected_at < {day} - INTERVAL {policy.figure('purposes', 'P-LOG', 'keep_years')} YEAR"
    return {**dict.fromkeys(_RAW_TABLES, raw), "register.connections": logs}


def _count(connection: duckdb.DuckDBPyConnection, home: Home, policy: Policy, as_of: date) -> Purge:
    found = Purge(str(as_of))
    for table, condition in _conditions(policy, as_of).items():
        found.rows[table] = connection.execute(f"SELECT count(*) FROM vault.{table} WHERE {condition}").fetchone()[0]
    found.refused_files = len(_old_refused_files(connection, home, policy, as_of))
    return found


def _old_refused_files(connection: duckdb.DuckDBPyConnection, home: Home, policy: Policy, as_of: date) -> list[Path]:
    """Refused files that wait in landing for longer than raw rows may be kept, by the date of the run that refused them."""
    marks = connection.execute(
        "SELECT file_mark FROM vault.ledger.loads WHERE status = 'refused' AND as_of + $1 < $2",
        [policy.figure("raw", "keep_days"), as_of],
    ).fetchall()
    old = {mark for (mark,) in marks}
    return [path for path in home.landing.rglob(f"*{REFUSED_SUFFIX}") if refused_mark(path) in old]
