"""The history: the same whether it comes at once or in pieces, and however often a build is cut off."""

import pytest
from small_home import PLANTED, SmallHome

pytestmark = pytest.mark.long

HISTORY = [
    "int_activity__chapter",
    "int_activity__course",
    "int_activity__course_monthly",
    "int_activity__exercise_half_year",
    "int_activity__monthly",
    "int_activity__project",
    "int_enrolments",
    "int_events",
    "int_nps_responses",
    "int_salary_responses",
]


def history(home: SmallHome) -> dict[str, list[str]]:
    """Every row of every table of the history, as sorted texts."""
    with home.warehouse() as connection:
        return {
            table: sorted(
                str(row)
                for row in connection.execute(f"select * from warehouse.intermediate.{table}").fetchall()
            )
            for table in HISTORY
        }


@pytest.fixture(scope="module")
def piecewise_home(built_home, tmp_path_factory):
    """The same vault and keys, but built after each load, the second build cut off after the events."""
    home = SmallHome(tmp_path_factory.mktemp("piecewise") / "home", keys_of=built_home)
    home.load_first()
    home.build()
    home.load_second()
    home.build(select="int_events int_activity__course")
    home.build()
    return home


def test_pieces_give_what_one_build_gives(built_home, piecewise_home):
    assert history(piecewise_home) == history(built_home)


def test_history_outlives_raw_rows_and_full_refresh(piecewise_home):
    before = history(piecewise_home)
    piecewise_home.execute(
        "delete from vault.raw.learning; delete from vault.raw.salary; delete from vault.answers.nps"
    )
    piecewise_home.execute("delete from vault.raw.enrolments; delete from vault.raw.catalogue")
    done = piecewise_home.dbt("run", "--full-refresh", "--select", "path:models/intermediate/history")
    assert done.returncode == 0, done.stdout
    assert history(piecewise_home) == before


def test_last_load_holds(built_home):
    assert built_home.rows(
        "select outcome, count(*) from warehouse.intermediate.int_enrolments group by 1 order by 1"
    ) == [
        ("abandoned", 1),
        ("graduated", 1),
    ]
    assert built_home.rows("select salary_eur_year from warehouse.intermediate.int_salary_responses") == [
        (40000.0,)
    ]
    assert built_home.rows(
        "select score, themes from warehouse.intermediate.int_nps_responses where load_no = 2"
    ) == [(10, ["mentoring"])]  # fmt: skip


def test_rollups_add_up_over_loads(built_home):
    assert built_home.rows(
        "select month::varchar, n_events, n_registrations, n_completions, progress"
        " from warehouse.intermediate.int_activity__course_monthly where n_registrations + n_completions > 0"
        " and identity_key in (select identity_key from warehouse.intermediate.int_identities) order by 1"
    ) == [("2025-02-01", 2, 1, 0, 30.0), ("2025-03-01", 1, 0, 1, 100.0)]
    assert built_home.rows(
        "select n_answered_scored, n_successes, score_scaled from "
        "warehouse.intermediate.int_activity__exercise_half_year"
        " where exercise_id = 'e1'"
    ) == [(2, 1, 0.9)]


def test_two_accounts_of_a_person_meet(built_home):
    """One pseudonym behind three identifiers, none behind the one that names nobody, and a known minor is
    out.
    """
    assert built_home.rows(
        "select count(*), count(distinct person_key) from warehouse.intermediate.int_identities"
    ) == [(5, 3)]
    assert built_home.rows(
        "select status, count(*) from warehouse.intermediate.int_persons group by 1 order by 1"
    ) == [
        ("in", 2),
        ("minor", 1),
    ]
    counts = dict(built_home.rows("select source, n_rows from warehouse.intermediate.int_no_person_counts"))
    assert counts == {"nps": 1, "salary": 0, "enrolments": 0, "learning": 1}


def test_no_text_leaves_the_vault(built_home):
    """Nobody's words, names or addresses stand in a table of the warehouse."""
    tables = built_home.rows(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'warehouse'"
    )
    assert len(tables) > 40
    with built_home.warehouse() as connection:
        content = "\n".join(
            str(connection.execute(f"select * from warehouse.{table}").fetchall()) for (table,) in tables
        )  # fmt: skip
    for identifier in PLANTED:
        assert identifier not in content
    assert "'mentoring'" in content
