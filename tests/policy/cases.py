"""For each figure that rules a model: a few rows on which another figure gives another outcome."""

from __future__ import annotations

from tests.policy.changes import Case

_KEYS = "SELECT 'p1' AS person_key, 1 AS identity_key, NULL::DATE AS counts_from_on"
_PERSONS = (
    "SELECT 'p1' AS person_key, 'x' AS pseudonym, 1 AS record_key, DATE '2030-01-01' AS closing_on, true "
    "AS is_in_statistics"
)
_CODES = (
    "SELECT * FROM (VALUES ('course', 'c'), ('chapter', 'h'), ('diploma', 'd')) AS codes (code_list, code)"
)
_HISTORY = {"int_identities": _KEYS, "int_persons": _PERSONS, "int_code_lists": _CODES}


def _window(last_use_at: str = "2021-12-01 10:00:00", born_on: str = "1990-01-01") -> dict[str, str]:
    return {
        "stg_register__identities": "SELECT 'learner:L' AS identifier, repeat('1', 64) AS person_id",
        "stg_register__last_use": f"SELECT 'learner:L' AS identifier, TIMESTAMP '{last_use_at}' AS "
        f"first_use_at, TIMESTAMP '{last_use_at}' AS last_use_at",
        "stg_register__learners": "SELECT 'learner:L' AS identifier, NULL::VARCHAR AS role,"
        f" DATE '{born_on}' AS born_on",
        "stg_rights__requests": "SELECT '' AS identifier, '' AS request_kind, NOW()::TIMESTAMP AS "
        "received_at, false AS is_erasure, false AS is_lift, "
        "false AS is_identity_verified WHERE false",
        "stg_rights__unreadable": "SELECT '' AS identifier WHERE false",
        "stg_rights__consents": "SELECT '' AS identifier, '' AS purpose, '' AS status, NOW()::TIMESTAMP AS "
        "recorded_at WHERE false",
    }


_STATUS = "SELECT status FROM outcome"
WINDOW = [
    Case("purposes.P-STAT.keep_years_after_last_use", 4, "int_persons", _window(), _STATUS, "in", "expired"),
    Case("minimum_age_years", 17, "int_persons", _window(born_on="2010-06-01"), _STATUS, "in", "minor"),
    # 29 June in Honolulu is the 30th in Paris.
    Case(
        "window.time_zone",
        "Pacific/Honolulu",
        "int_persons",
        _window("2021-06-29 23:30:00"),
        _STATUS,
        "in",
        "expired",
    ),
]

_ACTIVITY = (
    "SELECT 1 AS identity_key, DATE '2025-01-01' AS year, 'c' AS course_id, 'h' AS chapter_id, DATE "
    "'2025-01-01' AS registered_on, DATE '2025-01-01' AS started_on,"
    " DATE '2025-06-01' AS completed_on, DATE '2025-06-01' AS reached_25_on, DATE '2025-06-01' AS "
    "reached_50_on, DATE '2025-06-01' AS reached_75_on"
)
_PROJECT = (
    "SELECT 1 AS identity_key, DATE '2025-01-01' AS year, 'j' AS project_id, DATE '2025-01-01' AS "
    "submitted_on, DATE '2025-03-01' AS validated_on"
)
_ITEMS = (
    "SELECT kind AS item_kind, id AS item_id, id AS code, 'p' AS path_id, 'c' AS course_id"
    " FROM (VALUES ('project', 'j'), ('path', 'p'), ('course', 'c'), ('chapter', 'h')) AS items (kind, id)"
)
_MONTHS = "SELECT 1 AS identity_key, DATE '2024-01-01' AS month UNION ALL SELECT 1, DATE '2025-06-01'"


def _answer(answered_on: str) -> dict[str, str]:
    return _HISTORY | {
        "int_enrolments": "SELECT 1 AS identity_key, 'd' AS diploma_id, 'graduated' AS outcome, DATE "
        "'2023-01-10' AS graduated_on, false AS is_by_vae",
        "int_salary_responses": f"SELECT 1 AS identity_key, 5 AS response_key, 'd' AS diploma_id, DATE "
        f"'{answered_on}' AS answered_on, "
        "DATE '2023-01-10' AS graduated_on, true AS is_employed, true AS is_in_field, 'other' AS "
        "job_family, 'permanent' AS contract_class, 1.0 AS salary_eur_year, false AS is_set_apart",
    }


