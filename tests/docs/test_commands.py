"""Every command block and every piece of Python in the documentation does what it says, with exit code 0."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import date

import pytest

from anonymart.home import Home
from anonymart.ingest.counts import Counts
from anonymart.keys import Keys
from anonymart.release import Published
from anonymart.run import RunReport
from anonymart.session import Session
from anonymart.summary import Summary, summarize
from tests.docs.pages import ROOT, blocks, runnable

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("docs")]
BY_HAND = next(block for block in blocks("README.md", "sh") if "keys init" in block.text)
LATER = [block for block in runnable("sh") if block.page != "README.md"]


def masked(text: str) -> list[str]:
    return [re.sub(r"\d+", "0", line.strip()) for line in text.splitlines() if line.strip()]


def test_the_readme_by_hand(reader):
    assert (reader.release / "marts.duckdb").is_file()
    shown = masked(BY_HAND.output)
    assert len(shown) == 2
    assert [line for line in shown if line not in masked(reader.output)] == []


@pytest.mark.parametrize("block", LATER, ids=lambda block: block.name)
def test_a_command_block(typed, block):
    typed(block)


@pytest.mark.parametrize("block", runnable("python"), ids=lambda block: block.name)
def test_a_python_block(typed, block):
    _, printed = typed(block)
    assert printed or "COPY" in block.text


def test_the_second_release_of_the_data_team(typed):
    reader, printed = typed(next(block for block in LATER if "anonymart publish" in block.text))
    assert printed.splitlines()[-2:][0].startswith("2026-06-30.1: ")
    assert printed.splitlines()[-1].startswith("2026-07-31.1: ")
    assert (reader.release / "marts.duckdb").is_file()


def test_the_json_that_is_shown_has_the_keys_of_a_run():
    shown = json.loads(blocks("docs/data-team.md", "json")[0].text)
    [mart], [file] = shown["marts"].values(), shown["files"]
    report = RunReport(date(2026, 7, 31), Published("2026-07-31.1"), summary=Summary({"nps_quarterly": mart}))
    assert shown.keys() == report.as_dict().keys()
    assert (shown["release_id"], shown["status"]) == (report.release_id, report.as_dict()["status"])
    assert file.keys() == asdict(Counts("nps", "x.csv")).keys()
    assert file["delivered"] == file["loaded"] + file["refused"] + file["quarantined"] + file["duplicate"]
    assert sum(file["reasons"].values()) == file["refused"] + file["quarantined"]
    assert mart["figures"] == mart["published"] + mart["too_few"] + mart["protected"]
    steps = re.findall(
        r'progress\.(?:step\(|seconds\[)"(\w+)"', (ROOT / "plugins/anonymart/run.py").read_text()
    )
    assert shown["seconds"].keys() == set(steps)


def test_the_json_of_a_mart_has_the_keys_that_are_shown(reader):
    shown = json.loads(blocks("docs/data-team.md", "json")[0].text)["marts"]["nps_quarterly"]
    home = Home.from_env(reader.home)
    assert summarize(Session(home, Keys.load(home))).marts["nps_quarterly"].keys() == shown.keys()


def test_the_purge_with_the_token_that_it_shows(typed):
    plan = next(block for block in LATER if block.text.startswith("anonymart purge"))
    reader, printed = typed(plan)
    [command] = re.findall(r"^To act: (.+)$", printed, re.MULTILINE)
    excused = next(
        block
        for block in blocks("docs/data-team.md", "sh")
        if block.not_run and block.text.startswith("anonymart purge")
    )
    assert re.sub(r"[0-9a-f]{12}", "TOKEN", command) == re.sub(r"[0-9a-f]{12}", "TOKEN", excused.text.strip())
    done = reader.type_at_home(command)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Removed, as of 2026-08-15:")


def test_the_rotation_with_the_token_that_it_shows(typed):
    plan = next(block for block in LATER if block.text.startswith("anonymart keys rotate"))
    reader, printed = typed(plan)
    [command] = re.findall(r"^To act: (.+)$", printed, re.MULTILINE)
    excused = next(
        block
        for block in blocks("docs/data-team.md", "sh")
        if block.not_run and block.text.startswith("anonymart keys rotate")
    )
    done = reader.type_at_home(re.sub(r"anonymart keys rotate .*--token [0-9a-f]{12}", command, excused.text))
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Rotated the key vault, as of 2026-07-31:")
