"""What Airflow keeps of our runs leaves after the term of connection logs (P-LOG), and nobody else's does."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from anonymart.home import Home
from anonymart.policy import load_policy
from anonymart_airflow import terms, terms_listener
from anonymart_airflow.load import dag_ids
from anonymart_airflow.settings import airflow_env

OLD, NEW = datetime(2024, 1, 10, tzinfo=UTC), datetime(2026, 6, 29, tzinfo=UTC)
NOW = datetime(2026, 6, 30, tzinfo=UTC)


def test_the_term_is_that_of_the_policy_also_on_29_february():
    assert terms.moment_of(load_policy(), NOW) == datetime(2025, 6, 30, tzinfo=UTC)
    leap = terms.moment_of(load_policy(), datetime(2028, 2, 29, 6, tzinfo=UTC))
    assert leap == datetime(2027, 2, 28, 6, tzinfo=UTC)


def test_old_log_files_of_our_dags_go_and_others_stay(tmp_path):
    for dag in ("build_release", "someone_elses"):
        for when in (OLD, NEW):
            path = tmp_path / f"dag_id={dag}" / f"run_id={when:%Y}" / "task_id=t" / "attempt=1.log"
            path.parent.mkdir(parents=True)
            path.write_text("counts")
            os.utime(path, (when.timestamp(), when.timestamp()))
    assert terms.clean_logs(tmp_path, terms.moment_of(load_policy(), NOW), dag_ids()) == 1
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("run_id=*"))
    assert left == [
        "dag_id=build_release/run_id=2026",
        "dag_id=someone_elses/run_id=2024",
        "dag_id=someone_elses/run_id=2026",
    ]
    assert terms.clean_logs(tmp_path, terms.moment_of(load_policy(), NOW), dag_ids()) == 0


def test_the_scheduler_starts_it_after_the_dag_of_the_terms_only(monkeypatch):
    started = []
    monkeypatch.setattr(terms_listener.subprocess, "Popen", lambda words, **_: started.append(words[1:5]))
    for dag_id in ("build_release", "enforce_retention"):
        terms_listener.on_dag_run_success(SimpleNamespace(dag_id=dag_id), "")
    assert started == [["-m", "airflow", "db", "clean"]]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.xdist_group("airflow")
def test_old_rows_of_our_dags_go_and_others_stay(tmp_path):
    home = Home(tmp_path / "home").prepare()
    environment = airflow_env(home, 18080, schedule=False)
    migrated = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], env=environment, capture_output=True, text=True
    )
    assert migrated.returncode == 0, migrated.stderr[-2000:]
    with sqlite3.connect(home.airflow / "airflow.db") as connection:
        connection.executemany(
            "INSERT INTO log (dttm, dag_id, event) VALUES (?, ?, 'run')",
            [
                (when.strftime("%Y-%m-%d %H:%M:%S.%f"), dag)
                for dag in ("build_release", "someone_elses")
                for when in (OLD, NEW)
            ],
        )
    moment = terms.moment_of(load_policy(), NOW)
    done = subprocess.run(terms.clean_command(moment), env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    with sqlite3.connect(home.airflow / "airflow.db") as connection:
        left = connection.execute(
            "SELECT dag_id, substr(dttm, 1, 4) FROM log WHERE event = 'run' ORDER BY 1, 2"
        ).fetchall()
        archives = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE '%deleted%'").fetchall()
    assert left == [("build_release", "2026"), ("someone_elses", "2024"), ("someone_elses", "2026")]
    assert archives == []
