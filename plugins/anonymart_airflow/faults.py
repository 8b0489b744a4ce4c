"""How a task fails: with one sentence in its log, never with a value that an exception quotes (S-SAFE)."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from anonymart.errors import AnonymartError, GateRefused, UsageError


@contextmanager
def plain_faults() -> Iterator[None]:
    """Turn what goes wrong inside into Airflow's exceptions.

    What another try cannot mend (wrong use, a gate that says no) fails at once; a fault is tried again. Of an
    exception that nobody foresaw only its kind and place are shown: its message may quote a row.
    """
    try:
        yield
        return
    except AirflowException:
        raise
    except (GateRefused, UsageError) as error:
        failure: AirflowException = AirflowFailException(str(error))
    except AnonymartError as error:
        failure = AirflowException(str(error))
    except Exception as error:
        failure = AirflowException(_place(error))
    # Raised outside the handler, so that no log formatter can walk back to the first exception.
    raise failure


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/anonymart/" in frame.filename] or list(frames)
    where = f"{ours[-1].filename.rsplit('/plugins/', 1)[-1]}, line {ours[-1].lineno}" if ours else "an unknown place"
    return (
        f"Unforeseen {type(error).__name__} in {where}: nothing half-done was kept; "
        "run the same step with the anonymart command to see more."
    )
