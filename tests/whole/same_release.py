"""Do two revisions publish the same? Both take in the same landing with the same keys, and every cell of
their releases is compared: `python -m tests.whole.same_release REV [--learners N]`.

The code as it stands here is one side, the revision REV, in a work tree of its own, the other. Visitors of
the public site have keys that each home draws at random and forgets, so their marts are not compared.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from anonymart import engine
from anonymart.bench import children, landings, sides
from anonymart.contracts import MartContract, load_contracts
from anonymart.errors import AnonymartError
from anonymart.release.folder import MARTS_FILE, csv_path, marts_schema

LEARNERS = 1000
SIDES = ("here", "other")


@dataclass
class Compared:
    """One mart of both releases: how many cells each has, how many only one of them has, in how many cells a
    column has another value (`type` beside its name: another type), and whether the CSV files are the same
    bytes.
    """

    mart: str
    cells: tuple[int, int]
    only_here: int = 0
    only_other: int = 0
    moved: dict[str, int] = field(default_factory=dict)
    same_bytes: bool = True

    @property
    def is_same(self) -> bool:
        return not (self.only_here or self.only_other or self.moved) and self.same_bytes


def compare(here: Path, other: Path) -> list[Compared]:
    """Both release folders, mart by mart, in order of name."""
    contracts = load_contracts()
    with duckdb.connect() as connection:
        for side, folder in zip(SIDES, (here, other), strict=True):
            engine_path = engine.literal(str(folder / MARTS_FILE))
            connection.execute(f"ATTACH {engine_path} AS {side} (READ_ONLY)")
        tables = {side: _tables(connection, side) for side in SIDES}
        return [
            _alone(connection, mart, tables)
            if any(mart not in tables[side] for side in SIDES)
            else _both(connection, contracts.get(mart), tables, mart, same_bytes(here, other, mart))
            for mart in sorted(set(tables["here"]) | set(tables["other"]))
            if mart not in contracts or not contracts[mart].is_of_visitors
        ]


def same_bytes(here: Path, other: Path, mart: str) -> bool:
    """Whether the CSV files of a mart are the same byte for byte; so are two that are not there."""
    texts = [
        path.read_bytes() if path.is_file() else None
        for path in (here / csv_path(mart), other / csv_path(mart))
    ]
    return texts[0] == texts[1]


def _tables(connection: duckdb.DuckDBPyConnection, side: str) -> dict[str, dict[str, str]]:
    """The columns of each mart with their types."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE database_name = ? AND schema_name = ? ORDER BY table_name, column_index",
        [side, marts_schema(connection, side)],
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def _alone(connection: duckdb.DuckDBPyConnection, mart: str, tables: dict[str, dict]) -> Compared:
    counts = [_count(connection, side, mart) if mart in tables[side] else 0 for side in SIDES]
    return Compared(mart, (counts[0], counts[1]), counts[0], counts[1], same_bytes=False)


def _both(
    connection: duckdb.DuckDBPyConnection,
    contract: MartContract | None,
    tables: dict[str, dict[str, dict[str, str]]],
    mart: str,
    same: bool,
) -> Compared:
    columns = {side: tables[side][mart] for side in SIDES}
    shared = [name for name in columns["here"] if name in columns["other"]]
    wanted = {*contract.dimensions, contract.period.column} if contract else set(shared)
    keys = [name for name in shared if name in wanted]
    here, other = (f'{side}."{marts_schema(connection, side)}"."{mart}"' for side in SIDES)
    on = " AND ".join(f'h."{name}" IS NOT DISTINCT FROM o."{name}"' for name in keys)
    counted = ", ".join(f'count(*) FILTER (h."{name}" IS DISTINCT FROM o."{name}")' for name in shared)
    values = connection.execute(f"SELECT {counted} FROM {here} h JOIN {other} o ON {on}").fetchone() or ()
    moved = {name: count for name, count in zip(shared, values, strict=True) if count}
    cells = _count(connection, "here", mart), _count(connection, "other", mart)
    moved |= {
        f"{name} (type)": cells[0] for name in shared if columns["here"][name] != columns["other"][name]
    }
    moved |= {
        f"{name} (only {side})": cells[SIDES.index(side)]
        for side in SIDES
        for name in columns[side]
        if name not in shared
    }
    only = [
        connection.execute(f"SELECT count(*) FROM {one} h ANTI JOIN {two} o ON {on}").fetchone()
        for one, two in ((here, other), (other, here))
    ]
    return Compared(mart, cells, only[0][0], only[1][0], moved, same)


def _count(connection: duckdb.DuckDBPyConnection, side: str, mart: str) -> int:
    table = f'{side}."{marts_schema(connection, side)}"."{mart}"'
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def table(compared: list[Compared]) -> list[str]:
    """A line for each mart, and below it one for each column that moved."""
    rows = [f"{'mart':<32}{'cells':>8}{'other':>8}{'only here':>11}{'only other':>12}  CSV"]
    for each in compared:
        numbers = f"{each.cells[0]:>8}{each.cells[1]:>8}{each.only_here:>11}{each.only_other:>12}"
        rows.append(f"{each.mart:<32}{numbers}  {'same bytes' if each.same_bytes else 'DIFFERENT'}")
        rows += [f"    {name}: another value in {count} cells" for name, count in each.moved.items()]
    return rows


def releases(revision: str, learners: int, work: Path) -> tuple[Path, Path]:
    """The releases of both sides, from one landing and with the same keys. Raises AnonymartError where a
    revision is not there or a side publishes nothing.
    """
    pair = sides.this(), sides.of_revision(revision)
    arguments = ("--out", str(work / "school"), "--learners", str(learners), "--as-of", str(landings.AS_OF))
    children.run(
        [str(pair[0].python), "-m", "anonymart.cli", "demo", "generate", *arguments], cwd=pair[0].root
    )
    homes = tuple(work / side for side in SIDES)
    pair[0].make_keys(homes[0])
    homes[1].mkdir(mode=0o700)
    shutil.copy2(homes[0] / "keys.json", homes[1] / "keys.json")
    for side, home in zip(pair, homes, strict=True):
        print(f"{side.name}: one run over {learners} learners …", flush=True)
        landing = landings.linked(work / "school" / "landing", work / f"landing-{home.name}")
        side.run(home, *sides.publishing(landing, landings.AS_OF))
        if not (home / "releases" / "current").exists():
            raise AnonymartError(f"{side.name} published nothing: see what it said above.")
    return tuple((home / "releases" / "current").resolve() for home in homes)


def main(words: list[str] | None = None) -> int:
    """0 when every cell is the same, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.whole.same_release", description=__doc__)
    parser.add_argument("revision", metavar="REV", help="A commit, tag or branch of this clone.")
    parser.add_argument("--learners", type=int, default=LEARNERS, help=f"Size of the school, {LEARNERS}.")
    asked = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="same-release-") as folder:
        try:
            compared = compare(*releases(asked.revision, asked.learners, Path(folder)))
        except AnonymartError as error:
            print(f"anonymart: {error}", file=sys.stderr)
            return error.exit_code
    different = [each.mart for each in compared if not each.is_same]
    print("\n".join(table(compared)))
    if visited := [name for name, each in load_contracts().items() if each.is_of_visitors]:
        print(f"Not compared, since each home draws its own keys of visitors: {', '.join(visited)}.")
    print(f"Different: {', '.join(different)}." if different else "Every cell above is the same.")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
