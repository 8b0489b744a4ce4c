"""The three roles of Anonymart in Airflow's FAB auth manager: who reads the page Privacy and who answers
(S-SAFE). The table of docs/privacy-reviewer.md says the same to people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anonymart_airflow.load import dag_ids
from anonymart_airflow.names import PRIVACY

if TYPE_CHECKING:
    from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
    from sqlalchemy.orm import Session

Permission = tuple[str, str]
ANALYST, DATA_TEAM, REVIEWERS = "anonymart_analyst", "anonymart_data_team", "anonymart_reviewer"
# FAB's own, which gets every permission; it reads the page, and `privacy_page.access` lets it decide nothing.
ADMIN = "Admin"
READ, EDIT, CREATE, DELETE, MENU = "can_read", "can_edit", "can_create", "can_delete", "menu_access"
ASKING_DAG = "approve_release"
ANSWERS = "HITL Detail"
# What an entry of the menu or the state of a run needs. DAGs are granted one by one, so that the roles see
# ours alone in an Airflow that has others.
_STATE = ("Website", "DAG Runs", "DAG Versions", "DAG Warnings", "Task Instances", "Assets")
_WORK = ("Task Logs", "XComs", "DAG Code", "DAG Dependencies", "ImportError", "Pools", "Jobs", ANSWERS)


def permissions() -> dict[str, frozenset[Permission]]:
    """What each role may do, as pairs of an action and a resource of FAB."""
    dags = [f"DAG:{dag_id}" for dag_id in dag_ids()]
    own = [(action, resource) for action in (READ, EDIT) for resource in ("My Profile", "My Password")]
    base = [*own, (MENU, "DAGs"), (MENU, "Assets"), *((READ, resource) for resource in (*_STATE, *dags))]
    # Airflow takes an answer from nobody who may not edit the DAG that asks.
    answering = [(READ, ANSWERS), (EDIT, ANSWERS), (MENU, ANSWERS), (EDIT, f"DAG:{ASKING_DAG}")]
    running = [(action, "DAG Runs") for action in (CREATE, EDIT, DELETE)]
    running += [(EDIT, "Task Instances"), (CREATE, "Assets"), *((EDIT, dag) for dag in dags)]
    return {
        ANALYST: frozenset(base),
        DATA_TEAM: frozenset([*base, *running, (READ, PRIVACY), *((READ, resource) for resource in _WORK)]),
        REVIEWERS: frozenset([*base, *answering, (READ, PRIVACY), (EDIT, PRIVACY)]),
        ADMIN: frozenset([(READ, PRIVACY)]),
    }


def make_roles(session: Session) -> None:
    """Make the roles, and the resource Privacy, which FAB does not know by itself; what a role has besides
    stays.
    """
    manager = _manager(session)
    for name, pairs in permissions().items():
        role = manager.add_role(name)
        for pair in sorted(pairs - _granted(role)):
            manager.add_permission_to_role(role, manager.create_permission(*pair))


def missing(session: Session) -> dict[str, int]:
    """How many permissions each role of `permissions` lacks; a role that lacks none is left out."""
    manager = _manager(session)
    lacks = {name: len(pairs - _granted(manager.find_role(name))) for name, pairs in permissions().items()}
    return {name: number for name, number in lacks.items() if number}


def no_reviewers(session: Session, user_ids: set[str]) -> list[str]:
    """Those of the ids that are no active user of FAB with the role of a reviewer."""
    role = _manager(session).find_role(REVIEWERS)
    are_there = {str(user.id) for user in role.user if user.is_active} if role else set()
    return sorted(user_ids - are_there)


def _granted(role: object) -> set[Permission]:
    found = getattr(role, "permissions", ())
    return {(each.action.name, each.resource.name) for each in found if each.action and each.resource}


def _manager(session: Session) -> FabAirflowSecurityManagerOverride:
    from airflow.providers.fab.www.security_appless import ApplessAirflowSecurityManager

    return ApplessAirflowSecurityManager(session=session)
