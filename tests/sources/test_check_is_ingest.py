"""`anonymart sources check` says of a file of any source what ingestion then does with it, and leaves nothing
behind.
"""

import json
import re
from datetime import date

import pytest

from anonymart.demo.generate import generate
from anonymart.demo.samples import SAMPLES, sample
from anonymart.source_order import SOURCES
from anonymart.surveys.check import check, source_of
from tests import warm
from tests.ingest.conftest import AS_OF, SmallSchool, statement
from tests.sources.deliveries import compare, in_order

CHOSEN = re.compile(
    "catalogue|learners-(2020|broken|staff)|consents|requests-mail|enrolments-(updates|empty)|"
    "statements-(2026-05|odd)|connections-(half|2025-04)|nps-(broken|2026)|salary-odd|access-2026-0[13]"
)


@pytest.fixture
def small_school(tmp_path):
    return SmallSchool(tmp_path / "home")


@pytest.mark.long
def test_of_every_sample(small_school, tmp_path):
    files = []
    for tool, (source, name, _) in SAMPLES.items():
        path = tmp_path / "samples" / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sample(tool, 30))
        files += [(source, path)] if path not in [each for _, each in files] else []
    loaded = compare(small_school, files, AS_OF)
    assert len(loaded) >= 12 and {each.status for each in loaded} == {"loaded"}


@pytest.mark.long
def test_of_a_whole_school_with_its_odd_files(small_school, tmp_path):
    generate(tmp_path / "school", 200, 1, AS_OF)
    files = in_order(tmp_path / "school" / "landing")
    loaded = compare(small_school, [each for each in files if CHOSEN.search(each[1].name)], AS_OF)
    assert {each.source for each in loaded} == set(SOURCES)
    # The comparison would be idle on files in which nothing is refused, quarantined or known already.
    assert all(sum(getattr(each, name) for each in loaded) > 0 for name in ("quarantined", "duplicate"))
    assert "refused" in {each.status for each in loaded}


def test_who_was_erased_and_who_is_known_is_asked(small_school, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    small_school.deliver(
        "learners",
        "a.ndjson",
        [{"learner_id": "L1", "email": "ada@example.org"}, {"learner_id": "L2", "birth_date": "2015-01-01"}],
    )
    small_school.ingest()
    answers = [
        {"response_id": f"n{number}", "email": email, "answered_at": "2026-05-01T10:00:00Z", "score": 9}
        for number, email in enumerate(("ada@example.org", "no@example.org"))
    ]
    (folder / "n.ndjson").write_text("".join(json.dumps(row) + "\n" for row in answers))
    found = check(
        folder / "n.ndjson", "nps", AS_OF, small_school.policy, home=small_school.home, keys=small_school.keys
    )
    assert (found.loaded, found.no_person) == (2, 1)
    (folder / "e.csv").write_text("learner_id,path_id,started_on\nL2,p,2026-01-01\n")
    young = check(
        folder / "e.csv",
        "enrolments",
        AS_OF,
        small_school.policy,
        home=small_school.home,
        keys=small_school.keys,
    )
    assert (young.refused, young.reasons) == (1, {"younger than the minimum age (R-MINOR)": 1})
    assert check(folder / "e.csv", "enrolments", AS_OF, small_school.policy).loaded == 1


def test_rights_that_cannot_be_read(small_school, tmp_path):
    (tmp_path / "a.csv").write_text(
        "request_id,kind,learner_id,received_at\nR1,erase,L1,yesterday\nR2,object,L2,2026-06-01T10:00:00Z\n"
    )
    (tmp_path / "b.csv").write_text("name,town\nx,y\n")
    rows, whole = compare(
        small_school, [("rights", tmp_path / "a.csv"), ("rights", tmp_path / "b.csv")], AS_OF
    )
    assert (rows.loaded, rows.quarantined, rows.unreadable) == (1, 1, 1)
    assert whole.status == "refused" and whole.unreadable >= 1


ROWS = {
    "catalogue": {"path_id": "p", "course_id": "c"},
    "learners": {"learner_id": "L", "account_name": "a", "email": "a@example.org"},
    "consents": {"learner_id": "L", "purpose": "P-SURVEY", "status": "granted", "at": "2026-01-01T00:00:00Z"},
    "rights": {"request_id": "r", "kind": "access", "learner_id": "L", "received_at": "2026-01-01T00:00:00Z"},
    "enrolments": {"learner_id": "L", "path_id": "p", "started_on": "2026-01-01"},
    "learning": statement(1),
    "connections": {"learner_id": "L", "connected_at": "2026-01-01T00:00:00Z"},
    "nps": {"response_id": "n", "learner_id": "L", "answered_at": "2026-01-01T00:00:00Z", "score": 9},
    "salary": {
        "response_id": "s",
        "learner_id": "L",
        "answered_at": "2026-01-01T00:00:00Z",
        "salary_amount": 1,
    },
}


def test_the_source_is_found_out_from_the_columns(tmp_path):
    path = tmp_path / "file.ndjson"
    for source, row in ROWS.items():
        path.write_text(json.dumps(row) + "\n")
        assert source_of(path) == source
    for tool, (source, name, _) in SAMPLES.items():
        (tmp_path / name).write_bytes(sample(tool, 5))
        assert source_of(tmp_path / name) == source, tool


def test_the_command_tells_all_and_nobody(tmp_path):
    path = tmp_path / "learners.csv"
    path.write_text(
        "learner_id,email,phone\nL1,zq7@example.org,0612345678\nL1,zq7@example.org,0612345678\nL2,no "
        "address,\n,x@example.org,\n"
    )
    done = warm.anonymart("sources", "check", path, "--no-vault", "--as-of", "2026-06-30")
    assert done.returncode == 0, done.stderr
    assert "source: learners" in done.stdout and "not read: phone" in done.stdout
    assert "4 delivered, 1 would load, 0 refused, 2 quarantined, 1 duplicate" in done.stdout
    assert "zq7" not in done.stdout + done.stderr and "0612" not in done.stdout
    (tmp_path / "empty.csv").touch()
    assert (
        warm.anonymart(
            "sources",
            "check",
            tmp_path / "empty.csv",
            "--no-vault",
            "--source",
            "consents",
            "--as-of",
            str(date(2026, 6, 30)),
        ).returncode
        == 2
    )
