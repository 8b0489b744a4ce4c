"""Who starts a new activity period stays known, so that an objection holds; a child that is found later goes
whole (P-STAT, R-MINOR).
"""

from __future__ import annotations

from datetime import date

import pytest

from anonymart import engine
from anonymart.erasure.removal import enforce_terms
from anonymart.session import Session
from tests.erasure.small_school import AS_OF, HOME_PAGE, SmallSchool, read_receipts
from tests.ingest.conftest import statement

ACCOUNT = f"account:{HOME_PAGE}|acct-77"


@pytest.fixture
def small_school(tmp_path):
    return SmallSchool(tmp_path / "home")


def enforce(small_school, as_of=AS_OF):
    enforce_terms(Session(small_school.home, small_school.keys, small_school.policy, as_of))


def test_a_former_life_leaves_who_is_who_and_the_objection(small_school):
    small_school.deliver(
        "learners",
        "a.ndjson",
        [
            {
                "learner_id": "L-77",
                "email": "l77@example.org",
                "account_home_page": HOME_PAGE,
                "account_name": "acct-77",
                "registered_at": "2015-01-01T10:00:00Z",
            }
        ],
    )
    actor = {"account": {"homePage": HOME_PAGE, "name": "acct-77"}}
    times = ("2015-03-01T10:00:00Z", "2025-03-01T10:00:00Z")
    small_school.deliver(
        "learning", "b.ndjson", [statement(n, actor=actor, timestamp=time) for n, time in enumerate(times, 1)]
    )
    small_school.ingest()
    small_school.request("object", learner_id="L-77")
    enforce(small_school)
    assert small_school.ask("SELECT count(*), min(year(occurred_at)) FROM vault.raw.learning") == [(1, 2025)]
    assert small_school.ask("SELECT registered_at FROM vault.register.learners") == [(None,)]
    objecting = (
        "SELECT identities.person_id FROM vault.rights.requests AS requests INNER JOIN "
        "vault.register.identities AS identities USING (identifier)"
    )
    assert small_school.ask(objecting) == small_school.ask(
        f"SELECT person_id FROM vault.register.identities WHERE identifier = '{ACCOUNT}'"
    )
    before = small_school.everything()
    enforce(small_school)
    assert small_school.everything() == before, "once is enough"


def test_what_tells_of_a_child_goes_though_it_is_no_use_of_the_site(small_school):
    """Of age today, fourteen when enrolled; the birth date comes last."""
    small_school.deliver(
        "enrolments",
        "a.csv",
        "learner_id,path_id,started_on\nL-77,p1,2024-01-10\nL-77,p2,2026-01-10\nL-78,p1,2024-01-10\n",
    )
    small_school.ingest()
    small_school.deliver(
        "learners",
        "b.csv",
        "learner_id,birth_date,registered_at\nL-77,2010-01-01,2024-01-05\nL-78,1990-01-01,2024-01-05\n",
    )
    small_school.ingest()
    enforce(small_school)
    rows = small_school.ask("SELECT identifier, path_id FROM vault.raw.enrolments ORDER BY ALL")
    assert rows == [("learner:L-77", "p2"), ("learner:L-78", "p1")]
    learners = small_school.ask(
        "SELECT learner_id, registered_at IS NULL FROM vault.register.learners ORDER BY ALL"
    )
    assert learners == [("L-77", True), ("L-78", False)], "of the time before nothing stays"


def test_a_child_of_today_goes_whole(small_school):
    small_school.deliver(
        "learners", "a.csv", "learner_id,email,registered_at\nL-77,l77@example.org,2025-01-05\n"
    )
    small_school.deliver(
        "consents", "a.csv", "learner_id,purpose,status,at\nL-77,P-SURVEY,granted,2025-02-01T10:00:00Z\n"
    )
    small_school.ingest()
    small_school.deliver(
        "learners", "b.csv", "learner_id,email,birth_date\nL-77,l77@example.org,2013-01-01\n"
    )
    assert small_school.ingest()["learners/b.csv"].refused == 1
    enforce(small_school)
    assert not any(name in small_school.everything() for name in ("L-77", "l77"))
    small_school.deliver("connections", "c.csv", "learner_id,connected_at\nL-77,2026-06-01T10:00:00Z\n")
    assert small_school.ingest()["connections/c.csv"].refused == 1
    assert date(2028, 1, 1) in [
        day for (day,) in small_school.ask("SELECT of_age_on FROM vault.register.minors")
    ]


def test_times_that_are_only_blanked_leave_the_bytes_with_the_weekly_rewrite_too(small_school):
    """Fourteen when registered, of age at the last login; no row goes."""
    row = {
        "learner_id": "L-77",
        "birth_date": "2011-02-10",
        "registered_at": "2025-01-05T10:00:00Z",
        "last_login_at": "2026-05-01T10:00:00Z",
    }
    small_school.deliver("learners", "a.ndjson", [row])
    small_school.ingest()
    with engine.connect(small_school.home, small_school.keys, vault="rw") as connection:
        connection.execute("DELETE FROM vault.ledger.row_hashes")
    done = enforce_terms(Session(small_school.home, small_school.keys, small_school.policy, date(2026, 7, 1)))
    assert done.rows == {} and small_school.ask("SELECT registered_at FROM vault.register.learners") == [
        (None,)
    ]
    assert read_receipts(small_school.home.root)[-1]["files"] == {}
    assert (
        enforce_terms(
            Session(small_school.home, small_school.keys, small_school.policy, date(2026, 7, 7))
        ).receipt_no
        is None
    )
    enforce(small_school, date(2026, 7, 8))
    assert set(read_receipts(small_school.home.root)[-1]["files"]) == {"vault.duckdb"}
    assert (
        enforce_terms(
            Session(small_school.home, small_school.keys, small_school.policy, date(2026, 7, 20))
        ).receipt_no
        is None
    ), "once is enough"
