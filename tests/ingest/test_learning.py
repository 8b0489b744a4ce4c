"""Statements as stores accept them: every identifier form, every hiding place, times, scores, contexts, other
formats.
"""

from __future__ import annotations

import csv
import json

import pytest
import yaml

from anonymart.erasure import taken_back
from anonymart.errors import UsageError
from anonymart.ingest import learning_map
from anonymart.ingest.learning_map import TYPES, load_map
from anonymart.session import Session
from tests.conftest import ROOT
from tests.ingest.conftest import AS_OF, statement

HIDDEN = "canary-secret"
CAMPUS = "https://campus.example"
ADL = "http://adlnet.gov/expapi/activities"
TIN = "http://id.tincanapi.com/activitytype"


def load(small_school, rows: list, name: str = "a.ndjson"):
    small_school.deliver("learning", name, rows)
    return small_school.ingest()[f"learning/{name}"]


def stored(small_school, columns: str) -> list[tuple]:
    return small_school.ask(f"SELECT {columns} FROM vault.raw.learning ORDER BY statement_id")


def activity(name: str, kind: str | None = None) -> dict:
    return {"id": f"{CAMPUS}/{name}", **({"definition": {"type": kind}} if kind else {})}


def test_every_identifier_of_an_actor_is_read(small_school):
    forms = [
        ({"mbox": "mailto:Jean@Example.org"}, "email:jean@example.org"),
        ({"mbox": "MAILTO:root@localhost"}, "email:root@localhost"),
        ({"mbox_sha1sum": "A" * 40}, "sha1:" + "a" * 40),
        ({"openid": "https://jean.example/"}, "openid:https://jean.example"),
        ({"account": {"homePage": CAMPUS, "name": "7"}}, f"account:{CAMPUS}|7"),
        (
            {"account": {"homePage": CAMPUS, "name": 8}, "objectType": "Agent", "name": HIDDEN},
            f"account:{CAMPUS}|8",
        ),
    ]
    counts = load(small_school, [statement(number, actor=actor) for number, (actor, _) in enumerate(forms)])
    assert (counts.loaded, [row[0] for row in stored(small_school, "actor")]) == (
        len(forms),
        [wanted for _, wanted in forms],
    )
    group = {"objectType": "Group", "member": [{"mbox": "mailto:a@example.org"}]}
    wrong = load(
        small_school,
        [
            statement(90, actor=group),
            statement(91, actor={**group, "openid": "https://x.example"}),
            statement(92, actor={**forms[0][0], **forms[3][0]}),
        ],
        "b.ndjson",
    )
    assert wrong.reasons == {"actor is a group": 2, "actor has more than one identifier": 1}


def test_identifiers_hide_in_many_places_and_are_read_from_none(small_school):
    agent = {"objectType": "Agent", "name": HIDDEN, "mbox": f"mailto:{HIDDEN}@example.org"}
    everywhere = {
        "actor": {"account": {"homePage": CAMPUS, "name": "a1"}, "name": HIDDEN},
        "authority": {"objectType": "Group", "member": [agent, agent]},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"en": HIDDEN}},
        "result": {"response": HIDDEN, "duration": "PT4M", "extensions": {f"{CAMPUS}/{HIDDEN}": HIDDEN}},
        "context": {
            "instructor": agent,
            "team": {"objectType": "Group", "member": [agent]},
            "registration": "7e6b1a7c-1f0e-4b7a-9a55-000000000001",
            "platform": HIDDEN,
            "revision": HIDDEN,
            "statement": {"objectType": "StatementRef", "id": "7e6b1a7c-1f0e-4b7a-9a55-000000000002"},
            "contextAgents": [{"objectType": "contextAgent", "agent": agent}],
            "contextGroups": [
                {"objectType": "contextGroup", "group": {"objectType": "Group", "member": [agent]}}
            ],
            "extensions": {
                "https://w3id.org/xapi/cmi5/context/extensions/sessionid": HIDDEN,
                f"{CAMPUS}/session": HIDDEN,
            },
            "contextActivities": {
                "parent": [activity(f"u/{HIDDEN}@example.org")],
                "other": [activity(HIDDEN)],
                "category": [activity(HIDDEN)],
            },
        },
        "attachments": [
            {
                "usageType": f"{CAMPUS}/{HIDDEN}",
                "display": {"en": HIDDEN},
                "contentType": "text/plain",
                "length": 4,
                "sha2": HIDDEN,
            }
        ],
    }
    definition = {
        "name": {"en": HIDDEN},
        "description": {"en": HIDDEN},
        "correctResponsesPattern": [HIDDEN],
        "choices": [{"id": HIDDEN}],
        "extensions": {f"{CAMPUS}/x": HIDDEN},
    }
    objects = [
        {
            **activity("course/python", f"{ADL}/course"),
            "definition": {"type": f"{ADL}/course", "moreInfo": f"{CAMPUS}/{HIDDEN}", **definition},
        },
        agent,
        {"objectType": "Group", "name": HIDDEN, "member": [agent]},
        {"objectType": "StatementRef", "id": "7e6b1a7c-1f0e-4b7a-9a55-000000000003"},
        {
            "objectType": "SubStatement",
            "actor": agent,
            "verb": {"id": f"{CAMPUS}/v"},
            "object": activity(HIDDEN),
        },
    ]
    counts = load(
        small_school,
        [statement(number, object=thing, **everywhere) for number, thing in enumerate(objects, 1)],
    )
    assert (counts.loaded, counts.unknown_columns) == (5, [])
    everything = small_school.everything()
    assert HIDDEN not in everything and "7e6b1a7c" not in everything
    assert [row[0] for row in stored(small_school, "object_id")][1:] == [
        "urn:xapi:agent",
        "urn:xapi:agent",
        "urn:xapi:statement",
        "urn:xapi:sub-statement",
    ]


