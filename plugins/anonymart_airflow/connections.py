"""Sources behind Airflow connections: address and secret stay there, and pass through no XCom, log or
argument (S-SAFE).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from anonymart.errors import UsageError
from anonymart.session import Session
from anonymart_airflow.progress import TaskProgress

if TYPE_CHECKING:
    from anonymart.sources.lrs_store import Store

LRS = "anonymart_lrs"
_EXTRAS = ("token", "overlap_hours", "page_size", "xapi_version", "allow_http")


def pull_learning(session: Session) -> None:
    """Drain the store of the connection `anonymart_lrs` into landing; nothing where there is no such
    connection.
    """
    from anonymart.sources import lrs

    try:
        connection = Connection.get(LRS)
    except AirflowNotFoundException:
        return
    pulled = lrs.pull(session, lrs_store_of(connection), TaskProgress())
    TaskProgress().say(
        f"The store gave {pulled.statements} statements in {pulled.pages} pages; ingest tells which of them "
        f"are new."
    )


def lrs_store_of(connection: Any) -> Store:
    """The store of a connection: host (or a whole address), port, schema as path, login and password, or
    `token` among the extras.

    Raises UsageError for what is no address, and for an extra that nothing reads.
    """
    from anonymart.sources.lrs_store import OVERLAP, PAGE_SIZE, make_store

    extras = connection.extra_dejson
    unknown = sorted(set(extras) - set(_EXTRAS))
    if unknown:
        raise UsageError(
            f"The connection {LRS} has extras that nothing reads: it knows {', '.join(_EXTRAS)}."
        )
    try:
        overlap = timedelta(hours=float(extras.get("overlap_hours", OVERLAP.total_seconds() / 3600)))
        page_size = int(extras.get("page_size", PAGE_SIZE))
    except (TypeError, ValueError):
        raise UsageError(f"overlap_hours and page_size of the connection {LRS} must be numbers.") from None
    secrets = {"token": extras.get("token"), "username": connection.login, "password": connection.password}
    version = str(extras.get("xapi_version", ""))
    is_allowed = str(extras.get("allow_http", "")).lower() == "true"
    return make_store(
        _address(connection), secrets, is_allowed, version=version, overlap=overlap, page_size=page_size
    )


def _address(connection: Any) -> str:
    host = connection.host or ""
    if "://" not in host:
        scheme = connection.conn_type if connection.conn_type in ("http", "https") else "https"
        host = f"{scheme}://{host}"
    port = f":{connection.port}" if connection.port else ""
    path = f"/{connection.schema.strip('/')}" if connection.schema else ""
    return f"{host.rstrip('/')}{port}{path}"
