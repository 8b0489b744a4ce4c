"""What changed beyond the policy's limits waits for the reviewer, and what she has read is what is published
(S-ANON, S-SAFE).
"""

import copy
import json
import os
import stat

import pytest

from anonymart import audit
from anonymart.definitions import definitions
from anonymart.errors import GateRefused, UsageError
from anonymart.gate import gate
from anonymart.orders import made
from anonymart.orders.order import of_name
from anonymart.policy import Policy
from anonymart.release import Candidate, Published, State, recover
from anonymart.release.answer import approve, refuse_waiting
from anonymart.release.approval import (
    Reviewer,
    because,
    decisions,
    supersede,
    supersede_by_rights,
    waiting,
)
from anonymart.release.candidate_hash import hash_of
from anonymart.release.folder import sha256
from anonymart.release.manifest import read_manifest
from anonymart.release.signature import public_key
from anonymart.release.verify import verify
from anonymart.session import Session
from tests import warm
from tests.gate.school import AS_OF, NEXT_MONTH, engagement
from tests.release.test_publish import FIRST, gated
from tests.release.yes import REVIEWER, ask, make_candidate, publish

pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack"),
]


def small_school(school):
    return Session(school.home, school.keys, school.policy)


@pytest.fixture
def held(school):
    assert "It is the first release" in ask(small_school(school), gated(school)).says
    return school


def folder(school):
    return school.home.releases / f".waiting-{FIRST}"


def states(school):
    return [entry["state"] for entry in decisions(Session(school.home, school.keys))]


def acts(school):
    assert audit.verify(Session(school.home, school.keys)).passed
    return [entry["act"] for entry in audit.entries(school.home)]


def test_the_first_release_waits_and_is_published_as_it_was_read(held):
    found = waiting(Session(held.home, held.keys))
    assert (found.release_id, found.as_of, found.because) == (
        FIRST,
        "2026-06-30",
        ["It is the first release."],
    )
    assert found.candidate_sha256 == hash_of(folder(held)) and not held.home.current.exists()
    assert {stat.S_IMODE(path.stat().st_mode) for path in [folder(held), *folder(held).rglob("*")]} == {
        0o700,
        0o600,
    }
    report = sha256(folder(held) / "privacy_report.html")
    assert approve(
        small_school(held),
        FIRST,
        Reviewer("reviewer", "Read in full"),
        candidate=found.candidate_sha256[:8],
    ) == Published(FIRST)
    release = held.home.current.resolve()
    said = read_manifest(release)["approval"]
    assert (said["by"], said["reason"], said["candidate_sha256"], said["required"]) == (
        "reviewer",
        "Read in full",
        found.candidate_sha256,
        True,
    )
    assert sha256(release / "privacy_report.html") == report
    assert verify(release, public_key(held.keys)).status == "authentic"
    assert gate(small_school(held), release).passed
    assert [act for act in acts(held) if act != "built"] == ["waiting", "approved", "published"]
    assert states(held) == ["approved"] and waiting(Session(held.home, held.keys)) is None
    for again in (approve, refuse_waiting):
        with pytest.raises(UsageError, match="it was approved"):
            again(small_school(held), FIRST, Reviewer("reviewer", "Once more"))


def test_without_a_change_it_goes_through_by_itself(held):
    approve(small_school(held), FIRST, Reviewer("reviewer", "Read in full"))
    held.build([engagement(month="2026-05-01")], NEXT_MONTH)
    assert publish(small_school(held), gated(held, NEXT_MONTH)) == "2026-07-30.1"
    assert read_manifest(held.home.current)["approval"] == {"required": False}
    assert states(held) == ["approved"]


def test_another_verb_in_a_reviewed_list_waits_for_the_reviewer(held, monkeypatch):
    """Nothing else differs: `completed` read as another verb moved 61 completions to none, and nobody was
    asked.
    """
    approve(small_school(held), FIRST, Reviewer("reviewer", "Read in full"))
    told = read_manifest(held.home.current)["definitions"]
    assert told == definitions() and len(told) > 40
    other = told | {"seeds/verbs": "0" * 64}
    for module in ("release.candidate", "release.report_changes", "gate.folder_reading"):
        monkeypatch.setattr(f"anonymart.{module}.definitions", lambda: other)
    held.build([engagement(month="2026-05-01")], NEXT_MONTH)
    ask(small_school(held), gated(held, NEXT_MONTH))
    assert waiting(small_school(held)).because == ["Definitions changed: seeds/verbs."]
    assert "seeds/verbs" in (next(held.home.releases.glob(".waiting-*")) / "privacy_report.html").read_text(
        encoding="utf-8"
    )


