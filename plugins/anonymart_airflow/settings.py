"""Airflow's configuration for one home, as environment variables: nothing of it stands in a file that a
person edits.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

from anonymart import config, telemetry
from anonymart.errors import AnonymartError
from anonymart.home import PROJECT, Home
from anonymart.release.folder import write_durably
from anonymart_airflow.names import REVIEWER, reviewers

USER = "anonymart"
# Name and role in Airflow's simple auth manager. The roles read (viewer) or run (op) DAGs; that `reviewer`
# decides and `analyst` does not
# see the page Privacy is told by ANONYMART_REVIEWERS and anonymart_airflow.auth.
USERS = {USER: "admin", "analyst": "viewer", "data_team": "op", REVIEWER: "viewer"}
LOOPBACK = "127.0.0.1"


# What a caller may not set: by these the processes of one start find each other, and the pages stay on
# loopback.
OURS = ("API__BASE_URL", "API__HOST", "API__PORT", "CORE__EXECUTION_API_SERVER_URL")


def airflow_env(
    home: Home, port: int, schedule: bool = True, retry_seconds: int = 60, is_callers: bool = False
) -> dict[str, str]:
    """The environment of every Airflow process of this home, with the web pages on `port` of loopback.

    State, logs and secrets lie under `home.airflow`, 0700 and 0600. Without `schedule`, DAGs run only when a
    person or an asset wakes them. With `is_callers`, what the caller has set as AIRFLOW__… wins, but for
    address and port.
    """
    folder = _folders(home)
    own = _secrets(folder)
    address = f"http://{LOOPBACK}:{port}"
    airflow = {
        "CORE__AUTH_MANAGER": "anonymart_airflow.auth.AnonymartAuthManager",
        "CORE__DAGS_FOLDER": PROJECT / "dags",
        "CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__FERNET_KEY": own["fernet"],
        "CORE__LAZY_DISCOVER_PROVIDERS": True,
        "CORE__LOAD_EXAMPLES": False,
        "CORE__PARALLELISM": 2,
        "CORE__PLUGINS_FOLDER": PROJECT / "plugins",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": folder / "passwords.json",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        "DATABASE__LOAD_DEFAULT_CONNECTIONS": False,
        "API__BASE_URL": address,
        "API__EXPOSE_CONFIG": False,
        "API__HOST": LOOPBACK,
        "API__INSTANCE_NAME": "Anonymart",
        "API__PORT": port,
        "API__SECRET_KEY": own["web"],
        "API__WORKERS": 1,
        "API_AUTH__JWT_SECRET": own["jwt"],
        "DAG_PROCESSOR__REFRESH_INTERVAL": 60,
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 60,
        "LOGGING__BASE_LOG_FOLDER": folder / "logs",
        "LOGGING__COLORED_CONSOLE_LOG": False,
        "LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": folder / "logs" / "dag_processor",
        "LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        # Great Expectations tells each of its functions as it is imported.
        "LOGGING__NAMESPACE_LEVELS": "great_expectations=WARNING",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": 0.5,
        "SCHEDULER__CATCHUP_BY_DEFAULT": False,
        # What a killed start left running is noticed within a minute, not five.
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": 60,
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 60,
        "TRIGGERER__CAPACITY": 10,
    }
    keep = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW__", "AIRFLOW_"))
    }
    return {
        **keep,
        **telemetry.OFF,
        "AIRFLOW_HOME": str(folder),
        **{f"AIRFLOW__{name}": str(value) for name, value in airflow.items()},
        **(_of_caller() if is_callers else {}),
        "ANONYMART_HOME": str(home.root),
        # Airflow's processes run in another folder, where a relative path would name nothing.
        **({config.ENVIRONMENT: str(config.folder())} if os.environ.get(config.ENVIRONMENT) else {}),
        "ANONYMART_REVIEWERS": ",".join(f"{user_id}:{name}" for user_id, name in reviewers().items()),
        "ANONYMART_RETRY_SECONDS": str(retry_seconds),
        "ANONYMART_SCHEDULE": "on" if schedule else "off",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PROJECT / "plugins"), os.environ.get("PYTHONPATH")))),
        "PYTHONUNBUFFERED": "1",
    }


def _of_caller() -> dict[str, str]:
    kept = {f"AIRFLOW__{name}" for name in OURS}
    return {
        name: value for name, value in os.environ.items() if name.startswith("AIRFLOW__") and name not in kept
    }


def password(home: Home, user: str = USER) -> str:
    """The password of a user, made for this home at its first start (0600)."""
    return json.loads((home.airflow / "passwords.json").read_text(encoding="ascii"))[user]


def _folders(home: Home) -> Path:
    for folder in (home.airflow, home.airflow / "logs", home.airflow / "logs" / "dag_processor"):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    return home.airflow


def _secrets(folder: Path) -> dict[str, str]:
    # Airflow would print a password that it makes itself into a log.
    _passwords(folder / "passwords.json")
    made = {
        "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "jwt": secrets.token_hex(32),
        "web": secrets.token_hex(32),
    }
    return _once(folder / "secrets.json", made)


def _passwords(path: Path) -> None:
    made = {name: secrets.token_urlsafe(12) for name in USERS}
    known = _once(path, made)
    if set(USERS) - set(known):
        # A home from before there were as many users.
        write_durably(path, json.dumps(made | known), mode=0o600)


def _once(path: Path, made: dict[str, str]) -> dict[str, str]:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(made, file)
        return made
    try:
        return json.loads(path.read_text(encoding="ascii"))
    except ValueError:
        raise AnonymartError(f"{path} is damaged: remove it, and Airflow starts with a new one.") from None
