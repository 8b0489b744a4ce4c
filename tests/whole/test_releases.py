"""What a release is for the one who reads it, and what the next one leaves as it was (S-ANON, S-SAFE; show
1).
"""

from __future__ import annotations

import json
import shutil
import stat
from datetime import date
from pathlib import Path

import duckdb
import pytest

from anonymart.contracts import load_contracts
from anonymart.policy import load_policy
from anonymart.session import Session
from tests.release.yes import make_candidate, publish
from tests.whole.conftest import FIRST, LATER, SECOND
from tests.whole.small_school import SmallSchool, accounts, attach_release, file_sums, n_rows

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("whole")]


def test_an_analyst_opens_all_marts_without_a_key(later):
    with duckdb.connect(str(later.home.current / "marts.duckdb"), read_only=True) as connection:
        marts = {
            row[0]
            for row in connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"
            ).fetchall()
        }
        assert marts == set(load_contracts())
        for mart in marts:
            assert connection.execute(f"SELECT count(*) FROM {mart}").fetchone()[0] > 0, mart
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            connection.execute(f"DELETE FROM {mart}")


def test_every_file_is_accounted_for(released):
    files = released.report["files"]
    assert len(files) > 40
    assert [file for file in files if not accounts(file)] == []
    assert sum(file["duplicate"] for file in files) > 0
    assert sum(file["quarantined"] for file in files) > 0
    refused = sorted(path.name for path in released.home.landing.rglob("*") if path.is_file())
    # One that is packed cannot be searched, so it went with the erasures of this run.
    assert len(refused) == sum(
        file["status"] == "refused" and not file["file_name"].endswith(".gz") for file in files
    )
    assert all(name.endswith(".refused") for name in refused)


def test_the_next_month_adds_cells_and_changes_none(released, advanced):
    """Late statements about closed months, and people who object after them, change nothing that was
    published.
    """
    before, after = released.home.current, advanced.home.current
    assert advanced.current == f"{SECOND}.1"
    new_cells = {mart: n - n_rows(before)[mart] for mart, n in n_rows(after).items()}
    assert new_cells["course_engagement_monthly"] > 0
    with duckdb.connect() as connection:
        attach_release(connection, before, "a")
        attach_release(connection, after, "b")
        for mart, contract in load_contracts().items():
            # As texts: every digit of every figure, its reason and its mark.
            rows = f"SELECT cell::VARCHAR FROM {{}}.main.{mart} AS cell"
            gone = connection.execute(f"{rows.format('a')} EXCEPT ALL {rows.format('b')}").fetchall()
            assert len(gone) == 0, mart
            keys = ", ".join(contract.dimensions)
            twice = connection.execute(
                f"SELECT count(*) FROM (FROM b.main.{mart} SELECT {keys} GROUP BY ALL HAVING count(*) > 1)"
            )
            assert twice.fetchone()[0] == 0, mart
        closed = connection.execute("""
            SELECT DISTINCT month::VARCHAR FROM b.main.course_engagement_monthly
            WHERE month NOT IN (SELECT month FROM a.main.course_engagement_monthly)
        """).fetchall()
    assert closed == [("2026-05-01",)]


def test_the_ledger_knows_each_cell_and_each_period_once(advanced):
    marts = load_contracts()
    rows = {mart: advanced.vault(f"SELECT count(*) FROM vault.ledger.cells_{mart}")[0][0] for mart in marts}
    assert rows == n_rows(advanced.home.current)
    assert (
        advanced.vault(
            "SELECT mart, period_key FROM vault.ledger.closed_periods GROUP BY ALL HAVING count(*) > 1"
        )
        == []
    )


def test_a_later_day_without_a_closed_period_publishes_nothing_and_changes_no_figure(
    advanced, later, tmp_path
):
    assert "Nothing new to publish" in later.said
    assert later.current == advanced.current == f"{SECOND}.1"
    assert file_sums(later.home.releases) == file_sums(advanced.home.releases)
    small_school = later.copy(tmp_path / "home")
    candidate = make_candidate(
        Session(small_school.home, small_school.keys, load_policy(), date.fromisoformat(LATER))
    )
    assert file_sums(candidate / "parquet") == file_sums(small_school.home.current / "parquet")


