"""What `anonymart airflow install` sets: the queue of our tasks and the roles of FAB (S-SAFE). tests/deploy
runs a whole school through both.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from anonymart.errors import UsageError
from anonymart.session import Session
from anonymart_airflow import load, queues, roles
from anonymart_airflow.install import TEXT
from anonymart_airflow.names import PRIVACY, QUEUE
from tests.conftest import ROOT

ANSWER, PAGE, DECIDE = (roles.EDIT, roles.ANSWERS), (roles.READ, PRIVACY), (roles.EDIT, PRIVACY)


def test_only_reviewers_may_answer_and_analysts_may_not_read():
    may = roles.permissions()
    assert [name for name in may if {ANSWER, DECIDE} & may[name]] == [roles.REVIEWERS]
    assert {ANSWER, DECIDE, PAGE} <= may[roles.REVIEWERS]
    assert [name for name in may if PAGE not in may[name]] == [roles.ANALYST]
    # Airflow wants this of whoever answers; no other DAG can be changed by a reviewer.
    edits = {
        resource
        for action, resource in may[roles.REVIEWERS]
        if action == roles.EDIT and resource.startswith("DAG:")
    }
    assert edits == {"DAG:approve_release"}


def test_a_role_sees_our_dags_alone():
    for name, pairs in roles.permissions().items():
        dags = {
            resource for action, resource in pairs if action != roles.MENU and resource.startswith("DAG:")
        }
        assert dags == (set() if name == roles.ADMIN else {f"DAG:{dag_id}" for dag_id in load.dag_ids()})
        assert not {(roles.READ, "DAGs"), (roles.EDIT, "DAGs")} & pairs


def test_the_pages_name_every_role_as_it_is_made():
    page = (ROOT / "docs" / "privacy-reviewer.md").read_text(encoding="utf-8")
    assert [name for name in roles.permissions() if f"`{name}`" not in page] == []


def test_every_task_gets_the_queue_and_none_without():
    assert {task.queue for dag in load.dags(QUEUE).values() for task in dag.tasks} == {QUEUE}
    assert {task.queue for dag in load.dags().values() for task in dag.tasks} == {"default"}


@pytest.mark.parametrize(
    ("wanted", "written", "local", "queue"),
    [
        ("", "", True, ""),
        ("", "", False, QUEUE),
        ("", "other", False, "other"),
        ("mine", "other", False, "mine"),
        ("mine", "", True, "mine"),
    ],
)
def test_the_queue_is_the_wanted_one_or_as_before_or_ours(
    wanted, written, local, queue, tmp_path, monkeypatch
):
    monkeypatch.setattr(queues, "is_local", lambda: local)
    path = tmp_path / "anonymart_dags.py"
    if written:
        path.write_text(TEXT.format(queue=f'queue="{written}"'))
    assert queues.choose(wanted, path) == queue


def test_a_queue_that_is_no_name_is_refused(tmp_path):
    with pytest.raises(UsageError, match="--queue anonymart"):
        queues.choose('x") or print("', tmp_path / "anonymart_dags.py")


@pytest.mark.parametrize(
    ("written", "hosts", "is_right", "says"),
    [
        ("", set(), False, "only one host has the home"),
        ("default", set(), False, "only one host has the home"),
        (QUEUE, None, None, "see that only workers on the home's host"),
        (QUEUE, set(), None, "no worker that reads it answers"),
        (QUEUE, {"a"}, True, "which one host reads"),
        (QUEUE, {"b", "a"}, False, "workers on 2 hosts read the queue anonymart (a, b)"),
    ],
)
def test_two_hosts_may_not_read_the_queue(written, hosts, is_right, says, tmp_path, monkeypatch):
    monkeypatch.setattr(queues, "is_local", lambda: False)
    monkeypatch.setattr(queues, "hosts_of", lambda queue: hosts)
    path = tmp_path / "anonymart_dags.py"
    path.write_text(TEXT.format(queue=f'queue="{written}"' if written else ""))
    found, sentence = queues.judge(path)
    assert found is is_right and says in sentence


def test_whoever_is_no_reviewer_decides_nothing_whatever_is_granted(monkeypatch):
    """FAB grants every permission to its role Admin, who could approve their own build."""
    from anonymart_airflow.privacy_page import access

    generous = SimpleNamespace(is_authorized_custom_view=lambda **asked: True)
    monkeypatch.setattr(access, "get_auth_manager", lambda: generous)
    monkeypatch.setenv("ANONYMART_REVIEWERS", "12:anne")
    admin, anne = (SimpleNamespace(get_id=lambda number=number: number) for number in (1, "12"))
    assert access.may(admin, access.READ) and not access.may(admin, access.DECIDE)
    assert access.may(anne, access.DECIDE)


def test_a_release_names_the_reviewer_as_the_school_chose(tmp_path, monkeypatch):
    """A login of FAB may be a learner's name, under which the audit log takes no entry."""
    from anonymart_airflow import approvals
    from tests.airflow.privacy_home import make_home

    home, keys = make_home(tmp_path / "home")
    monkeypatch.setenv("ANONYMART_REVIEWERS", "12:merci à Anne,13:reviewer")
    assert approvals.unfit_names(Session(home, keys)) == ["12"]
    assert approvals._name_of({"id": "13", "name": "anne"}) == "reviewer"
    assert approvals._name_of({"id": "14", "name": "reviewer"}) is None
