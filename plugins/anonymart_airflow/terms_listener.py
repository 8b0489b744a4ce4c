"""Once the DAG of the terms has ended well, Airflow's rows of our runs that are over their term go (P-LOG).

Airflow calls this in the scheduler, which alone of our processes may reach Airflow's database.
"""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

DAG = "enforce_retention"


@hookimpl
def on_dag_run_success(dag_run: DagRun, msg: str) -> None:
    """Start Airflow's own cleaning beside the scheduler, which does not wait for it."""
    if dag_run.dag_id != DAG:
        return
    from anonymart.policy import load_policy
    from anonymart_airflow import terms

    moment = terms.moment_of(load_policy(), datetime.now(UTC))
    subprocess.Popen(terms.clean_command(moment), stdout=subprocess.DEVNULL)
