"""Logs as they lie on a server: events with a logger's words before them, plain lines among them, gzipped."""

from __future__ import annotations

import gzip
import json

import pytest

from anonymart.session import Session
from tests.ingest.conftest import statement
from tests.ingest.test_learning import HIDDEN, edx, load

PREFIXES = [
    "Nov 28 10:00:00 host [service=lms][namespace=tracking][env:prod] INFO [host  1234] [user 7] "
    "[logger.py:42] - ",
    "2026-11-28T10:00:00+00:00 host lms[77]: ",
    "<134>1 2026-11-28T10:00:00Z host tracking - - - ",
    "[2026-11-28 10:00:00,123: INFO/MainProcess] ",
    "lms_1  | 2026-11-28 10:00:00,001 INFO 27 [tracking] [user None] [ip 1.2.3.4] logger.py:41 - ",
    "tracking {x} \t",
]


@pytest.mark.parametrize("name", ["tracking.log", "tracking.log.gz"])
@pytest.mark.parametrize("is_plain_first", [True, False])
def test_events_behind_a_prefix_are_read(small_school, name, is_plain_first):
    events = [edx("page_close", "{}", time=f"2025-03-01T10:{minute}:00Z") for minute in range(10, 17)]
    lines = [prefix + json.dumps(event) for prefix, event in zip(PREFIXES, events, strict=False)]
    odd = [
        f"Nov 28 10:00:00 host kernel: {HIDDEN} restarted",
        "",
        PREFIXES[0] + '{"event_type": "x", ' + HIDDEN,
    ]
    plain = [json.dumps(events[6])]
    text = "\n".join(plain + lines + odd if is_plain_first else [*lines, *odd, *plain]) + "\r\n"
    counts = load(small_school, gzip.compress(text.encode()) if name.endswith("gz") else text, name)
    assert (counts.delivered, counts.loaded, counts.reasons, counts.unknown_columns) == (
        9,
        7,
        {"not a statement": 2},
        [],
    )
    assert small_school.ask("SELECT line FROM vault.ledger.quarantine ORDER BY line") == (
        [(8,), (10,)] if is_plain_first else [(7,), (9,)]
    )
    assert HIDDEN not in small_school.everything()


def test_a_prefix_far_down_and_statements_behind_one(small_school):
    events = [
        edx("page_close", "{}", time=f"2025-03-{day:02d}T10:{minute}:00Z")
        for day in range(1, 29)
        for minute in range(10, 60)
    ]
    text = "".join(
        (PREFIXES[0] if number > 900 else "") + json.dumps(event) + "\n"
        for number, event in enumerate(events)
    )
    assert load(small_school, text, "tracking.log").loaded == len(events)
    xapi = "".join(PREFIXES[1] + json.dumps(statement(number)) + "\n" for number in range(3))
    assert load(small_school, xapi, "xapi.log").loaded == 3


def test_verbs_and_types_that_nobody_knows_are_counted(small_school):
    from anonymart.ingest import listing
    from tests.ingest.conftest import AS_OF

    known = [
        "HTTPS://ADLNET.gov:443/expapi/verbs/Completed/",
        "https://adlnet.gov/expapi/verbs/answered",
        "http://id.tincanapi.com/verb/viewed/",
        "http://activitystrea.ms/start",
        "https://w3id.org/xapi/video/verbs/paused",
        "http://www.activitystrea.ms/schema/1.0/consume",
    ]
    counts = load(small_school, [statement(number, verb={"id": verb}) for number, verb in enumerate(known)])
    assert counts.unknown_names == {}
    odd = ["http://example.org/verbs/danced"] * 3 + [f"http://example.org/verbs/{HIDDEN}@example.org"]
    kind = {
        "id": "https://campus.example/x",
        "definition": {"type": "http://example.org/activitytype/hologram"},
    }
    counts = load(
        small_school,
        [statement(100 + number, verb={"id": verb}, object=kind) for number, verb in enumerate(odd)],
        "b.ndjson",
    )
    assert counts.unknown_names == {
        "verb http://example.org/verbs/danced": 3,
        "verb a verb whose name looks like data": 1,
        "type http://example.org/activitytype/hologram": 4,
    }
    assert counts.loaded == 4
    found = listing.listed(Session(small_school.home, small_school.keys, small_school.policy, AS_OF))
    assert [(each.kind, each.n_rows) for each in found.unknown] == [
        ("type", 4),
        ("verb", 3),
        ("verb", 1),
    ] and any("danced" in each for each in found.sentences)
    assert HIDDEN not in str(small_school.ask("FROM vault.ledger.unknown_names"))


def test_raw_min_and_max_are_preferred_to_a_scaled_that_contradicts_them(small_school):
    scores = [
        ({"scaled": 0, "raw": 5, "min": 0, "max": 10}, 0.5),
        ({"scaled": -1, "raw": 0, "min": 0, "max": 10}, 0.0),
        ({"scaled": 80, "raw": 8, "min": 0, "max": 10}, 0.8),
        ({"scaled": 0.8, "raw": 8, "max": 10}, 0.8),
        ({"scaled": 0.333, "raw": 1, "min": 0, "max": 3}, 0.333),
        ({"scaled": 0.7}, 0.7),
        ({"scaled": 0.7, "raw": 4}, 0.7),
        ({"scaled": -0.2, "raw": -2, "min": -10, "max": 10}, -0.2),
        ({"raw": 3, "min": 1, "max": 5}, 0.5),
        ({"scaled": 0, "raw": 0, "min": 0, "max": 0}, None),
        ({"scaled": "0,5", "raw": 1, "max": 4}, 0.25),
    ]
    counts = load(
        small_school, [statement(number, result={"score": score}) for number, (score, _) in enumerate(scores)]
    )
    assert counts.reasons == {}
    assert [
        row[0]
        for row in small_school.ask("SELECT score_scaled FROM vault.raw.learning ORDER BY statement_id")
    ] == [wanted for _, wanted in scores]


def test_the_fields_of_a_problem_are_no_results_of_their_own(small_school):
    block = "https://lms.example/xblock/block-v1:a+b+c+type@problem+block@0f3c5461f86764ad7bdbdf6cbdde61e6"
    parent = {
        "contextActivities": {
            "parent": [
                {"id": block, "definition": {"type": "http://adlnet.gov/expapi/activities/cmi.interaction"}}
            ]
        }
    }
    whole = statement(
        1, object={"id": block, "objectType": "GroupActivity"}, result={"success": False}, context=None
    )
    load(
        small_school,
        [
            whole,
            statement(
                2,
                object={"id": f"{block}_2_1"},
                result={"success": True, "score": {"scaled": 1}},
                context=parent,
            ),
        ],
    )
    assert small_school.ask(
        "SELECT object_id, success, score_scaled, verb_id LIKE '%interacted' FROM vault.raw.learning ORDER "
        "BY statement_id") == [
        (block, False, None, False), (block, None, None, True)]  # fmt: skip
