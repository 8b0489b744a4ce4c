#!/usr/bin/env bash
# DuckDB 1.5.5, pandas 3.1.1 and polars 2.1.0: a label that no exported row has stands readable in the Parquet file.
#
# An ENUM, a Categorical and an Enum carry their whole dictionary along. After a filter that removes the only learner of a group,
# her label still stands in the bytes; DuckDB even gives it as the largest value of the column. Reading the rows shows nothing,
# counting rows shows nothing, and a text column has none of it.
# For a warehouse: suppressed cells, rare job titles or e-mails used as categories are published by their absence.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.5 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1 numpy==2.4.6

venv/bin/python - <<'PY'
import pathlib

import duckdb
import pandas
import polars

KEPT, GONE = "developer", "weaver of Ouessant"
found = {}


def look(name):
    found[name] = pathlib.Path(name).read_bytes().count(GONE.encode())
    print(f"{name}: {found[name]} times {GONE!r}")


frame = pandas.DataFrame({"job": pandas.Categorical([KEPT, KEPT, GONE])})
frame[frame.job == KEPT].to_parquet("pandas-3.1.1-categorical.parquet", compression=None)
look("pandas-3.1.1-categorical.parquet")
frame.astype({"job": "str"})[frame.job == KEPT].to_parquet("pandas-3.1.1-text.parquet", compression=None)
look("pandas-3.1.1-text.parquet")
rows = polars.DataFrame({"job": [KEPT, KEPT, GONE]}, schema={"job": polars.Enum([KEPT, GONE])})
rows.filter(polars.col("job") == KEPT).write_parquet("polars-2.1.0-enum.parquet", compression="uncompressed")
look("polars-2.1.0-enum.parquet")
connection = duckdb.connect()
connection.execute(f"CREATE TYPE job AS ENUM ('{KEPT}', '{GONE}'); CREATE TABLE people AS SELECT unnest(['{KEPT}', '{GONE}'])::job AS job")
for name, column in (("enum", "job"), ("text", "job::VARCHAR AS job")):
    connection.execute(f"COPY (SELECT {column} FROM people WHERE job = '{KEPT}') TO 'duckdb-1.5.5-{name}.parquet' (COMPRESSION uncompressed)")
    look(f"duckdb-1.5.5-{name}.parquet")
largest = connection.execute("SELECT stats_max_value FROM parquet_metadata('duckdb-1.5.5-enum.parquet')").fetchall()
print(f"DuckDB 1.5.5, largest value by the file's statistics: {largest}")
assert all(bool(n) == ("text" not in name) for name, n in found.items()), f"changed: {found}"
assert largest == [(GONE,)], f"changed: {largest}"
PY
