"""What a text says once it is decoded: base64, hexadecimal, percent and HTML entities, compatible letters,
unseen signs (D-IDENT).
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

_SHORTEST = 6
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){6,}")


def decoded(text: str) -> set[str]:
    """Other readings of the words of a text, decoded once; empty for most texts."""
    found: set[str] = set()
    for word in text.split():
        found.update(_readings(word))
    found.discard(text)
    return found


def _readings(word: str) -> Iterator[str]:
    plain = word
    if not word.isascii():
        plain = "".join(
            sign for sign in unicodedata.normalize("NFKC", word) if unicodedata.category(sign) != "Cf"
        )
    if "%" in plain:
        plain = unquote(plain)
    if "&" in plain:
        plain = html.unescape(plain)
    if plain != word:
        yield plain
    for run in _BASE64.findall(word):
        # What stands before or behind a dash may be no part of it.
        for part in {run, *re.split("[-_]", run)}:
            yield from _texts(_from_base64(part))
    for run in _HEX.findall(word):
        yield from _texts(bytes.fromhex(run))


def _from_base64(run: str) -> bytes:
    body = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return b""


def _texts(data: bytes) -> Iterator[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if len(text) >= _SHORTEST and text.isprintable():
        yield text