TIMES = {
    "2025-03-01T10:00:00Z": "10:00:00",
    "2025-03-01T10:00:00+0100": "09:00:00",
    "2025-03-01T10:00:00+01": "09:00:00",
    "2025-03-01T10:00:00.123456789Z": "10:00:00.123456",
    "2025-03-01T10:00:00,5Z": "10:00:00.5",
    "2025-03-01t10:00:00z": "10:00:00",
    "20250301T100000Z": "10:00:00",
    "20250301T100000+0530": "04:30:00",
    "2025-03-01T10:00Z": "10:00:00",
    "2025-03-01T10:00-02:00": "12:00:00",
    "2025-03-01T10Z": "10:00:00",
    "2025-W09-6T10:00:00Z": "10:00:00",
    "2025W096T100000Z": "10:00:00",
    "2025-060T10:00:00Z": "10:00:00",
    "2025060T1000Z": "10:00:00",
    "2025-03-01T10:00:60Z": "10:00:59",
    "2025-02-28T24:00:00Z": "00:00:00",
    "2025-03-01T10:00:00": "10:00:00",
}


def test_every_time_of_iso_8601_is_read(small_school):
    counts = load(small_school, [statement(number, timestamp=text) for number, text in enumerate(TIMES)])
    assert counts.reasons == {}
    assert [str(row[0]) for row in stored(small_school, "occurred_at::VARCHAR")] == [
        f"2025-03-01 {time}" for time in TIMES.values()
    ]
    wrong = [
        "2025-02-30T10:00:00Z",
        "2025-W60-1T10:00:00Z",
        "2025-366T10:00:00Z",
        "10:00",
        "2025-03-01T25:00:00Z",
        "1",
        "",
    ]
    assert load(
        small_school,
        [statement(100 + number, timestamp=text) for number, text in enumerate(wrong)],
        "b.ndjson",
    ).reasons == {"timestamp is not a time": len(wrong)}


