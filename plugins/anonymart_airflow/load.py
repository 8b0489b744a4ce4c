"""Our DAGs for the one file that `anonymart airflow install` writes into a folder of DAGs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from anonymart.home import PROJECT

FOLDER = PROJECT / "dags"


def dags() -> dict[str, Any]:
    """Every DAG of ours by its id."""
    return {path.stem: _module(path).dag for path in sorted(FOLDER.glob("*.py"))}


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"anonymart_dag_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(path.name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
