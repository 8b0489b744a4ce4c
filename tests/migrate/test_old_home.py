"""A home of commit 4687b60 goes on under this commit: migrated with a copy first, published again, refused
when it is newer.
"""

import json
import shutil
import signal
import tarfile
from pathlib import Path

import duckdb
import pytest

from anonymart import engine, versions
from anonymart.contracts import MartContract, load_contracts
from anonymart.migrate import steps
from anonymart.vault import schema
from tests.whole.small_school import SmallSchool, file_sums

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("migrate")]

FIXTURE = Path(__file__).with_name("fixtures") / "home-4687b60.tar.xz"
PLAIN = {"ANONYMART_ENCRYPTION": "none"}
RELEASE = "2026-06-30.1"
LATER = "2026-07-30"
ERASED = "leigh.dickinson30369@brief.example"
CELLS = (
    "SELECT mart, period_key, release_id FROM vault.ledger.closed_periods WHERE release_id = "
    "'2026-06-30.1' ORDER BY ALL"
)
OPEN = "SELECT request_id, kind FROM vault.rights.requests WHERE identifier IS NOT NULL ORDER BY ALL"


class OldHome(SmallSchool):
    """A home whose files are not encrypted, as the fixture's."""

    def command(self, *arguments: object, **environment: str):
        return super().command(*arguments, **PLAIN, **environment)


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.setenv("ANONYMART_ENCRYPTION", "none")


def unpack(root: Path, fixture: Path = FIXTURE) -> OldHome:
    with tarfile.open(fixture) as archive:
        archive.extractall(root, filter="data")
    root.chmod(0o700)
    return OldHome(root)


def catalogue(
    connection: duckdb.DuckDBPyConnection, zone: str
) -> dict[tuple[str, str], set[tuple[str, str]]]:
    rows = connection.execute(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE "
        "database_name = $1 AND NOT internal",
        [zone],
    ).fetchall()
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for schema_name, table, column, kind in rows:
        found.setdefault((schema_name, table), set()).add((column, kind))
    return found


def written(small_school: OldHome) -> list[dict]:
    """Lines of receipts and of the audit log."""
    return [
        json.loads(line)
        for name in ("receipts.ndjson", "audit.ndjson")
        for line in (small_school.root / name).read_text().splitlines()
    ]


