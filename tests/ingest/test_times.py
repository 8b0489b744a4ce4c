"""One reader of times: every spelling with its right moment or its right refusal, in SQL as ingestion uses
it.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from anonymart import engine, times
from tests.ingest.conftest import SmallSchool

# (spelling, moment in UTC as it is compared, None for a refusal)
SIX = "2026-06-01T09:07:02"
MINUTE = "2026-06-01T11:07:00"
SPELLINGS = {
    "2026-06-01T11:07:02": """2026-06-01T11:07:02Z|2026-06-01T11:07:02|2026-06-01 11:07:02
        |2026-06-01t11:07:02z|20260601T110702Z|20260601T110702
        |2026-06-01T110702Z|2026-06-01 11:07:02 UTC|2026-06-01 11:07:02 GMT|2026-06-01 11:07:02 Z
        |2026-06-01T11:07:02+00:00|2026-06-01T11:07:02-00:00
        |2026-06-01T11:07:02+0000|2026-06-01T11:07:02+00|2026-W23-1T11:07:02Z|2026W231T110702Z
        |2026-152T11:07:02Z|2026152T110702Z|2026/06/01 11:07:02
        |2026-06-01 11:07:02 am|2026-06-01 11:07:02 AM|2026-06-01 11:07:02 a.m.|2026/06/01 11:07:02 A.M. UTC
        |Mon, 01 Jun 2026 11:07:02 GMT
        |Mon, 1 Jun 2026 11:07:02 +0000|1 Jun 2026 11:07:02 UT|Mon Jun  1 11:07:02 2026
        |June 1, 2026, 11:07:02 AM|1 juin 2026 11:07:02
        |lundi 1er juin 2026 à 11 h 07 min 02 s|2026-06-01, 11:07:02|2026-06-01 at 11:07:02
        |+002026-06-01T11:07:02Z|2026-06-01 11:07:02Z (UTC)""",
    SIX: """2026-06-01T11:07:02+02:00|2026-06-01 11:07:02 +0200|2026-06-01 11:07:02+0200
        |2026-06-01T11:07:02+02|2026-06-01T11:07:02 +02:00
        |20260601T110702+0200|2026-06-01T11:07:02 GMT+2|2026-06-01 11:07:02 UTC+2
        |2026-06-01 11:07:02 UTC+02:00|2026-06-01 11:07:02 GMT+0200
        |Mon, 01 Jun 2026 11:07:02 +0200|Mon Jun 01 2026 11:07:02 GMT+0200 (Central European Summer Time)
        |2026-06-01 11:07:02 am GMT+2
        |2026-06-01T11:07:02+02:00[Europe/Paris]|2026-06-01 11:07:02 Europe/Paris|2026-06-01T04:07:02−05:00
        |2026-06-01T04:07:02-05:00
        |2026-06-01 04:07:02 -0500|2026-06-01T14:37:02+05:30|2026-06-01 2:37:02 pm GMT+5:30
        |2026-06-01 2:37:02 p.m. UTC+5:30|2026-06-01T14:52:02+0545
        |2026-06-01 02:37:02 PM +05:30""",
    MINUTE: """2026-06-01T11:07Z|2026-06-01T11:07|2026-06-01 11:07|2026-06-01 11:07 UTC|20260601T1107Z
        |20260601T1107|2026-06-01T1107Z|2026-W23-1T11:07Z
        |2026-152T11:07Z|1 juin 2026 à 11h07|1er juin 2026, 11h07|1 juin 2026 11 h 07|le 1 juin 2026 à 11:07
        |June 1, 2026 11:07 AM|Jun 1 2026 11:07am
        |1 June 2026 at 11:07|01-Jun-2026 11:07|01/Jun/2026 11:07|1-juin-2026 11:07
        |June 1st, 2026 at 11:07 a.m.|2026 June 1 11:07|Mon 1 June 2026 11:07
        |2026-06-01T13:07+02:00|2026-06-01 13:07+02|2026-06-01T12:07 +0100|2026-06-01 1:07 pm GMT+2
        |2026-06-01T11:07:00.000Z|2026-06-01T11:07:00,0Z""",
    "2026-06-01T11:00:00": "2026-06-01T11Z|2026-06-01T11|20260601T11Z|2026-06-01T13+02|1 juin 2026 à "
    "11h|June 1, 2026 11 AM|2026-W23-1T11Z",
    "2026-06-01T11:07:02.500000": """2026-06-01T11:07:02.5Z|2026-06-01T11:07:02,500Z|2026-06-01 11:07:02,5
        |2026-06-01T11:07:02.500000000Z|20260601T110702,5Z
        |2026-06-01 13:07:02,5 +0200""",
    "2026-06-01T11:07:02.123456": "2026-06-01T11:07:02.123456789Z|2026-06-01T13:07:02.123456+02:00|"
    "2026-06-01T11:07:02,123456789Z",
    "2026-06-01T11:07:30": "2026-06-01T11:07.5Z|2026-06-01T11:07,5Z",
    "2026-06-01T11:30:00": "2026-06-01T11.5Z|2026-06-01T11,5Z|1 juin 2026 11h30",
    "2026-06-02T00:00:00": "2026-06-01T24:00:00Z|2026-06-01T24:00Z|20260601T240000Z|2026-06-02|20260602|2 "
    "June 2026|2 juin 2026|Jun 2, 2026",
    "2026-06-30T23:59:59": "2026-06-30T23:59:60Z|20260630T235960Z",
    "2026-06-01T00:30:00": "2026-06-01 12:30 AM|1 Jun 2026 12:30 a.m.",
    "2026-06-01T12:30:00": "2026-06-01 12:30 PM|1 Jun 2026 12:30 p.m.",
    "2026-02-12T00:00:00": "12 févr. 2026|12 fevr 2026|12 février 2026|Feb 12, 2026|12-Feb-2026|jeudi 12 "
    "février 2026|12 FEB 2026|2026-043|2026-W07-4",
    "2026-08-03T09:05:00": "3 août 2026 9h05|3 aout 2026 à 9:05|Aug. 3, 2026 9:05 AM|03-Aug-2026 09:05",
    "2026-07-14T00:00:00": "14 juil. 2026|14 juillet 2026|July 14th, "
    "2026|14-juil-2026|14/07/2026|07/14/2026|14.07.2026|14.7.2026",
    "2026-03-03T00:00:00": "Mar 3, 2026|mar. 3 mars 2026|3 mars 2026|03/03/2026",
    "2026-12-25T00:00:00": "25 déc. 2026|25 décembre 2026|December 25, 2026|25 Dec 2026",
    "2026-05-01T00:00:00": "1er mai 2026|May 1, 2026|1 May 2026|vendredi 1er mai 2026",
    None: """gestern|yesterday|2026-02-30|2026-13-01|2026-00-10|2026-06-01 hello|2026-06-01T25:00Z
        |2026-06-01T11:60Z|2026-06-01T24:01Z|2026-06-01 13:07 pm
        |2026-06-01T11:07+25:00|2026-06-01T11:07+02:75|2026-366|2026-000|2026-W54-1|0012-06-01|9999-06-01
        |05/06/2026|05-06-2026 11:07|June 2026|2026
        |11:07|infinity|epoch|31/02/2026|30 février 2026|2026-06-01 (BC)|2026-06-01T11:07:02+02:00Z""",
}
ABBREVIATED = ["CET", "CEST", "EST", "EDT", "PST", "PDT", "CST", "IST", "BST", "MST", "JST", "MSK", "AEST"]
TABLE = [(text.strip(), right) for right, texts in SPELLINGS.items() for text in texts.split("|")]


@pytest.fixture(scope="module")
def connection():
    made = engine.memory()
    times.install(made)
    made.execute("SET TimeZone = 'UTC'")
    yield made
    made.close()


def in_sql(connection, texts, sql):
    return connection.execute(f"SELECT {sql} FROM (SELECT unnest($1::VARCHAR[]) AS t)", [texts]).fetchall()


def test_every_spelling_has_its_moment_or_is_refused(connection):
    assert len(TABLE) > 150
    found = in_sql(connection, [text for text, _ in TABLE], times.sql_moment("t"))
    told = {text: at.isoformat() if at else None for (text, _), (at,) in zip(TABLE, found, strict=True)}
    assert {text: at for text, at in told.items() if at != dict(TABLE)[text]} == {}


def test_a_zone_abbreviation_is_refused_by_name(connection):
    for name in ABBREVIATED:
        texts = [
            f"2026-06-01 11:07:02 {name}",
            f"2026-06-01T11:07:02{name}",
            f"1 Jun 2026 11:07 {name.lower()}",
            f"Mon Jun  1 11:07:02 {name} 2026",
        ]
        rows = in_sql(connection, texts, f"{times.sql_moment('t')}, {times.sql_problem('t', 'time')}")
        assert [at for at, _ in rows] == [None] * 4, name
        assert all(
            f"abbreviation {name}, which stands for several: give the offset" in why for _, why in rows
        ), name


def test_iso_forms_agree_with_python(connection):
    """A property: whatever offset, precision and separator, the SQL says what Python's own parser says."""
    draw = random.Random(15)
    texts = []
    for _ in range(3000):
        zone = timezone(timedelta(minutes=draw.randrange(-12 * 60, 14 * 60, 15)))
        at = datetime(1990, 1, 1, tzinfo=zone) + timedelta(
            microseconds=draw.randrange(0, 60 * 365 * 86_400 * 10**6)
        )
        text = at.isoformat(
            sep=draw.choice("T "),
            timespec=draw.choice(["minutes", "seconds", "milliseconds", "microseconds"]),
        )
        texts.append(
            draw.choice(
                [
                    text,
                    text.replace("-", "").replace(":", "") if " " not in text and "+" in text else text,
                    text.replace(".", ","),
                ]
            )
        )
    found = in_sql(connection, texts, times.sql_moment("t"))
    right = [datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) for text in texts]
    assert [at for (at,) in found] == right


