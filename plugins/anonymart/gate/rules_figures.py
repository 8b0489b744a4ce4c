"""Every figure recomputed from its evidence, without the macros that made it: noise, bases, bands, values
(S-ANON).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any

import duckdb

from anonymart.contracts import REASONS, MartContract
from anonymart.disclosure import intervals
from anonymart.gate import draws
from anonymart.gate.rules import Scope, counted, rule
from anonymart.policy import Policy

_SMALL = 1e-6
_EDGE = 1e-3  # a true count on the edge of its band is outside, a published one is not; counts are whole


@rule
def empty_without_reason(scope: Scope) -> str:
    """A figure that is empty without a known reason, or shown beside one (S-ANON)."""
    figure, reason = f'"{scope.column}"', f'"{scope.column}_reason"'
    allowed = ", ".join(f"'{name}'" for name in REASONS)
    return counted(
        scope,
        "empty_without_reason",
        f"""
        SELECT 1 FROM {scope.table}
        WHERE ({figure} IS NULL) <> ({reason} IS NOT NULL) OR coalesce({reason} NOT IN ({allowed}), false)""",
    )


@rule
def figure_unlike_evidence(scope: Scope) -> str:
    """A figure or a reason that is not the one which the evidence was written for (S-SAFE)."""
    return counted(
        scope,
        "figure_unlike_evidence",
        f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_evidence(scope, scope.column)} AS evidence USING (cell_key)
        WHERE abs(cell."{scope.column}" - evidence.published_value) > {_SMALL}
            OR (cell."{scope.column}" IS NULL) <> (evidence.published_value IS NULL)
            OR cell."{scope.column}_reason" IS DISTINCT FROM evidence.published_reason""",
    )


@rule
def count_under_threshold(scope: Scope) -> str:
    """A new count of persons, other than 0, that is smaller than any that may be published (S-ANON).

    What an earlier release told first stays, and so does a plain count that a correction leaves as it was
    recalled.
    """
    smallest = scope.policy.of_class(scope.mart.noise_of(scope.column)).figure("counts", "smallest")
    told = ""
    if scope.measure.get("told_by"):
        same = f'told.cell_key = cell.cell_key AND told.figure = cell."{scope.column}"'
        told = f"ANTI JOIN {_reported_before(scope, scope.column)} AS told ON {same}"
    if scope.column in scope.mart.plain_counts:
        same = f'recalled.cell_key = cell.cell_key AND recalled."{scope.column}" = cell."{scope.column}"'
        told += f" ANTI JOIN {scope.recalled} AS recalled ON {same}"
    return counted(
        scope,
        "count_under_threshold",
        f"""
        SELECT 1 FROM {scope.new_cells} AS cell {told} WHERE "{scope.column}" <> 0
            AND "{scope.column}" < {smallest}""",
    )


@rule
def count_unlike_persons(scope: Scope) -> str:
    """A count that is not the number of persons with the noise of their cell key, drawn here once more
    (S-ANON).
    """
    return counted(
        scope,
        "count_unlike_persons",
        f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_count(scope, scope.column)} AS persons USING (cell_key)
        WHERE cell."{scope.column}" IS NOT NULL
            AND cell."{scope.column}" <> persons.perturbed""",
    )


@rule
def clipped_count_shown(scope: Scope) -> str:
    """A sensitive count, or a sister that gives it away, whose share of its base is outside the band or has
    none (S-ANON).
    """
    measure = scope.measure
    sensitive = sensitive_sisters(scope, measure)
    joins = " ".join(f"JOIN {_count(scope, name)} AS {name} USING (cell_key)" for name in sensitive)
    clipped = " OR ".join(_is_clipped(scope, name) for name in sensitive)
    return counted(
        scope,
        "clipped_count_shown",
        f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_count(scope, measure["of"])}
            AS base USING (cell_key) {joins}
        WHERE cell."{scope.column}" IS NOT NULL AND base.true_count > 0
            AND ({_band(scope)} IS NULL OR {clipped})""",
    )


