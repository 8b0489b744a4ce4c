"""Without the pool of the writer a run fails at once and says what to do, in place of waiting for ever
(S-SAFE).
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from anonymart.home import PROJECT, Home
from anonymart_airflow.names import NO_POOL, POOL
from anonymart_airflow.settings import airflow_env

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
            timeout=300,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def ask(self, query: str) -> list[tuple]:
        with sqlite3.connect(self.home.airflow / "airflow.db") as connection:
            return connection.execute(query).fetchall()

    def run(self, run_id: str) -> tuple[str, str, str | None]:
        """States of run and task, and the note, once the scheduler has gone round some times."""
        self.airflow(
            "dags", "trigger", "enforce_retention", "--run-id", run_id, "--conf", '{"as_of": "2026-06-30"}'
        )
        self.airflow("scheduler", "--num-runs", "8", "--skip-serve-logs")
        [state] = self.ask(f"""
            SELECT dag_run.state, task_instance.state, dag_run_note.content FROM dag_run
            INNER JOIN task_instance ON task_instance.dag_id = dag_run.dag_id
                AND task_instance.run_id = dag_run.run_id
            LEFT JOIN dag_run_note ON dag_run_note.dag_run_id = dag_run.id
                WHERE dag_run.run_id = '{run_id}'""")
        return state


def test_a_run_without_the_pool_fails_at_once_with_a_sentence(tmp_path):
    scheduled = Scheduled(tmp_path / "home")
    assert scheduled.run("without") == ("failed", "failed", NO_POOL)
    scheduled.airflow("pools", "set", POOL, "1", "writer")
    state, task, note = scheduled.run("with")
    assert (state, note) == ("running", None)
    assert task in ("queued", "running", "up_for_retry", "failed"), (
        "the executor has it: a scheduler alone has no api-server for it"
    )
