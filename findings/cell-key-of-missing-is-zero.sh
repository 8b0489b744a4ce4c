#!/usr/bin/env bash
# cell-key-perturbation 3.1.0 (Office for National Statistics): each cell with a missing category gets cell key 0.
#
# Counts keep missing categories (dropna=False), the sum of the record keys drops them, and the hole is filled with 0. So all such
# cells of one size move alike, whoever is in them, and a table whose row for key 0 is 0 does not move them at all: two tables
# that differ by one learner without a diploma differ by exactly 1. The package warns of missing values, not of this.
# For a warehouse: a missing answer must be a category of its own before the keys are added up.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cell-key-perturbation==3.1.0 pandas==2.3.3 numpy==2.0.2

venv/bin/python -W ignore - <<'PY'
import contextlib
import io

import pandas
from cell_key_perturbation.create_perturbed_table import create_perturbed_table

# Counts move by -1, 0 or +1 with the cell key (0 to 255), as the tables of the package do.
table = pandas.DataFrame([(n, key, key % 3 - 1 if key else 0) for n in range(1, 51) for key in range(256)], columns=["pcv", "ckey", "pvalue"])
people = pandas.DataFrame({
    "path": ["A"] * 20 + ["B"] * 20 + ["C"] * 20,
    "diploma": ["bac"] * 20 + [None] * 20 + [None] * 20,
    "key": [(37 * n + 11) % 256 for n in range(60)],
})


def cells(rows):
    with contextlib.redirect_stdout(io.StringIO()):
        return create_perturbed_table(rows, table, [], ["path", "diploma"], "key", threshold=0)


made = cells(people).dropna(subset=["diploma"]), cells(people)[cells(people).diploma.isna()]
missing = made[1][made[1].pre_sdc_count > 0]
named = cells(people.fillna({"diploma": "not given"}))
named = named[(named.diploma == "not given") & (named.pre_sdc_count > 0)]
print("cell-key-perturbation 3.1.0, cells with a missing diploma:")
print(missing[["path", "pre_sdc_count", "ckey", "pvalue"]].to_string(index=False))
print("the same cells, once the missing diploma is a category of its own:")
print(named[["path", "pre_sdc_count", "ckey", "pvalue"]].to_string(index=False))
assert missing.ckey.tolist() == [0, 0], f"changed: the cell keys are {missing.ckey.tolist()}"
assert named.ckey.tolist() == people.groupby("path").key.sum().mod(256).loc[["B", "C"]].tolist() and 0 not in named.ckey.tolist()
PY