def _graduate(entry: str, value: int, answered_on: str, months: int, *, before: bool) -> Case:
    ask = f"SELECT has_answered FROM outcome WHERE months_after = {months}"
    return Case(f"observation.{entry}", value, "int_graduates", _answer(answered_on), ask, before, not before)


_NPS = {
    "int_identities": _KEYS, "int_persons": _PERSONS,
    "int_survey_consents": "SELECT 'p1' AS person_key, true AS is_granted, NULL::TIMESTAMP AS withdrawn_at",
    "int_nps_responses":
        "SELECT 1 AS identity_key, 7 AS response_key, 'p' AS path_id, DATE '2025-03-01' AS asked_on, "
        "TIMESTAMP '2025-03-01' AS asked_at,"
    " 9 AS score, ['mentoring'] AS themes, DATE '2025-04-20' AS answered_on, TIMESTAMP '2025-04-20' AS "
    "answered_at",
}  # fmt: skip
# That a theme's quarter is looked at for as long as it says is seen in the calendar.
OBSERVATION = [
    Case(
        "observation.course_completion_funnel_months",
        3,
        "int_people__course_completion_funnel",
        _HISTORY
        | {
            "int_activity__course": _ACTIVITY,
            "int_catalogue": _ITEMS,
            "funnel_steps": "SELECT 'completed' AS step",
        },
        "SELECT has_reached FROM outcome",
        True,
        False,
    ),
    Case(
        "observation.chapter_completion_months",
        3,
        "int_people__chapter_completion",
        _HISTORY | {"int_activity__chapter": _ACTIVITY, "int_catalogue": _ITEMS},
        "SELECT has_completed FROM outcome",
        True,
        False,
    ),
    Case(
        "observation.project_validation_months",
        1,
        "int_people__project_validation",
        _HISTORY | {"int_activity__project": _PROJECT, "int_catalogue": _ITEMS},
        "SELECT has_validated FROM outcome",
        True,
        False,
    ),
    Case(
        "observation.learner_retention_longest_months",
        12,
        "int_people__learner_retention_cohort",
        _HISTORY | {"int_activity__monthly": _MONTHS},
        "SELECT max(months_since_start) FILTER (is_active) FROM outcome",
        17,
        0,
    ),
    Case(
        "observation.path_outcome_months",
        6,
        "int_people__path_outcome",
        _HISTORY
        | {
            "int_enrolments": "SELECT 1 AS identity_key, 'p' AS path_id, 'graduated' AS outcome, DATE "
            "'2024-01-10' AS started_on, DATE '2024-12-10' AS ended_on, DATE '2024-12-10' AS graduated_on",
            "int_catalogue": _ITEMS,
        },
        "SELECT has_graduated FROM outcome",
        True,
        False,
    ),
    Case(
        "observation.nps_quarterly_months",
        0,
        "int_nps_counted",
        _NPS,
        "SELECT has_answered FROM outcome",
        True,
        False,
    ),
    _graduate("salary_first_from_months", 6, "2023-06-01", 6, before=True),
    _graduate("salary_first_to_months", 8, "2023-10-01", 6, before=True),
    _graduate("salary_second_from_months", 20, "2024-09-20", 24, before=False),
    _graduate("salary_second_to_months", 24, "2025-06-01", 24, before=True),
]


def _calendar(
    entry: str, value: int | str, mart: str, before: str, after: str | None, key: str = "2020%"
) -> Case:
    ask = f"SELECT min(closes_on)::VARCHAR FROM outcome WHERE mart = '{mart}' AND period_key LIKE '{key}'"
    return Case(entry, value, "int_closed_periods", {}, ask, before, after)


