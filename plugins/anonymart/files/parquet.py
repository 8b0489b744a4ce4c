"""Parquet as DuckDB opens it, also where it was packed once more with gzip: unpacked into memory, never onto
the disk (S-SAFE).
"""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import duckdb

from anonymart.engine import literal

_CHUNK_BYTES = 1 << 22
LARGEST_UNPACKED = 1 << 29
# The file unpacked last, by what tells it from another delivery, and its descriptor: one at a time.
_unpacked: dict[tuple[int, int, int, int], int] = {}


class NotUnpacked(Exception):
    """The file cannot be unpacked; the message is the reason, without any value of it."""


def scan(path: Path) -> str:
    """SQL: the rows of a Parquet file, plain or `.gz`. Raises NotUnpacked for what is damaged, or larger than
    512 MiB unpacked.
    """
    return f"read_parquet({literal(place(path))})"


def place(path: Path) -> str:
    """The path that DuckDB opens; of a packed file that of an unnamed file in memory, which goes with the
    process or the next one.
    """
    if path.suffix != ".gz":
        return str(path)
    status = path.stat()
    name = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    if name not in _unpacked:
        drop_unpacked()
        _unpacked[name] = _unpack(path)
    return f"/proc/{os.getpid()}/fd/{_unpacked[name]}"


def drop_unpacked() -> None:
    """Give back the memory of the file unpacked last."""
    while _unpacked:
        os.close(_unpacked.popitem()[1])


def columns(connection: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str, str]]:
    """Names and types. Raises NotUnpacked for a damaged file."""
    try:
        return connection.execute(
            f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {scan(path)})"
        ).fetchall()
    except duckdb.Error:
        raise NotUnpacked("a damaged or incomplete Parquet file") from None


def _unpack(path: Path) -> int:
    if not hasattr(os, "memfd_create"):
        raise NotUnpacked(
            "a gzipped Parquet file, which only Linux can unpack in memory: unpack it, Parquet is "
            "compressed in itself"
        )
    descriptor = os.memfd_create("parquet", os.MFD_CLOEXEC)
    try:
        with gzip.open(path) as packed, os.fdopen(os.dup(descriptor), "wb") as memory:
            while chunk := packed.read(_CHUNK_BYTES):
                memory.write(chunk)
                if memory.tell() > LARGEST_UNPACKED:
                    raise NotUnpacked(
                        "a gzipped Parquet file of more than 512 MiB: unpack it, Parquet is compressed "
                        "in itself"
                    )
        return descriptor
    except (EOFError, gzip.BadGzipFile, zlib.error):
        os.close(descriptor)
        raise NotUnpacked("a damaged or incomplete gzip file") from None
    except BaseException:
        os.close(descriptor)
        raise
