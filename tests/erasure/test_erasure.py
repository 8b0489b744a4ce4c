"""R-ERASE: gone from every place and byte, kept out when old files come again, and nobody else touched."""

from __future__ import annotations

import shutil
from datetime import date

import pytest

from anonymart import engine
from anonymart.erasure import receipts, removal
from anonymart.erasure.removal import finish
from anonymart.errors import UsageError
from anonymart.session import Session
from tests.erasure.small_school import (
    AS_OF,
    EMAIL,
    HOME_PAGE,
    MARKER,
    NAMES,
    SmallSchool,
    built_home,
    read_receipts,
)
from tests.ingest.conftest import statement

pytestmark = pytest.mark.long


@pytest.fixture
def built(tmp_path_factory, tmp_path, monkeypatch):
    """Everything delivered and built, in zones whose bytes can be searched."""
    monkeypatch.setenv("ANONYMART_ENCRYPTION", "none")
    shutil.copytree(built_home(tmp_path_factory, is_plain=True), tmp_path / "home")
    return SmallSchool(tmp_path / "home")


def test_no_row_and_no_byte_is_left_and_old_files_stay_out(built):
    before = built.everything()
    assert all(name in before for name in ("L-4711", MARKER)) and len(built.history("anna")) >= 8
    others = built.history("bert")
    assert "vault.duckdb" in built.bytes_with(MARKER)
    request = built.request()
    done = built.erase(request)
    assert (
        done.is_done
        and done.rows["vault.raw.learning"] == 4
        and done.rows["warehouse.intermediate.int_events"] == 4
    )
    assert built.bytes_with(*NAMES) == []
    assert not any(name in built.everything() for name in NAMES)
    assert built.history("anna") == {} and built.history("bert") == others

    built.deliver_all("again", ("anna",))
    built.deliver_all("and-all-others")
    counts = built.ingest()
    for name, found in counts.items():
        if "again" in name:
            assert (found.loaded, found.refused) == (0, found.delivered), name
            assert found.reasons == {"erased (R-ERASE)": found.delivered}
        else:
            assert found.loaded == 0 and found.refused + found.duplicate == found.delivered, name
    built.build()
    assert not any(name in built.everything() for name in NAMES)
    assert built.history("anna") == {} and built.history("bert") == others


def test_the_receipt_tells_rows_and_hashes_of_files_and_no_name(built):
    built.erase(built.request())
    (receipt,) = read_receipts(built.home.root)
    assert receipt["rows"]["vault.raw.learning"] == {"before": 8, "after": 4}
    assert receipt["rows"]["vault.register.learners"] == {"before": 2, "after": 1}
    assert set(receipt["files"]) == {"vault.duckdb", "warehouse.duckdb"}
    assert all(found["before"] != found["after"] for found in receipt["files"].values())
    assert receipts.verify(Session(built.home, built.keys)).passed
    text = built.home.receipts.read_text()
    assert not any(name in text for name in (*NAMES, "REQ-1"))


def test_the_answered_request_keeps_kind_date_and_a_keyed_hash(built):
    built.erase(built.request())
    ((kind, identifier, details, who),) = built.ask(
        "SELECT kind, identifier, details, who FROM vault.rights.requests"
    )
    assert (kind, identifier, details) == ("erase", None, None) and who > 0


@pytest.mark.parametrize(
    "who", [{"email": EMAIL}, {"email": f"anna{MARKER}@example.org"}, {"email": f"ANNA.{MARKER}@Example.org"}]
)
def test_found_under_any_identifier(built, who):
    built.erase(built.request(**who))
    assert not any(name in built.everything() for name in NAMES)


def test_addresses_and_ids_in_comments_of_others_are_masked_and_nothing_else_is(built):
    said = (
        f"Écrire à {EMAIL}, {EMAIL.upper()} ou acct-anna-4711 (l-4711, pas L-47110) ; merci Anna, "
        f"FamilyL-4711 en 2026"
    )
    row = {"response_id": "about", "learner_id": "L-4712", "answered_at": "2026-06-02T10:00:00Z", "score": 9}
    built.deliver(
        "nps",
        "about.ndjson",
        [{**row, "comment": said}, {**row, "response_id": "other", "comment": "très bien en 2026"}],
    )
    built.ingest()
    with engine.connect(built.home, built.keys, vault="rw") as connection:
        connection.execute(
            "UPDATE vault.answers.nps SET comment = comment || '; L-4711 L-4711' WHERE response_id = 'about'"
        )
    built.erase(built.request())
    ((about,), (other,)) = built.ask(
        "SELECT comment FROM vault.answers.nps WHERE response_id IN ('about', 'other') ORDER BY response_id"
    )
    assert (
        about
        == "Écrire à [...], [...] ou [...] ([...], pas L-47110) ; merci Anna, FamilyL-4711 en 2026; [...] "
        "[...]"
    )
    assert other == "très bien en 2026"
    assert built.bytes_with(MARKER, "acct-anna-4711") == []


