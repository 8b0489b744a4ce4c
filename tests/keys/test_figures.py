"""Every key is rotated between two releases: the second is the same as in a home where none was (S-ANON)."""

from __future__ import annotations

import shutil

import pytest

from tests.whole.conftest import School, deliver_next_month, generate
from tests.whole.small_school import differences, n_rows, open_small_school
from tests.whole.test_kill_and_run_again import KEPT

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("rotated")]

FIRST, SECOND = "2026-05-31", "2026-06-30"


def test_the_next_release_is_that_of_a_home_without_rotations(tmp_path):
    generate(tmp_path / "school", 300, FIRST)
    school, small_school = School(tmp_path / "school"), open_small_school(tmp_path / "home")
    for path in school.landing.rglob("*"):
        if path.is_file() and not KEPT.search(path.name):
            path.unlink()
    shutil.copytree(school.landing, small_school.home.landing, dirs_exist_ok=True)
    small_school.succeed("run", "--as-of", FIRST)
    rotated = small_school.copy(tmp_path / "rotated")
    for name in ("vault", "warehouse", "pseudonym", "signing", "pseudonym"):
        token = rotated.succeed("keys", "rotate", name)["token"]
        assert rotated.succeed("keys", "rotate", name, "--token", token, "--as-of", FIRST)["is_done"]
    found = []
    for each in (small_school, rotated):
        deliver_next_month(each, school)
        found.append(each.succeed("run", "--as-of", SECOND)["release_id"])
    assert found == [f"{SECOND}.1"] * 2
    assert differences(small_school.home.current, rotated.home.current) == {}
    first = small_school.home.releases / f"{FIRST}.1"
    assert sum(n_rows(rotated.home.current).values()) > sum(n_rows(first).values()) > 0
    for words in (("keys", "check"), ("audit",), ("rights", "verify-receipts")):
        assert rotated.command(*words).returncode == 0, words
    old = tmp_path / "old.pem"
    old.write_text(small_school.command("keys", "public").stdout)
    assert rotated.command("verify", rotated.home.current, "--public-key", old).returncode == 0
