"""An order is charged, waits for the reviewer and is answered; two that difference are never both in the
ledger (S-ANON).
"""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
import yaml
from click.testing import CliRunner

from anonymart import audit, lists, shared_persons
from anonymart import build as building
from anonymart.backup import history, restore
from anonymart.cli.commands import anonymart
from anonymart.contracts import load_contracts
from anonymart.errors import OrderRefused, SentenceRefused, UsageError
from anonymart.home import Home
from anonymart.orders import ledger, made
from anonymart.orders import order as orders
from anonymart.release.approval import Reviewer
from anonymart.session import Session
from tests import warm
from tests.gate.school import AS_OF
from tests.orders.test_plan import made as made_order

pytestmark = pytest.mark.long
YES = Reviewer("reviewer", "The question is worth its cost")
ANSWERS = made_order("nps_answers", "path", "theme", "year")
SUBMISSIONS = made_order("project_submissions", "quarter", measures=["submitted"])
FINER = made_order("nps_answers", "path", "theme", "half_year")


def session(school):
    return Session(school.home, school.keys, school.policy, AS_OF)


def sent(school, *given):
    for one in given:
        ledger.send(session(school), one, "analyst")
    return {each.order.name: each for each in ledger.all_orders(session(school))}


def test_an_order_is_charged_and_waits(ordering):
    found = sent(ordering, ANSWERS)[ANSWERS.name]
    assert (found.state, found.sent_by, found.order) == ("waiting", "analyst", ANSWERS)
    # Sixty, twenty and one; the one who is in no statistics does not count.
    assert found.charge["cells"] == {
        "with_anybody": 3,
        "of_one_person": 1,
        "below_smallest": 1,
        "below_base": 2,
    }
    without, with_it = found.charge["without"], found.charge["with"]
    assert without["of_anybody"] < with_it["of_anybody"]
    assert [entry["act"] for entry in audit.entries(ordering.home)] == ["ordered"]
    assert audit.verify(session(ordering)).passed


def test_a_person_in_a_cell_alone_is_in_the_charge(ordering):
    """Whoever stands alone in a cell is told most: the charge of anybody is theirs."""
    coarser = made_order("project_submissions", "quarter", measures=["submitted"])
    alone = sent(ordering, ANSWERS)[ANSWERS.name].charge["with"]["of_anybody"]
    ledger.answer(session(ordering), ANSWERS.name, Reviewer("reviewer", "Too fine"), False)
    together = sent(ordering, coarser)[coarser.name].charge["with"]["of_anybody"]
    assert together < alone


def test_the_second_order_is_charged_with_the_first(ordering):
    """What waits counts with the next order, what is approved without it too."""
    first = sent(ordering, ANSWERS)[ANSWERS.name].charge
    enrolments, submissions = made_order("enrolments", "month"), made_order("project_submissions", "quarter")
    with pytest.raises(UsageError, match="run `anonymart build`"):
        sent(ordering, enrolments)
    with ordering.connect(warehouse="rw") as connection:
        connection.execute("""
            CREATE VIEW warehouse.intermediate.int_observed__enrolments AS
            SELECT * FROM warehouse.intermediate.int_observed__nps_answers""")
    second = sent(ordering, enrolments)[enrolments.name].charge
    assert second["without"] == first["without"]
    assert second["with"]["of_anybody"] >= first["with"]["of_anybody"]
    ledger.answer(session(ordering), enrolments.name, Reviewer("reviewer", "Too fine"), False)
    ledger.answer(session(ordering), ANSWERS.name, YES, True)
    assert sent(ordering, submissions)[submissions.name].charge["without"] == first["with"]


def test_the_same_order_twice(ordering):
    sent(ordering, ANSWERS)
    with pytest.raises(UsageError, match="was ordered already, and is waiting"):
        sent(ordering, made_order("nps_answers", "year", "theme", "path", measures=["respondents"]))
    ledger.answer(session(ordering), ANSWERS.name, YES, True)
    with pytest.raises(UsageError, match="was ordered already, and is approved"):
        sent(ordering, ANSWERS)
    assert len(ledger.all_orders(session(ordering))) == 1


