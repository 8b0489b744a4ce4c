"""The bundle for Superset: what Superset takes, what a release has, and no figure that nobody published."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from anonymart.cli.commands import anonymart
from anonymart.contracts import load_contracts
from anonymart.errors import GateRefused, UsageError
from anonymart.release.datapackage import data_package
from anonymart.release.name_tables import NAME_TABLES
from anonymart.superset import bundle, make_bundle
from anonymart.superset.dashboards import BOARDS, board_of
from tests.page.conftest import fill

ADDRESS = "duckdb:////srv/releases/current/marts.duckdb"
CONTRACTS = load_contracts()
SCHEMA = yaml.safe_load((Path(__file__).parent / "superset_6.1.0.yml").read_text(encoding="utf-8"))
_JSON_TYPES = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}
_ONE_CELL = re.compile(r'CASE WHEN COUNT\(\*\) = 1 THEN MAX\("(\w+)"\) END')


def made(contracts=CONTRACTS) -> dict[str, dict[str, Any]]:
    described = data_package(contracts, "2026-06-30", "2026-06-30.1")
    return bundle.bundle_files(described, contracts, ADDRESS)


FILES = made()


def of(kind: str, files=FILES) -> list[dict[str, Any]]:
    return [content for name, content in files.items() if name.startswith(f"{kind}/")]


def unfit(schema: dict[str, Any], value: Any, place: str) -> list[str]:
    """Where a value is not as the fields of Superset's import schema ask."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(type(value) is _JSON_TYPES[kind] for kind in kinds):
        return [f"{place} is no {kinds}"]
    if schema.get("format") == "uuid" and value is not None:
        UUID(value)
    found = [f"{place} has no {name}" for name in schema.get("required", ()) if name not in value]
    if isinstance(value, dict) and "properties" in schema:
        for name, each in value.items():
            if name not in schema["properties"]:
                found.append(f"{place} has {name}")
            else:
                found += unfit(schema["properties"][name], each, f"{place}.{name}")
    if isinstance(value, list):
        found += [each for item in value for each in unfit(schema.get("items", {}), item, place)]
    return found


def put_together(files: dict[str, dict[str, Any]]) -> list[str]:
    """Where the bundle would show a figure made of several cells: a sum, a mean, a total, a filled gap."""
    found = []
    for dataset in of("datasets", files):
        for metric in dataset["metrics"]:
            one = _ONE_CELL.fullmatch(metric["expression"])
            if one is None or metric["metric_name"] != f"cell_{one[1]}":
                found.append(f"{dataset['table_name']}: {metric['metric_name']}")
    for chart in of("charts", files):
        params = chart["params"]
        asked = [*params.get("metrics", []), *([params["metric"]] if "metric" in params else [])]
        whole = [
            all(isinstance(each, str) and each.startswith("cell_") for each in asked),
            params.get("query_mode", "raw") == "raw",
            params.get("aggregateFunction", "Maximum") == "Maximum",
            not any(params.get(name) for name in ("rowTotals", "colTotals", "rowSubTotals", "colSubTotals")),
            not params.get("connectNulls") and params.get("resample_method", "asfreq") == "asfreq",
            not any(params.get(name) for name in ("rolling_type", "show_totals", "stack", "cumulative")),
        ]
        found += [] if all(whole) else [chart["slice_name"]]
    return found


@pytest.mark.parametrize("name", list(FILES))
def test_superset_takes_each_file(name):
    kind = name.split("/")[0]
    assert unfit(SCHEMA[kind], FILES[name], name) == []


def test_what_superset_does_not_take_is_found():
    dataset = copy.deepcopy(of("datasets")[0])
    dataset["metrics"][0]["colour"] = "red"
    dataset["offset"] = "0"
    del dataset["database_uuid"]
    assert len(unfit(SCHEMA["datasets"], dataset, "dataset")) == 3


