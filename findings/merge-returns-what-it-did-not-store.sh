#!/usr/bin/env bash
# DuckDB 1.5.5: MERGE with a key twice in the source raises nothing, and RETURNING names a row that was never stored.
#
# The standard and other engines refuse a second update of one row. Here the first wins, the second is dropped, both are counted
# as changed, and RETURNING gives the values of both. Without a primary key, an insert of a new key twice makes two rows.
# For a warehouse: an audit trail written from RETURNING records a correction that nobody can find in the table.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.5

venv/bin/python - <<'PY'
import duckdb

connection = duckdb.connect()
connection.execute("CREATE TABLE answers (id INTEGER, score INTEGER); INSERT INTO answers VALUES (1, 0)")
returned = connection.execute("""
    MERGE INTO answers USING (VALUES (1, 9), (1, 3), (2, 8), (2, 4)) AS delivered(id, score) ON answers.id = delivered.id
    WHEN MATCHED THEN UPDATE SET score = delivered.score
    WHEN NOT MATCHED THEN INSERT VALUES (delivered.id, delivered.score)
    RETURNING merge_action, id, score""").fetchall()
stored = connection.execute("SELECT id, score FROM answers ORDER BY ALL").fetchall()
print("DuckDB 1.5.5, MERGE returns:", sorted(returned))
print("DuckDB 1.5.5, the table has:", stored)
assert sorted(returned) == [("INSERT", 2, 4), ("INSERT", 2, 8), ("UPDATE", 1, 3), ("UPDATE", 1, 9)], f"changed: {returned}"
assert stored == [(1, 9), (2, 4), (2, 8)], f"changed: {stored}"
PY
