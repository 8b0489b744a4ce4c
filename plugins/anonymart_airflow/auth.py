"""Users of the demo and of `make up`: Airflow's simple auth manager, which here also tells reviewers from
everybody else (S-SAFE).

A real school has the FAB auth manager, where the same two rights are permissions of a role:
docs/privacy-reviewer.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import (
    SimpleAuthManager,
    SimpleAuthManagerRole,
)
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

from anonymart_airflow.names import PRIVACY, reviewers

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod


class AnonymartAuthManager(SimpleAuthManager):
    """The simple auth manager lets every user see every page of a plugin. This one lets the page Privacy be
    read by reviewers and by who runs the DAGs (op, admin), and lets only reviewers decide: not even an admin,
    who could otherwise approve their own build.
    """

    def is_authorized_custom_view(
        self, *, method: ResourceMethod, resource_name: str, user: SimpleAuthManagerUser
    ) -> bool:
        """As Airflow asks it; for the page Privacy GET is reading and any other method deciding."""
        if resource_name != PRIVACY:
            return super().is_authorized_custom_view(method=method, resource_name=resource_name, user=user)
        if user.get_id() in reviewers():
            return True
        return method == "GET" and self._is_authorized(
            method="GET", allow_role=SimpleAuthManagerRole.OP, user=user
        )

    def is_authorized_dag(
        self,
        *,
        method: ResourceMethod,
        user: SimpleAuthManagerUser,
        access_entity: DagAccessEntity | None = None,
        details: DagDetails | None = None,
    ) -> bool:
        """As Airflow asks it; a reviewer, who may only read DAGs, may also answer what a DAG asks of them."""
        if access_entity is DagAccessEntity.HITL_DETAIL and user.get_id() in reviewers():
            return True
        return super().is_authorized_dag(
            method=method, user=user, access_entity=access_entity, details=details
        )
