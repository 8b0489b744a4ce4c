"""The same figures in every form: CSV, CSV for French spreadsheets, a workbook, Parquet, DuckDB (S-ANON)."""

import csv
import json
import re
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from xml.etree import ElementTree

import duckdb
import pandas
import pytest

from anonymart.gate import gate
from anonymart.release.derived import write_derived
from anonymart.release.folder import CSV_FOLDERS, NAMES, WORKBOOK, derived_files
from anonymart.release.name_tables import all_tables
from anonymart.session import Session
from tests.conftest import ROOT
from tests.gate.school import AS_OF, reseal

EMAIL = "anne.martin@example.org"
_XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def candidate(sound):
    return sound.candidate()


@pytest.fixture(scope="module")
def marts(sound, candidate):
    """Every mart as rows of values, read from marts.duckdb."""
    with duckdb.connect(str(candidate / "marts.duckdb"), read_only=True) as connection:
        return {
            name: connection.execute(
                f"SELECT * FROM marts.{name} ORDER BY {', '.join(contract.dimensions)}"
            ).fetchall()
            for name, contract in sound.contracts.items()
        }


def sheets(path) -> dict[str, list[list]]:
    """The sheets of a workbook, each cell as text, number, date or True, read from its XML."""
    with zipfile.ZipFile(path) as archive:
        strings = [
            "".join(item.itertext()) for item in ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
        ]
        names = re.findall(r'<sheet name="([^"]*)"', archive.read("xl/workbook.xml").decode())
        styles = ElementTree.fromstring(archive.read("xl/styles.xml")).find(f"{_XML}cellXfs")
        dated = {n for n, style in enumerate(styles) if style.get("numFmtId") == "164"}
        return {
            name: [
                {cell.get("r").rstrip("0123456789"): _value(cell, strings, dated) for cell in row}
                for row in ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{n}.xml")).iter(
                    f"{_XML}row"
                )
            ]
            for n, name in enumerate(names, 1)
        }


def _value(cell, strings, dated):
    text = cell.find(f"{_XML}v").text
    if cell.get("t") == "s":
        return strings[int(text)]
    if cell.get("t") == "b":
        return text == "1"
    return date(1899, 12, 30) + timedelta(int(text)) if int(cell.get("s", 0)) in dated else float(text)


