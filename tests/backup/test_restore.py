"""Backup, loss of the disk, restore, next release: ids and cells agree with the recipients' copies, the
erased stay out (S-SAFE, R-ERASE).
"""

import os
import shutil
from datetime import date

import pytest

from anonymart import crash
from anonymart.erasure import receipts
from anonymart.erasure.places import check_files
from anonymart.errors import AnonymartError, UsageError
from anonymart.release import Wrong, list_releases, plan_withdrawal, withdraw
from anonymart.release.signature import public_key
from anonymart.release.verify import verify
from tests.backup.conftest import AUGUST, FIRST, JULY, SECOND, THIRD
from tests.erasure.house import EMAIL, MARKER
from tests.gate.school import engagement
from tests.release.test_publish import read

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("backup")]


def test_after_the_loss_of_the_disk_releases_go_on_where_recipients_left_them(house):
    house.light()
    before, recipient = house.ledger(), house.outside / "recipient"
    shutil.copytree(house.home.releases / SECOND, recipient)
    house.lose_disk()
    done = house.restore(newest=house.outside / "newest")
    assert house.ledger() == before
    assert (done.releases_repaired, [load["file_name"] for load in done.loaded_since]) == (
        [SECOND],
        ["after.ndjson", "request-1.ndjson"],
    )
    assert [
        (entry["release_id"], entry["is_current"]) for entry in list_releases(house.home, house.keys)
    ] == [(FIRST, False), (SECOND, True)]
    assert verify(house.home.current, public_key(house.keys)).status == "authentic"
    text = house.everything()
    assert done.rows_erased_again
    assert "L-before" in text and not any(name in text for name in ("L-4711", MARKER, EMAIL))
    assert receipts.verify(house.home, house.keys).passed
    assert house.publish([engagement(date(2026, 6, 1))], AUGUST) == THIRD
    new = house.home.current.resolve()
    for mart in house.school.contracts:
        assert set(read(recipient, f"FROM release.marts.{mart}")) <= set(
            read(new, f"FROM release.marts.{mart}")
        )
    # What was loaded since counts once it is delivered again.
    house.load("after.ndjson", "L-after", AUGUST)
    assert house.ask("SELECT count(*) FROM vault.register.learners WHERE learner_id = 'L-after'") == [(1,)]


def test_without_the_newest_tombstones_nothing_is_restored(house):
    house.lose_disk()
    with pytest.raises(AnonymartError, match=r"newest tombstones.*--newest"):
        house.restore()
    assert not house.home.vault.exists()


def test_the_home_that_is_still_there_is_the_newest(house):
    before = house.ledger()
    with pytest.raises(UsageError, match="--replace"):
        house.restore()
    house.home.vault.write_bytes(b"damaged")
    with pytest.raises(UsageError, match="--replace"):
        house.restore()
    done = house.restore(is_replacing=True)
    assert house.ledger() == before
    # The damaged vault cannot tell what was loaded since.
    assert (done.releases_repaired, done.loaded_since) == ([SECOND], None)
    assert "L-4711" not in house.everything()


def test_a_check_changes_nothing_and_says_what_a_restore_would_do(house):
    def files() -> dict[str, int]:
        return {
            str(path.relative_to(house.home.root)): path.lstat().st_mtime_ns
            for path in house.home.root.rglob("*")
            if path.is_file()
        }

    before, ledger = files(), house.ledger()
    done = house.restore(is_check=True)
    assert (done.is_done, done.releases_repaired, len(done.loaded_since)) == (
        False,
        [SECOND],
        2,
    ) and done.rows_erased_again
    assert (files(), house.ledger()) == (before, ledger) and list(house.home.tmp.glob("restore-*")) == []


def test_tombstones_from_before_the_erasure_are_refused(house):
    """A copy of the newest that is as old as the backup, beside a home that knows more."""
    shutil.copytree(house.outside / "backup", house.outside / "old")
    with pytest.raises(UsageError, match=r"receipts\.ndjson is not the newest"):
        house.restore(newest=house.outside / "old", is_replacing=True)
    # Receipts that tell of an erasure, beside tombstones that do not know it.
    house.light()
    shutil.copy(
        house.outside / "backup" / "tombstones.duckdb", house.outside / "newest" / "tombstones.duckdb"
    )
    house.lose_disk()
    with pytest.raises(AnonymartError, match="an old copy"):
        house.restore(newest=house.outside / "newest")
    assert not house.home.vault.exists() and not house.home.tombstones.exists()


def test_a_release_that_was_published_since_has_to_be_given(house):
    house.light()
    recipient = house.outside / "recipient"
    (house.outside / "newest" / "releases" / SECOND).rename(recipient)
    house.lose_disk()
    with pytest.raises(
        AnonymartError, match=rf"{SECOND} was published and its folder is not there.*--release"
    ):
        house.restore(newest=house.outside / "newest")
    changed = recipient / "privacy_report.json"
    sound = changed.read_bytes()
    changed.chmod(0o600)
    changed.write_bytes(sound + b" ")
    with pytest.raises(AnonymartError, match="is not as it was published"):
        house.restore(newest=house.outside / "newest", releases=[recipient])
    assert not house.home.vault.exists()
    changed.write_bytes(sound)
    assert house.restore(newest=house.outside / "newest", releases=[recipient]).releases_repaired == [SECOND]


def test_a_recall_since_the_backup_is_refused(house):
    wrong = Wrong(SECOND, "completions of two courses were counted twice", (), ())
    withdraw(house.home, house.keys, JULY, wrong, plan_withdrawal(house.home, house.keys, JULY, wrong).token)
    with pytest.raises(AnonymartError, match=r"recalled since this backup.*made after the recall"):
        house.restore(is_replacing=True)
    house.backup("after")
    assert house.restore("after", is_replacing=True).releases_repaired == []
    assert os.readlink(house.home.current) == FIRST


def test_a_changed_backup_is_refused(house):
    told = house.outside / "backup" / "backup.json"
    text = told.read_text()
    told.write_text(text.replace('"last_load_no": ', '"last_load_no": 1'))
    with pytest.raises(UsageError, match="was changed"):
        house.restore(is_replacing=True)
    told.write_text(text)
    with (house.outside / "backup" / "vault.duckdb").open("ab") as file:
        file.write(b"x")
    with pytest.raises(AnonymartError, match=r"vault\.duckdb is missing or not as it was written"):
        house.restore(is_replacing=True)


@pytest.mark.parametrize("n_moved", [1, 5])
def test_a_restore_that_a_kill_cut_short_lets_nothing_be_built_and_is_ended_by_itself(
    house, monkeypatch, n_moved
):
    class Kill(BaseException):
        pass

    before, moved = house.ledger(), []

    def kill(name: str) -> None:
        moved.append(name)
        if moved.count("restore.file_moved") == n_moved:
            raise Kill

    monkeypatch.setattr(crash, "point", kill)
    with pytest.raises(Kill):
        house.restore(is_replacing=True)
    monkeypatch.undo()
    with pytest.raises(AnonymartError, match="restore-unfinished"):
        check_files(house.home)
    with pytest.raises(UsageError, match="cut short"):
        house.restore(is_check=True)
    done = house.restore()
    check_files(house.home)
    assert done.is_done and house.ledger() == before and receipts.verify(house.home, house.keys).passed
    assert list(house.home.tmp.glob("restore-*")) == []
