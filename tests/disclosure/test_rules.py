"""What stops a build: a mart without rules, a rule that nobody knows, a policy without its figure. One
sentence each.
"""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_school import SmallSchool, marts, policy, rules

pytestmark = pytest.mark.xdist_group("rules")

MART = "nps_quarterly"


NEEDED = [
    ("counts", "smallest"),
    ("rates", "smallest_base"),
    ("nps", "confidence"),
    ("sensitive_bands",),
    ("nesting", "smallest_difference"),
]


def set_measure(name: str, **fields: Any) -> Callable[[dict[str, Any]], None]:
    def change(meta: dict[str, Any]) -> None:
        next(m for m in meta["disclosure"]["measures"] if m["name"] == name).update(fields)

    return change


def without(path: tuple[str, ...]) -> dict[str, Any]:
    """The policy without one entry."""
    law = copy.deepcopy(policy())
    inner = law
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return law


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "no rules": (
        lambda meta: meta.clear(),
        f"The mart {MART} has no meta.disclosure: say its people, person, dimensions, period and "
        f"measures in its YAML.",
    ),
    "no people": (
        lambda meta: meta["disclosure"].pop("people"),
        f"The mart {MART} has no people in meta.disclosure: add it.",
    ),
    "unknown kind": (
        set_measure("response_rate", kind="percentage"),
        f"The mart {MART} has the measure response_rate of unknown kind percentage: use one of count, rate,",
    ),
    "unknown numerator": (set_measure("response_rate", numerator="n_clicks"), "which is no count"),
    "rate more sensitive than its count": (
        set_measure("response_rate", sensitive=True),
        "declare its numerator with sensitive: true and of: n_invited",
    ),
    "sensitive part of nothing": (set_measure("n_detractors", of=None), "without 'of'"),
    "SQL in place of a column": (
        set_measure("n_invited", where="a = 1; drop table x"),
        "that is not a column",
    ),
    "a maximum": (
        set_measure("nps", kind="quantile", value="score", quantile=0.99),
        "only 0.25, 0.5 and 0.75",
    ),
    "a whole that nobody holds against its parts": (
        lambda meta: meta["disclosure"].pop("nesting"),
        f"The mart {MART} has a whole in path_id without a nesting",
    ),
    "unknown grain": (
        lambda meta: meta["disclosure"]["period"].update(grain="week"),
        "unknown period grain week",
    ),
}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """dbt's one sentence for each change of the rules and each missing figure of the policy."""
    small_school = SmallSchool(tmp_path_factory.mktemp("rules"), only=MART)
    page = yaml.safe_load(
        (small_school.project / "models" / "marts" / f"{MART}.yml").read_text(encoding="utf-8")
    )
    page.pop("unit_tests")
    pages = []
    for change, _ in CHANGES.values():
        changed = copy.deepcopy(page)
        change(changed["models"][0]["config"]["meta"])
        pages.append((yaml.safe_dump(changed), policy()))
    pages += [(yaml.safe_dump(page), without(path)) for path in NEEDED]
    said = small_school.compile_each(MART, pages)
    found = [re.search(r"The mart .*?\.(?=\n)", text) for text in said]
    assert all(found), said
    names = [*CHANGES, *(".".join(path) for path in NEEDED)]
    return {name: match.group(0) for name, match in zip(names, found, strict=True) if match}


@pytest.mark.parametrize("name", CHANGES)
def test_a_rule_that_cannot_be_kept_stops_the_build(refusals: dict[str, str], name: str) -> None:
    assert CHANGES[name][1] in refusals[name]


@pytest.mark.parametrize("name", [".".join(path) for path in NEEDED])
def test_a_threshold_that_the_policy_lacks_stops_the_build(refusals: dict[str, str], name: str) -> None:
    assert (
        refusals[name]
        == f"The mart {MART} needs {name}, which the policy does not have: add it to expectations/policy.yml."
    )


@pytest.mark.parametrize("mart", marts())
def test_sensitive_figures_are_marked(mart: str) -> None:
    """Detractors, employment and negative themes are sensitive (design: Figures without people); a kind of
    contract is hidden with its sensitive sister.
    """
    named = {measure["name"]: measure for measure in rules(mart)["measures"]}
    # An end of an interval is as its rate is.
    for measure in (named[name] for name in named if "rate" not in named[name]):
        if re.search(
            "detractor|(?<!self_)employed|in_field|insertion|positive|negative|has_family",
            f"{measure['name']} {measure.get('where', '')}",
        ):
            is_base = measure["name"] == "n_employed" and mart == "employment_outcome"
            assert measure.get("sensitive") or is_base, (mart, measure["name"])


def test_unit_tests_of_the_rules(tmp_path: Path) -> None:
    small_school = SmallSchool(tmp_path)
    done = small_school.dbt("test", "--select", "test_type:unit")
    assert done.returncode == 0, done.stdout
    assert re.search(r"PASS=1[6-9]|PASS=[2-9]\d", done.stdout), done.stdout


def test_a_person_who_stands_twice_in_a_cell_stops_the_build(tmp_path: Path) -> None:
    small_school = SmallSchool(tmp_path, only="chapter_completion")
    row = {
        "course_id": "c",
        "chapter_id": "a",
        "start_quarter": dt.date(2024, 1, 1),
        "closing_on": dt.date(2030, 1, 1),
        "record_key": 1,
    }
    small_school.add_people(
        "chapter_completion",
        [{**row, "pseudonym": "p"}, {**row, "pseudonym": "q"}, {**row, "pseudonym": "p", "chapter_id": "b"}],
    )
    small_school.build()
    small_school.add_people("chapter_completion", [{**row, "pseudonym": "q", "record_key": 2}])
    done = small_school.dbt("build", "--exclude-resource-type", "unit_test")
    assert done.returncode != 0
    assert re.search(r"Failure in test counts_each_person_once_int_cells__chapter_completion", done.stdout), (
        done.stdout
    )
