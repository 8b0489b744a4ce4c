"""`datapackage.json`: the release described for machines, as a Frictionless data package made from the
contracts alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anonymart.contracts import COMPLETE, REASONS, Column, MartContract
from anonymart.release.folder import parquet_path

_TYPES = {
    "VARCHAR": "string",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "FLOAT": "number",
}
_DESCRIPTION = (
    "Anonymous figures of an online school. A figure that could tell something about a person is empty, "
    "and the column "
    "named after it with _reason says why: too_few (under the threshold of the policy) or protected (it "
    "would give another "
    "figure away). Counts of persons carry noise; a true zero is 0. A cell is published once, when its "
    "period has closed, "
    "and never changes, but for a release that was recalled: manifest.json tells under replaces which, "
    "why and in which marts. "
    f"{COMPLETE} is false where people had left the statistics before the cell was first built: leave "
    f"such cells out of comparisons. "
    "No licence is granted: ask the school before you pass the figures on."
)


def data_package(contracts: Mapping[str, MartContract], as_of: str, release_id: str) -> dict[str, Any]:
    """The descriptor of a release: one resource per mart, with its schema from the contract and no value of
    any cell.
    """
    return {
        "profile": "data-package",
        "name": "anonymart",
        "title": "Anonymart: anonymous marts of an online school",
        "description": _DESCRIPTION,
        "version": release_id,
        "as_of": as_of,
        "resources": [_resource(contract) for contract in contracts.values()],
    }


def _resource(contract: MartContract) -> dict[str, Any]:
    return {
        "profile": "data-resource",
        "name": contract.name,
        "title": contract.name.replace("_", " "),
        "description": contract.description,
        "path": parquet_path(contract.name),
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "schema": {
            "fields": [_field(column, contract) for column in contract.columns],
            "primaryKey": list(contract.dimensions),
        },
    }


def _field(column: Column, contract: MartContract) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES.get(column.type, "number" if column.type.startswith("DECIMAL") else "any"),
        "description": column.description,
    }
    if column.name in contract.dimensions:
        field["constraints"] = {"required": True}
    elif column.name.removesuffix("_reason") in contract.figures and column.name.endswith("_reason"):
        field["constraints"] = {"enum": list(REASONS)}
    return field
