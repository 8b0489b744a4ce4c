"""Response rates while a survey is in the field: exact counts for the data team, without an identifier."""

from __future__ import annotations

import json
from datetime import date

import pytest
from click.testing import CliRunner

from anonymart.cli.commands import anonymart
from anonymart.demo.samples import SAMPLES, sample
from anonymart.run import build
from anonymart.session import Session
from anonymart.surveys.response_rates import ResponseRates, measure
from tests.ingest.conftest import AS_OF, SmallSchool
from tests.surveys.test_who_counts import answer, as_csv

ASKED = [
    # May: three were asked, one has answered; June: one was asked on 31 May by UTC, which is June in Paris.
    ("one", "2026-05-04T10:00:00Z", "2026-05-05T10:00:00Z", "9"),
    ("two", "2026-05-04T10:00:00Z", "", ""),
    ("three", "2026-05-31T21:59:00Z", "", ""),
    ("four", "2026-05-31T22:30:00Z", "2026-06-01T10:00:00Z", "3"),
    ("five", "", "2026-06-02T10:00:00Z", "10"),
]


@pytest.fixture(scope="module")
def school(tmp_path_factory) -> SmallSchool:
    small_school = SmallSchool(tmp_path_factory.mktemp("response-rates") / "home")
    names = ["one", "two", "three", "four", "five", "late"]
    learners = [{"learner_id": name, "last_login_at": "2026-06-01T10:00:00Z"} for name in names]
    small_school.deliver("learners", "l.csv", as_csv(learners))
    small_school.deliver("catalogue", "c.csv", "path_id\np1\n")
    # Of two graduates of January 2024 one answers after six months; whoever graduated in May is asked later.
    graduated = {"one": "2024-01-15", "two": "2024-01-20", "late": "2026-05-10"}
    enrolled = [
        {
            "learner_id": name,
            "path_id": "p1",
            "started_on": "2023-01-10",
            "outcome": "graduated",
            "diploma_id": "d1",
            "graduated_on": day,
        }
        for name, day in graduated.items()
    ]
    small_school.deliver("enrolments", "e.csv", as_csv(enrolled))
    small_school.deliver("salary", "s.csv", as_csv([answer("one", 1)]))
    columns = ("learner_id", "asked_at", "answered_at", "score")
    small_school.deliver("nps", "n.csv", as_csv([dict(zip(columns, row, strict=True)) for row in ASKED]))
    small_school.ingest(date(2026, 6, 3))
    partial = "learner_id,answered_at,score\none,2026-06-04T10:00:00Z,11\n"
    small_school.deliver("nps", "bad.csv", partial)
    small_school.ingest()
    return small_school


def measured(small_school: SmallSchool, as_of: date = AS_OF) -> ResponseRates:
    return measure(Session(small_school.home, small_school.keys, small_school.policy, as_of))


def test_questions_and_answers_are_counted_by_month(school: SmallSchool) -> None:
    nps = [each for each in measured(school).as_dict()["asked"] if each["survey"] == "nps"]
    assert nps == [
        {"survey": "nps", "month": "2026-06", "asked": 1, "answered": 1, "others": 1, "rate": 1.0},
        {"survey": "nps", "month": "2026-05", "asked": 3, "answered": 1, "others": 0, "rate": 0.3333},
    ]


def test_nothing_is_counted_of_days_to_come(school: SmallSchool) -> None:
    found = measured(school, date(2026, 5, 10)).as_dict()
    assert [(each["month"], each["asked"]) for each in found["asked"]] == [("2026-05", 2)]
    assert found["delivered"] == []


def test_what_became_of_delivered_rows_is_told(school: SmallSchool) -> None:
    delivered = {each["survey"]: each for each in measured(school).as_dict()["delivered"]}
    assert delivered["nps"] == {
        "survey": "nps",
        "month": "2026-06",
        "delivered": 6,
        "loaded": 5,
        "partial": 0,
        "quarantined": 1,
        "refused": 0,
        "duplicate": 0,
    }
    assert delivered["salary"]["loaded"] == 1


def test_partial_answers_are_told_apart(small_school: SmallSchool) -> None:
    small_school.deliver("nps", SAMPLES["typeform"][1], sample("typeform"))
    small_school.ingest()
    (found,) = measured(small_school).delivered
    assert found.partial == 1 and found.delivered == (
        found.loaded + found.partial + found.quarantined + found.refused + found.duplicate
    )


def test_before_the_first_answer_it_says_so(small_school: SmallSchool) -> None:
    small_school.ingest()
    assert measured(small_school).sentences == ["No survey has brought anything yet."]


@pytest.mark.long
def test_graduates_are_asked_once_their_span_has_begun(school: SmallSchool) -> None:
    build(
        Session(school.home, school.keys, school.policy, AS_OF),
        select="+int_left_out +int_people__salary_outcome",
    )
    salary = [each for each in measured(school).as_dict()["asked"] if each["survey"] != "nps"]
    assert salary == [
        {
            "survey": f"salary, {months} months after graduation",
            "month": "2024-01",
            "asked": 2,
            "answered": answered,
            "others": 0,
            "rate": answered / 2,
        }
        for months, answered in ((6, 1), (24, 0))
    ]


def told_by(small_school: SmallSchool, *words: str) -> str:
    env = {"ANONYMART_HOME": str(small_school.home.root)}
    done = CliRunner().invoke(anonymart, [*words], env=env)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_says_counts_and_names_nobody(school: SmallSchool) -> None:
    words = ("sources", "response-rates", "--as-of", "2026-06-30")
    told = told_by(school, *words)
    assert "nps 2026-05: 1 of 3 answered (33.3%)" in told
    as_json = json.loads(told_by(school, *words, "--json"))
    assert set(as_json) == {"asked", "delivered"}
    assert not {"one", "two", "three", "four", "five"} & set(told.replace(":", " ").split())
