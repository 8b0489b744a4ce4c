"""The key `signing`: it hands over to the new one, audit log and receipts are sealed under that, and the zips
for people get the names that it gives them (S-SAFE).
"""

from __future__ import annotations

from anonymart import audit, crash, engine, seal
from anonymart.erasure import receipts
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.release import key_handover, ledger
from anonymart.rights.handover import export_path
from anonymart.session import Session


def check(session: Session) -> None:
    """Raise AnonymartError where audit log or receipts do not hold under the present key: only what holds is
    sealed under another.
    """
    for verdict in (audit.verify(session), receipts.verify(session)):
        if not verdict.passed:
            raise AnonymartError(
                f"Audit log or receipts do not hold ({verdict.problem}): restore them from a copy first; "
                f"nothing was done."
            )


def hand_over(home: Home, old: Keys, new: Keys, as_of: str) -> None:
    """Hand over, seal and rename; what is done already stays."""
    with engine.connect(home, old, vault="ro") as connection:
        releases = [each["release_id"] for each in ledger.releases(connection)]
        asked = connection.execute("SELECT DISTINCT request_id FROM vault.rights.requests").fetchall()
    key_handover.add(home, old, new, as_of, releases[-1] if releases else None)
    crash.point("rotate.handed_over")
    seal.seal_under(Session(home, new), as_of, "The key was rotated")
    crash.point("rotate.sealed")
    for (request_id,) in asked:
        path = export_path(Session(home, old), request_id)
        if path.exists():
            path.replace(export_path(Session(home, new), request_id))
    crash.point("rotate.exports_renamed")
