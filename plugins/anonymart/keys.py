"""The six keys of a home. They stand in one file (0600) or in the environment, and nowhere else."""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anonymart.errors import UsageError
from anonymart.home import Home

KEY_NAMES = ("vault", "warehouse", "person", "pseudonym", "record", "signing")
_HEX_KEY = re.compile(r"[0-9a-f]{64}")
# A key that was rotated follows its earlier ones: what they hashed is hashed again, not made anew.
_LINKED_KEY = re.compile(r"[0-9a-f]{64}(\.[0-9a-f]{64})*")
# In the key file while a rotation is under way: name and value of the key that is to come.
NEXT = "next"
_DIGESTED = b"anonymart key mark"


@dataclass(frozen=True, repr=False)
class Keys:
    """Six keys of 256 bits, as 64 hexadecimal digits each. Their repr shows nothing.

    `pseudonym` may hold several, joined by dots, the newest last: each rotation adds one.
    """

    vault: str
    warehouse: str
    person: str
    pseudonym: str
    record: str
    signing: str

    def __repr__(self) -> str:
        return "Keys(…)"

    @property
    def pseudonym_links(self) -> tuple[str, ...]:
        """The keys that make a pseudonym, one after the other."""
        return tuple(self.pseudonym.split("."))

    def pseudonym_of(self, text: str) -> str:
        """The keyed hash of a person or an identifier, as 64 hexadecimal digits: HMAC-SHA256 with the first
        key, then with each later one of the first 64 bits of the one before.
        """
        first, *later = self.pseudonym_links
        hashed = hmac.digest(bytes.fromhex(first), text.encode(), "sha256").hex()
        for link in later:
            hashed = hmac.digest(bytes.fromhex(link), hashed[:16].encode(), "sha256").hex()
        return hashed

    def digest(self, name: str) -> str:
        """What tells a key from another one and gives nothing of it away, as 64 hexadecimal digits."""
        if name == "pseudonym":
            return self.pseudonym_of(_DIGESTED.decode())
        return hmac.digest(bytes.fromhex(getattr(self, name)), _DIGESTED, "sha256").hex()

    @classmethod
    def load(cls, home: Home) -> Keys:
        """ANONYMART_KEY_<NAME> first, then the key file. Raises UsageError naming the key that is missing,
        and while a rotation that was cut short is not ended.
        """
        if home.rotation.exists():
            raise UsageError(
                f"A rotation of a key of {home.root} was cut short: `anonymart keys check` ends it, then run "
                f"again."
            )
        return cls.present(home)

    @classmethod
    def present(cls, home: Home) -> Keys:
        """The same for the rotation itself: the keys as they stand, whatever is under way."""
        stored = read_file(home)
        found: dict[str, str] = {}
        for name in KEY_NAMES:
            value = os.environ.get(variable(name)) or stored.get(name)
            if not value:
                raise UsageError(
                    f"The key '{name}' is missing: run `anonymart keys init`, "
                    f"or set {variable(name)} or ANONYMART_KEYS_FILE."
                )
            found[name] = checked(name, value)
        return cls(**found)

    @classmethod
    def from_file(cls, path: Path) -> Keys:
        """The keys of a key file, whatever the environment says. Raises UsageError as `present`."""
        stored = _read(path)
        return cls(**{name: checked(name, stored.get(name)) for name in KEY_NAMES})


def variable(name: str) -> str:
    """The environment variable that may hold the key."""
    return f"ANONYMART_KEY_{name.upper()}"


def checked(name: str, value: Any) -> str:
    """The value of a key. Raises UsageError when it has not the form of one."""
    form = _LINKED_KEY if name == "pseudonym" else _HEX_KEY
    if not isinstance(value, str) or not form.fullmatch(value):
        raise UsageError(
            f"The key '{name}' is not 64 lower-case hexadecimal digits: restore it from your safe."
        )
    return value


def init_keys(home: Home) -> bool:
    """Write a new key file (0600). Returns False, and changes nothing, when there already is one.

    Raises UsageError when a zone exists without its key file: new keys could not open it.
    """
    path = home.keys_file
    if path.exists():
        return False
    if home.vault.exists() or home.warehouse.exists():
        raise UsageError(
            f"{home.root} already holds a vault or a warehouse but {path} is missing: "
            "restore the old key file, new keys cannot open them."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump({name: secrets.token_hex(32) for name in KEY_NAMES}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return True


def read_file(home: Home) -> dict[str, Any]:
    """What the key file holds, {} where there is none. Raises UsageError where it cannot be trusted."""
    return _read(home.keys_file)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise UsageError(f"The key file {path} cannot be read as JSON: restore it from your safe.") from None
    if path.stat().st_mode & 0o077:
        raise UsageError(f"The key file {path} can be read by others: `chmod 600` it.")
    if not isinstance(stored, dict):
        raise UsageError(f"The key file {path} holds no object of keys: restore it from your safe.")
    unknown = set(stored) - {*KEY_NAMES, NEXT}
    if unknown:
        raise UsageError(
            f"The key file {path} holds {len(unknown)} unknown name(s): known are {', '.join(KEY_NAMES)}."
        )
    return stored
