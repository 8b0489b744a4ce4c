"""Encodings by block: what a file becomes hangs neither on where a block ends nor on what was read before."""

from __future__ import annotations

import random

from anonymart.files.encodings import UNREADABLE, Encodings

_WORDS = [
    "déjà",
    "à",
    "là",
    "Voilà",
    "où",
    "ÉCOLE",
    "été",
    "naïve",
    "cœur",
    "l’école",
    "10€",
    "ça",
    "Zoë",
    "holà",
    "xlà",
    "12à",
    "abcdefgà",
    "çà",
    "ÀÀ",
    "a",
    "b",
    ";",
    "-",
]
_CODINGS = ("utf-8", "cp1252", "cp850", "latin-1")


def mixed(rng: random.Random) -> bytes:
    words = (
        rng.choice(_WORDS).encode(rng.choice(_CODINGS), errors="ignore")
        + rng.choice((b" ", b"", b",", b"\n", bytes([rng.randrange(256)])))
        for _ in range(rng.randrange(1, 30))
    )
    return b"".join(words)


def in_blocks(encodings: Encodings, text: bytes, size: int) -> bytes:
    return b"".join(encodings.clean(text[i : i + size] for i in range(0, len(text), size)))


def test_blocks_and_what_was_read_before_change_nothing() -> None:
    rng, warm = random.Random(5), Encodings()
    for _ in range(500):
        text, cold = mixed(rng), Encodings()
        whole = in_blocks(cold, text, len(text))
        assert in_blocks(Encodings(), text, rng.randrange(1, 9)) == whole
        before = warm.found.copy()
        assert in_blocks(warm, text, len(text)) == whole
        assert warm.found - before == cold.found
        whole.decode("utf-8")


def test_an_unreadable_word_goes_as_a_whole() -> None:
    encodings, twice = Encodings(), b"ok x\xb1\xb2y end\n" * 2
    assert in_blocks(encodings, twice, len(twice)).decode() == f"ok {UNREADABLE} end\n" * 2
    assert encodings.found["unreadable"] == 2
