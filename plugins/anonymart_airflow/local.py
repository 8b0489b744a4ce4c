"""Airflow on this machine: its processes are started together, watched, and all ended together."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from anonymart.errors import AnonymartError, UsageError
from anonymart.home import PROJECT, Home
from anonymart_airflow.names import POOL, POOL_NOTE
from anonymart_airflow.processes import end_sessions, of_sessions
from anonymart_airflow.rest import Rest
from anonymart_airflow.settings import LOOPBACK, USER, airflow_env, password

ALL = ("api-server", "scheduler", "dag-processor", "triggerer")
WITHOUT_TRIGGERS = ALL[:3]
# What the health page calls them.
HEALTH = {"scheduler": "scheduler", "dag-processor": "dag_processor", "triggerer": "triggerer"}
# Task logs are read from the same disk, so no second server hands them out.
ARGUMENTS = {"scheduler": ["--skip-serve-logs"], "triggerer": ["--skip-serve-logs"]}
START_SECONDS = 180
STOP_SECONDS = 15


class LocalAirflow:
    """Use it as a context: inside, Airflow is healthy; after it, no process of it is left, whatever happened.

    Each component leads a session of its own, by which also those processes are found that have made process
    groups of their own or lost their parent.
    """

    def __init__(
        self,
        home: Home,
        components: tuple[str, ...] = ALL,
        schedule: bool = True,
        retry_seconds: int = 60,
        say: Callable[[str], None] = print,
        is_callers: bool = False,
    ) -> None:
        self.home, self.components, self.say = home, components, say
        self.port = 0
        self._schedule, self._retry_seconds, self._is_callers = schedule, retry_seconds, is_callers
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._before: dict[int, Any] = {}

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def logs(self) -> Path:
        return self.home.airflow / "logs"

    def __enter__(self) -> LocalAirflow:
        self._catch_signals()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def rest(self, user: str = USER) -> Rest:
        """A new session of a user with the REST API."""
        session = Rest(self.address, password(self.home, user), user)
        session.log_in()
        return session

    def check(self) -> None:
        """Raises AnonymartError when a component has ended by itself."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise AnonymartError(
                    f"Airflow's {name} has ended ({process.returncode}): see {self._log(name)}."
                )

    def stop(self) -> None:
        """End every process of this start: asked first, killed after STOP_SECONDS. Safe to call twice."""
        ignored = {number: signal.signal(number, signal.SIG_IGN) for number in self._before}
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        end_sessions({process.pid for process in self._processes.values()})
        for process in self._processes.values():
            process.wait()
        if self._processes:
            self._state_file.unlink(missing_ok=True)
        self._processes = {}
        for number in ignored:
            signal.signal(number, self._before[number])
        self._before = {}

    @property
    def _state_file(self) -> Path:
        return self.home.airflow / "running.json"

    def _start(self) -> None:
        self.home.prepare()
        self.port = _free_port()
        environment = airflow_env(self.home, self.port, self._schedule, self._retry_seconds, self._is_callers)
        self._end_stale()
        self._migrate(environment)
        self.say(f"Airflow: starting {', '.join(self.components)} …")
        begun = time.monotonic()
        for name in self.components:
            self._processes[name] = self._spawn(name, [name, *ARGUMENTS.get(name, [])], environment)
            self._note_running()
        self._wait_until_healthy()
        self.rest().make_pool(POOL, 1, POOL_NOTE)
        self._wait_for_dags()
        self.say(f"Airflow: up in {time.monotonic() - begun:.0f} s at {self.address}")

    def _end_stale(self) -> None:
        try:
            state = json.loads(self._state_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        left = of_sessions(state["sessions"])
        if left and psutil.pid_exists(state["pid"]):
            raise UsageError(
                f"Airflow already runs for {self.home.root} (process {state['pid']}): stop that one first, "
                "or set ANONYMART_HOME to another folder."
            )
        # Their starter was killed before it could end them.
        end_sessions(state["sessions"])

    def _note_running(self) -> None:
        state = {"pid": os.getpid(), "sessions": [process.pid for process in self._processes.values()]}
        self._state_file.write_text(json.dumps(state), encoding="ascii")

    def _migrate(self, environment: dict[str, str]) -> None:
        # Another database of the caller is not migrated yet; its address may hold a password, so its hash is
        # kept.
        database = hashlib.sha256(environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].encode()).hexdigest()[
            :12
        ]
        installed = f"{version('apache-airflow')} {database}"
        done = self.home.airflow / "migrated"
        if done.exists() and done.read_text(encoding="ascii") == installed:
            return
        self.say("Airflow: making its database …")
        process = self._spawn("migrate", ["db", "migrate"], environment)
        if process.wait(START_SECONDS) != 0:
            raise AnonymartError(f"Airflow's database could not be made: see {self._log('migrate')}.")
        done.write_text(installed, encoding="ascii")

    def _spawn(self, name: str, arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with self._log(name).open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "airflow", *arguments],
                env=environment,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal reaches this process alone, which then ends the others in order.
                start_new_session=True,
                umask=0o077,
            )

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _wait_until_healthy(self) -> None:
        session = Rest(self.address, password(self.home))
        wanted = {HEALTH[name] for name in self.components if name in HEALTH}

        def is_healthy() -> bool:
            health = session.health()
            return bool(health) and all(
                (health.get(name) or {}).get("status") == "healthy" for name in wanted
            )

        self._wait(is_healthy, "become healthy")

    def _wait_for_dags(self) -> None:
        session = self.rest()
        wanted = {path.stem for path in (PROJECT / "dags").glob("*.py")}

        def are_read() -> bool:
            if broken := session.import_errors():
                raise AnonymartError(f"Airflow cannot read {broken[0]}.")
            return wanted <= session.dag_ids()

        self._wait(are_read, "read the DAG files")

    def _wait(self, is_done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_done():
            self.check()
            if time.monotonic() > deadline:
                raise AnonymartError(
                    f"Airflow did not {what} in {START_SECONDS} s: see the logs in {self.logs}."
                )
            time.sleep(0.3)

    def _catch_signals(self) -> None:
        def leave(number: int, frame: object) -> None:
            raise KeyboardInterrupt

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, leave)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


__all__ = ["ALL", "USER", "WITHOUT_TRIGGERS", "LocalAirflow"]
