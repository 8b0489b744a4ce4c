"""Encodings found out word by word: one file may mix UTF-8, Latin-1, cp1252 and cp850, even within one word.

A word that is right UTF-8 is that. In any other each byte is read as cp1252 (which holds Latin-1) or as
cp850, whichever gives letters where letters belong; a word that neither makes readable becomes the mark
UNREADABLE, and the row that needs it is quarantined.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Iterator

# A character for private use: stands for bytes of no known encoding.
UNREADABLE = "\uf8ff"
SEVERAL = "several in one line"
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_TAIL = re.compile(rb"[\x80-\xff][A-Za-z\x80-\xff]*")
# So many bytes before a word's first high one say how it is read: the longest of _ENDS_IN_A_GRAVE is shorter.
_BEFORE = 6
_IS_LETTER = bytes(chr(code).isascii() and chr(code).isalpha() for code in range(256))
_HIGH = "\ufffd"
_FRENCH = frozenset("àâäçéèêëîïôöùûüÿœæ")
_FRENCH_CAPITALS = frozenset("ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒÆ")
_ENDS_IN_A_GRAVE = frozenset(("à", "là", "çà", "déjà", "voilà", "delà", "holà", "celà"))
_WORDS_KEPT = 200_000
_BLOCK = 1 << 20


class Encodings:
    """Turns bytes into UTF-8; `found` counts the lines by what they were in (ascii, utf-8, latin-1, cp1252,
    cp850, …).
    """

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self._known: dict[bytes, tuple[bytes, str]] = {}
        self._tails: dict[bytes, tuple[bytes, str]] = {}

    def clean(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The same lines as UTF-8, without a byte order mark; as many blocks in memory as one."""
        rest, is_first = b"", True
        for block in blocks:
            text = rest + block
            if is_first:
                text, is_first = self._without_mark(text), False
            end = text.rfind(b"\n") + 1
            rest = text[end:]
            if end:
                yield self._whole_lines(text[:end])
        if rest:
            yield self._whole_lines(rest)

    def text(self, content: bytes) -> str:
        """One text without counting it: a header, a cell."""
        return self._line(content)[0].decode("utf-8")

    def _without_mark(self, text: bytes) -> bytes:
        if text.startswith(codecs.BOM_UTF8):
            self.found["utf-8 with a mark"] += 1
            return text[len(codecs.BOM_UTF8) :]
        return text

    def _whole_lines(self, text: bytes) -> bytes:
        if text.isascii():
            self.found["ascii"] += text.count(b"\n") + (not text.endswith(b"\n"))
            return text
        # The words with a high byte are found one after the other; the text between them is copied as it is.
        found, seen, pieces = self.found, set[str](), list[bytes]()
        tails, before = self._tails, sum(found.values())
        copied = after = 0
        for high in _TAIL.finditer(text):
            begun, end = high.span()
            if seen and text.find(b"\n", after, begun) >= 0:
                found[_of_line(seen)] += 1
                seen.clear()
            key = text[begun - _BEFORE if begun > _BEFORE else 0 : end]
            known = tails.get(key)
            if known is None:
                while begun > after and _IS_LETTER[text[begun - 1]]:
                    begun -= 1
                known = self._tail(key, text[begun:end], high.start() - begun)
                if known[1] != "unreadable":
                    begun = high.start()
            clean, encoding = known
            seen.add(encoding)
            if clean:
                pieces += (text[copied:begun], clean)
                copied = end
            after = end
        if seen:
            found[_of_line(seen)] += 1
        n_lines = text.count(b"\n") + (not text.endswith(b"\n"))
        found["ascii"] += n_lines - (sum(found.values()) - before)
        return b"".join((*pieces, text[copied:]))

    def _line(self, line: bytes) -> tuple[bytes, str]:
        try:
            line.decode("utf-8")
            return line, "ascii" if line.isascii() else "utf-8"
        except UnicodeDecodeError:
            pass
        seen: set[str] = set()

        def read(word: re.Match[bytes]) -> bytes:
            clean, encoding = self._word(word[0])
            seen.add(encoding)
            return clean

        clean = _WORD.sub(read, line)
        return clean, _of_line(seen)

    def _tail(self, key: bytes, word: bytes, n_before: int) -> tuple[bytes, str]:
        """What stands for a word from its first high byte on, b"" where it stays, and its encoding; known by
        `key` from then on. An unreadable word goes as a whole.
        """
        clean, encoding = self._word(word)
        if encoding == "unreadable":
            return clean, encoding
        answer = (b"" if clean == word else clean[n_before:]), encoding
        if len(self._tails) < _WORDS_KEPT:
            self._tails[key] = answer
        return answer

    def _word(self, word: bytes) -> tuple[bytes, str]:
        answer = self._known.get(word)
        if answer is None:
            answer = _read(word)
            if len(self._known) < _WORDS_KEPT:
                self._known[word] = answer
        return answer


def blocks_of(file: object) -> Iterator[bytes]:
    """The file's bytes in blocks of a mebibyte."""
    while block := file.read(_BLOCK):  # type: ignore[attr-defined]
        yield block


def _read(word: bytes) -> tuple[bytes, str]:
    """A word's text and encoding. Each byte is decided on its own: `c\xf4t\x82` holds Latin-1 and cp850."""
    try:
        word.decode("utf-8")
        return word, "utf-8"
    except UnicodeDecodeError:
        pass
    windows, dos = word.decode("cp1252", errors="replace"), word.decode("cp850")
    padded = f" {word.decode('ascii', errors='replace').replace(_HIGH, 'x')} "
    signs, seen = [], set()
    for place, byte in enumerate(word):
        if byte < 0x80:
            signs.append(chr(byte))
            continue
        around = padded[place], padded[place + 2]
        for_windows, for_dos = (
            _sign(around[0], windows[place], around[1]),
            _sign(around[0], dos[place], around[1]),
        )
        if (
            dos[place] == "à"
            and not around[1].isalpha()
            and f"{''.join(signs)}à".casefold() not in _ENDS_IN_A_GRAVE
        ):
            for_dos = 0
        if max(for_windows, for_dos) < 0:
            return UNREADABLE.encode(), "unreadable"
        if for_windows >= for_dos:
            signs.append(windows[place])
            seen.add("latin-1" if byte >= 0xA0 else "cp1252")
        else:
            signs.append(dos[place])
            seen.add("cp850")
    return "".join(signs).encode(), _named(seen)


def _of_line(seen: set[str]) -> str:
    return "unreadable" if "unreadable" in seen else _named(seen)


def _named(seen: set[str]) -> str:
    """One name for what a word or a line is in; cp1252 holds Latin-1."""
    if seen <= {"latin-1", "cp1252"}:
        return "cp1252" if "cp1252" in seen else "latin-1"
    return next(iter(seen)) if len(seen) == 1 else SEVERAL


def _sign(before: str, sign: str, after: str) -> int:
    if sign in _FRENCH:
        return 2
    if sign in _FRENCH_CAPITALS:
        return -2 if before.islower() else 1
    if sign in "’‘":
        return 2 if before.isalpha() or after.isalpha() else 0
    if sign in "…”»":
        return -1 if after.isalpha() else 1
    if sign in "“«":
        return -1 if before.isalpha() else 1
    if sign in "–—€°£\xa0²½":
        return 1 if not (before.isalpha() and after.isalpha()) else -2
    if sign.isalpha() and sign < "\u0180" and not sign.isupper():
        return 1
    if sign.isalpha() and sign < "\u0180":
        return -2 if before.islower() else 0
    return -2
