"""Every route of the page Privacy for every role and method: who gets what (S-SAFE). A route that this table
does not list fails.
"""

from __future__ import annotations

import pytest

from anonymart_airflow.privacy_page.app import privacy_page
from tests.airflow.privacy_client import SAME_ORIGIN, Privacy
from tests.airflow.privacy_home import FIRST, SECOND, WAITS

pytestmark = [pytest.mark.xdist_group("privacy"), pytest.mark.filterwarnings("ignore")]
ROLES = ("nobody", "analyst", "data_team", "reviewer", "admin")
# The login of `make up` for each; the admin may do everything in Airflow, and is no reviewer.
LOGINS = {role: role for role in ROLES} | {"admin": "anonymart"}
# Nobody is sent to log in where a page is asked for, and is told so else.
READ = {"nobody": 303, "analyst": 403, "data_team": 200, "reviewer": 200, "admin": 200}
# An empty form: who may answer is told what is wrong with it, the others that it is not theirs.
ANSWER = {"nobody": 401, "analyst": 403, "data_team": 403, "reviewer": 400, "admin": 403}
# No such method: nobody is told more than that.
NO_METHOD = dict.fromkeys(ROLES, 405)
ROUTES = {
    "/": ("/", {"GET": READ, "POST": NO_METHOD}),
    "/health": ("/health", {"GET": READ, "POST": NO_METHOD}),
    "/difference": (f"/difference?since={FIRST}&until={SECOND}", {"GET": READ, "POST": NO_METHOD}),
    "/audit": ("/audit", {"GET": READ, "POST": NO_METHOD}),
    "/waiting/{release_id}": (f"/waiting/{WAITS}", {"GET": READ, "POST": ANSWER}),
    "/figures/{release_id}": (f"/figures/{SECOND}", {"GET": READ, "POST": NO_METHOD}),
    "/{kind}/{release_id}/files/{name:path}": (
        f"/releases/{SECOND}/files/manifest.json",
        {"GET": READ, "POST": NO_METHOD},
    ),
}
CASES = [
    pytest.param(path, method, role, statuses[role], id=f"{method} {route} {role}")
    for route, (path, methods) in ROUTES.items()
    for method, statuses in methods.items()
    for role in ROLES
]


def test_every_route_and_method_stands_in_the_table() -> None:
    found: dict[str, set[str]] = {}
    for route in privacy_page().routes:
        found.setdefault(route.path, set()).update(route.methods - {"HEAD"})
    listed = {
        route: {method for method, statuses in methods.items() if statuses is not NO_METHOD}
        for route, (_, methods) in ROUTES.items()
    }
    assert found == listed


@pytest.mark.parametrize(("path", "method", "role", "status"), CASES)
def test_who_gets_what(privacy: Privacy, path: str, method: str, role: str, status: int) -> None:
    headers = {**privacy._login(LOGINS[role]), **SAME_ORIGIN, "accept": "text/html"}
    answer = privacy.client.request(method, f"/privacy{path}", headers=headers)
    assert answer.status_code == status, answer.text[-300:]
    assert privacy.approvals.decided == []
    if status != 200:
        assert not any(release_id in answer.text for release_id in (FIRST, SECOND)), "nothing is shown"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("role", ROLES)
def test_no_other_method_is_taken(privacy: Privacy, role: str, method: str) -> None:
    headers = {**privacy._login(LOGINS[role]), **SAME_ORIGIN}
    for path, _ in ROUTES.values():
        assert privacy.client.request(method, f"/privacy{path}", headers=headers).status_code == 405
