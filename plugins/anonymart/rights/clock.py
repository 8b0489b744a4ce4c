"""When a request must be answered (R-CLOCK): pure dates, no clock of the machine."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from anonymart.policy import Policy


def received_on(received_at: datetime, policy: Policy) -> date:
    """The day of receipt in the time zone of the register; `received_at` is UTC without an offset."""
    return received_at.replace(tzinfo=UTC).astimezone(ZoneInfo(policy.figure("window", "time_zone"))).date()


def due_on(received: date, policy: Policy) -> date:
    """The last day to answer: the same day of a later month, or that month's last day where it has no such
    day.
    """
    months = received.year * 12 + received.month - 1 + policy.figure("rights", "answer_within_months")
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(received.day, calendar.monthrange(year, month)[1]))


def is_late(due: date, as_of: date) -> bool:
    """The last day to answer has gone by."""
    return as_of > due


def is_near(due: date, as_of: date, policy: Policy) -> bool:
    """Not late yet, but within the days of warning."""
    return not is_late(due, as_of) and as_of + timedelta(days=policy.figure("rights", "near_days")) >= due
