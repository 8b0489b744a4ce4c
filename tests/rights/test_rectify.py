"""R-RECTIFY: the right value in vault and history, and old deliveries that come later do not undo it."""

from __future__ import annotations

import json
import os
import shutil
import signal
from datetime import timedelta

import pytest

from anonymart.erasure.removal import enforce_terms
from anonymart.errors import UsageError
from anonymart.rights import death, rectify
from anonymart.session import Session
from tests import warm
from tests.erasure.small_school import AS_OF, EMAIL, PEOPLE, SmallSchool, built_home


@pytest.fixture
def built(tmp_path_factory, tmp_path):
    shutil.copytree(built_home(tmp_path_factory, is_plain=False), tmp_path / "home")
    return SmallSchool(tmp_path / "home")


def correct(small_school, source, key, right, number=1, as_of=AS_OF):
    request = small_school.request(
        "rectify",
        number,
        learner_id="L-4711",
        details=json.dumps({"source": source, "key": key, "set": right}),
    )
    session = Session(small_school.home, small_school.keys, small_school.policy, as_of)
    plan = rectify.plan(session, request)
    assert rectify.carry_out(session, request) == plan
    assert rectify.plan(session, request) == rectify.carry_out(session, request) == {}, (
        "twice changes nothing"
    )
    return plan


def anna(small_school):
    return small_school.ask(
        "SELECT email, given_name, family_name, birth_date::VARCHAR FROM vault.register.learners WHERE "
        "learner_id = 'L-4711'"
    )[0]


def test_a_learner_and_old_deliveries(built):
    plan = correct(built, "learners", {}, {"family_name": "Righted", "birth_date": "1990-02-28"})
    assert plan == {"vault.register.learners": 1}
    right = (EMAIL, "GivenL-4711", "Righted", "1990-02-28")
    assert anna(built) == right and "FamilyL-4711" not in built.everything()
    built.deliver_all("same-row-again")
    built.ingest()
    assert anna(built) == right
    old = {**PEOPLE["anna"]["learners"][0], "last_login_at": "2026-05-30T10:00:00Z"}
    built.deliver("learners", "older.ndjson", [old])
    assert built.ingest()["learners/older.ndjson"].loaded == 1
    assert anna(built) == right, "another row with the same wrong values"
    built.deliver("learners", "newer.ndjson", [{**old, "family_name": "Married", "birth_date": "1990-02-28"}])
    built.ingest()
    assert anna(built)[2:] == ("Married", "1990-02-28"), "a third value is newer"


def test_an_address_takes_its_claims_along(built):
    correct(built, "learners", {}, {"email": "right@example.org"})
    assert built.ask(f"SELECT anchor FROM vault.register.identities WHERE identifier = 'email:{EMAIL}'") != [
        ("learner:L-4711",)
    ]
    assert built.ask(
        "SELECT anchor FROM vault.register.identities WHERE identifier = 'email:right@example.org'"
    ) == [("learner:L-4711",)]
    built.deliver("learners", "older.ndjson", [{**PEOPLE["anna"]["learners"][0], "given_name": "x"}])
    built.ingest()
    assert anna(built)[0] == "right@example.org"
    assert built.ask(f"SELECT count(*) FROM vault.register.claims WHERE identifier = 'email:{EMAIL}'") == [
        (0,)
    ]


def history(small_school):
    return small_school.warehouse("""
        SELECT outcome, diploma_id, started_on::VARCHAR, graduated_on::VARCHAR
        FROM warehouse.intermediate.int_enrolments ORDER BY ALL
    """)  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("is_purged", [False, True])
def test_an_enrolment_also_after_its_raw_row_has_gone(built, is_purged):
    as_of = AS_OF + timedelta(days=100) if is_purged else AS_OF
    if is_purged:
        enforce_terms(Session(built.home, built.keys, built.policy, as_of))
        assert built.ask("SELECT count(*) FROM vault.raw.enrolments") == [(0,)]
    key = {"path_id": "p1", "started_on": "2025-01-10"}
    plan = correct(
        built,
        "enrolments",
        key,
        {"outcome": "abandoned", "graduated_on": None, "diploma_id": None},
        as_of=as_of,
    )
    assert ("warehouse.intermediate.int_enrolments" in plan) == is_purged
    built.build(as_of)
    bert = ("graduated", "d1", "2025-01-10", "2025-09-30")
    assert history(built) == [("abandoned", None, "2025-01-10", None), bert]
    built.deliver("enrolments", "old.ndjson", [{**PEOPLE["anna"]["enrolments"][0], "ended_on": "2025-10-01"}])
    built.ingest(as_of)
    built.build(as_of)
    assert history(built)[0] == ("abandoned", None, "2025-01-10", None)


