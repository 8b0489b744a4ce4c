"""A small school for the disclosure macros: the project's own macros, cells and marts over people made
by hand.

The vault and the warehouse are plain DuckDB files here; the only key is that of record keys, with which draws
are looked up.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml
from oracle import RECORD_KEY

from tests import warm

PROJECT = Path(__file__).parents[2]
DBT = PROJECT / "dbt_project"
COLUMN_TYPES = {"record_key": "bigint", "closing_on": "date", "n_attempts": "bigint"}
VALUE_COLUMNS = {"progress", "score", "days", "salary_eur_year", "pages", "visits"}
# dbt reads a project anew whenever a --vars differs, though only the SQL depends on ours.
PARSED = """
import sys
from pathlib import Path
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
project = Path(sys.argv[sys.argv.index("--project-dir") + 1])
manifest = Manifest.from_msgpack((project / "target" / "partial_parse.msgpack").read_bytes())
manifest.build_flat_graph()
sys.exit(not dbtRunner(manifest=manifest).invoke(sys.argv[1:]).success)
"""


def policy() -> dict[str, Any]:
    """The register as a plain mapping."""
    return yaml.safe_load((PROJECT / "expectations" / "policy.yml").read_text(encoding="utf-8"))


def mart_yaml(mart: str) -> dict[str, Any]:
    """The YAML of one mart."""
    return yaml.safe_load((DBT / "models" / "marts" / f"{mart}.yml").read_text(encoding="utf-8"))["models"][0]


def rules(mart: str) -> dict[str, Any]:
    """What the mart's YAML says about its protection."""
    return mart_yaml(mart)["config"]["meta"]["disclosure"] | {"mart": mart}


def marts() -> list[str]:
    """Names of all marts."""
    return sorted(path.stem for path in (DBT / "models" / "marts").glob("*.yml"))


def people_columns(mart: str) -> dict[str, str]:
    """Columns of int_people__<mart> with their types, as the rules need them."""
    found = rules(mart)
    types = {column["name"]: column["data_type"] for column in mart_yaml(mart)["columns"]}
    columns = {name: types[name] for name in found["dimensions"]}
    columns |= {found["person"]: "varchar", "record_key": "bigint", "closing_on": "date"}
    for measure in found["measures"]:
        for name in (measure.get("where"), measure.get("value")):
            if name:
                columns[name] = COLUMN_TYPES.get(name, "double" if name in VALUE_COLUMNS else "boolean")
    return columns


