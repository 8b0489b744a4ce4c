"""The list of migrations: numbered without a gap, the last one is what the program writes, and each may be
run again on a new home.
"""

import duckdb
import pytest

from anonymart import engine, versions
from anonymart.contracts import load_contracts
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


@pytest.mark.parametrize("ends", [("", "_low", "_high"), ("",)])
def test_a_promotion_published_before_keeps_its_figures(connection, ends):
    """Its rates of two years stand in the mart that tells them now, under the release that published them;
    no route was asked, so no count of VAE; no period is published a second time.
    """
    rates = ("insertion_rate_6m", "insertion_in_field_rate_6m", "insertion_in_field_rate_24m")
    told = ", ".join(
        f"{share}::DOUBLE AS {rate}{end}, NULL::VARCHAR AS {rate}{end}_reason"
        for share, rate in zip((0.8, 0.6, 0.7), rates, strict=True)
        for end in ends
    )
    connection.execute(f"""
        CREATE TABLE vault.ledger.cells_rncp_promotion AS SELECT 'd' AS diploma_id, 2022 AS promotion_year,
            60 AS n_certified, NULL::VARCHAR AS n_certified_reason, {told}, true AS is_complete,
            'r' AS release_id;
        INSERT INTO vault.ledger.closed_periods VALUES ('rncp_promotion', '2022', 'r')""")
    versions.write(connection, "vault", 10)
    steps.apply(connection, "vault")
    for mart in ("rncp_promotion", "rncp_two_years"):
        cursor = connection.execute(f"SELECT * FROM vault.ledger.cells_{mart}")
        names = [column[0] for column in cursor.description]
        assert names == [*load_contracts()[mart].column_names, "release_id"]
        (row,) = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        assert (row["promotion_year"], row["is_complete"], row["release_id"]) == (2022, True, "r")
        if mart == "rncp_promotion":
            assert (row["n_certified"], row["insertion_rate_6m"]) == (60, 0.8)
            assert (row["n_certified_vae"], row["n_certified_vae_reason"]) == (None, "protected")
        else:
            assert row["n_certified"] == 60
            assert row["insertion_in_field_rate_24m"] == 0.7
            assert (row["insertion_in_field_rate_24m_high"] == 0.7) == (len(ends) == 3)
            assert row["insertion_in_field_rate_24m_high"] >= 0.7
    assert connection.execute("FROM vault.ledger.closed_periods ORDER BY ALL").fetchall() == [
        ("rncp_promotion", "2022", "r"), ("rncp_two_years", "2022", "r"),
    ]  # fmt: skip
    steps.promotions_of_the_register(connection)
    assert len(connection.execute("FROM vault.ledger.closed_periods").fetchall()) == 2


def test_a_recall_that_nothing_has_replaced_yet_names_both_marts_of_the_register(connection):
    """The next release says that it replaces both; one that was replaced stays what its manifest says."""
    connection.execute("""
        INSERT INTO vault.ledger.withdrawals (release_id, marts, replaced_by) VALUES
            ('a', ['rncp_promotion'], 'b'), ('b', ['nps_quarterly', 'rncp_promotion'], NULL),
            ('c', ['nps_quarterly'], NULL);
        CREATE TABLE vault.ledger.cells_rncp_promotion AS SELECT 'd' AS diploma_id, 2022 AS promotion_year,
            60 AS n_certified, NULL::VARCHAR AS n_certified_reason, 0.8 AS insertion_rate_6m,
            0.8 AS insertion_in_field_rate_6m, 0.7 AS insertion_in_field_rate_24m,
            NULL::VARCHAR AS insertion_rate_6m_reason, NULL::VARCHAR AS insertion_in_field_rate_6m_reason,
            NULL::VARCHAR AS insertion_in_field_rate_24m_reason, true AS is_complete, 'r' AS release_id""")
    for _ in range(2):
        versions.write(connection, "vault", 10)
        steps.apply(connection, "vault")
    query = "SELECT marts FROM vault.ledger.withdrawals ORDER BY release_id"
    assert connection.execute(query).fetchall() == [
        (["rncp_promotion"],), (["nps_quarterly", "rncp_promotion", "rncp_two_years"],), (["nps_quarterly"],),
    ]  # fmt: skip
