"""Learners from a real PostgreSQL: only what is allowed, only what changed, nothing lost, nothing doubled,
nothing told.
"""

import os
import signal
import stat
import subprocess
import sys
import traceback

import pytest

from anonymart.errors import AnonymartError, UsageError
from tests import warm
from tests.sources.conftest import MAPPING, PASSWORD

pytestmark = [pytest.mark.needs_postgres, pytest.mark.xdist_group("postgres")]


def test_the_first_pull_brings_the_allowed_columns_and_nothing_else(register):
    done = register.pull()
    [path] = (register.home.landing / "learners").iterdir()
    assert (done.file_name, done.n_rows, done.is_full) == (path.name, 50, True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "secret" not in path.read_text()
    assert register.load() == (50, 0)
    assert register.ask(
        "SELECT * EXCLUDE (load_no, row_hash) FROM vault.register.learners WHERE learner_id = '7'"
    ) == register.ask("""
        SELECT '7', 'learner:7', 'learner7@example.org', 'Zoë "Z", 7', NULL, 'https://campus.example', NULL,
            DATE '1990-01-01',
            TIMESTAMP '2025-01-01 08:00:00', NULL, NULL, NULL""")


def test_later_pulls_bring_what_changed_and_an_old_value_may_come_back(register):
    register.pull()
    register.load()
    for mail, minute in (
        ("new@example.org", "2026-06-03 10:00"),
        ("learner7@example.org", "2026-06-04 10:00"),
    ):
        register.server.run(f"UPDATE users SET mail = '{mail}', changed_at = '{minute}' WHERE id = 7")
        done = register.pull()
        # A day is read again, so that a change that was committed late is not lost.
        assert (done.is_full, done.n_rows) == (False, 50 if mail.startswith("new") else 1)
        assert register.load() == (1, done.n_rows - 1)
        assert register.emails()["7"] == mail
    register.server.run(
        "INSERT INTO users (id, mail, changed_at) VALUES (99, 'late@example.org', '2026-06-03 12:00')"
    )
    assert register.pull().n_rows == 2
    assert register.load() == (1, 1)


def test_nothing_is_lost_with_a_file_that_is_not_loaded(register):
    register.server.run("UPDATE users SET changed_at = '2026-06-10' WHERE id = 2")
    register.pull()
    register.server.run("UPDATE users SET changed_at = '2026-06-20' WHERE id = 1")
    assert register.pull().is_full is False
    # The first file, on which the second builds, is gone before anybody loaded it.
    next((register.home.landing / "learners").glob("register-000001-*")).unlink()
    assert register.load() == (2, 0)
    assert register.pull().is_full
    assert register.load() == (48, 2)
    assert register.pull(is_full=True).n_rows == 50
    assert register.load() == (0, 50)


@pytest.mark.long
@pytest.mark.parametrize("point", ["pull.before_rename", "pull.after_rename", "pull.after_commit"])
def test_killed_and_pulled_again(register, point):
    register.mapping()
    environment = {
        **os.environ,
        "ANONYMART_HOME": str(register.home.root),
        "ANONYMART_REGISTER_URL": register.server.address,
    }
    killed = warm.anonymart("sources", "pull", "register", env={**environment, "ANONYMART_CRASH_AT": point})
    assert killed.returncode == -signal.SIGKILL
    assert register.pull().is_full is (point != "pull.after_commit")
    assert list(register.home.tmp.glob("register-*")) == []
    assert register.load() == (50, 0 if point == "pull.before_rename" else 50)


def test_two_pulls_at_once(register):
    from anonymart.sources.register import _alone

    with _alone(register.home), pytest.raises(AnonymartError, match="Another pull"):
        register.pull()
    assert register.pull().n_rows == 50


def test_rows_without_a_time_of_change_with_one_ahead_and_with_none_that_is_right(register):
    register.server.run("""
        UPDATE users SET changed_at = NULL WHERE id = 1;
        UPDATE users SET changed_at = now() + interval '3 days' WHERE id = 2;
        UPDATE users SET changed_at = 'infinity' WHERE id = 3""")
    first = register.pull()
    assert (first.n_without_time, first.n_ahead) == (1, 2)
    assert register.load() == (49, 0)
    register.server.run(
        "UPDATE users SET mail = 'unseen@example.org' WHERE id = 1; INSERT INTO users (id, changed_at) "
        "VALUES (60, '2026-06-01 10:51')"
    )
    second = register.pull()
    assert not second.is_full
    register.load()
    # Neither the clock of somebody else nor a time without end has moved the watermark past the row of id 60.
    assert register.emails()["1"] == "unseen@example.org"
    assert "60" in register.emails()
    [(reason, number)] = register.ask("SELECT reason, sum(n_rows) FROM vault.ledger.reasons GROUP BY reason")
    assert reason == "updated_at is not a time" and number == 2


def test_who_is_deleted_there_stays_here_and_is_counted(register):
    register.pull()
    register.load()
    register.server.run("DELETE FROM users WHERE id IN (3, 50)")
    done = register.pull()
    assert done.fewer_rows == 2 and "2 learners fewer" in " ".join(done.sentences)
    assert {"3", "50"} <= set(register.emails())
    register.load()


def test_a_table_put_back_from_a_copy_is_read_as_a_whole(register):
    register.pull()
    register.load()
    register.server.run(
        "UPDATE users SET changed_at = changed_at - interval '20 days', mail = 'back' || id || '@example.org'"
    )
    assert register.pull().is_full
    assert register.load() == (50, 0)
    assert register.pull().is_full is False


def test_the_first_night_of_winter_loses_nothing(register):
    """In Paris the hour from two to three comes twice: a later change may bear an earlier time."""
    register.server.run("UPDATE users SET changed_at = '2025-10-26 02:50'")
    register.pull(overlap_hours=2)
    register.load()
    register.server.run(
        "UPDATE users SET changed_at = '2025-10-26 02:10', mail = 'second@example.org' WHERE id = 4"
    )
    register.pull(overlap_hours=2)
    register.load()
    assert register.emails()["4"] == "second@example.org"


def test_another_mapping_reads_everything_again(register):
    register.pull()
    register.load()
    columns = {name: column for name, column in MAPPING["columns"].items() if name != "given_name"}
    assert register.pull(columns=columns).is_full


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE users RENAME mail TO address", "'mail' for email is missing"),
        ("ALTER TABLE users ALTER born TYPE text", "'born' for birth_date is of the type text, not date"),
        ("ALTER TABLE users ALTER changed_at TYPE date", "'changed_at' for updated_at is of the type date"),
        (
            "REVOKE SELECT ON users FROM reader; GRANT SELECT (id, mail, born, created_at, changed_at) "
            "ON users TO reader",
            "'first \"name\"' for given_name may not be read",
        ),
        ("ALTER TABLE users RENAME TO people", "no table or view public.users"),
    ],
)
def test_what_does_not_fit_is_told_by_name_and_nothing_is_written(register, change, told):
    register.pull()
    register.load()
    register.server.run(change)
    with pytest.raises(UsageError, match="^.*" + told.replace("(", r"\(")):
        register.pull()
    assert list((register.home.landing / "learners").iterdir()) == []