def _letters(n: int) -> str:
    return (_letters(n // 26 - 1) if n >= 26 else "") + chr(65 + n % 26)


def test_the_csv_files_say_what_the_marts_say(sound, candidate, marts):
    for name, contract in sound.contracts.items():
        with (candidate / "csv" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        assert tuple(head) == contract.column_names
        assert rows == [[_told(value) for value in row] for row in marts[name]], name


def test_the_french_csv_files_say_it_with_commas(sound, candidate, marts):
    for name, contract in sound.contracts.items():
        content = (candidate / "csv_fr" / f"{name}.csv").read_bytes()
        assert content.startswith(b"\xef\xbb\xbf" + contract.column_names[0].encode())
        _, *rows = csv.reader(content.decode("utf-8-sig").splitlines(), delimiter=";")
        words = {"true": "VRAI", "false": "FAUX"}
        expected = [
            [_told(value).replace(".", ",") if isinstance(value, float) else _told(value) for value in row]
            for row in marts[name]
        ]
        assert rows == [[words.get(text, text) for text in row] for row in expected], name


def _told(value) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_workbook_has_a_sheet_a_mart_and_a_dictionary_with_types(sound, candidate, marts):
    found = sheets(candidate / WORKBOOK)
    assert list(found) == [*sound.contracts, *NAMES, "dictionary"]
    for name, contract in sound.contracts.items():
        head, *rows = found[name]
        assert tuple(head.values()) == contract.column_names
        expected = [
            {_letters(n): value for n, value in enumerate(row) if value is not None} for row in marts[name]
        ]
        assert rows == expected, name
    columns = [(row["A"], row["B"]) for row in found["dictionary"][1:]]
    assert columns == [
        (table.name, each) for table in all_tables(sound.contracts) for each in table.column_names
    ]


def test_they_are_the_same_bytes_each_time(sound, candidate, tmp_path):
    for name in CSV_FOLDERS:
        (tmp_path / name).mkdir()
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"ATTACH '{candidate / 'marts.duckdb'}' AS release (READ_ONLY)")
        write_derived(connection, sound.contracts, tmp_path, "2026-06-30.1", AS_OF.isoformat())
    for name in derived_files(sound.contracts):
        assert (tmp_path / name).read_bytes() == (candidate / name).read_bytes(), name


def test_they_are_files_of_the_release_like_any_other(sound, candidate):
    listed = json.loads((candidate / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert set(derived_files(sound.contracts)) <= set(listed)


def test_frictionless_finds_nothing_wrong_in_any_resource(candidate):
    from frictionless import Package, system

    with system.use_context(trusted=True):
        report = Package(str(candidate / "datapackage.json")).validate()
    assert report.flatten(["name", "type", "message"]) == []
    package = json.loads((candidate / "datapackage.json").read_text(encoding="utf-8"))
    [licence] = package["licenses"]
    analyst = " ".join((ROOT / "docs" / "analyst.md").read_text(encoding="utf-8").split())
    assert licence["title"] in package["description"] and licence["title"] in analyst


def test_the_name_of_the_schema_is_not_that_of_the_file(candidate):
    path = candidate / "marts.duckdb"
    query = "SELECT count(*) FROM marts.salary_outcome"
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute(query).fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM salary_outcome").fetchone() == (1,)
        tags = connection.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'marts'")
        assert tags.fetchone()[0]["storage_version"].startswith("v1.0.0")
    # An analyst's process: in this one the gate may have put its own dialect in the place of DuckDB's.
    code = (
        "import sys, sqlalchemy\n"
        "engine = sqlalchemy.create_engine(f'duckdb:///{sys.argv[1]}?access_mode=read_only')\n"
        "with engine.connect() as connection:\n"
        "    print(connection.execute(sqlalchemy.text(sys.argv[2])).scalar())\n"
        "print('salary_outcome' in sqlalchemy.inspect(engine).get_table_names())\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path), query], capture_output=True, text=True)
    assert done.stdout.split() == ["1", "True"], done.stderr[-2000:]


def test_dates_are_dates_in_pandas(candidate):
    with duckdb.connect(str(candidate / "marts.duckdb"), read_only=True) as connection:
        frames = [connection.sql("FROM nps_quarterly").df()]
    frames.append(
        pandas.read_parquet(candidate / "parquet" / "nps_quarterly.parquet", dtype_backend="pyarrow")
    )
    frames.append(pandas.read_csv(candidate / "csv" / "nps_quarterly.csv", parse_dates=["quarter"]))
    for frame in frames:
        assert list(frame["quarter"].dt.year) == [2026, 2026]


def _plant_csv(candidate):
    with (candidate / "csv" / "nps_quarterly.csv").open("a") as file:
        file.write(f"{EMAIL}\n")


def _plant_french_csv(candidate):
    path = candidate / "csv_fr" / "nps_quarterly.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("path-data", EMAIL, 1), encoding="utf-8")


def _plant_workbook(candidate):
    with zipfile.ZipFile(candidate / WORKBOOK, "a") as archive:
        archive.writestr("docProps/more.xml", f"<more>{EMAIL}</more>")


@pytest.mark.parametrize(
    ("plant", "mart", "place", "name"),
    [
        (_plant_csv, "nps_quarterly", "csv", "csv/nps_quarterly.csv"),
        (_plant_french_csv, "nps_quarterly", "csv_fr", "csv_fr/nps_quarterly.csv"),
        (_plant_workbook, "*", "workbook", WORKBOOK),
    ],
)
def test_a_leak_in_one_of_them_is_found_twice(
    school, without_great_expectations, without_drill, without_attack, plant, mart, place, name
):
    """By what it says, and by its bytes, which are not those that the marts give."""
    candidate = school.candidate()
    plant(candidate)
    reseal(candidate)
    report = gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)
    found = {(failure.mart, failure.column, failure.kind) for failure in report.failures}
    assert {(mart, "*", f"known_email in {place}"), ("*", name, "bytes_unlike_reading")} <= found


def test_a_figure_that_is_another_in_one_of_them_is_found(
    school, without_great_expectations, without_drill, without_attack
):
    candidate = school.candidate()
    path = candidate / "csv" / "nps_quarterly.csv"
    path.write_text(path.read_text().replace(",200,", ",201,", 1))
    reseal(candidate)
    report = gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)
    assert {(failure.column, failure.kind) for failure in report.failures} == {
        ("csv/nps_quarterly.csv", "bytes_unlike_reading")
    }
