"""Which counts of new cells were made consistent with others, and what they became: worked out once more,
without the macros (S-ANON).

Antitonic regression by pooling adjacent violators (scipy; Barlow, Bartholomew, Bremner and Brunk,
"Statistical inference under order restrictions", 1972), in whole persons; the parts of a partition share
equally what they lack of their whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.gate.draws import last_block
from anonymart.gate.tables import insert
from anonymart.policy import Policy
from anonymart.release.cells import key_sql

Cells = dict[str, dict[str, Any]]  # by cell_key: the dimensions of a cell and its counts with noise
Found = tuple[str, str, int]  # cell_key, measure, persons


def add(connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], policy: Policy) -> None:
    """Make gate.consistent (mart, cell_key, measure, figure), in persons. Needs gate.evidence with its draws
    and gate.perturbation.
    """
    connection.execute(
        "CREATE TABLE gate.consistent (mart VARCHAR, cell_key VARCHAR, measure VARCHAR, figure BIGINT)"
    )
    for contract in contracts.values():
        for rule in contract.consistent:
            cells = _noisy(connection, contract, rule, policy)
            insert(
                connection,
                "gate.consistent",
                [(contract.name, *found) for found in _consistent(contract, rule, cells, policy)],
            )


def _consistent(
    contract: MartContract, rule: Mapping[str, Any], cells: Cells, policy: Policy
) -> Iterator[Found]:
    if "sums" in rule:
        yield from _sums(contract, rule, cells, policy.of_class(contract.noise))
    elif "along" in rule:
        yield from _funnels(contract, rule, cells)
    else:
        for key, cell in cells.items():
            for name, figure in zip(
                rule["falls"], falling([cell[name] for name in rule["falls"]]), strict=True
            ):
                yield key, name, figure


def _funnels(contract: MartContract, rule: Mapping[str, Any], cells: Cells) -> Iterator[Found]:
    along, count, order = rule["along"], rule["falls"], rule["order"]
    funnels: dict[tuple[Any, ...], dict[str, str]] = defaultdict(dict)
    for key, cell in cells.items():
        funnels[tuple(cell[name] for name in contract.dimensions if name != along)][str(cell[along])] = key
    for steps in funnels.values():
        known = [steps[step] for step in order if step in steps]
        figures = falling([cells[key][count] for key in known])
        yield from ((key, count, figure) for key, figure in zip(known, figures, strict=True))
        if "first" in rule and order[0] in steps:
            yield from ((key, rule["first"], figures[0]) for key in steps.values())


def falling(counts: Sequence[int]) -> list[int]:
    """The closest sequence that does not rise, in whole persons (a half goes to the even number); a 0 stays
    and joins nothing.
    """
    from scipy.optimize import isotonic_regression

    shown = [count for count in counts if count]
    if not shown:
        return list(counts)
    edges = [int(edge) for edge in isotonic_regression(shown, increasing=False).blocks]
    found: list[int] = []
    for start, end in pairwise(edges):
        found += [round(Fraction(sum(shown[start:end]), end - start))] * (end - start)
    rest = iter(found)
    return [next(rest) if count else 0 for count in counts]


def _sums(contract: MartContract, rule: Mapping[str, Any], cells: Cells, policy: Policy) -> Iterator[Found]:
    sensitive = {measure["name"] for measure in contract.measures if measure.get("sensitive")}
    for key, cell in cells.items():
        whole, counts = cell[rule["to"]], {name: cell[name] for name in rule["sums"]}
        moved = _moved(counts, whole)
        if (
            moved
            # A part that is shown does not become 0 either.
            and all(not counts[name] or n >= policy.figure("counts", "smallest") for name, n in moved.items())
            and all(
                _is_inside(policy, cell, rule["to"], name, moved[name]) for name in sensitive & set(counts)
            )
        ):
            yield from ((key, name, figure) for name, figure in moved.items())


def _moved(counts: Mapping[str, int], whole: int) -> dict[str, int]:
    shown = sorted((name for name in counts if counts[name]), key=lambda name: -counts[name])
    if not shown or not whole:
        return {}
    lacking = whole - sum(counts.values())
    each, left = divmod(abs(lacking), len(shown))
    sign = 1 if lacking > 0 else -1
    more = {name: sign * (each + (place < left)) for place, name in enumerate(shown)}
    return {name: n + more.get(name, 0) for name, n in counts.items()}


def _is_inside(policy: Policy, cell: Mapping[str, Any], of: str, name: str, moved: int) -> bool:
    """Whether a sensitive part of a whole is inside its band, before it is moved and after."""
    whole = cell[of]
    fitting = [band for band in policy.figure("sensitive_bands") if whole >= band["base_from"]]
    if not fitting:
        return False
    band = max(fitting, key=lambda band: band["base_from"])
    low, high = (Fraction(str(band[edge])) for edge in ("lowest", "highest"))
    inside, outside = cell[f"true_{name}"], cell[f"true_{of}"] - cell[f"true_{name}"]
    is_near = inside <= low * whole or outside <= (1 - high) * whole
    return not is_near and all(low * whole <= n <= high * whole for n in (cell[name], moved))


def _noisy(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, rule: Mapping[str, Any], policy: Policy
) -> Cells:
    """The new cells of periods that were never recalled, with the counts of a rule as they were drawn."""
    names = [*(rule.get("sums") or ([rule["falls"]] if isinstance(rule["falls"], str) else rule["falls"]))]
    names += [rule["to"]] if "to" in rule else []
    counts = ", ".join(
        f"any_value({value}) FILTER (evidence.measure = '{name}') AS \"{column}\""
        for name in names
        for column, value in (
            (name, "evidence.true_count + noise.deviation"),
            (f"true_{name}", "evidence.true_count"),
        )
    )
    drawn = " OR ".join(
        f"(evidence.measure = '{name}' AND noise.noise_class = '{contract.noise_of(name)}' AND "
        f"noise.true_count = "
        f"least(evidence.true_count, {last_block(policy, contract.noise_of(name))}))"
        for name in names
    )
    recalled = (
        f"SELECT {key_sql(contract.period_key, 'recalled')} FROM gate.withdrawn_{contract.name} AS recalled"
    )
    result = connection.execute(f"""
        SELECT cell.*, {counts} FROM gate.{contract.name} AS cell JOIN gate.evidence AS evidence
            ON evidence.mart = '{contract.name}' AND evidence.cell_key = cell.cell_key
        JOIN gate.perturbation AS noise ON ({drawn}) AND evidence.draw_key >= noise.key_from
            AND evidence.draw_key < noise.key_upto
        WHERE {key_sql(contract.period_key, "cell")} NOT IN ({recalled})
        GROUP BY ALL""")
    columns = [column[0] for column in result.description or ()]
    found = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    return {cell["cell_key"]: cell for cell in found if all(cell[name] is not None for name in names)}
