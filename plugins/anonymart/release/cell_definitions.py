"""By which definitions the cells of a release were published: cells are never made anew, so a release holds
figures of every set of definitions that the school has had (S-SAFE).

A set is named by the first release that was published by it: that release's manifest lists its hashes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.engine import table_exists
from anonymart.errors import AnonymartError
from anonymart.release import ledger
from anonymart.release.manifest import read_manifest

NAME = "definitions_of_cells"


def of_cells(
    connection: duckdb.DuckDBPyConnection,
    releases: Path,
    contracts: Iterable[MartContract],
    candidate: Mapping[str, Any],
) -> dict[str, dict[str, int]]:
    """For each mart how many cells of a candidate were published by which set of definitions.

    `candidate` is its manifest so far, with `release_id`, `definitions` and `marts`. A release whose manifest
    is gone, or tells no definitions, is a set of its own.
    """
    names = _names(connection, releases, candidate)
    found = {}
    for contract in contracts:
        counted: dict[str, int] = {}
        fresh = candidate["marts"][contract.name]["new_cells"]
        own = [(candidate["release_id"], fresh)] if fresh else []
        for release_id, n in [*_carried(connection, contract), *own]:
            name = names.get(release_id, release_id)
            counted[name] = counted.get(name, 0) + n
        found[contract.name] = counted
    return found


def is_strange(connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest tells this otherwise than by releases that there are, with the rows of each mart as
    their sum. Releases of before do not tell it.
    """
    told = manifest.get(NAME)
    if told is None:
        return False
    marts = manifest.get("marts")
    if not isinstance(told, dict) or not isinstance(marts, dict) or set(told) != set(marts):
        return True
    known = {each["release_id"] for each in ledger.releases(connection)} | {manifest.get("release_id")}
    return not all(_is_sound(told[mart], marts[mart], known) for mart in marts)


def _is_sound(counted: Any, mart: Any, known: set[Any]) -> bool:
    return (
        isinstance(counted, dict)
        and isinstance(mart, dict)
        and set(counted) <= known
        and all(type(n) is int for n in counted.values())
        and sum(counted.values()) == mart.get("rows")
    )


def _names(
    connection: duckdb.DuckDBPyConnection, releases: Path, candidate: Mapping[str, Any]
) -> dict[str, str]:
    """The set of each release, in the order of publication."""
    first: dict[str, str] = {}
    names = {}
    published = [each["release_id"] for each in ledger.releases(connection)]
    for release_id in published:
        names[release_id] = _first(first, _definitions(releases / release_id), release_id)
    own = candidate["release_id"]
    return names | {own: _first(first, candidate["definitions"], own)}


def _first(first: dict[str, str], told: Mapping[str, str] | None, release_id: str) -> str:
    return first.setdefault(json.dumps(told, sort_keys=True), release_id) if told else release_id


def _definitions(folder: Path) -> dict[str, str] | None:
    try:
        return read_manifest(folder).get("definitions")
    except AnonymartError:
        return None


def _carried(connection: duckdb.DuckDBPyConnection, contract: MartContract) -> list[tuple[str, int]]:
    table = f"cells_{contract.name}"
    if not table_exists(connection, "ledger", table):
        return []
    return connection.execute(
        f"SELECT release_id, count(*) FROM vault.ledger.{table} GROUP BY 1 ORDER BY 1"
    ).fetchall()
