"""The letter that answers a request: in two languages, for each kind and outcome, and nothing of who asks
(P-RIGHTS).
"""

from __future__ import annotations

import shutil

import pytest
import yaml
from click.testing import CliRunner

from anonymart.cli.commands import anonymart
from anonymart.errors import UsageError
from anonymart.ingest.contracts import KINDS_OF_REQUEST
from anonymart.rights import machine, prove_identity, refuse
from anonymart.rights.letter import FILE, LANGUAGES, letter
from anonymart.rights.requests import REASONS
from anonymart.session import Session
from tests.erasure.small_school import AS_OF, NAMES, SmallSchool, built_home

# What a person writes in: nothing of the kind is filled in by the program.
NOBODY = (*NAMES, "Anna", "Given", "Family", "@")


@pytest.fixture
def school(tmp_path_factory, tmp_path):
    shutil.copytree(built_home(tmp_path_factory, is_plain=False), tmp_path / "home")
    return SmallSchool(tmp_path / "home")


def inside(school):
    return Session(school.home, school.keys, school.policy, AS_OF)


def test_every_kind_and_outcome_has_its_words_in_both_languages():
    words = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert set(words) == set(LANGUAGES)
    for told in words.values():
        assert set(told["kinds"]) == set(told["outcomes"]["done"]) == set(KINDS_OF_REQUEST)
        assert set(told["outcomes"]["refused"]) == set(REASONS)
        assert {"received", "awaiting_proof", "nothing_held", "lifted"} < set(told["outcomes"])


@pytest.mark.parametrize("kind", ["access", "port", "object", "restrict", "withdraw", "erase"])
def test_what_was_done_is_told_and_nobody_is_named(school, kind):
    school.request(kind)
    assert "received" in letter(inside(school), "REQ-1", "en")
    machine.advance_all(inside(school))
    words = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    for language in LANGUAGES:
        text = letter(inside(school), "REQ-1", language)
        done = words[language]["outcomes"]["done"][kind].split("{")[0]
        assert done in text and "REQ-1" in text and "{" not in text
        assert not [name for name in NOBODY if name in text]


def test_an_objection_that_ends_is_told_so(school):
    school.request("object", 1)
    school.request("object", 2, at="2026-06-21T10:00:00Z", learner_id="L-4711", details="lift")
    machine.advance_all(inside(school))
    assert "counted in no statistic" in letter(inside(school), "REQ-1", "en")
    assert "ended as you asked" in letter(inside(school), "REQ-2", "en")


@pytest.mark.parametrize("is_answered", [False, True])
def test_another_persons_lift_of_the_same_moment_ends_nothing(school, is_answered):
    school.request("object", 1)
    school.request("object", 2, learner_id="L-4712", details="lift")
    if is_answered:
        machine.advance_all(inside(school))
    else:
        machine.execute(inside(school), "REQ-1")
        machine.execute(inside(school), "REQ-2")
    assert "counted in no statistic" in letter(inside(school), "REQ-1", "en")
    assert "ended as you asked" in letter(inside(school), "REQ-2", "en")


def test_who_is_not_held_is_told_so(school):
    school.request("erase", 1)
    school.request("object", 2)
    machine.execute(inside(school), "REQ-1", machine.plan(inside(school), "REQ-1").token)
    machine.advance_all(inside(school))
    assert "All that we held" in letter(inside(school), "REQ-1", "en")
    assert "hold none" in letter(inside(school), "REQ-2", "en")


@pytest.mark.parametrize("reason", REASONS)
def test_a_refusal_tells_why_and_where_to_complain(school, reason):
    school.request("erase", 1)
    refuse(inside(school), "REQ-1", reason)
    text = letter(inside(school), "REQ-1", "fr")
    assert "donné" in text or "donner" in text
    assert "www.cnil.fr/plaintes" in text


def test_proof_is_asked_for(school):
    row = {"request_id": "REQ-1", "kind": "access", "learner_id": "L-4711"}
    school.deliver("rights", "r.ndjson", [{**row, "received_at": "2026-06-20T10:00:00Z"}])
    school.ingest()
    text = letter(inside(school), "REQ-1", "en")
    assert "show us who you are" in text and "by 2026-07-20" in text
    prove_identity(inside(school), "REQ-1")
    assert "carrying it out" in letter(inside(school), "REQ-1", "en")


def test_a_row_that_cannot_be_read_has_no_answer_yet(school):
    school.request("erase", 1, email="not an address")
    with pytest.raises(UsageError, match="cannot be read"):
        letter(inside(school), "UNREAD-00001", "fr")


def test_the_command_writes_a_file_and_sends_nothing(school, tmp_path, monkeypatch):
    monkeypatch.setenv("ANONYMART_HOME", str(school.home.root))
    school.request("object")
    words = ["rights", "letter", "REQ-1", "--as-of", str(AS_OF), "--output", str(tmp_path / "letter.txt")]
    done = CliRunner().invoke(anonymart, words)
    assert done.exit_code == 0, done.output
    assert "Votre demande du 20/06/2026" in (tmp_path / "letter.txt").read_text(encoding="utf-8")
