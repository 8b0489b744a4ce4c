"""The file itself: a ZIP of YAML as Superset exports and imports it; it holds no figure and no secret
(S-ANON).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import yaml

from anonymart.contracts import Column, MartContract, load_contracts
from anonymart.errors import GateRefused, UsageError
from anonymart.release.folder import DATA_PACKAGE, MARTS_SCHEMA
from anonymart.release.name_tables import NAME_TABLES, all_tables
from anonymart.release.tables import ReleaseTable
from anonymart.release.verify import verify
from anonymart.superset.charts import charts_of
from anonymart.superset.dashboards import BOARDS, board_of, dashboard
from anonymart.superset.datasets import VERSION, mart_dataset, other_dataset, uuid_of, years_dataset

DATABASE = "duckdb:////REPLACE/THIS/BY/THE/PATH/OF/marts.duckdb"
_READ_ONLY = "access_mode=read_only"
# Superset takes the first folder of every path away.
_ROOT = "anonymart"
# Of tables and columns, which stand in SQL and in paths, and of releases.
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_TYPES = {"string": "VARCHAR", "integer": "INTEGER", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}


@dataclass(frozen=True)
class Bundle:
    """What was written, for which release."""

    file: str
    release_id: str
    n_datasets: int
    n_charts: int
    n_dashboards: int
    database: str
    # Tables that no contract of this version describes: they have a dataset alone.
    without_charts: list[str]


def make_bundle(release: Path, target: Path, database: str = DATABASE) -> Bundle:
    """Write the bundle of a release folder; the same bytes each time.

    Raises GateRefused for a folder that is not as it was published, or recalled; UsageError for one that
    holds no release, for an address that is not a DuckDB file, and for a file that is there.
    """
    address = _read_only(database)
    if target.exists():
        raise UsageError(f"{target} is there already: remove it, or give another name.")
    described = _descriptor(release)
    files = bundle_files(described, load_contracts(), address)
    with ZipFile(target, "x", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
            archive.writestr(ZipInfo(f"{_ROOT}/{name}", (1980, 1, 1, 0, 0, 0)), text, ZIP_DEFLATED)
    made = [name.split("/")[0] for name in files]
    return Bundle(
        file=str(target),
        release_id=described["version"],
        n_datasets=made.count("datasets"),
        n_charts=made.count("charts"),
        n_dashboards=made.count("dashboards"),
        database=address,
        without_charts=sorted(set(_told(described)) - set(NAME_TABLES) - _with_charts(files)),
    )


def bundle_files(
    described: Mapping[str, Any], contracts: Mapping[str, MartContract], database: str
) -> dict[str, dict[str, Any]]:
    """The content of each file of the bundle, from what a release says of itself (`datapackage.json`) and the
    contracts of its marts.
    """
    told = _told(described)
    marts = {name: each for name, each in contracts.items() if set(each.column_names) == told.get(name)}
    tables = {table.name: table for table in all_tables(marts)}
    others = [table for name, table in tables.items() if name in NAME_TABLES and name in told]
    others += [_undescribed(described, name) for name in told if name not in tables]
    datasets = {name: mart_dataset(each, tables[name]) for name, each in marts.items()}
    datasets |= {table.name: other_dataset(table) for table in others}
    years = years_dataset(marts.values())
    datasets[years["table_name"]] = years
    charts = {name: charts_of(each, tables[name]) for name, each in marts.items()}
    files: dict[str, dict[str, Any]] = {
        "metadata.yaml": {"version": VERSION, "timestamp": f"{described['as_of']}T00:00:00+00:00"},
        "databases/Anonymart.yaml": _database(database),
    }
    files |= {f"datasets/Anonymart/{name}.yaml": each for name, each in datasets.items()}
    files |= {f"charts/{each['uuid']}.yaml": each for drawn in charts.values() for each in drawn}
    for board in BOARDS:
        own = [name for name in (*board.marts, *sorted(set(marts) - set(board.marts))) if name in marts]
        own = [name for name in own if board_of(marts[name]) is board]
        columns = {column["column_name"] for name in own for column in datasets[name]["columns"]}
        if own:
            made = dashboard(board, {name: charts[name] for name in own}, columns)
            files[f"dashboards/{board.slug}.yaml"] = made
    return files


def _with_charts(files: Mapping[str, dict[str, Any]]) -> set[str]:
    drawn = {content["dataset_uuid"] for name, content in files.items() if name.startswith("charts/")}
    datasets = [content for name, content in files.items() if name.startswith("datasets/")]
    return {each["table_name"] for each in datasets if each["uuid"] in drawn}


def _descriptor(release: Path) -> dict[str, Any]:
    try:
        described = json.loads((release / DATA_PACKAGE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UsageError(f"{release} holds no {DATA_PACKAGE}: give the folder of a release.") from None
    found = verify(release)
    if found.status == "withdrawn":
        raise GateRefused("This release was recalled: make the bundle of a release that stands.")
    if found.status == "changed":
        raise GateRefused(
            f"{release} is not as it was published: `anonymart verify` names each file; ask for another copy."
        )
    names = {name for table, columns in _told(described).items() for name in (table, *columns)}
    if not all(_NAME.fullmatch(name) for name in (*names, described["version"])):
        raise UsageError(f"{release}/{DATA_PACKAGE} names a table or a column that no release has.")
    return described


def _told(described: Mapping[str, Any]) -> dict[str, set[str]]:
    """The columns of each table of the release."""
    return {each["name"]: {field["name"] for field in each["schema"]["fields"]} for each in _plain(described)}


def _plain(described: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in described["resources"] if each["path"].startswith("csv/")]


def _undescribed(described: Mapping[str, Any], name: str) -> ReleaseTable:
    """A table that no contract of this version describes, by what the release says of it."""
    resource = next(each for each in _plain(described) if each["name"] == name)
    fields = resource["schema"]["fields"]
    columns = tuple(
        Column(field["name"], _TYPES.get(field["type"], "VARCHAR"), field["description"]) for field in fields
    )
    keys = tuple(resource["schema"]["primaryKey"])
    return ReleaseTable(name, resource["description"], columns, keys, MARTS_SCHEMA)


def _read_only(address: str) -> str:
    """The address as it goes into the bundle, which is handed on: a file, read only, and no secret."""
    path, _, query = address.partition("?")
    if not path.startswith("duckdb:////") or "@" in path or query not in ("", _READ_ONLY):
        raise UsageError(
            f"--database must be duckdb:/// and the absolute path of marts.duckdb, as {DATABASE}, without a "
            "user, a password or a token: the bundle is handed on."
        )
    return f"{path}?{_READ_ONLY}"


def _database(address: str) -> dict[str, Any]:
    return {
        "database_name": "Anonymart",
        "sqlalchemy_uri": address,
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {"allows_virtual_table_explore": True},
        "uuid": uuid_of("database"),
        "version": VERSION,
    }
