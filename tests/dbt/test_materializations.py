"""Tables and views are made in place, and keep what their contract promises."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from anonymart.home import PROJECT
from tests import warm

YAML = """
models:
  - name: promised
    config: {contract: {enforced: true}}
    columns:
      - {name: code, data_type: varchar}
      - {name: n, data_type: integer, constraints: [{type: not_null}]}
"""
PROMISED = "{{ config(materialized='table') }} select 'a' as code, 1 as n"


class Project:
    """A dbt project of two models with our materializations, and a database of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "warehouse.duckdb"
        (root / "models").mkdir()
        settings = {
            "name": "small",
            "version": "1.0",
            "profile": "small",
            "macro-paths": [str(PROJECT / "dbt_project" / "macros" / "engine")],
        }
        target = {"type": "duckdb", "path": str(self.database), "threads": 2}
        profile = {"small": {"target": "t", "outputs": {"t": target}}}
        for name, content in {"dbt_project.yml": settings, "profiles.yml": profile}.items():
            (root / name).write_text(json.dumps(content))
        (root / "models" / "models.yml").write_text(YAML)
        self.write("promised", PROMISED)
        self.write("other", "{{ config(materialized='view') }} select * from {{ ref('promised') }}")

    def write(self, model: str, sql: str) -> None:
        (self.root / "models" / f"{model}.sql").write_text(sql)

    def build(self) -> tuple[int, str]:
        """dbt's exit code, and all that it says."""
        places = ("--project-dir", self.root, "--profiles-dir", self.root, "--log-path", self.root / "logs")
        words = ("--log-level", "debug", "--no-use-colors", "build", *places, "--no-partial-parse")
        done = warm.python("from dbt.cli.main import cli; cli()", *words, cwd=self.root)
        return done.returncode, done.stdout + done.stderr

    def ask(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def kinds(self) -> dict[str, str]:
        return dict(self.ask("SELECT table_name, table_type FROM information_schema.tables"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_nothing_is_made_beside_renamed_and_dropped(project: Project) -> None:
    for _ in range(2):
        code, said = project.build()
        assert code == 0, said
        assert not [word for word in ("__dbt_tmp", "__dbt_backup", "rename to", "drop ") if word in said]
    assert project.kinds() == {"promised": "BASE TABLE", "other": "VIEW"}
    assert project.ask("SELECT * FROM other") == [("a", 1)]


def test_a_table_becomes_a_view_and_a_table_again(project: Project) -> None:
    for kind, is_made in (("table", "BASE TABLE"), ("view", "VIEW"), ("table", "BASE TABLE")):
        project.write(
            "other", f"{{{{ config(materialized='{kind}') }}}} select * from {{{{ ref('promised') }}}}"
        )
        code, said = project.build()
        assert code == 0, said
        assert project.kinds()["other"] == is_made


@pytest.mark.parametrize(
    "broken",
    [
        "select 'b' as code, 2::bigint as n",
        "select 'b' as code",
        "select 'b' as code, 2 as n, 3 as more",
        "select 'b' as code, null::integer as n",
        "select 'b' as code, error('stops')::integer as n",
    ],
)
def test_a_broken_promise_leaves_the_table_as_it_was(project: Project, broken: str) -> None:
    assert project.build()[0] == 0
    project.write("promised", f"{{{{ config(materialized='table') }}}} {broken}")
    code, said = project.build()
    assert code != 0, said
    assert project.ask("SELECT * FROM promised") == [("a", 1)]


def test_columns_come_in_the_order_of_the_contract(project: Project) -> None:
    project.write("promised", "{{ config(materialized='table') }} select 1 as n, 'a' as code")
    code, said = project.build()
    assert code == 0, said
    assert project.ask("SELECT * FROM promised") == [("a", 1)]


def test_what_is_not_carried_out_is_refused(project: Project) -> None:
    project.write("other", "{{ config(materialized='view', post_hook='select 1') }} select 1 as n")
    code, said = project.build()
    assert code != 0 and "macros/engine/materializations.sql" in said
