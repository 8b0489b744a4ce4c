"""Every figure recomputed from its evidence, without the macros that made it: thresholds, bases, bands, values (S-ANON)."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

from anonymart.contracts import REASONS
from anonymart.gate.rules import Scope, counted, rule

_SMALL = 1e-6
_EDGE = 1e-3  # a true count on the edge of its band is outside, a published one is not; counts are whole


@rule
def empty_without_reason(scope: Scope) -> str:
    """A figure that is empty without a known reason, or shown beside one (S-ANON)."""
    figure, reason = f'"{scope.column}"', f'"{scope.column}_reason"'
    allowed = ", ".join(f"'{name}'" for name in REASONS)
    return counted(scope, "empty_without_reason", f"""
        SELECT 1 FROM {scope.table}
        WHERE ({figure} IS NULL) <> ({reason} IS NOT NULL) OR coalesce({reason} NOT IN ({allowed}), false)""")


@rule
def figure_unlike_evidence(scope: Scope) -> str:
    """A figure or a reason that is not the one which the evidence was written for (S-SAFE)."""
    return counted(scope, "figure_unlike_evidence", f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_evidence(scope, scope.column)} AS evidence USING (cell_key)
        WHERE abs(cell."{scope.column}" - evidence.published_value) > {_SMALL}
            OR (cell."{scope.column}" IS NULL) <> (evidence.published_value IS NULL)
            OR cell."{scope.column}_reason" IS DISTINCT FROM evidence.published_reason""")


@rule
def count_under_threshold(scope: Scope) -> str:
    """A new count of persons, other than a true zero, that is under the threshold of the policy (S-ANON)."""
    return counted(scope, "count_under_threshold", f"""
        SELECT 1 FROM {scope.new_cells} WHERE "{scope.column}" <> 0 AND "{scope.column}" < {scope.figure("counts", "threshold")}""")


@rule
def count_unlike_persons(scope: Scope) -> str:
    """A count that is not the number of persons, rounded as the policy says (S-ANON)."""
    return counted(scope, "count_unlike_persons", f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_count(scope, scope.column)} AS persons USING (cell_key)
        WHERE cell."{scope.column}" IS NOT NULL
            AND NOT (persons.is_shown AND cell."{scope.column}" = persons.rounded)""")


@rule
def clipped_count_shown(scope: Scope) -> str:
    """A sensitive count, or a sister that gives it away, whose share of its base is outside the band or has none (S-ANON)."""
    measure = scope.measure
    sensitive = _sensitive_sisters(scope, measure)
    joins = " ".join(f"JOIN {_count(scope, name)} AS {name} USING (cell_key)" for name in sensitive)
    clipped = " OR ".join(_is_clipped(scope, name) for name in sensitive)
    return counted(scope, "clipped_count_shown", f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_count(scope, measure["of"])} AS base USING (cell_key) {joins}
        WHERE cell."{scope.column}" IS NOT NULL AND base.true_count > 0 AND ({_band(scope)} IS NULL OR {clipped})""")


@rule
def rate_on_few_persons(scope: Scope) -> str:
    """A rate, share or mean on fewer persons than the policy's smallest base (S-ANON)."""
    base = scope.measure.get("denominator") or scope.measure["base"]
    return counted(scope, "rate_on_few_persons", f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_count(scope, base)} AS base USING (cell_key)
        WHERE cell."{scope.column}" IS NOT NULL
            AND NOT (base.is_shown AND base.rounded >= {scope.figure("rates", "smallest_base")})""")


@rule
def rate_unlike_counts(scope: Scope) -> str:
    """A rate that does not follow from the published counts, or is sensitive and not clipped to its band (S-ANON)."""
    measure = scope.measure
    part, base = measure["numerator"], measure["denominator"]
    share = f"round(least(greatest({part}.rounded / base.rounded, 0), 1), {int(scope.figure('rates', 'decimals'))})"
    expected = f"CASE WHEN {part}.is_shown THEN {share} END"
    if measure.get("sensitive"):
        band = _band(scope)
        expected = f"""CASE WHEN {_is_low(scope, part)} THEN {band}[1] WHEN {_is_high(scope, part)} THEN {band}[2]
            WHEN {band} IS NULL THEN NULL WHEN {part}.is_shown THEN {share} END"""
    return counted(scope, "rate_unlike_counts", f"""
        SELECT 1 FROM {scope.table} AS cell
        JOIN {_count(scope, part)} AS {part} USING (cell_key) JOIN {_count(scope, base)} AS base USING (cell_key)
        WHERE cell."{scope.column}" IS NOT NULL AND NOT (
            base.is_shown AND base.rounded > 0 AND coalesce(abs(cell."{scope.column}" - ({expected})) <= {_SMALL}, false))""")


@rule
def mean_unlike_persons(scope: Scope) -> str:
    """A mean that is not the persons' mean, rounded as the policy says (S-ANON)."""
    decimals = int(scope.figure("means", "decimals"))
    return _unlike_true_value(scope, "mean_unlike_persons", 10.0**-decimals)