def test_scores_durations_and_language_maps_are_those_of_the_specification(small_school):
    course = activity("course/python", f"{ADL}/course")
    right = [
        {"result": {"score": {"scaled": -1}}},
        {"result": {"score": {"raw": 10, "min": 0, "max": 10}}},
        {"result": {"score": {"raw": 400}}},
        {"result": {"score": {}}},
        *(
            {"result": {"duration": text}}
            for text in ("PT0S", "P1Y2M10DT2H30M", "P3W", "PT0.5S", "PT1,5H", "P0,5Y")
        ),
        {"verb": {"id": f"{CAMPUS}/v", "display": {}}},
        {
            "verb": {
                "id": f"{CAMPUS}/v",
                "display": {"en-US": 'a "quote" \\ {', "x-klingon": "", "zh-Hant-TW": "é"},
            }
        },
        {"object": {**course, "definition": {"name": {"fr": "Cours", "es-419": "Curso"}}}},
        {"result": {"extensions": {next(iter(load_map().percent)): "half"}}},
        {"result": {"extensions": {next(iter(load_map().percent)): 250}}},
    ]
    counts = load(small_school, [statement(number, **changes) for number, changes in enumerate(right)])
    assert (counts.reasons, counts.loaded) == ({}, len(right))
    wrong = {
        "score is not between -1 and 1": [
            {"result": {"score": score}}
            for score in ({"scaled": 1.01}, {"scaled": 60, "max": 100}, {"scaled": -2, "raw": 5})
        ],
        "score is not between its min and max": [
            {"result": {"score": score}}
            for score in (
                {"raw": 11, "max": 10},
                {"raw": -1, "min": 0},
                {"min": 5, "max": 5},
                {"min": 9, "max": 1},
            )
        ],
        "score is not a number": [{"result": {"score": {"min": "low"}}}],
        "duration is not one of ISO 8601": [
            {"result": {"duration": text}} for text in ("P", "PT", "4 min", "PT4", "P1S", "P1DT", "PT1.5")
        ],
        "display of the verb is no language map": [
            {"verb": {"id": f"{CAMPUS}/v", "display": found}}
            for found in ("text", {"en_US": "x"}, {"en": 5}, ["en"])
        ],
        "name of the object is no language map": [{"object": {**course, "definition": {"name": "Python"}}}],
    }
    rows = [
        statement(100 + number, **changes)
        for number, changes in enumerate(each for several in wrong.values() for each in several)
    ]
    assert load(small_school, rows, "b.ndjson").reasons == {
        reason: len(several) for reason, several in wrong.items()
    }


def test_progress_of_the_video_profile_is_a_share(small_school):
    video = "https://w3id.org/xapi/video/extensions/progress"
    load(
        small_school,
        [
            statement(number, result={"extensions": {video: share}})
            for number, share in enumerate((0.25, 1, 60))
        ],
    )
    assert stored(small_school, "progress") == [(25.0,), (100.0,), (60.0,)]


CONTEXTS = {
    # Moodle: the site comes first; the quiz is the object's parent, the course stands with it.
    "moodle": (
        {
            "grouping": [
                activity("", f"{TIN}/site"),
                activity("course/7", f"{ADL}/course"),
                activity("section/2", f"{TIN}/section"),
            ],
            "category": [activity("moodle", f"{TIN}/source")],
        },
        f"{CAMPUS}/section/2",
        f"{CAMPUS}/course/7",
    ),
    # Open edX: the course is the parent.
    "open_edx": (
        {"parent": [activity("course/8", f"{ADL}/course")]},
        f"{CAMPUS}/course/8",
        f"{CAMPUS}/course/8",
    ),
    # cmi5: publisher ids as grouping, without types or with cmi5's own.
    "cmi5": (
        {
            "grouping": [
                activity("au/1"),
                activity("block/3", "https://w3id.org/xapi/cmi5/activitytype/block"),
                activity("course/9", "https://w3id.org/xapi/cmi5/activitytype/course"),
            ]
        },
        f"{CAMPUS}/block/3",
        f"{CAMPUS}/course/9",
    ),
    "untyped": ({"parent": [activity("a")], "grouping": [activity("b")]}, f"{CAMPUS}/a", f"{CAMPUS}/b"),
    "nothing": ({"grouping": [activity("", f"{TIN}/lms")]}, None, None),
}


def test_contexts_lead_to_chapter_and_course_wherever_they_stand(small_school):
    load(
        small_school,
        [
            statement(number, context={"contextActivities": context})
            for number, (context, _, _) in enumerate(CONTEXTS.values())
        ],
    )
    assert dict(zip(CONTEXTS, stored(small_school, "parent_id, grouping_id"), strict=True)) == {
        name: wanted for name, (_, *wanted) in CONTEXTS.items() for wanted in [tuple(wanted)]
    }


def test_an_attempt_counts_as_the_exercise_that_its_context_names(small_school):
    quiz, course = activity("mod/quiz/5", f"{ADL}/quiz"), activity("course/7", f"{ADL}/course")
    load(
        small_school,
        [
            statement(
                1,
                object=activity("attempt/991", f"{ADL}/attempt"),
                context={"contextActivities": {"parent": [quiz], "grouping": [course]}},
            )
        ],
    )
    assert stored(small_school, "object_id, object_type, grouping_id") == [
        (f"{CAMPUS}/mod/quiz/5", f"{ADL}/quiz", f"{CAMPUS}/course/7")
    ]


