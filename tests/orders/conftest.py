"""Orders as an analyst writes them, and a release of which nothing is there but what a plan reads."""

from __future__ import annotations

import json

import duckdb
import pytest
import yaml

from anonymart.contracts import load_contracts
from anonymart.orders.order import PREFIX
from tests.gate.conftest import school, sound  # noqa: F401

CODES = {
    "course": ["c1", "c2"],
    "chapter": ["k1", "k2"],
    "exercise": ["e1", "e2"],
    "project": ["j1", "j2"],
    "path": ["p1", "p2", "p3"],
    "diploma": ["d1", "d2"],
    "theme": ["pace", "price"],
    "job_family": ["data", "web"],
    "step": ["registered", "started"],
}


def make_release(folder, codes, more=()):
    """A release of 30 June 2026 with the codes in each mart's dimensions, and no figure; `more` are marts
    that only the manifest names.
    """
    marts = [name for name in load_contracts() if not name.startswith(PREFIX)]
    (folder / "parquet").mkdir(parents=True)
    (folder / "manifest.json").write_text(
        json.dumps({"release_id": "2026-06-30.1", "as_of": "2026-06-30", "marts": [*marts, *more]})
    )
    within = {"median_at_most": True, "of_99_percent_at_most": True, "of_anybody_at_most": False}
    (folder / "privacy_report.json").write_text(json.dumps({"membership": within}))
    with duckdb.connect() as connection:
        for name, contract in load_contracts().items():
            if name not in marts:
                continue
            columns = []
            for column, spec in contract.dimensions.items():
                listed = spec.removesuffix("_or_all") if isinstance(spec, str) else ""
                values = [*codes.get(listed, [""]), *(["all"] if str(spec).endswith("_or_all") else [])]
                columns.append(f'unnest({values}) AS "{column}"')
            path = folder / "parquet" / f"{name}.parquet"
            connection.execute(f"COPY (SELECT {', '.join(columns)}) TO '{path}'")
    return folder


@pytest.fixture(scope="session")
def release(tmp_path_factory):
    return make_release(tmp_path_factory.mktemp("orders") / "release", CODES)


@pytest.fixture
def written(tmp_path):
    """Write an order, and give its file."""

    def write(observations="nps_answers", dimensions=("path", "theme", "year"), measures=("respondents",)):
        file = tmp_path / "order.yml"
        content = {
            "observations": observations,
            "dimensions": list(dimensions),
            "measures": list(measures),
        }
        file.write_text(yaml.safe_dump(content))
        return file

    return write


@pytest.fixture
def ordering(school, release, monkeypatch):  # noqa: F811
    """A home with a release, and in its warehouse the people that tables are ordered from: of a quarter sixty
    in one path, twenty in another and one in the third.
    """
    (school.home.releases / "current").symlink_to(release)
    with school.connect(warehouse="rw") as connection:
        connection.execute("""
            CREATE TABLE warehouse.intermediate.int_persons AS
            SELECT i AS person_key, 'q' || i AS pseudonym, i <> 80 AS is_in_statistics
            FROM range(82) AS persons (i)""")
        for name, day in (
            ("project_submissions", "2025-08-01"),
            ("nps_answers", "2024-08-01"),
        ):
            connection.execute(f"""
                CREATE VIEW warehouse.intermediate.int_observed__{name} AS
                SELECT i AS person_key, DATE '{day}' AS observed_on, i % 2 = 0 AS has_validated,
                    CASE WHEN i < 60 THEN 'p1' WHEN i < 80 THEN 'p2' ELSE 'p3' END AS path_id,
                    'd1' AS diploma_id, 'pace' AS theme
                FROM range(82) AS persons (i)""")
    monkeypatch.setenv("ANONYMART_HOME", str(school.home.root))
    return school