def test_every_table_has_a_dataset_with_all_columns_described():
    datasets = {each["table_name"]: each for each in of("datasets")}
    assert set(datasets) == {*CONTRACTS, *NAME_TABLES, "period_year"}
    for name, contract in CONTRACTS.items():
        columns = {each["column_name"]: each for each in datasets[name]["columns"]}
        assert set(contract.column_names) <= set(columns)
        assert all(each["description"] and each["verbose_name"] for each in columns.values())
        assert columns[datasets[name]["main_dttm_col"]]["type"] == "DATE"
        assert {each["metric_name"] for each in datasets[name]["metrics"]} == {
            f"cell_{figure}" for figure in contract.figures
        }


def test_every_mart_stands_on_one_of_six_dashboards_with_all_its_charts():
    charts = {each["uuid"]: each for each in of("charts")}
    assert len(of("dashboards")) == 6
    placed = [
        each["meta"]["uuid"]
        for board in of("dashboards")
        for each in board["position"].values()
        if isinstance(each, dict) and each["type"] == "CHART"
    ]
    assert sorted(placed) == sorted(charts) and len(placed) == len(set(placed))
    drawn = {each["dataset_uuid"] for each in charts.values()}
    assert {each["uuid"] for each in of("datasets") if each["metrics"]} == drawn


def test_a_new_mart_needs_no_code():
    old = CONTRACTS["nps_theme_quarterly"]
    files = made({**CONTRACTS, "praise_quarterly": dataclasses.replace(old, name="praise_quarterly")})
    assert "datasets/Anonymart/praise_quarterly.yaml" in files
    assert len(of("charts", files)) > len(of("charts"))
    board = board_of(dataclasses.replace(old, name="praise_quarterly"))
    assert board.title == "NPS and themes"
    assert put_together(files) == []


def test_a_table_that_no_contract_describes_has_a_dataset_alone():
    described = data_package(CONTRACTS, "2026-06-30", "2026-06-30.1")
    fewer = {name: each for name, each in CONTRACTS.items() if name != "nps_quarterly"}
    files = bundle.bundle_files(described, fewer, ADDRESS)
    dataset = files["datasets/Anonymart/nps_quarterly.yaml"]
    assert "cell_nps" in {each["metric_name"] for each in dataset["metrics"]}
    assert dataset["uuid"] not in {each["dataset_uuid"] for each in of("charts", files)}


def test_no_figure_is_put_together():
    assert put_together(FILES) == []


@pytest.mark.parametrize(
    "expression", ['SUM("n_learners")', 'AVG("n_learners")', 'MAX("n_learners")', 'COUNT("n_learners")']
)
def test_a_sum_over_counts_is_refused(expression):
    files = copy.deepcopy(FILES)
    dataset = files["datasets/Anonymart/exercise_difficulty.yaml"]
    next(each for each in dataset["metrics"] if each["metric_name"] == "cell_n_learners")["expression"] = (
        expression
    )
    assert put_together(files) == ["exercise_difficulty: cell_n_learners"]


def test_a_total_and_a_filled_gap_are_refused():
    files = copy.deepcopy(FILES)
    pivot = next(each for each in of("charts", files) if each["viz_type"] == "pivot_table_v2")
    line = next(each for each in of("charts", files) if "line" in each["viz_type"])
    pivot["params"]["colTotals"] = True
    line["params"]["resample_method"] = "ffill"
    assert sorted(put_together(files)) == sorted([pivot["slice_name"], line["slice_name"]])


@pytest.fixture(scope="module")
def marts(tmp_path_factory):
    """A database in the form of a release, with a row or two in each mart."""
    path = tmp_path_factory.mktemp("superset") / "marts.duckdb"
    with duckdb.connect(str(path)) as connection:
        fill(connection, CONTRACTS, things=3, periods=4)
        connection.execute("CREATE SCHEMA names")
        for table in NAME_TABLES.values():
            columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
            connection.execute(f"CREATE TABLE names.{table.name} ({columns})")
        connection.execute(
            "INSERT INTO names.course (code, title) VALUES ('course-1', 'A'), ('course-2', 'A')"
        )
        yield connection


