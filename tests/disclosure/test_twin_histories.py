"""Twin homes, twin histories over a year of monthly releases: what a trained distinguisher can tell about the
one person (S-ANON).

The person arrives, objects, is erased, is corrected, leaves or comes back, or does not; the releases are
kept, or some are recalled and corrected. Who trains on 200 key files of each knows everybody else and all
that the program does. `-s` prints the table.
"""

from __future__ import annotations

from itertools import product

import pytest
from small_school import SmallSchool
from twins import (
    CONTROLS,
    EVENTS,
    HISTORIES,
    MARTS,
    PLACES,
    a_year,
    best_guess,
    guesses,
    new_draws,
    table,
)

from anonymart.attack.score import interval

pytestmark = pytest.mark.long
# Of all comparisons of this file, one in a thousand homes without any leak would fail one.
STRICT = 1 - 2 * 0.001 / (len(HISTORIES) * len(PLACES) * (len(EVENTS) + 1))


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], tuple[int, int]]:
    """How many twins are told apart, and of how many, by history, place and event."""
    releases = a_year(SmallSchool(tmp_path_factory.mktemp("twins"), only=MARTS))
    asked = [*product(HISTORIES, PLACES), *product(CONTROLS, ["published"])]
    found = {(*each, event): guesses(releases[each[0]], each[1], event) for each in asked for event in EVENTS}
    print("", *table(found), sep="\n")
    return found


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("history", HISTORIES)
def test_the_twins_are_told_apart_by_no_more_than_new_draws(right, history, place):
    """Nothing at all is told of published cells; of cells that are drawn after the event what the table of
    noise allows.
    """
    most = {event: best_guess(new_draws(place, event, history == "recalled")) for event in EVENTS}
    for event in EVENTS:
        assert interval(*right[history, place, event], STRICT)[0] <= most[event], event
    hits, tries = (sum(right[history, place, event][number] for event in EVENTS) for number in (0, 1))
    assert interval(hits, tries, STRICT)[0] <= max(most.values())


@pytest.mark.parametrize("control", CONTROLS)
def test_without_a_defence_the_same_distinguisher_succeeds(right, control):
    """Where cells are counted anew each month, or a correction shows every move."""
    for event in EVENTS:
        hits, tries = right[control, "published", event]
        assert hits / tries > 0.9, event
