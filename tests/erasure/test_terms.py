"""Terms: who leaves the window leaves the files (P-STAT), identified answers (P-SURVEY), withdrawals, minors,
restrictions.
"""

from __future__ import annotations

import shutil
from datetime import date

import pytest

from anonymart.erasure import receipts
from anonymart.erasure.removal import enforce_terms, plan_terms
from anonymart.errors import UsageError
from anonymart.rights import unreadable
from anonymart.session import Session
from tests.erasure.small_school import EMAIL, IDENTIFIERS, NAMES, SmallSchool, built_home, read_receipts
from tests.ingest.conftest import statement

pytestmark = pytest.mark.long

LAST_DAY = date(2031, 5, 1)  # both were last seen on 2026-05-01


@pytest.fixture
def built(tmp_path_factory, tmp_path):
    shutil.copytree(built_home(tmp_path_factory, is_plain=False), tmp_path / "home")
    return SmallSchool(tmp_path / "home")


def enforce(small_school, as_of, token=None):
    return enforce_terms(Session(small_school.home, small_school.keys, small_school.policy, as_of), token)


def test_who_leaves_the_window_leaves_vault_and_warehouse_the_day_after(built):
    built.deliver("connections", "bert.csv", "learner_id,connected_at\nL-4712,2026-05-02T10:00:00Z\n")
    built.ingest()
    enforce(built, LAST_DAY)
    assert built.history("anna") and "L-4711" in built.everything()
    done = enforce(built, date(2031, 5, 2))
    assert done.rows["warehouse.intermediate.int_events"] == 4
    assert not any(name in built.everything() for name in NAMES)
    assert built.history("anna") == {} and built.history("bert")
    assert built.ask("SELECT learner_id FROM vault.register.learners") == [("L-4712",)]
    again = enforce(built, date(2031, 5, 2))
    assert again.rows == {} and again.receipt_no is None


def test_rows_go_at_once_and_bytes_with_the_weekly_rewrite(built):
    day = date(2031, 5, 2)
    enforce(built, day)
    assert read_receipts(built.home.root)[-1]["files"] == {}
    assert enforce(built, date(2031, 5, 8)).receipt_no is None
    enforce(built, date(2031, 5, 9))
    assert set(read_receipts(built.home.root)[-1]["files"]) == {"vault.duckdb", "warehouse.duckdb"}
    assert enforce(built, date(2031, 5, 20)).receipt_no is None, "nothing was deleted since"
    assert receipts.verify(Session(built.home, built.keys)).passed


def test_the_plan_changes_nothing_and_its_token_is_needed(built):
    day = date(2031, 5, 2)
    before = built.everything()
    plan = plan_terms(Session(built.home, built.keys, built.policy, day))
    assert plan.rows["vault.register.learners"] == 2 and built.everything() == before
    with pytest.raises(UsageError, match="token"):
        enforce(built, day, "0" * 12)
    assert built.everything() == before
    assert enforce(built, day, plan.token).is_done
    assert plan_terms(Session(built.home, built.keys, built.policy, day)).is_empty


def test_who_never_used_the_site_goes_five_years_after_the_last_row(built):
    built.deliver("learners", "n.ndjson", [
        {"learner_id": "N-1", "registered_at": "2025-02-03T10:00:00Z"}, {"learner_id": "N-2"},
    ])  # fmt: skip
    built.ingest(date(2026, 6, 30))
    for day, left in (
        (date(2030, 2, 3), 2),
        (date(2030, 2, 4), 1),
        (date(2031, 6, 30), 1),
        (date(2031, 7, 1), 0),
    ):
        enforce(built, day)
        assert built.ask("SELECT count(*) FROM vault.register.learners WHERE learner_id LIKE 'N-%'") == [
            (left,)
        ], day


