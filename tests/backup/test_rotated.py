"""A backup from before a rotation is restored under the present keys (S-SAFE)."""

from __future__ import annotations

import dataclasses
import json

import pytest

from anonymart import engine, rotate
from anonymart.erasure import receipts
from anonymart.errors import UsageError
from anonymart.keys import Keys
from anonymart.session import Session
from tests.backup.conftest import AUGUST, JULY, SECOND, THIRD
from tests.gate.school import engagement

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("backup")]


@pytest.fixture
def rotated(small_school):
    """Every key that may be was rotated since the backup; the key file of before lies in the safe."""
    (small_school.outside / "old.json").write_bytes(small_school.home.keys_file.read_bytes())
    (small_school.outside / "old.json").chmod(0o600)
    for name in ("vault", "warehouse", "pseudonym", "signing"):
        token = rotate.plan(Session(small_school.home, small_school.keys), name).token
        rotate.rotate(
            Session(small_school.home, small_school.keys), name, token, rotate.Wish(JULY, "operator")
        )
        small_school.keys = small_school.school.keys = Keys.load(small_school.home)
    small_school.light()
    return small_school


def test_a_backup_of_the_old_keys_is_restored_under_the_new_ones(rotated):
    old = Keys.from_file(rotated.outside / "old.json")
    before = rotated.ledger()
    rotated.lose_disk()
    with pytest.raises(UsageError, match="--old-keys"):
        rotated.restore(newest=rotated.outside / "newest")
    assert not rotated.home.vault.exists()
    done = rotated.restore(newest=rotated.outside / "newest", old_keys=old)
    assert (done.releases_repaired, done.is_done) == ([SECOND], True)
    assert rotated.ledger() == before and "L-4711" not in rotated.everything()
    assert receipts.verify(Session(rotated.home, rotated.keys)).passed
    for zone in ("vault", "warehouse"):
        assert engine.opens(getattr(rotated.home, zone), getattr(rotated.keys, zone))
    assert rotated.publish([engagement(JULY.replace(month=6, day=1))], AUGUST) == THIRD


def test_keys_of_another_home_are_no_old_keys(rotated, tmp_path):
    told = json.loads((rotated.outside / "old.json").read_text())
    strange = dataclasses.replace(Keys(**told), record="7" * 64)
    rotated.lose_disk()
    with pytest.raises(UsageError, match="The old keys are not of this home"):
        rotated.restore(newest=rotated.outside / "newest", old_keys=strange)
