"""Only an enrolled graduate stands under a salary figure, once; every other answer is reported, and a school
without outcomes is told so.
"""

from __future__ import annotations

import csv
import io

import pytest

from anonymart import engine
from anonymart.persons import answer_sentences, count
from anonymart.run import build
from anonymart.session import Session
from tests.ingest.conftest import AS_OF, SmallSchool

N_OPENED = 30


def as_csv(rows: list[dict]) -> str:
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()


def answer(
    learner: str,
    number: int,
    answered_at: str = "2024-06-01T10:00:00Z",
    diploma: str = "d1",
    salary: int = 40_000,
) -> dict:
    return {
        "response_id": f"{learner}-{number}",
        "learner_id": learner,
        "diploma_id": diploma,
        "graduated_on": "2024-01-15",
        "answered_at": answered_at,
        "employed": "true",
        "job_in_field": "true",
        "working_time": "full_time",
        "salary_amount": salary,
        "salary_currency": "EUR",
        "salary_period": "year",
        "salary_basis": "gross",
    }


@pytest.fixture(scope="module")
def school(tmp_path_factory) -> SmallSchool:
    """Four graduates of whom one answers three times, one who gave up, and thirty opened accounts that answer
    as if they had graduated.
    """
    small_school = SmallSchool(tmp_path_factory.mktemp("who-counts") / "home")
    opened = [f"opened-{number:02}" for number in range(N_OPENED)]
    learners = [f"graduate-{number}" for number in range(4)] + ["gave-up", *opened]
    small_school.deliver(
        "learners",
        "l.csv",
        as_csv(
            [
                {"learner_id": name, "email": f"{name}@example.org", "last_login_at": "2026-05-01T10:00:00Z"}
                for name in learners
            ]
        ),
    )
    small_school.deliver("catalogue", "c.csv", "path_id\np1\np2\n")
    done = {
        "path_id": "p1",
        "started_on": "2023-01-10",
        "outcome": "graduated",
        "diploma_id": "d1",
        "graduated_on": "2024-01-15",
    }
    enrolled = [{"learner_id": name} | done for name in learners[:4]]
    enrolled += [{"learner_id": "gave-up"} | done | {"outcome": "abandoned"}]
    enrolled += [
        {"learner_id": name} | done | {"outcome": "in_progress", "diploma_id": "", "graduated_on": ""}
        for name in opened
    ]
    without = {**dict.fromkeys(done, ""), "started_on": "2022-01-10"}
    enrolled += [{"learner_id": name} | without | {"path_id": "p2"} for name in opened[:3]]
    enrolled += [{"learner_id": "gave-up"} | without | {"path_id": "p1", "outcome": "graduated"}]
    small_school.deliver("enrolments", "e.csv", as_csv(enrolled))
    answers = [
        answer("graduate-0", number, f"2024-06-0{number}T10:00:00Z", salary=30_000 + number)
        for number in (1, 2, 3)
    ]
    answers += [
        answer(name, 1, salary=20_000 if number % 2 else 90_000)
        for number, name in enumerate(["gave-up", *opened])
    ]
    small_school.deliver("salary", "s.csv", as_csv(answers))
    small_school.deliver(
        "nps",
        "n.csv",
        as_csv(
            [
                {
                    "learner_id": name,
                    "path_id": "p1",
                    "asked_at": "2024-06-01T10:00:00Z",
                    "answered_at": "2024-06-01T11:00:00Z",
                    "score": 0,
                }
                for name in opened
            ]
        ),
    )
    small_school.ingest()
    build(
        Session(small_school.home, small_school.keys, small_school.policy, AS_OF),
        select="+int_left_out +int_persons +int_people__salary_outcome",
    )
    return small_school


def asked(small_school: SmallSchool, query: str) -> list[tuple]:
    with engine.connect(small_school.home, small_school.keys, warehouse="ro") as connection:
        return connection.execute(query).fetchall()


def test_an_answer_makes_no_graduate_and_one_answer_counts_a_person(school):
    people = (
        "SELECT diploma_id, count(*), count(salary_eur_year), max(salary_eur_year) FROM "
        "warehouse.intermediate.int_people__salary_outcome"
    )
    assert asked(school, f"{people} WHERE months_after = 6 GROUP BY ALL ORDER BY ALL") == [
        ("all", 4, 0, None),
        ("d1", 4, 1, 30_003.0),
    ], "a diploma of one salary leaves all"


def test_the_other_answers_are_reported(school):
    assert asked(
        school,
        "SELECT n_rows FROM warehouse.intermediate.int_left_out WHERE source = 'salary' AND reason = "
        "'not_a_graduate'",
    ) == [(N_OPENED + 1,)]
    found = count(Session(school.home, school.keys))
    assert (found.graduates, found.salary_answers, found.answers_of_no_graduate) == (
        4,
        N_OPENED + 4,
        N_OPENED + 1,
    )
    assert [line for line in found.sentences if line.startswith("31 of 34 salary answers are in no figure")]


def test_enrolments_of_which_nobody_knows_what_became_are_reported(school):
    """Three of a path without any outcome, and one that says graduated and no day."""
    found = count(Session(school.home, school.keys))
    assert (found.enrolments_without_outcome, found.enrolments_without_day) == (3, 1)
    lines = [line for line in found.sentences if "are not in path_outcome" in line]
    assert [line.split(" ", 1)[0] for line in lines] == ["3", "1"]


def test_a_school_whose_enrolments_have_no_outcome_is_told(school):
    assert answer_sentences(4, 34, 0) == []
    assert len(answer_sentences(4, 34, 31)) == 1
    told = answer_sentences(0, 34, 34)
    assert (
        len(told) == 2 and "deliver outcome, diploma_id and graduated_on in the source enrolments" in told[1]
    )
