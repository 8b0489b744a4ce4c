"""A lost key `signing`: what was written with it is sealed by its digest under the new key, and the chains go
on (S-SAFE).

Receipts and audit log prove nothing by a key that nobody has. But the vault, which another key opens, knows
number and hash of their last entries, and each entry holds the hash of the one before. So what hangs together
and ends as the vault knows it is what was there before.
"""

from __future__ import annotations

import json
from datetime import date

from anonymart import audit, engine
from anonymart.chain import FIRST, OTHER_KEY, SEALS, Chain, digest, hash_of, other_key
from anonymart.erasure import receipts
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.keys import Keys


def seal(home: Home, keys: Keys, as_of: date, reason: str, actor: str | None = None) -> dict[str, int]:
    """Seal audit log and receipts as they are, and note it as the first entry under the new key; gives how
    many of each.

    Raises UsageError when they are this key's own, AnonymartError when they do not hang together or do not
    end as the vault knows it.
    """
    from anonymart.gate.typed import checked_sentence

    chains = {"entry": audit.chain(home), "receipt": receipts.chain(home)}
    if OTHER_KEY not in {_problem(chain, keys) for chain in chains.values()}:
        raise UsageError(
            "The key 'signing' is the one that audit log and receipts were written with: there is "
            "nothing to seal."
        )
    with engine.connect(home, keys, vault="rw") as connection:
        text = checked_sentence(connection, reason, "--reason")
        audit.write_open(connection, home)
        heads = {"entry": audit.head(connection), "receipt": receipts.head(connection, "vault")}
    told: dict[str, object] = {"as_of": str(as_of), "reason": text}
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
    _write(home, {**told, "hash": hash_of(told, keys)})
    audit.record(home, keys, as_of, "sealed", actor, reason=text)
    return counts


def need_key(home: Home, keys: Keys) -> None:
    """Raise UsageError when audit log or receipts were written with another key `signing`: nothing could be
    proved any more.
    """
    for chain in (audit.chain(home), receipts.chain(home)):
        if chain.check(chain.read()[0], keys)[1] == OTHER_KEY:
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
