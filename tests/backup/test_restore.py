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
from anonymart.release.approval import Reviewer
from anonymart.release.signature import public_key
from anonymart.release.verify import verify
from anonymart.run import approve, approve_without, release
from anonymart.session import Session
from tests.backup.conftest import AUGUST, FIRST, JULY, SECOND, THIRD
from tests.erasure.small_school import EMAIL, MARKER
from tests.gate.school import engagement, nps
from tests.release.test_publish import read

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("backup")]
SEPTEMBER = date(2026, 9, 29)


def test_after_the_loss_of_the_disk_releases_go_on_where_recipients_left_them(small_school):
    small_school.light()
    before, recipient = small_school.ledger(), small_school.outside / "recipient"
    shutil.copytree(small_school.home.releases / SECOND, recipient)
    small_school.lose_disk()
    done = small_school.restore(newest=small_school.outside / "newest")
    assert (small_school.home.root / "config" / "policy.yml").read_text() == "# of the backup\n"
    assert small_school.ledger() == before
    assert (done.releases_repaired, [load["file_name"] for load in done.loaded_since]) == (
        [SECOND],
        ["after.ndjson", "request-1.ndjson"],
    )
    assert [
        (entry["release_id"], entry["is_current"])
        for entry in list_releases(Session(small_school.home, small_school.keys))
    ] == [(FIRST, False), (SECOND, True)]
    assert verify(small_school.home.current, public_key(small_school.keys)).status == "authentic"
    text = small_school.everything()
    assert done.rows_erased_again
    assert "L-before" in text and not any(name in text for name in ("L-4711", MARKER, EMAIL))
    assert receipts.verify(Session(small_school.home, small_school.keys)).passed
    assert small_school.publish([engagement(date(2026, 6, 1))], AUGUST) == THIRD
    new = small_school.home.current.resolve()
    for mart in small_school.school.contracts:
        assert set(read(recipient, f"FROM release.main.{mart}")) <= set(
            read(new, f"FROM release.main.{mart}")
        )
    # What was loaded since counts once it is delivered again.
    small_school.load("after.ndjson", "L-after", AUGUST)
    assert small_school.ask("SELECT count(*) FROM vault.register.learners WHERE learner_id = 'L-after'") == [
        (1,)
    ]


def test_without_the_newest_tombstones_nothing_is_restored(small_school):
    small_school.lose_disk()
    with pytest.raises(AnonymartError, match=r"newest tombstones.*--newest"):
        small_school.restore()
    assert not small_school.home.vault.exists()


def test_the_home_that_is_still_there_is_the_newest(small_school):
    before = small_school.ledger()
    with pytest.raises(UsageError, match="--replace"):
        small_school.restore()
    small_school.home.vault.write_bytes(b"damaged")
    with pytest.raises(UsageError, match="--replace"):
        small_school.restore()
    (small_school.home.root / "config" / "policy.yml").write_text("# of today\n")
    done = small_school.restore(is_replacing=True)
    assert (small_school.home.root / "config" / "policy.yml").read_text() == "# of today\n"
    assert small_school.ledger() == before
    # The damaged vault cannot tell what was loaded since.
    assert (done.releases_repaired, done.loaded_since) == ([SECOND], None)
    assert "L-4711" not in small_school.everything()


def test_a_check_changes_nothing_and_says_what_a_restore_would_do(small_school):
    def files() -> dict[str, int]:
        return {
            str(path.relative_to(small_school.home.root)): path.lstat().st_mtime_ns
            for path in small_school.home.root.rglob("*")
            if path.is_file()
        }

    before, ledger = files(), small_school.ledger()
    done = small_school.restore(is_check=True)
    assert (done.is_done, done.releases_repaired, len(done.loaded_since)) == (
        False,
        [SECOND],
        2,
    ) and done.rows_erased_again
    assert (files(), small_school.ledger()) == (before, ledger) and list(
        small_school.home.tmp.glob("restore-*")
    ) == []


def test_tombstones_from_before_the_erasure_are_refused(small_school):
    """A copy of the newest that is as old as the backup, beside a home that knows more."""
    shutil.copytree(small_school.outside / "backup", small_school.outside / "old")
    with pytest.raises(UsageError, match=r"receipts\.ndjson is not the newest"):
        small_school.restore(newest=small_school.outside / "old", is_replacing=True)
    # Receipts that tell of an erasure, beside tombstones that do not know it.
    small_school.light()
    shutil.copy(
        small_school.outside / "backup" / "tombstones.duckdb",
        small_school.outside / "newest" / "tombstones.duckdb",
    )
    small_school.lose_disk()
    with pytest.raises(AnonymartError, match="an old copy"):
        small_school.restore(newest=small_school.outside / "newest")
    assert not small_school.home.vault.exists() and not small_school.home.tombstones.exists()


