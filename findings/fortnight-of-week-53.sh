#!/usr/bin/env bash
# dp-group-stats 0.1.2: the two-week period "containing" 30 December 2026 is 14 to 27 December.
#
# ISO 8601 gives 2026 a week 53 (28 December to 3 January). The library pairs it with weeks 51 and 52, but ends the pair after
# 14 days: no period holds these seven days, though the function says that it gives the one that contains the date it was asked.
# For a warehouse: figures of that week are published a second time under the fortnight before, or not at all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check dp-group-stats==0.1.2

venv/bin/python - <<'PY'
from datetime import date, timedelta

from dp_group_stats import get_period_bounds

outside = []
for day in (date(2026, 12, 1) + timedelta(days=n) for n in range(62)):
    start, end = get_period_bounds(day, "biweekly")
    if not start <= day <= end:
        outside.append(day)
print("dp-group-stats 0.1.2, fortnights from December 2026 to January 2027")
print("30 December 2026 is said to lie in", " to ".join(map(str, get_period_bounds(date(2026, 12, 30), "biweekly"))))
print(f"days outside their own period: {len(outside)}, {outside[:1]} to {outside[-1:]}")
assert outside == [date(2026, 12, 28) + timedelta(days=n) for n in range(7)], f"changed: {outside}"
PY
