"""Findings are scripts about outside software: pinned, without our code, and told in one table. None of them
is run here.
"""

from __future__ import annotations

import os
import re
import shlex

import pytest

from tests.conftest import ROOT

FOLDER = ROOT / "findings"
SCRIPTS = sorted(FOLDER.glob("*.sh"))
PINNED = re.compile(r"[A-Za-z0-9_.-]+(\[[a-z,-]+\])?==[0-9][A-Za-z0-9.]*")


def installed(text: str) -> list[str]:
    """What the calls of `pip install` name, options left out."""
    calls = re.findall(r"pip install (.*)", text.replace("\\\n", " "))
    return [word for call in calls for word in shlex.split(call) if not word.startswith("-")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_finding_stands_alone(script):
    text = script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert "\nset -euo pipefail\nfolder=$(mktemp -d)\ntrap 'rm -rf \"$folder\"' EXIT\n" in text
    packages = installed(text)
    assert packages and all(map(PINNED.fullmatch, packages)), packages
    assert "anonymart" not in text.lower()
    assert "assert " in text, "it must be able to tell that the behaviour has changed"


def test_each_finding_stands_in_the_table_once():
    table = re.findall(
        r"^\| \[([a-z0-9-]+)\]\(([a-z0-9-]+)\.sh\) \|",
        (FOLDER / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert sorted(name for name, _ in table) == [script.stem for script in SCRIPTS] != []
    assert all(name == target for name, target in table)


def test_what_guards_us_exists():
    """Each path of this project that the table names is one."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:plugins|tests|dbt_project|expectations)/[^`]+)`", text) + re.findall(
        r"\]\(\.\./([^)]+)\)", text
    )
    assert len(paths) > 10 and not [path for path in paths if not (ROOT / path).exists()]