def test_a_release_that_was_published_since_has_to_be_given(small_school):
    small_school.light()
    recipient = small_school.outside / "recipient"
    (small_school.outside / "newest" / "releases" / SECOND).rename(recipient)
    small_school.lose_disk()
    with pytest.raises(
        AnonymartError, match=rf"{SECOND} was published and its folder is not there.*--release"
    ):
        small_school.restore(newest=small_school.outside / "newest")
    changed = recipient / "privacy_report.json"
    sound = changed.read_bytes()
    changed.chmod(0o600)
    changed.write_bytes(sound + b" ")
    with pytest.raises(AnonymartError, match="is not as it was published"):
        small_school.restore(newest=small_school.outside / "newest", releases=[recipient])
    assert not small_school.home.vault.exists()
    changed.write_bytes(sound)
    assert small_school.restore(
        newest=small_school.outside / "newest", releases=[recipient]
    ).releases_repaired == [SECOND]


def test_a_recall_since_the_backup_is_refused(small_school):
    wrong = Wrong(SECOND, "completions of two courses were counted twice", (), ())
    withdraw(
        Session(small_school.home, small_school.keys, given_day=JULY),
        wrong,
        plan_withdrawal(Session(small_school.home, small_school.keys, given_day=JULY), wrong).token,
    )
    with pytest.raises(AnonymartError, match=r"recalled since this backup.*made after the recall"):
        small_school.restore(is_replacing=True)
    small_school.backup("after")
    assert small_school.restore("after", is_replacing=True).releases_repaired == []
    assert os.readlink(small_school.home.current) == FIRST


def test_a_changed_backup_is_refused(small_school):
    told = small_school.outside / "backup" / "backup.json"
    text = told.read_text()
    told.write_text(text.replace('"last_load_no": ', '"last_load_no": 1'))
    with pytest.raises(UsageError, match="was changed"):
        small_school.restore(is_replacing=True)
    told.write_text(text)
    with (small_school.outside / "backup" / "vault.duckdb").open("ab") as file:
        file.write(b"x")
    with pytest.raises(AnonymartError, match=r"vault\.duckdb is missing or not as it was written"):
        small_school.restore(is_replacing=True)


@pytest.mark.parametrize("n_moved", [1, 5])
def test_a_restore_that_a_kill_cut_short_lets_nothing_be_built_and_is_ended_by_itself(
    small_school, monkeypatch, n_moved
):
    class Kill(BaseException):
        pass

    before, moved = small_school.ledger(), []

    def kill(name: str) -> None:
        moved.append(name)
        if moved.count("restore.file_moved") == n_moved:
            raise Kill

    monkeypatch.setattr(crash, "point", kill)
    with pytest.raises(Kill):
        small_school.restore(is_replacing=True)
    monkeypatch.undo()
    with pytest.raises(AnonymartError, match="restore-unfinished"):
        check_files(small_school.home)
    with pytest.raises(UsageError, match="cut short"):
        small_school.restore(is_check=True)
    done = small_school.restore()
    check_files(small_school.home)
    assert (
        done.is_done
        and small_school.ledger() == before
        and receipts.verify(Session(small_school.home, small_school.keys)).passed
    )
    assert list(small_school.home.tmp.glob("restore-*")) == []


def test_what_the_reviewer_held_back_since_stays_held_until_it_is_published(small_school, monkeypatch):
    def held() -> list[tuple]:
        return small_school.ask("SELECT mart, decided_by, reason FROM vault.ledger.held_marts")

    def lose_and_restore() -> None:
        shutil.rmtree(small_school.outside / "newest", ignore_errors=True)
        small_school.light()
        small_school.lose_disk()
        small_school.restore(newest=small_school.outside / "newest", as_of=SEPTEMBER)

    new = [nps(date(2025, 10, 1)), engagement(date(2026, 6, 1))]
    session = Session(small_school.home, small_school.keys, small_school.policy, AUGUST)
    small_school.school.build(new, AUGUST)
    with monkeypatch.context() as patch:
        patch.setattr("anonymart.release.approval.because", lambda *_: ["A test asks."])
        release(session)
        assert approve_without(session, THIRD, Reviewer("reviewer", "Later"), None, ["nps_quarterly"])
    before = small_school.ledger()
    lose_and_restore()
    assert held() == [("nps_quarterly", "reviewer", "Later")] and small_school.ledger() == before
    small_school.school.build([nps(date(2025, 10, 1))], SEPTEMBER)
    outcome = release(session.on(SEPTEMBER))
    assert outcome.because[-1] == "In it again, after the reviewer held it back: nps_quarterly."
    approve(session, f"{SEPTEMBER}.1", Reviewer("reviewer", "Read in full"))
    assert held() == []
    lose_and_restore()
    assert held() == []
