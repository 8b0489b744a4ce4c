"""Airflow as processes of this machine: no process of it outlives the one that started it."""

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
from collections.abc import Iterator
from pathlib import Path

import pytest

from anonymart_airflow.processes import end_sessions, of_sessions
from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow")]


class Running:
    """A command of ours whose lines are read as they come."""

    def __init__(self, module: str, home: Path) -> None:
        environment = {**os.environ, "ANONYMART_HOME": str(home), "ANONYMART_DEMO_LEARNERS": "200"}
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
        return self.process.wait(60)

    @property
    def sessions(self) -> list[int]:
        return json.loads((self.home / "airflow" / "running.json").read_text())["sessions"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator:
    started: list[Running] = []
    sessions: set[int] = set()

    def begin(module: str, home: str = "home") -> Running:
        started.append(Running(module, tmp_path / home))
        return started[-1]

    yield begin
    for running in started:
        with contextlib.suppress(OSError, ValueError):
            sessions.update(running.sessions)
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
    end_sessions(sessions)


@pytest.mark.long
def test_up_shows_address_and_login_and_leaves_no_process(start) -> None:
    up = start("anonymart_airflow.up")
    address = up.until("Airflow   http://127.0.0.1:").split()[-1]
    up.until("login     anonymart")
    up.until("password  ")
    up.until("Ctrl-C stops everything")
    sessions = up.sessions
    assert len(sessions) == 4
    assert len(of_sessions(sessions)) >= 4
    assert address.startswith("http://127.0.0.1:")

    second = start("anonymart_airflow.up")
    second.until("Airflow already runs for")
    assert second.process.wait(10) == 2

    # The starter is killed: nobody can end the others, so the next start does.
    up.end(signal.SIGKILL)
    assert of_sessions(sessions)
    third = start("anonymart_airflow.up")
    third.until("Ctrl-C stops everything")
    assert of_sessions(sessions) == []
    sessions = third.sessions
    assert third.end(signal.SIGINT) == 0
    assert of_sessions(sessions) == []
    assert not (third.home / "airflow" / "running.json").exists()


@pytest.mark.long
def test_a_demo_that_is_stopped_leaves_no_process_and_goes_on_when_run_again(start) -> None:
    first = start("anonymart_airflow.demo")
    first.until("  ingest_learners: ")
    sessions = first.sessions
    assert of_sessions(sessions)
    assert first.end(signal.SIGTERM) == 130
    assert of_sessions(sessions) == []

    second = start("anonymart_airflow.demo")
    second.until("Release 2026-06-30.1 is published.")
    assert second.process.wait(30) == 0
