"""The bytes of a delivered file, unpacked and as UTF-8, and the columns of a Parquet file."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from pathlib import Path
from typing import IO

import duckdb

from anonymart.files import parquet
from anonymart.files.encodings import UNREADABLE
from anonymart.files.landed import FileRefused

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAMPLE_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 20


def head_of(path: Path) -> bytes:
    """The first 64 KiB, unpacked where the file is packed; a packed file is read to its end. Raises
    FileRefused when damaged.
    """
    try:
        with path.open("rb") as file:
            start = file.read(2)
            file.seek(0)
            if start != b"\x1f\x8b":
                if path.suffix == ".gz":
                    raise FileRefused("not a gzip file, though its name says so" if start else "empty file")
                return file.read(_SAMPLE_BYTES)
            if path.suffix != ".gz":
                raise FileRefused("gzip content under a name that does not say so")
            with gzip.open(file) as unpacked:
                head = unpacked.read(_SAMPLE_BYTES)
                # DuckDB takes half a gzip for a whole one, so it is read to its end and its checksum here.
                while unpacked.read(_CHUNK_BYTES):
                    pass
                return head
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise FileRefused("a damaged or incomplete gzip file") from None
    except OSError as error:
        raise FileRefused(f"not readable: {error.strerror}") from None


def open_bytes(path: Path) -> IO[bytes]:
    """The file's own bytes, unpacked where it is packed, and as UTF-8 where it begins with a UTF-16 mark."""
    with _unpacked(path) as file:
        is_utf16 = file.read(2) in UTF16_MARKS
    return io.BufferedReader(_FromUtf16(_unpacked(path)), _CHUNK_BYTES) if is_utf16 else _unpacked(path)


def _unpacked(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


class _FromUtf16(io.RawIOBase):
    """UTF-16 as UTF-8; what is none becomes UNREADABLE."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._rest = file, b""
        self._decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        is_more = True
        while is_more and not self._rest:
            block = self._file.read(_CHUNK_BYTES)
            is_more = bool(block)
            self._rest = (
                self._decoder.decode(block, final=not is_more).replace("\ufffd", UNREADABLE).encode("utf-8")
            )
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def parquet_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, ...]:
    """The names of the columns of a Parquet file, plain or packed. Raises FileRefused."""
    try:
        return tuple(name for name, _ in parquet.columns(connection, path))
    except parquet.NotUnpacked as reason:
        raise FileRefused(str(reason)) from None
