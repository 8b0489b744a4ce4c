"""`make demo`: a fictional school through every DAG, run by a real Airflow, to a first release."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from anonymart import telemetry
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.keys import Keys, init_keys
from anonymart.release.folder import MARTS_FILE, PAGE
from anonymart.session import Session
from anonymart.source_order import SOURCES
from anonymart_airflow import ledger, school
from anonymart_airflow.follow import Follower
from anonymart_airflow.local import WITHOUT_TRIGGERS, LocalAirflow
from anonymart_airflow.names import APPROVE, REVIEWER
from anonymart_airflow.rest import Rest
from anonymart_airflow.tables import figures_table, requests_table, sources_table

RELEASE, APPROVAL, RIGHTS, RETENTION = (
    "build_release",
    "approve_release",
    "answer_rights_requests",
    "enforce_retention",
)
REASON = "the demo's own reviewer: fictional people"
# The school sends broken files too: this task is red for them, as in a real school.
WATCH = "watch"
ASSET_SECONDS = 60


def main() -> int:
    """Exit 0 with a release that can be opened, else the exit code of what went wrong."""
    telemetry.switch_off()
    begun = time.monotonic()
    try:
        home = Home.from_env()
        chosen = school.School.chosen()
        school.check_home(home, chosen)
        home.prepare()
        _prepare(home, chosen)
        last_load = ledger.last_load(Session(home, Keys.load(home)))
        release_id = _through_airflow(home, {"as_of": chosen.as_of})
        _tell(home, last_load, release_id, time.monotonic() - begun)
        return 0
    except AnonymartError as error:
        _say(f"anonymart: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("Stopped; `make demo` goes on from here.")
        return 130


def _prepare(home: Home, chosen: school.School) -> None:
    if not school.is_made(home):
        _say(f"School: writing {chosen.learners:,} fictional learners …")
    begun = time.monotonic()
    # Before the keys: its mark is what tells this home from a real one.
    school.make(home, chosen)
    if init_keys(home):
        _say(
            f"Keys: written to {home.keys_file}, for this demo only. A real home gets its own: "
            f"anonymart keys init"
        )
    n_files = school.deliver(home)
    _say(f"School: {n_files} files delivered to {home.landing} ({time.monotonic() - begun:.0f} s)")


def _through_airflow(home: Home, conf: dict[str, Any]) -> str | None:
    with LocalAirflow(home, WITHOUT_TRIGGERS, schedule=False, retry_seconds=5, say=_say) as airflow:
        rest = airflow.rest()
        follower = Follower(airflow, rest, _say)
        dags = sorted(rest.dag_ids())
        # A demo that was stopped left runs behind; what they had not loaded was delivered again.
        for dag_id in dags:
            rest.end_unfinished(dag_id)
        try:
            _ingest(rest, follower, conf)
            rest.pause(APPROVAL, False)
            release_id, is_waiting = _release(rest, follower, conf)
            if is_waiting:
                release_id = _approved(airflow.rest(REVIEWER), rest, follower)
            for dag_id in (RIGHTS, RETENTION):
                rest.pause(dag_id, False)
                follower.run(dag_id, conf)
        finally:
            # Left as they were found: on another day their schedule would not be the demo's fixed date.
            for dag_id in dags:
                _quietly(rest, dag_id)
    return release_id


def _ingest(rest: Rest, follower: Follower, conf: dict[str, Any]) -> None:
    """All sources at once: the pool lets them through one by one, in the order of loading."""
    _say("Ingest: every source, one DAG each")
    # Paused while sources load, build_release is woken once, by the asset of the last one.
    rest.pause(RELEASE, True)
    for source in SOURCES:
        rest.pause(f"ingest_{source}", False)
    runs = {source: rest.trigger(f"ingest_{source}", conf) for source in SOURCES[:-1]}
    for source, run_id in runs.items():
        follower.until_done(f"ingest_{source}", run_id, WATCH)
    rest.pause(RELEASE, False)
    last = SOURCES[-1]
    follower.run(f"ingest_{last}", conf, WATCH)


def _release(rest: Rest, follower: Follower, conf: dict[str, Any]) -> tuple[str | None, bool]:
    """The release id, None when nothing new was published, and whether a candidate waits for the reviewer."""
    run_id = _woken(rest, RELEASE)
    _say(f"Release: {'woken by the asset of the last source' if run_id else 'triggered'}")
    run_id = run_id or rest.trigger(RELEASE, conf)
    tasks = follower.until_done(RELEASE, run_id)
    is_published = tasks["publish"]["state"] == "success"
    return rest.result(RELEASE, run_id, "publish") if is_published else None, tasks["announce"][
        "state"
    ] == "success"


def _approved(reviewer: Rest, rest: Rest, follower: Follower) -> str | None:
    """Answer the request of the candidate that waits, as the demo's own reviewer, over the REST API; gives
    the release id.
    """
    run_id = _woken(rest, APPROVAL)
    if run_id is None:
        raise AnonymartError(
            f"{APPROVAL} was not woken by the candidate that waits: trigger it on Airflow's pages (make up)."
        )
    _say(f"Approval: by {REVIEWER}, the demo's own, over the REST API")
    follower.answer(
        APPROVAL, run_id, "ask", lambda: reviewer.answer(APPROVAL, run_id, "ask", APPROVE, {"reason": REASON})
    )
    follower.until_done(APPROVAL, run_id)
    return rest.result(APPROVAL, run_id, "decide")


def _woken(rest: Rest, dag_id: str) -> str | None:
    deadline = time.monotonic() + ASSET_SECONDS
    while time.monotonic() < deadline:
        for run in rest.runs(dag_id):
            if run["run_type"] == "asset_triggered" and run["state"] in ("queued", "running"):
                return run["dag_run_id"]
        time.sleep(0.5)
    return None


def _tell(home: Home, last_load: int, release_id: str | None, seconds: float) -> None:
    from anonymart.summary import summarize

    keys = Keys.load(home)
    marts = summarize(Session(home, keys)).as_dict()["marts"]
    _say("\n" + "\n".join(sources_table(ledger.counts_after(Session(home, keys), last_load))))
    _say("\n" + "\n".join(figures_table(marts)))
    _say("\n" + "\n".join(requests_table(ledger.requests(Session(home, keys)))))
    _say("")
    if release_id:
        _say(f"Release {release_id} is published.")
    else:
        _say(
            f"Nothing new to publish: release {os.readlink(home.current)} stays as it is, figure for figure."
        )
    _say(f"  the page          {home.current / PAGE}")
    _say(f"  the marts         {home.current / MARTS_FILE}")
    _say(f"  what the gate saw {home.current / 'data_docs' / 'index.html'}")
    _say("  first questions   docs/analyst.md")
    _say("  Airflow's pages   make up")
    _say(f"All of it took {seconds:.0f} s.")


def _quietly(rest: Rest, dag_id: str) -> None:
    try:
        rest.pause(dag_id, True)
    except AnonymartError:
        return


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
