"""Exports of other people's tools, as each tool writes them, with answers and activity of fictional people.

Forms of the files: the pages that each vendor publishes on its export; a test keeps each of them loadable.
The same seed gives the same bytes.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import random
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from anonymart.demo import DEMO_SEED, spss_samples
from anonymart.demo.answers import SITE, Answer
from anonymart.demo.vocabulary import MOODLE, OPEN_EDX, PLAIN_COMMENTS
from anonymart.errors import UsageError

_ADL = "http://adlnet.gov/expapi"
_FIRST_MOMENT = datetime(2026, 1, 5, 9, 30)
_RECOMMEND = "How likely are you to recommend us?"
_EXCEL_EPOCH = datetime(1899, 12, 30)


def _answers(tool: str, n: int, seed: int) -> list[Answer]:
    rng = random.Random(seed)
    comments = ["Très clair,\nmais long", 'Il dit « oui » et "non"', *PLAIN_COMMENTS]
    return [
        Answer(
            tool,
            number,
            _FIRST_MOMENT + timedelta(minutes=17 * number),
            rng.randint(0, 10),
            rng.choice(comments),
        )
        for number in range(1, n + 1)
    ]


def _csv(
    head: Sequence[str], rows: Sequence[Sequence[object]], encoding: str = "utf-8", delimiter: str = ","
) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n", delimiter=delimiter).writerows([head, *rows])
    return out.getvalue().encode(encoding)


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _lines(rows: Sequence[object]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def _delighted(answers: list[Answer]) -> bytes:
    head = (
        "id",
        "person",
        "survey_type",
        "score",
        "comment",
        "permalink",
        "created_at",
        "updated_at",
        "person_properties",
        "tags",
    )
    return _csv(
        head,
        [
            (
                a.number,
                "",
                "nps",
                a.score,
                a.comment,
                f"https://delighted.example/r/{a.number}",
                int((a.moment - datetime(1970, 1, 1)).total_seconds()),
                "",
                json.dumps({"learner_id": a.learner_id}),
                "",
            )
            for a in answers
        ],
    )


def _wootric(answers: list[Answer]) -> bytes:
    head = (
        "id",
        "created_at",
        "updated_at",
        "score",
        "text",
        "ip_address",
        "origin_url",
        "end_user_id",
        "survey_id",
        "completed",
        "excluded_from_calculations",
        "tags",
    )
    return _csv(
        head,
        [
            (
                a.number,
                a.at("%Y-%m-%dT%H:%M:%SZ"),
                "",
                a.score,
                a.comment,
                "192.0.2.7",
                SITE,
                a.learner_id,
                3,
                "true",
                str(a.number == 1).lower(),
                "",
            )
            for a in answers
        ],
    )


def _satismeter(answers: list[Answer]) -> bytes:
    head = (
        "id",
        "created",
        "rating",
        "score",
        "category",
        "feedback",
        "answers",
        "dismissed",
        "pending",
        "campaign",
        "device",
        "location",
        "user.userId",
        "user.email",
    )
    return _csv(
        head,
        [
            (
                a.number,
                a.at("%Y-%m-%dT%H:%M:%S.000Z"),
                *(("", "", "", "") if a.number == 1 else (a.score, 100, "promoter", a.comment)),
                "",
                "false",
                str(a.number == 1).lower(),
                "c",
                "",
                "",
                a.learner_id,
                a.email,
            )
            for a in answers
        ],
    )


def _typeform(answers: list[Answer]) -> bytes:
    return _csv(
        (
            "#",
            _RECOMMEND,
            "Your email",
            "Response Type",
            "Start Date (UTC)",
            "Submit Date (UTC)",
            "Network ID",
        ),
        [
            (
                f"t{a.number}",
                a.score,
                a.email,
                "partial" if a.number == 1 else "completed",
                a.at("%Y-%m-%d %H:%M:%S"),
                a.at("%Y-%m-%d %H:%M:%S"),
                "n",
            )
            for a in answers
        ],
    )


def _typeform_api(answers: list[Answer]) -> bytes:
    items = [
        {
            "response_id": f"t{a.number}",
            "response_type": "partial" if a.number == 1 else "completed",
            "landed_at": a.at("%Y-%m-%dT%H:%M:%SZ"),
            "submitted_at": a.at("%Y-%m-%dT%H:%M:%SZ"),
            "hidden": {"learner_id": a.learner_id},
            "answers": [
                {"field": {"id": "1", "ref": "nps", "type": "nps"}, "type": "number", "number": a.score},
                {
                    "field": {"id": "2", "ref": "comment", "type": "long_text"},
                    "type": "text",
                    "text": a.comment,
                },
            ],
        }
        for a in answers
    ]
    return _json({"items": items, "total_items": len(items), "page_count": 1})


def _limesurvey_rows(answers: list[Answer]) -> list[dict[str, str]]:
    return [
        {
            "id": str(a.number),
            "submitdate": "" if a.number == 1 else a.at("%Y-%m-%d %H:%M:%S", 1),
            "lastpage": "3",
            "startlanguage": "fr",
            "seed": "1",
            "token": f"t{a.number}",
            "NPS": str(a.score),
            "email": a.email,
        }
        for a in answers
    ]


def _limesurvey(answers: list[Answer]) -> bytes:
    rows = _limesurvey_rows(answers)
    return _csv(tuple(rows[0]), [tuple(row.values()) for row in rows], "utf-8-sig", ";")


def _limesurvey_rpc(answers: list[Answer]) -> bytes:
    exported = _json(
        {"responses": [{str(number): row} for number, row in enumerate(_limesurvey_rows(answers), 1)]}
    )
    return _json({"id": 1, "result": base64.b64encode(exported).decode(), "error": None})


def _formbricks(answers: list[Answer]) -> bytes:
    head = (
        "No.",
        "Response ID",
        "Timestamp",
        "Finished",
        "Survey ID",
        "User ID",
        "Would you recommend us?",
        "Verified Email",
    )
    return _csv(
        head,
        [
            (
                a.number,
                f"r{a.number}",
                a.at("%Y-%m-%d %H:%M:%S"),
                "No" if a.number == 1 else "Yes",
                "s1",
                "",
                a.score,
                a.email,
            )
            for a in answers
        ],
    )


_GOOGLE_HEAD = ("Horodateur", "Adresse e-mail", "Recommanderiez-vous notre école ?", "Pourquoi ?")


def _google_fr(answers: list[Answer]) -> bytes:
    """As somebody saved it from a spreadsheet in Windows: semicolons and cp1252."""
    rows = [(a.at("%d/%m/%Y %H:%M:%S", 1), a.email, a.score, a.comment) for a in answers]
    return _csv(_GOOGLE_HEAD, rows, "cp1252", ";")


def _google_en(answers: list[Answer]) -> bytes:
    rows = [(f"{a.moment.month}/{a.moment.day}/{a.at('%Y %H:%M:%S', 1)}", a.email, a.score) for a in answers]
    return _csv(("Timestamp", "Email Address", _RECOMMEND), rows)


def _google_xlsx(answers: list[Answer]) -> bytes:
    rows: list[list[str | float]] = [
        [(a.moment + timedelta(hours=1) - _EXCEL_EPOCH) / timedelta(days=1), a.email, a.score, a.comment]
        for a in answers
    ]
    return sheet([list(_GOOGLE_HEAD), *rows])


def sheet(rows: Sequence[Sequence[str | float]]) -> bytes:
    """The smallest spreadsheet (ECMA-376): numbers over 40000 are moments."""
    cells = "".join(
        "<row>" + "".join(
            f'<c s="{int(value > 40000)}"><v>{value}</v></c>' if isinstance(value, int | float)
            else f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
            for value in row) + "</row>"
        for row in rows
    )  # fmt: skip
    parts = {
        "xl/workbook.xml": "<workbook/>",
        "xl/styles.xml": '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{cells}</sheetData></worksheet>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(zipfile.ZipInfo(name, (2026, 1, 5, 0, 0, 0)), content)
    return out.getvalue()


_GROUPS = ("Detractor", "Passive", "Promoter")


def _qualtrics(answers: list[Answer]) -> bytes:
    head = (
        "StartDate",
        "EndDate",
        "Status",
        "IPAddress",
        "Progress",
        "Finished",
        "ResponseId",
        "RecipientEmail",
        "Q1_NPS_GROUP",
        "Q1",
        "Q2",
    )
    imports = [json.dumps({"ImportId": name}) for name in head]
    return _csv(
        head,
        [
            (
                "Start Date",
                "End Date",
                "Response Type",
                "IP Address",
                "Progress",
                "Finished",
                "Response ID",
                "Recipient Email",
                "Would you recommend\nus? - Group",
                "Would you recommend\nus?",
                "Why?",
            ),
            imports,
            *[
                (
                    a.at("%Y-%m-%d %H:%M:%S"),
                    a.at("%Y-%m-%d %H:%M:%S"),
                    "Survey Preview" if a.number == 1 else "IP Address",
                    "192.0.2.7",
                    100,
                    "True",
                    f"R_{a.number}",
                    a.email,
                    _GROUPS[(a.score > 6) + (a.score > 8)],
                    a.score,
                    a.comment,
                )
                for a in answers
            ],
        ],
    )


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


def _open_edx(answers: list[Answer]) -> bytes:
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


def _moodle(answers: list[Answer]) -> bytes:
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


def _cmi5(answers: list[Answer]) -> bytes:
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


def _video(answers: list[Answer]) -> bytes:
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


def _caliper(answers: list[Answer]) -> bytes:
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


def _tracking_log(answers: list[Answer]) -> bytes:
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


# Tool: folder below landing, name of the file, what writes it.
SAMPLES: dict[str, tuple[str, str, Callable[[list[Answer]], bytes]]] = {
    "delighted": ("nps", "delighted.csv", _delighted),
    "wootric": ("nps", "wootric.csv", _wootric),
    "satismeter": ("nps", "satismeter.csv", _satismeter),
    "typeform": ("nps", "typeform.csv", _typeform),
    "typeform-api": ("nps", "typeform.json", _typeform_api),
    "limesurvey": ("nps", "limesurvey.csv", _limesurvey),
    "limesurvey-rpc": ("nps", "limesurvey.json", _limesurvey_rpc),
    "formbricks": ("nps", "formbricks.csv", _formbricks),
    "google-forms-fr": ("nps", "google-fr.csv", _google_fr),
    "google-forms-en": ("nps", "google-en.csv", _google_en),
    "google-forms-xlsx": ("nps", "google.xlsx", _google_xlsx),
    "qualtrics": ("nps", "qualtrics.csv", _qualtrics),
    "qualtrics-spss": ("nps", "qualtrics.sav", spss_samples.qualtrics),
    "limesurvey-spss": ("nps", "limesurvey.sav", spss_samples.limesurvey),
    "open-edx": ("learning", "open-edx.ndjson", _open_edx),
    "moodle": ("learning", "moodle.ndjson", _moodle),
    "cmi5": ("learning", "cmi5.ndjson", _cmi5),
    "video-profile": ("learning", "video-profile.ndjson", _video),
    "caliper": ("learning", "caliper.ndjson", _caliper),
    "edx-tracking-log": ("learning", "edx-tracking-log.ndjson", _tracking_log),
}


def sample(tool: str, n: int = 40, seed: int = DEMO_SEED) -> bytes:
    """The bytes of a file as the tool writes it, with `n` answers or events. Raises UsageError for an unknown
    tool or none at all.
    """
    if tool not in SAMPLES:
        raise UsageError(f"There is no sample of that tool; there are: {', '.join(SAMPLES)}.")
    if n < 1:
        raise UsageError("A sample holds at least one answer.")
    return SAMPLES[tool][2](_answers(tool, n, seed))
