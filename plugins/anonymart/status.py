"""How a home stands: what waits where since when, what asks for a person, whether chains and keys hold.

It opens everything to read only, and shows counts, days and digests, never who. While a run writes, nobody
else can open the zones: then what stands in files is told, and that a run writes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from anonymart import audit, config, versions
from anonymart.asks import Asks
from anonymart.backup import listed
from anonymart.chain import Chain
from anonymart.engine import table_exists
from anonymart.erasure import receipts
from anonymart.errors import AnonymartError, UsageError
from anonymart.files import landed
from anonymart.home import Home
from anonymart.ingest import silence, unreadable
from anonymart.ingest.run import still_refused
from anonymart.ingest.waiting import over_term
from anonymart.keys import Keys
from anonymart.lock import Busy, reading
from anonymart.policy import Policy, origins, policy_id
from anonymart.release import approval, list_releases
from anonymart.release.folder import MANIFEST, MANIFEST_SIGNATURE
from anonymart.release.signature import fingerprint, public_key, signed_by
from anonymart.rights.requests import CLOSED, Request, load_states
from anonymart.rows import one_row
from anonymart.session import Session
from anonymart.source_order import SOURCES

_SHORT = 12


@dataclass
class Status:
    """What is told. `is_busy`: a run writes, so `vault` is empty; `problems` are sentences for a person
    beside what `asks` counts.
    """

    as_of: date
    policy: dict[str, Any]
    files: dict[str, Any]
    vault: dict[str, Any] = field(default_factory=dict)
    asks: Asks = field(default_factory=Asks)
    problems: list[str] = field(default_factory=list)
    is_busy: bool = False

    @property
    def exit_code(self) -> int:
        """0 when all is well, 5 when something asks for a person."""
        return Asks(unreadable=len(self.problems)).exit_code(False) or self.asks.exit_code(True)

    @property
    def sentences(self) -> list[str]:
        """What asks for a person, a sentence each; one that says so when nothing does."""
        is_reported = self.asks.exit_code(True) or not self.problems
        return [*self.problems, *([self.asks.sentence] if is_reported else [])]

    def as_dict(self) -> dict[str, Any]:
        """One object for `--json`."""
        return {
            "as_of": str(self.as_of),
            "status": "asks" if self.exit_code else "ok",
            "is_busy": self.is_busy,
            "policy": self.policy,
            **self.files,
            **self.vault,
            "asks": {**self.asks.as_dict(), "problems": self.problems},
        }

    def health(self) -> dict[str, Any]:
        """No more than whether something asks, and counts: for a monitor."""
        requests = self.vault.get("requests", {})
        return {
            "status": "asks" if self.exit_code else "ok",
            "is_busy": self.is_busy,
            "problems": len(self.problems),
            "queued_files": sum(each["files"] for each in self.files["landing"].values()),
            "refused_files": len(self.asks.refused),
            "unreadable_rows": self.asks.unreadable,
            "open_requests": requests.get("open"),
            "late_requests": self.asks.late_requests,
            "silent_sources": len(self.asks.silent),
            "waiting_for_approval": int(bool(self.vault.get("waiting"))) if self.vault else None,
        }


def look(home: Home, policy: Policy, as_of: date, now: datetime) -> Status:
    """The status of a home on a day; ages are counted up to `now`. Changes nothing.

    Raises UsageError for a home that does not exist, or whose configuration is refused.
    """
    if not home.root.is_dir():
        raise UsageError(
            f"The home {home.root} does not exist: set ANONYMART_HOME, or make it by a first run."
        )
    status = Status(as_of, _policy(policy), _files(home, as_of, now))
    status.asks = Asks(refused=tuple(still_refused(home.landing)))
    status.problems += [
        f"The backup {each['backup_id']} is over its term: `anonymart backup --expire`."
        for each in status.files["backups"]
        if each["is_over"]
    ]
    try:
        keys = Keys.load(home)
        if home.vault.exists():
            with reading(home):
                _look_inside(status, Session(home, keys, policy))
    except Busy:
        status.is_busy = True
    except AnonymartError as error:
        if "in use by another process" in str(error):
            status.is_busy = True
        else:
            status.problems.append(str(error))
    return status


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "id": policy_id(policy),
        "changed": [each.entry for each in origins() if each.is_changed],
        "files": sorted(config.files()),
    }


def _files(home: Home, as_of: date, now: datetime) -> dict[str, Any]:
    """What can be told without a key."""
    zones = {
        "vault": home.vault,
        "warehouse": home.warehouse,
        "tombstones": home.tombstones,
        "receipts": home.receipts,
        "audit": home.audit,
    }
    disk = shutil.disk_usage(home.root)
    return {
        "zones": {name: _file(path, now) for name, path in zones.items() if path.exists()},
        "landing": {
            source: queue
            for source in SOURCES
            if (queue := _queue(landed.waiting(home.landing, source), now))
        },
        "backups": [
            {
                "backup_id": each.backup_id,
                "made_on": each.made_on,
                "age_days": (as_of - date.fromisoformat(each.made_on)).days,
                "keep_until": each.keep_until,
                "is_over": each.is_over(as_of),
            }
            for each in listed.read(home)
        ],
        "disk": {"free_bytes": disk.free, "total_bytes": disk.total},
    }


def _file(path: Path, now: datetime) -> dict[str, Any]:
    state = path.stat()
    return {"bytes": state.st_size, **_age(state.st_mtime, now)}


def _age(changed: float, now: datetime) -> dict[str, Any]:
    at = datetime.fromtimestamp(changed, UTC)
    return {
        "changed_at": at.isoformat(timespec="seconds"),
        "age_seconds": max(int((now - at).total_seconds()), 0),
    }


def _queue(paths: Iterable[Path], now: datetime) -> dict[str, Any] | None:
    """Files, bytes and the oldest of what waits to be loaded; None when nothing does."""
    found = []
    for path in paths:
        try:
            found.append(path.stat())
        except OSError:
            continue  # loaded meanwhile
    if not found:
        return None
    oldest = _age(min(state.st_mtime for state in found), now)
    return {
        "files": len(found),
        "bytes": sum(state.st_size for state in found),
        "oldest_at": oldest["changed_at"],
        "oldest_seconds": oldest["age_seconds"],
    }


def _look_inside(status: Status, session: Session) -> None:
    """What stands in the vault, and whether files hold by what it knows. The lock is held to read."""
    with session.connect(vault="ro") as connection:
        found = versions.read(connection, "vault")
        if found < versions.NEWEST:
            status.problems.append(
                "The vault was written by an older Anonymart: `anonymart migrate` brings it up to date."
            )
            return
        requests = list(load_states(connection, session.policy, status.as_of).values())
        silent = silence.find(connection, session.policy, status.as_of)
        inside: dict[str, Any] = {
            "last_run_on": _one(connection, "SELECT max(as_of) FROM vault.ledger.runs"),
            "last_load_on": _one(connection, "SELECT max(as_of) FROM vault.ledger.loads"),
            "requests": _requests(requests),
            "retention": _retention(connection, session.policy, status.as_of),
        }
        n_unreadable = unreadable.n_open(connection)
        folders = connection.execute("SELECT folder FROM vault.ledger.landings ORDER BY folder").fetchall()
        receipts_head = receipts.head(connection, "vault")
    # Files of a folder that a run was told to load from (--landing) wait there.
    others = [Path(each) for (each,) in folders if Path(each) != session.home.landing.resolve()]
    status.asks = Asks(
        (*status.asks.refused, *(name for folder in others for name in still_refused(folder))),
        n_unreadable,
        sum(request.is_late for request in requests),
        tuple(each.source for each in silent),
    )
    waits = approval.waiting(session)
    released = list_releases(session)
    inside |= {
        "waiting": {name: value for name, value in waits.as_dict().items() if name != "candidate_sha256"}
        if waits
        else None,
        "last_release": {name: released[-1][name] for name in ("release_id", "as_of", "is_current")}
        if released
        else None,
        "keys": {"status": "ok", "signing": fingerprint(public_key(session.keys))},
        "chains": {
            "audit": _audit(session, status),
            "receipts": _receipts(session, receipts_head, status),
            "signature": _signature(session, status),
        },
    }
    if waits:
        status.problems.append(
            f"Release {waits.release_id} waits for the reviewer since {waits.since[:10]}: "
            "`anonymart approvals`."
        )
    if inside["retention"]["held_since"]:
        status.problems.append(
            f"A plan of retention waits since {inside['retention']['held_since']}: `anonymart purge`."
        )
    status.vault = inside


def _requests(requests: list[Request]) -> dict[str, Any]:
    """Open requests by state, and the next last day (R-CLOCK): counts and a day, nothing of who asks."""
    opened = [request for request in requests if request.state not in CLOSED]
    return {
        "open": len(opened),
        "by_state": dict(sorted(Counter(request.state for request in opened).items())),
        "near": sum(request.is_near for request in opened),
        "late": sum(request.is_late for request in opened),
        "next_due_on": min((str(request.due_on) for request in opened), default=None),
    }


def _retention(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> dict[str, Any]:
    """Since when a plan waits, and how many raw rows are over their days and go with the next one."""
    since = (
        _one(connection, "SELECT min(since) FROM vault.ledger.retention_hold")
        if table_exists(connection, "ledger", "retention_hold")
        else None
    )
    tables = connection.execute(
        "SELECT DISTINCT table_name FROM duckdb_columns() WHERE database_name = 'vault' "
        "AND schema_name = 'raw' AND column_name = 'load_no' ORDER BY ALL"
    ).fetchall()
    over = over_term(policy, as_of)
    rows = [
        one_row(connection.execute(f'SELECT count(*) FROM vault.raw."{table}" WHERE load_no IN {over}'))[0]
        for (table,) in tables
    ]
    return {"held_since": since, "raw_rows_due": sum(rows)}


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> str | None:
    value = one_row(connection.execute(query))[0]
    return None if value is None else str(value)


def _audit(session: Session, status: Status) -> dict[str, Any]:
    verdict = audit.verify(session, is_read_only=True)
    return _chain(audit.chain(session.home), verdict.problem, "The audit log", status)


def _receipts(session: Session, known: tuple[int, str], status: Status) -> dict[str, Any]:
    file = receipts.chain(session.home)
    entries, whole = file.read()
    _, problem = file.check(entries, session.keys)
    number, value = known
    if problem is None and file.is_torn(whole):
        problem = "the last line is torn"
    # A kill may leave one receipt that the vault does not know yet.
    is_known = number == 0 or (number <= len(entries) and entries[number - 1].get("hash") == value)
    if problem is None and (not is_known or number < len(entries) - 1):
        problem = f"the last one is not the one that the vault knows (number {number})"
    return _chain(file, problem, "The list of receipts", status)


def _chain(file: Chain, problem: str | None, what: str, status: Status) -> dict[str, Any]:
    entries, _ = file.read()
    if problem:
        status.problems.append(f"{what} does not hold ({problem}): restore the file from a copy.")
    return {
        "holds": problem is None,
        "entries": len(entries),
        "head": str(entries[-1].get("hash", ""))[:_SHORT] if entries else None,
    }


def _signature(session: Session, status: Status) -> dict[str, Any] | None:
    """Whether the current release is signed with this home's key; None where there is none."""
    if not session.home.current.is_symlink():
        return None
    manifest, signature = session.home.current / MANIFEST, session.home.current / MANIFEST_SIGNATURE
    key = signed_by(manifest, signature)
    holds = key is not None and fingerprint(key) == fingerprint(public_key(session.keys))
    if not holds:
        status.problems.append(
            "The current release is not signed with this home's key: `anonymart verify` it."
        )
    head = hashlib.sha256(signature.read_bytes()).hexdigest()[:_SHORT] if signature.is_file() else None
    return {"holds": holds, "head": head}


