"""The people behind the cells of one build, read once for candidate, gate and drill (S-ANON).

In the warehouse they are views on years of history. The file holds numbers in place of pseudonyms, is
encrypted with a key that only this process has, and goes with the step that asked for it; what a killed
process leaves opens with no key any more, and goes with the spill of the dead.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from anonymart import engine
from anonymart.contracts import MartContract
from anonymart.release.cells import copy_people, has_people
from anonymart.session import PEOPLE, PeopleFile, Session


@contextmanager
def kept(session: Session, contracts: Iterable[MartContract]) -> Iterator[Session]:
    """The session with the people of each mart noted in a file, which its connections to the warehouse find
    attached; the session itself where they are noted already.

    A mart whose people are not there is left out: who needs them says so.
    """
    if session.people is not None:
        yield session
        return
    folder = engine.spill_folder(session.home)
    folder.mkdir(parents=True)
    file = PeopleFile(folder / "people.duckdb", secrets.token_hex(32))
    try:
        with session.connect(vault="ro", warehouse="ro") as connection:
            engine.attach(connection, PEOPLE, file.path, file.key, "rw")
            for contract in contracts:
                if has_people(connection, contract):
                    connection.execute(copy_people(contract, f"{PEOPLE}.main.{contract.name}"))
            connection.execute(f"DETACH {PEOPLE}")
        yield session.with_people(file)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
