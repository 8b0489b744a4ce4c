"""The day as of which a DAG run works. Asset-triggered runs have no logical date, so it never comes from
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from anonymart.errors import UsageError

PARIS = ZoneInfo("Europe/Paris")


def as_of(
    conf: Mapping[str, Any] | None, run_after: datetime, extras: Iterable[Mapping[str, Any]] = ()
) -> date:
    """`as_of` of the run's conf, else the latest that a waking asset event carries, else the Paris date of
    `run_after`.

    Raises UsageError for an as_of in the conf that is no date written YYYY-MM-DD.
    """
    told = (conf or {}).get("as_of")
    if told is not None:
        return _date(told)
    carried = [_date(extra["as_of"]) for extra in extras if extra.get("as_of")]
    return max(carried) if carried else run_after.astimezone(PARIS).date()


def _date(text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise UsageError('The conf\'s as_of is no date: write {"as_of": "YYYY-MM-DD"}.') from None
