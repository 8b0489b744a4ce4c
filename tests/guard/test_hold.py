"""Retention with a clock that runs ahead, or with a plan that takes a large share: it waits, and says what to
type (P-STAT, S-SAFE).
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from anonymart import audit, engine, guard
from anonymart.erasure.removal import (
    carry_out_requests,
    enforce_terms,
    keep_waiting,
    plan_requests,
    plan_terms,
)
from anonymart.errors import RetentionHeld, UsageError
from anonymart.session import Session
from tests import warm
from tests.ingest.conftest import SmallSchool
from tests.whole.small_school import clean_environment

TODAY = date(2026, 6, 30)
IN_TEN_YEARS = date(2036, 6, 30)
N_LEARNERS = 40


def _learners(numbers: range, last_login: str) -> str:
    return "learner_id,registered_at,last_login_at\n" + "".join(
        f"L{n},2020-01-01T10:00:00Z,{last_login}\n" for n in numbers
    )


def school(root, old: int = 0) -> SmallSchool:
    """Forty learners, `old` of whom left the window on the day before the last of June 2026."""
    small_school = SmallSchool(root)
    if old:
        small_school.deliver("learners", "a.csv", _learners(range(old), "2021-06-28T10:00:00Z"))
        small_school.ingest(date(2021, 6, 30))
    small_school.deliver("learners", "b.csv", _learners(range(old, N_LEARNERS), "2026-06-28T10:00:00Z"))
    small_school.ingest(TODAY)
    with engine.connect(small_school.home, small_school.keys, vault="rw") as connection:
        guard.note_run(connection, TODAY)
    return small_school


@pytest.fixture
def small_school(tmp_path) -> SmallSchool:
    return school(tmp_path / "home")


@pytest.fixture
def with_many_old(tmp_path) -> SmallSchool:
    return school(tmp_path / "home", old=12)


def n_learners(small_school: SmallSchool) -> int:
    return small_school.ask("SELECT count(*) FROM vault.register.learners")[0][0]


def enforce(small_school: SmallSchool, day: date, **said: str):
    return enforce_terms(Session(small_school.home, small_school.keys, small_school.policy, day), **said)


def test_a_clock_ten_years_ahead_removes_nobody(small_school):
    with pytest.raises(
        RetentionHeld, match=r"far ahead of the newest event.*anonymart confirm-day 2036-06-30"
    ) as held:
        enforce(small_school, IN_TEN_YEARS)
    assert held.value.exit_code == 4
    assert n_learners(small_school) == N_LEARNERS
    assert (
        plan_terms(
            Session(small_school.home, small_school.keys, small_school.policy, IN_TEN_YEARS)
        ).people.leaving
        == N_LEARNERS
    )
    enforce(small_school, TODAY)


def test_it_goes_on_by_itself_after_a_week_of_the_same_clock(small_school):
    for days in range(7):
        with pytest.raises(RetentionHeld, match=r"goes on by itself on 2036-07-07"):
            enforce(small_school, IN_TEN_YEARS + timedelta(days=days))
    assert (
        enforce(small_school, IN_TEN_YEARS + timedelta(days=7)).rows["vault.register.learners"] == N_LEARNERS
    )


def test_a_hold_of_another_kind_or_time_does_not_end_this_one(with_many_old):
    """The week of a hold that nobody answered is not the week of a clock that jumps."""
    with pytest.raises(RetentionHeld, match="12 of 40 learners"):
        enforce(with_many_old, TODAY)
    for day in (date(2027, 4, 30), IN_TEN_YEARS, date(2046, 6, 30)):
        with pytest.raises(RetentionHeld, match="far ahead"):
            enforce(with_many_old, day)
    assert n_learners(with_many_old) == N_LEARNERS


def test_a_person_renews_the_hold_with_a_reason(small_school):
    with pytest.raises(RetentionHeld):
        enforce(small_school, IN_TEN_YEARS)
    inside = Session(small_school.home, small_school.keys, small_school.policy)
    later = IN_TEN_YEARS + timedelta(days=6)
    assert keep_waiting(
        inside.on(later), "The clock of the host is being mended", "operator"
    ) == later + timedelta(days=7)
    with pytest.raises(RetentionHeld):
        enforce(small_school, IN_TEN_YEARS + timedelta(days=12))
    assert [
        (entry["act"], entry["actor"], entry["reason"]) for entry in audit.entries(small_school.home)
    ] == [("held_retention", "operator", "The clock of the host is being mended")]
    with pytest.raises(UsageError, match="nothing to hold"):
        keep_waiting(inside.on(TODAY), "There is nothing")


def test_a_large_share_waits_and_a_reason_lets_it_go(with_many_old):
    small_school = with_many_old
    with pytest.raises(RetentionHeld, match="12 of 40 learners, more than 20 %"):
        enforce(small_school, TODAY)
    token = plan_terms(Session(small_school.home, small_school.keys, small_school.policy, TODAY)).token
    with pytest.raises(RetentionHeld):
        enforce(small_school, TODAY, token=token)
    with pytest.raises(UsageError, match="token"):
        enforce(small_school, TODAY, token="0" * 12, reason="An old year leaves")
    done = enforce(small_school, TODAY, token=token, reason="An old year leaves", actor="reviewer")
    assert done.rows["vault.register.learners"] == 12
    assert [entry["act"] for entry in audit.entries(small_school.home)] == ["let_retention_go"]
    enforce(small_school, TODAY + timedelta(days=1))


def test_a_small_share_and_a_small_home_do_not_wait(tmp_path):
    assert enforce(school(tmp_path / "few", old=8), TODAY).rows["vault.register.learners"] == 8
    small = SmallSchool(tmp_path / "small")
    small.deliver(
        "learners",
        "a.csv",
        "learner_id,registered_at,last_login_at\nL1,2020-01-01T10:00:00Z,2021-01-01T10:00:00Z\n",
    )
    small.ingest(date(2021, 1, 2))
    assert enforce(small, TODAY).rows["vault.register.learners"] == 1


def test_a_confirmed_day_lets_retention_go_on(small_school):
    guard.confirm(
        Session(small_school.home, small_school.keys, given_day=IN_TEN_YEARS),
        "The school was closed for ten years",
        "reviewer",
    )
    with pytest.raises(RetentionHeld, match="40 of 40 learners"):
        enforce(small_school, IN_TEN_YEARS)
    later = IN_TEN_YEARS + timedelta(days=7)
    assert enforce(small_school, later).rows["vault.register.learners"] == N_LEARNERS


def test_a_reason_may_name_nobody(small_school):
    with pytest.raises(UsageError, match="may name a person"):
        guard.confirm(
            Session(small_school.home, small_school.keys, given_day=IN_TEN_YEARS), "Ask anna@example.org"
        )
    assert small_school.ask("SELECT count(*) FROM vault.ledger.confirmed_days") == [(0,)]


def test_an_erasure_never_waits(small_school):
    with pytest.raises(RetentionHeld):
        enforce(small_school, IN_TEN_YEARS)
    small_school.deliver(
        "rights",
        "r.csv",
        "request_id,kind,learner_id,received_at,identity_verified\nR1,erase,L3,2026-06-30T10:00:00Z,true\n",
    )
    small_school.ingest(IN_TEN_YEARS)
    session = Session(small_school.home, small_school.keys, small_school.policy, IN_TEN_YEARS)
    done = carry_out_requests(session, ("R1",), plan_requests(session, ("R1",)).token)
    assert done.rows["vault.register.learners"] == 1
    assert n_learners(small_school) == N_LEARNERS - 1


def test_by_command(small_school):
    def command(*words: str):
        return warm.anonymart(*words, env=clean_environment(small_school.home.root), timeout=600)

    shown = command("purge", "--as-of", str(IN_TEN_YEARS))
    assert shown.returncode == 0
    assert "This plan waits for a person." in shown.stdout and "40 of 40" in shown.stdout
    token = json.loads(command("purge", "--as-of", str(IN_TEN_YEARS), "--json").stdout)["token"]
    refused = command("purge", "--as-of", str(IN_TEN_YEARS), "--token", token)
    assert refused.returncode == 4 and "has removed nothing" in refused.stderr
    renewed = command(
        "purge",
        "--as-of",
        "2036-07-03",
        "--hold",
        "--reason",
        "The clock is being mended",
        "--as",
        "operator",
    )
    assert (renewed.returncode, renewed.stdout) == (0, "The plan waits until 2036-07-10.\n")
    assert command("purge", "--hold").returncode == 2
    run = command("run", "--as-of", str(IN_TEN_YEARS))
    assert run.returncode == 4 and "anonymart confirm-day 2036-06-30" in run.stdout
    build = command("build", "--as-of", str(IN_TEN_YEARS))
    assert build.returncode == 4 and not small_school.home.warehouse.exists()
    assert (
        command(
            "confirm-day", str(IN_TEN_YEARS), "--reason", "The clock is right", "--as", "operator"
        ).returncode
        == 0
    )
    assert n_learners(small_school) == N_LEARNERS


def test_by_the_dag(small_school, monkeypatch):
    from airflow.sdk.exceptions import AirflowFailException

    from anonymart_airflow import tasks

    monkeypatch.setenv("ANONYMART_HOME", str(small_school.home.root))
    ahead = {
        "dag_run": SimpleNamespace(
            conf={}, run_after=datetime(2036, 6, 30, 6, tzinfo=ZoneInfo("Europe/Paris"))
        )
    }
    with pytest.raises(AirflowFailException, match="Retention waits for a person"):
        tasks.keep_to_the_terms(ahead)
    with pytest.raises(AirflowFailException, match="far ahead of the newest event"):
        tasks.build_candidate(ahead)
    assert n_learners(small_school) == N_LEARNERS


@pytest.mark.long
def test_whoever_is_over_the_term_is_out_of_figures_while_the_bytes_wait(with_many_old):
    from anonymart.run import build

    small_school = with_many_old
    with pytest.raises(RetentionHeld):
        enforce(small_school, TODAY)
    build(Session(small_school.home, small_school.keys, small_school.policy, TODAY))
    with engine.connect(small_school.home, small_school.keys, vault="ro", warehouse="ro") as connection:
        by_status = dict(
            connection.execute(
                "SELECT status, count(*) FROM warehouse.intermediate.int_persons GROUP BY status"
            ).fetchall()
        )
    assert (n_learners(small_school), by_status) == (N_LEARNERS, {"in": N_LEARNERS - 12, "expired": 12})
