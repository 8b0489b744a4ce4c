#!/usr/bin/env bash
# DuckDB 1.5.5: a scalar macro writes its argument's whole expression wherever it names it, so random() is drawn at each place.
#
# A macro looks like a function, and a function's argument has one value. Here CASE WHEN x < 0.5 … WHEN x >= 0.5 … ELSE 'neither'
# reaches ELSE for one row in four, and x - x is not 0. Passed through a subquery first, the value is one.
# For a warehouse: noise, a random band or a sampled flag given to a macro is another draw in its test than in its result, so a
# clamp (CASE WHEN n + noise < 0 THEN 0 …) lets negative counts out. The same writing-out makes nested macros grow by powers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.5

venv/bin/python - <<'PY'
import duckdb

connection = duckdb.connect()
connection.execute("CREATE MACRO half(x) AS CASE WHEN x < 0.5 THEN 'low' WHEN x >= 0.5 THEN 'high' ELSE 'neither' END")
connection.execute("CREATE MACRO not_negative(x) AS CASE WHEN x < 0 THEN 0 ELSE x END")
direct = dict(connection.execute("SELECT half(random()), count(*) FROM range(20000) GROUP BY 1").fetchall())
drawn_once = dict(connection.execute("SELECT half(x), count(*) FROM (SELECT random() AS x FROM range(20000)) GROUP BY 1").fetchall())
lowest = connection.execute("SELECT min(not_negative(2 + round(8 * random() - 4))) FROM range(20000)").fetchone()[0]
print(f"DuckDB 1.5.5, half(random()):            {direct}")
print(f"DuckDB 1.5.5, half(x), x drawn before:   {drawn_once}")
print(f"DuckDB 1.5.5, smallest not_negative(2 + noise from -4 to 4): {lowest}")
assert 4_000 < direct.get("neither", 0) < 6_000, f"changed: {direct}"
assert "neither" not in drawn_once, f"changed: {drawn_once}"
assert lowest == -2, f"changed: {lowest}"
PY
