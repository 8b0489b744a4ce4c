"""Whole exports of Moodle's log, the report and the table: learners by user id, objects by their pages, names
never read (D-IDENT).
"""

from __future__ import annotations

import dataclasses

import pytest

from anonymart.ingest import learning, learning_map
from tests.ingest.test_learning import HIDDEN, load

SITE = "https://moodle.school.example"
HEADS = {
    "en": 'Time,"User full name","Affected user","Event context",Component,"Event '
    'name",Description,Origin,"IP address"',
    "fr": "Heure,Nom complet de l’utilisateur,Utilisateur touché,Contexte de l’événement,Composant,Nom de "
    "l’événement,Description,Origine,Adresse IP",
}
DESCRIPTIONS = [
    (
        "The user with id '100' viewed the course with id '2'.",
        ("100", True, "viewed", "/course/view.php?id=2"),
    ),
    (
        "The user with id '3' enrolled the user with id '100' using the enrolment method 'manual' in the "
        "course with id '2'.",
        ("100", False, "registered", "/course/view.php?id=2"),
    ),
    (
        "The user with id '101' enrolled the user with id '101' using the enrolment method 'self' in the "
        "course with id '2'.",
        ("101", True, "registered", "/course/view.php?id=2"),
    ),
    (
        "The user with id '3' unenrolled the user with id '100' using the enrolment method 'manual' from "
        "the course with id '2'.",
        ("100", False, "unregistered", "/course/view.php?id=2"),
    ),
    (
        "The user with id '100' viewed the 'quiz' activity with course module id '7'.",
        ("100", True, "viewed", "/mod/quiz/view.php?id=7"),
    ),
    (
        "The user with id '100' has started the attempt with id '8' for the quiz with course module id '7'.",
        ("100", True, "attempted", "/mod/quiz/view.php?id=7"),
    ),
    (
        (
            "The user with id '100' has submitted the attempt with id '8' for the quiz with course module "
            "id '7'."
        ),
        ("100", True, "completed", "/mod/quiz/view.php?id=7"),
    ),
    (
        "The user with id '100' has submitted the submission with id '5' for the assignment with course "
        "module id '9'.",
        ("100", True, "submit", "/mod/assign/view.php?id=9"),
    ),
    (
        "The user with id '3' has graded the submission '5' for the user with id '100' for the assignment "
        "with course module id '9'.",
        ("100", False, "scored", "/mod/assign/view.php?id=9"),
    ),
    (
        "The user with id '3' updated the completion state for the course module with id '7' for the user "
        "with id '100'.",
        ("100", False, "completed", "/mod/quiz/view.php?id=7"),
    ),
    (
        "The user with id '100' completed the course with id '2'.",
        ("100", False, "completed", "/course/view.php?id=2"),
    ),
    ("The user with id '100' has logged in.", ("100", True, "logged-in", "")),
    ("The user with id '100' has viewed the profile for the user with id '3'.", ("100", True, "viewed", "")),
]


@pytest.fixture
def site(monkeypatch):
    mapping = learning_map.load_map()
    monkeypatch.setattr(
        learning,
        "load_map",
        lambda: dataclasses.replace(mapping, moodle={**mapping.moodle, "site": SITE + "/"}),
    )


def report(language: str, times: list[str]) -> str:
    rows = [
        f'"{time}","{HIDDEN}","{HIDDEN}","User: {HIDDEN}",System,x,"{text}",web,203.0.113.7'
        for time, (text, _) in zip(times, DESCRIPTIONS, strict=False)
    ]
    return "\n".join([HEADS[language], *rows]) + "\n"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_report_is_read_in_any_language(small_school, site, language):
    counts = load(
        small_school,
        report(language, [f"3/02/25, 10:00:{second}" for second in range(10, 40)]),
        f"logs-{language}.csv",
    )
    assert (
        counts.delivered,
        counts.loaded,
        counts.reasons,
        counts.unknown_columns,
        counts.unknown_names,
    ) == (len(DESCRIPTIONS), len(DESCRIPTIONS), {}, [], {})
    found = small_school.ask(
        "SELECT actor, is_use, regexp_extract(verb_id, '[^/]+$'), object_id FROM vault.raw.learning "
        "ORDER BY occurred_at"
    )
    assert found == [
        (f"account:{SITE}|{who}", is_use, verb, SITE + page) for _, (who, is_use, verb, page) in DESCRIPTIONS
    ]
    assert small_school.ask("SELECT min(occurred_at)::VARCHAR FROM vault.raw.learning") == [
        ("2025-02-03 09:00:10",)
    ]
    assert HIDDEN not in small_school.everything()


