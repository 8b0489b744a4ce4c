#!/usr/bin/env bash
# pycanon 1.3.6: entropy l-diversity and recursive (c, l)-diversity are not what their definitions say.
#
# Entropy l is exp(entropy): two values, five times each, are exactly 2. pycanon cuts 1.999… down to 1, and ten equal values to 9.
# Recursive diversity wants the MOST frequent value below c times the rest; pycanon divides the LEAST frequent one, so for ten
# against one it says c = 1 where the definition needs c > 10: the lopsided class looks better than the even one (c = 2).
# For a warehouse: k and distinct l of this peer are right and good vectors; these two are no oracle.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pycanon==1.3.6 pandas==2.3.3 numpy==2.0.2

venv/bin/python -W ignore - <<'PY'
import math

import pandas
from pycanon.anonymity import entropy_l_diversity, l_diversity, recursive_c_l_diversity


def rows(counts):
    values = [f"answer {n}" for n, count in enumerate(counts) for _ in range(count)]
    return pandas.DataFrame({"cohort": ["2026"] * len(values), "answer": values}), ["cohort"], ["answer"]


def entropy(counts):
    shares = [count / sum(counts) for count in counts]
    return math.exp(-math.fsum(share * math.log(share) for share in shares))


for counts, said in (([5, 5], 1), ([1] * 10, 9)):
    got = entropy_l_diversity(*rows(counts))
    print(f"pycanon 1.3.6, {len(counts)} answers given {counts[0]} times each: entropy l = {got}; by hand {entropy(counts):.6f}")
    assert round(entropy(counts), 9) == len(counts)
    assert got == said, f"changed: entropy l is {got}"
for counts, said in (([10, 1], 1), ([5, 5], 2)):
    c, l = recursive_c_l_diversity(*rows(counts))
    print(f"pycanon 1.3.6, two answers given {counts} times: c = {c}, l = {l}; by hand c must be above {max(counts) / min(counts):g}")
    assert (c, l) == (said, 2), f"changed: c is {c}"
    assert l_diversity(*rows(counts)) == 2
PY
