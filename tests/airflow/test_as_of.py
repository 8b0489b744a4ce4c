"""The day of a DAG run."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from anonymart.errors import UsageError
from anonymart_airflow.as_of import as_of

LATE = datetime(2026, 6, 29, 22, 30, tzinfo=UTC)


def test_the_conf_decides() -> None:
    assert as_of({"as_of": "2026-01-31"}, LATE, [{"as_of": "2026-03-01"}]) == date(2026, 1, 31)


def test_then_the_latest_event_that_woke_it() -> None:
    extras = [{"as_of": "2026-03-01"}, {"as_of": None}, {}, {"as_of": "2026-03-02"}]
    assert as_of({}, LATE, extras) == date(2026, 3, 2)


def test_else_the_paris_date() -> None:
    assert as_of(None, LATE) == date(2026, 6, 30)
    assert as_of({}, datetime(2026, 12, 31, 22, 59, tzinfo=UTC)) == date(2026, 12, 31)


def test_no_date_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="YYYY-MM-DD"):
        as_of({"as_of": "yesterday"}, LATE)
