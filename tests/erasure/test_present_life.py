"""Who starts a new activity period stays known, so that an objection holds; a child that is found later goes
whole (P-STAT, R-MINOR).
"""

from __future__ import annotations

from datetime import date

import pytest

from anonymart import engine
from anonymart.erasure.removal import enforce_terms
from tests.erasure.house import AS_OF, HOME_PAGE, House, read_receipts
from tests.ingest.conftest import statement

ACCOUNT = f"account:{HOME_PAGE}|acct-77"


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "home")


def enforce(house, as_of=AS_OF):
    enforce_terms(house.home, house.keys, house.policy, as_of)


def test_a_former_life_leaves_who_is_who_and_the_objection(house):
    house.deliver(
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
    house.deliver(
        "learning", "b.ndjson", [statement(n, actor=actor, timestamp=time) for n, time in enumerate(times, 1)]
    )
    house.ingest()
    house.request("object", learner_id="L-77")
    enforce(house)
    assert house.ask("SELECT count(*), min(year(occurred_at)) FROM vault.raw.learning") == [(1, 2025)]
    assert house.ask("SELECT registered_at FROM vault.register.learners") == [(None,)]
    objecting = (
        "SELECT identities.person_id FROM vault.rights.requests AS requests INNER JOIN "
        "vault.register.identities AS identities USING (identifier)"
    )
    assert house.ask(objecting) == house.ask(
        f"SELECT person_id FROM vault.register.identities WHERE identifier = '{ACCOUNT}'"
    )
    before = house.everything()
    enforce(house)
    assert house.everything() == before, "once is enough"


def test_what_tells_of_a_child_goes_though_it_is_no_use_of_the_site(house):
    """Of age today, fourteen when enrolled; the birth date comes last."""
    house.deliver(
        "enrolments",
        "a.csv",
        "learner_id,path_id,started_on\nL-77,p1,2024-01-10\nL-77,p2,2026-01-10\nL-78,p1,2024-01-10\n",
    )
    house.ingest()
    house.deliver(
        "learners",
        "b.csv",
        "learner_id,birth_date,registered_at\nL-77,2010-01-01,2024-01-05\nL-78,1990-01-01,2024-01-05\n",
    )
    house.ingest()
    enforce(house)
    rows = house.ask("SELECT identifier, path_id FROM vault.raw.enrolments ORDER BY ALL")
    assert rows == [("learner:L-77", "p2"), ("learner:L-78", "p1")]
    learners = house.ask("SELECT learner_id, registered_at IS NULL FROM vault.register.learners ORDER BY ALL")
    assert learners == [("L-77", True), ("L-78", False)], "of the time before nothing stays"


def test_a_child_of_today_goes_whole(house):
    house.deliver("learners", "a.csv", "learner_id,email,registered_at\nL-77,l77@example.org,2025-01-05\n")
    house.deliver(
        "consents", "a.csv", "learner_id,purpose,status,at\nL-77,P-SURVEY,granted,2025-02-01T10:00:00Z\n"
    )
    house.ingest()
    house.deliver("learners", "b.csv", "learner_id,email,birth_date\nL-77,l77@example.org,2013-01-01\n")
    assert house.ingest()["learners/b.csv"].refused == 1
    enforce(house)
    assert not any(name in house.everything() for name in ("L-77", "l77"))
    house.deliver("connections", "c.csv", "learner_id,connected_at\nL-77,2026-06-01T10:00:00Z\n")
    assert house.ingest()["connections/c.csv"].refused == 1
    assert date(2028, 1, 1) in [day for (day,) in house.ask("SELECT of_age_on FROM vault.register.minors")]


def test_times_that_are_only_blanked_leave_the_bytes_with_the_weekly_rewrite_too(house):
    """Fourteen when registered, of age at the last login; no row goes."""
    row = {
        "learner_id": "L-77",
        "birth_date": "2011-02-10",
        "registered_at": "2025-01-05T10:00:00Z",
        "last_login_at": "2026-05-01T10:00:00Z",
    }
    house.deliver("learners", "a.ndjson", [row])
    house.ingest()
    with engine.connect(house.home, house.keys, vault="rw") as connection:
        connection.execute("DELETE FROM vault.ledger.row_hashes")
    done = enforce_terms(house.home, house.keys, house.policy, date(2026, 7, 1))
    assert done.rows == {} and house.ask("SELECT registered_at FROM vault.register.learners") == [(None,)]
    assert read_receipts(house.home.root)[-1]["files"] == {}
    assert enforce_terms(house.home, house.keys, house.policy, date(2026, 7, 7)).receipt_no is None
    enforce(house, date(2026, 7, 8))
    assert set(read_receipts(house.home.root)[-1]["files"]) == {"vault.duckdb"}
    assert enforce_terms(house.home, house.keys, house.policy, date(2026, 7, 20)).receipt_no is None, (
        "once is enough"
    )
