"""Which store to ask and with which secrets: from the environment, a file of one's own or an Airflow
connection, never from arguments.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from anonymart.errors import UsageError

OVERLAP = timedelta(hours=24)
PAGE_SIZE = 1000


@dataclass(frozen=True)
class Store:
    """A learning record store: `endpoint` without a slash at its end, `authorization` as its header says it
    ('' for none).

    `overlap` is how far before the newest statement known each drain begins; `version` is empty for the
    newest that both speak.
    """

    endpoint: str
    authorization: str = field(default="", repr=False)
    version: str = ""
    overlap: timedelta = OVERLAP
    page_size: int = PAGE_SIZE

    @property
    def statements(self) -> str:
        return f"{self.endpoint}/statements"

    @property
    def about(self) -> str:
        return f"{self.endpoint}/about"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": self.authorization} if self.authorization else {}

    @property
    def is_loopback(self) -> bool:
        return _is_loopback(urlsplit(self.endpoint).hostname or "")

    @property
    def digest(self) -> str:
        """Eight letters that tell this store's files from another's."""
        return (
            hashlib.sha256(self.endpoint.encode())
            .hexdigest()[:8]
            .translate(str.maketrans("0123456789", "ghijklmnop"))
        )


def make_store(url: str, secrets: Mapping[str, Any], allow_http: bool = False, **settings: Any) -> Store:
    """The store at `url` with `token`, or `username` and `password`, of `secrets`.

    Raises UsageError for an address that is none, one that holds a secret, and http to another machine, which
    would show the secrets.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            "The address of the store is no http(s) address: give the xAPI endpoint, as in "
            "https://lrs.example.org/xAPI."
        )
    if parts.username or parts.password:
        raise UsageError(
            "The address of the store holds credentials, which others can see: give them in the "
            "environment or in a file."
        )
    if parts.query or parts.fragment:
        raise UsageError("The address of the store has a query: give the xAPI endpoint alone.")
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname):
        raise UsageError(
            "http would show credentials and statements on the way: give an https address, or allow it "
            "with --allow-http."
        )
    path = parts.path.rstrip("/").removesuffix("/statements")
    return Store(urlunsplit((parts.scheme, parts.netloc, path, "", "")), _authorization(secrets), **settings)


def secrets_from_environment() -> dict[str, str]:
    """`token`, or `username` and `password`, of the file ANONYMART_LRS_SECRET_FILE (JSON), else of a variable
    for each.

    Raises UsageError for a file that others may read or that is no such JSON.
    """
    named = os.environ.get("ANONYMART_LRS_SECRET_FILE")
    if named:
        return _secrets_of_file(Path(named))
    variables = {
        "token": "ANONYMART_LRS_TOKEN",
        "username": "ANONYMART_LRS_USERNAME",
        "password": "ANONYMART_LRS_PASSWORD",
    }
    told = {name: os.environ.get(variable, "") for name, variable in variables.items()}
    return {name: value for name, value in told.items() if value}


def _secrets_of_file(path: Path) -> dict[str, str]:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError(f"Others may read {path}: take their rights away (chmod 600).")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UsageError(
            f"{path} cannot be read as JSON: it holds `token`, or `username` and `password`."
        ) from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise UsageError(f"{path} must hold an object with `token`, or `username` and `password`, as texts.")
    return found


def _authorization(secrets: Mapping[str, Any]) -> str:
    token, username, password = (str(secrets.get(name) or "") for name in ("token", "username", "password"))
    if token and (username or password):
        raise UsageError("There is a token and a user for the store: give one of the two.")
    if any(mark in token + username + password for mark in "\r\n"):
        raise UsageError("A credential of the store holds a line break: remove it.")
    if token:
        return f"Bearer {token}"
    return (
        f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"
        if username or password
        else ""
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
