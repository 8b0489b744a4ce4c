"""What is told twice is told once: the gate holds a later telling against the first, and each cell against
its own draw (S-ANON).
"""

from datetime import date

import pytest

from anonymart.gate import gate
from anonymart.session import Session
from tests.gate.school import draw_key, engagement, identity_of, key_of, salary
from tests.release.test_publish import published

pytestmark = pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack")
LATER = date(2027, 8, 15)  # the graduates of 2024 have closed after 24 months too


def kinds(school, cells, as_of):
    school.build(cells, as_of)
    report = gate(Session(school.home, school.keys, school.policy), school.candidate(as_of))
    return {(failure.mart, failure.column): failure.kind for failure in report.failures}


def test_graduates_that_are_counted_again_are_refused(school):
    """80 were told after 6 months; somebody has left since, and a count of 79 would tell so."""
    published(school)
    assert (
        kinds(school, [salary(24, graduates=79)], LATER)[("salary_outcome", "n_graduates")]
        == "count_unlike_persons"
    )
    assert ("salary_outcome", "n_graduates") not in kinds(school, [salary(24, graduates=79, shown=80)], LATER)


def test_the_noise_of_another_cell_is_refused(school):
    """The same people, with the noise that they have in another course."""
    here, elsewhere = engagement(date(2026, 4, 1)), engagement(date(2026, 4, 1), "course-data")
    contract, record = school.contracts[here.mart], school.keys.record
    theirs, own = (identity_of(contract, cell, "n_active_learners") for cell in (elsewhere, here))
    set_key = key_of(school.policy, record, theirs, 40, 3)
    assert draw_key(record, theirs, set_key) != draw_key(record, own, set_key)
    here.published["n_active_learners"] = 43
    school.build([here], date(2026, 6, 30))
    with school.connect(warehouse="rw") as connection:
        connection.execute(
            "UPDATE warehouse.evidence.cell_evidence SET count_key = ? WHERE measure = 'n_active_learners'",
            [set_key],
        )
    report = gate(Session(school.home, school.keys, school.policy), school.candidate(date(2026, 6, 30)))
    found = {(failure.column, failure.kind) for failure in report.failures}
    has_own_noise = key_of_deviation(school, record, own, set_key) != 3
    assert (("n_active_learners", "count_unlike_persons") in found) is has_own_noise


def key_of_deviation(school, record, identity, set_key):
    """The deviation that forty people of this cell have."""
    from anonymart.disclosure.perturbation import draw, of_policy

    return draw(of_policy(school.policy)["coarse"], 40, draw_key(record, identity, set_key))
