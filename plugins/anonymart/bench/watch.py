"""The small bench that CI watches: what the whole way costs over DuckDB's plain read, and what a run costs
before it has done anything, each against what is committed in bench/committed.json.

All in processor seconds, so that a busy machine slows both sides alike.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from anonymart.bench import children, landings, machine, sides
from anonymart.errors import AnonymartError
from anonymart.home import PROJECT
from anonymart.progress import Progress

COMMITTED = PROJECT / "bench" / "committed.json"
STATEMENTS = 100_000
MOST = 1.5  # times what is committed
_TINY = 1000
_TURNS = 3
# Two runs of the same work differ by up to a tenth in processor seconds on a busy machine, and the work is
# the difference of two runs that are both long: that much more is no sign that it became slower.
_NOISE_OF_A_RUN = 0.1
NOISE = "work_noise"  # beside the ratios of WHAT: by how much `work_to_plain_read` may be off
WHAT = {
    "work_to_plain_read": f"the whole way on {STATEMENTS:,} statements, without its fixed cost, over "
    "DuckDB's plain read",
    "first_release_to_loop": f"a first release of {_TINY:,} statements, over the calibration loop",
    "nothing_new_to_loop": "a run with nothing new, over the calibration loop",
}


def measure(work: Path, progress: Progress) -> dict[str, float]:
    """The three ratios of WHAT, measured now in the folder `work`, and NOISE in the unit of the first. Raises
    AnonymartError.
    """
    side = sides.this()
    shutil.rmtree(work, ignore_errors=True)
    try:
        school, tiny = (landings.statements(work / str(n), n) for n in (STATEMENTS, _TINY))
        (work / "nothing").mkdir()
        loops = [machine.calibrate()]
        reads = [
            children.run(
                [
                    str(side.python),
                    "-m",
                    "anonymart.bench.plain",
                    "statements",
                    str(school),
                    str(work / "plain"),
                ]
            ).cpu_seconds
            for _ in range(_TURNS)
        ]
        start = children.run([str(side.python), "-c", "import anonymart.bench.plain"]).cpu_seconds
        used = {}
        for name, place in (("tiny", tiny), ("school", school)):
            side.make_keys(work / f"{name}-home")
            _, used[name] = side.run(work / f"{name}-home", *sides.publishing(place, landings.AS_OF))
            loops.append(machine.calibrate())
            progress.say(f"  {name}: {used[name].cpu_seconds:.1f} s of processors")
        nothing = [
            side.run(work / "tiny-home", *sides.publishing(work / "nothing", landings.AS_OF))[1].cpu_seconds
            for _ in range(_TURNS)
        ]
        loops.append(machine.calibrate())
    finally:
        shutil.rmtree(work, ignore_errors=True)
    loop = sorted(loops)[len(loops) // 2]
    read = min(reads) - start
    school_seconds, tiny_seconds = used["school"].cpu_seconds, used["tiny"].cpu_seconds
    return {
        "work_to_plain_read": round((school_seconds - tiny_seconds) / read, 2),
        NOISE: round(_NOISE_OF_A_RUN * (school_seconds**2 + tiny_seconds**2) ** 0.5 / read, 2),
        "first_release_to_loop": round(used["tiny"].cpu_seconds / loop, 1),
        "nothing_new_to_loop": round(min(nothing) / loop, 1),
    }


def committed() -> dict[str, float]:
    """The ratios that are committed. Raises AnonymartError when one of them is missing."""
    try:
        found = json.loads(COMMITTED.read_text(encoding="utf-8"))["ratios"]
        return {name: float(found[name]) for name in WHAT}
    except (OSError, ValueError, LookupError, TypeError):
        raise AnonymartError(
            f"{COMMITTED} does not hold the ratios to watch: `anonymart bench watch --commit` measures and "
            f"writes them."
        ) from None


def commit(measured: dict[str, float]) -> None:
    """Write these ratios as the ones to hold, with the machine, the versions and the commit they are of."""
    told = {**machine.about(), "statements": STATEMENTS, "ratios": {name: measured[name] for name in WHAT}}
    COMMITTED.parent.mkdir(exist_ok=True)
    COMMITTED.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def slower(measured: dict[str, float], held: dict[str, float]) -> list[str]:
    """A sentence for each ratio that is more than one and a half times the committed one, and for the work
    also more than the noise of its two runs above that.
    """
    noise = {"work_to_plain_read": measured.get(NOISE, 0.0)}
    return [
        f"{what} takes {measured[name]:g} times, committed are {held[name]:g}"
        for name, what in WHAT.items()
        if measured[name] > MOST * held[name] + noise.get(name, 0.0)
    ]
