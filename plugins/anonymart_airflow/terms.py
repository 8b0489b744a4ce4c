"""What Airflow keeps of our runs leaves after the term of connection logs (P-LOG): rows of its database, and
log files.

The task of the terms removes log files, for they lie on the host where our tasks run. It cannot reach
Airflow's database: there the scheduler removes rows, once the task's DAG has ended well. Only our DAGs are
cleaned: in an Airflow that others use too, theirs stay.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from anonymart.policy import Policy
from anonymart_airflow.load import dag_ids

# The tables of Airflow that hold a row for each run, task, log line or value passed between tasks. Answers of
# the reviewer and reschedules go with their task: the audit log of the home has the answers too.
TABLES = "task_instance_history,xcom,_xcom_archive,task_instance,dag_run,dag_version,log,job"


def moment_of(policy: Policy, now: datetime) -> datetime:
    """What is older than this is over its term. Of 29 February it is the 28th, some years before."""
    year = now.year - policy.figure("purposes", "P-LOG", "keep_years")
    try:
        return now.replace(year=year)
    except ValueError:
        return now.replace(year=year, day=28)


def clean_command(moment: datetime) -> list[str]:
    """Airflow's own command that removes the rows of our DAGs from before a moment."""
    return [
        *(sys.executable, "-m", "airflow", "db", "clean", "--yes", "--skip-archive"),
        # It fails on the table deadline, which has no DAG of its own: no exit code is asked for.
        *("--tables", TABLES),
        *("--clean-before-timestamp", moment.isoformat(), "--dag-ids", ",".join(dag_ids())),
    ]


class Kept(NamedTuple):
    """Log files of our runs: how many, when the oldest was last written to, and how many of them are over
    their term.
    """

    n_files: int
    oldest: datetime | None
    n_over: int


def kept_logs(folder: Path, moment: datetime, ours: Iterable[str]) -> Kept:
    """What log files of our DAGs a folder holds; those from before the moment are over their term."""
    times = [path.stat().st_mtime for root in _roots(folder, ours) for path in _files(root)]
    oldest = datetime.fromtimestamp(min(times), UTC) if times else None
    return Kept(len(times), oldest, sum(time < moment.timestamp() for time in times))


def _roots(folder: Path, ours: Iterable[str]) -> list[Path]:
    return [folder / f"dag_id={dag_id}" for dag_id in ours]


def _files(root: Path) -> list[Path]:
    return [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]


def clean_logs(folder: Path, moment: datetime, ours: Iterable[str]) -> int:
    """Remove the log files of our DAGs that nobody has written to since a moment, and folders that are empty
    then; gives how many files went.
    """
    roots = _roots(folder, ours)
    old = [path for root in roots for path in _files(root) if path.stat().st_mtime < moment.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    for root in roots if old else ():
        for path in sorted(root.rglob("*"), reverse=True):
            if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
                path.rmdir()
    return len(old)
