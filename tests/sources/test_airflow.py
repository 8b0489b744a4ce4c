"""The task of ingest_learners with a connection of Airflow, and what any ingest task shows of changed and
silent sources.
"""

import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from anonymart_airflow.tasks import ingest_source
from tests.ingest.conftest import SmallSchool
from tests.sources.conftest import PASSWORD


def context(day: str = "2026-06-30") -> dict:
    return {"dag_run": SimpleNamespace(conf={"as_of": day}, run_after=datetime(2026, 6, 30, tzinfo=UTC))}


@pytest.mark.needs_postgres
@pytest.mark.xdist_group("postgres")
def test_the_dag_pulls_through_its_connection(register, monkeypatch, capfd):
    monkeypatch.setenv("ANONYMART_HOME", str(register.home.root))
    with pytest.raises(AirflowSkipException):
        ingest_source("learners", context())
    register.mapping()
    with pytest.raises(AirflowFailException, match="no connection anonymart_register"):
        ingest_source("learners", context())
    told = {
        "conn_type": "postgres",
        "host": str(register.server.folder),
        "login": "reader",
        "password": PASSWORD,
        "schema": "postgres",
    }
    monkeypatch.setenv("AIRFLOW_CONN_ANONYMART_REGISTER", json.dumps(told))
    assert ingest_source("learners", context())["loaded"] == 50
    register.server.run(
        "ALTER TABLE users ADD COLUMN phone text; UPDATE users SET changed_at = '2026-06-20' WHERE id = 1"
    )
    found = ingest_source("learners", context())
    assert (found["loaded"], found["changes"]) == (1, ["new column phone"])
    # A server that is down keeps no file waiting.
    monkeypatch.setenv("AIRFLOW_CONN_ANONYMART_REGISTER", json.dumps({**told, "host": "/nowhere"}))
    register.deliver("learners", "a.csv", "learner_id\nL1\n")
    with pytest.raises(AirflowException, match="cannot be reached"):
        ingest_source("learners", context())
    assert list((register.home.landing / "learners").iterdir()) == []
    assert PASSWORD not in "".join(capfd.readouterr())


def test_changes_and_silence_show_in_the_task(tmp_path, monkeypatch, capfd, caplog):
    caplog.set_level(logging.INFO)
    small_school = SmallSchool(tmp_path / "home")
    monkeypatch.setenv("ANONYMART_HOME", str(small_school.home.root))
    for day in range(1, 6):
        head = "learner_id,connected_at" + (",device" if day == 5 else "")
        small_school.deliver(
            "connections",
            f"c{day}.csv",
            f"{head}\nL1,2026-05-0{day}T10:00:00Z{',x-secret' if day == 5 else ''}\n",
        )
        found = ingest_source("connections", context(f"2026-05-0{day}"))
    assert found["changes"] == ["new column device"]
    with pytest.raises(AirflowSkipException):
        ingest_source("connections", context("2026-05-08"))
    with pytest.raises(
        AirflowFailException, match="connections has brought nothing new for 4 days, since 2026-05-05"
    ):
        ingest_source("connections", context("2026-05-09"))
    printed = "".join(capfd.readouterr()) + caplog.text
    assert "new column device" in caplog.text and "secret" not in printed
