"""What the whole way costs, as ratios to DuckDB merely reading the same files, in one run.

Each figure is taken from processes of their own. Start-up (imports of dbt and Great Expectations, parsing,
opening) is what the same steps take on a school of 1,000 statements; it is measured in the same run and shown
apart.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from anonymart.bench import children, landings, machine, protection, sides
from anonymart.session import Session

AS_OF = landings.AS_OF
STEPS = ("ingest", "build", "candidate", "gate", "publish")
_TINY = 1000


def measure(statements: int, work: Path, people: int = protection.ROWS) -> dict:
    """All figures of one run: seconds, peak memory in MiB, and the ratios; `people` are the person-rows that
    are protected.

    Raises AnonymartError when a step fails.
    """
    _say(f"Generating {statements:,} statements …")
    landings.statements(work / "school", statements)
    size = sum(path.stat().st_size for path in (work / "school" / "landing").rglob("*") if path.is_file())
    _say(f"Reading them with DuckDB alone ({size / 1e9:.2f} GB) …")
    baseline = _child(
        "anonymart.bench.plain", "statements", str(work / "school" / "landing"), str(work / "plain.duckdb")
    )
    _say(f"  {baseline['seconds']:.1f} s. The whole way on {_TINY:,} statements (start-up) …")
    landings.statements(work / "tiny", _TINY)
    start_up = _whole(work / "tiny", work / "tiny-home", AS_OF)
    _say(f"  {start_up['seconds']:.1f} s. The whole way on {statements:,} …")
    full = _whole(work / "school", work / "home", AS_OF)
    _say(f"  {full['seconds']:.1f} s. One day's 1 % on top …")
    next_day = AS_OF + timedelta(days=1)
    landings.increment(work / "more", statements)
    more = _whole(work / "more", work / "home", next_day)
    again = _whole(work / "nothing", work / "home", next_day)
    _say(f"  Protecting {people:,} person-rows …")
    protected = _child(
        "anonymart.bench.protection", str(work / "tiny-home"), str(work / "people.duckdb"), str(people)
    )
    marts = json.loads(protected.pop("output"))
    _say("  Erasure: a plain copy of vault and warehouse, then 100 erasures and retention …")
    before = _copied(work)
    child = _child("anonymart.bench.whole", "--erase", str(work / "home"))
    erased = json.loads(child.pop("output"))
    copied = [before, _copied(work)]
    # One before and one after, should others have taken the machine meanwhile.
    copy = {name: sum(each[name] for each in copied) / 2 for name in ("seconds", "cpu_seconds")}
    return {
        **machine.about(),
        "statements": statements,
        "bytes": size,
        "baseline": baseline,
        "start_up": start_up,
        "full": full,
        "increment": more,
        "nothing_new": again,
        "protection": {**protected, "people": people, "marts": marts},
        "copies": copied,
        "erasure": {**child, **erased},
        "ratios": {
            **{f"protection_of_{mart}_to_plain_aggregation": found["ratio"] for mart, found in marts.items()},
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
        f"{results['statements']:,} statements, {results['bytes'] / 1e9:.2f} GB, "
        f"{results['machine']['cores']} cores; "
        f"DuckDB alone reads them in {results['baseline']['seconds']:.1f} s",
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
            f"of {results['protection']['people']:,} rows (aim 2); looking for persons who stand twice in a "
            f"cell takes {found['once_ratio']:.2f} x more"
            for mart, found in results["protection"]["marts"].items()
        ),
        f"erasure: 100 erasures and retention take {results['erasure']['seconds']:.1f} s, "
        f"{results['ratios']['erasure_to_copy']:.2f} x "
        f"one plain copy of vault and warehouse of {' and '.join(copies)} s before and after (aim 1.5), "
        f"{results['ratios']['erasure_to_copy_of_cpu']:.2f} x of its processor time; showing their "
        f"plan before takes {results['erasure']['planning_seconds']:.1f} s",
        f"peak memory: {full['peak_mib']} MiB (aim 4096), plain read {results['baseline']['peak_mib']} MiB",
    ]


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
    ingest(Session(place, keys, policy, day))
    request_ids = tuple(row["request_id"] for row in rows)
    begun = time.perf_counter()
    plan = removal.plan_requests(Session(place, keys, policy, day), request_ids)
    planned, processor = time.perf_counter() - begun, time.process_time()
    erased = removal.carry_out_requests(Session(place, keys, policy, day), request_ids, plan.token)
    erasures = time.perf_counter() - begun
    kept = removal.enforce_terms(Session(place, keys, policy, day))
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
    found = _child("anonymart.bench.whole", "--copy", str(work / "home"), str(work))
    return found | json.loads(found.pop("output"))


def _whole(school: Path, home: Path, as_of: date) -> dict:
    landing, side = school / "landing", sides.this()
    landing.mkdir(parents=True, exist_ok=True)
    side.make_keys(home)
    report, used = side.run(home, *sides.publishing(landing, as_of))
    return {**used.as_dict(), "steps": report["seconds"], "release_id": report["release_id"]}


def _child(module: str, *words: str) -> dict:
    used = children.run([sys.executable, "-m", module, *words])
    return {**used.as_dict(), "output": used.output}


def _ratio(value: float, base: float) -> float:
    return round(value / base, 3) if base else 0.0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--copy", home, to]:
            copy_plainly(Path(home), Path(to))
        case ["--erase", home]:
            erase(Path(home))