def test_a_former_life_goes_and_the_present_one_stays(built):
    built.deliver(
        "learning",
        "old.ndjson",
        [
            statement(
                700 + n,
                actor={"account": {"homePage": "https://campus.example", "name": "acct-bert"}},
                timestamp=f"2015-0{n + 1}-03T10:00:00Z",
            )
            for n in range(3)
        ],
    )
    built.ingest()
    built.build()
    assert built.history("bert")["int_events"] == 7
    enforce(built, date(2026, 7, 1))
    assert built.history("bert")["int_events"] == 4
    assert built.ask("SELECT min(first_use_at)::DATE::VARCHAR FROM vault.register.last_use") == [
        ("2026-01-03",)
    ]
    assert built.ask("SELECT count(*) FROM vault.raw.learning WHERE occurred_at < '2016-01-01'") == [(0,)]


def test_a_restored_warehouse_erases_former_activity_periods_and_childhoods_again(built, tmp_path):
    """What the vault no longer tells of, because it has gone there too: by the years of the window and by the
    birth date.
    """
    built.deliver(
        "learning",
        "old.ndjson",
        [
            statement(
                700 + n,
                actor={"account": {"homePage": "https://campus.example", "name": "acct-bert"}},
                timestamp=f"2015-0{n + 1}-03T10:00:00Z",
            )
            for n in range(3)
        ],
    )
    built.ingest()
    built.build()
    backup = shutil.copy(built.home.warehouse, tmp_path / "backup")
    before = built.history("bert")["int_enrolments"], built.history("anna")["int_events"]
    built.deliver(
        "learners",
        "birth.ndjson",
        [
            {
                "learner_id": "L-4711",
                "email": EMAIL,
                "birth_date": "2011-02-10",
                "account_name": "acct-anna-4711",
                "account_home_page": "https://campus.example",
                "last_login_at": "2026-05-01T10:00:00Z",
            }
        ],
    )
    built.ingest()
    enforce(built, date(2026, 7, 1))
    after = {person: built.history(person) for person in ("anna", "bert")}
    assert (before, after["anna"]["int_events"], after["bert"]["int_events"]) == ((1, 4), 2, 4)
    shutil.copy(backup, built.home.warehouse)
    assert built.history("bert")["int_events"] == 7
    enforce(built, date(2026, 7, 2))
    assert {person: built.history(person) for person in ("anna", "bert")} == after


def test_identified_answers_go_three_years_after_the_last_contact_and_scores_stay(built):
    enforce(built, date(2029, 5, 1))
    assert built.ask("SELECT count(*) FROM vault.answers.nps") == [(4,)]
    enforce(built, date(2029, 5, 2))
    assert built.ask("SELECT count(*) FROM vault.answers.nps") == [(0,)]
    assert built.history("anna")["int_nps_responses"] == 2
    built.deliver_all("again")
    built.ingest()
    assert built.ask("SELECT count(*) FROM vault.answers.nps") == [(0,)], "the ledger still knows them"


def test_answers_that_no_build_has_taken_wait_for_it(built):
    built.deliver(
        "nps",
        "new.ndjson",
        [{"response_id": "new", "email": "c@example.org", "answered_at": "2023-01-01T10:00:00Z", "score": 3}],
    )
    built.ingest()
    enforce(built, date(2026, 7, 1))
    assert built.ask("SELECT count(*) FROM vault.answers.nps WHERE response_id = 'new'") == [(1,)]
    built.build()
    enforce(built, date(2026, 7, 2))
    assert built.ask("SELECT count(*) FROM vault.answers.nps WHERE response_id = 'new'") == [(0,)]


