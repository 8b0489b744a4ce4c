# ruff: noqa: E501
"""What only DuckDB understands stands in macros/engine/, and every macro there has a second dialect."""

import re
from pathlib import Path

import pytest

DBT = Path(__file__).parents[2] / "dbt_project"
ENGINE = DBT / "macros" / "engine"
ELSEWHERE = sorted(
    path
    for folder in ("models", "macros", "tests")
    for path in (DBT / folder).rglob("*.sql")
    if ENGINE not in path.parents
)

# Functions and syntax of DuckDB that Spark's dialect has not, or reads otherwise.
DUCKDB_ONLY = {
    "a cast with ::": r"\w::\s*\w",
    "a lambda": r"\blambda\b",
    "a list function": r"(?<!\{\{ )\b(list|list_\w+|len|unnest|generate_series|generate_subscripts|range)\s*\((?![^{}]*%\})",
    "a recursive query": r"\bwith\s+recursive\b",
    "qualify": r"\bqualify\b",
    "varchar": r"\bas varchar\b",
    "a function of strings": r"\b(strip_accents|string_split\w*|strpos|regexp_matches|json_valid|encode)\s*\(",
    "a function of dates": r"\b(to_months|date_diff|date_trunc|time_bucket|at time zone|make_date)\b",
    "a quantile": r"\b(quantile_cont|quantile_disc|median)\s*\(",
    "a hash": r"\b(sha256|hash|md5)\s*\(",
    "select without a column": r"\b(exclude|replace)\s*\(.*\)\s*from\b",
    "a round that is not ours": r"(?<![\w.])round\s*\(",
    "a quotient of a decimal": r"/ ?\d+\.\d+(?!e)",
    "the vault by its name": r"\bvault\.\w+\.\w+",
}


def plain(path: Path) -> str:
    """The SQL without comments of either kind, and without Jinja's own statements of Python's words."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"(?m)--(?!%).*$", "", text)


def found_in(text: str) -> list[str]:
    return [what for what, pattern in DUCKDB_ONLY.items() if re.search(pattern, text, re.IGNORECASE)]


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: path.stem)
def test_no_sql_of_one_engine_stands_elsewhere(path):
    text = plain(path)
    if path.name == "pool_small_cohorts.sql":
        # Years are counted by Jinja there.
        text = text.replace("range(", "")
    text = re.sub(r"\{\{ return\(range\(.*", "", text)
    assert found_in(text) == []


@pytest.mark.parametrize(
    "sql",
    [
        "select x::int from t",
        "select list_filter(l, lambda each : each > 1)",
        "with recursive walk as (select 1)",
        "select cast(a as varchar)",
        "select round(a, 2)",
        "select a / 4.0",
        "select code from vault.catalogue.items",
        "select * from unnest(l)",
    ],
)
def test_such_sql_would_be_found(sql):
    assert found_in(sql) != []


def test_every_macro_of_duckdb_has_its_twin():
    text = "".join(path.read_text(encoding="utf-8") for path in ENGINE.glob("*.sql"))
    duckdb, spark = (set(re.findall(rf"macro {name}__(\w+)\(", text)) for name in ("duckdb", "spark"))
    assert len(duckdb) > 30
    assert duckdb - spark == set()
    assert set(re.findall(r"adapter\.dispatch\('(\w+)', 'anonymart'\)", text)) == duckdb
