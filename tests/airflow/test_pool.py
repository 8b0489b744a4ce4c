"""Without the pool of the writer a run fails at once and says what to do, in place of waiting for ever
(S-SAFE).
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest

from anonymart.home import PROJECT, Home
from anonymart_airflow.names import NO_POOL, POOL
from anonymart_airflow.settings import airflow_env

State = tuple[str, str | None, str | None]
"""State of the run, state of its task, note of the run."""

PATIENCE = 300
"""Seconds for a machine that does much else."""

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.xdist_group("airflow")]


class Scheduled:
    """A home with Airflow's database and its DAGs; each `airflow` command is a process of its own and ends by
    itself.
    """

    def __init__(self, root: Path) -> None:
        self.home = Home(root).prepare()
        self.environment = airflow_env(self.home, 18080, schedule=False)
        self.airflow("db", "migrate")
        self.airflow("dags", "reserialize")
        self.airflow("dags", "unpause", "enforce_retention")

    def airflow(self, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *words],
            env=self.environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def ask(self, query: str) -> list[tuple]:
        with sqlite3.connect(self.home.airflow / "airflow.db") as connection:
            return connection.execute(query).fetchall()

    def run(self, run_id: str, done: Callable[[State], bool]) -> State:
        """What became of the run, as soon as it is `done`."""
        self.airflow(
            "dags", "trigger", "enforce_retention", "--run-id", run_id, "--conf", '{"as_of": "2026-06-30"}'
        )
        with self.scheduler() as scheduler:
            deadline = time.monotonic() + PATIENCE
            while not done(state := self.state_of(run_id)):
                assert time.monotonic() < deadline, f"the scheduler leaves the run and its task so: {state}"
                assert scheduler.poll() is None, "the scheduler ended by itself"
                time.sleep(0.5)
            return state

    def state_of(self, run_id: str) -> State:
        [state] = self.ask(f"""
            SELECT dag_run.state, task_instance.state, dag_run_note.content FROM dag_run
            INNER JOIN task_instance ON task_instance.dag_id = dag_run.dag_id
                AND task_instance.run_id = dag_run.run_id
            LEFT JOIN dag_run_note ON dag_run_note.dag_run_id = dag_run.id
                WHERE dag_run.run_id = '{run_id}'""")
        return state

    @contextmanager
    def scheduler(self):
        """A scheduler that runs until the block ends. It is killed with all its processes: at a polite end it
        would wait for its executor, whose task looks for an api-server that does not run here.
        """
        with (self.home.airflow / "scheduler.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "airflow", "scheduler", "--skip-serve-logs"],
                env=self.environment,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def test_a_run_without_the_pool_fails_at_once_with_a_sentence(tmp_path):
    scheduled = Scheduled(tmp_path / "home")
    assert scheduled.run("without", lambda state: state[0] == "failed") == ("failed", "failed", NO_POOL)
    scheduled.airflow("pools", "set", POOL, "1", "writer")
    state, task, note = scheduled.run("with", lambda state: state[1] not in (None, "scheduled"))
    assert (state, note) == ("running", None)
    assert task in ("queued", "running", "up_for_retry", "failed"), (
        "the executor has it: a scheduler alone has no api-server for it"
    )