def test_the_mapping_is_extended_without_python(small_school, monkeypatch, tmp_path):
    thing = activity("lab/1", "https://vocab.example/types/Lab")
    load(small_school, [statement(1, object=thing)])
    content = yaml.safe_load(learning_map.FILE.read_text(encoding="utf-8"))
    content["kinds"]["project"].append("Lab")
    changed = tmp_path / "learning.yml"
    changed.write_text(yaml.safe_dump(content))
    monkeypatch.setattr("anonymart.ingest.learning.load_map", lambda: load_map(changed))
    load(small_school, [statement(2, object=thing)], "b.ndjson")
    assert [row[0] for row in stored(small_school, "object_type")] == [
        "https://vocab.example/types/Lab",
        TYPES["project"],
    ]
    for kinds, sentence in (
        ({"course": ["lab"], "exercise": ["lab"]}, "two kinds"),
        ({"planet": ["lab"]}, "kinds that are none"),
    ):
        changed = changed.with_name(f"{sentence[:3]}.yml")
        changed.write_text(yaml.safe_dump({**content, "kinds": kinds}))
        with pytest.raises(UsageError, match=sentence):
            load_map(changed)
    (tmp_path / "broken.yml").write_text("kinds: [")
    with pytest.raises(UsageError, match="mend the file"):
        load_map(tmp_path / "broken.yml")


def test_the_mapping_and_the_warehouse_agree():
    seed = dict(
        row.values()
        for row in csv.DictReader((ROOT / "dbt_project/seeds/object_kinds.csv").open(encoding="utf-8"))
    )
    standard = {segment: kind for kind, segments in learning_map._STANDARD.items() for segment in segments}
    assert standard == seed
    assert {kind: seed[iri.rsplit("/", 1)[1]] for kind, iri in TYPES.items()} == {
        kind: kind for kind in TYPES
    }
    assert not [name for names in load_map().kinds.values() for name in names if name in seed]
    verbs = {
        row["verb_id"]
        for row in csv.DictReader((ROOT / "dbt_project/seeds/verbs.csv").open(encoding="utf-8"))
    }
    assert not [
        event["verb"] for event in load_map().open_edx["events"].values() if event["verb"] not in verbs
    ]


def voiding(number: int, of: int) -> dict:
    return statement(
        number,
        verb={"id": "http://adlnet.gov/expapi/verbs/voided"},
        object={"objectType": "StatementRef", "id": statement(of)["id"].upper()},
    )


def test_what_is_voided_is_left_out_before_and_after(small_school):
    assert load(small_school, [statement(1), statement(2), statement(3)]).loaded == 3
    counts = load(small_school, [voiding(11, 1), statement(4), voiding(12, 4), voiding(13, 5)], "b.ndjson")
    assert (
        counts.reasons
        == {"takes another statement back (P-STAT)": 3, "taken back by another statement (P-STAT)": 1}
        and counts.loaded == 0
    )
    late = load(small_school, [statement(5), statement(6), voiding(11, 1)], "c.ndjson")
    assert (late.loaded, late.refused) == (1, 2)
    taken_back.settle(Session(small_school.home, small_school.keys, small_school.policy, AS_OF))
    assert [str(row[0])[-2:] for row in stored(small_school, "statement_id")] == ["02", "03", "06"]
    assert small_school.ask("SELECT count(*) FROM vault.ledger.row_hashes WHERE source = 'voided'") == [(3,)]


def test_a_reference_voids_in_any_spelling_of_a_uuid(small_school):
    spelled = [
        name.format(statement(number)["id"])
        for number, name in enumerate(("urn:uuid:{}", "URN:UUID:{}", "{{{}}}", " {} "), 1)
    ]
    assert load(small_school, [statement(number) for number in range(1, 6)]).loaded == 5
    rows = [voiding(10 + number, number) for number in range(1, 5)]
    for row, name in zip(rows, spelled, strict=True):
        row["object"]["id"] = name
    assert load(small_school, rows, "b.ndjson").refused == 4
    taken_back.settle(Session(small_school.home, small_school.keys, small_school.policy, AS_OF))
    assert [str(row[0])[-2:] for row in stored(small_school, "statement_id")] == ["05"]