def test_who_comes_back_later_is_a_new_person(built):
    old = built.ask(
        "SELECT DISTINCT person_id FROM vault.register.identities WHERE anchor = 'learner:L-4711'"
    )
    built.erase(built.request())
    later = {
        "learner_id": "L-4711",
        "email": EMAIL,
        "registered_at": "2025-01-05T10:00:00Z",
        "last_login_at": "2026-07-05T10:00:00Z",
    }
    built.deliver("learners", "later.ndjson", [later])
    built.deliver(
        "connections",
        "both.csv",
        "learner_id,connected_at\nL-4711,2026-06-30T21:59:59Z\nL-4711,2026-06-30T22:00:01Z\n",
    )
    counts = built.ingest(date(2026, 7, 6))
    assert counts["connections/both.csv"].refused == 1 and counts["connections/both.csv"].loaded == 1
    ((learner, registered),) = built.ask(
        "SELECT learner_id, registered_at FROM vault.register.learners WHERE learner_id = 'L-4711'"
    )
    assert (learner, registered) == ("L-4711", None)
    new = built.ask(
        "SELECT DISTINCT person_id FROM vault.register.identities WHERE anchor = 'learner:L-4711'"
    )
    assert len(old) == len(new) == 1 and old != new
    assert built.ask(
        "SELECT min(first_use_at)::VARCHAR FROM vault.register.last_use WHERE identifier = 'learner:L-4711'"
    ) == [("2026-06-30 22:00:01",)]


def test_what_a_later_delivery_reveals_goes_as_well(built):
    """An account and an address that nobody knew to be hers: their rows go with the next build, and later
    ones stay out.
    """
    built.deliver(
        "learning",
        "strange.ndjson",
        [
            statement(
                900,
                actor={"account": {"homePage": HOME_PAGE, "name": "second-account"}},
                timestamp="2026-02-01T10:00:00Z",
            ),
            statement(901, actor={"mbox": "mailto:second@example.org"}, timestamp="2026-02-02T10:00:00Z"),
        ],
    )
    said = {
        "response_id": "about",
        "learner_id": "L-4712",
        "answered_at": "2026-06-02T10:00:00Z",
        "score": 9,
        "comment": "merci à second@example.org",
    }
    built.deliver("nps", "about.ndjson", [said])
    built.ingest()
    built.build()
    built.erase(built.request())
    assert "second-account" in built.everything()
    row = {
        "learner_id": "L-4711",
        "email": "second@example.org",
        "account_home_page": HOME_PAGE,
        "account_name": "second-account",
        "last_login_at": "2026-03-01T10:00:00Z",
    }
    built.deliver("learners", "revealing.ndjson", [row])
    assert built.ingest()["learners/revealing.ndjson"].refused == 1
    assert finish(Session(built.home, built.keys, built.policy, AS_OF)) is not None
    assert built.bytes_with("second-account", "second@example.org") == []
    assert built.ask("SELECT comment FROM vault.answers.nps WHERE response_id = 'about'") == [
        ("merci à [...]",)
    ]
    assert finish(Session(built.home, built.keys, built.policy, AS_OF)) is None, "once is enough"
    built.deliver("learners", "revealing.ndjson", [{**row, "given_name": "x"}])
    built.ingest()
    assert finish(Session(built.home, built.keys, built.policy, AS_OF)) is None
    built.deliver(
        "nps",
        "n.ndjson",
        [{"email": "second@example.org", "path_id": "p1", "answered_at": "2026-01-01T10:00:00Z", "score": 3}],
    )
    assert built.ingest()["nps/n.ndjson"].refused == 1


def test_who_was_erased_by_address_is_known_by_learner_id_once_it_comes(tmp_path):
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver(
        "learning",
        "a.ndjson",
        [statement(1, actor={"mbox": f"mailto:{EMAIL}"}, timestamp="2026-02-02T10:00:00Z")],
    )
    small_school.ingest()
    small_school.erase(small_school.request(email=EMAIL))
    small_school.deliver_all("late", ("anna",))
    assert all(found.loaded == 0 for found in small_school.ingest().values())
    small_school.deliver_all("late-again", ("anna",))
    assert all(found.loaded == 0 for found in small_school.ingest().values())


