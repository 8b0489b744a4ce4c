"""The page "Privacy" in Airflow's menu, what a run without the writer's pool is told, and the end of
Airflow's own records. Airflow imports this file in every process, so it imports nothing until it is asked.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from anonymart_airflow import pool_listener, terms_listener

PREFIX = "/privacy"


class PrivacyPlugin(AirflowPlugin):
    """The page Privacy at /privacy/, shown under "Privacy" in the menu."""

    name = "anonymart_privacy"
    listeners = [pool_listener, terms_listener]  # noqa: RUF012 - the name and kind that Airflow asks for

    # Airflow reads these two of an instance, so properties do as well as the lists that it declares.
    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The page: only the api-server asks for it."""
        from anonymart_airflow.privacy_page.app import privacy_page

        return [{"app": privacy_page(), "url_prefix": PREFIX, "name": "Privacy"}]

    @property
    def external_views(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The entry of the menu; Airflow shows the page in a frame below it."""
        root = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
        return [{"name": "Privacy", "href": f"{root}{PREFIX}/", "destination": "nav", "url_route": "privacy"}]
