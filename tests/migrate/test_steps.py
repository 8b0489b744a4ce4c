"""The list of migrations: numbered without a gap, the last one is what the program writes, and each may be run again on a new home."""

import duckdb
import pytest

from anonymart import engine, versions
from anonymart.home import Home
from anonymart.keys import Keys, init_keys
from anonymart.migrate import steps
from anonymart.vault import schema


def test_the_numbers_are_whole_and_the_last_is_the_newest():
    assert [step.number for step in steps.STEPS] == list(range(1, len(steps.STEPS) + 1))
    assert steps.STEPS[-1].number == versions.NEWEST
    assert {step.zone for step in steps.STEPS} == set(versions.TABLES)


@pytest.fixture
def connection(tmp_path):
    home = Home(tmp_path / "home").prepare()
    init_keys(home)
    with engine.connect(home, Keys.load(home), vault="rw", warehouse="rw") as opened:
        schema.create(opened, Keys.load(home))
        yield opened


def test_a_new_home_is_of_the_newest_version_and_every_step_leaves_it_as_it_is(connection):
    steps.apply(connection, "warehouse")
    assert {zone: versions.read(connection, zone) for zone in versions.TABLES} == dict.fromkeys(versions.TABLES, versions.NEWEST)
    before = connection.execute("SELECT database_name, table_name, column_name FROM duckdb_columns() ORDER BY ALL").fetchall()
    for zone in versions.TABLES:
        versions.write(connection, zone, 0)
        steps.apply(connection, zone)
        assert versions.read(connection, zone) == versions.NEWEST
    assert connection.execute("SELECT database_name, table_name, column_name FROM duckdb_columns() ORDER BY ALL").fetchall() == before


def test_a_step_that_fails_leaves_nothing_and_no_number(connection, monkeypatch):
    def fails(opened: duckdb.DuckDBPyConnection) -> None:
        opened.execute("INSERT INTO vault.register.claims (learner, identifier) VALUES ('a', 'b')")
        raise RuntimeError

    monkeypatch.setattr(steps, "STEPS", (*steps.STEPS, steps.Step(versions.NEWEST + 1, "vault", "fails", fails)))
    monkeypatch.setattr(versions, "NEWEST", versions.NEWEST + 1)
    with pytest.raises(RuntimeError):
        steps.apply(connection, "vault")
    connection.execute("ROLLBACK")
    assert versions.read(connection, "vault") == versions.NEWEST - 1
    assert connection.execute("SELECT count(*) FROM vault.register.claims").fetchone() == (0,)


def test_a_column_that_an_old_vault_lacks_is_added(connection):
    connection.execute("ALTER TABLE vault.raw.salary DROP COLUMN country")
    schema.create(connection, Keys(**dict.fromkeys(("vault", "warehouse", "person", "pseudonym", "record", "signing"), "00" * 32)))
    assert ("country",) in connection.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'salary'").fetchall()
