"""Landing folders of any size: statements, answers of a survey, graduates of many diplomas."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb

from anonymart.bench import surveys
from anonymart.demo.files import write_rows
from anonymart.demo.statements import bench_increment, bench_landing
from anonymart.demo.world import PATHS, build_world, catalogue_rows

AS_OF = date(2026, 6, 30)
NEXT_DAY = AS_OF + timedelta(days=1)
SEED = 7
GRADUATES = 40  # of each diploma, in one year; as many answer as a quartile needs
_ANSWERS = 34


def statements(out: Path, n: int) -> Path:
    """Catalogue, learners, enrolments and n statements; gives the landing folder."""
    bench_landing(out, n, SEED, AS_OF)
    return out / "landing"


def increment(out: Path, n: int) -> Path:
    """1 % of n new statements of the same learners, of the next day."""
    bench_increment(out, n, SEED, NEXT_DAY)
    return out / "landing"


def answers(out: Path, n: int) -> tuple[Path, Path]:
    """n answers of a form, each line in one of four encodings; gives the landing folder, and the same answers
    in a clean file beside.
    """
    folder = out / "landing" / "nps"
    folder.mkdir(parents=True, exist_ok=True)
    surveys.write(out, n)
    (out / "mixed.csv").rename(folder / "mixed.csv")
    return out / "landing", out / "clean.csv"


def diplomas(out: Path, n: int) -> Path:
    """A school in which forty learners of each of n diplomas graduated in 2022 and most answered how they
    fare.
    """
    landing = out / "landing"
    write_rows(landing / "catalogue" / "catalogue.json", catalogue_rows(build_world(has_platforms=False)))
    path = PATHS[0][0]
    with duckdb.connect() as connection:
        connection.execute(f"""
            CREATE TABLE graduates AS
            SELECT i, 'L' || lpad(i::VARCHAR, 8, '0') AS learner_id,
                'RNCP' || lpad((i // {GRADUATES})::VARCHAR, 5, '0') AS diploma_id,
                DATE '2022-01-10' + (i % 300)::INTEGER AS graduated_on, i % {GRADUATES} AS place
            FROM range({n * GRADUATES}) AS r (i)""")
        for source, rows in {
            "learners": """SELECT learner_id, 'graduate' || i || '@mail.example' AS email,
                (graduated_on - 300)::TIMESTAMP AS registered_at,
                TIMESTAMP '2026-01-15' AS last_login_at FROM graduates""",
            "enrolments": f"""SELECT learner_id, '{path}' AS path_id, graduated_on - 300 AS started_on,
                graduated_on AS ended_on, 'graduated' AS outcome, diploma_id, graduated_on FROM graduates""",
            "salary": f"""SELECT learner_id, diploma_id, graduated_on,
                (graduated_on + months)::TIMESTAMP AS answered_at, place % 9 > 0 AS employed,
                place % 7 > 1 AS job_in_field, 'Technicien' AS job_title,
                24000 + hash(i, months) % 18000 AS salary_amount, 'EUR' AS salary_currency,
                'year' AS salary_period, 'gross' AS salary_basis, 'full_time' AS working_time
                FROM graduates, (VALUES (180), (720)) AS asked (months) WHERE place < {_ANSWERS}""",
        }.items():
            (landing / source).mkdir(parents=True, exist_ok=True)
            connection.execute(
                f"COPY ({rows}) TO '{landing / source / source}.parquet' (FORMAT parquet, COMPRESSION zstd)"
            )
    return landing


def linked(landing: Path, to: Path) -> Path:
    """The same files once more, without their bytes: what is loaded goes from there alone."""
    shutil.copytree(landing, to, copy_function=lambda source, copy: Path(copy).hardlink_to(source))
    return to
