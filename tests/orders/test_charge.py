"""What an order is charged with, where others wait (S-ANON)."""

from __future__ import annotations

from datetime import date

from anonymart.disclosure import membership
from anonymart.orders import charge as charging
from anonymart.policy import load_policy
from tests.orders.test_plan import made

LIMIT = "of_99_percent_at_most"


def test_two_orders_that_each_break_a_limit_hide_neither(monkeypatch):
    def measure(connection, contracts, policy, to_come):
        told = 0.20 + 0.06 * len(to_come)
        return {
            "shares": [{"share": share, "told": told} for share in (0.5, 0.99, 1.0)],
            "within": {LIMIT: told <= 0.25},
        }

    monkeypatch.setattr(membership, "measure", measure)
    monkeypatch.setattr(charging, "_people", lambda *given: "people")
    monkeypatch.setattr(charging, "_sizes", lambda *given: {})
    one, other = made("project_submissions", "quarter"), made("enrolments", "month")

    def charged(approved, waiting):
        return charging.charge(None, one, (approved, waiting), load_policy(), date(2026, 6, 30))["breaks"]

    assert charged([], []) == [LIMIT]
    assert charged([], [other]) == [LIMIT]
    # Broken already by what is approved: what it adds stands in the list.
    assert charged([other], []) == []
