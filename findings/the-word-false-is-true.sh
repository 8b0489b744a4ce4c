#!/usr/bin/env bash
# OpenDP 0.16.0: casting texts to booleans makes True of every text but the empty one, of "false" and "0" too.
#
# The page of make_cast_default says that what cannot be cast becomes the default, False. Casts to numbers do so (" 2" is 0, "4.0"
# is 0), so one expects "false" to be False or at least the default. It is True, silently.
# For a warehouse: the private count of those who consented counts those who refused.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opendp==0.16.0

venv/bin/python - <<'PY'
import opendp.prelude as dp

dp.enable_features("contrib")
texts = dp.vector_domain(dp.atom_domain(T=str)), dp.symmetric_distance()
ANSWERS = ["true", "false", "False", "0", "no", "non", ""]
as_boolean = (texts >> dp.t.then_cast_default(TOA=bool))(ANSWERS)
as_number = (texts >> dp.t.then_cast_default(TOA=int))(["2", " 2", "4.0", "non"])
print("OpenDP 0.16.0, texts to booleans:", dict(zip(ANSWERS, as_boolean)))
print("OpenDP 0.16.0, texts to whole numbers:", dict(zip(["2", " 2", "4.0", "non"], as_number)))
assert as_boolean == [True] * 6 + [False], f"changed: {as_boolean}"
assert as_number == [2, 0, 0, 0], f"changed: {as_number}"
PY
