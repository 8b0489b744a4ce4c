"""What is no table: refused files wherever they lie and however they are written, zips, names of files, an
answered request as contact.
"""

from __future__ import annotations

import json
from datetime import date

import pytest

from anonymart.erasure import files
from anonymart.erasure.removal import enforce_terms, plan_terms
from anonymart.ingest import ingest
from anonymart.rights import machine
from anonymart.session import Session
from tests.erasure.small_school import AS_OF, SmallSchool

LEARNER = {
    "learner_id": "L-77",
    "email": "ada@example.org",
    "family_name": "Éluard",
    "registered_at": "2025-01-05T10:00:00Z",
}


@pytest.fixture
def small_school(tmp_path):
    made = SmallSchool(tmp_path / "home")
    made.deliver("learners", "a.ndjson", [LEARNER])
    made.ingest()
    return made


def inside(small_school, as_of=AS_OF):
    return Session(small_school.home, small_school.keys, small_school.policy, as_of)


def test_a_refused_file_names_somebody_however_it_is_written(small_school, monkeypatch):
    monkeypatch.setattr(files, "_CHUNK", 16)
    contents = {
        "capitals": "<p>ÉLUARD</p>".encode(),
        "latin": "<p>Éluard</p>".encode("latin-1"),
        "escaped": b"<p>" + json.dumps("Éluard").encode() + b"</p>",
        **{f"cut-{n}": b"<p>" + b"x" * n + " Éluard</p>".encode() for n in range(5, 13)},
    }
    for name, content in contents.items():
        small_school.deliver("nps", f"{name}.csv", content)
    small_school.deliver("nps", "other.csv", "<p>Éluardine and élu</p>")
    small_school.erase(small_school.request(learner_id="L-77"))
    assert [path.name for path in small_school.home.landing.rglob("*") if path.is_file()] == [
        "other.csv.refused"
    ]


def test_a_refused_file_in_another_landing_folder_goes_too(small_school, tmp_path):
    other = tmp_path / "elsewhere"
    (other / "nps").mkdir(parents=True)
    (other / "nps" / "page.csv").write_text("<p>ada@example.org</p>")
    (other / "of-others.refused").write_text("ada@example.org")
    ingest(inside(small_school), other)
    assert (other / "nps" / "page.csv.refused").exists()
    small_school.erase(small_school.request(learner_id="L-77"))
    assert [path.name for path in other.rglob("*") if path.is_file()] == ["of-others.refused"]


def test_the_ledger_keeps_no_name_of_a_file_that_names_the_erased(small_school):
    row = {
        "request_id": "REQ-9",
        "kind": "erase",
        "learner_id": "L-77",
        "received_at": "2026-06-20T10:00:00Z",
        "identity_verified": True,
    }
    small_school.deliver("rights", "erase_L-77.ndjson", [row])
    small_school.ingest()
    small_school.erase("REQ-9")
    assert "L-77" not in small_school.everything()
    assert ("a.ndjson",) in small_school.ask("SELECT file_name FROM vault.ledger.loads")


def test_the_purge_deletes_zips_that_were_kept_long_enough(small_school):
    small_school.request("access", learner_id="L-77")
    machine.advance_all(inside(small_school))
    assert len(list(small_school.home.exports.glob("*.zip"))) == 1
    for day, n_old in ((date(2026, 7, 14), 0), (date(2026, 7, 15), 1)):
        assert plan_terms(inside(small_school, day)).files["exports kept long enough"] == n_old
        enforce_terms(inside(small_school, day))
        assert len(list(small_school.home.exports.glob("*.zip"))) == 1 - n_old


def test_an_answered_request_was_a_contact(small_school):
    """P-SURVEY: three years after the last contact, and to ask something is one."""
    small_school.deliver(
        "nps",
        "a.ndjson",
        [{"response_id": "n1", "learner_id": "L-77", "answered_at": "2022-09-01T10:00:00Z", "score": 9}],
    )
    small_school.ingest()
    small_school.request("access", at="2024-06-20T10:00:00Z", learner_id="L-77")
    machine.advance_all(inside(small_school))
    with_answers = """
        CREATE SCHEMA warehouse.intermediate; CREATE TABLE warehouse.intermediate.int_nps_responses AS
        SELECT 1::BIGINT AS identity_key, 99 AS load_no, NULL::TIMESTAMP AS answered_at,
            TIMESTAMP '2030-01-01' AS asked_at
    """
    from anonymart import engine

    with engine.connect(small_school.home, small_school.keys, warehouse="rw") as connection:
        connection.execute(with_answers)
    for day, n_left in ((date(2027, 6, 20), 1), (date(2027, 6, 21), 0)):
        enforce_terms(inside(small_school, day))
        assert small_school.ask("SELECT count(*) FROM vault.answers.nps") == [(n_left,)]
