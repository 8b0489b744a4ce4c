"""A vault of fictional people, and a detector that knows them."""

import duckdb
import pytest

from anonymart.detect import corpus
from anonymart.detect.search import Detector
from anonymart.vault.schema import SCHEMA


@pytest.fixture(scope="session")
def people():
    return corpus.people(400)


@pytest.fixture(scope="session")
def detector(people):
    connection = duckdb.connect()
    connection.execute("ATTACH ':memory:' AS vault")
    connection.execute(SCHEMA)
    columns = ("learner_id", "given_name", "family_name", "email", "account_name")
    extra = [
        ("learner-900001", "Jean-Pierre", "Le Goff", "jp.legoff@mail.example", "grandebleue"),
        ("learner-900002", "Élodie", "Quéméneur", "eq@mail.example", "elodiequemeneur"),
    ]
    rows = [*([getattr(person, column) for column in columns] for person in people), *extra]
    connection.executemany(
        f"INSERT INTO vault.register.learners ({', '.join(columns)}) VALUES (?, ?, ?, ?, ?)", rows
    )
    return Detector(connection, has_vault=True)
