"""A mart whose class of noise has changed since it was recalled: its correction can be built (S-ANON)."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import duckdb
import pytest
from small_school import SmallSchool

from anonymart.contracts import load_contracts
from anonymart.policy import load_policy
from anonymart.release.withdraw import _set_aside

MART, COHORT, CLOSED = "learner_retention_cohort", dt.date(2026, 1, 1), "2026-07-15"
TOLD = 8


@pytest.mark.long
def test_a_count_that_the_noise_of_now_would_not_tell_comes_again(tmp_path: Path) -> None:
    """Eight were told by coarse noise. The cohorts have broad noise now, which tells twelve at least."""
    assert load_policy().figure("counts", "smallest")[load_contracts()[MART].noise] > TOLD
    small_school = SmallSchool(tmp_path, only=MART)
    dice = random.Random(3)
    for number in range(60):
        learner = {"pseudonym": f"{number:064x}", "record_key": dice.getrandbits(32)}
        learner |= {"closing_on": dt.date(2031, 1, 1), "cohort_quarter": COHORT}
        months = [{"months_since_start": month, "is_active": not month or number < 8} for month in range(2)]
        small_school.add_people(MART, [learner | month for month in months])
    small_school.build(as_of=CLOSED)
    small_school.publish()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{small_school.vault}' AS vault")
        cells = f"vault.ledger.cells_{MART}"
        connection.execute(f"UPDATE {cells} SET n_learners = {TOLD} WHERE months_since_start = 1")
        connection.execute(
            "CREATE TABLE wrong_periods AS SELECT mart, period_key FROM vault.ledger.closed_periods"
        )
        _set_aside(connection, load_contracts()[MART], "r")
        connection.execute(
            "CREATE TABLE vault.ledger.withdrawn_periods AS SELECT *, 'r' AS release_id, "
            "'r' AS last_release_id FROM wrong_periods; DELETE FROM vault.ledger.closed_periods"
        )
    small_school.build(as_of=CLOSED)
    told = {row["months_since_start"]: row["n_learners"] for row in small_school.rows(f"marts.{MART}")}
    assert told[1] == TOLD
