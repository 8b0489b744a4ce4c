"""The dictionary of marts in `docs/analyst.md`, written from their contracts, the policy register and the
code lists.

`anonymart declare` rewrites what stands between the two marks of that page; with `--check` it changes nothing
and ends with 1 when the page is stale.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from typing import Any

import duckdb

from anonymart.contracts import COMPLETE, Column, MartContract
from anonymart.home import PROJECT
from anonymart.policy import Policy
from anonymart.release.name_tables import NAME_TABLES

WRITER = "anonymart declare"
_SEEDS = PROJECT / "dbt_project" / "seeds"
_CODES = {
    "course": "a course of the catalogue",
    "chapter": "a chapter of the catalogue",
    "exercise": "an exercise of the catalogue",
    "project": "a project of the catalogue",
    "path": "a path of the catalogue",
    "path_or_all": "a path of the catalogue, or `all`",
    "diploma": "a diploma of the school",
    "diploma_or_all": "a diploma of the school, or `all`",
    "page_or_all": "a type of page that the school declares, `other`, a course of the catalogue, or `all`",
    "pooled_period": "a year",
}
_CODE_LISTS = {
    "theme": ("themes", "theme"),
    "job_family": ("job_families", "job_family"),
    "step": ("funnel_steps", "step"),
}
_GRAINS = {"month": "month", "quarter": "quarter", "half_year": "half-year", "year": "year"}


def dictionary(contracts: Mapping[str, MartContract], policy: Policy) -> str:
    """The whole section in Markdown: the rules in numbers, one table for each mart, and one for the names."""
    parts = [_rules(policy), *(_mart(contract, policy) for contract in contracts.values()), _names()]
    return "\n\n".join(parts)


def _names() -> str:
    """The tables of names, then their columns once: a column that not all of them have says which do."""
    about = [f"| `{table.name}` | {table.description} |" for table in NAME_TABLES.values()]
    having: dict[tuple[str, str], list[str]] = {}
    for table in NAME_TABLES.values():
        for column in table.columns[1:]:
            having.setdefault((column.name, column.type.lower()), []).append(table.name)
    described = {column.name: column for table in NAME_TABLES.values() for column in table.columns}
    lines = [
        f"| `{name}` | {kind} | {described[name].description} | "
        f"{'all' if len(tables) == len(NAME_TABLES) else ', '.join(f'`{each}`' for each in tables)} |"
        for (name, kind), tables in having.items()
    ]
    return "\n".join(
        [
            "### The names\n",
            *("| table | what it says |", "|---|---|", *about, ""),
            *("| column | type | what it says | in |", "|---|---|---|---|"),
            "| **`code`** | varchar | The code, as it stands in the marts. | all |",
            *lines,
        ]
    )


def closing(contract: MartContract, policy: Policy) -> str:
    """When a cell of the mart closes, in words (S-ANON)."""
    grain, delay = _GRAINS[contract.period.grain], policy.figure("publication", "delay_days")
    months = _observation(contract, policy)
    over = "is over" if months == "0" else f"and {months} of observation are over"
    return f"{delay} days after the {grain} {over}"


def _observation(contract: MartContract, policy: Policy) -> str:
    text = re.sub(
        r"\bpolicy\.([\w.]+)",
        lambda found: str(policy.figure(*found.group(1).split("."))),
        contract.period.observation,
    )
    if text.isdecimal():
        return text if text == "0" else f"{text} month{'s' * (text != '1')}"
    if text in contract.dimensions:
        return f"as many months as `{text}` says"
    name = contract.period_key[-1]
    found = {
        value: duckdb.sql(f"SELECT {text} FROM (SELECT {int(value)} AS {name})").fetchall()[0][0]
        for value in contract.dimensions[name]
    }
    return ", ".join(f"{months} months (`{name}` {value})" for value, months in found.items())


def by_class(entry: Mapping[str, Any]) -> str:
    """A figure by class of noise, as words."""
    return " or ".join(f"{figure} ({noise})" for noise, figure in entry.items())


def _rules(policy: Policy) -> str:
    counts, quantiles, money = (policy.raw[name] for name in ("counts", "quantiles", "money"))
    bands = [
        (
            f"{band['base_from']} to {band['base_to']}"
            if band["base_to"]
            else f"{band['base_from']} and more",
            f"{100 * band['lowest']:g} % to {100 * band['highest']:g} %",
        )
        for band in policy.raw["sensitive_bands"]
    ]
    rows = [
        (
            "count of people",
            f"with noise of at most {by_class(counts['largest_deviation'])} up or down and a variance "
            f"of {by_class(counts['variance'])}; shown as 0 or from "
            f"{by_class(counts['smallest'])} up; true zeros are 0",
        ),
        (
            "rate, share, mean",
            f"base of at least {by_class(policy.figure('rates', 'smallest_base'))}, as published",
        ),
        ("NPS", f"at least {policy.figure('nps', 'smallest_base')} answers, as published"),
        (
            "median",
            f"at least {by_class(quantiles['smallest_base_median'])} people with a value, as published",
        ),
        (
            "quartile",
            f"at least {by_class(quantiles['smallest_base_quartile'])} people with a value, as published",
        ),
        (
            "median and quartile",
            f"at least {quantiles['persons_each_side']} people on each side; read at most "
            f"{max(quantiles['points_rank_noise'], quantiles['days_rank_noise'])} ranks "
            f"beside the exact one, for salaries {money['rank_noise']}, mostly within a third of that",
        ),
        (
            "salary",
            f"to {money['round_to_eur']} EUR; nobody earns more than {money['largest_share_percent']} % "
            f"of the cell's total; p% rule at {money['p_percent']}",
        ),
        (
            "quantiles and cut-off shares of cells within cells",
            f"nobody, or at least {policy.figure('nesting', 'smallest_difference')} people, between the two",
        ),
        *((f"sensitive share, base of {base}", f"cut off outside {band}") for base, band in bands),
    ]
    lines = [f"| {what} | {rule} |" for what, rule in rows]
    return "\n".join(
        [
            f"### The rules in numbers\n\nVersion {policy.version} of the policy.\n",
            "| figure | rule |",
            "|---|---|",
            *lines,
        ]
    )


def _mart(contract: MartContract, policy: Policy) -> str:
    pooled = contract.disclosure.get("pooling")
    facts = [f"A cell closes {closing(contract, policy)}. Its counts have {contract.noise} noise."]
    if pooled:
        years = policy.figure("pooling", "longest_years")
        facts.append(
            f"A year with too few `{pooled['decided_by']}` may be pooled with up to {years - 1} years "
            f"before it."
        )
    shown = [
        column
        for column in contract.columns
        if not column.name.endswith("_reason") and column.name != COMPLETE
    ]
    lines = [_line(column, contract, policy) for column in shown]
    head = ["| column | type | what it says | made from |", "|---|---|---|---|"]
    return "\n".join([f"### {contract.name}", "", contract.description, " ".join(facts), "", *head, *lines])


def _line(column: Column, contract: MartContract, policy: Policy) -> str:
    made = (
        _dimension(column.name, contract, policy)
        if column.name in contract.dimensions
        else _measure(column.name, contract)
    )
    name = f"**`{column.name}`**" if column.name in contract.dimensions else f"`{column.name}`"
    return f"| {name} | {column.type.lower()} | {column.description} | {made} |"


def _dimension(name: str, contract: MartContract, policy: Policy) -> str:
    spec = contract.dimensions[name]
    if spec == "period":
        return f"a closed {_GRAINS[contract.period.grain]}"
    if isinstance(spec, dict):
        last = str(spec["to"])
        last = policy.figure(*last.split(".")[1:]) if last.startswith("policy.") else last
        return f"{spec['from']} to {last}"
    if isinstance(spec, list):
        return " or ".join(str(value) for value in spec)
    if spec in _CODE_LISTS:
        return ", ".join(f"`{code}`" for code in _code_list(*_CODE_LISTS[spec]))
    return _CODES.get(spec, f"the list {spec}")


def _code_list(seed: str, column: str) -> list[str]:
    with (_SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


def _measure(name: str, contract: MartContract) -> str:
    measures = {measure["name"]: measure for measure in contract.measures}
    measure = measures[name]
    kind, sensitive = measure["kind"], ", sensitive" if measure.get("sensitive") else ""
    if kind == "count":
        sisters = any(
            other.get("sensitive")
            and other.get("partition")
            and other["partition"] == measure.get("partition")
            for other in contract.measures
        )
        bound = sensitive or (", hidden with its sensitive sister" if sisters else "")
        return f"people{_part_of(measure, measures)}{bound}"
    if kind == "rate":
        return (
            f"{_named(measure['numerator'], measures)} / "
            f"{_named(measure['denominator'], measures)}{sensitive}"
        )
    if kind in ("rate_low", "rate_high"):
        covers = "chance and noise" if measures[measure["rate"]].get("sampled") else "noise"
        return f"`{measure['rate']}`, its base; covers {covers}"
    if kind == "mean":
        return f"mean over {_named(measure['base'], measures)}"
    if kind == "quantile":
        rank = {0.25: "lower quartile", 0.5: "median", 0.75: "upper quartile"}[measure["quantile"]]
        return f"{rank} over people with a value"
    return "`n_promoters`, `n_passives`, `n_detractors`"


def _part_of(measure: Mapping[str, Any], measures: Mapping[str, Mapping[str, Any]]) -> str:
    return f" of {_named(measure['of'], measures)}" if measure.get("of") else ""


def _named(name: str, measures: Mapping[str, Mapping[str, Any]]) -> str:
    return f"`{name}` (not a column)" if measures[name].get("hidden") else f"`{name}`"
