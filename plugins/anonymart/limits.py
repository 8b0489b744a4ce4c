"""How far a school's own figure may go from the shipped one: what protects people may be stricter, not weaker
(S-ANON, S-SAFE, R-CLOCK).

Every entry of the register has its limit here; one without is refused, so that a new figure is thought about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any


class Limit(Enum):
    """What a school may set an entry to; the value is how people are told."""

    AT_LEAST = "at least"
    AT_MOST = "at most"
    AMONG = "only those among"
    ONLY = "nothing but"
    TABLE = "nothing else than"
    ANY = "none"
    POSITIVE = "more than 0"
    DAY = "a day like 2010-01-01"
    CONFIDENCE = "0.90, 0.95 or 0.99"


_CONFIDENCES = (0.90, 0.95, 0.99)
_CLASS = re.compile(r"\.(coarse|fine|broad)$")
# Of two entries the first may not be larger than the second.
ORDER = (
    ("salary.smallest_eur_year", "salary.largest_eur_year"),
    ("observation.salary_first_from_months", "observation.salary_first_to_months"),
    ("observation.salary_first_to_months", "observation.salary_second_from_months"),
    ("observation.salary_second_from_months", "observation.salary_second_to_months"),
)
_BY_LIMIT: dict[Limit, str] = {
    Limit.AT_LEAST: """
        minimum_age_years codes.fewest_learners_of_a_diploma rates.smallest_base
        quantiles.smallest_base_median quantiles.smallest_base_quartile quantiles.persons_each_side
        quantiles.points_round_to quantiles.days_round_to money.round_to_eur money.p_percent
        means.noise_of_largest nps.smallest_base nesting.smallest_difference bursts.days_before
        utility.smallest_cells publication.delay_days window.last_use_before_record_months""",
    Limit.AT_MOST: """
        purposes.P-STAT.keep_years_after_last_use purposes.P-SURVEY.keep_years_after_last_contact
        purposes.P-LOG.keep_years purposes.P-RIGHTS.keep_years purposes.P-AUDIENCE.keep_months
        raw.keep_days backups.keep_days erasure.rewrite_every_days rights.answer_within_months
        rights.export_keep_days as_of.largest_step_days retention.largest_share_of_people
        retention.fewest_people retention.hold_days rates.decimals nps.decimals means.decimals
        means.largest_events_per_person money.largest_share_percent nesting.largest_posterior
        pooling.longest_years membership.median_at_most membership.of_99_percent_at_most
        membership.of_anybody_at_most audience.largest_pages audience.ipv4_bytes audience.ipv6_bytes
        bursts.times_usual bursts.fewest_people approval.marts_changed
        approval.columns_changed approval.policy_figures_changed approval.suppressed_share_moved""",
    # Law, and figures that other figures were computed for.
    Limit.ONLY: """
        version purposes.P-STAT.basis purposes.P-SURVEY.basis purposes.P-LOG.basis purposes.P-RIGHTS.basis
        purposes.P-AUDIENCE.basis window.time_zone quantiles.points_rank_noise
        quantiles.days_rank_noise money.rank_noise sensitive_bands membership.false_alarms""",
    Limit.TABLE: "counts.largest_deviation counts.variance counts.smallest",
    Limit.AMONG: "sharing.without_safeguard sharing.safeguards.adequacy_decision",
    Limit.ANY: """
        purposes.P-STAT.title purposes.P-SURVEY.title purposes.P-LOG.title purposes.P-RIGHTS.title
        purposes.P-AUDIENCE.title rights.near_days silence.fewest_gaps
        observation.course_completion_funnel_months observation.chapter_completion_months
        observation.project_validation_months observation.learner_retention_longest_months
        observation.nps_quarterly_months observation.nps_theme_quarterly_months
        observation.path_outcome_months
        observation.salary_first_from_months observation.salary_first_to_months
        observation.salary_second_from_months observation.salary_second_to_months""",
    Limit.POSITIVE: """
        silence.times_usual_gap silence.newest_gaps salary.net_to_gross salary.hours_per_week
        salary.weeks_per_year salary.months_per_year salary.smallest_eur_year salary.largest_eur_year""",
    Limit.DAY: "publication.first_period_on",
    Limit.CONFIDENCE: "rates.confidence nps.confidence",
}
LIMITS: Mapping[str, Limit] = {
    entry: limit for limit, entries in _BY_LIMIT.items() for entry in entries.split()
}


def name_of(entry: str) -> str:
    """The entry without its class of noise, by which it is listed here."""
    return _CLASS.sub("", entry)


def broken(entry: str, value: Any, shipped: Any) -> str | None:
    """Why a school may not set this entry to the value, as the rest of a sentence; None when it may."""
    limit = LIMITS.get(name_of(entry), Limit.ONLY)
    if limit is Limit.TABLE:
        return None if value == shipped else (
            f"must stay {shipped}, for the table of noise is drawn from it: change it in the shipped "
            f"register and run `anonymart perturbation --write`, or take the entry out"
        )  # fmt: skip
    if _holds(limit, value, shipped):
        return None
    if limit is Limit.AMONG:
        return "may leave out shipped countries but add none: take out those that are not shipped"
    if limit is Limit.ONLY:
        return "is not for a school to change, others were computed for it: take the entry out"
    if limit in (Limit.AT_LEAST, Limit.AT_MOST):
        return (
            f"must be {in_words(entry, shipped)}: a school may be stricter than what is shipped, not weaker"
        )
    return f"must be {limit.value}: correct it"


def in_words(entry: str, shipped: Any) -> str:
    """The limit of an entry in words, for people."""
    limit = LIMITS.get(name_of(entry), Limit.ONLY)
    if limit in (Limit.AT_LEAST, Limit.AT_MOST):
        return f"{limit.value} {shipped}"
    return {Limit.ONLY: "not to be changed", Limit.TABLE: "not to be changed", Limit.AMONG: "fewer"}.get(
        limit, limit.value
    )


def _holds(limit: Limit, value: Any, shipped: Any) -> bool:
    match limit:
        case Limit.AT_LEAST:
            return value >= shipped
        case Limit.AT_MOST:
            return value <= shipped
        case Limit.AMONG:
            return set(value) <= set(shipped)
        case Limit.POSITIVE:
            return value > 0
        case Limit.DAY:
            return _is_day(value)
        case Limit.CONFIDENCE:
            return value in _CONFIDENCES
    return limit is Limit.ANY or value == shipped


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
