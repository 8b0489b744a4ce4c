"""Into an Airflow that is there already: one DAG file with the queue of its tasks, the pool, the roles of
FAB, and a look at what else is needed.

`python -m anonymart_airflow.install install DIR [QUEUE]` or `check`; prints one JSON object. The command
`anonymart airflow` calls it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.session import Session
from anonymart_airflow import approvals, load, queues, roles
from anonymart_airflow.names import POOL, POOL_NOTE, reviewers

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as DatabaseSession

T = TypeVar("T")

FILE = "anonymart_dags.py"
TEXT = (
    '"""The DAGs of Anonymart. `anonymart airflow install` wrote this file and writes it anew: '
    'do not edit it."""\n'
    """
from anonymart_airflow.load import dags

globals().update(dags({queue}))
"""
)
PLUGIN = "anonymart_privacy"
AUTH_MANAGER = "anonymart_airflow.auth.AnonymartAuthManager"
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


@dataclass(frozen=True)
class Check:
    """Whether something that a run needs is there, and what to do where it is not; None: a person has to
    look.
    """

    what: str
    is_there: bool | None
    says: str


def install(dags_folder: Path, queue: str = "") -> None:
    """Write the DAG file, and make the pool and with FAB the roles; what is there already stays. Raises
    UsageError for a folder that is not there, a file that is not ours, or a queue that is no name.
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
    chosen = queues.choose(queue, path)
    path.write_text(TEXT.format(queue=f'queue="{chosen}"' if chosen else ""), encoding="utf-8")
    from airflow.models.pool import Pool

    if not Pool.get_pool(POOL):
        Pool.create_or_update_pool(POOL, 1, POOL_NOTE, include_deferred=False)
    if _is_fab():
        from airflow.utils.session import create_session

        with create_session() as session:
            roles.make_roles(session)


def checks() -> list[Check]:
    """Everything that is looked at, in the order in which to mend it."""
    looks = (_home, _dag_file, _dags, _queue, _pool, _plugin, _auth_manager, _reviewers)
    return [look() for look in looks]


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


def _dag_path() -> Path:
    from airflow.configuration import conf

    return Path(conf.get_mandatory_value("core", "dags_folder")) / FILE


def _dag_file() -> Check:
    path = _dag_path()
    if path.is_file() or path.parent == load.FOLDER:
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


def _queue() -> Check:
    return Check("queue", *queues.judge(_dag_path()))


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
    if not os.environ.get("ANONYMART_REVIEWERS"):
        return Check(
            "reviewers",
            False,
            "ANONYMART_REVIEWERS is not set: name who may approve a release, as id or id:name, by commas",
        )
    strangers = _ask_fab(lambda session: roles.no_reviewers(session, set(reviewers()))) if _is_fab() else []
    if strangers:
        return Check(
            "reviewers",
            False,
            f"ANONYMART_REVIEWERS names {', '.join(strangers)}, and no active user with this id has the role "
            f"{roles.REVIEWERS}: `airflow users list` tells ids, `airflow users add-role` gives the role",
        )
    if unfit := _unfit_names():
        return Check(
            "reviewers",
            False,
            f"the audit log takes no entry under the name that ANONYMART_REVIEWERS gives {', '.join(unfit)}, "
            f"since a learner may have it: give a role, such as {next(iter(unfit))}:reviewer",
        )
    return Check("reviewers", True, f"{', '.join(reviewers().values())} may answer")


def _unfit_names() -> list[str]:
    try:
        home = Home.from_env()
        return approvals.unfit_names(Session(home, Keys.load(home)))
    except AnonymartError:
        # The line about the home says so.
        return []


def _auth_manager() -> Check:
    name = _auth_manager_name()
    if name == AUTH_MANAGER:
        return Check("auth manager", True, f"{name} shows the page Privacy to reviewers and the data team")
    if _is_fab():
        return _fab_roles()
    return Check(
        "auth manager",
        None,
        f"{name or 'the default one'} knows nothing of the page Privacy and may close or open it to "
        f"others than you mean: set core.auth_manager to {FAB}, "
        "or give the resource Privacy to your reviewers and look who sees the page",
    )


def _fab_roles() -> Check:
    try:
        missing = _ask_fab(roles.missing)
    except Exception as error:
        says = (
            f"FAB's tables cannot be asked ({type(error).__name__}): `airflow db migrate` makes them, in the "
            f"scheduler's environment"
        )
        return Check("auth manager", False, says)
    if missing:
        lacks = ", ".join(f"{name} lacks {number} permissions" for name, number in missing.items())
        return Check("auth manager", False, f"FAB: {lacks}: `anonymart airflow install` makes them")
    names = ", ".join(sorted(set(roles.permissions()) - {roles.ADMIN}))
    return Check("auth manager", True, f"FAB has the roles {names}")


def _ask_fab(question: Callable[[DatabaseSession], T]) -> T:
    from airflow.utils.session import create_session

    with create_session() as session:
        return question(session)


def _auth_manager_name() -> str:
    from airflow.configuration import conf

    return str(conf.get("core", "auth_manager", fallback=""))


def _is_fab() -> bool:
    return _auth_manager_name() == FAB


def main() -> int:
    """Exit 0 with the object printed; the caller judges it. Exit 2 with a sentence for wrong use."""
    try:
        if sys.argv[1] == "install":
            install(Path(sys.argv[2]), *sys.argv[3:4])
        print(json.dumps({"checks": [asdict(check) for check in checks()]}))
    except AnonymartError as error:
        print(f"anonymart: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
