"""Rows about rights and consents that cannot be read: nothing is lost, their people are restricted,
publication waits (P-RIGHTS, R-CLOCK).
"""

from __future__ import annotations

import gzip
import json
from datetime import date

import pytest
from click.testing import CliRunner

from anonymart import rights
from anonymart.cli.commands import anonymart
from anonymart.erasure import removal
from anonymart.errors import UnreadableRequests, UsageError
from anonymart.rights import machine, unreadable
from anonymart.session import Session
from tests.ingest.conftest import AS_OF, with_learners

HEAD = "request_id,kind,learner_id,email,received_at\n"
LATER = date(2026, 7, 20)


LEARNERS = [
    {
        "learner_id": f"L-{n}",
        "email": f"p{n}@example.org",
        "account_home_page": "https://c.example",
        "account_name": f"acc{n}",
        "last_login_at": "2026-05-01T10:00:00Z",
    }
    for n in range(1, 7)
]


@pytest.fixture
def small_school(tmp_path, tmp_path_factory):
    return with_learners(tmp_path_factory, tmp_path / "home", "l.ndjson", LEARNERS)


def inside(small_school, day=AS_OF):
    return Session(small_school.home, small_school.keys, small_school.policy, day)


def rows(small_school, day=AS_OF):
    return [each for each in rights.list_requests(inside(small_school, day)) if each.file]


def named(small_school):
    return {who for (who,) in small_school.ask("""
        SELECT DISTINCT identities.anchor FROM vault.rights.unreadable_names
        INNER JOIN vault.register.identities AS identities USING (identifier)
    """)}  # fmt: skip


BAD_FILES = {
    "time.csv": (HEAD + "R1,erase,L-1,,gestern\n", 2, {"L-1"}),
    "kind.csv": (HEAD + "R1,forget me,L-1,,2026-06-01\n", 2, {"L-1"}),
    "no-id.csv": (HEAD + ",erase,,P2@Example.org,2026-06-01\n", 2, {"L-2"}),
    "nobody.csv": (HEAD + "R1,erase,,,2026-06-01\n", 2, set()),
    "ahead.csv": (HEAD + "R1,erase,L-1,,2027-06-01\n", 2, {"L-1"}),
    "too-many.csv": (HEAD + "R1,erase,L-1,,2026-06-01,more\n", 2, {"L-1"}),
    "too-few.csv": (HEAD + "R1,erase,acc3\n", 2, {"L-3"}),
    "latin.csv": ((HEAD + "R1,erase,L-1,,2026-06-01 reçu\n").encode("latin-1"), 2, {"L-1"}),
    "quote.csv": (HEAD + 'R1,erase,"L-1,,2026-06-01\nR2,object,L-4,,2026-06-01\n', 2, {"L-1", "L-4"}),
    "no-head.csv": ("R1;erase;L-1;2026-06-01\n", 1, {"L-1"}),
    "wrong-head.csv": ("request_id,kind,email\n\nR1,erase,p5@example.org\n", 3, {"L-5"}),
    "broken.ndjson": ('{"request_id": "R1", "kind": "erase", "learner_id": "L-1", \n', 1, {"L-1"}),
    "array.json": (
        '[{"request_id": "R1", "kind": "erase", "email": "mailto:p1@example.org", "received_at": "soon"}]',
        1,
        {"L-1"},
    ),
    "half.json": ('[{"request_id": "R1", "kind": "erase",\n "email": "p1@example.org"', None, {"L-1"}),
    "letter.html": ("<html><p>Please erase p1@example.org</p></html>\n", 1, {"L-1"}),
    "utf16.csv": ((HEAD + "R1,erase,L-1,,2026-06-01\n").encode("utf-16"), 2, {"L-1"}),
    "half.csv.gz": (gzip.compress(b"R1,erase,L-1,2026-06-01\n" * 9000)[:60], None, set()),
    "binary.csv": (b"\x00\x01\x02L-1\x00", None, set()),
}


