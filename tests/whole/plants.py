"""What must not leave, put into the warehouse between build and publish, and what `anonymart publish` makes
of it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from tests.whole.small_school import SmallSchool, file_sums

MART = "course_engagement_monthly"
NEW_CELL = f"""(
    SELECT cell_key FROM warehouse.evidence.cell_evidence
    WHERE mart = '{MART}' AND measure = 'n_active_learners' AND {{condition}} ORDER BY cell_key LIMIT 1
)"""
KEY = "course_id || '|' || month"


def email_in_a_value(small_school: SmallSchool) -> None:
    small_school.alter_warehouse("""
        UPDATE warehouse.marts.nps_quarterly SET path_id = 'jeanne.martin@perso.example'
        WHERE rowid = (SELECT max(rowid) FROM warehouse.marts.nps_quarterly)
    """)


def cell_under_its_threshold(small_school: SmallSchool) -> None:
    """In the mart and in its evidence alike, so that the two agree and only the threshold can tell."""
    cell = NEW_CELL.format(condition="published_value > 0 AND true_count BETWEEN 1 AND 10")
    small_school.alter_warehouse(
        f"CREATE TEMP TABLE planted AS SELECT cell_key FROM {cell} AS found",
        f"""UPDATE warehouse.marts.{MART} SET n_active_learners = 2, n_active_learners_reason = NULL
            WHERE {KEY} = (FROM planted)""",
        f"""UPDATE warehouse.evidence.cell_evidence SET published_value = 2, published_reason = NULL
            WHERE mart = '{MART}' AND measure = 'n_active_learners' AND cell_key = (FROM planted)""",
    )


def person_out_of_window(small_school: SmallSchool) -> None:
    cell = NEW_CELL.format(condition="published_value > 0")
    small_school.alter_warehouse(
        f"CREATE TEMP TABLE planted AS SELECT cell_key FROM {cell} AS found",
        f"""UPDATE warehouse.evidence.cell_evidence SET earliest_closing_on = as_of - 1
            WHERE mart = '{MART}' AND cell_key = (FROM planted)""",
    )


def carried_cell_changed(small_school: SmallSchool) -> None:
    small_school.alter_warehouse("""
        UPDATE warehouse.marts.nps_quarterly SET n_invited = n_invited + 5
        WHERE rowid = (SELECT min(rowid) FROM warehouse.marts.nps_quarterly
        WHERE path_id = 'all' AND n_invited > 0)
    """)


PLANTS: dict[str, Callable[[SmallSchool], None]] = {
    plant.__name__: plant
    for plant in (email_in_a_value, cell_under_its_threshold, person_out_of_window, carried_cell_changed)
}


@dataclass(frozen=True)
class Refusal:
    """What a refused publication said, and what stood in the home before and after it."""

    done: subprocess.CompletedProcess[str]
    before: dict
    after: dict


# Planted together, for a refusal costs a whole gate: each must be named. That each alone is refused shows
# tests/gate/test_planted_leaks.py.
PAIRS = (("email_in_a_value", "person_out_of_window"), ("cell_under_its_threshold", "carried_cell_changed"))


def refuse_each(small_school: SmallSchool, as_of: str) -> dict[str, Refusal]:
    """Plant one pair after the other, each in the warehouse as it was built, and try to publish it."""
    built = small_school.home.warehouse.read_bytes()
    refusals = {}
    for pair in PAIRS:
        for name in pair:
            PLANTS[name](small_school)
        before = _state(small_school)
        done = small_school.command("publish", "--as-of", as_of, "--json")
        refusals |= dict.fromkeys(pair, Refusal(done, before, _state(small_school)))
        small_school.home.warehouse.write_bytes(built)
    return refusals


def _state(small_school: SmallSchool) -> dict:
    files = file_sums(small_school.home.releases)
    return {
        "current": small_school.current,
        "files": {name: total for name, total in files.items() if not name.startswith(".refused-")},
        "ledger": small_school.vault("SELECT * FROM vault.ledger.releases"),
        "periods": small_school.vault("SELECT count(*) FROM vault.ledger.closed_periods"),
    }