def test_the_day_of_a_time_with_an_offset_is_that_of_paris_and_a_birth_date_is_as_written(connection):
    texts = [
        "2026-05-31T22:30:00Z",
        "2026-05-31T20:30:00-05:00",
        "2026-06-01",
        "2026-06-01 23:30:00",
        "1 juin 2026",
        "20260601",
        "2026-06-01T00:30+02:00",
    ]
    assert {day for (day,) in in_sql(connection, texts, times.sql_day("t"))} == {date(2026, 6, 1)}
    assert in_sql(connection, texts[:1], times.sql_day("t", is_as_written=True)) == [(date(2026, 5, 31),)]
    assert in_sql(connection, ["2026-06-01 11:07 hello", "2026-02-30"], times.sql_day("t")) == [
        (None,),
        (None,),
    ]


def test_requests_enter_however_their_time_is_spelled(tmp_path):
    """The case: five requests as people's systems write them, and a column of slashed days whose order one of
    them tells.
    """
    small_school = SmallSchool(tmp_path / "home")
    text = (Path(__file__).parent / "requests.csv").read_text(encoding="utf-8")
    small_school.deliver("rights", "requests.csv", text)
    small_school.deliver(
        "rights",
        "slashed.csv",
        (
            "request_id,kind,learner_id,received_at\nS-1,object,L1,05/06/2026\nS-2,object,L2,25/06/"
            "2026\nS-3,object,L3,2026-06-01 11:07 CET\n"
        ),
    )
    small_school.deliver(
        "rights", "untold.csv", "request_id,kind,learner_id,received_at\nU-1,object,L4,05/06/2026\n"
    )
    counts = small_school.ingest()
    assert small_school.ask(
        "SELECT request_id, received_at::VARCHAR FROM vault.rights.requests ORDER BY ALL"
    ) == [
        ("REQ-1", "2026-05-01 11:07:00"),
        ("REQ-2", "2026-06-01 09:07:02"),
        ("REQ-3", "2026-06-01 11:07:02.5"),
        ("REQ-4", "2026-06-01 11:07:00"),
        ("REQ-5", "2026-06-01 11:07:02"),
        ("S-1", "2026-06-05 00:00:00"),
        ("S-2", "2026-06-25 00:00:00"),
    ]
    assert list(counts["rights/slashed.csv"].reasons) == [
        "received_at has the zone abbreviation CET, which stands for several: give the offset, as in +02:00"
    ]
    assert list(counts["rights/untold.csv"].reasons) == [f"received_at {times.NO_ORDER}"]


