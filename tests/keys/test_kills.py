"""A rotation that is killed at any of its steps is ended by the next command, once (S-SAFE)."""

from __future__ import annotations

import dataclasses
import json
import secrets
import signal

import pytest

from anonymart import crash, engine, rotate
from anonymart.errors import UsageError
from anonymart.keys import KEY_NAMES, Keys
from anonymart.rotate import pending
from anonymart.session import Session
from tests.keys.small_school import DAY

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
def test_killed_and_ended_by_the_next_command(small_school, name, point):
    old, rows = small_school.keys, small_school.rows()
    token = rotate.plan(Session(small_school.home, old), name).token
    words = ("keys", "rotate", name, "--token", token, "--as-of", DAY)
    assert small_school.command(*words, ANONYMART_CRASH_AT=point).returncode == -signal.SIGKILL
    if point == "rotate.next_noted":
        # Nothing has begun: the old key holds, and a new plan is carried out as ever.
        assert small_school.reload() == old and small_school.rotate(name).returncode == 0
    else:
        assert small_school.home.rotation.exists()
        with pytest.raises(UsageError, match="was cut short: `anonymart keys check` ends it"):
            Keys.load(small_school.home)
        done = small_school.command("keys", "check")
        assert done.returncode == 0, done.stderr
    new = small_school.reload()
    assert [each for each in KEY_NAMES if getattr(new, each) != getattr(old, each)] == [name]
    assert set(json.loads(small_school.home.keys_file.read_text())) == set(KEY_NAMES)
    assert small_school.rows() == rows
    assert (small_school.holds(), small_school.rotations(), small_school.left_over()) == (
        (True, True),
        [name],
        [],
    )
    if name in ("vault", "warehouse"):
        assert not engine.opens(getattr(small_school.home, name), getattr(old, name))


def test_killed_again_while_it_is_ended(small_school):
    rows = small_school.rows()
    token = rotate.plan(Session(small_school.home, small_school.keys), "vault").token
    words = ("keys", "rotate", "vault", "--token", token)
    assert (
        small_school.command(*words, ANONYMART_CRASH_AT="rewrite.after_rename").returncode == -signal.SIGKILL
    )
    for point in ("rewrite.after_copy", "rewrite.after_rename", "rotate.told"):
        assert small_school.command("audit", ANONYMART_CRASH_AT=point).returncode == -signal.SIGKILL, point
    assert small_school.command("audit").returncode == 0
    small_school.reload()
    assert (small_school.rows(), small_school.rotations(), small_school.left_over()) == (rows, ["vault"], [])


def test_a_new_key_that_is_not_at_hand_is_asked_for(small_school):
    old = small_school.keys
    token = rotate.plan(Session(small_school.home, old), "vault").token
    words = ("keys", "rotate", "vault", "--token", token)
    assert (
        small_school.command(*words, ANONYMART_CRASH_AT="rewrite.after_rename").returncode == -signal.SIGKILL
    )
    told = json.loads(small_school.home.keys_file.read_text())
    fresh = told.pop("next")["vault"]
    small_school.home.keys_file.write_text(json.dumps(told))
    done = small_school.command("keys", "check")
    assert done.returncode == 2 and "ANONYMART_KEY_VAULT_NEXT" in done.stderr
    assert small_school.command("keys", "check", ANONYMART_KEY_VAULT_NEXT=fresh).returncode == 0
    assert small_school.reload() == dataclasses.replace(old, vault=fresh)
    assert pending.read(small_school.home) is None


def test_a_key_of_the_environment_that_was_changed_too_early_is_asked_for(small_school):
    old, fresh = small_school.keys.vault, secrets.token_hex(32)
    both = {"ANONYMART_KEY_VAULT": old, "ANONYMART_KEY_VAULT_NEXT": fresh}
    words = (
        "keys",
        "rotate",
        "vault",
        "--token",
        rotate.plan(Session(small_school.home, small_school.keys), "vault").token,
    )
    killed = small_school.command(*words, **both, ANONYMART_CRASH_AT="rewrite.after_rename")
    assert killed.returncode == -signal.SIGKILL
    early = small_school.command("keys", "check", ANONYMART_KEY_VAULT=fresh)
    assert early.returncode == 2 and "is still of the old key" in early.stderr
    done = small_school.command("keys", "check", **both)
    assert "which was cut short, is done now" in done.stderr
    assert small_school.command("keys", "check", ANONYMART_KEY_VAULT=fresh).returncode == 0
