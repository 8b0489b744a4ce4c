"""What every DAG has in common: the writer's pool, retries with back-off, assets, and the daily hour in
Paris.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    Asset,
    AssetAny,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    Param,
    get_current_context,
    task,
)

from anonymart.source_order import SOURCES
from anonymart_airflow import tasks
from anonymart_airflow.names import ANSWERS, CANDIDATE_URI, POOL, reviewers
from anonymart_airflow.notifier import ForgetFailures, TellSomebody

ASSETS = {source: Asset(name=f"vault_{source}", uri=f"anonymart://vault/{source}") for source in SOURCES}
CANDIDATE = Asset(name="candidate", uri=CANDIDATE_URI)
# In the pool, requests of people go before all but a look at what was delivered; then the steps that end a
# release that was begun, while ingestion waits in landing.
WATCH, RIGHTS, ENDING = 400, 300, 200
# How often an unanswered request looks whether the answer was given on the page Privacy or by the command
# line.
LOOK_EVERY = timedelta(minutes=10)


def ingest_dag(source: str, hour: str, doc_md: str) -> DAG:
    """The DAG that loads one source daily at `hour` (HH:MM, Paris) and tells the asset of it what was loaded;
    its last task is red while a delivery asks for a person.
    """
    with _dag(f"ingest_{source}", _daily(hour), doc_md) as dag:
        # Whatever waits in the pool together runs in the order of loading.
        @task(
            task_id="ingest",
            outlets=[ASSETS[source]],
            priority_weight=100 - SOURCES.index(source),
            weight_rule="absolute",
        )
        def ingest(name: str) -> dict[str, Any]:
            context = get_current_context()
            counts = tasks.ingest_source(name, context)
            told = (context["dag_run"].conf or {}).get("as_of")
            context["outlet_events"][ASSETS[name]].extra = {
                "loaded": counts["loaded"],
                "as_of": told,
                "changes": counts["changes"],
            }
            return counts

        # A moment's work, which must not wait for a whole release.
        @task(task_id="watch", priority_weight=WATCH, weight_rule="absolute")
        def watch(counts: Any) -> None:
            tasks.watch_delivery(counts)

        # After the asset was told: what was loaded is built all the same.
        watch(ingest(source))
    return dag


def release_dag(hour: str, doc_md: str) -> DAG:
    """The DAG that builds, gates and publishes: woken by any asset of the vault, and daily at `hour` (Paris).
    A candidate that has to wait for the reviewer is told to the asset that wakes `approve_release`.
    """
    any_source = AssetAny(*ASSETS.values())
    daily = _daily(hour)
    schedule = AssetOrTimeSchedule(timetable=daily, assets=any_source) if daily else any_source
    # Two runs at once would mix their steps. An event that this limit strands is made good by the next run,
    # which
    # takes all that is pending, or by the daily one.
    with _dag("build_release", schedule, doc_md, max_active_runs=1) as dag:

        @task(task_id="build")
        def build() -> str:
            return tasks.build_candidate(get_current_context())

        @task(task_id="gate", priority_weight=ENDING, weight_rule="absolute")
        def gate(candidate: str) -> str:
            return tasks.gate_candidate(candidate, get_current_context())

        @task(task_id="publish", priority_weight=ENDING, weight_rule="absolute")
        def publish(candidate: str) -> str:
            return tasks.publish_candidate(candidate, get_current_context())

        # Whether the candidate waits is known only after `publish`, which is skipped when it does.
        @task(task_id="announce", outlets=[CANDIDATE], trigger_rule="none_failed")
        def announce() -> str:
            context = get_current_context()
            waits = tasks.announce_candidate(context)
            context["outlet_events"][CANDIDATE].extra = {**waits}
            return waits["release_id"]

        # Airflow's types know only what a task is given at run time, not the promise of it that a DAG passes
        # on.
        publish(gate(build())) >> announce()  # type: ignore[arg-type]
    return dag


def approval_dag(doc_md: str) -> DAG:
    """The DAG that puts a waiting candidate before the reviewers and carries out what one of them answers:
    woken by the asset of candidates.

    Only reviewers may answer, which Airflow checks and `decide` checks again.
    """
    from anonymart_airflow.hitl import AskReviewer

    with _dag("approve_release", CANDIDATE, doc_md) as dag:

        @task(task_id="read")
        def read() -> dict[str, str]:
            return tasks.read_request(get_current_context())

        @task(task_id="decide")
        def decide(request: dict[str, str], answer: dict[str, Any] | None) -> str:
            return tasks.carry_out(request, answer, get_current_context())

        request = read()
        ask = AskReviewer(
            task_id="ask",
            request=request,
            subject="Release {{ ti.xcom_pull(task_ids='read')['release_id'] }} waits for the privacy "
            "reviewer",
            body="{{ ti.xcom_pull(task_ids='read')['body'] }}",
            options=list(ANSWERS),
            params={
                "reason": Param(
                    "",
                    type="string",
                    maxLength=500,
                    title="Why",
                    description="It is logged, and names no learner.",
                )
            },
            assigned_users=[{"id": user_id, "name": name} for user_id, name in reviewers().items()],
            response_timeout=LOOK_EVERY,
        )
        decide(request, ask.output)  # type: ignore[arg-type] # as above
    return dag


def retention_dag(hour: str, doc_md: str) -> DAG:
    """The DAG that removes, daily at `hour` (Paris), what may no longer be kept."""
    with _dag("enforce_retention", _daily(hour), doc_md) as dag:

        @task(task_id="enforce")
        def enforce() -> None:
            tasks.keep_to_the_terms(get_current_context())

        enforce()
    return dag


def rights_dag(minute: int, doc_md: str) -> DAG:
    """The DAG that answers requests, hourly at `minute`; its last task is red while a request is late
    (R-CLOCK).
    """
    schedule = None if _is_off() else CronTriggerTimetable(f"{minute} * * * *", timezone="Europe/Paris")
    with _dag("answer_rights_requests", schedule, doc_md, max_active_runs=1) as dag:

        @task(task_id="advance", priority_weight=RIGHTS, weight_rule="absolute")
        def advance() -> dict[str, int]:
            return tasks.advance_requests(get_current_context())

        @task(task_id="clock")
        def clock(counts: dict[str, int]) -> None:
            tasks.watch_the_clock(counts)

        clock(advance())  # type: ignore[arg-type] # as above
    return dag


def attack_dag(hour: str, doc_md: str) -> DAG:
    """The DAG that attacks the releases, on Sundays at `hour` (Paris); it changes nothing, so its two
    tasks do not wait for each other. No writer waits for `releases`.
    """
    with _dag("attack_releases", _daily(hour, "0"), doc_md, max_active_runs=1) as dag:

        @task(task_id="releases", pool="default_pool")
        def releases() -> dict[str, int]:
            return tasks.attack_releases(get_current_context())

        @task(task_id="generated")
        def generated() -> dict[str, int]:
            return tasks.attack_generated(get_current_context())

        releases()
        generated()
    return dag


def _is_off() -> bool:
    return os.environ.get("ANONYMART_SCHEDULE") == "off"


def _daily(hour: str, weekday: str = "*") -> CronTriggerTimetable | None:
    if _is_off():
        return None
    hours, minutes = hour.split(":")
    return CronTriggerTimetable(f"{int(minutes)} {int(hours)} * * {weekday}", timezone="Europe/Paris")


def _dag(dag_id: str, schedule: Any, doc_md: str, **settings: Any) -> DAG:
    return DAG(
        dag_id,
        schedule=schedule,
        start_date=datetime(2026, 1, 1),
        catchup=False,
        doc_md=doc_md,
        tags=["anonymart"],
        default_args={
            "pool": POOL,
            "retries": 3,
            "retry_delay": timedelta(seconds=int(os.environ.get("ANONYMART_RETRY_SECONDS", "60"))),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(minutes=30),
            "on_failure_callback": TellSomebody(),
            "on_success_callback": ForgetFailures(),
        },
        **settings,
    )
