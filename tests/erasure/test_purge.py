"""What should never have come goes: a column, an hour, a file; out of every row and byte, kept out when it
comes again, whatever kill comes between, and with the releases that may rest on it named.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import zipfile
from datetime import date, datetime

import pytest
from click.testing import CliRunner

from anonymart import crash, engine
from anonymart.backup import make, restore
from anonymart.cli.commands import anonymart
from anonymart.erasure import purge, purged, receipts, removal
from anonymart.erasure.purge import Asked
from anonymart.errors import UsageError
from anonymart.home import Home
from anonymart.ingest import identities
from anonymart.rights import machine, rectify
from anonymart.session import Session
from tests import warm
from tests.erasure.small_school import AS_OF, HOME_PAGE, SmallSchool, built_home, read_receipts
from tests.ingest.conftest import statement

pytestmark = pytest.mark.long

STAGING = "stagingzq8"
NUMBER = "zq9 nothing 2 see"
HOUR = Asked("learning", from_at=datetime(2026, 6, 10, 10), until_at=datetime(2026, 6, 10, 11))
FILE = Asked("learning", file="staging.ndjson")
POINTS = [point for point in crash.POINTS if point.startswith(("removal.", "rewrite."))]
PURGE = """
from datetime import date, datetime
from anonymart.erasure import purge
from anonymart.erasure.purge import Asked
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import load_policy
from anonymart.session import Session

home = Home.from_env()
inside = Session(home, Keys.load(home), load_policy(), date(2026, 6, 30))
for asked in (Asked("learning", from_at=datetime(2026, 6, 10, 10), until_at=datetime(2026, 6, 10, 11)),
              Asked("salary", column="employer"), Asked("salary", column="job_title")):
    purge.carry_out(inside, asked, purge.plan(inside, asked).token)
