"""A command of ours that goes on while a test reads what it prints."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.conftest import ROOT


class Running:
    """A command of ours whose lines are read as they come."""

    def __init__(self, module: str, home: Path, learners: int = 200) -> None:
        environment = {**os.environ, "ANONYMART_HOME": str(home), "ANONYMART_DEMO_LEARNERS": str(learners)}
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._queue: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._queue.put(line)

    def until(self, text: str, seconds: float = 600) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                self.lines.append(self._queue.get(timeout=0.2))
                if text in self.lines[-1]:
                    return self.lines[-1]
            if self.process.poll() is not None and self._queue.empty():
                break
        raise AssertionError(f"no {text!r} in {self.lines[-15:]}")

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(180)

    @property
    def sessions(self) -> list[int]:
        return json.loads((self.home / "airflow" / "running.json").read_text())["sessions"]
