#!/usr/bin/env bash
# pyreadstat 1.3.7: with value labels applied, the scale of an SPSS file has its ends as texts and the rest as numbers.
#
# Survey tools write a 0 to 10 scale with labels for 0 and 10 only ("not at all likely", "extremely likely"). apply_value_formats
# puts the labels in place, and one column holds 'Extremely likely' and 7.0 together. pandas' usual way back to numbers
# (errors="coerce") makes the ends missing: exactly the surest promoters and detractors are gone, and nothing is raised.
# For a warehouse: a Net Promoter Score of 40 becomes 0, on a fifth of the answers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyreadstat==1.3.7 pandas==3.1.1 numpy==2.4.6

venv/bin/python - <<'PY'
import pandas
import pyreadstat


def score(values):
    """The Net Promoter Score of the answers given, and how many they are."""
    given = values.dropna()
    return round(100 * ((given >= 9).mean() - (given <= 6).mean())), len(given)


codes = pandas.DataFrame({"Q1": [0, 7, 10, 10, 10]})
pyreadstat.write_sav(codes, "answers.sav", variable_value_labels={"Q1": {0: "Not at all likely", 10: "Extremely likely"}})
plain = pyreadstat.read_sav("answers.sav")[0].Q1
labelled = pyreadstat.read_sav("answers.sav", apply_value_formats=True)[0].Q1
back = pandas.to_numeric(labelled, errors="coerce")
print(f"pyreadstat 1.3.7, codes:  {plain.tolist()}; score and answers: {score(plain)}")
print(f"pyreadstat 1.3.7, labels: {labelled.tolist()}; score and answers: {score(back)}")
assert labelled.tolist() == ["Not at all likely", 7.0] + ["Extremely likely"] * 3, f"changed: {labelled.tolist()}"
assert score(plain) == (40, 5) and score(back) == (0, 1), f"changed: {score(plain)} {score(back)}"
PY
