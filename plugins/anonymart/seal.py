"""A lost key `signing`: what was written with it is sealed by its digest under the new key, and the chains go
on (S-SAFE).

Receipts and audit log prove nothing by a key that nobody has. But the vault, which another key opens, knows
number and hash of their last entries, and each entry holds the hash of the one before. So what hangs together
and ends as the vault knows it is what was there before.
"""

from __future__ import annotations

import json

from anonymart import audit
from anonymart.chain import FIRST, OTHER_KEY, SEALS, Chain, digest, hash_of, other_key
from anonymart.erasure import receipts
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.session import Session


def seal(session: Session, reason: str, actor: str | None = None) -> dict[str, int]:
    """Seal audit log and receipts as they are, and note it as the first entry under the new key; gives how
    many of each.

    Raises UsageError when they are this key's own, AnonymartError when they do not hang together or do not
    end as the vault knows it.
    """
    from anonymart.gate.typed import checked_sentence

    chains = {"entry": audit.chain(session.home), "receipt": receipts.chain(session.home)}
    if OTHER_KEY not in {_problem(chain, session.keys) for chain in chains.values()}:
        raise UsageError(
            "The key 'signing' is the one that audit log and receipts were written with: there is "
            "nothing to seal."
        )
    with session.connect(vault="rw") as connection:
        text = checked_sentence(connection, reason, "--reason")
        audit.write_open(connection, session.home)
        heads = {"entry": audit.head(connection), "receipt": receipts.head(connection, "vault")}
    told: dict[str, object] = {"as_of": str(session.as_of), "reason": text}
    counts = {}
    for noun, chain in chains.items():
        entries, _ = chain.read()
        number, value = heads[noun]
        last = entries[-1]["hash"] if entries else FIRST
        if len(entries) < number:
            raise AnonymartError(
                f"{chain.path} does not hold ({noun} {len(entries) + 1} is missing): restore the file "
                f"from a copy first; nothing was sealed."
            )
        if not chain.is_linked(entries) or (len(entries), last) != (number, value):
            raise AnonymartError(
                f"{chain.path} does not end as the vault knows it: restore the file from a copy first; "
                f"nothing was sealed."
            )
        told[noun] = {"up_to": len(entries), "sha256": digest(entries)}
        counts[noun] = len(entries)
    _write(session.home, {**told, "hash": hash_of(told, session.keys)})
    audit.record(session, "sealed", actor, reason=text)
    return counts


def seal_under(session: Session, as_of: str, reason: str) -> None:
    """Seal audit log and receipts, which hold under the key of before, under a new one; nothing where they
    are empty or it is done already.
    """
    told: dict[str, object] = {"as_of": as_of, "reason": reason}
    for noun, chain in (("entry", audit.chain(session.home)), ("receipt", receipts.chain(session.home))):
        entries, _ = chain.read()
        told[noun] = {"up_to": len(entries), "sha256": digest(entries)}
    _write(session.home, {**told, "hash": hash_of(told, session.keys)})


def need_key(session: Session) -> None:
    """Raise UsageError when audit log or receipts were written with another key `signing`: nothing could be
    proved any more.
    """
    for chain in (audit.chain(session.home), receipts.chain(session.home)):
        if chain.check(chain.read()[0], session.keys)[1] == OTHER_KEY:
            raise other_key(chain.path)


def _problem(chain: Chain, keys: Keys) -> str | None:
    """What is wrong with a file; raises AnonymartError for anything but another key."""
    _, problem = chain.check(chain.read()[0], keys)
    if problem not in (None, OTHER_KEY):
        raise AnonymartError(
            f"{chain.path} does not hold ({problem}): restore the file from a copy first; nothing was sealed."
        )
    return problem


def _write(home: Home, told: dict[str, object]) -> None:
    from anonymart.release.folder import write_durably

    write_durably(home.root / SEALS, json.dumps(told), mode=0o600)
