"""Show 3: no planted identifier stands in any byte outside the vault, the landing folder and the key file
(D-IDENT, S-ANON).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import sqlite3
import zipfile

import duckdb
import pytest

from anonymart import engine
from tests.whole.planted import Planted, search

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("whole")]


@pytest.fixture(scope="module")
def owners(school) -> dict[str, str]:
    """Whose each value is: a failing test must not print somebody, fictional or not. A hash of an address
    names its owner too.
    """
    found = {row["value"]: f"{row['kind']} of {row['learner_id']}" for row in school.identifiers}
    for row in school.of_kind("email"):
        for text in (row["value"].casefold(), f"mailto:{row['value'].casefold()}"):
            for algorithm in ("md5", "sha1", "sha256"):
                digest = hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()
                found.setdefault(digest, f"{algorithm} of an email of {row['learner_id']}")
    return found


@pytest.fixture(scope="module")
def planted(owners) -> Planted:
    return Planted(owners)


@pytest.fixture(scope="module")
def hits(later, planted) -> set[tuple[str, str]]:
    """Everything of two releases and a run without one: zones, artifacts, Data Docs, manifests, and all that
    was printed.
    """
    printed = io.BytesIO("\n".join(later.output).encode())
    return search(later.home, planted) | {("what was printed", value) for value in planted.find(printed)}


def test_what_is_sought_is_in_the_vault(school, later, planted):
    """The search would be worth nothing if the run had thrown everybody away."""
    texts = "\n".join(row[0] for row in later.vault("SELECT identifier FROM vault.register.identities"))
    assert len(planted.find(io.BytesIO(texts.encode()))) > 2 * len(school.of_kind("learner_id"))


def test_no_identifier_outside_the_vault(school, owners, hits):
    planted = set(school.planted.values())
    found = sorted({(place, owners[value]) for place, value in hits if value not in planted})
    assert found == []


def test_a_code_that_is_a_name_stays_in_the_vault(school, hits):
    """A profile page, a course, a path or a diploma called like somebody: known identifiers are no codes
    (D-IDENT).
    """
    cases = {value: case for case, value in school.planted.items()}
    found = sorted({(cases[value], place) for place, value in hits if value in cases})
    assert found == []


def test_one_in_a_log_and_one_in_a_mart_are_two_hits(school, later, planted, tmp_path):
    small_school = later.copy(tmp_path / "home")
    email, account = school.of_kind("email")[5]["value"], school.of_kind("account_name")[9]["value"]
    unplanted = {hit for hit in search(small_school.home, planted) if hit[1] in (email, account)}
    assert unplanted == set()
    log = small_school.home.dbt_logs / "dbt.log"
    log.write_text(f"10:12:07 loading the answer of {email.upper()} failed\n")
    marts = small_school.home.releases / small_school.current / "marts.duckdb"
    with duckdb.connect(str(marts)) as connection:
        connection.execute(
            "UPDATE nps_quarterly SET path_id = ? WHERE rowid = (SELECT max(rowid) FROM nps_quarterly)",
            [account],
        )
    found = {hit for hit in search(small_school.home, planted) if hit[1] in (email, account)}
    assert found == {
        (str(log.relative_to(small_school.root)), email),
        (str(marts.relative_to(small_school.root)), account),
    }


@pytest.mark.parametrize(
    "place", ["warehouse", "comment", "parquet", "gzip", "zip", "sqlite", "name", "link", "escaped", "far"]
)
def test_the_search_is_not_blind(released, tmp_path, place):
    """Each kind of file that it claims to open, it opens."""
    value = "Zoé.O'Brien@perso.example"
    planted = Planted([value])
    small_school = type(released)(tmp_path / "home")
    small_school.home.prepare()
    (small_school.root / "keys.json").write_bytes((released.root / "keys.json").read_bytes())
    (small_school.root / "keys.json").chmod(0o600)
    assert search(small_school.home, planted) == set()
    expected = _hide(small_school, place, value)
    assert search(small_school.home, planted) == {(expected, value)}


def _hide(small_school, place: str, value: str) -> str:
    root = small_school.root
    text = value.encode()
    match place:
        case "warehouse" | "comment":
            with engine.connect(small_school.home, small_school.keys, warehouse="rw") as connection:
                held = "'x'" if place == "comment" else engine.literal(value)
                connection.execute(
                    f"CREATE TABLE warehouse.main.t AS SELECT {held} AS held, [{held}] AS list"
                )
                if place == "comment":
                    connection.execute(f"COMMENT ON COLUMN warehouse.main.t.list IS {engine.literal(value)}")
            return "warehouse.duckdb"
        case "parquet":
            duckdb.sql(f"SELECT {engine.literal(value)} AS held FROM range(5000)").write_parquet(
                str(root / "t"), compression="zstd"
            )
            return "t"
        case "gzip":
            (root / "old.log").write_bytes(gzip.compress(text * 2))
            return "old.log"
        case "zip":
            with zipfile.ZipFile(root / "docs.bin", "w", zipfile.ZIP_DEFLATED) as packed:
                packed.writestr("a.txt", text * 50)
            return "docs.bin"
        case "sqlite":
            with sqlite3.connect(root / "airflow.db") as connection:
                connection.execute("CREATE TABLE t (held BLOB, said TEXT)")
                connection.execute("INSERT INTO t VALUES (x'00', ?)", [value])
            connection.close()
            return "airflow.db"
        case "name":
            (root / "tmp" / value).write_text("nothing")
            return f"tmp/{value}"
        case "link":
            (root / "tmp" / value).symlink_to("nowhere")
            return f"tmp/{value}"
        case "escaped":
            (root / "run.json").write_text('{"why": "Zo\\u00e9.O\'Brien@perso.example"}')
            return "run.json"
        case "far":
            # Over the seam between two blocks.
            (root / "long.log").write_bytes(b"-" * ((4 << 20) - 9) + text + b"-" * 100)
            return "long.log"
    raise ValueError(place)
