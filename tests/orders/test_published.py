"""An approved order is a mart like any other: built, and published when it has a cell (S-ANON)."""

from __future__ import annotations

import pytest
import yaml

from tests.whole.undisturbed import undisturbed

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("orders")]
JUNE, JULY = "2026-06-05", "2026-07-02"
MART = "ordered_project_submissions_by_quarter"
# Written from the description of the observation alone: who submitted a project first in a quarter.
PLAIN = """
    WITH first AS (
        SELECT identities.person_key, projects.code, min(activity.submitted_on) AS submitted_on
        FROM warehouse.intermediate.int_activity__project AS activity
        JOIN warehouse.intermediate.int_identities AS identities USING (identity_key)
        JOIN warehouse.intermediate.int_catalogue AS projects
            ON projects.item_kind = 'project' AND projects.item_id = activity.project_id
        WHERE identities.counts_from_on IS NULL
            OR activity.year >= date_trunc('year', identities.counts_from_on)
        GROUP BY ALL)
    SELECT date_trunc('quarter', submitted_on)::DATE::VARCHAR AS cell_key, count(DISTINCT person_key) AS n
    FROM first JOIN warehouse.intermediate.int_persons AS persons USING (person_key)
    WHERE persons.is_in_statistics AND submitted_on < DATE '2026-01-01'
    GROUP BY ALL ORDER BY ALL"""
EVIDENCE = f"""
    SELECT cell_key, true_count FROM warehouse.evidence.cell_evidence
    WHERE mart = '{MART}' AND measure = 'n_submitted' ORDER BY ALL"""


def order(folder, observations, dimensions, measures):
    file = folder / "order.yml"
    content = {"observations": observations, "dimensions": dimensions, "measures": measures}
    file.write_text(yaml.safe_dump(content))
    return file


def test_an_approved_order_is_built_and_hides_what_is_small(tmp_path_factory, tmp_path):
    school = undisturbed(tmp_path_factory).after.copy(tmp_path / "home")
    before = school.current
    by_quarter = order(tmp_path, "project_submissions", ["quarter"], ["submitted"])
    told = school.succeed("tables", "order", by_quarter, "--as", "analyst", "--as-of", JUNE)
    assert (told["state"], told["mart"]) == ("waiting", MART)
    assert not school.home.tables.exists(), "what waits is no mart"
    answer = ("--as", "reviewer", "--reason", "Read with its charge", "--as-of", JUNE)
    approved = school.succeed("tables", "approve", MART, *answer)
    assert approved["charge"]["cells"]["with_anybody"] > 0

    # No quarter of three hundred learners has enough people for the noise of the whole school: the table is
    # built and nothing of it is published, for a mart begins with its first cell.
    school.succeed("run", "--as-of", JUNE)
    assert school.current == before
    assert MART in "".join(path.name for path in school.home.tables.rglob("*.yml"))
    plain = dict(school.warehouse(PLAIN))
    assert plain and max(plain.values()) < 50
    assert dict(school.warehouse(EVIDENCE)).items() <= plain.items()
    assert school.vault(f"SELECT period_key FROM vault.ledger.closed_periods WHERE mart = '{MART}'") == []

    # A new order is held against it all the same.
    finer = order(tmp_path, "project_submissions", ["month"], ["submitted"])
    again = school.command("tables", "order", finer, "--as", "analyst", "--as-of", JULY)
    assert again.returncode == 3 and MART in again.stderr
