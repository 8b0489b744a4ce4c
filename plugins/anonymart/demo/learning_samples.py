"""Learning activity as each platform exports it, of fictional people: a form for each kind of platform."""

from __future__ import annotations

import json
from collections.abc import Sequence

from anonymart.demo.answers import SITE, Answer
from anonymart.demo.vocabulary import MOODLE, OPEN_EDX

_ADL = "http://adlnet.gov/expapi"


def _lines(rows: Sequence[object]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def _statement(a: Answer, verb: str, thing: dict, context: dict, result: dict | None = None) -> dict:
    """An xAPI statement (1.0.3) of a learner who is known by an account."""
    made = {
        "id": a.uuid,
        "timestamp": a.at("%Y-%m-%dT%H:%M:%S.000Z"),
        "actor": {"objectType": "Agent", "account": {"homePage": SITE, "name": a.learner_id}},
        "verb": {"id": verb, "display": {"en": verb.rpartition("/")[2]}},
        "object": thing,
        "context": context,
        "result": result,
    }
    return {name: value for name, value in made.items() if value is not None}


def _activity(iri: str, kind: str) -> dict:
    return {"objectType": "Activity", "id": iri, "definition": {"type": kind, "name": {"en": "Python"}}}


# As each platform names things: keys with + and @, 32 hexadecimal digits, pages told apart by their query.
_COURSE_KEY = "course-v1:Campus+PYTHONBASICS+2024"
_PROBLEM_KEY = "block-v1:Campus+PYTHONBASICS+2024+type@problem+block@0f3c5461f86764ad7bdbdf6cbdde61e6"
_COURSE = _activity(f"{OPEN_EDX}/course/{_COURSE_KEY}", f"{_ADL}/activities/course")
_MOODLE_COURSE = _activity(f"{MOODLE}/course/view.php?id=2", "https://w3id.org/xapi/cmi5/activitytype/course")


def open_edx(answers: list[Answer]) -> bytes:
    problem = _activity(f"{OPEN_EDX}/xblock/{_PROBLEM_KEY}", f"{_ADL}/activities/cmi.interaction")
    return _lines(
        [
            _statement(
                a,
                f"{_ADL}/verbs/answered",
                problem,
                {"contextActivities": {"parent": [_COURSE]}},
                {"success": a.score > 4, "score": {"scaled": a.score / 10}},
            )
            for a in answers
        ]
    )


def moodle(answers: list[Answer]) -> bytes:
    quiz, site = (
        _activity(f"{MOODLE}/mod/quiz/view.php?id=7", f"{_ADL}/activities/assessment"),
        _activity(MOODLE, "http://id.tincanapi.com/activitytype/site"),
    )
    source = _activity("http://moodle.org", "http://id.tincanapi.com/activitytype/source")
    context = {
        "platform": "Moodle",
        "contextActivities": {"grouping": [site, _MOODLE_COURSE], "category": [source]},
    }
    return _lines(
        [
            _statement(
                a,
                f"{_ADL}/verbs/completed",
                quiz,
                context,
                {"score": {"raw": a.score, "min": 0, "max": 10}, "completion": True},
            )
            for a in answers
        ]
    )


def cmi5(answers: list[Answer]) -> bytes:
    block = _activity(f"{SITE}/block/3", "https://w3id.org/xapi/cmi5/activitytype/block")
    context = {
        "registration": "7e6b1a7c-1f0e-4b7a-9a55-000000000001",
        "contextActivities": {
            "grouping": [block, _COURSE],
            "category": [{"id": "https://w3id.org/xapi/cmi5/context/categories/cmi5"}],
        },
        "extensions": {"https://w3id.org/xapi/cmi5/context/extensions/sessionid": "s"},
    }
    return _lines(
        [
            _statement(
                a,
                f"{_ADL}/verbs/passed",
                _activity(f"{SITE}/au/1", f"{_ADL}/activities/lesson"),
                context,
                {"success": True, "duration": "PT12M"},
            )
            for a in answers
        ]
    )


def video(answers: list[Answer]) -> bytes:
    progress = "https://w3id.org/xapi/video/extensions/progress"
    video = _activity(
        (
            f"{OPEN_EDX}/xblock/"
            f"block-v1:Campus+PYTHONBASICS+2024+type@video+block@7d1f3b9ce0a24b5f8f3d2c1b0a998877"
        ),
        "https://w3id.org/xapi/video/activity-type/video",
    )
    return _lines(
        [
            _statement(
                a,
                "https://w3id.org/xapi/video/verbs/paused",
                video,
                {"contextActivities": {"parent": [_COURSE]}},
                {"extensions": {progress: a.score / 10}},
            )
            for a in answers
        ]
    )


def caliper(answers: list[Answer]) -> bytes:
    version = "http://purl.imsglobal.org/ctx/caliper/v1p2"
    events = [
        {
            "@context": version,
            "id": f"urn:uuid:{a.uuid}",
            "type": "AssessmentItemEvent",
            "profile": "AssessmentProfile",
            "actor": {"id": f"{SITE}/users/{a.learner_id}", "type": "Person"},
            "action": "Completed",
            "eventTime": a.at("%Y-%m-%dT%H:%M:%S.000Z"),
            "object": {
                "id": f"{SITE}/items/3",
                "type": "AssessmentItem",
                "isPartOf": {"id": f"{SITE}/assess/1", "type": "Assessment"},
            },
            "group": {"id": f"{SITE}/courses/7/sections/1", "type": "CourseSection"},
            "edApp": {"id": SITE, "type": "SoftwareApplication"},
        }
        for a in answers
    ]
    return _lines(
        [
            {
                "sensor": SITE,
                "sendTime": answers[-1].at("%Y-%m-%dT%H:%M:%S.000Z"),
                "dataVersion": version,
                "data": events,
            }
        ]
    )


def tracking_log(answers: list[Answer]) -> bytes:
    return _lines(
        [
            {
                "username": a.learner_id,
                "event_type": "problem_check",
                "event_source": "server",
                "name": "problem_check",
                "time": a.at("%Y-%m-%dT%H:%M:%S.000000+00:00"),
                "event": {
                    "problem_id": _PROBLEM_KEY,
                    "grade": a.score,
                    "max_grade": 10,
                    "success": "correct",
                },
                "context": {"user_id": a.number, "course_id": _COURSE_KEY, "org_id": "Campus"},
                "host": OPEN_EDX.removeprefix("https://"),
                "session": "s",
                "ip": "192.0.2.7",
                "agent": "browser",
                "page": "x_module",
                "referer": "",
                "accept_language": "fr",
            }
            for a in answers
        ]
    )
