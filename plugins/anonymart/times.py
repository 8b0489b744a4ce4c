"""One reader of times for all sources: every form of ISO 8601 that xAPI accepts, RFC 2822, and what people
and spreadsheets write.

SQL reads the common forms at once; only what it does not read comes here, each distinct text once. A text
with an offset never loses it, a zone abbreviation (CET, EST, IST) is refused by name, since it stands for
several offsets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from duckdb import PythonExceptionHandling
from duckdb.func import FunctionNullHandling

from anonymart import config
from anonymart.policy import load_policy

DMY, MDY = "dmy", "mdy"
NO_ORDER = "may be day/month or month/day: nothing in the column tells, give ISO dates"
NO_ZONE = "has the zone abbreviation"
NO_TIME = "is not a time"
NO_DATE = "is not a date"
_KEPT = 1 << 16
_LONGEST = 120
_PLAIN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+)?Z?$"
_WITH_OFFSET = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?$"
_FIRST, _LAST = datetime(1900, 1, 1), datetime(2200, 1, 1)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier janv jan",
            "february feb fevrier fevr fev",
            "march mar mars",
            "april apr avril avr",
            "may mai",
            "june jun juin",
            "july jul juillet juil",
            "august aug aout aou",
            "september sep sept septembre",
            "october oct octobre",
            "november nov novembre",
            "december dec decembre",
        ),
        1,
    )
    for name in names.split()
}
_WEEKDAYS = (
    "monday mon tuesday tue tues wednesday wed thursday thu thur thurs friday fri saturday sat sunday sun "
    "lundi lun mardi mar mercredi mer jeudi jeu vendredi ven samedi sam dimanche dim"
)
# What people call zones: each name stands for several offsets somewhere, or changes with the season.
_ABBREVIATIONS = (
    "ACDT ACST ACT ADT AEDT AEST AET AFT AKDT AKST AMT ART AST AWST AZT BDT BRT BST CAT CCT CDT CEDT "
    "CEST CET CLT CST CT EAT ECT EDT EEDT EEST EET "
    "EST ET GST HDT HKT HST HAE HNE ICT IDT IRST IST JST KST MDT MESZ MEZ MSD MSK MST MT MYT NDT NST NT "
    "NZDT NZST PDT PHT PKT PST PT PYT SAST SGT "
    "SST TRT UYT WAST WAT WEDT WEST WET WIB WITA WIT YEKT"
)
ABBREVIATIONS = frozenset(_ABBREVIATIONS.split())
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY_NAME = "|".join(sorted(set(_WEEKDAYS.split()), key=len, reverse=True))
_DATES = tuple((kind, re.compile(pattern)) for kind, pattern in (
    ("week", r"(?P<y>\d{4})-?w(?P<w>\d\d)(?:-?(?P<n>[1-7]))?(?!\d)"),
    ("ymd", r"(?P<y>[+-]?\d{4,6})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?!\d)"),
    ("ymd", r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?!\d)"),
    ("ordinal", r"(?P<y>\d{4})-?(?P<n>\d{3})(?![\d-])"),
    ("slashed", r"(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<y>\d{4})(?!\d)"),
    ("ymd",
        rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|e|\.)?[ -/]*(?:of )?(?P<mon>{_MONTH})\b\.?,?[ "
        rf"-/]*(?P<y>\d{{4}})(?!\d)"),
    ("ymd", rf"(?P<mon>{_MONTH})\b\.?[ -/]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?[ -/]+(?P<y>\d{{4}})(?![\d:])"),
    ("ymd", rf"(?P<y>\d{{4}})[ -/]*(?P<mon>{_MONTH})\b\.?[ -/]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])"),
))  # fmt: skip
_WEEKDAY = re.compile(rf"^(?:le )?(?:(?:{_DAY_NAME})\b\.?,? ?(?=\d|{_MONTH}|le ))?(?:le )?")
# As the C library and the shell write it, the year behind the time.
_YEAR_LAST = re.compile(
    rf"(?P<mon>{_MONTH}) (?P<d>\d{{1,2}}) (?P<t>\d{{1,2}}:\d\d:\d\d)(?P<z>(?: [a-z+-][^ ]*)?) (?P<y>\d{{4}})"
)
_BETWEEN = re.compile(r"(?:t|[ ,]*(?:a|at|@|le|um|-|–|—)?[ ,]+|[ ]*@[ ]*)")
_CLOCKS = tuple(re.compile(pattern) for pattern in (
    r"(?P<h>\d{1,2}):(?P<m>\d\d)[.,](?P<fm>\d+)(?!\d)",
    r"(?P<h>\d{1,2}):(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,:](?P<f>\d+))?)?(?![\d:])",
    r"(?P<h>\d{1,2}) ?h(?:(?:eures?)? ?(?P<m>\d\d)(?: ?(?:m|min|mn|:|')? ?(?P<s>\d\d) ?s?)?)?(?: "
    r"?(?:min|mn))?(?![\da-z])",
    r"(?P<h>\d\d)(?P<m>\d\d)(?:(?P<s>\d\d)(?:[.,](?P<f>\d+))?)?(?!\d)",
    r"(?P<h>\d\d)(?:[.,](?P<fh>\d+))?(?![\d:])",
    r"(?P<h>\d{1,2})(?= ?[ap]\.? ?m)",
))  # fmt: skip
_HALF = re.compile(r" ?(?P<p>[ap])\.? ?m\b\.?")
_OFFSET = re.compile(r" ?(?:(?:utc|gmt) ?)?(?P<sign>[+-])(?P<h>\d{1,2})(?::?(?P<m>\d\d)(?::?(?P<s>\d\d))?)?$")
_NAMED_UTC = re.compile(r" ?(?:z|utc|gmt|ut|zulu|temps universel)$")
_NOTE = re.compile(r" ?[(\[](?!bc)[^()\[\]]*[)\]]$")
_NAME = re.compile(r" ?([a-z]{1,5})$")
_PLACE = re.compile(r" ?([a-z]+(?:/[a-z_]+){1,2})$")


@dataclass(frozen=True)
class Read:
    """What a text says: the local moment as written and the offset to UTC (None: it gives none), or why it
    cannot be read.
    """

    local: datetime | None = None
    offset: timedelta | None = None
    problem: str | None = None

    def utc(self, zone: str = "UTC") -> datetime | None:
        """The moment in UTC, without an offset; a text without one is read in `zone`."""
        if self.local is None:
            return None
        try:
            return self.local - (self.offset if self.offset is not None else _offset_of(self.local, zone))
        except OverflowError:
            return None


def read(text: str, order: str = "", is_date: bool = False) -> Read:
    """Read one text. `order` says whether slashed dates are 'dmy' or 'mdy' ('': only those that tell
    themselves are read).
    """
    plain = _NOTE.sub("", _folded(text))
    other = Read(problem=NO_DATE if is_date else NO_TIME)
    if len(plain) > _LONGEST or not re.search(r"\d", plain):
        return other
    if found := _YEAR_LAST.fullmatch(_WEEKDAY.sub("", plain)):
        plain = f"{found['y']} {found['mon']} {found['d']} {found['t']}{found['z']}"
    day, rest, problem = _day(_WEEKDAY.sub("", plain), order)
    if day is None and not problem:
        day, rest, problem = _day(plain, order)
    if day is None:
        return Read(problem=problem) if problem else other
    if not rest:
        return _plausible(Read(day), other)
    clock, rest = _clock(rest)
    if clock is None:
        return other
    offset, problem = _zone(rest, day + clock)
    return (
        Read(problem=problem or other.problem)
        if problem is not None
        else _plausible(Read(day + clock, offset), other)
    )


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions of this connection by which SQL reads what its own cast does not: anonymart_moment,
    _day and _problem; once is enough.
    """
    readers: tuple[tuple[str, Callable[..., Any], Any], ...] = (
        ("anonymart_moment", moment, "TIMESTAMP"),
        ("anonymart_day", day, "DATE"),
        ("anonymart_time_problem", problem, "VARCHAR"),
    )
    texts: list[Any] = ["VARCHAR"] * 3
    for name, function, gives in readers:
        try:
            connection.create_function(
                name,
                function,
                texts,
                gives,
                null_handling=FunctionNullHandling.SPECIAL,
                exception_handling=PythonExceptionHandling.RETURN_NULL,
            )
        # They are there. To ask duckdb_functions() first costs as much as all else of a connection.
        except (duckdb.CatalogException, duckdb.NotImplementedException):
            return