def test_each_kind_of_change_is_a_reason(school, tmp_path):
    quiet = {
        "since": FIRST,
        "marts_added": [],
        "marts_gone": [],
        "columns_added": {},
        "columns_gone": {},
        "definitions": [],
        "policy": {},
        "suppressed_share": {"nps_quarterly": [0.10, 0.14]},
    }

    candidate = Candidate(tmp_path.parent, tmp_path.name, State.PUBLISHED)

    def told(law=school.policy, **changed):
        (tmp_path / "privacy_report.json").write_text(json.dumps({"changes": quiet | changed}))
        return because(law, candidate)

    assert told() == []
    assert told(marts_added=["a"], marts_gone=["b"]) == ["Marts came or went: a, b."]
    assert told(columns_gone={"a": ["x"]}) == ["Columns came or went: a.x."]
    assert told(policy={"rates.smallest_base": [23, 10]}) == [
        "Policy figures changed: rates.smallest_base from 23 to 10."
    ]
    assert told(definitions=["seeds/verbs", "rules/nps_quarterly"]) == [
        "Definitions changed: seeds/verbs, rules/nps_quarterly."
    ]
    assert told(definitions=None) == ["The release before does not tell the definitions of its figures."]
    assert told(policy=None) == ["The release before does not tell the figures of its policy."]
    assert told(suppressed_share={"nps_quarterly": [0.2, 0.1]}) == [
        "The suppressed share of nps_quarterly went from 20.0% to 10.0%."
    ]
    assert told(since=None) == ["It is the first release."]
    law = copy.deepcopy(school.policy.raw)
    law["approval"] |= {
        "marts_changed": 2,
        "columns_changed": 1,
        "policy_figures_changed": 1,
        "suppressed_share_moved": 0.2,
    }
    assert (
        told(
            Policy(law),
            marts_added=["a"],
            marts_gone=["b"],
            columns_gone={"a": ["x"]},
            policy={"x": [1, 2]},
            suppressed_share={"n": [0.2, 0.1]},
        )
        == []
    )
    (tmp_path / "privacy_report.json").unlink()
    assert because(school.policy, candidate) == ["The privacy report does not tell what changed."]


@pytest.mark.parametrize(
    "name",
    ["marts.duckdb", "parquet/nps_quarterly.parquet", "privacy_report.html", "gate.json", "manifest.json"],
)
def test_a_candidate_that_changed_is_not_published(held, name):
    path = folder(held) / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:])
    with pytest.raises(GateRefused, match="no longer what the reviewer was asked about"):
        approve(small_school(held), FIRST, Reviewer("reviewer", "Read in full"))
    assert not held.home.current.exists() and states(held) == ["waiting"]


def test_a_refusal_needs_a_reason_and_leaves_current_alone(held):
    for reason, says in ((" ", "is empty"), ("ask jean.dupont@example.org", "may name a person")):
        with pytest.raises(UsageError, match=says):
            refuse_waiting(Session(held.home, held.keys), FIRST, Reviewer("reviewer", reason))
    refused = refuse_waiting(
        Session(held.home, held.keys), FIRST, Reviewer("reviewer", "The share of hidden figures is too high")
    )
    assert refused.state is State.REFUSED and refused.is_there
    assert not folder(held).exists() and not held.home.current.exists()
    assert states(held) == ["refused"] and acts(held)[-1] == "refused"
    with pytest.raises(UsageError, match="it was refused"):
        approve(small_school(held), FIRST, Reviewer("reviewer", "Read in full"))


def test_a_new_build_or_candidate_supersedes_it(held):
    supersede(Session(held.home, held.keys, given_day=AS_OF), "a new build")
    assert not folder(held).exists() and states(held) == ["superseded"]
    old = decisions(Session(held.home, held.keys))[0]["candidate_sha256"]
    held.build([engagement(month="2026-05-01")], NEXT_MONTH)
    for _ in range(2):
        ask(small_school(held), gated(held, NEXT_MONTH))
    assert states(held) == ["superseded", "superseded", "waiting"]
    assert [path.name for path in held.home.releases.iterdir()] == [".waiting-2026-07-30.1"]
    with pytest.raises(UsageError, match="another candidate"):
        approve(small_school(held), "2026-07-30.1", Reviewer("reviewer", "Read in full"), candidate=old)


def test_what_was_made_before_a_table_was_ordered_is_not_signed(held, monkeypatch):
    """A build that was killed has written a mart that the candidate does not have."""
    monkeypatch.setenv("ANONYMART_HOME", str(held.home.root))
    before = {path.name for path in folder(held).iterdir()}
    made.write(held.home, [of_name("ordered_project_submissions_by_quarter")])
    with pytest.raises(UsageError, match="made before the tables that are made now"):
        approve(small_school(held), FIRST, Reviewer("reviewer", "Read in full"))
    assert {path.name for path in folder(held).iterdir()} == before and states(held) == ["waiting"]
    assert stat.S_IMODE(folder(held).stat().st_mode) == 0o700
    made.write(held.home, [])
    assert approve(small_school(held), FIRST, Reviewer("reviewer", "Read in full")) == Published(FIRST)


