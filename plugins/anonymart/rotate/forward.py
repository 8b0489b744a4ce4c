"""A backup from before a rotation comes under the present keys (S-SAFE)."""

from __future__ import annotations

import dataclasses

from anonymart.erasure.rewrite import rewrite
from anonymart.errors import UsageError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.rotate import pseudonyms
from anonymart.session import Session

_STAY = ("person", "record")


def bring_forward(home: Home, old: Keys, keys: Keys) -> None:
    """Encrypt vault and warehouse of a staged home, which are of the keys `old`, with the present ones, and
    hash again what later keys `pseudonym` have to hash.

    Raises UsageError for keys that no rotation leads from one to the other.
    """
    if any(getattr(old, name) != getattr(keys, name) for name in _STAY) or not _goes_on(old, keys):
        raise UsageError(
            "The old keys are not of this home: record and person are never rotated, and a rotated pseudonym "
            "begins with the old one. Take the key file of the day of the backup."
        )
    for zone in ("vault", "warehouse"):
        if getattr(home, zone).exists() and getattr(old, zone) != getattr(keys, zone):
            rewrite(Session(home, old), (zone,), under=keys)
    links = keys.pseudonym_links
    for n_links in range(len(old.pseudonym_links), len(links)):
        before, after = (
            dataclasses.replace(keys, pseudonym=".".join(links[:n])) for n in (n_links, n_links + 1)
        )
        pseudonyms.hash_again(home, before, after)


def _goes_on(old: Keys, keys: Keys) -> bool:
    return keys.pseudonym_links[: len(old.pseudonym_links)] == old.pseudonym_links
