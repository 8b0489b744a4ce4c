#!/usr/bin/env bash
# great-expectations 1.24.1 on duckdb-engine 0.17.0: "the table has two rows" fails on a table of two rows.
#
# Great Expectations closes the connection and then fetches; a DuckDB result dies with its connection, so nothing comes back. The
# IndexError is caught inside: the verdict is success = False, as if the data were wrong, and only exception_info tells otherwise.
# The same rows through SQLAlchemy with the connection open come whole.
# For a warehouse: a gate that is red for any data, or, where someone reads errors as "could not be asked", no gate at all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    great-expectations==1.24.1 duckdb==1.5.5 duckdb-engine==0.17.0 sqlalchemy==2.0.58 pandas==3.1.1 numpy==2.4.6

GX_ANALYTICS_ENABLED=false venv/bin/python -W ignore - 2>errors.txt <<'PY' || { cat errors.txt >&2; exit 1; }
import duckdb
import great_expectations as gx
import sqlalchemy

with duckdb.connect("school.duckdb") as connection:
    connection.execute("CREATE TABLE paths AS SELECT * FROM (VALUES (1, 'data'), (2, 'web')) AS t(id, name)")
context = gx.get_context(mode="ephemeral")
source = context.data_sources.add_sql(name="school", connection_string="duckdb:///school.duckdb")
batch = source.add_table_asset(name="paths", table_name="paths").add_batch_definition_whole_table("all").get_batch()
result = batch.validate(gx.expectations.ExpectTableRowCountToEqual(value=2), result_format="BOOLEAN_ONLY")
caught = [details["exception_message"] for details in result.exception_info.values() if isinstance(details, dict)]
with sqlalchemy.create_engine("duckdb:///school.duckdb").connect() as connection:
    counted = connection.execute(sqlalchemy.text("SELECT count(*) FROM paths")).scalar()
print(f"great-expectations 1.24.1 on DuckDB 1.5.5, row count to equal 2: success = {result.success}, caught inside: {caught}")
print(f"SQLAlchemy 2.0.58 counts {counted} rows in the same table")
assert counted == 2
assert result.success is False and caught == ["list index out of range"], f"changed: {result.success} {caught}"
PY