@pytest.mark.parametrize("dataset", of("datasets"), ids=lambda each: each["table_name"])
def test_a_dataset_has_each_row_once_and_the_columns_that_it_says(marts, dataset):
    cursor = marts.execute(dataset["sql"])
    types = {name: str(kind) for name, kind, *_ in cursor.description}
    rows = cursor.fetchall()
    assert {each["column_name"]: each["type"] for each in dataset["columns"]} == types
    if dataset["table_name"] in CONTRACTS:
        assert [(len(rows),)] == marts.execute(f"SELECT count(*) FROM {dataset['table_name']}").fetchall()


@pytest.mark.parametrize("chart", of("charts"), ids=lambda each: each["slice_name"])
def test_a_chart_shows_published_cells_and_gaps(marts, chart):
    dataset = next(each for each in of("datasets") if each["uuid"] == chart["dataset_uuid"])
    params, expressions = chart["params"], {m["metric_name"]: m["expression"] for m in dataset["metrics"]}
    where = [each["sqlExpression"] for each in params["adhoc_filters"]] or ["true"]
    source = f"({dataset['sql']}) AS virtual WHERE {' AND '.join(where)}"
    if params.get("query_mode") == "raw":
        order = ", ".join(json.loads(each)[0] for each in params["order_by_cols"])
        assert marts.execute(f"SELECT {', '.join(params['all_columns'])} FROM {source} ORDER BY {order}")
        return
    rows = [*params.get("groupbyRows", []), *params.get("groupbyColumns", [])]
    by = params.get("groupby", [])
    rows += [each for each in (params.get("x_axis"), *([by] if isinstance(by, str) else by)) if each]
    for metric in params.get("metrics", [params.get("metric")]):
        figure = metric.removeprefix("cell_")
        shown = marts.execute(
            f"SELECT {', '.join(rows)}, {expressions[metric]} FROM {source} GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        cells = marts.execute(f"SELECT {', '.join(rows)}, {figure} FROM {source} ORDER BY ALL").fetchall()
        # The same rows: each point is one cell, and what is hidden is empty.
        assert shown == cells


def test_two_cells_in_one_point_show_nothing(marts):
    dataset = FILES["datasets/Anonymart/course_engagement_monthly.yaml"]
    metric = next(each for each in dataset["metrics"] if each["metric_name"] == "cell_n_active_learners")
    sql = f"SELECT {metric['expression']} FROM ({dataset['sql']}) AS virtual GROUP BY month"
    assert {value for (value,) in marts.execute(sql).fetchall()} == {None}


def test_filters_reach_columns_that_are_there():
    columns = {each["uuid"]: {c["column_name"] for c in each["columns"]} for each in of("datasets")}
    names = set()
    for board in of("dashboards"):
        shown = {
            chart["dataset_uuid"]
            for chart in of("charts")
            if any(
                isinstance(each, dict) and each.get("meta", {}).get("uuid") == chart["uuid"]
                for each in board["position"].values()
            )
        }
        for each in board["metadata"]["native_filter_configuration"]:
            [target] = each["targets"]
            assert target["column"]["name"] in columns[target["datasetUuid"]]
            assert any(target["column"]["name"] in columns[dataset] for dataset in shown)
            names.add(each["name"])
    assert names == {"Course", "Path", "Diploma", "Year"}


def test_intervals_have_charts():
    shown = json.dumps(of("charts"))
    for contract in CONTRACTS.values():
        ends = [name for name in contract.figures if name.endswith(("_low", "_high"))]
        assert [name for name in ends if f'"{name}"' not in shown] == []


def test_a_second_import_replaces_the_first():
    ids = [each["uuid"] for kind in ("datasets", "charts", "dashboards") for each in of(kind)]
    assert len(ids) == len(set(ids)) > 80
    assert made() == FILES
    assert "type" not in FILES["metadata.yaml"], "one file is to go to both imports"
    assert {each["database_uuid"] for each in of("datasets")} == {of("databases")[0]["uuid"]}
    assert {each["dataset_uuid"] for each in of("charts")} <= {each["uuid"] for each in of("datasets")}


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A folder that says what a release says, and passes for whole."""
    found = SimpleNamespace(status="unproved")
    monkeypatch.setattr(bundle, "verify", lambda folder: found)
    described = data_package(CONTRACTS, "2026-06-30", "2026-06-30.1")
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    return SimpleNamespace(folder=tmp_path / "release", found=found, tmp=tmp_path)


def test_the_command_writes_one_zip_and_the_same_each_time(release):
    target = release.tmp / "bundle.zip"
    done = CliRunner().invoke(anonymart, ["superset", str(release.folder), "--to", str(target)])
    assert done.exit_code == 0, done.output
    assert f"{len(of('charts'))} charts, 6 dashboards of release 2026-06-30.1." in done.output
    assert "Replace the address" in done.output and "Without charts" not in done.output
    make_bundle(release.folder, release.tmp / "again.zip", bundle.DATABASE)
    assert target.read_bytes() == (release.tmp / "again.zip").read_bytes()
    with ZipFile(target) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"anonymart"}
        texts = {name.partition("/")[2]: archive.read(name).decode() for name in archive.namelist()}
    assert set(texts) == set(FILES)
    assert str(release.tmp) not in "".join(texts.values())
    database = yaml.safe_load(texts["databases/Anonymart.yaml"])
    # What the command says when nobody names a path, and what the library takes.
    assert database["sqlalchemy_uri"] == f"{bundle.DATABASE}?access_mode=read_only"


@pytest.mark.parametrize(
    "address",
    [
        "duckdb:///md:school?motherduck_token=abc",
        "duckdb:////srv/marts.duckdb?motherduck_token=abc",
        "postgresql://me:secret@host/marts",
        "duckdb:///relative.duckdb",
    ],
)
def test_an_address_with_a_secret_or_of_another_kind_is_refused(release, address):
    with pytest.raises(UsageError, match="handed on") as refused:
        make_bundle(release.folder, release.tmp / "bundle.zip", address)
    assert "abc" not in str(refused.value) and "secret@" not in str(refused.value)
    assert not (release.tmp / "bundle.zip").exists()


@pytest.mark.parametrize("status", ["changed", "withdrawn"])
def test_a_release_that_does_not_stand_is_refused(release, status):
    release.found.status = status
    with pytest.raises(GateRefused):
        make_bundle(release.folder, release.tmp / "bundle.zip")


def test_a_forged_name_reaches_neither_sql_nor_a_path(release):
    path = release.folder / "datapackage.json"
    text = path.read_text(encoding="utf-8")
    for forged in ("../../nps_quarterly", "nps_quarterly; DROP TABLE x", "nps'quarterly"):
        path.write_text(text.replace('"name": "nps_quarterly"', f'"name": "{forged}"'), encoding="utf-8")
        with pytest.raises(UsageError, match="that no release has"):
            make_bundle(release.folder, release.tmp / "bundle.zip")


def test_what_is_there_is_kept_and_what_is_no_release_is_said(release):
    target = release.tmp / "bundle.zip"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="there already"):
        make_bundle(release.folder, target)
    assert target.read_text(encoding="utf-8") == "mine"
    with pytest.raises(UsageError, match="holds no datapackage"):
        make_bundle(release.tmp, release.tmp / "other.zip")


def test_boards_list_no_mart_twice():
    listed = [name for board in BOARDS for name in board.marts]
    assert len(listed) == len(set(listed))
