"""Show 4: what must not leave is planted between build and publish; the gate says no, and `current` stays
(S-ANON, P-STAT).
"""

from __future__ import annotations

import json

import pytest

from tests.whole.conftest import FIRST, SECOND
from tests.whole.plants import MART, PLANTS

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("whole")]

NAMED = {
    "email_in_a_value": ("nps_quarterly", "path_id", "email"),
    "cell_under_its_threshold": (MART, "n_active_learners", "count_under_threshold"),
    "person_out_of_window": (MART, "*", "person_out_of_window"),
    "carried_cell_changed": ("nps_quarterly", "n_invited", "carried_cell_changed"),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_the_gate_says_no(refused, plant):
    refusal = refused.refusals[plant]
    done = refusal.done
    assert done.returncode == 3, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    assert answer["exit_code"] == 3
    assert done.stderr.splitlines()[-1] == f"anonymart: {answer['error']}"
    mart, column, kind = NAMED[plant]
    assert f"{mart}, column {column}: {kind} (" in answer["error"]
    assert "jeanne.martin" not in done.stdout + done.stderr
    assert refusal.after == refusal.before
    assert refusal.after["current"] == f"{FIRST}.1"


def test_what_was_refused_is_closed_to_readers(refused):
    kept = [path for path in refused.home.releases.iterdir() if path.name.startswith(".")]
    assert [path.name for path in kept] == [f".refused-{SECOND}.1"]
    assert oct(kept[0].stat().st_mode)[-3:] == "700"


def test_what_was_refused_is_in_nobodys_way(refused, advanced):
    """With the marts as they were built, the same command publishes, and what was refused is gone."""
    assert advanced.report["release_id"] == advanced.current == f"{SECOND}.1"
    assert [path.name for path in advanced.home.releases.iterdir() if path.name.startswith(".")] == []
