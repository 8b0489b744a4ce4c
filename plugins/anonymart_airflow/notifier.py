"""Airflow's notifier that calls the library: a red task tells somebody, one that ends well is forgotten."""

from __future__ import annotations

from typing import Any

from airflow.sdk.bases.notifier import BaseNotifier
from airflow.sdk.exceptions import AirflowException


class TellSomebody(BaseNotifier):
    """For `on_failure_callback`: after the last try, with the sentence that the task's log ends with."""

    def notify(self, context: Any) -> None:
        from anonymart.home import Home
        from anonymart.notify.tell import KINDS, never_in_the_way, of_sentence, tell
        from anonymart_airflow.as_of import as_of

        error, run = context.get("exception"), context["dag_run"]
        # The message of an exception that is not ours may quote a row.
        sentence = (
            str(error) if isinstance(error, AirflowException) else f"It ended with {type(error).__name__}."
        )
        kind = KINDS.get(getattr(error, "anonymart_error", ""), "task_failed")
        notice = of_sentence(kind, _about(context), f"{_about(context)}: {sentence}")
        home, day = Home.from_env(), as_of(run.conf, run.run_after, [])
        never_in_the_way(lambda: tell(home, day, [notice]))


class ForgetFailures(BaseNotifier):
    """For `on_success_callback`: the next failure of the task is news."""

    def notify(self, context: Any) -> None:
        from anonymart.home import Home

        home = Home.from_env()
        if (home.root / "notified.json").exists():
            from anonymart.notify.tell import well

            well(home, _about(context))


def _about(context: Any) -> str:
    return f"{context['ti'].dag_id}.{context['ti'].task_id}"
