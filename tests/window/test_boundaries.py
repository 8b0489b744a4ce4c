"""The table of dates: the oracle and the warehouse answer each case alike, and the page shows the same
table.
"""

from __future__ import annotations

import copy

import pytest

from anonymart.policy import Policy
from tests.window import table
from tests.window.conftest import LAW, POLICY, MemoryVault
from tests.window.oracle import judge, utc

CASES = table.cases()


def test_there_are_enough_cases_and_none_twice():
    assert len(CASES) >= 40
    assert len({(case.uses, case.as_of) for case in CASES}) == len(CASES)
    assert {case.expected for case in CASES} == {"in", "out"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_oracle_answers_as_the_table_says(case):
    answer = judge([utc(text) for text in case.uses], case.as_of, LAW)
    assert ("in" if answer.is_in else "out") == case.expected
    if answer.is_in:
        assert answer.counts_from_on == case.counts_from_on


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("accounts", ["one account", "an account for each use"])
def test_the_warehouse_answers_as_the_table_says(case, accounts, memory_vault):
    memory_vault.clear()
    names = [
        "learner:p" if accounts == "one account" else f"account:{number}"
        for number, _ in enumerate(case.uses)
    ]
    memory_vault.know("p", sorted({"learner:p", *names}))
    memory_vault.deliver(list(zip(names, case.uses, strict=True)))
    status, _, closing_on, counts_from_on = memory_vault.judge(case.as_of)[memory_vault.person_key("p")]
    assert status in ("in", "expired", "unknown_last_use")
    assert ("in" if status == "in" else "out") == case.expected
    if status == "in":
        assert counts_from_on == case.counts_from_on
        assert closing_on >= case.as_of
    if case.why.endswith("unknown means out"):
        assert status == "unknown_last_use"


def test_the_page_shows_this_table():
    text = table.PAGE.read_text(encoding="utf-8")
    assert table.written(text) == text, "run `python -m tests.window.table`"


def test_a_longer_window_of_the_register_holds_longer(built):
    """The length stands in the register alone, and the way in follows it."""
    raw = copy.deepcopy(POLICY.raw)
    raw["purposes"]["P-STAT"]["keep_years_after_last_use"] += 1
    uses = [("learner:p", "2016-03-01T12:00:00Z"), ("learner:p", "2021-03-02T12:00:00Z")]
    numbers = []
    for policy in (POLICY, Policy(raw)):
        memory_vault = MemoryVault(built, policy)
        memory_vault.deliver(uses)
        numbers.append(len(memory_vault.spans()))
        memory_vault.connection.close()
    assert numbers == [2, 1]
