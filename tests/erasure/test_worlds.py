"""Who was erased is in no cell that closes afterwards, as in a world where they never were; what was
published stays as it was.
"""

from __future__ import annotations

import json
from datetime import date

import duckdb
import pytest

from anonymart.contracts import load_contracts
from anonymart.engine import literal
from anonymart.ingest import ingest
from anonymart.rights import machine
from anonymart.run import Options, run
from anonymart.session import Session
from tests.erasure.small_school import SmallSchool
from tests.gate.conftest import without_attack, without_drill, without_great_expectations  # noqa: F401
from tests.ingest.conftest import statement
from tests.release.yes import REVIEWER
from tests.whole.small_school import give_keys

FIRST, SECOND = date(2026, 2, 15), date(2026, 6, 15)
GONE = 7
COURSE = "https://campus.example/xapi/course/c1"


def rows_of(person: int) -> dict[str, list[dict]]:
    """Activity from October to May, with every survey; the one who goes stands out in each figure."""
    learner = f"P-{person:03d}"
    actor = {"account": {"homePage": "https://campus.example", "name": f"acct-{person:03d}"}}
    months = [(2025, 10), (2025, 11), (2025, 12), (2026, 1), (2026, 2), (2026, 3), (2026, 4)]
    learning = [
        statement(
            1000 * person + n,
            actor=actor,
            timestamp=f"{year}-{month:02d}-{1 + person % 27:02d}T10:00:00Z",
            object={"id": COURSE, "definition": {"type": "http://adlnet.gov/expapi/activities/course"}},
            context=None,
        )
        for n, (year, month) in enumerate(months)
    ]
    return {
        "learners": [
            {
                "learner_id": learner,
                "account_home_page": "https://campus.example",
                "account_name": f"acct-{person:03d}",
                "email": f"p{person}@example.org",
                "registered_at": "2025-10-01T08:00:00Z",
            }
        ],
        "enrolments": [
            {"learner_id": learner, "path_id": "p1", "started_on": "2025-10-01", "outcome": "in_progress"}
        ],
        "learning": learning,
        "nps": [
            {
                "response_id": f"{quarter}-{person}",
                "email": f"p{person}@example.org",
                "path_id": "p1",
                "asked_at": f"{quarter}-03T08:00:00Z",
                "answered_at": f"{quarter}-04T08:00:00Z",
                "score": 0 if person == GONE else 9,
            }
            for quarter in ("2025-11", "2026-01")
        ],
    }


def live(small_school: SmallSchool, people: range, is_erased: bool) -> SmallSchool:
    """Two releases with four months between them; in between somebody may ask to be erased."""
    small_school.deliver("catalogue", "c.ndjson", [{"path_id": "p1", "course_id": "c1"}])
    everything = [rows_of(person) for person in people]
    for source in ("learners", "enrolments", "nps"):
        small_school.deliver(
            source,
            "a.ndjson",
            [row for rows in everything for row in rows[source] if row.get("answered_at", "") < "2026-02"],
        )
    gone = f"acct-{GONE:03d}"
    # Who is erased does not come back: that would be a new person.
    statements = [
        row
        for rows in everything
        for row in rows["learning"]
        if row["actor"]["account"]["name"] != gone or row["timestamp"] < "2026-02-17"
    ]
    small_school.deliver(
        "learning", "early.ndjson", [row for row in statements if row["timestamp"] < "2026-02-10"]
    )
    inside = Session(small_school.home, small_school.keys, small_school.policy)
    assert run(inside.on(FIRST), Options(reviewer=REVIEWER)).release_id
    if is_erased:
        small_school.deliver(
            "rights",
            "r.ndjson",
            [
                {
                    "request_id": "REQ-1",
                    "kind": "erase",
                    "learner_id": f"P-{GONE:03d}",
                    "received_at": "2026-02-16T10:00:00Z",
                    "identity_verified": True,
                }
            ],
        )
    # All old files come again, and the erased person's new ones too.
    small_school.deliver("learning", "all.ndjson", statements)
    for source in ("learners", "enrolments", "nps"):
        small_school.deliver(source, "again.ndjson", [row for rows in everything for row in rows[source]])
    ingest(inside.on(date(2026, 2, 17)))
    machine.advance_all(inside.on(date(2026, 2, 17)))
    small_school.deliver(
        "learning",
        "late.ndjson",
        [{**row, "id": row["id"].replace("00000000-", "10000000-", 1)} for row in statements],
    )
    assert run(inside.on(SECOND), Options(force_as_of=True, reviewer=REVIEWER)).release_id
    return small_school


def cells(small_school: SmallSchool, release: str | None = None) -> dict[str, list[tuple]]:
    folder = small_school.home.releases / release if release else small_school.home.current
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {literal(str(folder / 'marts.duckdb'))} AS a (READ_ONLY)")
        return {
            mart: connection.execute(f"FROM a.main.{mart} ORDER BY ALL").fetchall()
            for mart in load_contracts()
        }


def own(mart: str, rows: list[tuple]) -> list[tuple]:
    """The rows without shares of a base that an earlier release told: it was told when the person was there,
    and is carried (S-ANON).
    """
    contract = load_contracts()[mart]
    carried = {
        measure["name"]
        for measure in contract.measures
        if measure["kind"] == "count" and measure.get("told_by")
    }
    rates = {measure["name"] for measure in contract.measures if measure.get("denominator") in carried}
    theirs = {
        measure["name"]
        for measure in contract.measures
        if measure["name"] in rates or measure.get("rate") in rates
    }
    kept = [n for n, name in enumerate(contract.column_names) if name.removesuffix("_reason") not in theirs]
    return sorted((tuple(row[n] for n in kept) for row in rows), key=str)


@pytest.mark.long
@pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack")
def test_cells_that_close_afterwards_are_as_if_they_had_never_been(tmp_path):
    for world in ("erased", "never"):
        give_keys(tmp_path / world)
    erased = live(SmallSchool(tmp_path / "erased"), range(43), is_erased=True)
    never = live(
        SmallSchool(tmp_path / "never"), [person for person in range(43) if person != GONE], is_erased=False
    )
    published = cells(erased, f"{FIRST}.1")
    n_new = 0
    for mart, rows in cells(erased).items():
        assert all(row in rows for row in published[mart]), f"{mart}: a published cell changed"
        old = cells(never, f"{FIRST}.1")[mart]
        new_here = [row for row in rows if row not in published[mart]]
        new_there = [row for row in cells(never)[mart] if row not in old]
        assert own(mart, new_here) == own(mart, new_there), mart
        n_new += len(new_here)
    assert n_new >= 4
    assert any(published[mart] != cells(never, f"{FIRST}.1")[mart] for mart in published), (
        "the person showed in what was published before"
    )
    receipts = [json.loads(line) for line in erased.home.receipts.read_text().splitlines()]
    assert receipts[0]["rows"]["vault.register.learners"] == {"before": 43, "after": 42}
