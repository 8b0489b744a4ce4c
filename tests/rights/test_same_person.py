"""The same person under two request ids, and identifiers in another form than the register's (P-RIGHTS,
R-ERASE).
"""

from __future__ import annotations

import shutil

import pytest

from anonymart.rights import machine
from anonymart.session import Session
from tests.erasure.small_school import AS_OF, EMAIL, NAMES, SmallSchool, built_home

OTHER_FORMS = {
    "large letters": {"email": EMAIL.upper()},
    "mailto": {"email": f"MailTo:{EMAIL}"},
    "a tag": {"email": EMAIL.replace("@", "+school@")},
    "without its dot": {"email": EMAIL.replace(".", "", 1)},
    "spaces around": {"learner_id": "  L-4711 "},
    "no-break space around": {"learner_id": "\u00a0L-4711\u00a0"},
    "small letters": {"learner_id": "l-4711"},
    "fullwidth letters": {"learner_id": "Ｌ-4711"},
    "address with spaces": {"email": f"  {EMAIL}\u00a0"},
}


@pytest.fixture
def school(tmp_path_factory, tmp_path):
    shutil.copytree(built_home(tmp_path_factory, is_plain=False), tmp_path / "home")
    return SmallSchool(tmp_path / "home")


def advance(school):
    session = Session(school.home, school.keys, school.policy, AS_OF)
    return {each.id: each for each in machine.advance_all(session)}


@pytest.mark.parametrize("kinds", [("erase", "erase"), ("access", "access"), ("erase", "withdraw")])
def test_two_ids_of_one_person(school, kinds):
    school.request(kinds[0], 1, learner_id="L-4711")
    school.request(kinds[1], 2, email=EMAIL.upper())
    found = advance(school)
    assert {name: each.state for name, each in found.items()} == {"REQ-1": "answered", "REQ-2": "answered"}
    if "erase" in kinds:
        text = school.everything()
        assert not [name for name in NAMES if name in text]
    assert school.ask("SELECT count(*) FROM vault.register.learners WHERE learner_id = 'L-4712'") == [(1,)]


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_an_identifier_in_another_form(school, form):
    school.request("erase", 1, **OTHER_FORMS[form])
    assert advance(school)["REQ-1"].state == "answered"
    text = school.everything()
    assert not [name for name in NAMES if name in text]


UNCERTAIN = {
    "the name of an account": {"learner_id": "acct-anna-4711"},
    "another separator": {"learner_id": "L_4711"},
}


@pytest.mark.parametrize("form", UNCERTAIN)
def test_what_only_looks_like_somebody_s_is_for_a_person_to_read(school, form):
    school.request("erase", 1, **UNCERTAIN[form])
    (found,) = advance(school).values()
    assert found.state == "unreadable" and "enter whom it is about" in found.problem
    assert school.ask("SELECT count(*) FROM vault.register.learners WHERE learner_id = 'L-4711'") == [(1,)]


def test_whose_identifier_has_a_tombstone_is_nobody_else(school):
    """L-4712's account is called like a person who was erased."""
    school.deliver(
        "learners",
        "account.ndjson",
        [
            {"learner_id": "4242", "last_login_at": "2026-05-01T10:00:00Z"},
            {"learner_id": "L-5000", "account_name": "4242", "account_home_page": "https://moodle.example"},
        ],
    )
    school.request("erase", 1, learner_id="4242")
    assert advance(school)["REQ-1"].state == "answered"
    withdrawn = {"learner_id": "4242", "purpose": "P-SURVEY", "status": "withdrawn"}
    school.deliver("consents", "late.ndjson", [{**withdrawn, "at": "2026-06-01T10:00:00Z"}])
    school.request("access", 2, learner_id="4242")
    assert school.ask("SELECT count(*) FROM vault.rights.consents WHERE identifier = 'learner:L-5000'") == [
        (0,)
    ]
    assert school.ask("SELECT count(*) FROM vault.rights.requests WHERE identifier = 'learner:L-5000'") == [
        (0,)
    ]


def test_a_spelling_that_another_source_has_brought_is_still_a_spelling(school):
    school.deliver(
        "salary",
        "other.ndjson",
        [{"response_id": "s-77", "learner_id": "l-4711", "answered_at": "2026-05-01T10:00:00Z"}],
    )
    school.ingest()
    school.request("object", 1, learner_id="l-4711")
    assert school.ask("SELECT identifier FROM vault.rights.requests") == [("learner:L-4711",)]


def test_an_id_of_a_request_that_holds_the_delivered_spelling_is_hidden(school):
    school.deliver("learners", "b.ndjson", [{"learner_id": "L17", "last_login_at": "2026-05-01T10:00:00Z"}])
    row = {"request_id": "REQ-l17", "kind": "access", "learner_id": "l17"}
    school.deliver(
        "rights", "r.ndjson", [{**row, "received_at": "2026-06-01T10:00:00Z", "identity_verified": True}]
    )
    school.ingest()
    [(name, identifier)] = school.ask("SELECT request_id, identifier FROM vault.rights.requests")
    assert name.startswith("hidden:") and identifier == "learner:L17"


def test_a_spelling_of_two_people_is_for_a_person_to_read(school):
    school.deliver(
        "learners", "twin.ndjson", [{"learner_id": "l-4711", "last_login_at": "2026-05-01T10:00:00Z"}]
    )
    school.request("erase", 1, learner_id="Ｌ-4711")
    (found,) = advance(school).values()
    assert found.state == "unreadable" and "two people" in found.problem
    assert school.ask("SELECT count(*) FROM vault.register.learners") == [(3,)]


def test_a_consent_in_another_form_is_that_persons(school):
    withdrawn = {"learner_id": "l-4711", "purpose": "P-SURVEY", "status": "withdrawn"}
    school.deliver("consents", "late.ndjson", [{**withdrawn, "at": "2026-06-20T10:00:00Z"}])
    school.ingest()
    found = "SELECT identifier FROM vault.rights.consents WHERE status = 'withdrawn'"
    assert school.ask(found) == [("learner:L-4711",)]


def test_an_address_with_a_name_before_it_is_for_a_person_to_read(school):
    school.request("erase", 1, email=f"Anna <{EMAIL}>")
    assert [each.state for each in advance(school).values()] == ["unreadable"]