def lines(told: dict[str, Any]) -> list[str]:
    """The status for people, one subject a line."""
    made: list[Callable[[dict[str, Any]], list[str]]] = [_line_zones, _line_landing, _line_vault, _line_rest]
    return [line for make in made for line in make(told)]


def _line_zones(told: dict[str, Any]) -> list[str]:
    return [
        f"{name}: {zone['bytes']:,} bytes, changed {_ago(zone['age_seconds'])} ago"
        for name, zone in told["zones"].items()
    ] or ["No zone yet: nothing was loaded."]


def _line_landing(told: dict[str, Any]) -> list[str]:
    return [
        f"landing/{source}: {queue['files']} waiting, {queue['bytes']:,} bytes, "
        f"the oldest for {_ago(queue['oldest_seconds'])}"
        for source, queue in told["landing"].items()
    ] or ["landing: nothing waits"]


def _line_vault(told: dict[str, Any]) -> list[str]:
    if "requests" not in told:
        return ["A run is writing: what stands in the vault cannot be told now."] if told["is_busy"] else []
    release, requests, waits = told["last_release"], told["requests"], told["waiting"]
    chains = {name: chain for name, chain in told["chains"].items() if chain}
    states = ", ".join(f"{number} {state}" for state, number in requests["by_state"].items())
    return [
        f"last run: as of {told['last_run_on'] or 'never'}; last load: {told['last_load_on'] or 'never'}",
        f"last release: {release['release_id']}, as of {release['as_of']}"
        if release
        else "last release: none",
        f"waits for approval: {waits['release_id']} since {waits['since']}"
        if waits
        else "waits for approval: none",
        f"requests: {requests['open']} open"
        + (f" ({states}), next last day {requests['next_due_on']}" if requests["open"] else ""),
        f"retention: {told['retention']['raw_rows_due']} raw rows over their term"
        + (f", held since {told['retention']['held_since']}" if told["retention"]["held_since"] else ""),
        "chains: "
        + ", ".join(
            f"{name} {chain['head'] or 'empty'}{'' if chain['holds'] else ' (does not hold)'}"
            for name, chain in chains.items()
        ),
        f"keys: {told['keys']['status']}, signing {told['keys']['signing']}",
    ]


def _line_rest(told: dict[str, Any]) -> list[str]:
    changed = len(told["policy"]["changed"])
    own = f", {changed} of its figures the school's own" if changed else ""
    backups = told["backups"]
    newest = f", the newest {backups[-1]['age_days']} days old" if backups else ""
    return [
        f"policy: {told['policy']['id']}{own}",
        f"backups: {len(backups)}{newest}",
        f"disk: {told['disk']['free_bytes']:,} bytes free",
    ]


def _ago(seconds: int) -> str:
    for size, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{seconds} seconds"