CALENDAR = [
    _calendar("publication.delay_days", 40, "course_engagement_monthly", "2020-03-01", "2020-03-11"),
    _calendar(
        "publication.first_period_on", "2020-06-01", "course_engagement_monthly", "2020-03-01", "2020-07-30"
    ),
    _calendar(
        "observation.course_completion_funnel_months",
        3,
        "course_completion_funnel",
        "2020-10-30",
        "2020-07-30",
    ),
    _calendar("observation.chapter_completion_months", 3, "chapter_completion", "2020-10-30", "2020-07-30"),
    _calendar("observation.project_validation_months", 1, "project_validation", "2020-10-30", "2020-08-30"),
    _calendar(
        "observation.learner_retention_longest_months",
        3,
        "learner_retention_cohort",
        "2022-04-30",
        None,
        "2020-01-01|24",
    ),
    _calendar("observation.nps_quarterly_months", 2, "nps_quarterly", "2020-05-30", "2020-06-30"),
    _calendar("observation.nps_theme_quarterly_months", 2, "nps_theme_quarterly", "2020-05-30", "2020-06-30"),
    _calendar("observation.path_outcome_months", 12, "path_outcome", "2022-04-30", "2021-04-30"),
    _calendar(
        "observation.salary_first_to_months", 8, "salary_outcome", "2021-10-30", "2021-09-30", "2020|6"
    ),
    _calendar(
        "observation.salary_second_to_months", 24, "salary_outcome", "2023-07-30", "2023-01-30", "2020|24"
    ),
]


def _pay(
    entry: str,
    value: float,
    ask: str,
    before: float | str,
    after: float | str,
    period: str,
    amount: float,
    basis: str = "gross",
) -> Case:
    given = {
        "stg_salary__responses": f"SELECT 1 AS load_no, 's' AS response_id, 'learner:L' AS identifier, 'd' "
        f"AS diploma_id, 'baker' AS job_title,"
        " 'CDI' AS contract_type, 'France' AS country,"
        f" 'full_time' AS working_time, 'EUR' AS salary_currency, '{period}' AS salary_period, "
        f"'{basis}' AS salary_basis, NULL::VARCHAR AS situation, true AS is_employed,"
        f" true AS is_in_field, {amount}::DOUBLE AS salary_amount, DATE '2024-01-01' AS graduated_on, "
        f"TIMESTAMP '2024-06-01' AS answered_at",
        "stg_register__known_texts": "SELECT 'nobody' AS known_text",
        "job_family_words": "SELECT 'baker' AS word, 'food' AS job_family, 1 AS priority",
        "contract_words": "SELECT 'cdi' AS word, 'permanent' AS contract_class, 1 AS priority",
        "country_names": "SELECT 'france' AS name, 'FR' AS country_code, false AS is_whole",
        "exchange_rates": "SELECT 'USD' AS currency, 2024 AS year, 1.1 AS per_eur",
    }
    return Case(f"salary.{entry}", value, "int_salary_responses", given, ask, before, after)


_AMOUNT, _REASON = "SELECT salary_eur_year FROM outcome", "SELECT coalesce(salary_reason, '') FROM outcome"
SALARY = [
    _pay("net_to_gross", 1.5, _AMOUNT, 25600.0, 30000.0, "year", 20000, "net"),
    _pay("hours_per_week", 40, _AMOUNT, 36400.0, 41600.0, "hour", 20),
    _pay("weeks_per_year", 50, _AMOUNT, 36400.0, 35000.0, "hour", 20),
    _pay("months_per_year", 13, _AMOUNT, 24000.0, 26000.0, "month", 2000),
    _pay("smallest_eur_year", 30000, _REASON, "", "impossible", "year", 20000),
    _pay("largest_eur_year", 10000, _REASON, "", "impossible", "year", 20000),
]
CODES = [
    Case(
        "codes.fewest_learners_of_a_diploma",
        4,
        "int_code_lists",
        {
            "int_catalogue": _ITEMS,
            "int_enrolments": "SELECT 'd' AS diploma_id, i AS identity_key FROM range(3) AS learners (i)",
            "int_identities": "SELECT i AS identity_key, 'p' || i AS person_key FROM range(3) AS learners "
            "(i)",
            "stg_catalogue__refused_diplomas": "SELECT 'x' AS diploma_id WHERE false",
            "themes": "SELECT 't' AS theme",
            "job_families": "SELECT 'f' AS job_family",
            "funnel_steps": "SELECT 's' AS step",
        },
        "SELECT count(*) FROM outcome WHERE code_list = 'diploma' AND code = 'd'",
        1,
        0,
    ),
]

