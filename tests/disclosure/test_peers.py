"""Our SQL and our Python against what other programs publish (vectors/README.md) and the Handbook's worked
example.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from small_school import SmallSchool

from anonymart.disclosure import anonymity, perturbation
from anonymart.errors import UsageError

VECTORS = Path(__file__).parent / "vectors"
WIDER = 1 << 24
HANDBOOK = [
    (0, 0, 0.0, 1.0),
    (1, 0, 0.0, 1.0),
    (2, 0, 0.0, 1.0),
    (3, -1, 0.0, 0.3),
    (3, 0, 0.3, 0.7),
    (3, 1, 0.7, 1.0),
]
PUBLISHED = """
with noise_coarse as (
    {{{{ perturbation_lists(ref('{table}'), 'coarse') }}}}
),

counted as (
    select {cell}, {{{{ count_of_persons('count', none) | join(', ') }}}}
    from {{{{ ref('{records}') }}}}
    group by {cell}
)

select {cell}, true_count, key_count,
    {{{{ perturb_count('true_count', 'key_count', 'coarse') }}}} as published
from counted
"""


def vectors(name: str) -> list[dict[str, str]]:
    with (VECTORS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def handbook_key(share: float) -> int:
    return round(share * perturbation.MODULUS)


def entries(name: str) -> list[perturbation.Entry]:
    """A peer's table of 256 keys at our 2^32, or the Handbook's row for a count of 3."""
    if name == "handbook":
        return [
            perturbation.Entry(n, v, upto - start, handbook_key(start), handbook_key(upto))
            for n, v, start, upto in HANDBOOK
        ]
    rows = [{key: int(value) for key, value in row.items()} for row in vectors(f"ptable_{name}")]
    return [
        perturbation.Entry(
            row["true_count"], row["deviation"], 0.0, row["key_from"] * WIDER, row["key_upto"] * WIDER
        )
        for row in rows
    ]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the project's own macros publish of the peer's records and of the Handbook's three persons."""
    small_school = SmallSchool(tmp_path_factory.mktemp("peers"), only="course_completion_funnel")
    seeds, models = small_school.project / "seeds", small_school.project / "models" / "intermediate"
    records = [
        f"{row['region']},{row['step']},{int(row['record_key']) * WIDER}" for row in vectors("records")
    ]
    (seeds / "peer_records.csv").write_text("\n".join(["region,step,record_key", *records, ""]))
    keys = [f"A,{handbook_key(share)}" for share in (0.9, 0.3, 0.6)]
    (seeds / "handbook_records.csv").write_text("\n".join(["region,record_key", *keys, ""]))
    for name in ("shipped", "unordered", "handbook"):
        perturbation.write_seed({"coarse": entries(name)}, seeds / f"ptable_{name}.csv")
    types = {column: "bigint" for column in ("true_count", "deviation", "key_from", "key_upto")} | {
        "probability": "double"
    }
    listed = [
        {"name": f"ptable_{name}", "config": {"column_types": types}}
        for name in ("shipped", "unordered", "handbook")
    ]
    listed += [
        {"name": name, "config": {"column_types": {"record_key": "bigint"}}}
        for name in ("peer_records", "handbook_records")
    ]
    (seeds / "peers.yml").write_text(yaml.safe_dump({"version": 2, "seeds": listed}))
    for name, table, cell, rows in (
        ("shipped_cells", "shipped", "region, step", "peer_records"),
        ("shipped_margin", "shipped", "region", "peer_records"),
        ("unordered_cells", "unordered", "region, step", "peer_records"),
        ("unordered_margin", "unordered", "region", "peer_records"),
        ("handbook", "handbook", "region", "handbook_records"),
    ):
        (models / f"peer_{name}.sql").write_text(
            PUBLISHED.format(table=f"ptable_{table}", cell=cell, records=rows)
        )
    done = small_school.dbt("build", "--select", "+path:models/intermediate/peer_*")
    assert done.returncode == 0, done.stdout
    return {path.stem: small_school.rows(f"intermediate.{path.stem}") for path in models.glob("peer_*.sql")}


@pytest.mark.parametrize("table", ["shipped", "unordered"])
def test_counts_are_those_of_cell_key_perturbation(
    published: dict[str, list[dict[str, Any]]], table: str
) -> None:
    expected = {(row["region"], row["step"]): row for row in vectors("counts") if row["ptable"] == table}
    rows = published[f"peer_{table}_cells"] + published[f"peer_{table}_margin"]
    found = {(row["region"], str(row.get("step", ""))): row for row in rows}
    assert found.keys() == expected.keys() and len(found) == 47
    for key, row in expected.items():
        ours = found[key]
        what = (ours["true_count"], ours["key_count"] // WIDER, ours["published"])
        assert what == (int(row["true_count"]), int(row["cell_key"]), int(row["published"])), key
        drawn = perturbation.draw(entries(table), ours["true_count"], ours["key_count"])
        assert ours["true_count"] + drawn == ours["published"], key
    assert len({int(row["published"]) - int(row["true_count"]) for row in expected.values()}) >= 6


def test_the_worked_example_of_the_handbook(published: dict[str, list[dict[str, Any]]]) -> None:
    """Record keys 0.9, 0.3 and 0.6 give the cell key 0.8, which adds 1 to the count of 3."""
    [cell] = published["peer_handbook"]
    assert cell["key_count"] / perturbation.MODULUS == pytest.approx(0.8, abs=1e-9)
    assert (cell["true_count"], cell["published"]) == (3, 4)
    assert perturbation.draw(entries("handbook"), 3, cell["key_count"]) == 1


@pytest.fixture(scope="module")
def tables() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        f"CREATE TABLE vectors AS FROM read_csv('{VECTORS}/anonymity_rows.csv', header = true, "
        f"all_varchar = true)"
    )
    return connection


@pytest.mark.parametrize(
    "row", vectors("anonymity"), ids=lambda row: f"{row['table']} by {row['quasi_identifiers']}"
)
def test_k_and_l_are_those_of_pycanon(tables: duckdb.DuckDBPyConnection, row: dict[str, str]) -> None:
    relation = f"(FROM vectors WHERE \"table\" = '{row['table']}')"
    quasi = row["quasi_identifiers"].split("+")
    assert anonymity.k_anonymity(tables, relation, quasi) == int(row["k"])
    assert anonymity.l_diversity(tables, relation, quasi, "sensitive") == int(row["l"])


def test_k_and_l_of_nothing_and_of_gaps(tables: duckdb.DuckDBPyConnection) -> None:
    gaps = "(VALUES ('x', 'ill'), ('x', NULL), (NULL, NULL), (NULL, NULL)) AS people(place, illness)"
    assert anonymity.k_anonymity(tables, gaps, ["place"]) == 2
    assert anonymity.l_diversity(tables, gaps, ["place"], "illness") == 0
    with pytest.raises(UsageError, match="without rows"):
        anonymity.k_anonymity(tables, "(FROM vectors WHERE false)", ["a"])
    with pytest.raises(UsageError, match="at least one column"):
        anonymity.k_anonymity(tables, "vectors", [])