@lru_cache(_KEPT)
def moment(text: str | None, order: str, zone: str) -> datetime | None:
    """The moment in UTC of a text, or None; without an offset it is read in `zone`."""
    return None if text is None else read(text, order).utc(zone)


@lru_cache(_KEPT)
def day(text: str | None, order: str, zone: str) -> date | None:
    """The day of a text: that of its moment in `zone` where it gives an offset, else as written; `zone` ''
    takes every day as written.
    """
    found = Read() if text is None else read(text, order, is_date=True)
    if found.local is None:
        return None
    if found.offset is None or not zone:
        return found.local.date()
    at = found.utc()
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date() if at else None


@lru_cache(_KEPT)
def problem(text: str | None, order: str, kind: str) -> str:
    """Why a text cannot be read as a `kind` ('time' or 'date'): words that hold no value."""
    return (None if text is None else read(text, order, kind == "date").problem) or (
        NO_DATE if kind == "date" else NO_TIME
    )


def sql_common(text: str) -> str:
    """SQL for the UTC TIMESTAMP of the common forms of ISO 8601, which DuckDB's cast reads at once; NULL for
    all others.
    """
    # In DuckDB 1.5 a cast to TIMESTAMPTZ reads names of zones, and then takes the rows after it for times of
    # that zone: only numbers get there.
    common = f"""CASE WHEN substr({text}, 20) = 'Z' THEN try_cast({text} AS TIMESTAMP)
        WHEN substr({text}, 20, 1) = '.' AND substr({text}, 24) = 'Z' THEN try_cast({text} AS TIMESTAMP)
        WHEN substr({text}, 20, 1) IN ('+', '-') AND substr({text}, 23,
            1) = ':' AND length({text}) = 25 AND substr({text}, 21, 2) < '15'
            THEN try_cast({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
        WHEN regexp_matches({text}, '{_PLAIN}') THEN try_cast(rtrim({text}, 'Z') AS TIMESTAMP)
        WHEN regexp_matches({text}, '{_WITH_OFFSET}')
            THEN try_cast({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END"""
    return _in_calendar(common, "TIMESTAMP")


