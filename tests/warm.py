"""A command in a process forked from one that has imported everything: it does the same, and its start costs
a tenth. So does the process in which a build runs dbt.

Only imports and compiled templates are shared. Each command has a process, an environment, databases and a
death of its own, by SIGKILL too. Commands are started as people type them in tests/docs, tests/setup,
tests/airflow and where a test says why.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests.warm_server import HEAD

ADDRESS = "WARM_SERVER_OF_TESTS"  # in the environment of pytest and its workers: where the process listens
_DBT = [sys.executable, "-m", "anonymart.dbt_child"]
_RUN_DBT = (
    "import json, sys\nfrom anonymart.dbt_child import _guarded\nsys.exit(_guarded(json.loads(sys.argv[1])))"
)
_RUN_ANONYMART = "from anonymart.cli import main\nmain()"
# A child of a child asks the same process, whatever its own environment is.
_address = os.environ.get(ADDRESS, "")


def start() -> Callable[[], None]:
    """Start the process, which imports nothing before it is asked for; gives what ends it."""
    global _address
    folder = tempfile.TemporaryDirectory(prefix="warm-")
    _address = os.environ[ADDRESS] = f"{folder.name}/socket"
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.warm_server", _address],
        stdin=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[1],
    )

    def end() -> None:
        os.environ.pop(ADDRESS, None)
        server.communicate()
        folder.cleanup()

    return end


def fork_dbt() -> None:
    """From here on a build in this process takes its dbt from there."""
    from anonymart import dbt_process

    class WarmSubprocess:
        PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL

        @staticmethod
        def Popen(command: Sequence[str], **options: Any) -> Any:
            return (
                _dbt(command, **options)
                if list(command[:3]) == _DBT
                else subprocess.Popen(command, **options)
            )

    dbt_process.subprocess = WarmSubprocess  # type: ignore[assignment]


def _dbt(command: Sequence[str], *, env: Mapping[str, str], cwd: Path, **_: object) -> Forked:
    reading, writing = os.pipe()
    try:
        stdout = os.fdopen(reading, encoding="utf-8")
        return Forked(_RUN_DBT, command[2:], env=env, cwd=cwd, ends=(writing, 2), stdout=stdout)
    finally:
        os.close(writing)


def _connect() -> socket.socket:
    """A connection to the process, which may only just have been started. Raises OSError where it is not."""
    deadline = time.monotonic() + 60
    while True:
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(_address)
            return server
        except (FileNotFoundError, ConnectionRefusedError):
            server.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class Forked:
    """A running child, as `subprocess.Popen` gives one."""

    def __init__(
        self,
        code: str,
        words: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        ends: tuple[int, int],
        stdin: int | None = None,
        stdout: IO[str] | None = None,
    ) -> None:
        told = {"code": code, "words": list(words), "environment": dict(env), "cwd": str(cwd)}
        self._server = _connect()
        body = json.dumps(told).encode()
        nothing = os.open(os.devnull, os.O_RDONLY)
        given = [nothing if stdin is None else stdin, *ends]
        socket.send_fds(self._server, [HEAD.pack(len(body))], given)
        os.close(nothing)
        self._server.sendall(body)
        self.pid = HEAD.unpack(self._server.recv(HEAD.size, socket.MSG_WAITALL))[0]
        self.stdout = stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative for a signal, once it has ended."""
        if self.returncode is None and select.select([self._server], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutError."""
        if self.returncode is None:
            self._server.settimeout(timeout)
            parts = []
            while part := self._server.recv(16):
                parts.append(part)
            self._server.close()
            self.returncode = int(b"".join(parts))
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def anonymart(
    *words: object, env: Mapping[str, str] | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    """`anonymart` with these words, to its end: as `python` gives it."""
    return python(_RUN_ANONYMART, *words, env=env, **options)


def as_typed(words: Sequence[str]) -> int:
    """`anonymart` in the place of this process, which has its streams; gives its exit code. What a script of
    that name calls that stands before it on PATH.
    """
    child = Forked(_RUN_ANONYMART, words, env=os.environ, cwd=Path.cwd(), ends=(1, 2), stdin=0)
    return child.wait() & 0xFF


def python(
    code: str,
    *words: object,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 600,
) -> subprocess.CompletedProcess[str]:
    """`python -c code` with these words, to its end: exit code (negative for a signal) and what it printed.
    Raises TimeoutExpired.
    """
    command = ["anonymart", *map(str, words)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        ends = (out.fileno(), err.fileno())
        given = os.environ if env is None else env
        child = Forked(code, command, env=given, cwd=cwd or Path.cwd(), ends=ends)
        try:
            child.wait(timeout)
        except TimeoutError:
            child.kill()
            child.wait()
            raise subprocess.TimeoutExpired(command, timeout) from None
        printed = []
        for file in (out, err):
            file.seek(0)
            printed.append(file.read())
        return subprocess.CompletedProcess(command, child.returncode or 0, *printed)
