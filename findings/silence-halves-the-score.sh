#!/usr/bin/env bash
# cx-economics 1.0.0 (Net Promoter Score before and after an event): who did not answer counts in the base, so
# four promoters of four answers score 50 beside four empty answers, and 100 without them.
#
# An export has a row for each person who was asked, with an empty score where nobody answered. The score is a
# share of those who answered; here the base is the number of rows, and no step before it drops the empty ones.
# The counts that come with it are right, so the score does not follow from its own counts. The transition
# table of the same class does drop them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cx-economics==1.0.0 pandas==3.1.1 faker==40.63.0

venv/bin/python - <<'PY'
import pandas
from cx_economics import CXEconomics

def score(answers):
    found = CXEconomics().calculate_nps(pandas.DataFrame({"after": answers}), "after")
    return {name: float(value) for name, value in found.items()}

answered, asked = score([10.0, 9.0, 9.0, 10.0]), score([10.0, 9.0, 9.0, 10.0, None, None, None, None])
print(f"cx-economics 1.0.0, four answers: {answered}")
print(f"  the same with four who did not answer: {asked}")
assert answered["nps"] == 100.0 and answered["promoters"] == 4.0, "changed: four promoters are not 100"
assert asked["nps"] == 50.0 and asked["promoters"] == 4.0 and asked["detractors"] == 0.0, "changed: the score"
PY
