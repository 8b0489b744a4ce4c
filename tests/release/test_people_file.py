"""The people behind the cells are read once, and what is noted of them is nobody's to read."""

import duckdb
import pytest

from anonymart import engine
from anonymart.release import cells, people_file
from anonymart.release.publish import recover
from anonymart.session import Session


def _session(school) -> Session:
    return Session(school.home, school.keys, school.policy)


def test_they_are_noted_once_without_a_pseudonym_and_gone_afterwards(sound):
    contracts = list(sound.contracts.values())
    with people_file.kept(_session(sound), contracts) as reading:
        with reading.connect(warehouse="ro") as connection:
            there = [contract for contract in contracts if cells.has_people(connection, contract)]
            assert there
            for contract in there:
                assert cells.people(connection, contract) == f"people.main.{contract.name}"
                source = f"warehouse.intermediate.{contract.disclosure['people']}"
                person = f'"{contract.disclosure["person"]}"'
                columns = f"* REPLACE ({cells.number_of(person)} AS {person})"
                missing = connection.execute(
                    f"SELECT count(*) FROM (SELECT {columns} FROM {source} "
                    f"EXCEPT ALL FROM people.main.{contract.name})"
                ).fetchone()
                assert missing == (0,)
        with people_file.kept(reading, contracts) as same:
            assert same is reading
        path = reading.people.path
        assert path.is_file() and path.parent.parent == sound.home.tmp
        assert path.parent.name.startswith(engine.SPILL_PREFIX)
    assert not path.parent.exists()


def test_nobody_opens_it_without_the_key_of_the_process(sound):
    with people_file.kept(_session(sound), list(sound.contracts.values())) as reading:
        path = reading.people.path
        with duckdb.connect() as connection, pytest.raises(duckdb.Error):
            connection.execute(f"ATTACH '{path}' AS stolen (READ_ONLY)")
        with engine.memory() as connection, pytest.raises(engine.OtherKey):
            engine.attach(connection, "stolen", path, sound.keys.warehouse, "ro")


def test_a_mart_whose_people_are_not_there_is_left_out(sound):
    contracts = list(sound.contracts.values())
    with (
        people_file.kept(_session(sound), contracts) as reading,
        reading.connect(warehouse="ro") as connection,
    ):
        gone = next(contract for contract in contracts if not cells.has_people(connection, contract))
        with pytest.raises(duckdb.Error):
            cells.people(connection, gone)


def test_what_a_fault_or_a_kill_leaves_goes(school):
    with pytest.raises(ZeroDivisionError), people_file.kept(_session(school), []) as reading:
        raise ZeroDivisionError
    assert not reading.people.path.parent.exists()
    left = school.home.tmp / f"{engine.SPILL_PREFIX}999999999-0a1b2c3d" / "people.duckdb"
    left.parent.mkdir()
    left.write_bytes(b"encrypted")
    recover(_session(school))
    assert not left.parent.exists()
