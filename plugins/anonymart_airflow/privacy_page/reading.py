"""What the page shows, read from the folders of releases and, for a moment and read-only, from the vault."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from anonymart import audit, persons
from anonymart.ingest import unreadable
from anonymart.lock import reading
from anonymart.orders import ledger as order_ledger
from anonymart.orders.ledger import Sent
from anonymart.policy import Policy
from anonymart.release import Waiting, approval, for_reviewer, held_marts, list_releases
from anonymart.release.folder import PRIVACY_REPORT
from anonymart.release.report_changes import changes, told_by
from anonymart.session import Session
from anonymart_airflow import terms
from anonymart_airflow.load import dag_ids

# Seconds for which a page waits for a run that is about to end.
PATIENCE = 1.0
_CELLS = ("new_cells", "carried_cells")
_CHAINED = ("entry_no", "previous", "hash", "at", "as_of", "act", "actor", "os_user")


def releases(session: Session) -> list[dict[str, Any]]:
    """Every release and every candidate that was asked about, newest first: id, as_of, state, cells, and who
    decided why.

    The state is current, published, withdrawn, waiting, refused or superseded. Raises Busy while a run
    writes.
    """
    with reading(session.home, PATIENCE):
        published = list_releases(session)
        decided = {entry["release_id"]: entry for entry in approval.decisions(session)}
        waits = approval.waiting(session)
    shown = [
        {**entry, "state": _state(entry), "decision": decided.pop(entry["release_id"], None)}
        for entry in published
    ]
    if waits:
        decided.pop(waits.release_id, None)
        told = report_of(waits.candidate.folder)
        cells = {name: sum(mart[name] for mart in told.get("marts", {}).values()) for name in _CELLS}
        shown.append({**waits.as_dict(), **(cells if told else {}), "state": "waiting", "decision": None})
    shown += [
        {"release_id": entry["release_id"], "state": entry["state"], "decision": entry}
        for entry in decided.values()
    ]
    return sorted(shown, key=_order, reverse=True)


def held(session: Session) -> list[dict[str, str]]:
    """The marts that the reviewer holds back. Raises Busy while a run writes."""
    with reading(session.home, PATIENCE):
        return held_marts.held_now(session)


def orders(session: Session) -> list[Sent]:
    """The tables that were ordered and wait for the reviewer. Raises Busy while a run writes."""
    with reading(session.home, PATIENCE):
        return [each for each in order_ledger.all_orders(session) if each.state == order_ledger.WAITING]


def n_unreadable(session: Session) -> int:
    """How many rows about rights or consents wait to be entered, so that nothing is published. Raises Busy
    while a run writes.
    """
    if not session.home.vault.exists():
        return 0
    with reading(session.home, PATIENCE), session.connect(vault="ro") as connection:
        return unreadable.n_open(connection)


def people(session: Session) -> persons.Persons | None:
    """Persons in and out, true counts that stand in no release; None where there is no vault yet. Raises Busy
    while a run writes.
    """
    if not session.home.vault.exists():
        return None
    with reading(session.home, PATIENCE):
        return persons.count(session)


def waiting(session: Session) -> Waiting | None:
    """The candidate that waits, if any. Raises Busy while a run writes."""
    with reading(session.home, PATIENCE):
        return approval.waiting(session)


def notes(session: Session, release_id: str) -> dict[str, Any]:
    """What the reviewer is told of a candidate beside its files, true figures that stand in no release.
    Raises Busy while a run writes.
    """
    with reading(session.home, PATIENCE), session.connect(vault="ro") as connection:
        return for_reviewer.notes(connection, release_id)


def log(session: Session) -> tuple[audit.Verdict, list[dict[str, Any]]]:
    """The verdict on the audit log and its entries, newest first, each with what it tells in `told`. Raises
    Busy while a run writes.
    """
    with reading(session.home, PATIENCE):
        verdict = audit.verify(session, is_read_only=True)
        found = audit.entries(session.home)
    entries = [
        {**entry, "told": {name: value for name, value in entry.items() if name not in _CHAINED}}
        for entry in found
    ]
    return verdict, entries[::-1]


def airflow_logs(policy: Policy) -> tuple[terms.Kept, int]:
    """The log files that Airflow keeps of our runs on this host, and their term in years (P-LOG)."""
    from airflow.configuration import conf

    over = terms.moment_of(policy, datetime.now(UTC))
    folder = Path(conf.get("logging", "base_log_folder"))
    return terms.kept_logs(folder, over, dag_ids()), policy.figure("purposes", "P-LOG", "keep_years")


def difference(before: Path, now: Path) -> dict[str, Any]:
    """What changed between two folders, names and counts only, in the form of the report's own `changes`;
    empty when a report is not there.
    """
    old, new = told_by(before), told_by(now)
    if not old.get("report") or not new.get("report"):
        return {}
    return changes(old, new["report"], {name: _contract(name, new) for name in new["report"]["marts"]})


def report_of(folder: Path) -> dict[str, Any]:
    """The privacy report of a folder, empty when there is none."""
    return _read(folder / PRIVACY_REPORT)


def _state(entry: dict[str, Any]) -> str:
    return "withdrawn" if entry["withdrawn"] else "current" if entry["is_current"] else "published"


def _order(entry: dict[str, Any]) -> tuple[str, int]:
    day, _, number = entry["release_id"].rpartition(".")
    return day, int(number) if number.isdecimal() else 0


def _contract(name: str, evidence: dict[str, Any]) -> Any:
    """As much of a contract as the difference asks for, from what the release says of itself: an old one may
    have had other columns.
    """
    mart = evidence["report"]["marts"][name]
    per_row = mart["figures"] // mart["rows"] if mart["rows"] else 0
    return SimpleNamespace(column_names=evidence["columns"].get(name, []), figures=range(per_row))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
