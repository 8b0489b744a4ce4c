"""Runs in the engines' own environment, never in ours: registers what was handed over, lets dbt build the
models there, and writes what they gave as Parquet. It imports nothing of `anonymart`.

Its orders come as one line of JSON on standard input; what it tells goes to standard output, a JSON object a
line. A message of the engine may quote a value of a row, so of an error only its kind is told.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

_QUIET = ("--quiet", "--log-level", "none", "--log-level-file", "none", "--no-use-colors")
_SAFE_KINDS = ("Compilation Error", "Contract Error", "This model has an enforced contract")


def main(orders: dict[str, Any]) -> int:
    """Build what the orders name; 0 when every model was made and written."""
    os.umask(0o077)
    begun = time.perf_counter()
    folder = Path(orders["folder"])
    server, spark, port = _session(orders["engine"], folder)
    try:
        _register(spark, folder / "given")
        _check_key(spark)
        _tell(kind="start_up", seconds=round(time.perf_counter() - begun, 2))
        if not _build(orders, folder, port):
            return 1
        _write(spark, orders["tables"], folder / "made")
        return 0
    finally:
        spark.stop()
        if server:
            server.stop()


def _session(engine: str, folder: Path) -> tuple[Any, Any, int]:
    """The engine's server, a session of it and its port (0: no server)."""
    from pyspark.sql import SparkSession

    if engine == "sail":
        from pysail.spark import SparkConnectServer

        server = SparkConnectServer("127.0.0.1", 0)
        server.start(background=True)
        host, port = server.listening_address
        spark = SparkSession.builder.config("spark.remote", f"sc://{host}:{port}").getOrCreate()
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        return server, spark, port
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.eventLog.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={folder / 'derby'}")
        .enableHiveSupport()
        .getOrCreate()
    )
    return None, spark, 0


def _register(spark: Any, given: Path) -> None:
    for schema in ("intermediate", "marts", "evidence"):
        spark.sql(f"create database if not exists {schema}")
    for path in sorted(given.glob("*/*.parquet")):
        schema, table = path.parent.name, path.stem
        spark.sql(f"create database if not exists {schema}")
        spark.sql(f"create table {schema}.{table} using parquet location '{path}'")
    keys = spark.read.parquet(str(given / "keys.parquet"))
    keys.createOrReplaceTempView("anonymart_keys")


def _check_key(spark: Any) -> None:
    """A key that is missing or has not its form is an error, before a figure is made with it."""
    [row] = spark.sql(
        "select count(*) as n, count(case when record_key rlike '^[0-9a-f]{64}$' then 1 end) as n_good "
        "from anonymart_keys"
    ).collect()
    if tuple(row) != (1, 1):
        raise ValueError("the key table does not hold one key")


def _build(orders: dict[str, Any], folder: Path, port: int) -> bool:
    from dbt.cli.main import dbtRunner

    arguments = [
        *("run", "--target", orders["engine"]),
        *("--select", *orders["select"]),
        *("--project-dir", orders["project"]),
        *("--profiles-dir", orders["project"]),
        *("--target-path", str(folder / "target")),
        *("--log-path", str(folder / "logs")),
        *("--vars", json.dumps({**orders["vars"], "engine_port": port})),
    ]
    result = dbtRunner().invoke([*_QUIET, *arguments])
    is_good = bool(result.success)
    for node in getattr(result.result, "results", None) or []:
        _tell(
            kind="node",
            name=node.node.name,
            status=str(node.status),
            seconds=round(node.execution_time or 0.0, 2),
            why=safe_message(node.message or "") if str(node.status) != "success" else "",
        )
    if result.exception is not None:
        _tell(
            kind="fault",
            why=safe_message(str(result.exception)),
        )
    return is_good


def _write(spark: Any, tables: list[str], made: Path) -> None:
    for name in tables:
        begun = time.perf_counter()
        spark.table(name).write.mode("overwrite").parquet(str(made / name))
        _tell(kind="written", name=name, seconds=round(time.perf_counter() - begun, 2))


def safe_message(message: str) -> str:
    """The message if it cannot quote a row, else only its kind."""
    first = " ".join(message.split())
    if any(kind in first for kind in _SAFE_KINDS):
        return first[:400]
    if "No space left" in first:
        return "the disk is full"
    kind = re.search(r"\b(\w+ (?:Error|Exception))\b", first)
    return kind.group(1) if kind else "an error that may quote a row, so it is not shown"


def _tell(**event: object) -> None:
    print(json.dumps(event), flush=True)


def _guarded(orders: dict[str, Any]) -> int:
    try:
        return main(orders)
    except Exception as error:
        _tell(kind="fault", why=safe_message(f"{type(error).__name__} {error}"))
    return 1


if __name__ == "__main__":
    sys.exit(_guarded(json.loads(sys.stdin.readline())))
