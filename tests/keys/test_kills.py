"""A rotation that is killed at any of its steps is ended by the next command, once (S-SAFE)."""

from __future__ import annotations

import dataclasses
import json
import signal

import pytest

from anonymart import crash, engine, rotate
from anonymart.errors import UsageError
from anonymart.keys import KEY_NAMES, Keys
from anonymart.rotate import pending
from tests.keys.house import DAY

pytestmark = pytest.mark.long

TOLD = ("rotate.before_key", "rotate.after_key", "audit.before_append", "audit.after_append", "rotate.told")
FILES = ("rewrite.after_copy", "rewrite.before_rename", "rewrite.after_rename")
POINTS = {
    "vault": ("rotate.next_noted", "rotate.begun", *FILES, *TOLD),
    "warehouse": ("rotate.begun", *FILES, "rotate.after_key"),
    "pseudonym": ("rotate.begun", "rotate.rows_hashed", *FILES[1:], *TOLD),
    "signing": ("rotate.begun", "rotate.handed_over", "rotate.sealed", "rotate.exports_renamed", *TOLD),
}


def test_each_point_of_a_rotation_is_tried():
    tried = {point for points in POINTS.values() for point in points}
    assert {point for point in crash.POINTS if point.startswith("rotate.")} <= tried


@pytest.mark.parametrize(
    ("name", "point"), [(name, point) for name, each in POINTS.items() for point in each]
)
def test_killed_and_ended_by_the_next_command(house, name, point):
    old, rows = house.keys, house.rows()
    token = rotate.plan(house.home, old, name).token
    words = ("keys", "rotate", name, "--token", token, "--as-of", DAY)
    assert house.command(*words, ANONYMART_CRASH_AT=point).returncode == -signal.SIGKILL
    if point == "rotate.next_noted":
        # Nothing has begun: the old key holds, and a new plan is carried out as ever.
        assert house.reload() == old and house.rotate(name).returncode == 0
    else:
        assert house.home.rotation.exists()
        with pytest.raises(UsageError, match="was cut short: `anonymart keys check` ends it"):
            Keys.load(house.home)
        done = house.command("keys", "check")
        assert done.returncode == 0, done.stderr
    new = house.reload()
    assert [each for each in KEY_NAMES if getattr(new, each) != getattr(old, each)] == [name]
    assert set(json.loads(house.home.keys_file.read_text())) == set(KEY_NAMES)
    assert house.rows() == rows
    assert (house.holds(), house.rotations(), house.left_over()) == ((True, True), [name], [])
    if name in ("vault", "warehouse"):
        assert not engine.opens(getattr(house.home, name), getattr(old, name))


def test_killed_again_while_it_is_ended(house):
    rows = house.rows()
    token = rotate.plan(house.home, house.keys, "vault").token
    words = ("keys", "rotate", "vault", "--token", token)
    assert house.command(*words, ANONYMART_CRASH_AT="rewrite.after_rename").returncode == -signal.SIGKILL
    for point in ("rewrite.after_copy", "rewrite.after_rename", "rotate.told"):
        assert house.command("audit", ANONYMART_CRASH_AT=point).returncode == -signal.SIGKILL, point
    assert house.command("audit").returncode == 0
    house.reload()
    assert (house.rows(), house.rotations(), house.left_over()) == (rows, ["vault"], [])


def test_a_new_key_that_is_not_at_hand_is_asked_for(house):
    old = house.keys
    token = rotate.plan(house.home, old, "vault").token
    words = ("keys", "rotate", "vault", "--token", token)
    assert house.command(*words, ANONYMART_CRASH_AT="rewrite.after_rename").returncode == -signal.SIGKILL
    told = json.loads(house.home.keys_file.read_text())
    fresh = told.pop("next")["vault"]
    house.home.keys_file.write_text(json.dumps(told))
    done = house.command("keys", "check")
    assert done.returncode == 2 and "ANONYMART_KEY_VAULT_NEXT" in done.stderr
    assert house.command("keys", "check", ANONYMART_KEY_VAULT_NEXT=fresh).returncode == 0
    assert house.reload() == dataclasses.replace(old, vault=fresh)
    assert pending.read(house.home) is None