@pytest.mark.long
def test_a_corrected_day_of_start_leaves_one_enrolment(built):
    correct(built, "enrolments", {"path_id": "p1", "started_on": "2025-01-10"}, {"started_on": "2025-02-10"})
    built.build()
    assert [row[2] for row in history(built)] == ["2025-01-10", "2025-02-10"]
    built.deliver("enrolments", "old.ndjson", [{**PEOPLE["anna"]["enrolments"][0], "ended_on": "2025-10-01"}])
    built.ingest()
    built.build()
    assert [row[2] for row in history(built)] == ["2025-01-10", "2025-02-10"]


@pytest.mark.long
def test_an_answer(built):
    correct(built, "nps", {"response_id": "n-L-4711"}, {"score": 3})
    correct(
        built,
        "salary",
        {"response_id": "s-L-4711"},
        {
            "salary_amount": 40000,
            "employed": True,
            "working_time": "full_time",
            "contract_type": "CDI",
            "country": "Martinique",
        },
        2,
    )
    built.build()
    assert built.warehouse(
        "SELECT score FROM warehouse.intermediate.int_nps_responses WHERE score IS NOT NULL ORDER BY 1"
    ) == [(3,), (9,)]
    answer = (
        "SELECT salary_eur_year, contract_class, country_class FROM "
        "warehouse.intermediate.int_salary_responses WHERE salary_eur_year IS NOT NULL"
    )
    assert built.warehouse(answer) == [(40000.0, "permanent", "france")]


def test_the_ledger_accounts_for_it(built):
    correct(built, "learners", {}, {"family_name": "Righted"})
    assert built.ask(
        "SELECT source, delivered, loaded FROM vault.ledger.loads WHERE file_name = 'rectification'"
    ) == [("learners", 1, 1)]


@pytest.mark.parametrize(
    ("details", "says"),
    [
        ("by letter", "JSON"),
        ('{"source": "learning", "key": {}, "set": {"score": 1}}', "statement_id"),
        ('{"source": "learners", "key": {}, "set": {}}', "one of learners"),
        (
            '{"source": "learners", "key": {}, "set": {"birth_date": "31/02/secret"}}',
            "birth_date is not a date",
        ),
        ('{"source": "learners", "key": {}, "set": {"learner_id": "secret"}}', "may set"),
        ('{"source": "nps", "key": {"response_id": "n"}, "set": {"score": 11}}', "score is out of range"),
        ('{"source": "nps", "key": {}, "set": {"score": 1}}', "response_id"),
        (
            '{"source": "enrolments", "key": {"path_id": "p", "started_on": "x"}, "set": {"outcome": '
            '"secret"}}',
            "started_on is not a date",
        ),
    ],
)
def test_details_that_cannot_be_carried_out(details, says):
    with pytest.raises(UsageError, match=says) as caught:
        rectify.check(details)
    assert "secret" not in str(caught.value)


def test_another_persons_row_is_out_of_reach(built):
    with pytest.raises(UsageError, match="no such row"):
        correct(built, "nps", {"response_id": "n-L-4712"}, {"score": 3})


@pytest.mark.long
@pytest.mark.parametrize("point", ["rectify.before_commit", "rectify.after_commit"])
def test_killed_and_run_again(built, point):
    built.request(
        "rectify",
        learner_id="L-4711",
        details=json.dumps({"source": "learners", "key": {}, "set": {"family_name": "Righted"}}),
    )
    command = ("rights", "advance", "--as-of", str(AS_OF))
    environment = {**os.environ, "ANONYMART_HOME": str(built.home.root)}
    assert (
        warm.anonymart(*command, env={**environment, "ANONYMART_CRASH_AT": point}).returncode
        == -signal.SIGKILL
    )
    assert warm.anonymart(*command, env=environment).returncode == 0
    assert anna(built)[2] == "Righted"
    assert built.ask("SELECT count(*) FROM vault.ledger.loads WHERE file_name = 'rectification'") == [(1,)]
    assert built.ask("SELECT count(*) FROM vault.rights.corrections") == [(1,)]


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        ('{"directive": "erase"}', "erase"),
        (" ERASE ", "erase"),
        ("hand_over", "hand_over"),
        ('{"directive": "keep", "heir": "x"}', "keep"),
        ("by letter", "none"),
        (None, "none"),
        ('{"directive": 1}', "none"),
        ("[]", "none"),
        ('{"directive": "erase"', "none"),
    ],
)
def test_directives(details, kind):
    assert death.directive(details).kind == kind
