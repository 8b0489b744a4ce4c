"""Show 4: what must not leave is planted between build and publish; the gate says no, and `current` stays (S-ANON, P-STAT)."""

from __future__ import annotations

import json

import pytest

from tests.whole.conftest import FIRST, SECOND
from tests.whole.house import House, differences, file_sums

pytestmark = pytest.mark.xdist_group("whole")

MART = "course_engagement_monthly"
NEW_CELL = f"""(
    SELECT cell_key FROM warehouse.evidence.cell_evidence
    WHERE mart = '{MART}' AND measure = 'n_active_learners' AND {{condition}} ORDER BY cell_key LIMIT 1
)"""
KEY = "course_id || '|' || month"


def email_in_a_value(house: House) -> None:
    house.alter_warehouse("""
        UPDATE warehouse.marts.nps_quarterly SET path_id = 'jeanne.martin@perso.example'
        WHERE rowid = (SELECT max(rowid) FROM warehouse.marts.nps_quarterly)
    """)


def cell_under_its_threshold(house: House) -> None:
    """In the mart and in its evidence alike, so that the two agree and only the threshold can tell."""
    cell = NEW_CELL.format(condition="published_reason = 'too_few' AND true_count BETWEEN 1 AND 10")
    house.alter_warehouse(
        f"CREATE TEMP TABLE planted AS SELECT cell_key FROM {cell} AS found",
        f"""UPDATE warehouse.marts.{MART} SET n_active_learners = 10, n_active_learners_reason = NULL
            WHERE {KEY} = (FROM planted)""",
        f"""UPDATE warehouse.evidence.cell_evidence SET published_value = 10, published_reason = NULL
            WHERE mart = '{MART}' AND measure = 'n_active_learners' AND cell_key = (FROM planted)""",
    )


def person_out_of_window(house: House) -> None:
    cell = NEW_CELL.format(condition="published_value > 0")
    house.alter_warehouse(
        f"CREATE TEMP TABLE planted AS SELECT cell_key FROM {cell} AS found",
        f"""UPDATE warehouse.evidence.cell_evidence SET earliest_closing_on = as_of - 1
            WHERE mart = '{MART}' AND cell_key = (FROM planted)""",
    )


CARRIED = "rowid = (SELECT min(rowid) FROM warehouse.marts.nps_quarterly WHERE path_id = 'all' AND n_invited > 0)"


def carried_cell_changed(house: House) -> None:
    house.alter_warehouse(f"UPDATE warehouse.marts.nps_quarterly SET n_invited = n_invited + 5 WHERE {CARRIED}")


def carried_cell_gone(house: House) -> None:
    house.alter_warehouse(f"DELETE FROM warehouse.marts.nps_quarterly WHERE {CARRIED}")


@pytest.mark.parametrize(
    ("plant", "mart", "column", "kind"),
    [
        (email_in_a_value, "nps_quarterly", "path_id", "email"),
        (cell_under_its_threshold, MART, "n_active_learners", "count_under_threshold"),
        (person_out_of_window, MART, "*", "person_out_of_window"),
        (carried_cell_changed, "nps_quarterly", "n_invited", "carried_cell_changed"),
        (carried_cell_gone, "nps_quarterly", "*", "carried_cell_missing"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_gate_says_no(built, released, tmp_path, plant, mart, column, kind):
    house = built.copy(tmp_path / "home")
    plant(house)
    sums = file_sums(house.home.releases)
    ledger = house.vault("SELECT * FROM vault.ledger.releases")

    done = house.command("publish", "--as-of", SECOND, "--json")

    assert done.returncode == 3, done.stderr[-2000:]
    sentence = json.loads(done.stdout)["error"]
    assert sentence in done.stderr
    for part in (mart, column, kind):
        assert part in sentence
    assert "jeanne.martin" not in done.stdout + done.stderr
    assert house.current == f"{FIRST}.1" == released.current
    kept = {name: total for name, total in file_sums(house.home.releases).items() if not name.startswith(".refused-")}
    assert kept == sums
    assert house.vault("SELECT * FROM vault.ledger.releases") == ledger


def test_a_refused_release_is_published_after_a_new_build(built, advanced, tmp_path):
    """Nothing that was refused stays in the way: the next build makes the marts anew."""
    house = built.copy(tmp_path / "home")
    email_in_a_value(house)
    cell_under_its_threshold(house)
    assert house.command("publish", "--as-of", SECOND).returncode == 3
    report = house.succeed("run", "--as-of", SECOND)
    assert report["release_id"] == house.current == f"{SECOND}.1"
    assert differences(house.home.current, advanced.home.current) == {}
    assert [path.name for path in house.home.releases.iterdir() if path.name.startswith(".")] == []
