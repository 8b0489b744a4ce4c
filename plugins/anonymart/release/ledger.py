"""The vault's ledger of releases: which cells were published when. It knows cells and no person (S-ANON)."""

from __future__ import annotations

import json
import os
from datetime import date
from typing import Any

import duckdb

from anonymart.disclosure.perturbation import BEFORE_CLASSES, Scheme
from anonymart.engine import table_exists
from anonymart.policy import BEFORE_BROAD, CLASSES
from anonymart.session import Session


def releases(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every committed release, oldest first, as the vault's ledger knows it."""
    if not table_exists(connection, "ledger", "releases"):
        return []
    cursor = connection.execute(
        "SELECT release_id, as_of, manifest_sha256, new_cells, carried_cells FROM vault.ledger.releases "
        "ORDER BY rowid"
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def noise_by_release(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Scheme]]:
    """By which noise the cells that were new in each release were drawn, by class. Empty where there is no
    ledger yet.
    """
    if not table_exists(connection, "ledger", "releases"):
        return {}
    rows = connection.execute("SELECT release_id, noise FROM vault.ledger.releases").fetchall()
    return {
        release_id: _of_classes({name: Scheme(*law) for name, law in json.loads(told).items()})
        if told
        else dict.fromkeys(CLASSES, BEFORE_CLASSES)
        for release_id, told in rows
    }


def _of_classes(told: dict[str, Scheme]) -> dict[str, Scheme]:
    """The noise of each class; a release of before there was a class drew its marts from another one."""
    return {name: told.get(name, told[BEFORE_BROAD]) for name in CLASSES}


def withdrawals(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """What was withdrawn, by release id, oldest first: as_of, why, marts, named_id (whose cells were wrong)
    and replaced_by (None: not yet).
    """
    if not table_exists(connection, "ledger", "withdrawals"):
        return {}
    cursor = connection.execute("""
        SELECT release_id, as_of, why, marts, named_id, replaced_by FROM vault.ledger.withdrawals
        ORDER BY rowid
    """)
    names = [column[0] for column in cursor.description]
    return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def withdrawal_notice(withdrawal: dict[str, Any]) -> dict[str, Any]:
    """What WITHDRAWN.json says: release_id, as_of, why, marts and replaced_by, which is null until the
    correction is published.
    """
    told = {name: withdrawal[name] for name in ("release_id", "as_of", "why", "marts", "replaced_by")}
    return told | {"as_of": withdrawal["as_of"].isoformat()}


def standing(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Ids of the releases that are not withdrawn, oldest first: the last one is `current`."""
    recalled = withdrawals(connection)
    return [
        release["release_id"] for release in releases(connection) if release["release_id"] not in recalled
    ]


def replaces(connection: duckdb.DuckDBPyConnection, release_id: str | None = None) -> list[dict[str, Any]]:
    """What a release replaces, for its manifest: release_id, why, marts, as_of. Without an id: what the next
    release will.
    """
    found = withdrawals(connection).values()
    return [
        {
            "release_id": entry["release_id"],
            "why": entry["why"],
            "marts": entry["marts"],
            "as_of": entry["as_of"].isoformat(),
        }
        for entry in found
        if entry["replaced_by"] == release_id
    ]


def next_release_id(connection: duckdb.DuckDBPyConnection, as_of: date) -> str:
    """`<as_of>.<n>`, n counting from 1 the releases committed for this day."""
    taken = [
        int(release["release_id"].rpartition(".")[2])
        for release in releases(connection)
        if release["release_id"].startswith(f"{as_of.isoformat()}.")
    ]
    return f"{as_of.isoformat()}.{max(taken, default=0) + 1}"


def list_releases(session: Session) -> list[dict[str, Any]]:
    """Every committed release, oldest first: id, as_of, new and carried cells, whether it is there and
    whether it is current.

    `withdrawn` tells of a recalled one as_of, why, marts and replaced_by, else it is None; `replaces` lists
    the ids that one corrects.
    """
    if not session.home.vault.exists():
        return []
    with session.connect(vault="ro") as connection:
        committed, recalled = releases(connection), withdrawals(connection)
    current = os.readlink(session.home.current) if session.home.current.is_symlink() else None
    return [
        {
            **release,
            "as_of": release["as_of"].isoformat(),
            "is_present": (session.home.releases / release["release_id"]).is_dir(),
            "is_current": release["release_id"] == current,
            "withdrawn": _reported(recalled.get(release["release_id"])),
            "replaces": [
                entry["release_id"]
                for entry in recalled.values()
                if entry["replaced_by"] == release["release_id"]
            ],
        }
        for release in committed
    ]


def _reported(withdrawal: dict[str, Any] | None) -> dict[str, Any] | None:
    if withdrawal is None:
        return None
    return {
        "as_of": withdrawal["as_of"].isoformat(),
        **{name: withdrawal[name] for name in ("why", "marts", "replaced_by")},
    }
