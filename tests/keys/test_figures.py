"""Every key is rotated between two releases: the second is the same as in a home where none was (S-ANON)."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.whole.conftest import generate
from tests.whole.house import differences, open_house

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("rotated")]

FIRST, SECOND = "2026-05-31", "2026-07-31"
LEARNERS = 300
# The rest of the years only costs time.
KEPT = re.compile(
    r"(catalogue|learners-20|consents|requests|enrolments-20|statements-202[56]-0|connections|nps-202[56]|salary-202[56])"
)


def test_the_next_release_is_that_of_a_home_without_rotations(tmp_path):
    generate(tmp_path / "school", LEARNERS, SECOND)
    house = open_house(tmp_path / "home")
    shutil.copytree(tmp_path / "school" / "landing", house.home.landing, dirs_exist_ok=True)
    later = tmp_path / "later"
    for path in sorted(house.home.landing.rglob("*")):
        if path.is_file() and not KEPT.search(path.name):
            path.unlink()
        elif path.is_file() and re.search("2026-0[67]", path.name):
            place = later / path.relative_to(house.home.landing)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.rename(place)
    house.succeed("run", "--as-of", FIRST)
    rotated = house.copy(tmp_path / "rotated")
    for name in ("vault", "warehouse", "pseudonym", "signing", "pseudonym"):
        token = rotated.succeed("keys", "rotate", name)["token"]
        assert rotated.succeed("keys", "rotate", name, "--token", token, "--as-of", FIRST)["is_done"]
    first, found = rotated.current, {}
    for each in (house, rotated):
        shutil.copytree(later, each.home.landing, dirs_exist_ok=True)
        found[each.root] = each.succeed("run", "--as-of", SECOND)
    assert found[house.root]["release_id"] == found[rotated.root]["release_id"] is not None
    assert rotated.current == house.current != first
    assert differences(house.home.current, rotated.home.current) == {}
    cells = house.vault("SELECT count(*) FROM vault.ledger.closed_periods")
    assert rotated.vault("SELECT count(*) FROM vault.ledger.closed_periods") == cells != [(0,)]
    for words in (("keys", "check"), ("audit",), ("rights", "verify-receipts")):
        assert rotated.command(*words).returncode == 0, words
    old = tmp_path / "old.pem"
    old.write_text(house.command("keys", "public").stdout)
    assert rotated.command("verify", rotated.home.current, "--public-key", old).returncode == 0
