"""What is in a backup, the list of backups and their term, and who is told of them (S-SAFE)."""

import json
import stat
from datetime import date
from pathlib import Path

import pytest

from anonymart.backup import listed, make
from anonymart.errors import UsageError
from anonymart.session import Session
from tests.erasure.small_school import AS_OF, SmallSchool, read_receipts

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("backup")]


@pytest.fixture
def small_school(tmp_path):
    """Two people, loaded; a mapping of the school's own."""
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver_all()
    small_school.ingest()
    (small_school.home.root / "sources").mkdir()
    (small_school.home.root / "sources" / "register.yml").write_text("columns: {}\n")
    (small_school.home.root / "config" / "lists").mkdir(parents=True)
    (small_school.home.root / "config" / "lists" / "verbs.csv").write_text("verb_id,verb\n")
    return small_school


def backed_up(small_school: SmallSchool, folder: Path, as_of: date = AS_OF) -> make.Backup:
    return make.backup(Session(small_school.home, small_school.keys, small_school.policy, as_of), folder)


def test_a_backup_has_everything_but_the_keys_and_is_closed_to_others(small_school, tmp_path):
    done = backed_up(small_school, tmp_path / "b")
    found = {str(path.relative_to(tmp_path / "b")) for path in (tmp_path / "b").rglob("*") if path.is_file()}
    assert found == {
        "vault.duckdb",
        "tombstones.duckdb",
        "sources/register.yml",
        "config/lists/verbs.csv",
        "backups.json",
        "backup.json",
    }
    assert done.n_files == 5 and done.keep_until == "2026-07-30"
    keys = [
        value
        for value in json.loads(small_school.home.keys_file.read_text()).values()
        if isinstance(value, str)
    ]
    assert len(keys) == 6 and not any(
        key.encode() in path.read_bytes()
        for key in keys
        for path in (tmp_path / "b").rglob("*")
        if path.is_file()
    )
    assert all(
        stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
        for path in [tmp_path / "b", *(tmp_path / "b").rglob("*")]
    )
    for folder, problem in (
        (tmp_path / "b", "is not empty"),
        (small_school.home.root / "b", "lies in the home"),
    ):
        with pytest.raises(UsageError, match=problem):
            backed_up(small_school, folder)


def test_a_receipt_names_the_backups_that_still_hold_the_erased(small_school, tmp_path):
    first = backed_up(small_school, tmp_path / "first")
    small_school.erase(small_school.request(number=1, learner_id="L-4712"))
    make.expire(small_school.home, date(2026, 7, 31))
    small_school.erase(small_school.request(number=2))
    told = [receipt.get("backups") for receipt in read_receipts(small_school.home.root)]
    assert told == [[first.backup_id], None]


def test_backups_go_when_their_term_is_over_and_what_was_moved_stays_listed(small_school, tmp_path):
    first, second = backed_up(small_school, tmp_path / "first"), backed_up(small_school, tmp_path / "second")
    assert [entry.backup_id for entry in listed.read(small_school.home)] == [
        first.backup_id,
        second.backup_id,
    ]
    assert make.expire(small_school.home, date(2026, 7, 30)) == ([], [])
    (tmp_path / "second").rename(tmp_path / "elsewhere")
    removed, not_found = make.expire(small_school.home, date(2026, 7, 31))
    assert ([entry.backup_id for entry in removed], [entry.backup_id for entry in not_found]) == (
        [first.backup_id],
        [second.backup_id],
    )
    assert not (tmp_path / "first").exists() and (tmp_path / "elsewhere").exists()
    make.strike(small_school.home, second.backup_id)
    assert listed.read(small_school.home) == []


def test_what_is_still_there_is_not_struck_and_no_other_folder_is_removed(small_school, tmp_path):
    first = backed_up(small_school, tmp_path / "first")
    with pytest.raises(UsageError, match="is still in"):
        make.strike(small_school.home, first.backup_id)
    # Another backup has taken the place.
    told = tmp_path / "first" / "backup.json"
    told.write_text(told.read_text().replace(first.backup_id, "backup-other"))
    assert [entry.backup_id for entry in make.expire(small_school.home, date(2027, 1, 1))[1]] == [
        first.backup_id
    ]
    assert told.exists()
