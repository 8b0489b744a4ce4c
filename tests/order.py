"""Which tests run in one process, and in which order: the longest work first, so that no worker waits for the
other in the end.
"""

from __future__ import annotations

from collections import Counter

import pytest

# Fixtures of a folder that take long, and the group of the tests that look at them.
_GROUPS = {"demo_home": "airflow", "built_home": "dbt", "memory_vault": "window"}
# Processor seconds of a group, of a file or of a test without either, as measured on a busy machine: of those
# that are far off from the usual ones below.
_SECONDS = {
    "airflow": 640,
    "whole": 300,
    "kills": 280,
    "docs": 150,
    "recall": 120,
    "elsewhere": 120,
    "tests/whole/test_bench.py": 100,
    "machine": 90,
    "bench": 80,
    "tests/setup/test_contributing.py": 80,
    "erasure.test_purge": 75,
    "backup": 60,
    "cases": 60,
    "real": 60,
    "tests/erasure/test_worlds.py": 55,
    "release.test_one_person_apart": 40,
    "dbt": 40,
    "migrate": 35,
    "ralph": 35,
    "activity_periods": 30,
    "disclosure.test_figures": 30,
    "dbt.test_by_hand": 30,
    "dbt.test_both_builds": 25,
    "disclosure.test_twin_histories": 15,
    "marts.test_marts": 30,
    "tests/asks/test_asks.py": 40,
    "tests/release/test_held_marts.py": 110,
}
_OF_LONG, _OF_SHORT = 5.0, 0.3


def group(item: pytest.Item) -> str | None:
    """The group of a test that has none of its own: that of a costly fixture of its folder, else its file,
    when it has a fixture that is made once for the file. Else each worker would make it.
    """
    if item.get_closest_marker("xdist_group"):
        return None
    names = getattr(item, "fixturenames", ())
    for name, found in _GROUPS.items():
        if name in names:
            return found
    file = item.nodeid.partition("::")[0]
    made = getattr(item, "_fixtureinfo", None)
    for fixtures in made.name2fixturedefs.values() if made else ():
        if any(each.scope != "function" and each.baseid == file for each in fixtures):
            return file.removeprefix("tests/").removesuffix(".py").replace("/", ".")
    return None


def longest_first(items: list[pytest.Item]) -> None:
    """Sort by the seconds that the group of each test takes; tests of a group stay in their order."""
    usual: Counter[str] = Counter()
    for item in items:
        usual[_unit(item)] += _OF_LONG if item.get_closest_marker("long") else _OF_SHORT
    places = {unit: number for number, unit in enumerate(usual)}
    items.sort(key=lambda item: (-_seconds(item, usual), places[_unit(item)]))


def _unit(item: pytest.Item) -> str:
    """What goes to one worker as a whole."""
    mark = item.get_closest_marker("xdist_group")
    return mark.args[0] if mark else item.nodeid


def _seconds(item: pytest.Item, usual: Counter[str]) -> float:
    unit = _unit(item)
    if unit in _SECONDS:
        return _SECONDS[unit]
    file = item.nodeid.partition("::")[0]
    return _SECONDS[file] if file in _SECONDS and item.get_closest_marker("long") else usual[unit]
