"""A new key `signing` is told by the old one: recipients check new releases with what they have (S-SAFE)."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from datetime import date

import pytest

from anonymart import rotate
from anonymart.erasure import places
from anonymart.gate import gate
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.release import Recipient, key_handover, share
from anonymart.release.folder import KEY_HANDOVER
from anonymart.release.signature import as_pem, fingerprint, public_key, sign
from anonymart.release.verify import verify
from anonymart.session import Session
from tests import warm
from tests.gate.conftest import ask_straight, attack_nothing, hold_no_drill, sound  # noqa: F401
from tests.gate.school import AS_OF, CELLS, School, engagement
from tests.release.test_publish import published
from tests.release.test_withdraw import recall

pytestmark = pytest.mark.long

FIRST, SECOND = "2026-06-30.1", "2026-07-30.1"
JULY = date(2026, 7, 30)
STRANGER = Keys(*("5" * 64 for _ in range(6)))


@pytest.fixture(scope="module")
def rotated(sound, tmp_path_factory) -> tuple[School, Keys]:  # noqa: F811
    """A release of the old key, two rotations, and a release of the newest one; and the old keys."""
    root = tmp_path_factory.mktemp("rotated") / "home"
    shutil.copytree(sound.home.root, root, symlinks=True)
    school = School(Home(root), sound.keys, sound.policy, sound.contracts)
    with pytest.MonkeyPatch.context() as patch:
        for left_out in (ask_straight, hold_no_drill, attack_nothing):
            left_out(patch)
        school.build(CELLS, AS_OF)
        assert published(school, AS_OF) == FIRST
        for _ in range(2):
            token = rotate.plan(Session(school.home, school.keys), "signing").token
            rotate.rotate(
                Session(school.home, school.keys),
                "signing",
                token,
                rotate.Wish(JULY, "operator", "Each year"),
            )
            school.keys = Keys.load(school.home)
        school.build([engagement(date(2026, 5, 1))], JULY)
        assert published(school, JULY) == SECOND
    return school, sound.keys


@pytest.fixture
def received(rotated, tmp_path):
    return shutil.copytree(rotated[0].home.releases / SECOND, tmp_path / "received")


def test_a_recipient_with_the_old_key_takes_the_new_release(rotated, received, tmp_path):
    school, old = rotated
    found = verify(received, public_key(old))
    assert (found.status, found.handed_over_on) == ("authentic", "2026-07-30")
    assert found.fingerprint == fingerprint(public_key(school.keys))
    assert verify(received, public_key(school.keys)).handed_over_on is None
    assert verify(received, public_key(STRANGER)).status == "changed"
    (tmp_path / "old.pem").write_text(as_pem(public_key(old)))
    done = warm.anonymart("verify", received, "--public-key", tmp_path / "old.pem", env=os.environ)
    assert done.returncode == 0 and "handed over on 2026-07-30" in done.stdout


def test_the_old_release_is_of_the_old_key_and_stays_the_homes_own(rotated):
    school, old = rotated
    folder = school.home.releases / FIRST
    assert verify(folder, public_key(old)).status == "authentic"
    assert verify(folder, public_key(school.keys)).status == "changed"
    told = share(
        Session(school.home, school.keys, school.policy, JULY),
        folder,
        Recipient("Ministry", "FR", "Statistics"),
    )
    assert told.release_id == FIRST


def test_without_the_hand_over_the_new_key_is_a_strangers(rotated, received):
    (received / KEY_HANDOVER).unlink()
    assert verify(received, public_key(rotated[1])).status == "changed"


@pytest.mark.parametrize("change", ["as_of", "to", "more", "signature", "no_json"])
def test_a_changed_hand_over_is_found(rotated, received, change):
    path = received / KEY_HANDOVER
    told = json.loads(path.read_text())
    link = told["handovers"][0]
    if change == "more":
        link["note"] = "L-4711"
    elif change == "signature":
        link["signatures"]["to"] = "0" * 128
    elif change in link:
        link[change] = {"as_of": "2026-07-29", "to": "5" * 64}[change]
    path.write_text("{" if change == "no_json" else json.dumps(told, indent=1) + "\n")
    found = verify(received, public_key(rotated[1]))
    assert found.status == "changed" and KEY_HANDOVER in {each.file for each in found.problems}


def test_a_stranger_cannot_hand_over(rotated, received, tmp_path):
    """Neither with a document that the old key has not signed, nor with one of a key that nobody trusts."""
    school, old = rotated
    theirs = Home(tmp_path)
    half = dataclasses.replace(STRANGER, signing="6" * 64)
    key_handover.add(theirs, half, STRANGER, "2026-07-30", None)
    sign(received / "manifest.json", received / "manifest.sig", STRANGER)
    shutil.copy(theirs.key_handovers, received / KEY_HANDOVER)
    assert verify(received, public_key(old)).status == "changed"
    told = json.loads((received / KEY_HANDOVER).read_text())
    told["handovers"][0]["from"] = json.loads(school.home.key_handovers.read_text())["handovers"][0]["from"]
    (received / KEY_HANDOVER).write_text(json.dumps(told, indent=1) + "\n")
    assert verify(received, public_key(old)).status == "changed"


def test_the_gate_takes_the_document_and_nothing_else_under_its_name(rotated, monkeypatch):
    school, _ = rotated
    for left_out in (ask_straight, hold_no_drill, attack_nothing):
        left_out(monkeypatch)
    folder = school.home.releases / SECOND
    assert gate(Session(school.home, school.keys, school.policy), folder).failures == []
    kept = (folder / KEY_HANDOVER).read_text()
    (folder / KEY_HANDOVER).write_text(kept.replace('"handovers"', '"L-4711"'))
    assert gate(Session(school.home, school.keys, school.policy), folder).failures != []
    (folder / KEY_HANDOVER).write_text(kept)


def test_the_recall_of_an_old_release_is_of_the_new_key(rotated, tmp_path, monkeypatch):
    school, old = rotated
    copy = School(Home(tmp_path / "home"), school.keys, school.policy, school.contracts)
    shutil.copytree(school.home.root, copy.home.root, symlinks=True)
    for left_out in (ask_straight, hold_no_drill, attack_nothing):
        left_out(monkeypatch)
    recall(copy, FIRST)
    for trusted in (public_key(old), None):
        assert verify(copy.home.releases / FIRST, trusted).status == "withdrawn"


def test_every_file_of_the_home_is_known(rotated):
    places.check_files(rotated[0].home)
