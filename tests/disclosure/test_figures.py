"""Every mart over random people: the macros against a plain-Python oracle, and what no published figure may
ever be.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from oracle import Cell, cells, funnels, shown_cells
from small_school import SmallSchool, marts, people_columns, policy, rules

AS_OF = "2026-06-30"
PERIODS = {
    "month": dt.date(2025, 3, 1),
    "quarter": dt.date(2024, 1, 1),
    "half_year": dt.date(2024, 7, 1),
    "year": 2022,
}
SIZES = [1, 2, 9, 10, 11, 12, 13, 17, 18, 22, 23, 24, 27, 28, 38, 42, 43, 47, 48, 60, 98, 103, 160, 299, 310]
CHANCES = [0.0, 0.0, 0.02, 0.1, 0.3, 0.5, 0.8, 0.95, 1.0, 1.0]


def random_people(mart: str, dice: random.Random) -> list[dict[str, Any]]:
    """Cells of every size and composition; part implies whole, as in the real people tables."""
    found, columns = rules(mart), people_columns(mart)
    people: list[dict[str, Any]] = []
    for number, size in enumerate(SIZES * 3):
        key = {name: _key(found, name, number) for name in found["dimensions"]}
        people += [{**key, **person} for person in _cell_people(found, columns, size, dice)]
    for rule in (rule for rule in found.get("consistent", []) if "along" in rule):
        for number, size in enumerate(SIZES * 3):
            key = {name: _key(found, name, number + len(SIZES) * 3) for name in found["dimensions"]}
            people += _funnel_people(
                rule,
                key,
                next(m["where"] for m in found["measures"] if m["name"] == rule["falls"]),
                size,
                dice,
            )
    return people


def _funnel_people(
    rule: dict[str, Any], key: dict[str, Any], reached: str, size: int, dice: random.Random
) -> list[dict[str, Any]]:
    """People on the steps of a funnel: whoever has reached one has reached those before it."""
    chance = dice.choice([0.3, 0.8, 0.98, 1.0])
    people = []
    for i in range(size):
        last = next(
            (place for place in range(1, len(rule["order"])) if dice.random() > chance), len(rule["order"])
        )
        person = {
            "pseudonym": f"{i:064x}",
            "record_key": dice.getrandbits(32),
            "closing_on": dt.date(2027, 1, 1) + dt.timedelta(i),
        }
        people += [
            {**key, **person, rule["along"]: step, reached: place < last}
            for place, step in enumerate(rule["order"])
        ]
    return people


def _key(found: dict[str, Any], name: str, number: int) -> Any:
    spec = found["dimensions"][name]
    if spec == "pooled_period" or name == found["period"]["column"]:
        if "n_months" in found["dimensions"]:
            return dt.date(2011 + number // 12, number % 12 + 1, 1)
        quarter = dt.date(2011 + number // 25, 1, 1)
        return quarter if "months_since_start" in found["dimensions"] else PERIODS[found["period"]["grain"]]
    if isinstance(spec, list):
        return spec[0]
    return number % 25 if isinstance(spec, dict) else f"{name}{number}"


def _cell_people(
    found: dict[str, Any], columns: dict[str, str], size: int, dice: random.Random
) -> list[dict[str, Any]]:
    chances = {name: dice.choice(CHANCES) for name in columns}
    shape = dice.choice(["spread", "alike", "giant"])
    parents = {
        m["where"]: next((o.get("where") for o in found["measures"] if o["name"] == m.get("of")), None)
        for m in found["measures"]
        if m.get("where")
    }
    where = {m["name"]: m.get("where") for m in found["measures"]}
    partitions = [
        [where[name] for name in rule["sums"]] for rule in found.get("consistent", []) if "sums" in rule
    ]
    people = []
    for i in range(size):
        person: dict[str, Any] = {
            "pseudonym": f"{i:064x}",
            "record_key": dice.getrandbits(32),
            "closing_on": dt.date(2027, 1, 1) + dt.timedelta(i),
        }
        for name, kind in columns.items():
            if kind == "boolean":
                parent = parents.get(name)
                person[name] = (not parent or person[parent]) and dice.random() < chances[name]
            elif name in ("progress", "score", "days", "salary_eur_year"):
                person[name] = (
                    _value(name, shape, i, dice) if dice.random() < max(0.5, chances[name]) else None
                )
            elif name in ("n_attempts", "pages", "visits"):
                person[name] = dice.choice([1, 1, 2, 3, 400])
        for parts in partitions:
            _one_of(parts, person, dice, chances, parents[parts[0]])
        people.append(person)
    return people


def _value(name: str, shape: str, i: int, dice: random.Random) -> float:
    if name != "salary_eur_year":
        return float(dice.randint(0, 100))
    if shape == "spread":
        return float(dice.randint(18_000, 60_000))
    return 30_000.0 if shape == "alike" else (5_000_000.0 if i == 0 else 5_000.0 + dice.randint(0, 99))


def _one_of(
    parts: list[str],
    person: dict[str, Any],
    dice: random.Random,
    chances: dict[str, float],
    whole: str | None,
) -> None:
    """Parts that add up: a person is in one of them."""
    chosen = dice.choices(parts, [chances[name] + 0.001 for name in parts])[0]
    for name in parts:
        person[name] = (not whole or person[whole]) and name == chosen


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallSchool, dict[str, list[dict[str, Any]]]]:
    small_school = SmallSchool(tmp_path_factory.mktemp("small_school"))
    dice = random.Random(20260630)
    # Visitors last, so that the others are as they were before there were any.
    people = {mart: random_people(mart, dice) for mart in sorted(marts(), key="audience_monthly".__eq__)}
    for mart in marts():
        small_school.add_people(mart, people[mart])
    small_school.build(as_of=AS_OF)
    return small_school, people


def _told_first(
    small_school: SmallSchool, found: dict[str, Any], measure: dict[str, Any], place: dict[str, Any]
) -> tuple[float | None, str | None]:
    """A rate that another mart tells, and is not made again."""
    first = measure["told_by"]
    at = {
        name: place.get(told, told) if told in found["dimensions"] else told
        for name, told in first["at"].items()
    }
    rows = [
        row
        for row in small_school.rows(f"intermediate.int_cells__{first['mart']}")
        if all(row[name] == value for name, value in at.items())
    ]
    return (rows[0][first["measure"]], rows[0][f"{first['measure']}_reason"]) if rows else (None, "too_few")


@pytest.mark.parametrize("mart", marts())
def test_published_figures_equal_the_oracle(
    built: tuple[SmallSchool, dict[str, list[dict[str, Any]]]], mart: str
) -> None:
    small_school, people = built
    found, law = rules(mart), policy()
    rows = {
        tuple(row[name] for name in found["dimensions"]): row
        for row in small_school.rows(f"intermediate.int_cells__{mart}")
    }
    expected = shown_cells(found, law, people[mart])
    fixed = funnels(found, law, cells(found, people[mart]))
    assert rows.keys() == expected.keys()
    steps = {"points": law["quantiles"]["points_round_to"], "days": law["quantiles"]["days_round_to"]}
    seen = set()
    for key, members in expected.items():
        for name, (value, reason) in Cell(found, law, members, fixed=fixed.get(key)).figures().items():
            measure = next(m for m in found["measures"] if m["name"] == name)
            what = (mart, key, name, len(members))
            if measure["kind"].startswith("rate") and "told_by" in measure:
                value, reason = _told_first(small_school, found, measure, members[0])
            assert rows[key][f"{name}_reason"] == reason, what
            seen.add((measure["kind"], reason))
            if value is None:
                assert rows[key][name] is None, what
                continue
            tolerance = {
                "count": 0,
                "rate": 1e-4,
                "rate_low": 2e-4,
                "rate_high": 2e-4,
                "mean": 0.05,
                "quantile": steps.get(measure.get("unit"), 100) / 2,
            }.get(measure["kind"], 0.05)
            assert rows[key][name] == pytest.approx(value, abs=tolerance + 1e-9), what
    # Whether a copied rate is told depends on the other mart, which has no people two years after here.
    kinds = {
        measure["kind"]
        for measure in found["measures"]
        if mart != "rncp_two_years" or "told_by" not in measure
    }
    assert {(kind, None) for kind in kinds} <= seen and {
        (kind, "too_few") for kind in kinds - {"count"}
    } <= seen


@pytest.mark.parametrize("mart", marts())
def test_no_published_figure_is_small_or_bare(
    built: tuple[SmallSchool, dict[str, list[dict[str, Any]]]], mart: str
) -> None:
    small_school, _ = built
    found, law = rules(mart), policy()
    rows = small_school.rows(f"marts.{mart}")
    assert rows and [tuple(row[name] for name in found["dimensions"]) for row in rows] == sorted(
        tuple(row[name] for name in found["dimensions"]) for row in rows
    )
    for row in rows:
        for measure in (m for m in found["measures"] if not m.get("hidden")):
            value, reason = row[measure["name"]], row[f"{measure['name']}_reason"]
            assert (value is None) == (reason is not None) and reason in (None, "too_few", "protected")
            if value is not None and measure["kind"] == "count":
                noise = measure.get("noise", rules(mart)["noise"])
                assert value == 0 or value >= law["counts"]["smallest"][noise]
            if value is not None and measure["kind"] == "rate":
                assert 0 <= value <= 1
            if measure["kind"] == "rate":
                ends = [row[f"{measure['name']}_{side}"] for side in ("low", "high")]
                assert reason == row[f"{measure['name']}_low_reason"] == row[f"{measure['name']}_high_reason"]
                assert ends == [None, None] if value is None else 0 <= ends[0] <= value <= ends[1] <= 1
            if value is not None and measure["kind"] == "quantile":
                assert (
                    value
                    % (
                        law["money"]["round_to_eur"]
                        if measure.get("money")
                        else law["quantiles"][f"{measure['unit']}_round_to"]
                    )
                    == 0
                )
    everyone = [row for row in rows if row.get("n_detractors_reason") == "protected"]
    assert all(
        row["n_promoters"] is row["n_passives"] is row["nps"] is row["nps_low"] is row["nps_high"] is None
        for row in everyone
    )


@pytest.mark.parametrize(
    "mart",
    [
        mart
        for mart in marts()
        if any(m["kind"] == "rate" and "told_by" not in m for m in rules(mart)["measures"])
    ],
)
def test_an_interval_tells_no_more_than_rate_and_base(
    built: tuple[SmallSchool, dict[str, list[dict[str, Any]]]], mart: str
) -> None:
    """Cells with the same rate on the same base have the same interval, whatever stands behind them; on an
    edge the base does not matter.
    """
    small_school, _ = built
    found, told = rules(mart), {}
    for row in small_school.rows(f"intermediate.int_cells__{mart}"):
        for rate in (
            m
            for m in found["measures"]
            if m["kind"] == "rate" and "told_by" not in m and row[m["name"]] is not None
        ):
            value, base = row[rate["name"]], row[f"perturbed_{rate['denominator']}"]
            band = next(
                b for b in policy()["sensitive_bands"] if b["base_from"] <= base <= (b["base_to"] or base)
            )
            is_edge = rate.get("sensitive") and value in (band["lowest"], band["highest"])
            # A first step or month has no noise: everybody sees from its dimensions that it is all.
            all_of_them = row.get("step") == "registered" or row.get("months_since_start") == 0
            ends = (row[f"{rate['name']}_low"], row[f"{rate['name']}_high"])
            assert (
                told.setdefault((rate["name"], value, "edge" if is_edge else base, all_of_them), ends) == ends
            )
            assert not all_of_them or ends == (1, 1)
            assert not is_edge or 0 in ends or 1 in ends
    assert told


def test_evidence_has_every_measure_of_every_new_cell(
    built: tuple[SmallSchool, dict[str, list[dict[str, Any]]]],
) -> None:
    small_school, people = built
    evidence = small_school.rows("evidence.cell_evidence")
    expected = sum(
        len(shown_cells(rules(mart), policy(), people[mart])) * len(rules(mart)["measures"])
        for mart in marts()
    )
    assert (
        len(evidence) == expected == len({(row["mart"], row["cell_key"], row["measure"]) for row in evidence})
    )
    for row in evidence:
        assert (row["published_value"] is None) == (row["published_reason"] is not None)
        assert row["earliest_closing_on"] == dt.date(2027, 1, 1) and str(row["as_of"]) == AS_OF
        # What another mart tells is of other people in this small_school.
        is_copied = row["kind"] == "rate" and row["mart"] in ("rncp_promotion", "rncp_two_years")
        if (
            row["kind"] in ("rate", "mean", "quantile", "nps")
            and row["published_value"] is not None
            and not is_copied
        ):
            assert row["published_base"] >= policy()["rates"]["smallest_base"]["coarse"]


@pytest.mark.long
def test_published_cells_never_change_and_closed_periods_stay_closed(
    built: tuple[SmallSchool, dict[str, list[dict[str, Any]]]],
) -> None:
    small_school, _ = built
    before = {mart: small_school.rows(f"marts.{mart}") for mart in marts()}
    small_school.publish()
    for mart in marts():
        late = [{**person, "pseudonym": "f" * 64} for person in random_people(mart, random.Random(1))[:200]]
        small_school.add_people(mart, late)
    small_school.build(as_of="2026-07-30")
    for mart in marts():
        assert small_school.rows(f"marts.{mart}") == before[mart], mart
    assert small_school.rows("evidence.cell_evidence") == []
    assert {
        row["closes_on"] > dt.date(2026, 6, 30)
        for row in small_school.rows("intermediate.int_closed_periods")
    } == {True}
