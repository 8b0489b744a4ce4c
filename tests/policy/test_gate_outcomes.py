"""A release that the register lets out is refused under another one: each entry that the gate judges by, on
one candidate.
"""

from __future__ import annotations

import pytest

from anonymart.gate import checkpoint, gate
from anonymart.gate.asking import make_queries
from anonymart.policy import Policy
from anonymart.session import Session
from tests.gate.conftest import ask, sound  # noqa: F401
from tests.gate.school import AS_OF
from tests.policy.changes import changed

# Another figure for each entry, and a mart whose cells are then wrong.
STRICTER = {
    "counts.smallest.coarse": (14, "course_engagement_monthly"),
    "counts.variance.coarse": (9, "nps_quarterly"),
    "rates.smallest_base.coarse": (70, "salary_outcome"),
    "rates.decimals": (1, "salary_outcome"),
    "rates.confidence": (0.9, "salary_outcome"),
    "quantiles.smallest_base_median.coarse": (41, "course_engagement_monthly"),
    "quantiles.smallest_base_quartile.coarse": (61, "salary_outcome"),
    "quantiles.persons_each_side": (16, "salary_outcome"),
    "quantiles.points_round_to": (5, "course_engagement_monthly"),
    "money.round_to_eur": (1000, "salary_outcome"),
    "money.p_percent": (6000, "salary_outcome"),
    "money.largest_share_percent": (1, "salary_outcome"),
    "sensitive_bands.1.highest": (0.9, "salary_outcome"),
    "sensitive_bands.2.lowest": (0.3, "nps_quarterly"),
    "nps.smallest_base": (130, "nps_quarterly"),
    "nps.confidence": (0.9, "nps_quarterly"),
    "nps.decimals": (4, "nps_quarterly"),
    "purposes.P-STAT.keep_years_after_last_use": (1, "salary_outcome"),
    "window.last_use_before_record_months": (60, "nps_quarterly"),
    "publication.delay_days": (200, "course_engagement_monthly"),
    "observation.nps_quarterly_months": (9, "nps_quarterly"),
    "observation.salary_first_to_months": (30, "salary_outcome"),
}


@pytest.fixture(scope="module")
def refused(sound) -> dict[str, set[str]]:  # noqa: F811
    """By changed entry (none for the register as it is) the marts of which the gate refuses something."""
    found: dict[str, set[str]] = {}

    def ask_under_each(connection, suites, queries, batches, data_docs, release_id):
        for entry, (value, _) in {"none": (None, ""), **STRICTER}.items():
            law = sound.policy if entry == "none" else Policy(changed(**{entry: value}))
            asked, _ = make_queries(suites, sound.contracts, law, AS_OF)
            new = {line: sql for line, sql in asked.items() if entry == "none" or sql != queries[line]}
            found[entry] = {line.suite for line, sql in new.items() if connection.execute(sql).fetchall()}
        return ask(connection, suites, queries, batches, data_docs, release_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "prepare", lambda: None)
        patch.setattr("anonymart.gate.run._attack", lambda *inside: None)
        patch.setattr(checkpoint, "ask", ask_under_each)
        gate(Session(sound.home, sound.keys, sound.policy), sound.candidate(), AS_OF)
    return found


def test_the_register_itself_refuses_nothing(refused):
    assert refused["none"] == set()


@pytest.mark.parametrize("entry", STRICTER)
def test_the_gate_refuses_what_another_figure_forbids(refused, entry):
    assert STRICTER[entry][1] in refused[entry]
