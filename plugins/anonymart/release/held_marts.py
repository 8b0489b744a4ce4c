"""Marts that the reviewer holds back while the rest of a release is published (S-ANON, S-SAFE).

Their new cells, the periods that close with them and their evidence leave the warehouse before a candidate
without them is made, as if those periods had not closed yet. Export, gate, drill, attacks, accountant and
ledger read the warehouse, so that none of them comes upon a held cell. The next build makes the cells anew,
of people as they then stand; their keys follow from mart and dimensions alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from anonymart import audit, crash, engine
from anonymart.contracts import MartContract, load_contracts
from anonymart.errors import UsageError
from anonymart.release import approval, cells, ledger
from anonymart.release.approval import Reviewer
from anonymart.release.folder import parquet_path, sha256
from anonymart.release.manifest import read_manifest
from anonymart.release.privacy_report import new_evidence, read_privacy_report
from anonymart.release.states import Candidate
from anonymart.rights import state
from anonymart.session import Session
from anonymart.shared_persons import told_together
from anonymart.vault import schema

ACT = "held_back"


@dataclass(frozen=True)
class HeldBack:
    """What a reviewer holds back of a candidate, the candidate's day, and what it shows beside that."""

    marts: tuple[str, ...]
    as_of: date
    rest: Mapping[str, Any]


def held_now(session: Session) -> list[dict[str, str]]:
    """The marts that no release has published since the reviewer held them back, by name: mart, decided_by,
    reason and at.
    """
    if not session.home.vault.exists():
        return []
    with session.connect(vault="ro") as connection:
        if not engine.table_exists(connection, "ledger", "held_marts"):
            return []
        rows = connection.execute(
            'SELECT mart, decided_by, reason, "at" FROM vault.ledger.held_marts ORDER BY mart'
        ).fetchall()
    return [dict(zip(("mart", "decided_by", "reason", "at"), row, strict=True)) for row in rows]


def groups(candidate: Candidate) -> list[tuple[str, ...]]:
    """The marts that bring something new in a candidate, those that are told together side by side: one is
    held back with all of its group, since the figures of two days about the same people are a difference.
    """
    together, new = told_together(load_contracts()), _new_in(read_manifest(candidate.folder))
    found: dict[str, list[str]] = {}
    for mart in sorted(new & together.keys()):
        found.setdefault(together[mart], []).append(mart)
    return [tuple(marts) for marts in found.values()]


def choose(session: Session, candidate: Candidate, marts: Iterable[str]) -> HeldBack:
    """What is held back with these marts: their groups.

    Raises UsageError for a mart that is unknown or brings nothing new, where nothing new would be left, and
    while a recalled release is to be replaced, whose correction goes out whole or not at all.
    """
    chosen, together = set(marts), groups(candidate)
    new = {mart for group in together for mart in group}
    contracts = load_contracts()
    for mart in sorted(chosen - new):
        if mart not in contracts:
            raise UsageError(f"There is no such mart to hold back: name one of {', '.join(sorted(new))}.")
        raise UsageError(f"The release brings nothing new in {mart}: there is nothing to hold back.")
    held = tuple(mart for group in together if chosen & set(group) for mart in group)
    if len(held) == len(new):
        raise UsageError(
            f"With {', '.join(held)} held back nothing new is left to publish: refuse the release instead."
        )
    with session.connect(vault="ro") as connection:
        if ledger.replaces(connection):
            raise UsageError(
                "The release corrects one that was withdrawn: approve it whole, or refuse it, so that no "
                "recalled figure stays without its correction."
            )
    as_of = date.fromisoformat(read_manifest(candidate.folder)["as_of"])
    return HeldBack(held, as_of, _shown(candidate, held))


def take_out(
    session: Session, candidate: Candidate, held: HeldBack, reviewer: Reviewer, candidate_sha256: str
) -> None:
    """Note that these marts are held back, which supersedes the candidate, and take their new cells out of
    the warehouse.

    A kill in between leaves a hold that the next candidate tells of, and nothing that waits or is published.
    """
    marts, session = list(held.marts), session.on(held.as_of)
    with session.connect(vault="rw") as connection:
        schema.create(connection, session.keys)
        connection.execute("BEGIN")
        _note(connection, marts, reviewer, datetime.now(UTC).isoformat(timespec="seconds"))
        approval.supersede_within(connection, session, reviewer.name, f"held back: {', '.join(marts)}")
        # What was told of the candidate beside its files tells of the held cells too.
        connection.execute(
            "DELETE FROM vault.ledger.for_reviewer WHERE release_id = ?", [candidate.release_id]
        )
        audit.enter(
            connection,
            session,
            ACT,
            reviewer.name,
            marts=marts,
            reason=reviewer.reason,
            via=reviewer.via,
            candidate=candidate.release_id,
            candidate_sha256=candidate_sha256,
        )
        connection.execute("COMMIT")
    crash.point("held.after_noted")
    audit.flush(session)
    approval.settle(session)
    contracts = load_contracts()
    with session.connect(vault="ro", warehouse="rw") as connection:
        connection.execute("BEGIN")
        state.forget_inputs(connection)
        for mart in marts:
            _take_out(connection, contracts[mart])
        connection.execute("COMMIT")
    crash.point("held.after_taken_out")


