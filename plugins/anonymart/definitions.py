"""What the figures mean: the policy, reviewed lists, mappings of answers, models, macros and the rules of
marts, one hash each (S-SAFE). The school's own configuration counts where it lies over what is shipped.

A definition is part of the policy: whoever lets `completed` be another verb moves figures as surely as
whoever changes a threshold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from anonymart import config, lists
from anonymart.contracts import load_contracts
from anonymart.home import PROJECT
from anonymart.policy import load_policy, policy_hash


@config.kept
def definitions() -> dict[str, str]:
    """SHA-256 by name, in order of name: `policy`, `seeds/<list>`, `mappings/<file>`, `models/<folder>`,
    `macros`, `rules/<mart>`; `mappings/own` for the survey tools that the school adds, for a release says
    nothing of their names.

    Of models the SQL counts, of a mart's YAML what says how its persons are protected: a description moves no
    figure. They are read once for a process and a state of the school's folder.
    """
    dbt, sources = PROJECT / "dbt_project", PROJECT / "expectations"
    found = {"policy": policy_hash(load_policy())}
    found |= {f"seeds/{path.stem}": _of([path]) for path in lists.folder().glob("*.csv")}
    found |= _mappings([sources / "learning.yml", *(sources / "sources").glob("*.yml")])
    found |= {
        f"models/{folder.name}": _of(folder.rglob("*.sql"))
        for folder in (dbt / "models").iterdir()
        if folder.is_dir()
    }
    found["macros"] = _of((dbt / "macros").rglob("*.sql"))
    for name, contract in load_contracts().items():
        rules = json.dumps(contract.disclosure, sort_keys=True, default=str)
        found[f"rules/{name}"] = hashlib.sha256(rules.encode()).hexdigest()
    return dict(sorted(found.items()))


def _mappings(shipped: Iterable[Path]) -> dict[str, str]:
    """Of a file that the school has too, one hash of both."""
    own = {
        name: path for name, path in config.files().items() if name.endswith(".yml") and name != config.POLICY
    }
    found = {}
    for path in shipped:
        name = path.name if path.name == config.LEARNING else f"{config.SOURCES}/{path.name}"
        hashes = [_of([each]) for each in (path, own.pop(name, None)) if each]
        found[f"mappings/{path.stem}"] = hashes[0] if len(hashes) == 1 else _joined(hashes)
    return found | ({"mappings/own": _of(own.values())} if own else {})


def _joined(hashes: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


@config.kept
def project() -> str:
    """One SHA-256 over all that dbt reads: models, macros, lists as they hold and every YAML."""
    dbt = PROJECT / "dbt_project"
    folders = (dbt / "models", dbt / "macros", lists.folder(), dbt / "tests")
    found = (path for folder in folders for path in folder.rglob("*"))
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
