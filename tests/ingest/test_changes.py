"""A source that is other than the time before: told by name, loaded as far as it is known, and in the ledger
even after a kill.
"""

import json
import os
import signal
from datetime import date

import duckdb
import pytest

from anonymart.ingest import listing
from anonymart.session import Session
from tests import warm
from tests.ingest.conftest import AS_OF, SmallSchool, statement


def told(small_school: SmallSchool) -> dict[str, list[str]]:
    return {
        name: [change.sentence for change in counts.changes]
        for name, counts in small_school.ingest().items()
        if counts.changes
    }


def connections(
    small_school: SmallSchool, number: int, head: str, row: str = "L1,2026-05-0{n}T10:00:00Z"
) -> None:
    small_school.deliver("connections", f"c-{number}.csv", f"{head}\n{row.format(n=number)}\n")


def test_a_new_column_and_a_lost_one_in_csv(small_school):
    small_school.deliver("learners", "l-1.csv", "learner_id,email,given_name\nL1,a@example.org,Ann\n")
    assert told(small_school) == {}
    small_school.deliver(
        "learners",
        "l-2.csv",
        "learner_id,email,nickname,jeanne@example.org\nL2,b@example.org,secret-nick,x\n",
    )
    assert told(small_school) == {
        "learners/l-2.csv": [
            "new column nickname",
            "new column column 4 (its name looks like data)",
            "lost column given_name",
        ]
    }
    assert "secret-nick" not in small_school.everything() and "jeanne" not in small_school.everything()
    assert small_school.ask("SELECT count(*) FROM vault.register.learners") == [(2,)]
    # The same again is no news; another export of the same source is compared with its own kind only, once
    # there is one.
    small_school.deliver(
        "learners", "l-3.csv", "learner_id,email,nickname,jeanne@example.org\nL3,c@example.org,n,x\n"
    )
    assert told(small_school) == {}
    small_school.deliver("learners", "staff.csv", "learner_id,email\nL4,d@example.org\n")
    assert told(small_school) == {
        "learners/staff.csv": ["lost column nickname", "lost column column 4 (its name looks like data)"]
    }
    small_school.deliver(
        "learners", "l-4.csv", "learner_id,email,nickname,jeanne@example.org\nL5,e@example.org,n,x\n"
    )
    small_school.deliver("learners", "staff.csv", "learner_id,email\nL6,f@example.org\n")
    assert told(small_school) == {}


def test_a_required_column_that_is_lost_refuses_the_file_and_is_told(small_school):
    connections(small_school, 1, "learner_id,connected_at")
    small_school.ingest()
    connections(small_school, 2, "learner_id,seen_at")
    [counts] = small_school.ingest().values()
    assert (counts.status, counts.reason) == ("refused", "the column connected_at is missing")
    assert [change.sentence for change in counts.changes] == [
        "new column seen_at",
        "lost column connected_at",
    ]
    connections(small_school, 3, "learner_id,connected_at")
    assert told(small_school) == {}


def test_a_type_that_changes_in_csv_by_its_content(small_school):
    for number, born in enumerate(("1990-01-01", "", "05/12/1990", "1990-01-01"), 1):
        small_school.deliver("learners", f"l-{number}.csv", f"learner_id,birth_date\nL{number},{born}\n")
    assert told(small_school) == {
        "learners/l-3.csv": ["changed type birth_date (was a date, is not a date)"],
        "learners/l-4.csv": ["changed type birth_date (was not a date, is a date)"],
    }
    assert small_school.ask("SELECT count(*) FROM vault.register.learners") == [(3,)]
    # A day that tells its order is a date as well.
    small_school.deliver("learners", "l-5.csv", "learner_id,birth_date\nL5,31/12/1990\n")
    assert told(small_school) == {}
    for number, at in enumerate(("2026-05-01T10:00:00Z", "2026-05-02 10:00 CET"), 1):
        small_school.deliver("connections", f"c-{number}.csv", f"learner_id,connected_at\nL1,{at}\n")
    assert told(small_school) == {
        "connections/c-2.csv": ["changed type connected_at (was a time, is not a time)"],
    }


def test_a_type_that_changes_in_parquet_and_in_json(small_school):
    for number, kind in enumerate(("DATE", "VARCHAR"), 1):
        path = small_school.home.landing / "learners" / f"l-{number}.parquet"
        path.parent.mkdir(exist_ok=True)
        duckdb.sql(
            f"COPY (SELECT 'L{number}' AS learner_id, '1990-01-0{number}'::{kind} AS birth_date) TO "
            f"'{path}' (FORMAT parquet)"
        )
    assert told(small_school) == {"learners/l-2.parquet": ["changed type birth_date (was DATE, is VARCHAR)"]}
    answers = [
        {"learner_id": "L1", "answered_at": "2026-05-01T10:00:00Z", "score": 9},
        {"learner_id": "L2", "answered_at": None, "score": None},
    ]
    small_school.deliver("nps", "n-1.ndjson", [{**answers[0], "comment": "x"}, {**answers[0], "score": 8}])
    # A key that not every row had may be absent, and a null tells no type.
    small_school.deliver("nps", "n-2.ndjson", [answers[1]])
    small_school.deliver(
        "nps", "n-3.ndjson", [{"learner_id": "L1", "answered_at": "2026-05-03T10:00:00Z", "score": "7"}]
    )
    small_school.deliver("nps", "n-4.ndjson", [{"learner_id": "L1", "score": 7}])
    assert told(small_school) == {
        "nps/n-3.ndjson": ["changed type score (was number, is text)"],
        "nps/n-4.ndjson": ["lost column answered_at"],
    }


