#!/usr/bin/env bash
# Ralph 5.1.0 (learning record store of public course platforms), file backend: since= looks at timestamp, not at stored.
#
# xAPI defines since and until on the time a statement was stored, so that a reader can ask for what is new. Ralph compares them
# with the time the learner acted: a phone that was offline for a month delivers statements that since=<last pull> never shows.
# A page that holds the last statement still gives a more link, to a page of nothing; and the parts [cli,lrs,backend-lrs] need
# requests, which they do not bring along.
# For a warehouse: an incremental pull by since loses late statements for good, and raises nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check 'ralph-malph[cli,lrs,backend-lrs]==5.1.0' requests==2.34.2

export RALPH_APP_DIR="$folder" RALPH_AUTH_FILE="$folder/auth.json" RALPH_RUNSERVER_BACKEND=fs
export RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH="$folder"
venv/bin/ralph auth -u reader -p word -s all -A reader https://school.example -N reader -w >auth.log 2>&1 || { cat auth.log; exit 1; }

venv/bin/python -W ignore - <<'PY'
import asyncio
from datetime import datetime, timezone

import httpx
from ralph.api import app

STATEMENT = {
    "id": "00000000-0000-4000-8000-000000000001", "timestamp": "2026-01-05T10:00:00Z", "actor": {"mbox": "mailto:learner@school.example"},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"}, "object": {"id": "https://school.example/course/1"},
}


async def ask():
    store = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://store", auth=("reader", "word"), headers={"X-Experience-API-Version": "1.0.3"}
    )
    last_pull = datetime.now(timezone.utc)
    (await store.post("/xAPI/statements", json=[STATEMENT])).raise_for_status()
    everything = (await store.get("/xAPI/statements", params={"limit": 1})).json()
    new = (await store.get("/xAPI/statements", params={"since": last_pull.isoformat()})).json()["statements"]
    after = (await store.get(everything["more"])).json()["statements"]
    return last_pull, everything["statements"], new, after


last_pull, everything, new, after = asyncio.run(ask())
stored = datetime.fromisoformat(everything[0]["stored"])
print(f"Ralph 5.1.0: the statement acted on 2026-01-05 was stored {(stored - last_pull).total_seconds():.2f} s after the last pull")
print(f"since=<last pull> gives {len(new)} statements of {len(everything)}; the page behind the last one holds {len(after)}")
assert stored > last_pull and len(everything) == 1
assert new == [], f"changed: since gives {len(new)} statements"
assert after == [], f"changed: {len(after)}"
PY