def sql_spelled(text: str, spelled: str) -> str:
    """SQL for the UTC TIMESTAMP of `spelled`, an expression that puts `text` into a common form; NULL where
    the text has other letters than T, W and Z.
    """
    is_offset = f"NOT regexp_matches({text}, '[Tt].*[+-] ?(1[5-9]|[2-9][0-9]|[0-9]{{2}}:?[6-9])')"
    signs = f"regexp_matches({text}, '^[0-9TtWwZz:.,+ -]+$') AND {is_offset}"
    return _in_calendar(
        f"CASE WHEN {signs} THEN try_cast({spelled} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END", "TIMESTAMP"
    )


def sql_rare(text: str, order: str = "", zone: str = "UTC") -> str:
    """SQL for the UTC TIMESTAMP of any form, by the reader in Python; a text without an offset is read in
    `zone`.
    """
    return (
        f"CASE WHEN {text} IS NOT NULL THEN anonymart_moment({text}, {_literal(order)}, {_literal(zone)}) END"
    )


def sql_moment(text: str, order: str = "") -> str:
    """SQL for the UTC TIMESTAMP of a text in the school's own columns; NULL for what is no time, or lies
    outside 1900 to 2200.
    """
    return f"coalesce({sql_common(text)}, {sql_rare(text, order)})"


