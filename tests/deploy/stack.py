"""A whole deployment on loopback: PostgreSQL, Redis, Airflow with FAB, and two Celery workers."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from anonymart_airflow.names import QUEUE
from anonymart_airflow.rest import Rest
from tests.deploy import files
from tests.postgres import binaries, postgres, unprivileged

SECONDS = 480
HOST = "127.0.0.1"
# Airflow asks it for the host's name; here two workers on one machine stand for two hosts.
HOST_MODULE = "import os\n\n\ndef name():\n    return os.environ['STACK_HOST']\n"


class Stack:
    """Airflow's processes with one environment; `stop` ends all, and `logs` is where each writes."""

    def __init__(self, bin: Path, work: Path, database: str, broker: str) -> None:
        self.bin, self.work, self.port = bin, work, free_port()
        self.address = f"http://{HOST}:{self.port}"
        self.logs = work / "airflow" / "logs"
        self.dags = work / "airflow" / "dags"
        self.home = work / "home"
        self.secrets = [secrets.token_hex(32), base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()]
        self.environment = self._environment(database, broker)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.passwords: dict[str, str] = {}
        for folder in (self.logs, self.dags, work / "python"):
            folder.mkdir(parents=True, exist_ok=True)
        (work / "python" / "stack_host.py").write_text(HOST_MODULE)

    def _environment(self, database: str, broker: str) -> dict[str, str]:
        token, fernet = self.secrets
        mine = {
            "AIRFLOW_HOME": self.work / "airflow",
            "AIRFLOW__API__BASE_URL": self.address,
            "AIRFLOW__API__PORT": self.port,
            "AIRFLOW__API__SECRET_KEY": token,
            "AIRFLOW__API_AUTH__JWT_SECRET": token,
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database.replace('+psycopg2', '')}",
            "AIRFLOW__CORE__DAGS_FOLDER": self.dags,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.address}/execution/",
            "AIRFLOW__CORE__FERNET_KEY": fernet,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
            "ANONYMART_HOME": self.home,
            "ANONYMART_KEYS_FILE": self.work / "keys.json",
            "ANONYMART_REVIEWERS": "",
        }
        # Only the test has these: two hosts on one machine, free ports, and no waiting.
        test = {
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "stack_host.name",
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": free_port(),
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": 0.5,
            "ANONYMART_RETRY_SECONDS": 5,
            "ANONYMART_SCHEDULE": "off",
            "PYTHONPATH": self.work / "python",
            "PYTHONUNBUFFERED": 1,
            "STACK_HOST": "home",
            "XDG_CACHE_HOME": self.work / "cache",
        }
        unlike = {
            name for name, value in files.environment().items() if "CHANGE-ME" in value or "/srv" in value
        }
        assert unlike <= set(mine) <= set(files.environment()), "the walk is that of docs/deploy/airflow.env"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANONYMART_", "AIRFLOW_", "PYTHON"))
        }
        told = {**files.environment(), **mine, **test}
        return {**kept, **{name: str(value) for name, value in told.items()}}

    def run(self, *words: str, code: int = 0) -> str:
        """A command of the environment, `airflow` among them, to its end; gives what it prints."""
        words = ("python", "-m", *words) if words[0] == "airflow" else words
        done = subprocess.run(
            [str(self.bin / words[0]), *words[1:]],
            env=self.environment,
            cwd=self.work,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        told = f"{words} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        assert done.returncode == code, told
        return done.stdout

    def start(self, name: str, *words: str, **more: str) -> None:
        """An Airflow process in a session of its own; what it prints is among the logs."""
        with (self.logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(self.bin / "python"), "-m", "airflow", *words],
                env={**self.environment, **more},
                cwd=self.work,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def component(self, name: str) -> None:
        """What the unit anonymart-airflow@NAME starts."""
        self.start(name, *files.started("anonymart-airflow@.service", name))

    def worker(self, host: str, queue: str = QUEUE, **more: str) -> None:
        """What the unit anonymart-worker starts, on a host of its own and with this queue."""
        words = [queue if word == QUEUE else word for word in files.started("anonymart-worker.service")]
        words += ["--celery-hostname", f"worker@{host}", "--pid", str(self.work / f"{host}.pid")]
        self.start(f"worker-{host}", *words, STACK_HOST=host, **more)

    def check(self) -> None:
        """Fails when a process has ended by itself."""
        for name, process in self.processes.items():
            assert process.poll() is None, f"{name} has ended ({process.returncode}): {self.tail(name)}"

    def tail(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")[-2000:]

    def until(self, is_done: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not is_done():
            self.check()
            tails = "\n".join(f"{name}: {self.tail(name)[-500:]}" for name in self.processes)
            assert time.monotonic() < deadline, f"not in {seconds} s: {what}\n{tails}"
            time.sleep(0.5)

    def user(self, name: str, role: str) -> None:
        """A user of FAB with a password that is made for it."""
        self.passwords[name] = secrets.token_hex(12)
        words = ["users", "create", "-u", name, "-p", self.passwords[name], "-r", role]
        self.run("airflow", *words, "-e", f"{name}@school.example", "-f", name, "-l", "of the school")

    def rest(self, user: str) -> Rest:
        session = Rest(self.address, self.passwords[user], user)
        session.log_in()
        return session

    def stop(self) -> None:
        """End every process and whatever it has started."""
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + 15
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        sessions = {process.pid for process in self.processes.values()}
        for _ in range(20):
            if not (left := of_sessions(sessions)):
                break
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(left, timeout=2)
        self.processes = {}


def of_sessions(sessions: set[int]) -> list[psutil.Process]:
    """The live processes of these sessions."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def stack(bin: Path, work: Path) -> Iterator[tuple[Stack, Callable[[], str]]]:
    """The deployment with its servers, nothing of Airflow started yet, and what dumps its database as SQL."""
    password, port = secrets.token_hex(16), free_port()
    with postgres(port) as folder, redis(password) as broker:
        socket_of = {"host": str(folder), "port": port, "user": "postgres"}
        with psycopg.connect(**socket_of, dbname="postgres", autocommit=True) as admin:
            admin.execute(f"CREATE ROLE airflow LOGIN PASSWORD '{password}'")
            admin.execute("CREATE DATABASE airflow OWNER airflow")
        database = f"postgresql+psycopg2://airflow:{password}@{HOST}:{port}/airflow"

        def dump() -> str:
            command = [
                str(binaries() / "pg_dump"),
                "-h",
                str(folder),
                "-p",
                str(port),
                "-U",
                "postgres",
                "airflow",
            ]
            return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout

        found = Stack(bin, work, database, broker)
        try:
            yield found, dump
        finally:
            found.stop()


@contextmanager
def redis(password: str) -> Iterator[str]:
    """The address of a Redis of its own, which keeps nothing on disk."""
    folder, port = Path(tempfile.mkdtemp(prefix="anonymart-redis-")), free_port()
    settings = folder / "redis.conf"
    settings.write_text(
        f'bind {HOST}\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir {folder}\n'
    )
    # Another user reads it, whatever the umask of this process; the folder is closed to all others.
    settings.chmod(0o644)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    process = subprocess.Popen(["redis-server", str(settings)], **quiet, **unprivileged(folder))
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
                break
            assert process.poll() is None, "Redis has ended by itself"
            time.sleep(0.1)
        else:
            raise AssertionError("Redis does not answer after a minute")
        yield f"redis://:{password}@{HOST}:{port}/0"
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder)