_CLASSES = "(VALUES ('coarse'), ('fine'), ('broad')) AS classes (noise_class)"
_NO_NOISE = (
    f"SELECT noise_class, 0 AS true_count, 0 AS deviation, 0 AS key_from, 4294967296 AS key_upto FROM "
    f"{_CLASSES}"
)
# One deviation for every count from 1 on.
_ONE_MORE = (
    f"SELECT noise_class, n AS true_count, if(n = 0, 0, 1) AS deviation, 0 AS key_from, 4294967296 AS "
    f"key_upto FROM range(9) AS counts (n), {_CLASSES}"
)
_PERSON = "'p' || i AS pseudonym, i AS record_key, DATE '2030-01-01' AS closing_on"


def _cells(mart: str, period_key: str, closes_on: str, people: str, noise: str = _NO_NOISE) -> dict[str, str]:
    return {
        "perturbation_table": noise, f"int_people__{mart}": people,
        "int_closed_periods":
            f"SELECT '{mart}' AS mart, unnest({period_key}) AS period_key, DATE '2025-01-01' AS period_on, "
            f"DATE '{closes_on}' AS closes_on",
    }  # fmt: skip


def _nps_cells(*paths: tuple[str, int, int, int, int]) -> dict[str, str]:
    """Paths with so many promoters, passives, detractors, and so many who did not answer."""
    rows = ", ".join(f"('{path}', {p}, {a}, {d}, {silent})" for path, p, a, d, silent in paths)
    return _cells(
        "nps_quarterly",
        "['2026-01-01']",
        "2026-05-30",
        f"""
        SELECT path_id, DATE '2026-01-01' AS quarter, {_PERSON}, i < p + a + d AS has_answered,
            i < p AS is_promoter,
            i >= p AND i < p + a AS is_passive, i >= p + a AND i < p + a + d AS is_detractor
        FROM (VALUES {rows}) AS answers (path_id, p, a, d, silent), range(p + a + d + silent)
            AS persons (i)""",
    )


def _nps(
    entry: str, value: float, ask: str, before: object, after: object, *paths: tuple, also: tuple = ()
) -> Case:
    return Case(
        entry,
        value,
        "int_cells__nps_quarterly",
        _nps_cells(*paths),
        f"SELECT {ask} FROM outcome WHERE path_id = 'p'",
        before,
        after,
        also,
    )


def _band(entry: str, value: float, base: int, detractors: int, *, shown: bool, also: tuple = ()) -> Case:
    """Whether so many detractors of a base are shown; the register's change turns that round."""
    path = ("p", base - detractors, 0, detractors, 9)
    return _nps(
        f"sensitive_bands.{entry}", value, "n_detractors IS NOT NULL", shown, not shown, path, also=also
    )


_FAIR = ("p", 101, 60, 40, 30)
NPS = [
    Case(
        "rates.smallest_base.broad",
        51,
        "int_cells__school_activity",
        _cells(
            "school_activity",
            "['2026-01-01|1']",
            "2026-03-02",
            f"SELECT DATE '2026-01-01' AS from_month, 1 AS n_months, {_PERSON}, i < 20 AS is_new FROM "
            "range(50) AS persons (i)",
        ),
        "SELECT new_share_reason FROM outcome",
        None,
        "too_few",
    ),
    _nps("rates.smallest_base.coarse", 34, "response_rate_reason", None, "too_few", ("p", 14, 14, 5, 0)),
    _nps("nps.smallest_base", 54, "nps_reason", None, "too_few", ("p", 24, 16, 13, 0)),
    _nps("rates.decimals", 2, "response_rate", 0.8701, 0.87, _FAIR),
    _nps("nps.decimals", 0, "nps", 30.3, 30.0, _FAIR),
    _nps("rates.confidence", 0.99, "response_rate_low", 0.8212, 0.8066, _FAIR),
    _nps("nps.confidence", 0.99, "nps_low", 17.5, 13.6, _FAIR),
    _nps("counts.variance.coarse", 25, "nps_low", 17.5, 17.0, _FAIR),
    # January 2026 closes on a day in 2026: four years are open, less than a month is not.
    _nps("window.last_use_before_record_months", 58, "is_complete", True, False, _FAIR),
    _nps("purposes.P-STAT.keep_years_after_last_use", 1, "is_complete", True, False, _FAIR),
    _band("0.lowest", 0.2, 35, 5, shown=True),
    _band("0.highest", 0.8, 35, 30, shown=True),
    _band("0.base_from", 35, 33, 8, shown=True),
    _band("0.base_to", 39, 44, 4, shown=False, also=(("sensitive_bands.1.base_from", 40),)),
    _band("1.base_from", 40, 44, 4, shown=False, also=(("sensitive_bands.0.base_to", 39),)),
    _band("1.lowest", 0.2, 60, 8, shown=True),
    _band("1.highest", 0.8, 60, 52, shown=True),
    _band("1.base_to", 59, 80, 3, shown=False, also=(("sensitive_bands.2.base_from", 60),)),
    _band("2.base_from", 60, 80, 3, shown=False, also=(("sensitive_bands.1.base_to", 59),)),
    _band("2.lowest", 0.1, 200, 10, shown=True),
    _band("2.highest", 0.9, 200, 190, shown=True),
    _band("2.base_to", 199, 250, 4, shown=False, also=(("sensitive_bands.3.base_from", 200),)),
    _band("3.base_from", 200, 250, 4, shown=False, also=(("sensitive_bands.2.base_to", 199),)),
    _band("3.lowest", 0.05, 400, 10, shown=True),
    _band("3.highest", 0.95, 400, 390, shown=True),
    # All detractors are out of the band; six persons lie between the path and all.
    _nps(
        "nesting.smallest_difference",
        5,
        "n_detractors_reason",
        "protected",
        None,
        ("p", 30, 5, 10, 3),
        ("all", 51, 0, 0, 3),
    ),
    # 98 of 100 in q are detractors: all less p makes that more likely than not, and not nearly sure.
    _nps(
        "nesting.largest_posterior",
        0.95,
        "n_detractors_reason",
        "protected",
        None,
        ("p", 60, 20, 20, 3),
        ("q", 1, 1, 98, 3),
        ("all", 61, 21, 118, 6),
    ),
]

