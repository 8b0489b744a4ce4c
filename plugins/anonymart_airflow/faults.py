"""How a task fails: with one sentence in its log, never with a value that an exception quotes (S-SAFE)."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from anonymart.errors import DISK_FULL, AnonymartError, AttackSucceeded, GateRefused, UsageError, is_disk_full

P = ParamSpec("P")
T = TypeVar("T")


def plain_faults(work: Callable[P, T]) -> Callable[P, T]:
    """A function like `work` whose failures are Airflow's.

    What another try cannot mend (wrong use, a gate that says no, an attack that succeeded) fails at once; a
    fault is tried again. Of an exception that nobody foresaw only its kind and place are shown: its message
    may quote a row.
    """

    @functools.wraps(work)
    def plainly(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        except AirflowException:
            raise
        except (AttackSucceeded, GateRefused, UsageError) as error:
            failure: AirflowException = AirflowFailException(str(error))
            # What the notifier tells it as.
            failure.anonymart_error = type(error).__name__  # type: ignore[attr-defined]
        except AnonymartError as error:
            failure = AirflowException(str(error))
        except Exception as error:
            failure = AirflowException(DISK_FULL if is_disk_full(error) else _place(error))
        # Raised outside the handlers (and not in a context manager, which runs inside one), so that no
        # formatter of
        # logs can walk back to the first exception.
        raise failure

    return plainly


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/anonymart/" in frame.filename] or list(frames)
    where = (
        f"{ours[-1].filename.rsplit('/plugins/', 1)[-1]}, line {ours[-1].lineno}"
        if ours
        else "an unknown place"
    )
    return (
        f"Unforeseen {type(error).__name__} in {where}: nothing half-done was kept; "
        "run the same step with the anonymart command to see more."
    )
