"""`make up`: Airflow with its web pages on loopback, until Ctrl-C."""

from __future__ import annotations

import sys
import time

from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart_airflow.local import USER, LocalAirflow
from anonymart_airflow.settings import USERS, password

CHECK_SECONDS = 1.0


def main() -> int:
    """Exit 0 after Ctrl-C (or SIGTERM), else the exit code of what went wrong."""
    try:
        home = Home.from_env()
        with LocalAirflow(home, say=_say, is_callers=True) as airflow:
            _say(f"\n  Airflow   {airflow.address}\n  login     {USER}\n  password  {password(home)}\n")
            _say("Others, by role (the page Privacy is for the reviewer):")
            for user in USERS:
                if user != USER:
                    _say(f"  {user:<9} {password(home, user)}")
            _say("")
            _say("New DAGs are paused: switch on those that shall run. Ctrl-C stops everything.")
            while True:
                airflow.check()
                time.sleep(CHECK_SECONDS)
    except AnonymartError as error:
        _say(f"anonymart: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("Airflow has stopped.")
        return 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
