"""What the ledgers of the vault say of the deliveries and requests of one demo."""

from __future__ import annotations

from datetime import date

from anonymart.rows import one_row
from anonymart.session import Session

COLUMNS = ("files", "files_refused", "delivered", "loaded", "refused", "quarantined", "duplicate")


def last_load(session: Session) -> int:
    """The number of the last load, 0 when there was none."""
    if not session.home.vault.exists():
        return 0
    connection = session.connect(vault="ro")
    try:
        return one_row(connection.execute("SELECT coalesce(max(load_no), 0) FROM vault.ledger.loads"))[0]
    finally:
        connection.close()


def counts_after(session: Session, load_no: int) -> dict[str, dict[str, int]]:
    """Files and rows by source of the loads after this one, in the order of loading."""
    connection = session.connect(vault="ro")
    try:
        found = connection.execute(
            "SELECT source, count(*), count(*) FILTER (status = 'refused'), sum(delivered), "
            "sum(loaded), sum(refused), "
            "sum(quarantined), sum(duplicate) FROM vault.ledger.loads WHERE load_no > ? GROUP BY source "
            "ORDER BY min(load_no)",
            [load_no],
        ).fetchall()
    finally:
        connection.close()
    return {source: dict(zip(COLUMNS, map(int, numbers), strict=True)) for source, *numbers in found}


def requests(session: Session) -> dict[str, dict[str, int]]:
    """Requests of people by kind and state."""
    from anonymart.policy import load_policy
    from anonymart.rights import list_requests

    found: dict[str, dict[str, int]] = {}
    for request in list_requests(session.under(load_policy()).on(date.min)):
        states = found.setdefault(request.kind, {})
        states[request.state] = states.get(request.state, 0) + 1
    return found
