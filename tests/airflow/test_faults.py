"""A task's failure: one sentence, and no value that an exception quotes."""

from __future__ import annotations

import traceback

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from anonymart.errors import AnonymartError, GateRefused, UsageError
from anonymart_airflow.faults import plain_faults


@pytest.mark.parametrize("error", [UsageError("No key."), GateRefused("The gate refused it.")])
def test_what_another_try_cannot_mend_fails_at_once(error: Exception) -> None:
    with pytest.raises(AirflowFailException, match=str(error)), plain_faults():
        raise error


def test_a_fault_is_tried_again() -> None:
    with pytest.raises(AirflowException, match="Locked") as raised, plain_faults():
        raise AnonymartError("Locked.")
    assert not isinstance(raised.value, AirflowFailException)


def test_a_skip_stays_a_skip() -> None:
    with pytest.raises(AirflowSkipException), plain_faults():
        raise AirflowSkipException("Nothing was delivered.")


def test_an_unforeseen_exception_shows_its_kind_and_place_and_not_its_message() -> None:
    with pytest.raises(AirflowException) as raised, plain_faults():
        try:
            int("jeanne.martin@example.org")
        except ValueError as error:
            raise RuntimeError("jeanne.martin@example.org") from error
    shown = "".join(traceback.format_exception(raised.value))
    assert "Unforeseen RuntimeError in" in str(raised.value)
    assert "jeanne" not in shown.replace('int("jeanne.martin@example.org")', "").replace(
        'raise RuntimeError("jeanne.martin@example.org")', ""
    )
    assert raised.value.__cause__ is None and raised.value.__context__ is None
