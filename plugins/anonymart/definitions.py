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
from anonymart.contracts import load_contracts, ordered_marts
from anonymart.home import PROJECT
from anonymart.policy import load_policy, policy_hash

RULES = "rules/"


@config.kept
def definitions() -> dict[str, str]:
    """SHA-256 by name, in order of name: `policy`, `seeds/<list>`, `mappings/<file>`, `models/<folder>`,
    `macros`, `rules/<mart>`; `mappings/own` for the survey tools that the school adds, for a release says
    nothing of their names.

    Of models the SQL counts, of a mart's YAML what says how its persons are protected: a description moves no
    figure. They are read once for a process and a state of the school's folder.
    """
    found = {"policy": policy_hash(load_policy())}
    found |= {name: _hash(paths) for name, paths in files().items() if not name.startswith(RULES)}
    for name, contract in load_contracts().items():
        rules = json.dumps(contract.disclosure, sort_keys=True, default=str)
        found[f"{RULES}{name}"] = hashlib.sha256(rules.encode()).hexdigest()
    return dict(sorted(found.items()))


def files() -> dict[str, list[Path]]:
    """The files of each definition but the policy by its name: the lists as they hold, a mapping of ours with
    the school's own beside it; of the rules of a mart the page in which they stand.
    """
    dbt = PROJECT / "dbt_project"
    found = {f"seeds/{path.stem}": [path] for path in lists.folder().glob("*.csv")}
    found |= _mappings()
    found |= {
        f"models/{folder.name}": sorted(folder.rglob("*.sql"))
        for folder in (dbt / "models").iterdir()
        if folder.is_dir()
    }
    found["macros"] = sorted((dbt / "macros").rglob("*.sql"))
    ordered = {path.stem: path for path in ordered_marts()}
    marts = dbt / "models" / "marts"
    found |= {f"{RULES}{name}": [ordered.get(name, marts / f"{name}.yml")] for name in load_contracts()}
    return dict(sorted(found.items()))


def named(path: Path) -> str:
    """How one of `files` is called in every home: its path in the project, or in the school's folder; a
    table that was ordered, by its name.
    """
    if path in ordered_marts():
        return f"tables/{path.name}"
    if path.is_relative_to(PROJECT):
        return path.relative_to(PROJECT).as_posix()
    if path.parent == lists.folder():
        return f"dbt_project/seeds/{path.name}"
    own = next((name for name, file in config.files().items() if file == path), path.name)
    return f"config/{own}"


def _mappings() -> dict[str, list[Path]]:
    sources = PROJECT / "expectations"
    own = {
        name: path
        for name, path in config.files().items()
        if name.endswith(".yml") and name not in (config.POLICY, config.NOTIFY)
    }
    found = {}
    for path in [sources / "learning.yml", sources / "audience.yml", *(sources / "sources").glob("*.yml")]:
        name = f"{config.SOURCES}/{path.name}" if path.parent.name == config.SOURCES else path.name
        found[f"mappings/{path.stem}"] = [each for each in (path, own.pop(name, None)) if each]
    return found | ({"mappings/own": list(own.values())} if own else {})


def _hash(paths: list[Path]) -> str:
    """One hash of a mapping of ours and the school's own, in this order; of all others by name."""
    if len(paths) == 2 and paths[0].name == paths[1].name:
        return hashlib.sha256(" ".join(_of([each]) for each in paths).encode()).hexdigest()
    return _of(paths)


@config.kept
def project() -> str:
    """One SHA-256 over all that dbt reads: models, those of ordered tables among them, macros, lists as they
    hold and every YAML.
    """
    dbt = PROJECT / "dbt_project"
    folders = (lists.project() / lists.MODELS, dbt / "macros", lists.folder(), dbt / "tests")
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
