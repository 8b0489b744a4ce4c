"""The commands `anonymart airflow`: our DAGs in an Airflow that is there already. What they do stands in
anonymart_airflow, in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click

from anonymart.cli.base import as_json, print_result
from anonymart.errors import UsageError

_STATES = {True: "ok", False: "missing", None: "look"}


@click.group("airflow")
def airflow() -> None:
    """Anonymart in an Airflow of your own.

    Call them as the user of the scheduler, with its environment: AIRFLOW_HOME or AIRFLOW__…, ANONYMART_HOME,
    and the keys where they stand in variables.

    \b
      pip install anonymart-0.1.0-py3-none-any.whl
      anonymart airflow install --dags-folder "$AIRFLOW_HOME/dags"
      anonymart airflow check
    """


@airflow.command("install")
@click.option(
    "--dags-folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Airflow's folder of DAGs: it gets one file that loads ours.",
)
@click.option(
    "--queue",
    default="",
    help="The queue of our tasks. Not given: as before; at first `anonymart` where workers on several hosts "
    "take tasks, else Airflow's own.",
)
@as_json
def install(dags_folder: Path, queue: str, is_json: bool) -> None:
    """Write the DAG file with the queue of its tasks, make the pool of the writer and, with the FAB auth
    manager, the three roles; then check. May be repeated; exit 2 while something is missing.
    """
    _call(is_json, "install", str(dags_folder), queue)


@airflow.command("check")
@as_json
def check(is_json: bool) -> None:
    """Say what is there and what is missing: home, keys, DAGs, queue, pool, plugin, auth manager, reviewers.
    Changes nothing; exit 2 while something is missing.
    """
    _call(is_json, "check")


def _call(is_json: bool, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "anonymart_airflow.install", *words], stdout=subprocess.PIPE, text=True
    )
    # Airflow and its providers may print a line of their own before ours.
    last = (done.stdout.strip().splitlines() or [""])[-1]
    if not last.startswith("{"):
        raise UsageError(
            "Airflow could not be asked: see its words above, and call this with the scheduler's Python "
            "and environment."
        )
    found = json.loads(last)
    print_result(
        is_json,
        found,
        lambda told: [
            f"{_STATES[entry['is_there']]:<8} {entry['what']}: {entry['says']}" for entry in told["checks"]
        ],
    )
    if any(entry["is_there"] is False for entry in found["checks"]):
        raise click.exceptions.Exit(UsageError.exit_code)
