#!/usr/bin/env bash
# DuckDB 1.5.5: reservoir_quantile takes no sample; it is the quantile of the first 8,192 rows.
#
# Its description says reservoir sampling with a sample of 8,192. The median of 0 to 999,999 in order is given as 4,095 each time,
# in reverse order as 995,903. With one salary year after the other it is the median of the oldest year.
# approx_quantile is right (500,000).
# For a warehouse: an "approximate" figure that follows the order of loading, with no noise to warn of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.5

venv/bin/python - <<'PY'
import duckdb

connection = duckdb.connect()
connection.execute("SET threads = 1")


def median(order):
    rows = f"(SELECT n FROM range(1000000) AS t(n) ORDER BY {order})"
    return connection.execute(f"SELECT reservoir_quantile(n, 0.5), approx_quantile(n, 0.5) FROM {rows}").fetchone()


rising = [median("n")[0] for _ in range(3)]
falling, approximate = median("n DESC")[0], median("n")[1]
print(f"DuckDB 1.5.5, median of 0 to 999,999 by reservoir_quantile: {rising} rising, {falling} falling; by approx_quantile: {approximate}")
print("median of the first 8,192 rows: 4095.5 rising, 995903.5 falling")
assert rising == [4095, 4095, 4095] and falling == 995903, f"changed: {rising} {falling}"
assert abs(approximate - 500_000) < 5_000, f"changed: approx_quantile says {approximate}"
PY
