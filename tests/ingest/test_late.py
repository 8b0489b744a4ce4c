"""Rows about periods that are closed and published are loaded, and reported: no figure will count them
(S-SAFE).
"""

from __future__ import annotations

from anonymart import engine
from anonymart.asks import asks_of
from anonymart.ingest import ingest
from anonymart.session import Session
from tests.ingest.conftest import AS_OF, SmallSchool, statement

NPS = "response_id,learner_id,path_id,asked_at,answered_at,score\n"
SALARY = "response_id,learner_id,diploma_id,graduated_on,answered_at,employed\n"


def close(small_school: SmallSchool, *periods: tuple[str, str]) -> None:
    """Let the ledger say that a release has closed these periods, by mart and key."""
    small_school.ingest()
    with engine.connect(small_school.home, small_school.keys, vault="rw") as connection:
        connection.executemany(
            "INSERT INTO vault.ledger.closed_periods VALUES (?, ?, '2026-05-31.1')",
            [list(p) for p in periods],
        )


def late(small_school: SmallSchool) -> dict[str, dict[str, int]]:
    report = ingest(Session(small_school.home, small_school.keys, small_school.policy, AS_OF))
    for counts in report.files:
        assert counts.delivered == counts.loaded + counts.refused + counts.quarantined + counts.duplicate
        assert all(n <= counts.loaded for n in counts.late.values())
    return report.late


def test_statements_of_a_closed_month_in_the_schools_time(small_school):
    close(
        small_school,
        ("course_engagement_monthly", "2026-03-01"),
        ("exercise_difficulty", "2025-07-01"),
        ("nps_quarterly", "2026-04-01"),
    )
    times = (
        "2026-03-31T21:59:00Z",  # still March in Paris
        "2026-03-31T22:01:00Z",  # April in Paris
        "2025-12-31T10:00:00Z",  # a closed half-year, of a month that nobody has published
        "2026-05-02T10:00:00Z",
    )
    small_school.deliver(
        "learning", "a.ndjson", [statement(n, timestamp=at) for n, at in enumerate(times, 1)]
    )
    assert late(small_school) == {"learning": {"month": 1, "half_year": 1}}


def test_a_row_that_is_not_loaded_is_not_late(small_school):
    close(small_school, ("course_engagement_monthly", "2026-03-01"))
    row = statement(1, timestamp="2026-03-10T10:00:00Z")
    small_school.deliver("learning", "a.ndjson", [row, row, {"id": "broken"}])
    assert late(small_school) == {"learning": {"month": 1}}
    small_school.deliver("learning", "b.ndjson", [row])
    assert late(small_school) == {}


def test_answers_by_the_quarter_of_their_question(small_school):
    close(small_school, ("nps_quarterly", "2026-01-01"))
    small_school.deliver(
        "nps",
        "a.csv",
        NPS
        + "r1,L1,p1,2026-03-30T10:00:00Z,2026-04-02T10:00:00Z,9\n"
        + "r2,L2,p1,,2026-02-02T10:00:00Z,3\n"
        + "r3,L3,p1,2026-04-02T10:00:00Z,2026-04-03T10:00:00Z,9\n",
    )
    assert late(small_school) == {"nps": {"quarter": 2}}


def test_answers_about_work_by_the_year_of_the_diploma_and_the_months_since(small_school):
    close(small_school, ("salary_outcome", "2024|6"))
    small_school.deliver(
        "salary",
        "a.csv",
        SALARY
        + "s1,L1,d1,2024-06-30,2025-01-10T10:00:00Z,true\n"  # after 6 months
        + "s2,L2,d1,2024-06-30,2026-06-10T10:00:00Z,true\n"  # after 24, which is open
        + "s3,L3,d1,,2025-01-10T10:00:00Z,true\n",  # of no year
    )
    assert late(small_school) == {"salary": {"year": 1}}


def test_before_the_first_release_nothing_is_late(small_school):
    small_school.deliver("learning", "a.ndjson", [statement(1)])
    assert late(small_school) == {}


def test_a_person_is_asked(small_school):
    close(small_school, ("course_engagement_monthly", "2026-03-01"))
    small_school.deliver("learning", "a.ndjson", [
        statement(n, timestamp="2026-03-10T10:00:00Z") for n in range(1, 241)
    ])  # fmt: skip
    asks = asks_of(ingest(Session(small_school.home, small_school.keys, small_school.policy, AS_OF)))
    assert asks.sentence == "Asks for a person: 240 rows about closed periods (learning: 240 by month)."
    assert (asks.exit_code(is_strict=False), asks.exit_code(is_strict=True)) == (0, 5)
    assert asks.as_dict()["late"] == {"learning": {"month": 240}}
