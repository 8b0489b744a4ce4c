"""A candidate of changed definitions tells the reviewer, mart by mart, which of its files changed and how
many new cells rest on them (S-SAFE).
"""

from __future__ import annotations

import io
import json
import stat
import tarfile

import pytest

from anonymart import engine
from anonymart.definitions import definitions, files
from anonymart.home import PROJECT
from anonymart.release import (
    approval,
    cell_definitions,
    exact_page,
    for_reviewer,
    kept_definitions,
    what_moved,
)
from anonymart.release.answer import approve
from anonymart.release.manifest import read_manifest
from anonymart.session import Session
from tests.gate.school import NEXT_MONTH, engagement
from tests.release.test_publish import FIRST, gated
from tests.release.yes import REVIEWER, ask

MART = "course_engagement_monthly"
VERBS = "dbt_project/seeds/verbs.csv"
ELSEWHERE = "expectations/learning.yml"


def node(path: str, *nodes: str, macros: tuple[str, ...] = ()) -> dict:
    return {"original_file_path": path, "depends_on": {"nodes": list(nodes), "macros": list(macros)}}


GRAPH = {
    "nodes": {
        f"model.anonymart.{MART}": node(f"models/marts/{MART}.sql", "model.a", macros=("macro.a",)),
        "model.anonymart.nps_quarterly": node("models/marts/nps_quarterly.sql", "model.b"),
        "model.a": node("models/intermediate/people/a.sql", "seed.verbs"),
        "model.b": node("models/intermediate/people/b.sql"),
        "seed.verbs": {"original_file_path": "seeds/verbs.csv", "depends_on": {"macros": []}},
        "test.c": node("models/c.sql"),
    },
    "macros": {"macro.a": node("macros/a.sql", macros=("macro.b",)), "macro.b": node("macros/b.sql")},
}


@pytest.fixture
def target(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps(GRAPH))
    return tmp_path


def alter(path, name: str) -> None:
    """Let the kept copy of one file be another than the present one."""
    with tarfile.open(path) as kept:
        members = [(each, kept.extractfile(each).read()) for each in kept.getmembers()]
    with tarfile.open(path, "w:gz") as kept:
        for member, content in members:
            content += b"\n" if member.name == name else b""
            member.size = len(content)
            kept.addfile(member, io.BytesIO(content))


def test_every_definition_has_its_files():
    named = files()
    # What changed in the policy is told figure by figure.
    assert {*named, "policy"} == definitions().keys()
    assert [path.relative_to(PROJECT).as_posix() for path in named["seeds/verbs"]] == [VERBS]
    assert all(path.is_file() for paths in named.values() for path in paths)


def test_files_are_laid_to_the_marts_that_stand_on_them(target):
    changed = [VERBS, "dbt_project/macros/b.sql", "dbt_project/models/c.sql", ELSEWHERE]
    changed.append("dbt_project/models/marts/nps_quarterly.yml")
    found = what_moved.by_mart(target, changed, (MART, "nps_quarterly", "rncp_promotion"))
    assert found == {
        MART: ["dbt_project/macros/b.sql", VERBS, ELSEWHERE],
        "nps_quarterly": ["dbt_project/models/marts/nps_quarterly.yml", ELSEWHERE],
        "rncp_promotion": [ELSEWHERE],
    }


def test_without_a_graph_every_file_may_move_every_mart(tmp_path):
    assert what_moved.by_mart(tmp_path, [VERBS], (MART,)) == {MART: [VERBS]}


@pytest.mark.long
@pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack")
def test_the_reviewer_is_told_which_marts_stand_on_what_changed(school, monkeypatch):
    ask(Session(school.home, school.keys, school.policy), gated(school))
    approve(Session(school.home, school.keys, school.policy), FIRST, REVIEWER)
    (kept,) = school.home.definitions.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and kept.name.endswith(".tar.gz")
    with tarfile.open(kept) as archive:
        assert {(each.uname, each.gname, each.mtime) for each in archive.getmembers()} == {("", "", 0)}
        assert VERBS in archive.getnames()
    alter(kept, VERBS)
    other = definitions() | {"seeds/verbs": "0" * 64}
    for module in ("release.candidate", "release.report_changes", "release.kept_definitions"):
        monkeypatch.setattr(f"anonymart.{module}.definitions", lambda: other)
    monkeypatch.setattr("anonymart.gate.folder_reading.definitions", lambda: other)
    # The two builds have a test of their own (tests/dbt/test_both_builds.py).
    counted = {"mart": MART, "cells": 1, "cells_moved": 1, "figures": 4, "figures_moved": 3}
    # Of a mart that is held back the builds know cells, and the reviewer's page tells nothing.
    beside = {"why_not": None, "marts": [counted, {**counted, "mart": "nps_quarterly"}]}
    with engine.connect(school.home, school.keys, vault="rw") as connection:
        connection.execute("INSERT INTO vault.ledger.held_marts (mart) VALUES ('nps_quarterly')")
    monkeypatch.setattr("anonymart.release.both_builds.count_moved", lambda *_: beside)
    school.home.dbt_target.mkdir(parents=True, exist_ok=True)
    (school.home.dbt_target / "manifest.json").write_text(json.dumps(GRAPH))
    school.build([engagement(month="2026-05-01")], NEXT_MONTH)
    ask(Session(school.home, school.keys, school.policy), gated(school, NEXT_MONTH))
    waits = approval.waiting(Session(school.home, school.keys))
    with engine.connect(school.home, school.keys, vault="ro") as connection:
        notes = for_reviewer.notes(connection, waits.release_id)
    told = notes[what_moved.NAME]
    assert told["since"] == FIRST and told["are_files_known"]
    assert [each for each in told["marts"] if each["files"]] == [
        {"mart": MART, "new_cells": 1, "figures": 4, "files": [VERBS]}
    ]
    text = "\n".join(exact_page.lines(notes))
    assert "What changed definitions may have moved" in text and VERBS in text
    assert "Figures that differ" in text and notes[what_moved.NAME]["beside"] == {
        "why_not": None,
        "marts": [counted],
    }
    folder = school.home.releases / f".waiting-{waits.release_id}"
    assert VERBS not in (folder / "privacy_report.json").read_text(encoding="utf-8")
    # Cells of the release before stand under its definitions, the new one under those of this release.
    manifest = read_manifest(folder)
    marts = manifest["marts"]
    assert manifest[cell_definitions.NAME] == {
        name: {FIRST: marts[name]["rows"]} if marts[name]["rows"] else {} for name in marts
    } | {MART: {FIRST: marts[MART]["rows"] - 1, waits.release_id: 1}}


def test_a_manifest_that_tells_of_other_cells_is_strange(school):
    marts = {MART: {"rows": 3, "new_cells": 3}}
    sound = {"release_id": FIRST, "marts": marts, cell_definitions.NAME: {MART: {FIRST: 3}}}
    with engine.connect(school.home, school.keys, vault="ro") as connection:
        assert not cell_definitions.is_strange(connection, sound)
        for told in ({}, {MART: {FIRST: 2}}, {MART: {"anne": 3}}, {MART: {FIRST: "3"}}, []):
            assert cell_definitions.is_strange(connection, sound | {cell_definitions.NAME: told}), told


def test_without_a_kept_copy_the_files_are_not_known(school):
    assert kept_definitions.changed_files(school.home, definitions() | {"seeds/verbs": "0" * 64}) is None
