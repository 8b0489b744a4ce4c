"""Where can a person be? Every table of a built home is registered, and an unlisted one stops the build
(S-SAFE).
"""

import shutil
import sys
from pathlib import Path

import pytest

from anonymart import engine
from anonymart.contracts import load_contracts
from anonymart.erasure import places
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.policy import load_policy
from anonymart.run import build

sys.path.insert(0, str(Path(__file__).parents[1] / "dbt"))

from small_home import AS_OF, SmallHome

from anonymart.session import Session

pytestmark = pytest.mark.xdist_group("places")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> SmallHome:
    small_school = SmallHome(tmp_path_factory.mktemp("places") / "home")
    small_school.load_first()
    small_school.load_second()
    small_school.build()
    return small_school


def test_register_and_zones_list_the_same(home):
    found = {
        name for (name,) in home.rows("""
            SELECT DISTINCT database_name || '.' || schema_name || '.' || table_name FROM duckdb_columns()
            WHERE database_name IN ('vault', 'warehouse') AND NOT internal
        """)
    }  # fmt: skip
    # The ledgers of cells are made by the first release, those of recalled cells by the first withdrawal.
    cells = {f"vault.ledger.{kind}_{mart}" for kind in ("cells", "withdrawn") for mart in load_contracts()}
    assert found | cells == {name for name in places.BY_NAME if not name.startswith("tombstones.")}
    assert len(places.BY_NAME) == len(places.PLACES)


def test_views_are_views_and_tables_are_tables(home):
    views = {
        name for (name,) in home.rows("""
            SELECT database_name || '.' || schema_name || '.' || view_name FROM duckdb_views()
            WHERE database_name IN ('vault', 'warehouse') AND NOT internal
        """)
    }  # fmt: skip
    assert views == {place.name for place in places.PLACES if place.keeps is places.Keeps.VIEW}


def test_every_identifier_of_the_vault_stands_where_the_register_says(home):
    """Looked for in every text of every table: what holds one must be a place that names people by
    identifiers.
    """
    known = [value for (value,) in home.rows("SELECT identifier FROM vault.register.identities")]
    with home.warehouse() as connection:
        for place in places.PLACES:
            if (
                place.names is places.Names.IDENTIFIER
                or place.name.startswith(("tombstones.", "vault.ledger.cells_"))
                or place.name.removeprefix("vault.ledger.withdrawn_") in load_contracts()
            ):
                continue
            hits = connection.execute(
                f"SELECT count(*) FROM {place.name} AS whole WHERE "
                f"list_bool_or([contains(whole::VARCHAR, known) FOR known IN $1])",
                [known],
            ).fetchone()[0]
            assert hits == 0, place.name


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "CREATE TABLE warehouse.intermediate.int_new AS SELECT 1 AS n",
            "registered whether warehouse.intermediate.int_new holds",
        ),
        (
            "CREATE VIEW warehouse.staging.stg_new AS SELECT 1 AS n",
            "registered whether warehouse.staging.stg_new holds",
        ),
        ("CREATE TABLE vault.raw.forum (identifier VARCHAR)", "registered whether vault.raw.forum holds"),
        ("ALTER TABLE vault.raw.catalogue ADD COLUMN email VARCHAR", "registered as holding nobody"),
        ("ALTER TABLE vault.register.minors RENAME identifier_hash TO hashed", "no column identifier_hash"),
    ],
)
def test_what_nobody_registered_is_a_fault(home, tmp_path, statement, says):
    shutil.copytree(home.home.root, tmp_path / "home", symlinks=True)
    copy = SmallHome.__new__(SmallHome)
    copy.home, copy.keys = type(home.home)(tmp_path / "home"), home.keys
    with engine.connect(copy.home, copy.keys, vault="rw", warehouse="rw") as connection:
        places.check(connection)
        connection.execute(statement)
        with pytest.raises(AnonymartError, match=says):
            places.check(connection)


def test_a_new_table_stops_the_build(home, tmp_path):
    shutil.copytree(home.home.root, tmp_path / "home", symlinks=True)
    root = type(home.home)(tmp_path / "home")
    with engine.connect(root, home.keys, vault="rw") as connection:
        connection.execute("CREATE TABLE vault.raw.forum (identifier VARCHAR)")
    with pytest.raises(AnonymartError, match=r"vault\.raw\.forum"):
        build(Session(root, home.keys, load_policy(), AS_OF), select="int_catalogue")


def test_a_strange_database_in_the_home_stops_the_build(home, tmp_path):
    shutil.copytree(home.home.root, tmp_path / "home", symlinks=True)
    root = type(home.home)(tmp_path / "home")
    (root.root / "copy-of-the-vault.duckdb").write_bytes(b"x")
    with pytest.raises(AnonymartError, match=r"copy-of-the-vault\.duckdb is no part of the home"):
        build(Session(root, home.keys, load_policy(), AS_OF), select="int_catalogue")


@pytest.mark.parametrize("name", [
    "vault.duckdb.bak", "warehouse.duckdb.old", ".copy.duckdb", "landing/people.csv",
    "landing/forum/people.csv", "exports/people.csv",
    "tmp/people.csv", "releases/people.csv", "dbt/people.csv",
])  # fmt: skip
def test_a_strange_file_is_found_wherever_people_may_be(tmp_path, name):
    root = Home(tmp_path / "home").prepare()
    for known in (
        "vault.duckdb",
        "vault.duckdb.wal",
        "vault.duckdb.rewrite",
        "vault.duckdb.rewrite.wal",
        ".nfs0001",
        "landing/nps/a.csv",
        "exports/0123456789abcdef.zip",
        "tmp/spill/x.tmp",
        "tmp/spill-17-0a1b2c3d/x.tmp",
        "releases/2026-06-30.1/marts.duckdb",
        "releases/.candidate-1/x",
    ):
        (root.root / known).parent.mkdir(parents=True, exist_ok=True)
        (root.root / known).touch()
    root.current.symlink_to("2026-06-30.1")
    places.check_files(root)
    (root.root / name).parent.mkdir(exist_ok=True)
    (root.root / name).touch()
    with pytest.raises(AnonymartError, match="is no part of the home"):
        places.check_files(root)


def test_what_a_killed_dbt_left_behind_goes_with_the_next_build(home, tmp_path):
    shutil.copytree(home.home.root, tmp_path / "home", symlinks=True)
    root = type(home.home)(tmp_path / "home")
    with engine.connect(root, home.keys, warehouse="rw") as connection:
        connection.execute(
            "CREATE TABLE warehouse.intermediate.int_persons__dbt_tmp AS FROM "
            "warehouse.intermediate.int_persons"
        )
        connection.execute("CREATE VIEW warehouse.staging.stg_x__dbt_backup AS SELECT 1 AS n")
    build(Session(root, home.keys, load_policy(), AS_OF), select="int_catalogue")
    with engine.connect(root, home.keys, vault="ro", warehouse="ro") as connection:
        assert connection.execute(
            "SELECT count(*) FROM duckdb_columns() WHERE contains(table_name, '__dbt_')"
        ).fetchone() == (0,)
