"""Cells that an earlier release was published with by another policy are attacked by the rules of then
(S-ANON).
"""

from __future__ import annotations

import json

from anonymart.attack.run import rules_of
from tests.attack.test_attacks import QUARTER, answers, recalled

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
    rules = rules_of(now, [old, now], policy)
    contract = now.tables[NPS].contract
    carried, new = rules.at(contract, KEY), rules.at(contract, KEY.replace("path-a", "path-b"))
    assert (carried.largest_deviation, carried.variance, carried.smallest) == (5, 2.2, 3)
    assert new.largest_deviation == policy.of_class("coarse").figure("counts", "largest_deviation")
    assert carried.true_range(20, 20) == (15, 25) and max(carried.likely(10**6)) == 5


def test_cohorts_of_before_there_was_broad_noise_have_that_of_then(made, policy):
    """A register without the class is that of a release which drew cohorts from coarse noise."""
    cohort = {"cohort_quarter": "2025-01-01", "months_since_start": 0, "n_learners": 50}
    of_then = {"largest_deviation": 15, "variance": 19, "smallest": 6}
    register = {f"{name}.{noise}": value for name, value in of_then.items() for noise in ("coarse", "fine")}
    old = with_report(made("2026-05-31.1", learner_retention_cohort=[cohort]), **register)
    now = made("2026-06-30.1", learner_retention_cohort=[cohort, {**cohort, "months_since_start": 1}])
    rules, contract = rules_of(now, [old, now], policy), now.tables["learner_retention_cohort"].contract
    assert rules.at(contract, "2025-01-01|0").variance == 19
    assert rules.at(contract, "2025-01-01|1").variance == policy.of_class("broad").figure(
        "counts", "variance"
    )


def test_a_recalled_cell_that_came_back_as_it_was_has_the_noise_of_then(made, policy):
    """One that was counted anew has the noise of now."""
    figures = {"largest_deviation": 5, "variance": 2.2, "smallest": 3}
    old = made("2026-05-31.1", nps_quarterly=[answers(20, 15, 12), answers(30, 20, 10, "path-b")])
    recalled(with_report(old, **figures), NPS)
    now = made("2026-06-30.1", nps_quarterly=[answers(20, 15, 12), answers(80, 20, 10, "path-b")])
    rules, contract = rules_of(now, [old, now], policy), now.tables[NPS].contract
    assert rules.at(contract, KEY).largest_deviation == 5
    new = rules.at(contract, KEY.replace("path-a", "path-b"))
    assert new.largest_deviation == policy.of_class("coarse").figure("counts", "largest_deviation")


def test_a_release_of_the_same_policy_or_without_a_report_changes_nothing(made, policy):
    old = made("2026-05-31.1", nps_quarterly=[answers(20, 15, 12)])
    now = made("2026-06-30.1", nps_quarterly=[answers(20, 15, 12)])
    assert rules_of(now, [old, now], policy).earlier == {}


def test_a_later_release_says_nothing_of_how_a_cell_was_published(made, policy):
    later = with_report(
        made("2026-07-31.1", nps_quarterly=[answers(20, 15, 12)]),
        largest_deviation=5,
        variance=2.2,
        smallest=3,
    )
    now = made("2026-06-30.1", nps_quarterly=[answers(20, 15, 12)])
    assert rules_of(now, [later, now], policy).earlier == {}
