"""What stops a build: a mart without rules, a rule that nobody knows, a policy without its figure. One sentence each."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from house import House, marts, policy, rules

MART = "nps_quarterly"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("rules"), only=MART)


def refusal(house: House, change: Callable[[dict[str, Any]], None], law: dict[str, Any] | None = None) -> str:
    """dbt's one sentence when the rules of one mart are changed."""
    path = house.project / "models" / "marts" / f"{MART}.yml"
    kept = path.read_text(encoding="utf-8")
    page = yaml.safe_load(kept)
    page.pop("unit_tests", None)
    change(page["models"][0]["config"]["meta"])
    path.write_text(yaml.safe_dump(page), encoding="utf-8")
    try:
        done = house.dbt("compile", "--select", f"int_cells__{MART}", law=law)
    finally:
        path.write_text(kept, encoding="utf-8")
    assert done.returncode != 0
    found = re.search(r"The mart .*?\.\n", done.stdout)
    assert found, done.stdout
    return found.group(0).strip()


def set_measure(name: str, **fields: Any) -> Callable[[dict[str, Any]], None]:
    def change(meta: dict[str, Any]) -> None:
        next(m for m in meta["disclosure"]["measures"] if m["name"] == name).update(fields)

    return change


def test_a_mart_without_rules(house: House) -> None:
    said = refusal(house, lambda meta: meta.clear())
    assert said == f"The mart {MART} has no meta.disclosure: say its people, person, dimensions, period and measures in its YAML."


def test_a_measure_of_unknown_kind(house: House) -> None:
    said = refusal(house, set_measure("response_rate", kind="percentage"))
    assert said.startswith(f"The mart {MART} has the measure response_rate of unknown kind percentage: use one of count, rate,")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (set_measure("response_rate", numerator="n_clicks"), "which is no count"),
        (set_measure("response_rate", sensitive=True), "declare its numerator with sensitive: true and of: n_invited"),
        (set_measure("n_detractors", of=None), "without 'of'"),
        (set_measure("n_invited", where="a = 1; drop table x"), "that is not a column"),
        (set_measure("nps", kind="quantile", value="score", quantile=0.99), "only 0.25, 0.5 and 0.75"),
        (lambda meta: meta["disclosure"]["period"].update(grain="week"), "unknown period grain week"),
    ],
)
def test_a_rule_that_cannot_be_kept(house: House, change: Callable[[dict[str, Any]], None], words: str) -> None:
    assert words in refusal(house, change)


@pytest.mark.parametrize("missing", [("counts", "threshold"), ("rates", "smallest_base"), ("nps", "confidence"), ("sensitive_bands",)])
def test_a_threshold_that_the_policy_lacks(house: House, missing: tuple[str, ...]) -> None:
    law = copy.deepcopy(policy())
    inner = law
    for name in missing[:-1]:
        inner = inner[name]
    del inner[missing[-1]]
    said = refusal(house, lambda meta: None, law)
    assert said == f"The mart {MART} needs {'.'.join(missing)}, which the policy does not have: add it to expectations/policy.yml."


@pytest.mark.parametrize("mart", marts())
def test_sensitive_figures_are_marked(mart: str) -> None:
    """Detractors, employment and negative themes are sensitive (design: Figures without people)."""
    for measure in rules(mart)["measures"]:
        if re.search("detractor|employed|in_field|insertion|positive|negative|has_family", f"{measure['name']} {measure.get('where', '')}"):
            is_base = measure["name"] == "n_employed" and mart == "employment_outcome"
            assert measure.get("sensitive") or is_base, (mart, measure["name"])


def test_unit_tests_of_the_rules(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.build(as_of="2026-06-30")
    done = house.dbt("test", "--select", "test_type:unit")
    assert done.returncode == 0, done.stdout
    assert re.search(r"PASS=1[6-9]|PASS=[2-9]\d", done.stdout), done.stdout