def test_every_row_that_cannot_be_read_is_kept_by_file_and_line(small_school):
    """One ingest of every kind of bad file: each has its entry, the people whom it names are found, and a
    copy of it doubles nothing.
    """
    for name, (content, _, _) in BAD_FILES.items():
        small_school.deliver("rights", name, content)
    told = small_school.ingest()
    found = {each.file: each for each in rows(small_school)}
    assert set(found) == set(BAD_FILES)
    for name, (_, line, people) in BAD_FILES.items():
        entry = found[name]
        assert (entry.state, entry.line, entry.source, str(entry.due_on)) == (
            "unreadable",
            line,
            "rights",
            "2026-07-30",
        ), name
        anchors = small_school.ask(f"""
            SELECT DISTINCT identities.anchor FROM vault.rights.unreadable_names
            INNER JOIN vault.register.identities AS identities USING (identifier)
            WHERE unreadable_id = '{entry.id}'
        """)  # fmt: skip
        assert {who for (who,) in anchors} == {f"learner:{person}" for person in people}, name
        assert told[f"rights/{name}"].unreadable == 1, name
    for name, (content, _, _) in BAD_FILES.items():
        small_school.deliver("rights", f"copy-{name}", content)
    assert sum(each.unreadable for each in small_school.ingest(LATER).values()) == 0
    assert {each.id: each for each in rows(small_school)} == {each.id: each for each in found.values()}


def test_consents_too_and_whom_the_register_learns_of_later(small_school):
    small_school.deliver(
        "consents", "c.csv", "learner_id,purpose,status,at\nL-99,P-SURVEY,withdrawn,yesterday\n,,,\n"
    )
    counts = small_school.ingest()["consents/c.csv"]
    assert (counts.quarantined, counts.unreadable) == (2, 1), "an empty row asks for nothing"
    assert named(small_school) == set()
    small_school.deliver(
        "learners", "new.ndjson", [{"learner_id": "L-99", "last_login_at": "2026-05-01T10:00:00Z"}]
    )
    small_school.ingest()
    assert named(small_school) == {"learner:L-99"}


def test_nothing_is_published_until_it_is_entered_or_refused(small_school):
    small_school.deliver("rights", "a.csv", HEAD + "R1,erase me,L-1,,2026-06-01\nR2,what,L-2,,2026-06-01\n")
    small_school.deliver(
        "consents", "c.csv", "learner_id,purpose,status,at\nL-3,P-STAT,withdrawn,yesterday\n"
    )
    small_school.ingest()
    assert rights.count(rights.list_requests(inside(small_school)))["unreadable"] == 3
    with pytest.raises(UnreadableRequests, match="3 row") as caught:
        unreadable.need_none_open(Session(small_school.home, small_school.keys))
    assert caught.value.exit_code == 5
    consent, first, second = (
        each.id for each in sorted(rows(small_school), key=lambda each: (each.source, each.line))
    )
    asked = rights.Asked("object", AS_OF, learner_id="L-1")
    made = unreadable.enter(inside(small_school, LATER), first, asked)
    assert (made.kind, str(made.received_on), made.state) == ("object", "2026-06-30", "awaiting_proof")
    with pytest.raises(UsageError, match="entered already"):
        unreadable.enter(inside(small_school, LATER), first, asked)
    assert rights.refuse_any(inside(small_school, LATER), second, "not_a_request").state == "refused"
    assert (
        unreadable.enter_consent(
            inside(small_school, LATER), consent, unreadable.Declared("P-STAT", "withdrawn", AS_OF, "L-3")
        ).state
        == "entered"
    )
    assert small_school.ask(
        'SELECT identifier, purpose, status, "at"::DATE::VARCHAR FROM vault.rights.consents'
    ) == [("learner:L-3", "P-STAT", "withdrawn", "2026-06-30")]
    unreadable.need_none_open(Session(small_school.home, small_school.keys))
    assert small_school.ask(
        "SELECT count(*) FROM vault.rights.unreadable WHERE raw_row IS NOT NULL OR who IS NULL"
    ) == [(0,)]
    assert small_school.ask("SELECT count(*) FROM vault.rights.unreadable_names") == [(0,)]
    small_school.deliver("rights", "again.csv", HEAD + "R1,erase me,L-1,,2026-06-01\n")
    small_school.ingest()
    unreadable.need_none_open(Session(small_school.home, small_school.keys))


