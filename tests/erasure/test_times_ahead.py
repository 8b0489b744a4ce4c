"""An erasure takes rows that tell of a time ahead as well: a planned end, a login of the day after as_of
(R-ERASE).
"""

from __future__ import annotations

from datetime import date

import pytest

from tests.erasure.small_school import SmallSchool

LEARNER = {
    "learner_id": "L-77",
    "email": "ada.zq8@example.org",
    "family_name": "Zq8",
    "registered_at": "2025-01-05T10:00:00Z",
}


@pytest.mark.parametrize(
    "ahead",
    [
        {"left_at": "2027-12-31T00:00:00Z"},
        {"last_login_at": "2026-07-01T10:00:00Z"},
        {"registered_at": "2026-07-01T10:00:00Z"},
    ],
    ids=lambda row: next(iter(row)),
)
def test_a_time_ahead_keeps_nobody_in(tmp_path, ahead):
    small_school = SmallSchool(tmp_path / "home")
    rows = [{**LEARNER, **ahead}]
    small_school.deliver("learners", "a.ndjson", rows)
    small_school.ingest()
    small_school.erase(small_school.request(learner_id="L-77"))
    assert not any(name in small_school.everything() for name in ("L-77", "zq8", "Zq8"))
    small_school.deliver("learners", "b.ndjson", rows)
    assert small_school.ingest(date(2026, 8, 1))["learners/b.ndjson"].refused == 1
    assert not any(name in small_school.everything() for name in ("L-77", "zq8", "Zq8"))


def test_a_request_received_the_day_after_is_stripped_too(tmp_path):
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver("learners", "a.ndjson", [LEARNER])
    small_school.ingest()
    small_school.request("access", 2, "2026-07-01T09:00:00Z", learner_id="L-77")
    small_school.erase(small_school.request(learner_id="L-77"))
    assert "L-77" not in small_school.everything()
