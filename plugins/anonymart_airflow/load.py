"""Our DAGs for the one file that `anonymart airflow install` writes into a folder of DAGs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from anonymart.home import PROJECT

FOLDER = PROJECT / "dags"


def dag_ids() -> list[str]:
    """The ids of our DAGs, without loading them: each stands in a file of its name."""
    return sorted(path.stem for path in FOLDER.glob("*.py"))


def dags(queue: str = "") -> dict[str, Any]:
    """Every DAG of ours by its id, its tasks in `queue` where one is named, else in Airflow's default one."""
    found = {dag_id: _module(FOLDER / f"{dag_id}.py").dag for dag_id in dag_ids()}
    for task in [task for dag in found.values() for task in dag.tasks] if queue else ():
        task.queue = queue
    return found


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"anonymart_dag_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(path.name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