@rule
def quantile_on_few_persons(scope: Scope) -> str:
    """A quantile on fewer persons than the policy asks for, in all or on one of its sides (S-ANON)."""
    share = float(scope.measure["quantile"])
    level = "median" if share == 0.5 else "quartile"
    smallest = scope.figure("quantiles", f"smallest_base_{level}")
    return counted(scope, "quantile_on_few_persons", f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_evidence(scope, scope.column)} AS evidence USING (cell_key)
        WHERE cell."{scope.column}" IS NOT NULL AND NOT (
            {rounded(scope, "evidence.true_count")} >= {smallest}
            AND floor(evidence.true_count * {min(share, 1 - share)}) >= {scope.figure("quantiles", "persons_each_side")})""")


@rule
def quantile_unlike_persons(scope: Scope) -> str:
    """A quantile that is not the persons' own, rounded as the policy says (S-ANON)."""
    return _unlike_true_value(scope, "quantile_unlike_persons", _unit(scope, scope.measure))


@rule
def dominated_money(scope: Scope) -> str:
    """An amount of a cell in which one person makes the total, or too few earn less or more than it (S-ANON)."""
    measure, value = scope.measure, scope.measure["value"]
    years = scope.mart.disclosure.get("pooling") or {}
    same = " AND ".join(
        f'cell."{name}" = people."{name}"' for name in scope.mart.dimensions if name not in years.values()
    )
    if years:
        same += f' AND people."{years["year"]}" BETWEEN cell."{years["year_from"]}" AND cell."{years["year"]}"'
    share, p_percent = (float(scope.figure("money", name)) for name in ("largest_share_percent", "p_percent"))
    side = scope.figure("quantiles", "persons_each_side")
    return counted(scope, "dominated_money", f"""
        SELECT cell.cell_key
        FROM {scope.table} AS cell JOIN {_evidence(scope, scope.column)} AS evidence USING (cell_key)
        LEFT JOIN warehouse.intermediate.{scope.mart.disclosure["people"]} AS people ON {same} AND people."{value}" IS NOT NULL
        WHERE cell."{measure["name"]}" IS NOT NULL
        GROUP BY cell.cell_key, evidence.true_value
        HAVING NOT coalesce(
            count(*) FILTER (people."{value}" < evidence.true_value) >= {side}
            AND count(*) FILTER (people."{value}" > evidence.true_value) >= {side}
            AND 100 * max(people."{value}") <= {share} * sum(people."{value}")
            AND 100 * (sum(people."{value}") - list_sum(max(people."{value}", 2))) >= {p_percent} * max(people."{value}"), false)""")