_EXERCISE = f"""
    SELECT 'c' AS course_id, 'e' || n AS exercise_id, DATE '2025-07-01' AS half_year, {_PERSON}, if(i = 0,
        1000, 1) AS n_attempts,
        i < 20 AS has_succeeded, CAST(i AS DOUBLE) AS score
    FROM (VALUES (44), (45), (63)) AS sizes (n), range(n) AS persons (i)"""


def _exercise(
    entry: str, value: float, figure: str, n: int, before: object, after: object, noise: str = _NO_NOISE
) -> Case:
    given = _cells("exercise_difficulty", "['2025-07-01']", "2026-01-30", _EXERCISE, noise)
    return Case(
        entry,
        value,
        "int_cells__exercise_difficulty",
        given,
        f"SELECT {figure} FROM outcome WHERE exercise_id = 'e{n}'",
        before,
        after,
    )


_VALIDATED = _cells(
    "project_validation",
    "['2025-07-01']",
    "2026-04-30",
    f"""
    SELECT 'p' AS path_id, 'j' AS project_id, DATE '2025-07-01' AS half_year, {_PERSON},
        true AS has_validated, CAST(i AS DOUBLE) AS days
    FROM range(45) AS persons (i)""",
)
EXERCISE = [
    _exercise("means.decimals", 2, "attempts_per_learner", 44, 2.1, 2.11),
    _exercise("means.largest_events_per_person", 100, "attempts_per_learner", 44, 2.1, 3.3),
    _exercise("means.noise_of_largest", 1.0, "attempts_per_learner", 44, 2.6, 3.2, _ONE_MORE),
    _exercise("rates.smallest_base.fine", 45, "attempts_per_learner", 44, 2.1, None),
    _exercise("counts.variance.fine", 20, "success_rate_low", 44, 0.1468, 0.2438),
    _exercise("quantiles.smallest_base_median.fine", 46, "score_p50", 45, 27, None),
    _exercise("quantiles.smallest_base_quartile.fine", 64, "score_p25", 63, 16, None),
    _exercise("quantiles.persons_each_side", 17, "score_p25", 63, 16, None),
    _exercise("quantiles.points_round_to", 5, "score_p50", 45, 27, 25),
    _exercise("quantiles.points_rank_noise", 0, "score_p50", 45, 27, 22),
    Case(
        "quantiles.days_round_to",
        3,
        "int_cells__project_validation",
        _VALIDATED,
        "SELECT median_days FROM outcome",
        23,
        24,
    ),
    Case(
        "quantiles.days_rank_noise",
        0,
        "int_cells__project_validation",
        _VALIDATED,
        "SELECT median_days FROM outcome",
        23,
        22,
    ),
]


