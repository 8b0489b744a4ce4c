"""Learning statements that were taken back leave vault and history before the next build; what stays of the
same moment, and what replaces them, is taken anew (P-STAT, R-RECTIFY).
"""

from __future__ import annotations

from anonymart import crash
from anonymart.erasure import purged
from anonymart.erasure.zones import Zones
from anonymart.rows import one_row
from anonymart.session import Session

_ALL = purged.TakenBack()


def settle(session: Session) -> dict[str, int]:
    """Remove what the ledger notes as voided, and give how many rows it was by place; killed at any step, the
    next call ends it. Cheap where there is nothing.
    """
    if not session.home.vault.exists() or not _is_any(session):
        return {}
    found: dict[str, int] = {}
    with Zones(session) as zones:
        for zone in ("warehouse", "vault") if session.home.warehouse.exists() else ("vault",):
            zones.connection.execute("BEGIN")
            found |= purged.delete_of(zones.connection, zone, [_ALL], session.policy)
            zones.connection.execute("COMMIT")
            if zone == "warehouse":
                crash.point("taken_back.after_warehouse_commit")
    return found


def _is_any(session: Session) -> bool:
    with session.connect(vault="ro") as connection:
        return one_row(connection.execute(f"SELECT EXISTS (FROM {_ALL.table} WHERE {_ALL.rows})"))[0]