def test_what_voids_no_uuid_is_quarantined(small_school):
    row = voiding(11, 1)
    row["object"]["id"] = f"{CAMPUS}/statements/{HIDDEN}"
    counts = load(small_school, [statement(1), row])
    assert (counts.loaded, counts.reasons) == (1, {"what it voids is no UUID": 1})
    assert HIDDEN not in small_school.everything()
    assert small_school.ask("SELECT count(*) FROM vault.ledger.row_hashes WHERE source = 'voided'") == [(0,)]


def test_a_statement_whose_own_id_is_spelled_otherwise_is_voided_too(small_school):
    braced = {**statement(1), "id": "{" + statement(1)["id"] + "}"}
    assert load(small_school, [braced, voiding(11, 1), statement(2)]).loaded == 1
    assert load(small_school, [statement(1)], "b.ndjson").refused == 1


def test_what_is_no_statement_is_quarantined_with_its_shape_and_without_its_content(small_school):
    odd = {
        "name": HIDDEN,
        "mail": f"{HIDDEN}@example.org",
        f"{HIDDEN}@example.org": 1,
        "tags": [HIDDEN],
        "n": 4,
        "ok": True,
        "x": None,
    }
    counts = load(
        small_school,
        [statement(1), {"broken": True}, odd, odd, *({f"a{'b' * number}": 1} for number in range(9))],
    )
    assert HIDDEN not in small_school.everything() and counts.quarantined == 12
    assert (
        counts.reasons[
            "not a statement: column 3 (its name looks like data) number, mail text, n number, name "
            "text, ok boolean, tags array, x null"
        ]
        == 2
    )
    assert counts.reasons["not a statement"] == 6 and "not a statement: a number" in counts.reasons
    assert small_school.ask("SELECT line FROM vault.ledger.quarantine WHERE reason LIKE '%mail%'") == [
        (3,),
        (4,),
    ]
    array = load(small_school, json.dumps([statement(2), odd]), "b.json")
    assert array.quarantined == 1 and "mail text" in next(iter(array.reasons))


CALIPER = "http://purl.imsglobal.org/ctx/caliper/v1p2"


def caliper(number: int, **changes: object) -> dict:
    return {
        "@context": CALIPER,
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "type": "AssessmentItemEvent",
        "profile": "AssessmentProfile",
        "actor": {"id": f"{CAMPUS}/users/554433", "type": "Person", "name": HIDDEN},
        "action": "Completed",
        "eventTime": "2025-03-01T10:15:00.000Z",
        "object": {
            "id": f"{CAMPUS}/items/3",
            "type": "AssessmentItem",
            "name": HIDDEN,
            "isPartOf": {"id": f"{CAMPUS}/assess/1", "type": "Assessment"},
        },
        "group": {
            "id": f"{CAMPUS}/terms/1/courses/7/sections/1",
            "type": "CourseSection",
            "extensions": {"x": HIDDEN},
        },
        "membership": {"id": f"{CAMPUS}/m/1", "type": "Membership", "member": f"{CAMPUS}/users/{HIDDEN}"},
        "session": {"id": f"{CAMPUS}/sessions/{HIDDEN}", "type": "Session"},
        "edApp": {"id": CAMPUS, "type": "SoftwareApplication"},
        **changes,
    }