def test_columns_of_the_table_that_come_go_and_change_are_in_the_ledger(register):
    assert register.pull().changes == ()
    register.server.run(
        "ALTER TABLE users ADD COLUMN phone text, DROP COLUMN nickname, ALTER iban TYPE varchar(30)"
    )
    told = [each.sentence for each in register.pull().changes]
    assert told == [
        "new column phone",
        "lost column nickname",
        "changed type iban (was text, is character varying)",
    ]
    assert register.pull().changes == ()
    register.server.run("ALTER TABLE users DROP COLUMN mail")
    with pytest.raises(UsageError):
        register.pull()
    assert register.ask("SELECT source, load_no, kind, name FROM vault.ledger.changes") == [
        ("learners", None, "new column", "phone"),
        ("learners", None, "lost column", "nickname"),
        ("learners", None, "changed type", "iban"),
        ("learners", None, "lost column", "mail"),
    ]


def test_the_server_is_only_ever_read(register):
    register.server.run("""
        CREATE TABLE marks (n int);
        CREATE FUNCTION mark() RETURNS int VOLATILE SECURITY DEFINER LANGUAGE sql
            AS 'INSERT INTO public.marks VALUES (1) RETURNING n';
        CREATE VIEW trap AS SELECT * FROM users WHERE mark() = 1; GRANT SELECT ON trap TO reader""")
    with pytest.raises(AnonymartError, match=r"view that writes.*25006"):
        register.pull(table="trap")


def test_a_statement_that_takes_too_long_is_stopped(register):
    register.server.run(
        "CREATE VIEW slow AS SELECT users.* FROM users, pg_sleep(5); GRANT SELECT ON slow TO reader"
    )
    with pytest.raises(AnonymartError, match="longer than timeout_seconds"):
        register.pull(table="slow", timeout_seconds=1)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://reader:{password}@127.0.0.1:1/postgres", "cannot be reached"),
        ("host={folder} user=reader password={password}x dbname=postgres", "refused the login"),
        ("host={folder} user=reader password={password} dbname=nowhere", "no such database"),
        ("postgresql://reader:{password}@[bad", "not one of PostgreSQL"),
        ("{password}", "not one of PostgreSQL"),
    ],
)
def test_an_error_holds_no_part_of_the_address(register, address, told):
    with pytest.raises(AnonymartError, match=told) as raised:
        register.pull(address=address.format(password=PASSWORD, folder=register.server.folder))
    shown = "".join(traceback.format_exception(raised.value))
    assert PASSWORD not in shown.replace("PASSWORD", "") and "reader" not in str(raised.value)
    assert raised.value.__cause__ is None and raised.value.__context__ is None


def test_the_command_tells_counts_only_and_needs_the_address_from_the_environment(register):
    register.mapping()
    command = [sys.executable, "-m", "anonymart.cli", "sources", "pull", "register", "--json"]
    environment = {**os.environ, "ANONYMART_HOME": str(register.home.root)}
    without = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert without.returncode == 2 and "ANONYMART_REGISTER_URL" in without.stderr
    done = subprocess.run(
        command,
        env={**environment, "ANONYMART_REGISTER_URL": register.server.address},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert '"n_rows": 50' in done.stdout
    assert PASSWORD not in done.stdout + done.stderr and "example.org" not in done.stdout + done.stderr
