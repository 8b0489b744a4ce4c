"""`datapackage.json` is a valid Frictionless data package, and its schemas are those of the files
(S-ANON).
"""

import json

import duckdb
import pytest

from anonymart.contracts import load_contracts
from anonymart.release.datapackage import data_package


def test_it_is_valid_and_holds_no_address():
    frictionless = pytest.importorskip("frictionless")
    content = data_package(load_contracts(), "2026-06-30", "2026-06-30.1")
    package = frictionless.Package.from_descriptor(content)
    assert package.to_descriptor()["name"] == "anonymart"
    n_tables = len(load_contracts()) + 8
    assert len(package.resources) == 3 * n_tables + 3
    for resource in package.resources[: 2 * n_tables]:
        assert frictionless.Schema.metadata_validate(resource.schema.to_descriptor()) is not None
        assert {field.type for field in resource.schema.fields} <= {
            "string",
            "date",
            "integer",
            "number",
            "boolean",
        }
    text = json.dumps(content)
    assert "http" not in text and "@" not in text
    assert "licen" in content["description"] and "is_complete" in content["description"]


def test_fields_are_those_of_the_parquet_files(school):
    candidate = school.candidate()
    content = json.loads((candidate / "datapackage.json").read_text(encoding="utf-8"))
    kinds = {
        "VARCHAR": "string",
        "DATE": "date",
        "INTEGER": "integer",
        "BIGINT": "integer",
        "DOUBLE": "number",
        "BOOLEAN": "boolean",
    }
    for resource in content["resources"][:19]:
        described = duckdb.execute(
            f"DESCRIBE SELECT * FROM read_parquet('{candidate / 'parquet' / resource['name']}.parquet')"
        ).fetchall()
        assert [(row[0], kinds[row[1]]) for row in described] == [
            (field["name"], field["type"]) for field in resource["schema"]["fields"]
        ]
