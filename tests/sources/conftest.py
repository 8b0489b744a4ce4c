"""A real PostgreSQL on a socket of its own, started as an unprivileged user, and a small school that pulls
from it.
"""

from pathlib import Path

import psycopg
import pytest
import yaml

from anonymart.session import Session
from tests.ingest.conftest import SmallSchool
from tests.postgres import postgres

PASSWORD = "paper-boat-7301"
MAPPING = {
    "schema": "public",
    "table": "users",
    "updated_at": "changed_at",
    "time_zone": "Europe/Paris",
    "columns": {
        "learner_id": "id",
        "email": "mail",
        "given_name": 'first "name"',
        "birth_date": "born",
        "registered_at": "created_at",
    },
    "constants": {"account_home_page": "https://campus.example"},
}
TABLE = """
    DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO reader;
    CREATE TABLE users (
        id bigint PRIMARY KEY, mail text, given varchar(40), born date, created_at timestamptz,
            changed_at timestamp,
        iban text, nickname text
    );
    INSERT INTO users SELECT n, 'learner' || n || '@example.org', 'Zoë "Z", ' || n, '1990-01-01',
        '2025-01-01 10:00+02',
        timestamp '2026-06-01 10:00' + n * interval '1 minute', 'FR76-secret', 'nick-secret'
        FROM generate_series(1, 50) AS n;
    GRANT SELECT ON users TO reader;
""".replace("given", '"first ""name"""')


class Server:
    """One PostgreSQL: `admin` changes things in it, `address` is what the warehouse is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 5432
        self.admin = psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True)
        self.run(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")

    @property
    def address(self) -> str:
        return f"host={self.folder} user=reader password={PASSWORD} dbname=postgres"

    def run(self, query: str) -> None:
        self.admin.execute(query)


@pytest.fixture(scope="session")
def server():
    with postgres() as folder:
        found = Server(folder)
        yield found
        found.admin.close()


class Register(SmallSchool):
    """A small_school with a mapping to the table `users` of the server."""

    def __init__(self, root: Path, server: Server) -> None:
        super().__init__(root)
        self.server = server

    def mapping(self, **changes):
        from anonymart.sources.mapping import load_mapping

        path = self.home.register_mapping
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({**MAPPING, **changes}))
        return load_mapping(path)

    def pull(self, is_full: bool = False, address: str | None = None, **changes):
        from anonymart.sources.register import pull
        from tests.ingest.conftest import AS_OF

        return pull(
            Session(self.home, self.keys),
            address or self.server.address,
            self.mapping(**changes),
            AS_OF,
            is_full,
        )

    def load(self):
        found = self.ingest()
        return sum(counts.loaded for counts in found.values()), sum(
            counts.duplicate for counts in found.values()
        )

    def emails(self) -> dict[str, str]:
        return dict(self.ask("SELECT learner_id, email FROM vault.register.learners"))


@pytest.fixture
def register(tmp_path, server):
    server.run(TABLE)
    return Register(tmp_path / "home", server)
