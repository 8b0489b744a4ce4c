"""What the figures mean: reviewed lists, mappings of answers, models, macros and the rules of marts, one hash
each (S-SAFE).

A definition is part of the policy: whoever lets `completed` be another verb moves figures as surely as
whoever changes a threshold.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from anonymart.contracts import load_contracts
from anonymart.home import PROJECT

RULES = "rules/"


@functools.lru_cache(maxsize=1)
def definitions() -> dict[str, str]:
    """SHA-256 by name, in order of name: `seeds/<list>`, `mappings/<file>`, `models/<folder>`, `macros`,
    `rules/<mart>`.

    Of models the SQL counts, of a mart's YAML what says how its persons are protected: a description moves no
    figure. They are read once for a process.
    """
    found = {name: _of(paths) for name, paths in files().items() if not name.startswith(RULES)}
    for name, contract in load_contracts().items():
        rules = json.dumps(contract.disclosure, sort_keys=True, default=str)
        found[f"{RULES}{name}"] = hashlib.sha256(rules.encode()).hexdigest()
    return dict(sorted(found.items()))


def files() -> dict[str, list[Path]]:
    """The files of each definition by its name; of the rules of a mart the page in which they stand."""
    dbt, sources = PROJECT / "dbt_project", PROJECT / "expectations"
    found = {f"seeds/{path.stem}": [path] for path in (dbt / "seeds").glob("*.csv")}
    found |= {
        f"mappings/{path.stem}": [path]
        for path in [sources / "learning.yml", *(sources / "sources").glob("*.yml")]
    }
    found |= {
        f"models/{folder.name}": sorted(folder.rglob("*.sql"))
        for folder in (dbt / "models").iterdir()
        if folder.is_dir()
    }
    found["macros"] = sorted((dbt / "macros").rglob("*.sql"))
    found |= {f"{RULES}{name}": [dbt / "models" / "marts" / f"{name}.yml"] for name in load_contracts()}
    return dict(sorted(found.items()))


@functools.lru_cache(maxsize=1)
def project() -> str:
    """One SHA-256 over all that dbt reads: models, macros, lists and every YAML."""
    dbt = PROJECT / "dbt_project"
    found = (path for folder in ("models", "macros", "seeds", "tests") for path in (dbt / folder).rglob("*"))
    return _of(
        [dbt / "dbt_project.yml", *(path for path in found if path.suffix in (".sql", ".yml", ".csv"))]
    )


def _of(paths: Iterable[Path]) -> str:
    """One hash over files, by their names and bytes in order of path."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(
            hashlib.sha256(path.name.encode()).digest() + hashlib.sha256(path.read_bytes()).digest()
        )
    return digest.hexdigest()
