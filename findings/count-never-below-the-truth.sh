#!/usr/bin/env bash
# diffpriv-pure 0.1.0: the noise of a private count is never negative, so the published count is never below the true one.
#
# Its pages say "geometric (discrete Laplace) noise", which goes to both sides and has mean 0. What is drawn is the one-sided
# geometric: at epsilon 0.5 each count grows by 1.54 in the mean, and a published 4 says "at most four".
# For a warehouse: counts of many small cells no longer add up to the school (here 1,000 cells of 5 become about 6,540 learners).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check diffpriv-pure==0.1.0

venv/bin/python - <<'PY'
import math
import random

from diffpriv_pure import private_count

random.seed(2026)
TRUE, EPSILON = 5, 0.5
drawn = [private_count(TRUE, epsilon=EPSILON) for _ in range(20_000)]
mean = sum(drawn) / len(drawn) - TRUE
expected = 1 / (math.exp(EPSILON) - 1)
print(f"diffpriv-pure 0.1.0, true count {TRUE}, epsilon {EPSILON}, 20,000 draws")
print(f"smallest published count: {min(drawn)}; mean of the noise: {mean:.2f} (one-sided geometric: {expected:.2f}; two-sided: 0)")
print(f"1,000 cells of {TRUE} learners add up to {sum(drawn[:1000])}, not to {1000 * TRUE}")
assert min(drawn) == TRUE, f"changed: a count of {min(drawn)} was published"
assert abs(mean - expected) < 0.1, f"changed: the mean of the noise is {mean:.2f}"
PY
