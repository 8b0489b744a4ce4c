"""The questions that the page answers: which mart, which columns, which chart. Words are in words.yml."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anonymart.contracts import MartContract
from anonymart.page import charts

Row = Mapping[str, Any]
_SMALL, _BANDS, _WIDE = charts.SIZE, (200, {"step": 16}), (380, 150)


@dataclass(frozen=True)
class Question:
    """One question of the page.

    `columns` are all that is read of the mart, and all that its table shows; the chart takes some of them.
    `by` is the column whose values have a small chart each. `newest` keeps, for each of these values, the
    rows of the last period that is told. `answer` names the row from which the answer is read: the least or
    the most of a figure, or its last period. `grain` is the length of its periods where the mart has several.
    """

    name: str
    mart: str
    columns: tuple[str, ...]
    chart: Callable[[Sequence[Row]], Any] | None
    answer: tuple[str, str]
    size: tuple[Any, Any] = _SMALL
    by: str | None = None
    where: str = "is_complete"
    newest: str | None = None
    fill: str | None = None
    order: str | None = None
    first: int | None = None
    only: Mapping[str, Any] | None = None
    grain: str = ""


def _ends(name: str) -> tuple[str, str]:
    return f"{name}_low", f"{name}_high"


def _trend(x: str, y: str, color: str | None = None, has_band: bool = True) -> Callable[[Sequence[Row]], Any]:
    return lambda rows: charts.trend(rows, x, y, _ends(y) if has_band else None, color)


def _dots(y: str, x: str, has_band: bool = True) -> Callable[[Sequence[Row]], Any]:
    return lambda rows: charts.dots(rows, y, x, _ends(x) if has_band else None)


def _with_ends(*names: str) -> tuple[str, ...]:
    return tuple(each for name in names for each in (name, *_ends(name)))


_ORDINARY = "graduation_year_from = graduation_year"
_SALARY = ("salary_p25", "salary_p50", "salary_p75")
QUESTIONS = (
    Question(
        "alive",
        "school_activity",
        ("from_month", "n_active_learners", "n_new_learners"),
        _trend("from_month", "n_active_learners", has_band=False),
        ("last", "n_active_learners"),
        size=_WIDE,
        where="n_months = 1 AND is_complete",
        fill="from_month",
    ),
    Question(
        "returning",
        "school_activity",
        ("from_month", "n_active_learners", "n_new_learners", *_with_ends("new_share")),
        _trend("from_month", "new_share"),
        ("last", "new_share"),
        size=_WIDE,
        where="n_months = 3 AND is_complete",
        fill="from_month",
        grain="quarter",
    ),
    Question(
        "years",
        "school_activity",
        ("from_month", "n_active_learners", "n_new_learners", *_with_ends("new_share")),
        _trend("from_month", "n_active_learners", has_band=False),
        ("last", "n_active_learners"),
        size=_WIDE,
        where="n_months = 12 AND is_complete",
        fill="from_month",
        grain="year",
    ),
    Question(
        "outcomes",
        "path_outcome",
        (
            "path_id",
            "start_quarter",
            "n_enrolled",
            "n_graduated",
            "n_abandoned",
            "n_still_in",
            *_with_ends("graduation_rate"),
            "median_days",
        ),
        _trend("start_quarter", "graduation_rate"),
        ("most of last", "graduation_rate"),
        by="path_id",
        fill="start_quarter",
    ),
    Question(
        "engagement",
        "course_engagement_monthly",
        ("course_id", "month", "n_active_learners"),
        _trend("month", "n_active_learners", has_band=False),
        ("most of last", "n_active_learners"),
        by="course_id",
        fill="month",
    ),
    Question(
        "funnel",
        "course_completion_funnel",
        ("course_id", "start_quarter", "step", "n_learners", *_with_ends("share_of_registered")),
        lambda rows: charts.steps(rows, "step", "share_of_registered", _ends("share_of_registered")),
        ("least", "share_of_registered"),
        size=_BANDS,
        by="course_id",
        newest="start_quarter",
        order="list_position(['registered', 'started', '25', '50', '75', 'completed'], step)",
        only={"step": "completed"},
    ),
    Question(
        "retention",
        "learner_retention_cohort",
        ("cohort_quarter", "months_since_start", *_with_ends("share_active"), "is_complete"),
        lambda rows: charts.heat(rows, "months_since_start", "cohort_quarter", "share_active", "is_complete"),
        ("last", "share_active"),
        size=({"step": 22}, {"step": 15}),
        where="true",
        only={"months_since_start": 6, "is_complete": True},
    ),
    Question(
        "exercises",
        "exercise_difficulty",
        ("course_id", "exercise_id", "half_year", "n_learners", *_with_ends("success_rate")),
        _dots("exercise_id", "success_rate"),
        ("least", "success_rate"),
        size=(270, {"step": 16}),
        newest="half_year",
        order="success_rate NULLS LAST",
        first=25,
    ),
    Question(
        "chapters",
        "chapter_completion",
        ("course_id", "chapter_id", "start_quarter", "n_started", *_with_ends("completion_rate")),
        _dots("chapter_id", "completion_rate"),
        ("least", "completion_rate"),
        size=_BANDS,
        by="course_id",
        newest="start_quarter",
    ),
    Question(
        "projects",
        "project_validation",
        ("path_id", "project_id", "half_year", "n_submitted", *_with_ends("validation_rate")),
        _dots("project_id", "validation_rate"),
        ("least", "validation_rate"),
        size=_BANDS,
        by="path_id",
        newest="half_year",
    ),
    Question(
        "delay",
        "project_validation",
        ("path_id", "project_id", "half_year", "median_days"),
        _dots("project_id", "median_days", has_band=False),
        ("most", "median_days"),
        size=_BANDS,
        by="path_id",
        newest="half_year",
    ),
    Question(
        "nps",
        "nps_quarterly",
        ("path_id", "quarter", "n_respondents", *_with_ends("nps")),
        _trend("quarter", "nps"),
        ("year on year", "nps"),
        by="path_id",
        fill="quarter",
        only={"path_id": "all"},
    ),
    Question(
        "themes",
        "nps_theme_quarterly",
        ("theme", "quarter", "n_respondents", *_with_ends("negative_share")),
        _trend("quarter", "negative_share"),
        ("most of last", "negative_share"),
        by="theme",
        fill="quarter",
    ),
    Question(
        "salaries",
        "salary_outcome",
        ("diploma_id", "graduation_year", "months_after", "n_respondents", *_SALARY),
        lambda rows: charts.quartiles(rows, "graduation_year", _SALARY, "months_after"),
        ("last", "salary_p50"),
        size=(220, {"step": 24}),
        by="diploma_id",
        where=_ORDINARY,
        only={"diploma_id": "all", "months_after": 6},
    ),
    Question(
        "employment",
        "salary_outcome",
        ("diploma_id", "graduation_year", "months_after", "n_respondents", *_with_ends("employed_rate")),
        _trend("graduation_year", "employed_rate", "months_after"),
        ("last", "employed_rate"),
        by="diploma_id",
        where=_ORDINARY,
        only={"diploma_id": "all", "months_after": 6},
    ),
    Question(
        "in_field",
        "salary_outcome",
        ("diploma_id", "graduation_year", "months_after", "n_respondents", *_with_ends("in_field_rate")),
        _trend("graduation_year", "in_field_rate", "months_after"),
        ("last", "in_field_rate"),
        by="diploma_id",
        where=_ORDINARY,
        only={"diploma_id": "all", "months_after": 6},
    ),
    Question(
        "contracts",
        "employment_quality",
        (
            "diploma_id",
            "graduation_year",
            "months_after",
            "n_contracts",
            "n_permanent",
            "n_fixed_term",
            "n_self_employed",
            "n_other",
            *_with_ends("stable_rate"),
        ),
        _trend("graduation_year", "stable_rate", "months_after"),
        ("last", "stable_rate"),
        by="diploma_id",
        where="true",
        only={"diploma_id": "all", "months_after": 6},
    ),
    Question(
        "families",
        "employment_outcome",
        ("diploma_id", "graduation_year", "job_family", "n_respondents", *_with_ends("share")),
        _dots("job_family", "share"),
        ("most", "share"),
        size=_BANDS,
        by="diploma_id",
        where="true",
        newest="graduation_year",
    ),
    Question(
        "promotion",
        "rncp_promotion",
        (
            "diploma_id",
            "promotion_year",
            *("n_certified", "n_certified_vae"),
            *_with_ends("insertion_rate_6m", "insertion_in_field_rate_6m"),
        ),
        _trend("promotion_year", "insertion_rate_6m"),
        ("last", "insertion_rate_6m"),
        by="diploma_id",
        where="true",
    ),
    Question(
        "two_years",
        "rncp_two_years",
        ("diploma_id", "promotion_year", "n_certified", *_with_ends("insertion_in_field_rate_24m")),
        _trend("promotion_year", "insertion_in_field_rate_24m"),
        ("last", "insertion_in_field_rate_24m"),
        by="diploma_id",
        where="true",
    ),
    Question(
        "audience",
        "audience_monthly",
        (
            *("page", "month", "n_visitors", "visits_per_visitor", "pages_per_visitor"),
            *_with_ends("returning_rate"),
        ),
        _trend("month", "n_visitors", has_band=False),
        ("last", "n_visitors"),
        by="page",
        fill="month",
        only={"page": "all"},
    ),
)
# Made from every mart, by SQL of their own.
HIDDEN = Question(
    "hidden",
    "",
    ("mart", "figure", "reason", "n_cells"),
    lambda rows: charts.stack(rows, "figure", "n_cells", "reason"),
    ("hidden", "n_cells"),
    size=_BANDS,
    by="mart",
)
COST = Question(
    "cost",
    "",
    ("rate", "size_of_base", "n_cells", "half_width"),
    lambda rows: charts.dots(rows, "size_of_base", "half_width", None),
    ("cost", "half_width"),
    size=_BANDS,
    by="rate",
)
# Rates whose base stands in the same row: mart, rate, base.
_BASES = (
    ("school_activity", "new_share", "n_active_learners"),
    ("path_outcome", "graduation_rate", "n_enrolled"),
    ("chapter_completion", "completion_rate", "n_started"),
    ("exercise_difficulty", "success_rate", "n_learners"),
    ("project_validation", "validation_rate", "n_submitted"),
    ("nps_quarterly", "response_rate", "n_invited"),
    ("nps_theme_quarterly", "negative_share", "n_respondents"),
    ("salary_outcome", "response_rate", "n_graduates"),
    ("salary_outcome", "employed_rate", "n_respondents"),
    ("employment_quality", "stable_rate", "n_contracts"),
)
_SIZES = (50, 100, 200, 400)


def hidden_sql(contracts: Mapping[str, MartContract], schema: str) -> str:
    """How many cells of each figure are published, and how many are hidden for which reason; an end of an
    interval goes with its rate.
    """
    return " UNION ALL ".join(
        f"SELECT '{name}' AS mart, '{figure}' AS figure, coalesce(\"{figure}_reason\", 'published') "
        f"AS reason, count(*) AS n_cells FROM {schema}.{name} GROUP BY ALL"
        for name, contract in contracts.items()
        for figure in contract.figures
        if not figure.endswith(("_low", "_high"))
    )


def cost_sql(contracts: Mapping[str, MartContract], schema: str) -> str:
    """Half the median width of the interval of each rate, in points, by the size of the published base."""
    sizes = " ".join(
        f"WHEN base < {upto} THEN '{low}–{upto - 1}'" for low, upto in zip((0, *_SIZES), _SIZES, strict=False)
    )
    each = " UNION ALL ".join(
        f"SELECT '{name}' AS mart, '{mart_rate}' AS rate, {base} AS base, {rate}_high - {rate}_low AS width "
        f"FROM {schema}.{name} WHERE {rate}_high IS NOT NULL AND {base} IS NOT NULL"
        for name, rate, base in _BASES
        for mart_rate in [f"{name}.{rate}"]
        if name in contracts and {f"{rate}_low", base} <= set(contracts[name].column_names)
    )
    return (
        f"SELECT rate, CASE {sizes} ELSE '{_SIZES[-1]}+' END AS size_of_base, count(*) AS n_cells, "
        f"round(50 * median(width), 1) AS half_width FROM ({each}) GROUP BY ALL "
        "ORDER BY rate, min(base)"
    )
