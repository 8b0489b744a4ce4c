"""The weekly attack run, by a real Airflow: the releases attacked, and the questions of WP29 put to generated
people (S-ANON).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from anonymart.home import Home
from anonymart_airflow.follow import Follower
from anonymart_airflow.local import WITHOUT_TRIGGERS, LocalAirflow
from tests.conftest import DemoHome

pytestmark = pytest.mark.long


def test_every_release_is_attacked_and_generated_members_stay_unknown(
    demo_home: DemoHome, tmp_path: Path
) -> None:
    """The real ingest and build on two halves, fixed seed. A red task would be a criterion that tells members
    from outsiders, an attack on a release that succeeds, or a control that does not.
    """
    home = Home(tmp_path / "home")
    shutil.copytree(demo_home.root, home.root, symlinks=True, ignore=shutil.ignore_patterns("airflow"))
    told: list[str] = []
    with LocalAirflow(home, WITHOUT_TRIGGERS, schedule=False, retry_seconds=5, say=told.append) as airflow:
        rest = airflow.rest()
        rest.pause("attack_releases", False)
        run_id = rest.trigger("attack_releases", {"as_of": "2026-06-30"})
        tasks = Follower(airflow, rest, told.append).until_done("attack_releases", run_id)
        releases, generated = (
            rest.result("attack_releases", run_id, task_id) for task_id in ("releases", "generated")
        )
    assert {task["state"] for task in tasks.values()} == {"success"}, told
    assert releases["releases"] == releases["attacked"] == 1 and releases["tried"] > 10_000
    for criterion in ("singling_out", "linking", "inference"):
        assert generated[f"{criterion}_tried"] > generated[f"{criterion}_succeeded"]
    assert not list(home.tmp.glob("attack-run-*")) and not list(home.tmp.glob("anonymart-attack-*"))
