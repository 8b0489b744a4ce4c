#!/usr/bin/env bash
# acro 1.0.2 (the checker of statistical outputs of the SACRO project): a table of shares is held against the
# threshold of a table of counts, so each share fails and the suppressed table is empty.
#
# The checker asks that a cell rests on ten people. With `normalize` it compares the shares themselves, 0.167
# for fifteen people of ninety, with that ten. Where it suppresses, no row is left and each column is named
# three times; the same table of counts passes whole. It errs on the safe side, but no table of shares can be
# told, and the summary blames the size of the cells.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check acro==1.0.2 pandas==2.3.3 numpy==2.4.6

venv/bin/python - <<'PY' 2> messages.txt
import pandas
from acro import ACRO

people = pandas.DataFrame({"path": ["A"] * 30 + ["B"] * 30 + ["C"] * 30, "route": ["initial", "continuing"] * 45})
checker = ACRO(suppress=True)
counts = checker.crosstab(people.path, people.route)
passed = checker.results.get_index(-1).summary
shares = checker.crosstab(people.path, people.route, normalize=True)
failed = checker.results.get_index(-1).summary

print(f"acro 1.0.2, six cells of fifteen people: counts {counts.to_numpy().tolist()}")
print(f"  shares: {shares.shape[0]} rows, columns {list(shares.columns)}")
print("  the summary of the shares: " + " ".join(failed.split()))
assert counts.to_numpy().tolist() == [[15, 15]] * 3 and "MinimumThreshold" not in passed, "changed: counts fail"
assert shares.shape == (0, 6), "changed: shares are told"
assert "MinimumThresholdCheck: fail - 6 cells" in failed, "changed: the summary"
PY
