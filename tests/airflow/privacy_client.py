"""The page Privacy behind Airflow's own api-server in this process, and a client of it for each user."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from anonymart.home import Home
from anonymart.keys import Keys
from tests.airflow.privacy_home import WAITS, Approvals, make_home, waiting

ADDRESS = "http://127.0.0.1:8080"
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}


class Privacy:
    """A client of the api-server, and the home behind it."""

    def __init__(self, client, home: Home, keys: Keys) -> None:
        self.client, self.home, self.keys = client, home, keys
        self.approvals = Approvals()
        self._tokens: dict[str, str] = {}

    def get(self, path: str, user: str = "reviewer", **headers: str):
        return self.client.get(
            f"/privacy{path}", headers={**self._login(user), "accept": "text/html", **headers}
        )

    def post(self, user: str = "reviewer", headers: dict[str, str] = SAME_ORIGIN, **form: str | list[str]):
        return self.client.post(
            f"/privacy/waiting/{WAITS}", data=form, headers={**self._login(user), **headers}
        )

    def form(self, user: str = "reviewer", **more: str) -> dict[str, str]:
        """What the form of the page would send."""
        page = self.get(f"/waiting/{WAITS}", user).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)"', page))
        return {**hidden, "decision": "approve", "reason": "read, and right", **more}

    def raw(self, path: str, user: str = "reviewer") -> tuple[int, bytes]:
        """Status and body of a GET whose path reaches the server letter by letter: clients like to tidy
        it.
        """
        headers = [
            (name.lower().encode(), value.encode())
            for name, value in {**self._login(user), "Host": "127.0.0.1:8080"}.items()
        ]
        path, _, query = f"/privacy{path}".partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(path),
            "root_path": "",
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8080),
        }
        sent: list[dict] = []

        async def receive() -> dict:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict) -> None:
            sent.append(message)

        asyncio.run(self.client.app(scope, receive, send))
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)

    def _login(self, user: str) -> dict[str, str]:
        if user == "nobody":
            return {}
        if user not in self._tokens:
            from anonymart_airflow.settings import password

            login = {"username": user, "password": password(self.home, user)}
            self._tokens[user] = self.client.post("/auth/token", json=login).json()["access_token"]
        return {"Authorization": f"Bearer {self._tokens[user]}"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Privacy]:
    home, keys = make_home(tmp_path_factory.mktemp("privacy") / "home")
    with pytest.MonkeyPatch.context() as patch:
        yield Privacy(api_server(home, patch), home, keys)
    from airflow.api_fastapi.app import purge_cached_app

    purge_cached_app()


def api_server(home: Home, patch: pytest.MonkeyPatch, **more: str):
    """Airflow's application with the settings of `make up`, in this process."""
    from anonymart_airflow.settings import airflow_env

    for name, value in {**airflow_env(home, 8080), **more}.items():
        if name.startswith(("AIRFLOW__", "ANONYMART_")):
            patch.setenv(name, value)
    from airflow import plugins_manager, settings
    from airflow.api_fastapi.app import create_app, purge_cached_app
    from airflow.models.revoked_token import RevokedToken
    from fastapi.testclient import TestClient

    patch.setattr(settings, "PLUGINS_FOLDER", os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"])
    for cached in (
        plugins_manager._get_plugins,
        plugins_manager._get_ui_plugins,
        plugins_manager.get_fastapi_plugins,
    ):
        cached.cache_clear()
    purge_cached_app()
    RevokedToken.__table__.create(settings.engine, checkfirst=True)
    return TestClient(create_app(apps="core"), base_url=ADDRESS, follow_redirects=False)


@pytest.fixture
def privacy(served: Privacy, monkeypatch: pytest.MonkeyPatch) -> Privacy:
    served.approvals = Approvals(waiting(served.home.releases))
    for module, names in (
        ("approval", ("waiting", "shows_the_same", "decisions")),
        ("answer", ("approve", "refuse_waiting")),
    ):
        for name in names:
            monkeypatch.setattr(f"anonymart.release.{module}.{name}", getattr(served.approvals, name))
    monkeypatch.setattr("anonymart.run.approve_without", served.approvals.approve_without)
    return served
