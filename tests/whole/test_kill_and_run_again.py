"""Show 5: killed at every named point, run again: the same marts as in a home that nobody disturbed (S-SAFE).

The kills follow one another in one home, each in what the one before it has left. That is harder than a fresh
home for each, and costs a tenth. 100 kills at random moments: `python -m tests.whole.random_kills --help`.
"""

from __future__ import annotations

import re
import shutil
import signal

import pytest

from anonymart import crash
from anonymart.contracts import load_contracts
from tests.whole.small_school import SmallSchool, differences
from tests.whole.undisturbed import AS_OF, Undisturbed
from tests.whole.undisturbed import undisturbed as undisturbed_school

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("kills")]

# The command that passes the point, for each point of the program.
COMMANDS = {
    **{point: "run" for point in crash.POINTS},
    # From here on the build of the run before is good: only its release is still to be made.
    **{
        point: "publish"
        for point in (
            "candidate.after_files",
            "gate.before",
            "gate.drill_planted",
            "gate.after",
            "publish.after_commit",
        )
    },
}
ORDER = (
    *(
        "ingest.before_load",
        "ingest.after_insert",
        "ingest.before_commit",
        "ingest.after_commit",
        "ingest.after_file_removed",
    ),
    "catalogue.before_commit",
    *("build.before_dbt", "build.after_dbt"),
    *("candidate.after_marts", "candidate.after_files", "gate.before", "gate.drill_planted", "gate.after"),
    *("publish.after_commit", "publish.after_rename", "publish.after_swap"),
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Undisturbed:
    return undisturbed_school(tmp_path_factory)


@pytest.fixture(scope="module")
def undisturbed(prepared) -> SmallSchool:
    return prepared.after


@pytest.fixture(scope="module")
def killed(prepared, tmp_path_factory) -> SmallSchool:
    """A home with the same keys and files, killed at one point after the other, then run to its end."""
    small_school = SmallSchool(tmp_path_factory.mktemp("killed") / "home")
    shutil.copytree(prepared.before, small_school.root)
    small_school.survived = []
    for point in ORDER:
        arguments = (COMMANDS[point], "--as-of", AS_OF)
        done = small_school.command(*arguments, ANONYMART_CRASH_AT=point)
        if done.returncode != -signal.SIGKILL:
            small_school.survived.append((point, done.returncode, done.stderr[-500:]))
        if point == "gate.after":
            assert small_school.current is None
    small_school.report = small_school.succeed("run", "--as-of", AS_OF)
    return small_school


def test_every_named_point_kills(killed):
    # Removals are killed in tests/erasure, the steps of requests in tests/rights, withdrawals, approvals,
    # marts that are held back, the audit log and what a gated candidate is before its commit in
    # tests/release, pulls in tests/sources, statements that were taken back in tests/rights, migrations in
    # tests/migrate, a restore in tests/backup.
    elsewhere = (
        "approval.",
        "audit.",
        "held.",
        "migrate.",
        "order.",
        "publish.before_commit",
        "pull.",
        "rights.",
        "rectify.",
        "removal.",
        "restore.",
        "rotate.",
        "taken_back.",
        "rewrite.",
        "withdraw.",
    )
    assert sorted(ORDER) == sorted(point for point in crash.POINTS if not point.startswith(elsewhere))
    assert len(ORDER) >= 12
    assert killed.survived == []


def test_the_marts_are_those_of_an_undisturbed_run(undisturbed, killed):
    assert killed.report["release_id"] is None
    assert killed.current == undisturbed.current == f"{AS_OF}.1"
    assert differences(undisturbed.home.current, killed.home.current) == {}


def test_nothing_is_doubled_and_nothing_is_lost(undisturbed, killed):
    totals = """
        SELECT source, count(*), sum(delivered), sum(loaded), sum(refused), sum(quarantined), sum(duplicate)
        FROM vault.ledger.loads GROUP BY source ORDER BY source
    """
    assert killed.vault(totals) == undisturbed.vault(totals)
    for table in (
        "ledger.quarantine",
        "ledger.row_hashes",
        "register.learners",
        "answers.nps",
        "rights.consents",
    ):
        query = f"SELECT count(*) FROM vault.{table}"
        assert killed.vault(query) == undisturbed.vault(query), table
    for table in ("int_events", "int_nps_responses", "int_salary_responses", "int_enrolments", "int_persons"):
        query = f"SELECT count(*), count(DISTINCT r) FROM (SELECT r FROM warehouse.intermediate.{table} AS r)"
        assert killed.warehouse(query) == undisturbed.warehouse(query), table


def test_the_ledger_of_cells_is_the_same(undisturbed, killed):
    for table in [f"cells_{mart}" for mart in load_contracts()] + ["closed_periods"]:
        query = f"SELECT r::VARCHAR FROM vault.ledger.{table} AS r ORDER BY 1"
        assert killed.vault(query) == undisturbed.vault(query), table
    query = "SELECT release_id, as_of, new_cells, carried_cells FROM vault.ledger.releases"
    assert killed.vault(query) == undisturbed.vault(query)


def test_nothing_half_done_is_left(undisturbed, killed):
    def names(small_school: SmallSchool) -> list[str]:
        """Data Docs are filed under the moment of their making, dbt's artifacts under the commands that
        ran.
        """
        paths = [str(path.relative_to(small_school.root)) for path in small_school.root.rglob("*")]
        return sorted(
            re.sub(r"\d{8}T\d{6}\.\d+Z", "moment", path) for path in paths if "dbt/target" not in path
        )

    assert names(killed) == names(undisturbed)
