"""Once the DAG of the terms has ended well, what Airflow keeps of our runs is cleaned too (P-LOG).

Airflow calls this in the scheduler, which alone of our processes may reach Airflow's database.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

DAG = "enforce_retention"


@hookimpl
def on_dag_run_success(dag_run: DagRun, msg: str) -> None:
    """Start `anonymart_airflow.terms` beside the scheduler, which does not wait for it."""
    if dag_run.dag_id == DAG:
        subprocess.Popen([sys.executable, "-m", "anonymart_airflow.terms"], start_new_session=False)
