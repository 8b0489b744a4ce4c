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
from tests.erasure.house import AS_OF, House


@pytest.fixture
def house(tmp_path):
    """Bert was erased, then a copy was made of vault and tombstones, then Anna was erased."""
    house = House(tmp_path / "home")
    house.deliver_all()
    house.ingest()
    house.erase(house.request(number=1, learner_id="L-4712"))
    for name in ("vault", "tombstones"):
        shutil.copy(getattr(house.home, name), tmp_path / name)
    house.erase(house.request(number=2))
    return house


def test_an_old_copy_of_the_tombstones_stops_every_step(house, tmp_path):
    newest = tmp_path / "newest"
    shutil.copy(house.home.tombstones, newest)
    shutil.copy(tmp_path / "tombstones", house.home.tombstones)
    house.deliver_all("again", ("anna",))
    steps = (
        house.ingest,
        house.build,
        lambda: house.erase("REQ-2"),
        lambda: scratch("nps", house.home, house.keys).__enter__(),
    )
    for step in steps:
        with pytest.raises(
            AnonymartError, match=r"knows of 1 removals and the receipts tell of 2.*put its newest copy back"
        ) as caught:
            step()
        assert caught.value.exit_code == 1 and str(caught.value).count(". ") == 0
    assert (
        house.ask("SELECT count(*) FROM vault.register.learners") == [(0,)]
        and not receipts.verify(house.home, house.keys).passed
    )
    # The vault tells it too where the receipts are gone, and so does an old vault beside new receipts.
    shutil.copy(house.home.receipts, tmp_path / "receipts")
    house.home.receipts.unlink()
    with pytest.raises(AnonymartError, match="an old copy"):
        house.ingest()
    shutil.copy(tmp_path / "receipts", house.home.receipts)
    new_vault = house.home.vault.read_bytes()
    shutil.copy(tmp_path / "vault", house.home.vault)
    with pytest.raises(AnonymartError, match="an old copy"):
        house.ingest()
    house.home.tombstones.unlink()
    with pytest.raises(AnonymartError, match="is missing"):
        house.ingest()
    # As the sentence says.
    house.home.vault.write_bytes(new_vault)
    shutil.copy(newest, house.home.tombstones)
    assert all(counts.loaded == 0 for counts in house.ingest().values())
    assert receipts.verify(house.home, house.keys).passed


def test_a_removal_cut_short_after_its_receipt_goes_on(house, monkeypatch):
    class Kill(BaseException):
        pass

    def kill(name: str) -> None:
        if name == "removal.after_receipt":
            raise Kill

    request = house.request(number=3, email="bert.b@example.org")
    house.deliver_all("new", ("bert",))
    monkeypatch.setattr(crash, "point", kill)
    with pytest.raises(Kill):
        house.erase(request)
    monkeypatch.undo()
    house.ingest(AS_OF)
    assert house.erase(request).is_done and receipts.verify(house.home, house.keys).passed
