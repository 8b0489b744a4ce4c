"""A key `signing` hands over to the next one: a document that both have signed, for whoever holds the public
key of the old one (S-SAFE).

It lies in each release folder that the new key has signed, `KEY_HANDOVER.json`, and lists every hand-over
since the first. So recipients need no new file to check a new release; but whoever has stolen the old key
could write such a document too, so a leaked key is told to them on another way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.release import signature
from anonymart.release.folder import KEY_HANDOVER, write_durably

# Of another form than a manifest: no signature of one can be taken for one of the other.
_PURPOSE = "anonymart key hand-over 1\n"
_LARGEST_BYTES = 1_000_000
_KEY = re.compile(r"[0-9a-f]{64}")
# Nothing else may stand in it: the file goes to recipients.
_FORMS = {
    "no": re.compile(r"[0-9]{1,6}"),
    "as_of": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "last_release": re.compile(r"None|[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[0-9]{1,6})?"),
    "from": _KEY,
    "to": _KEY,
}


def add(home: Home, old: Keys, new: Keys, as_of: str, last_release: str | None) -> None:
    """Write how the key of `old` hands over to that of `new` into `key_handovers.json`, once. `last_release`
    is the last one that the old key has signed.
    """
    known = _read(home.key_handovers)
    told = {
        "no": len(known) + 1,
        "as_of": as_of,
        "last_release": last_release,
        "from": signature.raw(signature.public_key(old)),
        "to": signature.raw(signature.public_key(new)),
    }
    if any(each.get("to") == told["to"] for each in known):
        return
    signed = {"from": signature.sign_bytes(_bytes(told), old), "to": signature.sign_bytes(_bytes(told), new)}
    write_durably(home.key_handovers, _text([*known, {**told, "signatures": signed}]), mode=0o600)


def put(home: Home, folder: Path) -> None:
    """Lay the home's hand-overs into a release folder, where there are any."""
    if home.key_handovers.exists():
        write_durably(folder / KEY_HANDOVER, home.key_handovers.read_text(encoding="ascii"), mode=0o644)


def way(path: Path, trusted: Ed25519PublicKey, signer: Ed25519PublicKey) -> list[dict[str, Any]]:
    """The hand-overs that lead from the trusted key to the one that signed, in order; [] where none lead
    there.
    """
    links = {each["from"]: each for each in _read(path) if _holds(each)}
    key, last, found = signature.raw(trusted), signature.raw(signer), []
    while key != last and key in links:
        link = links.pop(key)
        found.append(link)
        key = link["to"]
    return found if key == last else []


def is_sound(path: Path) -> bool:
    """Whether a file holds nothing but hand-overs that both of their keys have signed."""
    found = _read(path)
    return bool(found) and all(map(_holds, found)) and path.read_text(encoding="ascii") == _text(found)


def former_keys(paths: Sequence[Path], keys: Keys) -> list[Ed25519PublicKey]:
    """The keys that handed over to the one of `keys`, newest first, by the first of these files
    that tells of any.
    """
    for path in paths:
        links = {each["to"]: each for each in _read(path) if _holds(each)}
        key, found = signature.raw(signature.public_key(keys)), []
        while key in links:
            key = links.pop(key)["from"]
            found.append(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)))
        if found:
            return found
    return []


def _text(links: list[dict[str, Any]]) -> str:
    return json.dumps({"handovers": links}, indent=1) + "\n"


def _bytes(told: dict[str, Any]) -> bytes:
    return (_PURPOSE + json.dumps(told, sort_keys=True)).encode()


def _holds(link: dict[str, Any]) -> bool:
    """Whether both keys have signed what a hand-over says."""
    told = {name: value for name, value in link.items() if name != "signatures"}
    signed = link.get("signatures")
    if set(told) != set(_FORMS) or not all(form.fullmatch(str(told[name])) for name, form in _FORMS.items()):
        return False
    try:
        if not isinstance(signed, dict) or set(signed) != {"from", "to"}:
            return False
        for side, value in signed.items():
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(told[side]))
            key.verify(bytes.fromhex(value), _bytes(told))
    except (KeyError, TypeError, ValueError, AttributeError, InvalidSignature):
        return False
    return True


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            return []
        told = json.loads(path.read_text(encoding="ascii"))
        links = told["handovers"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return links if isinstance(links, list) and all(isinstance(each, dict) for each in links) else []