@pytest.mark.parametrize("is_approved", [False, True])
def test_an_order_sees_those_before_it(ordering, is_approved):
    """A half-year beside a year: the year less one half is the other."""
    sent(ordering, ANSWERS)
    if is_approved:
        ledger.answer(session(ordering), ANSWERS.name, YES, True)
    with pytest.raises(OrderRefused, match=f"it would difference: .*{ANSWERS.name}"):
        sent(ordering, FINER)
    assert len(ledger.all_orders(session(ordering))) == 1


def test_a_refused_order_stands_in_nobodys_way(ordering):
    sent(ordering, ANSWERS)
    told = ledger.answer(session(ordering), ANSWERS.name, Reviewer("reviewer", "Too fine"), False)
    assert (told.state, told.decided_by, told.reason) == ("refused", "reviewer", "Too fine")
    assert sent(ordering, FINER)[FINER.name].state == "waiting"
    with pytest.raises(OrderRefused):
        sent(ordering, ANSWERS)
    with pytest.raises(UsageError, match="No order of this name waits"):
        ledger.answer(session(ordering), ANSWERS.name, YES, True)
    assert [entry["act"] for entry in audit.entries(ordering.home)] == ["ordered", "order_refused", "ordered"]


def test_what_differences_with_a_mart_is_never_charged(ordering, monkeypatch):
    monkeypatch.setattr(ledger, "charge", lambda *given: pytest.fail("charged"))
    with pytest.raises(OrderRefused, match="nps_quarterly"):
        sent(ordering, made_order("nps_answers", "quarter"))
    assert ledger.all_orders(session(ordering)) == []


def test_a_limit_that_would_break_is_not_approved(ordering):
    """On this school the limit of anybody holds without the order, and a person alone in a cell breaks it."""
    charge = sent(ordering, ANSWERS)[ANSWERS.name].charge
    between = (charge["without"]["of_anybody"] + charge["with"]["of_anybody"]) / 2
    limits = {**ordering.policy.raw["membership"], "of_anybody_at_most": between}
    ours = session(ordering).under(
        replace(ordering.policy, raw={**ordering.policy.raw, "membership": limits})
    )
    with pytest.raises(OrderRefused, match="of_anybody_at_most"):
        ledger.answer(ours, ANSWERS.name, YES, True)
    assert ledger.all_orders(ours)[0].state == "waiting"
    told = ledger.answer(ours, ANSWERS.name, Reviewer("reviewer", "It costs too much"), False)
    assert told.state == "refused"


def test_before_the_first_release(ordering):
    (ordering.home.releases / "current").unlink()
    with pytest.raises(UsageError, match="No release is published yet"):
        sent(ordering, ANSWERS)


@pytest.mark.parametrize(
    ("actor", "reason"), [("anne.martin@example.org", "Fine"), ("reviewer", "For Anne Martin")]
)
def test_no_name_gets_into_the_ledger(ordering, actor, reason):
    sent(ordering, ANSWERS)
    with pytest.raises(UsageError) as refused:
        ledger.answer(session(ordering), ANSWERS.name, Reviewer(actor, reason), True)
    assert "artin" not in str(refused.value)
    assert isinstance(refused.value, SentenceRefused) or "--as" in str(refused.value)
    with pytest.raises(UsageError):
        ledger.send(session(ordering), FINER, "anne.martin@example.org")


KILLED = """
from datetime import date
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.orders import ledger, order
from anonymart.policy import load_policy
from anonymart.session import Session
home = Home.from_env()
one = order.of_name("ordered_nps_answers_by_path_theme_year")
ledger.send(Session(home, Keys.load(home), load_policy(), date(2026, 6, 30)), one, "analyst")
"""


@pytest.mark.parametrize(
    ("point", "is_there"), [("order.before_commit", False), ("order.after_commit", True)]
)
def test_a_kill_leaves_order_and_entry_or_neither(ordering, point, is_there):
    done = warm.python(KILLED, env={**os.environ, "ANONYMART_CRASH_AT": point})
    assert done.returncode != 0
    assert bool(ledger.all_orders(session(ordering))) is is_there
    audit.flush(session(ordering))
    assert bool(audit.entries(ordering.home)) is is_there
    if not is_there:
        sent(ordering, ANSWERS)
    assert len(ledger.all_orders(session(ordering))) == len(audit.entries(ordering.home)) == 1


