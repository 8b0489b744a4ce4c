"""Who acted and whom an event is about: enrolments by staff, grades by instructors, user ids, in tracking
logs, xAPI and Caliper.
"""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.ingest.conftest import SmallSchool, statement
from tests.ingest.test_learning import ADL, CAMPUS, activity, caliper, edx, load

LMS = "https://learn.example"
PROBLEM = "block-v1:Campus+PY101+2025+type@problem+block@0f3c5461f86764ad7bdbdf6cbdde61e6"
LEARNERS = "learner_id,email,account_home_page,account_name,registered_at\n"


def rows(small_school: SmallSchool, columns: str = "actor, is_use") -> list[tuple]:
    return small_school.ask(f"SELECT {columns} FROM vault.raw.learning ORDER BY ALL")


def by_staff(event_type: str, user_id: int = 100, **event: object) -> dict:
    return edx(
        event_type,
        {"user_id": user_id, "problem_id": PROBLEM, "weighted_earned": 1, "weighted_possible": 2, **event},
        username="staff1",
        context={"user_id": 1, "course_id": "course-v1:Campus+PY101+2025"},
    )


ABOUT_OTHERS = [
    by_staff("edx.course.enrollment.activated"),
    by_staff("edx.course.enrollment.deactivated"),
    by_staff("edx.grades.problem.submitted"),
    by_staff("edx.grades.subsection.grade_calculated", block_id=PROBLEM),
    by_staff("edx.grades.course.grade_calculated"),
    by_staff("edx.grades.problem.score_overridden"),
    by_staff("edx.course.grade.passed.first_time"),
    by_staff("edx.course.grade.now_failed"),
    by_staff("edx.certificate.created"),
    by_staff("edx.grades.problem.rescored") | {"time": "2025-03-01T10:17:00Z"},
    by_staff("edx.grades.problem.submitted") | {"username": "", "time": "2025-03-01T10:16:00Z"},
]


def test_what_staff_does_is_about_the_learner_and_no_use(small_school):
    counts = load(small_school, ABOUT_OTHERS)
    assert (counts.loaded, counts.reasons) == (len(ABOUT_OTHERS), {})
    assert set(rows(small_school)) == {(f"account:{LMS}|100", False)}
    assert small_school.ask("SELECT * FROM vault.register.last_use") == [], (
        "an enrolment or a grade by somebody else is no use"
    )


def test_what_a_learner_does_stands_under_the_username(small_school):
    own = {"username": "jean77", "context": {"user_id": 100, "course_id": "c"}}
    counts = load(
        small_school,
        [
            each | own | {"time": f"2025-03-01T10:{minute}:00Z"}
            for minute, each in enumerate(ABOUT_OTHERS, 10)
        ],
    )
    assert counts.loaded == len(ABOUT_OTHERS) and set(rows(small_school)) == {(f"account:{LMS}|jean77", True)}


def test_events_of_a_server_without_username_belong_to_the_user_inside(small_school):
    nobody = {"username": ""}
    found = [
        edx("problem_check", {"problem_id": PROBLEM}, **nobody, context={"user_id": 100, "course_id": "c"}),
        edx("some.event", {"user_id": 101}, **nobody, context={"course_id": "c"}),
        edx("some.event", {"username": "marie"}, **nobody, context={"user_id": "", "course_id": "c"}),
        edx(
            "edx.completion.block_completion.changed",
            {"block_id": PROBLEM, "completion": 1.0},
            **nobody,
            context={"user_id": 102, "course_id": "c"},
        ),
        edx(
            "edx.completion.block_completion.changed",
            {"block_id": PROBLEM, "completion": 0.5},
            username="staff1",
            context={"user_id": 103, "course_id": "c"},
        ),
        edx("some.event", "{}", **nobody, context={"user_id": None}),
    ]
    counts = load(small_school, found)
    assert counts.reasons == {"actor has no identifier that can be read": 1}
    assert rows(
        small_school, "replace(actor, 'account:https://learn.example|', ''), is_use, completion, progress"
    ) == [
        ("100", True, None, None),
        ("101", True, None, None),
        ("102", True, True, 100.0),
        ("103", False, None, 50.0),
        ("marie", True, None, None),
    ]


@pytest.mark.parametrize("claimed", ["username", "number"])
@pytest.mark.parametrize("is_log_first", [True, False])
def test_a_register_claims_the_name_or_the_number(small_school, claimed, is_log_first):
    """The log itself says that jean77 is user 100: who claims one of the two accounts owns both, whatever
    comes first.
    """
    name = {"username": "jean77", "number": "100"}[claimed]
    log = [
        edx("page_close", "{}", context={"user_id": 100, "course_id": "c"}),
        by_staff("edx.course.enrollment.activated"),
        edx("page_close", "{}", username="staff1", context={"user_id": 1, "course_id": "c"}),
    ]
    if is_log_first:
        load(small_school, log)
    small_school.deliver(
        "learners", "l.csv", f"{LEARNERS}L1,l1@school.example,{LMS},{name},2025-01-01T00:00:00Z\n"
    )
    small_school.ingest()
    if not is_log_first:
        load(small_school, log)
    found = dict(small_school.ask("SELECT identifier, anchor FROM vault.register.identities"))
    assert found[f"account:{LMS}|jean77"] == found[f"account:{LMS}|100"] == "learner:L1"
    assert found[f"account:{LMS}|staff1"] == found[f"account:{LMS}|1"] != "learner:L1"
    assert load(small_school, [by_staff("edx.certificate.created")], "later.ndjson").loaded == 1
    assert (
        dict(small_school.ask("SELECT identifier, anchor FROM vault.register.identities"))[
            f"account:{LMS}|100"
        ]
        == "learner:L1"
    )


