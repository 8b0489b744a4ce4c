"""Asking the reviewers: Airflow's human-in-the-loop operator, which also notices that the answer was given
elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.exceptions import AirflowFailException, TaskAwaitingInput
from airflow.sdk.execution_time import task_runner

from anonymart_airflow import tasks

if TYPE_CHECKING:
    from airflow.sdk import Context


class AskReviewer(HITLOperator):
    """Waits for a reviewer, and looks every `response_timeout` whether `request` still waits: if not, it ends
    well with no answer.
    """

    template_fields = (*HITLOperator.template_fields, "request")

    def __init__(self, *, request: Any, **settings: Any) -> None:
        super().__init__(**settings)
        self.request = request

    def execute(self, context: Context) -> Any:
        """Ask. Raises AirflowFailException under `airflow dags test`, which would wait for ever: there nobody
        can be asked.
        """
        if _is_dag_test():
            raise AirflowFailException(
                "`airflow dags test` cannot ask a reviewer: trigger approve_release in a running "
                "Airflow, or answer with `anonymart approve` or `anonymart refuse`."
            )
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """The answer; None when there is none and none is needed any more."""
        if event.get("error_type") != "timeout":
            return super().execute_complete(context, event)
        if tasks.still_waits(self.request, context):
            raise TaskAwaitingInput(method_name="execute_complete", timeout=self.response_timeout)
        self.log.info("It was decided elsewhere, or superseded: nobody needs to answer.")
        return None


def _is_dag_test() -> bool:
    """Whether the task runs in the process of `airflow dags test`. Airflow tells it by nothing but the kind
    of its supervisor.
    """
    return type(getattr(task_runner, "SUPERVISOR_COMMS", None)).__name__ == "InProcessSupervisorComms"
