#!/usr/bin/env bash
# frictionless 5.21.0: Parquet integers with one NULL are integers beside a text column, and none beside a number; ids change.
#
# Parquet knows BIGINT with NULL; frictionless reads it row by row through pandas, where the column is floating: 2^53 + 1 becomes
# 2^53 and the file is valid all the same. Without a text among the columns the very same values are refused, and its own detector
# calls them "number" with NaN for NULL. A time column that begins with NULL raises ValueError (NaT). As CSV the counts are right.
# For a warehouse: a data package of Parquet files with suppressed (NULL) counts passes or fails by what stands beside the counts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    'frictionless[parquet]==5.21.0' pandas==3.1.1 numpy==2.4.6 pyarrow==26.0.1

venv/bin/python -W ignore - <<'PY'
import pathlib

import pyarrow
from frictionless import Resource, Schema
from pyarrow import parquet

COUNTS = [2**53 + 1, None]


def told(name, beside):
    schema = Schema.from_descriptor({"fields": [{"name": "beside", "type": beside}, {"name": "n", "type": "integer"}]})
    report = Resource(path=name, schema=schema).validate()
    errors = [error.type for task in report.tasks for error in task.errors]
    with Resource(path=name) as detected:
        kind, values = detected.schema.get_field("n").type, [str(row["n"]) for row in detected.row_stream]
    print(f"frictionless 5.21.0, {name}: valid = {report.valid} {errors}; detected {kind}, values {values}")
    return report.valid, errors, kind, values


pathlib.Path("cells.csv").write_text(f"beside,n\ndata,{COUNTS[0]}\nweb,\n")
parquet.write_table(pyarrow.table({"beside": ["data", "web"], "n": pyarrow.array(COUNTS, pyarrow.int64())}), "beside-text.parquet")
parquet.write_table(pyarrow.table({"beside": [2025, 2026], "n": pyarrow.array(COUNTS, pyarrow.int64())}), "beside-number.parquet")
csv, text, number = told("cells.csv", "string"), told("beside-text.parquet", "string"), told("beside-number.parquet", "integer")
assert csv == (True, [], "integer", ["9007199254740993", "None"]), f"changed: {csv}"
assert text == (True, [], "integer", ["9007199254740992", "None"]), f"changed: {text}"
assert not number[0] and set(number[1]) == {"type-error"} and number[2:] == ("number", ["9007199254740992.0", "NaN"]), f"changed: {number}"

times = pyarrow.array([None, 1_790_000_000], pyarrow.timestamp("s", "UTC"))
parquet.write_table(pyarrow.table({"at": times}), "times.parquet")
try:
    Resource(path="times.parquet").validate()
    raised = None
except ValueError as error:
    raised = str(error)
print(f"frictionless 5.21.0, a time column that begins with NULL: ValueError: {raised}")
assert raised == "NaTType does not support time", f"changed: {raised}"
PY