class SmallSchool:
    """A scratch dbt project whose people are tables written by the test; `only` keeps it to one mart, or to
    some.
    """

    def __init__(self, root: Path, only: str | tuple[str, ...] | None = None) -> None:
        self.root = root
        self.marts = marts() if not only else [only] if isinstance(only, str) else list(only)
        self.vault, self.warehouse = root / "vault.duckdb", root / "warehouse.duckdb"
        project = root / "project"
        (project / "models" / "people").mkdir(parents=True)
        for room in ("macros", "models/marts", "models/evidence", "models/intermediate/cells"):
            shutil.copytree(DBT / room, project / room)
        shutil.copy(DBT / "models" / "docs.md", project / "models")
        if only:
            shutil.rmtree(project / "models" / "evidence")
            for path in [
                *project.glob("models/marts/*"),
                *project.glob("models/intermediate/cells/int_cells__*"),
            ]:
                if path.stem.removeprefix("int_cells__") not in self.marts:
                    path.unlink()
        for mart in self.marts:
            people = f"int_people__{mart}"
            (project / "models" / "people" / f"{people}.sql").write_text(
                f"select * from vault.people.{people}\n"
            )
        config = yaml.safe_load((DBT / "dbt_project.yml").read_text(encoding="utf-8"))
        (project / "seeds").mkdir()
        for path in (DBT / "seeds").glob("perturbation_table.*"):
            shutil.copy(path, project / "seeds")
        config["models"]["anonymart"]["people"] = {"+schema": "intermediate", "+materialized": "view"}
        config["models"]["anonymart"].pop("staging", None)
        config["on-run-start"] = [
            f"create table if not exists anonymart_keys as select '{RECORD_KEY}' as record_key"
        ]
        (project / "dbt_project.yml").write_text(yaml.safe_dump(config))
        profile = {
            "type": "duckdb",
            "path": ":memory:",
            "schema": "intermediate",
            "threads": 2,
            "attach": [
                {"path": str(self.vault), "alias": "vault", "read_only": True},
                {"path": str(self.warehouse), "alias": "warehouse"},
            ],
        }
        (project / "profiles.yml").write_text(
            yaml.safe_dump({"anonymart": {"target": "t", "outputs": {"t": profile}}})
        )
        self.project = project
        with duckdb.connect(str(self.vault)) as con:
            con.execute("create schema people; create schema ledger")
            con.execute(
                "create table ledger.closed_periods (mart varchar, period_key varchar, release_id varchar)"
            )
            for mart in self.marts:
                columns = ", ".join(f"{name} {kind}" for name, kind in people_columns(mart).items())
                con.execute(f"create table people.int_people__{mart} ({columns})")

    def add_people(self, mart: str, people: list[dict[str, Any]]) -> None:
        """Add people to the cells of one mart; a column that a person lacks is NULL."""
        columns = people_columns(mart)
        table = pa.Table.from_pylist([{name: person.get(name) for name in columns} for person in people])
        casts = ", ".join(f"cast({name} as {kind})" for name, kind in columns.items())
        with duckdb.connect(str(self.vault)) as con:
            con.register("given", table)
            con.execute(f"insert into people.int_people__{mart} select {casts} from given")

    def dbt(
        self,
        *words: str,
        as_of: str = "2026-06-30",
        law: dict[str, Any] | None = None,
        is_parsed: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run dbt on this small_school; one that `is_parsed` takes the project as the last run has read it,
        which is two seconds faster.
        """
        values = json.dumps({"as_of": as_of, "policy": policy() if law is None else law})
        command = (*words, "--vars", values, "--project-dir", self.project, "--profiles-dir", self.project)
        quiet = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}
        program = PARSED if is_parsed else "from dbt.cli.main import cli; cli()"
        return warm.python(program, *command, env={**os.environ, **quiet}, cwd=self.root)

    def compile_each(self, target: str, pages: list[tuple[str, dict[str, Any]]]) -> list[str]:
        """What dbt says when a mart's YAML is replaced by each page, under each policy: all in one process,
        which is faster.
        """
        driver = """
import contextlib, io, json, sys
from pathlib import Path
from dbt.cli.main import dbtRunner
path, target, cases = Path(sys.argv[1]), sys.argv[2], json.loads(Path(sys.argv[3]).read_text())
said = []
for page, law in cases:
    path.write_text(page)
    values = json.dumps({"as_of": "2026-06-30", "policy": law})
    with contextlib.redirect_stdout(io.StringIO()) as out:
        asked = ["--no-use-colors", "compile", "--select", "int_cells__" + target, "--vars", values]
        result = dbtRunner().invoke(asked)
    said.append([result.success, out.getvalue()])
Path(sys.argv[3]).write_text(json.dumps(said))
"""
        path = self.project / "models" / "marts" / f"{target}.yml"
        kept = path.read_text(encoding="utf-8")
        cases = self.root / "cases.json"
        cases.write_text(json.dumps(pages), encoding="utf-8")
        try:
            done = warm.python(driver, path, target, cases, cwd=self.project)
        finally:
            path.write_text(kept, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        said = json.loads(cases.read_text(encoding="utf-8"))
        assert not any(success for success, _ in said), said
        return [text for _, text in said]

    def build(self, *words: str, **options: Any) -> None:
        """Build everything but the unit tests, and fail with dbt's words when it does not end well."""
        done = self.dbt("build", "--exclude-resource-type", "unit_test", *words, **options)
        assert done.returncode == 0, done.stdout + done.stderr

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a warehouse table."""
        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            result = con.execute(f"select * from {table}")
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def publish(self) -> None:
        """Write what closed to the ledger, as publish does."""
        with duckdb.connect(str(self.vault)) as con:
            con.execute(f"attach '{self.warehouse}' as warehouse (read_only)")
            con.execute(
                "insert into ledger.closed_periods select mart, period_key, 'r' from "
                "warehouse.intermediate.int_closed_periods"
            )
            for mart in self.marts:
                con.execute(
                    f"create or replace table ledger.cells_{mart} as select *, 'r' as release_id from "
                    f"warehouse.marts.{mart}"
                )
