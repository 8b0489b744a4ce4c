"""The same Jinja on two engines: rendered for each, run there, and given as plain values."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
import yaml

from anonymart.engines import process
from anonymart.policy import POLICY_FILE

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros"
POLICY = yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8"))

# Runs in the engines' environment: a list of statements comes in, the rows of each go out.
SAIL = """
import json, sys
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession
server = SparkConnectServer("127.0.0.1", 0)
server.start(background=True)
host, port = server.listening_address
spark = SparkSession.builder.config("spark.remote", f"sc://{host}:{port}").getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")
found = []
for sql in json.load(sys.stdin):
    try:
        found.append([list(row) for row in spark.sql(sql).collect()])
    except Exception as error:
        found.append({"error": str(error)[:300]})
print("ROWS" + json.dumps(found, default=str))
"""


def needs_engines() -> None:
    """Skip where `make engines` has not been run; under ANONYMART_TEST_ALL a skip is a failure."""
    if not (process.ENVIRONMENT / "bin" / "python").exists():
        pytest.skip("needs .venv-engines: `make engines`")


def engine_files() -> list[Path]:
    """The files of macros/engine/ that hold macros alone: dbt reads materializations, Jinja does not."""
    files = sorted((MACROS / "engine").glob("*.sql"))
    return [path for path in files if "{% materialization" not in path.read_text(encoding="utf-8")]


def rendered(text: str, dialect: str, **variables: Any) -> str:
    """A query with macros of macros/engine/, for `duckdb` or `spark`."""
    texts = "\n".join(path.read_text(encoding="utf-8") for path in engine_files())
    found: dict[str, Any] = {}

    def dispatch(name: str, _: str = "") -> Any:
        return getattr(found["module"], f"{dialect}__{name}")

    def policy(*names: str) -> Any:
        value: Any = POLICY
        for name in names:
            value = value[name]
        return value

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {
        "adapter": SimpleNamespace(dispatch=dispatch),
        "return": lambda value: value,
        "policy": policy,
        "var": lambda name, default=None: variables.get(name, default),
        "execute": True,
        "exceptions": SimpleNamespace(raise_compiler_error=_stop),
    }
    found["module"] = environment.from_string(texts).module
    names = {name: value for name, value in vars(found["module"]).items() if not name.startswith("_")}
    return environment.from_string(text).render(**names)


def _stop(sentence: str) -> None:
    raise ValueError(sentence)


def on_duckdb(statements: list[str]) -> list[Any]:
    """The rows of each statement on DuckDB."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return [plain([list(row) for row in connection.execute(sql).fetchall()]) for sql in statements]


def on_sail(statements: list[str], folder: Path) -> list[Any]:
    """The rows of each statement on Sail; {'error': ...} for one that it cannot run."""
    done = subprocess.run(
        [str(process.ENVIRONMENT / "bin" / "python"), "-c", SAIL],
        input=json.dumps(statements),
        capture_output=True,
        text=True,
        timeout=600,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TZ": "UTC"},
    )
    assert "ROWS" in done.stdout, done.stderr[-2000:]
    return plain(json.loads(done.stdout.split("ROWS", 1)[1]))


def plain(value: Any) -> Any:
    """Numbers as numbers whatever their type, days and times as texts."""
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return float(value) if isinstance(value, Decimal) or abs(value) < 2**53 else value
    if isinstance(value, dt.date | dt.datetime):
        return str(value)
    return value
