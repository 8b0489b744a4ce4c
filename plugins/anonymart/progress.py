"""What a run tells while it works: one line a step on standard error, and the seconds for the report."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Progress:
    """Collects the seconds of each step and, unless quiet, prints a line for it."""

    def __init__(self, quiet: bool = False) -> None:
        self.seconds: dict[str, float] = {}
        self.quiet = quiet

    def say(self, text: str) -> None:
        """Print one line for the person who waits."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    @contextmanager
    def step(self, name: str, text: str) -> Iterator[None]:
        """Time a step under `name` and say `text` as it begins and its seconds as it ends."""
        self.say(f"{text} …")
        begun = time.perf_counter()
        try:
            yield
        finally:
            taken = time.perf_counter() - begun
            self.seconds[name] = round(self.seconds.get(name, 0.0) + taken, 3)
        self.say(f"{text}: {taken:.1f} s")
