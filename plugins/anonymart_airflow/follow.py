"""Following a DAG run to its end, and telling why one failed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anonymart.errors import AnonymartError, GateRefused
from anonymart_airflow.local import LocalAirflow
from anonymart_airflow.rest import Rest

POLL_SECONDS = 0.5
LONGEST_SECONDS = 1800
SETTLED_SECONDS = 3.0


@dataclass
class Follower:
    """Follows runs on a local Airflow; `say` gets a line for every task that ends or is to be tried again."""

    airflow: LocalAirflow
    rest: Rest
    say: Callable[[str], None]

    def until_done(
        self, dag_id: str, run_id: str, may_be_red: str | None = None
    ) -> dict[str, dict[str, Any]]:
        """The task instances by task id, once the run has succeeded, or has failed at the task `may_be_red`
        alone, which is said.

        Raises AnonymartError (GateRefused for the gate's no) with the failed task's own sentence and its log.
        """
        told: set[tuple[str, str, int]] = set()
        deadline = time.monotonic() + LONGEST_SECONDS
        while True:
            self.airflow.check()
            state = self.rest.run(dag_id, run_id)["state"]
            tasks = {task["task_id"]: task for task in self.rest.tasks(dag_id, run_id)}
            for task in tasks.values():
                label = dag_id if len(tasks) == 1 else f"{dag_id}.{task['task_id']}"
                self._tell(label, dag_id, run_id, task, told)
            if state == "success":
                return tasks
            if state == "failed":
                if [name for name, task in tasks.items() if task["state"] not in ("success", "skipped")] != [
                    may_be_red
                ]:
                    raise self._failure(dag_id, run_id, tasks)
                self.say(
                    f"  {dag_id}.{may_be_red}: red. "
                    f"{self._last_error(dag_id, run_id, tasks[str(may_be_red)])[1]}"
                )
                return tasks
            if time.monotonic() > deadline:
                raise AnonymartError(f"{dag_id} did not end in {LONGEST_SECONDS} s: see {self.airflow.logs}.")
            time.sleep(POLL_SECONDS)

    def answer(self, dag_id: str, run_id: str, task_id: str, give: Callable[[], object]) -> None:
        """Call `give` when a task asks something of a person, once for each try. Raises AnonymartError when
        the run ends without.

        It waits a little after the task began to ask: an answer that comes before the scheduler has noticed
        the pause is lost, and the task is tried again and asks once more.
        """
        deadline, asked_at, given = time.monotonic() + LONGEST_SECONDS, dict[int, float](), set[int]()
        while time.monotonic() < deadline:
            self.airflow.check()
            tasks = {task["task_id"]: task for task in self.rest.tasks(dag_id, run_id)}
            state, number = tasks[task_id]["state"], tasks[task_id]["try_number"]
            if state == "awaiting_input" and number not in given:
                if time.monotonic() - asked_at.setdefault(number, time.monotonic()) >= SETTLED_SECONDS:
                    give()
                    given.add(number)
            elif state in ("success", "skipped", "failed", "upstream_failed"):
                if given:
                    return
                break
            if self.rest.run(dag_id, run_id)["state"] in ("failed", "success"):
                break
            time.sleep(POLL_SECONDS)
        raise self._failure(dag_id, run_id, tasks)

    def run(
        self, dag_id: str, conf: dict[str, Any], may_be_red: str | None = None
    ) -> dict[str, dict[str, Any]]:
        """Trigger a DAG and follow it, as `until_done`."""
        return self.until_done(dag_id, self.rest.trigger(dag_id, conf), may_be_red)

    def _tell(
        self, label: str, dag_id: str, run_id: str, task: dict[str, Any], told: set[tuple[str, str, int]]
    ) -> None:
        name, state, tries = task["task_id"], task["state"], task["try_number"]
        if state not in ("success", "skipped", "up_for_retry") or (name, state, tries) in told:
            return
        told.add((name, state, tries))
        if state == "up_for_retry":
            self.say(
                f"  {label}: try {tries} failed and will be repeated: "
                f"{self._last_error(dag_id, run_id, task)[1]}"
            )
        elif state == "skipped":
            self.say(f"  {label}: nothing to do")
        else:
            self.say(f"  {label}: {task['duration'] or 0:.1f} s{self._counts(dag_id, run_id, name)}")

    def _counts(self, dag_id: str, run_id: str, task_id: str) -> str:
        result = self.rest.result(dag_id, run_id, task_id)
        if not isinstance(result, dict) or not any(isinstance(number, int) for number in result.values()):
            return ""
        return ", " + ", ".join(
            f"{number:,} {name}"
            for name, number in result.items()
            if isinstance(number, int) and number and "files" not in name
        )

    def _failure(self, dag_id: str, run_id: str, tasks: dict[str, dict[str, Any]]) -> AnonymartError:
        failed = next((task for task in tasks.values() if task["state"] == "failed"), None)
        if failed is None:
            return AnonymartError(f"{dag_id} failed without a failed task: see {self.airflow.logs}.")
        exception, sentence = self._last_error(dag_id, run_id, failed)
        # Of the gate, only its no fails at once; all else is a fault that was tried again.
        is_refusal = failed["task_id"] == "gate" and exception == "AirflowFailException"
        log = self._log(dag_id, run_id, failed)
        text = f"{dag_id} failed at its task {failed['task_id']}. {sentence} Log: {log}"
        return GateRefused(text) if is_refusal else AnonymartError(text)

    def _log(self, dag_id: str, run_id: str, task: dict[str, Any]) -> str:
        folder = self.airflow.logs / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task['task_id']}"
        return str(folder / f"attempt={task['try_number']}.log")

    def _last_error(self, dag_id: str, run_id: str, task: dict[str, Any]) -> tuple[str, str]:
        """Kind and sentence of the exception that the task's log ends with."""
        try:
            with open(self._log(dag_id, run_id, task), encoding="utf-8") as log:
                events = [json.loads(line) for line in log if line.startswith("{")]
        except (OSError, ValueError):
            events = []
        details = [event["error_detail"] for event in events if event.get("error_detail")]
        return (
            (details[-1][0]["exc_type"], details[-1][0]["exc_value"]) if details else ("", "It left no word.")
        )
