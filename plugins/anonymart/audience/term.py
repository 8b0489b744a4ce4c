"""Where visits and the keys of their months lie, when both have to be gone, and when the key goes before
(P-AUDIENCE).
"""

from __future__ import annotations

from anonymart.policy import Policy

VISITS, KEYS = "vault.audience.visits", "vault.audience.month_keys"
MART = "audience_monthly"


def over_term(column: str, policy: Policy, day: str) -> str:
    """SQL: whether a row of a day, or the key of a month, has to be gone on `day` (SQL of a date): the first
    of its month is longer ago than P-AUDIENCE keeps. Rows and key of a month go together.
    """
    months = int(policy.figure("purposes", "P-AUDIENCE", "keep_months"))
    return f"date_trunc('month', {column}) + INTERVAL {months} MONTH < {day}"


def is_closed(day: str) -> str:
    """SQL: whether the month of a day (SQL of a date) takes no more visits: it is published, or its key has
    gone, so that nobody can tell a visitor or a line of it again (D-AUDIENCE).
    """
    month = f"date_trunc('month', {day})::DATE"
    keyless = f"SELECT date_trunc('month', visited_on)::DATE FROM {VISITS} EXCEPT SELECT month FROM {KEYS}"
    return f"({month} IN ({_PUBLISHED}) OR {month} IN ({keyless}))"


def key_has_to_go(policy: Policy, day: str) -> str:
    """SQL: whether the key of a month has to be gone on `day`: with the visits, or once the month is
    published.
    """
    return f"({over_term('month', policy, day)} OR month IN ({_PUBLISHED}))"


_PUBLISHED = f"SELECT period_key::DATE FROM vault.ledger.closed_periods WHERE mart = '{MART}'"
