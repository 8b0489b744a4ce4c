"""Early cohorts lack whoever left the window before the first build: what `is_complete` says of a cell is
enough to compare them (P-STAT).
"""

from __future__ import annotations

from datetime import date

import pytest
from small_home import AS_OF, XAPI, SmallHome

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("activity_periods")]

# Seven years of cohorts; of 180 learners that start in a month, 24 stay for two years and all the others for
# one month.
N_MONTHS, N_START, N_STAY = 84, 180, 24
FIRST = "DATE '2019-01-01'"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> SmallHome:
    home = SmallHome(tmp_path_factory.mktemp("survivors") / "home")
    home.execute(f"""
        CREATE TEMP TABLE people AS
        SELECT month * {N_START} + n AS id, 'learner:S' || month * {N_START} + n AS learner,
            ({FIRST} + to_months(month::INTEGER))::DATE AS starts_on, n < {N_STAY} AS stays
        FROM range({N_MONTHS}) AS months (month), range({N_START}) AS learners (n);
        UPDATE people SET learner = 'learner:S' || id;
        INSERT INTO vault.register.identities (identifier, kind, person_id) SELECT learner, 'learner',
            lpad(id::VARCHAR, 64, '0') FROM people;
        INSERT INTO vault.raw.catalogue (load_no, path_id, course_id) VALUES (1, 'p1', NULL), (1, 'p1', 'c1');
        CREATE TEMP TABLE uses AS
        SELECT learner, (starts_on + to_months(k::INTEGER))::DATE + 5 AS day
        FROM people, range(25) AS months (k) WHERE k = 0 OR stays;
        DELETE FROM uses WHERE day > DATE '{AS_OF}';
        INSERT INTO vault.raw.learning (load_no, actor, verb_id, object_id, object_type, occurred_at,
            progress)
        SELECT 1, learner, '{XAPI}/verbs/progressed', 'c1', '{XAPI}/activities/course', day, 30 FROM uses;
        INSERT INTO vault.register.last_use SELECT learner, min(day), max(day) FROM uses GROUP BY learner""")
    home.register_everybody()
    home.build(select="+learner_retention_cohort")
    return home


def test_retention_of_complete_cells_is_the_truth_and_the_others_are_marked(school):
    cells = school.rows("""
        SELECT cohort_quarter, is_complete, share_active FROM warehouse.marts.learner_retention_cohort
            WHERE months_since_start = 12 AND share_active IS NOT NULL""")
    truth = N_STAY / N_START
    complete = [share for _, is_complete, share in cells if is_complete]
    survivors = [share for _, is_complete, share in cells if not is_complete]
    assert len(complete) >= 12 and len(survivors) >= 4
    assert all(abs(share - truth) <= 0.05 for share in complete)
    assert abs(sum(complete) / len(complete) - truth) <= 0.01
    # What the mark is for: whoever stayed two years was still there at the first build, the others were not.
    assert sum(survivors) / len(survivors) > truth + 0.1
    # By dates alone: five years after the first day of the quarter are not over.
    assert {quarter: is_complete for quarter, is_complete, _ in cells} == {
        quarter: date(quarter.year + 5, quarter.month, 1) >= AS_OF for quarter, _, _ in cells
    }
