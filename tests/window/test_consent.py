"""Sequences of consent and withdrawal (P-SURVEY), hundreds of people in one build, against the oracle."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_home import AS_OF, SmallHome

from anonymart.erasure.removal import enforce_terms
from anonymart.session import Session
from tests.ingest.conftest import SmallSchool
from tests.window.conftest import LAW, key_of
from tests.window.oracle import answer_counts

FIRST = datetime(2026, 6, 20, 12, tzinfo=UTC)
# Days from before the answers to after as_of, its midnight in Paris among them.
MOMENTS = [FIRST + timedelta(days=day) for day in range(0, 14, 2)] + [
    datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC),
    datetime(2026, 6, 30, 22, tzinfo=UTC),
]
N_CASES = 400

moments = st.sampled_from(MOMENTS)
declarations = st.lists(st.tuples(moments, st.sampled_from(["granted", "withdrawn", "request"])), max_size=5)


def cases() -> list[tuple[datetime, list[tuple[datetime, str]]]]:
    """When a person answered and what the person declared, the same in every run."""
    found = []

    @settings(max_examples=N_CASES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(answered_at=st.sampled_from(MOMENTS[:6]), declared=declarations)
    def collect(answered_at, declared) -> None:
        found.append((answered_at, declared))

    collect()
    return found


CASES = cases()


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory) -> tuple[SmallHome, set[int]]:
    """A home in which each case is a person, and the keys of the responses that count in it."""
    home = SmallHome(tmp_path_factory.mktemp("consent") / "home")
    people, uses, answers, consents, requests = [], [], [], [], []
    for number, (answered_at, declared) in enumerate(CASES):
        # What a person declares under one account holds for an answer under another.
        for identifier in (f"learner:{number}", f"email:{number}@example.org"):
            people.append(f"('{identifier}', 'learner', '{number:064d}')")
        uses.append(f"('learner:{number}', '2026-06-01 10:00:00', '2026-06-01 10:00:00')")
        answers.append(
            f"(1, 'n{number}', 'learner:{number}', 'p', '{_text(answered_at)}', '{_text(answered_at)}', 9)"
        )
        for at, status in declared:
            row = f"'email:{number}@example.org', {{}}, '{_text(at)}'"
            if status == "request":
                requests.append(f"({row.format(repr('withdraw'))})")
            else:
                consents.append(f"({row.format(repr('P-SURVEY') + ', ' + repr(status))})")
    home.execute(f"""
        INSERT INTO vault.register.identities (identifier, kind, person_id) VALUES {", ".join(people)};
        INSERT INTO vault.register.last_use VALUES {", ".join(uses)};
        INSERT INTO vault.answers.nps (load_no, response_id, identifier, path_id, asked_at, answered_at,
            score)
        VALUES {", ".join(answers)};
        INSERT INTO vault.rights.consents (identifier, purpose, status, "at") VALUES {", ".join(consents)};
        INSERT INTO vault.rights.requests (identifier, kind, received_at) VALUES {", ".join(requests)}
    """)
    home.register_everybody()
    home.build(select="+int_nps_counted themes")
    counted = home.rows("SELECT response_key FROM warehouse.intermediate.int_nps_counted WHERE has_answered")
    return home, {key for (key,) in counted}


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def test_each_answer_counts_as_the_oracle_says(surveyed):
    home, counted = surveyed
    assert len(CASES) >= 300
    wrong = []
    for number, (answered_at, declared) in enumerate(CASES):
        known = [(at, "withdrawn" if status == "request" else status) for at, status in declared]
        does_count = key_of(home.keys.pseudonym, f"nps|id|n{number}") in counted
        if does_count != answer_counts(answered_at, known, AS_OF, LAW):
            wrong.append((answered_at, declared, does_count))
    assert wrong == []


def test_the_cases_hold_what_matters():
    """Some count and some do not, and some have an answer, then a withdrawal, then a new consent."""
    again = [
        1
        for answered_at, declared in CASES
        if any(
            status != "granted" and answered_at <= at and any(s == "granted" and t > at for t, s in declared)
            for at, status in declared
        )
    ]
    assert len(again) > 30
    assert sum(not declared for _, declared in CASES) > 0


def test_comments_from_before_a_withdrawal_are_not_stored(tmp_path):
    """Delivered after consent was granted again, an answer from before the withdrawal comes without its
    comment (R-WITHDRAW).
    """
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver(
        "consents",
        "a.csv",
        "learner_id,purpose,status,at\n"
        + "".join(
            f"L{n},P-SURVEY,{status},2026-0{month}-01T10:00:00Z\n"
            for n in (1, 2)
            for month, status in ((1, "granted"), (3, "withdrawn"), (5, "granted"))
            if n == 1 or month != 3
        ),
    )
    small_school.deliver(
        "rights", "a.csv", "request_id,kind,learner_id,received_at\nR1,withdraw,L2,2026-03-01T10:00:00Z\n"
    )
    small_school.deliver(
        "nps",
        "a.csv",
        "response_id,learner_id,asked_at,answered_at,score,comment\n"
        + "".join(
            f"n{n}{month},L{n},2026-02-01T10:00:00Z,2026-0{month}-02T10:00:00Z,9,bien\n"
            for n in (1, 2)
            for month in (2, 4, 5)
        ),
    )
    small_school.ingest()
    assert small_school.ask("SELECT response_id FROM vault.answers.nps WHERE comment IS NOT NULL "
                            "ORDER BY 1") == [
        ("n14",), ("n15",), ("n24",), ("n25",)
    ]  # fmt: skip
    assert small_school.ask("SELECT count(*) FROM vault.answers.nps") == [(6,)]


def test_retention_takes_what_was_answered_before_the_last_withdrawal_of_several(tmp_path):
    """Granted, withdrawn, granted, withdrawn, granted: answers from after the last withdrawal stay, with
    their comments.
    """
    small_school = SmallSchool(tmp_path / "home")
    states = [(month, "granted" if month % 2 else "withdrawn") for month in range(1, 6)]
    small_school.deliver("learners", "a.csv", "learner_id,last_login_at\nL1,2026-06-01T10:00:00Z\n")
    small_school.deliver("consents", "a.csv", "learner_id,purpose,status,at\n" + "".join(
        f"L1,P-SURVEY,{status},2026-0{month}-01T10:00:00Z\n" for month, status in states))  # fmt: skip
    small_school.deliver("nps", "a.csv", "response_id,learner_id,answered_at,score,comment\n" + "".join(
        f"n{month},L1,2026-0{month}-15T10:00:00Z,9,bien\n" for month, _ in states))  # fmt: skip
    small_school.ingest()
    enforce_terms(Session(small_school.home, small_school.keys, small_school.policy, date(2026, 7, 1)))
    assert small_school.ask("SELECT response_id, comment FROM vault.answers.nps ORDER BY 1") == [
        ("n4", "bien"),
        ("n5", "bien"),
    ]
