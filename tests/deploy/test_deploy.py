"""docs/deploy.md walked through: PostgreSQL, Redis, Celery, FAB and the wheel, from nothing to a release that
a reviewer approved (S-SAFE).
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from anonymart.errors import AnonymartError
from anonymart_airflow import demo, roles
from anonymart_airflow.follow import Follower
from anonymart_airflow.load import dag_ids
from anonymart_airflow.names import APPROVE, QUEUE
from anonymart_airflow.rest import Rest
from tests.deploy import files
from tests.deploy.files import COMPONENTS
from tests.deploy.installed import installed
from tests.deploy.stack import Stack, of_sessions, stack

pytestmark = [pytest.mark.long, pytest.mark.needs_celery, pytest.mark.xdist_group("airflow")]
LEARNERS, AS_OF = "200", "2026-06-30"
# A learner may be called as FAB knows the reviewer: `anne`.
REVIEWER = "privacy-reviewer"
USERS = {
    "analyst": roles.ANALYST,
    "data_team": roles.DATA_TEAM,
    "anne": roles.REVIEWERS,
    "admin": roles.ADMIN,
}
# A DAG of somebody else in the same Airflow.
OTHER_DAG = """
from airflow.sdk import dag, task


@dag(schedule=None)
def of_others():
    @task
    def ping():
        return "pong"

    ping()


