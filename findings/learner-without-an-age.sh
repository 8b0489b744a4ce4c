#!/usr/bin/env bash
# anonypy 0.2.1 and umbra-k 0.1.0: a learner whose age is missing is lost by one, and given the oldest learner's age by the other.
#
# Both make a table k-anonymous (Mondrian). A missing value falls on neither side of a cut: anonypy counts 7 of 8 learners, without
# a word; umbra-k puts her with the last group and publishes that group's age as hers. Neither warns.
# For a warehouse: denominators shrink or values are invented exactly for those who answered least.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    anonypy==0.2.1 umbra-k==0.1.0 pandas==2.3.3 numpy==2.0.2 scikit-learn==1.7.2

venv/bin/python -W ignore - <<'PY'
import anonypy
import pandas
from umbra_k import MondrianAnonymizer

people = pandas.DataFrame({"age": [None, 23, 24, 25, 50, 51, 52, 54], "path": ["data", "web"] * 4})
people["path"] = people["path"].astype("category")
lost = anonypy.Preserver(people, ["age"], "path").anonymize_k_anonymity(k=2)
counted = sum(row["count"] for row in lost)
print(f"anonypy 0.2.1: {counted} of {len(people)} learners are in its table: {[(row['age'], row['count']) for row in lost]}")
given = MondrianAnonymizer(k=2, quasi_id=["age"]).fit_transform(people)
print(f"umbra-k 0.1.0: ages published: {given.age.tolist()}; the first learner gave none")
assert counted == 7, f"changed: {counted}"
assert given.age.iloc[0] == given.age.iloc[-1] == "54.0", f"changed: {given.age.tolist()}"
PY
