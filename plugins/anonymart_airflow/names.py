"""The names that DAGs, set-up and tests share; importing them imports nothing of Airflow."""

from __future__ import annotations

import os

POOL = "anonymart_writer"
POOL_NOTE = "One slot: DuckDB has one writer for each file."
NO_POOL = (
    f"There is no pool {POOL}, so no task could ever start: make it with `anonymart airflow install "
    f"--dags-folder DIR`, "
    f"or with `airflow pools set {POOL} 1 writer`, then clear this run."
)
# The Celery queue of the one host that has the home.
QUEUE = "anonymart"
# The resource of Airflow's auth manager: GET on it is reading the page, PUT is approving and refusing.
PRIVACY = "Privacy"
REVIEWER = "reviewer"
CANDIDATE_URI = "anonymart://candidate"
ANSWERS = APPROVE, REJECT = ("Approve", "Reject")


def reviewers() -> dict[str, str]:
    """Who may answer for a release, name by id of the auth manager: ANONYMART_REVIEWERS holds `id` or
    `id:name`, by commas.
    """
    told = os.environ.get("ANONYMART_REVIEWERS", REVIEWER)
    pairs = [entry.strip().partition(":") for entry in told.split(",") if entry.strip()]
    return {user_id: name or user_id for user_id, _, name in pairs}
