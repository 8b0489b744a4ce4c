"""A task's failure: one sentence, and no value that an exception quotes."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from anonymart.errors import AnonymartError, GateRefused, UsageError
from anonymart_airflow.faults import plain_faults


def failing(error: Exception) -> Callable[[], None]:
    @plain_faults
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize("error", [UsageError("No key."), GateRefused("The gate refused it.")])
def test_what_another_try_cannot_mend_fails_at_once(error: Exception) -> None:
    with pytest.raises(AirflowFailException, match=str(error)):
        failing(error)()


def test_a_fault_is_tried_again() -> None:
    with pytest.raises(AirflowException, match="Locked") as raised:
        failing(AnonymartError("Locked."))()
    assert not isinstance(raised.value, AirflowFailException)


def test_a_skip_stays_a_skip() -> None:
    with pytest.raises(AirflowSkipException):
        failing(AirflowSkipException("Nothing was delivered."))()


def test_an_unforeseen_exception_shows_its_kind_and_place_and_not_its_message() -> None:
    address = "@".join(("jeanne.martin", "example.org"))

    @plain_faults
    def work() -> None:
        try:
            int(address)
        except ValueError as error:
            raise RuntimeError(address) from error

    with pytest.raises(AirflowException) as raised:
        work()
    assert "Unforeseen RuntimeError in" in str(raised.value)
    assert "jeanne" not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__cause__ is None and raised.value.__context__ is None
