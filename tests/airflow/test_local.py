"""Airflow as processes of this machine: no process of it outlives the one that started it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from anonymart_airflow.processes import end_sessions, of_sessions
from tests.airflow.running import Running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow")]


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
    assert second.process.wait(120) == 2

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