def test_a_number_that_has_two_names_is_linked_with_none(small_school):
    context = {"user_id": 100, "course_id": "c"}
    load(
        small_school,
        [edx("page_close", "{}", username=name, context=context) for name in ("jean77", "jean78")],
    )
    assert small_school.ask("SELECT DISTINCT group_key = identifier FROM vault.register.identities") == [
        (True,)
    ]


def test_in_xapi_the_object_may_be_the_learner_and_the_instructor_who_acted(small_school):
    learner, teacher = (
        {"account": {"homePage": CAMPUS, "name": "100"}},
        {"account": {"homePage": CAMPUS, "name": "1"}},
    )
    context = {
        "contextActivities": {
            "grouping": [activity("course/view.php?id=2", f"{ADL}/course")],
            "parent": [activity("mod/quiz/view.php?id=7", f"{ADL}/assessment")],
        }
    }
    agent = {"objectType": "Agent", **learner}
    verbs = [
        "http://adlnet.gov/expapi/verbs/registered",
        "http://www.tincanapi.co.uk/verbs/enrolled_onto_learning_plan",
        "https://x.example/v/enrolled",
        "http://adlnet.gov/expapi/verbs/scored",
    ]
    found = [
        statement(number, actor=teacher, verb={"id": verb}, object=agent, context=context, result=None)
        for number, verb in enumerate(verbs, 1)
    ]
    graded = statement(
        5,
        actor=learner,
        verb={"id": "https://w3id.org/xapi/acrossx/verbs/evaluated"},
        object=activity("mod/quiz/view.php?id=7"),
        context={**context, "instructor": teacher},
    )
    answered = statement(
        6,
        actor=learner,
        verb={"id": "http://adlnet.gov/expapi/verbs/answered"},
        object=activity("mod/quiz/view.php?id=7"),
        context={**context, "instructor": teacher},
    )
    itself = statement(7, actor=learner, verb={"id": verbs[0]}, object=agent, context=context)
    group = statement(
        8,
        actor=teacher,
        verb={"id": verbs[0]},
        object={"objectType": "Group", "member": [agent]},
        context=context,
    )
    counts = load(small_school, [*found, graded, answered, itself, group])
    assert counts.reasons == {"the person or group that it is about has no identifier of one person": 1}
    stored = small_school.ask(
        "SELECT actor, is_use, regexp_extract(object_id, '[^/]+$'), regexp_extract(object_type, "
        "'[^/]+$') FROM vault.raw.learning ORDER BY statement_id"
    )
    course, quiz = ("view.php?id=2", "course"), ("view.php?id=7", "assessment")
    me = f"account:{CAMPUS}|100"
    assert stored == [
        (me, False, *course),
        (me, False, *course),
        (me, False, *course),
        (me, False, *quiz),
        (me, False, quiz[0], None),
        (me, True, quiz[0], None),
        (me, True, *course),
    ]


def test_in_caliper_a_member_and_a_graded_person_are_whom_it_is_about(small_school):
    person = {"id": f"{CAMPUS}/user/8f2b6a3c-1f0e-4b7a-9a55-0123456789ab", "type": "Person"}
    staff = {"id": f"{CAMPUS}/user/8f2b6a3c-1f0e-4b7a-9a55-0123456789ff", "type": "Person"}
    course = {"id": f"{CAMPUS}/course/c1", "type": "CourseSection"}
    membership = {"id": f"{CAMPUS}/m/1", "type": "Membership", "member": person, "organization": course}
    attempt = {
        "id": f"{CAMPUS}/attempts/1",
        "type": "Attempt",
        "assignee": person,
        "assignable": {"id": f"{CAMPUS}/quiz/1", "type": "Assessment"},
    }
    enrolled = {
        "id": f"{CAMPUS}/course/c1",
        "type": "Membership",
        "extensions": {"course_id": "course-v1:a+b+c"},
    }
    assert (
        load(
            small_school,
            [
                caliper(1, type="Event", action="Added", actor=staff, object=membership),
                caliper(2, type="Event", action="Removed", actor=staff, object=membership),
                caliper(3, type="GradeEvent", action="Graded", actor=staff, object=attempt),
                caliper(4, type="Event", action="Activated", actor=person, object=enrolled),
                caliper(5, type="Event", action="Deactivated", actor=person, object=enrolled),
            ],
        ).loaded
        == 5
    )
    me = f"account:{CAMPUS}|8f2b6a3c-1f0e-4b7a-9a55-0123456789ab"
    found = small_school.ask(
        "SELECT actor, is_use, regexp_extract(verb_id, '[^/#]+$'), regexp_extract(object_id, "
        "'[^/]+/[^/]+$') FROM vault.raw.learning ORDER BY statement_id"
    )
    assert found == [
        (me, False, "registered", "course/c1"),
        (me, False, "unregistered", "course/c1"),
        (me, False, "Graded", "quiz/1"),
        (me, True, "registered", "course/c1"),
        (me, True, "unregistered", "course/c1"),
    ]


@pytest.mark.real
def test_the_case_of_enrolments_by_staff(small_school):
    path = ROOT.parent / "shared" / "cases" / "open-edx-enrolled-by-staff.ndjson"
    if not path.exists():
        pytest.skip("the cases are not here")
    small_school.deliver("learning", path.name, path.read_bytes())
    assert small_school.ingest()[f"learning/{path.name}"].loaded == 30
    assert small_school.ask(
        "SELECT count(DISTINCT actor), count(*) FILTER (actor LIKE '%staff%'), bool_or(is_use) FROM "
        "vault.raw.learning WHERE verb_id LIKE '%registered'"
    ) == [(30, 0, False)]