GOOGLE = '"Timestamp","Email Address","How likely are you to recommend our school?","Why?"\n'
QUALTRICS = (
    "StartDate,EndDate,Status,IPAddress,Progress,Duration (in "
    "seconds),Finished,RecordedDate,ResponseId,RecipientEmail,ExternalReference,Q1\n"
    "Start Date,End Date,Response Type,IP Address,Progress,Duration (in seconds),Finished,Recorded "
    "Date,Response ID,Recipient Email,External Data Reference,"
    "How likely are you to recommend our school?\n"
    '"{{""ImportId"":""startDate"",""timeZone"":""{0}""}}","{{""ImportId"":""endDate"",""timeZone"":""{0}""}}",a,b,c,d,e,f,g,h,i,j\n'
    "2026-03-31 18:00:00,{1},IP Address,,100,300,True,2026-03-31 18:05:01,R_1,ada@school.example,,9\n"
)


@pytest.mark.parametrize(
    ("content", "right"),
    [
        (GOOGLE + '"2026/02/08 2:54:20 pm GMT+1","a@x.example","9","good"\n', ["2026-02-08 13:54:20"]),
        (GOOGLE + '"2026/05/10 7:14:09 p.m. UTC+5:30","a@x.example","9","good"\n', ["2026-05-10 13:44:09"]),
        (GOOGLE + '"10 févr. 2026 à 19h14","a@x.example","9","good"\n', ["2026-02-10 18:14:00"]),
        (QUALTRICS.format("America/Denver", "2026-03-31 18:05:00"), ["2026-04-01 00:05:00"]),
        (QUALTRICS.format("America/Denver", "2026-01-31 18:05:00"), ["2026-02-01 01:05:00"]),
        (QUALTRICS.format("Asia/Kolkata", "2026-03-31 18:05:00"), ["2026-03-31 12:35:00"]),
        (
            QUALTRICS.format("Mountain Time", "2026-03-31 18:05:00"),
            "third row states a time zone of answered_at that nobody knows",
        ),
    ],
)
def test_surveys_as_google_and_qualtrics_write_their_times(tmp_path, content, right):
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver("nps", "survey.csv", content)
    counts = small_school.ingest()["nps/survey.csv"]
    if isinstance(right, str):
        assert right in str(counts.reason)
    else:
        assert [
            at for (at,) in small_school.ask("SELECT answered_at::VARCHAR FROM vault.answers.nps")
        ] == right
