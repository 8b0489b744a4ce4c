"""`python -m anonymart.detect.bench`: how many texts a second the detector reads, and a release against a
vault.

Figures are of the processor's time, shared by its cores, so that they do not depend on what else the machine
does.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from functools import partial

import click
import duckdb

from anonymart.demo.vocabulary import COMMENTS
from anonymart.detect import KINDS, PATTERNED, corpus, kinds_query
from anonymart.detect.known import make_known, make_runs
from anonymart.rows import one_row
from anonymart.vault.schema import SCHEMA

_DISTINCT = 20_000
_THREADS = 2


@click.command()
@click.option("--texts", default=1_000_000, show_default=True, help="How many short texts are read.")
@click.option("--known", default=1_000_000, show_default=True, help="How many identifiers the vault knows.")
def main(texts: int, known: int) -> None:
    """Measure the patterned kinds, all kinds, and a scan of as many cells against what the vault knows."""
    cores = min(_THREADS, os.cpu_count() or 1)
    for line in [*_patterns(texts, cores), *_known(texts, known, cores)]:
        print(line)


def _count(connection: duckdb.DuckDBPyConnection, kinds: tuple[str, ...]) -> None:
    connection.execute(f"SELECT count(*) FROM ({kinds_query('texts', kinds)})").fetchall()


def _patterns(n: int, cores: int) -> list[str]:
    lines = []
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {cores}; SET enable_progress_bar = false")
        planted = [
            comment.text
            for comment in corpus.comments("development", _DISTINCT, corpus.people(200), planted_share=1)
        ]
        for label, texts in (
            ("survey-like, 1 in 50 holds an identifier", _survey(planted)),
            ("each holds one", planted),
        ):
            connection.execute(
                "CREATE OR REPLACE TABLE distinct_texts AS SELECT unnest(?::VARCHAR[]) AS text", [texts]
            )
            connection.execute(
                f"CREATE OR REPLACE TABLE texts AS SELECT text FROM distinct_texts, range({n // _DISTINCT})"
            )
            base = _cpu(lambda: connection.execute("SELECT sum(length(text)) FROM texts").fetchall())
            for kinds, name in ((PATTERNED, "patterned kinds"), (KINDS, "all kinds, names too")):
                seconds = _cpu(partial(_count, connection, kinds))
                rate = n / (seconds / cores) / 1e6
                lines.append(
                    f"{name}; {label}: {rate:.2f} million texts a second on {cores} cores, "
                    f"{seconds / base:.0f} x a plain look at their length"
                )
    return lines


def _survey(planted: list[str]) -> list[str]:
    """Comments of the demo school; one in fifty is one of those with something planted."""
    rng = random.Random(1)
    phrases = [phrase for moods in COMMENTS.values() for told in moods.values() for phrase in told]
    return [
        rng.choice(planted) if rng.random() < 0.02 else " ".join(rng.sample(phrases, rng.choice((1, 1, 2))))
        for _ in range(_DISTINCT)
    ]


def _known(n_cells: int, n_known: int, cores: int) -> list[str]:
    rng = random.Random(1)
    with duckdb.connect() as connection:
        connection.execute(
            f"SET threads = {cores}; SET enable_progress_bar = false; ATTACH ':memory:' AS vault; "
            f"CREATE SCHEMA gate"
        )
        connection.execute(SCHEMA)
        # Learner, e-mail, account and two names each; of the names there are fewer than people.
        n_people = n_known // 3
        connection.execute(f"""
            INSERT INTO vault.register.learners (learner_id, email, account_name, given_name, family_name)
            SELECT 'learner-' || i, 'person.' || i || '@mail.example', 'account' || i, 'given' || i % 5000,
                'family' || i % 50000 FROM range({n_people}) AS r (i)""")
        connection.execute(
            f"CREATE TABLE texts AS SELECT 'course-' || (i % 900) || '-of-path-' || i AS text FROM "
            f"range({n_cells}) AS r (i)"
        )
        planted = rng.randrange(n_people)
        connection.execute(f"INSERT INTO texts VALUES ('course of Person.{planted}@mail.example')")

        def scan() -> None:
            make_known(connection, "gate")
            make_runs(connection, "gate", "SELECT DISTINCT text FROM texts", "gate.phrases")
            hits = connection.execute(
                "SELECT DISTINCT kind FROM gate.phrases JOIN gate.known USING (phrase)"
            ).fetchall()
            if hits != [("email",)]:
                raise SystemExit("The bench planted one e-mail and found something else.")

        begun = time.perf_counter()
        seconds = _cpu(scan)
        wall = time.perf_counter() - begun
        n = one_row(connection.execute("SELECT count(*) FROM gate.known"))[0]
    return [
        f"{n_cells:,} cells, all different, against {n:,} identifiers: {seconds / cores:.1f} s on "
        f"{cores} cores ({wall:.1f} s on this machine now; aim 10)"
    ]


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
