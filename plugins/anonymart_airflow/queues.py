"""Where the tasks run: the home is on one host, so with Celery they have a queue of their own there
(S-SAFE).
"""

from __future__ import annotations

import re
from pathlib import Path

from anonymart.errors import UsageError
from anonymart_airflow.names import QUEUE

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_IN_FILE = re.compile(r'dags\(queue="([A-Za-z0-9_.-]+)"\)')
_SECONDS = 3.0


def is_local() -> bool:
    """Whether Airflow's executor runs every task on the scheduler's own host."""
    from airflow.executors.executor_loader import ExecutorLoader

    return bool(ExecutorLoader.import_default_executor_cls()[0].is_local)


def choose(wanted: str, dag_file: Path) -> str:
    """The queue for our DAG file: the wanted one, else the one that the file names already, else `anonymart`
    unless tasks run on the scheduler's host; empty for Airflow's own. Raises UsageError for what is no name.
    """
    if wanted and not _NAME.fullmatch(wanted):
        raise UsageError("A queue is named by letters, digits, `_`, `.` and `-`: --queue anonymart.")
    return wanted or of_file(dag_file) or ("" if is_local() else QUEUE)


def of_file(dag_file: Path) -> str:
    """The queue that the DAG file names, or nothing."""
    if not dag_file.is_file():
        return ""
    found = _IN_FILE.search(dag_file.read_text(encoding="utf-8"))
    return found.group(1) if found else ""


def judge(dag_file: Path) -> tuple[bool | None, str]:
    """Whether every task of ours goes to one host, None where no worker answers, and a sentence."""
    from airflow.configuration import conf

    if is_local():
        return True, "the executor runs tasks on the scheduler's own host"
    queue, usual = of_file(dag_file), conf.get_mandatory_value("operators", "default_queue")
    if queue in ("", usual):
        return False, (
            f"our tasks go to the queue {usual}, which any worker may read, and only one host has the home: "
            f"anonymart airflow install --dags-folder {dag_file.parent} --queue {QUEUE}"
        )
    hosts = hosts_of(queue)
    if hosts is None:
        return None, f"our tasks go to the queue {queue}: see that only workers on the home's host read it"
    if not hosts:
        return None, (
            f"our tasks go to the queue {queue}, and no worker that reads it answers: start one on the host "
            f"of the home with `airflow celery worker --queues {queue}`"
        )
    if len(hosts) > 1:
        return False, (
            f"workers on {len(hosts)} hosts read the queue {queue} ({', '.join(sorted(hosts))}), and only "
            f"one host has the home: stop the others, or start them with other --queues"
        )
    return True, f"our tasks go to the queue {queue}, which one host reads"


def hosts_of(queue: str) -> set[str] | None:
    """The hosts whose Celery workers say that they read the queue; None where the executor is not Celery's
    or its broker does not answer.
    """
    from airflow.executors.executor_loader import ExecutorLoader

    if "Celery" not in ExecutorLoader.import_default_executor_cls()[0].__name__:
        return None
    from airflow.providers.celery.executors.celery_executor import app

    try:
        answers = app.control.inspect(timeout=_SECONDS).active_queues() or {}
    except Exception:
        return None
    reading = [worker for worker, queues in answers.items() if queue in {each["name"] for each in queues}]
    return {worker.rpartition("@")[2] for worker in reading}
