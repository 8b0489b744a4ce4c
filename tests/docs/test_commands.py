"""Every command block and every piece of Python in the documentation does what it says, with exit code 0."""

from __future__ import annotations

import json
import re

import pytest

from tests.docs.pages import blocks, runnable

pytestmark = pytest.mark.xdist_group("docs")
BY_HAND = next(block for block in blocks("README.md", "sh") if "keys init" in block.text)
LATER = [block for block in runnable("sh") if block.page != "README.md"]


def masked(text: str) -> list[str]:
    return [re.sub(r"\d+", "0", line.strip()) for line in text.splitlines() if line.strip()]


def test_the_readme_by_hand(desk):
    assert (desk.release / "marts.duckdb").is_file()
    shown = masked(BY_HAND.output)
    assert len(shown) == 2
    assert [line for line in shown if line not in masked(desk.output)] == []


@pytest.mark.parametrize("block", LATER, ids=lambda block: block.name)
def test_a_command_block(typed, block):
    typed(block)


@pytest.mark.parametrize("block", runnable("python"), ids=lambda block: block.name)
def test_a_python_block(typed, block):
    _, printed = typed(block)
    assert printed or "COPY" in block.text


def test_the_json_of_a_run_has_the_keys_that_are_shown(typed):
    block = next(block for block in LATER if "run.json" in block.text)
    desk, _ = typed(block)
    found = json.loads((desk.clone / "run.json").read_text(encoding="utf-8"))
    shown = json.loads(blocks("docs/data-team.md", "json")[0].text)
    assert found.keys() == shown.keys()
    assert found["release_id"] == shown["release_id"]
    assert found["seconds"].keys() == shown["seconds"].keys()
    assert set(shown["marts"]) <= set(found["marts"])
    assert next(iter(found["marts"].values())).keys() == shown["marts"]["nps_quarterly"].keys()


def test_the_json_of_a_file_has_the_keys_that_are_shown(desk):
    from dataclasses import asdict

    from anonymart.ingest.load import Counts

    [shown] = json.loads(blocks("docs/data-team.md", "json")[0].text)["files"]
    assert shown.keys() == asdict(Counts("nps", "x.csv")).keys()
    assert shown["delivered"] == shown["loaded"] + shown["refused"] + shown["quarantined"] + shown["duplicate"]
    assert sum(shown["reasons"].values()) == shown["refused"] + shown["quarantined"]


def test_the_purge_with_the_token_that_it_shows(typed):
    plan = next(block for block in LATER if block.text.startswith("anonymart purge"))
    desk, printed = typed(plan)
    [command] = re.findall(r"^To act: (.+)$", printed, re.MULTILINE)
    excused = next(block for block in blocks("docs/data-team.md", "sh") if block.not_run and "--token" in block.text)
    assert re.sub(r"[0-9a-f]{12}", "TOKEN", command) == re.sub(r"[0-9a-f]{12}", "TOKEN", excused.text.strip())
    done = desk.type_at_home(command)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Removed, as of 2026-10-15:")
