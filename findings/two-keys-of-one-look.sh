#!/usr/bin/env bash
# edx-opaque-keys 4.0.0 (course keys of Open edX): two keys print alike with repr and are unequal; the course of an old problem has no text.
#
# Campus/PY101/2026 (before 2014) and course-v1:Campus+PY101+2026 both show as CourseLocator('Campus', 'PY101', '2026', None, None)
# in logs and errors, and are two courses in a set or a dict; sorted() says that the one is incompatible with itself, by its looks.
# The problem key i4x://… is valid and names no run: str() of its course raises TypeError ("expected str instance, NoneType found").
# For a warehouse: a course moved to the new form is counted as two, and the log that should tell why shows one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check edx-opaque-keys==4.0.0

venv/bin/python - <<'PY'
from opaque_keys.edx.keys import CourseKey, UsageKey

old, new = CourseKey.from_string("Campus/PY101/2026"), CourseKey.from_string("course-v1:Campus+PY101+2026")
problem = UsageKey.from_string("i4x://Campus/PY101/problem/ab")


def said(action):
    try:
        return str(action())
    except TypeError as error:
        return f"TypeError: {error}"


print(f"edx-opaque-keys 4.0.0: {old!r} == {new!r} is {old == new}; a set of both has {len({old, new})}")
print(f"sorted: {said(lambda: sorted([old, new]))}")
print(f"course of {problem}: {said(lambda: str(problem.course_key))}")
assert repr(old) == repr(new) and old != new and len({old, new}) == 2, "changed: the two keys look otherwise, or are equal"
assert said(lambda: sorted([old, new])) == f"TypeError: {new!r} is incompatible with {old!r}", "changed: sorted"
assert said(lambda: str(problem.course_key)) == "TypeError: sequence item 2: expected str instance, NoneType found", "changed: str"
PY