@rule
def rate_on_few_persons(scope: Scope) -> str:
    """A rate, share or mean on fewer persons than the policy's smallest base (S-ANON)."""
    base = scope.measure.get("denominator") or scope.measure["base"]
    return counted(
        scope,
        "rate_on_few_persons",
        f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_count(scope, base)} AS base USING (cell_key)
        WHERE cell."{scope.column}" IS NOT NULL
            AND base.perturbed < {scope.figure("rates", "smallest_base")}""",
    )


@rule
def rate_unlike_counts(scope: Scope) -> str:
    """A rate that does not follow from the published counts, is sensitive and not clipped to its band, or is
    not as it was told first.
    """
    measure = scope.measure
    if measure.get("told_by"):
        return _unlike_first(scope, measure, "rate_unlike_counts")
    part, base = measure["numerator"], measure["denominator"]
    share = (
        f"round(least(greatest({part}.perturbed / base.perturbed, 0), 1), "
        f"{int(scope.figure('rates', 'decimals'))})"
    )
    expected = share
    if measure.get("sensitive"):
        band = _band(scope)
        expected = f"""
            CASE WHEN {_is_low(scope, part)} THEN {band}[1] WHEN {_is_high(scope, part)} THEN {band}[2]
            WHEN {band} IS NOT NULL THEN {share} END"""
    return counted(
        scope,
        "rate_unlike_counts",
        f"""
        SELECT 1 FROM {scope.table} AS cell
        JOIN {_count(scope, part)} AS {part} USING (cell_key) JOIN {_count(scope, base)}
            AS base USING (cell_key)
        WHERE cell."{scope.column}" IS NOT NULL AND NOT (
            base.perturbed > 0 AND coalesce(abs(cell."{scope.column}" - ({expected})) <= {_SMALL}, false))""",
    )


@rule
def interval_unlike_rate(scope: Scope) -> str:
    """An end of an interval that does not follow from its published rate and base, or is shown where the rate
    is not (S-ANON).
    """
    measure = scope.measure
    if measure.get("told_by"):
        return _unlike_first(scope, measure, "interval_unlike_rate")
    rate = scope.measure_named(measure["rate"])
    shown, told = f'cell."{scope.column}"', f'cell."{rate["name"]}"'
    expected = intervals.end(
        scope.policy, scope.mart, rate, measure["kind"].removeprefix("rate_"), "base.perturbed", "cell."
    )
    largest = 0.5 * 10.0 ** -int(scope.figure("rates", "decimals")) + _SMALL
    return counted(
        scope,
        "interval_unlike_rate",
        f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_count(scope, rate["denominator"])} AS base USING (cell_key)
        WHERE cell."{scope.column}_reason" IS DISTINCT FROM cell."{rate["name"]}_reason"
            OR ({shown} IS NULL) <> ({told} IS NULL)
            OR ({shown} IS NOT NULL AND NOT coalesce(abs({shown} - {expected}) <= {largest}, false))""",
    )


@rule
def mean_unlike_persons(scope: Scope) -> str:
    """A mean that is not the persons' sum with its noise over their published count (S-ANON)."""
    total = (
        f"greatest(0, evidence.true_numerator + {scope.figure('means', 'noise_of_largest')} * "
        f"evidence.largest * noise.deviation)"
    )
    return counted(
        scope,
        "mean_unlike_persons",
        f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_evidence(scope, scope.column)} AS evidence USING (cell_key)
        JOIN {_count(scope, scope.measure["base"])} AS base USING (cell_key)
        LEFT JOIN gate.perturbation AS noise ON noise.noise_class = '{scope.mart.noise}'
            AND noise.true_count = {draws.last_block(scope.policy, scope.mart.noise)}
            AND evidence.draw_key >= noise.key_from AND evidence.draw_key < noise.key_upto
        WHERE cell."{scope.column}" IS NOT NULL AND NOT coalesce(abs(
            cell."{scope.column}" - round({total} / base.perturbed, {int(scope.figure("means", "decimals"))}))
                <= {_SMALL}, false)""",
    )


@rule
def quantile_on_few_persons(scope: Scope) -> str:
    """A quantile on fewer persons than the policy asks for, in all or on one of its sides (S-ANON)."""
    share = float(scope.measure["quantile"])
    level = "median" if share == 0.5 else "quartile"
    smallest = scope.figure("quantiles", f"smallest_base_{level}")
    return counted(
        scope,
        "quantile_on_few_persons",
        f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_perturbed(scope, scope.column)}
            AS evidence USING (cell_key)
        WHERE cell."{scope.column}" IS NOT NULL AND NOT (
            evidence.perturbed >= {smallest}
            AND floor(evidence.true_count * {min(share, 1 - share)})
                >= {scope.figure("quantiles", "persons_each_side")})""",
    )