def _salary_cells(people: str, years: str = "['2024|6']") -> dict[str, str]:
    return _cells("salary_outcome", years, "2025-10-30", people)


def _salaries(amount: str, n: int = 60, diplomas: str = "('d', 0)") -> dict[str, str]:
    """Graduates of 2024 who all answered; `gone` of a diploma are left out of it."""
    return _salary_cells(f"""
        SELECT diploma_id, 2024 AS graduation_year, 2024 AS graduation_year_from, 6 AS months_after,
            {_PERSON}, true AS has_answered,
            i % 4 > 0 AS is_employed, i % 2 = 0 AS is_in_field, CAST({amount} AS DOUBLE) AS salary_eur_year
        FROM (VALUES {diplomas}) AS diplomas (diploma_id, gone), range({n}) AS persons (i) WHERE i >= gone""")


def _salary(entry: str, value: float, ask: str, before: object, after: object, given: dict[str, str]) -> Case:
    return Case(
        entry,
        value,
        "int_cells__salary_outcome",
        given,
        f"SELECT {ask} FROM outcome WHERE diploma_id = 'd'",
        before,
        after,
    )


_POOLED = """
    SELECT 'd' AS diploma_id, year AS graduation_year, year AS graduation_year_from, 6 AS months_after,
        'p' || year || i AS pseudonym, i AS record_key,
        DATE '2030-01-01' AS closing_on, i < 11 AS has_answered, i < 11 AS is_employed, false AS is_in_field,
            NULL::DOUBLE AS salary_eur_year
    FROM (VALUES (2022), (2023), (2024)) AS years (year), range(38) AS persons (i)"""
_TWO_LARGE = _salaries("if(i < 2, 30000, 70 + i)")
MONEY = [
    _salary(
        "quantiles.smallest_base_median.coarse", 61, "salary_p50", 32800, None, _salaries("30010 + 100 * i")
    ),
    _salary(
        "quantiles.smallest_base_quartile.coarse", 61, "salary_p25", 31100, None, _salaries("30010 + 100 * i")
    ),
    _salary("money.round_to_eur", 1000, "salary_p50", 32800, 33000, _salaries("30010 + 100 * i")),
    _salary("money.rank_noise", 0, "salary_p25", 31100, 31500, _salaries("30010 + 100 * i")),
    _salary("money.p_percent", 20, "salary_p50_reason", None, "protected", _TWO_LARGE),
    _salary("money.largest_share_percent", 40, "salary_p50_reason", None, "protected", _TWO_LARGE),
    _salary(
        "nesting.smallest_difference",
        5,
        "salary_p50_reason",
        "protected",
        None,
        _salaries("30010 + 100 * i", 70, "('all', 0), ('d', 6)"),
    ),
    _salary(
        "pooling.longest_years",
        2,
        "min(graduation_year_from) FILTER (graduation_year_from < graduation_year)",
        2022,
        None,
        _salary_cells(_POOLED, "['2022|6', '2023|6', '2024|6']"),
    ),
]
# A visitor with thirty pages, one of them on the second day.
_VISITS = {
    "int_catalogue": _ITEMS,
    "int_visits": """
        SELECT 'a' || repeat('0', 31) AS visitor, 'home' AS page_type, NULL::VARCHAR AS course_id,
            DATE '2026-05-01' AS month, DATE '2026-05-01' + day AS visited_on, pages AS n_pages
        FROM (VALUES (0, 29), (1, 1)) AS days (day, pages)""",
}
AUDIENCE = [
    Case(
        "audience.largest_pages",
        30,
        "int_people__audience_monthly",
        _VISITS,
        "SELECT list(DISTINCT (pages, visits)) FROM outcome",
        [(20.0, 1.0)],
        [(30.0, 2.0)],
    ),
    Case(
        "purposes.P-AUDIENCE.keep_months",
        1,
        "int_people__audience_monthly",
        _VISITS,
        "SELECT count(*) FROM outcome",
        2,
        0,
    ),
]
CASES = [*WINDOW, *OBSERVATION, *CALENDAR, *SALARY, *CODES, *NPS, *EXERCISE, *MONEY, *AUDIENCE]
