#!/usr/bin/env bash
# DuckDB 1.5.5: among two matches of one instant, an ASOF join takes the row inserted first for 63 rows, and the last for 64.
#
# Below 64 rows on the left, as the planner guesses them, the join is a loop (setting asof_loop_join_threshold), from there a sort;
# each breaks ties its own way. A condition that keeps every row lowers the guess and turns the answer round.
# For a warehouse: "the state at that time" of a learner with two events of one second changes with the number of learners asked,
# and a test with three rows proves the answer that production does not give.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.5

venv/bin/python - <<'PY'
import duckdb

connection = duckdb.connect()
connection.execute("CREATE TABLE states AS SELECT TIMESTAMP '2026-10-01 09:00' AS at, unnest(['enrolled', 'suspended']) AS state")
told = {}
for rows in (1, 63, 64, 1000):
    connection.execute(f"CREATE OR REPLACE TABLE asked AS SELECT TIMESTAMP '2026-10-02' AS at, n FROM range({rows}) AS t(n)")
    told[rows] = connection.execute("SELECT DISTINCT state FROM asked ASOF JOIN states ON asked.at >= states.at").fetchall()
    print(f"DuckDB 1.5.5, {rows:4} rows ask for the state on 2 October: {told[rows]}")
connection.execute("CREATE OR REPLACE TABLE asked AS SELECT TIMESTAMP '2026-10-02' AS at, n FROM range(64) AS t(n)")
kept = connection.execute(
    "SELECT DISTINCT state, count(*) FROM asked ASOF JOIN states ON asked.at >= states.at WHERE n < 100 GROUP BY ALL"
).fetchall()
print(f"DuckDB 1.5.5, 64 rows with WHERE n < 100, which keeps all 64: {kept}")
assert told == {1: [("enrolled",)], 63: [("enrolled",)], 64: [("suspended",)], 1000: [("suspended",)]}, f"changed: {told}"
assert kept == [("enrolled", 64)], f"changed: {kept}"
PY
