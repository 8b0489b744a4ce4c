"""The platform's learners before their ingest: the address and its secret come from the Airflow connection
`anonymart_register`.
"""

from __future__ import annotations

from anonymart.errors import UsageError
from anonymart.session import Session
from anonymart_airflow.progress import TaskProgress

CONNECTION = "anonymart_register"
# What of the connection's extra fields may reach the server's library.
_EXTRA = ("sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs")


def pull_register(session: Session) -> list[str]:
    """Read what changed into landing/learners/, where the home has a mapping; gives names of what is other
    than before.

    Raises UsageError when there is a mapping and no connection, and what the pull raises.
    """
    if not session.home.register_mapping.exists():
        return []
    from anonymart.sources.mapping import load_mapping
    from anonymart.sources.register import pull

    done = pull(session, _address(), load_mapping(session.home.register_mapping), session.as_of)
    for sentence in done.sentences:
        TaskProgress().say(f"  {sentence}")
    return [each.sentence for each in done.changes]


def _address() -> str:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException
    from psycopg.conninfo import make_conninfo

    try:
        found = Connection.get(CONNECTION)
    except AirflowNotFoundException:
        found = None
    if found is None:
        raise UsageError(
            f"The home has a mapping of the register and Airflow has no connection {CONNECTION}: add "
            f"it, of the type Postgres."
        )
    extra = {name: value for name, value in found.extra_dejson.items() if name in _EXTRA}
    return make_conninfo(
        host=found.host,
        port=found.port,
        user=found.login,
        password=found.password,
        dbname=found.schema,
        **extra,
    )
