"""The six keys of a home. They stand in one file (0600) or in the environment, and nowhere else."""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass

from anonymart.errors import UsageError
from anonymart.home import Home

KEY_NAMES = ("vault", "warehouse", "person", "pseudonym", "record", "signing")
_HEX_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, repr=False)
class Keys:
    """Six keys of 256 bits, as 64 hexadecimal digits each. Their repr shows nothing."""

    vault: str
    warehouse: str
    person: str
    pseudonym: str
    record: str
    signing: str

    def __repr__(self) -> str:
        return "Keys(…)"

    @classmethod
    def load(cls, home: Home) -> Keys:
        """ANONYMART_KEY_<NAME> first, then the key file. Raises UsageError naming the key that is missing."""
        stored = _read_file(home)
        found: dict[str, str] = {}
        for name in KEY_NAMES:
            value = os.environ.get(f"ANONYMART_KEY_{name.upper()}") or stored.get(name)
            if not value:
                raise UsageError(
                    f"The key '{name}' is missing: run `anonymart keys init`, "
                    f"or set ANONYMART_KEY_{name.upper()} or ANONYMART_KEYS_FILE."
                )
            if not isinstance(value, str) or not _HEX_KEY.fullmatch(value):
                raise UsageError(
                    f"The key '{name}' is not 64 lower-case hexadecimal digits: restore it from your safe."
                )
            found[name] = value
        return cls(**found)


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


def _read_file(home: Home) -> dict:
    path = home.keys_file
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
    unknown = set(stored) - set(KEY_NAMES)
    if unknown:
        raise UsageError(
            f"The key file {path} holds {len(unknown)} unknown name(s): known are {', '.join(KEY_NAMES)}."
        )
    return stored
