"""A rotation from its plan to its end, whatever kill comes between (S-SAFE).

First the new key and the note that it is to come, then the files, then the key in its place, then the audit
log: each step finds from the one before what is left to do.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from anonymart import audit, crash, engine, seal
from anonymart.backup import listed
from anonymart.chain import Chain
from anonymart.erasure import files, receipts
from anonymart.erasure.rewrite import key_of, rewrite
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.keys import Keys, variable
from anonymart.lock import writing
from anonymart.release import recover
from anonymart.rotate import pending as pending_rotation
from anonymart.rotate import pseudonyms, signing
from anonymart.rotate.pending import Pending
from anonymart.session import Session

ROTATED = ("vault", "warehouse", "pseudonym", "signing")
WHY_NOT = {
    "record": "The key 'record' is not rotated: noise drawn anew for the same people could be averaged with "
    "what was published, so it has to stay; docs/data-team.md says what a leak of it means.",
    "person": "The key 'person' is not rotated: the erased are kept out by hashes made with it of names that "
    "nobody has any more, so that under another key they would come back; docs/data-team.md says what a "
    "leak of it means.",
}
# Files that each key encrypts.
_ZONES = {"vault": ("vault", "tombstones"), "warehouse": ("warehouse",)}


@dataclass
class Plan:
    """What a rotation does: bytes of each file that is written anew, rows of each table that are hashed
    again, entries that are sealed, copies that are removed, and the backups that open with the old key only.

    `set_variable` is the environment variable that has to be set by hand afterwards; the token names the
    plan.
    """

    key: str
    token: str
    files: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    sealed: dict[str, int] = field(default_factory=dict)
    copies_removed: list[str] = field(default_factory=list)
    backups: list[dict[str, Any]] = field(default_factory=list)
    set_variable: str | None = None
    is_done: bool = False


@dataclass(frozen=True)
class Wish:
    """Who rotates, as of which day, and why, in a sentence that names nobody."""

    as_of: date
    actor: str | None = None
    reason: str | None = None


def plan(session: Session, name: str) -> Plan:
    """What a rotation of this key would do; changes nothing. Raises UsageError for a key that is not rotated,
    and without a vault.
    """
    if name not in ROTATED:
        raise UsageError(WHY_NOT.get(name, f"There is no key of this name: known are {', '.join(ROTATED)}."))
    if not session.home.vault.exists():
        raise UsageError(f"The vault {session.home.vault} does not exist yet: there is nothing to rotate.")
    if name == "warehouse" and not session.home.warehouse.exists():
        raise UsageError(
            f"The warehouse {session.home.warehouse} does not exist yet: there is nothing to rotate."
        )
    told = Plan(name, hashlib.sha256(f"rotate {name} {session.keys.digest(name)}".encode()).hexdigest()[:12])
    zones = _ZONES.get(name, ("warehouse",) if name == "pseudonym" else ())
    paths = [path for zone in zones if (path := getattr(session.home, zone)).exists()]
    told.files = {path.name: path.stat().st_size for path in paths}
    told.copies_removed = [
        path.name for path in files.copies(session.home) if path.name.startswith(f"{name}.")
    ]
    if name == "pseudonym" and paths:
        with session.connect(warehouse="ro") as connection:
            told.rows = pseudonyms.count(connection)
    if name == "signing":
        chains: tuple[Chain, ...] = (audit.chain(session.home), receipts.chain(session.home))
        told.sealed = {chain.path.name: len(chain.read()[0]) for chain in chains}
    told.backups = [asdict(entry) for entry in listed.read(session.home)]
    if pending_rotation.is_of_environment(name):
        told.set_variable = variable(name)
    return told


def rotate(session: Session, name: str, token: str, wish: Wish) -> Plan:
    """Rotate a key; the caller holds the writer's lock.

    Raises UsageError for another token, and where the new key cannot be had or written; AnonymartError where
    the disk has no room for a second copy, and where audit log or receipts do not hold. Nothing has changed
    then.
    """
    from anonymart.gate.typed import checked_reason

    told = plan(session, name)
    if token != told.token:
        raise UsageError("The token is not that of the present plan: look at the plan again.")
    seal.need_key(session)
    recover(session)
    if name == "signing":
        signing.check(session)
    _need_room(session.home, told)
    reason = checked_reason(session, wish.reason) if wish.reason is not None else None
    with session.connect(vault="ro") as connection:
        actor = audit.who(connection, wish.actor)
    new = pending_rotation.choose_next(session, name)
    crash.point("rotate.next_noted")
    pending = Pending(name, secrets.token_hex(8), new.digest(name), str(wish.as_of), actor, reason)
    pending_rotation.note(session.home, pending)
    crash.point("rotate.begun")
    _carry_out(session.home, session.keys, new, pending)
    told.is_done = True
    return told


def resume(home: Home) -> str | None:
    """End a rotation that was cut short, and give the name of its key; None, at once, where there is none.

    Raises Busy while another run writes, UsageError where the new key is not at hand.
    """
    if not home.rotation.exists():
        return None
    with writing(home):
        pending = pending_rotation.read(home)
        if pending is None:
            return None
        if not home.vault.exists():
            raise AnonymartError(
                f"The vault {home.vault} is gone while the key '{pending.key}' was being rotated: put it "
                f"back with the key file of the same day, and remove {home.rotation}."
            )
        keys = Keys.present(home)
        is_in_place = keys.digest(pending.key) == pending.digest
        _carry_out(
            home,
            keys,
            keys if is_in_place else pending_rotation.find_next(Session(home, keys), pending),
            pending,
        )
        return pending.key


def _carry_out(home: Home, old: Keys, new: Keys, pending: Pending) -> None:
    if new != old:
        _write_anew(home, old, new, pending)
        crash.point("rotate.before_key")
        if not pending_rotation.is_of_environment(pending.key):
            pending_rotation.write_key(home, pending.key, getattr(new, pending.key))
        crash.point("rotate.after_key")
    else:
        _need_done(Session(home, new), pending)
    _tell(Session(home, new), pending)
    crash.point("rotate.told")
    pending_rotation.end(home)


def _need_done(session: Session, pending: Pending) -> None:
    """The new key came into its place by hand: raise UsageError where a file is still of the old one."""
    for zone in _ZONES.get(pending.key, ()):
        path = getattr(session.home, zone)
        if path.exists() and not engine.opens(path, key_of(session.keys, zone)):
            name = pending.key
            raise UsageError(
                f"The rotation of the key '{name}' was cut short and {path} is still of the old key: set "
                f"{variable(name)} to the old one and {pending_rotation.next_variable(name)} to the new one, "
                f"then run again."
            )


def _write_anew(home: Home, old: Keys, new: Keys, pending: Pending) -> None:
    if pending.key == "pseudonym":
        pseudonyms.hash_again(home, old, new)
    elif pending.key == "signing":
        signing.hand_over(home, old, new, pending.as_of)
    else:
        _encrypt(home, old, new, _ZONES[pending.key])


def _encrypt(home: Home, old: Keys, new: Keys, zones: tuple[str, ...]) -> None:
    """Write the files of these zones anew under the new key; what opens with it already stays."""
    left = tuple(
        zone
        for zone in zones
        if getattr(home, zone).exists() and not engine.opens(getattr(home, zone), key_of(new, zone))
    )
    if left:
        rewrite(Session(home, old), left, under=new)
    for path in files.copies(home):
        if path.name.startswith(f"{zones[0]}."):
            path.unlink(missing_ok=True)


def _tell(session: Session, pending: Pending) -> None:
    """One entry of the audit log for each rotation, however often it was cut short."""
    audit.flush(session)
    if any(entry.get("rotation") == pending.rotation_id for entry in audit.entries(session.home)):
        return
    why = {"reason": pending.reason} if pending.reason else {}
    audit.record(
        session.on(date.fromisoformat(pending.as_of)),
        "rotated",
        pending.actor,
        key=pending.key,
        rotation=pending.rotation_id,
        **why,
    )


def _need_room(home: Home, told: Plan) -> None:
    needed = sum(told.files.values())
    free = shutil.disk_usage(home.root).free
    if free < needed * 11 // 10:
        raise AnonymartError(
            f"The disk of {home.root} has {free} bytes free, and a second copy needs {needed * 11 // 10}: "
            f"free some space, then run again; nothing was done."
        )
