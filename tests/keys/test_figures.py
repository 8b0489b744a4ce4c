"""Every key is rotated between two releases: the second is the same as in a home where none was (S-ANON)."""

from __future__ import annotations

import pytest

from tests.whole.conftest import deliver_next_month
from tests.whole.small_school import differences, n_rows
from tests.whole.undisturbed import AS_OF as FIRST
from tests.whole.undisturbed import undisturbed

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("kills")]

SECOND = "2026-06-30"


def test_the_next_release_is_that_of_a_home_without_rotations(tmp_path, tmp_path_factory):
    found = undisturbed(tmp_path_factory)
    small_school = found.after.copy(tmp_path / "home")
    rotated = small_school.copy(tmp_path / "rotated")
    for name in ("vault", "warehouse", "pseudonym", "signing", "pseudonym"):
        token = rotated.succeed("keys", "rotate", name)["token"]
        assert rotated.succeed("keys", "rotate", name, "--token", token, "--as-of", FIRST)["is_done"]
    releases = []
    for each in (small_school, rotated):
        deliver_next_month(each, found.school)
        releases.append(each.succeed("run", "--as-of", SECOND)["release_id"])
    assert releases == [f"{SECOND}.1"] * 2
    assert differences(small_school.home.current, rotated.home.current) == {}
    first = small_school.home.releases / f"{FIRST}.1"
    assert sum(n_rows(rotated.home.current).values()) > sum(n_rows(first).values()) > 0
    for words in (("keys", "check"), ("audit",), ("rights", "verify-receipts")):
        assert rotated.command(*words).returncode == 0, words
    old = tmp_path / "old.pem"
    old.write_text(small_school.command("keys", "public").stdout)
    assert rotated.command("verify", rotated.home.current, "--public-key", old).returncode == 0