"""


def staging(minutes: int = 0) -> list[dict]:
    """Statements of the hour, under a name that stands nowhere else; and one of a learner whom the school
    knows.
    """
    who = {"account": {"homePage": HOME_PAGE, "name": STAGING}}
    known = {"account": {"homePage": HOME_PAGE, "name": "acct-bert"}}
    return [
        statement(900 + n, actor=actor, timestamp=f"2026-06-10T10:{n + minutes:02}:00Z")
        for n, actor in enumerate((who, who, known, known))
    ]


@pytest.fixture(scope="module")
def broken_root(tmp_path_factory):
    """A home into which an hour of staging data was loaded and built, and a form asked for a number."""
    root = tmp_path_factory.mktemp("purge") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANONYMART_ENCRYPTION", "none")
        shutil.copytree(built_home(tmp_path_factory, is_plain=True), root)
        school = SmallSchool(root)
        # The account is known to the register, so that what it did reaches the history.
        school.deliver("learners", "staging.ndjson", [{
            "learner_id": "L-9999", "account_home_page": HOME_PAGE, "account_name": STAGING,
        }])  # fmt: skip
        school.deliver("learning", "staging.ndjson", staging())
        school.deliver("salary", "form.ndjson", [{
            "response_id": "s-form", "learner_id": "L-4712", "answered_at": "2026-06-11T08:00:00Z",
            "employed": True, "job_title": f"Baker {NUMBER}", "employer": NUMBER,
        }])  # fmt: skip
        school.ingest()
        school.build()
    return root


@pytest.fixture
def school(broken_root, tmp_path, monkeypatch):
    monkeypatch.setenv("ANONYMART_ENCRYPTION", "none")
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path / "home"))
    shutil.copytree(broken_root, tmp_path / "home")
    return SmallSchool(tmp_path / "home")


@pytest.fixture
def clean(tmp_path_factory, tmp_path, monkeypatch):
    """The same home before anything wrong came."""
    monkeypatch.setenv("ANONYMART_ENCRYPTION", "none")
    shutil.copytree(built_home(tmp_path_factory, is_plain=True), tmp_path / "clean")
    return SmallSchool(tmp_path / "clean")


def carry_out(school, asked):
    inside = Session(school.home, school.keys, school.policy, AS_OF)
    return purge.carry_out(inside, asked, purge.plan(inside, asked).token)


def rollups(school) -> dict[str, list]:
    """The history of learning without the numbers of loads."""
    with engine.connect(school.home, school.keys, warehouse="ro") as connection:
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse' AND "
            "(starts_with(table_name, 'int_activity__') OR table_name = 'int_events') ORDER BY 1"
        ).fetchall()
        return {
            table: sorted(map(repr, connection.execute(
                f"SELECT * EXCLUDE (load_no) FROM warehouse.intermediate.{table}"
            ).fetchall()))
            for (table,) in tables
        }  # fmt: skip


@pytest.mark.parametrize("asked", [HOUR, FILE], ids=["hour", "file"])
def test_an_hour_or_a_file_goes_and_figures_are_as_before(school, clean, asked):
    assert STAGING in school.everything() and rollups(school) != rollups(clean)
    plan = purge.plan(Session(school.home, school.keys, school.policy, AS_OF), asked)
    assert plan.rows == {"vault.raw.learning": 4, "warehouse.intermediate.int_events": 4}
    use = "SELECT max(last_use_at) FROM vault.register.last_use WHERE identifier LIKE '%acct-bert'"
    assert school.ask(use) == [(datetime(2026, 6, 10, 10, 3),)]
    done = carry_out(school, asked)
    assert done.is_done and done.receipt_no == len(read_receipts(school.home.root))
    assert school.ask(use) != [(datetime(2026, 6, 10, 10, 3),)]
    told = read_receipts(school.home.root)[-1]
    assert told["rows"]["vault.raw.learning"]["before"] - told["rows"]["vault.raw.learning"]["after"] == 4
    assert told["purged"][0]["source"] == "learning" and set(told["files"]) >= {"vault.duckdb"}
    school.build()
    assert rollups(school) == rollups(clean)
    # Delivered again, as it was and in another form.
    before = rollups(school)
    school.deliver("learning", "again.ndjson", staging())
    counts = school.ingest()["learning/again.ndjson"]
    assert counts.loaded == 0
    if asked is HOUR:
        school.deliver("learning", "other.ndjson", staging(minutes=30))
        counts = school.ingest()["learning/other.ndjson"]
        assert counts.loaded == 0 and list(counts.reasons) == [
            "purged as what should never have come (S-SAFE)"
        ]
    school.build()
    assert rollups(school) == before
    assert receipts.verify(Session(school.home, school.keys)).passed


def test_a_column_goes_with_every_byte_of_it(school):
    assert "vault.duckdb" in school.bytes_with(NUMBER)
    for column in ("employer", "job_title"):
        asked = Asked("salary", column)
        plan = purge.plan(Session(school.home, school.keys, school.policy, AS_OF), asked)
        assert plan.rows[f"vault.raw.salary.{column}"] == 3
        carry_out(school, asked)
    assert school.bytes_with(NUMBER) == [] and NUMBER not in school.everything()
    assert school.ask("SELECT count(*) FROM vault.raw.salary") == [(3,)]
    assert set(school.warehouse("SELECT job_family FROM warehouse.intermediate.int_salary_responses")) == {
        ("other",)
    }
    school.deliver("salary", "later.ndjson", [{
        "response_id": "s-later", "learner_id": "L-4712", "answered_at": "2026-06-20T08:00:00Z",
        "employed": True, "employer": NUMBER,
    }])  # fmt: skip
    assert school.ingest()["salary/later.ndjson"].loaded == 1
    assert NUMBER not in school.everything()


def test_a_column_of_two_days_leaves_the_other_days(school):
    asked = Asked("salary", "employer", datetime(2026, 6, 11), datetime(2026, 6, 13))
    assert carry_out(school, asked).rows == {"vault.raw.salary.employer": 1}
    left = school.ask("SELECT employer FROM vault.raw.salary WHERE employer IS NOT NULL ORDER BY 1")
    assert left == [("Inc L-4711",), ("Inc L-4712",)]


def correction(school, row_key: str, wrong: str) -> None:
    """A person has corrected the employer of an answer."""
    with engine.connect(school.home, school.keys, vault="rw") as connection:
        identities.install(connection, school.keys)
        connection.execute(
            "INSERT INTO vault.rights.corrections SELECT 'REQ-9', 'learner:L-4712', 'salary', $1, "
            "'employer', identifier_hash($2), $3, DATE '2026-06-20'",
            [row_key, wrong, f"right {row_key}"],
        )


def test_a_correction_of_another_day_stays_when_a_column_of_two_days_goes(school):
    for row_key in ("s-form", "s-L-4712", "s-gone"):
        correction(school, row_key, "wrong")
    carry_out(school, Asked("salary", "employer", datetime(2026, 6, 11), datetime(2026, 6, 13)))
    assert school.ask("SELECT row_key FROM vault.rights.corrections") == [("s-L-4712",)]


def test_a_correction_does_not_fill_a_purged_column(school):
    carry_out(school, Asked("salary", "employer"))
    correction(school, "s-later", "")
    school.deliver("salary", "later.ndjson", [{
        "response_id": "s-later", "learner_id": "L-4712", "answered_at": "2026-06-20T08:00:00Z",
        "employed": True,
    }])  # fmt: skip
    assert school.ingest()["salary/later.ndjson"].loaded == 1
    assert school.ask("SELECT count(employer) FROM vault.raw.salary") == [(0,)]


def test_a_rectification_does_not_fill_a_purged_column(school):
    inside = Session(school.home, school.keys, school.policy, AS_OF)
    carry_out(school, Asked("salary", "employer", datetime(2026, 6, 11), datetime(2026, 6, 13)))
    for number, response_id in enumerate(("s-form", "s-L-4712"), 7):
        details = {"source": "salary", "key": {"response_id": response_id}, "set": {"employer": "Right"}}
        school.request("rectify", number, learner_id="L-4712", details=json.dumps(details))
    machine.advance_all(inside)
    held = "SELECT employer FROM vault.raw.salary WHERE response_id IN ('s-form', 's-L-4712') ORDER BY ALL"
    assert school.ask(held) == [("Right",), (None,)]
    with pytest.raises(UsageError, match="employer of salary was purged"):
        rectify.plan(inside, "REQ-7")
    carry_out(school, Asked("salary", "employer"))
    with pytest.raises(UsageError, match="refuse the request"):
        rectify.plan(inside, "REQ-7")


def test_the_plan_tells_what_is_of_people_under_restriction(school):
    inside = Session(school.home, school.keys, school.policy, AS_OF)
    assert purge.plan(inside, HOUR).restricted == 0
    school.request("restrict", learner_id="L-4712")
    machine.advance_all(inside)
    assert purge.plan(inside, HOUR).restricted == 2
    assert purge.plan(inside, Asked("salary", "employer")).restricted == 2
    words = ("--source", "learning", "--from", "2026-06-10T10:00", "--to", "2026-06-10T11:00")
    assert "2 are of people who asked that theirs be kept" in command(*words).output


def test_a_use_whose_row_has_left_long_ago_is_not_lost_with_the_other_end_of_its_span(school):
    with engine.connect(school.home, school.keys, vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.register.last_use "
            "VALUES ('learner:L-old', '2024-01-05 08:00', '2026-06-10 10:30')"
        )
    carry_out(school, HOUR)
    left = school.ask(
        "SELECT first_use_at, last_use_at FROM vault.register.last_use WHERE identifier LIKE '%old'"
    )
    assert left == [(datetime(2024, 1, 5, 8), datetime(2024, 1, 5, 8))]


def test_what_waits_for_the_reviewer_is_superseded_before_anything_goes(school, monkeypatch):
    with engine.connect(school.home, school.keys, vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.ledger.approvals (release_id, as_of, candidate_sha256, state) "
            "VALUES ('2026-06-30.1', '2026-06-30', 'abc', 'waiting')"
        )

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(removal, "carry_out_purge", killed)
    with pytest.raises(KeyboardInterrupt):
        carry_out(school, HOUR)
    assert school.ask("SELECT state FROM vault.ledger.approvals") == [("superseded",)]


def test_what_was_prepared_for_people_is_made_anew_where_it_tells_of_it_alone(school):
    school.request("access", learner_id="L-4712")
    inside = Session(school.home, school.keys, school.policy, AS_OF)
    machine.advance_all(inside)
    (prepared,) = school.home.exports.iterdir()
    assert carry_out(school, Asked("learners", "left_at")).files == {} and prepared.exists()
    assert purge.plan(inside, HOUR).files == {"exports prepared for people": 1}
    assert "Inc L-4712" in zipfile.ZipFile(prepared).read("data.json").decode()
    carry_out(school, Asked("salary", "employer"))
    told = zipfile.ZipFile(prepared).read("data.json").decode()
    assert "Inc L-4712" not in told and "Baker L-4712" in told, "who asked still gets the rest"


@pytest.mark.parametrize("is_killed", [False, True])
def test_an_erasure_still_waits_for_a_hand_over_whose_zip_held_it(school, monkeypatch, is_killed):
    school.request("access", 1, learner_id="L-4712")
    school.request("erase", 2, learner_id="L-4712")
    inside = Session(school.home, school.keys, school.policy, AS_OF)

    def states(as_of=AS_OF):
        return {each.id: each.state for each in machine.advance_all(inside.on(as_of))}

    waits = {"REQ-1": "answered", "REQ-2": "received"}
    assert states() == waits
    (prepared,) = school.home.exports.iterdir()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    if is_killed:
        with monkeypatch.context() as patch:
            patch.setattr(removal, "carry_out_purge", killed)
            with pytest.raises(KeyboardInterrupt):
                carry_out(school, Asked("salary", "employer"))
        assert zipfile.ZipFile(prepared).namelist() == ["withheld.txt"]
    carry_out(school, Asked("salary", "employer"))
    assert states() == waits, "an hour later"
    assert "Baker L-4712" in zipfile.ZipFile(prepared).read("data.json").decode()
    assert states(date(2026, 7, 20)) == {"REQ-1": "answered", "REQ-2": "answered"} and not prepared.exists()


def test_a_restore_does_not_ask_for_a_purged_file_again(school, tmp_path):
    inside = Session(school.home, school.keys, school.policy, AS_OF)
    name = ("learning", "staging.ndjson")

    def asked_for(session: Session) -> list[tuple[str, str]]:
        found = restore._loaded_since(session, tmp_path, 0)
        return [(each["source"], each["file_name"]) for each in found or []]

    for is_there in (True, False):
        shutil.copy(school.home.tombstones, tmp_path / "tombstones.duckdb")
        make._write_loads(inside, tmp_path)
        lost = Session(Home(tmp_path / "lost").prepare(), school.keys)
        for session in (inside, lost):
            assert (name in asked_for(session)) == is_there and ("nps", "a.ndjson") in asked_for(session)
        if is_there:
            carry_out(school, FILE)


def test_a_purged_file_stays_out_of_a_vault_from_before_it_came(school, clean):
    """As after a restore: the newest tombstones beside a vault that knows nothing of the file."""
    carry_out(school, FILE)
    shutil.copy(school.home.tombstones, clean.home.tombstones)
    shutil.copy(school.home.receipts, clean.home.receipts)
    clean.deliver("learners", "staging.ndjson", [{
        "learner_id": "L-9999", "account_home_page": HOME_PAGE, "account_name": STAGING,
    }])  # fmt: skip
    rows = staging()
    clean.deliver("learning", "again.ndjson", rows)
    done = clean.ingest()["learning/again.ndjson"]
    assert (done.loaded, done.reasons.get(purged.PURGED)) == (0, len(rows)), done


def test_an_older_warehouse_that_is_put_back_holds_nothing_of_it(school, tmp_path):
    shutil.copy(school.home.warehouse, tmp_path / "old.duckdb")
    carry_out(school, HOUR)
    shutil.copy(tmp_path / "old.duckdb", school.home.warehouse)
    removal.finish(Session(school.home, school.keys, school.policy, AS_OF))
    of_hour = "SELECT count(*) FROM warehouse.intermediate.int_events WHERE occurred_at::DATE = '2026-06-10'"
    assert school.warehouse(of_hour) == [(0,)]


def test_what_the_file_had_replaced_holds_again(school):
    row = {"learner_id": "L-4712", "path_id": "p1", "started_on": "2025-01-10", "outcome": "abandoned"}
    school.deliver("enrolments", "wrong.ndjson", [row])
    school.ingest()
    school.build()
    outcomes = "SELECT outcome FROM warehouse.intermediate.int_enrolments ORDER BY 1"
    assert school.warehouse(outcomes) == [("abandoned",), ("graduated",)]
    carry_out(school, Asked("enrolments", file="wrong.ndjson"))
    school.build()
    assert school.warehouse(outcomes) == [("graduated",), ("graduated",)]


def test_killed_at_each_point_in_turn_and_run_again(school):
    environment = {**os.environ, "ANONYMART_HOME": str(school.home.root)}
    for point in POINTS:
        killed = warm.python(PURGE, env={**environment, "ANONYMART_CRASH_AT": point}, timeout=120)
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
    again = warm.python(PURGE, env=environment, timeout=120)
    assert again.returncode == 0, again.stderr
    assert school.bytes_with(NUMBER) == []
    assert school.ask("SELECT count(*) FROM vault.raw.learning WHERE occurred_at::DATE = '2026-06-10'") == [
        (0,)
    ]
    assert school.ask("SELECT count(employer) FROM vault.raw.salary") == [(0,)]
    assert receipts.verify(Session(school.home, school.keys)).passed
    assert not list(school.home.root.glob("*.rewrite*"))


def test_a_kill_after_the_tombstone_is_ended_by_the_next_build(school, clean):
    environment = {**os.environ, "ANONYMART_HOME": str(school.home.root)}
    warm.python(PURGE, env={**environment, "ANONYMART_CRASH_AT": "removal.after_tombstones"}, timeout=120)
    school.build()
    assert rollups(school) == rollups(clean)


def test_releases_that_may_rest_on_it_are_named(school):
    with engine.connect(school.home, school.keys, vault="rw") as connection:
        for release_id, day, marts in (
            ("2026-06-01.1", "2026-06-01", ["course_engagement_monthly"]),
            ("2026-06-30.1", "2026-06-30", ["course_engagement_monthly", "nps_quarterly"]),
        ):
            connection.execute(
                "INSERT INTO vault.ledger.releases (release_id, as_of) VALUES (?, ?)", [release_id, day]
            )
            for mart in marts:
                connection.execute(
                    "INSERT INTO vault.ledger.closed_periods VALUES (?, '2026-01-01', ?)", [mart, release_id]
                )
    inside = Session(school.home, school.keys, school.policy, AS_OF)
    assert purge.plan(inside, FILE).releases == {"2026-06-30.1": ["course_engagement_monthly"]}
    assert purge.plan(inside, Asked("salary", "employer")).releases == {}
    assert purge.plan(inside, Asked("nps", "comment")).releases == {"2026-06-30.1": ["nps_quarterly"]}
    done = command("--source", "learning", "--file", "staging.ndjson")
    assert "anonymart withdraw 2026-06-30.1 --why TEXT --mart course_engagement_monthly" in done.output


def command(*words: str):
    return CliRunner().invoke(anonymart, ["purge", "--as-of", str(AS_OF), *words])


def test_the_command_shows_a_plan_and_acts_with_its_token(school):
    words = ("--source", "learning", "--from", "2026-06-10T10:00", "--to", "2026-06-10T13:00+02:00")
    plan = json.loads(command(*words, "--json").output)
    assert plan["rows"]["vault.raw.learning"] == 4 and not plan["is_done"]
    refused = command(*words, "--token", "0" * 12)
    assert isinstance(refused.exception, UsageError) and "nothing was removed" in str(refused.exception)
    done = command(*words, "--token", plan["token"])
    assert done.exit_code == 0 and "Receipt 1 is in receipts.ndjson" in done.output, done.output
    act = json.loads((school.home.root / "audit.ndjson").read_text().splitlines()[-1])
    assert act["act"] == "purged" and act["source"] == "learning"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked("forum", "x"), "no source of that name"),
        (Asked("nps"), "Say what shall go"),
        (Asked("nps", "email"), "can be purged: path_id, comment"),
        (Asked("learners", "birth_date"), "can be purged: given_name, family_name, left_at"),
        (Asked("learners", file="a.ndjson"), "are not purged by time or file"),
        (Asked("nps", from_at=datetime(2026, 1, 1)), "go together"),
        (Asked("nps", from_at=datetime(2026, 1, 2), until_at=datetime(2026, 1, 1)), "must be before"),
        (Asked("nps", file="nobody.csv"), "No file of that name"),
        (Asked("nps", "comment", file="a.csv"), "goes without"),
    ],
)
def test_what_cannot_be_purged_is_said(school, asked, says):
    with pytest.raises(UsageError, match=says):
        purge.plan(Session(school.home, school.keys, school.policy, AS_OF), asked)