def test_an_executed_right_supersedes_it(held):
    supersede_by_rights(Session(held.home, held.keys, given_day=AS_OF))
    assert waiting(Session(held.home, held.keys)) is not None
    with held.connect(vault="rw") as connection:
        connection.execute("INSERT INTO vault.rights.steps VALUES ('R1', 'executed', DATE '2026-06-30', '')")
    assert waiting(Session(held.home, held.keys)) is None and states(held) == ["superseded"]
    with pytest.raises(UsageError, match="right was executed"):
        approve(small_school(held), FIRST, Reviewer("reviewer", "Read in full"))
    assert not folder(held).exists() and acts(held)[-1] == "superseded"


KILLED = """
import sys
from pathlib import Path
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import load_policy
from anonymart.release import answer, approval
from anonymart.session import Session
from tests.release.yes import ask
home = Home(Path(sys.argv[1]))
session = Session(home, Keys.load(home), load_policy())
{act}
"""
ACTS = {
    "hold": "ask(session, home.releases / '.candidate-2026-06-30.1')",
    "refuse": "answer.refuse_waiting(session, '2026-06-30.1', approval.Reviewer('reviewer', 'Too much is "
    "hidden'))",
    "approve": "answer.approve(session, '2026-06-30.1', approval.Reviewer('reviewer', 'Read in full'))",
}


@pytest.mark.parametrize(
    ("point", "act", "state"),
    [
        ("approval.after_held", "hold", "waiting"),
        ("approval.after_refused", "refuse", "refused"),
        ("publish.before_commit", "approve", "waiting"),
        ("publish.after_commit", "approve", "approved"),
    ],
)
def test_a_kill_is_made_good(school, point, act, state):
    gated(school)
    if act != "hold":
        ask(small_school(school), school.home.releases / f".candidate-{FIRST}")
    environment = {
        **os.environ,
        "ANONYMART_CRASH_AT": point,
        "ANONYMART_KEYS_FILE": str(school.home.keys_file),
    }
    done = warm.python(KILLED.format(act=ACTS[act]), school.home.root, env=environment)
    assert done.returncode == -9, done.stderr[-2000:]
    recover(Session(school.home, school.keys))
    assert states(school) == [state]
    left = {
        "waiting": [f".waiting-{FIRST}"],
        "refused": [f".refused-{FIRST}"],
        "approved": [FIRST, "current"],
    }[state]
    assert sorted(path.name for path in school.home.releases.iterdir()) == left
    if state == "waiting":
        assert approve(small_school(school), FIRST, Reviewer("reviewer", "Read in full")) == Published(FIRST)
    assert audit.verify(Session(school.home, school.keys)).passed


def test_the_next_try_finishes_an_answer_that_was_killed(school):
    """As Airflow tries a task again, and as a reviewer types the command again."""
    from anonymart_airflow import approvals

    gated(school)
    waits = ask(small_school(school), school.home.releases / f".candidate-{FIRST}")
    assert FIRST in waits.says
    request = {
        "release_id": FIRST,
        "candidate_sha256": waits.candidate_sha256,
    }
    environment = {
        **os.environ,
        "ANONYMART_CRASH_AT": "publish.after_commit",
        "ANONYMART_KEYS_FILE": str(school.home.keys_file),
    }
    done = warm.python(KILLED.format(act=ACTS["approve"]), school.home.root, env=environment)
    assert done.returncode == -9 and not school.home.current.exists()
    with pytest.raises(UsageError, match="it was approved"):
        approve(small_school(school), FIRST, Reviewer("reviewer", "Read in full"))
    assert os.readlink(school.home.current) == FIRST
    answer = {
        "chosen_options": ["Approve"],
        "params_input": {"reason": "Read in full"},
        "responded_by_user": {"id": "reviewer", "name": "reviewer"},
    }
    others = [
        {**answer, "chosen_options": ["Reject"]},
        {**answer, "params_input": {"reason": "Other"}},
        {**answer, "responded_by_user": {"name": "data-team"}},
    ]
    assert [
        approvals.was_carried_out(Session(school.home, school.keys), request, each)
        for each in (answer, *others)
    ] == [True, False, False, False]


def test_a_reviewer_beforehand(school):
    assert publish(small_school(school), gated(school), reviewer=REVIEWER) == FIRST
    assert states(school) == ["approved"] and [act for act in acts(school) if act != "built"] == [
        "approved",
        "published",
    ]
    candidate = make_candidate(small_school(school).on(AS_OF))
    assert publish(small_school(school), candidate, reviewer=REVIEWER) is None