def test_caliper_events_and_envelopes_are_learning_activity(small_school):
    graded = caliper(
        2,
        type="GradeEvent",
        action="Graded",
        actor={"id": f"{CAMPUS}/autograder", "type": "SoftwareApplication"},
        object={
            "id": f"{CAMPUS}/attempts/1",
            "type": "Attempt",
            "assignee": f"{CAMPUS}/users/554433",
            "assignable": {"id": f"{CAMPUS}/assess/1", "type": "Assessment"},
        },
        generated={
            "id": f"{CAMPUS}/scores/1",
            "type": "Score",
            "scoreGiven": 15,
            "maxScore": 20,
            "comment": HIDDEN,
        },
    )
    tool = caliper(3, actor={"id": f"{CAMPUS}/tool", "type": "SoftwareApplication"})
    mail = caliper(
        4,
        actor="mailto:Jean@Example.org",
        object=f"{CAMPUS}/pages/1",
        action="NavigatedTo",
        type="NavigationEvent",
    )
    envelope = {
        "sensor": CAMPUS,
        "sendTime": "2025-03-01T10:16:00Z",
        "dataVersion": CALIPER,
        "data": [graded, tool, mail, {"id": f"{CAMPUS}/users/1", "type": "Person"}],
    }
    counts = load(small_school, [caliper(1)])
    assert (counts.loaded, counts.unknown_columns) == (1, [])
    counts = load(small_school, [envelope, {**envelope, "data": [caliper(5)]}], "b.ndjson")
    assert (counts.delivered, counts.loaded, counts.unknown_columns) == (5, 3, [])
    assert counts.reasons == {"actor has no identifier that can be read": 1, "not a statement": 1}
    found = stored(
        small_school,
        "actor, split_part(verb_id, '#', 2), replace(object_id, 'https://campus.example/', ''), "
        "object_type, score_scaled",
    )
    assert found == [
        (f"account:{CAMPUS}/users|554433", "Completed", "items/3", TYPES["exercise"], None),
        (
            f"account:{CAMPUS}/users|554433",
            "Graded",
            "assess/1",
            "http://purl.imsglobal.org/caliper/Assessment",
            0.75,
        ),
        ("email:jean@example.org", "NavigatedTo", "pages/1", None, None),
        (f"account:{CAMPUS}/users|554433", "Completed", "items/3", TYPES["exercise"], None),
    ]
    assert (
        stored(small_school, "grouping_id")[0] == (f"{CAMPUS}/terms/1/courses/7/sections/1",)
        and HIDDEN not in small_school.everything()
    )
    assert load(small_school, json.dumps([envelope]), "c.json").duplicate == 2


def edx(event_type: str, event: object, **changes: object) -> dict:
    return {
        "username": "jean77",
        "event_type": event_type,
        "event_source": "server",
        "name": event_type,
        "time": "2025-03-01T10:15:00.123456+00:00",
        "event": event,
        "context": {
            "user_id": 991,
            "course_id": "course-v1:Campus+PY101+2025",
            "org_id": "Campus",
            "path": f"/u/{HIDDEN}",
        },
        "host": "learn.example",
        "session": HIDDEN,
        "ip": "203.0.113.7",
        "agent": HIDDEN,
        "page": f"{CAMPUS}/{HIDDEN}",
        "referer": HIDDEN,
        "accept_language": "fr",
        **changes,
    }


def test_open_edx_tracking_logs_are_learning_activity(small_school):
    block = "block-v1:Campus+PY101+2025+type@problem+block@ab"
    answered = {
        "problem_id": "i4x://Campus/PY101/problem/ab",
        "grade": 1,
        "max_grade": 2,
        "success": "incorrect",
        "answers": {"x": HIDDEN},
    }
    rows = [
        edx("edx.course.enrollment.activated", {"course_id": "x", "user_id": 991}),
        edx("problem_check", answered),
        edx("problem_check", json.dumps(answered), time="2025-03-01T10:16:00Z"),
        edx("problem_check", "input_ab=" + HIDDEN, event_source="browser"),
        edx(f"/courses/x/user/{HIDDEN}", "{}", time="2025-03-01T10:17:00Z"),
        edx("page_close", "{}", username="", context={"user_id": None, "course_id": "x"}),
        edx(
            "edx.grades.problem.submitted",
            {"problem_id": block, "weighted_earned": 3, "weighted_possible": 4},
        ),
    ]
    counts = load(small_school, rows)
    assert (counts.loaded, counts.unknown_columns) == (6, [])
    assert counts.reasons == {"actor has no identifier that can be read": 1}
    assert small_school.ask("SELECT DISTINCT actor, grouping_id FROM vault.raw.learning") == [
        ("account:https://learn.example|jean77", "course-v1:Campus+PY101+2025")
    ]
    found = small_school.ask(
        "SELECT regexp_extract(verb_id, '[^/:]+$'), object_id, object_type, success, score_scaled FROM "
        "vault.raw.learning ORDER BY ALL"
    )
    assert found == [
        ("attempted", block, TYPES["exercise"], None, 0.75),
        ("evaluated", answered["problem_id"], TYPES["exercise"], False, 0.5),
        ("evaluated", answered["problem_id"], TYPES["exercise"], False, 0.5),
        ("registered", "course-v1:Campus+PY101+2025", TYPES["course"], None, None),
        ("use", "course-v1:Campus+PY101+2025", TYPES["course"], None, None),
        ("use", "course-v1:Campus+PY101+2025", TYPES["course"], None, None),
    ]
    assert HIDDEN not in small_school.everything()
    assert load(small_school, rows, "again.ndjson").duplicate == 6
