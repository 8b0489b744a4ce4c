"""Into an Airflow that is there already: one DAG file, the pool, and a look at what else is needed.

`python -m anonymart_airflow.install install DIR` or `check`; prints one JSON object. The command `anonymart
airflow` calls it.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart_airflow import load
from anonymart_airflow.names import POOL, POOL_NOTE, reviewers

FILE = "anonymart_dags.py"
TEXT = (
    '"""The DAGs of Anonymart. `anonymart airflow install` wrote this file and writes it anew: '
    'do not edit it."""\n'
    """
from anonymart_airflow.load import dags

globals().update(dags())
"""
)
PLUGIN = "anonymart_privacy"
AUTH_MANAGER = "anonymart_airflow.auth.HouseAuthManager"


@dataclass(frozen=True)
class Check:
    """Whether something that a run needs is there, and what to do where it is not; None: a person has to
    look.
    """

    what: str
    is_there: bool | None
    says: str


def install(dags_folder: Path) -> None:
    """Write the DAG file and make the pool; what is there already stays. Raises UsageError for a folder that
    is not there, or a file that is not ours.
    """
    if not dags_folder.is_dir():
        raise UsageError(
            f"The folder of DAGs {dags_folder} does not exist: give the one that Airflow reads "
            f"(core.dags_folder)."
        )
    path = dags_folder / FILE
    if path.exists() and "anonymart airflow install" not in path.read_text(encoding="utf-8"):
        raise UsageError(
            f"{path} is there and was not written by `anonymart airflow install`: move it away first."
        )
    path.write_text(TEXT, encoding="utf-8")
    from airflow.models.pool import Pool

    if not Pool.get_pool(POOL):
        Pool.create_or_update_pool(POOL, 1, POOL_NOTE, include_deferred=False)


def checks() -> list[Check]:
    """Everything that is looked at, in the order in which to mend it."""
    return [_home(), _dag_file(), _dags(), _pool(), _plugin(), _reviewers(), _auth_manager()]


def _home() -> Check:
    if "ANONYMART_HOME" not in os.environ:
        return Check(
            "home", False, "ANONYMART_HOME is not set: set it for scheduler, workers and api-server alike"
        )
    try:
        home = Home.from_env().prepare()
        Keys.load(home)
    except AnonymartError as error:
        return Check("home", False, str(error))
    return Check("home", True, f"{home.root} can be written, and all keys are there")


def _dag_file() -> Check:
    from airflow.configuration import conf

    path = Path(conf.get_mandatory_value("core", "dags_folder")) / FILE
    if path.is_file() or Path(conf.get_mandatory_value("core", "dags_folder")) == load.FOLDER:
        return Check("DAG file", True, "Airflow's folder of DAGs has it")
    return Check(
        "DAG file", False, f"{path} is not there: anonymart airflow install --dags-folder {path.parent}"
    )


def _dags() -> Check:
    try:
        found = load.dags()
    except Exception as error:
        return Check(
            "DAGs",
            False,
            f"they cannot be loaded ({type(error).__name__}): install the package with the Python of Airflow",
        )
    return Check(
        "DAGs", bool(found), f"{len(found)} load" if found else "the package holds none: install it anew"
    )


def _pool() -> Check:
    from airflow.models.pool import Pool

    try:
        pool = Pool.get_pool(POOL)
    except Exception as error:
        return Check(
            "pool",
            False,
            f"Airflow's database cannot be asked ({type(error).__name__}): `airflow db migrate` makes it",
        )
    if pool is None:
        return Check("pool", False, f"there is no pool {POOL}: airflow pools set {POOL} 1 writer")
    is_right = pool.slots == 1
    return Check(
        "pool",
        is_right,
        f"{POOL} has {pool.slots} slot(s)"
        + ("" if is_right else f", and DuckDB has one writer: airflow pools set {POOL} 1 writer"),
    )


def _plugin() -> Check:
    from airflow import plugins_manager

    is_there = any(plugin["name"] == PLUGIN for plugin in plugins_manager.get_plugin_info(["name"]))
    return Check(
        "plugin",
        is_there,
        "the page Privacy is loaded"
        if is_there
        else "Airflow does not load it: install the package with Airflow's own Python",
    )


def _reviewers() -> Check:
    names = ", ".join(reviewers().values())
    is_there = bool(os.environ.get("ANONYMART_REVIEWERS"))
    return Check(
        "reviewers",
        is_there,
        f"{names} may answer"
        if is_there
        else "ANONYMART_REVIEWERS is not set: name who may approve a release, as id or id:name, by commas",
    )


def _auth_manager() -> Check:
    from airflow.configuration import conf

    name = conf.get("core", "auth_manager", fallback="")
    is_ours = name == AUTH_MANAGER
    says = (
        f"{name} shows the page Privacy to reviewers alone"
        if is_ours
        else (
            f"{name or 'the default one'} knows nothing of the page Privacy and may close or open it to "
            f"others than you mean: set core.auth_manager to {AUTH_MANAGER}, "
            "or give the resource Privacy to your reviewers and look who sees the page"
        )
    )
    return Check("auth manager", is_ours or None, says)


def main() -> int:
    """Exit 0 with the object printed; the caller judges it. Exit 2 with a sentence for wrong use."""
    try:
        if sys.argv[1] == "install":
            install(Path(sys.argv[2]))
        print(json.dumps({"checks": [asdict(check) for check in checks()]}))
    except AnonymartError as error:
        print(f"anonymart: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
