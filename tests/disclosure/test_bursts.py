"""Accounts opened to fill a cell are shown to the reviewer, and a school that grows as ever is not."""

from __future__ import annotations

from anonymart.policy import load_policy
from anonymart.release import exact, exact_page
from tests.disclosure.opened import FILLED, MART, shown

LAW = load_policy()
BURST = {"mart": MART, "cell": f"julia|{FILLED}", "people": 49, "new_people": 34, "usual": 4.0}


def test_thirty_accounts_in_one_cell_are_shown():
    assert shown(LAW) == [BURST]


def test_a_month_like_the_others_is_not_shown():
    assert shown(LAW, accounts=0) == []
    assert shown(LAW, accounts=30, usual=30) == []


def test_people_who_come_and_were_known_long_before_are_no_burst():
    """A class that moves to the course together, of people whom the school has known for a year."""
    assert shown(LAW, days_before=365) == []


def test_only_new_cells_are_looked_at():
    assert shown(LAW, is_new=False) == []


def test_a_course_of_one_month_is_held_against_the_others():
    [found] = shown(LAW, is_only=True)
    assert (found["cell"], found["people"], found["new_people"], found["usual"]) == (
        f"julia|{FILLED}",
        30,
        30,
        4.0,
    )
    assert shown(LAW, is_only=True, usual=30) == []


def test_the_reviewer_reads_it_and_a_text_of_the_cell_is_no_markup():
    notes = {exact.BURSTS: [BURST | {"cell": "<b>julia</b>"}]}
    assert "&lt;b&gt;julia&lt;/b&gt;" in exact_page.part(notes) and "<b>" not in exact_page.part(notes)
    assert any("<b>julia</b>" in line and "34" in line for line in exact_page.lines(notes))
