"""The columns of `int_cells__<mart>`, as the macros of `dbt_project/macros/disclosure/` make them, each with
its description.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from anonymart.contracts import COMPLETE, MartContract

# The keys of a cell, each with its block of dbt_project/models/docs.md.
_KEYS = {
    "cell_key": "cell_key",
    "period_key": "period_key",
    "closes_on": "cell_closes_on",
    COMPLETE: "cell_is_complete",
    "earliest_closing_on": "earliest_closing_on",
}
_HIDDEN = "As it may be published; hidden: no column of the mart, a part of other figures."


def page(contract: MartContract) -> str:
    """The YAML of the model `int_cells__<mart>`, without the line that says who wrote it."""
    name = contract.name
    lines = [
        "version: 2",
        "",
        "models:",
        f"  - name: int_cells__{name}",
        f'    description: "Cells of {name} that close with this build: the true figures, and what may be '
        'published of them."',
        "    data_tests:",
        "      - counts_each_person_once",
        "    columns:",
    ]
    for column, description in columns(contract):
        lines += [
            f"      - name: {column}",
            f"        description: {json.dumps(description, ensure_ascii=False)}",
        ]
    return "\n".join(lines) + "\n"


def columns(contract: MartContract) -> Iterator[tuple[str, str]]:
    """Each column with what it says, in the order of the model."""
    told = {column.name: column.description for column in contract.columns}
    yield from ((name, told[name]) for name in contract.dimensions)
    yield from ((name, f"{{{{ doc('{block}') }}}}") for name, block in _KEYS.items())
    for measure in contract.measures:
        name = measure["name"]
        yield name, told.get(name, _HIDDEN)
        yield f"{name}_reason", f"Why {name} is empty: too_few or protected."
    yield from _of_counts(contract)
    yield from _of_means(contract)
    yield from _of_quantiles(contract)


def _of_counts(contract: MartContract) -> Iterator[tuple[str, str]]:
    consistent = set(_made_consistent(contract))
    for measure in _of_kind(contract, "count"):
        name = measure["name"]
        yield f"true_{name}", f"The true figure behind {name}."
        yield (
            f"key_{name}",
            f"Cell key of {name}: the sum of the record keys of its persons modulo 2^32.",
        )
        yield _draw(name)
        yield f"perturbed_{name}", f"{name} as published, with its noise, before suppression."
        if name in consistent:
            yield (
                f"noisy_{name}",
                f"{name} with its noise, before it is made consistent with the counts beside it.",
            )
        if measure.get("sensitive"):
            yield (
                f"clipped_{name}",
                f"On which side {name} is outside its band: lowest, highest or neither.",
            )


def _of_means(contract: MartContract) -> Iterator[tuple[str, str]]:
    for measure in _of_kind(contract, "mean"):
        name = measure["name"]
        yield f"sum_{name}", f"Sum behind {name}, each person bounded."
        yield f"largest_{name}", f"Largest contribution of one person to the sum behind {name}, bounded."
        yield f"draw_{name}", f"Key that the noise of the sum behind {name} is looked up by."


def _of_quantiles(contract: MartContract) -> Iterator[tuple[str, str]]:
    quantiles = _of_kind(contract, "quantile")
    for value, first in {each["value"]: each for each in reversed(quantiles)}.items():
        yield f"true_with_{value}", f"True number of persons with a value of {value}."
        yield (
            f"key_with_{value}",
            f"Cell key of the persons with a value of {value}: the sum of their record keys modulo 2^32.",
        )
        yield _draw(f"with_{value}")
        yield f"perturbed_with_{value}", f"Persons with a value of {value} with their noise."
        if first.get("money"):
            yield f"largest_share_{value}", f"Share of the largest {value} in the total of the cell."
            yield f"p_percent_ok_{value}", f"True where {value} passes the p% rule."
    for measure in quantiles:
        name = measure["name"]
        yield f"true_{name}", f"The true figure behind {name}."
        yield f"below_{name}", f"True persons below {name}."
        yield f"above_{name}", f"True persons above {name}."


def _draw(name: str) -> tuple[str, str]:
    return (
        f"draw_{name}",
        f"Key that the noise of {name} is looked up by: 32 bits of a keyed hash of what the cell is and of "
        f"key_{name}.",
    )


def _of_kind(contract: MartContract, kind: str) -> list[Mapping[str, Any]]:
    return [measure for measure in contract.measures if measure["kind"] == kind]


def _made_consistent(contract: MartContract) -> Iterator[str]:
    for rule in contract.consistent:
        falls = rule.get("falls") or []
        yield from rule.get("sums") or ([falls] if isinstance(falls, str) else falls)
        yield from [rule["first"]] if rule.get("first") else []
