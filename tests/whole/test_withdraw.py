"""A release is recalled and corrected by a real build: late rows count in the periods called wrong, and
nowhere else (S-ANON).
"""

from __future__ import annotations

import json

import duckdb
import pytest

from anonymart.contracts import load_contracts
from anonymart.policy import load_policy
from tests.whole.conftest import FIRST, SECOND
from tests.whole.small_school import SmallSchool, attach_release, differences

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("whole")]
WHY = "statements of one month had not been delivered yet"
SCOPE = (
    "--mart",
    "course_engagement_monthly",
    "--mart",
    "salary_outcome",
    "--period",
    "2025-11-01",
    "--period",
    "2023",
)
CORRECTION = f"{SECOND}.2"


@pytest.fixture(scope="module")
def corrected(advanced, tmp_path_factory) -> SmallSchool:
    small_school = advanced.copy(tmp_path_factory.mktemp("corrected") / "home")
    words = ("withdraw", f"{FIRST}.1", "--why", WHY, *SCOPE, "--as-of", SECOND)
    small_school.plan = small_school.succeed(*words)
    small_school.succeed(*words, "--token", small_school.plan["token"])
    small_school.between = small_school.current
    small_school.report = small_school.succeed("run", "--as-of", SECOND)
    return small_school


def test_the_correction_is_published_by_the_next_run(corrected):
    assert corrected.plan["recalled"] == [f"{FIRST}.1", f"{SECOND}.1"]
    assert (corrected.between, corrected.current, corrected.report["release_id"]) == (
        None,
        CORRECTION,
        CORRECTION,
    )
    listed = {entry["release_id"]: entry for entry in corrected.succeed("releases")["releases"]}
    assert listed[CORRECTION]["replaces"] == corrected.plan["recalled"]
    assert {listed[name]["withdrawn"]["replaced_by"] for name in corrected.plan["recalled"]} == {CORRECTION}
    manifest = json.loads((corrected.home.current / "manifest.json").read_text())
    assert {entry["why"] for entry in manifest["replaces"]} == {WHY}


def test_only_what_was_called_wrong_differs(corrected):
    old, new = (corrected.home.releases / name for name in (f"{SECOND}.1", CORRECTION))
    assert set(differences(old, new)) <= {"course_engagement_monthly", "salary_outcome"}
    query = "SELECT DISTINCT month FROM ((FROM {0} EXCEPT FROM {1}) UNION (FROM {1} EXCEPT FROM {0}))"
    assert rows(
        old, new, query.format("old.main.course_engagement_monthly", "new.main.course_engagement_monthly")
    ) == ["2025-11-01"]
    years = query.replace("month", "concat(graduation_year_from, '-', graduation_year)")
    reopened = {int(period.split("|")[0]) for period in corrected.plan["periods"]["salary_outcome"]}
    for span in rows(old, new, years.format("old.main.salary_outcome", "new.main.salary_outcome")):
        assert int(span.split("-")[1]) in reopened, (
            "a pool goes with each of its years and takes its last one along, nothing else moves"
        )
    late = (
        "SELECT n_active_learners FROM {}.main.course_engagement_monthly WHERE month = DATE '2025-11-01' "
        "AND course_id = 'course-python-objects'"
    )
    [before], [after] = rows(old, new, late.format("old")), rows(old, new, late.format("new"))
    assert int(after) > int(before)


def test_who_left_meanwhile_shows_in_no_figure(corrected):
    """Twenty people have objected since. A plain count stays or moves by many, a cell of few stays even where
    nobody is left, and what tells more than plain counts is hidden in all cells that stay.
    """
    old, new = (corrected.home.releases / name for name in (f"{SECOND}.1", CORRECTION))
    few, stayed = load_policy().figure("nesting", "smallest_difference"), 0
    scope = {
        "course_engagement_monthly": "month = DATE '2025-11-01'",
        "salary_outcome": "graduation_year = 2023",
    }
    for mart, period in scope.items():
        contract = load_contracts()[mart]
        counts, keys = contract.plain_counts, ", ".join(contract.dimensions)
        hidden = [measure["name"] for measure in contract.measures if contract.tells_more(measure)]
        both = f"FROM old.main.{mart} AS o {{}} JOIN new.main.{mart} AS n USING ({keys}) WHERE {period} AND "
        for count in counts:
            assert (
                rows(
                    old, new, f"SELECT 1 {both.format('')} abs(o.{count} - n.{count}) BETWEEN 1 AND {few - 1}"
                )
                == []
            )
        largest = f"greatest({', '.join(f'o.{count}' for count in counts)})"
        assert (
            rows(
                old,
                new,
                f"SELECT 1 FROM old.main.{mart} AS o ANTI JOIN new.main.{mart} AS n USING ({keys}) "
                f"WHERE {period} AND {largest} < {few}",
            )
            == []
        )
        stays = " AND ".join(f"o.{count} = n.{count}" for count in counts)
        reasons = f"[{', '.join(f'n.{figure}_reason' for figure in hidden)}]"
        told = rows(old, new, f"SELECT list_distinct({reasons}) {both.format('')} {stays}")
        assert set(told) <= {"['protected']"}
        stayed += len(told)
    assert stayed > 0


def test_the_recalled_releases_are_still_what_they_were(corrected):
    for name in corrected.plan["recalled"]:
        done = corrected.command("gate", corrected.home.releases / name, "--json")
        assert json.loads(done.stdout)["failures"] == []


def rows(old, new, query: str) -> list[str]:
    with duckdb.connect() as connection:
        attach_release(connection, old, "old")
        attach_release(connection, new, "new")
        return [str(row[0]) for row in connection.execute(query).fetchall()]
