"""Visits and the key of their month go at their term, bytes too; no learner is ever joined to a visitor."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from anonymart.contracts import load_contracts
from anonymart.erasure import places, receipts
from anonymart.erasure.removal import enforce_terms, plan_terms
from anonymart.home import PROJECT
from anonymart.session import Session
from anonymart.shared_persons import _read_by
from tests.audience.conftest import SmallSchool, line

LAST_DAY, DAY_AFTER = date(2027, 6, 1), date(2027, 6, 2)
KEYS = "SELECT visitor_key FROM vault.audience.month_keys ORDER BY month"


def session(small_school: SmallSchool, as_of: date) -> Session:
    return Session(small_school.home, small_school.keys, small_school.policy, as_of)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SmallSchool:
    """A home whose bytes can be searched, with a page view of May 2026 and one of June."""
    monkeypatch.setenv("ANONYMART_ENCRYPTION", "none")
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver(
        "audience",
        "access.log",
        line(at="31/May/2026:10:00:00 +0200") + line(at="01/Jun/2026:10:00:00 +0200"),
    )
    small_school.ingest()
    return small_school


def test_a_month_goes_with_its_key_thirteen_months_after_its_first_day_and_so_do_the_bytes(
    plain: SmallSchool,
) -> None:
    (may, june), visitor = (
        [key for (key,) in plain.ask(KEYS)],
        plain.ask("SELECT visitor FROM vault.audience.visits ORDER BY visited_on")[0][0],
    )
    assert plan_terms(session(plain, LAST_DAY)).is_empty
    plan = plan_terms(session(plain, DAY_AFTER))
    assert plan.rows == {"vault.audience.visits": 1, "vault.audience.month_keys": 1}
    enforce_terms(session(plain, DAY_AFTER))
    assert plain.ask(KEYS) == [(june,)]
    assert plain.ask("SELECT visited_on FROM vault.audience.visits") == [(date(2026, 6, 1),)]
    # Rows go at once, bytes with the weekly rewrite.
    vault = plain.home.vault
    assert june in vault.read_bytes()
    enforce_terms(session(plain, date(2027, 6, 9)))
    whole = b"".join(path.read_bytes() for path in plain.home.root.rglob("*") if path.is_file())
    assert june in whole
    assert may not in whole and may.hex().encode() not in whole and visitor.encode() not in whole
    assert receipts.verify(session(plain, DAY_AFTER)).passed


def test_what_comes_again_after_its_term_is_refused_and_draws_no_key(plain: SmallSchool) -> None:
    enforce_terms(session(plain, DAY_AFTER))
    plain.deliver("audience", "again.log", line(at="31/May/2026:10:00:00 +0200"))
    counts = plain.ingest(DAY_AFTER)["audience/again.log"]
    assert (counts.loaded, counts.refused) == (0, 1)
    assert counts.reasons == {"older than its term (P-AUDIENCE)": 1}
    assert len(plain.ask(KEYS)) == 1


def test_a_key_is_drawn_for_each_home_and_month_and_follows_from_no_other_key(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        small_school = SmallSchool(tmp_path / name)
        small_school.deliver("audience", "access.log", line() + line(at="31/May/2026:10:00:00 +0200"))
        small_school.ingest()
        found += [key for (key,) in small_school.ask(KEYS)]
    assert len(set(found)) == 4


def test_visitors_are_read_with_no_register_history_or_right_of_learners() -> None:
    """What the people of a mart of visitors are made from, through whatever model or macro."""
    contracts = load_contracts()
    of_visitors = {name: each for name, each in contracts.items() if each.is_of_visitors}
    assert tuple(of_visitors) == places._OF_VISITORS
    for name, read in _read_by(of_visitors, PROJECT / "dbt_project").items():
        models = {model for model in read if re.match(r"(stg|int)_", model)}
        assert models <= {
            f"int_people__{name}",
            "int_visits",
            "stg_audience__visits",
            "int_catalogue",
            "stg_catalogue__items",
        }
        text = (PROJECT / f"dbt_project/models/intermediate/people/int_people__{name}.sql").read_text()
        assert not re.search("int_persons|int_identities|stg_register", text)
    others = {name: each for name, each in contracts.items() if not each.is_of_visitors}
    assert not any("int_visits" in read for read in _read_by(others, PROJECT / "dbt_project").values())
