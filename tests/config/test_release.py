"""A changed configuration waits for the reviewer, and never meets what was built by another one."""

from __future__ import annotations

from datetime import date

import pytest

from anonymart.definitions import definitions
from anonymart.policy import load_policy
from anonymart.release.answer import approve
from anonymart.release.approval import Reviewer, waiting
from anonymart.release.manifest import read_manifest
from anonymart.rights import state
from anonymart.session import Session
from tests.gate.conftest import school, sound, without_attack, without_drill, without_great_expectations  # noqa: F401
from tests.gate.school import engagement
from tests.release.test_approval import FIRST, NEXT_MONTH, gated, held, small_school  # noqa: F401
from tests.release.yes import ask

pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack"),
]


def test_a_changed_figure_waits_for_the_reviewer(held, configure):  # noqa: F811
    approve(small_school(held), FIRST, Reviewer("reviewer", "Read in full"))
    assert read_manifest(held.home.current)["definitions"]["policy"] == definitions()["policy"]
    held.build([engagement(month="2026-05-01")], NEXT_MONTH)
    assert state.is_built(Session(held.home, held.keys))
    configure(policy_yml="raw: {keep_days: 60}\n")
    assert not state.is_built(Session(held.home, held.keys))
    held.policy = load_policy()
    held.build([engagement(month="2026-05-01")], NEXT_MONTH)
    assert state.is_built(Session(held.home, held.keys))
    ask(small_school(held), gated(held, NEXT_MONTH))
    because = waiting(small_school(held)).because
    assert "Definitions changed: policy." in because and len(because) == 2
    assert date.fromisoformat(waiting(Session(held.home, held.keys)).as_of) == NEXT_MONTH