def test_a_new_verb_is_told_by_its_address_unless_that_looks_like_somebody(small_school):
    small_school.deliver("learning", "s-1.ndjson", [statement(1)])
    assert told(small_school) == {}
    verbs = (
        "http://adlnet.gov/expapi/verbs/bookmarked",
        "http://campus.example/verbs/jeanne.martin@example.org",
    )
    small_school.deliver(
        "learning",
        "s-2.ndjson",
        [statement(2), *(statement(3 + n, verb={"id": verb}) for n, verb in enumerate(verbs))],
    )
    assert told(small_school) == {
        "learning/s-2.ndjson": [f"new verb {verbs[0]}", "new verb a verb whose name looks like data"]
    }
    small_school.deliver("learning", "other.ndjson", [statement(9, verb={"id": verbs[0]})])
    assert told(small_school) == {}
    assert small_school.ask("SELECT count(*) FROM vault.raw.learning") == [(5,)]
    assert "jeanne" not in str(small_school.ask("FROM vault.ledger.seen")) + str(
        small_school.ask("FROM vault.ledger.changes")
    )


@pytest.mark.parametrize("point", ["ingest.before_commit", "ingest.after_commit"])
def test_a_kill_neither_loses_nor_doubles_a_change(small_school, point):
    connections(small_school, 1, "learner_id,connected_at")
    small_school.ingest()
    connections(small_school, 2, "learner_id,connected_at,device", "L1,2026-05-0{n}T10:00:00Z,x")
    environment = {**os.environ, "ANONYMART_HOME": str(small_school.home.root), "ANONYMART_CRASH_AT": point}
    assert warm.anonymart("ingest", "--as-of", AS_OF, env=environment).returncode == -signal.SIGKILL
    small_school.ingest()
    assert small_school.ask("SELECT as_of, source, kind, name FROM vault.ledger.changes") == [
        (AS_OF, "connections", "new column", "device")
    ]


def test_the_list_of_changes_and_of_silent_sources(small_school, monkeypatch):
    from click.testing import CliRunner

    from anonymart.cli.commands import anonymart

    small_school.deliver("learners", "l.csv", "learner_id\nL1\n")
    small_school.ingest(date(2026, 4, 30))
    for number in range(1, 6):
        connections(
            small_school,
            number,
            "learner_id,connected_at" + (",device" if number == 5 else ""),
            "L1,2026-05-0{n}T10:00:00Z" + (",x" if number == 5 else ""),
        )
        small_school.ingest(date(2026, 5, number))
    # The same file each night is no sign of life; a day that lies ahead counts for nothing.
    for day in (6, 7):
        connections(small_school, 5, "learner_id,connected_at,device", "L1,2026-05-0{n}T10:00:00Z,x")
        small_school.ingest(date(2026, 5, day))
    found = {
        day: listing.listed(
            Session(small_school.home, small_school.keys, small_school.policy, date(2026, 5, day))
        )
        for day in (4, 8, 9)
    }
    assert {day: len(each.silent) for day, each in found.items()} == {4: 0, 8: 0, 9: 1}
    assert found[4].changes == ()
    monkeypatch.setenv("ANONYMART_HOME", str(small_school.home.root))
    shown = CliRunner().invoke(anonymart, ["sources", "changes", "--as-of", "2026-05-09", "--json"])
    assert json.loads(shown.output) == {
        "changes": [
            {
                "as_of": "2026-05-05",
                "source": "connections",
                "file_name": "c-5.csv",
                "kind": "new column",
                "name": "device",
                "was": None,
                "became": None,
            }
        ],
        "silent_sources": [{"source": "connections", "last_on": "2026-05-05", "days": 4, "usual_days": 1.0}],
        "unknown_names": [],
        "unmatched": [],
        "waiting_people": {"statements": 0, "actors": 0, "enrolments": 0, "connections": 0, "home_pages": []},
    }
    lines = CliRunner().invoke(anonymart, ["sources", "changes", "--as-of", "2026-05-09"]).output.splitlines()
    assert lines[0] == "2026-05-05 connections/c-5.csv: new column device"
    nothing = CliRunner().invoke(
        anonymart, ["sources", "changes", "--as-of", "2026-05-08", "--source", "nps"]
    )
    assert nothing.output == "No source has changed, and none is silent.\n"
    run = CliRunner().invoke(anonymart, ["ingest", "--as-of", "2026-05-09", "--json"])
    assert json.loads(run.stdout)["silent_sources"][0]["source"] == "connections"
    assert "connections has brought nothing new for 4 days" in run.stderr


def test_a_row_without_a_time_of_change_keeps_the_hash_that_it_had(small_school):
    """Files of before that column come again, and old values must not come back with them."""
    from anonymart import engine
    from anonymart.ingest import identities

    small_school.deliver("learners", "a.csv", "learner_id,email\nL1,a@example.org\n")
    small_school.deliver("learners", "b.ndjson", [{"learner_id": "L1", "email": "a@example.org"}])
    small_school.ingest()
    with engine.connect(small_school.home, small_school.keys, vault="ro") as connection:
        identities.install(connection, small_school.keys)
        assert connection.execute("""
            SELECT list(row_hash) = [row_hash('learners|L1|a@example.org||||||||')]
            FROM vault.ledger.row_hashes
        """).fetchone() == (True,)
