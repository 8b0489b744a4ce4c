"""Without the writer's pool tasks would stay `scheduled` for ever, and only the scheduler would say why. So
such a run fails at once, with a sentence.

Airflow calls this in the scheduler, where a run begins; tasks cannot look at pools.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from anonymart_airflow.names import NO_POOL, POOL

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

_LOG = logging.getLogger(__name__)


@hookimpl
def on_dag_run_running(dag_run: DagRun, msg: str) -> None:
    """Fail the tasks of a run that wait for the pool when there is no pool, and note on the run what to
    do.
    """
    dag = dag_run.dag
    if dag is None or not any(task.pool == POOL for task in dag.task_dict.values()):
        return
    from airflow.models.pool import Pool
    from airflow.utils.state import TaskInstanceState
    from sqlalchemy import select
    from sqlalchemy.orm import object_session

    # The scheduler's own session, which it commits: a second one would wait for it.
    session = object_session(dag_run)
    if session is None or session.scalar(select(Pool.id).where(Pool.pool == POOL)):
        return
    for instance in dag_run.get_task_instances(session=session):
        instance.set_state(TaskInstanceState.FAILED, session=session)
    dag_run.note = NO_POOL
    _LOG.error("%s: %s", dag_run.dag_id, NO_POOL)