def is_the_rest(candidate: Candidate, held: HeldBack) -> bool:
    """Whether a candidate holds nothing new of the held marts, and of all others what the reviewer has seen:
    each Parquet file byte for byte, and what the privacy report says of the mart.
    """
    is_out = not _new_in(read_manifest(candidate.folder)) & set(held.marts)
    return is_out and _shown(candidate, held.marts) == held.rest


def because(connection: duckdb.DuckDBPyConnection, candidate: Candidate) -> list[str]:
    """Why a candidate needs the reviewer as long as a mart is held back: it is in it again, or still out."""
    manifest = read_manifest(candidate.folder)
    held, new = _held(connection) & manifest["marts"].keys(), _new_in(manifest)
    again, out = sorted(held & new), sorted(held - new)
    return [
        *([f"In it again, after the reviewer held it back: {', '.join(again)}."] if again else []),
        *([f"The reviewer holds back: {', '.join(out)}."] if out else []),
    ]


def note_published(connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> None:
    """A release is published: what it brings new is held back no longer. Within the caller's transaction on
    `vault`.
    """
    connection.execute(
        "DELETE FROM vault.ledger.held_marts WHERE list_contains($1::VARCHAR[], mart)",
        [sorted(_new_in(manifest))],
    )


def repeat(
    connection: duckdb.DuckDBPyConnection,
    acts: Iterable[Mapping[str, Any]],
    manifests: Mapping[str, Mapping[str, Any]],
) -> None:
    """Do once more on a restored `vault`, attached to write, what the audit log tells of holds since its
    backup, in order; `manifests` are those of the releases by id.
    """
    for act in acts:
        if act["act"] == ACT:
            _note(connection, act["marts"], Reviewer(act["actor"], act["reason"]), act["at"])
        elif act["act"] == "published":
            note_published(connection, manifests[act["release_id"]])


def _note(
    connection: duckdb.DuckDBPyConnection, marts: Sequence[str], reviewer: Reviewer, moment: str
) -> None:
    connection.execute(
        "DELETE FROM vault.ledger.held_marts WHERE list_contains($1::VARCHAR[], mart)", [marts]
    )
    connection.execute(
        'INSERT INTO vault.ledger.held_marts (mart, decided_by, reason, "at") '
        "SELECT unnest($1::VARCHAR[]), $2, $3, $4",
        [marts, reviewer.name, reviewer.reason, moment],
    )


def _take_out(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> None:
    """What the ledger does not know of a mart leaves the warehouse, within the caller's transaction."""
    mart = engine.literal(contract.name)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE new_keys AS
        SELECT {cells.key_sql(tuple(contract.dimensions), "cell")} AS cell_key
        FROM ({cells.new_cells(connection, contract, "warehouse.marts")}) AS cell
        UNION
        SELECT cell_key FROM {new_evidence(connection, {contract.name: contract})} AS evidence
        WHERE mart = {mart}""")
    mart_key = cells.key_sql(tuple(contract.dimensions), contract.name)
    for schema_name, table, condition in (
        ("marts", contract.name, mart_key),
        ("evidence", "cell_evidence", f"mart = {mart} AND cell_key"),
        ("intermediate", f"int_cells__{contract.name}", "cell_key"),
    ):
        if engine.table_exists(connection, schema_name, table, database="warehouse"):
            connection.execute(
                f"DELETE FROM warehouse.{schema_name}.{table} WHERE {condition} IN "
                "(SELECT cell_key FROM new_keys)"
            )
    connection.execute(
        f"DELETE FROM warehouse.{cells.CLOSING} WHERE mart = {mart} AND period_key NOT IN "
        f"(SELECT period_key FROM vault.ledger.closed_periods WHERE mart = {mart})"
    )


def _held(connection: duckdb.DuckDBPyConnection) -> set[str]:
    if not engine.table_exists(connection, "ledger", "held_marts"):
        return set()
    return {mart for (mart,) in connection.execute("SELECT mart FROM vault.ledger.held_marts").fetchall()}


def _new_in(manifest: Mapping[str, Any]) -> set[str]:
    """The marts with a new cell or a period that closes."""
    return {mart for mart, told in manifest["marts"].items() if told["new_cells"] or told["closed_periods"]}


def _shown(candidate: Candidate, without: Iterable[str]) -> dict[str, Any]:
    """What a candidate shows of every mart but some: the checksum of its Parquet file, and its part of the
    privacy report.
    """
    report = read_privacy_report(candidate.folder)["marts"]
    return {
        mart: (sha256(candidate.folder / parquet_path(mart)), report[mart])
        for mart in read_manifest(candidate.folder)["marts"]
        if mart not in without
    }
