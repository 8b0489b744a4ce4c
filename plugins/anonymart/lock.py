"""One writer at a time: whoever writes the zones holds the lock of the home."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from anonymart.errors import AnonymartError
from anonymart.home import Home

_PATIENCE_SECONDS = 5.0


@contextmanager
def writing(home: Home, patience: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the home's lock; a killed process lets go of it. Raises AnonymartError when another run keeps it."""
    with home.lock_file.open("a+b") as file:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise AnonymartError(
                        f"Another run is writing in {home.root}: wait for it to end, then run again."
                    ) from None
                time.sleep(0.2)
        yield