@rule
def quantile_unlike_persons(scope: Scope) -> str:
    """A quantile that is not the persons' own, with the noise of its cell key in ranks and rounded as the
    policy says (S-ANON).
    """
    measure, unit = scope.measure, _unit(scope, scope.measure)
    figure, share = f'cell."{scope.column}"', float(measure["quantile"])
    first = "((evidence.draw_key * 1597334677 + 374761393) % 4294967296)"
    second = f"((({first} & 65535) << 16) | ({first} >> 16))"
    drawn = f"(({second} * {2 * int(1000 * share) * 1000003 + 1}) % 4294967296)"
    four = " + ".join(f"(({drawn} >> {bits}) & 255)" for bits in (0, 8, 16, 24))
    shift = f"{_rank_noise(scope, measure)} * ({four} - 510) / 512.0"
    rank = f"greatest(3, least(len(persons.sorted) - 4, {share} * (len(persons.sorted) - 1) + {shift}))"
    # Between two neighbours the figure is as far as the rank is between theirs.
    value = (
        "persons.sorted[floor(rank)::BIGINT + 1] * (1 - rank % 1) + persons.sorted[ceil(rank)::BIGINT + "
        "1] * (rank % 1)"
    )
    return counted(
        scope,
        "quantile_unlike_persons",
        f"""
        SELECT 1 FROM {scope.table} AS cell JOIN {_evidence(scope, scope.column)} AS evidence USING (cell_key)
        LEFT JOIN (FROM gate.values_{scope.mart.name}
        WHERE value = '{measure["value"]}') AS persons ON persons.cell_key = cell.cell_key,
        LATERAL (SELECT {rank} AS rank) AS drawn
        WHERE {figure} IS NOT NULL AND NOT coalesce(
            abs({figure} - ({value})) <= {unit / 2 + _SMALL}
            AND abs({figure} - round({figure} / {unit}) * {unit}) <= {_SMALL}, false)""",
    )


@rule
def dominated_money(scope: Scope) -> str:
    """An amount of a cell in which one person makes the total, or too few earn less or more than it
    (S-ANON).
    """
    measure, value = scope.measure, scope.measure["value"]
    years = scope.mart.disclosure.get("pooling") or {}
    same = " AND ".join(
        f'cell."{name}" = people."{name}"' for name in scope.mart.dimensions if name not in years.values()
    )
    if years:
        same += (
            f' AND people."{years["year"]}" BETWEEN cell."{years["year_from"]}" AND cell."{years["year"]}"'
        )
    share, p_percent = (float(scope.figure("money", name)) for name in ("largest_share_percent", "p_percent"))
    side = scope.figure("quantiles", "persons_each_side")
    return counted(
        scope,
        "dominated_money",
        f"""
        SELECT cell.cell_key
        FROM {scope.table} AS cell JOIN {_evidence(scope, scope.column)} AS evidence USING (cell_key)
        LEFT JOIN {scope.people} AS people ON {same} AND people."{value}" IS NOT NULL
        WHERE cell."{measure["name"]}" IS NOT NULL
        GROUP BY cell.cell_key, evidence.true_value
        HAVING NOT coalesce(
            count(*) FILTER (people."{value}" < evidence.true_value) >= {side}
            AND count(*) FILTER (people."{value}" > evidence.true_value) >= {side}
            AND 100 * max(people."{value}") <= {share} * sum(people."{value}")
            AND 100 * (sum(people."{value}") - list_sum(max(people."{value}", 2)))
                >= {p_percent} * max(people."{value}"), false)""",
    )


