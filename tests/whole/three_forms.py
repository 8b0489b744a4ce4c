"""One week of an Open edX in the three forms in which it may be told: its tracking log, xAPI and Caliper as
event-routing-backends writes them.

Each learner enrols, opens a page, plays a video, answers a problem (wrong, then right: two submissions), and
completes the course; a grade follows each submission, staff enrols. All people and ids are made up.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

COURSE = "course-v1:Campus+PY101+2025"
PAGE, VIDEO, PROBLEM = (
    f"block-v1:Campus+PY101+2025+type@{kind}+block@{uuid.uuid5(uuid.NAMESPACE_URL, kind).hex}"
    for kind in ("sequential", "video", "problem")
)
N_LEARNERS = 25
ACTIVITIES = "http://adlnet.gov/expapi/activities"
# What each learner does, at a minute of their day: the deed, and whether an answer is right.
WEEK = [
    ("enrol", None),
    ("page", None),
    ("video", None),
    ("answer", False),
    ("grade", False),
    ("answer", True),
    ("grade", True),
    ("complete", None),
]


def learner_rows(host: str, forms: tuple[str, ...]) -> list[dict]:
    """The register: each learner under the accounts that these forms name."""
    rows = []
    for number in range(N_LEARNERS):
        names = {"log": f"user{number:03d}", "xapi": _uuid(host, number), "caliper": _uuid(host, number)}
        for name in dict.fromkeys(names[form] for form in forms):
            rows.append(
                {
                    "learner_id": f"{host}-{number}",
                    "account_home_page": f"https://{host}",
                    "account_name": name,
                }
            )
    return rows


def events(host: str, form: str) -> Iterator[dict]:
    """The week of every learner in one form."""
    told = {"log": _log, "xapi": _xapi, "caliper": _caliper}[form]
    for number in range(N_LEARNERS):
        for minute, (deed, is_right) in enumerate(WEEK):
            moment = f"2025-02-{3 + number % 5:02d}T23:{minute * 5:02d}:{number:02d}"
            yield told(host, number, deed, is_right, moment)


def as_lines(rows: Iterator[dict]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _uuid(host: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{host}/{number}"))


def _log(host: str, number: int, deed: str, is_right: bool | None, moment: str) -> dict:
    name, event = {
        "enrol": (
            "edx.course.enrollment.activated",
            {"course_id": COURSE, "user_id": 500 + number, "mode": "audit"},
        ),
        "page": ("edx.ui.lms.sequence.next_selected", {"id": PAGE}),
        "video": ("play_video", {"id": VIDEO, "currentTime": 0}),
        "answer": (
            "problem_check",
            {
                "problem_id": PROBLEM,
                "grade": int(bool(is_right)),
                "max_grade": 1,
                "success": "correct" if is_right else "incorrect",
            },
        ),
        "grade": (
            "edx.grades.problem.submitted",
            {
                "problem_id": PROBLEM,
                "user_id": 500 + number,
                "weighted_earned": int(bool(is_right)),
                "weighted_possible": 1,
            },
        ),
        "complete": ("edx.certificate.created", {"course_id": COURSE, "user_id": 500 + number}),
    }[deed]
    return {
        "username": f"user{number:03d}",
        "event_source": "server",
        "name": name,
        "event_type": name,
        "time": f"{moment}.000000+00:00",
        "event": event,
        "context": {"course_id": COURSE, "user_id": 500 + number, "org_id": "Campus"},
        "host": host,
        "session": "",
        "ip": "",
        "agent": "",
    }


def _xapi(host: str, number: int, deed: str, is_right: bool | None, moment: str) -> dict:
    lms, points = f"https://{host}", int(bool(is_right))
    verb, thing, kind, result = {
        "enrol": (
            "http://adlnet.gov/expapi/verbs/registered",
            f"{lms}/course/{COURSE}",
            f"{ACTIVITIES}/course",
            None,
        ),
        "page": (
            "https://w3id.org/xapi/dod-isd/verbs/navigated",
            f"{lms}/xblock/{PAGE}",
            f"{ACTIVITIES}/module",
            None,
        ),
        "video": (
            "https://w3id.org/xapi/video/verbs/played",
            f"{lms}/xblock/{VIDEO}",
            "https://w3id.org/xapi/video/activity-type/video",
            None,
        ),
        "answer": (
            "https://w3id.org/xapi/acrossx/verbs/evaluated",
            f"{lms}/xblock/{PROBLEM}",
            f"{ACTIVITIES}/cmi.interaction",
            {"success": is_right, "score": {"scaled": points, "raw": points, "min": 0, "max": 1}},
        ),
        "grade": (
            "http://adlnet.gov/expapi/verbs/attempted",
            f"{lms}/xblock/{PROBLEM}",
            f"{ACTIVITIES}/cmi.interaction",
            {"score": {"scaled": points, "raw": points, "min": 0, "max": 1}},
        ),
        "complete": (
            "http://adlnet.gov/expapi/verbs/completed",
            f"{lms}/course/{COURSE}",
            f"{ACTIVITIES}/course",
            None,
        ),
    }[deed]
    statement = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{host}{number}{moment}")),
        "version": "1.0.3",
        "timestamp": f"{moment}+00:00",
        "verb": {"id": verb},
        "actor": {"objectType": "Agent", "account": {"homePage": lms, "name": _uuid(host, number)}},
        "object": {"objectType": "Activity", "id": thing, "definition": {"type": kind}},
        "result": result,
        "context": {
            "contextActivities": {
                "parent": [{"id": f"{lms}/course/{COURSE}", "definition": {"type": f"{ACTIVITIES}/course"}}]
            }
        }
        if deed not in ("enrol", "complete")
        else None,
    }
    return {name: value for name, value in statement.items() if value is not None}


def _caliper(host: str, number: int, deed: str, is_right: bool | None, moment: str) -> dict:
    lms, points = f"https://{host}", int(bool(is_right))
    course = {"extensions": {"course_id": COURSE}}
    kind, action, thing = {
        "enrol": ("Event", "Activated", {"id": f"{lms}/course/{COURSE}", "type": "Membership", **course}),
        "page": (
            "NavigationEvent",
            "NavigatedTo",
            {"id": f"{lms}/xblock/{PAGE}", "type": "WebPage", **course},
        ),
        "video": ("MediaEvent", "Started", {"id": f"{lms}/xblock/{VIDEO}", "type": "VideoObject", **course}),
        "answer": (
            "AssessmentEvent",
            "Submitted",
            {
                "id": f"{lms}/xblock/{PROBLEM}",
                "type": "Assessment",
                "extensions": {
                    "course_id": COURSE,
                    "success": "correct" if is_right else "incorrect",
                    "grade": points,
                    "max_grade": 1,
                },
            },
        ),
        "grade": (
            "AssessmentEvent",
            "Submitted",
            {
                "id": f"{lms}/xblock/{PROBLEM}",
                "type": "Assessment",
                "extensions": {"course_id": COURSE, "weighted_earned": points, "weighted_possible": 1},
            },
        ),
        "complete": ("Event", "Completed", {"id": f"{lms}/course/{COURSE}", "type": "Membership", **course}),
    }[deed]
    return {
        "@context": "http://purl.imsglobal.org/ctx/caliper/v1p2",
        "id": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'caliper{host}{number}{moment}')}",
        "type": kind,
        "action": action,
        "eventTime": f"{moment}.000Z",
        "actor": {"id": f"{lms}/user/{_uuid(host, number)}", "type": "Person"},
        "object": thing,
    }
