"""Parquet packed with gzip loads in every source, and no unpacked copy lies anywhere."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymart.files import parquet
from tests.ingest.conftest import statement

NEEDLE = "zq7packedzq"
SURVEY = [
    {
        "id": f"{n}",
        "person_email": f"{NEEDLE}{n}@example.org",
        "survey_type": "nps",
        "score": str(9 + n % 2),
        "comment": "",
        "created_at": "2026-05-01 10:00:00 UTC",
    }
    for n in range(3)
]
ROWS = {
    "catalogue": [{"path_id": "p1", "course_id": "c1", "course_title": "Python"}],
    "learners": [
        {
            "learner_id": f"{NEEDLE}-1",
            "email": f"{NEEDLE}@example.org",
            "registered_at": "2025-01-01T10:00:00Z",
        }
    ],
    "consents": [
        {
            "learner_id": f"{NEEDLE}-1",
            "purpose": "P-SURVEY",
            "status": "granted",
            "at": "2025-01-01T10:00:00Z",
        }
    ],
    "rights": [
        {
            "request_id": "R1",
            "kind": "access",
            "learner_id": f"{NEEDLE}-1",
            "received_at": "2026-06-01T10:00:00Z",
        }
    ],
    "enrolments": [{"learner_id": f"{NEEDLE}-1", "path_id": "p1", "started_on": "2025-01-10"}],
    "learning": [
        {
            name: json.dumps(value) if isinstance(value, dict) else value
            for name, value in statement(number).items()
        }
        for number in (1, 2)
    ],
    "connections": [{"learner_id": f"{NEEDLE}-1", "connected_at": "2025-02-01T10:00:00Z"}],
    "nps": [
        {
            "response_id": "n1",
            "learner_id": f"{NEEDLE}-1",
            "answered_at": "2026-05-01T10:00:00Z",
            "score": "9",
        }
    ],
    "salary": [
        {
            "response_id": "s1",
            "learner_id": f"{NEEDLE}-1",
            "answered_at": "2026-05-01T10:00:00Z",
            "country": "FR",
        }
    ],
}


def packed(rows: list[dict]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return gzip.compress(file.getvalue(), mtime=0)


def test_it_loads_in_every_source_and_nothing_unpacked_is_left(small_school):
    for source, rows in ROWS.items():
        small_school.deliver(source, f"{source}.parquet.gz", packed(rows))
    # One after the other of the same size: the second is not taken for the first.
    small_school.deliver(
        "connections",
        "more.parquet.gz",
        packed([{**ROWS["connections"][0], "connected_at": "2025-02-02T10:00:00Z"}]),
    )
    found = small_school.ingest()
    assert {name: (each.status, each.loaded) for name, each in found.items()} == {
        **{f"{source}/{source}.parquet.gz": ("loaded", len(rows)) for source, rows in ROWS.items()},
        "connections/more.parquet.gz": ("loaded", 1),
    }
    assert small_school.ask("SELECT count(DISTINCT connected_at) FROM vault.register.connections") == [(2,)]
    left = [
        path
        for path in small_school.home.root.rglob("*")
        if path.is_file() and NEEDLE.encode() in path.read_bytes()
    ]
    assert left == []


def test_an_export_of_a_survey_tool_loads(small_school):
    small_school.deliver(
        "nps",
        "delighted.parquet.gz",
        packed(
            [
                {**row, "person": row.pop("person_email"), "permalink": "x", "updated_at": row["created_at"]}
                for row in map(dict, SURVEY)
            ]
        ),
    )
    small_school.deliver(
        "nps",
        "delighted.parquet",
        gzip.decompress(
            packed(
                [
                    {
                        **row,
                        "id": f"{number}0",
                        "person": row.pop("person_email"),
                        "permalink": "x",
                        "updated_at": row["created_at"],
                    }
                    for number, row in enumerate(map(dict, SURVEY), 1)
                ]
            )
        ),
    )
    found = small_school.ingest()
    assert {(each.status, each.delivered, each.quarantined) for each in found.values()} == {("loaded", 3, 0)}


@pytest.mark.parametrize(("largest", "reason"), [(100, "unpack it"), (1 << 29, "damaged or incomplete gzip")])
def test_what_is_too_large_or_broken_is_refused_by_name(small_school, monkeypatch, largest, reason):
    monkeypatch.setattr(parquet, "LARGEST_UNPACKED", largest)
    content = packed(ROWS["connections"])
    small_school.deliver("connections", "a.parquet.gz", content if largest == 100 else content[:-20])
    [counts] = small_school.ingest().values()
    assert counts.status == "refused" and reason in counts.reason