@rule
def nps_unlike_counts(scope: Scope) -> str:
    """A Net Promoter Score or an end of its interval that does not follow from counts which are all published
    (S-ANON).
    """
    measure = scope.measure
    parts = {name: measure[name] for name in ("promoters", "passives", "detractors")}
    joins = " ".join(f"JOIN {_count(scope, name)} AS {part} USING (cell_key)" for part, name in parts.items())
    shown = " AND ".join(f'cell."{name}" IS NOT NULL' for name in parts.values())
    base = "(promoters.perturbed + passives.perturbed + detractors.perturbed)"
    side = {"nps": None, "nps_low": "low", "nps_high": "high"}[measure["kind"]]
    expected = intervals.score(
        scope.policy.of_class(scope.mart.noise), side, *(f"{part}.perturbed" for part in parts)
    )
    largest = 0.5 * 10.0 ** -int(scope.figure("nps", "decimals")) + 1e-4
    return counted(
        scope,
        "nps_unlike_counts",
        f"""
        SELECT 1 FROM {scope.table} AS cell {joins}
        WHERE cell."{scope.column}" IS NOT NULL AND NOT ({shown}
            AND {base} >= {scope.figure("nps", "smallest_base")}
            AND coalesce(abs(cell."{scope.column}" - {expected}) <= {largest}, false))""",
    )


def _evidence(scope: Scope, measure: str) -> str:
    return f"(FROM gate.evidence WHERE mart = '{scope.mart.name}' AND measure = '{measure}')"


def _count(scope: Scope, measure: str) -> str:
    scope.measure_named(measure)
    return _perturbed(scope, measure)


def make_perturbed(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], policy: Policy
) -> None:
    """Fill gate.perturbed_<mart>: the evidence of counts and quantiles with their persons' counts after
    noise, for all rules that need them; to be filled again where what stands behind it changes.

    Of a mart for which it cannot be worked out the table is missing, so that these rules cannot be asked.
    """
    for contract in contracts.values():
        table = f"gate.perturbed_{contract.name}"
        found = [
            _drawn(Scope(policy, date.min, contract, measure["name"], {}, contracts), measure["name"])
            for measure in contract.measures
            if measure["kind"] in ("count", "quantile")
        ]
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        with suppress(duckdb.Error):
            connection.execute(f"CREATE TABLE {table} AS {' UNION ALL '.join(found)}")


def _perturbed(scope: Scope, measure: str) -> str:
    """SQL for the evidence of a measure with its persons' count after noise: `make_perturbed`."""
    return f"(FROM gate.perturbed_{scope.mart.name} WHERE measure = '{measure}')"


def _drawn(scope: Scope, measure: str) -> str:
    """SQL for the evidence of a measure with its persons' count after noise, -1 where the evidence has no
    cell key.

    In a corrected cell that is the recalled plain count, where the new one is near it: who left meanwhile
    must not show. Counts that are held against each other are consistent (gate.consistent).
    """
    drawn, noise = "evidence.true_count + noise.deviation", scope.mart.noise_of(measure)
    recalled = f"""(
        SELECT cell_key, {f'"{measure}"' if measure in scope.mart.plain_counts else "NULL"} AS figure
        FROM {scope.recalled})"""
    near = f"abs(recalled.figure - ({drawn})) < {scope.smallest_move(measure)}"
    return f"""
        SELECT evidence.*, coalesce(consistent.figure, first.figure,
            CASE WHEN {near} THEN recalled.figure END, {drawn}, -1) AS perturbed
        FROM gate.evidence AS evidence LEFT JOIN gate.perturbation AS noise
            ON noise.noise_class = '{noise}' AND noise.true_count = least(evidence.true_count,
                {draws.last_block(scope.policy, noise)})
            AND evidence.draw_key >= noise.key_from AND evidence.draw_key < noise.key_upto
        LEFT JOIN {recalled} AS recalled ON recalled.cell_key = evidence.cell_key
        LEFT JOIN {_reported_before(scope, measure)} AS first ON first.cell_key = evidence.cell_key
        LEFT JOIN gate.consistent AS consistent
            ON consistent.mart = evidence.mart AND consistent.measure = evidence.measure
                AND consistent.cell_key = evidence.cell_key
        WHERE evidence.mart = '{scope.mart.name}' AND evidence.measure = '{measure}'"""


def _reported_before(scope: Scope, measure: str) -> str:
    """SQL for (cell_key, figure) of a count that an earlier release has told: 0 where the period is closed
    and has no such row.
    """
    told = scope.measure_named(measure)
    first = told.get("told_by") or {}
    name, figure = first.get("mart", scope.mart.name), first.get("measure", measure)
    other = scope.contracts.get(name)
    if not first or other is None or figure not in other.figures:
        return "(SELECT '' AS cell_key, NULL AS figure LIMIT 0)"
    places = {
        dimension: _place(scope, value) for dimension, value in draws.first_places(scope.mart, told).items()
    }
    key = " || '|' || ".join(f"{places[dimension]}::VARCHAR" for dimension in other.period_key)
    return f"""(
        SELECT cell.cell_key, coalesce(first."{figure}", 0) AS figure FROM {scope.table} AS cell
        LEFT JOIN gate.carried_{name} AS first ON {_same_cell(places)}
        WHERE {key} IN (SELECT period_key FROM gate.closed_periods WHERE mart = '{name}'))"""


