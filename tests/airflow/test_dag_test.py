"""`airflow dags test approve_release` ends with a sentence: nobody can answer there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest


def test_a_reviewer_cannot_be_asked_in_a_test_of_the_dag(monkeypatch):
    from airflow.sdk.exceptions import AirflowFailException
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.supervisor import InProcessSupervisorComms

    from anonymart_airflow.hitl import AskReviewer

    ask = AskReviewer(task_id="ask", request={}, subject="s", options=["Approve", "Reject"])
    comms = InProcessSupervisorComms(supervisor=SimpleNamespace())
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", comms, raising=False)
    with pytest.raises(AirflowFailException, match="anonymart approve"):
        ask.execute({})
