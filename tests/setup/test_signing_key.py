"""The key `signing` is lost: it is said as what it is, and there is a way on that proves what was written
before (S-SAFE).
"""

from __future__ import annotations

import json
import secrets
from datetime import date

import pytest

from anonymart import audit, seal
from anonymart.erasure import receipts
from anonymart.erasure.removal import enforce_terms
from anonymart.errors import AnonymartError, UsageError
from anonymart.keys import Keys
from anonymart.session import Session
from tests import warm
from tests.ingest.conftest import SmallSchool
from tests.whole.small_school import clean_environment

DAY = date(2026, 6, 30)


@pytest.fixture
def small_school(tmp_path) -> SmallSchool:
    """A home with two entries in its audit log and a receipt."""
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver(
        "learners",
        "a.csv",
        "learner_id,registered_at,last_login_at\nL1,2020-01-01T10:00:00Z,2021-01-01T10:00:00Z\n",
    )
    small_school.ingest(date(2021, 1, 2))
    enforce_terms(Session(small_school.home, small_school.keys, small_school.policy, DAY))
    for reason in ("one", "two"):
        audit.record(
            Session(small_school.home, small_school.keys, given_day=DAY),
            "let_retention_go",
            "operator",
            reason=reason,
        )
    return small_school


@pytest.fixture
def lost(small_school) -> SmallSchool:
    told = json.loads(small_school.home.keys_file.read_text())
    small_school.home.keys_file.write_text(json.dumps(told | {"signing": secrets.token_hex(32)}))
    small_school.keys = Keys.load(small_school.home)
    return small_school


def holds(small_school: SmallSchool) -> tuple[bool, bool]:
    return audit.verify(Session(small_school.home, small_school.keys)).passed, receipts.verify(
        Session(small_school.home, small_school.keys)
    ).passed


def command(small_school: SmallSchool, *words: str):
    return warm.anonymart(*words, env=clean_environment(small_school.home.root), timeout=600)


def test_keys_check_says_so_and_so_does_a_run(lost):
    for words in (("keys", "check"), ("run", "--as-of", str(DAY)), ("build", "--as-of", str(DAY))):
        done = command(lost, *words)
        assert done.returncode == 2, words
        assert "The key 'signing' is not the one" in done.stderr and "anonymart keys seal" in done.stderr
    assert not lost.home.warehouse.exists()


def test_a_changed_entry_is_no_lost_key(small_school):
    lines = small_school.home.audit.read_text().splitlines()
    small_school.home.audit.write_text("\n".join([lines[0].replace("one", "won"), lines[1]]) + "\n")
    assert "entry 1 was changed" in audit.verify(Session(small_school.home, small_school.keys)).problem
    with pytest.raises(AnonymartError, match="entry 1 was changed"):
        audit.record(Session(small_school.home, small_school.keys, given_day=DAY), "built")
    with pytest.raises(AnonymartError, match="entry 1 was changed"):
        seal.seal(Session(small_school.home, small_school.keys, given_day=DAY), "The key is lost", "operator")


def test_the_way_on_seals_what_was_and_goes_on(lost):
    done = command(
        lost, "keys", "seal", "--reason", "The safe burned", "--as", "operator", "--as-of", str(DAY)
    )
    assert done.returncode == 0, done.stderr
    assert "2 entries of the audit log and 1 receipt(s)" in done.stdout and "Fingerprint" in done.stdout
    assert holds(lost) == (True, True)
    assert [(entry["act"], entry.get("reason")) for entry in audit.entries(lost.home)][-1] == (
        "sealed",
        "The safe burned",
    )
    assert command(lost, "keys", "check").returncode == 0
    lost.deliver(
        "learners",
        "b.csv",
        "learner_id,registered_at,last_login_at\nL2,2020-01-01T10:00:00Z,2021-06-01T10:00:00Z\n",
    )
    lost.ingest(date(2021, 6, 2))
    assert enforce_terms(Session(lost.home, lost.keys, lost.policy, date(2026, 7, 30))).receipt_no == 2
    assert holds(lost) == (True, True)


def test_what_is_sealed_may_not_change_and_the_seal_neither(lost):
    seal.seal(Session(lost.home, lost.keys, given_day=DAY), "The safe burned", "operator")
    lines = lost.home.audit.read_text()
    lost.home.audit.write_text(lines.replace('"one"', '"won"'))
    assert "sealed" in audit.verify(Session(lost.home, lost.keys)).problem
    lost.home.audit.write_text(lines)
    assert holds(lost) == (True, True)
    told = lost.home.root / "seals.json"
    told.write_text(told.read_text().replace("The safe burned", "The safe turned"))
    assert holds(lost) == (False, False)


def test_nothing_is_sealed_while_the_key_is_the_right_one(small_school):
    with pytest.raises(UsageError, match="nothing to seal"):
        seal.seal(Session(small_school.home, small_school.keys, given_day=DAY), "The key is lost", "operator")
    assert not (small_school.home.root / "seals.json").exists()


def test_a_file_that_lost_its_end_is_not_sealed(lost):
    lines = lost.home.audit.read_text().splitlines()
    lost.home.audit.write_text(lines[0] + "\n")
    with pytest.raises(AnonymartError, match="entry 2 is missing"):
        seal.seal(Session(lost.home, lost.keys, given_day=DAY), "The safe burned", "operator")