def test_the_commands_show_no_person(small_school):
    small_school.deliver("rights", "a.csv", HEAD + "R1,erase me,L-1,p1@example.org,2026-06-01\n")
    small_school.ingest()
    runner, env = CliRunner(), {"ANONYMART_HOME": str(small_school.home.root)}

    def call(*arguments):
        done = runner.invoke(anonymart, [*arguments, "--as-of", str(AS_OF)], env=env)
        assert "L-1" not in done.output and "p1@" not in done.output, arguments
        return done

    listed = json.loads(call("rights", "list", "--json").output)["requests"]
    assert [(each["id"], each["state"], each["file"], each["line"]) for each in listed] == [
        ("UNREAD-00001", "unreadable", "a.csv", 2)
    ]
    assert "rights/a.csv, line 2" in call("rights", "list").output
    shown = json.loads(call("rights", "show", "UNREAD-00001", "--json").output)
    assert shown["export"].endswith(".zip")
    assert call("rights", "verify", "UNREAD-00001").exit_code != 0
    assert (
        call(
            "rights",
            "submit",
            "--unreadable",
            "UNREAD-00001",
            "--kind",
            "erase",
            "--email",
            "p1" + "@example.org",
        ).exit_code
        == 0
    )
    states = {
        each["id"]: each["state"] for each in json.loads(call("rights", "list", "--json").output)["requests"]
    }
    assert states == {"UNREAD-00001": "entered", "HAND-U00001": "awaiting_proof"}
    assert not list(small_school.home.exports.glob("*")), "the zip went with the decision"


def test_restricted_people_keep_their_rows_and_the_decided_leave_after_six_years(small_school):
    small_school.deliver(
        "connections",
        "c.csv",
        "learner_id,connected_at\nL-1,2024-01-01T10:00:00Z\nL-2,2024-01-01T10:00:00Z\n",
    )
    small_school.deliver("rights", "a.csv", HEAD + "R1,what,L-1,,2026-06-01\n")
    small_school.ingest()
    removal.enforce_terms(inside(small_school))
    assert small_school.ask("SELECT identifier FROM vault.register.connections") == [("learner:L-1",)]
    rights.refuse_any(inside(small_school), "UNREAD-00001", "not_a_request")
    removal.enforce_terms(inside(small_school, date(2032, 6, 30)))
    assert small_school.ask("SELECT state FROM vault.rights.unreadable") == [("refused",)]
    removal.enforce_terms(inside(small_school, date(2032, 7, 2)))
    assert small_school.ask("SELECT count(*) FROM vault.rights.unreadable") == [(0,)]


def test_an_erasure_takes_the_rows_of_the_erased_and_blanks_them_in_those_of_others(small_school):
    small_school.deliver(
        "rights",
        "a.csv",
        HEAD + "R1,what,L-1,p1@example.org,2026-06-01\nR2,what,L-1,p2@example.org,2026-06-01\n",
    )
    small_school.deliver("rights", "e.csv", HEAD + "R3,erase,L-1,,2026-06-01\n")
    small_school.ingest()
    rights.prove_identity(inside(small_school), "R3")
    machine.advance_all(inside(small_school))
    assert small_school.ask("SELECT state, raw_row FROM vault.rights.unreadable ORDER BY line") == [
        ("erased", None), ("open", "R2,what,[erased],p2@example.org,2026-06-01"),
    ]  # fmt: skip
    assert named(small_school) == {"learner:L-2"}