@rule
def nps_unlike_counts(scope: Scope) -> str:
    """A Net Promoter Score or an end of its interval that does not follow from counts which are all published (S-ANON)."""
    measure = scope.measure
    parts = {name: measure[name] for name in ("promoters", "passives", "detractors")}
    joins = " ".join(f"JOIN {_count(scope, name)} AS {part} USING (cell_key)" for part, name in parts.items())
    shown = " AND ".join(f'cell."{name}" IS NOT NULL AND {part}.is_shown' for part, name in parts.items())
    base = "(promoters.rounded + passives.rounded + detractors.rounded)"
    difference = f"((promoters.rounded - detractors.rounded) / {base})"
    step, z = int(scope.figure("counts", "round_to")), NormalDist().inv_cdf((1 + scope.figure("nps", "confidence")) / 2)
    variance = f"""(((promoters.rounded + detractors.rounded) / {base} - {difference} ** 2) / {base}
        + {(step * step - 1) / 12} * (2 + 3 * {difference} ** 2) / {base} ** 2)"""
    end = {"nps": "0", "nps_low": f"-{z} * sqrt({variance})", "nps_high": f"{z} * sqrt({variance})"}[measure["kind"]]
    expected = f"least(100, greatest(-100, 100 * ({difference} + {end})))"
    largest = 0.5 * 10.0 ** -int(scope.figure("nps", "decimals")) + 1e-4
    return counted(scope, "nps_unlike_counts", f"""
        SELECT 1 FROM {scope.table} AS cell {joins}
        WHERE cell."{scope.column}" IS NOT NULL AND NOT ({shown} AND {base} >= {scope.figure("rates", "smallest_base")}
            AND coalesce(abs(cell."{scope.column}" - {expected}) <= {largest}, false))""")


def rounded(scope: Scope, count_sql: str) -> str:
    """SQL for a count of persons as it is published: to the nearest multiple, half up, in whole numbers."""
    step = int(scope.figure("counts", "round_to"))
    return f"((2 * {count_sql} + {step}) // {2 * step} * {step})"


def _evidence(scope: Scope, measure: str) -> str:
    return f"(FROM gate.evidence WHERE mart = '{scope.mart.name}' AND measure = '{measure}')"


def _count(scope: Scope, measure: str) -> str:
    scope.measure_named(measure)
    published = rounded(scope, "true_count")
    return f"""(
        SELECT cell_key, true_count, {published} AS rounded,
            true_count = 0 OR {published} >= {scope.figure("counts", "threshold")} AS is_shown
        FROM gate.evidence WHERE mart = '{scope.mart.name}' AND measure = '{measure}')"""


def _unlike_true_value(scope: Scope, kind: str, unit: float) -> str:
    figure = f'cell."{scope.column}"'
    return counted(scope, kind, f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_evidence(scope, scope.column)} AS evidence USING (cell_key)
        WHERE {figure} IS NOT NULL AND NOT coalesce(
            abs({figure} - evidence.true_value) <= {unit / 2 + _SMALL}
            AND abs({figure} - round({figure} / {unit}) * {unit}) <= {_SMALL}, false)""")


def _unit(scope: Scope, measure: Mapping[str, Any]) -> float:
    if measure.get("money"):
        return float(scope.figure("money", "round_to_eur"))
    return float(scope.figure("quantiles", f"{measure['unit']}_round_to"))


def _sensitive_sisters(scope: Scope, measure: Mapping[str, Any]) -> list[str]:
    """The sensitive counts that this one is, or would give away by subtraction within their partition."""
    return [
        other["name"]
        for other in scope.mart.measures
        if other.get("sensitive") and other["kind"] == "count"
        and (other["name"] == measure["name"]
             or (measure.get("partition") is not None and other.get("partition") == measure["partition"]))
    ]


def _band(scope: Scope) -> str:
    """SQL for the band [lowest, highest] of the published count `base`, NULL where it is too small to have one."""
    bands = " ".join(
        f"WHEN base.rounded >= {band['base_from']} THEN [{float(band['lowest'])}, {float(band['highest'])}]"
        for band in sorted(scope.figure("sensitive_bands"), key=lambda band: -band["base_from"])
    )
    return f"(CASE {bands} END)"


def _is_low(scope: Scope, part: str) -> str:
    return f"least({part}.true_count, {part}.rounded + {_EDGE}) <= {_band(scope)}[1] * base.rounded + {_EDGE} / 2"


def _is_high(scope: Scope, part: str) -> str:
    return (
        f"greatest(base.rounded - (base.true_count - {part}.true_count), {part}.rounded - {_EDGE}) "
        f">= {_band(scope)}[2] * base.rounded - {_EDGE} / 2"
    )


def _is_clipped(scope: Scope, part: str) -> str:
    return f"coalesce({_is_low(scope, part)} OR {_is_high(scope, part)}, false)"
