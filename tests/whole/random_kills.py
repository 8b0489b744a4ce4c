"""By hand: kill `anonymart run` at random moments, as a power cut would, and compare what it publishes in the
end.

Each round takes a fresh copy of one prepared home, starts `anonymart run`, kills its whole process group
after a random time, and does so again until a run comes to its end or the round's kills are used up; then one
run goes undisturbed. Its marts must be those of the home that was never killed. Takes about a minute a round:
python -m tests.whole.random_kills
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.whole.conftest import generate
from tests.whole.small_school import (
    SmallSchool,
    clean_environment,
    command_line,
    differences,
    open_small_school,
)

AS_OF = "2026-05-31"


def main() -> int:
    """Prints one line for each kill; 0 when every round ended in the same marts."""
    options = _options()
    luck = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="anonymart-kills-") as folder:
        before, undisturbed, seconds = _prepare(Path(folder), options.learners)
        print(
            f"An undisturbed run takes {seconds:.0f} s; {options.times} kills follow, seed {options.seed}.",
            flush=True,
        )
        kills = rounds = faults = 0
        while kills < options.times:
            rounds += 1
            small_school = SmallSchool(Path(folder) / "killed")
            shutil.rmtree(small_school.root, ignore_errors=True)
            shutil.copytree(before, small_school.root)
            for _ in range(min(options.in_a_row, options.times - kills)):
                kills += 1
                if not _kill_after(small_school, luck.uniform(0.1, seconds), options.parent_only, kills):
                    break
            faults += _ends_alike(small_school, undisturbed, rounds)
        print(f"{kills} kills in {rounds} rounds: {faults} rounds ended otherwise than an undisturbed run.")
    return 1 if faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=100, help="kills in all (default 100)")
    parser.add_argument(
        "--in-a-row", type=int, default=4, help="kills in one home before it may end (default 4)"
    )
    parser.add_argument("--learners", type=int, default=300, help="size of the school (default 300)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default 1)")
    parser.add_argument(
        "--parent-only", action="store_true", help="kill the command and not the dbt that it has started"
    )
    return parser.parse_args()


def _prepare(folder: Path, learners: int) -> tuple[Path, SmallSchool, float]:
    generate(folder / "school", learners, AS_OF)
    small_school = open_small_school(folder / "undisturbed")
    shutil.copytree(folder / "school" / "landing", small_school.home.landing, dirs_exist_ok=True)
    shutil.copytree(small_school.root, folder / "before")
    begun = time.monotonic()
    small_school.succeed("run", "--as-of", AS_OF)
    return folder / "before", small_school, time.monotonic() - begun


def _kill_after(small_school: SmallSchool, seconds: float, is_parent_only: bool, number: int) -> bool:
    """Start a run and kill it after so long; False when it ended before."""
    process = subprocess.Popen(
        command_line("run", "--as-of", AS_OF),
        env=clean_environment(small_school.root),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said = process.communicate(timeout=seconds)[1]
        print(f"  {number}: the run ended with {process.returncode} before {seconds:.1f} s", flush=True)
        if process.returncode:
            print(said[-1500:])
        return process.returncode != 0
    except subprocess.TimeoutExpired:
        if is_parent_only:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        said = process.communicate()[1]
        step = said.strip().splitlines()[-1] if said.strip() else "start"
        print(f"  {number}: killed after {seconds:.1f} s, at: {step[:80]}", flush=True)
        return True


def _ends_alike(small_school: SmallSchool, undisturbed: SmallSchool, number: int) -> bool:
    """Run to the end and compare; True when something differs."""
    done = small_school.command("run", "--as-of", AS_OF)
    if done.returncode != 0:
        print(
            f"round {number}: the run after the kills ended with {done.returncode}\n{done.stderr[-1500:]}",
            flush=True,
        )
        return True
    totals = (
        "SELECT source, sum(delivered), sum(loaded), sum(duplicate) FROM vault.ledger.loads GROUP BY "
        "source ORDER BY source"
    )
    found = differences(undisturbed.home.current, small_school.home.current)
    if small_school.vault(totals) != undisturbed.vault(totals):
        found["the ledger of loads"] = 1
    print(f"round {number}: {found or 'the same'}", flush=True)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
