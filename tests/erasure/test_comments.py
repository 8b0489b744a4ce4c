"""Masking in other people's comments: for many who go at once, and phone numbers, which nobody's register
holds.
"""

from __future__ import annotations

import json
import shutil

import duckdb
import pytest

from anonymart import engine
from anonymart.erasure import comments
from anonymart.rights import machine
from anonymart.session import Session
from tests.erasure.small_school import AS_OF, SmallSchool, built_home


@pytest.fixture
def school(tmp_path_factory, tmp_path, monkeypatch):
    monkeypatch.setenv("ANONYMART_ENCRYPTION", "none")
    shutil.copytree(built_home(tmp_path_factory, is_plain=True), tmp_path / "home")
    return SmallSchool(tmp_path / "home")


def test_more_than_fit_in_one_expression_are_masked(monkeypatch):
    monkeypatch.setattr(comments, "_TERMS_AT_ONCE", 2)
    with duckdb.connect() as connection:
        connection.execute("""
            ATTACH ':memory:' AS vault; CREATE SCHEMA vault.answers; CREATE SCHEMA vault.register;
            CREATE TABLE vault.register.learners (identifier VARCHAR, email VARCHAR, account_name VARCHAR);
            CREATE TABLE to_erase AS SELECT 'email:anna.' || n || '@example.org' AS identifier, 'all' AS scope
            FROM range(5) AS r (n);
            CREATE TABLE vault.answers.nps AS
            SELECT 'merci à ' || substr(identifier, 7) AS comment FROM to_erase
            UNION ALL SELECT 'très bien'
        """)
        assert comments.mask(connection) == 5
        found = connection.execute(
            "SELECT comment, count(*) FROM vault.answers.nps GROUP BY comment ORDER BY comment"
        ).fetchall()
        assert found == [("merci à [...]", 5), ("très bien", 1)]
        assert comments.mask(connection) == 0


def answer(response_id: str, comment: str) -> dict:
    return {
        "response_id": response_id,
        "learner_id": "L-4712",
        "answered_at": "2026-06-02T10:00:00Z",
        "score": 9,
        "comment": comment,
    }


def test_no_phone_number_in_a_comment_is_kept_whosever_it_is(school):
    said = "Anna ? 06 12 34 56 78, ou +33 6 12 34 56 78 ; 20 chapitres en 2026, 1200 euros"
    school.deliver("nps", "about.ndjson", [answer("about", said), answer("other", "très bien, 10 sur 10")])
    school.ingest()
    query = "SELECT comment FROM vault.answers.nps WHERE response_id IN ('about', 'other') ORDER BY ALL"
    assert school.ask(query) == [
        ("Anna ? [...], ou [...] ; 20 chapitres en 2026, 1200 euros",),
        ("très bien, 10 sur 10",),
    ]
    school.deliver("nps", "about.ndjson", [answer("about", said)])
    school.ingest()
    assert school.ask("SELECT count(*) FROM vault.answers.nps WHERE comment LIKE '%06 12%'") == [(0,)]


def test_an_erasure_takes_the_numbers_of_older_comments_too(school):
    school.deliver("nps", "about.ndjson", [answer("about", "x")])
    school.ingest()
    with engine.connect(school.home, school.keys, vault="rw") as connection:
        connection.execute(
            "UPDATE vault.answers.nps SET comment = 'Anna : 0612345678' WHERE response_id = 'about'"
        )
    school.erase(school.request())
    assert school.ask("SELECT comment FROM vault.answers.nps WHERE response_id = 'about'") == [
        ("Anna : [...]",)
    ]
    assert school.bytes_with("0612345678") == []


def test_a_corrected_comment_has_none_either(school):
    details = {"source": "nps", "key": {"response_id": "n-L-4712"}, "set": {"comment": "au 06 12 34 56 78"}}
    request = school.request("rectify", learner_id="L-4712", details=json.dumps(details))
    session = Session(school.home, school.keys, school.policy, AS_OF)
    plan = machine.plan(session, request)
    assert machine.execute(session, request, plan.token).state == "verified"
    assert school.ask("SELECT comment FROM vault.answers.nps WHERE response_id = 'n-L-4712'") == [
        ("au [...]",)
    ]
