"""The notifier of the DAGs: a red task is told with the sentence of its log, and nothing of an exception that
is not ours.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException

from anonymart.errors import GateRefused, UsageError
from anonymart_airflow.faults import plain_faults
from anonymart_airflow.notifier import ForgetFailures, TellSomebody


def context(error: BaseException, task: str = "gate") -> dict:
    return {
        "exception": error,
        "ti": SimpleNamespace(dag_id="build_release", task_id=task),
        "dag_run": SimpleNamespace(conf={"as_of": "2026-06-30"}, run_after=datetime(2026, 6, 30, tzinfo=UTC)),
    }


def failure(error: Exception) -> BaseException:
    @plain_faults
    def work() -> None:
        raise error

    with pytest.raises(AirflowException) as found:
        work()
    return found.value


def test_a_red_task_is_told_and_forgotten_when_it_is_well(school, inbox):
    red = context(failure(UsageError("connections has brought nothing new: ask who delivers it.")), "ingest")
    for _ in range(2):
        TellSomebody().notify(red)
    assert inbox.subjects == ["A task is red"]
    assert "build_release.ingest: connections has brought nothing new" in inbox.text
    ForgetFailures().notify(red)
    TellSomebody().notify(red)
    assert len(inbox.messages) == 2


def test_a_gate_that_said_no_is_told_so(school, inbox):
    TellSomebody().notify(context(failure(GateRefused("The gate refused nps_quarterly: too_small."))))
    assert inbox.subjects == ["The gate refused a release"]


def test_the_message_of_a_foreign_exception_is_not_told(school, inbox):
    TellSomebody().notify(context(ValueError("could not parse Muster")))
    assert "ValueError" in inbox.text and "Muster" not in inbox.text


def test_every_task_of_every_dag_tells(monkeypatch):
    from anonymart_airflow.load import dags

    for dag in dags().values():
        for task in dag.tasks:
            assert any(isinstance(each, TellSomebody) for each in _listed(task.on_failure_callback)), task


def _listed(callbacks: object) -> list:
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
