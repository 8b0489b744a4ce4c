#!/usr/bin/env bash
# aindo-anonymize 1.1.5: perturbed numbers come back under other rows when the frame was filtered before.
#
# PerturbationNumerical builds its result without the index it was given. After a filter the rows are numbered 2 to 5, the result
# 0 to 3, and pandas lines both up by number: the pipeline gives a learner the salary of another, and two learners none.
# For a warehouse: nothing fails, the totals look right, and each figure by group is of the wrong people.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aindo-anonymize==1.1.5 pandas==2.3.3 numpy==2.3.5 scikit-learn==1.7.2

venv/bin/python -W ignore - <<'PY'
import pandas
from aindo.anonymize.techniques import PerturbationNumerical

staff = pandas.DataFrame({"who": list("abcdef"), "salary": [21_000.0, 22_000.0, 30_000.0, 40_000.0, 50_000.0, 60_000.0]})
kept = staff[staff.salary > 25_000].copy()
kept["published"] = PerturbationNumerical(alpha=1e-9, seed=1).anonymize_column(kept.salary)
print("aindo-anonymize 1.1.5, with next to no noise (alpha = 1e-9):")
print(kept.round(0).to_string())
assert kept.published.round(-3).tolist()[:2] == [50_000, 60_000], "changed: the rows keep their places"
assert kept.published.isna().sum() == 2, "changed: no row loses its value"
PY
