"""A held mart by the whole program: the next build makes its cells anew, of people as they then stand, under
the same keys (S-ANON).
"""

from __future__ import annotations

import json
import shutil
from datetime import date

import pytest

from anonymart import unchanged
from anonymart.errors import WAITS_FOR_A_PERSON
from anonymart.policy import load_policy
from anonymart.session import Session
from tests import warm
from tests.release.test_held_marts import cells
from tests.whole.conftest import write_lines
from tests.whole.small_school import SmallSchool, clean_environment
from tests.whole.undisturbed import AS_OF, LEARNERS, undisturbed

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("kills")]
MART, NEXT = "course_engagement_monthly", "2026-06-05"
# Whose counts those of the mart are a part of.
TOGETHER = [MART, "learner_retention_cohort", "school_activity"]
EVIDENCE = f"""
    SELECT cell_key, measure, true_count, count_key, published_value, published_reason
    FROM warehouse.evidence.cell_evidence WHERE mart = '{MART}' ORDER BY ALL"""
INPUTS = "SELECT inputs FROM warehouse.main.built_from"
YES = ("--as", "reviewer", "--reason", "Read in full")


def asked(school: SmallSchool, as_of: str) -> list[str]:
    """Run without a reviewer at hand; gives why the release waits."""
    done = warm.anonymart("run", "--as-of", as_of, "--json", env=clean_environment(school.root))
    assert done.returncode == WAITS_FOR_A_PERSON, done.stderr[-2000:]
    return json.loads(done.stdout)["waiting"]["because"]


def test_a_held_mart_is_made_anew_of_the_people_who_are_left(tmp_path_factory, tmp_path):
    shutil.copytree(undisturbed(tmp_path_factory).before, tmp_path / "home")
    school = SmallSchool(tmp_path / "home")
    assert asked(school, AS_OF) == ["It is the first release."]
    before = school.warehouse(EVIDENCE)
    assert school.warehouse(INPUTS) != [(None,)]
    told = school.succeed("approve", f"{AS_OF}.1", "--hold", MART, *YES)
    assert (told["status"], told["held"]) == ("published", TOGETHER)
    assert before and not cells(school.home.current.resolve(), MART) and not school.warehouse(EVIDENCE)
    assert school.warehouse(INPUTS) == [(None,)]
    day = date.fromisoformat(AS_OF)
    unbuilt = unchanged.day_of_build(Session(school.home, school.keys, load_policy(), day))
    assert unbuilt is None, "the next run builds, though nothing has come"
    gone = [
        {
            "request_id": f"REQ-gone-{number}",
            "kind": "erase",
            "learner_id": f"L{number:08d}",
            "received_at": "2026-06-02T09:00:00Z",
            "identity_verified": True,
        }
        for number in range(1, LEARNERS, 7)
    ]
    write_lines(school.home.landing / "rights" / "gone.ndjson", gone)
    assert asked(school, NEXT)[-1] == f"In it again, after the reviewer held it back: {', '.join(TOGETHER)}."
    now = school.warehouse(EVIDENCE)
    kept, known = {row[:2]: row for row in before}, {row[0] for row in before}
    assert len({row[0] for row in now} & known) > len(known) / 2, "the same keys"
    # What few people are left in may be published as 0 now, and have no row, or the other way round.
    assert all(row[2] <= kept[row[:2]][2] for row in now if row[0] in known), "the erased are in none"
    assert now != before
    same = [row for row in now if row[1].startswith("n_") and row[:4] == kept.get(row[:2], ())[:4]]
    assert same and all(row == kept[row[:2]] for row in same), "of the same people the same figures"
    counted = school.warehouse(f"""
        SELECT concat_ws('|', course_id, month), count(*) FILTER (is_active)
        FROM warehouse.intermediate.int_people__{MART} GROUP BY ALL""")
    shown = {row[0]: row[2] for row in now if row[1] == "n_active_learners"}
    assert shown.items() <= dict(counted).items(), "of people as they now stand"
    school.succeed("approve", f"{NEXT}.1", *YES)
    assert len(cells(school.home.current.resolve(), MART)) == len(shown)
    assert school.vault("FROM vault.ledger.held_marts") == []
