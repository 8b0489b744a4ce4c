"""A true search: many known values as substrings of every byte of a home, whatever holds them.

A value is sought in small letters and in the spellings that writers give it: as it is, escaped for JSON, for
an address, for HTML. Databases are opened and dumped, packed files unpacked; each file is searched as raw
bytes besides.
"""

from __future__ import annotations

import gzip
import html
import io
import json
import sqlite3
import tempfile
import urllib.parse
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import duckdb
import numpy as np

from anonymart import engine
from anonymart.home import Home
from anonymart.keys import Keys

SHORTEST = 7
_BLOCK_BYTES = 4 << 20
_BITS = 24
_FACTORS = [np.uint32(pow(2654435761, power, 1 << 32) | 1) for power in range(1, SHORTEST + 1)]


class Planted:
    """Values to look for, each at least 7 bytes long. `find` gives those that some bytes hold."""

    def __init__(self, values: Iterable[str]) -> None:
        self._ends: dict[bytes, dict[int, dict[bytes, str]]] = defaultdict(lambda: defaultdict(dict))
        self.longest = 0
        for value in values:
            for spelling in _spellings(value):
                assert len(spelling) >= SHORTEST, "a value is too short to be looked for"
                self._ends[spelling[:SHORTEST]][len(spelling)][spelling] = value
                self.longest = max(self.longest, len(spelling))
        self._begins = np.zeros(1 << _BITS, dtype=bool)
        for prefix in self._ends:
            self._begins[_hashes(np.frombuffer(prefix, dtype=np.uint8))] = True

    def find(self, stream: BinaryIO) -> set[str]:
        """The values that stand anywhere in the stream, in capital or small letters."""
        found: set[str] = set()
        rest = b""
        while block := stream.read(_BLOCK_BYTES):
            data = rest + block
            found |= self._in_block(_folded(data))
            rest = data[-2 * self.longest :]
        return found

    def _in_block(self, data: bytes) -> set[str]:
        if len(data) < SHORTEST:
            return set()
        found: set[str] = set()
        places = np.flatnonzero(self._begins[_hashes(np.frombuffer(data, dtype=np.uint8))])
        for place in places.tolist():
            for length, spellings in self._ends.get(data[place : place + SHORTEST], {}).items():
                value = spellings.get(data[place : place + length])
                if value is not None:
                    found.add(value)
        return found


def search(home: Home, planted: Planted, left_out: tuple[Path, ...] = ()) -> set[tuple[str, str]]:
    """(file, value) for each value that a file of the home holds, names of files included.

    Left out: the landing folder, the vault, what is prepared for the people themselves, and the key file,
    which may hold them. A file counts once, however often.
    """
    hits: set[tuple[str, str]] = set()
    for path in _files(home, (home.landing, home.exports, *left_out)):
        place = str(path.relative_to(home.root))
        for content in (io.BytesIO(place.encode()), *contents(home, path)):
            with content:
                hits |= {(place, value) for value in planted.find(content)}
    return hits


def contents(home: Home, path: Path) -> Iterator[BinaryIO]:
    """What a file holds: its bytes, and what is inside when it is a database, a table or a packed file."""
    if path.is_symlink():
        return
    yield path.open("rb")
    with path.open("rb") as file:
        head = file.read(16)
    if path == home.warehouse:
        yield from _dump_duckdb(path, home, Keys.load(home).warehouse)
    elif path == home.tombstones:
        yield from _dump_duckdb(path, home, Keys.load(home).vault)
    elif head[8:12] == b"DUCK":
        yield from _dump_duckdb(path, home, None)
    elif head[:4] == b"PAR1":
        yield from _dump_parquet(path)
    elif head[:15] == b"SQLite format 3":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            yield io.BytesIO("\n".join(connection.iterdump()).encode("utf-8", "replace"))
    elif head[:2] == b"\x1f\x8b":
        with gzip.open(path) as unpacked:
            yield io.BytesIO(unpacked.read())
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                yield packed.open(name)


def _files(home: Home, left_out: tuple[Path, ...]) -> Iterator[Path]:
    allowed = {home.vault, home.keys_file, *left_out}
    for path in sorted(home.root.rglob("*")):
        if (path.is_symlink() or path.is_file()) and not allowed & {path, *path.parents}:
            yield path


def _dump_duckdb(path: Path, home: Home, key: str | None) -> Iterator[BinaryIO]:
    """Every table as CSV, and all that the catalogue says: names, comments, definitions."""
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        if key:
            engine.prepare(connection, home)
            engine.attach(connection, "held", path, key, "ro")
        else:
            connection.execute(f"ATTACH {engine.literal(str(path))} AS held (READ_ONLY)")
        for kind in (
            "schemas",
            "tables",
            "columns",
            "views",
            "indexes",
            "sequences",
            "constraints",
            "types",
            "functions",
        ):
            rows = connection.execute(
                f"SELECT * FROM duckdb_{kind}() WHERE database_name = 'held'"
            ).fetchall()
            yield io.BytesIO("\n".join(map(str, rows)).encode("utf-8", "replace"))
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'held'"
        ).fetchall()
        for schema, table in tables:
            dump = Path(folder) / "dump.csv"
            connection.execute(f'COPY held."{schema}"."{table}" TO {engine.literal(str(dump))} (FORMAT csv)')
            yield dump.open("rb")


def _dump_parquet(path: Path) -> Iterator[BinaryIO]:
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "dump.csv"
        source = f"read_parquet({engine.literal(str(path))})"
        connection.execute(f"COPY (FROM {source}) TO {engine.literal(str(dump))} (FORMAT csv)")
        yield dump.open("rb")
        metadata = connection.execute(
            f"SELECT * FROM parquet_kv_metadata({engine.literal(str(path))})"
        ).fetchall()
        yield io.BytesIO(str(metadata).encode())


def _spellings(value: str) -> set[bytes]:
    folded = value.casefold()
    texts = {
        folded,
        json.dumps(folded)[1:-1],
        json.dumps(value)[1:-1].casefold(),
        urllib.parse.quote(folded, safe="").casefold(),
        urllib.parse.quote(value, safe="").casefold(),
        html.escape(folded),
    }
    return {text.encode() for text in texts}


def _folded(data: bytes) -> bytes:
    return data.decode("utf-8", "surrogateescape").casefold().encode("utf-8", "surrogateescape")


def _hashes(data: np.ndarray) -> np.ndarray:
    """A hash of each run of 7 bytes."""
    total = np.zeros(len(data) - SHORTEST + 1, dtype=np.uint32)
    for offset, factor in enumerate(_FACTORS):
        total += data[offset : offset + len(total)].astype(np.uint32) * factor
    return (total * np.uint32(2654435761)) >> np.uint32(32 - _BITS)