def test_a_build_that_was_published_closes_nothing_again(advanced, tmp_path):
    """`publish` without a new build: its candidate has no new cell and closes no period, so there is nothing
    to publish.
    """
    small_school = advanced.copy(tmp_path / "home")
    candidate = make_candidate(
        Session(small_school.home, small_school.keys, load_policy(), date.fromisoformat(SECOND))
    )
    marts = json.loads((candidate / "manifest.json").read_text())["marts"]
    assert {
        mart: (found["new_cells"], found["closed_periods"]) for mart, found in marts.items()
    } == dict.fromkeys(marts, (0, 0))
    assert publish(Session(small_school.home, small_school.keys, load_policy()), candidate) is None
    assert small_school.current == f"{SECOND}.1"


@pytest.mark.parametrize("command", ["run", "build", "publish"])
@pytest.mark.parametrize(
    ("as_of", "says"),
    [("2026-06-29", f"before the last release's {SECOND}"), ("2027-08-01", "far ahead of the newest event")],
)
def test_a_day_that_cannot_be_right_waits_for_a_person(advanced, command, as_of, says, tmp_path):
    """Nothing is built and published; `run` has taken in what waited and answered requests."""
    small_school = advanced.copy(tmp_path / "home")
    done = small_school.command(command, "--as-of", as_of)
    said = done.stdout if command == "run" else done.stderr
    assert done.returncode == 4
    assert says in said
    assert f"anonymart confirm-day {as_of}" in said
    assert file_sums(small_school.home.releases) == file_sums(advanced.home.releases)
    if command != "run":
        assert file_sums(small_school.root) == file_sums(advanced.root)


def test_a_reader_of_the_old_release_keeps_it(released, advanced, tmp_path):
    """`current` moves on under somebody who has the old one open."""
    small_school = released.copy(tmp_path / "home")
    with duckdb.connect(str(small_school.home.current / "marts.duckdb"), read_only=True) as reader:
        query = "SELECT count(*) FROM marts.course_engagement_monthly"
        before = reader.execute(query).fetchone()
        shutil.copytree(
            advanced.home.releases / advanced.current, small_school.home.releases / advanced.current
        )
        small_school.home.current.unlink()
        small_school.home.current.symlink_to(advanced.current)
        assert reader.execute(query).fetchone() == before
        assert (small_school.home.releases / f"{FIRST}.1" / "marts.duckdb").exists()


def test_who_may_open_what(later):
    """Folders 0700 and files 0600, except releases, which are there to be read."""
    wrong = sorted(
        f"{oct(mode)} {path.relative_to(later.root)}"
        for path, mode in _modes(later)
        if mode != _mode_of(later, path)
    )
    assert wrong == []


def test_releases_lists_both(later):
    listed = later.succeed("releases")["releases"]
    assert [entry["release_id"] for entry in listed] == [f"{FIRST}.1", f"{SECOND}.1"]
    assert [entry["is_current"] for entry in listed] == [False, True]
    assert listed[1]["carried_cells"] == listed[0]["new_cells"]
    assert all(entry["is_present"] for entry in listed)


def test_manifest_names_every_file(later):
    folder = later.home.releases / later.current
    manifest = json.loads((folder / "manifest.json").read_text())
    sums = file_sums(folder)
    del sums["manifest.json"], sums["manifest.sig"]
    assert {name: entry["sha256"] for name, entry in manifest["files"].items()} == sums
    assert manifest["as_of"] == SECOND


def _modes(small_school: SmallSchool) -> list[tuple[Path, int]]:
    return [
        (path, stat.S_IMODE(path.lstat().st_mode))
        for path in [small_school.root, *small_school.root.rglob("*")]
        # What stands in landing was put there by others; its folder is closed.
        if not path.is_symlink() and small_school.home.landing not in path.parents
    ]


def _mode_of(small_school: SmallSchool, path: Path) -> int:
    is_shared = path == small_school.home.releases or small_school.home.releases in path.parents
    if path.is_dir():
        return 0o755 if is_shared else 0o700
    return 0o644 if is_shared else 0o600
