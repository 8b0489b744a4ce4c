#!/usr/bin/env bash
# tincan 1.0.0 (xAPI for Python): a statement that is read and written again has lost an extension and counts months in days.
#
# xAPI lets an extension be null, and only there ("asked, and not answered"); tincan drops the whole key. The duration P1M (a month
# of 28 to 31 days) is written as P30DT00H00M00S, P1Y as 365 days. Nothing is raised, and the id of the statement stays.
# For a warehouse: the same id comes twice with other contents, once from the store and once through a forwarder, and a store that
# compares them answers 409.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tincan==1.0.0 aniso8601==10.0.1 pytz==2026.6

venv/bin/python - <<'PY'
import json

from tincan import Statement

ASKED, HINTS = "https://school.example/extensions/diploma", "https://school.example/extensions/hints"
for duration, expected in (("P1M", "P30DT00H00M00S"), ("P1Y", "P365DT00H00M00S")):
    result = {"duration": duration, "extensions": {HINTS: 0, ASKED: None}}
    statement = Statement.from_json(json.dumps({
        "id": "00000000-0000-4000-8000-000000000001", "actor": {"mbox": "mailto:learner@school.example"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"}, "object": {"id": "https://school.example/course/1"}, "result": result,
    }))
    written = json.loads(statement.to_json())
    print(f"tincan 1.0.0 reads   {result}")
    print(f"tincan 1.0.0 writes  {written['result']}")
    assert written["result"] == {"duration": expected, "extensions": {HINTS: 0}}, f"changed: {written['result']}"
    assert written["id"] == "00000000-0000-4000-8000-000000000001"
PY
