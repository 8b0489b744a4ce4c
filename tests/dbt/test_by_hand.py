"""`anonymart dbt`: dbt by hand on a home, with the lock, keys and variables in place, and without a row in
anything it says.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))

from small_home import PLANTED, SmallHome

from anonymart import lock
from anonymart.cli import commands
from anonymart.errors import AnonymartError, UsageError
from anonymart.rights import state
from anonymart.session import Session

DAY = ("--as-of", "2026-06-30")
SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> SmallHome:
    small = SmallHome(tmp_path_factory.mktemp("by_hand") / "home")
    small.load_first()
    small.register_everybody()
    return small


@pytest.fixture
def by_hand(home, monkeypatch):
    monkeypatch.setenv("ANONYMART_HOME", str(home.home.root))

    def run(*words: str) -> dict:
        done = CliRunner().invoke(commands.anonymart, ["dbt", *DAY, "--json", "--", *words])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return json.loads(done.output.splitlines()[-1])

    return run


@pytest.mark.long
def test_nodes_are_listed_and_compiled(by_hand):
    listed = by_hand("ls", "--select", "+nps_quarterly", "--resource-type", "model")["listed"]
    assert (
        "anonymart.marts.nps_quarterly" in listed
        and "anonymart.intermediate.people.int_people__nps_quarterly" in listed
    )
    done = by_hand("compile", "--select", "int_cells__nps_quarterly")
    assert "int_cells__nps_quarterly" in {node["name"] for node in done["nodes"]}
    [compiled] = Path(done["target"]).rglob("compiled/**/int_cells__nps_quarterly.sql")
    text = compiled.read_text(encoding="utf-8")
    assert "noise_coarse as" in text
    assert {"people", "counted_now", "keyed", "perturbed", "clipped", "reasoned", "published"} <= set(
        rules(text)
    )


def rules(text: str) -> list[str]:
    """The rules of compiled SQL: each begins with a CTE under a comment that says what it does."""
    return re.findall(r"^/\* .+\. \*/\n+(\w+) as (?:materialized )?\(", text, re.MULTILINE)


def test_the_snapshot_shows_rule_by_rule_what_protects_a_mart():
    text = (SNAPSHOTS / "int_cells__salary_outcome.sql").read_text(encoding="utf-8")
    counted = "noise_coarse cell_pads people closing all_years counted_now with_first keyed perturbed"
    hidden = "banded clipped judged held_apart reasoned derived published with_intervals"
    assert rules(text) == [*counted.split(), *hidden.split()]


@pytest.mark.parametrize("model", ["int_cells__salary_outcome", "salary_outcome"])
def test_compiled_sql_is_that_of_the_snapshot_rule_by_rule(by_hand, home, model):
    """What a change of a macro does to a mart is read in a diff; WRITE_SNAPSHOTS=1 writes it anew."""
    done = by_hand("compile", "--select", model)
    [compiled] = Path(done["target"]).rglob(f"compiled/**/{model}.sql")
    lines = compiled.read_text(encoding="utf-8").replace(str(home.home.root), "HOME").splitlines()
    text = "\n".join(line.rstrip() for line in lines).strip() + "\n"
    snapshot = SNAPSHOTS / f"{model}.sql"
    if os.environ.get("WRITE_SNAPSHOTS"):
        snapshot.write_text(text, encoding="utf-8")
    assert text == snapshot.read_text(encoding="utf-8")
    assert "HOME" not in text and not re.search(r"[0-9a-f]{64}", text), "no path and no key"


@pytest.mark.long
def test_a_mart_is_built_with_what_is_before_it_and_is_no_whole_build(home, by_hand):
    home.build()
    assert state.is_built(Session(home.home, home.keys))
    done = by_hand("build", "--select", "+salary_outcome")
    nodes = {node["name"]: node["status"] for node in done["nodes"]}
    assert nodes["salary_outcome"] == "success" and "exercise_difficulty" not in nodes
    assert set(nodes.values()) <= {"success", "pass"}
    # So that the next publication builds all of it first.
    assert not state.is_built(Session(home.home, home.keys))


@pytest.mark.long
def test_docs_are_made_and_the_next_build_minds_them_not(home, by_hand):
    target = Path(by_hand("docs", "generate")["target"])
    assert {"index.html", "catalog.json", "manifest.json"} <= {path.name for path in target.iterdir()}
    made = b"".join(path.read_bytes() for path in target.rglob("*") if path.is_file())
    assert not [identifier for identifier in PLANTED if identifier.encode() in made]
    home.build()


@pytest.mark.parametrize(
    "words",
    [
        ("show", "--select", "stg_register__learners"),
        ("run-operation", "x"),
        ("docs", "serve"),
        ("ls", "--vars", "{}"),
        ("test", "--store-failures"),
    ],
)
def test_what_prints_rows_or_takes_our_place_is_refused(home, words):
    done = CliRunner().invoke(commands.anonymart, ["dbt", *DAY, "--", *words])
    assert done.exit_code == 2 and ("not allowed" in done.output or "leave it out" in done.output)


def test_a_failure_names_the_node_and_quotes_nothing(by_hand):
    with pytest.raises(AnonymartError, match="dbt build failed"):
        by_hand("build", "--no-such-option")


def test_it_waits_for_nobody_who_writes(home, monkeypatch):
    monkeypatch.setenv("ANONYMART_HOME", str(home.home.root))
    with lock.writing(home.home):
        done = CliRunner().invoke(commands.anonymart, ["dbt", *DAY, "--", "ls"])
    assert isinstance(done.exception, UsageError | AnonymartError)
