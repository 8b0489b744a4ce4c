"""What changed definitions may have moved in a candidate, mart by mart: for the reviewer, beside the files of
the candidate (S-SAFE).

Which mart stands on which file dbt knows: its graph leads from a mart back to models, lists and macros. A
file that the graph does not know (a mapping of answers, which acts while rows are loaded; a file that went)
may move every mart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from anonymart.contracts import MartContract
from anonymart.release import both_builds, held_marts, kept_definitions
from anonymart.session import Session

NAME = "what_moved"
_PROJECT = "dbt_project/"


def what_moved(
    session: Session,
    before: Mapping[str, Any],
    marts: Mapping[str, Mapping[str, Any]],
    contracts: Mapping[str, MartContract],
) -> dict[str, Any]:
    """For each mart with new cells how many these are, how many figures stand in them, and on which changed
    files they stand; and what a build by the old definitions gives otherwise (`beside`, None where no changed
    file acts in a build).

    `before` is the manifest of the release before, `marts` what the candidate's report says of each. Without
    its kept files only the numbers are told (`are_files_known`). The caller has no zone open.
    """
    old = before.get("definitions") or {}
    changed = kept_definitions.changed_files(session.home, old)
    files = by_mart(session.home.dbt_target, changed or [], contracts)
    return {
        "beside": _beside(session, old, marts) if both_builds.moves(changed or ()) else None,
        "since": before["release_id"],
        "are_files_known": changed is not None,
        "marts": [
            {
                "mart": name,
                "new_cells": marts[name]["new_cells"],
                "figures": marts[name]["new_cells"] * len(contract.figures),
                "files": files[name],
            }
            for name, contract in contracts.items()
            if marts[name]["new_cells"]
        ],
    }


def _beside(
    session: Session, old: Mapping[str, str], marts: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """What the two builds count, but for marts that are held back: they build those too."""
    held = {each["mart"] for each in held_marts.held_now(session)}
    out = {mart for mart in held & marts.keys() if not marts[mart]["new_cells"]}
    found = both_builds.count_moved(session, old)
    return {**found, "marts": [each for each in found["marts"] if each["mart"] not in out]}


def by_mart(target: Path, changed: Iterable[str], marts: Iterable[str]) -> dict[str, list[str]]:
    """Which of the changed files each mart stands on, by the graph that dbt wrote into `target` at the last
    build.
    """
    graph = _graph(target)
    nodes = {**graph.get("nodes", {}), **graph.get("macros", {})}
    known = {_PROJECT + node["original_file_path"] for node in nodes.values()}
    found = {}
    for mart in marts:
        stands_on = {_PROJECT + path for path in _behind(nodes, f"model.anonymart.{mart}")}
        found[mart] = sorted(
            name
            for name in changed
            if name in stands_on or _is_page_of(name, mart) or not (name in known or _is_page(name))
        )
    return found


def _behind(nodes: Mapping[str, Any], start: str) -> set[str]:
    """The files of a node and of everything before it."""
    seen, waiting = {start}, [start]
    while waiting:
        needs = (nodes.get(waiting.pop()) or {}).get("depends_on") or {}
        fresh = {*needs.get("nodes", ()), *needs.get("macros", ())} - seen
        seen |= fresh
        waiting.extend(fresh)
    return {nodes[name]["original_file_path"] for name in seen if name in nodes}


def _is_page(name: str) -> bool:
    return name.startswith(f"{_PROJECT}models/marts/") and name.endswith(".yml")


def _is_page_of(name: str, mart: str) -> bool:
    return name == f"{_PROJECT}models/marts/{mart}.yml"


def _graph(target: Path) -> dict[str, Any]:
    try:
        found = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
