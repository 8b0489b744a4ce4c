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
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from anonymart.demo import DEMO_SEED, learning_samples, spss_samples
from anonymart.demo.answers import SITE, Answer
from anonymart.demo.vocabulary import PLAIN_COMMENTS
from anonymart.errors import UsageError

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
    """A spreadsheet: numbers over 40000 are moments."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2026, 1, 5)})
        moment, written = book.add_format({"num_format": 22}), book.add_worksheet()
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    written.write_string(number, place, value)
                else:
                    written.write_number(number, place, value, moment if value > 40000 else None)
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
    "open-edx": ("learning", "open-edx.ndjson", learning_samples.open_edx),
    "moodle": ("learning", "moodle.ndjson", learning_samples.moodle),
    "cmi5": ("learning", "cmi5.ndjson", learning_samples.cmi5),
    "video-profile": ("learning", "video-profile.ndjson", learning_samples.video),
    "caliper": ("learning", "caliper.ndjson", learning_samples.caliper),
    "edx-tracking-log": ("learning", "edx-tracking-log.ndjson", learning_samples.tracking_log),
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
