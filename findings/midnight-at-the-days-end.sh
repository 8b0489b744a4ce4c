#!/usr/bin/env bash
# tincan 1.0.0 (xAPI for Python) on aniso8601 10.0.1: a statement made at 24:00 of 1 October happens at 00:00 of 1 October.
#
# ISO 8601 writes the end of a day as 24:00, and xAPI takes its timestamps from there. aniso8601 reads the hour as 0 and keeps the
# date, so the instant moves back by a whole day; nothing is raised, and tincan writes the wrong day out again. DuckDB 1.5.5 reads
# the same text as 2 October. For a warehouse: a statement of 30 June at 24:00 falls out of July and leaves a period too early.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tincan==1.0.0 aniso8601==10.0.1 pytz==2026.6 duckdb==1.5.5

venv/bin/python - <<'PY'
import json

import aniso8601
import duckdb
from tincan import Statement

ENDS, BEGINS = "2026-10-01T24:00:00Z", "2026-10-01T00:00:00Z"
statement = Statement.from_json(json.dumps({
    "actor": {"mbox": "mailto:learner@school.example"}, "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
    "object": {"id": "https://school.example/course/1"}, "timestamp": ENDS,
}))
written = json.loads(statement.to_json())["timestamp"]
engine = duckdb.sql(f"SELECT '{ENDS}'::TIMESTAMPTZ AT TIME ZONE 'UTC'").fetchone()[0]
print(f"the text:              {ENDS}")
print(f"aniso8601 10.0.1 says: {aniso8601.parse_datetime(ENDS)}")
print(f"tincan 1.0.0 writes:   {written}")
print(f"DuckDB 1.5.5 says:     {engine}")
assert aniso8601.parse_datetime(ENDS) == aniso8601.parse_datetime(BEGINS), "changed: aniso8601 tells the two ends of a day apart"
assert written == "2026-10-01T00:00:00+00:00", f"changed: tincan writes {written}"
assert str(engine) == "2026-10-02 00:00:00", f"changed: DuckDB says {engine}"
PY