def test_an_old_home_is_copied_migrated_and_goes_on(tmp_path):
    small_school = unpack(tmp_path / "home")
    published, cells, requests = (
        file_sums(small_school.home.releases / RELEASE),
        small_school.vault(CELLS),
        small_school.vault(OPEN),
    )
    before, lines, old_vault = (
        catalogue_of(small_school),
        written(small_school),
        small_school.home.vault.read_bytes(),
    )

    plan = small_school.succeed("migrate", "--plan")
    assert plan["versions"] == {"vault": 0, "warehouse": 0} and [
        step["number"] for step in plan["steps"]
    ] == [step.number for step in steps.STEPS]
    assert not plan["is_done"] and small_school.home.vault.read_bytes() == old_vault
    done = small_school.succeed("migrate")
    assert done["copies"] == ["vault.duckdb.v0.copy", "warehouse.duckdb.v0.copy"]
    assert (small_school.root / "vault.duckdb.v0.copy").read_bytes() == old_vault
    again = small_school.succeed("migrate")
    assert (again["versions"], again["steps"]) == (
        {"vault": versions.NEWEST, "warehouse": versions.NEWEST},
        [],
    )

    # Half of the raw answers have left by their term: what they say of contract and country is gone, and
    # their answers stay.
    with engine.connect(small_school.home, small_school.keys, vault="rw") as connection:
        connection.execute("DELETE FROM vault.raw.salary WHERE row_hash % 2 = 0")
    answers = "SELECT count(*) FROM warehouse.intermediate.int_salary_responses"
    (n_answers,), (n_kept,) = (
        small_school.warehouse(answers)[0],
        small_school.vault(
            "SELECT count(DISTINCT response_id) FROM vault.raw.salary WHERE country IS NOT NULL"
        )[0],
    )

    # The old vault has every table and column of a new one, and has lost none of its own.
    now = catalogue_of(small_school)
    with engine.memory() as fresh:
        fresh.execute(f"ATTACH ':memory:' AS vault; {schema.SCHEMA} {schema.AUDIT}")
        for table, columns in catalogue(fresh, "vault").items():
            assert now[table] >= columns, table
    # What promotions told of two years stands in a mart of its own.
    moved = now["ledger", "cells_rncp_two_years"] - now["ledger", "cells_rncp_promotion"]
    gone = {("is_built_later", "BOOLEAN")} | moved
    assert all(now[table] >= columns - gone for table, columns in before.items())

    # Who was erased stays out, also of a delivery that comes again.
    (small_school.home.landing / "nps").mkdir(parents=True)
    row = (
        f'{{"response_id": "x-1", "email": "{ERASED}", "path_id": "p", "answered_at": '
        f'"2026-06-20T08:00:00Z", "score": 9}}\n'
    )
    (small_school.home.landing / "nps" / "again.ndjson").write_text(row)
    report = small_school.succeed("run", "--as-of", LATER)
    [file] = report["files"]
    assert file["reasons"] == {"erased (R-ERASE)": 1}
    assert small_school.current == report["release_id"] == f"{LATER}.1"

    # Salary answers whose raw rows were still there have their classes.
    assert small_school.warehouse(answers) == [(n_answers,)] and n_answers > n_kept > 10
    [(n_contracts, n_countries)] = small_school.warehouse(
        "SELECT count(contract_class), count(country_class) FROM warehouse.intermediate.int_salary_responses"
    )
    assert n_countries == n_kept and 0 < n_contracts <= n_kept

    # What was published stays as it is, in its folder, in the ledger and in what carries it on.
    assert file_sums(small_school.home.releases / RELEASE) == published
    later = [("rncp_two_years", *period) for mart, *period in cells if mart == "rncp_promotion"]
    assert small_school.vault(CELLS) == sorted(cells + later) and later
    assert carried_rates_of_two_years(small_school) > 0
    assert carried_cells(small_school) == set()
    # Rates that were published without intervals have theirs, and where there is no rate there is none.
    assert sum(intervals_of(small_school, mart, contract) for mart, contract in load_contracts().items()) > 0
    # The windows of whoever studied in June 2021 were all open on 30 June 2026, those of May were not.
    for mart, first, last in (
        ("course_engagement_monthly", "2021-06-01", "2021-07-01"),
        ("nps_quarterly", "2022-04-01", "2022-07-01"),
    ):
        told = small_school.vault(
            f"SELECT DISTINCT is_complete FROM vault.ledger.cells_{mart} WHERE release_id = '{RELEASE}' "
            f"AND {'month' if 'month' in mart else 'quarter'} <= DATE '{first}'"
        )
        assert told == [(False,)]
        assert small_school.vault(
            f"SELECT DISTINCT is_complete FROM vault.ledger.cells_{mart} WHERE release_id = '{RELEASE}' "
            f"AND {'month' if 'month' in mart else 'quarter'} >= DATE '{last}'"
        ) == [(True,)]
    assert set(small_school.vault(OPEN)) <= set(requests)
    assert {
        request["state"] for request in small_school.succeed("rights", "list", "--as-of", LATER)["requests"]
    } >= {"awaiting_proof", "answered"}
    assert written_begins_with(small_school, lines)
    assert (
        small_school.succeed("rights", "verify-receipts")["passed"]
        and small_school.succeed("audit")["passed"]
    )

    # A newer home is refused in one sentence, by each command, and stays as it is.
    with engine.connect(small_school.home, small_school.keys, vault="rw") as connection:
        versions.write(connection, "vault", versions.NEWEST + 1)
    newer = small_school.home.vault.read_bytes()
    for words in (
        ("run", "--as-of", LATER),
        ("ingest",),
        ("releases",),
        ("migrate",),
        ("rights", "list"),
        ("keys", "check"),
        ("purge",),
        ("audit",),
        ("sources", "changes"),
    ):
        refused = small_school.command(*words)
        assert refused.returncode == 2, words
        assert refused.stderr.count("written by a newer Anonymart") == 1, words
    assert small_school.home.vault.read_bytes() == newer


def catalogue_of(small_school: OldHome) -> dict[tuple[str, str], set[tuple[str, str]]]:
    with engine.connect(small_school.home, small_school.keys, vault="ro") as connection:
        return catalogue(connection, "vault")


def carried_rates_of_two_years(small_school: OldHome) -> int:
    """How many promotions of the old release have their rate of two years, or its reason, in the new mart."""
    rate = "insertion_in_field_rate_24m"
    with duckdb.connect() as connection:
        for name, release in (("old", RELEASE), ("new", small_school.current)):
            connection.execute(
                f"ATTACH '{small_school.home.releases / release / 'marts.duckdb'}' AS {name} (READ_ONLY)"
            )
        columns = f"diploma_id, promotion_year, n_certified, {rate}, {rate}_reason"
        told, lost = [
            connection.execute(f"SELECT count(*) FROM ({sql})").fetchone()[0]
            for sql in (
                f"SELECT {columns} FROM old.marts.rncp_promotion",
                f"SELECT {columns} FROM old.marts.rncp_promotion EXCEPT SELECT {columns} FROM "
                "new.main.rncp_two_years",
            )
        ]
    assert lost == 0
    return told