def _unlike_first(scope: Scope, measure: Mapping[str, Any], kind: str) -> str:
    first = measure["told_by"]
    places = {
        dimension: _place(scope, value)
        for dimension, value in draws.first_places(scope.mart, measure).items()
    }
    figure = f'first."{first["measure"]}"'
    return counted(
        scope,
        kind,
        f"""
        SELECT 1 FROM {scope.new_cells} AS cell LEFT JOIN gate.{first["mart"]} AS first
            ON {_same_cell(places)}
        WHERE cell."{scope.column}" IS DISTINCT FROM {figure}
            OR ({figure} IS NULL AND cell."{scope.column}_reason" IS DISTINCT
            FROM coalesce({figure[:-1]}_reason", 'too_few'))""",
    )


def _place(scope: Scope, value: Any) -> str:
    return f'cell."{value}"' if value in scope.mart.dimensions else f"'{value}'"


def _same_cell(places: Mapping[str, str]) -> str:
    return " AND ".join(
        f'first."{dimension}"::VARCHAR = {place}::VARCHAR' for dimension, place in places.items()
    )


def _unit(scope: Scope, measure: Mapping[str, Any]) -> float:
    if measure.get("money"):
        return float(scope.figure("money", "round_to_eur"))
    return float(scope.figure("quantiles", f"{measure['unit']}_round_to"))


def _rank_noise(scope: Scope, measure: Mapping[str, Any]) -> int:
    """Largest noise of a quantile, in ranks."""
    return int(
        scope.figure("money", "rank_noise")
        if measure.get("money")
        else scope.figure("quantiles", f"{measure['unit']}_rank_noise")
    )


def sensitive_sisters(scope: Scope, measure: Mapping[str, Any]) -> list[str]:
    """The sensitive counts that this one is, or would give away by subtraction within their partition."""

    def is_sister(other: Mapping[str, Any]) -> bool:
        parts = [(each.get("partition"), each.get("of")) for each in (measure, other)]
        return parts[0] == parts[1] and measure.get("partition") is not None

    sensitive = [
        other for other in scope.mart.measures if other.get("sensitive") and other["kind"] == "count"
    ]
    return [other["name"] for other in sensitive if other["name"] == measure["name"] or is_sister(other)]


def clipped_cells(scope: Scope, part: str) -> str:
    """SQL for (cell_key, has_band, is_clipped) of a sensitive count: the side of its band is told, whatever
    the noise.
    """
    base = scope.measure_named(part)["of"]
    return f"""(
        SELECT cell_key, {_band(scope)} IS NOT NULL AS has_band, {_is_clipped(scope, part)} AS is_clipped
        FROM {_count(scope, part)} AS {part} JOIN {_count(scope, base)} AS base USING (cell_key))"""


def _band(scope: Scope) -> str:
    """SQL for the band [lowest, highest] of the published count `base`, NULL where it is too small to have
    one.
    """
    bands = " ".join(
        f"WHEN base.perturbed >= {band['base_from']} THEN [{float(band['lowest'])}, {float(band['highest'])}]"
        for band in sorted(scope.figure("sensitive_bands"), key=lambda band: -band["base_from"])
    )
    return f"(CASE {bands} END)"


def _is_low(scope: Scope, part: str) -> str:
    return (
        f"least({part}.true_count, {part}.perturbed + {_EDGE}) <= {_band(scope)}[1] * base.perturbed + "
        f"{_EDGE} / 2"
    )


def _is_high(scope: Scope, part: str) -> str:
    return (
        f"greatest(base.perturbed - (base.true_count - {part}.true_count), {part}.perturbed - {_EDGE}) "
        f">= {_band(scope)}[2] * base.perturbed - {_EDGE} / 2"
    )


def _is_clipped(scope: Scope, part: str) -> str:
    return f"coalesce({_is_low(scope, part)} OR {_is_high(scope, part)}, false)"
