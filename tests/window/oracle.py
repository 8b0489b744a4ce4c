"""Who is in statistics, and which answers count, in plain Python: no SQL, and no clock.

The figures of the law are parameters: the tests hand over those of the register.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Law:
    """The figures that the window needs: its length and whose midnight ends a day."""

    years: int
    zone: str


@dataclass(frozen=True)
class Answer:
    """What is known of a person as of a day; days are None where there is none."""

    is_in: bool
    closing_on: date | None = None
    counts_from_on: date | None = None


def local_day(moment: datetime, law: Law) -> date:
    """The day of a moment, which knows its offset, where the school is."""
    return moment.astimezone(ZoneInfo(law.zone)).date()


def closing_on(last_use_on: date, law: Law) -> date:
    """The last day of the window: the same day of the year, and 28 February for 29 February where there is
    none.
    """
    try:
        return last_use_on.replace(year=last_use_on.year + law.years)
    except ValueError:
        return date(last_use_on.year + law.years, 2, 28)


def activity_periods(days: list[date], law: Law) -> list[list[date]]:
    """Days of use, parted where the window had closed before the next one."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and day <= closing_on(found[-1][-1], law):
            found[-1].append(day)
        else:
            found.append([day])
    return found


def judge(uses: list[datetime], as_of: date, law: Law) -> Answer:
    """Whether somebody with these uses is in statistics at the end of a day, and from which day on their
    history counts.
    """
    known = activity_periods([day for day in (local_day(use, law) for use in uses) if day <= as_of], law)
    if not known:
        return Answer(is_in=False)
    closes = closing_on(known[-1][-1], law)
    counts_from = closing_on(known[-2][-1], law) + timedelta(days=1) if len(known) > 1 else None
    return Answer(as_of <= closes, closes, counts_from)


def answer_counts(
    given_at: datetime, declarations: list[tuple[datetime, str]], as_of: date, law: Law
) -> bool:
    """Whether an answer counts, as far as consent goes: nothing declared, or consent stands and was not
    withdrawn since.

    Granted and withdrawn at one moment is withdrawn.
    """
    known = sorted((at, status) for at, status in declarations if local_day(at, law) <= as_of)
    if not known:
        return True
    withdrawals = [at for at, status in known if status == "withdrawn"]
    return known[-1][1] == "granted" and all(at < given_at for at in withdrawals)


def utc(text: str) -> datetime:
    """The moment of an ISO 8601 text; one without an offset is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
