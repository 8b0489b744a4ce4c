"""Homes of later commits than the oldest fixture go on under this commit: migrated where that is needed, and
what was published stays.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymart import versions
from anonymart.contracts import load_contracts
from tests.migrate.test_old_home import CELLS, FIXTURE, LATER, RELEASE, OldHome, plain, unpack  # noqa: F401
from tests.whole.small_school import file_sums

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("migrate")]
HOMES = sorted(path.name for path in FIXTURE.parent.glob("home-*.tar.xz") if path != FIXTURE)


def test_there_is_a_home_of_a_later_commit_and_each_is_small():
    assert HOMES and all((FIXTURE.parent / name).stat().st_size < 2_000_000 for name in HOMES)


@pytest.mark.parametrize("name", HOMES)
def test_a_home_goes_on(name: str, tmp_path: Path):
    small_school: OldHome = unpack(tmp_path / "home", FIXTURE.parent / name)
    published, cells = file_sums(small_school.home.releases / RELEASE), small_school.vault(CELLS)
    small_school.succeed("migrate")
    assert small_school.succeed("migrate")["versions"] == {
        "vault": versions.NEWEST,
        "warehouse": versions.NEWEST,
    }
    for words in (("audit",), ("rights", "verify-receipts"), ("verify", small_school.home.current)):
        assert small_school.command(*words).returncode == 0, words
    report = small_school.succeed("run", "--as-of", LATER)
    assert small_school.current == report["release_id"] == f"{LATER}.1"
    assert file_sums(small_school.home.releases / RELEASE) == published
    after = small_school.vault(CELLS)
    assert cells and set(cells) <= set(after)
    # What was published of two years stands under a mart of its own since migration 11.
    assert {mart for mart, _, _ in set(after) - set(cells)} <= {"rncp_two_years"}
    for mart in load_contracts():
        lost = small_school.vault(
            f"SELECT count(*) FROM vault.ledger.cells_{mart} WHERE release_id > '{LATER}.1'"
        )
        assert lost == [(0,)], mart