def sql_day(text: str, order: str = "", is_as_written: bool = False) -> str:
    """SQL for the DATE of a text: of a time with an offset the day in the zone of the policy, unless
    `is_as_written`.
    """
    zone = "" if is_as_written else local_zone()
    common = f"CASE WHEN length({text}) = 10 AND substr({text}, 5, 1) = '-' THEN try_cast({text} AS DATE) END"
    rare = f"anonymart_day({text}, {_literal(order)}, {_literal(zone)})"
    return f"coalesce({_in_calendar(common, 'DATE')}, CASE WHEN {text} IS NOT NULL THEN {rare} END)"


def sql_problem(text: str, kind: str, order: str = "") -> str:
    """SQL for the reason why a text is no time or no date."""
    return f"anonymart_time_problem({text}, {_literal(order)}, {_literal(kind)})"


def sql_orders(text: str) -> str:
    """SQL: an aggregate that tells the order of the slashed dates of a column: 'dmy', 'mdy', or '' where
    nothing, or both, tell.
    """
    first, second = (
        f"count(*) FILTER (regexp_matches({text}, '{pattern}')) > 0"
        for pattern in (
            r"^\s*(1[3-9]|[23][0-9])[/.-][0-9]{1,2}[/.-][0-9]{4}",
            r"^\s*[0-9]{1,2}[/.-](1[3-9]|[23][0-9])[/.-][0-9]{4}",
        )
    )
    return (
        f"CASE WHEN {first} AND NOT {second} THEN '{DMY}' WHEN {second} AND NOT {first} THEN '{MDY}' ELSE "
        f"'' END"
    )


@config.kept
def local_zone() -> str:
    """The time zone of the policy, in which days are told."""
    return load_policy().figure("window", "time_zone")


def is_zone(name: str) -> bool:
    """Whether the name is one of the tz database, as America/Denver is; abbreviations that it also knows are
    none.
    """
    try:
        return name in ("UTC", "GMT") or ("/" in name and bool(ZoneInfo(name)))
    except (KeyError, ValueError, OSError):
        return False


def _in_calendar(value: str, kind: str) -> str:
    """NULL for a moment outside the calendar that people live in: arithmetic on such dates fails, and they
    are never right.
    """
    return f"CASE WHEN {value} BETWEEN {kind} '1900-01-01' AND {kind} '2200-01-01' THEN {value} END"


def _plausible(found: Read, other: Read) -> Read:
    at = found.utc()
    return found if at is not None and _FIRST <= at <= _LAST else other


def _folded(text: str) -> str:
    """Small letters without accents, single spaces, one kind of minus."""
    plain = unicodedata.normalize(
        "NFKD", text.replace("−", "-").replace("‐", "-").replace("‑", "-").replace("–", "-")
    )
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold()
    return re.sub(r"\s+", " ", plain).strip(" .,;\"'")


def _day(plain: str, order: str) -> tuple[datetime | None, str, str | None]:
    """The day that a text begins with, the rest, and why a slashed day cannot be told."""
    for kind, pattern in _DATES:
        found = pattern.match(plain)
        if not found:
            continue
        try:
            made, why = _made(kind, found, order)
        except ValueError:
            continue
        if made or why:
            return made, plain[found.end() :], why
    return None, "", None


