"""Handing a release on: to whom, where it is kept and why stands in the audit log, or it is not handed on
(S-SHARE, S-EU).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from anonymart import audit
from anonymart.errors import GateRefused, UsageError
from anonymart.policy import Policy
from anonymart.release import key_handover, ledger
from anonymart.release.folder import MANIFEST, sha256
from anonymart.release.signature import public_key
from anonymart.release.verify import Verification, verify
from anonymart.session import Session

NO_SAFEGUARD = "none needed"


@dataclass(frozen=True)
class Share:
    """One line of the register: release, recipient, country (ISO 3166-1, two letters), purpose, and what
    safeguards it there.
    """

    release_id: str
    to: str
    country: str
    safeguard: str
    why: str


@dataclass(frozen=True)
class Recipient:
    """To whom a release goes, in which country it is kept (two letters), and why."""

    to: str
    country: str
    why: str


def share(
    session: Session,
    folder: Path,
    recipient: Recipient,
    actor: str | None = None,
) -> Share:
    """Enter in the audit log that a release of this home goes to somebody; it copies nothing.

    Raises GateRefused for a folder that is not, byte for byte, a release of this home, or one that was
    recalled; UsageError for a country that the policy does not name, and for a recipient or reason that may
    name a person.
    """
    safeguard = safeguard_of(session.policy, recipient.country)
    if not session.home.vault.exists():
        raise UsageError("This home has published no release yet: there is nothing to share.")
    found = verify(
        folder, public_key(session.keys), key_handover.former_keys([session.home.key_handovers], session.keys)
    )
    with session.connect(vault="ro") as connection:
        release_id = _check(
            found,
            {each["release_id"]: each for each in ledger.releases(connection)},
            ledger.standing(connection),
        )
        from anonymart.gate.typed import checked_sentence

        told = {
            "to": checked_sentence(connection, recipient.to, "--to"),
            "why": checked_sentence(connection, recipient.why, "--why"),
        }
    made = Share(release_id, country=recipient.country, safeguard=safeguard, **told)
    audit.record(
        session,
        "shared",
        actor,
        **asdict(made),
        manifest_sha256=sha256(Path(found.folder) / MANIFEST),
    )
    return made


def safeguard_of(policy: Policy, country: str) -> str:
    """What lets a recipient keep a release in a country: nothing within the EU and the EEA, else what the
    policy names (S-EU).

    Raises UsageError for any other country.
    """
    if country in policy.figure("sharing", "without_safeguard"):
        return NO_SAFEGUARD
    for safeguard in policy.figure("sharing", "safeguards"):
        if country in policy.figure("sharing", "safeguards", safeguard):
            return safeguard
    raise UsageError(
        "The policy lets no release be kept in that country (S-EU): it is neither in the EU or the EEA "
        "nor under a safeguard that `sharing` in "
        "policy.yml names; give the two capital letters of another, or ask the privacy reviewer."
    )


def _check(found: Verification, committed: dict, standing: list[str]) -> str:
    if found.status == "changed":
        named = ", ".join(f"{each.file} ({each.problem})" for each in found.problems[:5])
        raise GateRefused(f"The folder is not a release as it was published: {named}; nothing was shared.")
    release_id = str(found.release_id)
    if release_id not in committed or committed[release_id]["manifest_sha256"] != sha256(
        Path(found.folder) / MANIFEST
    ):
        raise GateRefused(
            f"The ledger of this home knows no such release {release_id}: "
            "share one that `anonymart releases` lists."
        )
    if found.status == "withdrawn" or release_id not in standing:
        raise GateRefused(
            f"The release {release_id} was recalled: nothing was shared, `anonymart releases` says "
            f"which one replaces it."
        )
    return release_id