def run(*words):
    return CliRunner().invoke(anonymart, ["tables", *words])


def test_by_hand(ordering, written):
    """As analyst and reviewer type it: the analyst is told no figure that depends on people."""
    dated = ["--as-of", "2026-06-30"]
    file = str(written())
    assert run("list").output.endswith("No table was ordered yet.\n")
    result = run("order", file, "--as", "analyst", *dated)
    assert result.exit_code == 0, result.output
    assert "waits for the reviewer" in result.output
    told = json.loads(run("plan", file, "--json").output)
    assert told["mart"] == ANSWERS.name
    listed = run("list")
    assert "3 cells with anybody: 1 of one person" in listed.output
    assert "3 cells with anybody" not in result.output
    answer = ["approve", ANSWERS.name, "--as", "reviewer", "--reason", "Worth its cost", *dated]
    approved = run(*answer)
    assert approved.exit_code == 0, approved.output
    assert f"{ANSWERS.name}: approved by reviewer" in approved.output
    again = run(*answer)
    assert isinstance(again.exception, UsageError)
    assert isinstance(run("order", file, "--as", "analyst", *dated).exception, UsageError)


def test_what_is_stored_names_nobody(ordering):
    sent(ordering, ANSWERS)
    with ordering.connect(vault="ro") as connection:
        row = connection.execute("FROM vault.ledger.orders").fetchone()
    assert orders.order_of(json.loads(row[1])) == ANSWERS
    assert "q0" not in json.dumps(row, default=str)


def test_a_restored_vault_gets_the_orders_of_the_log(ordering):
    """What was sent and answered since the backup stands in the audit log; its charge does not."""
    sent(ordering, ANSWERS)
    ledger.answer(session(ordering), ANSWERS.name, YES, True)
    before = ledger.all_orders(session(ordering))
    with ordering.connect(vault="rw") as connection:
        connection.execute("DELETE FROM vault.ledger.orders")
        ledger.repeat(connection, audit.entries(ordering.home))
    after = ledger.all_orders(session(ordering))
    assert [(each.order, each.state, each.decided_by, each.reason) for each in after] == [
        (each.order, each.state, each.decided_by, each.reason) for each in before
    ]
    assert after[0].charge == {}
    assert "counted again before a yes" in run("list").output


def test_a_staged_home_has_the_tables_and_the_one_that_stands_none(ordering, tmp_path, monkeypatch):
    """A restore that fails, or only checks, leaves no mart behind."""
    sent(ordering, ANSWERS)
    ledger.answer(session(ordering), ANSWERS.name, YES, True)
    stands = Home(tmp_path / "stands")
    monkeypatch.setenv("ANONYMART_HOME", str(stands.root))
    with restore._read_as_home(ordering.home):
        history.order_again(session(ordering), [])
        assert ANSWERS.name in load_contracts()
    assert ANSWERS.name not in load_contracts() and not stands.tables.exists()


def test_what_an_earlier_version_wrote_is_made_good_before_it_is_judged(ordering, monkeypatch):
    """A new version says more in its sentences: the files of the home follow, and the build goes on."""
    ledger.send(session(ordering), SUBMISSIONS, "analyst")
    ledger.answer(session(ordering), SUBMISSIONS.name, YES, True)
    made.write(ordering.home, [SUBMISSIONS])
    [page] = ordering.home.tables.rglob(f"models/marts/{SUBMISSIONS.name}.yml")
    fresh = page.read_text()
    content = yaml.safe_load(fresh)
    del content["models"][0]["config"]["meta"]["disclosure"]["apart_from"]
    page.write_text(yaml.safe_dump(content))
    with pytest.raises(UsageError, match="read the same history"):
        shared_persons.check(load_contracts(), lists.project())
    building.prepare(session(ordering))
    assert page.read_text() == fresh


def test_a_release_may_lack_the_tables_that_were_ordered_later():
    assert history._are_ours({"a"}, {"a", "ordered_x_by_year"})
    assert history._are_ours({"a", "ordered_x_by_year"}, {"a", "ordered_x_by_year"})
    assert not history._are_ours({"a", "ordered_x_by_year"}, {"a"})
    assert not history._are_ours({"a"}, {"a", "b"})