of_others()
"""


@dataclass
class Walked:
    """What the walk left: what was printed at each step, by name, and what the pages answered to whom."""

    stack: Stack
    dump: str
    printed: dict[str, str]
    pages: dict[str, int]
    answers: dict[str, str]
    forms: dict[str, int]
    instances: list[dict]
    other: list[dict]


@pytest.fixture(scope="module")
def walked(tmp_path_factory) -> Iterator[Walked]:
    work = tmp_path_factory.mktemp("deploy")
    with stack(installed(work / "wheel"), work) as (place, dump):
        yield _walk(place, dump)


def _walk(place: Stack, dump: Callable[[], str]) -> Walked:
    printed = {"install": _install(place)}
    _start(place)
    printed["check"] = place.run("anonymart", "airflow", "check")
    admin, data_team = place.rest("admin"), place.rest("data_team")
    admin.pause("of_others", False)
    other = list(Follower(place, admin, print).run("of_others", {}).values())
    follower, conf = Follower(place, data_team, print), {"as_of": AS_OF}
    demo._ingest(data_team, follower, conf)
    data_team.pause(demo.APPROVAL, False)
    _, is_waiting = demo._release(data_team, follower, conf)
    assert is_waiting, "the first release waits for the reviewer"
    run_id = demo._woken(data_team, demo.APPROVAL)
    assert run_id, "the candidate wakes approve_release"
    pages = {user: _page(place, user) for user in USERS}
    forms = {user: _form(place, user) for user in ("analyst", "data_team", "admin")}
    answers: dict[str, str] = {}

    def answer() -> None:
        # Everybody tries; the reviewer comes last, and is the first whose answer is taken.
        for user in ("analyst", "data_team", "admin", "anne"):
            try:
                place.rest(user).answer(demo.APPROVAL, run_id, "ask", APPROVE, {"reason": "read in full"})
                answers[user] = "taken"
            except AnonymartError as error:
                answers[user] = str(error)

    follower.answer(demo.APPROVAL, run_id, "ask", answer)
    follower.until_done(demo.APPROVAL, run_id)
    instances = [
        task
        for dag_id in dag_ids()
        for run in admin.runs(dag_id)
        for task in admin.tasks(dag_id, run["dag_run_id"])
    ]
    return Walked(place, dump(), printed, pages, answers, forms, instances, other)


def _install(place: Stack) -> str:
    """The order of docs/deploy.md: database, keys, DAG file with pool and roles, users, reviewers."""
    place.run("airflow", "db", "migrate")
    place.run("anonymart", "keys", "init")
    words = ("demo", "generate", "--out", "school", "--learners", LEARNERS, "--seed", "1", "--as-of", AS_OF)
    place.run("anonymart", *words)
    shutil.copytree(place.work / "school" / "landing", place.home / "landing", dirs_exist_ok=True)
    said = place.run("anonymart", "airflow", "install", "--dags-folder", str(place.dags), code=2)
    for user, role in USERS.items():
        place.user(user, role)
    listed = json.loads(place.run("airflow", "users", "list", "--output", "json").splitlines()[-1])
    [user_id] = [each["id"] for each in listed if each["username"] == "anne"]
    place.environment["ANONYMART_REVIEWERS"] = f"{user_id}:{REVIEWER}"
    (place.dags / "of_others.py").write_text(OTHER_DAG)
    return said


def _start(place: Stack) -> None:
    for name in COMPONENTS:
        place.component(name)
    # A second scheduler, as where one shall be able to stop.
    place.start("scheduler-2", *files.started("anonymart-airflow@.service", "scheduler"), STACK_HOST="second")
    place.worker("home")
    # Another host has neither the home nor its keys.
    nowhere = str(place.work / "not-here")
    place.worker("elsewhere", "default", ANONYMART_HOME=nowhere, ANONYMART_KEYS_FILE=f"{nowhere}.json")
    place.until(lambda: _is_healthy(place), "Airflow is healthy")
    admin = place.rest("admin")
    wanted = {*dag_ids(), "of_others"}
    place.until(lambda: wanted <= admin.dag_ids(), f"the DAGs are read ({admin.import_errors()})")
    place.until(
        lambda: all("ready" in place.tail(f"worker-{host}") for host in ("home", "elsewhere")), "workers"
    )


def _is_healthy(place: Stack) -> bool:
    health = Rest(place.address, "").health()
    wanted = ("scheduler", "dag_processor", "triggerer")
    return bool(health) and all((health.get(name) or {}).get("status") == "healthy" for name in wanted)


def _page(place: Stack, user: str) -> int:
    return _ask(place, user, "GET", "/privacy/").status_code


def _form(place: Stack, user: str) -> int:
    path = f"/privacy/waiting/{AS_OF}.1"
    form = {"decision": "approve", "reason": "mine", "candidate_sha256": "0" * 64, "token": "0" * 64}
    return _ask(place, user, "POST", path, data=form).status_code


def _ask(place: Stack, user: str, method: str, path: str, **more) -> httpx.Response:
    token = place.rest(user)._http.headers["Authorization"]
    headers = {"Authorization": token, "sec-fetch-site": "same-origin"}
    return httpx.request(
        method, f"{place.address}{path}", headers=headers, timeout=60, trust_env=False, **more
    )


def test_install_says_what_is_missing_and_check_that_nothing_is(walked):
    assert "missing  reviewers: ANONYMART_REVIEWERS is not set" in walked.printed["install"]
    assert "no worker that reads it answers: start one on the host" in walked.printed["install"]
    assert "ok       auth manager: FAB has the roles" in walked.printed["install"]
    lines = walked.printed["check"].splitlines()
    assert [line for line in lines if not line.startswith("ok ")] == []
    assert f"ok       queue: our tasks go to the queue {QUEUE}, which one host reads" in lines


def test_only_the_host_of_the_home_runs_our_tasks(walked):
    ran = [task for task in walked.instances if task["start_date"]]
    assert len(ran) > 20
    assert {(task["hostname"], task["queue"]) for task in ran} == {("home", QUEUE)}
    assert {(task["hostname"], task["state"]) for task in walked.other} == {("elsewhere", "success")}
    elsewhere = (walked.stack.logs / "worker-elsewhere.log").read_text(errors="replace")
    assert [dag_id for dag_id in dag_ids() if dag_id in elsewhere] == []
    assert not (walked.stack.work / "not-here").exists()


def test_two_schedulers_start_each_task_once(walked):
    """Both ran to the end (`Stack.check`), and Airflow's database knows both; no task of ours was tried twice
    or met another writer.
    """
    jobs = walked.dump.partition("COPY public.job ")[2].partition("\\.")[0]
    hosts = {
        host
        for line in jobs.splitlines()
        if "SchedulerJob" in line
        for host in ("home", "second")
        if host in line.split("\t")
    }
    assert hosts == {"home", "second"}
    assert {task["try_number"] for task in walked.instances if task["state"] == "success"} == {1}


def test_the_page_is_for_reviewer_data_team_and_admin(walked):
    assert httpx.get(f"{walked.stack.address}/privacy/", trust_env=False).status_code == 401
    assert walked.pages == {"analyst": 403, "data_team": 200, "anne": 200, "admin": 200}


def test_only_the_reviewer_answers(walked):
    assert walked.answers.pop("anne") == "taken"
    assert all("(403)" in said for said in walked.answers.values()) and len(walked.answers) == 3
    assert set(walked.forms.values()) == {403}


def test_the_roles_see_and_change_our_dags_alone(walked):
    for user in ("analyst", "data_team", "anne"):
        assert walked.stack.rest(user).dag_ids() == set(dag_ids())
    assert walked.stack.rest("admin").dag_ids() == {*dag_ids(), "of_others"}
    for user, dag_id in (
        ("analyst", "build_release"),
        ("anne", "build_release"),
        ("data_team", "of_others"),
    ):
        with pytest.raises(AnonymartError, match=r"\(403\)"):
            walked.stack.rest(user).pause(dag_id, True)


def test_the_release_is_published(walked):
    assert (walked.stack.home / "releases" / "current" / "marts.duckdb").is_file()
    log = (walked.stack.home / "audit.ndjson").read_text()
    assert f'"{REVIEWER}"' in log and '"anne"' not in log
    states = {task["dag_id"] + "." + task["task_id"]: task["state"] for task in walked.instances}
    assert states["approve_release.decide"] == "success"


def test_no_identifier_and_no_key_in_the_database_or_the_logs(walked):
    with (walked.stack.work / "school" / "truth" / "identifiers.csv").open(encoding="utf-8") as file:
        hidden = {row["value"] for row in csv.DictReader(file)}
    hidden |= set(json.loads((walked.stack.work / "keys.json").read_text()).values())
    assert len(hidden) > 300
    logs = {str(path): _text(path) for path in walked.stack.logs.rglob("*") if path.is_file()}
    assert any("task_id=build" in name for name in logs) and "approve_release" in walked.dump
    haystack = "\0".join([walked.dump, *walked.printed.values(), *logs.values()])
    assert len(haystack) > 500_000
    assert sum(value in haystack for value in hidden | set(walked.stack.secrets)) == 0


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def test_every_process_ends(walked):
    sessions = {process.pid for process in walked.stack.processes.values()}
    assert len(of_sessions(sessions)) > len(sessions)
    walked.stack.stop()
    assert of_sessions(sessions) == []