def test_times_are_those_of_the_school(small_school, site):
    times = [
        "3/02/25, 10:00:10",
        "3 February 2025, 10:00",
        "3 février 2025, 10:00",
        "03/02/2025 10:00:10",
        "lundi, 3 févr. 2025, 10:00",
        "Monday, 3 February 2025, 10:00 AM",
        "2025-02-03 10:00:10",
        "3/07/25, 10:00",
        "3 Feb, 10:00",
    ]
    rows = [
        f"\"{time}\",a,b,c,d,e,\"The user with id '{number}' viewed the course with id '2'.\",web,ip"
        for number, time in enumerate(times, 1)
    ]
    counts = load(small_school, "\n".join([HEADS["en"], *rows]), "logs.csv")
    assert counts.reasons == {"timestamp and stored are missing": 1}
    assert small_school.ask(
        "SELECT DISTINCT date_trunc('minute', occurred_at)::VARCHAR FROM vault.raw.learning ORDER BY 1"
    ) == [("2025-02-03 09:00:00",), ("2025-07-03 08:00:00",)]


def test_without_a_site_the_file_is_refused_and_says_what_to_declare(small_school):
    counts = load(small_school, report("fr", ["3/02/25, 10:00:10"]), "logs.csv")
    assert counts.status == "refused" and "`site` under `moodle`" in counts.reason


def test_the_table_is_read(small_school, site):
    head = (
        "id,eventname,component,action,target,objecttable,objectid,crud,edulevel,contextid,contextlevel,"
        "contextinstanceid,userid,courseid,relateduserid,anonymous,other,timecreated,origin,ip,realuserid"
    )

    def row(
        event: str,
        component: str,
        level: int,
        instance: int,
        user: int,
        related: object = "",
        other: str = "N;",
        course: int = 2,
    ) -> str:
        text = other.replace('"', '""')
        return (
            f'1,{event},{component},a,t,,,r,0,1,{level},{instance},{user},{course},{related},0,"{text}",'
            f"1738573200,web,203.0.113.7,"
        )

    rows = [
        row("\\core\\event\\course_viewed", "core", 50, 2, 100),
        row("\\core\\event\\user_enrolment_created", "core", 50, 2, 3, 100),
        row("\\mod_quiz\\event\\attempt_submitted", "mod_quiz", 70, 7, 100, 100),
        row("\\mod_assign\\event\\submission_graded", "mod_assign", 70, 9, 3, 100),
        row(
            "\\core\\event\\course_module_completion_updated",
            "core",
            70,
            7,
            100,
            100,
            '{"relateduserid":100,"completionstate":1}',
        ),
        row(
            "\\core\\event\\course_module_completion_updated",
            "core",
            70,
            9,
            100,
            100,
            'a:1:{s:15:"completionstate";i:0;}',
        ),
        row("\\core\\event\\course_completed", "core", 50, 2, 0, 101),
        row("\\core\\event\\user_loggedin", "core", 10, 0, 102, "", "N;", 0),
        row("\\core\\event\\course_viewed", "core", 50, 2, 0),
    ]
    counts = load(small_school, "\n".join([head, *rows]), "mdl_logstore_standard_log.csv")
    assert (counts.loaded, counts.reasons, counts.unknown_columns, counts.duplicate) == (
        7,
        {"actor has no identifier that can be read": 1},
        [],
        1,
    )
    found = small_school.ask(
        "SELECT split_part(actor, '|', 2), is_use, regexp_extract(verb_id, '[^/]+$'), "
        "replace(object_id, $$https://moodle.school.example$$, '') FROM vault.raw.learning ORDER BY ALL"
    )
    assert found == [
        ("100", False, "registered", "/course/view.php?id=2"),
        ("100", False, "scored", "/mod/assign/view.php?id=9"),
        ("100", True, "completed", "/mod/quiz/view.php?id=7"),
        ("100", True, "viewed", "/course/view.php?id=2"),
        ("100", True, "viewed", "/mod/assign/view.php?id=9"),
        ("101", False, "completed", "/course/view.php?id=2"),
        ("102", True, "logged-in", ""),
    ]
