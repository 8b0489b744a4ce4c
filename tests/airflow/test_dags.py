"""The DAG files: thin, described, quick to read, and alike in what guards them."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from anonymart.source_order import SOURCES
from anonymart_airflow.names import CANDIDATE_URI, POOL

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"dag_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_one_file_per_dag() -> None:
    wanted = {f"ingest_{source}" for source in SOURCES} | {
        "build_release",
        "enforce_retention",
        "answer_rights_requests",
        "attack_releases",
        "approve_release",
    }
    assert {path.stem for path in FILES} == wanted


def test_every_contract_is_of_a_source() -> None:
    from anonymart.ingest.contracts import TABULAR

    assert set(TABULAR) <= set(SOURCES) and len(SOURCES) == len(set(SOURCES))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_thin_and_its_dag_guarded(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 40
    dag = load(path).dag
    assert dag.dag_id == path.stem
    assert not dag.catchup
    for part in ("**Why it retries.**", "**How to restart it.**", "**By hand.**"):
        assert part in dag.doc_md
    for task in dag.tasks:
        # No writer waits for the attacks on releases.
        assert task.pool == ("default_pool" if task.task_id == "releases" else POOL)
        assert task.retries == 3
        assert task.retry_exponential_backoff == 2.0
        # What a task is given is stored and shown: a source's name, or what the task before handed on.
        if task.task_id == "ask":
            continue
        given = [
            value
            for value in (*task.op_args, *task.op_kwargs.values())
            if "XComArg" not in type(value).__name__
        ]
        assert given == ([path.stem.removeprefix("ingest_")] if task.task_id == "ingest" else [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_runbook_names_a_command_that_exists(path: Path) -> None:
    from anonymart.cli.commands import anonymart

    words = shlex.split(re.search(r"\*\*By hand\.\*\* `anonymart ([^`]*)`", path.read_text()).group(1))
    command = anonymart
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_build_release_is_woken_by_every_source_and_daily() -> None:
    dag = load(ROOT / "dags" / "build_release.py").dag
    assets = {asset.uri for asset in dag.timetable.asset_condition.objects}
    assert assets == {f"anonymart://vault/{source}" for source in SOURCES}
    assert dag.timetable.timetable is not None
    assert dag.max_active_runs == 1
    assert [task.task_id for task in dag.topological_sort()] == ["build", "gate", "publish", "announce"]


def test_approve_release_is_woken_by_a_candidate_and_asks_reviewers_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANONYMART_REVIEWERS", "12:anne, reviewer")
    dag = load(ROOT / "dags" / "approve_release.py").dag
    assert dag.timetable.asset_condition.uri.rstrip("/") == CANDIDATE_URI
    assert load(ROOT / "dags" / "build_release.py").dag.get_task("announce").outlets == [
        dag.timetable.asset_condition
    ]
    ask = dag.get_task("ask")
    assert ask.assigned_users == [{"id": "12", "name": "anne"}, {"id": "reviewer", "name": "reviewer"}]
    assert ask.options == ["Approve", "Reject"] and ask.defaults is None and "reason" in ask.params


def test_what_loads_first_has_the_highest_priority() -> None:
    weights = [
        load(ROOT / "dags" / f"ingest_{source}.py").dag.get_task("ingest").priority_weight
        for source in SOURCES
    ]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == len(weights)


def test_the_look_at_a_delivery_waits_for_nothing_and_ingestion_for_requests_and_releases() -> None:
    """Weights count as they are: of two tasks that follow each other the first would have the sum of both."""
    nps, rights, release = (
        load(ROOT / "dags" / f"{name}.py").dag
        for name in ("ingest_nps", "answer_rights_requests", "build_release")
    )
    tasks = [
        nps.get_task("watch"),
        rights.get_task("advance"),
        release.get_task("gate"),
        load(ROOT / "dags" / "ingest_learners.py").dag.get_task("ingest"),
    ]
    weights = [task.priority_weight for task in tasks]
    assert weights == sorted(weights, reverse=True) and len(set(weights)) == 4
    assert all("absolute" in str(task.weight_rule).lower() for task in tasks), [
        str(task.weight_rule) for task in tasks
    ]


def test_without_a_schedule_only_assets_and_people_wake_dags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANONYMART_SCHEDULE", "off")
    assert load(ROOT / "dags" / "ingest_nps.py").dag.schedule is None
    assert "AssetOrTime" not in type(load(ROOT / "dags" / "build_release.py").dag.timetable).__name__


def test_reading_a_dag_imports_neither_dbt_nor_duckdb_nor_great_expectations() -> None:
    code = (
        "import runpy, sys; runpy.run_path(sys.argv[1]);"
        "print([name for name in ('dbt', 'duckdb', 'great_expectations', 'numpy') if name in sys.modules])"
    )
    for name in (
        "build_release",
        "ingest_learning",
        "enforce_retention",
        "answer_rights_requests",
        "attack_releases",
        "approve_release",
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, str(ROOT / "dags" / f"{name}.py")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == "[]"


def test_the_library_never_imports_airflow() -> None:
    pattern = re.compile(r"^\s*(from|import) (airflow|anonymart_airflow)\b", re.MULTILINE)
    files = list((ROOT / "plugins" / "anonymart").rglob("*.py"))
    assert len(files) > 20
    assert [str(path) for path in files if pattern.search(path.read_text(encoding="utf-8"))] == []


def test_airflow_imports_one_plugin_among_our_modules() -> None:
    from airflow._shared.module_loading.file_discovery import find_path_from_directory

    found = [
        path
        for path in find_path_from_directory(str(ROOT / "plugins"), ".airflowignore")
        if path.endswith(".py")
    ]
    assert [Path(path).name for path in found] == ["privacy_plugin.py"]
