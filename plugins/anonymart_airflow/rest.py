"""Airflow's REST API, as far as starting DAG runs and following them goes."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_attempt, wait_fixed

from anonymart.errors import AnonymartError
from anonymart_airflow.settings import USER

_SECONDS = 60
_TRIES = 4
_SECONDS_BETWEEN = 1


class Rest:
    """A session with the api-server at `address`. Raises AnonymartError when it refuses or does not
    answer.
    """

    def __init__(self, address: str, password: str, user: str = USER) -> None:
        # Loopback only: a proxy set for the outside must not see it.
        self._http = httpx.Client(base_url=address, timeout=_SECONDS, trust_env=False)
        self._login = {"username": user, "password": password}

    def health(self) -> dict[str, Any]:
        """State of each component by name, empty while the server does not answer."""
        try:
            answer = self._http.get("/api/v2/monitor/health")
            return answer.json() if answer.status_code == 200 else {}
        except (httpx.HTTPError, ValueError):
            return {}

    def log_in(self) -> None:
        """Fetch a token and use it from now on."""
        token = self._call("POST", "/auth/token", json=self._login)["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def make_pool(self, name: str, slots: int, note: str) -> None:
        """Make the pool, or leave it when it is there."""
        pool = {"name": name, "slots": slots, "description": note, "include_deferred": False}
        self._call("POST", "/api/v2/pools", json=pool, also=(409,))

    def dag_ids(self) -> set[str]:
        """The DAGs that Airflow has read."""
        return {dag["dag_id"] for dag in self._call("GET", "/api/v2/dags", params={"limit": 100})["dags"]}

    def import_errors(self) -> list[str]:
        """One line for each DAG file that Airflow cannot read."""
        found = self._call("GET", "/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in found]

    def pause(self, dag_id: str, is_paused: bool) -> None:
        """Pause a DAG or let it run."""
        path = f"/api/v2/dags/{dag_id}"
        self._call(
            "PATCH", path, params={"update_mask": "is_paused"}, json={"is_paused": is_paused}, again=True
        )

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run and give its id."""
        run = {"logical_date": None, "conf": conf}
        return self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=run)["dag_run_id"]

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """A run as Airflow knows it, `state` among it."""
        return self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The runs of a DAG, newest first."""
        params = {"order_by": "-run_after", "limit": 50}
        return self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns", params=params)["dag_runs"]

    def end_unfinished(self, dag_id: str) -> None:
        """Mark runs as failed that wait or seem to run: for when no process of an earlier start is left."""
        for run in self.runs(dag_id):
            if run["state"] in ("queued", "running"):
                self._call(
                    "PATCH",
                    f"/api/v2/dags/{dag_id}/dagRuns/{run['dag_run_id']}",
                    json={"state": "failed"},
                    again=True,
                )

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run."""
        return self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str, params: dict[str, str]) -> None:
        """Answer what a task asks of a person, as the user of this session."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        self._call("PATCH", path, json={"chosen_options": [option], "params_input": params})

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """What a task handed on, or None."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        found = self._call("GET", path, params={"deserialize": "true"}, also=(404,))
        value = found.get("value") if isinstance(found, dict) else None
        return json.loads(value) if isinstance(value, str) and value[:1] in "{[" else value

    def _call(
        self, method: str, path: str, also: tuple[int, ...] = (), again: bool = False, **more: Any
    ) -> Any:
        try:
            answer = self._send(method, path, again or method == "GET", **more)
        except httpx.HTTPError as error:
            raise AnonymartError(
                f"Airflow's api-server does not answer ({type(error).__name__}): see its log."
            ) from None
        if answer.is_success or answer.status_code in also:
            return answer.json() if answer.content else {}
        raise AnonymartError(
            f"Airflow's api-server refused {method} {path} ({answer.status_code}): see its log."
        )

    def _send(self, method: str, path: str, again: bool, **more: Any) -> httpx.Response:
        """Ask; what comes to the same when it is said twice is asked again when a busy machine lets it wait
        too long or fails.

        On a busy machine SQLite gives up waiting for its lock, and the api-server answers 500.
        """
        ask = partial(self._http.request, method, path, **more)
        return _AGAIN(ask) if again else ask()


def _is_busy(answer: httpx.Response) -> bool:
    return answer.is_server_error


# What the last try gives or raises is the answer.
_AGAIN = Retrying(
    retry=retry_if_exception_type(httpx.TimeoutException) | retry_if_result(_is_busy),
    stop=stop_after_attempt(_TRIES),
    wait=wait_fixed(_SECONDS_BETWEEN),
    retry_error_callback=lambda last: last.outcome.result() if last.outcome else None,
)
