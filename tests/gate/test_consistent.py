"""Counts that a reader holds against each other: the gate works out once more what was made of the noisy ones
(S-ANON).
"""

from datetime import date

import pytest

from anonymart.gate import gate
from anonymart.session import Session
from tests.gate.school import identity_of, key_of, nps

pytestmark = pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack")
AS_OF = date(2026, 6, 30)


def refused(school, published):
    """What the gate refuses of a quarter whose 60 promoters were drawn as 63, with these counts published."""
    cell = nps()
    p, a, d = (published[name] for name in ("n_promoters", "n_passives", "n_detractors"))
    shown = nps(detractors=d, answered=p + a + d) if a == 30 else None
    cell.published.update(published)
    if shown:
        cell.published.update({name: shown.published[name] for name in ("nps", "nps_low", "nps_high")})
    school.build([cell], AS_OF)
    identity = identity_of(school.contracts[cell.mart], cell, "n_promoters")
    with school.connect(warehouse="rw") as connection:
        connection.execute(
            "UPDATE warehouse.evidence.cell_evidence SET count_key = ? WHERE measure = 'n_promoters'",
            [key_of(school.policy, school.keys.record, identity, 60, 3)],
        )
    report = gate(Session(school.home, school.keys, school.policy), school.candidate(AS_OF))
    return {failure.column for failure in report.failures if failure.kind == "count_unlike_persons"}


def test_parts_as_they_were_drawn_are_refused(school):
    assert refused(school, {"n_promoters": 63, "n_passives": 30, "n_detractors": 30}) == {
        "n_promoters",
        "n_passives",
        "n_detractors",
    }


def test_parts_that_add_up_pass(school):
    assert refused(school, {"n_promoters": 62, "n_passives": 29, "n_detractors": 29}) == set()
