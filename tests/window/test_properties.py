"""Made-up people, told to the vault the way that ingest does, judged by the warehouse's own SQL and by the
oracle.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.window.conftest import LAW
from tests.window.oracle import activity_periods, closing_on, judge, local_day, utc

ODD_DAYS = [date(2016, 2, 29), date(2020, 2, 29), date(2019, 2, 28), date(2020, 12, 31)]
DST_DAYS = [date(2021, 3, 27), date(2021, 3, 28), date(2021, 10, 30), date(2021, 10, 31)]
ODD_TIMES = [
    time(0),
    time(0, 30),
    time(1, 30),
    time(12),
    time(21, 59, 59),
    time(22),
    time(22, 59, 59),
    time(23),
    time(23, 59, 59),
]
MINUTES = [*range(-12 * 60, 14 * 60 + 1, 60), 330, 345]

days = st.sampled_from(ODD_DAYS + DST_DAYS) | st.dates(date(2012, 1, 1), date(2020, 12, 31))
steps = st.sampled_from([0, 1]) | st.sampled_from([-31, -1, 2, 400]) | st.integers(-1800, 300)
settled = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@st.composite
def chains(draw) -> list[str]:
    """Uses of one person as delivered texts: each a step before or after the end of the window of the one
    before.
    """
    day = draw(days)
    found = []
    for _ in range(draw(st.integers(2, 4) | st.just(1))):
        moment = datetime.combine(day, draw(st.sampled_from(ODD_TIMES)), UTC)
        offset = timezone(timedelta(minutes=draw(st.sampled_from(MINUTES))))
        found.append(moment.astimezone(offset).isoformat())
        day = closing_on(day, LAW) + timedelta(days=draw(steps))
    return found


@st.composite
def people(draw) -> tuple[list[list[tuple[int, int, str]]], date]:
    """A few people, their uses with identifier and number of delivery, and a day of build near a day that
    matters.
    """
    found = [
        [(draw(st.sampled_from([0, 0, 1, 2])), draw(st.integers(0, 2)), text) for text in draw(chains())]
        for _ in range(draw(st.integers(3, 6)))
    ]
    use = utc(draw(st.sampled_from([text for uses in found for _, _, text in uses])))
    near = draw(st.sampled_from([local_day(use, LAW), closing_on(local_day(use, LAW), LAW)]))
    return found, near + timedelta(days=draw(st.integers(-1, 1)))


def tell(memory_vault, found) -> None:
    """Put the people into the memory_vault's vault: three identifiers each, in three deliveries."""
    memory_vault.clear()
    for person in range(len(found)):
        memory_vault.know(f"p{person}", [f"learner:{person}-{identifier}" for identifier in range(3)])
    for delivery in range(3):
        memory_vault.deliver(
            [
                (f"learner:{person}-{identifier}", text)
                for person, uses in enumerate(found)
                for identifier, wanted, text in uses
                if wanted == delivery
            ]
        )


@settled
@given(made=people())
def test_warehouse_and_oracle_agree(memory_vault, made):
    found, as_of = made
    tell(memory_vault, found)
    judged = memory_vault.judge(as_of)
    for person, uses in enumerate(found):
        moments = [utc(text) for _, _, text in uses]
        expected = judge(moments, as_of, LAW)
        status, last_use_on, closes, counts_from_on = judged[memory_vault.person_key(f"p{person}")]
        assert (status == "in") == expected.is_in
        assert (status == "unknown_last_use") == (expected.closing_on is None)
        assert counts_from_on == expected.counts_from_on
        if expected.closing_on is None:
            assert last_use_on is None and closes is None
        elif all(local_day(moment, LAW) <= as_of for moment in moments):
            assert closes == expected.closing_on
        else:
            assert closes <= max(expected.closing_on, as_of)
            assert closes >= as_of or not expected.is_in


@pytest.mark.long
@settings(settled, max_examples=40)
@given(made=people(), seed=st.randoms(use_true_random=False))
def test_spans_do_not_depend_on_deliveries(memory_vault, made, seed):
    found, _ = made
    tell(memory_vault, found)
    before = memory_vault.spans()
    memory_vault.clear()
    rows = [
        (f"learner:{person}-{identifier}", text)
        for person, uses in enumerate(found)
        for identifier, _, text in uses
    ]
    for row in seed.sample(rows, len(rows)):
        memory_vault.deliver([row])
    assert memory_vault.spans() == before
    memory_vault.deliver(rows)
    assert memory_vault.spans() == before


@pytest.mark.long
@settled
@given(made=people())
def test_spans_are_the_activity_periods_of_each_identifier(memory_vault, made):
    found, _ = made
    tell(memory_vault, found)
    expected = []
    for person, uses in enumerate(found):
        for identifier in range(3):
            moments = [utc(text) for known, _, text in uses if known == identifier]
            for life in activity_periods([local_day(moment, LAW) for moment in moments], LAW):
                inside = [
                    moment.astimezone(UTC).replace(tzinfo=None)
                    for moment in moments
                    if life[0] <= local_day(moment, LAW) <= life[-1]
                ]
                expected.append((f"learner:{person}-{identifier}", min(inside), max(inside)))
    assert memory_vault.spans() == sorted(expected)


@settled
@given(use=chains(), as_of=days)
def test_nobody_is_in_without_a_use(memory_vault, use, as_of):
    """Uses under an identifier that names nobody are nobody's."""
    memory_vault.clear()
    memory_vault.know("p", ["learner:p"])
    memory_vault.deliver([("email:nobody@example.org", text) for text in use])
    assert memory_vault.judge(as_of) == {memory_vault.person_key("p"): ("unknown_last_use", None, None, None)}
