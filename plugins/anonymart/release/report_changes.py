"""What changed since the release before: marts, columns, policy, code, figures frozen and carried
(S-ANON).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from anonymart.contracts import MartContract
from anonymart.definitions import definitions
from anonymart.release.folder import CSV_FOLDERS, DATA_PACKAGE, MANIFEST, NAMES, PRIVACY_REPORT
from anonymart.release.ledger import standing


def previous(connection: duckdb.DuckDBPyConnection, releases: Path) -> dict[str, Any]:
    """manifest, report and columns by mart of the last release that stands; empty where there is none, or its
    folder is gone.
    """
    ids = standing(connection)
    return told_by(releases / ids[-1]) if ids else {}


def told_by(folder: Path) -> dict[str, Any]:
    """manifest, report and columns by mart, as a folder tells them; empty without a manifest."""
    manifest, package = _read(folder / MANIFEST), _read(folder / DATA_PACKAGE)
    if not manifest:
        return {}
    columns = {
        entry["name"]: [field["name"] for field in entry["schema"]["fields"]]
        for entry in package.get("resources", [])
        # Others say the same once more, or hold names.
        if "schema" in entry
        and not entry["path"].startswith(f"{CSV_FOLDERS[1]}/")
        and entry["name"] not in NAMES
    }
    return {"manifest": manifest, "report": _read(folder / PRIVACY_REPORT), "columns": columns}


def changes(
    before: Mapping[str, Any], now: Mapping[str, Any], contracts: Mapping[str, MartContract]
) -> dict[str, Any]:
    """Names of what came and went, and of entries of the register with their old and new figure; `since` is
    None for a first release.
    """
    frozen = {
        "figures_frozen": _cells(now, contracts, "new_cells"),
        "figures_carried": _cells(now, contracts, "carried_cells"),
    }
    if not before:
        return {"since": None, **frozen}
    old, columns = (
        before["columns"],
        {name: list(contract.column_names) for name, contract in contracts.items()},
    )
    known = before["report"].get("register")
    return {
        "since": before["manifest"]["release_id"],
        **frozen,
        "marts_added": sorted(set(columns) - set(old)),
        "marts_gone": sorted(set(old) - set(columns)),
        "columns_added": _differing(columns, old),
        "columns_gone": _differing(old, columns),
        "policy": None if known is None else _figures(known, now["register"]),
        "policy_version": [before["manifest"].get("policy_version"), now["policy_version"]],
        "code_version": [before["manifest"].get("code_version"), now["code_version"]],
        "definitions": _definitions(before["manifest"].get("definitions")),
        "suppressed_share": {
            name: [_share(before["manifest"]["marts"][name]), now["marts"][name]["suppressed_share"]]
            for name in contracts
            if name in before["manifest"]["marts"]
        },
    }


def flat(register: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """The figures of the policy register by their dotted names."""
    found: dict[str, Any] = {}
    for name, value in register.items():
        path = f"{where}.{name}".lstrip(".")
        found |= flat(value, path) if isinstance(value, dict) else {path: value}
    return found


def _cells(now: Mapping[str, Any], contracts: Mapping[str, MartContract], kind: str) -> int:
    return sum(now["marts"][name][kind] * len(contract.figures) for name, contract in contracts.items())


def _differing(these: Mapping[str, list[str]], others: Mapping[str, list[str]]) -> dict[str, list[str]]:
    found = {
        name: [column for column in columns if column not in others[name]]
        for name, columns in these.items()
        if name in others
    }
    return {name: columns for name, columns in found.items() if columns}


def _figures(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {
        name: [old.get(name), new.get(name)]
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    }


def _definitions(old: Mapping[str, str] | None) -> list[str] | None:
    """Names of definitions that came, went or changed; None where the release before does not tell its
    own.
    """
    return None if old is None else sorted(_figures(old, definitions()))


def _share(mart: Mapping[str, Any]) -> float:
    figures = mart.get("figures") or 0
    return round((mart["too_few"] + mart["protected"]) / figures, 4) if figures else 0.0


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
