"""Lines that follow one another by keyed hashes, in a file that is only ever added to: receipts, and the
audit log (S-SAFE).

hash = HMAC-SHA256(signing key, the entry without its hash, as JSON with sorted keys); each entry holds its
number and the hash of the one before. Number and hash of the last one are kept elsewhere too, so that an
entry cut off at the end is missed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anonymart.errors import UsageError
from anonymart.keys import Keys

FIRST = "0" * 64
# Beside the files: up to which entry each was sealed when its key was lost, and the digest of these
# (anonymart/seal.py).
SEALS = "seals.json"
OTHER_KEY = "it was written with another key 'signing'"
Entry = dict[str, Any]


@dataclass(frozen=True)
class Chain:
    """A file of such lines; `number` is the name under which an entry has its number, `noun` what an entry is
    called.
    """

    path: Path
    number: str
    noun: str

    def read(self) -> tuple[list[Entry], int]:
        """The whole lines, and up to which byte they reach: what a kill left of a line is no entry."""
        if not self.path.exists():
            return [], 0
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        return [_parsed(line) for line in content[:whole].splitlines()], whole

    def is_torn(self, whole: int) -> bool:
        """Whether bytes follow the last whole line."""
        return self.path.exists() and whole != self.path.stat().st_size

    def check(self, entries: list[Entry], keys: Keys) -> tuple[int, str | None]:
        """How many entries hold from the first on, and what is wrong with the next one (None: all hold;
        OTHER_KEY: none of them is this key's).

        Of entries that are sealed, the digest of all together holds in the place of their keyed hashes.
        """
        seal = self.seal(keys)
        n_sealed = seal["up_to"] if seal else 0
        if seal and (len(entries) < n_sealed or digest(entries[:n_sealed]) != seal["sha256"]):
            return 0, f"what was sealed up to {self.noun} {n_sealed} was changed"
        previous = FIRST
        for number, entry in enumerate(entries, 1):
            if entry.get(self.number) != number:
                return number - 1, f"{self.noun} {number} is missing"
            if entry.get("previous") != previous:
                return number - 1, f"{self.noun} {number} does not follow the one before"
            if number > n_sealed and not is_of(entry, keys):
                is_other_key = number == n_sealed + 1 and not any(
                    is_of(later, keys) for later in entries[number:]
                )
                return number - 1, OTHER_KEY if is_other_key and self.is_linked(
                    entries
                ) else f"{self.noun} {number} was changed"
            previous = entry["hash"]
        return len(entries), None

    def is_linked(self, entries: list[Entry]) -> bool:
        """Whether the entries are numbered and follow one another, whatever key has made their hashes."""
        before = [FIRST, *(entry.get("hash") for entry in entries)]
        return all(
            entry.get(self.number) == number and entry.get("previous") == before[number - 1]
            for number, entry in enumerate(entries, 1)
        )

    def seal(self, keys: Keys) -> Entry | None:
        """What was sealed of this file, under this key: `up_to` and `sha256`; None where nothing was."""
        try:
            told = _parsed((self.path.parent / SEALS).read_bytes())
        except OSError:
            return None
        return told.get(self.noun) if is_of(told, keys) else None

    def next_entry(self, number: int, previous: str, content: Entry, keys: Keys) -> Entry:
        """The content with its number, the hash of the entry before it, and its own."""
        entry = {self.number: number, **content, "previous": previous}
        return {**entry, "hash": hash_of(entry, keys)}

    def append(self, entry: Entry, whole: int) -> None:
        """Write the entry after the first `whole` bytes, and see it to the disk."""
        with self.path.open("ab") as file:
            file.truncate(whole)
            file.write(line_of(entry))
            file.flush()
            os.fsync(file.fileno())


def hash_of(entry: Entry, keys: Keys) -> str:
    """The keyed hash of an entry, as 64 hexadecimal digits."""
    content = json.dumps({name: value for name, value in entry.items() if name != "hash"}, sort_keys=True)
    return hmac.new(bytes.fromhex(keys.signing), content.encode(), hashlib.sha256).hexdigest()


def is_of(entry: Entry, keys: Keys) -> bool:
    """Whether this key has made the hash of the entry."""
    return hmac.compare_digest(str(entry.get("hash")), hash_of(entry, keys))


def digest(entries: list[Entry]) -> str:
    """The SHA-256 of the lines of these entries, as hexadecimal digits."""
    return hashlib.sha256(b"".join(map(line_of, entries))).hexdigest()


def other_key(path: Path) -> UsageError:
    """What is said where a file was written with another key."""
    return UsageError(
        f"The key 'signing' is not the one that {path} was written with: restore it from your safe. If "
        f"it is lost, seal what was written with it: "
        "`anonymart keys seal --reason TEXT`; nothing was done."
    )


def line_of(entry: Entry) -> bytes:
    """The entry as it stands in the file."""
    return json.dumps(entry, sort_keys=True).encode() + b"\n"


def _parsed(line: bytes) -> Entry:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
