"""Removing what should never have come: a column that a form asked for, what tells of an hour, a delivered
file. A plan first, with what rests on it; then rows, bytes, a receipt and a tombstone (S-SAFE, D-SPECIAL).
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path

import duckdb

from anonymart import audit, lists
from anonymart.contracts import load_contracts
from anonymart.erasure import files, purged, removal
from anonymart.erasure.purged import COLUMNS, HISTORY, Purge
from anonymart.erasure.zones import Zones
from anonymart.errors import UsageError
from anonymart.files.landed import REFUSED_SUFFIX
from anonymart.policy import Policy
from anonymart.release import ledger
from anonymart.session import Session
from anonymart.source_order import SOURCES

_CORRECTIONS = "vault.rights.corrections"
_REF = re.compile(r"""ref\(\s*['"](\w+)['"]\s*\)""")


@dataclass(frozen=True)
class Asked:
    """What a person asks to purge, as typed: one of column, time and file, or a column in a time (UTC)."""

    source: str
    column: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    file: str | None = None


@dataclass
class Plan:
    """A plan, or what was done: rows or cells by place, files by kind, and by release that stands the marts
    whose cells may rest on it; how many of the vault's rows are of people who asked that theirs be kept
    (R-RESTRICT); the token names the plan.
    """

    as_of: str
    asked: Asked
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    releases: dict[str, list[str]] = field(default_factory=dict)
    restricted: int = 0
    is_done: bool = False
    receipt_no: int | None = None

    @property
    def token(self) -> str:
        """Acting needs it, so that nobody acts on a plan that has changed since."""
        told = [self.as_of, str(self.asked), self.rows, self.files, self.restricted]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def what(self) -> str:
        """In words, for people and for the reason of a withdrawal."""
        parts = [f"of {self.asked.source}"]
        parts += [f"the column {self.asked.column}"] if self.asked.column else []
        parts += [f"from {self.asked.from_at} to {self.asked.until_at}"] if self.asked.from_at else []
        return ", ".join(parts + (["a delivered file"] if self.asked.file else []))

    @property
    def not_counted(self) -> str | None:
        """A sentence where answers count in no figure any more, as nothing tells them right without the
        column.
        """
        return purged.NOT_COUNTED.get((self.asked.source, self.asked.column or ""))


def plan(session: Session, asked: Asked) -> Plan:
    """Count what would go, and name the releases that may rest on it; changes nothing.

    Raises UsageError for a source, column or file that is unknown or cannot be purged.
    """
    if not session.home.vault.exists():
        raise UsageError(f"The vault {session.home.vault} does not exist yet: there is nothing to purge.")
    with Zones(session) as zones:
        return _plan(zones, session.policy, session.as_of, asked)[0]


def carry_out(session: Session, asked: Asked, token: str, actor: str | None = None) -> Plan:
    """Remove it: files, rows, bytes; the tombstone keeps a redelivery out, the receipt tells of it.

    A zip that somebody is to be handed is made anew without it, and an erasure of theirs waits on (R-ACCESS).
    Killed at any step and run again, or followed by any later command that removes, it ends whole. Raises
    UsageError as `plan` and for a stale token, AnonymartError on a fault: run again then.
    """
    from anonymart.release import approval
    from anonymart.rights import handover

    removal.finish(session)
    with Zones(session) as zones:
        present, purge = _plan(zones, session.policy, session.as_of, asked)
        if token != present.token:
            raise UsageError(
                "The token is not that of the present plan: look at the plan again; nothing was removed."
            )
        paths = _files(zones, asked, purge)
        awaited = handover.paths_of_requests(session, zones.connection)
    # Before anything goes: a kill must not leave a candidate that could still be let out.
    approval.supersede(session, "rows were purged", actor)
    audit.record(
        session, "purged", actor,
        source=asked.source, column=asked.column, deliveries=len(purge.file_marks),
        **{"from": str(asked.from_at or ""), "until": str(asked.until_at or "")},
    )  # fmt: skip
    for path in (path for found in paths.values() for path in found):
        if path in awaited:
            handover.withhold(session, path)
        else:
            path.unlink(missing_ok=True)
    done = removal.carry_out_purge(session, purge)
    handover.prepare_again(session)
    present.is_done, present.receipt_no = True, done.receipt_no
    return present


def _plan(zones: Zones, policy: Policy, as_of: date, asked: Asked) -> tuple[Plan, Purge]:
    connection = zones.connection
    purge = _purge(connection, asked)
    found = Plan(as_of.isoformat(), asked, purged.count(connection, purge, policy))
    found.files = {kind: len(paths) for kind, paths in _files(zones, asked, purge).items() if paths}
    found.releases = _releases(connection, purge)
    found.restricted = purged.count_restricted(connection, purge)
    return found, purge


def _purge(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Purge:
    if asked.source not in SOURCES:
        raise UsageError(f"There is no source of that name: choose among {', '.join(SOURCES)}.")
    if (asked.from_at is None) != (asked.until_at is None):
        raise UsageError("--from and --to go together.")
    if asked.file and (asked.column or asked.from_at):
        raise UsageError("--file goes without --column, --from and --to.")
    if not (asked.file or asked.column or asked.from_at):
        raise UsageError("Say what shall go: --column, --from and --to, or --file.")
    marks = _marks(connection, asked) if asked.file else ()
    purge = purged.checked(Purge(asked.source, asked.column, asked.from_at, asked.until_at, marks))
    if not marks:
        return purge
    hashes = connection.execute(
        f"SELECT DISTINCT row_hash FROM {purge.table} "
        f"WHERE {purge.rows} AND row_hash IS NOT NULL ORDER BY ALL"
    ).fetchall()
    return replace(purge, row_hashes=tuple(each for (each,) in hashes))


def _marks(connection: duckdb.DuckDBPyConnection, asked: Asked) -> tuple[str, ...]:
    """The marks of every delivery under a name. Raises UsageError where there was none, or where its
    rows have left the vault.
    """
    rows = connection.execute(
        "SELECT file_mark, load_no, loaded FROM vault.ledger.loads WHERE source = ? AND file_name = ? "
        "AND status = 'loaded' AND file_mark IS NOT NULL ORDER BY load_no",
        [asked.source, asked.file],
    ).fetchall()
    if not rows:
        raise UsageError("No file of that name was loaded from this source: `anonymart ingest` tells names.")
    table = Purge(asked.source).table
    for _, load_no, loaded in rows:
        held = connection.execute(
            f"SELECT EXISTS (FROM {table} WHERE load_no = ?)", [load_no]
        ).fetchone() or (False,)
        if loaded and not held[0] and asked.source in HISTORY:
            raise UsageError(
                "The delivered rows of this file have left the vault, so the history cannot tell them from "
                "others: purge by --from and --to."
            )
    return tuple(mark for mark, _, _ in rows)


def _files(zones: Zones, asked: Asked, purge: Purge) -> dict[str, list[Path]]:
    """Files of the home that may hold it: refused deliveries of the source, and what was prepared for people
    and tells of the source.
    """
    name = f"{asked.file}{REFUSED_SUFFIX}" if asked.file else f"*{REFUSED_SUFFIX}"
    refused = [
        path
        for folder in files.landings(zones.connection, zones.session.home)
        for path in sorted((folder / asked.source).rglob(name))
        if path.is_file()
    ]
    prepared = [path for path in sorted(zones.session.home.exports.glob("*")) if _may_hold(path, purge)]
    return {files.REFUSED: refused, "exports prepared for people": prepared}


def _may_hold(path: Path, purge: Purge) -> bool:
    """Whether a zip tells of rows of the source, or of its column; one that cannot be read may. The others
    stay: whoever asked for them has no other (R-ACCESS).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            held = json.loads(archive.read("data.json"))["held"]
            name = "learning_statements.json"
            statements = json.loads(archive.read(name)) if name in archive.namelist() else []
    except (OSError, ValueError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return True
    history = f"warehouse.intermediate.{HISTORY.get(purge.source)}"
    if purge.column is None:
        places = [purge.table, history]
        places += ["vault.register.last_use"] if purge.source in ("learning", "connections") else []
        return bool(statements and purge.source == "learning") or any(place in held for place in places)
    told = {purge.table: [purge.column], history: [*COLUMNS[purge.source][purge.column]]}
    values = [row.get(name) for place, names in told.items() for row in held.get(place, []) for name in names]
    values += [row for row in held.get(_CORRECTIONS, []) if row.get("column_name") == purge.column]
    return bool(statements and purge.source == "learning") or any(each not in (None, []) for each in values)


def _releases(connection: duckdb.DuckDBPyConnection, purge: Purge) -> dict[str, list[str]]:
    """Releases that stand and first published cells of marts that read the source, since its first delivery
    that is meant: they may rest on it.
    """
    if purge.source not in HISTORY or (purge.column and not COLUMNS[purge.source][purge.column]):
        return {}
    first = connection.execute(
        f"SELECT min(as_of) FROM vault.ledger.loads WHERE source = $1 AND (NOT $2 OR load_no IN "
        f"(SELECT load_no FROM {purge.table} WHERE {purge.rows}))",
        [purge.source, bool(purge.file_marks)],
    ).fetchone()
    marts = [mart for mart in load_contracts() if purge.source in sources_of(mart)]
    standing = ledger.standing(connection)
    found: dict[str, list[str]] = {}
    for release in ledger.releases(connection):
        release_id = release["release_id"]
        if release_id not in standing or not first or first[0] is None or release["as_of"] < first[0]:
            continue
        closed = connection.execute(
            "SELECT DISTINCT mart FROM vault.ledger.closed_periods WHERE release_id = ? ORDER BY mart",
            [release_id],
        ).fetchall()
        if here := [mart for (mart,) in closed if mart in marts]:
            found[release_id] = here
    return found


@cache
def sources_of(mart: str) -> frozenset[str]:
    """The sources whose history a mart is made from, by the models that it names."""
    paths = {path.stem: path for path in (lists.project() / lists.MODELS).rglob("*.sql")}
    seen: set[str] = set()
    waiting = [f"int_people__{mart}"]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in paths:
            continue
        seen.add(name)
        waiting += _REF.findall(paths[name].read_text(encoding="utf-8"))
    by_history = {table: source for source, table in HISTORY.items()}
    return frozenset(by_history[name] for name in seen if name in by_history)
