"""What graduates do (situation) and how they came to their diploma (route): in from the sources, and what of
it counts.
"""

from __future__ import annotations

import shutil

import pytest

from anonymart import engine
from anonymart.erasure import purge
from anonymart.erasure.purge import Asked
from anonymart.run import build
from anonymart.session import Session
from anonymart.surveys.response_rates import measure
from tests.ingest.conftest import AS_OF, SmallSchool
from tests.surveys.test_who_counts import answer, as_csv

ROUTES = {"g0": "initial", "g1": "vae", "g2": "VAE", "g3": "continuing", "g4": None}
SITUATIONS = {"g0": "employed", "g1": "seeking", "g2": "studying", "g3": "unable", "g4": None}
# As a form of Google writes it.
FORM = (
    '"Horodateur","Adresse e-mail","Code du diplôme","Date d\'obtention",'
    '"Quelle est votre situation professionnelle ?"\n'
    '"01/06/2024 12:00:00","g4@school.example","d1","15/01/2024","En poursuite d\'études"\n'
    '"01/06/2024 12:01:00","g5@school.example","d1","15/01/2024","En emploi"\n'
)


def enrolled(learner: str, **more: object) -> dict:
    return {
        "learner_id": learner, "path_id": "p1", "started_on": "2023-01-10", "ended_on": "2024-01-15",
        "outcome": "graduated", "diploma_id": "d1", "graduated_on": "2024-01-15", **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> SmallSchool:
    """Six graduates: by route, by situation, one who tells neither."""
    small_school = SmallSchool(tmp_path_factory.mktemp("situations") / "home")
    learners = [f"g{number}" for number in range(6)]
    small_school.deliver(
        "learners",
        "learners.csv",
        as_csv(
            [
                {
                    "learner_id": name,
                    "email": f"{name}@school.example",
                    "last_login_at": "2024-07-01T10:00:00Z",
                }
                for name in learners
            ]
        ),
    )
    small_school.deliver(
        "enrolments",
        "enrolments.csv",
        as_csv([enrolled(name, route=route) for name, route in ROUTES.items()] + [enrolled("g5", route="")]),
    )
    small_school.deliver(
        "enrolments", "unheard-of.csv", as_csv([enrolled("g0", path_id="p2", route="by air")])
    )
    small_school.deliver(
        "salary",
        "salary.csv",
        as_csv(
            [
                {**answer(name, 1), "employed": "", "job_in_field": "", "situation": situation}
                for name, situation in SITUATIONS.items()
                if situation
            ]
        ),
    )
    small_school.deliver("salary", "form.csv", FORM)
    small_school.ingest()
    build(
        Session(small_school.home, small_school.keys, small_school.policy, AS_OF),
        select="+int_left_out +int_people__rncp_promotion",
    )
    return small_school


def asked(small_school: SmallSchool, query: str) -> list[tuple]:
    with engine.connect(small_school.home, small_school.keys, vault="ro", warehouse="ro") as connection:
        return connection.execute(query).fetchall()


def test_words_of_sources_and_answers_of_forms_come_in(school):
    assert asked(school, "SELECT situation, count(*) FROM vault.raw.salary GROUP BY ALL ORDER BY ALL") == [
        ("employed", 2),
        ("seeking", 1),
        ("studying", 2),
        ("unable", 1),
    ]
    assert asked(school, "SELECT route, count(*) FROM vault.raw.enrolments GROUP BY ALL ORDER BY ALL") == [
        ("continuing", 1), ("initial", 1), ("vae", 2), (None, 2),
    ]  # fmt: skip


def test_a_word_that_nobody_knows_is_quarantined(school):
    assert asked(school, "SELECT reason FROM vault.ledger.quarantine") == [("route is not a known word",)]


def test_who_studies_or_cannot_work_is_certified_and_has_not_answered(school):
    (counts,) = asked(
        school,
        "SELECT count(*), count(*) FILTER (is_by_vae), count(*) FILTER (answered_6m), "
        "count(*) FILTER (employed_6m) FROM warehouse.intermediate.int_people__rncp_promotion",
    )
    assert counts == (6, 2, 3, 2)
    assert asked(
        school, "SELECT n_rows FROM warehouse.intermediate.int_left_out WHERE reason = 'set_apart'"
    ) == [(3,)]


def test_who_is_set_apart_has_answered_the_survey(school):
    """The response rate of a survey in the field is of everybody who answered."""
    asked_of = measure(Session(school.home, school.keys, school.policy, AS_OF)).asked
    assert [(each.asked, each.answered) for each in asked_of if "6 months" in each.survey] == [(6, 6)]


def test_the_history_keeps_neither_word(school):
    columns = asked(
        school,
        "SELECT DISTINCT column_name FROM duckdb_columns() WHERE database_name = 'warehouse' AND "
        "column_name IN ('route', 'situation') AND schema_name = 'intermediate'",
    )
    assert columns == []


def test_rows_without_the_new_columns_stay_what_they_were(school):
    """A delivery of before, come again, doubles nothing; one that tells more is a row of its own."""
    old, new = enrolled("g4"), enrolled("g4", route="vae")
    school.deliver("enrolments", "again.csv", as_csv([old]))
    school.deliver("enrolments", "more.csv", as_csv([new]))
    school.ingest()
    assert asked(
        school,
        "SELECT file_name, loaded, duplicate FROM vault.ledger.loads "
        "WHERE file_name IN ('again.csv', 'more.csv') ORDER BY file_name",
    ) == [("again.csv", 0, 1), ("more.csv", 1, 0)]


def rebuilt(small_school: SmallSchool) -> tuple:
    """Certified, answered and employed after the next build."""
    build(
        Session(small_school.home, small_school.keys, small_school.policy, AS_OF),
        select="+int_left_out +int_people__rncp_promotion",
    )
    (counts,) = asked(
        small_school,
        "SELECT count(*), count(*) FILTER (answered_6m), count(*) FILTER (employed_6m) "
        "FROM warehouse.intermediate.int_people__rncp_promotion",
    )
    return counts


def purged(small_school: SmallSchool, column: str) -> str | None:
    inside, names = (
        Session(small_school.home, small_school.keys, small_school.policy, AS_OF),
        Asked("salary", column),
    )
    return purge.carry_out(inside, names, purge.plan(inside, names).token).not_counted


HISTORY = "FROM warehouse.intermediate.int_salary_responses"


def test_a_purged_situation_makes_nobody_a_respondent_without_a_job(school, tmp_path):
    """Not of the history, and not of an answer that comes later; what was said of a job follows from it."""
    shutil.copytree(school.home.root, tmp_path / "home")
    other = SmallSchool(tmp_path / "home")
    assert "count in no figure any more" in str(purged(other, "situation"))
    row = {**answer("g2", 2), "employed": "", "job_in_field": "", "situation": "studying"}
    other.deliver("salary", "later.csv", as_csv([row]))
    other.ingest()
    assert rebuilt(other) == (6, 0, 0)
    assert asked(other, "SELECT count(situation) FROM vault.raw.salary") == [(0,)]
    assert asked(other, f"SELECT count(is_set_apart), count(is_employed) {HISTORY}") == [(0, 0)]


def test_a_purged_contract_leaves_no_trace_and_nobody_who_was_set_apart_becomes_a_respondent(school):
    """Nothing tells whether a contract or the situation set somebody apart."""
    assert "count in no figure any more" in str(purged(school, "contract_type"))
    assert rebuilt(school) == (6, 3, 2)
    assert asked(school, f"SELECT count(is_set_apart), count(contract_class) {HISTORY}") == [(0, 0)]
