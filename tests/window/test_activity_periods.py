"""An activity period whose window has closed leaves no trace in any mart; the last use outlives the logs; old
files are taken over.
"""

from __future__ import annotations

from datetime import date

import pytest
from small_home import XAPI, SmallHome

from anonymart import engine
from anonymart.contracts import load_contracts
from anonymart.erasure.removal import enforce_terms as enforce
from anonymart.ingest import activity_periods
from anonymart.run import build
from anonymart.session import Session
from anonymart.vault import schema
from tests.ingest.conftest import SmallSchool
from tests.window.conftest import POLICY

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("activity_periods")]

# Visitors of the public site have no former life: each month they are others.
MARTS = [name for name, contract in load_contracts().items() if not contract.is_of_visitors]
N_GRADUATES = POLICY.figure("codes", "fewest_learners_of_a_diploma")


def school() -> str:
    """A catalogue, one person with two accounts, and enough graduates in the closed past that a diploma is a
    code.
    """
    others = [
        f"(1, 'learner:G{number}', 'p1', '2024-01-01', 'graduated', 'd1', '2024-12-31')"
        for number in range(N_GRADUATES)
    ]
    graduates = "".join(
        f"('learner:G{number}', 'learner', '{number:063d}G')," for number in range(N_GRADUATES)
    )
    return f"""
        INSERT INTO vault.register.identities (identifier, kind, person_id) VALUES
            {graduates}
            ('learner:L1', 'learner', repeat('1', 64)), ('account:https://school.example|a1', 'account',
                repeat('1', 64));
        INSERT INTO vault.raw.catalogue (load_no, path_id, course_id, chapter_id, exercise_id, project_id)
        VALUES
            (1, 'p1', NULL, NULL, NULL, NULL), (1, 'p1', 'c1', NULL, NULL, NULL), (1, NULL, 'c1', 'h1', NULL,
                NULL),
            (1, NULL, 'c1', 'h1', 'e1', NULL), (1, 'p1', NULL, NULL, NULL, 'j1');
        INSERT INTO vault.raw.enrolments (load_no, identifier, path_id, started_on, outcome, diploma_id,
            graduated_on)
        VALUES {", ".join(others)}
    """


def life(year: int, verbs: dict[str, str]) -> str:
    """A year of study in every source; `verbs` says what was done with the course, the chapter, the exercise
    and the project.
    """
    statements = "".join(
        f"""(1, '{actor}', '{XAPI}/verbs/{verbs[item]}', '{item}', '{XAPI}/activities/{kind}',
            '{year}-02-{day:02} 10:00:00', 0.5, 30),"""
        for day, (item, kind, actor) in enumerate(
            [
                ("c1", "course", "learner:L1"),
                ("h1", "module", "learner:L1"),
                ("e1", "question", "account:https://school.example|a1"),
                ("j1", "project", "learner:L1"),
            ],
            1,
        )
    )
    return f"""
        INSERT INTO vault.raw.learning (load_no, actor, verb_id, object_id, object_type, occurred_at,
            score_scaled, progress)
        VALUES (1, 'learner:L1', '{XAPI}/verbs/registered', 'c1', '{XAPI}/activities/course', '{year}-01-31',
            NULL, NULL),
            {statements.rstrip(",")};
        INSERT INTO vault.raw.enrolments (load_no, identifier, path_id, started_on, outcome, diploma_id,
            graduated_on)
        VALUES (1, 'learner:L1', 'p1', '{year}-01-01', 'graduated', 'd1', '{year}-06-30');
        INSERT INTO vault.answers.nps (load_no, response_id, identifier, path_id, asked_at, answered_at,
            score, comment)
        VALUES (1, 'n{year}', 'learner:L1', 'p1', '{year}-02-01', '{year}-02-03', {year % 10}, 'mentor');
        INSERT INTO vault.raw.salary (load_no, response_id, identifier, diploma_id, graduated_on, answered_at,
            employed,
            job_in_field, job_title, contract_type, working_time, salary_amount, salary_currency,
                salary_period, salary_basis)
        VALUES (1, 's{year}', 'learner:L1', 'd1', '{year}-06-30', '{year}-12-31', true, true, 'data analyst',
            'CDI', 'full_time',
            {year}0, 'EUR', 'year', 'gross');
    """


FORMER = (
    life(2017, {"c1": "completed", "h1": "completed", "e1": "passed", "j1": "passed"})
    + """
    INSERT INTO vault.raw.salary (load_no, response_id, identifier, diploma_id, graduated_on, answered_at,
        employed)
    VALUES (1, 'late', 'learner:L1', 'd1', '2017-06-30', '2026-01-31', false), (1, 'other', 'learner:L1',
        'd2', '2017-06-30', '2026-01-31', true);
    INSERT INTO vault.answers.nps (load_no, response_id, identifier, path_id, asked_at, answered_at, score)
    VALUES
        (1, 'n-closed', 'learner:L1', 'p1', '2022-02-04', '2022-03-03', 1);
"""
)
PRESENT = life(2025, {"c1": "progressed", "h1": "attempted", "e1": "failed", "j1": "failed"})


def world(root, content: str, keys_of: SmallHome | None = None) -> dict[str, list[str]]:
    """What each mart's people are in a home of this content; the home itself under ''."""
    home = SmallHome(root / "home", keys_of=keys_of)
    home.execute(school() + ";" + content)
    home.register_everybody()
    with engine.connect(home.home, home.keys, vault="rw") as connection:
        activity_periods.note(connection, "SELECT actor, occurred_at FROM vault.raw.learning", POLICY)
    home.build()
    found = {
        mart: sorted(map(str, home.rows(f"FROM warehouse.intermediate.int_people__{mart}"))) for mart in MARTS
    }
    return {"": home, **found}


