"""The project as a whole: every unit test passes, everything is described, nothing runs without its date and
its law.
"""

import json
import time
from pathlib import Path

import pytest
import yaml
from small_home import SmallHome

from anonymart import dbt_child
from anonymart.policy import POLICY_FILE

DBT = Path(__file__).parents[2] / "dbt_project"
POLICY = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def manifest(built_home) -> dict:
    return json.loads((built_home.home.dbt_target / "manifest.json").read_text(encoding="utf-8"))


def test_unit_tests_pass(built_home):
    done = built_home.dbt("test", "--quiet", "--select", "test_type:unit")
    assert done.returncode == 0, done.stdout


def test_every_model_and_seed_has_its_page_beside_it(manifest):
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    assert len(nodes) > 50
    for node in nodes:
        page = (DBT / node["original_file_path"]).with_suffix(".yml")
        assert page.exists(), f"{page} is missing"
        assert node["description"].strip(), f"{node['name']} has no description"


def test_every_column_is_described(built_home, manifest):
    """The columns of the warehouse's own catalogue, not those that the YAML remembers; `main` is the
    library's, not dbt's.
    """
    found = built_home.rows(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() where database_name "
        "= 'warehouse'"
        " and schema_name <> 'main' and not internal"
    )
    described = {
        (f"{node['schema']}.{node['name']}", name)
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
        for name, column in node["columns"].items()
        if column["description"].strip()
    }
    assert sorted(set(found) - described) == []
    assert sorted(described - set(found)) == []


def test_every_source_column_is_described(built_home, manifest):
    in_vault = set(built_home.rows(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() where database_name "
        "= 'vault'"
    ))  # fmt: skip
    for source in manifest["sources"].values():
        assert source["description"].strip()
        for name, column in source["columns"].items():
            assert column["description"].strip(), f"{source['name']}.{name} has no description"
            assert (f"{source['schema']}.{source['name']}", name) in in_vault


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"policy": POLICY}, "The var as_of is missing"),
        ({"policy": POLICY, "as_of": "30/06/2026"}, "The var as_of is missing or not a date"),
        ({"as_of": "2026-06-30"}, "The policy has no entry"),
        (
            {"as_of": "2026-06-30", "policy": {**POLICY, "minimum_age_years": None} | {"window": {}}},
            "The policy has no entry window.time_zone",
        ),
    ],
)
def test_nothing_compiles_without_date_and_policy(tmp_path, variables, sentence):
    home = SmallHome(tmp_path / "home")
    done = home.dbt("parse", "--quiet", variables=variables)
    assert done.returncode != 0
    assert sentence in done.stdout


def test_a_build_of_another_day_in_another_home_parses_nothing_again(built_home, tmp_path):
    """The project was parsed for the home before this one; to parse it takes dbt longer than most builds take
    to run.
    """
    places = {"--project-dir": DBT, "--profiles-dir": DBT}
    places |= {"--target-path": tmp_path / "target", "--log-path": tmp_path / "logs"}
    variables = json.dumps({"as_of": "2031-01-01", "policy": POLICY})
    begun = time.time()
    parsed = dbt_child._parse(
        [*(str(word) for place in places.items() for word in place), "--vars", variables]
    )
    assert parsed.success and len(parsed.result.nodes) > 100
    assert max(node.created_at for node in parsed.result.nodes.values()) < begun
