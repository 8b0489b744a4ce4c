"""Times as tools and people write them, in SQL: the forms in a column are found first, and only they are
read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from anonymart.engine import literal
from anonymart.times import install, sql_problem, sql_rare

_OFFSET = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)? ?(Z|UTC|[+-]\d\d(:?\d\d)?)$"
_ISO = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.]\d+)?)?)?$"
_SLASHED = r"^\d{1,2}[/.-]\d{1,2}[/.-]\d{4}([ T,]+\d{1,2}:\d\d(:\d\d)?( ?[AaPp][Mm])?)?$"
_GOOGLE = r"^\d{4}/\d\d?/\d\d? \d{1,2}:\d\d:\d\d [AP]M (UTC|GMT)([+-]\d{1,2})?$"


@dataclass
class Times:
    """The forms of one column with their counts, and the order of its dates (None where nothing tells)."""

    forms: dict[str, int] = field(default_factory=dict)
    order: str | None = None
    problem: str | None = None


def look(connection: duckdb.DuckDBPyConnection, table: str, text: str, declared: str | None) -> Times:
    """What forms the texts of the SQL expression have. `problem` says why slashed dates cannot be told."""
    install(connection)
    rows = connection.execute(f"""
        SELECT {_form(text)} AS form, count(*),
            count(*) FILTER (regexp_matches({text}, '^(1[3-9]|[2-9][0-9])[/.-]')),
            count(*) FILTER (regexp_matches({text}, '^[0-9]+[/.-](1[3-9]|[2-9][0-9])'))
        FROM {table} WHERE {text} IS NOT NULL GROUP BY form ORDER BY 2 DESC, 1""").fetchall()
    times = Times({form: n for form, n, _, _ in rows})
    over = [sum(row[number] for row in rows if row[0] in ("slashed", "unknown")) for number in (2, 3)]
    if "unknown" in times.forms:
        times.order = declared or (
            "dmy" if over[0] and not over[1] else "mdy" if over[1] and not over[0] else None
        )
    for form, *_ in rows:
        first_over, second_over = over
        if form != "slashed":
            continue
        if declared:
            times.order = declared
        elif first_over and second_over:
            times.problem = (
                "some of its dates are day/month and some month/day: export it with one form, or with ISO "
                "dates"
            )
        elif first_over or second_over:
            times.order = "dmy" if first_over else "mdy"
        else:
            times.problem = "its dates may be day/month or month/day: say date_order in a YAML of the survey"
    return times


ISO = "'%Y-%m-%dT%H:%M:%S.%fZ'"
# What a contract takes for a time, as `anonymart.times` reads it.
CALENDAR = "BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '2200-01-01'"


def unread(text: str, moment: str) -> str:
    """SQL for what stands in the place of a text that is no time: '?', and the text itself where it has a
    zone abbreviation, so that the contract says why it is none. NULL where there is a moment, or no text.
    """
    return (
        f"CASE WHEN {text} IS NULL OR {moment} IS NOT NULL THEN NULL "
        f"WHEN contains({sql_problem(text, 'time')}, 'abbreviation') THEN {text} ELSE '?' END"
    )


def moment(text: str, times: Times, zone: str) -> str:
    """SQL for the moment as a TIMESTAMP of UTC; NULL for a text that is no time."""
    local = f"timezone({literal(zone)}, {{}})"
    branches = {
        "iso with offset": f"try_cast(replace({text}, ' UTC', 'Z') AS TIMESTAMPTZ)",
        "iso": local.format(f"try_cast({text} AS TIMESTAMP)"),
        "unix seconds": f"to_timestamp({text}::DOUBLE)",
        "unix milliseconds": f"to_timestamp({text}::DOUBLE / 1000)",
        "slashed": local.format(_slashed(text, times.order)),
        "google": f"""(try_strptime(regexp_extract({text}, '^(.*[AP]M) ', 1), '%Y/%m/%d %I:%M:%S %p')
            - to_hours(coalesce(try_cast(regexp_extract({text}, '(?:UTC|GMT)([+-][0-9]+)$', 1) AS BIGINT),
                0)))::TIMESTAMP AT TIME ZONE 'UTC'""",
    }
    cases = " ".join(f"WHEN '{form}' THEN {branches[form]}" for form in times.forms if form in branches)
    rare = f"{sql_rare(text, times.order or '', zone)} AT TIME ZONE 'UTC'"
    # One form only needs no second look at which one it is.
    only = next(iter(times.forms)) if len(times.forms) == 1 else None
    read = (
        branches.get(only, "NULL::TIMESTAMPTZ")
        if only
        else f"CASE {_form(text)} {cases} END"
        if cases
        else "NULL::TIMESTAMPTZ"
    )
    return f"(coalesce({read}, {rare}) AT TIME ZONE 'UTC')"


def _form(text: str) -> str:
    return (
        f"CASE WHEN substr({text}, 5, 1) = '-' AND regexp_matches({text}, '{_OFFSET}') THEN 'iso with "
        f"offset' "
        f"WHEN substr({text}, 5, 1) = '-' AND regexp_matches({text}, '{_ISO}') THEN 'iso' WHEN "
        f"regexp_matches({text}, '{_SLASHED}') THEN 'slashed' "
        f"WHEN regexp_matches({text}, '^1[0-9]{{9}}([.][0-9]+)?$') THEN 'unix seconds' WHEN "
        f"regexp_matches({text}, '^1[0-9]{{12}}$') THEN 'unix milliseconds' "
        f"WHEN regexp_matches({text}, '{_GOOGLE}') THEN 'google' ELSE 'unknown' END"
    )


def _slashed(text: str, order: str | None) -> str:
    day = "%m/%d/%Y" if order == "mdy" else "%d/%m/%Y"
    normal = (
        f"regexp_replace(regexp_replace({text}, '^([0-9]+)[/.-]([0-9]+)[/.-]', '\\1/\\2/'), '[T,]+ *', ' ')"
    )
    formats = ", ".join(
        f"'{day}{clock}'" for clock in (" %H:%M:%S", " %I:%M:%S %p", " %I:%M %p", " %H:%M", "")
    )
    return f"coalesce(try_strptime({text}, '{day} %H:%M:%S'), try_strptime({normal}, [{formats}]))"
