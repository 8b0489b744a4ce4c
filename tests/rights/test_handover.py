"""R-ACCESS and R-PORT: all of the person's rows, nobody else's, in a zip that only the owner of the home can
read.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import zipfile
from datetime import date, timedelta

import pytest

from anonymart import engine
from anonymart.erasure import places
from anonymart.errors import UsageError
from anonymart.rights import handover, handover_page, machine
from anonymart.session import Session
from tests import warm
from tests.erasure.small_school import AS_OF, EMAIL, NAMES, PEOPLE, SmallSchool, built_home
from tests.rights.xapi_rules import faults


@pytest.fixture(scope="module")
def built_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("asked") / "home"
    shutil.copytree(built_home(tmp_path_factory, is_plain=False), root)
    small_school = SmallSchool(root)
    small_school.request("access", 1)
    small_school.request("port", 2)
    return root


@pytest.fixture
def built(built_root, tmp_path):
    shutil.copytree(built_root, tmp_path / "home")
    return SmallSchool(tmp_path / "home")


def handed(small_school, request_id, kind="access", as_of=AS_OF):
    path = handover.write_handover(
        Session(small_school.home, small_school.keys, small_school.policy, as_of), request_id, kind
    )
    with zipfile.ZipFile(path) as archive:
        return path, {name: archive.read(name).decode() for name in archive.namelist()}


def test_access_holds_every_row_of_the_person_and_nothing_of_another(built):
    path, files = handed(built, "REQ-1")
    assert {"index.html", "data.json", "tables/vault.raw.learning.csv"} <= set(files)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    held = json.loads(files["data.json"])["held"]
    expected = {
        "vault.raw.learning": 4,
        "vault.raw.enrolments": 1,
        "vault.raw.salary": 1,
        "vault.answers.nps": 2,
        "vault.register.learners": 1,
        "vault.register.connections": 1,
        "vault.rights.consents": 1,
        "vault.rights.requests": 2,
    }
    assert {name: len(held[name]) for name in expected} == expected
    for place, rows in built.history("anna").items():
        assert len(held[f"warehouse.intermediate.{place}"]) == rows, place
    assert held["vault.answers.nps"][0]["comment"] == "Mentor of L-4711"
    assert json.loads(files["data.json"])["counted_only"]["vault.ledger.row_hashes"] > 5
    whole = "".join(files.values())
    assert not any(word in whole for word in ("L-4712", "bert", "acct-bert"))
    assert (
        EMAIL in files["index.html"]
        and "CNIL" in files["index.html"]
        and "5 ans après la dernière utilisation" in files["index.html"]
    )
    for secret in (built.keys.person, built.keys.pseudonym, built.keys.vault):
        assert secret not in whole
    rows = list(csv.DictReader(io.StringIO(files["tables/vault.answers.nps.csv"])))
    assert {row["response_id"] for row in rows} == {"n-L-4711", "o-L-4711"}


def test_nothing_in_the_name_of_the_zip_tells_who_asked(built):
    path, _ = handed(built, "REQ-1")
    assert not any(name in str(path) for name in (*NAMES, "REQ-1"))


def test_the_page_loads_nothing_and_runs_nothing(built):
    built.deliver(
        "nps",
        "x.ndjson",
        [
            {
                "response_id": "xss",
                "learner_id": "L-4711",
                "answered_at": "2026-06-02T10:00:00Z",
                "score": 1,
                "comment": "<script>alert(1)</script>",
            }
        ],
    )
    built.ingest()
    _, files = handed(built, "REQ-1")
    assert (
        "<script" not in files["index.html"]
        and "src=" not in files["index.html"]
        and "http"
        not in files["index.html"]
        .replace("https://campus.example", "")
        .replace("http://adlnet.gov", "")
        .replace("https://w3id.org", "")
    )


def test_a_shared_address_hands_over_nothing_of_the_other(built):
    built.deliver(
        "learners",
        "shared.ndjson",
        [
            {
                "learner_id": "L-9",
                "email": EMAIL,
                "family_name": "Ninefold",
                "last_login_at": "2026-05-01T10:00:00Z",
            }
        ],
    )
    built.request("access", 3, learner_id="L-9")
    _, files = handed(built, "REQ-3")
    whole = "".join(files.values())
    assert "Ninefold" in whole and "L-4711" not in whole
    assert "Ninefold" not in "".join(handed(built, "REQ-1")[1].values())
    built.request("access", 4, email=EMAIL)
    _, files = handed(built, "REQ-4")
    assert json.loads(files["data.json"])["held"] == {}
    assert "holds nothing on you" in files["index.html"]


def test_portability_holds_what_was_provided_and_statements_that_follow_the_standard(built):
    _, files = handed(built, "REQ-2", "port")
    held = json.loads(files["data.json"])["held"]
    assert set(held) <= set(handover.PROVIDED) and "vault.register.learners" in held
    statements = json.loads(files["learning_statements.json"])
    delivered = PEOPLE["anna"]["learning"]
    assert [(found["id"], found["timestamp"]) for found in statements] == [
        (sent["id"], sent["timestamp"].replace("Z", ".000Z")) for sent in delivered
    ]
    assert statements[0]["actor"]["account"] == delivered[0]["actor"]["account"]
    assert all(found["result"]["score"] == {"scaled": 0.5} for found in statements)
    assert [problem for found in statements for problem in faults(found)] == []


def test_statements_that_the_raw_rows_no_longer_hold_come_from_the_history(built):
    from anonymart.erasure.removal import enforce_terms

    later = AS_OF + timedelta(days=100)
    enforce_terms(Session(built.home, built.keys, built.policy, later))
    assert built.ask("SELECT count(*) FROM vault.raw.learning") == [(0,)]
    _, files = handed(built, "REQ-2", "port", later)
    statements = json.loads(files["learning_statements.json"])
    assert [found["timestamp"] for found in statements] == [
        f"2026-0{n}-03T10:00:00.000Z" for n in (1, 2, 3, 4)
    ]
    assert [problem for found in statements for problem in faults(found)] == []
    assert len({found["id"] for found in statements}) == 4


@pytest.mark.parametrize(("request_id", "kind"), [("REQ-1", "access"), ("REQ-2", "port")])
def test_answers_that_the_vault_no_longer_holds_come_from_the_history(built, request_id, kind):
    """Raw rows leave after 90 days, identified answers three years after the last contact; codes and scores
    stay.
    """
    with engine.connect(built.home, built.keys, vault="rw") as connection:
        connection.execute("DELETE FROM vault.raw.salary; DELETE FROM vault.answers.nps")
    held = json.loads(handed(built, request_id, kind)[1]["data.json"])["held"]
    assert not {"vault.raw.salary", "vault.answers.nps"} & set(held)
    (salary,) = held["warehouse.intermediate.int_salary_responses"]
    assert (salary["diploma_id"], salary["is_employed"], salary["job_family"], salary["answered_on"]) == (
        "d1",
        True,
        "other",
        "2026-04-02",
    )
    assert (salary["contract_class"], salary["country_class"]) == ("fixed_term", "eu_eea")
    scores = held["warehouse.intermediate.int_nps_responses"]
    assert [row["score"] for row in scores if row["answered_on"]] == [9]
    assert all(("themes" in row) == (kind == "access") for row in scores), (
        "drawn from the comment by the warehouse"
    )
    assert not {"identity_key", "response_key", "load_no"} & {*salary, *scores[0]}


def test_the_same_bytes_twice_and_no_half_file_after_a_kill(built):
    path, _ = handed(built, "REQ-1")
    first = path.read_bytes()
    assert handed(built, "REQ-1")[0].read_bytes() == first
    path.unlink()
    code = (
        "from datetime import date\nfrom anonymart.home import Home\nfrom anonymart.keys import "
        "Keys\nfrom anonymart.policy import load_policy\n"
        "from anonymart.rights import handover\nhome = Home.from_env()\n"
        "from anonymart.session import Session\n"
        "session = Session(home, Keys.load(home), load_policy(), date(2026, 6, 30))\n"
        "handover.write_handover(session, 'REQ-1', 'access')"
    )
    environment = {
        **os.environ,
        "ANONYMART_HOME": str(built.home.root),
        "ANONYMART_CRASH_AT": "rights.handover_written",
    }
    assert warm.python(code, env=environment).returncode == -signal.SIGKILL
    assert not path.exists()
    assert handover.delete_old_exports(built.home, built.policy, AS_OF) == 1, "the half is removed"
    assert handed(built, "REQ-1")[0].read_bytes() == first


def test_exports_go_after_their_days(built):
    path, _ = handed(built, "REQ-1")
    kept = timedelta(days=built.policy.figure("rights", "export_keep_days"))
    assert handover.delete_old_exports(built.home, built.policy, AS_OF + kept) == 0 and path.exists()
    assert handover.delete_old_exports(built.home, built.policy, AS_OF + kept + timedelta(days=1)) == 1
    assert not path.exists()


def test_every_place_is_handed_over_or_counted_and_has_a_title():
    for place in places.PLACES:
        # Which visitor of the public site a person was, nobody can tell (P-AUDIENCE).
        is_found = place.names is not places.Names.VISITOR
        if place.holds_people and place.keeps is not places.Keeps.VIEW:
            assert (place.name in handover_page.TITLES) == is_found, place.name
    assert set(handover.COUNTED) | set(handover.PROVIDED) <= set(places.BY_NAME)


def test_the_checker_of_statements_can_fail():
    good = {
        "id": "00000000-0000-4000-8000-000000000001",
        "actor": {"mbox": "mailto:a@example.org"},
        "verb": {"id": "urn:v:1"},
        "object": {"id": "urn:o:1"},
        "timestamp": "2026-01-01T00:00:00Z",
    }
    assert faults(good) == []
    for broken in (
        {"id": "x"},
        {"actor": {"mbox": "a@example.org"}},
        {"verb": {"id": "done"}},
        {"object": {}},
        {"timestamp": "yesterday"},
        {"result": {"score": {"scaled": 2}}},
        {"result": {"success": "yes"}},
        {"result": {"extensions": {"progress": 1}}},
        {"strange": 1},
        {"actor": {"mbox": "mailto:a@example.org", "openid": "https://a.example"}},
        {"context": {"contextActivities": {"parent": [{}]}}},
    ):
        assert faults({**good, **broken}), broken


def test_dates_are_those_of_the_run(built):
    path, files = handed(built, "REQ-1", as_of=date(2026, 7, 1))
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 7, 1, 0, 0, 0)}
    assert "01/07/2026" in files["index.html"]


@pytest.fixture
def withheld(built):
    """A purge was killed when it had withheld the zip that answers the access request of Anna."""
    session = Session(built.home, built.keys, built.policy, AS_OF)
    machine.execute(session, "REQ-1")
    machine.answer(session, "REQ-1")
    built.request("erase", 3)
    path = handover.export_path(session, "REQ-1")
    handover.withhold(session, path)
    return session, path


def test_an_erasure_by_hand_waits_until_what_was_withheld_is_handed_over(withheld):
    session, path = withheld
    token = machine.plan(session, "REQ-3").token
    with pytest.raises(UsageError, match=r"rights show REQ-1`.* hand it over"):
        machine.execute(session, "REQ-3", token)
    machine.find_with_export(session, "REQ-1")
    with zipfile.ZipFile(path) as archive:
        assert EMAIL in archive.read("data.json").decode()
    assert machine.execute(session, "REQ-3", machine.plan(session, "REQ-3").token).state == "verified"


def test_who_looks_for_the_zip_finds_the_whole_one(withheld):
    session, path = withheld
    _, export = machine.find_with_export(session, "REQ-1")
    with zipfile.ZipFile(export) as archive:
        assert export == str(path) and EMAIL in archive.read("data.json").decode()


def test_a_withheld_zip_is_no_hand_over(built):
    session = Session(built.home, built.keys, built.policy, AS_OF)
    machine.execute(session, "REQ-2")
    path = handover.export_path(session, "REQ-2")
    handover.withhold(session, path)
    work = machine._Work(session)
    assert not machine._zip_opens(work, work.rows(["REQ-2"])["REQ-2"])
    assert machine.answer(session, "REQ-2").state == "answered"
    assert EMAIL in zipfile.ZipFile(path).read("data.json").decode()
    assert not handover.withheld(session)
