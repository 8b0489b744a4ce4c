"""Releases published after a backup stay the truth: the restored ledger gets their cells, periods and ids
back from their own files (S-ANON).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart import build, engine
from anonymart.contracts import MartContract, load_contracts
from anonymart.disclosure.perturbation import Scheme
from anonymart.errors import AnonymartError
from anonymart.keys import Keys
from anonymart.orders import ledger as orders
from anonymart.orders import made
from anonymart.orders.order import PREFIX
from anonymart.policy import CLASSES
from anonymart.release import cells, held_marts, key_handover, ledger
from anonymart.release.folder import MANIFEST, MARTS_FILE, WITHDRAWN, marts_schema, sha256
from anonymart.release.manifest import read_manifest
from anonymart.release.privacy_report import read_privacy_report
from anonymart.release.signature import public_key
from anonymart.release.verify import verify
from anonymart.rights import state
from anonymart.session import Session
from anonymart.vault import schema

_NOTHING = "nothing was restored."


@dataclass(frozen=True)
class Found:
    """A published release: its id, a folder with its files as they were signed, and the SHA-256 of its
    manifest.
    """

    release_id: str
    folder: Path
    manifest_sha256: str


def find(folders: Sequence[Path], keys: Keys, handovers: Sequence[Path] = ()) -> dict[str, Found]:
    """The releases in these folders by id, each as the school signed it; a damaged copy counts only where no
    other folder has a sound one. `handovers` are files that tell of its earlier keys.

    Raises AnonymartError for one of which no copy is sound, and for two releases of one id.
    """
    found: dict[str, Found] = {}
    damaged: dict[str, Path] = {}
    former = key_handover.former_keys(handovers, keys)
    for folder in folders:
        told = verify(folder, public_key(keys), former)
        if told.release_id is None or told.status == "changed":
            damaged[told.release_id or folder.name] = folder
            continue
        release = Found(told.release_id, folder, sha256(folder / MANIFEST))
        known = found.setdefault(told.release_id, release)
        if known.manifest_sha256 != release.manifest_sha256:
            raise AnonymartError(
                f"{known.folder} and {folder} are two releases of one id, both signed: find out which "
                f"one recipients hold, and take the other away; {_NOTHING}"
            )
    for name, folder in damaged.items():
        if name not in found:
            raise AnonymartError(
                f"{folder} is not as it was published: take it away and give a sound copy of {name} "
                f"with --release; {_NOTHING}"
            )
    return found


def check_complete(session: Session, found: dict[str, Found], acts: Sequence[dict[str, Any]]) -> list[Found]:
    """The releases that the restored vault does not know, oldest first. `acts` are the entries of the audit
    log since the backup.

    Raises AnonymartError where a release that the ledger or the audit log knows is not among the found, or is
    another one; and where one was recalled since, which its files do not tell well enough to repeat.
    """
    with session.connect(vault="ro") as connection:
        known = {release["release_id"]: release["manifest_sha256"] for release in ledger.releases(connection)}
        recalled = set(ledger.withdrawals(connection))
    published = known | {
        act["release_id"]: act["manifest_sha256"] for act in acts if act["act"] == "published"
    }
    for release_id, digest in published.items():
        if release_id not in found:
            raise AnonymartError(
                f"The release {release_id} was published and its folder is not there: give a copy, of "
                f"anybody who received it, with --release; {_NOTHING}"
            )
        if found[release_id].manifest_sha256 != digest:
            raise AnonymartError(
                f"{found[release_id].folder} is another release than the {release_id} that was "
                f"published: give the right copy with --release; {_NOTHING}"
            )
    since = sorted((release for name, release in found.items() if name not in known), key=_order)
    is_recall = any(act["act"] in ("withdrew", "reworded") for act in acts) or any(
        (release.folder / WITHDRAWN).exists() and release.release_id not in recalled
        for release in found.values()
    )
    if is_recall or any(read_manifest(release.folder).get("replaces") for release in since):
        raise AnonymartError(
            f"A release was recalled since this backup, which a restore cannot repeat: take a backup "
            f"that was made after the recall; {_NOTHING}"
        )
    return since


def repair(session: Session, since: Sequence[Found]) -> None:
    """Enter the releases into the ledger of the restored vault, as their publication did: new cells, closed
    periods, id and noise.

    Raises AnonymartError where a release does not carry every cell that the ledger holds, as it is there, or
    closed other periods than the policy gives for its day.
    """
    if not since:
        return
    known = load_contracts()
    for release in since:
        manifest = read_manifest(release.folder)
        contracts = {name: known[name] for name in known if name in manifest["marts"]}
        if not _are_ours(manifest["marts"], known):
            raise AnonymartError(
                f"The release {release.release_id} has other marts than this version of Anonymart: "
                f"restore with the version that published it; {_NOTHING}"
            )
        if _has_empty_periods(session, contracts, release, manifest):
            # The calendar of the policy knows the periods that closed without a cell; this model reads the
            # ledger alone.
            build.run_models(
                session.home, session.policy, date.fromisoformat(manifest["as_of"]), "int_closed_periods"
            )
        with session.connect(vault="rw", warehouse="ro") as connection:
            connection.execute(
                f"ATTACH {engine.literal(str(release.folder / MARTS_FILE))} AS release (READ_ONLY)"
            )
            connection.execute("BEGIN")
            fresh = sum(_enter(connection, contract, release, manifest) for contract in contracts.values())
            total = sum(mart["rows"] for mart in manifest["marts"].values())
            connection.execute(
                "INSERT INTO vault.ledger.releases (release_id, as_of, manifest_sha256, new_cells, "
                "carried_cells, noise) VALUES (?, ?::DATE, ?, ?, ?, ?)",
                [
                    release.release_id,
                    manifest["as_of"],
                    release.manifest_sha256,
                    fresh,
                    total - fresh,
                    _noise(release),
                ],
            )
            connection.execute("COMMIT")
    if session.home.warehouse.exists():
        # It was built before these releases: the next run builds in any case.
        with session.connect(warehouse="rw") as connection:
            state.drop_built(connection)


def _are_ours(marts: Iterable[str], known: Iterable[str]) -> bool:
    """Whether a release has the marts of this version, and of the ordered tables those that there were."""
    missing = set(known) - set(marts)
    return set(marts) <= set(known) and all(name.startswith(PREFIX) for name in missing)


def order_again(session: Session, acts: Sequence[dict[str, Any]]) -> None:
    """Enter in the restored vault the tables that were ordered and answered since the backup, so that the
    releases of then have their marts.
    """
    with session.connect(vault="rw") as connection:
        schema.create(connection, session.keys)
        orders.repeat(connection, acts)
        approved = made.approved(connection)
    if approved:
        made.write(session.home, approved)


def hold_again(session: Session, found: Mapping[str, Found], acts: Sequence[dict[str, Any]]) -> None:
    """Hold back in the restored vault what the reviewer has held back since the backup and no release has
    published; `acts` are the entries of the audit log since then.
    """
    manifests = {
        act["release_id"]: read_manifest(found[act["release_id"]].folder)
        for act in acts
        if act["act"] == "published"
    }
    with session.connect(vault="rw") as connection:
        schema.create(connection, session.keys)
        held_marts.repeat(connection, acts, manifests)


def _order(release: Found) -> tuple[str, int]:
    day, _, number = release.release_id.rpartition(".")
    return day, int(number)


def _fresh_periods(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> list[str]:
    """Keys of the periods of the new cells of the attached `release` that the ledger has not closed."""
    source = f"release.{marts_schema(connection)}"
    rows = connection.execute(
        f"SELECT DISTINCT {cells.key_sql(contract.period_key, 'fresh')} AS period_key FROM "
        f"({cells.new_cells(connection, contract, source)}) AS fresh "
        f"WHERE period_key NOT IN (SELECT period_key FROM vault.ledger.closed_periods WHERE mart = $1) "
        f"ORDER BY ALL",
        [contract.name],
    ).fetchall()
    return [key for (key,) in rows]


def _has_empty_periods(
    session: Session, contracts: dict[str, MartContract], release: Found, manifest: dict[str, Any]
) -> bool:
    with session.connect(vault="ro") as connection:
        connection.execute(
            f"ATTACH {engine.literal(str(release.folder / MARTS_FILE))} AS release (READ_ONLY)"
        )
        return any(
            len(_fresh_periods(connection, contract)) != manifest["marts"][name]["closed_periods"]
            for name, contract in contracts.items()
        )


def _enter(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, release: Found, manifest: dict[str, Any]
) -> int:
    """Enter what is new in one mart; gives the number of cells."""
    source = f"release.{marts_schema(connection)}"
    mart, table, name = (
        f"{source}.{contract.name}",
        f"vault.ledger.cells_{contract.name}",
        engine.literal(release.release_id),
    )
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table} AS SELECT *, NULL::VARCHAR AS release_id FROM {mart} LIMIT 0"
    )
    lost = connection.execute(
        f"SELECT EXISTS (SELECT * EXCLUDE (release_id) FROM {table} EXCEPT SELECT {_columns(contract)} "
        f"FROM {mart})"
    ).fetchone()
    if lost and lost[0]:
        raise AnonymartError(
            f"The release {release.release_id} does not carry the cells of the backup's ledger: it is "
            f"not of the same history; take another backup; {_NOTHING}"
        )
    keys = _fresh_periods(connection, contract)
    told = manifest["marts"][contract.name]
    if len(keys) != told["closed_periods"]:
        keys = [key for (key,) in connection.execute(
            f"SELECT period_key FROM warehouse.{cells.CLOSING} WHERE mart = $1 UNION SELECT "
            f"unnest($2::VARCHAR[]) ORDER BY ALL", [contract.name, keys]
        ).fetchall()]  # fmt: skip
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh AS {cells.new_cells(connection, contract, source)}"
    )
    row = connection.execute("SELECT count(*) FROM fresh").fetchone()
    n_fresh = int(row[0]) if row else 0
    if (len(keys), n_fresh) != (told["closed_periods"], told["new_cells"]):
        raise AnonymartError(
            f"The release {release.release_id} closed other periods of {contract.name} than the present "
            f"policy gives for its day, so the ledger cannot be "
            f"repaired from it: restore with the policy and the version that published it, or take a "
            f"newer backup; {_NOTHING}"
        )
    connection.execute(
        "INSERT INTO vault.ledger.closed_periods (mart, period_key, release_id) SELECT $1, "
        "unnest($2::VARCHAR[]), $3",
        [contract.name, keys, release.release_id],
    )
    connection.execute(f"INSERT INTO {table} BY NAME SELECT *, {name} AS release_id FROM fresh")
    return n_fresh


def _columns(contract: MartContract) -> str:
    return ", ".join(f'"{name}"' for name in contract.column_names)


def _noise(release: Found) -> str:
    """The parameters of the noise by which the cells were drawn, as the release's report tells them."""
    register = read_privacy_report(release.folder)["register"]
    return json.dumps(
        {
            noise: Scheme(*(register[f"counts.{name}.{noise}"] for name in Scheme._fields))
            for noise in CLASSES
            if f"counts.variance.{noise}" in register
        }
    )
