#!/usr/bin/env bash
# DuckDB 1.5.5 with duckdb-extension-httpfs 1.5.5: while one database has encrypted spill files in a folder, no other one may ask for
# encryption there.
#
# Two databases in memory share `temp_directory`, each with `SET temp_file_encryption = true`. As long as neither has spilled, both
# open. Once the first one has, the second one's SET is refused with a permission error about "existing temporary files", which are
# not its own, and are encrypted. With a folder for each, both spill.
# For a warehouse: small data never shows it; the day that a query outgrows its memory, each further connection of the same
# settings fails, in the same process and in others.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==1.5.5 duckdb-extension-httpfs==1.5.5

venv/bin/python - <<'PY'
from pathlib import Path

import duckdb
import duckdb_extension_httpfs

EXTENSION = next(Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension"))
WIDE = "CREATE OR REPLACE TABLE wide AS SELECT i, sha256(i::VARCHAR) AS text FROM range(1500000) AS r (i)"


def opened(spill):
    connection = duckdb.connect()
    connection.execute(f"LOAD '{EXTENSION}'")
    connection.execute(f"SET memory_limit = '64MB'; SET threads = 1; SET temp_directory = '{spill}'")
    connection.execute("SET temp_file_encryption = true")
    return connection


def tried(spill):
    try:
        opened(spill).close()
    except duckdb.Error as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return "opens"


first = opened("shared")
before = tried("shared")
first.execute(WIDE)
n_files = len(list(Path("shared").iterdir()))
after, apart = tried("shared"), tried("apart")
print(f"another with the same folder, before the first has spilled: {before}")
print(f"after it has ({n_files} files): {after}")
print(f"another with a folder of its own: {apart}")
assert before == "opens" and apart == "opens", (before, apart)
assert n_files and after.startswith("PermissionException") and "Existing temporary files found" in after, after
PY