def carried_cells(small_school: OldHome) -> set[str]:
    """Marts in which a row of the old release has no equal in the new one, all the columns compared that both
    have.
    """
    lost = set()
    with duckdb.connect() as connection:
        for name, release in (("old", RELEASE), ("new", small_school.current)):
            connection.execute(
                f"ATTACH '{small_school.home.releases / release / 'marts.duckdb'}' AS {name} (READ_ONLY)"
            )
        for (mart,) in connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'old' AND schema_name = 'marts'"
        ).fetchall():
            held = [
                {row[0] for row in connection.execute(f"DESCRIBE {schema}.{mart}").fetchall()}
                for schema in ("old.marts", "new.main")
            ]
            both = ", ".join(sorted(held[0] & held[1]))
            moved = {name for name in held[0] if mart == "rncp_promotion" and "_24m" in name}
            assert held[0] - held[1] == {"is_built_later"} | moved
            if connection.execute(
                f"SELECT count(*) FROM (SELECT {both} FROM old.marts.{mart} EXCEPT ALL SELECT {both} "
                f"FROM new.main.{mart})"
            ).fetchone()[0]:
                lost.add(mart)
    return lost


def intervals_of(small_school: OldHome, mart: str, contract: MartContract) -> int:
    """How many rates of the old release have an interval around them in the new one; all others have the
    reason of the rate.
    """
    n_found = 0
    with duckdb.connect(
        small_school.home.releases / small_school.current / "marts.duckdb", read_only=True
    ) as connection:
        for rate in (measure["name"] for measure in contract.measures if measure["kind"] == "rate"):
            low, high = f'"{rate}_low"', f'"{rate}_high"'
            n_wrong, n_right = connection.execute(f"""
                SELECT count(*) FILTER (NOT coalesce({low} <= "{rate}" AND "{rate}" <= {high},
                    "{rate}" IS NULL AND {low} IS NULL AND {high} IS NULL)
                    OR "{rate}_reason" IS DISTINCT
                    FROM {low[:-1]}_reason" OR "{rate}_reason" IS DISTINCT FROM {high[:-1]}_reason"),
                    count("{rate}")
                FROM marts.{mart}""").fetchone()
            assert n_wrong == 0, (mart, rate)
            n_found += n_right
    return n_found


def written_begins_with(small_school: OldHome, lines: list[dict]) -> bool:
    return [line for line in written(small_school) if line in lines] == lines


def rows_of(path: Path) -> set[tuple[str, int]]:
    """How many rows each table has that has any."""
    with duckdb.connect(path, read_only=True) as connection:
        tables = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        counted = {
            (table, connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for (table,) in tables
        }
    return {(table, n) for table, n in counted if n}


@pytest.mark.parametrize("point", ["migrate.after_copy", "migrate.before_commit", "migrate.after_commit"])
def test_a_killed_migration_goes_on(tmp_path, point):
    small_school = unpack(tmp_path / "home")
    before = tmp_path / "before.duckdb"
    shutil.copy(small_school.home.vault, before)
    assert small_school.command("migrate", ANONYMART_CRASH_AT=point).returncode == -signal.SIGKILL
    done = small_school.succeed("migrate")
    # Made anew after a kill, the copy may hold the new tables, empty: its rows are those of before.
    assert done["is_done"] and rows_of(small_school.root / "vault.duckdb.v0.copy") >= rows_of(before)
    assert small_school.succeed("migrate", "--done")["copies"] == [] and not list(
        small_school.root.glob("*.copy*")
    )


def test_another_command_migrates_an_old_home_and_an_erasure_removes_the_copies(tmp_path):
    small_school = unpack(tmp_path / "home")
    told = small_school.command("rights", "list", "--as-of", "2026-06-30")
    assert told.returncode == 0 and "was migrated from schema version 0" in told.stderr
    assert (small_school.root / "warehouse.duckdb.v0.copy").exists()
    [request, *_] = small_school.vault(
        "SELECT request_id FROM vault.rights.requests WHERE kind = 'erase' AND identifier IS NOT NULL "
        "ORDER BY 1"
    )
    small_school.succeed("rights", "verify", *request, "--as-of", "2026-06-30")
    plan = small_school.succeed("rights", "plan", *request, "--as-of", "2026-06-30")
    assert plan["files"]["copies of vault and warehouse from before a migration"] == 2
    small_school.succeed("rights", "execute", *request, "--token", plan["token"], "--as-of", "2026-06-30")
    assert not list(small_school.root.glob("*.copy*"))
