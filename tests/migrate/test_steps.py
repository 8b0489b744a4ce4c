"""The list of migrations: numbered without a gap, the last one is what the program writes, and each may be
run again on a new home.
"""

import duckdb
import pytest

from anonymart import engine, versions
from anonymart.home import Home
from anonymart.keys import Keys, init_keys
from anonymart.migrate import steps
from anonymart.policy import load_policy
from anonymart.vault import schema
from tests.gate.school import interval


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
    assert {zone: versions.read(connection, zone) for zone in versions.TABLES} == dict.fromkeys(
        versions.TABLES, versions.NEWEST
    )
    before = connection.execute(
        "SELECT database_name, table_name, column_name FROM duckdb_columns() ORDER BY ALL"
    ).fetchall()
    for zone in versions.TABLES:
        versions.write(connection, zone, 0)
        steps.apply(connection, zone)
        assert versions.read(connection, zone) == versions.NEWEST
    assert (
        connection.execute(
            "SELECT database_name, table_name, column_name FROM duckdb_columns() ORDER BY ALL"
        ).fetchall()
        == before
    )


def test_a_step_that_fails_leaves_nothing_and_no_number(connection, monkeypatch):
    def fails(opened: duckdb.DuckDBPyConnection) -> None:
        opened.execute("INSERT INTO vault.register.claims (learner, identifier) VALUES ('a', 'b')")
        raise RuntimeError

    monkeypatch.setattr(
        steps, "STEPS", (*steps.STEPS, steps.Step(versions.NEWEST + 1, "vault", "fails", fails))
    )
    monkeypatch.setattr(versions, "NEWEST", versions.NEWEST + 1)
    with pytest.raises(RuntimeError):
        steps.apply(connection, "vault")
    connection.execute("ROLLBACK")
    assert versions.read(connection, "vault") == versions.NEWEST - 1
    assert connection.execute("SELECT count(*) FROM vault.register.claims").fetchone() == (0,)


def test_a_column_that_an_old_vault_lacks_is_added(connection):
    connection.execute("ALTER TABLE vault.raw.salary DROP COLUMN country")
    schema.create(
        connection,
        Keys(**dict.fromkeys(("vault", "warehouse", "person", "pseudonym", "record", "signing"), "00" * 32)),
    )
    assert ("country",) in connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = 'salary'"
    ).fetchall()


def test_a_rate_published_before_gets_its_interval_from_what_is_published_of_it(connection):
    """Bases are shown, told by another cell, or follow from rate and numerator; a share at its edge has the
    interval of the edge.
    """
    connection.execute("""
        CREATE TABLE vault.ledger.cells_course_completion_funnel AS
        SELECT 'c' AS course_id, DATE '2025-01-01' AS start_quarter, step, n_learners,
            NULL::VARCHAR AS n_learners_reason,
            share AS share_of_registered, reason AS share_of_registered_reason, true AS is_complete,
                'r' AS release_id
        FROM (VALUES ('registered', 40, 1.0, NULL), ('started', 30, 0.75, NULL), ('25', 0, 0.0, NULL), ('50',
            9, NULL, 'too_few'))
            AS cells (step, n_learners, share, reason);
        CREATE TABLE vault.ledger.withdrawn_employment_outcome AS
        SELECT 'd' AS diploma_id, 2024 AS graduation_year, job_family, n_respondents,
            NULL::VARCHAR AS n_respondents_reason, share::DOUBLE AS share,
            NULL::VARCHAR AS share_reason, true AS is_complete, 'r' AS release_id, 'r' AS last_release_id,
                1 AS version
        FROM (VALUES ('data', 30, 0.3), ('design', NULL, 0.02), ('other', NULL, 0.98))
            AS cells (job_family, n_respondents, share)""")
    versions.write(connection, "vault", 7)
    steps.apply(connection, "vault")
    funnel = connection.execute("""
        SELECT step, share_of_registered_low, share_of_registered_high, share_of_registered_low_reason,
            share_of_registered_high_reason
        FROM vault.ledger.cells_course_completion_funnel""").fetchall()
    assert funnel == [
        ("registered", 1, 1, None, None), ("started", *inside({}, 0.75, 40), None, None),
        ("25", *inside({}, 0, 40), None, None), ("50", None, None, "too_few", "too_few"),
    ]  # fmt: skip
    shares = (
        "SELECT job_family, share_low, share_high, share_low_reason FROM "
        "vault.ledger.withdrawn_employment_outcome"
    )
    sampled = {"sampled": True, "sensitive": True}
    assert connection.execute(shares).fetchall() == [
        ("data", *inside(sampled, 0.3, 100), None),
        ("design", *inside(sampled, 0.02, 100), None),
        ("other", *inside(sampled, 0.98, 100), None),
    ]


def inside(rate: dict, share: float, base: int) -> tuple[float | None, float | None]:
    law = steps._of_before(load_policy())
    return interval((law, law), rate, share, base)