def test_a_withdrawal_takes_what_was_answered_before_it(built):
    built.deliver(
        "consents",
        "w.ndjson",
        [
            {
                "learner_id": "L-4711",
                "purpose": "P-SURVEY",
                "status": "withdrawn",
                "at": "2026-03-15T10:00:00Z",
            }
        ],
    )
    built.ingest()
    done = enforce(built, date(2026, 7, 1))
    assert done.rows["vault.answers.nps"] == 1 and done.rows["warehouse.intermediate.int_nps_responses"] == 1
    assert built.ask("SELECT response_id FROM vault.answers.nps ORDER BY 1") == [
        ("n-L-4712",),
        ("o-L-4711",),
        ("o-L-4712",),
    ]
    built.deliver_all("again")
    built.ingest()
    built.build(date(2026, 7, 1))
    assert built.history("anna")["int_nps_responses"] == 1
    assert built.history("anna")["int_events"] == 4, "consent to surveys is not the use of the site"


def test_a_restriction_keeps_every_row(built):
    built.request("restrict")
    enforce(built, date(2031, 6, 1))
    left = built.everything()
    assert all(name in left for name in ("L-4711", EMAIL)) and "L-4712" not in left
    counted = built.ask("SELECT count(*) FROM vault.raw.learning")[0][0], built.history("anna")["int_events"]
    assert counted == (4, 4)
    built.request("restrict", 2, "2031-06-02T10:00:00Z", learner_id="L-4711", details="lift")
    assert built.ask("SELECT count(*) FROM vault.rights.requests") == [(1,)], (
        "a request from after the day of the run"
    )
    lift = {
        "request_id": "REQ-3",
        "kind": "restrict",
        "learner_id": "L-4711",
        "details": "lift",
        "received_at": "2031-06-02T10:00:00Z",
        "identity_verified": True,
    }
    built.deliver("rights", "lift.ndjson", [lift])
    built.ingest(date(2031, 6, 2))
    enforce(built, date(2031, 6, 3))
    assert "L-4711" in built.everything(), (
        "her row that nobody could date keeps her restricted until somebody decides"
    )
    ((unreadable_id,),) = built.ask("SELECT unreadable_id FROM vault.rights.unreadable")
    unreadable.refuse(
        Session(built.home, built.keys, built.policy, date(2031, 6, 3)), unreadable_id, "entered_otherwise"
    )
    enforce(built, date(2031, 6, 4))
    assert not any(name in built.everything() for name in NAMES)


def test_found_minors_are_erased(built):
    """The birth date comes after the rows: what is about a time under 15 goes, the rest stays."""
    row = {
        "learner_id": "L-4711",
        "email": EMAIL,
        "birth_date": "2011-02-10",
        "last_login_at": "2026-05-01T10:00:00Z",
        "account_home_page": "https://campus.example",
        "account_name": "acct-anna-4711",
    }
    built.deliver("learners", "birth.ndjson", [row])
    built.ingest()
    enforce(built, date(2026, 7, 1))
    left = {
        str(moment)
        for (moment,) in built.ask(
            f"SELECT occurred_at::DATE FROM vault.raw.learning WHERE actor IN {IDENTIFIERS['anna']}"
        )
    }
    assert left == {"2026-03-03", "2026-04-03"}
    assert built.ask("SELECT count(*) FROM vault.register.learners WHERE learner_id = 'L-4711'") == [(1,)]


def test_a_changed_and_a_missing_receipt_are_found(built):
    for day in (date(2026, 12, 1), date(2026, 12, 20), date(2031, 5, 2)):
        enforce(built, day)
    path, whole = built.home.receipts, built.home.receipts.read_text()
    lines = whole.splitlines(keepends=True)
    assert len(lines) == 3 and receipts.verify(Session(built.home, built.keys)).passed
    for broken, problem in (
        (whole.replace('"after": 0', '"after": 7', 1), "was changed"),
        ("".join(lines[1:]), "receipt 1 is missing"),
        (lines[0] + lines[2], "receipt 2 is missing"),
        ("".join(lines[:2]), "is not the one that the vault knows"),
        ("", "is not the one"),
        (whole + "{", "torn"),
    ):
        path.write_text(broken)
        verdict = receipts.verify(Session(built.home, built.keys))
        assert not verdict.passed and problem in verdict.problem, problem
    path.write_text(whole)
    assert receipts.verify(Session(built.home, built.keys)).passed
