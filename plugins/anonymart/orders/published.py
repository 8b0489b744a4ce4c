"""What a release tells about the cells that an order could have: its day, its marts, its codes; no figure and
nothing of the vault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart import engine
from anonymart.contracts import load_contracts
from anonymart.errors import UsageError
from anonymart.release.folder import NAMES, parquet_path
from anonymart.release.manifest import read_manifest
from anonymart.release.privacy_report import read_privacy_report
from anonymart.release.tables import code_lists
from anonymart.shared_persons import ALL


@dataclass(frozen=True)
class Published:
    """A release: its id and day, the marts in it, the codes of each list, and whether each limit of the
    accountant is kept.
    """

    release_id: str
    as_of: date
    marts: tuple[str, ...]
    codes: Mapping[str, tuple[str, ...]]
    within: Mapping[str, bool]

    @property
    def constant(self) -> frozenset[str]:
        """The lists of which the release knows one code or none: a dimension of them tells nothing."""
        return frozenset(name for name, codes in self.codes.items() if len(codes) <= 1)


def read(folder: Path) -> Published:
    """The release in this folder. Raises AnonymartError for a folder that is no release, and UsageError where
    a mart of it cannot be read.
    """
    manifest: Mapping[str, Any] = read_manifest(folder)
    marts = tuple(manifest["marts"])
    return Published(
        manifest["release_id"],
        date.fromisoformat(manifest["as_of"]),
        marts,
        _codes(folder, marts),
        read_privacy_report(folder).get("membership") or {},
    )


def _codes(folder: Path, marts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The codes of each list that stand in a published cell: a code of the catalogue that no cell has cuts
    nothing.
    """
    found: dict[str, set[str]] = {name: set() for name in NAMES}
    known = load_contracts()
    with duckdb.connect() as connection:
        for mart in marts:
            for column, listed in code_lists(known[mart]).items() if mart in known else ():
                found.setdefault(listed, set()).update(_codes_of(connection, folder, mart, column))
    return {name: tuple(sorted(codes - {ALL})) for name, codes in found.items()}


def _codes_of(connection: duckdb.DuckDBPyConnection, folder: Path, mart: str, column: str) -> set[str]:
    path = folder / parquet_path(mart)
    try:
        rows = connection.execute(
            f'SELECT DISTINCT "{column}" FROM read_parquet({engine.literal(str(path))}) '
            f'WHERE "{column}" IS NOT NULL'
        ).fetchall()
    except duckdb.Error:
        raise UsageError(f"{path} cannot be read: give the folder of a whole release.") from None
    return {code for (code,) in rows}
