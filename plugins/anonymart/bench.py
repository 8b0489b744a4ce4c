"""`make bench`: what the whole way costs, as ratios to DuckDB merely reading the same files, in one run.

Each figure is taken from processes of their own. Start-up (imports of dbt and Great Expectations, parsing,
opening) is what the same steps take on a school of 1,000 statements; it is measured in the same run and shown
apart.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import click

from anonymart.home import PROJECT

AS_OF = date(2026, 6, 30)
SEED = 7
STEPS = ("ingest", "build", "candidate", "gate", "publish")
_TINY = 1000


@click.command()
@click.option(
    "--statements", default=1_000_000, show_default=True, help="How many xAPI statements to generate."
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=PROJECT / "bench" / "tmp",
    help="Folder for files and homes; emptied first and last.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=PROJECT / "bench" / "results.json",
    help="Where the figures go.",
)
def main(statements: int, work: Path, out: Path) -> None:
    """Measure ingest, build, gate and publish on generated statements, then 1 % more on top, then
    erasure.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        results = measure(statements, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for line in lines(results):
        print(line)
    print(f"Written to {out}.")


def measure(statements: int, work: Path) -> dict:
    """All figures of one run: seconds, peak memory in MiB, and the ratios."""
    _say(f"Generating {statements:,} statements …")
    _generate(work / "school", statements, "bench_landing", AS_OF)
    size = sum(path.stat().st_size for path in (work / "school" / "landing").rglob("*") if path.is_file())
    _say(f"Reading them with DuckDB alone ({size / 1e9:.2f} GB) …")
    baseline = _child(
        ["-m", "anonymart.bench", "--baseline", str(work / "school" / "landing"), str(work / "plain.duckdb")]
    )
    _say(f"  {baseline['seconds']:.1f} s. The whole way on {_TINY:,} statements (start-up) …")
    _generate(work / "tiny", _TINY, "bench_landing", AS_OF)
    start_up = _whole(work / "tiny", work / "tiny-home", AS_OF)
    _say(f"  {start_up['seconds']:.1f} s. The whole way on {statements:,} …")
    full = _whole(work / "school", work / "home", AS_OF)
    _say(f"  {full['seconds']:.1f} s. One day's 1 % on top …")
    next_day = AS_OF + timedelta(days=1)
    _generate(work / "more", statements, "bench_increment", next_day)
    more = _whole(work / "more", work / "home", next_day)
    again = _whole(work / "nothing", work / "home", next_day)
    _say("  Protecting 10 million person-rows …")
    protected = _child(
        ["-m", "anonymart.bench_protection", str(work / "tiny-home"), str(work / "people.duckdb")]
    )
    protection = json.loads(protected.pop("output"))
    _say("  Erasure: a plain copy of vault and warehouse, then 100 erasures and retention …")
    before = _copied(work)
    child = _child(["-m", "anonymart.bench", "--erase", str(work / "home")])
    erased = json.loads(child.pop("output"))
    copied = [before, _copied(work)]
    # One before and one after, should others have taken the machine meanwhile.
    copy = {name: sum(each[name] for each in copied) / 2 for name in ("seconds", "cpu_seconds")}
    return {
        "statements": statements,
        "bytes": size,
        "cpus": os.cpu_count(),
        "baseline": baseline,
        "start_up": start_up,
        "full": full,
        "increment": more,
        "nothing_new": again,
        "protection": {**protected, "marts": protection},
        "copies": copied,
        "erasure": {**child, **erased},
        "ratios": {
            **{
                f"protection_of_{mart}_to_plain_aggregation": found["ratio"]
                for mart, found in protection.items()
            },
            "erasure_to_copy": _ratio(erased["seconds"], copy["seconds"]),
            "erasure_to_copy_of_cpu": _ratio(erased["cpu_seconds"], copy["cpu_seconds"]),
            "full_to_baseline_without_start_up": _ratio(
                full["seconds"] - start_up["seconds"], baseline["seconds"]
            ),
            "full_to_baseline": _ratio(full["seconds"], baseline["seconds"]),
            "full_to_baseline_of_cpu_without_start_up": _ratio(
                full["cpu_seconds"] - start_up["cpu_seconds"], baseline["cpu_seconds"]
            ),
            **{
                f"{step}_to_baseline_without_start_up": _ratio(
                    full["steps"].get(step, 0.0) - start_up["steps"].get(step, 0.0), baseline["seconds"]
                )
                for step in STEPS
            },
            "increment_to_full_without_start_up": _ratio(
                more["seconds"] - start_up["seconds"], full["seconds"] - start_up["seconds"]
            ),
            "increment_to_full_without_standing_cost": _ratio(
                more["seconds"] - again["seconds"], full["seconds"]
            ),
        },
    }


def lines(results: dict) -> list[str]:
    """The figures for a person."""
    full, start_up = results["full"], results["start_up"]
    copies = [f"{copy['seconds']:.1f}" for copy in results["copies"]]
    table = [f"{'step':<12}{'seconds':>9}{'start-up':>10}{'ratio without start-up':>24}"]
    for step in STEPS:
        ratio = results["ratios"][f"{step}_to_baseline_without_start_up"]
        table.append(
            f"{step:<12}{full['steps'].get(step, 0):>9.1f}{start_up['steps'].get(step, 0):>10.1f}"
            f"{ratio:>24.2f}"
        )
    return [
        f"{results['statements']:,} statements, {results['bytes'] / 1e9:.2f} GB, {results['cpus']} "
        f"cpus; DuckDB alone reads them in {results['baseline']['seconds']:.1f} s",
        *table,
        f"whole way: {results['ratios']['full_to_baseline_without_start_up']:.2f} x the plain read, "
        f"start-up of {start_up['seconds']:.1f} s apart (aim 1.5); "
        f"{results['ratios']['full_to_baseline_of_cpu_without_start_up']:.2f} x of its processor time",
        f"1 % on top: {results['ratios']['increment_to_full_without_start_up']:.2f} x the full run, "
        f"start-up apart (aim 0.05); "
        f"{results['ratios']['increment_to_full_without_standing_cost']:.2f} x over a run with nothing new",
        *(
            f"protection: {found['cells']:,} cells of {mart} take {found['protected_seconds']:.1f} s, "
            f"{found['ratio']:.2f} x the plain aggregation "
            f"of 10 million rows (aim 2); looking for persons who stand twice in a cell takes "
            f"{found['once_ratio']:.2f} x more"
            for mart, found in results["protection"]["marts"].items()
        ),
        f"erasure: 100 erasures and retention take {results['erasure']['seconds']:.1f} s, "
        f"{results['ratios']['erasure_to_copy']:.2f} x "
        f"one plain copy of vault and warehouse of {' and '.join(copies)} s before and after (aim 1.5), "
        f"{results['ratios']['erasure_to_copy_of_cpu']:.2f} x of its processor time; showing their "
        f"plan before takes {results['erasure']['planning_seconds']:.1f} s",
        f"peak memory: {full['peak_mib']} MiB (aim 4096), plain read {results['baseline']['peak_mib']} MiB",
    ]


def baseline(landing: Path, database: Path) -> None:
    """DuckDB reads the allow-listed fields of the statements into a plain table of an unencrypted file."""
    import duckdb

    from anonymart.files.landed import Landed, waiting
    from anonymart.ingest import learning

    connection = duckdb.connect(str(database))
    connection.execute("SET enable_progress_bar = false")
    for number, path in enumerate(waiting(landing, "learning")):
        rows = learning.statements(Landed(path, "learning", "ndjson", ()))
        verb = "CREATE TABLE statements AS" if number == 0 else "INSERT INTO statements"
        connection.execute(f"{verb} SELECT * FROM {rows}")
    connection.close()


def copy_plainly(home: Path, to: Path) -> None:
    """One COPY FROM DATABASE of vault and of warehouse to files encrypted as they are; prints its seconds."""
    from anonymart import engine
    from anonymart.home import Home
    from anonymart.keys import Keys

    place = Home(home)
    keys = Keys.load(place)
    begun, processor = time.perf_counter(), time.process_time()
    for zone in ("vault", "warehouse"):
        (to / f"{zone}.copy").unlink(missing_ok=True)
        with engine.memory() as connection:
            engine.prepare(connection, place)
            engine.attach(connection, zone, getattr(place, zone), getattr(keys, zone), "ro")
            engine.attach(connection, "copied", to / f"{zone}.copy", getattr(keys, zone), "rw")
            connection.execute(f"COPY FROM DATABASE {zone} TO copied")
    print(
        json.dumps({"seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - processor})
    )


def erase(home: Path) -> None:
    """A hundred erasures in one batch, then retention; prints their seconds together, what was asked for and
    what went.
    """
    from anonymart import engine
    from anonymart.erasure import removal
    from anonymart.home import Home
    from anonymart.ingest import ingest
    from anonymart.keys import Keys
    from anonymart.policy import load_policy

    place, policy, day = Home(home), load_policy(), AS_OF + timedelta(days=2)
    keys = Keys.load(place)
    with engine.connect(place, keys, vault="ro") as connection:
        learners = connection.execute(
            "SELECT learner_id FROM vault.register.learners ORDER BY learner_id LIMIT 100"
        ).fetchall()
    folder = place.landing / "rights"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "request_id": f"BENCH-{number}",
            "kind": "erase",
            "learner_id": learner,
            "received_at": f"{AS_OF}T10:00:00Z",
            "identity_verified": True,
        }
        for number, (learner,) in enumerate(learners)
    ]
    (folder / "bench.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ingest(place, keys, policy, day)
    request_ids = tuple(row["request_id"] for row in rows)
    begun = time.perf_counter()
    plan = removal.plan_requests(place, keys, policy, day, request_ids)
    planned, processor = time.perf_counter() - begun, time.process_time()
    erased = removal.carry_out_requests(place, keys, policy, day, request_ids, plan.token)
    erasures = time.perf_counter() - begun
    kept = removal.enforce_terms(place, keys, policy, day)
    seconds = time.perf_counter() - begun
    print(
        json.dumps(
            {
                "seconds": seconds - planned,
                "cpu_seconds": time.process_time() - processor,
                "planning_seconds": planned,
                "erasing_seconds": erasures - planned,
                "retention_seconds": seconds - erasures,
                "erasures": len(rows),
                "rows_erased": sum(erased.rows.values()),
                "rows_over_their_term": sum(kept.rows.values()),
            }
        )
    )


def _copied(work: Path) -> dict:
    found = _child(["-m", "anonymart.bench", "--copy", str(work / "home"), str(work)])
    return found | json.loads(found.pop("output"))


def _whole(school: Path, home: Path, as_of: date) -> dict:
    landing = school / "landing"
    landing.mkdir(parents=True, exist_ok=True)
    environment = {"ANONYMART_HOME": str(home)}
    subprocess.run(
        [sys.executable, "-m", "anonymart.cli", "keys", "init"],
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    arguments = [
        *("-m", "anonymart.cli", "run", "--landing", str(landing), "--as-of", str(as_of), "--json"),
        # A first release and a large change wait for the reviewer: here there is nothing to read.
        *("--approve-as", "bench", "--reason", "Generated rows"),
    ]
    found = _child(arguments, environment)
    report = json.loads(found.pop("output"))
    return {**found, "steps": report["seconds"], "release_id": report["release_id"]}


def _generate(out: Path, statements: int, function: str, as_of: date) -> None:
    code = (
        "import sys; from datetime import date; from pathlib import Path; from anonymart.demo import "
        "statements\n"
        f"statements.{function}(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), "
        f"date.fromisoformat(sys.argv[4]))"
    )
    subprocess.run([sys.executable, "-c", code, str(out), str(statements), str(SEED), str(as_of)], check=True)


def _child(arguments: list[str], environment: dict | None = None) -> dict:
    """Run Python in a process of its own; wall seconds, and the largest resident set of it and its
    children.
    """
    code = (
        "import json, resource, subprocess, sys\n"
        "done = subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE, text=True)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps([done.returncode, used.ru_maxrss // 1024, used.ru_utime + used.ru_stime, "
        "done.stdout]))"
    )
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - begun
    returned, peak, processor, output = json.loads(done.stdout)
    if returned:
        raise SystemExit(f"The bench stopped: `{' '.join(arguments[:3])}` ended with code {returned}.")
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(processor, 2),
        "peak_mib": peak,
        "output": output,
    }


def _ratio(value: float, base: float) -> float:
    return round(value / base, 3) if base else 0.0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--baseline"]:
        baseline(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--copy"]:
        copy_plainly(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--erase"]:
        erase(Path(sys.argv[2]))
    else:
        main()