def _made(kind: str, found: re.Match[str], order: str) -> tuple[datetime | None, str | None]:
    parts = found.groupdict()
    year = int(parts["y"])
    if kind == "week":
        return datetime.fromisocalendar(year, int(parts["w"]), int(parts["n"] or 1)), None
    if kind == "ordinal":
        made = datetime(year, 1, 1) + timedelta(days=int(parts["n"]) - 1)
        return (made if made.year == year and int(parts["n"]) else None), None
    if kind == "slashed":
        # Between dots the day comes first, wherever people write so.
        return _slashed(year, int(parts["a"]), int(parts["b"]), DMY if parts["s"] == "." else order)
    month = _MONTHS[parts["mon"]] if parts.get("mon") else int(parts["m"])
    return datetime(year, month, int(parts["d"])), None


def _slashed(year: int, first: int, second: int, order: str) -> tuple[datetime | None, str | None]:
    if not order and first != second and first <= 12 and second <= 12:
        return None, NO_ORDER
    is_month_first = order == MDY or (not order and first <= 12)
    month, number = (first, second) if is_month_first else (second, first)
    return datetime(year, month, number), None


def _clock(rest: str) -> tuple[timedelta | None, str]:
    """The time of day, and what stands behind it."""
    between = _BETWEEN.match(rest)
    if not between:
        return None, rest
    body, is_basic = rest[between.end() :], between.group() == "t"
    for number, pattern in enumerate(_CLOCKS):
        found = pattern.match(body)
        if not found or (number in (3, 4) and not is_basic):
            continue
        made = _time_of(found.groupdict())
        tail = body[found.end() :]
        if half := _HALF.match(tail):
            made, tail = _half(made, int(found["h"]), half["p"]), tail[half.end() :]
        return made, tail
    return None, rest


def _time_of(parts: dict[str, str | None]) -> timedelta | None:
    hours, minutes, seconds = (int(parts.get(name) or 0) for name in "hms")
    if hours > 24 or minutes > 59 or seconds > 60:
        return None
    # A leap second is taken for the second before it: its minute, and its day, stay the same.
    seconds = min(seconds, 59)
    made = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    for name, unit in (("f", 1_000_000), ("fm", 60_000_000), ("fh", 3_600_000_000)):
        if digits := parts.get(name):
            made += timedelta(microseconds=int(digits[:9].ljust(9, "0")) * unit // 10**9)
    return made if made <= timedelta(hours=24) else None


def _half(made: timedelta | None, hour: int, half: str) -> timedelta | None:
    if made is None or not 1 <= hour <= 12:
        return None
    return (
        made
        - timedelta(hours=12) * (half == "a" and hour == 12)
        + timedelta(hours=12) * (half == "p" and hour != 12)
    )


def _zone(rest: str, local: datetime) -> tuple[timedelta | None, str | None]:
    """The offset that the end of the text gives (None: it gives none), and a problem ('': it is no zone at
    all).
    """
    if not rest.strip():
        return None, None
    if _NAMED_UTC.fullmatch(rest):
        return timedelta(), None
    if found := _OFFSET.fullmatch(rest):
        hours, minutes, seconds = (int(found[name] or 0) for name in "hms")
        if hours > 14 or minutes > 59 or seconds > 59:
            return None, ""
        size = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return (-size if found["sign"] == "-" else size), None
    if found := _PLACE.fullmatch(rest):
        name = "/".join(part.title() if part != "us" else "US" for part in found[1].split("/"))
        if is_zone(name):
            return _offset_of(local, name), None
    if found := _NAME.fullmatch(rest):
        name = found[1].upper()
        if name in ABBREVIATIONS:
            return None, f"{NO_ZONE} {name}, which stands for several: give the offset, as in +02:00"
    return None, ""


def _offset_of(local: datetime, zone: str) -> timedelta:
    """What the zone is ahead of UTC at a local time: of two, the later moment, as DuckDB takes it."""
    if zone == "UTC":
        return timedelta()
    tz = ZoneInfo(zone)
    early, late = (local.replace(tzinfo=tz, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    # In the gap of spring the offset before it holds; in the double hour of autumn the one behind it.
    return min(early, late)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
