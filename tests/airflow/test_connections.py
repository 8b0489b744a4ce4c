"""The connection of a learning record store: address and secret stay in it, and without one nothing
happens.
"""

from __future__ import annotations

import json
import logging

import pytest
from airflow.sdk import Connection

from anonymart.errors import UsageError
from anonymart.session import Session
from anonymart_airflow import connections
from tests.ingest.conftest import SmallSchool
from tests.lrs.server import Lrs, serving, statement


def test_ingest_learning_takes_what_is_new_where_there_is_a_connection(tmp_path, monkeypatch, capsys, caplog):
    caplog.set_level(logging.INFO)
    small_school = SmallSchool(tmp_path / "home")
    connections.pull_learning(Session(small_school.home, small_school.keys))
    assert not (small_school.home.landing / "learning").exists()
    with serving(Lrs([statement(number) for number in range(1, 16)])) as lrs:
        told = {
            "conn_type": "http",
            "host": lrs.url,
            "login": "reader",
            "password": "pass-word-77",
            "extra": {"page_size": 5},
        }
        monkeypatch.setenv("AIRFLOW_CONN_ANONYMART_LRS", json.dumps(told))
        connections.pull_learning(Session(small_school.home, small_school.keys))
    assert small_school.ingest().popitem()[1].loaded == 15 and len(lrs.requests) == 2
    shown = capsys.readouterr()
    assert (
        "15 statements in 2 pages" in caplog.text
        and shown.err == ""
        and "pass-word" not in shown.out + caplog.text
    )


def test_a_connection_says_address_and_secret_in_the_fields_of_airflow(monkeypatch):
    def store(**fields: object):
        monkeypatch.setenv("AIRFLOW_CONN_X", json.dumps({"conn_type": "http", **fields}))
        return connections.lrs_store_of(Connection.get("x"))

    assert (
        store(host="https://lrs.example/xAPI", login="a", password="long-enough").endpoint
        == "https://lrs.example/xAPI"
    )
    assert (
        store(host="https://lrs.example", port=8443, schema="xAPI/").endpoint
        == "https://lrs.example:8443/xAPI"
    )
    made = store(
        host="https://lrs.example",
        extra={"token": "long-enough", "overlap_hours": 3, "xapi_version": "1.0.3"},
    )
    assert (made.authorization, made.overlap.total_seconds(), made.version) == (
        "Bearer long-enough",
        10800,
        "1.0.3",
    )
    for extra, sentence in (
        ({"overlap": 3}, "extras that nothing reads"),
        ({"page_size": "many"}, "must be numbers"),
    ):
        with pytest.raises(UsageError, match=sentence):
            store(host="https://lrs.example", extra=extra)
    with pytest.raises(UsageError, match="https"):
        store(host="lrs.example")
