"""A removal that is killed at any of its steps and run again ends as an undisturbed one does, and never loses
a zone.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import pytest

from anonymart import crash, engine
from anonymart.erasure import receipts
from anonymart.errors import UsageError
from anonymart.session import Session
from tests import warm
from tests.erasure.small_school import AS_OF, NAMES, SmallSchool, built_home

pytestmark = pytest.mark.long

POINTS = [point for point in crash.POINTS if point.startswith(("removal.", "rewrite."))]
ERASE = """
from datetime import date
from anonymart.erasure import removal
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import load_policy
from anonymart.session import Session

home = Home.from_env()
session = Session(home, Keys.load(home), load_policy(), date(2026, 6, 30))
removal.carry_out_requests(session, ("REQ-1",), removal.plan_requests(session, ("REQ-1",)).token)
"""
WITHDRAW = ERASE.replace("REQ-1", "REQ-2")


@pytest.fixture(scope="module")
def asked_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("asked") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANONYMART_ENCRYPTION", "none")
        shutil.copytree(built_home(tmp_path_factory, is_plain=True), root)
        small_school = SmallSchool(root)
        small_school.request()
        small_school.request("withdraw", 2, learner_id="L-4712")
    return root


def run(small_school, code, **environment):
    return warm.python(
        code, env={**os.environ, "ANONYMART_HOME": str(small_school.home.root), **environment}, timeout=600
    )


@pytest.fixture(scope="module")
def undisturbed(asked_root, tmp_path_factory):
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANONYMART_ENCRYPTION", "none")
        for name, code in (("erase", ERASE), ("withdraw", WITHDRAW)):
            root = tmp_path_factory.mktemp(name) / "home"
            shutil.copytree(asked_root, root)
            small_school = SmallSchool(root)
            assert run(small_school, code).returncode == 0
            found[name] = contents(small_school)
    return found


def contents(small_school):
    """Rows of every table in no order, less what numbers and hashes the removals themselves."""
    lines = small_school.everything().splitlines()
    own = (
        "vault.ledger.rewrites",
        "vault.ledger.receipt_head",
        "tombstones.main.receipt_head",
        "warehouse.main.receipt_head",
    )
    return {line.partition(":")[0]: sorted(line) for line in lines if not line.startswith(own)}


@pytest.mark.parametrize(("name", "code"), [("erase", ERASE), ("withdraw", WITHDRAW)])
def test_killed_at_each_point_in_turn_and_run_again(
    asked_root, undisturbed, tmp_path, monkeypatch, name, code
):
    """Each kill comes in what the one before has left: harder than a fresh home for each, and half the
    cost.
    """
    monkeypatch.setenv("ANONYMART_ENCRYPTION", "none")
    shutil.copytree(asked_root, tmp_path / "home")
    small_school = SmallSchool(tmp_path / "home")
    for point in POINTS:
        killed = run(small_school, code, ANONYMART_CRASH_AT=point)
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
    again = run(small_school, code)
    assert again.returncode == 0, again.stderr
    assert contents(small_school) == undisturbed[name]
    assert receipts.verify(Session(small_school.home, small_school.keys)).passed
    assert list(small_school.home.root.glob("*.rewrite*")) == []
    if name == "erase":
        assert small_school.bytes_with(*NAMES) == []


def test_the_next_build_ends_what_was_cut_short(asked_root, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setenv("ANONYMART_ENCRYPTION", "none")
    shutil.copytree(asked_root, tmp_path / "home")
    small_school = SmallSchool(tmp_path / "home")
    run(small_school, ERASE, ANONYMART_CRASH_AT="removal.after_tombstones")
    small_school.build(AS_OF)
    assert small_school.bytes_with(*NAMES) == []


def test_zones_without_encryption_are_for_these_tests_only(tmp_path):
    small_school = SmallSchool(tmp_path / "home")
    small_school.request(learner_id="L-1")
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    asked = subprocess.run(
        [sys.executable, "-m", "anonymart.cli", "purge"],
        capture_output=True,
        text=True,
        env={**environment, "ANONYMART_HOME": str(small_school.home.root), "ANONYMART_ENCRYPTION": "none"},
    )
    assert asked.returncode == 2 and "ANONYMART_ENCRYPTION" in asked.stderr


def test_nothing_but_none_may_be_asked_for(monkeypatch):
    monkeypatch.setenv("ANONYMART_ENCRYPTION", "weak")
    with pytest.raises(UsageError):
        engine.is_plain()
