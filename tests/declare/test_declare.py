"""What follows from the YAML of a mart is what stands in the tree; a stale file is told, and written."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from anonymart.cli import commands
from anonymart.contracts import load_contracts
from anonymart.declare import cells, models, suites, written
from anonymart.errors import UsageError
from anonymart.gate.rules import RULES
from anonymart.home import PROJECT
from anonymart.policy import load_policy

POLICY = load_policy()
PINNED = Path(__file__).parent / "nps_quarterly.yml"
SUITE = Path("expectations/suites/nps_quarterly.yml")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The part of the tree that is read and written, in a folder of its own."""
    for name in ("dbt_project/models", "expectations"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    (tmp_path / "docs").mkdir()
    shutil.copy(PROJECT / "docs" / "analyst.md", tmp_path / "docs")
    return tmp_path


def declare(*words: str):
    return CliRunner().invoke(commands.anonymart, ["declare", *words])


def asked(text: str) -> list[tuple]:
    """The lines of a suite, whatever their order."""
    found = [
        (line["forbids"], tuple(line.get("columns", "*")), line["policy"], line["says"])
        for line in yaml.safe_load(text)["expectations"]
    ]
    return sorted(found)


def test_the_tree_is_as_it_is_declared() -> None:
    done = declare("--check")
    assert (done.exit_code, done.output) == (
        0,
        "All that follows from the YAML of the marts is up to date.\n",
    )


def test_a_suite_is_that_which_was_written_by_hand() -> None:
    written_suite = (PROJECT / SUITE).read_text(encoding="utf-8")
    assert asked(written_suite) == asked(PINNED.read_text(encoding="utf-8"))
    # One comment for each group of rules, and none twice.
    comments = [line.strip() for line in written_suite.splitlines() if line.startswith("  # ")]
    assert 8 <= len(comments) == len(set(comments))


def test_every_rule_of_marts_is_worded_and_is_one() -> None:
    words = suites.load_words(PROJECT / suites.RULES_FILE)
    worded = {rule for group in words.values() for rule in group}
    assert worded <= set(RULES)
    policies = {rule["policy"] for group in words.values() for rule in group.values()}
    assert policies <= {"S-ANON", "S-SAFE", "P-STAT", "D-IDENT"}


def test_a_stale_file_is_told_and_written(tree: Path) -> None:
    changed = tree / "dbt_project" / "models" / "marts" / "nps_quarterly.yml"
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text.replace("n_invited", "n_asked"), encoding="utf-8")
    stale = set(written.compare(tree, POLICY).stale)
    cells_page = Path("dbt_project/models/intermediate/cells/int_cells__nps_quarterly.yml")
    assert stale == {SUITE, cells_page, Path("docs/analyst.md")}
    written.write(tree, written.compare(tree, POLICY))
    assert written.compare(tree, POLICY) == written.Declared({}, ())
    assert "n_asked" in (tree / SUITE).read_text(encoding="utf-8")


def test_a_line_taken_out_by_hand_comes_back(tree: Path) -> None:
    text = (tree / SUITE).read_text(encoding="utf-8")
    (tree / SUITE).write_text(text.replace("  - forbids: nps_unlike_counts\n", ""), encoding="utf-8")
    written.write(tree, written.compare(tree, POLICY))
    assert (tree / SUITE).read_text(encoding="utf-8") == text


def test_files_of_a_mart_that_is_no_more_are_for_a_person(tree: Path) -> None:
    (tree / "dbt_project/models/marts/nps_theme_quarterly.yml").unlink()
    found = written.compare(tree, POLICY)
    written.write(tree, found)
    assert {path.name for path in found.left_over} == {
        "nps_theme_quarterly.sql",
        "nps_theme_quarterly.yml",
        "int_cells__nps_theme_quarterly.sql",
        "int_cells__nps_theme_quarterly.yml",
    }
    assert all((tree / path).is_file() for path in found.left_over)
    assert "nps_theme" not in (tree / "dbt_project/models/evidence/cell_evidence.sql").read_text()


def test_check_changes_nothing_and_ends_with_1(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anonymart.home.PROJECT", tree)
    stale = (tree / SUITE).read_text(encoding="utf-8") + "\n"
    (tree / SUITE).write_text(stale, encoding="utf-8")
    done = declare("--check", "--json")
    assert done.exit_code == 1
    assert json.loads(done.output) == {"written": False, "stale": [str(SUITE)], "left_over": []}
    assert (tree / SUITE).read_text(encoding="utf-8") == stale
    assert f"stale     {SUITE}\nRun `anonymart declare`" in declare("--check").output
    assert f"written   {SUITE}" in declare().output
    assert declare("--check").exit_code == 0


def test_a_package_is_not_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anonymart.home.PROJECT", tmp_path)
    with pytest.raises(UsageError, match="in a clone"):
        written.need_clone(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  cell_twice:\n", "  cell_thrice:\n", "does not say what cell_twice forbids"),
        ("    policy: S-SAFE\n", "", "'cell_twice.policy' is missing"),
        ("  cell_twice:\n", "  - cell_twice:\n", "cannot be read"),
    ],
)
def test_a_rule_without_its_words(tree: Path, old: str, new: str, message: str) -> None:
    path = tree / suites.RULES_FILE
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        written.compare(tree, POLICY)


def test_a_mart_that_copies_rates_is_given_the_cells_they_are_in() -> None:
    contracts = load_contracts()
    promotion = contracts["rncp_promotion"]
    rate = {"name": "r", "kind": "rate", "told_by": {"mart": "salary_outcome", "measure": "employed_rate"}}
    copies = replace(promotion, measures=(*promotion.measures, rate))
    assert "first_cells=ref('int_cells__salary_outcome')" in models.cells(copies)
    # A count that another mart tells has one draw with it, and needs none of its cells.
    assert "first_cells" not in models.cells(contracts["employment_outcome"])


def test_who_reads_a_release_stands_in_the_graph() -> None:
    text = (PROJECT / "dbt_project" / "models" / "exposures.yml").read_text(encoding="utf-8")
    exposures = {each["name"]: each for each in yaml.safe_load(text)["exposures"]}
    marts = {f"ref('{name}')" for name in load_contracts()}
    assert set(exposures["release"]["depends_on"]) == marts
    assert set(exposures["privacy_report"]["depends_on"]) > marts


def test_the_columns_of_cells() -> None:
    names = [name for name, _ in cells.columns(load_contracts()["nps_quarterly"])]
    assert len(names) == len(set(names))
    assert {"noisy_n_detractors", "clipped_n_detractors", "nps_low_reason"} <= set(names)
    assert "noisy_n_invited" not in names
