"""R-ERASE: tombstones that know less than the receipts stop the run, and one that a kill cut short does
not.
"""

from __future__ import annotations

import shutil

import pytest

from anonymart import crash
from anonymart.erasure import receipts
from anonymart.errors import AnonymartError
from anonymart.ingest.trial import scratch
from anonymart.session import Session
from tests.erasure.small_school import AS_OF, SmallSchool


@pytest.fixture
def small_school(tmp_path):
    """Bert was erased, then a copy was made of vault and tombstones, then Anna was erased."""
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver_all()
    small_school.ingest()
    small_school.erase(small_school.request(number=1, learner_id="L-4712"))
    for name in ("vault", "tombstones"):
        shutil.copy(getattr(small_school.home, name), tmp_path / name)
    small_school.erase(small_school.request(number=2))
    return small_school


def test_an_old_copy_of_the_tombstones_stops_every_step(small_school, tmp_path):
    newest = tmp_path / "newest"
    shutil.copy(small_school.home.tombstones, newest)
    shutil.copy(tmp_path / "tombstones", small_school.home.tombstones)
    small_school.deliver_all("again", ("anna",))
    steps = (
        small_school.ingest,
        small_school.build,
        lambda: small_school.erase("REQ-2"),
        lambda: scratch("nps", small_school.home, small_school.keys).__enter__(),
    )
    for step in steps:
        with pytest.raises(
            AnonymartError, match=r"knows of 1 removals and the receipts tell of 2.*put its newest copy back"
        ) as caught:
            step()
        assert caught.value.exit_code == 1 and str(caught.value).count(". ") == 0
    assert (
        small_school.ask("SELECT count(*) FROM vault.register.learners") == [(0,)]
        and not receipts.verify(Session(small_school.home, small_school.keys)).passed
    )
    # The vault tells it too where the receipts are gone, and so does an old vault beside new receipts.
    shutil.copy(small_school.home.receipts, tmp_path / "receipts")
    small_school.home.receipts.unlink()
    with pytest.raises(AnonymartError, match="an old copy"):
        small_school.ingest()
    shutil.copy(tmp_path / "receipts", small_school.home.receipts)
    new_vault = small_school.home.vault.read_bytes()
    shutil.copy(tmp_path / "vault", small_school.home.vault)
    with pytest.raises(AnonymartError, match="an old copy"):
        small_school.ingest()
    small_school.home.tombstones.unlink()
    with pytest.raises(AnonymartError, match="is missing"):
        small_school.ingest()
    # As the sentence says.
    small_school.home.vault.write_bytes(new_vault)
    shutil.copy(newest, small_school.home.tombstones)
    assert all(counts.loaded == 0 for counts in small_school.ingest().values())
    assert receipts.verify(Session(small_school.home, small_school.keys)).passed


def test_a_removal_cut_short_after_its_receipt_goes_on(small_school, monkeypatch):
    class Kill(BaseException):
        pass

    def kill(name: str) -> None:
        if name == "removal.after_receipt":
            raise Kill

    request = small_school.request(number=3, email="bert.b@example.org")
    small_school.deliver_all("new", ("bert",))
    monkeypatch.setattr(crash, "point", kill)
    with pytest.raises(Kill):
        small_school.erase(request)
    monkeypatch.undo()
    small_school.ingest(AS_OF)
    assert (
        small_school.erase(request).is_done
        and receipts.verify(Session(small_school.home, small_school.keys)).passed
    )
