"""Cells that an earlier release was published with by another policy are attacked by the rules of then
(S-ANON).
"""

from __future__ import annotations

import json

from anonymart.attack.run import _rules
from tests.attack.test_attacks import QUARTER, answers

NPS = "nps_quarterly"
KEY = f"path-a|{QUARTER}"


def with_report(release, **counts):
    """The release with a report that tells these figures of counts; an older report knows no class of
    noise.
    """
    register = {f"counts.{name}": value for name, value in counts.items()}
    (release.folder / "privacy_report.json").write_text(json.dumps({"register": register}))
    return release


def test_a_carried_cell_keeps_the_noise_of_its_release(made, policy):
    old = with_report(
        made("2026-05-31.1", nps_quarterly=[answers(20, 15, 12)]),
        largest_deviation=5,
        variance=2.2,
        smallest=3,
    )
    now = made("2026-06-30.1", nps_quarterly=[answers(20, 15, 12), answers(30, 20, 10, "path-b")])
    rules = _rules(now, [old, now], policy)
    contract = now.tables[NPS].contract
    carried, new = rules.at(contract, KEY), rules.at(contract, KEY.replace("path-a", "path-b"))
    assert (carried.largest_deviation, carried.variance, carried.smallest) == (5, 2.2, 3)
    assert new.largest_deviation == policy.of_class("coarse").figure("counts", "largest_deviation")
    assert carried.true_range(20, 20) == (15, 25) and max(carried.likely(10**6)) == 5


def test_a_release_of_the_same_policy_or_without_a_report_changes_nothing(made, policy):
    old = made("2026-05-31.1", nps_quarterly=[answers(20, 15, 12)])
    now = made("2026-06-30.1", nps_quarterly=[answers(20, 15, 12)])
    assert _rules(now, [old, now], policy).earlier == {}


def test_a_later_release_says_nothing_of_how_a_cell_was_published(made, policy):
    later = with_report(
        made("2026-07-31.1", nps_quarterly=[answers(20, 15, 12)]),
        largest_deviation=5,
        variance=2.2,
        smallest=3,
    )
    now = made("2026-06-30.1", nps_quarterly=[answers(20, 15, 12)])
    assert _rules(now, [later, now], policy).earlier == {}
