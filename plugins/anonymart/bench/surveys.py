"""How fast an export in mixed encodings loads, against DuckDB's plain read of the same file in clean UTF-8:
`python -m anonymart.bench.surveys [rows]`.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from anonymart.session import Session

ROWS = 1_000_000
_COMMENTS = (
    "Très bien, merci à l'équipe",
    "Rien à redire",
    "ok",
    "Trop long, déçu par le mentorat",
    "Je recommande vivement ce parcours",
    "Un peu cher",
)
_ENCODINGS = ("utf-8", "cp1252", "cp850", "latin-1")


def main(rows: int = ROWS) -> dict[str, object]:
    """Seconds of the plain read, of reading the export and of ingesting it, thrice in turn; ratios of the
    best, and the peak memory.
    """
    with tempfile.TemporaryDirectory() as work:
        write(Path(work), rows)
        runs = [
            {act: _child(act, work, str(number)) for act in ("--plain", "--read", "--ingest")}
            for number in range(3)
        ]
    best = {act: min(run[act]["seconds"] for run in runs) for act in runs[0]}
    return {
        "rows": rows,
        "plain_seconds": best["--plain"],
        "read_seconds": best["--read"],
        "ingest_seconds": best["--ingest"],
        "read_ratio": round(best["--read"] / best["--plain"], 2),
        "ingest_ratio": round(best["--ingest"] / best["--plain"], 2),
        "plain_peak_mib": max(run["--plain"]["peak_mib"] for run in runs),
        "read_peak_mib": max(run["--read"]["peak_mib"] for run in runs),
        "ingest_peak_mib": max(run["--ingest"]["peak_mib"] for run in runs),
        "loaded": runs[0]["--ingest"]["loaded"],
    }


def write(folder: Path, rows: int) -> None:
    """mixed.csv and clean.csv: the same answers of a form, ten by each person, each line of the one in an
    encoding of its own.
    """
    rng, began = random.Random(7), datetime(2025, 1, 1)
    with (folder / "mixed.csv").open("wb") as mixed, (folder / "clean.csv").open("wb") as clean:
        for number in range(-1, rows):
            line = "Horodateur,Adresse e-mail,Recommanderiez-vous notre école ?,Pourquoi ?\n"
            if number >= 0:
                at = (began + timedelta(seconds=30 * number)).strftime("%d/%m/%Y %H:%M:%S")
                line = (
                    f"{at},person{number % max(1, rows // 10)}@mail.example,{rng.randint(0, 10)},"
                    f'"{rng.choice(_COMMENTS)}"\n'
                )
            mixed.write(line.encode(_ENCODINGS[number % 4]))
            clean.write(line.encode())


def plain(folder: Path) -> dict[str, object]:
    """DuckDB's read of the clean file into a table in memory."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE clean AS FROM read_csv('{folder / 'clean.csv'}')")
    return {}


def read(folder: Path) -> dict[str, object]:
    """The mixed file as rows that ingest takes."""
    import duckdb

    from anonymart.surveys.land import find

    path = folder / "mixed.csv"
    with duckdb.connect() as connection, path.open("rb") as file:
        find(connection, path, "nps", file.read(4096))
    return {}


def ingest_it(folder: Path, number: str) -> dict[str, object]:
    """The mixed file loaded into the vault of a new home."""
    import shutil
    from datetime import date

    from anonymart.home import Home
    from anonymart.ingest import ingest
    from anonymart.keys import Keys, init_keys
    from anonymart.policy import load_policy

    home = Home(folder / f"home-{number}").prepare()
    init_keys(home)
    (home.landing / "nps").mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / "mixed.csv", home.landing / "nps" / "mixed.csv")
    keys, policy, begun = Keys.load(home), load_policy(), time.perf_counter()
    report = ingest(Session(home, keys, policy, date(2026, 6, 30)))
    seconds = time.perf_counter() - begun
    loaded = sum(file.loaded for file in report.files)
    shutil.rmtree(home.root)
    return {"loaded": loaded, "seconds": round(seconds, 2)}


def _child(*arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "anonymart.bench.surveys", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [("--plain" | "--read" | "--ingest") as act, root, number]:
            begun = time.perf_counter()
            found = {"--plain": plain, "--read": read, "--ingest": lambda folder: ingest_it(folder, number)}[
                act
            ](Path(root))
            seconds = round(time.perf_counter() - begun, 2)
            print(
                json.dumps(
                    {
                        "seconds": seconds,
                        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                        **found,
                    }
                )
            )
        case [number]:
            print(json.dumps(main(int(number)), indent=1))
        case _:
            print(json.dumps(main(), indent=1))
