"""A whole demo, run by a real Airflow: what it leaves, what it shows, and that it can be run again."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
from pathlib import Path

import duckdb
import pytest

from anonymart.contracts import load_contracts
from anonymart.source_order import SOURCES
from anonymart_airflow.processes import of_sessions
from tests.airflow.running import Running
from tests.conftest import DEMO_LEARNERS, DemoHome, run_demo
from tests.whole.small_school import SmallSchool

pytestmark = pytest.mark.long


CHANGE = re.compile(r"(new|lost) column \w+|changed type \w+ \(was \w+, is \w+\)|new verb https?://[\w./-]+")


def rows(home: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(f"file:{home / 'airflow' / 'airflow.db'}?mode=ro", uri=True) as connection:
        return connection.execute(sql).fetchall()


def marts_digest(home: Path) -> str:
    return hashlib.sha256((home / "releases" / "current" / "marts.duckdb").read_bytes()).hexdigest()


def vault_counts(small_school: SmallSchool) -> dict[str, int]:
    tables = (
        "raw.learning",
        "raw.enrolments",
        "raw.salary",
        "answers.nps",
        "register.learners",
        "register.identities",
        "register.last_use",
        "rights.consents",
        "rights.requests",
        "ledger.row_hashes",
    )
    return {table: small_school.vault(f"SELECT count(*) FROM vault.{table}")[0][0] for table in tables}


def test_every_dag_ran_and_the_asset_woke_the_release(demo_home: DemoHome) -> None:
    runs = rows(demo_home.root, "SELECT dag_id, run_type, state FROM dag_run")
    refused = {
        source
        for (source,) in SmallSchool(demo_home.root).vault(
            "SELECT source FROM vault.ledger.loads WHERE status = 'refused'"
        )
    }
    assert 0 < len(refused) < len(SOURCES)
    wanted = {
        (f"ingest_{source}", "manual", "failed" if source in refused else "success") for source in SOURCES
    }
    red = rows(
        demo_home.root, "SELECT dag_id, task_id FROM task_instance WHERE state NOT IN ('success', 'skipped')"
    )
    assert set(red) == {(f"ingest_{source}", "watch") for source in refused}, (
        "what was not refused is loaded, and the asset was told"
    )
    wanted |= {("build_release", "asset_triggered", "success"), ("enforce_retention", "manual", "success")}
    wanted.add(("answer_rights_requests", "manual", "success"))
    wanted.add(("approve_release", "asset_triggered", "success"))
    assert set(runs) == wanted
    assert len(runs) == len(wanted)


def test_it_says_where_to_look_and_what_became_of_the_data(demo_home: DemoHome) -> None:
    for text in (
        "for this demo only",
        "Release 2026-06-30.1 is published.",
        "index.html",
        "marts.duckdb",
        "quarantined",
        "too few",
        "answered",
        "awaiting_proof",
    ):
        assert text in demo_home.output
    for source in SOURCES:
        assert f"ingest_{source}" in demo_home.output


def test_the_release_opens_with_all_marts(demo_home: DemoHome) -> None:
    path = demo_home.root / "releases" / "current" / "marts.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'main'"
        ).fetchone()
    assert found == (len(load_contracts()),)


def is_count_or_name(content: object) -> bool:
    """Counts by name, the id of a release, what is asked of the reviewer and her answer: nothing else passes
    between tasks.
    """
    if not isinstance(content, dict):
        return content in (None, *SOURCES, ".candidate-2026-06-30.1", "2026-06-30.1")
    if "responded_by_user" in content:
        answer = {name: content[name] for name in content if name != "responded_at"}
        return answer == {
            "chosen_options": ["Approve"], "responded_by_user": {"id": "reviewer", "name": "reviewer"},
            "params_input": {"reason": "the demo's own reviewer: fictional people"},
        }  # fmt: skip
    if "candidate_sha256" in content:
        return set(content) == {"release_id", "candidate_sha256", "body"} and content["body"].startswith(
            "- It is the first release."
        )
    named = all(CHANGE.fullmatch(sentence) for sentence in content.get("changes", []))
    named &= all(re.fullmatch(r"\w+/[\w.-]+", name) for name in content.get("still_refused", []))
    late = content.get("late", {})
    # Of files the rows about closed periods, by source and kind of period; of requests a count.
    named &= isinstance(late, int) or all(
        name in SOURCES and re.fullmatch("[a-z_]+", grain) is not None and isinstance(number, int)
        for name, by_grain in late.items()
        for grain, number in by_grain.items()
    )
    texts = ("changes", "still_refused", "late")
    return named and all(isinstance(number, int) for name, number in content.items() if name not in texts)


def test_airflow_holds_counts_and_names_only(demo_home: DemoHome) -> None:
    for (value,) in rows(demo_home.root, "SELECT value FROM xcom WHERE key = 'return_value'"):
        content = json.loads(value)
        content = json.loads(content) if isinstance(content, str) and content[:1] == "{" else content
        assert is_count_or_name(content), content
    for (fields,) in rows(demo_home.root, "SELECT rendered_fields FROM rendered_task_instance_fields"):
        given = json.loads(fields)
        if "op_args" not in given:
            assert (
                set(given) == {"subject", "body", "request"}
                and is_count_or_name(given["request"])
                and given["body"] == given["request"]["body"]
            )
            continue
        for argument in (
            json.loads(given["op_args"])
            if isinstance(given["op_args"], str) and given["op_args"][:1] == "["
            else given["op_args"]
        ):
            assert is_count_or_name(argument) or argument in ("(", ")"), argument


def test_what_tasks_tell_is_information(demo_home: DemoHome) -> None:
    """Airflow writes what a task prints on standard error as an error."""
    levels: dict[str, set[str]] = {}
    for path in (demo_home.root / "airflow" / "logs").glob("dag_id=*/**/*.log"):
        if "task_id=watch" in path.parts:
            continue
        for event in (json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")):
            levels.setdefault(event.get("level", ""), set()).add(event["event"])
    assert any("delivered," in said for said in levels["info"])
    assert sorted(levels.get("error", ())) == []


def test_no_identifier_and_no_key_in_anything_of_airflow_or_in_the_output(demo_home: DemoHome) -> None:
    with (demo_home.truth / "identifiers.csv").open(encoding="utf-8") as file:
        hidden = {row["value"].encode() for row in csv.DictReader(file)}
    hidden |= {key.encode() for key in json.loads((demo_home.root / "keys.json").read_text()).values()}
    assert len(hidden) > 1000
    places = [path for path in (demo_home.root / "airflow").rglob("*") if path.is_file()]
    haystack = b"\0".join([demo_home.output.encode(), *(path.read_bytes() for path in places)])
    assert len(haystack) > 500_000
    assert sum(value in haystack for value in hidden) == 0


def test_only_releases_can_be_read_by_others(demo_home: DemoHome) -> None:
    for path in demo_home.root.rglob("*"):
        if "releases" not in path.relative_to(demo_home.root).parts and not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_dags_are_left_paused(demo_home: DemoHome) -> None:
    assert set(rows(demo_home.root, "SELECT is_paused FROM dag")) == {(1,)}


@pytest.mark.slow
def test_stopped_and_run_again_it_leaves_no_process_doubles_nothing_and_changes_no_figure(
    demo_home: DemoHome, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(demo_home.root, home, symlinks=True)
    before = marts_digest(home)
    stopped = Running("anonymart_airflow.demo", home, DEMO_LEARNERS)
    stopped.until("  ingest_learners.ingest: ")
    sessions = stopped.sessions
    assert of_sessions(sessions)
    assert stopped.end(signal.SIGTERM) == 130
    assert of_sessions(sessions) == []

    done = run_demo(home, DEMO_LEARNERS)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Nothing new to publish: release 2026-06-30.1 stays as it is" in done.stdout
    assert marts_digest(home) == before
    assert os.readlink(home / "releases" / "current") == "2026-06-30.1"
    # Whoever had left the window came again with the old files, and left again.
    assert vault_counts(SmallSchool(home)) == vault_counts(SmallSchool(demo_home.root))