@pytest.fixture(scope="module")
def with_former(tmp_path_factory):
    return world(tmp_path_factory.mktemp("with_former"), FORMER + PRESENT)


@pytest.fixture(scope="module")
def without_former(tmp_path_factory, with_former):
    return world(tmp_path_factory.mktemp("without_former"), PRESENT, keys_of=with_former[""])


def test_there_is_a_former_life(with_former, without_former):
    one = (
        "SELECT status, last_use_on::VARCHAR, closing_on::VARCHAR, counts_from_on::VARCHAR FROM "
        "warehouse.intermediate.int_persons WHERE status = 'in'"
    )
    assert with_former[""].rows(one) == [("in", "2025-02-04", "2030-02-04", "2022-02-05")]
    assert without_former[""].rows(one) == [("in", "2025-02-04", "2030-02-04", None)]
    years = "SELECT DISTINCT year(year) FROM warehouse.intermediate.int_activity__course ORDER BY 1"
    assert (with_former[""].rows(years), without_former[""].rows(years)) == ([(2017,), (2025,)], [(2025,)])


@pytest.mark.parametrize("mart", MARTS)
def test_every_mart_is_as_if_the_former_life_never_was(mart, with_former, without_former):
    assert without_former[mart], "nobody in it: nothing is shown"
    assert with_former[mart] == without_former[mart]


def test_last_use_survives_the_purge_of_connections(tmp_path):
    """A year later the log is gone and the person still in statistics, for as long as the last use allows
    (P-LOG, P-STAT).
    """
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver("learners", "a.csv", "learner_id\nL0000001\n")
    small_school.deliver("connections", "a.csv", "learner_id,connected_at\nL0000001,2025-06-29T22:30:00Z\n")
    small_school.ingest()
    enforce(Session(small_school.home, small_school.keys, small_school.policy, date(2027, 6, 30)))
    for as_of, status in ((date(2030, 6, 30), "in"), (date(2030, 7, 1), "expired")):
        build(
            Session(small_school.home, small_school.keys, small_school.policy, as_of),
            select="+int_identities",
        )
        with engine.connect(small_school.home, small_school.keys, vault="ro", warehouse="ro") as connection:
            assert connection.execute("SELECT status FROM warehouse.intermediate.int_persons").fetchall() == [
                (status,)
            ]
            assert connection.execute("SELECT count(*) FROM vault.register.connections").fetchone() == (0,)


def test_one_file_may_hold_two_activity_periods(tmp_path):
    """And a later file may tell that they were one."""
    small_school = SmallSchool(tmp_path / "home")
    rows = "".join(
        f"L0000001,{day}T10:00:00Z\n" for day in ("2025-05-01", "2014-05-01", "2018-05-01", "2025-04-01")
    )
    small_school.deliver("learners", "known.csv", "learner_id\nL0000001\n")
    small_school.deliver("connections", "a.csv", f"learner_id,connected_at\n{rows}")
    small_school.ingest()
    spans = (
        "SELECT first_use_at::DATE::VARCHAR, last_use_at::DATE::VARCHAR FROM vault.register.last_use "
        "ORDER BY 1"
    )
    assert small_school.ask(spans) == [("2014-05-01", "2018-05-01"), ("2025-04-01", "2025-05-01")]
    small_school.deliver("learners", "a.csv", "learner_id,last_login_at\nL0000001,2023-05-01T10:00:00Z\n")
    small_school.ingest()
    assert small_school.ask(spans) == [("2014-05-01", "2025-05-01")]


def test_a_vault_that_knows_last_uses_only_is_taken_over(tmp_path):
    home = SmallHome(tmp_path / "home")
    with engine.connect(home.home, home.keys, vault="rw") as connection:
        connection.execute("""
            CREATE OR REPLACE TABLE vault.register.last_use (identifier VARCHAR, last_use_at TIMESTAMP);
            INSERT INTO vault.register.last_use VALUES ('learner:L1', '2025-05-01 10:00:00')
        """)
        schema.create(connection, home.keys)
        uses = (
            "SELECT 'learner:L1', unnest([TIMESTAMP '2024-05-01 10:00:00', TIMESTAMP '2016-05-01 10:00:00'])"
        )
        activity_periods.note(connection, uses, POLICY)
        assert connection.execute(
            "SELECT first_use_at::DATE::VARCHAR, last_use_at::DATE::VARCHAR FROM "
            "vault.register.last_use ORDER BY 1"
        ).fetchall() == [("2016-05-01", "2016-05-01"), ("2024-05-01", "2025-05-01")]


def test_rollups_without_a_year_are_made_anew(with_former):
    """A warehouse of 0.1.0 gets them from all events."""
    home, mart = with_former[""], "course_completion_funnel"
    with engine.connect(home.home, home.keys, vault="ro", warehouse="rw") as connection:
        connection.execute(
            "ALTER TABLE warehouse.intermediate.int_activity__course DROP COLUMN year; DROP TABLE "
            "warehouse.main.schema_version"
        )
    home.build()
    assert sorted(map(str, home.rows(f"FROM warehouse.intermediate.int_people__{mart}"))) == with_former[mart]
