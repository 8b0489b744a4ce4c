"""What docs/deploy/ holds, as the tests use it: the environment of every process, and what units start."""

from __future__ import annotations

import shlex

from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "deploy"
AIRFLOW = "/srv/anonymart/venv/bin/airflow"
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")


def environment() -> dict[str, str]:
    """The variables of airflow.env."""
    lines = (FOLDER / "airflow.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def unit(name: str) -> dict[str, list[str]]:
    """The settings of a unit, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            setting, value = line.split("=", 1)
            found.setdefault(setting, []).append(value)
    return found


def started(name: str, instance: str = "") -> list[str]:
    """The words after `airflow` of what a unit starts."""
    [command] = unit(name)["ExecStart"]
    program, *words = shlex.split(command.replace("%i", instance))
    assert program == AIRFLOW
    return words