def test_a_shared_address_erases_nobody_else(built):
    """Bert claims Anna's address too: it is nobody's. Her erasure takes the rows under it and leaves Bert,
    whose it is from then on.
    """
    built.deliver(
        "learners",
        "shared.ndjson",
        [{"learner_id": "L-9", "email": EMAIL, "last_login_at": "2026-05-01T10:00:00Z"}],
    )
    built.deliver("connections", "l9.csv", "learner_id,connected_at\nL-9,2026-05-02T10:00:00Z\n")
    built.ingest()
    assert built.ask(f"SELECT anchor FROM vault.register.identities WHERE identifier = 'email:{EMAIL}'") == [
        (None,)
    ]
    built.erase(built.request(learner_id="L-4711"))
    assert built.ask("SELECT email FROM vault.register.learners WHERE learner_id = 'L-9'") == [(EMAIL,)]
    assert built.ask("SELECT count(*) FROM vault.register.connections WHERE identifier = 'learner:L-9'") == [
        (1,)
    ]
    assert built.ask(f"SELECT anchor FROM vault.register.identities WHERE identifier = 'email:{EMAIL}'") == [
        ("learner:L-9",)
    ]
    assert built.ask(f"SELECT count(*) FROM vault.raw.learning WHERE actor = 'email:{EMAIL}'") == [(0,)]
    built.deliver(
        "learners",
        "again.ndjson",
        [{"learner_id": "L-9", "email": EMAIL, "last_login_at": "2026-05-03T10:00:00Z"}],
    )
    assert built.ingest()["learners/again.ndjson"].loaded == 1


def test_an_address_of_two_people_erases_nobody(built):
    built.deliver(
        "learners",
        "shared.ndjson",
        [{"learner_id": "L-9", "email": EMAIL, "last_login_at": "2026-05-01T10:00:00Z"}],
    )
    request = built.request(email=EMAIL)
    before = built.everything()
    with pytest.raises(UsageError, match="two people") as caught:
        built.erase(request)
    assert MARKER not in str(caught.value) and built.everything() == before


def test_a_wrong_token_and_a_stranger_destroy_nothing(built):
    request = built.request()
    before = built.everything()
    with pytest.raises(UsageError, match="token"):
        removal.carry_out_requests(
            Session(built.home, built.keys, built.policy, AS_OF), (request,), "000000000000"
        )
    assert built.everything() == before
    built.erase(request)
    again = built.erase(request)
    assert again.is_done and again.is_empty, "erased already"
    assert len(read_receipts(built.home.root)) == 1


def test_what_waits_in_landing_and_what_was_refused_there_goes(built):
    built.deliver(
        "nps",
        "waits.ndjson",
        [{"email": EMAIL, "path_id": "p1", "answered_at": "2026-06-01T10:00:00Z", "score": 3}],
    )
    built.deliver("learning", "half.ndjson.gz", b"\x1f\x8b\x08\x00half")
    built.deliver("nps", "page.csv", f"<html>{EMAIL}</html>")
    built.deliver("salary", "other.csv", "<html>nobody</html>")
    built.erase(built.request())
    left = [path.name for path in built.home.landing.rglob("*") if path.is_file()]
    assert left == ["other.csv.refused"]
    assert built.bytes_with(*NAMES) == []


def test_a_restored_vault_forgets_again(built, tmp_path):
    built.ingest()
    backup = tmp_path / "vault.copy"
    shutil.copy(built.home.vault, backup)
    built.erase(built.request())
    shutil.copy(backup, built.home.vault)
    assert "L-4711" in built.everything()
    built.build()
    assert not any(name in built.everything() for name in NAMES)
    assert receipts.verify(Session(built.home, built.keys)).passed


def test_a_restored_warehouse_forgets_again(built, tmp_path):
    backup = tmp_path / "warehouse.copy"
    shutil.copy(built.home.warehouse, backup)
    of_bert = built.history("bert")
    built.erase(built.request())
    shutil.copy(backup, built.home.warehouse)
    assert built.history("anna")
    built.build()
    assert built.history("anna") == {}
    assert built.history("bert") == of_bert
    assert receipts.verify(Session(built.home, built.keys)).passed
    n_receipts = len(read_receipts(built.home.root))
    built.build()
    assert len(read_receipts(built.home.root)) == n_receipts


def test_a_hundred_erasures_cost_one_rewrite(tmp_path):
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver(
        "connections",
        "a.csv",
        "learner_id,connected_at\n" + "".join(f"P-{n},2026-05-01T10:00:00Z\n" for n in range(150)),
    )
    small_school.deliver(
        "rights",
        "r.ndjson",
        [
            {
                "request_id": f"E-{n}",
                "kind": "erase",
                "learner_id": f"P-{n}",
                "received_at": "2026-06-20T10:00:00Z",
                "identity_verified": True,
            }
            for n in range(100)
        ],
    )
    small_school.ingest()
    small_school.erase(*(f"E-{n}" for n in range(100)))
    assert small_school.ask("SELECT count(*) FROM vault.register.connections") == [(50,)]
    assert small_school.ask("SELECT count(*) FROM vault.register.identities") == [(50,)]
    assert len(read_receipts(small_school.home.root)) == 1
