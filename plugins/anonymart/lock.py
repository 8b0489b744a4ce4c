"""One writer at a time: whoever writes the zones holds the lock of the home."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from anonymart.errors import AnonymartError
from anonymart.home import Home

_PATIENCE_SECONDS = 5.0
_READER_PATIENCE_SECONDS = 1.0


class Busy(AnonymartError):
    """A run is writing: what was asked can be asked again later."""


@contextmanager
def writing(home: Home, patience: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the home's lock; a killed process lets go of it. Raises Busy when another run keeps it."""
    with _held(home, fcntl.LOCK_EX, patience):
        yield


@contextmanager
def reading(home: Home, patience: float = _READER_PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the home's lock together with other readers, for the moment of a look: a writer that comes
    meanwhile waits for it instead of finding a zone locked by DuckDB. Raises Busy while a run writes.
    """
    with _held(home, fcntl.LOCK_SH, patience):
        yield


@contextmanager
def _held(home: Home, kind: int, patience: float) -> Iterator[None]:
    with home.lock_file.open("a+b") as file:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Busy(
                        f"Another run is writing in {home.root}: wait for it to end, then run again."
                    ) from None
                time.sleep(0.2)
        yield
