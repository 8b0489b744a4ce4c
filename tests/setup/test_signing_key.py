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
from tests import warm
from tests.ingest.conftest import House
from tests.whole.house import clean_environment

DAY = date(2026, 6, 30)


@pytest.fixture
def house(tmp_path) -> House:
    """A home with two entries in its audit log and a receipt."""
    house = House(tmp_path / "home")
    house.deliver(
        "learners",
        "a.csv",
        "learner_id,registered_at,last_login_at\nL1,2020-01-01T10:00:00Z,2021-01-01T10:00:00Z\n",
    )
    house.ingest(date(2021, 1, 2))
    enforce_terms(house.home, house.keys, house.policy, DAY)
    for reason in ("one", "two"):
        audit.record(house.home, house.keys, DAY, "let_retention_go", "operator", reason=reason)
    return house


@pytest.fixture
def lost(house) -> House:
    told = json.loads(house.home.keys_file.read_text())
    house.home.keys_file.write_text(json.dumps(told | {"signing": secrets.token_hex(32)}))
    house.keys = Keys.load(house.home)
    return house


def holds(house: House) -> tuple[bool, bool]:
    return audit.verify(house.home, house.keys).passed, receipts.verify(house.home, house.keys).passed


def command(house: House, *words: str):
    return warm.anonymart(*words, env=clean_environment(house.home.root), timeout=120)


def test_keys_check_says_so_and_so_does_a_run(lost):
    for words in (("keys", "check"), ("run", "--as-of", str(DAY)), ("build", "--as-of", str(DAY))):
        done = command(lost, *words)
        assert done.returncode == 2, words
        assert "The key 'signing' is not the one" in done.stderr and "anonymart keys seal" in done.stderr
    assert not lost.home.warehouse.exists()


def test_a_changed_entry_is_no_lost_key(house):
    lines = house.home.audit.read_text().splitlines()
    house.home.audit.write_text("\n".join([lines[0].replace("one", "won"), lines[1]]) + "\n")
    assert "entry 1 was changed" in audit.verify(house.home, house.keys).problem
    with pytest.raises(AnonymartError, match="entry 1 was changed"):
        audit.record(house.home, house.keys, DAY, "built")
    with pytest.raises(AnonymartError, match="entry 1 was changed"):
        seal.seal(house.home, house.keys, DAY, "The key is lost", "operator")


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
    assert enforce_terms(lost.home, lost.keys, lost.policy, date(2026, 7, 30)).receipt_no == 2
    assert holds(lost) == (True, True)


def test_what_is_sealed_may_not_change_and_the_seal_neither(lost):
    seal.seal(lost.home, lost.keys, DAY, "The safe burned", "operator")
    lines = lost.home.audit.read_text()
    lost.home.audit.write_text(lines.replace('"one"', '"won"'))
    assert "sealed" in audit.verify(lost.home, lost.keys).problem
    lost.home.audit.write_text(lines)
    assert holds(lost) == (True, True)
    told = lost.home.root / "seals.json"
    told.write_text(told.read_text().replace("The safe burned", "The safe turned"))
    assert holds(lost) == (False, False)


def test_nothing_is_sealed_while_the_key_is_the_right_one(house):
    with pytest.raises(UsageError, match="nothing to seal"):
        seal.seal(house.home, house.keys, DAY, "The key is lost", "operator")
    assert not (house.home.root / "seals.json").exists()


def test_a_file_that_lost_its_end_is_not_sealed(lost):
    lines = lost.home.audit.read_text().splitlines()
    lost.home.audit.write_text(lines[0] + "\n")
    with pytest.raises(AnonymartError, match="entry 2 is missing"):
        seal.seal(lost.home, lost.keys, DAY, "The safe burned", "operator")
