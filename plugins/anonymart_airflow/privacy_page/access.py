"""Who may read the page and who may decide: asked of Airflow's auth manager, and closed where that cannot
tell (S-SAFE).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends, HTTPException, Request

from anonymart.keys import Keys
from anonymart_airflow.names import PRIVACY, reviewers

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod

READ: ResourceMethod = "GET"
DECIDE: ResourceMethod = "PUT"
_PURPOSE = b"anonymart privacy page, form"
_NO_READER = (
    "The page Privacy is for the privacy reviewer and the data team: ask for the right to read Privacy."
)
_NO_REVIEWER = "Only a privacy reviewer decides about a release."
_ELSEWHERE = (
    "The answer did not come from this page itself: open the page again and answer there, over https or "
    "on this machine."
)


def may(user: BaseUser, method: ResourceMethod) -> bool:
    """Whether the auth manager grants `method` (READ or DECIDE) on the resource Privacy; only those whom
    ANONYMART_REVIEWERS names may decide, whatever is granted: FAB grants everything to its role Admin.

    The simple auth manager itself grants every page of a plugin to everybody, so it is not asked.
    """
    manager = get_auth_manager()
    if type(manager) is SimpleAuthManager or (method == DECIDE and str(user.get_id()) not in reviewers()):
        return False
    return bool(manager.is_authorized_custom_view(method=method, resource_name=PRIVACY, user=user))


def reader(user: Annotated[BaseUser, Depends(get_user)]) -> BaseUser:
    """The user who asks. 401 for nobody, 403 for whoever may not read the page."""
    if not may(user, READ):
        raise HTTPException(403, _NO_READER)
    return user


def decider(request: Request, user: Annotated[BaseUser, Depends(reader)]) -> BaseUser:
    """The user who decides. 403 for whoever may not, and for an answer that another site sent."""
    if not may(user, DECIDE):
        raise HTTPException(403, _NO_REVIEWER)
    if not is_same_origin(request):
        raise HTTPException(403, _ELSEWHERE)
    return user


def is_same_origin(request: Request) -> bool:
    """Whether the browser says that this very site sent the request; silence is a no.

    Pages without referrer send no Origin, so what counts first is Sec-Fetch-Site, which no page can set.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and (origin.scheme, origin.netloc) == (
        request.url.scheme,
        request.headers.get("host"),
    )


def form_token(keys: Keys, user: BaseUser, release_id: str, candidate_sha256: str) -> str:
    """What the form must bring back: HMAC-SHA256 over who was shown which candidate, as 64 hexadecimal
    digits.
    """
    key = hmac.new(bytes.fromhex(keys.signing), _PURPOSE, hashlib.sha256).digest()
    shown = "\0".join((str(user.get_id()), release_id, candidate_sha256))
    return hmac.new(key, shown.encode(), hashlib.sha256).hexdigest()


def is_token(given: str, expected: str) -> bool:
    """Whether the two are the same, in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())
